//! The IMAP source against a server that plays scripts: what is said in which order, and what becomes of a server that
//! misbehaves.

mod fake;

use std::time::Duration;

use fake::{Fake, INBOX, LOGIN, PASSWORD};
use intake::ports::{Filing, PortError, Source};
use mail::imap::{Auth, ImapSettings, ImapSource};
use stdx::ErrorKind;

/// One script a connection, each beginning with a login.
async fn after_login(scripts: &[&str]) -> (Fake, ImapSource) {
    let scripts: Vec<String> = scripts.iter().map(|script| format!("{LOGIN}{script}")).collect();
    let server = Fake::start(&scripts).await;
    let source = ImapSource::new(server.settings());
    (server, source)
}

/// A source whose INBOX is selected, on one connection.
async fn in_inbox(script: &str) -> (Fake, ImapSource) {
    let (server, mut source) = after_login(&[&format!("{INBOX}{script}")]).await;
    let state = source.select("INBOX").await.unwrap();
    assert_eq!((state.uidvalidity, state.exists), (7, 3));
    (server, source)
}

#[track_caller]
fn told(error: &PortError, kind: ErrorKind, words: &[&str]) {
    assert_eq!(error.kind, kind, "{error}");
    for word in words {
        assert!(error.detail.contains(word), "{word:?} is not in {error}");
    }
    assert!(!error.detail.contains("ter2"), "the password is in {error}");
    assert!(!error.detail.contains(['\n', '\r']), "{error:?}");
}

async fn finish(server: Fake, source: ImapSource) {
    drop(source);
    server.finish().await;
}

#[tokio::test]
async fn who_we_are_is_told_after_the_login_and_before_a_folder_is_opened() {
    // The order is the script's: LOGIN, ID, SELECT.
    let (server, source) = in_inbox("").await;
    finish(server, source).await;
}

#[tokio::test]
async fn an_unsafe_login_is_explained() {
    let (server, mut source) = after_login(&[r#"
C: SELECT "INBOX"
S: $ NO SELECT Unsafe Login. Please contact kefu@188.com for help
"#])
    .await;
    let error = source.select("INBOX").await.unwrap_err();
    told(&error, ErrorKind::Unauthenticated, &["Unsafe Login", "IMAP ID", "授权码"]);
    finish(server, source).await;
}

#[tokio::test]
async fn a_refused_login_is_told_without_the_password_even_if_the_server_echoes_it() {
    let login = r#"
S: * OK ready
C: CAPABILITY
S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
S: $ OK done
C: LOGIN …
S: $ NO LOGIN Login error hun"ter2 or password error
"#;
    let server = Fake::start(&[login.to_owned()]).await;
    let mut source = ImapSource::new(server.settings());
    told(&source.select("INBOX").await.unwrap_err(), ErrorKind::Unauthenticated, &["LOGIN Login error *** or"]);
    finish(server, source).await;
}

#[tokio::test]
async fn credentials_are_given_at_once_where_the_server_takes_them_and_on_demand_else() {
    const END: &str = r#"
S: $ OK in
C: CAPABILITY
S: * CAPABILITY IMAP4rev1
S: $ OK done
"#;
    for (auth, capabilities, exchange) in [
        // "\0editor\0hun\"ter2"
        (Auth::Plain, "AUTH=PLAIN SASL-IR", "C: AUTHENTICATE PLAIN AGVkaXRvcgBodW4idGVyMg=="),
        (Auth::Plain, "AUTH=PLAIN", "C: AUTHENTICATE PLAIN\nS: + \nU: AGVkaXRvcgBodW4idGVyMg=="),
        (Auth::Plain, "AUTH=PLAIN", "C: AUTHENTICATE PLAIN\nS: + go ahead\nU: AGVkaXRvcgBodW4idGVyMg=="),
        // "user=editor\x01auth=Bearer hun\"ter2\x01\x01"
        (
            Auth::XOAuth2,
            "AUTH=XOAUTH2 SASL-IR",
            "C: AUTHENTICATE XOAUTH2 dXNlcj1lZGl0b3IBYXV0aD1CZWFyZXIgaHVuInRlcjIBAQ==",
        ),
    ] {
        let script = format!(
            "S: * OK ready\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 {capabilities}\nS: $ OK done\n{exchange}{END}{INBOX}"
        );
        let server = Fake::start(&[script]).await;
        let mut source = ImapSource::new(ImapSettings { auth, ..server.settings() });
        source.select("INBOX").await.unwrap();
        finish(server, source).await;
    }
}

#[tokio::test]
async fn a_refused_token_gets_an_empty_answer_and_its_reason_is_told() {
    let script = r#"
S: * OK ready
C: CAPABILITY
S: * CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR
S: $ OK done
C: AUTHENTICATE XOAUTH2 …
S: + eyJzdGF0dXMiOiI0MDAifQ==
U: 
S: $ NO SASL authentication failed
"#;
    let server = Fake::start(&[script.to_owned()]).await;
    let mut source = ImapSource::new(ImapSettings { auth: Auth::XOAuth2, ..server.settings() });
    let error = source.select("INBOX").await.unwrap_err();
    told(&error, ErrorKind::Unauthenticated, &["SASL authentication failed", r#"{"status":"400"}"#]);
    finish(server, source).await;
}

#[tokio::test]
async fn without_tls_only_this_machine_is_spoken_to() {
    let settings = ImapSettings {
        security: mail::imap::Security::Plain,
        // TEST-NET-1 (RFC 5737): nobody is there, and nobody is asked.
        ..ImapSettings::new("192.0.2.1", "editor", PASSWORD.into())
    };
    told(&ImapSource::new(settings).select("INBOX").await.unwrap_err(), ErrorKind::Invalid, &["192.0.2.1", "TLS"]);
}

#[tokio::test]
async fn nothing_can_be_said_in_a_user_name_or_a_folder_that_is_a_command() {
    let server =
        Fake::start(&["S: * OK ready\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: $ OK done".to_owned()]).await;
    let mut source = ImapSource::new(ImapSettings { user: "a\r\nX LOGOUT".to_owned(), ..server.settings() });
    told(&source.select("INBOX").await.unwrap_err(), ErrorKind::Invalid, &["CR, LF or NUL"]);
    finish(server, source).await;

    let (server, mut source) = in_inbox("").await;
    for folder in ["", "a\r\nX DELETE INBOX", "a\0"] {
        told(&source.select(folder).await.unwrap_err(), ErrorKind::Invalid, &["not a folder name"]);
    }
    finish(server, source).await;
    let (server, mut source) = in_inbox("").await;
    for keyword in ["", "\\Seen", "a b", "a)", "a\r\nX EXPUNGE", "采编"] {
        let filing = Filing::Flag(keyword.to_owned());
        told(&source.file(1, &filing).await.unwrap_err(), ErrorKind::Invalid, &["not an IMAP keyword"]);
    }
    finish(server, source).await;
}

#[tokio::test]
async fn a_missing_folder_is_told_with_those_that_are_there() {
    let (server, mut source) = after_login(&[&format!(
        r#"
C: SELECT "&V4NXPpCuTvY-"
S: $ NO no such mailbox
C: LIST "" "*"
S: * LIST (\HasNoChildren) "/" "INBOX"
S: * LIST (\HasNoChildren) "/" "&XfJT0ZAB-"
S: * LIST (\Noselect) "/" "shelf"
S: $ OK done
{INBOX}"#
    )])
    .await;
    let error = source.select("垃圾邮件").await.unwrap_err();
    told(&error, ErrorKind::NotFound, &["垃圾邮件", "INBOX, 已发送"]);
    assert!(!error.detail.contains("shelf"));
    // The connection is still good.
    source.select("INBOX").await.unwrap();
    finish(server, source).await;
}

#[tokio::test]
async fn a_folder_without_lasting_numbers_is_refused() {
    for lines in [
        "S: * 3 EXISTS",
        "S: * 3 EXISTS\nS: * OK [UIDVALIDITY 0] zero",
        "S: * OK [UIDVALIDITY 7] no count",
        "S: * 3 EXISTS\nS: * OK [UIDVALIDITY 7] x\nS: * NO [UIDNOTSTICKY] numbers do not last",
    ] {
        let (server, mut source) = after_login(&[&format!("C: SELECT \"INBOX\"\n{lines}\nS: $ OK selected")]).await;
        told(&source.select("INBOX").await.unwrap_err(), ErrorKind::Unavailable, &[]);
        finish(server, source).await;
    }
}

#[tokio::test]
async fn every_uid_is_given_once_and_in_order() {
    for (answer, uids) in [
        ("S: * SEARCH 9 2 70000\nS: $ OK done", vec![2, 9, 70_000]),
        ("S: * SEARCH 9 2\nS: * SEARCH 70000 \nS: $ OK done", vec![2, 9, 70_000]),
        ("S: * 1 EXPUNGE\nS: * 1 EXPUNGE\nS: * 1 EXPUNGE\nS: * SEARCH\nS: $ OK done", vec![]),
    ] {
        let (server, mut source) = in_inbox(&format!("C: UID SEARCH ALL\n{answer}")).await;
        assert_eq!(source.uids().await.unwrap(), uids, "{answer}");
        finish(server, source).await;
    }
}

#[tokio::test]
async fn a_huge_folder_is_searched_in_parts_and_anew_when_a_mail_goes_meanwhile() {
    let inbox = INBOX.replace("* 3 EXISTS", "* 200003 EXISTS");
    let part = |range: &str, first: u64, last: u64, more: &str| {
        let uids: String = (first..=last).map(|uid| format!(" {uid}")).collect();
        format!("C: UID SEARCH {range}\nR: * SEARCH{uids}\nS: \n{more}S: $ OK done\n")
    };
    let first = part("1:100000", 1, 100_000, "");
    let whole = [&first, &part("100001:200000", 100_001, 200_000, ""), &part("200001:*", 200_001, 200_003, "")]
        .map(String::as_str)
        .concat();
    let (server, mut source) = after_login(&[&format!("{inbox}{whole}")]).await;
    source.select("INBOX").await.unwrap();
    assert_eq!(source.uids().await.unwrap(), (1..=200_003).collect::<Vec<u64>>());
    finish(server, source).await;

    let gone = part("100001:200000", 100_002, 200_001, "S: * 7 EXPUNGE\n");
    let (server, mut source) = after_login(&[&format!("{inbox}{first}{gone}")]).await;
    source.select("INBOX").await.unwrap();
    told(&source.uids().await.unwrap_err(), ErrorKind::Unavailable, &["unsure"]);
    finish(server, source).await;
}

#[tokio::test]
async fn an_unsure_answer_to_the_search_is_an_error_and_never_an_empty_list() {
    for answer in [
        "S: $ NO not now",
        "S: $ BAD what?",
        "S: $ OK done",
        "S: * SEARCH\nS: $ OK done",
        "S: * SEARCH 1 2 2\nS: $ OK done",
        "S: * SEARCH 0 1 2\nS: $ OK done",
        "S: * 9 EXISTS\nS: * SEARCH 1 2 3\nS: $ OK done",
        "S: * SEARCH 1 2 3\nclose",
        "R: * SEARCH 1 2\nclose",
        "close",
        "S: * BYE going down\nclose",
        "S: X9 OK done",
        "S: * SEARCH 1 2 99999999999\nS: $ OK done",
    ] {
        let (server, mut source) = in_inbox(&format!("C: UID SEARCH ALL\n{answer}")).await;
        told(&source.uids().await.unwrap_err(), ErrorKind::Unavailable, &[]);
        finish(server, source).await;
    }
}

#[tokio::test]
async fn after_an_error_the_next_call_connects_anew_and_selects_the_same_folder() {
    let again = format!("{INBOX}C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done");
    let (server, mut source) = after_login(&[&format!("{INBOX}C: UID SEARCH ALL\nclose"), &again]).await;
    source.select("INBOX").await.unwrap();
    told(&source.uids().await.unwrap_err(), ErrorKind::Unavailable, &["closed"]);
    assert_eq!(source.uids().await.unwrap(), [1, 2, 3]);
    finish(server, source).await;
}

#[tokio::test]
async fn numbers_of_another_epoch_are_not_used_after_a_new_connection() {
    let (server, mut source) = after_login(&[INBOX, &INBOX.replace("UIDVALIDITY 7", "UIDVALIDITY 8")]).await;
    source.select("INBOX").await.unwrap();
    source.reset();
    told(&source.uids().await.unwrap_err(), ErrorKind::Conflict, &["UIDVALIDITY", "7", "8"]);
    finish(server, source).await;
}

#[tokio::test]
async fn sizes_and_receipts_survive_what_comes_unasked() {
    let (server, mut source) = in_inbox(
        r#"
C: UID FETCH 5,6,7,8 (UID RFC822.SIZE INTERNALDATE)
S: * 1 FETCH (FLAGS (\Seen))
S: * 1 FETCH (UID 5 RFC822.SIZE 718274702 INTERNALDATE "31-Mar-2023 23:59:59 +0800")
S: * 2 EXPUNGE
S: * 4 EXISTS
S: * 3 FETCH (UID 7 FLAGS (\Answered))
S: * 3 FETCH (INTERNALDATE " 1-Apr-2023 00:00:00 +0800" UID 7)
S: * 9 FETCH (UID 99 RFC822.SIZE 1 INTERNALDATE "31-Mar-2023 23:59:59 +0800")
S: * 3 FETCH (UID 7 RFC822.SIZE 12 FLAGS (\Seen) SAVEDATE NIL)
S: * 4 FETCH (UID 8 FLAGS (\Seen))
S: $ OK done
"#,
    )
    .await;
    let listed = source.list(&[5, 6, 7, 8]).await.unwrap();
    let shown: Vec<_> = listed.iter().map(|mail| (mail.uid, mail.size_bytes, mail.received_at.to_rfc3339())).collect();
    assert_eq!(
        shown,
        [(5, 718_274_702, "2023-03-31T15:59:59+00:00".to_owned()), (7, 12, "2023-03-31T16:00:00+00:00".to_owned()),]
    );
    finish(server, source).await;
}

#[tokio::test]
async fn a_mail_without_a_receipt_is_named() {
    for answer in [
        "S: * 1 FETCH (UID 5 RFC822.SIZE 3)",
        "S: * 1 FETCH (UID 5 RFC822.SIZE 3 INTERNALDATE \"soon\")",
        "S: * 1 FETCH (UID 5 INTERNALDATE \"31-Mar-2023 23:59:59 +0800\")",
        "S: * 1 FETCH (UID 5 RFC822.SIZE 3)\nS: * 1 FETCH (UID 5 RFC822.SIZE 4)",
    ] {
        let (server, mut source) =
            in_inbox(&format!("C: UID FETCH 5 (UID RFC822.SIZE INTERNALDATE)\n{answer}\nS: $ OK done")).await;
        told(&source.list(&[5]).await.unwrap_err(), ErrorKind::Unavailable, &["UID 5"]);
        finish(server, source).await;
    }
}

#[tokio::test]
async fn a_receipt_of_nil_that_panics_the_parser_is_an_error_of_this_connection() {
    let (server, mut source) =
        in_inbox("C: UID FETCH …\nS: * 1 FETCH (UID 5 RFC822.SIZE 3 INTERNALDATE NIL)\nS: $ OK done").await;
    told(&source.list(&[5]).await.unwrap_err(), ErrorKind::Unavailable, &["parser"]);
    finish(server, source).await;
}

#[tokio::test]
async fn many_uids_are_asked_in_short_commands_and_too_many_not_at_all() {
    let script = "C: UID FETCH 1,…\nS: $ OK done\nC: UID FETCH 81,…\nS: $ OK done";
    let (server, mut source) = in_inbox(script).await;
    let uids: Vec<u64> = (1..=100).collect();
    assert_eq!(source.list(&uids).await.unwrap(), []);
    assert_eq!(source.list(&[]).await.unwrap(), []);
    let uids: Vec<u64> = (1..=501).collect();
    told(&source.list(&uids).await.unwrap_err(), ErrorKind::Invalid, &["500"]);
    told(&source.list(&[1 << 40]).await.unwrap_err(), ErrorKind::Invalid, &[]);
    finish(server, source).await;
}

#[tokio::test]
async fn a_window_is_taken_as_it_was_asked_for_and_fewer_bytes_are_the_end() {
    for (offset, answer, bytes) in [
        (0, "S: * 1 FETCH (UID 5 BODY[]<0> {4}\nS: abcd)", "abcd"),
        (0, "S: * 1 FETCH (BODY[]<0> {2}\nS: ab UID 5)", "ab"),
        (0, "S: * 1 FETCH (UID 5 BODY[] \"ab\")", "ab"),
        (8, "S: * 1 FETCH (UID 5 BODY[]<8> \"\")", ""),
        (8, "S: * 2 EXPUNGE\nS: * 1 FETCH (FLAGS (\\Seen))\nS: * 1 FETCH (UID 5 BODY[]<8> {1}\nS: x)", "x"),
    ] {
        let script = format!("C: UID FETCH 5 (UID BODY.PEEK[]<{offset}.4>)\n{answer}\nS: $ OK done");
        let (server, mut source) = in_inbox(&script).await;
        assert_eq!(source.window(5, offset, 4).await.unwrap(), bytes.as_bytes(), "{answer}");
        finish(server, source).await;
    }
}

#[tokio::test]
async fn bytes_that_were_not_asked_for_are_refused() {
    for answer in [
        "S: * 1 FETCH (UID 5 BODY[]<8> {5}\nS: abcde)",
        "S: * 1 FETCH (UID 5 BODY[]<0> {4}\nS: abcd)",
        "S: * 1 FETCH (UID 5 BODY[] {4}\nS: abcd)",
        "S: * 1 FETCH (UID 6 BODY[]<8> {4}\nS: abcd)",
        "S: * 1 FETCH (BODY[]<8> {4}\nS: abcd)",
        "S: * 1 FETCH (UID 5 BODY[TEXT]<8> {4}\nS: abcd)",
        "S: * 1 FETCH (UID 5 BODY[]<8> {1}\nS: a)\nS: * 1 FETCH (UID 5 BODY[]<8> {1}\nS: a)",
    ] {
        let (server, mut source) = in_inbox(&format!("C: UID FETCH …\n{answer}\nS: $ OK done")).await;
        told(&source.window(5, 8, 4).await.unwrap_err(), ErrorKind::Unavailable, &["UID 5"]);
        finish(server, source).await;
    }
}

#[tokio::test]
async fn a_mail_is_only_gone_when_the_server_says_so_twice() {
    const GONE: &str = "C: NOOP\nS: * 1 EXPUNGE\nS: $ OK done\nC: UID SEARCH UID 5\nS: * SEARCH\nS: $ OK done";
    const THERE: &str = "C: NOOP\nS: $ OK done\nC: UID SEARCH UID 5\nS: * SEARCH 5\nS: $ OK done";
    const SIZE: &str = "C: UID FETCH 5 (UID RFC822.SIZE INTERNALDATE)
S: * 1 FETCH (UID 5 RFC822.SIZE 8 INTERNALDATE \"31-Mar-2023 23:59:59 +0800\")
S: $ OK done";
    for (answer, rest, outcome) in [
        ("S: $ OK done", GONE.to_owned(), Err(ErrorKind::NotFound)),
        ("S: $ NO [EXPUNGEISSUED] gone", GONE.to_owned(), Err(ErrorKind::NotFound)),
        ("S: * 1 FETCH (UID 5 BODY[]<4> NIL)\nS: $ OK done", GONE.to_owned(), Err(ErrorKind::NotFound)),
        ("S: * 1 FETCH (UID 5 BODY[]<4> NIL)\nS: $ OK done", format!("{THERE}\n{SIZE}"), Err(ErrorKind::Unavailable)),
        ("S: $ NO later", THERE.to_owned(), Err(ErrorKind::Unavailable)),
        (
            "S: * 1 FETCH (UID 5 BODY[]<4> NIL)\nS: $ OK done",
            format!("{THERE}\n{}", SIZE.replace("SIZE 8", "SIZE 4")),
            Ok(Vec::new()),
        ),
    ] {
        let (server, mut source) = in_inbox(&format!("C: UID FETCH …\n{answer}\n{rest}")).await;
        assert_eq!(source.window(5, 4, 4).await.map_err(|error| error.kind), outcome, "{answer} {rest}");
        finish(server, source).await;
    }
}

#[tokio::test]
async fn a_window_that_cannot_be_asked_for_is_refused_before_it_is() {
    let (server, mut source) = in_inbox("").await;
    for (uid, offset, length) in [(5, 0, 0), (5, 0, (1 << 20) + 1), (5, 1 << 33, 1), (0, 0, 1), (1 << 33, 0, 1)] {
        told(&source.window(uid, offset, length).await.unwrap_err(), ErrorKind::Invalid, &[]);
    }
    finish(server, source).await;
}

#[tokio::test]
async fn filing_flags_or_moves_and_never_expunges() {
    const GONE: &str = "C: NOOP\nS: $ OK done\nC: UID SEARCH UID 5\nS: * SEARCH\nS: $ OK done";
    let names = "C: LIST \"\" \"*\"\nS: * LIST () \"/\" INBOX\nS: $ OK done";
    let flag = || Filing::Flag("caibian".to_owned());
    let shift = |folder: &str| Filing::Move(folder.to_owned());
    for (filing, script, outcome) in [
        (Filing::Leave, String::new(), Ok(())),
        (flag(), "C: UID STORE 5 +FLAGS.SILENT (caibian)\nS: $ OK done".to_owned(), Ok(())),
        (flag(), format!("C: UID STORE …\nS: $ NO no such mail\n{GONE}"), Ok(())),
        (flag(), "C: UID STORE …\nS: $ BAD no".to_owned(), Err(ErrorKind::Unavailable)),
        (shift("已処理"), "C: UID MOVE 5 \"&XfJR5nQG-\"\nS: * 1 EXPUNGE\nS: $ OK done".to_owned(), Ok(())),
        (shift("已处理"), "C: UID MOVE …\nS: $ NO [TRYCREATE] no\n".to_owned() + names, Err(ErrorKind::NotFound)),
        (shift("INBOX"), String::new(), Err(ErrorKind::Invalid)),
    ] {
        let (server, mut source) = in_inbox(&script).await;
        assert_eq!(source.file(5, &filing).await.map_err(|error| error.kind), outcome, "{script}");
        finish(server, source).await;
    }
}

#[tokio::test]
async fn what_the_server_cannot_do_is_said_and_not_done_otherwise() {
    let script = format!("{LOGIN}{INBOX}").replace(" MOVE", "").replace("\\Seen \\*", "\\Seen");
    let server = Fake::start(&[script]).await;
    let mut source = ImapSource::new(server.settings());
    source.select("INBOX").await.unwrap();
    let error = source.file(5, &Filing::Move("Processed".to_owned())).await.unwrap_err();
    told(&error, ErrorKind::Invalid, &["MOVE", "expunge"]);
    let error = source.file(5, &Filing::Flag("caibian".to_owned())).await.unwrap_err();
    told(&error, ErrorKind::Invalid, &["caibian"]);
    finish(server, source).await;
}

#[tokio::test]
async fn idle_ends_on_new_mail_and_is_always_ended_with_done() {
    let idle = "C: IDLE\nS: + idling\nS: * OK still here\nS: * 2 FETCH (FLAGS (\\Seen))\n";
    for (news, at_most_ms) in [("S: * 4 EXISTS\n", 600_000), ("S: * 1 EXPUNGE\nS: * 3 EXISTS\n", 600_000), ("", 300)] {
        let (server, mut source) = in_inbox(&format!("{idle}{news}U: DONE\nS: $ OK done\n")).await;
        source.wait(Duration::from_millis(at_most_ms)).await.unwrap();
        finish(server, source).await;
    }
}

#[tokio::test]
async fn mail_that_came_during_another_command_is_news_at_once() {
    let (server, mut source) =
        in_inbox("C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done\nC: UID FETCH …\nS: * 4 EXISTS\nS: $ OK done\n")
            .await;
    source.uids().await.unwrap();
    source.list(&[1]).await.unwrap();
    source.wait(Duration::from_secs(600)).await.unwrap();
    finish(server, source).await;
}

#[tokio::test]
async fn after_a_new_connection_something_may_have_changed() {
    let (server, mut source) = after_login(&[INBOX, INBOX]).await;
    source.select("INBOX").await.unwrap();
    source.reset();
    source.wait(Duration::from_secs(600)).await.unwrap();
    finish(server, source).await;
}

#[tokio::test]
async fn without_idle_the_server_is_asked() {
    for (script, idle) in [
        ("C: NOOP\nS: $ OK\nC: NOOP\nS: * 4 EXISTS\nS: $ OK\n", false),
        ("C: IDLE\nS: $ NO not today\nC: NOOP\nS: * 4 EXISTS\nS: $ OK\n", true),
        ("C: IDLE\nS: + idling\nS: $ OK enough\nC: NOOP\nS: * 4 EXISTS\nS: $ OK\n", true),
    ] {
        let server = Fake::start(&[format!("{LOGIN}{INBOX}{script}")]).await;
        let mut source = ImapSource::new(ImapSettings { idle, ..server.settings() });
        source.select("INBOX").await.unwrap();
        source.wait(Duration::from_millis(300)).await.unwrap();
        finish(server, source).await;
    }
}

#[tokio::test]
async fn a_line_that_is_cut_in_idle_is_an_error() {
    for end in ["close", "S: * BYE idle for too long", "S: $ BAD no"] {
        let (server, mut source) = in_inbox(&format!("C: IDLE\nS: + idling\n{end}")).await;
        told(&source.wait(Duration::from_secs(600)).await.unwrap_err(), ErrorKind::Unavailable, &[]);
        finish(server, source).await;
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_half_way_costs_the_connection_and_nothing_else() {
    let again = format!("{INBOX}C: UID SEARCH ALL\nS: * SEARCH 1 2 3\nS: $ OK done");
    let (server, mut source) = after_login(&[&format!("{INBOX}C: IDLE\nS: + idling"), &again]).await;
    source.select("INBOX").await.unwrap();
    tokio::time::timeout(Duration::from_millis(200), source.wait(Duration::from_secs(600))).await.unwrap_err();
    assert_eq!(source.uids().await.unwrap(), [1, 2, 3]);
    finish(server, source).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_in_time() {
    let short = Duration::from_millis(400);
    for (script, words) in [
        ("".to_owned(), "connecting took longer"),
        ("R: * OK rea".to_owned(), "connecting took longer"),
        (format!("{LOGIN}C: SELECT …\nS: * 3 EXISTS"), "SELECT took longer"),
        (
            format!("{LOGIN}{INBOX}C: UID FETCH …\nS: * 1 FETCH (UID 5 BODY[]<0> {{1000}}\nR*500: x"),
            "UID FETCH took longer",
        ),
    ] {
        let server = Fake::start(&[script]).await;
        let mut settings = server.settings();
        match words {
            "connecting took longer" => settings.connect_timeout = short,
            "SELECT took longer" => settings.command_timeout = Duration::from_secs(2),
            _ => settings.window_timeout = short,
        }
        let mut source = ImapSource::new(settings);
        let error = match source.select("INBOX").await {
            Err(error) => error,
            Ok(_) => source.window(5, 0, 1000).await.unwrap_err(),
        };
        told(&error, ErrorKind::Unavailable, &[words]);
        // The connection is dropped by the error, not by the end of the source.
        server.finish().await;
    }
}

#[tokio::test]
async fn a_greeting_must_be_a_greeting() {
    for (greeting, words) in [
        ("S: * BYE too many connections", "too many connections"),
        ("S: * PREAUTH welcome", "not a greeting"),
        ("S: * 3 EXISTS", "not a greeting"),
        ("S: HTTP/1.1 400 Bad Request", "makes no sense"),
        ("close", "closed"),
    ] {
        let server = Fake::start(&[greeting.to_owned()]).await;
        let mut source = ImapSource::new(server.settings());
        told(&source.select("INBOX").await.unwrap_err(), ErrorKind::Unavailable, &[words]);
        finish(server, source).await;
    }
}

#[tokio::test]
async fn words_that_are_not_utf_8_or_hold_control_characters_are_told_in_one_line() {
    let (server, mut source) = in_inbox("C: UID SEARCH ALL\nS: $ NO 请\u{85}稍\t后ÿ再试").await;
    told(&source.uids().await.unwrap_err(), ErrorKind::Unavailable, &["NO 请 稍 后\u{fffd}再试"]);
    finish(server, source).await;
}

/// Highest resident memory of this process so far, in bytes.
fn memory_peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn what_a_server_claims_or_floods_costs_no_memory_and_ends_its_connection() {
    for (answer, words) in [
        ("S: * 1 FETCH (UID 5 BODY[]<0> {500000000}\nR: abc", "500000000"),
        ("S: * 1 FETCH (UID 5 BODY[]<0> {4294967295}\nR: abc", "4294967295"),
        ("S: * OK {500000000}", "500000000"),
        ("S*300000: * 5 EXISTS", "200000 responses"),
        ("R: * 1 FETCH (UID 5 BODYSTRUCTURE \nR*100000: (", "nested deeper than 32"),
        ("R: * OK \nR*2000000: x", "longer than 1048576 bytes"),
    ] {
        let (server, mut source) = in_inbox(&format!("C: UID FETCH …\n{answer}")).await;
        told(&source.window(5, 0, 1 << 20).await.unwrap_err(), ErrorKind::Unavailable, &["cut off", words]);
        server.finish().await;
    }
    let peak = memory_peak_bytes();
    assert!(peak < 200 << 20, "{peak} bytes were resident");
}

#[tokio::test]
async fn a_folder_of_a_hundred_thousand_mails_and_a_chatty_server_are_lawful() {
    let script = format!(
        "C: UID SEARCH ALL\nS*20000: * 100000 EXISTS\nR: * SEARCH{}\nS: \nS: $ OK done\n",
        (1..=100_000).map(|uid| format!(" {}", 1_000_000 + uid)).collect::<String>()
    );
    let (server, mut source) = in_inbox(&script).await;
    let uids = source.uids().await.unwrap();
    assert_eq!((uids.len(), uids[0], uids[99_999]), (100_000, 1_000_001, 1_100_000));
    finish(server, source).await;
}
