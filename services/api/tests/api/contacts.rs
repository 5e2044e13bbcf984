//! Contacts and similar submissions, as a caller sees them.

use proto::intake::v1::{
    self, contact_service_client::ContactServiceClient, submission_service_client::SubmissionServiceClient,
};
use tonic::Code;
use uuid::Uuid;

use crate::world::{Mail, World, document, fields, refusal};

#[tokio::test]
async fn a_contact_is_told_masked_with_what_it_sent() {
    let world = World::new().await;
    let ids = world.submissions(3).await;
    world.submission(&Mail { from: "wang@b.cn".into(), ..Mail::default() }).await;
    let server = world.serve().await;
    let mut client = ContactServiceClient::new(server.channel().await);
    let mut asked = v1::ListContactsRequest { page_size: 1, ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page = client.list_contacts(asked.clone()).await.unwrap().into_inner();
        assert_eq!(page.contacts.len(), 1);
        found.extend(page.contacts);
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            break;
        }
    }
    let told: Vec<_> = found.iter().map(|contact| (contact.address.as_str(), contact.manuscript_count)).collect();
    assert_eq!(told, [("l***@czt.example.cn", 3), ("w***@b.cn", 1)]);
    let request = v1::GetContactRequest { name: found[0].name.clone() };
    let details = client.get_contact(request).await.unwrap().into_inner();
    assert_eq!(details.contact.unwrap(), found[0]);
    let newest = format!("submissions/{}", ids[2]);
    assert_eq!((details.submissions.len(), &details.submissions[0].submission), (3, &newest));
    assert_eq!(details.submissions[0].state(), v1::ReviewState::Judged);

    let search = |text: &str| v1::ListContactsRequest { search: text.into(), ..Default::default() };
    assert_eq!(client.list_contacts(search("WANG@b")).await.unwrap().into_inner().contacts.len(), 1);
    assert_eq!(fields(client.list_contacts(search("李")).await), ["search"]);
    assert_eq!(fields(client.list_contacts(search(&"李".repeat(81))).await), ["search"]);
    let unknown = v1::GetContactRequest { name: format!("contacts/{}", Uuid::now_v7()) };
    assert_eq!(refusal(client.get_contact(unknown).await), (Code::NotFound, "CONTACT_NOT_FOUND".into()));
    let organisations = client.list_organisations(v1::ListOrganisationsRequest::default()).await.unwrap().into_inner();
    assert_eq!(organisations.organisations, []);
}

/// A text of thirty sentences, some of them changed.
fn text(seed: u32, changed: std::ops::Range<u32>) -> String {
    (0..30_u32)
        .flat_map(|sentence| {
            let seed = if changed.contains(&sentence) { seed + 77 } else { seed };
            let ideograph = move |place: u32| {
                let mixed = (seed * 7919 + sentence * 104_729 + place * 1_299_709).wrapping_mul(2_654_435_761) >> 8;
                char::from_u32(0x4e00 + mixed % 5000).unwrap()
            };
            (0..20).map(ideograph).chain(['。'])
        })
        .collect()
}

#[tokio::test]
async fn a_copied_text_is_told_with_its_likeness_and_shown_side_by_side() {
    let world = World::new().await;
    let mut ids = Vec::new();
    let file = vec![7; 2000];
    for (text, file) in [
        (text(1, 0..0), &file[..]),
        (text(1, 4..7), &b"another"[..]),
        (text(2, 0..0), &file[..]),
        (text(3, 0..0), &b"a third"[..]),
    ] {
        let parts = vec![document("2", "稿.txt", text.as_bytes(), &text), document("3", "图表.xlsx", file, "")];
        ids.push(format!("submissions/{}", world.submission(&Mail { parts, ..Mail::default() }).await));
    }
    let server = world.serve().await;
    let mut client = SubmissionServiceClient::new(server.channel().await);
    let request = v1::ListSimilarRequest { name: ids[0].clone(), same_campaign: true };
    let answer = client.list_similar(request).await.unwrap().into_inner();
    assert!(!answer.text_too_short);
    let found: Vec<_> = answer.similar.iter().map(|other| (&other.submission, other.same_files.join(","))).collect();
    assert_eq!(found, [(&ids[1], String::new()), (&ids[2], "图表.xlsx".into())]);
    assert!((0.7..0.95).contains(&answer.similar[0].likeness), "{:?}", answer.similar);
    assert!(answer.similar[0].contained > 0.8);
    assert_eq!(answer.similar[1].likeness, 0.0);

    let request = v1::CompareSubmissionsRequest { name: ids[0].clone(), other: ids[1].clone() };
    let compared = client.compare_submissions(request).await.unwrap().into_inner();
    assert_eq!(compared.likeness, answer.similar[0].likeness);
    let own: Vec<_> = compared.paragraphs[0].pieces.iter().map(|piece| piece.shared).collect();
    assert_eq!(own, [true, false, true], "the three changed sentences stand between");
    let whole: String = compared.other_paragraphs[0].pieces.iter().map(|piece| piece.text.as_str()).collect();
    assert_eq!(whole, text(1, 4..7));

    let request = v1::ListSimilarRequest { name: format!("submissions/{}", Uuid::now_v7()), same_campaign: false };
    assert_eq!(refusal(client.list_similar(request).await), (Code::NotFound, "SUBMISSION_NOT_FOUND".into()));
}
