//! HTML as an attacker sends it to whoever shows mail: one class of attack after another, each with the few forms that
//! tell a good filter from one that was fooled. Written for this project by the classes that the public collections name.
//!
//! A vector that works calls `alert`, asks [`HOST`] for something, leaves the page or covers it: a browser under test
//! has to see none of that. Nothing here does harm by itself.

mod vectors;

pub use vectors::VECTORS;

/// The host that a vector asks when something is loaded or left for. It can never exist (RFC 6761 §6.4).
pub const HOST: &str = "hostile.invalid";

/// Attacks by size, as `(class, HTML)`: what a parser that recurses dies of, and one that is quadratic.
#[must_use]
pub fn grown() -> Vec<(&'static str, String)> {
    let numbered = |count: usize, tag: &dyn Fn(usize) -> String| (0..count).map(tag).collect::<String>();
    vec![
        ("nesting", "<div>".repeat(10_000) + "innermost"),
        ("nesting", "<div>".repeat(10_000) + "innermost" + &"</div>".repeat(10_000)),
        ("nesting", "<b>".repeat(10_000) + "innermost"),
        ("nesting", "<table><tr><td>".repeat(10_000) + "innermost"),
        ("nesting", "<blockquote><ul><li>".repeat(10_000) + "innermost"),
        ("nesting", "<svg><g>".repeat(10_000)),
        ("nesting", "<math><mrow>".repeat(10_000)),
        ("nesting", "<template>".repeat(10_000)),
        ("nesting", numbered(10_000, &|number| format!("<font color=\"#{number:06}\">"))),
        // Formatting that is opened again in each new paragraph.
        ("nesting", numbered(5_000, &|number| format!("<p><font color=\"#{number:06}\">x"))),
        (
            "nesting",
            numbered(200, &|number| format!("<a href=\"https://a.example/{number}\"><b>")) + &"<p>x</p>".repeat(20_000),
        ),
        ("nesting", "<a><table><td>".repeat(5_000)),
        ("nesting", "<!--".repeat(10_000)),
        ("nesting", "<script>".repeat(10_000)),
        ("size", "&".repeat(500_000)),
        ("size", "&#".repeat(250_000)),
        ("size", "<".repeat(500_000)),
        ("size", "</".repeat(250_000)),
        ("size", "\0".repeat(500_000)),
        ("size", "<a href=\"".repeat(50_000)),
        ("size", format!("<p {}>x</p>", numbered(50_000, &|number| format!("a{number}=1 ")))),
        ("size", format!("<p style=\"{}\">x</p>", "color:red;".repeat(50_000))),
        ("size", format!("<p style=\"color:{}\">x</p>", "(".repeat(500_000))),
        ("size", format!("<p style=\"{}\">x</p>", "/*".repeat(250_000))),
        ("size", format!("<a href=\"https://a.example/{}\">x</a>", "a".repeat(500_000))),
        ("size", "<img src=http://hostile.invalid/a.png>".repeat(20_000)),
        ("size", "<td>".repeat(100_000)),
        ("size", format!("<table>{}</table>", "x<tr>".repeat(50_000))),
        ("size", "<p>".repeat(100_000)),
        ("size", format!("<{}>x", "a".repeat(500_000))),
    ]
}

/// Every attack that is text.
#[must_use]
pub fn all() -> Vec<(&'static str, String)> {
    let mut all: Vec<_> = VECTORS.iter().map(|(class, html)| (*class, (*html).to_owned())).collect();
    all.extend(grown());
    all
}

/// Whole mails whose charset is the attack: what looks harmless in one is a script in another.
#[must_use]
pub fn charset_mails() -> Vec<(&'static str, Vec<u8>)> {
    const ATTACK: &str = "<p>x</p><script>alert(1)</script><img src=x onerror=alert(1)>";
    let mail = |charset: &str, body: &[u8]| {
        let head = format!(
            "From: <attacker@example.net>\r\nTo: <czzhengwen@163.com>\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/html{charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        let mut mail = head.into_bytes();
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, body);
        for line in encoded.as_bytes().chunks(76) {
            mail.extend(line);
            mail.extend(b"\r\n");
        }
        mail
    };
    let wide = |encode: fn(u16) -> [u8; 2]| ATTACK.encode_utf16().flat_map(encode).collect::<Vec<u8>>();
    let utf7 = b"<p>x</p>+ADw-script+AD4-alert(1)+ADw-/script+AD4-".as_slice();
    // A lone first byte of GBK before the quotation mark: who decodes by bytes loses the mark.
    let swallowing =
        b"<img alt=\"\x81\" src=\"x\" onerror=alert(1)><a title=\"\xfe\" href=javascript:alert(1)>x</a>".as_slice();
    let shifting = b"<p title=\"\x1b$B\">\x1b(B<img src=x onerror=alert(1)>\"</p>".as_slice();
    vec![
        ("utf-7", mail("; charset=utf-7", utf7)),
        ("utf-7 by meta", mail("", &[b"<meta charset=utf-7>", utf7].concat())),
        ("utf-16le", mail("; charset=utf-16le", &wide(u16::to_le_bytes))),
        ("utf-16be", mail("; charset=utf-16be", &wide(u16::to_be_bytes))),
        ("utf-16 with a mark", mail("", &[b"\xff\xfe".as_slice(), &wide(u16::to_le_bytes)].concat())),
        ("utf-16 that is utf-8", mail("; charset=utf-16", ATTACK.as_bytes())),
        ("gbk", mail("; charset=gbk", swallowing)),
        ("big5", mail("; charset=big5", swallowing)),
        ("shift_jis", mail("; charset=shift_jis", swallowing)),
        ("iso-2022-jp", mail("; charset=iso-2022-jp", shifting)),
        ("hz", mail("; charset=hz-gb-2312", b"~{<script>~}<script>alert(1)</script>")),
        ("no charset that is known", mail("; charset=x-user-defined", ATTACK.as_bytes())),
        ("overlong utf-8", mail("; charset=utf-8", b"\xc0\xbcscript\xc0\xbealert(1)\xc0\xbc/script\xc0\xbe")),
        ("a mark of utf-8 against the header", mail("; charset=gbk", &[b"\xef\xbb\xbf", ATTACK.as_bytes()].concat())),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_class_of_attack_is_there_and_no_vector_twice() {
        let all = all();
        let distinct: BTreeSet<&str> = all.iter().map(|(_, html)| html.as_str()).collect();
        assert_eq!(distinct.len(), all.len());
        let classes: BTreeSet<&str> = all.iter().map(|(class, _)| *class).collect();
        assert_eq!(classes.len(), 25, "{classes:?}");
        assert!(all.iter().all(|(_, html)| html.len() < 1 << 20), "each is within what is read of a mail");
        assert!(charset_mails().iter().all(|(_, mail)| mail.starts_with(b"From: ")));
    }
}
