//! The servers of the world themselves: without them no other test says anything.

use tests::{Dovecot, Postgres, world::at};

#[test]
fn dovecot_keeps_the_receipt_time_and_the_bytes_and_can_forget_its_uids() {
    let dovecot = Dovecot::start();
    let mut session = dovecot.session("czzhengwen");
    let mail = b"Subject: one\r\n\r\nwords\r\n";
    let first = session.append("INBOX", at("2023-03-31T23:59:59+08:00"), mail);
    let second = session.append_flagged("INBOX", "\\Seen", at("2023-04-01T00:00:00+08:00"), mail);
    assert_eq!((first.uid, second.uid), (1, 2));
    assert_eq!(session.select("INBOX"), first.uidvalidity);
    assert_eq!(session.flags(), [(1, vec![]), (2, vec!["\\Seen".to_owned()])]);
    let fetched = session.command("UID FETCH 1 (INTERNALDATE BODY.PEEK[])").join("\n");
    assert!(fetched.contains("31-Mar-2023 15:59:59 +0000"), "{fetched}");
    assert!(fetched.contains("Subject: one\r\n\r\nwords\r\n"), "{fetched}");
    session.command("LOGOUT");
    dovecot.forget_uids("czzhengwen", "INBOX");
    let mut session = dovecot.session("czzhengwen");
    assert_ne!(session.select("INBOX"), first.uidvalidity);
    assert_eq!(session.flags().len(), 2);
}

#[test]
fn postgres_gives_a_database() {
    let server = Postgres::start();
    assert!(server.database("one").starts_with("postgres://pg@127.0.0.1:"));
}
