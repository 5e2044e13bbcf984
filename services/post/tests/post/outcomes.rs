//! One letter and a server that misbehaves at one step: what is said of the letter.

use post::{Post, deliver};
use reply::outbox::{Outbox, Outcome, Stage};

use crate::{
    fake::{Act, At, Fake},
    outbox::Tables,
};

pub const LETTER: &[u8] =
    b"From: tougao@example.com\r\nMessage-ID: <00000000000000000000000000000001@example.com>\r\n\r\n\
    5oKo5aW9\r\n.hidden\r\n..\r\n.\r\nQUIT\r\n";

fn word(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        None => "nothing",
        Some(Outcome::Sent { .. }) => "sent",
        Some(Outcome::Unable { .. }) => "unable",
        Some(Outcome::Uncertain { .. }) => "uncertain",
        Some(Outcome::Abandoned { .. }) => "abandoned",
        Some(Outcome::Deferred { stage: Stage::Connect, .. }) => "deferred: connect",
        Some(Outcome::Deferred { stage: Stage::Envelope, .. }) => "deferred: envelope",
        Some(Outcome::Deferred { stage: Stage::End, .. }) => "deferred: end",
        Some(Outcome::Refused { stage: Stage::Connect, .. }) => "refused: connect",
        Some(Outcome::Refused { stage: Stage::Envelope, .. }) => "refused: envelope",
        Some(Outcome::Refused { stage: Stage::End, .. }) => "refused: end",
    }
}

/// What is said of one letter, and how often the server accepted it.
async fn outcome(at: At, act: Act) -> (Option<Outcome>, usize) {
    let tables = Tables::default();
    tables.write(LETTER);
    let fake = Fake::watching(vec![(at, 0, act)], &tables).await;
    let letter = tables.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
    let outcome = deliver(&mut Post::new(fake.settings()), &tables, &letter).await;
    assert!(!fake.heard(|heard| heard.end_unnoted), "{at:?} {act:?}: the end came before the tables knew");
    (outcome, fake.heard(|heard| heard.accepted.len()))
}

#[tokio::test]
async fn what_a_failure_means_depends_on_where_it_falls() {
    use Act::{Cut, Endless, Hang, Say, SayAndCut};
    use At::{Auth, Data, Ehlo, End, Greeting, Mail, Rcpt, Text};
    for (at, act, expected) in [
        (Greeting, Say("421 busy"), "deferred: connect"),
        (Greeting, SayAndCut("554 no service"), "deferred: connect"),
        (Greeting, Say("hello there"), "unable"),
        (Greeting, Cut, "unable"),
        (Greeting, Hang, "unable"),
        (Greeting, Endless, "unable"),
        (Ehlo, Say("450 later"), "deferred: connect"),
        (Ehlo, Say("502 what?"), "deferred: connect"),
        (Ehlo, Cut, "unable"),
        (Ehlo, Endless, "unable"),
        (Auth, Say("535 authentication failed"), "unable"),
        (Auth, Say("451 too much fail authentication"), "unable"),
        (Auth, Cut, "unable"),
        (Auth, Hang, "unable"),
        (Mail, Say("450 MI:DMC too many"), "deferred: envelope"),
        (Mail, Say("553 not yours"), "refused: envelope"),
        (Mail, Say("530 authentication required"), "unable"),
        (Mail, Cut, "deferred: envelope"),
        (Mail, Hang, "deferred: envelope"),
        (Mail, Say("nonsense"), "deferred: envelope"),
        (Rcpt, Say("451 greylisted"), "deferred: envelope"),
        (Rcpt, Say("550 user unknown"), "refused: envelope"),
        (Rcpt, Cut, "deferred: envelope"),
        (Rcpt, Endless, "deferred: envelope"),
        (Data, Say("451 DT:SPM"), "deferred: envelope"),
        (Data, Say("554 no valid recipients"), "refused: envelope"),
        (Data, Say("250 go on"), "deferred: envelope"),
        (Data, Cut, "deferred: envelope"),
        (Data, Hang, "deferred: envelope"),
        (End, Say("451 try again"), "deferred: end"),
        (End, SayAndCut("421 closing"), "deferred: end"),
        (End, Say("554 DT:SPM spam"), "refused: end"),
        (End, Cut, "uncertain"),
        (End, Hang, "uncertain"),
        (End, Say("garbage"), "uncertain"),
        (End, Say("354 more"), "uncertain"),
        (End, Endless, "uncertain"),
        (End, Say("250 ok"), "sent"),
        (End, SayAndCut("250 ok"), "sent"),
        (Text, Say("250 early"), "sent"),
    ] {
        let (outcome, accepted) = outcome(at, act).await;
        assert_eq!(word(outcome.as_ref()), expected, "{at:?} {act:?}: {outcome:?}");
        if !matches!(outcome, Some(Outcome::Sent { .. } | Outcome::Uncertain { .. })) {
            assert_eq!(accepted, 0, "{at:?} {act:?}: the server has a letter that is said not to have gone");
        }
    }
}

#[tokio::test]
async fn a_text_that_the_server_stops_reading_was_not_handed_over() {
    let tables = Tables::default();
    let row = [&[b'A'; 76][..], b"\r\n"].concat();
    tables.write(&[b"Message-ID: <x@y>\r\n\r\n".to_vec(), row.repeat(200_000)].concat());
    let fake = Fake::start(vec![(At::Text, 0, Act::Hang)]).await;
    let letter = tables.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
    let outcome = deliver(&mut Post::new(fake.settings()), &tables, &letter).await;
    assert_eq!(word(outcome.as_ref()), "deferred: envelope", "{outcome:?}");
    assert_eq!(tables.noted(&letter.message_id), Some(Stage::Envelope));
}

#[tokio::test]
async fn a_server_that_nobody_answers_at_is_our_own_trouble() {
    let tables = Tables::default();
    tables.write(LETTER);
    let letter = tables.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
    let mut settings = Fake::start(vec![]).await.settings();
    for (host, port) in [("127.0.0.1", 1), ("no-such-host.invalid", 25), ("192.0.2.1", 25)] {
        (settings.host, settings.port) = (host.into(), port);
        let outcome = deliver(&mut Post::new(settings.clone()), &tables, &letter).await;
        assert_eq!(word(outcome.as_ref()), "unable", "{host}: {outcome:?}");
    }
}

#[tokio::test]
async fn the_end_of_a_mail_leaves_only_when_the_tables_know() {
    for stage in [Stage::Envelope, Stage::End] {
        let tables = Tables::default();
        tables.write(LETTER);
        tables.fail_at(stage);
        let fake = Fake::start(vec![]).await;
        let letter = tables.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(deliver(&mut Post::new(fake.settings()), &tables, &letter).await, None);
        // The server has seen the connection end by the time that it serves another letter.
        let (other, mut post) = (Tables::default(), Post::new(fake.settings()));
        other.write(LETTER);
        let letter = other.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(word(deliver(&mut post, &other, &letter).await.as_ref()), "sent");
        assert_eq!(fake.heard(|heard| heard.ended), 1, "{stage:?}");
    }
}

#[tokio::test]
async fn a_text_arrives_as_it_was_written_and_ends_where_it_ends() {
    let (tables, fake) = (Tables::default(), Fake::start(vec![]).await);
    let letters = [
        LETTER.to_vec(),
        b"Message-ID: <x@y>\r\n\r\na\r\n.\r\nMAIL FROM:<evil@example.org>\r\nDATA\r\n.\r\n".to_vec(),
        b".\r\n".to_vec(),
        b"no line end".to_vec(),
    ];
    let mut post = Post::new(fake.settings());
    for raw in &letters {
        tables.write(raw);
        let letter = tables.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(word(deliver(&mut post, &tables, &letter).await.as_ref()), "sent");
    }
    let whole = |raw: &Vec<u8>| if raw.ends_with(b"\r\n") { raw.clone() } else { [raw, &b"\r\n"[..]].concat() };
    assert_eq!(fake.heard(|heard| heard.accepted.clone()), letters.iter().map(whole).collect::<Vec<_>>());
    assert_eq!((fake.count("DATA"), fake.count("MAIL")), (letters.len(), letters.len()));
}

#[tokio::test]
async fn a_letter_with_bare_line_ends_or_addresses_that_are_none_never_reaches_a_server() {
    let fake = Fake::start(vec![]).await;
    let long = [&b"A: b\r\n\r\n"[..], &[b'x'; 1_200], b"\r\n"].concat();
    for raw in [&b"a\n.\nb"[..], b"a\r.\rb\r\n", b"a\r\n.\r\r\n", b"a\0b\r\n", "您好\r\n".as_bytes(), &long] {
        let tables = Tables::default();
        tables.write(raw);
        let letter = tables.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
        let outcome = deliver(&mut Post::new(fake.settings()), &tables, &letter).await;
        assert_eq!(word(outcome.as_ref()), "refused: connect", "{raw:?}");
    }
    let tables = Tables::default();
    tables.write(LETTER);
    let letter = tables.take("", std::time::Duration::ZERO).await.unwrap().unwrap();
    for to in ["", "a", "a@b\r\nDATA", "a@b> SIZE=1", "张@example.cn"] {
        let letter = reply::outbox::Outgoing { to: to.into(), ..letter.clone() };
        let outcome = deliver(&mut Post::new(fake.settings()), &tables, &letter).await;
        assert_eq!(word(outcome.as_ref()), "refused: connect", "{to}");
    }
    assert_eq!(fake.heard(|heard| heard.connections), 0);
}
