//! A submission (投稿): a message recorded for a campaign, with its later versions.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    campaign::Campaign,
    check::{self, Case},
    contact::{self, Contact},
    finding::Finding,
    judgement::{self, Judgement},
    letter::Letter,
    sorting::{self, Sorting},
};

/// What is known of an earlier submission when a new mail of the same sender is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its identity.
    pub submission_id: Uuid,
    /// Its campaign.
    pub campaign_id: Uuid,
    /// The first version of its chain (itself, if it is the first).
    pub root_id: Uuid,
    /// The version's number, from 1.
    pub version: u32,
    /// `Message-ID` of its mail, without angle brackets.
    pub message_id_header: Option<String>,
    /// Its decoded subject.
    pub subject: String,
    /// When the server received it.
    pub received_at: DateTime<Utc>,
    /// The last day that an editor last named for a revision (退修) of it.
    pub revision_until: Option<NaiveDate>,
}

/// Everything that is decided of one mail; pure, so that a dry run and the worker cannot differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// What kind of mail it is and for which campaign.
    pub sorting: Sorting,
    /// Who sends.
    pub contact: Contact,
    /// One outcome a rule; empty unless the class is judged.
    pub findings: Vec<Finding>,
    /// What follows; none unless the class is judged.
    pub judgement: Option<Judgement>,
}

/// Sorts, looks for the contact, checks and judges.
#[must_use]
pub fn assess(letter: &Letter, received_at: DateTime<Utc>, campaigns: &[Campaign], earlier: &[Earlier]) -> Assessment {
    let sorting = sorting::sort(letter, received_at, campaigns, earlier);
    let contact = contact::find(letter);
    let (findings, judgement) = match sorting.campaign.and_then(|index| campaigns.get(index)) {
        Some(campaign) if sorting.class.is_judged() => {
            let corrected = sorting.corrects.and_then(|index| earlier.get(index));
            let revision_until = corrected.and_then(|earlier| earlier.revision_until);
            let findings = check::check(Case { letter, received_at, contact: &contact, revision_until }, campaign);
            let judgement = judgement::judge(&findings, campaign.revision);
            (findings, Some(judgement))
        }
        _ => (Vec::new(), None),
    };
    Assessment { sorting, contact, findings, judgement }
}
