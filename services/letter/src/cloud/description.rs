//! Reads what a card says of its file: `NAME.mp4 (3.61M, 2022年11月25日 13:35 到期)`.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use stdx::beijing;

/// Descriptions of one page.
const DESCRIPTIONS_MAX: usize = 500;
/// Characters of a name.
const NAME_CHARACTERS_MAX: usize = 255;
/// Bytes before the brackets in which the name is looked for.
const NEAR_BYTES: usize = 2048;
/// Bytes between the brackets.
const BRACKETS_BYTES_MAX: usize = 120;

/// What a card says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Description {
    /// Where the brackets open.
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) size_bytes: u64,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

/// The descriptions of a page, in order.
pub(super) fn descriptions(text: &str) -> Vec<Description> {
    let mut found = Vec::new();
    for (at, bracket) in text.match_indices(['(', '（']) {
        let inner = &text[at + bracket.len()..];
        let inner = &inner[..inner.floor_char_boundary(BRACKETS_BYTES_MAX)];
        let Some((inner, _)) = inner.split_once([')', '）']) else { continue };
        let (size, rest) = inner.split_once([',', '，']).unwrap_or((inner, ""));
        let Some(size_bytes) = size_bytes(size) else { continue };
        let name = name_before(&text[..at]);
        if name.is_empty() {
            continue;
        }
        found.push(Description { at, name, size_bytes, expires_at: expires_at(rest) });
        if found.len() == DESCRIPTIONS_MAX {
            break;
        }
    }
    found
}

/// The name stands before the brackets, or alone on the line above.
fn name_before(text: &str) -> String {
    let near = &text[text.ceil_char_boundary(text.len().saturating_sub(NEAR_BYTES))..];
    let line = near.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let length = line.chars().count();
    line.chars().skip(length.saturating_sub(NAME_CHARACTERS_MAX)).collect()
}

/// The name in the words with which a network disk shares a file, before its link: `通过网盘分享的文件：片.mp4`,
/// `我用阿里云盘分享了「片.mp4」`.
pub(super) fn shared_before(text: &str) -> Option<String> {
    let near = &text[text.ceil_char_boundary(text.len().saturating_sub(NEAR_BYTES))..];
    // The words stand on the line of the link or on the one above.
    let start = near.rmatch_indices('\n').nth(1).map_or(0, |(at, _)| at);
    let near = &near[start..];
    let named = ["分享的文件：", "分享的文件:"].iter().find_map(|mark| near.rsplit_once(mark)).map(|(_, rest)| rest);
    let named = named.map(|rest| rest.split(['\n', '\r']).next().unwrap_or_default());
    let name = named.or_else(|| Some(near.rsplit_once("分享了「")?.1.split_once('」')?.0))?;
    let name: String = name.trim().chars().take(NAME_CHARACTERS_MAX).collect();
    (!name.is_empty() && !name.contains("://")).then_some(name)
}

/// A size in units of 1024: `3.61M`, `1.2G`, `860 KB`.
fn size_bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_uppercase();
    let text = text.strip_suffix('B').unwrap_or(&text);
    let (number, unit) = match text.char_indices().next_back()? {
        (at, 'K') => (&text[..at], 10),
        (at, 'M') => (&text[..at], 20),
        (at, 'G') => (&text[..at], 30),
        _ => return None,
    };
    let number = number.trim();
    if number.len() > 12 || !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    Some((value * (1u64 << unit) as f64).round() as u64)
}

/// `2022年11月25日 13:35 到期`, in Beijing; without an hour the day's end.
fn expires_at(text: &str) -> Option<DateTime<Utc>> {
    let (text, _) = text.split_once("到期")?;
    let (year, rest) = text.split_once('年')?;
    let (month, rest) = rest.split_once('月')?;
    let (day, rest) = rest.split_once('日')?;
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let day = NaiveDate::from_ymd_opt(i32::try_from(number(year)?).ok()?, number(month)?, number(day)?)?;
    match rest.trim().split_once([':', '：']) {
        None => Some(beijing::day_end(day)),
        Some((hour, rest)) => {
            let minute = rest.split([':', '：', ' ']).next()?;
            let (hour, minute) =
                (number(hour).filter(|hour| *hour < 24)?, number(minute).filter(|minute| *minute < 60)?);
            Some(beijing::day_start(day) + TimeDelta::minutes(i64::from(hour * 60 + minute)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_file_is_named_before_its_link() {
        for (text, name) in [
            ("通过网盘分享的文件：片.mp4\n链接: ", Some("片.mp4")),
            ("您好\n通过百度网盘分享的文件: 我的 片.mp4\r\n链接：", Some("我的 片.mp4")),
            ("我用阿里云盘分享了「片.mp4」，你可以不限速下载\n链接：", Some("片.mp4")),
            ("通过网盘分享的文件：片.mp4\n\n\n链接: ", None),
            ("链接：", None),
            ("", None),
        ] {
            assert_eq!(shared_before(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn a_card_says_name_size_and_last_minute() {
        let mb = |value: f64| (value * 1024.0 * 1024.0).round() as u64;
        let utc = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        let cases: [(&str, &str, u64, Option<DateTime<Utc>>); 7] = [
            ("微视频.mp4 (3.61M, 2022年11月25日 13:35 到期)", "微视频.mp4", mb(3.61), utc("2022-11-25T05:35:00Z")),
            ("a b.mp4(80.96M, 2026年8月17日 0:49 到期)", "a b.mp4", mb(80.96), utc("2026-08-16T16:49:00Z")),
            ("大片.mov（1.2G，2023年4月30日 到期）", "大片.mov", mb(1.2 * 1024.0), utc("2023-04-30T16:00:00Z")),
            (
                "名字.mp4\n(128.03M, 2020年11月27日 21:59 到期)进入下载页面",
                "名字.mp4",
                mb(128.03),
                utc("2020-11-27T13:59:00Z"),
            ),
            ("照片(1).zip (860 KB, 无限期)", "照片(1).zip", 860 * 1024, None),
            ("片.mp4 (5MB)", "片.mp4", mb(5.0), None),
            ("片.mp4 (5M, 2022年13月45日 到期)", "片.mp4", mb(5.0), None),
        ];
        for (text, name, size_bytes, expires_at) in cases {
            let at = text.rfind(['(', '（']).unwrap();
            assert_eq!(
                descriptions(text),
                [Description { at, name: name.to_owned(), size_bytes, expires_at }],
                "{text}"
            );
        }
        for text in
            ["(3.61M, 2022年11月25日 13:35 到期)", "增长 (3.2%)", "a (M)", "a (1.2.3M)", "见(附件)", "a ((((", "（"]
        {
            assert_eq!(descriptions(text), [], "{text}");
        }
    }
}
