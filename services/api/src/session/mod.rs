//! What signing in rests on: passwords, tokens, and how often it may fail.

pub(crate) mod backoff;
pub(crate) mod passwords;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use stdx::Sha256;
use store::account::{INVITATION_MAX, Invitation};

/// Characters of a user name.
const NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=40;

/// Names that histories use for the program itself.
const RESERVED: [&str; 3] = [crate::gate::LOCAL, "worker", "caibian"];

/// A secret of 256 random bits in base64url, and the hash that the tables keep of it.
pub(crate) fn token() -> Result<(String, Sha256), getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let hash = Sha256::of(token.as_bytes());
    Ok((token, hash))
}

/// An invitation, as the person gets it once and as the tables keep it.
///
/// # Errors
/// When the system gives no random bytes.
pub fn invitation(now: DateTime<Utc>) -> Result<(String, Invitation), getrandom::Error> {
    let (token, hash) = token()?;
    Ok((token, Invitation { token: hash, expires_at: now + INVITATION_MAX }))
}

/// A user name as it is kept, if it may be one: 2 to 40 ASCII letters, digits, `.`, `_`, `-`, and none that histories use
/// for the program itself.
#[must_use]
pub fn user_name(name: &str) -> Option<String> {
    let lawful = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let name = name.to_ascii_lowercase();
    let fits = NAME_CHARACTERS.contains(&name.len()) && name.bytes().all(lawful) && !RESERVED.contains(&name.as_str());
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_is_short_ascii_and_none_of_the_programs_own() {
        for (name, kept) in [
            ("Zhang.San", Some("zhang.san")),
            ("ab", Some("ab")),
            ("a", None),
            ("张三", None),
            ("a b", None),
            ("Local", None),
            ("worker", None),
            (&"x".repeat(40), Some(&*"x".repeat(40))),
            (&"x".repeat(41), None),
        ] {
            assert_eq!(user_name(name).as_deref(), kept, "{name}");
        }
    }

    #[test]
    fn tokens_differ_and_are_known_by_their_hash() {
        let (one, hash) = token().unwrap();
        let (other, _) = token().unwrap();
        assert_ne!(one, other);
        assert_eq!((one.len(), Sha256::of(one.as_bytes())), (43, hash));
    }
}
