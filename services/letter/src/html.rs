//! HTML to the text that a reader sees, in linear time. Nothing of it is ever shown as HTML.
//!
//! A first pass leaves only text and line breaks (Chinese webmail puts each line into a `div`); `mail_parser` then
//! resolves the entities and folds the white space.

use crate::tags::{Piece, Pieces};

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
    for piece in Pieces::new(html, &HIDDEN) {
        let (name, is_closing) = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Open { name, .. } => (name, false),
            Piece::Close { name } => (name, true),
        };
        if BLOCKS.contains(&name.as_str()) && (!is_closing || name != "br") {
            // A line per block, not a blank one between two blocks.
            if matches!(name.as_str(), "br" | "hr") || !ends_line(&out) {
                out.push_str("<br>");
            }
        } else if matches!(name.as_str(), "td" | "th" | "img") {
            out.push(' ');
        }
    }
    out
}

fn ends_line(out: &str) -> bool {
    let out = out.trim_end();
    out.is_empty() || out.ends_with("<br>")
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
