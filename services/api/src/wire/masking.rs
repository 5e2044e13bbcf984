//! Personal data of authors in a submission, masked by who looks. Pure.
//!
//! Only values that were found in the mail are known; a number that nobody took for a phone stays in a text as it is.

use proto::intake::v1;

use crate::masked::{address, digit, is_hidden, phone};

/// How much of a submission's personal data a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of it: services of editors and above.
    Whole,
    /// The contact is masked until it is revealed: persons who edit.
    Contact,
    /// Contact, sender, and both wherever they stand in texts: viewers.
    Nothing,
}

/// Masks what the caller does not see.
pub fn mask(submission: &mut v1::Submission, sight: Sight) {
    if sight == Sight::Whole {
        return;
    }
    let known = Known::of(submission);
    if let Some(contact) = &mut submission.contact {
        for found in contact.phones.iter_mut() {
            found.value = phone(&found.value);
        }
        for found in contact.addresses.iter_mut() {
            found.value = address(&found.value);
        }
        let all = [&mut contact.names, &mut contact.organisations, &mut contact.phones, &mut contact.addresses];
        for found in all.into_iter().flatten() {
            known.mask(&mut found.excerpt);
        }
    }
    for finding in &mut submission.findings {
        known.mask(&mut finding.measured);
        for evidence in &mut finding.evidence {
            known.mask(&mut evidence.excerpt);
        }
    }
    if sight == Sight::Contact {
        return;
    }
    if let Some(from) = &mut submission.from {
        if !from.address.is_empty() {
            from.address = address(&from.address);
        }
        known.mask(&mut from.display_name);
    }
    known.mask(&mut submission.subject);
    known.mask(&mut submission.text);
    for attachment in &mut submission.attachments {
        known.mask(&mut attachment.file_name);
        if let Some(v1::attachment::Content::Document(document)) = &mut attachment.content {
            known.mask(&mut document.text);
        }
    }
}

/// What was found in the mail, to be masked wherever it stands.
struct Known {
    /// Digits of phones.
    phones: Vec<Vec<u32>>,
    /// In lower case.
    addresses: Vec<String>,
}

impl Known {
    fn of(submission: &v1::Submission) -> Self {
        let contact = submission.contact.as_ref();
        let phones = contact.into_iter().flat_map(|contact| &contact.phones);
        let phones = phones.map(|found| found.value.chars().filter_map(digit).collect());
        let found = contact.into_iter().flat_map(|contact| &contact.addresses).map(|found| &found.value);
        let from = submission.from.iter().map(|from| &from.address);
        let addresses = found.chain(from).map(|address| address.to_ascii_lowercase());
        Self {
            phones: phones.filter(|digits: &Vec<u32>| digits.len() >= DIGITS_MIN).collect(),
            addresses: addresses.filter(|address| address.contains('@')).collect(),
        }
    }

    fn mask(&self, text: &mut String) {
        for one in &self.addresses {
            let lower = text.to_ascii_lowercase();
            let mut masked = String::new();
            let mut end = 0;
            for (at, _) in lower.match_indices(one.as_str()) {
                masked.push_str(&text[end..at]);
                masked.push_str(&address(&text[at..at + one.len()]));
                end = at + one.len();
            }
            if end > 0 {
                masked.push_str(&text[end..]);
                *text = masked;
            }
        }
        if !self.phones.is_empty() {
            self.mask_phones(text);
        }
    }

    /// A phone stands in a text with spaces or dashes at any place.
    fn mask_phones(&self, text: &mut String) {
        let mut characters: Vec<char> = text.chars().collect();
        let digits: Vec<(usize, u32)> =
            characters.iter().enumerate().filter_map(|(at, one)| Some((at, digit(*one)?))).collect();
        let mut hidden = Vec::new();
        for phone in &self.phones {
            for window in digits.windows(phone.len()) {
                let same = window.iter().zip(phone).all(|((_, found), known)| found == known);
                let near = window.windows(2).all(|pair| {
                    let between = &characters[pair[0].0 + 1..pair[1].0];
                    between.len() <= GAP_MAX && between.iter().all(|one| is_separator(*one))
                });
                if same && near {
                    hidden.extend(
                        window
                            .iter()
                            .map(|(at, _)| *at)
                            .enumerate()
                            .filter_map(|(number, at)| is_hidden(number, phone.len()).then_some(at)),
                    );
                }
            }
        }
        if !hidden.is_empty() {
            for at in hidden {
                characters[at] = '*';
            }
            *text = characters.into_iter().collect();
        }
    }
}

/// Digits of a number that is looked for in texts.
const DIGITS_MIN: usize = 5;
/// Characters between two digits of one phone.
const GAP_MAX: usize = 3;

fn is_separator(character: char) -> bool {
    character.is_whitespace() || "-－—–_.·()（）".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: &str, excerpt: &str) -> v1::Found {
        v1::Found { value: value.into(), place: "body".into(), excerpt: excerpt.into() }
    }

    fn submission() -> v1::Submission {
        let line = "李敏 138 0000-1234 LiMin@czt.example.cn";
        v1::Submission {
            subject: "【主题征稿】李敏13800001234".into(),
            from: Some(v1::Address { display_name: "13800001234".into(), address: "limin@czt.example.cn".into() }),
            text: format!("{line}\n电话：１３８００００１２３４，编号 13800001235"),
            contact: Some(v1::Contact {
                names: vec![found("李敏", line)],
                phones: vec![found("13800001234", line), found("0571-87057000", "传真 0571-87057000")],
                addresses: vec![found("limin@czt.example.cn", line)],
                organisations: Vec::new(),
            }),
            findings: vec![v1::Finding {
                evidence: vec![v1::Evidence { place: "body".into(), excerpt: line.into() }],
                ..v1::Finding::default()
            }],
            attachments: vec![v1::Attachment {
                file_name: "李敏13800001234.docx".into(),
                content: Some(v1::attachment::Content::Document(v1::Document {
                    text: line.into(),
                    ..v1::Document::default()
                })),
                ..v1::Attachment::default()
            }],
            ..v1::Submission::default()
        }
    }

    #[test]
    fn a_viewer_sees_no_phone_and_no_address_that_was_found() {
        let mut seen = submission();
        mask(&mut seen, Sight::Nothing);
        let told = format!("{seen:?}");
        for secret in ["0000-1234", "13800001234", "１３８００００１２３４", "limin@", "LiMin@", "87057000"]
        {
            assert!(!told.contains(secret), "{secret} in {told}");
        }
        assert_eq!(seen.text, "李敏 138 ****-1234 L***@czt.example.cn\n电话：１３８****１２３４，编号 13800001235");
        assert_eq!(seen.contact.unwrap().names[0].value, "李敏");
    }

    #[test]
    fn a_person_who_edits_reads_the_mail_and_not_the_contact() {
        let mut seen = submission();
        mask(&mut seen, Sight::Contact);
        let contact = seen.contact.clone().unwrap();
        assert_eq!(contact.phones[0].value, "138****1234");
        let kept = format!("{contact:?} {:?}", seen.findings);
        assert!(!kept.contains("1380") && !kept.contains("LiMin@"), "{kept}");
        let whole = submission();
        assert_eq!((seen.text, seen.from, seen.attachments), (whole.text, whole.from, whole.attachments));
        let mut service = submission();
        mask(&mut service, Sight::Whole);
        assert_eq!(service, submission());
    }
}
