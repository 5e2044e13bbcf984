//! What happens to a recorded mail on the server: nothing, a keyword, or a move; never an expunge, never \Seen.

use std::time::Duration;

use tests::{
    Backend, Ledger, Product, World, wait_for,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);
const MAILS: usize = 4;

fn flags_of(world: &World, folder: &str) -> Vec<Vec<String>> {
    let mut session = world.session();
    session.select(folder);
    session.flags().into_iter().map(|(_, flags)| flags).collect()
}

async fn a_recorded_mail_is_left_or_flagged_or_moved(backend: Backend) {
    let world = World::new(backend);
    let mut session = world.session();
    let deliver = |session: &mut tests::Imap, number: usize| {
        session.append("INBOX", in_time(), &plain_mail(USER, number, 20));
    };
    for number in 0..MAILS {
        deliver(&mut session, number);
    }
    let product = Product::start(&world.settings(&[world.mailbox()]));
    Ledger::settled(&product, MAILS, BOUND).await;
    product.terminate().await;
    assert_eq!(flags_of(&world, "INBOX"), vec![Vec::<String>::new(); MAILS], "left as they were");

    // Mails that were recorded before the setting are filed too: the setting says where recorded mails belong.
    let product = Product::start(&world.settings(&[world.mailbox().with("filing", "\"flag:caibian-recorded\"")]));
    deliver(&mut session, MAILS);
    wait_for("the new mail has the keyword", BOUND, || async {
        let flags = flags_of(&world, "INBOX");
        (flags.len() == MAILS + 1 && flags.last().is_some_and(|flags| flags == &["caibian-recorded"])).then_some(())
    })
    .await;
    product.terminate().await;
    assert!(!flags_of(&world, "INBOX").concat().iter().any(|flag| flag == "\\Seen"));

    let settings = world.settings(&[world.mailbox().with("filing", "\"move:Processed\"")]);
    let product = Product::start(&settings);
    deliver(&mut session, MAILS + 1);
    wait_for("the new mail is moved", BOUND, || async { (!flags_of(&world, "Processed").is_empty()).then_some(()) })
        .await;
    let ledger = Ledger::settled(&product, MAILS + 2, BOUND).await;
    ledger.assert_sound();
    assert_eq!(ledger.submissions.len(), MAILS + 2);
    product.terminate().await;
    let (inbox, processed) = (flags_of(&world, "INBOX"), flags_of(&world, "Processed"));
    assert_eq!(inbox.len() + processed.len(), MAILS + 2, "no mail is gone");
    assert!(
        !inbox.concat().iter().chain(processed.concat().iter()).any(|flag| flag == "\\Seen" || flag == "\\Deleted")
    );
    settings.verify_with_server();
}

on_each_backend! {
    a_recorded_mail_is_left_or_flagged_or_moved => super::a_recorded_mail_is_left_or_flagged_or_moved;
}
