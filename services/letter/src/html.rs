//! HTML to the text that a reader sees, in linear time. Nothing of it is ever shown as HTML.
//!
//! A first pass leaves only text and line breaks (Chinese webmail puts each line into a `div`); `mail_parser` then
//! resolves the entities and folds the white space.

use memchr::{memchr, memmem};

/// Elements whose content nobody sees.
const HIDDEN: [&str; 6] = ["script", "style", "head", "template", "noscript", "title"];
/// Elements that begin a new line.
const BLOCKS: [&str; 24] = [
    "address",
    "article",
    "blockquote",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "p",
    "pre",
    "section",
    "tr",
];

/// The visible text of an HTML document, lines ended by LF.
#[must_use]
pub fn text(html: &str) -> String {
    let plain = mail_parser::decoders::html::html_to_text(&without_tags(html));
    let mut text = String::with_capacity(plain.len());
    let mut blank = 0;
    for line in plain.lines() {
        let line = line.trim_matches(|it: char| it == '\u{a0}' || it.is_ascii_whitespace());
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank < 2 && !(text.is_empty() && blank > 0) {
            text.extend(line.chars().map(|it| if it == '\u{a0}' { ' ' } else { it }));
            text.push('\n');
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // What was once looked for in vain down to the end is not looked for again, so that the whole stays linear.
    let mut quotes_close = true;
    let mut never_closed: Vec<String> = Vec::new();
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            // `<!-->` and `<!--->` are whole comments (HTML §13.2.5.43).
            let comment = comment.strip_prefix('-').unwrap_or(comment);
            rest = match comment.strip_prefix('>') {
                Some(after) => after,
                None => memmem::find(comment.as_bytes(), b"-->").map_or("", |end| &comment[end + 3..]),
            };
            continue;
        }
        let inner = &rest[1..];
        let is_closing = inner.starts_with('/');
        let name_at = usize::from(is_closing);
        let name_end = inner[name_at..].find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(inner.len() - name_at);
        let name = inner[name_at..name_at + name_end].to_ascii_lowercase();
        let is_tag = inner[name_at..].starts_with(|it: char| it.is_ascii_alphabetic() || it == '!' || it == '?')
            || (is_closing && inner.len() > 1);
        if !is_tag {
            out.push_str("&lt;");
            rest = inner;
            continue;
        }
        let Some(end) = tag_end(inner, &mut quotes_close) else { break };
        rest = &inner[end + 1..];
        if !is_closing && HIDDEN.contains(&name.as_str()) && !never_closed.contains(&name) {
            match after_element(rest, &name) {
                Some(after) => rest = after,
                None => never_closed.push(name),
            }
        } else if BLOCKS.contains(&name.as_str()) && (!is_closing || name != "br") {
            // A line per block, not a blank one between two blocks.
            if matches!(name.as_str(), "br" | "hr") || !ends_line(&out) {
                out.push_str("<br>");
            }
        } else if matches!(name.as_str(), "td" | "th" | "img") {
            out.push(' ');
        }
    }
    if memchr(b'<', rest.as_bytes()).is_none() {
        out.push_str(rest);
    }
    out
}

fn ends_line(out: &str) -> bool {
    let out = out.trim_end();
    out.is_empty() || out.ends_with("<br>")
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
    fn a_reader_sees_lines_and_no_code() {
        let cases = [
            ("<div>姓名：张三</div><div>电话：13800000000</div>", "姓名：张三\n电话：13800000000"),
            ("<p class=\"x\">a</p>\n<p>b</p>", "a\nb"),
            ("a<br>b<br/>c<BR clear=all>d", "a\nb\nc\nd"),
            ("<html><head><title>t</title><meta x></head><body>b</body></html>", "b"),
            ("<style type=\"text/css\">p{color:red}</style>x<script src=a>if (a < b) alert('</div>')</script >y", "xy"),
            ("a<!-- <p>hidden</p> --->b<!-->c", "abc"),
            ("1 &lt; 2 &amp;&nbsp;3 &#20013;", "1 < 2 & 3 中"),
            ("a < b <", "a < b <"),
            ("<a title=\"x > y\">link</a>", "link"),
            ("<table><tr><td>一</td><td>二</td></tr><tr><td>三</td></tr></table>", "一 二\n三"),
            ("<div><div><div>deep</div></div></div>", "deep"),
            ("<p>one</p><br><br><br><p>two</p>", "one\n\ntwo"),
            ("<style>never closed", "never closed"),
            ("", ""),
        ];
        for (html, told) in cases {
            assert_eq!(text(html), told, "{html}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_html_panics(html in "(<|>|/|!|-|--|=|\"|'|&|;|#|a|br|div|style|head|中| |\n){0,60}") {
            let _ = text(&html);
        }
    }
}
