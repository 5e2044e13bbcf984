//! Counts 字数 as a word processor does.

/// Counts while text goes by, so that a long document need not be held.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counter {
    counted: u64,
    in_run: bool,
}

impl Counter {
    pub(super) fn take(&mut self, text: &str) {
        for character in text.chars() {
            if is_wide(character) {
                self.counted += 1;
                self.in_run = false;
            } else if character.is_whitespace() || character.is_control() {
                self.in_run = false;
            } else if !self.in_run && character.is_alphanumeric() {
                self.counted += 1;
                self.in_run = true;
            }
        }
    }

    pub(super) fn total(self) -> u64 {
        self.counted
    }
}

/// 字数 of a text: each Han character and each mark of Chinese punctuation is one, each run of Latin letters or digits
/// is one. A run goes on over marks inside it (`3.83`, `e-mail`, `a@b.cn`) and ends at white space or at a Han character.
#[must_use]
pub fn count_characters(text: &str) -> u64 {
    let mut counter = Counter::default();
    counter.take(text);
    counter.total()
}

/// Characters that count one by one: Han, kana, hangul, their punctuation and full-width forms.
fn is_wide(character: char) -> bool {
    matches!(character,
        '\u{3400}'..='\u{9fff}'
        | '\u{20000}'..='\u{3ffff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{2e80}'..='\u{2fdf}'
        | '\u{3001}'..='\u{33ff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff01}'..='\u{ffef}'
        | '\u{2014}' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{2026}' | '\u{b7}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_as_a_word_processor_counts_them() {
        let cases = [
            ("", 0),
            (" \r\n\t\u{3000}", 0),
            ("主题征稿", 4),
            ("主题征稿。", 5),
            ("“一个意见、两个目录”", 10 + 1),
            ("2021年", 2),
            ("是2015年84亿元的3.83倍", 8 + 1),
            ("GDP增长3.2%", 4),
            ("hello world", 2),
            ("hello, world!", 2),
            ("e-mail: a@b.cn", 2),
            ("- * -", 0),
            ("6类46款170项", 6),
            ("——……", 4),
            ("（２０２１）", 6),
            ("㐀𠀀", 2),
            ("習近平總書記", 6),
            ("don't", 1),
        ];
        for (text, expected) in cases {
            assert_eq!(count_characters(text), expected, "{text}");
        }
    }

    #[test]
    fn a_run_may_be_fed_in_pieces() {
        let mut counter = Counter::default();
        for piece in ["20", "21", "年GD", "P"] {
            counter.take(piece);
        }
        assert_eq!(counter.total(), 3);
    }
}
