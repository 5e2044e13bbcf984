//! Makes a submission of a monstrous mail small enough to be sent. Nothing is lost: the tables and the raw mail hold all.

use prost::Message;
use proto::intake::v1;

use super::SUBMISSION_BYTES_MAX;

/// Bytes of the attachments, and of the findings, when a submission is too large as a whole.
const LONG_BYTES_MAX: usize = 768 * 1024;
/// Bytes of the cloud files, and of the faults, likewise.
const SHORT_BYTES_MAX: usize = 256 * 1024;

/// The submission as it is when it fits into [`SUBMISSION_BYTES_MAX`]; else without document texts and with the
/// beginnings of its lists, and a fault `answer_cut` for each list that is not whole.
pub fn fitted(mut submission: v1::Submission) -> v1::Submission {
    if submission.encoded_len() <= SUBMISSION_BYTES_MAX {
        return submission;
    }
    for attachment in &mut submission.attachments {
        if let Some(v1::attachment::Content::Document(document)) = &mut attachment.content {
            document.truncated |= !document.text.is_empty();
            document.text.clear();
        }
    }
    let cuts = [
        ("attachments", beginning(&mut submission.attachments, LONG_BYTES_MAX)),
        ("findings", beginning(&mut submission.findings, LONG_BYTES_MAX)),
        ("cloud_files", beginning(&mut submission.cloud_files, SHORT_BYTES_MAX)),
        ("faults", beginning(&mut submission.faults, SHORT_BYTES_MAX)),
    ];
    for (place, (kept, all)) in cuts {
        if kept < all {
            let detail = format!("{kept} of {all} are shown");
            submission.faults.push(v1::Fault { code: "answer_cut".into(), place: place.into(), detail });
        }
    }
    submission
}

/// Keeps the beginning of a list that has at most so many bytes; gives how many were kept, and how many there were.
fn beginning<M: Message>(list: &mut Vec<M>, bytes_max: usize) -> (usize, usize) {
    let all = list.len();
    let mut bytes = 0;
    let fits = list.iter().take_while(|message| {
        // With the tag and the length that stand before each.
        bytes += message.encoded_len() + 8;
        bytes <= bytes_max
    });
    let kept = fits.count();
    list.truncate(kept);
    (kept, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_of_ten_thousand_parts_fits_and_says_what_it_leaves_out() {
        let attachment = |index: usize| v1::Attachment {
            path: index.to_string(),
            file_name: "名".repeat(341),
            sha256: "0".repeat(64),
            ..v1::Attachment::default()
        };
        let finding = |_| v1::Finding { measured: "长".repeat(600), ..v1::Finding::default() };
        let monster = v1::Submission {
            text: "x".repeat(64 * 1024),
            attachments: (0..10_000).map(attachment).collect(),
            findings: (0..10_000).map(finding).collect(),
            ..v1::Submission::default()
        };
        let shown = fitted(monster.clone());
        assert!(shown.encoded_len() <= SUBMISSION_BYTES_MAX, "{}", shown.encoded_len());
        assert!(shown.attachments.len() > 100 && shown.findings.len() > 100);
        assert_eq!(shown.attachments[..], monster.attachments[..shown.attachments.len()]);
        assert_eq!(shown.text, monster.text);
        let places: Vec<&str> = shown.faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["attachments", "findings"]);
        assert_eq!(shown.faults[0].detail, format!("{} of 10000 are shown", shown.attachments.len()));
        // What fits is not touched.
        assert_eq!(fitted(shown.clone()), shown);
    }
}
