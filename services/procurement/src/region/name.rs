//! Names of divisions as people write them: with or without their rank, with or without the names above.

use super::Region;

// Peoples named in autonomous divisions, longest first where one ends another.
const PEOPLES: &[&str] = &[
    "柯尔克孜",
    "维吾尔",
    "哈萨克",
    "蒙古族",
    "土家族",
    "朝鲜族",
    "布依族",
    "哈尼族",
    "景颇族",
    "傈僳族",
    "壮族",
    "回族",
    "藏族",
    "羌族",
    "彝族",
    "苗族",
    "侗族",
    "傣族",
    "白族",
    "畲族",
    "黎族",
    "满族",
    "瑶族",
    "蒙古",
];

/// The name without its rank: 浙江 for 浙江省, 恩施 for 恩施土家族苗族自治州. Never shorter than two characters.
#[must_use]
pub fn short_name(name: &str) -> &str {
    let shorter = |text: &'_ str, suffix: &str| {
        let kept = text.len().checked_sub(suffix.len())?;
        (text.ends_with(suffix) && text[..kept].chars().count() >= 2).then_some(kept)
    };
    for rank in ["自治区", "自治州", "自治县"] {
        if let Some(kept) = shorter(name, rank) {
            let mut text = &name[..kept];
            while let Some(kept) = PEOPLES.iter().find_map(|people| shorter(text, people)) {
                text = &text[..kept];
            }
            return text;
        }
    }
    ["特别行政区", "地区", "林区", "省", "市", "区", "县", "盟", "街道", "镇", "乡"]
        .iter()
        .find_map(|rank| shorter(name, rank))
        .map_or(name, |kept| &name[..kept])
}

/// Whether a text is a row of names of the given regions (nearest first), each at most once and the widest first.
pub(super) fn is_path(text: &str, above: &[&Region]) -> bool {
    if text.is_empty() {
        return true;
    }
    above.iter().enumerate().any(|(index, region)| {
        [region.name.as_str(), region.short_name()]
            .iter()
            .any(|name| text.strip_suffix(name).is_some_and(|rest| is_path(rest, &above[index + 1..])))
    })
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn a_short_name_is_the_name_without_rank_and_peoples() {
        for (name, short) in [
            ("浙江省", "浙江"),
            ("内蒙古自治区", "内蒙古"),
            ("广西壮族自治区", "广西"),
            ("新疆维吾尔自治区", "新疆"),
            ("香港特别行政区", "香港"),
            ("海西蒙古族藏族自治州", "海西"),
            ("克孜勒苏柯尔克孜自治州", "克孜勒苏"),
            ("巴音郭楞蒙古自治州", "巴音郭楞"),
            ("景宁畲族自治县", "景宁"),
            ("阿里地区", "阿里"),
            ("锡林郭勒盟", "锡林郭勒"),
            ("神农架林区", "神农架"),
            ("孝丰镇", "孝丰"),
            ("全国", "全国"),
        ] {
            assert_eq!(short_name(name), short, "{name}");
        }
    }
}
