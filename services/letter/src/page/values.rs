//! Which value an attribute of a page may have. A value is told in a grammar of its own, and what does not fit is dropped.

use std::borrow::Cow;

use ammonia::Url;

use super::style;

/// Schemes of links.
pub const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// Bytes of a link's target.
const HREF_BYTES_MAX: usize = 4 << 10;
/// Characters of what stands for a picture.
const ALT_CHARACTERS_MAX: usize = 500;
/// Bytes of a part's path.
const PATH_BYTES_MAX: usize = 64;

/// The value as it is kept, or none. For values whose character references are resolved.
pub fn kept<'v>(element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let whole = |fits: bool| fits.then_some(Cow::Borrowed(value));
    match (element, attribute) {
        ("a", "href") => target(value).map(Cow::Owned),
        // Written by us, whatever the mail says.
        ("a", "rel" | "target") => whole(true),
        ("img", "src") => whole(value.strip_prefix("part/").is_some_and(is_path)),
        ("img", "alt") => whole(value.chars().count() <= ALT_CHARACTERS_MAX),
        (_, "style") => style::kept(value).map(Cow::Owned),
        (_, "align" | "valign" | "type" | "dir") => {
            whole((1..=16).contains(&value.len()) && value.bytes().all(|it| it.is_ascii_alphanumeric()))
        }
        (_, "color" | "bgcolor") => whole(is_colour(value)),
        (_, "face") => whole(style::is_font_list(value)),
        ("font", "size") => whole(is_number(value.strip_prefix(['+', '-']).unwrap_or(value), 1)),
        (_, "colspan" | "rowspan" | "span") => whole(is_number(value, 3)),
        (_, "width" | "height" | "size" | "border" | "cellpadding" | "cellspacing" | "start" | "value") => {
            whole(is_number(value.strip_suffix('%').unwrap_or(value), 4))
        }
        _ => None,
    }
}

/// A link's target as it is followed: spelt out, without a user's name that could pass for a host.
fn target(href: &str) -> Option<String> {
    let mut url = Url::parse(href).ok().filter(|url| SCHEMES.contains(&url.scheme()))?;
    if url.has_host() {
        url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    }
    let target = String::from(url);
    (target.len() <= HREF_BYTES_MAX).then_some(target)
}

/// The place of a part in its mail: `2.1`.
#[must_use]
pub fn is_path(text: &str) -> bool {
    (1..=PATH_BYTES_MAX).contains(&text.len())
        && text.split('.').all(|number| !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()))
}

fn is_number(text: &str, digits_max: usize) -> bool {
    (1..=digits_max).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
}

/// A colour by name or by hexadecimal digits.
pub(super) fn is_colour(text: &str) -> bool {
    let name = text.strip_prefix('#').unwrap_or(text);
    (1..=24).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_where_it_says_and_nowhere_else() {
        let table = [
            ("https://a.example/x?y=1&z=2", Some("https://a.example/x?y=1&z=2")),
            (" HTTPS://A.example ", Some("https://a.example/")),
            ("mailto:czzhengwen@163.com", Some("mailto:czzhengwen@163.com")),
            ("https://www.163.com@hostile.invalid/", Some("https://hostile.invalid/")),
            ("https://u:p@hostile.invalid/", Some("https://hostile.invalid/")),
            ("https:hostile.invalid", Some("https://hostile.invalid/")),
            ("http:\\\\hostile.invalid\\x", Some("http://hostile.invalid/x")),
            ("https://例子.example/", Some("https://xn--fsqu00a.example/")),
            ("https://a.example/\u{202e}gpj", Some("https://a.example/%E2%80%AEgpj")),
            ("java\tscript:alert(1)", None),
            ("data:text/html,x", None),
            ("//hostile.invalid/", None),
            ("part/1", None),
            ("#top", None),
            ("https://", None),
            ("", None),
        ];
        for (href, told) in table {
            assert_eq!(kept("a", "href", href).as_deref(), told, "{href:?}");
        }
        assert_eq!(kept("a", "href", &format!("https://a.example/{}", "a".repeat(5_000))), None);
    }

    #[test]
    fn a_picture_is_a_part_of_the_mail() {
        for (src, is_kept) in [
            ("part/2.1", true),
            ("part/12", true),
            ("part/", false),
            ("part/../1", false),
            ("part/2..1", false),
            ("part/2.1?x", false),
            ("/part/2", false),
            ("https://a.example/part/2", false),
            ("cid:a", false),
            ("data:image/png;base64,AAAA", false),
        ] {
            assert_eq!(kept("img", "src", src).is_some(), is_kept, "{src}");
        }
    }
}
