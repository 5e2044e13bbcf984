//! The page of a mail: who may read it, with what, and for how long.

use api::TokenSetting;
use chrono::Utc;
use intake::{
    letter::{Content, Page, Part},
    ports::Ledger,
    review::Role,
};
use proto::intake::v1::{
    self, mail_page_service_client::MailPageServiceClient, session_service_client::SessionServiceClient,
};
use stdx::Sha256;
use store::account::{AccountChange, AccountDraft, By, Kept};
use tonic::{Code, Request, Status, transport::Channel};
use uuid::Uuid;

use crate::world::{Mail, World, document, refusal};

const HTML: &[u8] = "<p>正文</p><img src=\"part/2\">".as_bytes();
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn picture(path: &str) -> Part {
    Part { media_type: "image/png".into(), content: Content::Picture, ..document(path, "图.png", PNG, "") }
}

/// A mail with a page that shows one of its two pictures.
async fn with_page(world: &World) -> Mail {
    let (sha256, _) = (world.blob(HTML).await, world.blob(PNG).await);
    let size_bytes = HTML.len() as u64;
    let page = Page { size_bytes, sha256, pictures: vec!["2".into()], remote_pictures: 3, truncated: true };
    Mail { parts: vec![picture("2"), picture("3")], page: Some(page), ..Mail::default() }
}

fn bearing<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn asked(name: &str) -> v1::GetMailPageRequest {
    v1::GetMailPageRequest { name: name.into() }
}

fn wanted(name: &str) -> v1::IssueMailPageTicketRequest {
    v1::IssueMailPageTicketRequest { name: name.into() }
}

/// Bytes, their type and their hash, without any token.
async fn download(channel: &Channel, ticket: &str, path: &str) -> Result<(Vec<u8>, String, String), Status> {
    let mut client = MailPageServiceClient::new(channel.clone());
    let request = v1::DownloadMailPageRequest { ticket: ticket.into(), path: path.into() };
    let mut stream = client.download_mail_page(request).await?.into_inner();
    let first = stream.message().await?.unwrap_or_default();
    let mut bytes = first.data;
    while let Some(more) = stream.message().await? {
        assert_eq!((more.media_type.as_str(), more.total_bytes), ("", 0));
        bytes.extend(more.data);
    }
    assert_eq!(bytes.len() as u64, first.total_bytes);
    Ok((bytes, first.media_type, first.sha256))
}

#[tokio::test]
async fn a_page_and_the_pictures_that_it_shows_come_for_a_ticket_and_nothing_else_does() {
    let world = World::new().await;
    let mail = with_page(&world).await;
    let message = world.received(&mail).await;
    let submission = world.store.message_get(message).await.unwrap().submission_id.unwrap();
    let server = world.serve().await;
    let channel = server.channel().await;
    let mut client = MailPageServiceClient::new(channel.clone());
    for name in [format!("messages/{message}"), format!("submissions/{submission}")] {
        let page = client.get_mail_page(asked(&name)).await.unwrap().into_inner();
        assert_eq!((page.message, page.kept), (format!("messages/{message}"), true));
        assert_eq!((page.size_bytes, page.sha256), (HTML.len() as u64, Sha256::of(HTML).hex()));
        assert_eq!((page.pictures, page.remote_pictures, page.truncated), (vec!["2".to_owned()], 3, true));
        let ticket = client.issue_mail_page_ticket(wanted(&name)).await.unwrap().into_inner();
        let left = ticket.expire_time.unwrap().seconds - Utc::now().timestamp();
        assert!((500..=600).contains(&left), "{left}");
        let ticket = ticket.ticket;
        let page = download(&channel, &ticket, "").await.unwrap();
        assert_eq!(page, (HTML.to_vec(), "text/html".into(), Sha256::of(HTML).hex()));
        let picture = download(&channel, &ticket, "2").await.unwrap();
        assert_eq!(picture, (PNG.to_vec(), "image/png".into(), Sha256::of(PNG).hex()));
        // An attachment that the page does not show is none of its pictures.
        for path in ["3", "9", "../2", "page"] {
            let refused = refusal(download(&channel, &ticket, path).await);
            assert_eq!(refused, (Code::NotFound, "PICTURE_NOT_FOUND".into()), "{path}");
        }
        for forged in [&ticket[1..], &format!("A{ticket}"), "", "x"] {
            let refused = refusal(download(&channel, forged, "").await);
            assert_eq!(refused, (Code::Unauthenticated, "TICKET_UNKNOWN".into()), "{forged}");
        }
    }
}

#[tokio::test]
async fn a_mail_without_a_page_says_so_and_a_repeated_one_has_that_of_the_first() {
    let world = World::new().await;
    let server = world.serve().await;
    let mut client = MailPageServiceClient::new(server.channel().await);
    let plain = world.received(&Mail::default()).await;
    let seen = world.seen(Mail::default().received_at).await.id;
    for id in [plain, seen] {
        let name = format!("messages/{id}");
        let page = client.get_mail_page(asked(&name)).await.unwrap().into_inner();
        assert_eq!(page, v1::MailPage { message: name.clone(), ..v1::MailPage::default() });
        let refused = refusal(client.issue_mail_page_ticket(wanted(&name)).await);
        assert_eq!(refused, (Code::FailedPrecondition, "PAGE_NOT_KEPT".into()));
    }
    let unknown = refusal(client.get_mail_page(asked(&format!("messages/{}", Uuid::nil()))).await);
    assert_eq!(unknown, (Code::NotFound, "MESSAGE_NOT_FOUND".into()));
    assert_eq!(client.get_mail_page(asked("mailboxes/x")).await.unwrap_err().code(), Code::InvalidArgument);

    let first = world.received(&with_page(&world).await).await;
    let raw = world.store.message_get(first).await.unwrap().message.raw_sha256.unwrap();
    let copy = world.seen(Mail::default().received_at).await;
    let copy = world.store.try_begin(&world.lease, &copy).await.unwrap();
    world.store.message_stored(&world.lease, &copy, raw, 1).await.unwrap();
    let page = client.get_mail_page(asked(&format!("messages/{}", copy.id))).await.unwrap().into_inner();
    assert_eq!((page.message, page.kept), (format!("messages/{first}"), true));
}

#[tokio::test]
async fn a_viewer_gets_neither_a_page_nor_a_ticket() {
    let world = World::new().await;
    let name = format!("messages/{}", world.received(&with_page(&world).await).await);
    let token =
        |role: Role| TokenSetting { name: role.as_str().into(), sha256: Sha256::of(role.as_str().as_bytes()), role };
    let server = world.serve_with(vec![token(Role::Viewer), token(Role::Editor)]).await;
    let mut client = MailPageServiceClient::new(server.channel().await);
    let refused = refusal(client.get_mail_page(bearing("viewer", asked(&name))).await);
    assert_eq!(refused, (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
    let refused = refusal(client.issue_mail_page_ticket(bearing("viewer", wanted(&name))).await);
    assert_eq!(refused, (Code::PermissionDenied, "ROLE_TOO_LOW".into()));
    assert!(client.issue_mail_page_ticket(bearing("editor", wanted(&name))).await.is_ok());
}

#[tokio::test]
async fn a_persons_ticket_is_known_by_every_server_and_worth_nothing_once_the_session_is() {
    let world = World::new().await;
    let name = format!("messages/{}", world.received(&with_page(&world).await).await);
    let (one, other) = (world.serve().await, world.serve().await);
    let (channel, beside) = (one.channel().await, other.channel().await);
    let mut client = MailPageServiceClient::new(channel.clone());
    let by = || By { actor: "test".into(), now: Utc::now() };
    let draft =
        AccountDraft { name: "li.na".into(), display_name: "李娜".into(), role: Role::Editor, is_rehearsal: false };
    let (invitation, kept) = api::session::invitation(Utc::now()).unwrap();
    let Kept::Made(account) = world.store.account_create(&draft, &kept, None, &by()).await.unwrap() else {
        panic!("a first call was taken for a second")
    };
    let mut sessions = SessionServiceClient::new(channel.clone());
    let password = "落霞与孤鹜齐飞 1".to_owned();
    let accepted = v1::AcceptInvitationRequest { invitation, password: password.clone(), peer: String::new() };
    let token = sessions.accept_invitation(accepted).await.unwrap().into_inner().token;
    let mut issued = async |token: &str| {
        client.issue_mail_page_ticket(bearing(token, wanted(&name))).await.unwrap().into_inner().ticket
    };

    let ticket = issued(&token).await;
    assert!(!ticket.contains(&token));
    assert!(download(&channel, &ticket, "").await.is_ok());
    assert!(download(&beside, &ticket, "2").await.is_ok());
    sessions.sign_out(bearing(&token, v1::SignOutRequest {})).await.unwrap();
    let unknown = (Code::Unauthenticated, "TICKET_UNKNOWN".to_owned());
    assert_eq!(refusal(download(&beside, &ticket, "").await), unknown);

    let again = v1::SignInRequest { user_name: "li.na".into(), password, peer: String::new() };
    let token = sessions.sign_in(again).await.unwrap().into_inner().token;
    let ticket = issued(&token).await;
    assert!(download(&channel, &ticket, "").await.is_ok());
    let change = AccountChange { role: Some(Role::Viewer), ..AccountChange::default() };
    world.store.account_update(account.id, None, &change, &by()).await.unwrap();
    assert_eq!(refusal(download(&channel, &ticket, "").await), unknown);
}
