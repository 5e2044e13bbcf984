//! What editors note beside the steps of a review: words to find a manuscript by, and comments. Neither decides anything.

use crate::{review::WORDS_MAX, wording};

/// Characters of a tag: a word, no sentence.
pub const TAG_CHARACTERS_MAX: usize = 20;

/// Tags of one manuscript.
pub const TAGS_MAX: usize = 20;

/// A tag (标签) as it is kept and compared: `ＡＩ ` and `ai` are one. Folded in width, case and script; none for what is
/// empty, too long, or holds anything but letters, digits, `-`, `_`, `.` and `·`.
#[must_use]
pub fn tag(text: &str) -> Option<String> {
    let tag = wording::fold(text.trim());
    let tag = tag.trim();
    let is_plain = |character: char| character.is_alphanumeric() || "-_.·".contains(character);
    let fits = (1..=TAG_CHARACTERS_MAX).contains(&tag.chars().count());
    (fits && tag.chars().all(is_plain)).then(|| tag.to_owned())
}

/// A comment as it is kept: trimmed, lines ended by LF; none for what is empty, too long, or holds control characters.
#[must_use]
pub fn comment(text: &str) -> Option<String> {
    let comment = text.replace("\r\n", "\n");
    let comment = comment.trim();
    let fits = (1..=WORDS_MAX).contains(&comment.chars().count());
    let is_unfit = |character: char| character.is_control() && character != '\n';
    (fits && !comment.chars().any(is_unfit)).then(|| comment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_short_word_and_the_same_in_any_width_case_and_script() {
        for (text, kept) in [
            (" ＡＩ\u{200b} ", Some("ai")),
            ("預算", Some("预算")),
            ("2023年第5期", Some("2023年第5期")),
            ("浙江·杭州", Some("浙江·杭州")),
            ("", None),
            (" \u{200b}", None),
            ("两 词", None),
            ("a,b", None),
            ("\"x\"", None),
            ("<b>", None),
            (&"长".repeat(20), Some(&*"长".repeat(20))),
            (&"长".repeat(21), None),
        ] {
            assert_eq!(tag(text).as_deref(), kept, "{text:?}");
        }
    }

    #[test]
    fn a_comment_has_words_and_a_bound() {
        assert_eq!(comment(" 已电话联系。\r\n周五回复。\n").as_deref(), Some("已电话联系。\n周五回复。"));
        assert_eq!(comment(&"字".repeat(2000)).map(|kept| kept.chars().count()), Some(2000));
        for unfit in ["", " \n", "a\u{7}b", &"字".repeat(2001)] {
            assert_eq!(comment(unfit), None, "{unfit:?}");
        }
    }
}
