//! What the product says it did, read through the gRPC service alone, and the promises that hold in every test.

use std::{collections::HashMap, time::Duration};

use proto::intake::v1::{
    Class, GetMailboxRequest, GetMessageRequest, GetSubmissionRequest, ListMailboxesRequest, ListMessagesRequest,
    ListSubmissionsRequest, Mailbox, Message, ReconcileMailboxRequest, RetryQuarantinedRequest, Stage, Submission,
};

use crate::{Product, imap::Place, wait_for};

/// Every message and submission at one moment.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Every mail the worker has seen.
    pub messages: Vec<Message>,
    /// What was recorded; without texts.
    pub submissions: Vec<Submission>,
}

impl Ledger {
    /// Reads all pages.
    ///
    /// # Panics
    /// When the service does not answer.
    pub async fn read(product: &Product) -> Self {
        Self::try_read(product).await.unwrap_or_else(|status| panic!("{status:?}"))
    }

    /// Reads all pages.
    ///
    /// # Errors
    /// The service's status.
    pub async fn try_read(product: &Product) -> Result<Self, tonic::Status> {
        let mut ledger = Self::default();
        let mut client = product.mailboxes();
        let mut page_token = String::new();
        loop {
            let request = ListMessagesRequest { page_size: 500, page_token, ..Default::default() };
            let page = client.list_messages(request).await?.into_inner();
            ledger.messages.extend(page.messages);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let mut client = product.submissions();
        loop {
            let request = ListSubmissionsRequest { page_size: 500, page_token, ..Default::default() };
            let page = client.list_submissions(request).await?.into_inner();
            ledger.submissions.extend(page.submissions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(ledger);
            }
        }
    }

    /// Waits until this many messages have come to the end of their way, and reads all of them. The service may be
    /// starting.
    ///
    /// # Panics
    /// When the bound is reached; says what still stands where.
    pub async fn settled(product: &Product, messages: usize, bound: Duration) -> Self {
        let mut last = String::new();
        let begun = std::time::Instant::now();
        loop {
            match Self::try_read(product).await {
                Ok(ledger) => {
                    let done = ledger.messages.iter().filter(|message| !is_open(message.stage())).count();
                    if done >= messages && done == ledger.messages.len() {
                        return ledger;
                    }
                    last = ledger.stages();
                }
                Err(status) if status.code() == tonic::Code::Unavailable => {}
                Err(status) => panic!("{status:?}"),
            }
            assert!(begun.elapsed() < bound, "after {bound:?} not {messages} mails at their end: {last}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// How many messages stand in each stage.
    #[must_use]
    pub fn stages(&self) -> String {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for message in &self.messages {
            *counts.entry(message.stage().as_str_name()).or_default() += 1;
        }
        let mut counts: Vec<String> = counts.iter().map(|(stage, count)| format!("{stage} {count}")).collect();
        counts.sort();
        counts.join(", ")
    }

    /// The message in a place of a folder.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn message(&self, folder: &str, place: Place) -> &Message {
        self.messages
            .iter()
            .find(|message| {
                message.folder == folder && message.uidvalidity == place.uidvalidity && message.uid == place.uid
            })
            .unwrap_or_else(|| panic!("no message {folder} {place:?}; there are {}", self.stages()))
    }

    /// The submission that came by a message, if it became one.
    #[must_use]
    pub fn submission_of(&self, message: &Message) -> Option<&Submission> {
        self.submissions.iter().find(|submission| submission.message == message.name)
    }

    /// Asserts what holds at every moment, also while the worker works between two pages of this reading: a mail is one
    /// message, a message is at most one submission, numbers are not given twice.
    ///
    /// # Panics
    /// With the first that does not hold.
    pub fn assert_none_doubled(&self) {
        let mut places = HashMap::new();
        for message in &self.messages {
            let place = (&message.mailbox, &message.folder, message.uidvalidity, message.uid);
            if let Some(other) = places.insert(place, &message.name) {
                panic!("{other} and {} are the same mail", message.name);
            }
        }
        let mut hashes = HashMap::new();
        for message in self.messages.iter().filter(|message| message.stage() == Stage::Recorded) {
            if let Some(other) = hashes.insert((&message.mailbox, &message.raw_sha256), &message.name) {
                panic!("{other} and {} are recorded and have the same bytes", message.name);
            }
        }
        let mut sources = HashMap::new();
        let mut numbers = HashMap::new();
        for submission in &self.submissions {
            if let Some(other) = sources.insert(&submission.message, &submission.name) {
                panic!("{other} and {} came by the same mail", submission.name);
            }
            if let Some(other) = numbers.insert((&submission.campaign, submission.number), &submission.name) {
                panic!("{other} and {} have one number", submission.name);
            }
        }
    }

    /// Asserts what holds once all mails are at their end: none is doubled, every submission has its message, and each
    /// end has what belongs to it.
    ///
    /// # Panics
    /// With the first that does not hold.
    pub fn assert_sound(&self) {
        self.assert_none_doubled();
        for message in self.messages.iter().filter(|message| message.stage() == Stage::Recorded) {
            assert_eq!(message.raw_sha256.len(), 64, "{message:?}");
            assert_ne!(message.class(), Class::Unspecified, "{message:?}");
            let judged = matches!(message.class(), Class::Submission | Class::Correction | Class::NearMiss);
            assert_eq!(judged, self.submission_of(message).is_some(), "{message:?}");
        }
        for submission in &self.submissions {
            let message = self.messages.iter().find(|message| message.name == submission.message);
            let message = message.unwrap_or_else(|| panic!("{} came by no message", submission.name));
            assert_eq!(message.submission, submission.name);
            assert_eq!(message.raw_sha256, submission.raw_sha256);
        }
        for message in &self.messages {
            match message.stage() {
                Stage::Repeated => assert!(
                    self.messages.iter().any(|first| first.name == message.repeats
                        && first.raw_sha256 == message.raw_sha256
                        && first.stage() != Stage::Repeated),
                    "{message:?} repeats nothing"
                ),
                Stage::Quarantined | Stage::TooLarge | Stage::Vanished => {
                    assert!(!message.reason.is_empty(), "{message:?} gives no reason");
                }
                _ => {}
            }
        }
    }
}

/// Whether the worker still has something to do.
#[must_use]
pub fn is_open(stage: Stage) -> bool {
    matches!(stage, Stage::Unspecified | Stage::Seen | Stage::Stored | Stage::Parsed)
}

/// One line that holds what was decided of a mail: class, verdict, failed, undetermined, advice.
#[must_use]
pub fn decided(message: &Message, submission: Option<&Submission>) -> String {
    if message.stage() != Stage::Recorded {
        return message.stage().as_str_name().to_owned();
    }
    let class = message.class().as_str_name().trim_start_matches("CLASS_").to_lowercase();
    let Some(judgement) = submission.and_then(|submission| submission.judgement.as_ref()) else { return class };
    let verdict = judgement.verdict().as_str_name().trim_start_matches("VERDICT_").to_lowercase();
    let mut line = format!("{class} {verdict}");
    for (name, rules) in
        [("failed", &judgement.failed), ("undetermined", &judgement.undetermined), ("advice", &judgement.advice)]
    {
        if !rules.is_empty() {
            line.push_str(&format!(", {name} {}", rules.join(" ")));
        }
    }
    line
}

/// A submission with its texts.
///
/// # Panics
/// When the service does not give it.
pub async fn submission(product: &Product, name: &str) -> Submission {
    let request = GetSubmissionRequest { name: name.to_owned() };
    product.submissions().get_submission(request).await.expect("it was listed").into_inner()
}

/// A message with its history.
///
/// # Panics
/// When the service does not give it.
pub async fn message(product: &Product, name: &str) -> Message {
    let request = GetMessageRequest { name: name.to_owned() };
    product.mailboxes().get_message(request).await.expect("it was listed").into_inner()
}

/// A mailbox by the name that the settings give it.
pub async fn mailbox(product: &Product, display_name: &str) -> Option<Mailbox> {
    let listed = product.mailboxes().list_mailboxes(ListMailboxesRequest {}).await.ok()?.into_inner();
    let name = listed.mailboxes.into_iter().find(|mailbox| mailbox.display_name == display_name)?.name;
    Some(product.mailboxes().get_mailbox(GetMailboxRequest { name }).await.ok()?.into_inner())
}

/// Asks for a comparison of server and rows and asserts that nothing is missing; gives the server's count of all folders.
///
/// # Panics
/// When a mail of the server has no row.
pub async fn assert_reconciled(product: &Product, display_name: &str) -> u64 {
    let name = wait_for("the mailbox is listed", Duration::from_secs(20), || async {
        mailbox(product, display_name).await.map(|mailbox| mailbox.name)
    })
    .await;
    let answer = product.mailboxes().reconcile_mailbox(ReconcileMailboxRequest { name }).await;
    let folders = answer.expect("the worker answers").into_inner().folders;
    assert!(!folders.is_empty(), "no folder was compared");
    for folder in &folders {
        assert_eq!((folder.missing_count, folder.missing.len()), (0, 0), "{folder:?}");
    }
    folders.iter().map(|folder| folder.server_count).sum()
}

/// Tries every mail in quarantine again, as an editor would, and gives how many there were.
///
/// # Panics
/// When one lies there for another reason than one that holds these words.
pub async fn retry_quarantined(product: &Product, ledger: &Ledger, reason: &str) -> usize {
    let set_aside: Vec<_> = ledger.messages.iter().filter(|message| message.stage() == Stage::Quarantined).collect();
    for message in &set_aside {
        assert!(message.reason.contains(reason), "{message:?}");
        let request = RetryQuarantinedRequest { name: message.name.clone(), reason: "the cause is gone".into() };
        product.quarantine().retry_quarantined(request).await.expect("it is tried again");
    }
    set_aside.len()
}
