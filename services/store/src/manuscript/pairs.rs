//! What is searched, and how it is cut: folded in width, case and script, one field a line, in overlapping pairs of
//! characters. A word of two characters is one pair, whatever the database thinks a word is.

use std::collections::BTreeSet;

use intake::wording;

use crate::{
    Error, Result,
    values::{LINE_CHARACTERS_MAX, line},
};

/// The searched text of these fields.
pub fn text(fields: &[&str]) -> String {
    fields.iter().map(|field| folded(field)).collect::<Vec<_>>().join("\n")
}

/// A question as it is compared with a searched text. `Invalid` below two characters.
pub fn searched(question: &str) -> Result<String> {
    let folded = folded(question);
    if folded.chars().nth(1).is_none() {
        return Err(Error::Invalid("two characters or more are searched for".into()));
    }
    Ok(folded)
}

fn folded(text: &str) -> String {
    let folded = wording::fold(text).split_whitespace().collect::<Vec<_>>().join(" ");
    line(&folded, LINE_CHARACTERS_MAX)
}

/// The pairs of a searched text; none spans two lines.
pub fn pairs(text: &str) -> BTreeSet<String> {
    let mut pairs = BTreeSet::new();
    for line in text.lines() {
        for (first, second) in line.chars().zip(line.chars().skip(1)) {
            pairs.insert(String::from_iter([first, second]));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_folded_and_cut_into_pairs_line_by_line() {
        let text = text(&["ＡＩ與預算", "张 三", ""]);
        assert_eq!(text, format!("ai{}\n张 三\n", wording::fold("與預算")));
        assert_eq!(Vec::from_iter(pairs("ai预\n张三")), ["ai", "i预", "张三"]);
        assert_eq!(pairs("一\n二"), BTreeSet::new());
    }

    #[test]
    fn a_question_of_one_character_is_refused() {
        for short in ["", " ", "绩", " 绩 ", "\u{200b}绩"] {
            assert!(searched(short).is_err(), "{short:?}");
        }
        assert_eq!(searched(" 绩效\t Ａ ").unwrap(), "绩效 a");
    }
}
