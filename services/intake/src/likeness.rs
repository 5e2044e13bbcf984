//! Likeness (相似): whether two submissions say the same in nearly the same words.
//!
//! Texts are compared by their shingles, each run of five letters or ideographs (Broder 1997): the likeness of two texts
//! is the share of their shingles that both have (Jaccard). So that a new text need not be held against every older one,
//! a sketch of 128 minima stands for it, cut into 32 bands of 4: texts of a likeness of 0.6 share a band in 98.8 of 100
//! cases, of 0.8 always, of 0.2 in 5 (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, §3.4). Everything is
//! deterministic: a sketch is stored and compared with one that is made years later.

use unicode_normalization::UnicodeNormalization;

use crate::{
    letter::{Content, Letter},
    wording,
};

/// Bytes of a submission's texts that are looked at.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// Letters and ideographs of a shingle.
pub const SHINGLE: usize = 5;

/// Shingles below which a text says too little to be compared.
pub const SHINGLES_MIN: usize = 50;

/// The likeness from which an editor is told of it.
pub const SHOWN_MIN: f64 = 0.2;

/// Minima of a sketch.
pub const MINIMA: usize = 128;

/// Minima of a band.
const BAND: usize = 4;

/// What stands for a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// How many different shingles the text has.
    pub shingles: u32,
    /// [`MINIMA`] of them; none for a text that says too little.
    pub minima: Vec<u32>,
}

impl Sketch {
    /// Of shingles.
    #[must_use]
    pub fn of(shingles: &[u64]) -> Self {
        let count = u32::try_from(shingles.len()).unwrap_or(u32::MAX);
        if shingles.len() < SHINGLES_MIN {
            return Self { shingles: count, minima: Vec::new() };
        }
        let mut minima = vec![u32::MAX; MINIMA];
        let seeds: Vec<u64> = (1..=MINIMA as u64).map(mixed).collect();
        for shingle in shingles {
            for (minimum, seed) in minima.iter_mut().zip(&seeds) {
                // The upper half: it is the better mixed one.
                let value = (mixed(shingle ^ seed) >> 32) as u32;
                *minimum = value.min(*minimum);
            }
        }
        Self { shingles: count, minima }
    }

    /// A number a band; texts that share one are worth a closer look.
    #[must_use]
    pub fn bands(&self) -> Vec<i64> {
        let band = |(at, minima): (u64, &[u32])| {
            minima.iter().fold(mixed(at), |hash, minimum| mixed(hash ^ u64::from(*minimum))).cast_signed()
        };
        (0..).zip(self.minima.chunks(BAND)).map(band).collect()
    }
}

/// Spreads a number over all 64 bits (splitmix64, Vigna).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The paragraphs that are compared: documents in their order, then the sender's own words; without quoted mail, and
/// without what every submission says (greetings, labelled contact data, notes of mail programs). At most
/// [`TEXT_BYTES_MAX`] bytes.
#[must_use]
pub fn paragraphs(letter: &Letter) -> Vec<&str> {
    let documents = letter.parts.iter().filter_map(|part| match &part.content {
        Content::Document(document) => Some(document.text.as_str()),
        _ => None,
    });
    let mut left_bytes = TEXT_BYTES_MAX;
    let mut paragraphs = Vec::new();
    for text in documents.chain([letter.body.own_text()]) {
        let text = &text[..text.floor_char_boundary(left_bytes)];
        left_bytes -= text.len();
        paragraphs.extend(text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_common(line)));
    }
    paragraphs
}

/// What labels contact data and particulars in letters and forms, squeezed.
const LABELS: &[&str] = &[
    "姓名",
    "作者",
    "作者姓名",
    "投稿人",
    "联系人",
    "单位",
    "工作单位",
    "作者单位",
    "所在单位",
    "部门",
    "职务",
    "职称",
    "电话",
    "手机",
    "手机号",
    "手机号码",
    "联系电话",
    "办公电话",
    "联系方式",
    "邮箱",
    "电子邮箱",
    "电子邮件",
    "email",
    "地址",
    "通讯地址",
    "通信地址",
    "邮寄地址",
    "邮编",
    "邮政编码",
    "身份证号",
    "开户行",
    "银行账号",
    "账号",
    "微信",
    "投稿类别",
    "类别",
    "主题",
    "标题",
    "题目",
    "日期",
    "发件人",
    "收件人",
    "附件",
];

/// How lines begin that every letter may hold, squeezed.
const PHRASES: &[&str] = &[
    "编辑您好",
    "编辑你好",
    "编辑老师",
    "尊敬的编辑",
    "各位编辑",
    "您好",
    "你好",
    "老师您好",
    "稿件见附件",
    "附件为稿件",
    "附件是稿件",
    "现将稿件",
    "现投稿",
    "请查收",
    "请审阅",
    "请编辑",
    "此致",
    "敬礼",
    "顺祝",
    "祝工作顺利",
    "谢谢",
    "感谢",
    "发自我的",
    "来自我的",
    "从网易",
    "从qq邮箱",
    "发自网易",
    "本人承诺",
    "文责自负",
];

/// Characters above which a line says something of its own, however it begins.
const COMMON_CHARACTERS_MAX: usize = 40;

fn is_common(line: &str) -> bool {
    if line.chars().nth(COMMON_CHARACTERS_MAX * 2).is_some() {
        return false;
    }
    let label = line.split_once([':', '：']).map(|(label, _)| wording::squeeze(label));
    if label.is_some_and(|label| LABELS.contains(&label.as_str())) {
        return true;
    }
    let squeezed = wording::squeeze(line);
    squeezed.is_empty()
        || (squeezed.chars().count() <= COMMON_CHARACTERS_MAX
            && PHRASES.iter().any(|phrase| squeezed.starts_with(phrase)))
}

/// The characters that count, each with the paragraph and the byte where it stands: letters, digits and ideographs, width
/// and case folded.
fn counted<'a>(paragraphs: &'a [&str]) -> impl Iterator<Item = (char, usize, usize)> + 'a {
    paragraphs.iter().enumerate().flat_map(|(paragraph, text)| {
        text.char_indices().flat_map(move |(at, character)| {
            let folded = std::iter::once(character).nfkc().flat_map(char::to_lowercase);
            folded.filter(|character| character.is_alphanumeric()).map(move |character| (character, paragraph, at))
        })
    })
}

fn hash(shingle: &[char]) -> u64 {
    shingle.iter().fold(0, |hash, character| mixed(hash ^ u64::from(u32::from(*character))))
}

/// The different shingles of a text, ascending.
#[must_use]
pub fn shingles(paragraphs: &[&str]) -> Vec<u64> {
    let characters: Vec<char> = counted(paragraphs).map(|(character, ..)| character).collect();
    let mut shingles: Vec<u64> = characters.windows(SHINGLE).map(hash).collect();
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

/// How two texts overlap, by their shingles.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overlap {
    /// The share of all their shingles that both have: 0 to 1.
    pub likeness: f64,
    /// The share of the first one's shingles that the second has too: 1 when it was taken over whole into a longer text.
    pub contained: f64,
}

/// Compares ascending shingles, exactly.
#[must_use]
pub fn overlap(one: &[u64], other: &[u64]) -> Overlap {
    let (mut rest, mut shared) = (other, 0_u32);
    for shingle in one {
        rest = &rest[rest.partition_point(|there| there < shingle)..];
        shared += u32::from(rest.first() == Some(shingle));
    }
    // Shingles of 1 MiB are far below 2^32, and exact in a double.
    let share = |whole: usize| if whole == 0 { 0.0 } else { f64::from(shared) / whole as f64 };
    Overlap { likeness: share(one.len() + other.len() - shared as usize), contained: share(one.len()) }
}

/// A piece of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its words.
    pub text: String,
    /// Whether they stand in the other text too.
    pub shared: bool,
}

/// The paragraphs cut where they begin and cease to say what the other text says.
#[must_use]
pub fn marked(paragraphs: &[&str], other: &[u64]) -> Vec<Vec<Piece>> {
    let characters: Vec<(char, usize, usize)> = counted(paragraphs).collect();
    let plain: Vec<char> = characters.iter().map(|(character, ..)| *character).collect();
    let mut shared = vec![false; plain.len()];
    for (at, shingle) in plain.windows(SHINGLE).enumerate() {
        if other.binary_search(&hash(shingle)).is_ok() {
            shared[at..at + SHINGLE].fill(true);
        }
    }
    let mut places = characters.iter().zip(shared).peekable();
    paragraphs
        .iter()
        .enumerate()
        .map(|(paragraph, text)| {
            let mut pieces: Vec<Piece> = Vec::new();
            // What does not count (marks, spaces) belongs to what stands before it.
            let mut is_shared = None;
            for (at, character) in text.char_indices() {
                while let Some(((.., here), shared)) =
                    places.next_if(|((_, there, byte), _)| *there == paragraph && *byte <= at)
                {
                    if *here == at {
                        is_shared = Some(shared);
                    }
                }
                let shared = is_shared.unwrap_or_default();
                match pieces.last_mut().filter(|piece| piece.shared == shared) {
                    Some(piece) => piece.text.push(character),
                    None => pieces.push(Piece { text: character.into(), shared }),
                }
            }
            pieces
        })
        .collect()
}

#[cfg(test)]
mod tests;
