//! publicity-pictures (征稿启事 二 1: 宣传类稿件宜提供配图), for a text of the category that is publicity.

use super::{Case, Told};
use crate::{campaign::Campaign, category, contact, finding::Outcome, manuscript};

/// None where the mail is not of the category, as far as its words tell, or has no text.
pub(super) fn check(case: &Case<'_>, campaign: &Campaign, category: u32) -> Option<Told> {
    let letter = case.letter;
    let (_, evidence) = category::guess(letter, campaign).filter(|(guessed, _)| *guessed == category)?;
    let closed = manuscript::closed(letter);
    if manuscript::documents(letter).next().is_none() && closed.is_none() && !manuscript::clips(letter).is_empty() {
        return None;
    }
    let inside: u64 = manuscript::documents(letter).map(|(_, document)| u64::from(document.pictures)).sum();
    let attached = manuscript::pictures(letter).count() as u64;
    let (count, limit) = (inside + attached, "≥ 1 picture");
    let told = if count > 0 {
        Told::new(Outcome::Passed, format!("{count} pictures"), limit)
            .say(format!("宣传类稿件，配图 {count} 张。"), format!("A publicity text, with {count} pictures."))
    } else if let Some(manuscript::Closed { place, spoken, why }) = &closed {
        Told::new(Outcome::Undetermined, "no picture attached, one file could not be read", limit)
            .say(
                format!("宣传类稿件宜提供配图；{spoken}无法自动读取，不能确认其中是否有配图，编辑将人工核对。"),
                format!(
                    "Publicity texts should come with pictures; {place} could not be read, so an editor will look."
                ),
            )
            .because(place, why)
    } else {
        Told::new(Outcome::Failed, "0 pictures", limit).say(
            "宣传类稿件宜提供配图，来稿中没有找到图片，建议补充（可作为附件或插入文档）。",
            "Publicity texts should come with pictures, and none was found: please add some, attached or inside the document.",
        )
    };
    let told = told.because(evidence.place, &evidence.excerpt);
    let told = manuscript::documents(letter)
        .filter(|(_, document)| document.pictures > 0)
        .fold(told, |told, (part, document)| {
            told.because(contact::place(part), &format!("{} pictures inside", document.pictures))
        });
    Some(
        manuscript::pictures(letter)
            .take(5)
            .fold(told, |told, part| told.because(contact::place(part), &part.media_type)),
    )
}
