//! ContactService: who sends, and for which organisations. Addresses are told masked.

use chrono::{DateTime, Utc};
use proto::intake::v1::{self, contact_service_server::ContactService};
use store::{
    Store,
    record::{ContactQuery, ContactRecord, ExportLine, OrganisationQuery, OrganisationRecord},
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{errors, gate::acting, masked, names, page, wire};

/// Characters of a search.
const SEARCH_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=80;
/// Submissions that come with a contact.
const SUBMISSIONS_MAX: u32 = 100;

/// The service.
pub struct Contacts {
    store: Store,
    tokens: page::Tokens,
}

impl Contacts {
    /// Over these tables.
    #[must_use]
    pub fn new(store: Store, tokens: page::Tokens) -> Self {
        Self { store, tokens }
    }
}

/// What is searched for; a single character would find half of everything.
fn search(text: &str) -> Result<String, Status> {
    let text = text.trim();
    if text.is_empty() || SEARCH_CHARACTERS.contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(errors::field("search", "2 to 80 characters are searched for", "请输入 2 至 80 个字符"))
}

fn sender(record: &ContactRecord) -> v1::Sender {
    v1::Sender {
        name: names::CONTACT.name(record.id),
        address: masked::address(&record.address),
        names: record.names.clone(),
        organisations: record.organisations.clone(),
        manuscript_count: record.manuscripts,
        submission_count: record.submissions,
        states: record
            .states
            .iter()
            .map(|(state, manuscripts)| v1::StateCount {
                state: wire::review::state(*state).into(),
                manuscript_count: *manuscripts,
            })
            .collect(),
        first_received_time: Some(wire::timestamp(record.first_received_at)),
        last_received_time: Some(wire::timestamp(record.last_received_at)),
        unreachable: wire::reach::unreachable(&record.address, &record.reach),
        checked_time: record.reach.checked.as_ref().map(|checked| wire::timestamp(checked.at)),
        checked_by: record.reach.checked.as_ref().map(|checked| checked.by.clone()).unwrap_or_default(),
    }
}

fn submission(line: &ExportLine) -> v1::ContactSubmission {
    let record = &line.submission;
    v1::ContactSubmission {
        submission: names::SUBMISSION.name(record.id),
        campaign: names::CAMPAIGN.name(record.campaign_id),
        number: record.number,
        version: record.version,
        subject: record.letter.headers.subject.clone(),
        received_time: Some(wire::timestamp(record.message.received_at)),
        state: line
            .review
            .as_ref()
            .map_or(v1::ReviewState::Unspecified, |review| wire::review::state(review.standing.state))
            .into(),
    }
}

fn organisation(record: &OrganisationRecord) -> v1::Organisation {
    v1::Organisation {
        display_name: record.name.clone(),
        contact_count: record.contacts,
        manuscript_count: record.manuscripts,
        last_received_time: Some(wire::timestamp(record.last_received_at)),
    }
}

#[tonic::async_trait]
impl ContactService for Contacts {
    async fn list_contacts(
        &self,
        request: Request<v1::ListContactsRequest>,
    ) -> Result<Response<v1::ListContactsResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let search = search(&request.search)?;
        let unreachable = if request.unreachable { "unreachable" } else { "" };
        let query = ["ListContacts", &search, &request.organisation, unreachable];
        let after: Option<(DateTime<Utc>, Uuid)> = self.tokens.open(&query, &request.page_token)?;
        let organisation = Some(request.organisation.clone()).filter(|name| !name.is_empty());
        let (search, unreachable) = (search.clone(), request.unreachable);
        let rows = ContactQuery { search, organisation, unreachable, after, limit: size + 1 };
        let rows = self.store.contact_list(&rows).await.map_err(errors::of_store)?;
        let (contacts, more) = page::fill(&rows, size, sender);
        let next_page_token = match rows[..contacts.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &(last.last_received_at, last.last_submission_id)),
            None => String::new(),
        };
        Ok(Response::new(v1::ListContactsResponse { contacts, next_page_token }))
    }

    async fn get_contact(
        &self,
        request: Request<v1::GetContactRequest>,
    ) -> Result<Response<v1::GetContactResponse>, Status> {
        let id = names::CONTACT.required("name", &request.get_ref().name)?;
        let record = self.store.contact_get(id).await.map_err(errors::of_store)?;
        let lines = self.store.contact_submissions(id, SUBMISSIONS_MAX).await.map_err(errors::of_store)?;
        let submissions = lines.iter().map(submission).collect();
        Ok(Response::new(v1::GetContactResponse { contact: Some(sender(&record)), submissions }))
    }

    async fn mark_reachable(
        &self,
        request: Request<v1::MarkReachableRequest>,
    ) -> Result<Response<v1::MarkReachableResponse>, Status> {
        let acting = acting(&request)?;
        let id = names::CONTACT.required("name", &request.get_ref().name)?;
        let count = self.store.contact_mark_reachable(id, &acting.name).await.map_err(errors::of_store)?;
        Ok(Response::new(v1::MarkReachableResponse { released_count: count }))
    }

    async fn list_organisations(
        &self,
        request: Request<v1::ListOrganisationsRequest>,
    ) -> Result<Response<v1::ListOrganisationsResponse>, Status> {
        let request = request.into_inner();
        let size = page::size(request.page_size)?;
        let search = search(&request.search)?;
        let query = ["ListOrganisations", &search];
        let after: Option<(DateTime<Utc>, Uuid)> = self.tokens.open(&query, &request.page_token)?;
        let rows = OrganisationQuery { search: search.clone(), after, limit: size + 1 };
        let rows = self.store.organisation_list(&rows).await.map_err(errors::of_store)?;
        let (organisations, more) = page::fill(&rows, size, organisation);
        let next_page_token = match rows[..organisations.len()].last().filter(|_| more) {
            Some(last) => self.tokens.seal(&query, &(last.last_received_at, last.last_submission_id)),
            None => String::new(),
        };
        Ok(Response::new(v1::ListOrganisationsResponse { organisations, next_page_token }))
    }
}
