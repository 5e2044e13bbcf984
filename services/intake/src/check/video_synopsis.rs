//! video-synopsis (征稿启事 二 2: 提供音视频简介): in the body, in a document, or as a document of that name. One
//! introduction serves all videos of a mail, since nothing tells which it is for.

use std::sync::LazyLock;

use regex::Regex;

use super::Told;
use crate::{
    contact,
    finding::Outcome,
    letter::Letter,
    manuscript::{self, Clip, Closed},
    wording::{self, Page},
};

/// Characters of a document that are looked through for a heading.
const TEXT_MAX: usize = 20_000;

/// Characters behind a heading that may be the introduction.
const INTRODUCTION_MAX: usize = 1000;

/// 视频简介：, 【内容简介】, 一、作品简介 on its own line; never “简介见附件” in the middle of a sentence.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[\n。;,(【\[《]) {0,8}(?:[一二三四五六七八九十\d]{1,2} ?[、.)] ?)?(?:附件?\d?[:.、]? ?)?",
        r"(?:音视频|短视频|微视频|视频|作品|内容|影片|音频|微电影|节目|主要)?(?:文字)?(?:简介|介绍|内容概要|故事梗概|内容梗概|内容说明)(?:如下)?",
        r" ?(?:[:】\])》]+|\n|$)"
    ))
    .expect("a pattern of our own")
});

/// What was found of an introduction.
#[derive(Clone, Debug)]
pub(super) enum Synopsis {
    /// Place, 字数, words.
    Found(String, u64, String),
    /// A document that cannot be read may hold it.
    Closed(Closed),
    /// The longest that was found is this long.
    Missing(u64),
}

/// Looks for an introduction of at least so many 字.
pub(super) fn find(letter: &Letter, characters_min: u64) -> Synopsis {
    let body = letter.body.own_text();
    let mut longest = 0;
    let texts = std::iter::once(("body".to_owned(), body)).chain(
        manuscript::documents(letter).take(20).map(|(part, document)| (contact::place(part), document.text.as_str())),
    );
    for (place, text) in texts {
        let page = Page::new(&text.chars().take(TEXT_MAX).collect::<String>());
        for heading in HEADING.find_iter(page.folded()).take(20) {
            let introduction = introduction(&page.folded()[heading.end()..]);
            let characters = wording::characters(&introduction);
            longest = longest.max(characters);
            if characters >= characters_min {
                return Synopsis::Found(place, characters, introduction);
            }
        }
    }
    let named = manuscript::documents(letter).find(|(part, document)| {
        ["简介", "介绍"].iter().any(|word| part.name.contains(word)) && document.characters >= characters_min
    });
    if let Some((part, document)) = named {
        return Synopsis::Found(contact::place(part), document.characters, document.text.chars().take(200).collect());
    }
    let own: Vec<&str> = body.lines().take(500).filter(|line| !manuscript::is_courtesy(line)).collect();
    let own = own.join("\n");
    let characters = wording::characters(&own);
    if characters >= characters_min.saturating_mul(2) {
        return Synopsis::Found("body".into(), characters, own);
    }
    longest = longest.max(characters);
    manuscript::closed(letter).map_or(Synopsis::Missing(longest), Synopsis::Closed)
}

/// The words behind a heading, up to the next heading, without contact lines; nothing when they only point elsewhere.
fn introduction(text: &str) -> String {
    static NEXT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^ ?(?:[一二三四五六七八九十]{1,2}、|【|(?:姓名|作者|单位|工作单位|联系人|联系方式|联系电话|电话|手机|邮箱|地址|时长) ?[:])").expect("a pattern of our own")
    });
    const ELSEWHERE: [&str; 8] = ["见附件", "详见", "请见", "附后", "见下", "另附", "无", "略"];
    let text: String = text.chars().take(INTRODUCTION_MAX).collect();
    let text = text.trim_start();
    if ELSEWHERE.iter().any(|word| text.starts_with(word)) {
        return String::new();
    }
    // A line with a phone is a signature.
    static PHONE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"1[3-9]\d{9}|\d{3,4}[- ]?\d{7,8}").expect("a pattern of our own"));
    let is_signature = |line: &str| line.chars().count() <= 60 && PHONE.is_match(line);
    let lines: Vec<&str> = text
        .lines()
        .take_while(|line| !NEXT.is_match(line) && !is_signature(line))
        .filter(|line| !manuscript::is_courtesy(line) || line.chars().count() > 40)
        .collect();
    lines.join("\n")
}

pub(super) fn check(clip: &Clip<'_>, synopsis: &Synopsis, characters_min: u64) -> Told {
    let (name, limit) = (clip.name(), format!("≥ {characters_min} 字"));
    match synopsis {
        Synopsis::Found(place, characters, words) => Told::new(Outcome::Passed, format!("{characters} 字"), limit)
            .because(place, words)
            .say(format!("视频“{name}”附有简介（{characters} 字）。"), format!("The video “{name}” comes with an introduction of {characters} characters.")),
        Synopsis::Closed(Closed { place, spoken, why }) => Told::new(Outcome::Undetermined, "none found, one file could not be read", limit).because(place, why).say(
            format!("没有在正文中找到视频“{name}”的简介，{spoken}无法自动读取，编辑将人工核对；您也可回复邮件补充简介。"),
            format!("No introduction to the video “{name}” was found, and {place} could not be read: an editor will look; you may also write one in the body."),
        ),
        Synopsis::Missing(longest) => Told::new(Outcome::Failed, format!("{longest} 字"), limit).because(clip.place(), &name).say(
            format!("没有找到视频“{name}”的简介，请在邮件正文或文档中以“视频简介：”补充不少于 {characters_min} 字的介绍。"),
            format!("No introduction to the video “{name}” was found: please write one of at least {characters_min} characters, headed “视频简介：”, in the body or in a document."),
        ),
    }
}
