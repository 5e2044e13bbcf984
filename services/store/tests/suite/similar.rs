//! What is found to be like a submission.

use intake::{
    judgement::Verdict,
    letter::{Content, Letter},
    likeness::{overlap, paragraphs, shingles},
    sorting::Class,
};
use stdx::Sha256;
use store::record::SubmissionRecord;
use uuid::Uuid;

use crate::scene::{Scene, assessment, letter};

/// A manuscript of forty sentences, some of them its own.
pub fn manuscript(seed: u32, changed: &[u32]) -> String {
    let sentence = |number: u32| {
        let of = if changed.contains(&number) { seed + 1000 } else { seed };
        let ideograph = |place: u32| {
            let mixed = (of * 7919 + number * 104_729 + place * 1_299_709).wrapping_mul(2_654_435_761) >> 8;
            char::from_u32(0x4e00 + mixed % 5000).unwrap()
        };
        (0..25).map(ideograph).chain(['。']).collect::<String>()
    };
    (0..40).map(sentence).collect()
}

/// A letter with that text in its document.
pub fn with_text(sender: &str, subject: &str, text: &str) -> Letter {
    let mut letter = letter(sender, subject);
    if let Content::Document(document) = &mut letter.parts[0].content {
        document.text = text.into();
    }
    letter.parts[0].size_bytes = 20_000;
    letter
}

async fn recorded(scene: &Scene, uid: u64, letter: &Letter) -> SubmissionRecord {
    let message = scene.parsed(uid, letter).await;
    scene.record(&message, letter, &[], &assessment(Class::Submission, Verdict::Eligible)).await;
    scene.submission_of(&message).await
}

pub async fn a_text_taken_over_with_changes_is_found_and_an_unrelated_one_is_not(scene: Scene) {
    let first = recorded(&scene, 1, &with_text("a@b.cn", "一", &manuscript(1, &[]))).await;
    let near = recorded(&scene, 2, &with_text("c@d.cn", "二", &manuscript(1, &[3, 17, 22, 31]))).await;
    let other = recorded(&scene, 3, &with_text("e@f.cn", "三", &manuscript(2, &[]))).await;
    assert_eq!(scene.store.alike(first.id, false).await.unwrap(), [near.id]);
    assert_eq!(scene.store.alike(near.id, true).await.unwrap(), [first.id]);
    assert_eq!(scene.store.alike(other.id, false).await.unwrap(), Vec::<Uuid>::new());
    let of = |record: &SubmissionRecord| shingles(&paragraphs(&record.letter));
    let found = overlap(&of(&first), &of(&near));
    assert!((0.7..0.9).contains(&found.likeness), "{found:?}");

    // A later version of the same manuscript is no find.
    let correction = with_text("c@d.cn", "二（修改稿）", &manuscript(1, &[3, 17, 22]));
    let message = scene.parsed(4, &correction).await;
    let earlier = intake::ports::Ledger::earlier(&scene.store, scene.mailbox_id, "c@d.cn").await.unwrap();
    let mut assessed = assessment(Class::Correction, Verdict::Eligible);
    assessed.sorting.corrects = Some(0);
    scene.record(&message, &correction, &earlier, &assessed).await;
    assert_eq!(scene.store.alike(near.id, false).await.unwrap(), [first.id]);
    assert_eq!(scene.store.alike(first.id, false).await.unwrap().len(), 2);
    assert_eq!(scene.faults().await, [""; 0]);
}

pub async fn the_same_file_is_found_whatever_stands_beside_it(scene: Scene) {
    let with_file = |sender: &str, subject: &str, file: &str| {
        let mut letter = with_text(sender, subject, subject);
        letter.parts[0].sha256 = Sha256::of(file.as_bytes());
        letter
    };
    let first = recorded(&scene, 1, &with_file("a@b.cn", "一", "同一个文件")).await;
    let same = recorded(&scene, 2, &with_file("c@d.cn", "二", "同一个文件")).await;
    let other = recorded(&scene, 3, &with_file("e@f.cn", "三", "另一个文件")).await;
    let found = scene.store.same_files(first.id, false).await.unwrap();
    assert_eq!(found.iter().map(|file| file.submission_id).collect::<Vec<_>>(), [same.id]);
    assert_eq!(found[0].sha256, Sha256::of("同一个文件".as_bytes()));
    assert_eq!(scene.store.same_files(other.id, false).await.unwrap(), []);
    assert_eq!(scene.store.alike(first.id, false).await.unwrap(), Vec::<Uuid>::new(), "such a text says too little");
}

pub async fn what_an_older_program_recorded_is_filled_in_once(scene: Scene) {
    let mut ids = Vec::new();
    for uid in 1..=5 {
        let changed = [u32::try_from(uid).unwrap()];
        let letter = with_text(&format!("a{uid}@b.cn"), "稿", &manuscript(1, &changed));
        ids.push(recorded(&scene, uid, &letter).await.id);
    }
    let found = scene.store.alike(ids[0], false).await.unwrap();
    let contact = scene.store.contact_list(&all()).await.unwrap();
    assert_eq!((found.len(), contact.len()), (4, 5));
    for table in ["likeness_band", "likeness", "submission_contact"] {
        scene.sql(&format!("DELETE FROM {table}")).await.unwrap();
    }
    assert_eq!(scene.store.alike(ids[0], false).await.unwrap(), Vec::<Uuid>::new());
    let mut filled = Vec::new();
    for _ in 0..4 {
        filled.push(scene.store.look_ups_fill(2).await.unwrap());
    }
    assert_eq!(filled, [2, 2, 1, 0]);
    assert_eq!(scene.store.alike(ids[0], false).await.unwrap(), found);
    assert_eq!(scene.store.contact_list(&all()).await.unwrap(), contact);
}

fn all() -> store::record::ContactQuery {
    store::record::ContactQuery { limit: 100, ..Default::default() }
}
