//! What the tables give back: rows as values, for `api`, `verify` and tests.

use chrono::{DateTime, NaiveDate, Utc};
use intake::{
    contact::Contact,
    finding::{Finding, RuleCode},
    judgement::{Judgement, Verdict},
    letter::{Address, Letter},
    message::{Message, Stage},
    review::{Actor, Decision, Entry, Role, Standing, State, Step},
    sorting::Class,
};
use serde::{Deserialize, Serialize};
use stdx::Sha256;
use uuid::Uuid;

/// Where a page of campaigns ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CampaignKey {
    /// The last campaign's deadline day.
    pub deadline_day: NaiveDate,
    /// Its id.
    pub id: Uuid,
}

/// A mailbox as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Its name in the settings, unique.
    pub name: String,
    /// `imap` or `folder`.
    pub kind: String,
    /// The address that mail for it goes to; campaigns with this address take its mail.
    pub address: String,
    /// The folders that are swept, decoded.
    pub folders: Vec<String>,
    /// Mail received before this is recorded and never answered; by default the moment of the first contact.
    pub answer_from: DateTime<Utc>,
}

/// A mailbox with what is known of its sweeps.
#[derive(Clone, Debug, PartialEq)]
pub struct MailboxRecord {
    /// Its id.
    pub id: Uuid,
    /// As enrolled, with the `answer_from` of the first contact.
    pub enrolment: Enrolment,
    /// Its folders.
    pub folders: Vec<FolderRecord>,
    /// Age of the oldest open message.
    pub lag_seconds: u64,
    /// How the last failing sweep failed, and when; none once every folder's last sweep succeeded.
    pub last_error: Option<(String, DateTime<Utc>)>,
}

/// A folder with what is known of its sweeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRecord {
    /// Its name, decoded.
    pub folder: String,
    /// Its present epoch; none before the first contact.
    pub uidvalidity: Option<u32>,
    /// The highest UID of the epoch that has a row.
    pub position: u64,
    /// Mails on the server at the last sweep.
    pub server_count: u64,
    /// Rows of the epoch.
    pub row_count: u64,
    /// The last sweep that succeeded.
    pub last_sweep_at: Option<DateTime<Utc>>,
}

/// A message with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRecord {
    /// The row.
    pub message: Message,
    /// Why it was set aside or why the last try failed.
    pub reason: String,
    /// The stage that failed, for a quarantined one.
    pub stage_failed: Option<Stage>,
    /// The first message with the same bytes, for a repeated one.
    pub repeats: Option<Uuid>,
    /// What kind of mail it is, once assessed.
    pub class: Option<Class>,
    /// Why, in Chinese and English.
    pub class_reason: Option<(String, String)>,
    /// The decoded subject, once parsed.
    pub subject: String,
    /// The sender, once parsed.
    pub from: Option<Address>,
    /// Its submission.
    pub submission_id: Option<Uuid>,
    /// When its words and its bytes were erased.
    pub erased_at: Option<DateTime<Utc>>,
}

/// A recorded message with the letter that was read and what was decided of it.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageLetter {
    /// The row.
    pub message: Message,
    /// The facts, whole.
    pub letter: Letter,
    /// What kind of mail it is.
    pub class: Class,
    /// The campaign that it was sorted to.
    pub campaign_id: Option<Uuid>,
    /// When that was decided.
    pub recorded_at: DateTime<Utc>,
    /// Its submission, if its class is judged.
    pub submission: Option<Judged>,
}

/// What was judged of a submission.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its id.
    pub id: Uuid,
    /// One outcome a rule.
    pub findings: Vec<Finding>,
    /// What follows.
    pub judgement: Judgement,
}

/// Which messages to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// Only of this mailbox.
    pub mailbox_id: Option<Uuid>,
    /// Only in these stages; all when empty.
    pub stages: Vec<Stage>,
    /// Only of these classes; all when empty.
    pub classes: Vec<Class>,
    /// Only where the subject or the sender's name holds these characters, or the address does in any case.
    pub holds: String,
    /// After this key.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    /// At most so many.
    pub limit: u32,
}

/// One line of a message's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: DateTime<Utc>,
    /// The stage before; none for the first line.
    pub from: Option<Stage>,
    /// The stage after.
    pub to: Stage,
    /// Who.
    pub actor: String,
    /// What, for an editor.
    pub detail: String,
}

/// A submission with its message.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmissionRecord {
    /// Its id.
    pub id: Uuid,
    /// Its campaign.
    pub campaign_id: Uuid,
    /// 收稿号 within the campaign, from 1, without gaps.
    pub number: u64,
    /// The first version of its chain.
    pub root_id: Uuid,
    /// From 1.
    pub version: u32,
    /// Counts its changes; the etag.
    pub row_version: u32,
    /// Its message.
    pub message: Message,
    /// What kind of mail it is.
    pub class: Class,
    /// Why, in Chinese and English.
    pub class_reason: (String, String),
    /// The facts; in a list without texts.
    pub letter: Letter,
    /// Who sends.
    pub contact: Contact,
    /// One outcome a rule.
    pub findings: Vec<Finding>,
    /// What follows.
    pub judgement: Judgement,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When its words were erased; then everything that could name or quote somebody is empty.
    pub erased_at: Option<DateTime<Utc>>,
}

/// The order of a list of submissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubmissionOrder {
    /// By receipt, newest first, then by id.
    #[default]
    ReceivedDescending,
    /// By receipt, oldest first, then by id.
    ReceivedAscending,
    /// By number, highest first, then by id.
    NumberDescending,
    /// By number, lowest first, then by id.
    NumberAscending,
}

/// One comparison of a filter; a list gives what fulfils all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmissionFilter {
    /// Of this class, or not.
    Class(Class, bool),
    /// With this verdict, or not.
    Verdict(Verdict, bool),
    /// From this address (compared in lower case).
    From(String),
    /// The subject holds these characters.
    SubjectHolds(String),
    /// Received at or after.
    ReceivedFrom(DateTime<Utc>),
    /// Received before.
    ReceivedBefore(DateTime<Utc>),
    /// Received before the mailbox's cut-off, or not.
    Backfilled(bool),
    /// This rule failed.
    FindingFailed(RuleCode),
}

/// Where a page of submissions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmissionKey {
    /// The last submission's receipt time.
    pub received_at: DateTime<Utc>,
    /// Its number.
    pub number: u64,
    /// Its id.
    pub id: Uuid,
}

/// Which submissions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionQuery {
    /// Only of this campaign.
    pub campaign_id: Option<Uuid>,
    /// All must hold.
    pub filters: Vec<SubmissionFilter>,
    /// In this order.
    pub order: SubmissionOrder,
    /// After this key.
    pub after: Option<SubmissionKey>,
    /// At most so many.
    pub limit: u32,
}

/// Where a manuscript stands in its review, with what a list shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewRecord {
    /// The first version.
    pub submission_id: Uuid,
    /// Its campaign.
    pub campaign_id: Uuid,
    /// Its 收稿号.
    pub number: u64,
    /// Its subject.
    pub subject: String,
    /// Counts the steps from 1.
    pub row_version: u64,
    /// Where it stands.
    pub standing: Standing,
    /// The names of those that the standing names, each by its id.
    pub names: Vec<(Uuid, String)>,
    /// When the server received the first version.
    pub received_at: DateTime<Utc>,
    /// When the last step was taken.
    pub updated_at: DateTime<Utc>,
    /// Its newest version; none while an older program recorded it and this one has not started since.
    pub summary: Option<ReviewSummary>,
    /// What editors find it by, in the order of the code points.
    pub tags: Vec<String>,
}

/// The newest version of a manuscript as a line of a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewSummary {
    /// The version.
    pub newest_id: Uuid,
    /// How many there are.
    pub versions: u32,
    /// Its subject.
    pub subject: String,
    /// The likeliest author; may be empty.
    pub contact_name: String,
    /// 工作单位; may be empty.
    pub organisation: String,
    /// When the server received it.
    pub received_at: DateTime<Utc>,
    /// Rules that failed, required ones and advice.
    pub failed: Vec<String>,
    /// Such rules that could not be measured.
    pub undetermined: Vec<String>,
    /// Documents, read or not.
    pub documents: u32,
    /// Videos that are attached.
    pub videos: u32,
    /// Pictures.
    pub pictures: u32,
    /// Files left with a mail provider.
    pub cloud_files: u32,
    /// When the first of their links ends.
    pub cloud_expires_at: Option<DateTime<Utc>>,
    /// 字数 of the documents together.
    pub characters: u64,
    /// Received before the mailbox's cut-off.
    pub backfilled: bool,
    /// When this version was erased.
    pub erased_at: Option<DateTime<Utc>>,
}

/// A line of a review's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewEvent {
    /// Counts from 1.
    pub number: u32,
    /// What happened.
    pub entry: Entry,
    /// The name of who acted.
    pub actor: String,
    /// The name of who got the submission, where it was assigned.
    pub editor: String,
}

/// Somebody who acts in a review or gets a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewPerson {
    /// The account.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// What was noted beside the steps of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// A tag was set.
    Tagged,
    /// A tag was taken away.
    Untagged,
    /// Somebody said something.
    Commented,
}

/// A line beside the steps of a review; never changed, never removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Counts from 1 for each review.
    pub number: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// The name of who made it.
    pub actor: String,
    /// In which right.
    pub role: Role,
    /// What it is.
    pub kind: RemarkKind,
    /// The tag, or the comment.
    pub words: String,
}

/// Who remarks on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemarkMade {
    /// Any version.
    pub submission_id: Uuid,
    /// Who.
    pub actor: Actor,
    /// The name of who.
    pub name: String,
    /// When.
    pub now: DateTime<Utc>,
    /// What makes it the same call, when the caller gave it an id; of a comment alone.
    pub once: Option<ReviewOnce>,
}

/// Tags that are set and taken away; one that is both is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagging {
    /// Who, and on what.
    pub made: RemarkMade,
    /// As [`intake::remark::tag`] reads them.
    pub add: Vec<String>,
    /// The same.
    pub remove: Vec<String>,
    /// Everything is tried, and nothing is kept.
    pub is_rehearsal: bool,
}

/// How many manuscripts have a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// How many.
    pub count: u64,
}

/// A list of the desk under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its id.
    pub id: Uuid,
    /// The name of the user or the token whose it is.
    pub owner: String,
    /// What it is called; one person has each title once.
    pub title: String,
    /// What it shows, as the desk's address says it.
    pub query: String,
    /// Everybody sees it.
    pub shared: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Why a view is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewRefusal {
    /// The person has one of this title.
    Taken,
    /// The person has as many as fit.
    TooMany,
}

/// What makes a call the same call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewOnce {
    /// The caller's id of the call, in lower case.
    pub request_id: String,
    /// SHA-256 of method and request.
    pub body_sha256: Sha256,
}

/// A step of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewStep {
    /// Any version.
    pub submission_id: Uuid,
    /// The version of the review that was read.
    pub row_version: u64,
    /// What is done, and why.
    pub step: Step,
    /// Who acts.
    pub actor: Actor,
    /// The names of those whom the step names.
    pub persons: Vec<ReviewPerson>,
    /// When.
    pub now: DateTime<Utc>,
    /// What makes it the same call, when the caller gave it an id.
    pub once: Option<ReviewOnce>,
    /// Everything is tried, and nothing is kept.
    pub is_rehearsal: bool,
}

/// How reviews are ordered; the id decides between equals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewOrder {
    /// Newest receipt first.
    #[default]
    ReceivedDescending,
    /// Oldest receipt first.
    ReceivedAscending,
    /// Newest step first.
    UpdatedDescending,
    /// Oldest step first.
    UpdatedAscending,
    /// Earliest day of a revision first; those that wait for none last.
    DueAscending,
}

/// One comparison of a filter; a list gives what fulfils all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewFilter {
    /// In one of these states, or in none of them.
    State(Vec<State>, bool),
    /// With one of these verdicts, or with none of them.
    Verdict(Vec<Verdict>, bool),
    /// One of these editors has it, or none of them.
    Editor(Vec<Uuid>, bool),
    /// This holds, or does not.
    Is(ReviewFlag, bool),
    /// A revision is waited for until this day or a later one.
    DueFrom(NaiveDate),
    /// A revision is waited for until a day before this one.
    DueBefore(NaiveDate),
    /// At this instant or later.
    Since(ReviewTime, DateTime<Utc>),
    /// Before this instant.
    Before(ReviewTime, DateTime<Utc>),
    /// So much or more.
    AtLeast(ReviewCount, u64),
    /// Less.
    Below(ReviewCount, u64),
    /// With one of these tags, as [`intake::remark::tag`] reads them, or with none of them.
    Tag(Vec<String>, bool),
    /// The newest version comes from this address (compared in lower case).
    From(String),
    /// Its subject, author or organisation holds these characters, two or more; width, case and script are the same.
    Holds(String),
    /// The newest version failed this rule, which is required or advice.
    Failed(RuleCode),
    /// For the newest version this rule could not be measured.
    Undetermined(RuleCode),
    /// It is counted under this value, compared exactly.
    In(ReviewGroup, String),
}

/// What a manuscript is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReviewGroup {
    /// The category of the newest version, as a number from 1; `0` where nothing tells it.
    Category,
    /// The organisation of the newest version; empty where none was found.
    Organisation,
    /// A channel where it has a place and has not appeared.
    Scheduled,
    /// A channel where it appeared.
    Published,
    /// Why it was declined or a revision was asked for, as the author was told; of the decision that holds.
    Reason,
}

impl ReviewGroup {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Category, Self::Organisation, Self::Scheduled, Self::Published, Self::Reason];

    /// The word of the tables and of filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Organisation => "organisation",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Reason => "reason",
        }
    }
}

/// What holds of a review or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewFlag {
    /// Somebody has it.
    Assigned,
    /// The newest version has a video, attached or left with a mail provider.
    Video,
    /// It has a file left with a mail provider.
    CloudFile,
    /// It was received before the mailbox's cut-off.
    Backfilled,
    /// A letter of ours about it came back.
    Bounced,
}

/// An instant of a review; a comparison with one that is not set is false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewTime {
    /// Receipt of the first version.
    Received,
    /// The last step.
    Updated,
    /// The first link of the newest version to a file with a mail provider ends.
    CloudExpiry,
}

/// A number of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewCount {
    /// 收稿号 of the first version.
    Number,
    /// How many versions there are.
    Versions,
}

/// The neighbours of a review in a list, first versions; none at either end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewNeighbours {
    /// The one before.
    pub previous: Option<Uuid>,
    /// The one after.
    pub next: Option<Uuid>,
}

/// Where a page of reviews ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewKey {
    /// Receipt time of the last one.
    pub received_at: DateTime<Utc>,
    /// Its last step.
    pub updated_at: DateTime<Utc>,
    /// Its day of a revision.
    pub due_day: Option<NaiveDate>,
    /// Its submission.
    pub submission_id: Uuid,
}

/// Which reviews to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewQuery {
    /// Only of this campaign.
    pub campaign_id: Option<Uuid>,
    /// All must hold.
    pub filters: Vec<ReviewFilter>,
    /// In this order.
    pub order: ReviewOrder,
    /// After this key.
    pub after: Option<ReviewKey>,
    /// At most so many.
    pub limit: u32,
}

/// A submission as it leaves in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportLine {
    /// Without texts and evidence.
    pub submission: SubmissionRecord,
    /// None for a mail that is not reviewed.
    pub review: Option<ExportReview>,
}

/// Where the manuscript of a submission stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportReview {
    /// The standing.
    pub standing: Standing,
    /// 责任编辑 by name; empty when nobody has it.
    pub editor: String,
    /// The decision that holds.
    pub decision: Option<Decision>,
    /// What the author was told of it; may be empty.
    pub reason: String,
}

/// Which submissions leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportQuery {
    /// Of this campaign.
    pub campaign_id: Uuid,
    /// The manuscript's review meets all of them; without any, also what is not reviewed.
    pub filters: Vec<ReviewFilter>,
    /// After this number.
    pub after: u64,
    /// At most so many.
    pub limit: u32,
}

/// Who sends from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRecord {
    /// Follows from the address.
    pub id: Uuid,
    /// In lower case.
    pub address: String,
    /// At most ten, the newest first.
    pub names: Vec<String>,
    /// At most ten, the newest first.
    pub organisations: Vec<String>,
    /// First versions.
    pub manuscripts: u64,
    /// All versions.
    pub submissions: u64,
    /// How many manuscripts stand in which state.
    pub states: Vec<(State, u64)>,
    /// Receipt of the first one.
    pub first_received_at: DateTime<Utc>,
    /// Receipt of the last one.
    pub last_received_at: DateTime<Utc>,
    /// The last one; with its receipt the key of a page.
    pub last_submission_id: Uuid,
    /// Whether letters reach the address.
    pub reach: Reach,
}

/// Whether letters reach an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Set while nothing is sent there.
    pub unreachable: Option<Unreachable>,
    /// Who marked it reachable last.
    pub checked: Option<Checked>,
}

/// An address that a letter came back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// When it came back.
    pub since: DateTime<Utc>,
    /// What the report says; may hold the address.
    pub reason: String,
    /// Receipt of the newest submission from the address since.
    pub heard_at: Option<DateTime<Utc>>,
}

/// A person's look at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, by name.
    pub by: String,
}

/// Which contacts to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// Stands in the address, or in a name or organisation; empty for all.
    pub search: String,
    /// Who ever wrote for this organisation.
    pub organisation: Option<String>,
    /// Only those that letters came back from.
    pub unreachable: bool,
    /// After the contact with this last receipt and submission.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    /// At most so many.
    pub limit: u32,
}

/// An organisation (工作单位) as submissions name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationRecord {
    /// As it is written.
    pub name: String,
    /// Addresses that wrote for it.
    pub contacts: u64,
    /// First versions.
    pub manuscripts: u64,
    /// Receipt of the last one.
    pub last_received_at: DateTime<Utc>,
    /// The last one; with its receipt the key of a page.
    pub last_submission_id: Uuid,
}

/// Which organisations to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganisationQuery {
    /// Stands in the name; empty for all.
    pub search: String,
    /// After the organisation with this last receipt and submission.
    pub after: Option<(DateTime<Utc>, Uuid)>,
    /// At most so many.
    pub limit: u32,
}

/// A file that came with another submission too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameFile {
    /// The other submission.
    pub submission_id: Uuid,
    /// The file.
    pub sha256: Sha256,
}

/// A disagreement that `verify` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyFault {
    /// `message 0190…`, `submission 0190…`, `campaign 0190…`.
    pub place: String,
    /// What disagrees.
    pub detail: String,
}
