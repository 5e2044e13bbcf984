//! A sender that dies at each point around the end of a mail: with `hold` no letter arrives twice, and none is lost from
//! sight (reliability.md 2.3, C12 to C14).

use std::time::{Duration, Instant};

use proto::intake::v1::{ListRepliesRequest, Reply, ReplyState, outbox_service_client::OutboxServiceClient};
use tests::{
    Backend, Product, World,
    smtp::Sink,
    wait_for,
    world::{USER, in_time, plain_mail},
};

/// Longer than the lease of a letter whose sender died.
const BOUND: Duration = Duration::from_secs(90);

async fn reply_to(product: &Product, author: &str) -> Option<Reply> {
    let mut client = OutboxServiceClient::new(product.channel());
    let listed = client.list_replies(ListRepliesRequest::default()).await.ok()?.into_inner();
    listed.replies.into_iter().find(|reply| reply.to == author)
}

#[tokio::test]
async fn a_sender_that_dies_around_the_end_of_a_mail_sends_no_letter_twice_and_hides_none() {
    let _alone = crate::ALONE.lock().await;
    let (world, sink) = (World::new(Backend::Sqlite), Sink::start());
    let settings = world.settings(&[world.mailbox().with("smtp", &sink.settings())]);
    let mut session = world.session();
    for (number, (point, arrives, state)) in [
        ("C12", 1, ReplyState::Sent),
        ("C12-text", 1, ReplyState::Sent),
        ("C13-noted", 0, ReplyState::Uncertain),
        ("C13", 1, ReplyState::Uncertain),
        ("C14", 1, ReplyState::Uncertain),
        ("C14-told", 1, ReplyState::Uncertain),
    ]
    .into_iter()
    .enumerate()
    {
        session.append("INBOX", in_time(), &plain_mail(USER, number, 20));
        if let Ok(mut product) = Product::try_start(&settings, &[("CAIBIAN_CRASH_AT", point)]) {
            let begun = Instant::now();
            while product.ended().is_none() {
                assert!(begun.elapsed() < BOUND, "{point} was never reached:\n{}", settings.log_tail(40));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let product = Product::start(&settings);
        let author = format!("author{number}@{USER}.example");
        let reached = async |state: ReplyState| {
            wait_for(&format!("the letter of {point} is {state:?}"), BOUND, || async {
                reply_to(&product, &author).await.filter(|reply| reply.state() == state)
            })
            .await
        };
        let reply = reached(state).await;
        if state == ReplyState::Sent {
            assert_eq!(
                reply.tries, 2,
                "{point}: no server had it, so that it was tried again at once, and both tries count"
            );
        }
        product.terminate().await;
        let arrived = sink.taken().iter().filter(|letter| letter.to == author).count();
        assert_eq!(arrived, arrives, "{point}");
    }
}
