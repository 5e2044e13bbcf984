//! The tag in a subject: whether it is there however it is written, and what remains of a subject without it.

use std::sync::LazyLock;

use regex::Regex;

use crate::wording;

/// Marks that may stand inside or around a tag without parting it.
const SEPARATORS: &str = "【】[]()《》〈〉<>{}〔〕「」『』〖〗\"'“”‘’-‐‑‒–—―−_~·•‧・:";

/// Characters of a subject that are looked through.
const SUBJECT_MAX: usize = 4000;

/// Prefixes that mail programs put before a subject, folded.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^[\s【\[]*(?:re|fw|fwd|aw|sv|回复|答复|转发|回覆|自动回复|自动转发)\s*(?:\[\d+\]|\(\d+\))?\s*[:】\]]\s*",
    )
    .expect("a pattern of our own")
});

/// Words that say that something was sent before, folded.
const CORRECTION_WORDS: [&str; 24] = [
    "修改稿",
    "修订稿",
    "修改版",
    "修订版",
    "修改后",
    "更正",
    "更新版",
    "更新稿",
    "补充",
    "补交",
    "补发",
    "补报",
    "重发",
    "重新发送",
    "重新提交",
    "重新投稿",
    "再次发送",
    "新版",
    "替换",
    "勘误",
    "以此稿为准",
    "以此件为准",
    "以本稿为准",
    "以此为准",
];

/// Words of a subject that tell versions apart, not titles.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"最终稿|最终版|终稿|定稿|第[一二三四五六七八九十\d]+[稿版次]|\bv\d+(?:\.\d+)*\b|\(\d{1,2}\)$|(?:请|敬请)(?:查收|审阅)")
        .expect("a pattern of our own")
});

/// Whether a subject holds a campaign's tag (征稿启事 二 3: 邮件主题请注明“主题征稿”). Brackets, spaces, width, case,
/// script, separators and invisible characters do not count; any other word between the tag's characters does. Where the
/// tag begins or ends with a Latin letter or digit, so must a word of the subject. An empty tag is held by nothing.
#[must_use]
pub fn holds(subject: &str, tag: &str) -> bool {
    find(subject, tag).is_some()
}

/// How specific a tag is: the number of its characters that count.
pub(crate) fn length(tag: &str) -> usize {
    solid(tag).len()
}

/// The characters that count, each with whether something was left out before it.
fn solid(text: &str) -> Vec<(char, bool)> {
    let mut solid = Vec::new();
    let mut parted = true;
    for character in wording::fold(text).chars().take(SUBJECT_MAX) {
        if character.is_whitespace() || SEPARATORS.contains(character) {
            parted = true;
        } else {
            solid.push((character, parted));
            parted = false;
        }
    }
    solid
}

/// Where in the solid form of the subject the tag begins.
fn find(subject: &str, tag: &str) -> Option<usize> {
    let (subject, tag) = (solid(subject), solid(tag));
    let (first, last) = (tag.first()?.0, tag.last()?.0);
    subject.windows(tag.len()).enumerate().position(|(at, window)| {
        let same = window.iter().zip(&tag).all(|(left, right)| left.0 == right.0);
        let begins = !first.is_ascii_alphanumeric()
            || subject[at].1
            || !at.checked_sub(1).is_some_and(|before| subject[before].0.is_ascii_alphanumeric());
        let ends = !last.is_ascii_alphanumeric()
            || subject.get(at + tag.len()).is_none_or(|(after, parted)| *parted || !after.is_ascii_alphanumeric());
        same && begins && ends
    })
}

/// A folded subject without the prefixes of replies and forwards (`Re: 转发：…`).
#[must_use]
pub(crate) fn without_prefixes(subject: &str) -> String {
    let mut rest = wording::fold(subject).trim().to_owned();
    while let Some(found) = PREFIX.find(&rest) {
        rest.drain(..found.end());
    }
    rest
}

/// The first word of a subject that says that something was sent before (修改稿, 补充, …).
#[must_use]
pub(crate) fn correction_word(subject: &str) -> Option<&'static str> {
    let squeezed = wording::squeeze(subject);
    CORRECTION_WORDS.into_iter().find(|word| squeezed.contains(word))
}

/// What tells a subject's manuscript apart: the subject without prefixes, tag, correction words and marks of a version,
/// letters, digits and ideographs only. Empty when nothing remains.
#[must_use]
pub(crate) fn core(subject: &str, tag: &str) -> String {
    let subject = without_prefixes(subject);
    let mut core = wording::squeeze(&VERSION.replace_all(&subject, " "));
    for word in std::iter::once(wording::squeeze(tag)).chain(CORRECTION_WORDS.map(str::to_owned)) {
        if !word.is_empty() {
            core = core.replace(&word, "");
        }
    }
    for word in ["投稿", "来稿"] {
        core = core.strip_prefix(word).or_else(|| core.strip_suffix(word)).unwrap_or(&core).to_owned();
    }
    core
}

/// Whether two cores name the same manuscript: equal, or the shorter has at least four characters and stands in the
/// other without parting a number. Where nothing else speaks for it (`loose` unset) it must also be at least half as
/// long, so that an organisation's name alone does not swallow the titles that follow it, and the rest must be more than
/// a number, which tells the pieces of a series apart.
#[must_use]
pub(crate) fn similar(left: &str, right: &str, loose: bool) -> bool {
    const NUMBERS: &str = "0123456789一二三四五六七八九十上中下之第篇";
    let (shorter, longer) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let (short, long) = (shorter.chars().count(), longer.chars().count());
    if short == 0 || shorter == longer {
        return short > 0;
    }
    let Some((before, after)) = longer.split_once(shorter).filter(|_| short >= 4) else { return false };
    let parts_a_word = |outer: Option<char>, inner: Option<char>| {
        outer.is_some_and(|c| c.is_ascii_alphanumeric()) && inner.is_some_and(|c| c.is_ascii_alphanumeric())
    };
    let whole = !parts_a_word(before.chars().next_back(), shorter.chars().next())
        && !parts_a_word(after.chars().next(), shorter.chars().next_back());
    let series = before.chars().chain(after.chars()).all(|c| NUMBERS.contains(c));
    whole && (loose || (short * 2 >= long && !series))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tag_is_found_however_it_is_written() {
        for subject in [
            "主题征稿",
            "【主题征稿】奋进新征程",
            "[主题征稿] 奋进新征程",
            "（主题征稿）奋进",
            "(主题征稿)奋进",
            "《主题征稿》奋进",
            "“主题征稿”奋进",
            "\"主题征稿\"",
            "「主題徵稿」",
            "『主题征稿』",
            "〔主题征稿〕",
            "主 题 征 稿",
            "主　题　征　稿：标题",
            "主\u{200b}题\u{200b}征\u{200b}稿",
            "\u{feff}主题征稿",
            "主題徵稿",
            "主題征稿",
            "主题徵稿",
            "主题-征稿",
            "主题—征稿",
            "主题_征稿",
            "主题·征稿",
            "主题：征稿",
            "主题:征稿",
            "【主题】征稿",
            "Re: 主题征稿",
            "RE：【主题征稿】",
            "Fwd: Re: 主题征稿",
            "转发：主题征稿",
            "答复: 【主题征稿】",
            "回复：主题征稿",
            "湖州市财政局张三—主题征稿—标题",
            "“深入学习宣传贯彻党的二十大精神”主题征稿",
            "投稿（主题征稿）",
            "★主题征稿★",
            "主\t题征\r\n 稿",
            "⼆十⼤主题征稿",
        ] {
            assert!(holds(subject, "主题征稿"), "{subject:?}");
        }
    }

    #[test]
    fn other_words_between_or_instead_are_no_tag() {
        for subject in [
            "",
            "投稿",
            "征稿",
            "主题班会征稿启事",
            "主题活动 征稿",
            "主题教育征文投稿",
            "征稿主题",
            "主题词征稿",
            "主题，征稿",
            "主题征文稿",
            "主题征",
            "稿征题主",
            "Theme call for papers",
        ] {
            assert!(!holds(subject, "主题征稿"), "{subject:?}");
        }
    }

    #[test]
    fn a_latin_tag_is_a_word_of_its_own_in_any_case_and_width() {
        for (subject, expected) in [
            ("CALL2023 title", true),
            ("ｃａｌｌ２０２３：标题", true),
            ("投稿call2023标题", true),
            ("[Call 2023]", true),
            ("recall2023", false),
            ("call20234", false),
        ] {
            assert_eq!(holds(subject, "call2023"), expected, "{subject:?}");
        }
        assert!(!holds("anything", ""));
        assert!(!holds("anything", "【】"));
    }

    #[test]
    fn what_remains_of_a_subject_tells_manuscripts_apart() {
        for (subject, expected) in [
            ("主题征稿", ""),
            ("【主题征稿】奋进新征程", "奋进新征程"),
            ("Re: 回复：【主题征稿】奋进新征程（修改稿）", "奋进新征程"),
            ("Re[2]: 主题征稿 奋进新征程", "奋进新征程"),
            ("主题征稿：奋进新征程 第二稿", "奋进新征程"),
            ("主題徵稿—奮进 V2", "奮进"),
            ("更正", ""),
            ("投稿：奋进", "奋进"),
        ] {
            assert_eq!(core(subject, "主题征稿"), expected, "{subject:?}");
        }
    }

    #[test]
    fn cores_are_similar_when_equal_or_one_holds_most_of_the_other() {
        for (left, right, loose, expected) in [
            ("奋进", "奋进", false, true),
            ("", "", true, false),
            ("奋进新征程", "奋进新征程张三", false, true),
            ("奋进", "奋进新征程", true, false),
            ("湖州市财政局", "湖州市财政局奋进新征程建功新时代", false, false),
            ("湖州市财政局", "湖州市财政局奋进新征程建功新时代", true, true),
            ("奋进新征程", "建功新时代", true, false),
            ("奋进新征程", "奋进新征程之二", false, false),
            ("奋进新征程", "奋进新征程之二", true, true),
            ("稿件编号1", "稿件编号12", true, false),
            ("mail1", "mail12", false, false),
        ] {
            assert_eq!(similar(left, right, loose), expected, "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn any_text_with_the_tag_inside_holds_it(before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let subject = format!("{before}【主题征稿】{after}");
            prop_assert!(holds(&subject, "主题征稿"));
        }

        #[test]
        fn no_text_is_too_strange(subject in any::<String>(), tag in any::<String>()) {
            let _ = holds(&subject, &tag);
            let _ = core(&subject, &tag);
            let _ = correction_word(&subject);
        }
    }
}
