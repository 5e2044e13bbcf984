//! Parts of forms: a choice of several, and what was wrong with what was filled in.

use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::Tone;
use crate::{
    fault::{Fault, FieldFault},
    visit::Visit,
};

/// One of several: its word in the form, and what it is called.
pub type Choice = (String, String);

/// A list of which one is chosen, with its label. The first is for no choice, where there is one.
#[must_use]
pub fn choice(name: &str, label: &str, none: Option<&str>, choices: &[Choice], chosen: &str) -> Markup {
    html! {
        label {
            span { (label) }
            select name=(name) {
                @if let Some(none) = none { option value="" { (none) } }
                @for (word, called) in choices { option value=(word) selected[word == chosen] { (called) } }
            }
        }
    }
}

/// What was wrong with a form, above it. A fault of a field leads to its input, whose id `input` gives with what the field
/// is called.
#[must_use]
pub fn wrong(visit: &Visit, fault: Option<&Fault>, input: &dyn Fn(&FieldFault) -> Option<(String, String)>) -> Markup {
    html! {
        @if let Some(fault) = fault {
            div.notice.(Tone::Bad.class()) #wrong role="alert" tabindex="-1" {
                @if fault.fields().is_empty() { (fault.words(visit.language())) }
                @else {
                    p { (visit.say("未保存，请修改以下各处：", "Nothing was saved. Please put these right:")) }
                    ul {
                        @for field in fault.fields() {
                            @let words = visit.say(&field.zh, &field.en);
                            li {
                                @match input(field) {
                                    Some((id, called)) => a href={ "#" (id) } { (called) (visit.say("：", ": ")) (words) },
                                    None => { (field.field) (visit.say("：", ": ")) (words) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A page with what was wrong: told to the browser as what it is.
#[must_use]
pub fn told(fault: Option<&Fault>, page: Response) -> Response {
    match fault {
        Some(fault) => (fault.status(), page).into_response(),
        None => page,
    }
}
