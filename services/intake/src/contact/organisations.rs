//! Whether some characters name an organisation, and where its name ends and a person's begins.

use super::names;
use crate::wording::{self, is_han};

/// Endings that make an organisation by themselves.
const STRONG: &str = "财政局 财政厅 财政部 财政所 财政分局 税务局 审计局 总局 分局 支局 局 厅 委员会 管委会 委 中心 学院 大学 党校 公司 研究院 研究所 \
研究中心 研究会 办公室 办公厅 政府 银行 支行 分行 总行 报社 杂志社 出版社 通讯社 电视台 融媒体中心 学校 中学 小学 幼儿园 医院 集团 协会 学会 商会 联合会 \
基金会 事务所 合作社 总队 支队 大队 街道 街道办 街道办事处 办事处 管理处 村委会 居委会 监管局 宣传部 组织部 园区 海关 法院 检察院 图书馆 博物馆 专员办 \
人大 政协 总工会 工会 团委 党委 课题组 工作室 专班";

/// Endings of a part of an organisation: they count only behind a strong one, or behind a place.
const WEAK: &str = "司 处 科 室 股 所 站 部 院 社 队 组 党支部 支部 镇 乡";

/// What cannot stand in a name: words of sentences, and the house that the mail goes to.
const NEVER: &str = "的 了 是 把 您 我 你 们 请 将 被 让 就 也 更 一名 来自 基层 贵刊 编辑 各级 各地 全国各 学习 贯彻 落实 宣传贯彻 深化 加强 推进 推动 奋进 精神 体会 如何 附件 \
征稿 投稿 杂志社编 谢谢 您好 进一步 某某 某局 某市 某县 某省 xx ×× 中国财政杂志社";

/// Words before an organisation that are no part of its name.
const LEADS: [&str; 22] = [
    "作者单位",
    "工作单位",
    "供稿单位",
    "单位",
    "来自于",
    "来自",
    "就职于",
    "供职于",
    "任职于",
    "现任",
    "作者系",
    "作者为",
    "均系",
    "现就职于",
    "供稿",
    "作者",
    "记",
    "由",
    "系",
    "在",
    "于",
    "致",
];

/// At most this many characters: 中华人民共和国财政部驻…财政监察专员办事处 has thirty.
const CHARACTERS_MAX: usize = 40;

/// An organisation without the words before it; none if it does not end like one.
#[must_use]
pub(super) fn organisation(text: &str) -> Option<String> {
    let text = trim(text);
    let length = text.chars().count();
    if !(3..=CHARACTERS_MAX).contains(&length) || !looks_sound(text) {
        return None;
    }
    let proper = length >= 4 || matches!(text, "财政部" | "财政厅" | "财政局" | "教育部" | "国务院" | "新华社");
    (proper && ends_like_one(text)).then(|| text.to_owned())
}

/// What stands behind a label of organisations: anything of two characters or more that does not say “none”.
#[must_use]
pub(super) fn labelled(text: &str) -> Option<String> {
    let text = trim(text);
    let han = text.chars().filter(|c| is_han(*c)).count();
    let nothing = [
        "见附件",
        "详见",
        "同上",
        "待定",
        "暂无",
        "如下",
        "附后",
        "见下",
        "名称",
        "地址",
        "电话",
        "姓名",
        "意见",
        "盖章",
    ];
    let sound = (2..=CHARACTERS_MAX).contains(&text.chars().count())
        && han >= 2
        && !nothing.iter().any(|word| text.starts_with(word))
        && !wording::fold(text).contains("xx")
        && !text.contains('某')
        && !text.contains(['。', '?', '!', '@']);
    (sound && names::name(text).is_none_or(|_| ends_like_one(text))).then(|| text.to_owned())
}

/// Splits 湖州市财政局预算科张三 into the organisation and the person.
#[must_use]
pub(super) fn with_person(text: &str) -> Option<(String, String)> {
    let text = trim(text);
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    [3, 2, 4].into_iter().find_map(|length| {
        let at = *ends.get(ends.len().checked_sub(length)?)?;
        let organisation = organisation(&text[..at])?;
        let name = names::name(&text[at..])?;
        Some((organisation, name))
    })
}

fn trim(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    let closes = |c: char| c == ')' && text.contains('(');
    let mut text = text.trim_end_matches(|c: char| !c.is_alphanumeric() && !closes(c));
    for title in ["供稿", "报送", "选送", "推荐", "投稿"].into_iter().chain(names::TITLES) {
        text = text.strip_suffix(title).filter(|rest| rest.chars().count() >= 4).unwrap_or(text);
    }
    while let Some(rest) =
        LEADS.iter().find_map(|lead| text.strip_prefix(lead)).filter(|rest| rest.chars().count() >= 3)
    {
        text = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
    }
    text
}

fn looks_sound(text: &str) -> bool {
    let folded = wording::fold(text);
    text.chars().filter(|c| is_han(*c)).count() >= 3
        && text.matches('(').count() == text.matches(')').count()
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '(' | ')' | '·' | '-' | ' '))
        && !NEVER.split_ascii_whitespace().any(|word| folded.contains(word))
}

fn ends_like_one(text: &str) -> bool {
    let text = &wording::fold(text);
    let text =
        text.strip_suffix(')').and_then(|text| text.rsplit_once('(')).map_or(text.as_str(), |(before, _)| before);
    if STRONG.split_ascii_whitespace().any(|ending| text.ends_with(ending)) {
        return true;
    }
    WEAK.split_ascii_whitespace().filter_map(|ending| text.strip_suffix(ending)).any(|before| {
        STRONG.split_ascii_whitespace().any(|strong| before.contains(strong))
            || before.contains(['省', '市', '县', '区', '州', '盟', '旗'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisations_are_known_by_their_ending() {
        for text in [
            "浙江省财政厅",
            "湖州市财政局",
            "财政部",
            "中国财政科学研究院",
            "浙江大学公共政策研究院",
            "安吉县孝丰镇人民政府",
            "湖州市财政局预算科",
            "杭州市余杭区财政局",
            "财政部浙江监管局",
            "温岭市国库支付中心",
            "中央财经大学",
            "中国工商银行湖州分行",
            "浙江省财政厅(预算处)",
        ] {
            assert_eq!(organisation(text).as_deref(), Some(text));
        }
        for text in [
            "",
            "局",
            "我局",
            "您单位",
            "奋进新征程",
            "学习贯彻精神的体会",
            "各级财政部门",
            "张三",
            "《中国财政》编辑部",
            "致中国财政杂志社",
        ] {
            assert_eq!(organisation(text), None, "{text}");
        }
        assert_eq!(organisation("作者单位:浙江省财政厅").as_deref(), Some("浙江省财政厅"));
    }

    #[test]
    fn a_person_behind_an_organisation_is_split_off() {
        for (text, expected) in [
            ("湖州市财政局张三", Some(("湖州市财政局", "张三"))),
            ("湖州市财政局预算科王小明", Some(("湖州市财政局预算科", "王小明"))),
            ("湖州市财政局欧阳小明", Some(("湖州市财政局", "欧阳小明"))),
            ("湖州市财政局", None),
            ("湖州市财政局办公室", None),
            ("湖州市财政局党委", None),
        ] {
            let expected = expected.map(|(left, right)| (left.to_owned(), right.to_owned()));
            assert_eq!(with_person(text), expected, "{text}");
        }
    }
}
