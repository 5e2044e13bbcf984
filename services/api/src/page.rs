//! Pages: their size, and tokens that say where the last one ended. A token is sealed with a key and bound to the
//! arguments of its query, so that nobody makes one up or carries it over to another query.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use stdx::Sha256;
use tonic::Status;

use crate::errors;

/// Rows of a page when the caller does not say.
const SIZE_DEFAULT: u32 = 50;
/// Rows of a page at most.
const SIZE_MAX: u32 = 500;
/// Bytes of a seal: half of a SHA-256.
const SEAL_BYTES: usize = 16;
/// Characters of a token that is looked at.
const TOKEN_CHARACTERS_MAX: usize = 8 * 1024;

/// Bytes of a page: it ends early rather than outgrow the 4 MiB that gRPC clients take unless they are told otherwise.
pub const BYTES_MAX: usize = 3 * 1024 * 1024;

/// How many rows a page has: 50 for 0, at most 500; a negative number is refused.
pub fn size(requested: i32) -> Result<u32, Status> {
    match u32::try_from(requested) {
        Ok(0) => Ok(SIZE_DEFAULT),
        Ok(size) => Ok(size.min(SIZE_MAX)),
        Err(_) => Err(errors::field("page_size", "page_size is negative", "每页条数不能为负")),
    }
}

/// Seals and opens page tokens.
#[derive(Clone)]
pub struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// With the key of this installation.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A token for the page after `last`. `query` is the method with every argument that chooses or orders rows.
    #[must_use]
    pub fn seal(&self, query: &[&str], last: &impl Serialize) -> String {
        let payload = serde_json::to_vec(last).expect("a key of plain values has a JSON form");
        let mut token = self.mac(query, &payload).finalize().into_bytes()[..SEAL_BYTES].to_vec();
        token.extend(payload);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Where the last page ended; none for an empty token, INVALID_ARGUMENT for one that this query did not get.
    pub fn open<K: DeserializeOwned>(&self, query: &[&str], token: &str) -> Result<Option<K>, Status> {
        if token.is_empty() {
            return Ok(None);
        }
        let key = (token.len() <= TOKEN_CHARACTERS_MAX)
            .then(|| {
                let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
                let (seal, payload) = bytes.split_at_checked(SEAL_BYTES)?;
                self.mac(query, payload).verify_truncated_left(seal).ok()?;
                serde_json::from_slice(payload).ok()
            })
            .flatten();
        key.map(Some).ok_or_else(|| {
            errors::field(
                "page_token",
                "page_token is not one that this very query was given",
                "page_token 不属于这一查询",
            )
        })
    }

    /// A hash of bytes that nobody without the key can make, so that it does not tell whether they are some that one guesses.
    #[must_use]
    pub fn sealed_hash(&self, bytes: &[u8]) -> Sha256 {
        let sealed = self.mac(&["sealed_hash"], bytes).finalize().into_bytes();
        Sha256::of(&sealed)
    }

    fn mac(&self, query: &[&str], payload: &[u8]) -> Hmac<sha2::Sha256> {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        // With its length before it, no argument can borrow from its neighbour.
        for argument in query {
            mac.update(&(argument.len() as u64).to_be_bytes());
            mac.update(argument.as_bytes());
        }
        mac.update(payload);
        mac
    }
}

/// The start of `rows` that fits into a page of `rows_max` rows and [`BYTES_MAX`] bytes, and whether more follow. The
/// first row is always taken.
pub fn fill<R, M: prost::Message>(rows: &[R], rows_max: u32, message: impl Fn(&R) -> M) -> (Vec<M>, bool) {
    let mut messages = Vec::new();
    let mut bytes = 0;
    for row in rows.iter().take(rows_max as usize) {
        let message = message(row);
        bytes += message.encoded_len();
        if bytes > BYTES_MAX && !messages.is_empty() {
            break;
        }
        messages.push(message);
    }
    let more = messages.len() < rows.len();
    (messages, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes() {
        for (requested, expected) in [(0, Some(50)), (1, Some(1)), (500, Some(500)), (501, Some(500)), (-1, None)] {
            assert_eq!(size(requested).ok(), expected, "{requested}");
        }
    }

    #[test]
    fn a_token_opens_for_its_own_query_and_for_no_other() {
        let tokens = Tokens::new([7; 32]);
        let token = tokens.seal(&["list", "class = BOUNCE", "number"], &(3_u64, "x".to_owned()));
        let open = |tokens: &Tokens, query: &[&str], token: &str| tokens.open::<(u64, String)>(query, token);
        assert_eq!(open(&tokens, &["list", "class = BOUNCE", "number"], &token).unwrap(), Some((3, "x".to_owned())));
        assert_eq!(open(&tokens, &["list"], "").unwrap(), None);
        for query in [&["list", "class = BOUNCE", "number desc"][..], &["list", "class = BOUNCEn", "umber"], &["list"]]
        {
            assert!(open(&tokens, query, &token).is_err(), "{query:?}");
        }
        assert!(open(&Tokens::new([8; 32]), &["list", "class = BOUNCE", "number"], &token).is_err());
    }

    #[test]
    fn a_token_with_any_one_bit_changed_is_refused() {
        let tokens = Tokens::new([7; 32]);
        let token = URL_SAFE_NO_PAD.decode(tokens.seal(&["list"], &12_345_u64)).unwrap();
        for bit in 0..token.len() * 8 {
            let mut changed = token.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(tokens.open::<u64>(&["list"], &URL_SAFE_NO_PAD.encode(changed)).is_err(), "bit {bit}");
        }
        assert!(tokens.open::<u64>(&["list"], &"A".repeat(100_000)).is_err());
        assert!(tokens.open::<u64>(&["list"], "not base64!").is_err());
    }

    #[test]
    fn a_page_ends_before_it_outgrows_what_clients_take() {
        let rows: Vec<String> = (0..10).map(|_| "x".repeat(1024 * 1024)).collect();
        let (page, more) = fill(&rows, 10, Clone::clone);
        assert_eq!((page.len(), more), (2, true));
        let (page, more) = fill(&["x".repeat(BYTES_MAX * 2)], 10, Clone::clone);
        assert_eq!((page.len(), more), (1, false));
        let (page, more) = fill(&rows[..2], 1, Clone::clone);
        assert_eq!((page.len(), more), (1, true));
    }
}
