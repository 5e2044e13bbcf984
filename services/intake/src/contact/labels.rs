//! Labels (姓名：…) and what stands behind them: on the line, in the next cell of a table, on the next line.

use std::{ops::Range, sync::LazyLock};

use regex::{Match, Regex};

use super::{
    Reading, Sign, Sort,
    lines::{Kind, Word, words},
    names, organisations,
};
use crate::wording;

/// Characters that a value behind a label may have.
const VALUE_MAX: usize = 120;

/// Labels that are read; a text with more is no letter.
const LABELS_MAX: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Name,
    Organisation,
    /// Both may follow: 联系方式：张三 138…
    Either,
    /// Ends the value before it, nothing more: 电话, 邮箱, 标题.
    Nothing,
}

/// What the labels of a text say.
#[derive(Debug, Default)]
pub(super) struct Labels {
    pub(super) readings: Vec<Reading>,
    /// Where labels and their values stand, so that lines are not read twice.
    pub(super) taken: Vec<Range<usize>>,
}

const EITHER: &str = "作者姓名及单位 作者姓名和单位 联系人及联系方式 联系人和联系方式 联系人及联系电话 联系人及电话 联系人和电话 联系人联系方式 作者及联系方式 作者及单位 \
作者和单位 作者、单位 单位及姓名 单位和姓名 单位、姓名 姓名及单位 姓名和单位 姓名、单位 作者联系方式 作者基本信息 作者信息 作者简介 作者介绍 投稿人信息 个人信息 个人简介 \
联系信息 联系方式";

const NAME: &str = "第一作者 第二作者 第三作者 通讯作者 通信作者 本文作者 文章作者 作者姓名 作者名字 联系人姓名 投稿人姓名 投稿作者 稿件作者 作品作者 真实姓名 联系人 联络人 \
撰稿人 撰写人 撰稿 撰文 执笔人 执笔 供稿人 供稿 投稿人 通讯员 信息员 联络员 报送人 供稿人 推荐人 署名 经办人 填报人 填表人 课题组成员 课题负责人 主创人员 拍摄者 摄影 导演 编导 编剧 制作人 作者 姓名 文/ 文|";

const ORGANISATION: &str = "作者单位及职务 工作单位及职务 工作单位及职称 工作单位和职务 所在单位及职务 单位及职务 单位及职称 单位和职务 单位职务 单位/部门 单位及部门 \
作者工作单位 作者所在单位 工作单位 作者单位 所在单位 供稿单位 报送单位 投稿单位 选送单位 推荐单位 所属单位 制作单位 出品单位 单位名称 单位全称 \
单位 机构名称";

const NOTHING: &str = "办公电话 联系电话 移动电话 固定电话 电话号码 手机号码 手机号 手机 电话 座机 传真 电子邮箱 电子邮件 电子信箱 邮箱地址 邮箱 邮件 通讯地址 通信地址 联系地址 \
地址 邮政编码 邮编 职务职称 职务 职称 性别 民族 出生年月 学历 身份证号码 身份证号 开户行 银行卡号 银行账号 qq号 qq 微信号 微信 稿件题目 稿件名称 作品名称 文章题目 题目 标题 \
内容类别 稿件类别 类别 视频简介 作品简介 内容简介 简介 日期 指导老师 编辑 审核 来源 e-mail email telephone tel phone mobile mob";

/// What a label's word asks for.
fn asked(word: &str) -> Asked {
    let listed = |words: &str| words.split_whitespace().any(|known| known == word);
    match () {
        () if listed(EITHER) => Asked::Either,
        () if listed(NAME) => Asked::Name,
        () if listed(ORGANISATION) => Asked::Organisation,
        () => Asked::Nothing,
    }
}

/// Every label, the longest first, for the first that fits is taken. Spaces may part the characters (姓　名).
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    let mut words: Vec<&str> =
        [EITHER, NAME, ORGANISATION, NOTHING].iter().flat_map(|words| words.split_whitespace()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    let spaced = |word: &&str| word.chars().map(wording::any_script).collect::<Vec<_>>().join(" {0,4}");
    Regex::new(&format!("(?i){}", words.iter().map(spaced).collect::<Vec<_>>().join("|")))
        .expect("a pattern of our own")
});

struct Label {
    asked: Asked,
    /// Of the label with its separator.
    range: Range<usize>,
    /// Whether a colon parts it from its value, or only space.
    colon: bool,
    /// 姓名 itself: a value that is no name of Han custom is believed.
    plain: bool,
}

/// Reads every label of a folded text.
pub(super) fn read(text: &str) -> Labels {
    let found: Vec<Label> = LABEL.find_iter(text).take(LABELS_MAX).filter_map(|found| label(text, &found)).collect();
    let mut labels = Labels::default();
    for (index, label) in found.iter().enumerate() {
        let limit = found.get(index + 1).map_or(text.len(), |next| next.range.start);
        let value = value(text, label, limit);
        labels
            .taken
            .push(label.range.start..label.range.end.max(if label.asked == Asked::Nothing { 0 } else { value.end }));
        let words = words(text, value.clone(), &[]);
        match label.asked {
            Asked::Name => person(&mut labels.readings, label, &words),
            Asked::Organisation => organisation(&mut labels.readings, text, value, &words),
            Asked::Either => either(&mut labels.readings, &words),
            Asked::Nothing => {}
        }
    }
    labels
}

fn label(text: &str, whole: &Match<'_>) -> Option<Label> {
    let word = wording::fold(&whole.as_str().replace(' ', ""));
    let asked = asked(&word);
    let before = text[..whole.start()].chars().next_back();
    let leads = ["补充", "更正", "现补充", "本人", "我的"];
    let is_led = leads.iter().any(|lead| {
        let rest = text[..whole.start()].strip_suffix(lead);
        rest.is_some_and(|rest| !rest.ends_with(wording::is_han))
    });
    if before.is_some_and(|c| c.is_alphabetic()) && !is_led {
        return None;
    }
    let after = &text[whole.end()..];
    let mut rest = after.trim_start_matches(' ');
    // 单位名称, 作者1, 联系人二
    for suffix in ["名称", "全称", "1", "2", "3", "一", "二", "三"] {
        rest = rest.strip_prefix(suffix).unwrap_or(rest).trim_start_matches(' ');
    }
    let spaced = rest.len() < after.len() && after.starts_with(' ');
    if let Some((note, behind)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'))
        && note.chars().count() <= 12
        && !note.contains('\n')
    {
        rest = behind.trim_start_matches(' ');
    }
    let slash = whole.as_str().ends_with(['/', '|']);
    let closed = rest.strip_prefix([']', '】', '>', '》']).map(|rest| rest.trim_start_matches(' '));
    let colon = rest.strip_prefix([':', '=', '|']).or(closed).or(slash.then_some(rest));
    let space = rest.is_empty() || spaced || rest.starts_with(['\n', '\t', '|', '\r']);
    let starts = before.is_none_or(|c| matches!(c, '\n' | '\t' | '|' | '【' | '['))
        || text[..whole.start()].ends_with("  ")
        || text[..whole.start()].rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
    let end = text.len() - colon.unwrap_or(rest).len();
    (colon.is_some() || (space && starts && asked != Asked::Either)).then(|| Label {
        asked,
        range: whole.start()..end,
        colon: colon.is_some(),
        plain: ["姓名", "作者姓名", "联系人姓名", "联系人", "作者"].contains(&word.as_str()),
    })
}

/// From behind the label to the end of the line, cell or parenthesis; when nothing is there, the next cell or line.
fn value(text: &str, label: &Label, limit: usize) -> Range<usize> {
    let blank = &text[label.range.end..limit];
    let lead: usize = blank.chars().take_while(|c| c.is_whitespace() || *c == '|').map(char::len_utf8).sum();
    let empty = label.range.end..label.range.end;
    if blank[..lead].matches('\n').count() > 2 {
        return empty;
    }
    let start = label.range.end + lead;
    let mut open = 0_u32;
    let mut end = start;
    for character in text[start..limit].chars().take(VALUE_MAX) {
        match character {
            '\n' | '\t' | '|' | '。' | '】' => break,
            '(' => open += 1,
            ')' if open == 0 => break,
            ')' => open -= 1,
            _ => {}
        }
        end += character.len_utf8();
    }
    start..end
}

fn person(readings: &mut Vec<Reading>, label: &Label, words: &[Word]) {
    let before = readings.len();
    let mut names_go_on = true;
    for word in words.iter().take(16) {
        match &word.kind {
            Kind::Name(name) if names_go_on => readings.push(reading(Sort::Name, name, word)),
            Kind::Organisation(value) => readings.push(reading(Sort::Organisation, value, word)),
            Kind::Both(organisation, name) => {
                readings.push(reading(Sort::Organisation, organisation, word));
                if names_go_on {
                    readings.push(reading(Sort::Name, name, word));
                }
            }
            // 张三，男，…: what follows is told of him.
            Kind::Noise if !["男", "女"].contains(&word.text.as_str()) => {}
            _ => names_go_on = false,
        }
    }
    if readings.len() == before
        && label.plain
        && label.colon
        && let Some((word, name)) = words.first().and_then(|word| Some((word, names::labelled(&word.text)?)))
    {
        readings.push(reading(Sort::Name, &name, word));
    }
}

fn organisation(readings: &mut Vec<Reading>, text: &str, value: Range<usize>, words: &[Word]) {
    let before = readings.len();
    for word in words.iter().take(16) {
        match &word.kind {
            Kind::Organisation(value) => readings.push(reading(Sort::Organisation, value, word)),
            Kind::Both(organisation, name) => {
                readings.push(reading(Sort::Organisation, organisation, word));
                readings.push(reading(Sort::Name, name, word));
            }
            Kind::Name(name) if readings.len() > before => readings.push(reading(Sort::Name, name, word)),
            // 浙江省财政厅 预算处: a part of the organisation named just before.
            Kind::Noise => {
                if let Some(last) = readings[before..].last_mut().filter(|last| last.sort == Sort::Organisation)
                    && let Some(whole) = organisations::organisation(&format!("{}{}", last.value, word.text))
                {
                    last.value = whole;
                    last.range.end = word.range.end;
                }
            }
            _ => {}
        }
    }
    if readings.len() == before {
        let piece = text[value.clone()].split([',', ';', '、']).next().unwrap_or_default();
        if let Some(found) = organisations::labelled(piece) {
            let range = value.start..value.start + piece.len();
            readings.push(Reading { sort: Sort::Organisation, sign: Sign::Label, value: found, range });
        }
    }
}

fn either(readings: &mut Vec<Reading>, words: &[Word]) {
    for word in words.iter().take(16) {
        match &word.kind {
            Kind::Name(name) => readings.push(reading(Sort::Name, name, word)),
            Kind::Organisation(value) => readings.push(reading(Sort::Organisation, value, word)),
            Kind::Both(organisation, name) => {
                readings.push(reading(Sort::Organisation, organisation, word));
                readings.push(reading(Sort::Name, name, word));
            }
            _ => {}
        }
    }
}

fn reading(sort: Sort, value: &str, word: &Word) -> Reading {
    Reading { sort, sign: Sign::Label, value: value.to_owned(), range: word.range.clone() }
}
