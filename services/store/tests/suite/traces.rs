//! Where a mail's way and what wrote a letter stand in a trace.

use intake::{message::Message, ports::Ledger};
use reply::outbox::Origin;
use stdx::Traceparent;

use crate::{
    outbox::{answering, policy, taken, time_comes},
    scene::Scene,
};

fn at(trace_id: u128, span_id: u64) -> Traceparent {
    Traceparent::new(trace_id, span_id, true).unwrap()
}

pub async fn a_mails_way_keeps_its_place_in_a_trace_and_what_cannot_be_read_is_none(scene: Scene) {
    let seen = scene.seen(1).await;
    assert_eq!(seen.traceparent, None);
    let way = at(7, 8);
    let begun = scene.store.try_begin(&scene.lease, &Message { traceparent: Some(way), ..seen.clone() }).await.unwrap();
    assert_eq!((begun.traceparent, scene.again(&seen).await.traceparent), (Some(way), Some(way)));
    // A program without traces leaves it alone.
    let untraced = Message { traceparent: None, ..begun };
    scene.store.try_begin(&scene.lease, &untraced).await.unwrap();
    assert_eq!(scene.again(&seen).await.traceparent, Some(way));
    for text in ["", "00-0-0-01", "Planted Sender"] {
        scene.sql(&format!("UPDATE message SET traceparent = '{text}'")).await.unwrap();
        assert_eq!(scene.again(&seen).await.traceparent, None, "{text}");
    }
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn a_letter_says_what_wrote_it_and_which_way_its_mail_came(scene: Scene) {
    let scene = answering(scene, policy());
    let submission = scene.submission(1, "zhang@czt.example.cn", "主题征稿：预算绩效").await;
    let (way, cause) = (at(7, 8), at(9, 10));
    let none = Origin { submission_id: Some(submission.id), ..Origin::default() };
    assert_eq!(taken(&scene).await.origin, none, "a row of a program without traces");
    let again = async |message: &str, reply: &str| {
        scene.sql(&format!("UPDATE message SET traceparent = {message}")).await.unwrap();
        scene
            .sql(&format!("UPDATE reply SET traceparent = {reply}, state = 'pending', lease_until = NULL"))
            .await
            .unwrap();
        time_comes(&scene).await;
        taken(&scene).await.origin
    };
    let text = |at: Traceparent| format!("'{at}'");
    let whole = Origin { traceparent: Some(cause), mail: Some(way), ..none };
    assert_eq!(again(&text(way), &text(cause)).await, whole);
    assert_eq!(again("NULL", &text(cause)).await, Origin { mail: None, ..whole });
    assert_eq!(again("'x'", "'00-1'").await, none);
}
