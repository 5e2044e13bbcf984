//! The `Message-ID` of a letter of ours: made of what it tells, so that a second copy is known as the same letter, and
//! read back from what others quote.

use uuid::Uuid;

use crate::Kind;

/// First word of the left side.
const MARK: &str = "caibian";

/// What a letter of ours tells: the same three always give the same `Message-ID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// About this submission.
    pub submission_id: Uuid,
    /// This.
    pub kind: Kind,
    /// Counts letters of this kind about it: a decision after a retracted one has the next number.
    pub version: u32,
}

impl Told {
    /// `caibian.declined.1.0190…@domain`, without angle brackets.
    #[must_use]
    pub fn message_id(&self, domain: &str) -> String {
        format!("{MARK}.{}.{}.{}@{domain}", self.kind, self.version, self.submission_id.simple())
    }

    /// What a `Message-ID` of ours tells, with or without angle brackets; none for anybody else’s.
    #[must_use]
    pub fn read(id: &str, domain: &str) -> Option<Self> {
        let id = id.trim();
        let id = id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id);
        let (left, right) = id.rsplit_once('@')?;
        let mut words = left.split('.');
        let (mark, kind, version, submission) = (words.next()?, words.next()?, words.next()?, words.next()?);
        if mark != MARK || words.next().is_some() || !right.eq_ignore_ascii_case(domain) {
            return None;
        }
        let told = Self {
            submission_id: Uuid::try_parse(submission).ok()?,
            kind: kind.parse().ok()?,
            version: version.parse().ok()?,
        };
        // One spelling only: `01`, `+1` and a hyphenated id are not ours.
        (told.message_id(right) == id).then_some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_letter_always_has_the_same_id_and_tells_what_it_was_about() {
        for kind in Kind::ALL {
            let told = Told { submission_id: Uuid::from_u128(7), kind, version: 3 };
            let id = told.message_id("mail.example.cn");
            assert_eq!(id, told.message_id("mail.example.cn"));
            assert_eq!(Told::read(&id, "mail.example.cn"), Some(told));
            assert_eq!(Told::read(&format!("<{id}>"), "MAIL.example.cn"), Some(told));
        }
    }

    #[test]
    fn the_ids_of_others_are_not_ours() {
        let ours = "caibian.declined.1.00000000000000000000000000000007@mail.example.cn";
        assert!(Told::read(ours, "mail.example.cn").is_some());
        for other in [
            "",
            "@",
            "caibian@mail.example.cn",
            "caibian.declined.1.00000000000000000000000000000007@example.cn",
            "caibian.declined.01.00000000000000000000000000000007@mail.example.cn",
            "caibian.declined.+1.00000000000000000000000000000007@mail.example.cn",
            "caibian.declined.-1.00000000000000000000000000000007@mail.example.cn",
            "caibian.declined.1.00000000-0000-0000-0000-000000000007@mail.example.cn",
            "caibian.declined.1.00000000000000000000000000000007.x@mail.example.cn",
            "caibian.approved.1.00000000000000000000000000000007@mail.example.cn",
            "xcaibian.declined.1.00000000000000000000000000000007@mail.example.cn",
        ] {
            assert_eq!(Told::read(other, "mail.example.cn"), None, "{other}");
        }
    }
}
