//! Campaigns: opened, shown and changed.

use proto::intake::v1::{self, campaign_service_client::CampaignServiceClient, user_service_client::UserServiceClient};
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::world::{Server, World, fields, refusal};

pub async fn client(world: &World) -> (CampaignServiceClient<Channel>, Server) {
    let server = world.serve().await;
    (CampaignServiceClient::new(server.channel().await), server)
}

fn named(name: &str) -> v1::GetCampaignRequest {
    v1::GetCampaignRequest { name: name.to_owned() }
}

fn mask(paths: &[&str]) -> Option<prost_types::FieldMask> {
    Some(prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

pub async fn default(client: &mut CampaignServiceClient<Channel>) -> v1::Campaign {
    let list = client.list_campaigns(v1::ListCampaignsRequest::default()).await.unwrap().into_inner();
    assert_eq!((list.campaigns.len(), list.next_page_token.as_str()), (1, ""));
    list.campaigns.into_iter().next().unwrap()
}

#[tokio::test]
async fn the_shipped_campaign_is_there_from_the_start() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let campaign = default(&mut client).await;
    assert_eq!(campaign.theme, "深入学习宣传贯彻党的二十大精神");
    assert_eq!(campaign.deadline_day, Some(v1::Day { year: 2023, month: 3, day: 31 }));
    assert_eq!(campaign.rules.len(), 12);
    assert_eq!(client.get_campaign(named(&campaign.name)).await.unwrap().into_inner(), campaign);
    let answer = client.get_campaign(named(&format!("campaigns/{}", Uuid::now_v7()))).await;
    assert_eq!(refusal(answer), (Code::NotFound, "CAMPAIGN_NOT_FOUND".into()));
    assert_eq!(fields(client.get_campaign(named("campaigns/")).await), ["name"]);
}

#[tokio::test]
async fn a_campaign_is_opened_under_a_name_that_the_server_gives() {
    let world = World::new().await;
    let (mut client, server) = client(&world).await;
    let mut wanted = default(&mut client).await;
    let old_name = wanted.name.clone();
    wanted.tag = "绩效征文".into();
    wanted.deadline_day = Some(v1::Day { year: 2024, month: 2, day: 29 });

    let only = v1::CreateCampaignRequest { campaign: Some(wanted.clone()), validate_only: true };
    assert_eq!(client.create_campaign(only).await.unwrap().into_inner().name, "");
    default(&mut client).await;

    let create = v1::CreateCampaignRequest { campaign: Some(wanted.clone()), validate_only: false };
    let made = client.create_campaign(create).await.unwrap().into_inner();
    assert_ne!(made.name, old_name);
    assert_eq!(made.revision, 1);
    assert_eq!((&made.tag, &made.deadline_day, &made.rules), (&wanted.tag, &wanted.deadline_day, &wanted.rules));
    assert_eq!(client.get_campaign(named(&made.name)).await.unwrap().into_inner(), made);
    let only =
        v1::UpdateCampaignRequest { campaign: Some(made.clone()), update_mask: mask(&["tag"]), validate_only: false };
    client.update_campaign(only).await.unwrap();
    let longer = v1::Campaign { deadline_day: Some(v1::Day { year: 2024, month: 3, day: 1 }), ..made.clone() };
    let change = v1::UpdateCampaignRequest { campaign: Some(longer), update_mask: None, validate_only: false };
    client.update_campaign(change).await.unwrap();
    let asked = v1::ListAccessEventsRequest::default();
    let noted = UserServiceClient::new(server.channel().await).list_access_events(asked).await.unwrap().into_inner();
    let noted: Vec<_> = noted.events.iter().map(|event| (event.action(), event.detail.as_str())).collect();
    let changed = (v1::AccessAction::CampaignUpdated, "revision 2");
    assert_eq!(
        noted,
        [changed, (v1::AccessAction::CampaignCreated, "revision 1")],
        "no rehearsal, and nothing for nothing"
    );
    let made = client.get_campaign(named(&made.name)).await.unwrap().into_inner();

    // Newest deadline first, page by page.
    let first = v1::ListCampaignsRequest { page_size: 1, ..Default::default() };
    let page = client.list_campaigns(first).await.unwrap().into_inner();
    assert_eq!(page.campaigns[0].name, made.name);
    let next = v1::ListCampaignsRequest { page_size: 1, page_token: page.next_page_token };
    let page = client.list_campaigns(next.clone()).await.unwrap().into_inner();
    assert_eq!(page.campaigns[0].name, old_name);
    assert_eq!(page.next_page_token, "");
    let wrong = v1::ListCampaignsRequest { page_token: next.page_token.replace(|_: char| true, "A"), ..next };
    assert_eq!(fields(client.list_campaigns(wrong).await), ["page_token"]);
    let negative = v1::ListCampaignsRequest { page_size: -5, ..Default::default() };
    assert_eq!(fields(client.list_campaigns(negative).await), ["page_size"]);
}

#[tokio::test]
async fn every_fault_of_a_campaign_is_told_at_once_in_both_languages() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let mut wrong = default(&mut client).await;
    wrong.theme = " ".into();
    wrong.opens_day = Some(v1::Day { year: 2023, month: 13, day: 1 });
    wrong.rules[3].severity = 0;
    for validate_only in [true, false] {
        let create = v1::CreateCampaignRequest { campaign: Some(wrong.clone()), validate_only };
        let status = client.create_campaign(create).await.unwrap_err();
        let violations = status.get_details_bad_request().unwrap().field_violations;
        for field in ["campaign.theme", "campaign.opens_day", "campaign.rules[3].severity"] {
            let violation = violations.iter().find(|violation| violation.field == field);
            let violation = violation.unwrap_or_else(|| panic!("{field} is not in {violations:?}"));
            assert!(!violation.description.is_empty());
            assert_eq!(violation.localized_message.as_ref().unwrap().locale, "zh-CN");
        }
        assert_eq!(refusal::<()>(Err(status)), (Code::InvalidArgument, "FIELD_INVALID".into()));
    }
    let none = v1::CreateCampaignRequest::default();
    assert_eq!(fields(client.create_campaign(none).await), ["campaign"]);
    default(&mut client).await;
}

#[tokio::test]
async fn an_update_changes_the_fields_of_its_mask_and_no_other() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let before = default(&mut client).await;
    let mut given = before.clone();
    given.theme = "另一主题".into();
    given.tag = "另一征稿".into();
    given.revision = 99;
    let update = |campaign: &v1::Campaign, paths: &[&str], validate_only| v1::UpdateCampaignRequest {
        campaign: Some(campaign.clone()),
        update_mask: mask(paths),
        validate_only,
    };

    let tried = client.update_campaign(update(&given, &["tag"], true)).await.unwrap().into_inner();
    assert_eq!((tried.tag.as_str(), tried.theme.as_str()), ("另一征稿", before.theme.as_str()));
    assert_eq!(default(&mut client).await, before);

    let after = client.update_campaign(update(&given, &["tag", "revision"], false)).await.unwrap().into_inner();
    assert_eq!((after.tag.as_str(), after.theme.as_str(), after.revision), ("另一征稿", before.theme.as_str(), 2));
    assert_ne!(after.etag, before.etag);
    assert_eq!(default(&mut client).await, after);

    let stale = client.update_campaign(update(&given, &["theme"], false)).await;
    assert_eq!(refusal(stale), (Code::Aborted, "ETAG_STALE".into()));

    given.etag = after.etag.clone();
    let all = v1::UpdateCampaignRequest { campaign: Some(given.clone()), update_mask: None, validate_only: false };
    let all = client.update_campaign(all).await.unwrap().into_inner();
    assert_eq!((all.theme.as_str(), all.revision), ("另一主题", 3));

    // Nothing to change is no new revision.
    let same = client.update_campaign(update(&all, &["*"], false)).await.unwrap().into_inner();
    assert_eq!(same, all);
}

#[tokio::test]
async fn an_update_that_is_asked_wrongly_says_why() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let campaign = default(&mut client).await;
    let update = |campaign: &v1::Campaign, paths: &[&str]| v1::UpdateCampaignRequest {
        campaign: Some(campaign.clone()),
        update_mask: mask(paths),
        validate_only: false,
    };
    let unknown = client.update_campaign(update(&campaign, &["theme", "colour", "opens_day.year"])).await.unwrap_err();
    let violations = unknown.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations.len(), 2);
    assert_eq!(violations[0].field, "update_mask");
    assert!(violations[0].description.contains("colour") && violations[1].description.contains("opens_day.year"));

    let nameless = v1::Campaign { name: String::new(), ..campaign.clone() };
    assert_eq!(fields(client.update_campaign(update(&nameless, &[])).await), ["campaign.name"]);
    let etagless = v1::Campaign { etag: String::new(), ..campaign.clone() };
    assert_eq!(fields(client.update_campaign(update(&etagless, &[])).await), ["campaign.etag"]);
    let missing = v1::Campaign { name: format!("campaigns/{}", Uuid::now_v7()), ..campaign.clone() };
    let answer = client.update_campaign(update(&missing, &[])).await;
    assert_eq!(refusal(answer), (Code::NotFound, "CAMPAIGN_NOT_FOUND".into()));
    let ruleless = v1::Campaign { deadline_day: None, ..campaign.clone() };
    assert_eq!(fields(client.update_campaign(update(&ruleless, &["deadline_day"])).await), ["campaign.deadline_day"]);
    assert_eq!(default(&mut client).await, campaign);
}

fn words(body: &str) -> v1::ReplyTemplate {
    let kind = v1::ReplyKind::Declined.into();
    v1::ReplyTemplate { kind, language: "zh".into(), subject: "关于来稿 {{收稿号}}".into(), body: body.into() }
}

#[tokio::test]
async fn a_campaigns_own_words_are_kept_until_an_update_names_them() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let mut campaign = default(&mut client).await;
    assert_eq!(campaign.templates, []);
    let update = |campaign: &v1::Campaign, paths: &[&str]| v1::UpdateCampaignRequest {
        campaign: Some(campaign.clone()),
        update_mask: mask(paths),
        validate_only: false,
    };
    campaign.templates = vec![words("很遗憾。\n\n{{理由}}")];
    let campaign = client.update_campaign(update(&campaign, &["templates"])).await.unwrap().into_inner();
    assert_eq!((campaign.revision, campaign.templates.as_slice()), (2, &[words("很遗憾。\n\n{{理由}}")][..]));

    // Who was built before there were templates gives none, and takes none away.
    let older = v1::Campaign { theme: "乡村振兴".into(), templates: Vec::new(), ..campaign.clone() };
    let kept = client.update_campaign(update(&older, &[])).await.unwrap().into_inner();
    assert_eq!((kept.theme.as_str(), &kept.templates), ("乡村振兴", &campaign.templates));

    let wrong = v1::Campaign { templates: vec![words("很遗憾。"), words("{{理由}}")], ..kept.clone() };
    let told = fields(client.update_campaign(update(&wrong, &["templates"])).await);
    assert_eq!(told, ["campaign.templates[0].body"], "a letter that declines gives its reason");
    let twice = v1::Campaign { templates: vec![words("{{理由}}"), words("{{理由}}")], ..kept.clone() };
    let told = fields(client.update_campaign(update(&twice, &["templates"])).await);
    assert_eq!(told, ["campaign.templates[1]"]);

    let none = v1::Campaign { templates: Vec::new(), ..kept };
    let none = client.update_campaign(update(&none, &["templates"])).await.unwrap().into_inner();
    assert_eq!(none.templates, []);
}

#[tokio::test]
async fn a_letter_is_shown_filled_in_or_its_faults_are_told_by_line_and_character() {
    let world = World::new().await;
    let (mut client, _server) = client(&world).await;
    let campaign = default(&mut client).await;
    let ask = |subject: &str, body: &str| v1::PreviewReplyRequest {
        campaign: campaign.name.clone(),
        kind: v1::ReplyKind::Declined.into(),
        language: "zh".into(),
        subject: subject.into(),
        body: body.into(),
    };
    let shipped = client.preview_reply(ask("", "")).await.unwrap().into_inner();
    assert!(shipped.template.unwrap().body.contains("{{理由}}"));
    assert!(shipped.subject.starts_with("审稿结果（收稿号 128）") && shipped.body.contains("张小莉 010-88227050"));
    let needed: Vec<&str> = shipped
        .places
        .iter()
        .filter(|place| place.needed)
        .map(|place| place.name.as_ref().unwrap().zh.as_str())
        .collect();
    assert_eq!(needed, ["理由"]);

    let own = client.preview_reply(ask("来稿 {{收稿号}}", "很遗憾：\r\n{{理由}}")).await.unwrap().into_inner();
    assert_eq!(own.subject, "来稿 128");
    assert_eq!(own.body, "很遗憾：\n选题与近期已刊稿件重复。\n");

    let wrong = client.preview_reply(ask("来稿", "一\n二 {{号码}}\n{{理由}}")).await.unwrap().into_inner();
    assert_eq!((wrong.subject.as_str(), wrong.body.as_str()), ("", ""));
    let [fault] = &wrong.faults[..] else { panic!("{:?}", wrong.faults) };
    assert_eq!((fault.part(), fault.line, fault.column), (v1::template_fault::Part::Body, 2, 3));
    assert!(fault.sentence.as_ref().unwrap().zh.contains("号码"));

    let unknown = v1::PreviewReplyRequest { kind: 0, language: "fr".into(), ..ask("", "") };
    assert_eq!(fields(client.preview_reply(unknown).await), ["kind", "language"]);
}
