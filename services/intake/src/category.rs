//! Which of the campaign's categories (征稿内容) a mail is for, where its words say so.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    campaign::Campaign,
    contact,
    finding::Evidence,
    letter::Letter,
    manuscript,
    wording::{self, Page},
};

/// Characters of a document's head that may name its category.
const HEAD_CHARACTERS: usize = 200;

/// Characters of a line that speaks of the mail; a longer one is running text.
const LINE_MAX: usize = 60;

/// 类别：2, 内容类别：第二类.
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:类别|内容分类|征稿内容|投稿方向|栏目)\s*[:]\s*(?:第\s*)?([0-9]{1,2}|[一二三四五六七八九十])")
        .expect("a pattern of our own")
});

/// 第二类, 第2类, where a line is short enough to speak of the mail.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"第\s*([0-9]{1,2}|[一二三四五六七八九十])\s*(?:类(?:稿件|内容|征稿|投稿)?|项(?:内容|征稿))(?:$|[^\p{Han}])",
    )
    .expect("a pattern of our own")
});

/// Guesses the number of the category, from 1, with what it was read from. Words that name a category (类别：2, 第二类)
/// decide; else the words that end a category's line in the call (做法和成效, 心得体会), when those of one category alone
/// stand in the subject, a file name, a document's head or a short line of the body. None when nothing tells.
#[must_use]
pub fn guess(letter: &Letter, campaign: &Campaign) -> Option<(u32, Evidence)> {
    let texts = texts(letter);
    let numbered = texts.iter().find_map(|(place, text)| {
        let page = Page::new(text);
        let found = LABELLED
            .captures(page.folded())
            .or_else(|| (text.chars().count() <= LINE_MAX).then(|| NUMBERED.captures(page.folded())).flatten())?;
        let number =
            number(&found[1]).filter(|number| *number >= 1 && *number as usize <= campaign.categories.len())?;
        Some((number, evidence(place, &page.excerpt(&found.get(0)?.range(), 80))))
    });
    numbered.or_else(|| {
        let mut guesses = campaign.categories.iter().zip(1_u32..).filter_map(|(category, number)| {
            let words = telling_words(category);
            let (place, text) = texts.iter().find(|(_, text)| {
                let text = wording::fold(text);
                !words.is_empty() && words.iter().all(|word| text.contains(word.as_str()))
            })?;
            Some((number, evidence(place, &wording::one_line(text, 80))))
        });
        let first = guesses.next()?;
        guesses.next().is_none().then_some(first)
    })
}

/// Subject, short lines of the body, file names and heads of documents, with their places.
fn texts(letter: &Letter) -> Vec<(String, String)> {
    let mut texts = vec![("subject".to_owned(), letter.headers.subject.chars().take(500).collect::<String>())];
    let lines = letter.body.own_text().lines().filter(|line| !line.trim().is_empty()).take(200);
    texts
        .extend(lines.filter(|line| line.chars().count() <= LINE_MAX).map(|line| ("body".to_owned(), line.to_owned())));
    for (part, document) in manuscript::documents(letter).take(20) {
        texts.push((contact::place(part), part.name.chars().take(200).collect()));
        let mut before = 0;
        let head = document.text.lines().take_while(|line| {
            let begins = before;
            before += line.chars().count();
            begins < HEAD_CHARACTERS
        });
        texts.extend(
            head.filter(|line| line.chars().count() <= LINE_MAX).map(|line| (contact::place(part), line.to_owned())),
        );
    }
    texts
}

/// What the call's line ends with: 各级财政部门…的做法和成效 → 做法, 成效.
fn telling_words(category: &str) -> Vec<String> {
    let category = wording::fold(category);
    let tail = category.rsplit('的').next().unwrap_or(&category);
    tail.split(|c: char| !c.is_alphanumeric() || matches!(c, '和' | '与' | '及' | '或'))
        .filter(|word| word.chars().count() >= 2)
        .map(str::to_owned)
        .collect()
}

fn number(text: &str) -> Option<u32> {
    let digit = "一二三四五六七八九十".chars().zip(1_u32..).find(|(digit, _)| text.starts_with(*digit));
    digit.map(|(_, number)| number).or_else(|| text.parse().ok())
}

fn evidence(place: &str, excerpt: &str) -> Evidence {
    Evidence { place: place.to_owned(), excerpt: excerpt.to_owned() }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::letter::{Content, Disposition, Document, DocumentFormat, Part};

    #[test]
    fn the_running_text_of_a_document_names_no_category() {
        let campaign = Campaign::twentieth_congress(Uuid::nil());
        let line = "组织党员干部专题学习12场次，撰写心得体会86篇，深化预算管理一体化改革，强化绩效管理，压减低效无效资金，推动零基预算落地见效，取得明显成效。";
        let long = "深化财政改革，服务发展大局。".repeat(13);
        for (text, expected) in [
            (format!("奋进\n{line}"), Some(2)),
            (format!("奋进\n{long}\n{line}"), Some(2)),
            (format!("学习二十大精神心得体会\n{line}"), None),
        ] {
            let mut letter = Letter::default();
            letter.headers.subject = "主题征稿：做法和成效".into();
            letter.parts.push(Part {
                path: "2".into(),
                name: "稿件.docx".into(),
                media_type_declared: String::new(),
                media_type: String::new(),
                disposition: Disposition::Attachment,
                size_bytes: 1,
                sha256: stdx::Sha256::of(b"document"),
                content: Content::Document(Document {
                    format: DocumentFormat::Docx,
                    text,
                    truncated: false,
                    characters: 100,
                    pictures: 0,
                }),
            });
            assert_eq!(guess(&letter, &campaign).map(|(number, _)| number), expected);
        }
    }

    #[test]
    fn a_category_is_told_by_its_number_or_by_its_words() {
        let campaign = Campaign::twentieth_congress(Uuid::nil());
        for (subject, body, expected) in [
            ("主题征稿", "类别：2", Some(2)),
            ("主题征稿", "内容类别: 第三类", Some(3)),
            ("主题征稿（第二类）奋进", "", Some(2)),
            ("主题征稿：湖州市财政局学习贯彻二十大精神的做法与成效", "", Some(2)),
            ("主题征稿：学习二十大精神心得体会", "", Some(3)),
            ("主题征稿：做法和成效、心得体会", "", None),
            ("主题征稿", "类别：9", None),
            ("主题征稿：奋进", "正文", None),
            ("主题征稿", "防治第二类疾病", None),
        ] {
            let mut letter = Letter::default();
            letter.headers.subject = subject.into();
            letter.body.text = body.into();
            assert_eq!(guess(&letter, &campaign).map(|(number, _)| number), expected, "{subject} {body}");
        }
    }
}
