//! The registers of FigureService: sources, figures, claims and what runs of reconciliation found.

use std::sync::LazyLock;

use procurement::{
    figure::FigureId,
    formula::{Failure, Formula},
};
use proto::procurement::v1;
use stdx::Sha256;
use tonic::Status;

use super::{
    Registrar,
    kind::{Kind, Meaning},
    wire,
};
use crate::{errors, wire::Fault};

/// Bytes of a source's text.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Characters of a source's title or issuer.
const TITLE_CHARACTERS_MAX: usize = 300;
/// Characters of a note.
const NOTE_CHARACTERS_MAX: usize = 2_000;

const SOURCE: Meaning = Meaning::Reference { collection: "sourceDocuments", table: "source_document" };

/// 来源文献.
pub static SOURCE_DOCUMENT: LazyLock<Kind<v1::SourceDocument>> = LazyLock::new(|| {
    Kind::new("source_document", "sourceDocuments", "来源文献")
        .ordered("title", Meaning::Text)
        .ordered("issuer", Meaning::Text)
        .look_up("sha256", Meaning::Text)
        .searched(&["title", "issuer", "note"])
        .output_only(&["text_characters"])
        .checked(check_source)
});

/// 统计数据.
pub static FIGURE: LazyLock<Kind<v1::Figure>> = LazyLock::new(|| {
    Kind::new("figure", "figures", "统计数据")
        .ordered("metric", Meaning::Text)
        .look_up("unit", Meaning::Code)
        .look_up("qualifier", Meaning::Code)
        .look_up("basis", Meaning::Code)
        .look_up("scope", Meaning::Code)
        .ordered("region", Meaning::Region)
        .look_up("period", Meaning::Text)
        .ordered("from_day", Meaning::Text)
        .ordered("to_day", Meaning::Text)
        .look_up("source_document", SOURCE)
        .repeated("without_regions", "without_regions", Meaning::Region)
        .searched(&["title.zh", "title.en", "quote"])
        .output_only(&["from_day", "to_day", "span", "interval", "caveats"])
        .checked(|figure| wire::figure_read(&placeholder(), figure).err().unwrap_or_default())
});

/// 待补数据.
pub static WANTED_FIGURE: LazyLock<Kind<v1::WantedFigure>> = LazyLock::new(|| {
    Kind::new("wanted_figure", "wantedFigures", "待补数据")
        .look_up("unit", Meaning::Code)
        .ordered("region", Meaning::Region)
        .look_up("period", Meaning::Text)
        .look_up("source_document", SOURCE)
        .searched(&["title.zh", "title.en"])
        .output_only(&["span", "is_entered"])
        .checked(|wanted| wire::wanted_read(&placeholder(), wanted).err().unwrap_or_default())
});

/// 推算数据.
pub static DERIVED_FIGURE: LazyLock<Kind<v1::DerivedFigure>> = LazyLock::new(|| {
    Kind::new("derived_figure", "derivedFigures", "推算数据").searched(&["title.zh", "title.en"]).checked(|derived| {
        match derived.formula.parse::<Formula>() {
            Ok(_) => Vec::new(),
            Err(failure) => vec![unreadable("formula", &derived.formula, &failure)],
        }
    })
});

/// 论断.
pub static CLAIM: LazyLock<Kind<v1::Claim>> = LazyLock::new(|| {
    Kind::new("claim", "claims", "论断")
        .look_up_as("stated", "stated", Meaning::Reference { collection: "figures", table: "figure" }, true)
        .look_up("relation", Meaning::Code)
        .look_up("source_document", SOURCE)
        .searched(&["title.zh", "title.en", "quote"])
        .output_only(&["span"])
        .checked(|claim| wire::claim_read("C", claim).err().unwrap_or_default())
});

/// 核对结果.
pub static FINDING: LazyLock<Kind<v1::FigureFinding>> = LazyLock::new(|| {
    Kind::new("figure_finding", "figureFindings", "核对结果")
        .ordered("subject", Meaning::Text)
        .look_up("origin", Meaning::Code)
        .ordered("verdict", Meaning::Text)
        .ordered("state", Meaning::Code)
});

/// The rules of a figure's message do not depend on its id, which the service looks at.
fn placeholder() -> FigureId {
    "F".parse().expect("a letter is an id")
}

fn check_source(source: &v1::SourceDocument) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut wrong =
        |field: &str, en: String, zh: &str| faults.push(Fault { field: field.into(), zh: zh.to_owned(), en });
    for (field, text) in [("title", &source.title), ("issuer", &source.issuer)] {
        if text.trim().is_empty() || text.chars().count() > TITLE_CHARACTERS_MAX {
            let en = format!("1 to {TITLE_CHARACTERS_MAX} characters are taken");
            wrong(field, en, "应为 1 至 300 个字符");
        }
    }
    if source.note.chars().count() > NOTE_CHARACTERS_MAX {
        wrong("note", format!("has more than {NOTE_CHARACTERS_MAX} characters"), "超过 2000 个字符");
    }
    if source.text.len() > TEXT_BYTES_MAX {
        wrong("text", format!("has more than {TEXT_BYTES_MAX} bytes"), "超过 256 KiB");
    }
    match source.sha256.parse::<Sha256>() {
        Ok(stated) if source.text.is_empty() || Sha256::of(source.text.as_bytes()) == stated => {}
        Ok(_) => wrong("sha256", "is not that of the text".into(), "与文本的 SHA-256 不符"),
        Err(_) if source.sha256.is_empty() && !source.text.is_empty() => {}
        Err(_) => wrong("sha256", "64 hexadecimal digits are needed".into(), "应为 64 位十六进制数"),
    }
    faults
}

/// What is wrong with the text of a formula, with the character where it is.
pub(super) fn unreadable(field: &str, text: &str, failure: &Failure) -> Fault {
    let (zh, en) = failure_words(text, failure);
    Fault { field: field.to_owned(), zh, en }
}

/// Why a formula has no value, in Chinese and in English.
pub(super) fn failure_words(text: &str, failure: &Failure) -> (String, String) {
    match failure {
        Failure::Unreadable { reason, at } => {
            let character = text[..text.floor_char_boundary(*at)].chars().count() + 1;
            (format!("第 {character} 个字符处无法读取"), format!("cannot be read at character {character}: {reason}"))
        }
        Failure::Missing(id) => (format!("没有统计数据 {id}"), failure.to_string()),
        Failure::DivisorHoldsZero(part) => (format!("{part} 可能为零，不能作除数"), failure.to_string()),
        Failure::UnlikeUnits { one, two } => (format!("{one} 与 {two} 的单位不同"), failure.to_string()),
        Failure::Rank(id) => (format!("{id} 是名次，不能参与计算"), failure.to_string()),
        Failure::NegativeRoot(part) => (format!("{part} 可能为负，不能开方"), failure.to_string()),
        Failure::NotMonths(part) => (format!("{part} 的单位不是月"), failure.to_string()),
    }
}

/// The id of a figure in a request.
pub(super) fn figure_id(field: &str, text: &str) -> Result<FigureId, Status> {
    text.parse().map_err(|_| {
        let en = "a letter and then at most 31 letters, digits, - and _ are needed";
        errors::field(field, en, "应以字母开头,后接至多 31 个字母、数字、- 或 _")
    })
}

/// Where a quote stands in its source; nothing where we do not hold the source's text, a fault where we do and it does not.
pub(super) async fn quoted(
    registrar: &Registrar,
    field: &str,
    source: &str,
    quote: &str,
) -> Result<Option<v1::CharacterSpan>, Status> {
    let id = source.strip_prefix("sourceDocuments/").unwrap_or_default();
    let Some(source) = registrar.find(&SOURCE_DOCUMENT, id).await? else { return Ok(None) };
    if source.text.is_empty() {
        return Ok(None);
    }
    wire::text_span(&source.text, quote).map(Some).ok_or_else(|| {
        let en = format!("QUOTE_NOT_IN_SOURCE: these words do not stand in {}", source.name);
        errors::field(field, en, format!("{}中没有这段原文", source.name))
    })
}
