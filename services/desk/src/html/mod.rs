//! The parts that pages are made of. Everything that is filled in is escaped by `maud`; nothing here takes HTML from
//! anywhere but this room.

mod chart;
mod form;
mod frame;
mod money;
mod parts;

pub use chart::{Chart, Point, synthetic};
pub use form::{Choice, choice, told, wrong};
pub use frame::{Here, Page, bare};
pub use money::{Unit, count, grouped, money, money_text, yuan};
pub use parts::{Tone, badge, day, filled, hidden, moment, notice, pager, sentence};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands as it is in a part of a query or a path (RFC 3986 §2.3, and `/`).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// A path with a query; what is empty is left out.
#[must_use]
pub fn url(path: &str, query: &[(&str, &str)]) -> String {
    let mut url = path.to_owned();
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.extend([name, "="]);
        url.push_str(&escaped(value));
    }
    url
}

/// A part of a path, or a value of a query.
#[must_use]
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The last part of a resource's name, which stands in the address of its page.
#[must_use]
pub fn id_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// Whether an address leads to a page of ours: a path, and never `//host` or `/\host`, which browsers take for one.
#[must_use]
pub fn is_own_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n', '\t'])
        && path.chars().all(|character| !character.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_written_so_that_nothing_in_it_is_read_as_another_part() {
        assert_eq!(
            url("/submissions", &[("q", "绩效&x=1"), ("state", "")]),
            "/submissions?q=%E7%BB%A9%E6%95%88%26x%3D1"
        );
        assert_eq!(url("/a?b=1", &[("c", "d/e")]), "/a?b=1&c=d/e");
    }

    #[test]
    fn only_a_path_of_ours_is_gone_back_to() {
        for own in ["/", "/submissions?q=%2F%2Fx"] {
            assert!(is_own_path(own), "{own}");
        }
        for other in
            ["", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:1"]
        {
            assert!(!is_own_path(other), "{other}");
        }
    }
}
