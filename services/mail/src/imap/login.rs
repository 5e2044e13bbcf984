//! The login, and the ID that some servers want before a folder is opened.

use async_imap::imap_proto::Status;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use super::{
    Auth, ImapSettings,
    line::{Done, Heard, Line, bounded, ignore},
};
use crate::{Error, error::said, folder_name::quote};

/// Most challenges that a SASL exchange may have: the first answer and one error.
const CHALLENGES_MAX: usize = 4;

/// Response codes that say "not now" rather than "not you" (RFC 5530).
const NOT_NOW: [&str; 4] = ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"];

/// Logs in, learns what the server can do then, and tells it who we are.
pub(super) async fn login(line: &mut Line, settings: &ImapSettings) -> Result<(), Error> {
    let secret = settings.password.expose_secret();
    if settings.user.chars().chain(secret.chars()).any(|c| matches!(c, '\r' | '\n' | '\0')) {
        return Err(Error::Invalid("user name or password holds CR, LF or NUL".to_owned()));
    }
    let (done, challenge) = match settings.auth {
        Auth::Login => {
            if line.can("LOGINDISABLED") {
                return Err(Error::Invalid("the server does not allow LOGIN on this connection".to_owned()));
            }
            let command = format!("LOGIN {} {}", quote(&settings.user), quote(secret));
            (line.command("LOGIN", &command, settings.command_timeout, &mut ignore).await?, String::new())
        }
        Auth::Plain => authenticate(line, settings, "PLAIN", sasl_plain(settings)).await?,
        Auth::XOAuth2 => authenticate(line, settings, "XOAUTH2", sasl_xoauth2(settings)).await?,
    };
    if done.status != Status::Ok {
        return Err(refused(settings, &done, &challenge));
    }
    line.learn_capabilities(settings.command_timeout).await?;
    identify(line, settings).await
}

/// What PLAIN answers (RFC 4616), as it goes over the line.
fn sasl_plain(settings: &ImapSettings) -> String {
    STANDARD.encode(format!("\0{}\0{}", settings.user, settings.password.expose_secret()))
}

/// What XOAUTH2 answers, as it goes over the line.
fn sasl_xoauth2(settings: &ImapSettings) -> String {
    STANDARD.encode(format!("user={}\x01auth=Bearer {}\x01\x01", settings.user, settings.password.expose_secret()))
}

/// A SASL exchange of one answer (RFC 3501 §6.2.2), given at once where the server takes it (RFC 4959).
/// Gives how it ended, and what the server said in a challenge after the answer: the reason of an XOAUTH2 failure.
async fn authenticate(
    line: &mut Line,
    settings: &ImapSettings,
    mechanism: &'static str,
    answer: String,
) -> Result<(Done, String), Error> {
    bounded("AUTHENTICATE", settings.command_timeout, async {
        let mut is_answered = line.can("SASL-IR");
        let initial = if is_answered { format!(" {answer}") } else { String::new() };
        line.begin(&format!("AUTHENTICATE {mechanism}{initial}")).await?;
        let mut reason = String::new();
        let mut challenges = 0;
        loop {
            match line.hear(&mut ignore).await? {
                Heard::Done(done) => return Ok((done, reason)),
                Heard::Untagged => {}
                Heard::Continue(_) if challenges == CHALLENGES_MAX => {
                    return Err(Error::Garbled("the server asks on and on for credentials".to_owned()));
                }
                Heard::Continue(text) => {
                    challenges += 1;
                    // A second challenge tells an error, and wants an empty answer before the NO.
                    let reply = if is_answered { "" } else { answer.as_str() };
                    if is_answered {
                        reason =
                            STANDARD.decode(&text).map_or(text, |bytes| String::from_utf8_lossy(&bytes).into_owned());
                    }
                    is_answered = true;
                    line.write_line(reply).await?;
                }
            }
        }
    })
    .await
}

/// Sends the ID (RFC 2971). 163.com and its sisters answer SELECT with "Unsafe Login" without it, and do not all list it.
async fn identify(line: &mut Line, settings: &ImapSettings) -> Result<(), Error> {
    if !line.can("ID") && !settings.is_netease() {
        return Ok(());
    }
    let (name, version) = &settings.client_id;
    let fields = [("name", name), ("version", version), ("vendor", name), ("support-email", &settings.user)];
    let fields =
        fields.map(|(field, value)| format!("{} {}", quote(field), quote(&value.replace(['\r', '\n', '\0'], " "))));
    let command = format!("ID ({})", fields.join(" "));
    let done = line.command("ID", &command, settings.command_timeout, &mut ignore).await?;
    if done.status != Status::Ok {
        tracing::debug!(answer = done.text, "the server does not take our ID");
    }
    Ok(())
}

fn refused(settings: &ImapSettings, done: &Done, challenge: &str) -> Error {
    let answer = format!("{} {}", done.text, said(challenge)).trim().to_owned();
    // An odd server may echo what it was sent, in the form in which it was sent.
    let secret = settings.password.expose_secret();
    let quoted = quote(secret);
    let forms =
        [secret, &quoted[1..quoted.len() - 1], &sasl_plain(settings), &sasl_xoauth2(settings)].map(str::to_owned);
    let answer = forms.iter().filter(|form| !form.is_empty()).fold(answer, |told, form| told.replace(form, "***"));
    if done.status == Status::Bad || NOT_NOW.iter().any(|code| answer.to_ascii_uppercase().contains(code)) {
        let word = if done.status == Status::Bad { "BAD" } else { "NO" };
        return Error::Refused { what: "login", answer: format!("{word} {answer}") };
    }
    let hint = if settings.is_netease() {
        " (NetEase takes the authorisation code 授权码 here, not the password of the web page: mail.163.com → 设置 → \
         POP3/SMTP/IMAP → 开启 IMAP → 新增授权密码)"
    } else {
        ""
    };
    Error::Login { answer, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(text: &str) -> Done {
        Done { status: Status::No, wants_create: false, text: text.to_owned() }
    }

    #[test]
    fn a_refused_login_at_netease_tells_of_the_authorisation_code_and_never_the_password() {
        let settings = ImapSettings::new("imap.163.com", "a@163.com", "hunter2".into());
        let error = refused(&settings, &no("LOGIN Login error hunter2 or password error"), "");
        assert_eq!(error.kind(), stdx::ErrorKind::Unauthenticated);
        let text = error.to_string();
        assert!(text.contains("授权码") && text.contains("LOGIN Login error *** or"), "{text}");
    }

    #[test]
    fn a_server_that_echoes_what_it_was_sent_does_not_make_us_tell_it() {
        let settings = ImapSettings::new("imap.example.org", "a@b", "hunt\"er2".into());
        for sent in [quote("hunt\"er2"), sasl_plain(&settings), sasl_xoauth2(&settings)] {
            let text = refused(&settings, &no(&format!("what is {sent} ?")), "").to_string();
            assert!(text.contains("***") && !text.contains(&sent) && !text.contains("er2"), "{sent}: {text}");
        }
    }

    #[test]
    fn a_login_that_is_refused_for_now_is_not_a_wrong_password() {
        let settings = ImapSettings::new("imap.example.org", "a", "hunter2".into());
        for (text, kind) in [
            ("[UNAVAILABLE] later", stdx::ErrorKind::Unavailable),
            ("[limit] too many connections", stdx::ErrorKind::Unavailable),
            ("[AUTHENTICATIONFAILED] no", stdx::ErrorKind::Unauthenticated),
            ("", stdx::ErrorKind::Unauthenticated),
        ] {
            assert_eq!(refused(&settings, &no(text), "").kind(), kind, "{text}");
        }
    }
}
