//! HTML as texts and tags, in linear time and without ever failing. Not the tokens of a browser: whoever reads these must
//! not rest safety on them.

use memchr::{memchr, memmem};

/// Attributes of one tag that are looked at.
const ATTRIBUTES_MAX: usize = 64;

/// A piece of an HTML document.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'h> {
    /// Text with its character references as they stand; never with a `<`.
    Text(&'h str),
    /// A start tag.
    Open {
        /// Its name in lower case.
        name: String,
        /// What stands between the name and the `>`.
        rest: &'h str,
    },
    /// An end tag.
    Close {
        /// Its name in lower case.
        name: String,
    },
}

/// The pieces of a document, without comments, declarations, and elements that nobody sees.
pub struct Pieces<'h> {
    rest: &'h str,
    hidden: &'static [&'static str],
    // What was once looked for in vain down to the end is not looked for again, so that the whole stays linear.
    quotes_close: bool,
    never_closed: Vec<&'static str>,
}

impl<'h> Pieces<'h> {
    /// Of this document; elements of the names in `hidden` are left out with all that they hold.
    #[must_use]
    pub fn new(html: &'h str, hidden: &'static [&'static str]) -> Self {
        Self { rest: html, hidden, quotes_close: true, never_closed: Vec::new() }
    }
}

impl<'h> Iterator for Pieces<'h> {
    type Item = Piece<'h>;

    fn next(&mut self) -> Option<Piece<'h>> {
        loop {
            let at = memchr(b'<', self.rest.as_bytes()).unwrap_or(self.rest.len());
            if at > 0 {
                let (text, rest) = self.rest.split_at(at);
                self.rest = rest;
                return Some(Piece::Text(text));
            }
            let inner = self.rest.strip_prefix('<')?;
            if let Some(comment) = inner.strip_prefix("!--") {
                // `<!-->` and `<!--->` are whole comments (HTML §13.2.5.43).
                let comment = comment.strip_prefix('-').unwrap_or(comment);
                self.rest = match comment.strip_prefix('>') {
                    Some(after) => after,
                    None => memmem::find(comment.as_bytes(), b"-->").map_or("", |end| &comment[end + 3..]),
                };
                continue;
            }
            let is_closing = inner.starts_with('/');
            let name_at = usize::from(is_closing);
            let name_end = inner[name_at..].find(|it: char| !it.is_ascii_alphanumeric());
            let name_end = name_at + name_end.unwrap_or(inner.len() - name_at);
            let is_tag = inner[name_at..].starts_with(|it: char| it.is_ascii_alphabetic() || it == '!' || it == '?')
                || (is_closing && inner.len() > 1);
            if !is_tag {
                self.rest = inner;
                return Some(Piece::Text("&lt;"));
            }
            let Some(end) = tag_end(inner, &mut self.quotes_close) else {
                self.rest = "";
                return None;
            };
            self.rest = &inner[end + 1..];
            let name = inner[name_at..name_end].to_ascii_lowercase();
            if is_closing {
                return Some(Piece::Close { name });
            }
            if let Some(hidden) = self.hidden.iter().find(|it| **it == name && !self.never_closed.contains(it)) {
                match after_element(self.rest, hidden) {
                    Some(after) => {
                        self.rest = after;
                        continue;
                    }
                    None => self.never_closed.push(hidden),
                }
            }
            return Some(Piece::Open { name, rest: &inner[name_end..end] });
        }
    }
}

/// Attributes of a tag by what stands behind its name: name in lower case and value with its character references as
/// they stand. Of two with one name the first counts, as in a browser; the caller looks for it.
pub fn attributes(rest: &str) -> impl Iterator<Item = (String, &str)> {
    let mut rest = rest;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|it: char| it.is_ascii_whitespace() || it == '/');
        if rest.is_empty() {
            return None;
        }
        // A name may begin with `=` (HTML §13.2.5.32).
        let ends = |it: char| it.is_ascii_whitespace() || matches!(it, '/' | '=');
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find(ends).map_or(rest.len(), |end| first + end);
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let Some(after) = rest.strip_prefix('=') else { return Some((name, "")) };
        let after = after.trim_start();
        let quoted = after.chars().next().filter(|it| matches!(it, '"' | '\''));
        let (value, left) = match quoted {
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            None => after.split_at(after.find(|it: char| it.is_ascii_whitespace()).unwrap_or(after.len())),
        };
        rest = left;
        Some((name, value))
    })
    .take(ATTRIBUTES_MAX)
}

/// Where a tag ends: a `>` inside a quoted attribute does not end it.
fn tag_end(inner: &str, quotes_close: &mut bool) -> Option<usize> {
    let bytes = inner.as_bytes();
    let mut quote = None;
    let mut before = b' ';
    let bytes_quoted = if *quotes_close { bytes } else { b"" };
    for (at, &byte) in bytes_quoted.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    // An attribute's quotation mark that is never closed: the first `>` then.
    *quotes_close = false;
    memchr(b'>', bytes)
}

/// What follows the closing tag of a hidden element; an element that never closes hides nothing.
fn after_element<'r>(rest: &'r str, name: &str) -> Option<&'r str> {
    let mut from = 0;
    while let Some(at) = memmem::find(&rest.as_bytes()[from..], b"</").map(|at| from + at) {
        let tail = &rest.as_bytes()[at + 2..];
        let is_it = tail.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()));
        if is_it && !tail.get(name.len()).is_some_and(u8::is_ascii_alphanumeric) {
            return Some(memchr(b'>', tail).map_or("", |end| &rest[at + 2 + end + 1..]));
        }
        from = at + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_browsers_read_them() {
        let cases: [(&str, &[(&str, &str)]); 9] = [
            ("", &[]),
            (" href=\"a b\" title='x>y'", &[("href", "a b"), ("title", "x>y")]),
            (" HREF = a/b onclick", &[("href", "a/b"), ("onclick", "")]),
            ("/src=x/onerror=y//", &[("src", "x/onerror=y//")]),
            (" a=\"1\"b='2'c=3", &[("a", "1"), ("b", "2"), ("c", "3")]),
            (" =x=1", &[("=x", "1")]),
            (" a=\"never closed", &[("a", "never closed")]),
            (" a= b = ", &[("a", "b"), ("=", "")]),
            (" \n/ ", &[]),
        ];
        for (rest, told) in cases {
            let told: Vec<_> = told.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
            assert_eq!(attributes(rest).collect::<Vec<_>>(), told, "{rest:?}");
        }
    }

    #[test]
    fn what_nobody_sees_is_left_out_and_what_never_ends_hides_nothing() {
        let names = |html| {
            let pieces = Pieces::new(html, &["svg", "style"]).map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Open { name, rest } => format!("<{name}{rest}>"),
                Piece::Close { name } => format!("</{name}>"),
            });
            pieces.collect::<Vec<_>>().join("|")
        };
        assert_eq!(names("a<!--b--><SVG><p></svg >c<p CLASS='>'>d</P>"), "a|c|<p CLASS='>'>|d|</p>");
        assert_eq!(names("<style>p{}<b>x"), "<style>|p{}|<b>|x");
        assert_eq!(names("1 < 2 <b"), "1 |&lt;| 2 ");
    }
}
