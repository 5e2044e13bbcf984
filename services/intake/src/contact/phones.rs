//! Phones and mail addresses in folded text. Numbers that are something else (identity cards, accounts, QQ, dates,
//! amounts) are passed over.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of our own")
}

/// Mobile numbers, written in groups or not, with or without the country's code.
static MOBILE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?:(?:\+|00)86[- ]{0,2}|\(\+?86\) ?|86[- ])?(1[3-9](?:[- ]?[0-9]){9})"));

/// Landlines with their area code: 010, 02x, and four digits elsewhere.
static LANDLINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?:\(?(0(?:10|2[0-9]|[3-9][0-9]{2}))\)?|(?:\(?(?:\+|00)86\)?[- ]?|86-)\(?0?(10|2[0-9]|[3-9][0-9]{2})\)?)",
        r"[- ]{0,3}([2-9][0-9]{2,3}[- ]?[0-9]{4})(?:(?:-| ?(?:转|分机|ext\.?) ?)([0-9]{1,6}))?"
    ))
});

/// Numbers without an area code, which only a label makes a phone.
static LOCAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:电话|联系方式|座机|传真|tel\.?)(?:号码)?\s{0,3}:?\s{0,3}([2-8][0-9]{2,3}[- ]?[0-9]{4})(?:(?:-| ?转 ?)([0-9]{1,6}))?",
    )
});

/// Words before a number that make it something else than a phone.
static OTHER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:qq群?号?|身份证(?:号码?)?|证件号码?|账号|账户|帐号|卡号|银行卡|税号|信用代码|编号|文号|订单号?|邮编|邮政编码|isbn|issn|刊号)[^\n0-9]{0,6}$",
    )
});

/// Mail addresses.
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)[a-z0-9][a-z0-9._%+-]{0,63} ?@ ?[a-z0-9](?:[a-z0-9-]{0,62}\.)+[a-z]{2,18}"));

/// Every phone of a text with its place, as digits (`13800000000`, `0571-87050000-12`).
pub(super) fn phones(text: &str) -> Vec<(String, Range<usize>)> {
    let mut phones: Vec<(String, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(found) = MOBILE.captures_at(text, at) {
        let (whole, number) = (found.get_match().range(), &found[1]);
        let gaps = number.chars().filter(|c| !c.is_ascii_digit()).count();
        if gaps <= 3 && stands_alone(text, &whole) {
            phones.push((digits(number), whole.clone()));
            at = whole.end;
        } else {
            at = whole.start + 1;
        }
    }
    at = 0;
    while let Some(found) = LANDLINE.captures_at(text, at) {
        let whole = found.get_match().range();
        let area = found.get(1).map(|area| area.as_str().to_owned());
        let area = area.or_else(|| found.get(2).map(|area| format!("0{}", area.as_str()))).unwrap_or_default();
        if stands_alone(text, &whole) {
            let extension = found.get(4).map(|digits| format!("-{}", digits.as_str())).unwrap_or_default();
            phones.push((format!("{area}-{}{extension}", digits(&found[3])), whole.clone()));
            at = whole.end;
        } else {
            at = whole.start + 1;
        }
    }
    for found in LOCAL.captures_iter(text) {
        let Some(number) = found.get(1) else { continue };
        let range = number.start()..found.get_match().end();
        let taken = phones.iter().any(|(_, other)| other.start < range.end && range.start < other.end);
        if !taken && stands_alone(text, &range) {
            let extension = found.get(2).map(|digits| format!("-{}", digits.as_str())).unwrap_or_default();
            phones.push((format!("{}{extension}", digits(number.as_str())), range));
        }
    }
    phones.sort_by_key(|(_, range)| range.start);
    phones
}

/// Every mail address of a text with its place, in lower case.
pub(super) fn addresses(text: &str) -> Vec<(String, Range<usize>)> {
    ADDRESS.find_iter(text).map(|found| (found.as_str().to_lowercase().replace(' ', ""), found.range())).collect()
}

/// No digit, letter or decimal point touches the number, nothing before it names another kind, no unit follows.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let (before, after) = (&text[..range.start], &text[range.end..]);
    let joined = |c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '_' | '/' | '=' | '$' | '%');
    let mut leading = before.chars().rev();
    let joined_before = match leading.next() {
        Some('.' | '-') => leading.next().is_some_and(|c| c.is_ascii_digit()),
        Some(',') => (1..=3).contains(&leading.take_while(char::is_ascii_digit).count()),
        Some(c) => joined(c) && !matches!(c, '/' | '=' | '@') && !is_label_end(before) || matches!(c, '='),
        None => false,
    };
    let mut trailing = after.chars();
    let joined_after = match trailing.next() {
        Some('.' | '-') => trailing.next().is_some_and(|c| c.is_ascii_digit()),
        Some(',') => trailing.take_while(char::is_ascii_digit).count() == 3,
        Some(c) => (joined(c) && c != '/') || "元万亿个人次吨%".contains(c),
        None => false,
    };
    let near = before.char_indices().rev().nth(15).map_or(0, |(at, _)| at);
    !joined_before && !joined_after && !OTHER.is_match(&before[near..])
}

/// `Tel13800000000`: a Latin label may touch its number.
fn is_label_end(before: &str) -> bool {
    let lower = before.get(before.len().saturating_sub(6)..).unwrap_or_default().to_ascii_lowercase();
    ["tel", "phone", "mobile", "mob"].iter().any(|label| lower.ends_with(label))
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_read_in_their_many_forms() {
        for (text, expected) in [
            ("13800000000", "13800000000"),
            ("138 0000 0000", "13800000000"),
            ("138-0000-0000", "13800000000"),
            ("电话:+86 138 0000 0000。", "13800000000"),
            ("+8613800000000", "13800000000"),
            ("0086-13800000000", "13800000000"),
            ("Tel13800000000", "13800000000"),
            ("0571-87050000", "0571-87050000"),
            ("(0571)87050000", "0571-87050000"),
            ("0571 8705 0000", "0571-87050000"),
            ("057187050000", "0571-87050000"),
            ("010-88227050", "010-88227050"),
            ("0572-2398000转8012", "0572-2398000-8012"),
            ("0572-2398000-12", "0572-2398000-12"),
            ("+86 571 87050000", "0571-87050000"),
            ("86-571-87050000", "0571-87050000"),
            ("办公电话:87050000", "87050000"),
            ("电话 2398000", "2398000"),
            ("张三13800000000", "13800000000"),
            ("13800000000/0571-87050000", "13800000000 0571-87050000"),
            ("13800000000,13900000000", "13800000000 13900000000"),
            ("0571-87050000 13800000000", "0571-87050000 13800000000"),
        ] {
            let found: Vec<String> = phones(text).into_iter().map(|(phone, _)| phone).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_phones() {
        for text in [
            "330106198001011234",
            "身份证号:330106 19800101 1234",
            "33010619800101123X",
            "QQ:13800000000",
            "QQ群 138000000",
            "卡号 6222021380000000000",
            "6222 0213 8000 0000 000",
            "金额13800000000元",
            "2023-03-31",
            "20230331",
            "0571-8705xxxx",
            "87050000",
            "邮编310012",
            "13800000000@163.com",
            "3.13800000000",
            "https://a.example/?t=13800000000",
            "12345678901",
        ] {
            assert_eq!(phones(text), [], "{text}");
        }
    }

    #[test]
    fn addresses_are_read_and_folded() {
        for (text, expected) in [
            ("邮箱:Zhang.San@Example.com。", "zhang.san@example.com"),
            ("13800000000@163.com", "13800000000@163.com"),
            ("a@b", ""),
            ("a @ b.gov.cn", "a@b.gov.cn"),
        ] {
            let found: Vec<String> = addresses(text).into_iter().map(|(address, _)| address).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }
}
