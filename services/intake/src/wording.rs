//! How Chinese text is made comparable, counted and quoted; every rule that reads words goes through here.

use std::ops::Range;

use regex::Regex;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Traditional characters that calls, labels and notes of this kind use, each followed by its simplified form. Own
/// data and small on purpose: it serves recognition only, no value shown to a person is ever converted.
const SCRIPT: &str = "題题徵征來来稿稿繫系聯联絡络電电話话單单郵邮箱箱機机號号碼码聯联網网姓姓撰撰報报導导訊讯\
員员編编輯辑財财務务廳厅國国學学習习貫贯徹彻黨党傳传實实踐践經经濟济會会議议體体創创視视頻频簡简紹绍\
補补發发換换訂订轉转復复覆复動动應应務务處处關关於于開开門门級级業业產产農农華华東东寧宁蘇苏廣广\
雲云貴贵龍龙灣湾縣县鄉乡鎮镇區区與与為为個个們们這这說说請请謝谢見见詳详稱称屬属職职責责應应對对\
統统優优質质資资預预決决評评審审計计劃划項项類类別别點点總总結结構构設设備备現现場场長长間间時时\
顧顾問问謹谨啟启熱热點点讀读書书寫写畫画圖图檔档領领萬万億亿歲岁團团聞闻廠厂滿满從从兩两強强";

/// The simplified form of a character, or itself.
fn simplified(character: char) -> char {
    let mut pairs = SCRIPT.chars();
    while let (Some(traditional), Some(simple)) = (pairs.next(), pairs.next()) {
        if traditional == character {
            return simple;
        }
    }
    character
}

/// A pattern's class of all forms of a character: 单 as `[单單]`.
pub(crate) fn any_script(character: char) -> String {
    let characters: Vec<char> = SCRIPT.chars().collect();
    let others: String =
        characters.chunks(2).filter(|pair| pair[1] == character && pair[0] != character).map(|pair| pair[0]).collect();
    let escaped = regex::escape(&character.to_string());
    if others.is_empty() { escaped } else { format!("[{escaped}{others}]") }
}

/// Whether a character is a Han ideograph (Unicode blocks CJK Unified Ideographs with extensions, and 〇).
#[must_use]
pub fn is_han(character: char) -> bool {
    matches!(character, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// Whether a character takes no place of its own: zero-width spaces and joiners, marks of direction, soft hyphens,
/// byte order marks, variation selectors.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || (character.is_control() && !matches!(character, '\n' | '\t'))
}

/// Folds width (NFKC), case and script, and drops invisible characters: `ＲＥ：主題徵稿` becomes `re:主题征稿`.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().filter(|character| !is_invisible(*character)).flat_map(char::to_lowercase).map(simplified).collect()
}

/// The letters, digits and ideographs of a folded text, so that brackets, spaces and separators do not count.
#[must_use]
pub fn squeeze(text: &str) -> String {
    fold(text).chars().filter(|character| character.is_alphanumeric() && !is_combining_mark(*character)).collect()
}

/// 字数 as a word processor counts: each Han character and each mark of Chinese punctuation is one, each run of Latin
/// letters or digits is one.
#[must_use]
pub fn characters(text: &str) -> u64 {
    let mut count = 0;
    let mut in_word = false;
    for character in text.chars() {
        let single = is_han(character)
            || matches!(character, '\u{3001}'..='\u{301f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '“' | '”' | '‘' | '’' | '…' | '—' | '·');
        let word = !single && character.is_alphanumeric();
        if single || (word && !in_word) {
            count += 1;
        }
        in_word = word;
    }
    count
}

/// The first `limit` characters on one line, white space and control characters run together to one space.
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        let gap = usize::from(count > 0);
        if count + gap >= limit {
            break;
        }
        if gap == 1 {
            line.push(' ');
            count += 1;
        }
        for character in word.chars().take(limit - count) {
            line.push(character);
            count += 1;
        }
    }
    line
}

/// A name as it is quoted in a sentence for an author: at most 60 characters, on one line.
#[must_use]
pub fn quoted(name: &str) -> String {
    let name = one_line(name, 60);
    if name.is_empty() { "未命名".into() } else { name }
}

/// A text whose folded form keeps every character's place, so that what is found in it can be quoted as written.
#[derive(Clone, Debug)]
pub struct Page {
    original: Vec<char>,
    folded: String,
    /// Byte offset in `folded` of each character.
    offsets: Vec<usize>,
}

impl Page {
    /// Folds width, script and the many middle dots and dashes, one character for one; invisible characters are dropped
    /// from both forms.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut page = Self { original: Vec::new(), folded: String::new(), offsets: Vec::new() };
        for character in text.chars().filter(|character| !is_invisible(*character)) {
            let mut forms = std::iter::once(character).nfkc();
            let narrow = match (forms.next(), forms.next()) {
                (Some(single), None) => single,
                _ => character,
            };
            page.offsets.push(page.folded.len());
            page.original.push(character);
            page.folded.push(match narrow {
                '•' | '‧' | '・' | '∙' | '⋅' | '●' => '·',
                '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => '-',
                '\u{2028}' | '\u{2029}' => '\n',
                other if other != '\n' && other != '\t' && other.is_whitespace() => ' ',
                other => other,
            });
        }
        page
    }

    /// The folded form.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// Hides what a pattern finds from later readers of the folded form, keeping every place.
    pub fn hide(&mut self, pattern: &Regex) {
        let mut hidden = pattern.find_iter(&self.folded).map(|found| found.range()).peekable();
        if hidden.peek().is_none() {
            return;
        }
        let mut folded = String::new();
        let mut offsets = Vec::with_capacity(self.offsets.len());
        for (at, character) in self.folded.char_indices() {
            while hidden.next_if(|range| range.end <= at).is_some() {}
            let hide = character != '\n' && hidden.peek().is_some_and(|range| range.contains(&at));
            offsets.push(folded.len());
            folded.push(if hide { ' ' } else { character });
        }
        self.folded = folded;
        self.offsets = offsets;
    }

    /// The words around a range of the folded form as they were written, at most `limit` characters.
    #[must_use]
    pub fn excerpt(&self, range: &Range<usize>, limit: usize) -> String {
        let (from, to) = (self.index(range.start), self.index(range.end));
        let lead = limit.saturating_sub(to - from).min(24) / 2;
        let start = from.saturating_sub(lead);
        let line_start = self.original[start..from].iter().rposition(|c| *c == '\n').map_or(start, |at| start + at + 1);
        let around: String = self.original[line_start..].iter().take(limit).collect();
        let end = around.char_indices().skip(to.saturating_sub(line_start)).find(|(_, c)| *c == '\n').map(|(at, _)| at);
        one_line(end.map_or(&around, |at| &around[..at]), limit)
    }

    fn index(&self, offset: usize) -> usize {
        self.offsets.partition_point(|at| *at < offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_as_a_word_processor_does() {
        for (text, count) in [
            ("", 0),
            ("财政", 2),
            ("财政，改革。", 6),
            ("GDP 增长 5.3", 5),
            ("党的二十大 report 2022", 7),
            ("  \n\t", 0),
            ("“新时代”", 5),
        ] {
            assert_eq!(characters(text), count, "{text:?}");
        }
    }

    #[test]
    fn a_line_is_cut_at_its_limit_and_holds_no_line_break() {
        assert_eq!(one_line(" 甲\r\n乙\t 丙 ", 20), "甲 乙 丙");
        assert_eq!(one_line("甲乙丙", 2), "甲乙");
        assert_eq!(one_line("甲 乙", 2), "甲");
        assert_eq!(one_line("甲乙", 0), "");
    }

    #[test]
    fn a_page_quotes_what_was_written_where_the_folded_form_was_found() {
        let page = Page::new("您好\u{200b}：\n联系电话：１３８００００００００　谢谢\n再见");
        let at = page.folded().find("13800000000").unwrap();
        assert_eq!(page.excerpt(&(at..at + 11), 80), "联系电话：１３８００００００００ 谢谢");
        assert_eq!(page.excerpt(&(at..at + 11), 12), "１３８００００００００");
    }

    #[test]
    fn the_table_of_scripts_is_made_of_pairs() {
        assert_eq!(SCRIPT.chars().count() % 2, 0);
        assert_eq!(fold("主題徵稿"), "主题征稿");
        assert_eq!(fold("ＲＥ：補充"), "re:补充");
    }
}
