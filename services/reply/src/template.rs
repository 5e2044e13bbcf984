//! A letter's words as an editor writes them: text with named places, and nothing else.
//!
//! The places are a closed list, filled in one pass: what an author wrote is never read as a template. There is no
//! condition and no loop to write; instead, a paragraph whose places are all empty is left out with its heading. A
//! template language would have to be fenced in (loops without end, includes) to do less well.

use intake::campaign::{Campaign, ReplyTemplate};
use serde::{Deserialize, Serialize};

use crate::{
    Kind, Language,
    particulars::{Filled, Particulars},
};

/// Characters of a subject as written.
pub const SUBJECT_MAX: usize = 100;

/// Characters of a body as written.
pub const BODY_MAX: usize = 10_000;

/// Places in a subject or a body.
const PLACES_MAX: usize = 100;

/// Faults that are told at once.
const FAULTS_MAX: usize = 50;

/// What may stand in double braces, under its Chinese or its English name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// 收稿号.
    Number,
    /// The subject of the mail.
    Title,
    /// How the author is addressed.
    Name,
    /// The campaign’s theme.
    Theme,
    /// The campaign’s tag.
    Tag,
    /// The campaign’s address.
    Mailbox,
    /// When the server received the mail, Beijing time.
    ReceivedAt,
    /// What has to be sent or put right, all at once, one item a line.
    Findings,
    /// What would be good, one item a line.
    Advice,
    /// What could not be measured, one item a line.
    Unmeasured,
    /// The last day for it.
    UntilDay,
    /// The editor’s reason.
    Reason,
    /// Whom to ask, one contact a line.
    Contacts,
    /// Where it may appear.
    Channels,
}

impl Placeholder {
    /// Every place.
    pub const ALL: [Self; 14] = [
        Self::Number,
        Self::Title,
        Self::Name,
        Self::Theme,
        Self::Tag,
        Self::Mailbox,
        Self::ReceivedAt,
        Self::Findings,
        Self::Advice,
        Self::Unmeasured,
        Self::UntilDay,
        Self::Reason,
        Self::Contacts,
        Self::Channels,
    ];

    /// The name in Chinese templates.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Number => "收稿号",
            Self::Title => "标题",
            Self::Name => "称呼",
            Self::Theme => "征稿主题",
            Self::Tag => "征稿标记",
            Self::Mailbox => "征稿邮箱",
            Self::ReceivedAt => "收到时间",
            Self::Findings => "须补充",
            Self::Advice => "建议",
            Self::Unmeasured => "待核",
            Self::UntilDay => "截止日",
            Self::Reason => "理由",
            Self::Contacts => "联系人",
            Self::Channels => "刊发渠道",
        }
    }

    /// The name in English templates.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Title => "title",
            Self::Name => "name",
            Self::Theme => "theme",
            Self::Tag => "tag",
            Self::Mailbox => "mailbox",
            Self::ReceivedAt => "received_at",
            Self::Findings => "findings",
            Self::Advice => "advice",
            Self::Unmeasured => "unmeasured",
            Self::UntilDay => "until_day",
            Self::Reason => "reason",
            Self::Contacts => "contacts",
            Self::Channels => "channels",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.zh() == name || place.en() == name)
    }

    /// Whether it fills whole lines, and so stands once, alone on its line, in a body.
    #[must_use]
    pub fn is_block(self) -> bool {
        matches!(self, Self::Findings | Self::Advice | Self::Unmeasured | Self::Reason | Self::Contacts)
    }

    /// Whether a letter of this kind has something to fill in.
    #[must_use]
    pub fn is_of(self, kind: Kind) -> bool {
        match self {
            Self::Findings | Self::Advice | Self::Unmeasured => matches!(kind, Kind::Acknowledgement | Kind::Findings),
            Self::UntilDay => matches!(kind, Kind::Findings | Kind::RevisionAsked),
            Self::Reason => matches!(kind, Kind::Adopted | Kind::Declined | Kind::RevisionAsked),
            _ => true,
        }
    }

    /// Whether a letter of this kind would keep from the author what it is written for.
    #[must_use]
    pub fn is_needed_in(self, kind: Kind) -> bool {
        match kind {
            Kind::Acknowledgement => self == Self::Number,
            Kind::Findings => matches!(self, Self::Number | Self::Findings | Self::UntilDay),
            Kind::Adopted => false,
            Kind::Declined => self == Self::Reason,
            Kind::RevisionAsked => matches!(self, Self::Reason | Self::UntilDay),
        }
    }
}

/// Which part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The subject.
    Subject,
    /// The body.
    Body,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub part: Part,
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// A template as an editor writes and a campaign keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Of which letter.
    pub kind: Kind,
    /// In which language.
    pub language: Language,
    /// The subject.
    pub subject: String,
    /// The body; a blank line ends a paragraph.
    pub body: String,
}

/// A campaign’s own words. A letter or a language that this program does not know is left out: one newer than us wrote it,
/// and the words that ship stand in.
#[must_use]
pub fn of_campaign(campaign: &Campaign) -> Vec<Written> {
    let written = |kept: &ReplyTemplate| {
        let (kind, language) = (kept.kind.parse().ok()?, kept.language.parse().ok()?);
        Some(Written { kind, language, subject: kept.subject.clone(), body: kept.body.clone() })
    };
    campaign.templates.iter().filter_map(written).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Placeholder),
}

/// A template that can be filled in without fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    kind: Kind,
    language: Language,
    subject: Vec<Piece>,
    paragraphs: Vec<Vec<Piece>>,
}

/// A letter’s words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The subject, one line.
    pub subject: String,
    /// The body, lines ended by `\n`.
    pub body: String,
    /// In which language.
    pub language: Language,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn read(written: &Written) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader { kind: written.kind, part: Part::Subject, faults: Vec::new(), places: Vec::new() };
        reader.look(&written.subject, SUBJECT_MAX);
        reader.part = Part::Body;
        let body = written.body.replace("\r\n", "\n");
        reader.look(&body, BODY_MAX);
        for place in Placeholder::ALL {
            if place.is_needed_in(written.kind) && !reader.places.contains(&(Part::Body, place)) {
                let (zh, en) = (place.zh(), place.en());
                reader.fault(
                    (1, 1),
                    format!("这封信的正文必须有 {{{{{zh}}}}}"),
                    format!("the body of this letter must hold {{{{{en}}}}}"),
                );
            }
        }
        if reader.faults.is_empty() {
            let (subject, paragraphs) = (cut(&written.subject), paragraphs(&body));
            Ok(Self { kind: written.kind, language: written.language, subject, paragraphs })
        } else {
            Err(reader.faults)
        }
    }

    /// Of which letter.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// In which language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// Fills it in.
    #[must_use]
    pub fn fill(&self, particulars: &Particulars<'_>) -> Text {
        let filled = Filled::new(particulars, self.language);
        let subject = write(&self.subject, &filled).0;
        let paragraphs: Vec<String> = self
            .paragraphs
            .iter()
            .filter_map(|paragraph| {
                let (text, places) = write(paragraph, &filled);
                let left_out = matches!(places, Places::AllEmpty) || text.trim().is_empty();
                (!left_out).then(|| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
            })
            .collect();
        Text {
            subject: crate::particulars::line(&subject, 2 * SUBJECT_MAX),
            body: paragraphs.join("\n\n") + "\n",
            language: self.language,
        }
    }
}

enum Places {
    None,
    AllEmpty,
    Filled,
}

fn write(pieces: &[Piece], filled: &Filled) -> (String, Places) {
    let mut text = String::new();
    let mut places = Places::None;
    for piece in pieces {
        match piece {
            Piece::Text(words) => text.push_str(words),
            Piece::Place(place) => {
                let value = filled.value(*place);
                places = match places {
                    Places::None | Places::AllEmpty if value.is_empty() => Places::AllEmpty,
                    _ => Places::Filled,
                };
                text.push_str(value);
            }
        }
    }
    (text, places)
}

/// Cuts a template without faults into text and places.
fn cut(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, place)| Some((before, place.split_once("}}")?)))
    {
        pieces.push(Piece::Text(before.to_owned()));
        pieces.extend(Placeholder::named(name.trim()).map(Piece::Place));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

/// Cuts at blank lines of the text as written; a value’s own blank lines cut nothing.
fn paragraphs(body: &str) -> Vec<Vec<Piece>> {
    let lines: Vec<&str> = body.split('\n').collect();
    lines.split(|line| line.trim().is_empty()).map(|lines| cut(&lines.join("\n"))).collect()
}

struct Reader {
    kind: Kind,
    part: Part,
    faults: Vec<Fault>,
    places: Vec<(Part, Placeholder)>,
}

impl Reader {
    fn fault(&mut self, (line, column): (usize, usize), zh: impl Into<String>, en: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { part: self.part, line, column, zh: zh.into(), en: en.into() });
        }
    }

    /// Notes what is wrong with a text, and which places it has.
    fn look(&mut self, text: &str, characters_max: usize) {
        if text.trim().is_empty() || text.chars().count() > characters_max {
            self.fault(
                (1, 1),
                format!("不能为空，不超过 {characters_max} 字"),
                format!("must have 1 to {characters_max} characters"),
            );
            return;
        }
        let control =
            |character: char| character.is_control() && !(self.part == Part::Body && matches!(character, '\n' | '\t'));
        if let Some(at) = text.find(control) {
            self.fault(
                position(text, at),
                "不能有换行以外的控制字符；主题不能换行",
                "must hold no control characters, a subject no line break",
            );
            return;
        }
        let mut at = 0;
        while let Some(open) = text[at..].find("{{").map(|found| at + found) {
            let Some(close) = text[open..].find("}}").map(|found| open + found) else {
                self.fault(position(text, open), "“{{” 没有对应的 “}}”", "“{{” has no “}}”");
                return;
            };
            self.stray(text, at..open);
            let name = text[open + 2..close].trim();
            let alone = text[..open].rsplit('\n').next().is_some_and(|before| before.trim().is_empty())
                && text[close + 2..].split('\n').next().is_some_and(|after| after.trim().is_empty());
            self.place(name, position(text, open), alone);
            at = close + 2;
        }
        self.stray(text, at..text.len());
    }

    fn place(&mut self, name: &str, at: (usize, usize), alone: bool) {
        let shown = crate::particulars::line(name, 40);
        let Some(place) = Placeholder::named(name) else {
            self.fault(at, format!("没有名为“{shown}”的占位符"), format!("there is no place called “{shown}”"));
            return;
        };
        let repeated = self.places.contains(&(self.part, place));
        if self.places.iter().filter(|(part, _)| *part == self.part).count() >= PLACES_MAX {
            self.fault(at, format!("占位符不能超过 {PLACES_MAX} 处"), format!("at most {PLACES_MAX} places"));
        } else if !place.is_of(self.kind) {
            self.fault(
                at,
                format!("这封信没有可以填入“{shown}”的内容"),
                format!("this letter has nothing to fill in at “{shown}”"),
            );
        } else if place.is_block() && (self.part == Part::Subject || !alone || repeated) {
            self.fault(
                at,
                format!("“{shown}”会填入多行内容，只能在正文中单独成行，出现一次"),
                format!("“{shown}” fills several lines: it stands once, alone on a line of the body"),
            );
        } else {
            self.places.push((self.part, place));
        }
    }

    /// Braces that look like a place and are none.
    fn stray(&mut self, text: &str, range: std::ops::Range<usize>) {
        for mark in ["}}", "｛｛", "｝｝"] {
            if let Some(found) = text[range.clone()].find(mark) {
                let (zh, en) = match mark {
                    "}}" => ("“}}” 没有对应的 “{{”", "“}}” has no “{{”"),
                    _ => ("占位符须用半角花括号 {{ }}", "a place stands in half-width braces {{ }}"),
                };
                self.fault(position(text, range.start + found), zh, en);
            }
        }
    }
}

/// Line and character of a byte, from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

#[cfg(test)]
mod tests;
