//! PurchaserService.

use proto::procurement::v1::{
    CreatePurchaserRequest, DeletePurchaserRequest, GetPurchaserRequest, ListPurchasersRequest, Provenance, Purchaser,
    PurchaserKind, UndeletePurchaserRequest, UpdatePurchaserRequest, purchaser_service_client::PurchaserServiceClient,
};
use tonic::{Code, transport::Channel};

use crate::world::{World, fields, refusal};

fn bureau() -> Purchaser {
    Purchaser {
        title: "杭州市民政局".into(),
        uscc: "91350100M000100Y43".into(),
        region: "regions/330100".into(),
        kind: PurchaserKind::StateOrgan.into(),
        ..Purchaser::default()
    }
}

async fn created(client: &mut PurchaserServiceClient<Channel>, id: &str, purchaser: Purchaser) -> Purchaser {
    let request = CreatePurchaserRequest { purchaser: Some(purchaser), purchaser_id: id.into(), ..Default::default() };
    client.create_purchaser(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_purchaser_lives_is_changed_is_deleted_and_comes_back() {
    let world = World::new().await;
    let mut client = PurchaserServiceClient::new(world.channel.clone());
    let made = created(&mut client, "hz-mz", bureau()).await;
    assert_eq!((made.name.as_str(), made.etag.as_str()), ("purchasers/hz-mz", "v1"));
    assert!(made.create_time.is_some() && made.delete_time.is_none());
    let read = client.get_purchaser(GetPurchaserRequest { name: made.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, made);

    let changed = Purchaser { budget_unit_code: "115001".into(), title: "不看".into(), ..made.clone() };
    let mask = Some(prost_types::FieldMask { paths: vec!["budget_unit_code".into()] });
    let request = UpdatePurchaserRequest { purchaser: Some(changed), update_mask: mask, ..Default::default() };
    let updated = client.update_purchaser(request.clone()).await.unwrap().into_inner();
    assert_eq!((updated.budget_unit_code.as_str(), updated.title.as_str()), ("115001", "杭州市民政局"));
    assert_eq!(updated.etag, "v2");
    let again = client.update_purchaser(request).await;
    assert_eq!(refusal(again), (Code::Aborted, "ETAG_MISMATCH".into()));

    let request = DeletePurchaserRequest { name: made.name.clone(), ..Default::default() };
    let deleted = client.delete_purchaser(request).await.unwrap().into_inner();
    assert!(deleted.delete_time.is_some());
    let list = ListPurchasersRequest { return_total: true, ..Default::default() };
    let shown = client.list_purchasers(list.clone()).await.unwrap().into_inner();
    assert_eq!((shown.purchasers.len(), shown.total_size), (0, Some(0)));
    let shown = client.list_purchasers(ListPurchasersRequest { show_deleted: true, ..list }).await.unwrap();
    assert_eq!(shown.into_inner().purchasers.len(), 1);

    let request = UndeletePurchaserRequest { name: made.name.clone(), ..Default::default() };
    let back = client.undelete_purchaser(request.clone()).await.unwrap().into_inner();
    assert!(back.delete_time.is_none());
    let again = client.undelete_purchaser(request).await;
    assert_eq!(refusal(again), (Code::AlreadyExists, "RESOURCE_NOT_DELETED".into()));
}

#[tokio::test]
async fn every_field_that_breaks_a_rule_is_named_at_once() {
    let world = World::new().await;
    let mut client = PurchaserServiceClient::new(world.channel.clone());
    let wrong = Purchaser { uscc: "91350100M000100Y44".into(), ..Purchaser::default() };
    let request = CreatePurchaserRequest { purchaser: Some(wrong), ..Default::default() };
    let named = fields(client.create_purchaser(request).await);
    assert_eq!(named, ["purchaser.title", "purchaser.uscc", "purchaser.region", "purchaser.kind"]);
    let nowhere = Purchaser { region: "regions/339999".into(), ..bureau() };
    let request = CreatePurchaserRequest { purchaser: Some(nowhere), ..Default::default() };
    assert_eq!(fields(client.create_purchaser(request).await), ["purchaser.region"]);
}

#[tokio::test]
async fn no_two_live_purchasers_have_one_credit_code() {
    let world = World::new().await;
    let mut client = PurchaserServiceClient::new(world.channel.clone());
    let first = created(&mut client, "a", bureau()).await;
    let second = CreatePurchaserRequest { purchaser: Some(bureau()), ..Default::default() };
    let refused = client.create_purchaser(second.clone()).await;
    assert_eq!(refusal(refused), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
    client.delete_purchaser(DeletePurchaserRequest { name: first.name, ..Default::default() }).await.unwrap();
    client.create_purchaser(second).await.unwrap();
}

#[tokio::test]
async fn a_made_up_purchaser_stays_marked() {
    let world = World::new().await;
    let mut client = PurchaserServiceClient::new(world.channel.clone());
    let provenance = Some(Provenance { is_synthetic: true, ..Default::default() });
    let made = created(&mut client, "syn", Purchaser { provenance, ..bureau() }).await;
    assert!(made.provenance.as_ref().unwrap().is_synthetic);
    let request =
        UpdatePurchaserRequest { purchaser: Some(Purchaser { provenance: None, ..made }), ..Default::default() };
    assert_eq!(fields(client.update_purchaser(request).await), ["purchaser.provenance.is_synthetic"]);
}
