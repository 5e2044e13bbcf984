//! By-lines, signatures, sentences and titles: words that stand beside each other and tell each other's kind.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{Reading, Sign, Sort, Source, names, organisations};
use crate::wording::is_han;

/// A line with more characters is a sentence.
const LINE_MAX: usize = 80;

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name(String),
    Organisation(String),
    /// 湖州市财政局张三.
    Both(String, String),
    /// A phone or mail address.
    Number,
    /// A date, a title, a department, a closing formula: says nothing for or against.
    Noise,
    Other,
}

/// A word of a line.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) range: Range<usize>,
}

static NOISE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:[\d年月日.-]+|二[〇○零][一二三四五六七八九〇○零]{2}年.*|男|女|汉族?|敬上|谨上|敬呈|此致|敬礼|顺颂|编祺|撰稿|供稿|摄影?|图文?|文|课题组|执笔|作者|投稿|主题征稿|",
        r"\p{Han}{0,6}(?:局长|处长|科长|主任|书记|科员|厅长|院长|所长|股长|部长|教授|博士|硕士|研究员|会计师|干部|职员|副?调研员)|\p{Han}{1,8}(?:处|科|室|股|部))$"
    ))
    .expect("a pattern of our own")
});

/// Parts a stretch of folded text into words; a name written with spaces inside (王　强) is one word.
pub(super) fn words(text: &str, stretch: Range<usize>, numbers: &[Range<usize>]) -> Vec<Word> {
    const MARKS: &str = ",;、/|:()<>[]{}【】《》“”\"'。!?~*#+=_—…□■◇◆○◎△▲▽▼☆★※";
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    for (at, character) in text[stretch.clone()].char_indices().map(|(at, c)| (stretch.start + at, c)) {
        // A hyphen or dot joins digits and Latin letters only.
        let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let hyphen = matches!(character, '-' | '.')
            && !(latin(text[..at].chars().next_back()) && latin(text[at + 1..].chars().next()));
        let inside = !character.is_whitespace() && !MARKS.contains(character) && !hyphen;
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                pieces.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    pieces.extend(start.map(|from| from..stretch.end));
    join_spaced(text, pieces)
        .into_iter()
        .flat_map(|range| split_pair(text, range))
        .map(|range| {
            // 温 馨: nobody parts the characters of a word.
            let is_parted = text[range.clone()].contains(' ');
            let numbered = numbers.iter().any(|number| number.start < range.end && range.start < number.end);
            let text: String = text[range.clone()].split_whitespace().collect();
            let kind = match () {
                () if numbered => Kind::Number,
                () if is_parted && names::is_namesake(&text) => Kind::Name(text.clone()),
                () => kind(&text),
            };
            Word { kind, text, range }
        })
        .collect()
}

fn kind(text: &str) -> Kind {
    if let Some(organisation) = organisations::organisation(text) {
        return Kind::Organisation(organisation);
    }
    if let Some(name) = names::name(text) {
        return Kind::Name(name);
    }
    if NOISE.is_match(text) {
        return Kind::Noise;
    }
    if let Some((organisation, name)) = organisations::with_person(text) {
        return Kind::Both(organisation, name);
    }
    Kind::Other
}

/// Joins 王 + 强, 欧阳 + 修, 张 + 小明 where only spaces part them.
fn join_spaced(text: &str, pieces: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let length = |range: &Range<usize>| {
        let piece = &text[range.clone()];
        if piece.chars().all(is_han) { piece.chars().count() } else { usize::MAX }
    };
    let near = |left: &Range<usize>, right: &Range<usize>| {
        let gap = &text[left.end..right.start];
        gap.chars().count() <= 4 && gap.chars().all(|c| c == ' ')
    };
    let mut joined: Vec<Range<usize>> = Vec::new();
    let mut index = 0;
    while index < pieces.len() {
        let first = &pieces[index];
        let starts = length(first) <= 2 && names::is_surname(&text[first.clone()]);
        let run = pieces[index + 1..].iter().scan(first, |left, right| {
            let goes_on = near(left, right) && length(right) == 1;
            *left = right;
            goes_on.then_some(())
        });
        let taken = match (starts, run.count()) {
            (false, _) => 0,
            // 王 小 强, but 王 强 李 丽 are two.
            (true, 2) => 2,
            (true, 1..) => 1,
            (true, 0) => usize::from(pieces.get(index + 1).is_some_and(|next| {
                // 褚 红梅, but 文 张三 are a label and a name.
                let given = &text[next.clone()];
                let is_given = names::name(given).is_none() || !names::begins_commonly(given);
                near(first, next) && length(next) == 2 && is_given && &text[first.clone()] != "文"
            })),
        };
        joined.push(first.start..pieces[index + taken].end);
        index += taken + 1;
    }
    joined
}

/// 张三和李四.
fn split_pair(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let word = &text[range.clone()];
    if (5..=9).contains(&word.chars().count()) {
        for (at, mark) in word.char_indices().filter(|(_, c)| matches!(c, '和' | '与' | '及')) {
            let (left, right) = (&word[..at], &word[at + mark.len_utf8()..]);
            if names::name(left).is_some() && names::name(right).is_some() {
                return vec![range.start..range.start + at, range.start + at + mark.len_utf8()..range.end];
            }
        }
    }
    vec![range]
}

/// Reads by-lines and signatures: short lines of names, organisations and numbers.
pub(super) fn read(text: &str, source: Source, taken: &[Range<usize>], numbers: &[Reading]) -> Vec<Reading> {
    let numbers: Vec<Range<usize>> = numbers.iter().map(|number| number.range.clone()).collect();
    let mut at = 0;
    let mut lines: Vec<Range<usize>> = Vec::new();
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            lines.push(at + last_words(line.trim_end())..at + line.trim_end().len());
        }
        at += line.len();
    }
    let (head, tail) = if source == Source::Body { (30, 30) } else { (12, 12) };
    let count = lines.len();
    let mut read: Vec<Vec<Word>> = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        if index >= head && index + tail < count {
            continue;
        }
        read.push(if is_signature(&text[line.clone()]) { unlabelled(text, line, taken, &numbers) } else { Vec::new() });
    }
    let strong: Vec<bool> = read.iter().map(|words| has(words, is_anchor)).collect();
    let total = read.len();
    let mut readings = Vec::new();
    for (index, words) in read.iter().enumerate() {
        let others = words.iter().filter(|word| word.kind == Kind::Other).count();
        if words.is_empty() || others * 2 > words.len() {
            continue;
        }
        let numbered = has(words, |kind| *kind == Kind::Number);
        let named = has(words, |kind| matches!(kind, Kind::Name(_) | Kind::Both(..)));
        let near = |distance: usize| {
            (index.saturating_sub(distance)..(index + distance + 1).min(total))
                .any(|other| other != index && strong[other])
        };
        let labelled_near = || {
            taken.iter().any(|label| {
                words.first().is_some_and(|word| {
                    label.end <= word.range.start && text[label.end..word.range.start].matches('\n').count() <= 2
                })
            })
        };
        // A name alone is believed beside an organisation or a number, below a title, or as the last words.
        let alone = others == 0
            && (near(2)
                || labelled_near()
                || (source == Source::Document && (1..5).contains(&index))
                || index + 3 >= total);
        let believed = named && (strong[index] || alone);
        for word in words {
            let mut add = |sort, value: &String| {
                readings.push(Reading { sort, sign: Sign::Line, value: value.clone(), range: word.range.clone() })
            };
            match &word.kind {
                Kind::Name(name) if believed => add(Sort::Name, name),
                Kind::Organisation(value) if believed || others == 0 || numbered => add(Sort::Organisation, value),
                Kind::Both(organisation, name) => {
                    add(Sort::Organisation, organisation);
                    add(Sort::Name, name);
                }
                _ => {}
            }
        }
    }
    readings
}

fn has(words: &[Word], matches: impl Fn(&Kind) -> bool) -> bool {
    words.iter().any(|word| matches(&word.kind))
}

fn is_anchor(kind: &Kind) -> bool {
    matches!(kind, Kind::Organisation(_) | Kind::Both(..) | Kind::Number)
}

/// Where a paragraph's last words begin, for a signature may stand behind its last full stop.
fn last_words(line: &str) -> usize {
    if line.chars().count() <= LINE_MAX / 2 {
        return 0;
    }
    line.trim_end_matches('。').rfind('。').map_or(0, |at| at + '。'.len_utf8())
}

/// Neither a sentence nor an address to somebody.
fn is_signature(line: &str) -> bool {
    let line = line.trim();
    line.chars().count() <= LINE_MAX
        && !line.ends_with([':', '?', '!', ';'])
        && !["您好", "你好", "尊敬的", "敬爱的", "老师们", "编辑同志"].iter().any(|word| line.contains(word))
        && line.chars().filter(|c| matches!(c, '。' | ',')).count() <= 6
}

/// The words of a line without the labels and values that were read before.
fn unlabelled(text: &str, line: Range<usize>, taken: &[Range<usize>], numbers: &[Range<usize>]) -> Vec<Word> {
    let mut words = words(text, line, numbers);
    words.retain(|word| !taken.iter().any(|range| range.start < word.range.end && word.range.start < range.end));
    words
}

/// Reads 我是湖州市财政局的张三, 我叫张三，来自…, 作者系浙江省财政厅预算处处长.
pub(super) fn sentences(text: &str) -> Vec<Reading> {
    static PERSON: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?:我是|我叫|我系|本人是|本人系|本人叫|本人名叫|本人|这里是|我名叫|[,;。 ]名?叫|(?:作者|联系人|撰稿人|执笔人)(?:是|为|系|均为)|(?:^|[,;。!\s(])(?:稿件)?(?:作者|联系人|撰稿人|执笔人|供稿人)(?:是|为|系|均为)?)[ ,:]?(?:来自)?((?:\p{Han}|·){2,40}?)(?:[,。;!\s()、]|现将?|来自|系|在|向|有|就|于|最近|$)",
        )
        .expect("a pattern of our own")
    });
    static ORGANISATION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:作者系|作者为|作者均系|作者单位系|作者单位为|来自|就职于|供职于|任职于|现任职于|工作于|作者现任|在|是|我(?:局|厅|处|所|校|院|中心|单位)\()((?:\p{Han}|\(|\)){3,40}?)(?:的|工作|任职|[,。;!\s)]|$)")
            .expect("a pattern of our own")
    });
    let mut readings = Vec::new();
    let mut add = |sort, value: String, range: Range<usize>| {
        readings.push(Reading { sort, sign: Sign::Sentence, value, range });
    };
    let mut at = 0;
    for _ in 0..40 {
        let Some(said) = PERSON.captures_at(text, at).and_then(|found| found.get(1)) else { break };
        // What ends one saying may begin the next.
        at = said.end();
        if let Some((organisation, name)) = said
            .as_str()
            .split_once('的')
            .and_then(|(left, right)| Some((organisations::organisation(left), names::name(right)?)))
        {
            add(Sort::Name, name, said.range());
            if let Some(organisation) = organisation {
                add(Sort::Organisation, organisation, said.range());
            }
            continue;
        }
        match kind(said.as_str()) {
            _ if names::is_namesake(said.as_str()) => add(Sort::Name, said.as_str().to_owned(), said.range()),
            Kind::Name(name) => add(Sort::Name, name, said.range()),
            Kind::Organisation(organisation) => add(Sort::Organisation, organisation, said.range()),
            Kind::Both(organisation, name) => {
                add(Sort::Organisation, organisation, said.range());
                add(Sort::Name, name, said.range());
            }
            _ => {}
        }
    }
    for found in ORGANISATION.captures_iter(text).take(20) {
        // “在…” and “来自…” say something of the sender only near his own words.
        let Some(said) = found.get(1) else { continue };
        let line = text[..found.get(0).map_or(0, |whole| whole.start())].rsplit('\n').next().unwrap_or_default();
        let of_sender =
            !found[0].starts_with(['在', '来', '是']) || ["我", "本人", "作者"].iter().any(|word| line.contains(word));
        if of_sender && let Some(organisation) = organisations::organisation(said.as_str()) {
            add(Sort::Organisation, organisation, said.range());
        }
    }
    readings
}

/// Reads a subject, a file name or a display name. A name is believed beside an organisation, or at either end of a title
/// of several words; a display name may be nothing but a name.
pub(super) fn title(text: &str, source: Source) -> Vec<Reading> {
    let text = text.replace(['-', '_', '&', '.'], " ");
    let words = words(&text, 0..text.len(), &[]);
    let organised = has(&words, |kind| matches!(kind, Kind::Organisation(_) | Kind::Both(..)));
    let mut readings = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let edge = index == 0 || index + 1 == words.len();
        let believed = match source {
            Source::From => words.len() <= 3,
            _ => organised || (edge && words.len() > 1),
        };
        let mut add = |sort, value: &String| {
            readings.push(Reading { sort, sign: Sign::Line, value: value.clone(), range: word.range.clone() });
        };
        match &word.kind {
            Kind::Name(name) if believed => add(Sort::Name, name),
            Kind::Organisation(organisation) => add(Sort::Organisation, organisation),
            Kind::Both(organisation, name) => {
                add(Sort::Organisation, organisation);
                add(Sort::Name, name);
            }
            _ => {}
        }
    }
    readings
}
