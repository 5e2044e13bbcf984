//! The tables; the only room that knows SeaORM.
//!
//! Functions are named noun first (`submission_list`). Every writing transaction begins in one place (`write`), so that
//! SQLite takes its lock at the start (IMMEDIATE) and never fails in the middle with "database is locked".

pub mod account;
mod blob;
mod campaign;
pub mod chain;
mod contact;
mod dry_run;
mod editor;
mod entity;
pub mod erasure;
mod error;
mod export;
mod history;
mod ledger;
mod likeness;
mod mailbox;
pub mod mailbox_test;
mod manuscript;
mod message;
mod open;
pub mod outbox;
mod reach;
pub mod record;
pub mod register;
mod review;
pub mod rollup;
mod search;
pub mod statistics;
mod submission;
mod values;
mod verify;
mod view;
pub mod vitals;
mod write;

pub use error::{Error, Result};
pub use outbox::{ReplyPolicy, ReplySender};

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ::reply::{editing::Refusal as ReplyRefusal, outbox::State as ReplyState};
use chrono::{DateTime, NaiveDate, Utc};
use intake::{
    campaign::Campaign, letter::Letter, ports::FolderReconciliation, review::Refusal as ReviewRefusal,
    submission::Earlier,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait};
use stdx::Sha256;
use uuid::Uuid;

use account::{
    AccessEvent, AccessQuery, Account, AccountChange, AccountDraft, Arrival, By, Identity, Invitation, InvitationUse,
    Kept, Once as AccountOnce, PendingSignIn, Session, SessionDraft,
};
use mailbox_test::{MailboxTest, TestNote};
use outbox::record::{ReplyEvent, ReplyQuery, ReplyRecord, ReplyStep, SendingRecord};
use record::{
    CampaignKey, ContactQuery, ContactRecord, Enrolment, Event, ExportLine, ExportQuery, MailboxRecord, MessageLetter,
    MessageQuery, MessageRecord, OrganisationQuery, OrganisationRecord, Reach, Remark, RemarkMade, ReviewEvent,
    ReviewFilter, ReviewNeighbours, ReviewQuery, ReviewRecord, ReviewStep, SameFile, SavedView, SubmissionQuery,
    SubmissionRecord, TagCount, Tagging, VerifyFault, ViewRefusal,
};
use register::{Change, Condition, Draft, Entry, Loaded, Once, Register, RegisterQuery};
use rollup::{Origin, RollupFault, RollupQuery, Totals};
use statistics::{Statistics, StatisticsQuery};
use vitals::Vitals;

/// Rows that one call lists at most, whatever its limit says.
pub const LIST_MAX: u32 = 1_000;

/// Whether reviews can be searched for a text: two characters or more, after folding.
#[must_use]
pub fn is_searchable(text: &str) -> bool {
    manuscript::searched(text).is_ok()
}

/// The database. Cheap to clone. Also implements [`intake::ports::Ledger`] and
/// [`::reply::outbox::Outbox`].
#[derive(Clone)]
pub struct Store {
    /// On SQLite the one connection that writes.
    writer: DatabaseConnection,
    /// On SQLite connections that cannot write; on PostgreSQL the same pool.
    reader: DatabaseConnection,
    /// Who writes to authors; none while no server for sending is set.
    policy: Option<Arc<ReplyPolicy>>,
}

impl Store {
    /// Opens `sqlite:PATH` (made when missing) or `postgres://…`; makes no tables.
    pub async fn open(url: &str) -> Result<Self> {
        open::open(url).await
    }

    /// Brings the tables to the newest version, under a lock; refuses a database that is newer than this program.
    pub async fn migrate(&self) -> Result<()> {
        open::migrate(self).await
    }

    /// Whether the tables are at the version of this program.
    pub async fn is_current(&self) -> Result<bool> {
        open::is_current(self).await
    }

    /// Links lines of the histories that have no link yet (see [`chain`]); gives how many, 0 when all have one.
    pub async fn history_seal(&self) -> Result<u64> {
        chain::seal(self).await
    }

    /// The highest id of each history, a cheap question: while these stay there is nothing new to link.
    pub async fn history_tops(&self) -> Result<[i64; chain::Kind::ALL.len()]> {
        chain::tops(self).await
    }

    /// The histories' digest at the end of a day in Beijing; none when nothing was linked by then.
    pub async fn history_digest(&self, day: NaiveDate) -> Result<Option<chain::Digest>> {
        chain::digest(self, day).await
    }

    /// The histories' digest at one link; none when there is no such link.
    pub async fn history_digest_at(&self, number: i64) -> Result<Option<chain::Digest>> {
        chain::digest_at(self, number).await
    }

    /// A cheap question, for readiness.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reader.ping().await?)
    }

    /// Inserts the shipped campaign if there is no campaign at all.
    pub async fn campaign_ensure_default(&self) -> Result<()> {
        campaign::ensure_default(self).await
    }

    /// Inserts a campaign with revision 1, and notes who did.
    pub async fn campaign_insert(&self, campaign: &Campaign, by: &By) -> Result<()> {
        campaign::insert(self, campaign, by).await
    }

    /// One campaign.
    pub async fn campaign_get(&self, id: Uuid) -> Result<Campaign> {
        campaign::get(self, id).await
    }

    /// Newest deadline first, then by id.
    pub async fn campaign_list(&self, after: Option<CampaignKey>, limit: u32) -> Result<Vec<Campaign>> {
        campaign::list(self, after, limit).await
    }

    /// Stores a campaign as revision `campaign.revision + 1` if the stored revision is `campaign.revision`, else
    /// `Conflict`. Every revision is kept (table `campaign_revision`), and who made it is noted.
    pub async fn campaign_update(&self, campaign: &Campaign, by: &By) -> Result<Campaign> {
        campaign::update(self, campaign, by).await
    }

    /// Copies the tables as they are at one moment into a new file, while others go on writing.
    ///
    /// # Errors
    /// `Invalid` on PostgreSQL, whose own `pg_dump` does that; `Unavailable` when the file cannot be written.
    pub async fn copy_into(&self, file: &std::path::Path) -> Result<()> {
        open::copy_into(self, file).await
    }

    /// The clock of the database, which leases go by.
    pub async fn clock_now(&self) -> Result<DateTime<Utc>> {
        mailbox::clock_now(&self.reader).await
    }

    /// What is on its way, in numbers.
    pub async fn vitals(&self, now: DateTime<Utc>) -> Result<Vitals> {
        vitals::look(self, now).await
    }

    /// Makes or changes a mailbox by its name in the settings; gives its id, which never changes. `answer_from` is
    /// kept from the first contact.
    pub async fn mailbox_enrol(&self, enrolment: &Enrolment) -> Result<Uuid> {
        mailbox::enrol(self, enrolment).await
    }

    /// One mailbox with its folders.
    pub async fn mailbox_get(&self, id: Uuid, now: DateTime<Utc>) -> Result<MailboxRecord> {
        mailbox::get(self, id, now).await
    }

    /// Every mailbox, by name.
    pub async fn mailbox_list(&self, now: DateTime<Utc>) -> Result<Vec<MailboxRecord>> {
        mailbox::list(self, now).await
    }

    /// Asks the worker to compare server and rows; gives the question's number.
    pub async fn reconcile_ask(&self, mailbox_id: Uuid) -> Result<i64> {
        mailbox::reconcile_ask(self, mailbox_id).await
    }

    /// The answer to that question or a later one, once there is one.
    pub async fn reconcile_answer(&self, mailbox_id: Uuid, asked: i64) -> Result<Option<Vec<FolderReconciliation>>> {
        mailbox::reconcile_answer(self, mailbox_id, asked).await
    }

    /// One message.
    pub async fn message_get(&self, id: Uuid) -> Result<MessageRecord> {
        editor::get(self, id).await
    }

    /// Newest receipt first, then by id.
    pub async fn message_list(&self, query: &MessageQuery) -> Result<Vec<MessageRecord>> {
        editor::list(self, query).await
    }

    /// A message's history, oldest first.
    pub async fn message_history(&self, id: Uuid) -> Result<Vec<Event>> {
        history::list(self, id).await
    }

    /// `Quarantined` → the stage that failed, with tries 0; `Conflict` when it is not in quarantine.
    pub async fn quarantine_retry(&self, id: Uuid, actor: &str, reason: &str) -> Result<MessageRecord> {
        editor::retry(self, id, actor, reason).await
    }

    /// `Quarantined` → `Recorded` with class `Unreadable`; `Conflict` when it is not in quarantine.
    pub async fn quarantine_release(&self, id: Uuid, actor: &str, reason: &str) -> Result<MessageRecord> {
        editor::release(self, id, actor, reason).await
    }

    /// One submission with everything.
    pub async fn submission_get(&self, id: Uuid) -> Result<SubmissionRecord> {
        submission::get(self, id).await
    }

    /// A page of submissions by key.
    pub async fn submission_list(&self, query: &SubmissionQuery) -> Result<Vec<SubmissionRecord>> {
        search::list(self, query).await
    }

    /// The review of the manuscript that a submission is a version of. `NotFound` for a mail that is not reviewed.
    pub async fn review_get(&self, submission_id: Uuid) -> Result<ReviewRecord> {
        review::get(self, submission_id).await
    }

    /// A page of reviews by key.
    pub async fn review_list(&self, query: &ReviewQuery) -> Result<Vec<ReviewRecord>> {
        review::list(self, query).await
    }

    /// How many reviews each of some filters has, of a campaign if one is given: what [`Self::review_list`] would list, all
    /// counted at one moment, and each no further than `at_most`.
    pub async fn review_count(
        &self,
        campaign_id: Option<Uuid>,
        filters: &[Vec<ReviewFilter>],
        at_most: Option<u64>,
    ) -> Result<Vec<u64>> {
        review::count(self, campaign_id, filters, at_most).await
    }

    /// Statistics of manuscripts: each count is that of [`Self::review_count`] for the same days, campaign and group.
    /// `Invalid` for more than ten years of days.
    pub async fn statistics_get(&self, query: &StatisticsQuery) -> Result<Statistics> {
        statistics::get(self, query).await
    }

    /// The neighbours of a review in the list of a query, whose key and limit are not looked at; the review need not be in
    /// it.
    pub async fn review_neighbours(&self, submission_id: Uuid, query: &ReviewQuery) -> Result<ReviewNeighbours> {
        review::neighbours(self, submission_id, query).await
    }

    /// Events of a review after a number, oldest first; without a number the newest ones, also oldest first.
    pub async fn review_events(&self, submission_id: Uuid, after: Option<u32>, limit: u32) -> Result<Vec<ReviewEvent>> {
        review::events(self, submission_id, after, limit).await
    }

    /// Takes a step in a review. A refusal is a value. `Conflict` when the review is at another version; a call whose
    /// `once` is known gives what its first success gave.
    pub async fn review_step(&self, step: &ReviewStep) -> Result<std::result::Result<ReviewRecord, ReviewRefusal>> {
        review::step(self, step).await
    }

    /// Sets and takes away tags of a manuscript, each with a line of who did; none when it would have more than fit.
    pub async fn review_tag(&self, tagging: &Tagging) -> Result<Option<ReviewRecord>> {
        review::tag(self, tagging).await
    }

    /// Keeps a comment on a manuscript; a call whose `once` is known gives what its first success gave.
    pub async fn review_comment(&self, made: &RemarkMade, words: &str) -> Result<Remark> {
        review::comment(self, made, words).await
    }

    /// Tags and comments of a manuscript after a number, oldest first.
    pub async fn review_remarks(&self, submission_id: Uuid, after: u32, limit: u32) -> Result<Vec<Remark>> {
        review::remarks(self, submission_id, after, limit).await
    }

    /// The tags in use, the most used first.
    pub async fn tag_list(&self, limit: u32) -> Result<Vec<TagCount>> {
        review::tags(self, limit).await
    }

    /// Keeps a list of the desk under a name. A refusal is a value.
    pub async fn view_create(&self, view: &SavedView) -> Result<std::result::Result<(), ViewRefusal>> {
        view::create(self, view).await
    }

    /// The lists that a person sees: those for all first, each kind by title.
    pub async fn view_list(&self, owner: &str) -> Result<Vec<SavedView>> {
        view::list(self, owner).await
    }

    /// One of them.
    pub async fn view_get(&self, id: Uuid) -> Result<SavedView> {
        view::get(self, id).await
    }

    /// Removes one; succeeds for one that is gone.
    pub async fn view_delete(&self, id: Uuid) -> Result<()> {
        view::delete(self, id).await
    }

    /// Reviews that changed after a key (an instant and the first version of a manuscript) and not after an instant, in that
    /// order.
    pub async fn review_changes(
        &self,
        after: (DateTime<Utc>, Uuid),
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<(DateTime<Utc>, Uuid)>> {
        review::changes(self, after, until, limit).await
    }

    /// A letter of ours about the manuscript that a submission is a version of came back.
    pub async fn review_bounced(&self, submission_id: Uuid, at: DateTime<Utc>) -> Result<()> {
        let tx = self.write().await?;
        review::bounced(&tx, submission_id, at).await?;
        Ok(tx.commit().await?)
    }

    /// A page of what leaves in a file, by number.
    pub async fn export_lines(&self, query: &ExportQuery) -> Result<Vec<ExportLine>> {
        export::lines(self, query).await
    }

    /// Those of the submissions that there are, oldest receipt first, as they leave in a file.
    pub async fn export_lines_of(&self, ids: &[Uuid]) -> Result<Vec<ExportLine>> {
        export::of(self, ids).await
    }

    /// A page of contacts, newest receipt first.
    pub async fn contact_list(&self, query: &ContactQuery) -> Result<Vec<ContactRecord>> {
        contact::list(self, query).await
    }

    /// Asks for a test of a mailbox; none while one is under way.
    pub async fn mailbox_test_ask(&self, mailbox_id: Uuid, by: &str) -> Result<Option<Uuid>> {
        mailbox_test::ask(self, mailbox_id, by).await
    }

    /// Takes up a test of a mailbox that nobody has; none when none is asked for.
    pub async fn mailbox_test_take(&self, mailbox_id: Uuid, holder: &str) -> Result<Option<MailboxTest>> {
        mailbox_test::take(self, mailbox_id, holder).await
    }

    /// Tells the steps of a test that are over, and whether the test is.
    pub async fn mailbox_test_note(&self, id: Uuid, notes: &[TestNote], is_ended: bool) -> Result<()> {
        mailbox_test::note(self, id, notes, is_ended).await
    }

    /// A test as it stands.
    pub async fn mailbox_test_get(&self, id: Uuid) -> Result<MailboxTest> {
        mailbox_test::get(self, id).await
    }

    /// Whether letters reach these addresses, by the address in lower case; one that nothing is known of is left out.
    pub async fn reach(&self, addresses: &[String]) -> Result<HashMap<String, Reach>> {
        reach::of(&self.reader, addresses).await
    }

    /// The addresses of a manuscript (its sender's, and those that its letters go to) that letters came back from.
    pub async fn unreachable_of(&self, root_id: Uuid, sender: &str) -> Result<Vec<(String, Reach)>> {
        reach::of_manuscript(self, root_id, sender).await
    }

    /// A person has looked at a contact's address: letters go there again. Tells how many that waited go on.
    pub async fn contact_mark_reachable(&self, id: Uuid, actor: &str) -> Result<u32> {
        reach::mark_reachable(self, id, actor).await
    }

    /// The id of an address's contact.
    #[must_use]
    pub fn contact_id(address: &str) -> Uuid {
        contact::id_of(&values::address(address))
    }

    /// One contact.
    pub async fn contact_get(&self, id: Uuid) -> Result<ContactRecord> {
        contact::get(self, id).await
    }

    /// The newest submissions of a contact, newest receipt first.
    pub async fn contact_submissions(&self, id: Uuid, limit: u32) -> Result<Vec<ExportLine>> {
        contact::submissions(self, id, limit).await
    }

    /// A page of organisations, newest receipt first.
    pub async fn organisation_list(&self, query: &OrganisationQuery) -> Result<Vec<OrganisationRecord>> {
        contact::organisations(self, query).await
    }

    /// Submissions of other manuscripts that may be like this one, the likeliest first, at most 40.
    pub async fn alike(&self, submission_id: Uuid, is_within_campaign: bool) -> Result<Vec<Uuid>> {
        likeness::alike(self, submission_id, is_within_campaign).await
    }

    /// Files of this submission that came with another manuscript too, at most 200.
    pub async fn same_files(&self, submission_id: Uuid, is_within_campaign: bool) -> Result<Vec<SameFile>> {
        likeness::same_files(self, submission_id, is_within_campaign).await
    }

    /// Makes the rows that lists of reviews read, where a program before this one left none or those of an older version;
    /// gives of how many manuscripts.
    pub async fn manuscripts_fill(&self) -> Result<u64> {
        manuscript::fill(self).await
    }

    /// Lets every contract stand at the year and in the region of its project, which a program of before did not write. Gives
    /// how many did not.
    pub async fn contracts_follow(&self) -> Result<u64> {
        register::place::follow_all(self).await
    }

    /// Makes the rows for likeness and contacts of submissions that an older program recorded; gives how many submissions
    /// got them, 0 once all have them.
    pub async fn look_ups_fill(&self, limit: u32) -> Result<u64> {
        likeness::fill(self, limit).await
    }

    /// One letter to an author, with its words.
    pub async fn reply_get(&self, id: Uuid) -> Result<ReplyRecord> {
        outbox::get(self, id).await
    }

    /// A page of letters, newest first, without their texts.
    pub async fn reply_list(&self, query: &ReplyQuery) -> Result<Vec<ReplyRecord>> {
        outbox::list(self, query).await
    }

    /// A letter's history, oldest first.
    pub async fn reply_history(&self, id: Uuid) -> Result<Vec<ReplyEvent>> {
        outbox::history(self, id).await
    }

    /// How many letters each state has, in the order of the states, and how many came back.
    pub async fn reply_counts(&self, campaign_id: Option<Uuid>) -> Result<(Vec<(ReplyState, u64)>, u64)> {
        outbox::counts(self, campaign_id).await
    }

    /// What a person does with a letter. A refusal is a value; `Conflict` when the letter is at another version.
    pub async fn reply_step(&self, step: &ReplyStep) -> Result<std::result::Result<ReplyRecord, ReplyRefusal>> {
        outbox::step(self, step).await
    }

    /// Whether letters go out, and how many did.
    pub async fn reply_sending(&self) -> Result<SendingRecord> {
        outbox::sending(self).await
    }

    /// Makes an account with an invitation; `Refused` as taken when the name is. A call whose `once` is known gives what
    /// its first success gave, and keeps no invitation.
    pub async fn account_create(
        &self,
        draft: &AccountDraft,
        invitation: &Invitation,
        once: Option<&AccountOnce>,
        by: &By,
    ) -> Result<Kept> {
        account::write::create(self, draft, invitation, once, by).await
    }

    /// Makes an account with an invitation if there is no account at all; tells whether it did.
    pub async fn account_ensure_first(&self, draft: &AccountDraft, invitation: &Invitation, by: &By) -> Result<bool> {
        account::write::ensure_first(self, draft, invitation, by).await
    }

    /// One account.
    pub async fn account_get(&self, id: Uuid) -> Result<Account> {
        account::read::get(self, id).await
    }

    /// The account of a name, in any case, with the hash of its password if one was set.
    pub async fn account_find(&self, name: &str) -> Result<Option<(Account, Option<String>)>> {
        account::read::find(self, name).await
    }

    /// By name.
    pub async fn account_list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Account>> {
        account::read::list(self, after, limit).await
    }

    /// Changes an account at a version; `Conflict` at another one. A change of role or a disabling ends its sessions. None
    /// when nobody would be left who is an administrator and can sign in.
    pub async fn account_update(
        &self,
        id: Uuid,
        row_version: Option<u64>,
        change: &AccountChange,
        by: &By,
    ) -> Result<Option<Account>> {
        account::write::update(self, id, row_version, change, by).await
    }

    /// A new invitation: password, ties to identity providers, older invitations and sessions of the account end.
    pub async fn account_invite(&self, id: Uuid, invitation: &Invitation, by: &By) -> Result<Account> {
        account::write::invite(self, id, invitation, by).await
    }

    /// The account that an invitation is for, while it can be used.
    pub async fn invitation_find(&self, token: Sha256, now: DateTime<Utc>) -> Result<Option<Account>> {
        account::read::invited(self, token, now).await
    }

    /// Uses an invitation up: the account gets the password, and a session in place of all others. None when it cannot be
    /// used any more.
    pub async fn invitation_accept(&self, accepted: &InvitationUse) -> Result<Option<Session>> {
        account::session::accept(self, accepted).await
    }

    /// Begins a session of an account whose password hash is still the one that was compared; else none.
    pub async fn session_begin(
        &self,
        account_id: Uuid,
        password_hash: &str,
        draft: &SessionDraft,
    ) -> Result<Option<Session>> {
        account::session::begin(self, account_id, password_hash, draft).await
    }

    /// Keeps a sign-in at an identity provider until its browser comes back.
    pub async fn sign_in_begun(&self, pending: &PendingSignIn, now: DateTime<Utc>) -> Result<()> {
        account::identity::begun(self, pending, now).await
    }

    /// Gives a sign-in that was begun, once, to the browser that began it, while it is not too old.
    pub async fn sign_in_taken(
        &self,
        state: Sha256,
        binding: Sha256,
        now: DateTime<Utc>,
    ) -> Result<Option<PendingSignIn>> {
        account::identity::taken(self, state, binding, now).await
    }

    /// Begins a session of the account that is tied to an identity. Without a tie, one is made to the account of the name if an
    /// open invitation waits for it, which is used up; a name that nobody has becomes a viewer if `admits`.
    pub async fn identity_arrive(&self, identity: &Identity, admits: bool, draft: &SessionDraft) -> Result<Arrival> {
        account::identity::arrive(self, identity, admits, draft).await
    }

    /// The session of a token, if it is alive.
    pub async fn session_find(&self, token: Sha256, now: DateTime<Utc>) -> Result<Option<Session>> {
        account::session::find(self, token, now).await
    }

    /// The person was active. Written when the last note of it is a minute old.
    pub async fn session_seen(&self, session: &Session, now: DateTime<Utc>) -> Result<()> {
        account::session::seen(self, session, now).await
    }

    /// Ends a session; one that has ended stays so.
    pub async fn session_end(&self, token: Sha256, now: DateTime<Utc>) -> Result<()> {
        account::session::end(self, token, now).await
    }

    /// Changes the password of a session's person if it is still the one that was compared, and ends the person's other
    /// sessions; tells whether it did.
    pub async fn password_change(&self, session: &Session, old: &str, new: &str, now: DateTime<Utc>) -> Result<bool> {
        account::session::password_change(self, session, old, new, now).await
    }

    /// Empties the rows of what is erased, in one transaction, and writes down which blobs are to go; the blobs and the
    /// database's free pages follow ([`Self::erasure_note`], [`Self::scrub`], [`Self::erasure_end`]). A refusal is a value;
    /// a rehearsal and an erasure that finds nothing leave nothing.
    pub async fn erasure_begin(
        &self,
        asked: &erasure::Asked,
    ) -> Result<std::result::Result<erasure::Begun, erasure::Refusal>> {
        erasure::begin(self, asked).await
    }

    /// Messages after an id that were kept as long as their campaign, or for what is no submission `other_mail_days` (0 keeps
    /// it), says: in the order of the ids.
    pub async fn erasure_expired(
        &self,
        other_mail_days: u32,
        now: DateTime<Utc>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>> {
        erasure::expired(self, other_mail_days, now, after, limit).await
    }

    /// One erasure.
    pub async fn erasure_get(&self, id: Uuid) -> Result<erasure::Erasure> {
        erasure::get(self, id).await
    }

    /// Erasures before one of them, newest first.
    pub async fn erasure_list(&self, before: Option<Uuid>, limit: u32) -> Result<Vec<erasure::Erasure>> {
        erasure::list(self, before, limit).await
    }

    /// Erasures that have not ended, oldest first.
    pub async fn erasure_open(&self) -> Result<Vec<erasure::Erasure>> {
        erasure::open(self).await
    }

    /// Those of the hashes that no live row names, and whether nobody can be about to name one that lay there before this
    /// question: no mail is on its way between its bytes and its row.
    pub async fn erasure_removable(&self, hashes: &[Sha256]) -> Result<(HashSet<Sha256>, bool)> {
        erasure::removable(self, hashes).await
    }

    /// Writes down what became of an erasure's blobs.
    pub async fn erasure_note(&self, id: Uuid, blobs: &[erasure::ErasedBlob]) -> Result<()> {
        erasure::note(self, id, blobs).await
    }

    /// An erasure is done, blobs and pages included.
    pub async fn erasure_end(&self, id: Uuid) -> Result<erasure::Erasure> {
        erasure::end(self, id).await
    }

    /// Makes the database give up the pages that held what was erased: SQLite writes its file anew and empties the
    /// write-ahead log; PostgreSQL clears dead rows for reuse, and their bytes stay until others are written over them.
    pub async fn scrub(&self) -> Result<()> {
        erasure::scrub(self).await
    }

    /// A page of what is held of an address: its mails by id, after the given one, each with all that belongs to it.
    pub async fn person_mails(
        &self,
        address: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<erasure::PersonMail>> {
        erasure::page(self, address, after, limit).await
    }

    /// What is held of an address beside its mails.
    pub async fn person_rest(&self, address: &str) -> Result<erasure::PersonRest> {
        erasure::rest(self, address).await
    }

    /// Notes what was done with an account, personal data or a campaign.
    pub async fn access_append(&self, event: &AccessEvent) -> Result<()> {
        account::access::append(&self.writer, event).await
    }

    /// Newest first, each with its number; pages by the number of the last one.
    pub async fn access_list(&self, query: &AccessQuery) -> Result<Vec<(i64, AccessEvent)>> {
        account::access::list(self, query).await
    }

    /// Submissions recorded or changed after a change number, in its order, each with its number.
    pub async fn submission_changes(
        &self,
        after: i64,
        campaign_id: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<(i64, SubmissionRecord)>> {
        submission::changes(self, after, campaign_id, limit).await
    }

    /// The newest change number; 0 before the first. Numbers become visible in their order.
    pub async fn change_latest(&self) -> Result<i64> {
        let counter = entity::counter::Entity::find_by_id(submission::CHANGE_COUNTER).one(&self.reader).await?;
        Ok(counter.map_or(0, |counter| counter.value))
    }

    /// Mailboxes with this address (compared in lower case), by name.
    pub async fn mailboxes_of_address(&self, address: &str) -> Result<Vec<Uuid>> {
        mailbox::of_address(self, address).await
    }

    /// Recorded mail of these mailboxes with the letter that was read and what was decided of it, newest receipt first,
    /// then by id; pages by the key of the last one. Mail that an editor recorded as unreadable is left out.
    pub async fn message_letters(
        &self,
        mailbox_ids: &[Uuid],
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: u32,
    ) -> Result<Vec<MessageLetter>> {
        dry_run::letters(self, mailbox_ids, after, limit).await
    }

    /// Submissions of one sender's address (compared in lower case) to these campaigns that were recorded before an
    /// instant, newest receipt first, at most 50: what the worker knew of the sender then.
    pub async fn earlier_before(
        &self,
        campaign_ids: &[Uuid],
        sender: &str,
        recorded_before: DateTime<Utc>,
    ) -> Result<Vec<Earlier>> {
        submission::earlier_of(self, campaign_ids, sender, Some(recorded_before)).await
    }

    /// The letter of a message.
    pub async fn letter_get(&self, message_id: Uuid) -> Result<Letter> {
        message::letter(self, message_id).await
    }

    /// Every hash that a row names, with the row's name, a page after the given hash: `verify` re-hashes them.
    pub async fn blob_list(&self, after: Option<Sha256>, limit: u32) -> Result<Vec<(Sha256, String)>> {
        blob::list(self, after, limit).await
    }

    /// Those of the hashes that no row names, in their order.
    pub async fn blobs_unnamed(&self, hashes: &[Sha256]) -> Result<Vec<Sha256>> {
        blob::unnamed(self, hashes).await
    }

    /// Checks the tables against themselves: stages against history, submissions against messages, numbers without
    /// gaps or doubles, rows for look-ups against what they were made from. Empty when nothing is wrong.
    pub async fn verify(&self) -> Result<Vec<VerifyFault>> {
        verify::verify(self).await
    }

    /// One entry, also a deleted one.
    pub async fn register_get(&self, register: &Register, id: &str) -> Result<Option<Entry>> {
        register::read::get(self, register, id).await
    }

    /// Those of the ids that exist, also deleted ones, by id; at most [`LIST_MAX`] ids.
    pub async fn register_many(&self, register: &Register, ids: &[String]) -> Result<Vec<Entry>> {
        register::read::many(self, register, ids).await
    }

    /// A page by key.
    pub async fn register_list(&self, register: &Register, query: &RegisterQuery) -> Result<Vec<Entry>> {
        register::read::list(self, register, query).await
    }

    /// How many entries meet a condition.
    pub async fn register_count(
        &self,
        register: &Register,
        condition: Option<&Condition>,
        shows_deleted: bool,
    ) -> Result<u64> {
        register::read::count(self, register, condition, shows_deleted).await
    }

    /// Writes in one transaction; gives the entries as they are then, one a write. `Refused` when something stands in the
    /// way, with nothing kept. A call whose `once` is known gives the entries of its first success and writes nothing.
    pub async fn register_write(&self, change: Change<'_>) -> Result<Vec<Entry>> {
        register::write::write(self, change).await
    }

    /// What the first success of a call gave, when it was made in the last week; `Refused` when its id was used for
    /// another request.
    pub async fn register_replayed(&self, once: &Once) -> Result<Option<Vec<Entry>>> {
        register::once::replayed(self, once).await
    }

    /// Loads many drafts in one transaction, a multi-row insert at a time. An entry whose body is the same stays as it is;
    /// one that is still as a load left it is replaced; one that somebody wrote or deleted since is left alone.
    pub async fn register_load(&self, register: &Register, drafts: Vec<Draft>) -> Result<Loaded> {
        register::load::load(self, register, drafts).await
    }

    /// Tells PostgreSQL what the tables hold now, as it would find out by itself a minute later: until then it plans as if
    /// a register that was just loaded were empty. SQLite plans by the indexes alone.
    pub async fn register_measure(&self) -> Result<()> {
        if self.backend() == DbBackend::Postgres {
            self.writer.execute_unprepared("ANALYZE").await?;
        }
        Ok(())
    }

    /// Totals, largest code last in every dimension; at most 100,000 groups. Fills missing partitions first.
    pub async fn rollup_query(&self, query: &RollupQuery) -> Result<Vec<Totals>> {
        rollup::query::query(self, query).await
    }

    /// Distinct purchasers of the projects and distinct providers of the contracts that a query takes in: counted, never
    /// added up. The dimensions of the query are not looked at.
    pub async fn rollup_distinct(&self, query: &RollupQuery) -> Result<(u64, u64)> {
        rollup::query::distinct(self, query).await
    }

    /// The regions with at least one project in a year, by code.
    pub async fn rollup_regions(&self, year: i32, origin: Origin) -> Result<Vec<String>> {
        rollup::query::regions(self, year, origin).await
    }

    /// Forgets every partition and fills it anew; gives how many there are.
    pub async fn rollup_rebuild(&self) -> Result<u64> {
        rollup::fill::rebuild(self).await
    }

    /// Compares every kept partition with the records; gives how many were compared and what differs.
    pub async fn rollup_verify(&self) -> Result<(u64, Vec<RollupFault>)> {
        rollup::verify::verify(self).await
    }

    /// Which database it is.
    fn backend(&self) -> DbBackend {
        self.reader.get_database_backend()
    }
}
