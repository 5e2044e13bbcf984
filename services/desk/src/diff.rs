//! Two versions of a text beside each other: sentence by sentence, and inside a changed sentence character by character.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

/// Sentences of equal text that stand around a change.
const CONTEXT: usize = 2;

/// Characters of a changed passage that are compared one by one.
const CHARACTERS_MAX: usize = 4_000;

/// How long the comparison looks for the shortest answer; after that it takes a longer one.
const LOOKS_FOR: Duration = Duration::from_millis(300);

/// A piece of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether the other side does not have it.
    pub is_changed: bool,
}

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Both sides have it.
    Same(String),
    /// So many sentences that both sides have are left out.
    Skipped(usize),
    /// The sides differ; an empty side has nothing here.
    Changed {
        /// What the earlier version says.
        before: Vec<Piece>,
        /// What the later one says.
        after: Vec<Piece>,
    },
}

/// Compares two texts.
#[must_use]
pub fn compare(before: &str, after: &str) -> Vec<Line> {
    let (before, after) = (sentences(before), sentences(after));
    let until = Instant::now() + LOOKS_FOR;
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &before, &after, Some(until));
    let count = ops.len();
    let mut lines = Vec::new();
    for (index, op) in ops.into_iter().enumerate() {
        match op {
            DiffOp::Equal { old_index, len, .. } => {
                let all = &before[old_index..old_index + len];
                let head = if index == 0 { 0 } else { CONTEXT };
                let tail = if index + 1 == count { 0 } else { CONTEXT };
                let same = |part: &[&str]| {
                    part.iter().map(|text| Line::Same((*text).trim_end().to_owned())).collect::<Vec<_>>()
                };
                if len > head + tail + 1 {
                    lines.extend(same(&all[..head]));
                    lines.push(Line::Skipped(len - head - tail));
                    lines.extend(same(&all[len - tail..]));
                } else {
                    lines.extend(same(all));
                }
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                lines.push(changed(&before[old_index..old_index + old_len], &[], until));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                lines.push(changed(&[], &after[new_index..new_index + new_len], until));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                let (old, new) = (&before[old_index..old_index + old_len], &after[new_index..new_index + new_len]);
                lines.push(changed(old, new, until));
            }
        }
    }
    lines
}

fn changed(before: &[&str], after: &[&str], until: Instant) -> Line {
    let (before, after) = (before.concat().trim_end().to_owned(), after.concat().trim_end().to_owned());
    let whole = |text: &str| {
        if text.is_empty() { Vec::new() } else { vec![Piece { text: text.to_owned(), is_changed: true }] }
    };
    let (old, new): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    if old.is_empty() || new.is_empty() || old.len() > CHARACTERS_MAX || new.len() > CHARACTERS_MAX {
        return Line::Changed { before: whole(&before), after: whole(&after) };
    }
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(until));
    let kept: usize = ops.iter().map(|op| if let DiffOp::Equal { len, .. } = op { *len } else { 0 }).sum();
    // Two sentences that share only a few characters are another sentence, not a changed one.
    if kept * 3 < old.len().max(new.len()) {
        return Line::Changed { before: whole(&before), after: whole(&after) };
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for op in ops {
        let is_changed = !matches!(op, DiffOp::Equal { .. });
        push(&mut left, &old[op.old_range()], is_changed);
        push(&mut right, &new[op.new_range()], is_changed);
    }
    Line::Changed { before: left, after: right }
}

fn push(pieces: &mut Vec<Piece>, characters: &[char], is_changed: bool) {
    if characters.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.is_changed == is_changed => last.text.extend(characters),
        _ => pieces.push(Piece { text: characters.iter().collect(), is_changed }),
    }
}

/// Cuts behind the marks that end a sentence and behind line ends; blank ones are left out.
fn sentences(text: &str) -> Vec<&str> {
    let ends = ['。', '！', '？', '；', '\n'];
    let closes = ['”', '’', '」', '』', '）', '》'];
    let mut sentences = Vec::new();
    let (mut start, mut characters) = (0, text.char_indices().peekable());
    while let Some((at, character)) = characters.next() {
        if !ends.contains(&character) {
            continue;
        }
        let mut end = at + character.len_utf8();
        while let Some((at, close)) = characters.next_if(|(_, next)| character != '\n' && closes.contains(next)) {
            end = at + close.len_utf8();
        }
        sentences.push(&text[start..end]);
        start = end;
    }
    sentences.push(&text[start..]);
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, is_changed: bool) -> Piece {
        Piece { text: text.into(), is_changed }
    }

    #[test]
    fn a_changed_figure_is_shown_inside_its_sentence_and_the_rest_is_left_out() {
        let same = "第一句。第二句。第三句。第四句。第五句。\n";
        let lines = compare(&format!("{same}支出为812万元。结尾。"), &format!("{same}支出为399万元。结尾。"));
        assert_eq!(
            lines,
            [
                Line::Skipped(3),
                Line::Same("第四句。".into()),
                Line::Same("第五句。".into()),
                Line::Changed {
                    before: vec![piece("支出为", false), piece("812", true), piece("万元。", false)],
                    after: vec![piece("支出为", false), piece("399", true), piece("万元。", false)],
                },
                Line::Same("结尾。".into()),
            ]
        );
    }

    #[test]
    fn each_side_says_the_whole_of_its_text() {
        let (old, new) = ("他说：“好。”我们走。多了一句！", "他说：“很好。”我们走。\n另起一段；完。");
        let (mut left, mut right) = (String::new(), String::new());
        for line in compare(old, new) {
            match line {
                Line::Same(text) => {
                    left += &text;
                    right += &text;
                }
                Line::Changed { before, after } => {
                    left.extend(before.into_iter().map(|piece| piece.text));
                    right.extend(after.into_iter().map(|piece| piece.text));
                }
                Line::Skipped(_) => unreachable!("nothing is far from a change"),
            }
        }
        assert_eq!(left, old);
        assert_eq!(right, new.replace('\n', ""));
    }

    #[test]
    fn the_same_text_has_no_change_and_an_empty_one_is_all_change() {
        assert_eq!(compare("一。二。三。", "一。二。三。"), [Line::Skipped(3)]);
        assert_eq!(compare("", "一。"), [Line::Changed { before: vec![], after: vec![piece("一。", true)] }]);
    }
}
