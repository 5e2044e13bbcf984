//! CampaignService: opens, shows and changes campaigns, and tries a change on stored mail.

use std::sync::Arc;

use chrono::NaiveDate;
use intake::campaign::Campaign;
use proto::intake::v1::{self, campaign_service_server::CampaignService};
use store::{Store, record::CampaignKey};
use tokio::sync::Semaphore;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::{dry_run, errors, gate::by, names, page, wire};

/// The writable fields, as a mask names them.
const FIELDS: [&str; 12] = [
    "theme",
    "tag",
    "mailbox",
    "categories",
    "opens_day",
    "deadline_day",
    "contacts",
    "channels",
    "rules",
    "review",
    "templates",
    "retention_days",
];
/// Fields that a mask may name without effect.
const FIELDS_OUTPUT: [&str; 3] = ["name", "etag", "revision"];
/// Paths of a mask.
const PATHS_MAX: usize = 64;

/// The service.
pub struct Campaigns {
    store: Store,
    tokens: page::Tokens,
    // A dry run is all computing: one at a time leaves the other calls a processor.
    dry_runs: Arc<Semaphore>,
}

impl Campaigns {
    /// Over these tables.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens) -> Self {
        Self { store, tokens, dry_runs: Arc::new(Semaphore::new(1)) }
    }
}

fn required(campaign: Option<v1::Campaign>) -> Result<v1::Campaign, Status> {
    campaign.ok_or_else(|| errors::field("campaign", "a campaign is needed", "请提供征稿"))
}

fn read(message: &v1::Campaign, id: Uuid, revision: u32) -> Result<Campaign, Status> {
    wire::campaign_read(message, id, revision).map_err(|mut faults| {
        for fault in &mut faults {
            fault.field.insert_str(0, "campaign.");
        }
        errors::fields(&faults)
    })
}

/// The stored campaign with the fields that the mask names taken from the given one; all writable ones when the mask is
/// empty or `*`.
fn merged(stored: v1::Campaign, given: v1::Campaign, paths: &[String]) -> Result<v1::Campaign, Status> {
    if paths.len() > PATHS_MAX {
        let en = format!("at most {PATHS_MAX} paths are taken");
        return Err(errors::field("update_mask", en, format!("最多 {PATHS_MAX} 个路径")));
    }
    let faults: Vec<wire::Fault> = paths
        .iter()
        .filter(|path| !FIELDS.contains(&path.as_str()) && !FIELDS_OUTPUT.contains(&path.as_str()) && *path != "*")
        .map(|path| wire::Fault {
            field: "update_mask".to_owned(),
            zh: format!("没有可修改的字段“{path}”"),
            en: format!("{path:?} is not a field that can be changed"),
        })
        .collect();
    if !faults.is_empty() {
        return Err(errors::fields(&faults));
    }
    let all = paths.is_empty() || paths.iter().any(|path| path == "*");
    let takes = |field: &str| all || paths.iter().any(|path| path == field);
    let mut merged = stored;
    if takes("theme") {
        merged.theme = given.theme;
    }
    if takes("tag") {
        merged.tag = given.tag;
    }
    if takes("mailbox") {
        merged.mailbox = given.mailbox;
    }
    if takes("categories") {
        merged.categories = given.categories;
    }
    if takes("opens_day") {
        merged.opens_day = given.opens_day;
    }
    if takes("deadline_day") {
        merged.deadline_day = given.deadline_day;
    }
    if takes("contacts") {
        merged.contacts = given.contacts;
    }
    if takes("channels") {
        merged.channels = given.channels;
    }
    if takes("rules") {
        merged.rules = given.rules;
    }
    // A caller that was built before there were reviews, templates or a retention gives none: then only a name in the mask takes them away.
    if (all && given.review.is_some()) || paths.iter().any(|path| path == "review") {
        merged.review = given.review;
    }
    if (all && !given.templates.is_empty()) || paths.iter().any(|path| path == "templates") {
        merged.templates = given.templates;
    }
    if (all && given.retention_days != 0) || paths.iter().any(|path| path == "retention_days") {
        merged.retention_days = given.retention_days;
    }
    Ok(merged)
}

#[tonic::async_trait]
impl CampaignService for Campaigns {
    async fn create_campaign(
        &self,
        request: Request<v1::CreateCampaignRequest>,
    ) -> Result<Response<v1::Campaign>, Status> {
        let by = by(&request)?;
        let v1::CreateCampaignRequest { campaign, validate_only } = request.into_inner();
        let campaign = read(&required(campaign)?, Uuid::now_v7(), 1)?;
        let mut answer = wire::campaign(&campaign);
        if validate_only {
            // Nothing was made, so there is nothing to name.
            answer.name.clear();
        } else {
            self.store.campaign_insert(&campaign, &by).await.map_err(errors::of_store)?;
        }
        Ok(Response::new(answer))
    }

    async fn get_campaign(&self, request: Request<v1::GetCampaignRequest>) -> Result<Response<v1::Campaign>, Status> {
        let id = names::CAMPAIGN.required("name", &request.into_inner().name)?;
        let campaign = self.store.campaign_get(id).await.map_err(errors::of_store)?;
        Ok(Response::new(wire::campaign(&campaign)))
    }

    async fn list_campaigns(
        &self,
        request: Request<v1::ListCampaignsRequest>,
    ) -> Result<Response<v1::ListCampaignsResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let query = ["ListCampaigns"];
        let after: Option<(NaiveDate, Uuid)> = self.tokens.open(&query, &request.page_token)?;
        let after = after.map(|(deadline_day, id)| CampaignKey { deadline_day, id });
        let rows = self.store.campaign_list(after, size + 1).await.map_err(errors::of_store)?;
        let (campaigns, more) = page::fill(&rows, size, wire::campaign);
        let last = &rows[..campaigns.len()];
        let next_page_token = match last.last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &(last.deadline_day, last.id)),
            None => String::new(),
        };
        Ok(Response::new(v1::ListCampaignsResponse { campaigns, next_page_token }))
    }

    async fn update_campaign(
        &self,
        request: Request<v1::UpdateCampaignRequest>,
    ) -> Result<Response<v1::Campaign>, Status> {
        let by = by(&request)?;
        let v1::UpdateCampaignRequest { campaign, update_mask, validate_only } = request.into_inner();
        let given = required(campaign)?;
        let id = names::CAMPAIGN.required("campaign.name", &given.name)?;
        if given.etag.is_empty() {
            let en = "the etag that was read is needed, so that nobody's change is lost";
            return Err(errors::field("campaign.etag", en, "请带回读取时的 etag,以免覆盖他人的修改"));
        }
        let present = self.store.campaign_get(id).await.map_err(errors::of_store)?;
        let stored = wire::campaign(&present);
        if stored.etag != given.etag {
            let en = "the campaign was changed since it was read; read it again";
            return Err(errors::status(Code::Aborted, "ETAG_STALE", en, "征稿已被他人修改,请重新读取"));
        }
        let merged = merged(stored, given, &update_mask.unwrap_or_default().paths)?;
        let changed = read(&merged, id, present.revision)?;
        if changed == present || validate_only {
            return Ok(Response::new(wire::campaign(&changed)));
        }
        let stored = self.store.campaign_update(&changed, &by).await.map_err(errors::of_store)?;
        Ok(Response::new(wire::campaign(&stored)))
    }

    async fn test_campaign(
        &self,
        request: Request<v1::TestCampaignRequest>,
    ) -> Result<Response<v1::TestCampaignResponse>, Status> {
        let v1::TestCampaignRequest { campaign, mails_max } = request.into_inner();
        let given = required(campaign)?;
        let id = names::CAMPAIGN.required("campaign.name", &given.name)?;
        let mails_max = dry_run::mails_max(mails_max)?;
        let present = self.store.campaign_get(id).await.map_err(errors::of_store)?;
        let changed = read(&given, id, present.revision.saturating_add(1))?;
        let _one_at_a_time =
            self.dry_runs.acquire().await.map_err(|closed| errors::of_kind(stdx::ErrorKind::Internal, &closed))?;
        dry_run::run(&self.store, &present, &changed, mails_max).await.map(Response::new)
    }

    async fn preview_reply(
        &self,
        request: Request<v1::PreviewReplyRequest>,
    ) -> Result<Response<v1::PreviewReplyResponse>, Status> {
        let request = request.into_inner();
        let kind = request.kind().into();
        let v1::PreviewReplyRequest { campaign, language, subject, body, .. } = request;
        let id = names::CAMPAIGN.required("campaign", &campaign)?;
        let words = v1::ReplyTemplate { kind, language, subject, body };
        let mut written = wire::written_read(&words).map_err(|faults| errors::fields(&faults))?;
        if written.subject.is_empty() && written.body.is_empty() {
            written = reply::standard::written(written.kind, written.language);
        }
        let campaign = self.store.campaign_get(id).await.map_err(errors::of_store)?;
        let mut answer = v1::PreviewReplyResponse {
            template: Some(wire::written(&written)),
            places: wire::places(written.kind),
            ..Default::default()
        };
        match reply::template::Template::read(&written) {
            Ok(template) => {
                let text = reply::particulars::preview(&template, &campaign);
                (answer.subject, answer.body) = (text.subject, text.body);
            }
            Err(faults) => answer.faults = faults.iter().map(wire::template_fault).collect(),
        }
        Ok(Response::new(answer))
    }
}
