//! Contacts and organisations, as submissions make them.

use intake::{contact::Found, judgement::Verdict, review::State, sorting::Class};
use stdx::ErrorKind;
use store::record::{ContactQuery, OrganisationQuery};
use uuid::Uuid;

use crate::scene::{Scene, assessment, letter};

/// Records a mail of a person of an organisation.
async fn sent(scene: &Scene, uid: u64, sender: &str, name: &str, organisation: &str, class: Class) -> Uuid {
    let letter = letter(sender, &format!("主题征稿{uid}"));
    let message = scene.parsed(uid, &letter).await;
    let found = |value: &str| Found { value: value.into(), place: "body".into(), excerpt: value.into() };
    let mut assessed = assessment(class, Verdict::Eligible);
    assessed.contact.names = vec![found(name), found("他人")];
    assessed.contact.organisations = vec![found(organisation)];
    let earlier = intake::ports::Ledger::earlier(&scene.store, scene.mailbox_id, sender).await.unwrap();
    assessed.sorting.corrects = (class == Class::Correction).then_some(0);
    scene.record(&message, &letter, &earlier, &assessed).await;
    scene.submission_of(&message).await.id
}

async fn some(scene: &Scene) {
    sent(scene, 1, "LiMin@czt.example.cn", "李敏", "某省财政厅", Class::Submission).await;
    sent(scene, 2, "wang@b.cn", "王五", "某市财政局", Class::Submission).await;
    sent(scene, 3, "limin@CZT.example.cn", "李敏", "某省财政厅预算处", Class::Correction).await;
    sent(scene, 4, "zhao@b.cn", "赵六", "某市财政局", Class::Submission).await;
    sent(scene, 5, "limin@czt.example.cn", "李 敏", "某省财政厅", Class::NearMiss).await;
}

fn query(search: &str) -> ContactQuery {
    ContactQuery { search: search.into(), limit: 100, ..ContactQuery::default() }
}

pub async fn contacts_are_counted_over_all_their_versions_and_paged_newest_first(scene: Scene) {
    some(&scene).await;
    let all = scene.store.contact_list(&query("")).await.unwrap();
    let told = |contact: &store::record::ContactRecord| (contact.manuscripts, contact.submissions);
    assert_eq!(
        all.iter().map(|contact| contact.address.as_str()).collect::<Vec<_>>(),
        ["limin@czt.example.cn", "zhao@b.cn", "wang@b.cn"]
    );
    assert_eq!(all.iter().map(told).collect::<Vec<_>>(), [(2, 3), (1, 1), (1, 1)]);
    let limin = &all[0];
    assert_eq!(limin.names, ["李 敏", "李敏"]);
    assert_eq!(limin.organisations, ["某省财政厅", "某省财政厅预算处"]);
    assert_eq!(limin.states, [(State::Judged, 1)], "a near miss is not reviewed");
    assert!(limin.first_received_at < limin.last_received_at);
    assert_eq!(&scene.store.contact_get(limin.id).await.unwrap(), limin);
    let numbers = scene.store.contact_submissions(limin.id, 2).await.unwrap();
    assert_eq!(numbers.iter().map(|line| line.submission.number).collect::<Vec<_>>(), [5, 3]);
    assert_eq!(scene.store.contact_get(Uuid::nil()).await.unwrap_err().kind(), ErrorKind::NotFound);

    let mut paged = Vec::new();
    let mut after = None;
    loop {
        let page = ContactQuery { after, limit: 1, ..ContactQuery::default() };
        let page = scene.store.contact_list(&page).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.last_received_at, last.last_submission_id));
        paged.extend(page);
    }
    assert_eq!(paged, all);

    for (search, expected) in
        [("李敏", 1), ("LIMIN", 1), ("财政", 3), ("市财政局", 2), ("b.cn", 2), ("%", 0), ("他人", 0)]
    {
        assert_eq!(scene.store.contact_list(&query(search)).await.unwrap().len(), expected, "{search}");
    }
    let of = ContactQuery { organisation: Some("某市财政局".into()), limit: 9, ..ContactQuery::default() };
    assert_eq!(scene.store.contact_list(&of).await.unwrap().len(), 2);
}

pub async fn organisations_are_listed_with_who_wrote_for_them(scene: Scene) {
    some(&scene).await;
    let all = OrganisationQuery { limit: 100, ..OrganisationQuery::default() };
    let all = scene.store.organisation_list(&all).await.unwrap();
    let told: Vec<_> = all.iter().map(|each| (each.name.as_str(), each.contacts, each.manuscripts)).collect();
    assert_eq!(told, [("某省财政厅", 1, 2), ("某市财政局", 2, 2), ("某省财政厅预算处", 1, 0)]);
    let rest = OrganisationQuery {
        after: Some((all[0].last_received_at, all[0].last_submission_id)),
        search: "财政".into(),
        limit: 100,
    };
    assert_eq!(scene.store.organisation_list(&rest).await.unwrap(), all[1..]);
}
