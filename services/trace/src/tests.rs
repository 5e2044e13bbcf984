//! What spans hold, as it is described.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use tracing::{Subscriber, span};
use tracing_subscriber::{Layer, layer::Context as Present, prelude::*};

use super::*;

type Made = (&'static str, BTreeSet<&'static str>);

/// Notes which spans are made, and with which fields.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<Vec<Made>>>);

impl<S: Subscriber> Layer<S> for Noted {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Present<'_, S>) {
        let metadata = attributes.metadata();
        assert_eq!(metadata.target(), TARGET);
        let fields = metadata.fields().iter().map(|field| field.name()).filter(|name| !name.starts_with("otel."));
        self.0.lock().unwrap().push((metadata.name(), fields.collect()));
    }
}

#[test]
fn every_span_has_the_attributes_that_are_described_and_no_other() {
    let noted = Noted::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(noted.clone()), || {
        drop(call("caibian.intake.v1.ReviewService/GetReview"));
        drop(page("GET", "/submissions/{id}"));
        for kind in [Step::Fetch, Step::Parse, Step::Assess, Step::Record, Step::File] {
            drop(step(kind, Uuid::nil(), "m", None));
        }
        drop(letter(Uuid::nil(), None, 1, None, None));
    });
    let made = noted.0.lock().unwrap();
    assert_eq!(made.len(), DESCRIBED.len());
    for ((name, fields), (described, _, attributes, _)) in made.iter().zip(DESCRIBED) {
        assert!(described.starts_with('{') || name == described, "{name} for {described}");
        assert_eq!(*fields, attributes.iter().copied().collect(), "{described}");
    }
}

#[test]
fn nobody_collects_and_nothing_is_made() {
    let span = step(Step::Fetch, Uuid::nil(), "m", Traceparent::new(1, 2, true));
    assert!(span.is_disabled());
    span.in_scope(|| assert_eq!(current(), None));
}
