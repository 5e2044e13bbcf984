//! Finds files that lie with a mail provider (超大附件): ordinary attachments end near 50 MB, so a large film arrives as
//! a card of name, size, last day and link. Nothing is fetched.

mod description;
mod page;

use intake::letter::CloudFile;

use self::{
    description::{Description, descriptions, shared_before},
    page::{Link, Page},
};

/// Cards of one mail.
const CARDS_MAX: usize = 100;
/// Links of one mail that are looked at.
const LINKS_MAX: usize = 2_000;

/// Where providers keep such files: provider, host (itself or anything under it), beginning of the path.
const PLACES: [(&str, &str, &str); 18] = [
    ("netease", "mail.163.com", "/large-attachment-download/"),
    ("netease", "mail.126.com", "/large-attachment-download/"),
    ("netease", "mail.yeah.net", "/large-attachment-download/"),
    ("netease", "qiye.163.com", "/large-attachment-download/"),
    ("netease", "dashi.163.com", "/html/cloud-attachment-download"),
    ("netease", "fs.163.com", "/fs/display"),
    ("netease", "fs.126.net", "/fs/display"),
    ("qq", "mail.qq.com", "/ftn/download"),
    ("qq", "mail.qq.com", "/cgi-bin/ftnExs_"),
    ("qq", "exmail.qq.com", "/ftn/download"),
    ("qq", "exmail.qq.com", "/cgi-bin/ftnExs_"),
    ("qq", "share.weiyun.com", "/"),
    ("other", "mail.sina.com.cn", "/filecenter/download.php"),
    ("other", "download.cloud.189.cn", "/"),
    ("other", "cloud.189.cn", "/t/"),
    ("other", "pan.baidu.com", "/s/"),
    ("other", "alipan.com", "/s/"),
    ("other", "aliyundrive.com", "/s/"),
];

/// The cards of a mail, at most 100, each link once. `text` is the body's text and `quoted_from` where quoted mail
/// begins in it; `html` is the HTML of the body, whose anchors hold the links that its text lacks.
#[must_use]
pub fn cards(text: &str, html: Option<&str>, quoted_from: Option<usize>) -> Vec<CloudFile> {
    let quoted_from = quoted_from.unwrap_or(usize::MAX);
    let plain = Page::of_text(text);
    let mut found = Vec::new();
    if let Some(html) = html {
        for (mut card, link) in cards_of(&Page::of_html(html)) {
            let at = text.find(&card.url).or_else(|| (!card.name.is_empty()).then(|| text.find(&card.name)).flatten());
            card.quoted = at.map_or(link.in_quote, |at| at >= quoted_from);
            found.push(card);
        }
    }
    for (mut card, link) in cards_of(&plain) {
        card.quoted = link.at >= quoted_from;
        // The two forms of one mail may hold one card under two links (http and https).
        let is_same = |known: &CloudFile| {
            known.url == card.url
                || (html.is_some()
                    && !card.name.is_empty()
                    && card.size_bytes_claimed.is_some()
                    && (&known.name, known.size_bytes_claimed) == (&card.name, card.size_bytes_claimed))
        };
        match found.iter_mut().find(|known| is_same(known)) {
            None => found.push(card),
            Some(known) => {
                if known.name.is_empty() {
                    known.name = card.name;
                }
                known.size_bytes_claimed = known.size_bytes_claimed.or(card.size_bytes_claimed);
                known.expires_at = known.expires_at.or(card.expires_at);
            }
        }
    }
    add_cards_without_link(text, quoted_from, &mut found);
    found.truncate(CARDS_MAX);
    found
}

/// The cards of one page, each with the first place of its link.
fn cards_of(page: &Page) -> Vec<(CloudFile, Link)> {
    // A card repeats its link: on the icon, the name and the word 下载.
    let mut spans: Vec<(Link, usize, &'static str)> = Vec::new();
    for link in page.links.iter().take(LINKS_MAX) {
        let Some(provider) = provider(&link.url) else { continue };
        match spans.iter().position(|(known, ..)| known.url == link.url) {
            Some(index) => spans[index].1 = link.at,
            None if spans.len() < CARDS_MAX => spans.push((link.clone(), link.at, provider)),
            None => break,
        }
    }
    let mut described: Vec<Option<Description>> = descriptions(&page.text).into_iter().map(Some).collect();
    let mut cards = Vec::new();
    for index in 0..spans.len() {
        let (link, last, provider) = &spans[index];
        let before = index.checked_sub(1).map_or(0, |index| spans[index].1);
        let after = spans.get(index + 1).map_or(usize::MAX, |(next, ..)| next.at);
        let mut take = |from: usize, to: usize, newest: bool| {
            let mut free = described.iter_mut().filter(|it| it.as_ref().is_some_and(|it| (from..to).contains(&it.at)));
            if newest { free.next_back() } else { free.next() }.and_then(Option::take)
        };
        // Between the repetitions of its own link, else just before the link, else just behind it.
        let description = take(link.at, last.saturating_add(1), false)
            .or_else(|| take(before, link.at, true))
            .or_else(|| take(*last, after, false));
        let card = CloudFile {
            provider: (*provider).to_owned(),
            name: match &description {
                Some(it) => it.name.clone(),
                None if link.label.is_empty() => shared_before(&page.text[..link.at]).unwrap_or_default(),
                None => link.label.clone(),
            },
            size_bytes_claimed: description.as_ref().map(|it| it.size_bytes),
            expires_at: description.as_ref().and_then(|it| it.expires_at),
            url: link.url.clone(),
            quoted: false,
        };
        cards.push((card, link.clone()));
    }
    cards
}

/// A plain-text copy of a card may have lost its link; the file is there all the same.
fn add_cards_without_link(text: &str, quoted_from: usize, found: &mut Vec<CloudFile>) {
    if !text.contains("超大附件") {
        return;
    }
    for it in descriptions(text) {
        let is_known = found.iter().any(|card| card.name == it.name && card.size_bytes_claimed == Some(it.size_bytes));
        if is_known || it.expires_at.is_none() || found.len() >= CARDS_MAX {
            continue;
        }
        let heading = text[..it.at].rfind("超大附件").map_or("", |end| {
            let start = text[..end].rfind('\n').map_or(0, |at| at + 1);
            &text[start..end]
        });
        let provider = match heading {
            _ if heading.contains("QQ") => "qq",
            _ if heading.contains("163") || heading.contains("126") || heading.contains("网易") => "netease",
            _ => "other",
        };
        found.push(CloudFile {
            provider: provider.to_owned(),
            name: it.name,
            size_bytes_claimed: Some(it.size_bytes),
            expires_at: it.expires_at,
            url: String::new(),
            quoted: it.at >= quoted_from,
        });
    }
}

/// The provider behind a link, if it is one of a provider's own places for files.
fn provider(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A user's name before the host is only ever there to deceive, and `@` in the host's place says so.
    let host = authority.split_once(':').map_or(authority, |(host, _)| host).to_ascii_lowercase();
    if authority.contains('@') {
        return None;
    }
    PLACES
        .iter()
        .find(|(_, known, start)| {
            let is_host = host.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.'));
            is_host && path.starts_with(start) && path.len() > 1
        })
        .map(|(provider, ..)| *provider)
}

#[cfg(test)]
mod tests;
