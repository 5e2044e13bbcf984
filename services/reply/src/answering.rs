//! Whether a mail is answered at all, and to which address (RFC 3834). Each refusal is a named [`Silence`].

pub use intake::letter::LOOP_FIELD;
use intake::{letter::Headers, sorting::Class};
use serde::{Deserialize, Serialize};

use crate::{
    Silence,
    authentication::{self, Authenticity},
    message_id::Told,
};

/// Why a letter would be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "occasion", rename_all = "snake_case")]
pub enum Occasion {
    /// A mail came, and nobody has looked at it yet.
    Automatic {
        /// Whether the mail brings a manuscript.
        brings_manuscript: bool,
    },
    /// An editor decided on the submission, and so took the mail for what it is.
    Decided,
}

/// What has to be known of the mail that would be answered.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// What kind of mail it is.
    pub class: Class,
    /// Its header.
    pub headers: &'a Headers,
    /// The values of its `Authentication-Results` fields, the topmost first.
    pub authentication_results: &'a [String],
    /// Whether it has a field of the name [`LOOP_FIELD`].
    pub loop_mark: bool,
    /// Whether it was received before the mailbox’s cut-off.
    pub backfilled: bool,
    /// Whether an earlier letter to this contact came back.
    pub unreachable: bool,
}

/// Who we are, and whom we trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ourselves {
    /// Every address that mail of ours goes to or comes from.
    pub addresses: Vec<String>,
    /// The right side of our `Message-ID`s.
    pub message_id_domain: String,
    /// The `authserv-id` of the server that receives our mail; without one no sender can be proved or refuted.
    pub authserv_id: Option<String>,
    /// Whether mail is answered whose sender that server neither proves nor refutes. Without an `authserv_id` it always
    /// is: there is no witness to ask.
    pub answers_unproven: bool,
}

/// The address that a letter goes to.
///
/// An automatic answer goes to the return path (RFC 3834 §4), so that a forged `From` gets nothing; to the sender where
/// the server tells no return path. A decided letter goes where the author asks for answers (RFC 5322 §3.6.2).
///
/// # Errors
/// The [`Silence`] that is kept, the gravest first.
pub fn recipient(incoming: &Incoming<'_>, ourselves: &Ourselves, occasion: Occasion) -> Result<String, Silence> {
    let headers = incoming.headers;
    let silent = |silence: Silence, holds: bool| if holds { Err(silence) } else { Ok(()) };
    silent(Silence::Backfilled, incoming.backfilled)?;
    silent(Silence::LoopMark, incoming.loop_mark)?;
    let of_ours = |id: &String| Told::read(id, &ourselves.message_id_domain).is_some();
    silent(Silence::OwnLetter, headers.message_id.as_ref().is_some_and(of_ours))?;
    silent(Silence::Bounce, incoming.class == Class::Bounce || headers.media_type == "multipart/report")?;
    let return_path = headers.return_path.as_deref().map(|path| path.trim().trim_matches(['<', '>']));
    silent(Silence::NullPath, return_path == Some(""))?;
    silent(Silence::AutomaticReply, incoming.class == Class::AutomaticReply)?;
    let from = headers.from.first().map(|from| from.address.trim()).unwrap_or_default();
    let to = match occasion {
        Occasion::Automatic { .. } => {
            automatic(incoming)?;
            return_path.unwrap_or(from)
        }
        Occasion::Decided => headers.reply_to.first().map_or(from, |reply_to| reply_to.address.trim()),
    };
    for address in [from, to] {
        silent(Silence::OwnAddress, ourselves.addresses.iter().any(|own| same(own, address)))?;
        silent(Silence::Unattended, is_unattended(address))?;
    }
    silent(Silence::NoAddress, !is_sendable(to))?;
    silent(Silence::Unreachable, incoming.unreachable)?;
    if let Some(authserv_id) = &ourselves.authserv_id {
        let domain = from.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        let authenticity = match headers.from.len() {
            1 => authentication::authenticity(incoming.authentication_results, authserv_id, domain),
            // Which of several senders would be the proven one?
            _ => Authenticity::Unproven,
        };
        silent(Silence::Spoofed, authenticity == Authenticity::Spoofed)?;
        let asks_for_proof = !ourselves.answers_unproven && occasion != Occasion::Decided;
        silent(Silence::Unproven, asks_for_proof && authenticity == Authenticity::Unproven)?;
    }
    Ok(to.to_owned())
}

/// What only an automatic answer stops at: for a letter that an editor decided on, an editor has looked.
fn automatic(incoming: &Incoming<'_>) -> Result<(), Silence> {
    let headers = incoming.headers;
    let says = |field: &Option<String>| field.as_deref().map(str::trim).unwrap_or_default().to_lowercase();
    let auto_submitted = says(&headers.auto_submitted);
    if !auto_submitted.is_empty() && auto_submitted != "no" {
        return Err(Silence::AutomaticReply);
    }
    if headers.list.is_some() || ["bulk", "list", "junk"].contains(&says(&headers.precedence).as_str()) {
        return Err(Silence::ListMail);
    }
    if !says(&headers.auto_response).is_empty() {
        return Err(Silence::Suppressed);
    }
    match incoming.class {
        Class::Submission | Class::Correction => Ok(()),
        Class::ListMail => Err(Silence::ListMail),
        _ => Err(Silence::NotASubmission),
    }
}

/// Whether two addresses are the same mailbox: case and what follows a `+` do not count.
fn same(one: &str, other: &str) -> bool {
    let bare = |address: &str| {
        let address = address.trim().to_lowercase();
        let (local, domain) = address.rsplit_once('@')?;
        Some((local.split('+').next().unwrap_or_default().to_owned(), domain.to_owned()))
    };
    bare(one).is_some_and(|one| bare(other) == Some(one))
}

/// Whether nobody reads at an address, by its left side.
fn is_unattended(address: &str) -> bool {
    const WHOLE: [&str; 14] = [
        "mailerdaemon",
        "maildaemon",
        "mdaemon",
        "daemon",
        "postmaster",
        "noreply",
        "noreplay",
        "donotreply",
        "nepasrepondre",
        "nobody",
        "root",
        "bounce",
        "bounces",
        "autoreply",
    ];
    const BEGIN: [&str; 5] = ["noreply", "donotreply", "mailerdaemon", "bounce", "owner-"];
    const END: [&str; 5] = ["noreply", "-request", "-bounces", "-owner", "-noreply"];
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local).to_lowercase();
    let letters: String = local.chars().filter(|character| character.is_alphanumeric()).collect();
    WHOLE.contains(&letters.as_str())
        || BEGIN
            .iter()
            .any(|begin| if begin.ends_with('-') { local.starts_with(begin) } else { letters.starts_with(begin) })
        || END.iter().any(|end| if end.starts_with('-') { local.ends_with(end) } else { letters.ends_with(end) })
}

/// Whether a mail can be sent to an address by any server: ASCII (no SMTPUTF8), a local part and a domain of names.
pub fn is_sendable(address: &str) -> bool {
    address.is_ascii()
        && address.len() <= 254
        && !address.contains(char::is_whitespace)
        && !address.contains(['"', '[', '<', '>', ',', ';'])
        && address.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'))
        && address.parse::<lettre::Address>().is_ok()
}

#[cfg(test)]
mod tests {
    use intake::letter::Address;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        message::{self, Answered, Sender},
        template::Text,
    };

    const AUTOMATIC: Occasion = Occasion::Automatic { brings_manuscript: true };

    fn address(address: &str) -> Vec<Address> {
        vec![Address { name: String::new(), address: address.into() }]
    }

    fn headers() -> Headers {
        Headers {
            subject: "主题征稿：财政改革".into(),
            from: address("zhang@czt.example.cn"),
            return_path: Some("zhang@czt.example.cn".into()),
            message_id: Some("1@czt.example.cn".into()),
            media_type: "multipart/mixed".into(),
            ..Headers::default()
        }
    }

    fn ourselves() -> Ourselves {
        Ourselves {
            addresses: vec!["czzhengwen@163.com".into()],
            message_id_domain: "caibian.example.cn".into(),
            authserv_id: None,
            answers_unproven: false,
        }
    }

    fn incoming(headers: &Headers) -> Incoming<'_> {
        Incoming {
            class: Class::Submission,
            headers,
            authentication_results: &[],
            loop_mark: false,
            backfilled: false,
            unreachable: false,
        }
    }

    /// One trait of a mail a line: what an automatic answer and what a decided letter come to.
    #[test]
    fn every_mail_that_must_not_be_answered_is_refused_by_name() {
        use Silence::*;
        type Change = fn(&mut Headers);
        let lines: &[(Change, Class, Option<Silence>, Option<Silence>)] = &[
            (|_| {}, Class::Submission, None, None),
            (|_| {}, Class::Correction, None, None),
            (|_| {}, Class::NearMiss, Some(NotASubmission), None),
            (|_| {}, Class::NotASubmission, Some(NotASubmission), None),
            (|_| {}, Class::Unreadable, Some(NotASubmission), None),
            (|_| {}, Class::Bounce, Some(Bounce), Some(Bounce)),
            (|_| {}, Class::AutomaticReply, Some(AutomaticReply), Some(AutomaticReply)),
            (|_| {}, Class::ListMail, Some(ListMail), None),
            (|h| h.media_type = "multipart/report".into(), Class::Submission, Some(Bounce), Some(Bounce)),
            (|h| h.return_path = Some(String::new()), Class::Submission, Some(NullPath), Some(NullPath)),
            (|h| h.return_path = Some("<>".into()), Class::Submission, Some(NullPath), Some(NullPath)),
            (|h| h.auto_submitted = Some("auto-replied".into()), Class::Submission, Some(AutomaticReply), None),
            (|h| h.auto_submitted = Some("auto-generated".into()), Class::Submission, Some(AutomaticReply), None),
            (|h| h.auto_submitted = Some("no".into()), Class::Submission, None, None),
            (|h| h.auto_submitted = Some(String::new()), Class::Submission, None, None),
            (|h| h.list = Some("<news.example>".into()), Class::Submission, Some(ListMail), None),
            (|h| h.precedence = Some("bulk".into()), Class::Submission, Some(ListMail), None),
            (|h| h.precedence = Some("Junk".into()), Class::Submission, Some(ListMail), None),
            (|h| h.precedence = Some("first-class".into()), Class::Submission, None, None),
            (|h| h.auto_response = Some("X-Auto-Response-Suppress".into()), Class::Submission, Some(Suppressed), None),
            (|h| h.from = address("CZzhengwen@163.com"), Class::Submission, Some(OwnAddress), Some(OwnAddress)),
            (|h| h.from = address("czzhengwen+x@163.com"), Class::Submission, Some(OwnAddress), Some(OwnAddress)),
            (|h| h.return_path = Some("czzhengwen@163.com".into()), Class::Submission, Some(OwnAddress), None),
            (|h| h.reply_to = address("czzhengwen@163.com"), Class::Submission, None, Some(OwnAddress)),
            (|h| h.from = address("no-reply@example.cn"), Class::Submission, Some(Unattended), Some(Unattended)),
            (|h| h.from = address("No_Reply.2@example.cn"), Class::Submission, Some(Unattended), Some(Unattended)),
            (|h| h.from = address("service-noreply@example.cn"), Class::Submission, Some(Unattended), Some(Unattended)),
            (|h| h.from = address("MAILER-DAEMON@example.cn"), Class::Submission, Some(Unattended), Some(Unattended)),
            (|h| h.return_path = Some("bounces+17@esp.example".into()), Class::Submission, Some(Unattended), None),
            (|h| h.return_path = Some("news-owner@l.example".into()), Class::Submission, Some(Unattended), None),
            (|h| h.from = address("norelyea@example.cn"), Class::Submission, None, None),
            (
                |h| {
                    h.message_id = Some(
                        Told { submission_id: uuid::Uuid::nil(), kind: crate::Kind::Adopted, version: 1 }
                            .message_id("caibian.example.cn"),
                    )
                },
                Class::Submission,
                Some(OwnLetter),
                Some(OwnLetter),
            ),
            (|h| h.return_path = Some("张三@例子.cn".into()), Class::Submission, Some(NoAddress), None),
            (|h| h.return_path = Some("a@b.cn>\r\nRCPT TO:<x@y.cn".into()), Class::Submission, Some(NoAddress), None),
            (|h| h.return_path = Some("a b@c.cn".into()), Class::Submission, Some(NoAddress), None),
            (|h| h.return_path = Some("a@localhost".into()), Class::Submission, Some(NoAddress), None),
            (|h| h.from = address("x"), Class::Submission, None, Some(NoAddress)),
            (|h| (h.from, h.return_path) = (vec![], None), Class::Submission, Some(NoAddress), Some(NoAddress)),
        ];
        for (number, (change, class, automatic, decided)) in lines.iter().enumerate() {
            let mut headers = headers();
            change(&mut headers);
            let incoming = Incoming { class: *class, ..incoming(&headers) };
            assert_eq!(recipient(&incoming, &ourselves(), AUTOMATIC).err(), *automatic, "line {number}");
            assert_eq!(recipient(&incoming, &ourselves(), Occasion::Decided).err(), *decided, "line {number}, decided");
        }
    }

    #[test]
    fn neither_old_mail_nor_a_caibian_nor_a_contact_whose_mail_came_back_gets_a_letter() {
        let headers = headers();
        for occasion in [AUTOMATIC, Occasion::Decided] {
            let ask = |incoming| recipient(&incoming, &ourselves(), occasion).err();
            assert_eq!(ask(Incoming { backfilled: true, ..incoming(&headers) }), Some(Silence::Backfilled));
            assert_eq!(ask(Incoming { loop_mark: true, ..incoming(&headers) }), Some(Silence::LoopMark));
            assert_eq!(ask(Incoming { unreachable: true, ..incoming(&headers) }), Some(Silence::Unreachable));
        }
    }

    #[test]
    fn an_automatic_answer_goes_to_the_return_path_and_a_decided_letter_where_the_author_asks_for_it() {
        let mut headers = headers();
        headers.return_path = Some(" <Zhang@mail.example.cn> ".into());
        headers.reply_to = address("li@czt.example.cn");
        assert_eq!(recipient(&incoming(&headers), &ourselves(), AUTOMATIC).unwrap(), "Zhang@mail.example.cn");
        assert_eq!(recipient(&incoming(&headers), &ourselves(), Occasion::Decided).unwrap(), "li@czt.example.cn");
        (headers.return_path, headers.reply_to) = (None, vec![]);
        assert_eq!(recipient(&incoming(&headers), &ourselves(), AUTOMATIC).unwrap(), "zhang@czt.example.cn");
    }

    #[test]
    fn a_forged_sender_gets_nothing_and_an_unproven_one_only_what_an_editor_decides() {
        let strict = Ourselves { authserv_id: Some("mx.163.com".into()), ..ourselves() };
        let lenient = Ourselves { answers_unproven: true, ..strict.clone() };
        let mut headers = headers();
        let forged = ["mx.163.com; dmarc=fail".to_owned()];
        let proven = ["mx.163.com; dmarc=pass header.from=czt.example.cn".to_owned()];
        let claimed = ["evil.example; dmarc=pass header.from=czt.example.cn".to_owned()];
        for (fields, ourselves, automatic, decided) in [
            (&forged[..], &strict, Some(Silence::Spoofed), Some(Silence::Spoofed)),
            (&forged[..], &lenient, Some(Silence::Spoofed), Some(Silence::Spoofed)),
            (&proven[..], &strict, None, None),
            (&claimed[..], &strict, Some(Silence::Unproven), None),
            (&claimed[..], &lenient, None, None),
            (&[], &strict, Some(Silence::Unproven), None),
            (&forged[..], &self::ourselves(), None, None),
        ] {
            let incoming = Incoming { authentication_results: fields, ..incoming(&headers) };
            assert_eq!(recipient(&incoming, ourselves, AUTOMATIC).err(), automatic, "{fields:?}");
            assert_eq!(recipient(&incoming, ourselves, Occasion::Decided).err(), decided, "{fields:?}, decided");
        }
        headers.from.extend(address("wang@evil.example"));
        let incoming = Incoming { authentication_results: &proven, ..incoming(&headers) };
        assert_eq!(recipient(&incoming, &strict, AUTOMATIC), Err(Silence::Unproven));
    }

    #[test]
    fn every_silence_says_why_in_both_languages() {
        use Silence::*;
        let until = "2023-03-01T00:00:00Z".parse().unwrap();
        let all = [
            Backfilled,
            LoopMark,
            OwnLetter,
            OwnAddress,
            Bounce,
            AutomaticReply,
            ListMail,
            NullPath,
            Suppressed,
            NotASubmission,
            Unattended,
            NoAddress,
            Unreachable,
            Spoofed,
            Unproven,
            SenderCap(3),
            HourCap(3),
            DayCap(3),
            CircuitOpen(until),
            TrialUnderWay,
        ];
        let codes: std::collections::BTreeSet<_> = all.iter().map(|silence| silence.code()).collect();
        assert_eq!(codes.len(), all.len());
        for silence in all {
            assert!(silence.zh().ends_with('。') && silence.en().ends_with('.'), "{}", silence.code());
        }
        assert!(all.iter().filter(|silence| silence.is_for_now()).count() == 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_may_be_answered_can_be_written_and_never_goes_to_ourselves(
            from in "(no-?reply|czzhengwen|zhang|\\PC|[ -~]){0,3}(\\+x)?@(163\\.com|b\\.cn|\\PC|[ -~]){0,2}",
            path in proptest::option::of("(<|>|@|\r\n|czzhengwen|[ -~]|\\PC){0,6}(@(163\\.com|b\\.cn))?"),
            decided in any::<bool>(),
        ) {
            let headers = Headers { from: address(&from), return_path: path, ..headers() };
            let occasion = if decided { Occasion::Decided } else { AUTOMATIC };
            if let Ok(to) = recipient(&incoming(&headers), &ourselves(), occasion) {
                // `czzhengwen@163.com163.com` is somebody else.
                let lower = to.to_lowercase();
                prop_assert!(!(lower.ends_with("@163.com") && lower.split(['+', '@']).next() == Some("czzhengwen")));
                let text = Text { subject: "x".into(), body: "y".into(), language: crate::Language::Zh };
                let told = Told { submission_id: uuid::Uuid::nil(), kind: crate::Kind::Findings, version: 1 };
                let sender = Sender { name: "", address: "czzhengwen@163.com", message_id_domain: "c.example.cn" };
                let nothing = Answered { message_id: None, references: &[] };
                let at = chrono::DateTime::UNIX_EPOCH;
                prop_assert!(message::write(&told, &text, &sender, &to, &nothing, at).is_ok(), "{}", to);
            }
        }
    }
}
