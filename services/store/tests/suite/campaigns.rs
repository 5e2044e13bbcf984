//! Campaigns.

use chrono::NaiveDate;
use intake::{
    campaign::{Campaign, ReplyTemplate},
    ports::Ledger,
};
use stdx::ErrorKind;
use store::{
    account::{AccessAction, AccessQuery},
    record::{CampaignKey, Enrolment},
};
use uuid::Uuid;

use crate::scene::{Scene, by, enrolment};

pub async fn the_shipped_campaign_is_inserted_once_and_taken_by_its_mailbox(scene: Scene) {
    scene.store.campaign_ensure_default().await.unwrap();
    let campaigns = scene.store.campaign_list(None, 10).await.unwrap();
    assert_eq!(campaigns, [Campaign::twentieth_congress(scene.campaign.id)]);
    // The mailbox writes its address in other cases than the campaign.
    assert_eq!(scene.store.campaigns(scene.mailbox_id).await.unwrap(), campaigns);
    let other = Enrolment { address: "else@163.com".into(), ..enrolment("旧信") };
    let other = scene.store.mailbox_enrol(&other).await.unwrap();
    assert_eq!(scene.store.campaigns(other).await.unwrap(), []);
}

pub async fn a_campaign_is_changed_only_from_the_revision_that_was_read(scene: Scene) {
    let read = scene.campaign.clone();
    let changed = Campaign { theme: "乡村振兴".into(), ..read.clone() };
    let second = scene.store.campaign_update(&changed, &by()).await.unwrap();
    assert_eq!((second.revision, second.theme.as_str()), (2, "乡村振兴"));
    assert_eq!(scene.store.campaign_get(read.id).await.unwrap(), second);
    let [kind, language, subject, body] = ["adopted", "zh", "采用：{{标题}}", "“好”\n\n{{理由}}"].map(str::to_owned);
    let templates = vec![ReplyTemplate { kind, language, subject, body }];
    let second = scene.store.campaign_update(&Campaign { templates, ..second }, &by()).await.unwrap();
    assert_eq!(scene.store.campaign_get(read.id).await.unwrap(), second, "with its words for letters");

    let late = scene.store.campaign_update(&changed, &by()).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict, "{late}");
    assert_eq!(late.to_string(), "the campaign is at revision 3, not at 1");
    let unknown = Campaign { id: Uuid::now_v7(), ..changed };
    assert_eq!(scene.store.campaign_update(&unknown, &by()).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(scene.store.campaign_get(unknown.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(scene.store.campaign_insert(&read, &by()).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(scene.faults().await, [""; 0], "every revision is kept");

    // Ten editors at once change the same revision: one of them wins.
    let editors = (0..10).map(|editor| {
        let (store, changed) = (scene.store.clone(), Campaign { theme: format!("第{editor}"), ..second.clone() });
        tokio::spawn(async move { store.campaign_update(&changed, &by()).await.map_err(|error| error.kind()) })
    });
    let mut won = 0;
    for editor in editors.collect::<Vec<_>>() {
        match editor.await.unwrap() {
            Ok(campaign) => won += campaign.revision,
            Err(kind) => assert_eq!(kind, ErrorKind::Conflict),
        }
    }
    assert_eq!(won, 4, "one update, to revision 4");

    let query = AccessQuery { limit: 10, ..AccessQuery::default() };
    let noted = scene.store.access_list(&query).await.unwrap();
    assert!(noted.iter().all(|(_, event)| event.action == AccessAction::CampaignUpdated), "{noted:#?}");
    assert!(noted.iter().all(|(_, event)| event.subject == format!("campaigns/{}", read.id)), "{noted:#?}");
    let revisions: Vec<_> = noted.iter().map(|(_, event)| event.detail.as_str()).collect();
    assert_eq!(revisions, ["revision 4", "revision 3", "revision 2"], "each change that was made, and no other");
}

pub async fn campaigns_are_listed_by_their_deadline_page_by_page(scene: Scene) {
    let mut days: Vec<NaiveDate> = vec![scene.campaign.deadline_day];
    for number in 0..6 {
        // Two campaigns end on the same day.
        let day = NaiveDate::from_ymd_opt(2024, 1, 1 + number / 2).unwrap();
        days.push(day);
        let campaign = Campaign { id: Uuid::now_v7(), deadline_day: day, ..scene.campaign.clone() };
        scene.store.campaign_insert(&campaign, &by()).await.unwrap();
    }
    days.sort();
    days.reverse();
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = scene.store.campaign_list(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(CampaignKey { deadline_day: last.deadline_day, id: last.id });
        found.extend(page);
    }
    assert_eq!(found.iter().map(|campaign| campaign.deadline_day).collect::<Vec<_>>(), days);
    found.sort_by_key(|campaign| campaign.id);
    found.dedup_by_key(|campaign| campaign.id);
    assert_eq!(found.len(), 7, "each once");
}
