//! Text with the places of its links, from plain text or from HTML.

/// Input that is looked at.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A link that is longer is none of a provider's.
const URL_BYTES_MAX: usize = 2048;
/// How far a tag is read with its quotes in mind: only a picture within the page is longer, and it holds no bracket.
const QUOTED_BYTES_MAX: usize = 8 * 1024;
/// Links of one page.
const LINKS_MAX: usize = 5_000;

/// A link with where it stands in the page's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) url: String,
    pub(super) at: usize,
    /// The anchor's own words where they are a file's name.
    pub(super) label: String,
    /// Whether it stands in a `blockquote`.
    pub(super) in_quote: bool,
}

/// Text and links.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
    pub(super) links: Vec<Link>,
}

impl Page {
    /// Finds the links that stand written out in a text.
    pub(super) fn of_text(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(PAGE_BYTES_MAX)];
        let mut links = Vec::new();
        for (at, _) in text.match_indices("http") {
            let rest = &text[at..];
            if !(rest.starts_with("http://") || rest.starts_with("https://")) {
                continue;
            }
            let ends = |byte: u8| !byte.is_ascii_graphic() || b"<>\"'()[]{}|`".contains(&byte);
            let end = rest.bytes().take(URL_BYTES_MAX + 1).take_while(|byte| !ends(*byte)).count();
            let url = rest[..end].trim_end_matches(['.', ',', ';']);
            if url.len() <= URL_BYTES_MAX && links.len() < LINKS_MAX {
                links.push(Link { url: unescape(url), at, label: String::new(), in_quote: false });
            }
        }
        Self { text: text.to_owned(), links }
    }

    /// Reads the words of an HTML text, one line a block, and the links of its anchors.
    pub(super) fn of_html(html: &str) -> Self {
        let html = &html[..html.floor_char_boundary(PAGE_BYTES_MAX)];
        let mut page = Self::default();
        let mut rest = html;
        let mut quotes = 0u32;
        let mut open: Option<usize> = None;
        while let Some(start) = rest.find('<') {
            page.text.push_str(&unescape(&rest[..start]).replace(['\r', '\n'], " "));
            rest = &rest[start..];
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.split_once("-->").map_or("", |(_, after)| after);
                continue;
            }
            let (tag, after) = split_tag(rest);
            rest = after;
            let inner = tag.trim_start_matches('<');
            let closes = inner.starts_with('/');
            let name: String =
                inner.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(16).collect();
            match &*name.to_ascii_lowercase() {
                "a" if closes => page.close(open.take()),
                "a" => {
                    page.close(open.take());
                    if let Some(url) = attribute(tag, "href").filter(|_| page.links.len() < LINKS_MAX) {
                        let at = page.text.len();
                        page.links.push(Link { url, at, label: String::new(), in_quote: quotes > 0 });
                        open = Some(page.links.len() - 1);
                    }
                }
                "style" | "script" | "title" if !closes => {
                    let end = format!("</{}", name.to_ascii_lowercase());
                    rest = find_ignoring_case(rest, &end).map_or("", |at| &rest[at..]);
                }
                "blockquote" => {
                    quotes = if closes { quotes.saturating_sub(1) } else { quotes.saturating_add(1) };
                    page.text.push('\n');
                }
                "br" | "p" | "div" | "tr" | "td" | "th" | "li" | "ul" | "ol" | "table" | "hr" | "h1" | "h2" | "h3"
                | "h4" => {
                    page.text.push('\n');
                }
                _ => {}
            }
        }
        page.text.push_str(&unescape(rest));
        page
    }

    /// Keeps an anchor's words if they look like a file's name.
    fn close(&mut self, open: Option<usize>) {
        let Some(link) = open.and_then(|index| self.links.get_mut(index)) else { return };
        let label = self.text[link.at..].trim();
        let has_extension = label.rsplit_once('.').is_some_and(|(before, extension)| {
            !before.is_empty()
                && (2..=5).contains(&extension.len())
                && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if has_extension && label.len() <= 765 && !label.contains("://") {
            link.label = label.to_owned();
        }
    }
}

/// Parts a tag, whose quoted values may hold `>`, from what follows it.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().take(QUOTED_BYTES_MAX) {
        match (quote, byte) {
            (None, b'>') => return (&text[..at], &text[at + 1..]),
            (None, b'"' | b'\'') if text[..at].ends_with('=') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    // A quote that never closes: the tag ends at its first bracket after all.
    text.split_once('>').unwrap_or((text, ""))
}

/// The value of an attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut from = 0;
    loop {
        let at = from + find_ignoring_case(&tag[from..], name)?;
        from = at + name.len();
        let is_whole = tag[..at].ends_with(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '/'));
        let Some(value) = tag[from..].trim_start().strip_prefix('=').filter(|_| is_whole) else { continue };
        let value = value.trim_start();
        let value = match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].split(quote).next()?,
            _ => value.split(|c: char| c.is_ascii_whitespace()).next()?,
        };
        return (value.len() <= URL_BYTES_MAX).then(|| unescape(value.trim()));
    }
}

fn find_ignoring_case(text: &str, needle: &str) -> Option<usize> {
    text.as_bytes().windows(needle.len()).position(|at| at.eq_ignore_ascii_case(needle.as_bytes()))
}

/// Resolves the entities that stand in links and file names.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(10).position(|byte| byte == b';');
        let resolved = end.and_then(|end| match &rest[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            "nbsp" => Some(' '),
            number => {
                let number = number.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        match (resolved, end) {
            (Some(character), Some(end)) => {
                out.push(character);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
