//! A campaign's own words for letters, both ways, and what is wrong with them.

use intake::campaign::{Campaign, ReplyTemplate};
use proto::intake::v1;
use reply::{
    Kind, Language,
    template::{self, Part, Placeholder, Template, Written},
};

use super::{Fault, sentence};

/// Templates of a campaign that are looked at; more than there are letters break a rule anyway.
const TEMPLATES_READ_MAX: usize = 50;

/// Which letter; none for one that is unset.
fn reply_kind_read(kind: v1::ReplyKind) -> Option<Kind> {
    match kind {
        v1::ReplyKind::Unspecified => None,
        v1::ReplyKind::Acknowledgement => Some(Kind::Acknowledgement),
        v1::ReplyKind::Findings => Some(Kind::Findings),
        v1::ReplyKind::Adopted => Some(Kind::Adopted),
        v1::ReplyKind::Declined => Some(Kind::Declined),
        v1::ReplyKind::RevisionAsked => Some(Kind::RevisionAsked),
    }
}

/// The words of a letter.
#[must_use]
pub fn written(written: &Written) -> v1::ReplyTemplate {
    v1::ReplyTemplate {
        kind: super::reply::kind(written.kind).into(),
        language: written.language.as_str().to_owned(),
        subject: written.subject.clone(),
        body: written.body.clone(),
    }
}

/// Reads the words of a letter: which letter and which language; not yet whether they can be filled in.
pub fn written_read(message: &v1::ReplyTemplate) -> Result<Written, Vec<Fault>> {
    let kind = reply_kind_read(message.kind());
    let language: Option<Language> = message.language.parse().ok();
    if let (Some(kind), Some(language)) = (kind, language) {
        // Browsers send lines that end in CR LF; kept, every one of them would be a change.
        let body = message.body.replace("\r\n", "\n").trim_end().to_owned();
        return Ok(Written { kind, language, subject: message.subject.trim().to_owned(), body });
    }
    let mut faults = Vec::new();
    if kind.is_none() {
        faults.push(Fault::new("kind", "请选择是哪一封信", "one of the letters is needed"));
    }
    if language.is_none() {
        faults.push(Fault::new("language", "语言应为 zh 或 en", "zh or en is needed"));
    }
    Err(faults)
}

/// The campaign's own words.
#[must_use]
pub fn templates(campaign: &Campaign) -> Vec<v1::ReplyTemplate> {
    template::of_campaign(campaign).iter().map(written).collect()
}

/// Reads a campaign's own words; each can be filled in, or has a fault that says where.
pub fn templates_read(messages: &[v1::ReplyTemplate], faults: &mut Vec<Fault>) -> Vec<ReplyTemplate> {
    let mut templates = Vec::with_capacity(messages.len().min(TEMPLATES_READ_MAX));
    for (index, message) in messages.iter().enumerate().take(TEMPLATES_READ_MAX) {
        let at = |name: &str| format!("templates[{index}].{name}");
        match written_read(message) {
            Err(found) => faults.extend(found.into_iter().map(|fault| Fault { field: at(&fault.field), ..fault })),
            Ok(written) => {
                let found = Template::read(&written).err().unwrap_or_default();
                faults.extend(found.iter().map(|fault| {
                    let (zh, en) = placed(fault);
                    Fault::new(at(part_name(fault.part)), &zh, &en)
                }));
                templates.push(ReplyTemplate {
                    kind: written.kind.as_str().to_owned(),
                    language: written.language.as_str().to_owned(),
                    subject: written.subject,
                    body: written.body,
                });
            }
        }
    }
    templates
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Subject => "subject",
        Part::Body => "body",
    }
}

/// A fault with its place, in Chinese and English.
fn placed(fault: &template::Fault) -> (String, String) {
    let template::Fault { line, column, zh, en, .. } = fault;
    (format!("第 {line} 行第 {column} 字：{zh}"), format!("line {line}, character {column}: {en}"))
}

/// What is wrong with the words of a letter.
#[must_use]
pub fn template_fault(fault: &template::Fault) -> v1::TemplateFault {
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    let part = match fault.part {
        Part::Subject => v1::template_fault::Part::Subject,
        Part::Body => v1::template_fault::Part::Body,
    };
    v1::TemplateFault {
        part: part.into(),
        line: number(fault.line),
        column: number(fault.column),
        sentence: Some(sentence(&fault.zh, &fault.en)),
    }
}

/// What may stand in double braces in a letter.
#[must_use]
pub fn places(kind: Kind) -> Vec<v1::TemplatePlace> {
    let place = |place: Placeholder| v1::TemplatePlace {
        name: Some(sentence(place.zh(), place.en())),
        needed: place.is_needed_in(kind),
        block: place.is_block(),
    };
    Placeholder::ALL.into_iter().filter(|place| place.is_of(kind)).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_from_the_wire_as_they_went_and_their_faults_have_a_place() {
        let shipped = reply::standard::written(Kind::Declined, Language::Zh);
        let mut faults = Vec::new();
        let kept = templates_read(&[written(&shipped)], &mut faults);
        assert_eq!(faults, []);
        let campaign = Campaign { templates: kept, ..Campaign::twentieth_congress(uuid::Uuid::nil()) };
        assert_eq!(template::of_campaign(&campaign), std::slice::from_ref(&shipped));
        assert_eq!(templates(&campaign), [written(&shipped)]);

        let body = "遗憾。\n因为 {{理由}}。\n{{理由}}\n{{收到}}".to_owned();
        let wrong = [
            v1::ReplyTemplate { body, ..written(&shipped) },
            v1::ReplyTemplate { kind: 9, language: "fr".into(), ..written(&shipped) },
        ];
        templates_read(&wrong, &mut faults);
        let told: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.zh)).collect();
        assert_eq!(
            told,
            [
                "templates[0].body: 第 2 行第 4 字：“理由”会填入多行内容，只能在正文中单独成行，出现一次",
                "templates[0].body: 第 4 行第 1 字：没有名为“收到”的占位符",
                "templates[1].kind: 请选择是哪一封信",
                "templates[1].language: 语言应为 zh 或 en",
            ]
        );
    }
}
