//! What likeness promises: of identical, nearly identical and unrelated texts.

use proptest::prelude::*;

use super::*;
use crate::letter::{Body, Disposition, Document, DocumentFormat, Part};

/// A text of sentences of twenty ideographs, by a seed.
fn text(seed: u64, sentences: u64) -> Vec<String> {
    let ideograph = |at: u64| char::from_u32(0x4e00 + (mixed(seed ^ mixed(at)) % 3000) as u32).unwrap();
    (0..sentences).map(|at| (0..20).map(|place| ideograph(at * 20 + place)).chain(['。']).collect()).collect()
}

fn of(sentences: &[String]) -> Vec<u64> {
    shingles(&sentences.iter().map(String::as_str).collect::<Vec<_>>())
}

fn is_candidate(one: &[u64], other: &[u64]) -> bool {
    let other = Sketch::of(other).bands();
    Sketch::of(one).bands().iter().any(|band| other.contains(band))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_text_is_wholly_like_itself_however_it_is_set(seed: u64, sentences in 4_u64..60) {
        let written = text(seed, sentences);
        let reset: Vec<String> = vec![written.concat().replace('。', " ．\u{200b}\t")];
        let (one, other) = (of(&written), of(&reset));
        prop_assert_eq!(overlap(&one, &other), Overlap { likeness: 1.0, contained: 1.0 });
        prop_assert_eq!(Sketch::of(&one), Sketch::of(&other));
    }

    #[test]
    fn a_text_with_every_tenth_sentence_changed_is_found(seed: u64, sentences in 20_u64..120, first in 0_usize..10) {
        let written = text(seed, sentences);
        let mut changed = written.clone();
        for (at, sentence) in text(!seed, sentences).into_iter().enumerate().skip(first).step_by(10) {
            changed[at] = sentence;
        }
        let (one, other) = (of(&written), of(&changed));
        prop_assert!(is_candidate(&one, &other));
        prop_assert!(overlap(&one, &other).likeness > 0.7, "{:?}", overlap(&one, &other));
    }

    #[test]
    fn unrelated_texts_are_not_found(seed: u64, sentences in 10_u64..120) {
        let (one, other) = (of(&text(seed, sentences)), of(&text(!seed, sentences)));
        prop_assert!(!is_candidate(&one, &other));
        prop_assert!(overlap(&one, &other).likeness < 0.01);
    }

    #[test]
    fn what_is_marked_is_the_whole_text_and_nothing_of_an_unrelated_one(
        lines in prop::collection::vec("[\u{4e00}-\u{4e40}a-zＡ-Ｃ①℃，。 ]{0,40}", 0..8),
        others in prop::collection::vec("[\u{4e00}-\u{4e40}a-zＡ-Ｃ①℃，。 ]{0,40}", 0..8),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let marked = marked(&lines, &shingles(&others));
        for (line, pieces) in lines.iter().zip(&marked) {
            prop_assert_eq!(*line, pieces.iter().map(|piece| piece.text.as_str()).collect::<String>());
        }
        let has_shared = marked.iter().flatten().any(|piece| piece.shared);
        prop_assert_eq!(has_shared, overlap(&shingles(&lines), &shingles(&others)).likeness > 0.0);
    }
}

#[test]
fn a_sketch_is_the_same_in_every_version_of_this_program() {
    let sketch = Sketch::of(&of(&text(7, 10)));
    assert_eq!((sketch.shingles, sketch.minima.len(), sketch.bands().len()), (196, 128, 32));
    assert_eq!((sketch.minima[0], sketch.bands()[0]), (MINIMUM, BAND_FIRST));
}

const MINIMUM: u32 = 58_361_355;
const BAND_FIRST: i64 = 6_576_352_524_072_953_649;

#[test]
fn a_short_text_is_like_nothing() {
    let sketch = Sketch::of(&of(&["稿件的正文在此，共五十字以内。".into()]));
    assert_eq!((sketch.shingles, sketch.minima.len(), sketch.bands().len()), (9, 0, 0));
    assert_eq!(overlap(&[], &[]), Overlap::default());
}

#[test]
fn a_text_taken_over_into_a_longer_one_is_contained() {
    let (short, rest) = (text(1, 10), text(2, 90));
    let found = overlap(&of(&short), &of(&[short, rest].concat()));
    assert!(found.contained == 1.0 && (0.09..0.11).contains(&found.likeness), "{found:?}");
}

fn letter(body: &str, document: &str) -> Letter {
    let document =
        Document { format: DocumentFormat::Docx, text: document.into(), truncated: false, characters: 0, pictures: 0 };
    Letter {
        body: Body { text: format!("{body}\n> 旧信的话"), quoted_from: Some(body.len() + 1), ..Body::default() },
        parts: vec![Part {
            path: "2".into(),
            name: "稿.docx".into(),
            media_type_declared: String::new(),
            media_type: String::new(),
            disposition: Disposition::Attachment,
            size_bytes: 1,
            sha256: stdx::Sha256::of(b""),
            content: Content::Document(document),
        }],
        ..Letter::default()
    }
}

#[test]
fn greetings_contact_data_and_quoted_mail_do_not_count() {
    let letter = letter(
        "尊敬的编辑老师：\n您好！\n单位：某省财政厅\n 联系电话: 13800001234\n此致\n敬礼\n发自我的iPhone\n另附说明一份。",
        "题目：绩效管理\n\n绩效管理是预算管理的重要内容，应当贯穿预算编制、执行、监督的全过程。\n联系我们：部门间的协作是关键。",
    );
    assert_eq!(
        paragraphs(&letter),
        [
            "绩效管理是预算管理的重要内容，应当贯穿预算编制、执行、监督的全过程。",
            "联系我们：部门间的协作是关键。",
            "另附说明一份。",
        ]
    );
}

#[test]
fn no_more_than_a_mebibyte_is_looked_at() {
    let long = "财".repeat(TEXT_BYTES_MAX / 3 + 10);
    let letter = letter("后面的话不再读", &long);
    let read = paragraphs(&letter);
    assert_eq!(read.iter().map(|text| text.len()).sum::<usize>(), TEXT_BYTES_MAX - TEXT_BYTES_MAX % 3);
}

#[test]
fn shared_passages_are_marked_with_their_punctuation() {
    let one = ["绩效管理贯穿全过程，本文另有不同的说法。"];
    let other = ["我们认为绩效管理贯穿全过程，此外没有了。"];
    let pieces = |text: &str, shared| Piece { text: text.into(), shared };
    assert_eq!(
        marked(&one, &shingles(&other)),
        [vec![pieces("绩效管理贯穿全过程，", true), pieces("本文另有不同的说法。", false)]]
    );
    assert_eq!(
        marked(&other, &shingles(&one)),
        [vec![pieces("我们认为", false), pieces("绩效管理贯穿全过程，", true), pieces("此外没有了。", false)]]
    );
}
