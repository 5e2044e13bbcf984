//! Cuts Chinese text into overlapping pairs of characters, so that words of two characters are found on every database.
//!
//! FTS5's trigram tokenizer and pg_trgm both miss 养老; pairs kept in a column of their own do not.

/// Longest text that is cut, in characters; the rest is not searched.
pub const TEXT_CHARS_MAX: usize = 20_000;
/// Most tokens of a query.
pub const QUERY_TOKENS_MAX: usize = 32;

/// One run of characters of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Run {
    Han(Vec<char>),
    Word(String),
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

// Full-width forms are the same letters to a reader (ＡＩ, ２０２１).
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut fresh = true;
    for c in text.chars().take(TEXT_CHARS_MAX).map(plain) {
        if is_han(c) {
            match runs.last_mut() {
                Some(Run::Han(run)) if !fresh => run.push(c),
                _ => runs.push(Run::Han(vec![c])),
            }
            fresh = false;
        } else if c.is_alphanumeric() {
            let lower = c.to_lowercase();
            match runs.last_mut() {
                Some(Run::Word(word)) if !fresh => word.extend(lower),
                _ => runs.push(Run::Word(lower.collect())),
            }
            fresh = false;
        } else {
            fresh = true;
        }
    }
    runs
}

/// The tokens of a text in their order, repeats kept: 居家养老 gives 居家, 家养, 养老; a lone character gives itself; words of
/// letters and digits stay whole, in lower case.
#[must_use]
pub fn tokens(text: &str) -> Vec<String> {
    runs(text)
        .into_iter()
        .flat_map(|run| match run {
            Run::Word(word) => vec![word],
            Run::Han(chars) if chars.len() == 1 => vec![String::from(chars[0])],
            Run::Han(chars) => chars.windows(2).map(|pair| pair.iter().collect()).collect(),
        })
        .collect()
}

/// The text of the search column: all tokens with blanks between.
#[must_use]
pub fn search_column(text: &str) -> String {
    tokens(text).join(" ")
}

/// What a row's search column must hold, all of it, for the query to be found: distinct tokens in order. A Chinese query
/// of one character gives nothing, as pairs cannot answer it.
#[must_use]
pub fn search_query(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for token in tokens(text) {
        let lone = token.chars().count() == 1 && token.chars().all(is_han);
        if !lone && !all.contains(&token) && all.len() < QUERY_TOKENS_MAX {
            all.push(token);
        }
    }
    all
}

/// The longest stretches of a text all of whose tokens were matched: 居家 and 家养 and 养老 read 居家养老 again.
#[must_use]
pub fn stretches(text: &str, matched: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut keep = |stretch: String| {
        if !stretch.is_empty() && !found.contains(&stretch) {
            found.push(stretch);
        }
    };
    for run in runs(text) {
        match run {
            Run::Word(word) if matched(&word) => keep(word),
            Run::Han(chars) if chars.len() == 1 && matched(&chars[0].to_string()) => keep(chars[0].to_string()),
            Run::Word(_) => {}
            Run::Han(chars) => {
                let mut stretch = String::new();
                for pair in chars.windows(2) {
                    if matched(&pair.iter().collect::<String>()) {
                        if stretch.is_empty() {
                            stretch.push(pair[0]);
                        }
                        stretch.push(pair[1]);
                    } else {
                        keep(std::mem::take(&mut stretch));
                    }
                }
                keep(stretch);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_cut_into_pairs_and_words() {
        for (text, cut) in [
            ("居家养老", "居家 家养 养老"),
            ("养老", "养老"),
            ("老", "老"),
            ("养老、托育服务", "养老 托育 育服 服务"),
            ("5G基站 (ＡＩ)", "5g 基站 ai"),
            ("２０２１年度", "2021 年度"),
            ("", ""),
            ("、。", ""),
        ] {
            assert_eq!(search_column(text), cut, "{text}");
        }
    }

    #[test]
    fn a_query_of_two_characters_finds_and_one_of_one_does_not_pretend_to() {
        assert_eq!(search_query("养老"), ["养老"]);
        assert_eq!(search_query("养老养老"), ["养老", "老养"]);
        assert_eq!(search_query("老"), Vec::<String>::new());
        assert_eq!(search_query("A"), ["a"]);
        assert_eq!(search_query(&"甲乙丙丁戊己庚辛壬癸".repeat(9)).len(), 10);
    }

    proptest! {
        #[test]
        fn every_word_of_two_characters_and_more_is_found_where_it_stands(
            before in "[甲-癯]{0,5}", word in "[甲-癯]{2,6}", after in "[甲-癯a-z ]{0,5}",
        ) {
            let column = tokens(&format!("{before}{word}{after}"));
            prop_assert!(search_query(&word).iter().all(|token| column.contains(token)));
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,40}") {
            let _ = (search_column(&text), search_query(&text), stretches(&text, |token| token.len() > 3));
        }
    }
}
