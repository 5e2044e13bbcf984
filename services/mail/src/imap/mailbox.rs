//! What is asked of a folder: which mails, how large, their bytes, and where they go afterwards.

use std::collections::BTreeMap;

use async_imap::imap_proto::{AttributeValue, MailboxDatum, NameAttribute, Response, ResponseCode, Status};
use chrono::{DateTime, Utc};
use intake::{
    message::ReceivedBasis,
    ports::{Filing, FolderState, Listed},
};

use super::{
    ImapSettings,
    line::{Done, Line, Selected, ignore},
};
use crate::{Error, LIST_UIDS_MAX, WINDOW_BYTES_MAX, folder_name};

/// Most UIDs that one folder may have.
const UIDS_MAX: usize = 2_000_000;
/// Most mails searched at once. The parser begins anew with each 4 KiB that come, so a long answer costs its square.
const SEARCH_MAILS: u32 = 100_000;
/// UIDs in one FETCH: about 900 bytes of command, beneath the 1,000 that RFC 2683 §3.2.1.5 advises.
const FETCH_UIDS: usize = 80;
/// Most folder names that an error tells.
const NAMES_MAX: usize = 100;
/// Longest keyword, in bytes.
const KEYWORD_BYTES_MAX: usize = 64;
/// As INTERNALDATE is written (RFC 3501 §9, date-time); the day may have a space for its first digit.
const INTERNAL_DATE: &str = "%d-%b-%Y %H:%M:%S %z";

/// Selects a folder. SELECT rather than EXAMINE, because filing changes flags; no mail becomes read by it.
pub(super) async fn select(line: &mut Line, settings: &ImapSettings, folder: &str) -> Result<FolderState, Error> {
    let command = format!("SELECT {}", folder_name::quoted(folder)?);
    line.selected = None;
    let mut exists = None;
    let mut uidvalidity = None;
    let mut flags_lasting = None;
    let mut is_sticky = true;
    let done = line
        .command("SELECT", &command, settings.command_timeout, &mut |response| {
            match response {
                Response::MailboxData(MailboxDatum::Exists(count)) => exists = Some(*count),
                Response::Data { outcome, .. } => match &outcome.code {
                    Some(ResponseCode::UidValidity(epoch)) => uidvalidity = Some(*epoch),
                    Some(ResponseCode::UidNotSticky) => is_sticky = false,
                    Some(ResponseCode::PermanentFlags(flags)) => {
                        flags_lasting = Some(flags.iter().map(|flag| flag.to_string()).collect());
                    }
                    _ => {}
                },
                _ => {}
            }
            Ok(())
        })
        .await?;
    if done.status != Status::Ok {
        return Err(not_selected(line, settings, folder, &done).await);
    }
    let Some(exists) = exists else {
        return Err(Error::Garbled(format!("SELECT {folder:?} told no EXISTS")));
    };
    let Some(uidvalidity) = uidvalidity.filter(|epoch| *epoch > 0 && is_sticky) else {
        return Err(Error::Garbled(format!("{folder:?} has no UIDs that last (UIDVALIDITY {uidvalidity:?})")));
    };
    line.selected = Some(Selected { folder: folder.to_owned(), exists, flags_lasting, has_news: false });
    Ok(FolderState { uidvalidity, exists: u64::from(exists) })
}

async fn not_selected(line: &mut Line, settings: &ImapSettings, folder: &str, done: &Done) -> Error {
    if done.text.to_ascii_lowercase().contains("unsafe login") {
        return Error::UnsafeLogin(done.text.clone());
    }
    match names(line, settings).await {
        Ok(names) if !names.iter().any(|name| name == folder) => missing(folder, &names),
        // The folder is there, so this is something else.
        Ok(_) => done.refusal("SELECT"),
        Err(error) => error,
    }
}

fn missing(folder: &str, names: &[String]) -> Error {
    let more = if names.len() > NAMES_MAX { " and more" } else { "" };
    let names = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    Error::NotFound(format!("there is no folder {folder:?}; there are: {names}{more}"))
}

/// Names of the folders that can be selected, decoded; at most one more than an error tells.
async fn names(line: &mut Line, settings: &ImapSettings) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let done = line
        .command("LIST", "LIST \"\" \"*\"", settings.command_timeout, &mut |response| {
            if let Response::MailboxData(MailboxDatum::List(listed)) = response
                && !listed.name_attributes.contains(&NameAttribute::NoSelect)
                && names.len() <= NAMES_MAX
            {
                names.push(folder_name::decode(&listed.name).unwrap_or_else(|| listed.name.to_string()));
            }
            Ok(())
        })
        .await?;
    done.ok("LIST")?;
    Ok(names)
}

/// Every UID of the selected folder, or an error when the answer may be incomplete.
pub(super) async fn uids(line: &mut Line, settings: &ImapSettings) -> Result<Vec<u64>, Error> {
    let mut before = 0;
    if let Some(selected) = &mut line.selected {
        selected.has_news = false;
        before = selected.exists;
    }
    let mut found = Vec::new();
    if before <= SEARCH_MAILS {
        found = search(line, settings, "ALL").await?;
    } else {
        for first in (1..=before).step_by(SEARCH_MAILS as usize) {
            let last = first + (SEARCH_MAILS - 1);
            let last = if last >= before { "*".to_owned() } else { last.to_string() };
            found.extend(search(line, settings, &format!("{first}:{last}")).await?);
            if found.len() > UIDS_MAX {
                return Err(Error::Exhausted(format!("the folder lists more than {UIDS_MAX} mails")));
            }
            // A mail that goes moves the ones behind it, perhaps from one part into another.
            if line.selected.as_ref().is_some_and(|selected| selected.exists < before) {
                return Err(Error::Unsure("mails went during the search".to_owned()));
            }
        }
    }
    found.sort_unstable();
    if found.first() == Some(&0) {
        return Err(Error::Garbled("a UID is zero".to_owned()));
    }
    if let Some(pair) = found.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::Unsure(format!("UID {} is listed twice", pair[0])));
    }
    let exists = line.selected.as_ref().map_or(0, |selected| u64::from(selected.exists));
    // Mails may come and go between the two numbers, but not half of a folder.
    if (found.is_empty() && exists > 0) || (found.len() as u64) < exists / 2 {
        return Err(Error::Unsure(format!("the folder holds {exists} mails and the search gave {}", found.len())));
    }
    Ok(found)
}

async fn search(line: &mut Line, settings: &ImapSettings, key: &str) -> Result<Vec<u64>, Error> {
    let mut found = Vec::new();
    let mut is_answered = false;
    let done = line
        .command("UID SEARCH", &format!("UID SEARCH {key}"), settings.command_timeout, &mut |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                is_answered = true;
                if found.len() + uids.len() > UIDS_MAX {
                    return Err(Error::Exhausted(format!("the folder lists more than {UIDS_MAX} mails")));
                }
                found.extend(uids.iter().copied().map(u64::from));
            }
            Ok(())
        })
        .await?;
    done.ok("UID SEARCH")?;
    if !is_answered {
        return Err(Error::Unsure("UID SEARCH ended without an answer".to_owned()));
    }
    Ok(found)
}

/// Whether a mail is still there: NOOP lets the server tell what went, then it is asked for this one.
async fn is_there(line: &mut Line, settings: &ImapSettings, uid: u32) -> Result<bool, Error> {
    line.command("NOOP", "NOOP", settings.command_timeout, &mut ignore).await?.ok("NOOP")?;
    Ok(search(line, settings, &format!("UID {uid}")).await?.contains(&u64::from(uid)))
}

#[derive(Default)]
struct Told {
    size_bytes: Option<u32>,
    received: Option<String>,
}

/// Size and receipt of some mails; one that is gone is missing from the answer.
pub(super) async fn list(line: &mut Line, settings: &ImapSettings, uids: &[u64]) -> Result<Vec<Listed>, Error> {
    if uids.len() > LIST_UIDS_MAX {
        return Err(Error::Invalid(format!("{} UIDs at once, more than {LIST_UIDS_MAX}", uids.len())));
    }
    let uids = uids.iter().map(|uid| wire_uid(*uid)).collect::<Result<Vec<_>, _>>()?;
    let mut told = BTreeMap::<u32, Told>::new();
    for asked in uids.chunks(FETCH_UIDS) {
        let set = asked.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let command = format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)");
        let done = line
            .command("UID FETCH", &command, settings.command_timeout, &mut |response| {
                let Response::Fetch(_, attributes) = response else { return Ok(()) };
                // Flags that changed come unasked, with or without a UID, and are no answer.
                let Some(uid) = uid_of(attributes).filter(|uid| asked.contains(uid)) else { return Ok(()) };
                for attribute in attributes {
                    match attribute {
                        AttributeValue::Rfc822Size(size) => {
                            put_once(&mut told.entry(uid).or_default().size_bytes, *size, uid)?
                        }
                        AttributeValue::InternalDate(date) => {
                            put_once(&mut told.entry(uid).or_default().received, date.to_string(), uid)?;
                        }
                        _ => {}
                    }
                }
                Ok(())
            })
            .await?;
        if done.status != Status::Ok {
            // A NO may only mean that some of them went; which, the next search tells.
            return Err(done.refusal("UID FETCH"));
        }
    }
    told.into_iter().map(|(uid, told)| listed(uid, &told)).collect()
}

fn listed(uid: u32, told: &Told) -> Result<Listed, Error> {
    let Some(size_bytes) = told.size_bytes else {
        return Err(Error::Garbled(format!("the server tells no size of UID {uid}")));
    };
    let date = told.received.as_deref().unwrap_or("nothing");
    let received_at = DateTime::parse_from_str(date, INTERNAL_DATE)
        .map_err(|_| Error::Garbled(format!("the server tells no INTERNALDATE of UID {uid}, but {date:?}")))?;
    Ok(Listed {
        uid: u64::from(uid),
        size_bytes: u64::from(size_bytes),
        received_at: received_at.with_timezone(&Utc),
        received_basis: ReceivedBasis::InternalDate,
    })
}

fn put_once<T: PartialEq>(place: &mut Option<T>, value: T, uid: u32) -> Result<(), Error> {
    match place {
        Some(before) if *before != value => Err(Error::Garbled(format!("the server tells UID {uid} in two ways"))),
        _ => {
            *place = Some(value);
            Ok(())
        }
    }
}

/// Some bytes of a mail, fewer at its end.
pub(super) async fn window(
    line: &mut Line,
    settings: &ImapSettings,
    uid: u64,
    offset: u64,
    length: u32,
) -> Result<Vec<u8>, Error> {
    let uid = wire_uid(uid)?;
    if length == 0 || length > WINDOW_BYTES_MAX {
        return Err(Error::Invalid(format!("a window of {length} bytes; 1 to {WINDOW_BYTES_MAX} can be asked for")));
    }
    let Ok(offset) = u32::try_from(offset) else {
        return Err(Error::Invalid(format!("IMAP has no byte {offset} in a mail")));
    };
    let mut bytes = None;
    let command = |offset: u32| format!("UID FETCH {uid} (UID BODY.PEEK[]<{offset}.{length}>)");
    let done = line
        .command("UID FETCH", &command(offset), settings.window_timeout, &mut |response| {
            let Response::Fetch(_, attributes) = response else { return Ok(()) };
            for attribute in attributes {
                let AttributeValue::BodySection { section, index, data } = attribute else { continue };
                if uid_of(attributes) != Some(uid) {
                    return Err(Error::Garbled(format!("asked for UID {uid}, got bytes of {:?}", uid_of(attributes))));
                }
                // Without an origin it is the whole mail, which begins where the first window does.
                if section.is_some() || index.unwrap_or(0) != offset {
                    return Err(Error::Garbled(format!(
                        "asked for UID {uid} from byte {offset}, got {section:?} {index:?}"
                    )));
                }
                let Some(data) = data else { continue };
                if data.len() > length as usize {
                    return Err(Error::Garbled(format!("asked for {length} bytes of UID {uid}, got {}", data.len())));
                }
                if bytes.replace(data.to_vec()).is_some() {
                    return Err(Error::Garbled(format!("got the bytes of UID {uid} twice")));
                }
            }
            Ok(())
        })
        .await?;
    if let (Some(bytes), Status::Ok) = (bytes, &done.status) {
        // A full window of the greatest length is one of many: the server reads the next while this one is written.
        if length == WINDOW_BYTES_MAX
            && bytes.len() == length as usize
            && let Some(next) = offset.checked_add(length)
        {
            line.begin_ahead(command(next), settings.command_timeout).await?;
        }
        return Ok(bytes);
    }
    if !is_there(line, settings, uid).await? {
        return Err(Error::NotFound(format!("UID {uid} is no longer in the folder")));
    }
    done.ok("UID FETCH")?;
    // Some servers say NIL for a window that begins at the end.
    match list(line, settings, &[u64::from(uid)]).await?.first() {
        Some(listed) if listed.size_bytes <= u64::from(offset) => Ok(Vec::new()),
        _ => Err(Error::Garbled(format!("UID {uid} is there, but the server gives none of its bytes from {offset}"))),
    }
}

/// Flags or moves a mail; one that is gone is filed already.
pub(super) async fn file(line: &mut Line, settings: &ImapSettings, uid: u64, filing: &Filing) -> Result<(), Error> {
    let uid = wire_uid(uid)?;
    let (what, command) = match filing {
        Filing::Leave => return Ok(()),
        Filing::Flag(keyword) => {
            check_keyword(line, keyword)?;
            ("UID STORE", format!("UID STORE {uid} +FLAGS.SILENT ({keyword})"))
        }
        Filing::Move(folder) => {
            let quoted = folder_name::quoted(folder)?;
            if line.has_selected(folder) {
                return Err(Error::Invalid(format!("{folder:?} is the folder that the mail is in")));
            }
            if !line.can("MOVE") {
                return Err(Error::Invalid(
                    "the server cannot MOVE (RFC 6851); copying and deleting instead would need an expunge, which is never \
                     done: leave or flag the mails"
                        .to_owned(),
                ));
            }
            ("UID MOVE", format!("UID MOVE {uid} {quoted}"))
        }
    };
    let done = line.command(what, &command, settings.command_timeout, &mut ignore).await?;
    if done.status == Status::Ok {
        return Ok(());
    }
    if let (Filing::Move(folder), true) = (filing, done.status == Status::No) {
        let names = names(line, settings).await?;
        if done.wants_create || !names.iter().any(|name| name == folder) {
            return Err(missing(folder, &names));
        }
    }
    if done.status == Status::No && !is_there(line, settings, uid).await? {
        return Ok(());
    }
    done.ok(what)
}

/// A keyword is an atom (RFC 3501 §9, flag-keyword), so none of the system flags; and it must last.
fn check_keyword(line: &Line, keyword: &str) -> Result<(), Error> {
    let is_atom = keyword.bytes().all(|byte| byte.is_ascii_graphic() && !br#"(){%*"\]"#.contains(&byte));
    if keyword.is_empty() || keyword.len() > KEYWORD_BYTES_MAX || !is_atom {
        return Err(Error::Invalid(format!("not an IMAP keyword: {:?}", keyword.chars().take(80).collect::<String>())));
    }
    let lasting = line.selected.as_ref().and_then(|selected| selected.flags_lasting.as_ref());
    match lasting {
        Some(flags) if !flags.iter().any(|flag| flag == "\\*" || flag.eq_ignore_ascii_case(keyword)) => {
            Err(Error::Invalid(format!("the server does not keep the keyword {keyword:?}; it keeps {flags:?}")))
        }
        _ => Ok(()),
    }
}

fn uid_of(attributes: &[AttributeValue<'_>]) -> Option<u32> {
    attributes.iter().find_map(|attribute| match attribute {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    })
}

fn wire_uid(uid: u64) -> Result<u32, Error> {
    u32::try_from(uid).ok().filter(|uid| *uid > 0).ok_or_else(|| Error::Invalid(format!("{uid} is not an IMAP UID")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_with_its_zone_and_kept_in_utc() {
        for (date, utc) in [
            ("31-Mar-2023 23:59:59 +0800", Some("2023-03-31T15:59:59Z")),
            ("01-Apr-2023 00:00:00 +0800", Some("2023-03-31T16:00:00Z")),
            (" 1-Apr-2023 00:00:00 +0800", Some("2023-03-31T16:00:00Z")),
            ("31-Dec-2022 20:00:00 -0500", Some("2023-01-01T01:00:00Z")),
            ("31-Mar-2023 23:59:59", None),
            ("yesterday", None),
        ] {
            let told = Told { size_bytes: Some(7), received: Some(date.to_owned()) };
            let expected = utc.map(|utc| utc.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(listed(9, &told).ok().map(|listed| listed.received_at), expected, "{date}");
        }
        let error = listed(9, &Told { size_bytes: Some(7), received: None }).unwrap_err().to_string();
        assert!(error.contains("UID 9"), "{error}");
    }
}
