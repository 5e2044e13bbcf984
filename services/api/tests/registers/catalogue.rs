//! CatalogueService: the life of an edition, its items, what changed between two, and what is derived from them.

use proto::procurement::v1::{
    BatchGetCatalogueItemsRequest, Catalogue, CatalogueItem, ClassifyTextRequest, CreateCatalogueItemRequest,
    CreateCatalogueRequest, CreateEditionRequest, Crosswalk, CrosswalkLink, DeleteCatalogueItemRequest,
    DiffEditionsRequest, DiffEditionsResponse, Edition, EditionChangeKind, EditionCounts, EditionState,
    GetCatalogueItemRequest, GetCrosswalkRequest, GetEditionRequest, ItemAmount, ItemLevel, LinkKind,
    ListCatalogueItemsRequest, ListEditionsRequest, MapItemsRequest, NewItem, Provenance, PublishEditionRequest,
    ServiceKind, SetCrosswalkRequest, SuggestCrosswalkRequest, UndeleteCatalogueItemRequest,
    UpdateCatalogueItemRequest, UpdateEditionRequest, catalogue_service_client::CatalogueServiceClient,
};
use tonic::{Code, transport::Channel};

use crate::world::{World, fields, refusal};

type Client = CatalogueServiceClient<Channel>;

/// The client of a server with one catalogue; the server ends when the world goes.
async fn place() -> (World, Client) {
    let world = World::new().await;
    let mut client = CatalogueServiceClient::new(world.channel.clone());
    let catalogue = Catalogue {
        region: "regions/330000".into(),
        title: "浙江省政府购买服务指导性目录".into(),
        ..Catalogue::default()
    };
    let request =
        CreateCatalogueRequest { catalogue: Some(catalogue), catalogue_id: "zj".into(), ..Default::default() };
    client.create_catalogue(request).await.unwrap();
    (world, client)
}

fn new(uid: &str, code: &str, title: &str, parent_uid: &str) -> NewItem {
    NewItem {
        uid: uid.into(),
        code: code.into(),
        title: title.into(),
        parent_uid: parent_uid.into(),
        service_kind: ServiceKind::Public.into(),
        ..NewItem::default()
    }
}

fn small() -> Vec<NewItem> {
    let mut items = vec![
        // Children may stand before their parents.
        new("a11", "A0101", "居家养老服务", "a1"),
        new("a12", "A0102", "社区养老服务", "a1"),
        new("a", "A", "公共服务", ""),
        new("a1", "A01", "养老服务", "a"),
        new("a2", "A02", "儿童福利", "a"),
        new("a21", "A0201", "普惠托育服务", "a2"),
        new("b", "B", "履职辅助", ""),
        new("b1", "B01", "法律服务", "b"),
        new("b11", "B0101", "公证服务", "b1"),
    ];
    items[0].description = "助餐、助洁、陪护".into();
    for item in items.iter_mut().filter(|item| item.uid.starts_with('b')) {
        item.service_kind = ServiceKind::Auxiliary.into();
    }
    items
}

fn edition_request(id: &str, year: i32, items: Vec<NewItem>) -> CreateEditionRequest {
    let edition = Edition { catalogue: "catalogues/zj".into(), year, ..Edition::default() };
    CreateEditionRequest { edition: Some(edition), edition_id: id.into(), items, ..Default::default() }
}

async fn edition(client: &mut Client, id: &str, year: i32, items: Vec<NewItem>) -> Edition {
    client.create_edition(edition_request(id, year, items)).await.unwrap().into_inner()
}

async fn publish(client: &mut Client, id: &str, day: &str) -> Result<Edition, tonic::Status> {
    let request = PublishEditionRequest {
        name: format!("editions/{id}"),
        effective_from_day: day.into(),
        ..PublishEditionRequest::default()
    };
    client.publish_edition(request).await.map(tonic::Response::into_inner)
}

async fn item(client: &mut Client, id: &str) -> CatalogueItem {
    let request = GetCatalogueItemRequest { name: format!("catalogueItems/{id}") };
    client.get_catalogue_item(request).await.unwrap().into_inner()
}

async fn found(client: &mut Client, filter: &str) -> Vec<String> {
    let request = ListCatalogueItemsRequest { filter: filter.into(), ..Default::default() };
    let answer = client.list_catalogue_items(request).await.unwrap().into_inner();
    answer.catalogue_items.into_iter().map(|item| item.title).collect()
}

async fn diff(client: &mut Client, from: &str, to: &str) -> DiffEditionsResponse {
    let request = DiffEditionsRequest {
        from_edition: format!("editions/{from}"),
        to_edition: format!("editions/{to}"),
        ..DiffEditionsRequest::default()
    };
    client.diff_editions(request).await.unwrap().into_inner()
}

fn counts(categories: i32, sections: i32, items: i32) -> EditionCounts {
    EditionCounts { categories, sections, items }
}

#[tokio::test]
async fn an_edition_is_made_with_its_items_and_knows_their_levels_paths_and_counts() {
    let (_world, mut client) = place().await;
    let made = edition(&mut client, "2021", 2021, small()).await;
    assert_eq!((made.state(), made.revision, made.counts), (EditionState::Draft, 1, Some(counts(2, 3, 4))));
    let leaf = item(&mut client, "2021.a11").await;
    assert_eq!((leaf.level(), leaf.parent.as_str()), (ItemLevel::Item, "catalogueItems/2021.a1"));
    assert_eq!((leaf.class.as_str(), leaf.edition.as_str()), ("catalogueItems/2021.a", "editions/2021"));
    assert_eq!(leaf.path, ["公共服务", "养老服务", "居家养老服务"]);
    let top = item(&mut client, "2021.b").await;
    assert_eq!((top.level(), top.class == top.name, top.parent.is_empty()), (ItemLevel::Category, true, true));
    let names = ["catalogueItems/2021.b11", "catalogueItems/2021.a"].map(str::to_owned).to_vec();
    let batch = client.batch_get_catalogue_items(BatchGetCatalogueItemsRequest { names }).await.unwrap().into_inner();
    assert_eq!(batch.catalogue_items.iter().map(|item| item.uid.as_str()).collect::<Vec<_>>(), ["b11", "a"]);
    let same_number = client.create_edition(edition_request("2021-bis", 2021, Vec::new())).await;
    assert_eq!(refusal(same_number), (Code::AlreadyExists, "RESOURCE_DUPLICATE".into()));
}

#[tokio::test]
async fn the_fields_of_items_that_do_not_hold_together_are_named() {
    let (_world, mut client) = place().await;
    for (changes, named) in [
        (vec![new("z", "A", "又一", "")], vec!["items[9].code"]),
        (vec![new("a11", "Z", "又一", "a1")], vec!["items[9].uid"]),
        (vec![new("z", "Z", "项之下", "a11")], vec!["items[9].parent_uid"]),
        (vec![new("z", "Z", "无上级", "y")], vec!["items[9].parent_uid"]),
        (
            vec![new("y", "Y", "成环", "z"), new("z", "Z", "成环", "y")],
            vec!["items[9].parent_uid", "items[10].parent_uid"],
        ),
        (vec![new("坏", "", "", "a")], vec!["items[9].uid", "items[9].code", "items[9].title"]),
        (vec![NewItem { service_kind: 0, ..new("z", "Z", "无类别", "") }], vec!["items[9].service_kind"]),
    ] {
        let items = small().into_iter().chain(changes).collect();
        assert_eq!(fields(client.create_edition(edition_request("x", 2021, items)).await), named);
    }
    assert_eq!(fields(client.create_edition(edition_request("2021.1", 2021, small())).await), ["edition_id"]);
    assert_eq!(fields(client.create_edition(edition_request("x", 1, small())).await), ["edition.year"]);
    let mut nowhere = edition_request("x", 2021, small());
    nowhere.edition.as_mut().unwrap().catalogue = "catalogues/none".into();
    assert_eq!(fields(client.create_edition(nowhere).await), ["edition.catalogue"]);
    // Nothing of all that was kept.
    let list = client.list_editions(ListEditionsRequest::default()).await.unwrap().into_inner();
    assert_eq!((list.editions.len(), found(&mut client, "").await.len()), (0, 0));
}

#[tokio::test]
async fn a_draft_is_edited_and_its_etag_and_counts_follow() {
    let (_world, mut client) = place().await;
    let made = edition(&mut client, "2021", 2021, small()).await;
    let added = CatalogueItem {
        edition: made.name.clone(),
        uid: "a13".into(),
        code: "A0103".into(),
        title: "日间照料".into(),
        parent: "catalogueItems/2021.a1".into(),
        service_kind: ServiceKind::Public.into(),
        // Ours to say.
        level: ItemLevel::Category.into(),
        path: vec!["别处".into()],
        ..CatalogueItem::default()
    };
    let request = CreateCatalogueItemRequest { catalogue_item: Some(added.clone()), ..Default::default() };
    let rehearsed = CreateCatalogueItemRequest { validate_only: true, ..request.clone() };
    client.create_catalogue_item(rehearsed).await.unwrap();
    let kept = client.create_catalogue_item(request.clone()).await.unwrap().into_inner();
    assert_eq!((kept.name.as_str(), kept.level()), ("catalogueItems/2021.a13", ItemLevel::Item));
    assert_eq!(kept.path, ["公共服务", "养老服务", "日间照料"]);
    let twice = client.create_catalogue_item(request).await;
    assert_eq!(refusal(twice), (Code::AlreadyExists, "RESOURCE_EXISTS".into()));
    let same_code = CatalogueItem { uid: "a14".into(), ..added.clone() };
    let request = CreateCatalogueItemRequest { catalogue_item: Some(same_code), ..Default::default() };
    assert_eq!(
        refusal(client.create_catalogue_item(request).await),
        (Code::AlreadyExists, "RESOURCE_DUPLICATE".into())
    );
    for parent in ["catalogueItems/2021.a11", "nonsense"] {
        let astray = CatalogueItem { uid: "a15".into(), code: "A15".into(), parent: parent.into(), ..added.clone() };
        let request = CreateCatalogueItemRequest { catalogue_item: Some(astray), ..Default::default() };
        assert_eq!(fields(client.create_catalogue_item(request).await), ["catalogue_item.parent"], "{parent}");
    }

    let now = client.get_edition(GetEditionRequest { name: made.name.clone() }).await.unwrap().into_inner();
    assert_eq!(now.counts, Some(counts(2, 3, 5)));
    assert_ne!(now.etag, made.etag);
    let stale = PublishEditionRequest {
        name: made.name.clone(),
        etag: made.etag,
        effective_from_day: "2021-01-01".into(),
        ..PublishEditionRequest::default()
    };
    assert_eq!(refusal(client.publish_edition(stale).await), (Code::Aborted, "ETAG_MISMATCH".into()));

    let request = DeleteCatalogueItemRequest { name: "catalogueItems/2021.a1".into(), ..Default::default() };
    assert_eq!(
        refusal(client.delete_catalogue_item(request).await),
        (Code::FailedPrecondition, "ITEM_HAS_CHILDREN".into())
    );
    let request = DeleteCatalogueItemRequest { name: kept.name.clone(), ..Default::default() };
    assert!(client.delete_catalogue_item(request).await.unwrap().into_inner().delete_time.is_some());
    let now = client.get_edition(GetEditionRequest { name: made.name.clone() }).await.unwrap().into_inner();
    assert_eq!(now.counts, Some(counts(2, 3, 4)));
    let request = UndeleteCatalogueItemRequest { name: kept.name, ..Default::default() };
    assert!(client.undelete_catalogue_item(request).await.unwrap().into_inner().delete_time.is_none());
}

#[tokio::test]
async fn a_renamed_category_and_a_moved_section_show_in_all_lines_below() {
    let (_world, mut client) = place().await;
    edition(&mut client, "2021", 2021, small()).await;
    let mask = |path: &str| Some(prost_types::FieldMask { paths: vec![path.into()] });
    let category = CatalogueItem { title: "基本公共服务".into(), ..item(&mut client, "2021.a").await };
    let request =
        UpdateCatalogueItemRequest { catalogue_item: Some(category), update_mask: mask("title"), ..Default::default() };
    assert_eq!(client.update_catalogue_item(request).await.unwrap().into_inner().path, ["基本公共服务"]);
    assert_eq!(item(&mut client, "2021.a21").await.path, ["基本公共服务", "儿童福利", "普惠托育服务"]);
    let section = CatalogueItem { parent: "catalogueItems/2021.b".into(), ..item(&mut client, "2021.a2").await };
    let request =
        UpdateCatalogueItemRequest { catalogue_item: Some(section), update_mask: mask("parent"), ..Default::default() };
    client.update_catalogue_item(request).await.unwrap();
    let leaf = item(&mut client, "2021.a21").await;
    assert_eq!(
        (leaf.class.as_str(), leaf.path.join("/")),
        ("catalogueItems/2021.b", "履职辅助/儿童福利/普惠托育服务".into())
    );
    assert_eq!(item(&mut client, "2021.a11").await.path[0], "基本公共服务");
    assert_eq!(found(&mut client, r#"edition="editions/2021" AND search("基本公共")"#).await.len(), 4);
    let up = CatalogueItem { parent: String::new(), ..item(&mut client, "2021.a2").await };
    let request =
        UpdateCatalogueItemRequest { catalogue_item: Some(up), update_mask: mask("parent"), ..Default::default() };
    assert_eq!(fields(client.update_catalogue_item(request).await), ["catalogue_item.parent"]);
}

#[tokio::test]
async fn what_is_published_never_changes_and_gives_way_to_the_next() {
    let (_world, mut client) = place().await;
    edition(&mut client, "2015", 2015, small()).await;
    edition(&mut client, "2021", 2021, small()).await;
    assert_eq!(fields(publish(&mut client, "2015", "someday").await), ["effective_from_day"]);
    let first = publish(&mut client, "2015", "2015-07-01").await.unwrap();
    assert_eq!((first.state(), first.effective_from_day.as_str()), (EditionState::Published, "2015-07-01"));
    let frozen = (Code::FailedPrecondition, "EDITION_PUBLISHED".to_owned());
    assert_eq!(refusal(publish(&mut client, "2015", "2016-01-01").await), frozen);
    let request = UpdateEditionRequest {
        edition: Some(Edition { title: "另一标题".into(), ..first.clone() }),
        ..UpdateEditionRequest::default()
    };
    assert_eq!(refusal(client.update_edition(request).await), frozen);
    let leaf = item(&mut client, "2015.a11").await;
    let request = UpdateCatalogueItemRequest {
        catalogue_item: Some(CatalogueItem { title: "改名".into(), ..leaf.clone() }),
        ..UpdateCatalogueItemRequest::default()
    };
    assert_eq!(refusal(client.update_catalogue_item(request).await), frozen);
    let request = DeleteCatalogueItemRequest { name: leaf.name.clone(), ..Default::default() };
    assert_eq!(refusal(client.delete_catalogue_item(request).await), frozen);
    let more = CatalogueItem { uid: "c".into(), code: "C".into(), parent: String::new(), ..leaf.clone() };
    let request = CreateCatalogueItemRequest { catalogue_item: Some(more), ..Default::default() };
    assert_eq!(refusal(client.create_catalogue_item(request).await), frozen);
    assert_eq!(item(&mut client, "2015.a11").await, leaf);

    assert_eq!(
        refusal(publish(&mut client, "2021", "2014-01-01").await),
        (Code::FailedPrecondition, "EDITION_NOT_LATER".into())
    );
    let request_id = "7d3f6a62-9c1e-4b7e-8f51-3a5d2f0c9b11";
    let request = PublishEditionRequest {
        name: "editions/2021".into(),
        effective_from_day: "2021-01-01".into(),
        request_id: request_id.into(),
        ..PublishEditionRequest::default()
    };
    let second = client.publish_edition(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.publish_edition(request).await.unwrap().into_inner(), second);
    let before = client.get_edition(GetEditionRequest { name: first.name }).await.unwrap().into_inner();
    assert_eq!((before.state(), before.superseded_by.as_str()), (EditionState::Superseded, "editions/2021"));
    let in_force = ListEditionsRequest {
        filter: r#"catalogue="catalogues/zj" AND state="PUBLISHED""#.into(),
        ..ListEditionsRequest::default()
    };
    let in_force = client.list_editions(in_force).await.unwrap().into_inner().editions;
    assert_eq!(in_force, [second]);
}

#[tokio::test]
async fn an_edition_whose_source_gives_counts_alone_is_recorded_and_compared_by_them() {
    let (_world, mut client) = place().await;
    for (id, year, published) in [("CAT2015", 2015, counts(2, 16, 65)), ("CAT2021", 2021, counts(6, 46, 170))] {
        let mut request = edition_request(id, year, Vec::new());
        request.edition.as_mut().unwrap().published_counts = Some(published);
        let made = client.create_edition(request).await.unwrap().into_inner();
        assert_eq!((made.counts, made.published_counts), (Some(counts(0, 0, 0)), Some(published)));
        publish(&mut client, id, &format!("{year}-01-01")).await.unwrap();
    }
    let told = diff(&mut client, "CAT2015", "CAT2021").await;
    assert!(told.is_by_counts && !told.is_empty && told.changes.is_empty());
    assert_eq!(told.sentence, "由2类16款65项变为6类46款170项(类+4,款+30,项+105);只有公布的数量,无法逐条比较");
    let nothing = edition(&mut client, "empty", 2022, Vec::new()).await;
    assert_eq!(
        refusal(publish(&mut client, "empty", "2022-01-01").await),
        (Code::FailedPrecondition, "EDITION_EMPTY".into())
    );
    let request = ClassifyTextRequest { edition: nothing.name, text: "养老".into(), ..Default::default() };
    assert_eq!(
        refusal(client.classify_text(request).await),
        (Code::FailedPrecondition, "EDITION_WITHOUT_ITEMS".into())
    );
    let mut request = edition_request("partial", 2023, small());
    request.edition.as_mut().unwrap().published_counts = Some(counts(2, 3, 5));
    client.create_edition(request).await.unwrap();
    assert_eq!(
        refusal(publish(&mut client, "partial", "2023-01-01").await),
        (Code::FailedPrecondition, "EDITION_COUNTS_DIFFER".into())
    );
}

fn later() -> Vec<NewItem> {
    let mut items = small();
    items.retain(|item| item.uid != "b11");
    items[0].title = "居家上门养老服务".into();
    items[1].code = "A0109".into();
    items.extend([
        new("b12", "B0102", "公证办理服务", "b1"),
        new("c", "C", "环境治理", ""),
        new("c1", "C01", "农村环境", "c"),
        new("c11", "C0101", "垃圾清运服务", "c1"),
    ]);
    items
}

#[tokio::test]
async fn a_difference_keeps_its_laws_on_the_wire() {
    let (_world, mut client) = place().await;
    edition(&mut client, "2015", 2015, small()).await;
    edition(&mut client, "2021", 2021, later()).await;
    for id in ["2015", "2021"] {
        let none = diff(&mut client, id, id).await;
        assert!(none.is_empty && none.changes.is_empty() && none.suggestions.is_empty(), "{none:?}");
    }
    let (there, back) = (diff(&mut client, "2015", "2021").await, diff(&mut client, "2021", "2015").await);
    assert!(!there.is_empty);
    let told = there.counts.unwrap();
    let all = |counts: EditionCounts| counts.categories + counts.sections + counts.items;
    assert_eq!(all(told.after.unwrap()), all(told.before.unwrap()) + told.added - told.removed + told.regrouped);
    assert_eq!((told.added, told.removed, told.altered, told.regrouped), (4, 1, 2, 0));
    assert_eq!(there.sentence, "由2类3款4项变为3类4款5项(类+1,款+1,项+1):新增4条,删除1条,修改2条,拆分合并净增0条");

    let turned = |answer: &DiffEditionsResponse, is_inverse: bool| {
        let mut changes: Vec<String> = answer
            .changes
            .iter()
            .map(|change| {
                let names =
                    |items: &[CatalogueItem]| -> Vec<String> { items.iter().map(|item| item.name.clone()).collect() };
                let (before, after) = (names(&change.before), names(&change.after));
                let kind = match (change.kind(), is_inverse) {
                    (EditionChangeKind::Added, true) => EditionChangeKind::Removed,
                    (EditionChangeKind::Removed, true) => EditionChangeKind::Added,
                    (kind, _) => kind,
                };
                let (before, after) = if is_inverse { (after, before) } else { (before, after) };
                format!("{kind:?} {before:?} {after:?} {:?}", change.alterations)
            })
            .collect();
        changes.sort();
        changes
    };
    assert_eq!(turned(&back, true), turned(&there, false));

    // Page by page it is the same difference.
    let mut request = DiffEditionsRequest {
        from_edition: "editions/2015".into(),
        to_edition: "editions/2021".into(),
        page_size: 2,
        ..DiffEditionsRequest::default()
    };
    let mut changes = Vec::new();
    for _ in 0..10 {
        let page = client.diff_editions(request.clone()).await.unwrap().into_inner();
        assert!(page.changes.len() <= 2);
        assert_eq!(page.counts, there.counts);
        changes.extend(page.changes);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(changes, there.changes);
    request.page_token = "forged".into();
    assert_eq!(fields(client.diff_editions(request).await), ["page_token"]);
}

fn link(from: &str, to: &str, weight: &str) -> CrosswalkLink {
    CrosswalkLink { from_uid: from.into(), to_uid: to.into(), weight: weight.into(), ..CrosswalkLink::default() }
}

fn crosswalk(links: Vec<CrosswalkLink>) -> SetCrosswalkRequest {
    let crosswalk = Crosswalk {
        from_edition: "editions/2015".into(),
        to_edition: "editions/2021".into(),
        links,
        ..Crosswalk::default()
    };
    SetCrosswalkRequest { crosswalk: Some(crosswalk), ..SetCrosswalkRequest::default() }
}

#[tokio::test]
async fn a_crosswalk_has_exact_weights_and_carries_amounts_to_the_last_fen() {
    let (_world, mut client) = place().await;
    edition(&mut client, "2015", 2015, small()).await;
    edition(&mut client, "2021", 2021, later()).await;
    let map = |items: Vec<(&str, Option<i64>)>, from: &str, to: &str| MapItemsRequest {
        from_edition: format!("editions/{from}"),
        to_edition: format!("editions/{to}"),
        items: items.into_iter().map(|(item, amount_fen)| ItemAmount { item: item.into(), amount_fen }).collect(),
    };
    let request = map(vec![("catalogueItems/2015.a11", Some(100))], "2015", "2021");
    assert_eq!(refusal(client.map_items(request).await), (Code::FailedPrecondition, "NO_CROSSWALK".into()));

    for (links, named) in [
        (vec![], vec!["crosswalk.links"]),
        (vec![link("a11", "a11", "1/3"), link("a11", "a12", "1/3")], vec!["crosswalk.links[0]"]),
        (vec![link("a12", "a12", "1"), link("a11", "a11", "0.5")], vec!["crosswalk.links[1]"]),
        (vec![link("a11", "a11", "half")], vec!["crosswalk.links[0].weight"]),
        (vec![link("a11", "a11", "0")], vec!["crosswalk.links[0].weight"]),
        (vec![link("a11", "nobody", "1")], vec!["crosswalk.links[0]"]),
        (vec![link("a11", "a1", "1")], vec!["crosswalk.links[0]"]),
    ] {
        assert_eq!(fields(client.set_crosswalk(crosswalk(links)).await), named);
    }
    let links =
        vec![link("a11", "a11", "1/3"), link("a11", "a12", "2/6"), link("a11", "c11", "1/3"), link("b11", "b12", "1")];
    let set = client.set_crosswalk(crosswalk(links.clone())).await.unwrap().into_inner();
    assert_eq!(set.name, "crosswalks/2015.2021");
    assert_eq!(set.links.iter().map(|link| link.weight.as_str()).collect::<Vec<_>>(), ["1/3", "1/3", "1/3", "1"]);
    assert_eq!((set.links[0].kind(), set.links[3].kind()), (LinkKind::Split, LinkKind::Rename));
    let read = client.get_crosswalk(GetCrosswalkRequest { name: set.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, set);
    assert_eq!(fields(client.set_crosswalk(crosswalk(links.clone())).await), ["crosswalk.etag"]);

    let asked = vec![
        ("catalogueItems/2015.a11", Some(100)),
        ("catalogueItems/2015.b11", Some(-7)),
        ("catalogueItems/2015.a21", Some(5)),
        ("catalogueItems/2015.a12", None),
    ];
    let mapped = client.map_items(map(asked, "2015", "2021")).await.unwrap().into_inner();
    let amounts: Vec<Option<i64>> = mapped.items[0].parts.iter().map(|part| part.amount_fen).collect();
    assert_eq!(amounts, [Some(34), Some(33), Some(33)]);
    assert_eq!((mapped.items[2].parts.len(), mapped.unlinked_amount_fen), (0, 5));
    assert_eq!(mapped.totals.iter().filter_map(|total| total.amount_fen).sum::<i64>(), 93);
    assert!(!mapped.is_inverted);
    let back = map(vec![("catalogueItems/2021.b12", Some(-7))], "2021", "2015");
    let back = client.map_items(back).await.unwrap().into_inner();
    assert!(back.is_inverted);
    assert_eq!(back.items[0].parts[0].item, "catalogueItems/2015.b11");
    let twice = map(vec![("catalogueItems/2015.a11", None), ("catalogueItems/2015.a11", None)], "2015", "2021");
    assert_eq!(fields(client.map_items(twice).await), ["items[1].item"]);

    // The difference knows the split now, and without the crosswalk it does not.
    let told = diff(&mut client, "2015", "2021").await;
    assert_eq!(told.crosswalk, "crosswalks/2015.2021");
    assert!(told.changes.iter().any(|change| change.after.len() > 1));

    let mut request = crosswalk(vec![link("b11", "b12", "1")]);
    request.crosswalk.as_mut().unwrap().etag = set.etag;
    let replaced = client.set_crosswalk(request.clone()).await.unwrap().into_inner();
    assert_eq!((replaced.links.len(), replaced.etag.as_str()), (1, "v2"));
    assert_eq!(refusal(client.set_crosswalk(request).await), (Code::Aborted, "ETAG_MISMATCH".into()));
}

#[tokio::test]
async fn a_suggested_crosswalk_can_be_set_as_it_is() {
    let (_world, mut client) = place().await;
    edition(&mut client, "2015", 2015, small()).await;
    edition(&mut client, "2021", 2021, later()).await;
    let request = SuggestCrosswalkRequest { from_edition: "editions/2015".into(), to_edition: "editions/2021".into() };
    let suggested = client.suggest_crosswalk(request).await.unwrap().into_inner();
    assert_eq!(suggested.unmatched_from_uids, ["b11"]);
    assert_eq!(suggested.unmatched_to_uids, ["b12", "c", "c1", "c11"]);
    let request = SetCrosswalkRequest { crosswalk: suggested.crosswalk.clone(), ..Default::default() };
    let set = client.set_crosswalk(request).await.unwrap().into_inner();
    assert_eq!(set.links, suggested.crosswalk.unwrap().links);
}

#[tokio::test]
async fn a_described_service_is_led_to_items_with_the_words_that_matched() {
    let (_world, mut client) = place().await;
    edition(&mut client, "2021", 2021, small()).await;
    for (text, best, words) in [
        ("购买社会化居家养老服务", "a11", "居家养老服务"),
        ("老人助餐", "a11", "助餐"),
        ("委托第三方公证机构", "b11", "公证"),
        ("三岁以下托育", "a21", "托育"),
    ] {
        let request = ClassifyTextRequest { edition: "editions/2021".into(), text: text.into(), candidates_max: 2 };
        let candidates = client.classify_text(request).await.unwrap().into_inner().candidates;
        let first = &candidates[0];
        assert_eq!(first.item.as_ref().unwrap().uid, best, "{text}");
        assert_eq!(first.matched_words.join("/"), words, "{text}");
        assert!(candidates.len() <= 2 && first.score.contains('/'), "{candidates:?}");
    }
    let request =
        ClassifyTextRequest { edition: "editions/2021".into(), text: "卫星发射".into(), ..Default::default() };
    assert_eq!(client.classify_text(request).await.unwrap().into_inner().candidates, []);
    // What was read of a draft is not used once the draft changed.
    let request = DeleteCatalogueItemRequest { name: "catalogueItems/2021.b11".into(), ..Default::default() };
    client.delete_catalogue_item(request).await.unwrap();
    let request = ClassifyTextRequest { edition: "editions/2021".into(), text: "公证".into(), ..Default::default() };
    assert_eq!(client.classify_text(request).await.unwrap().into_inner().candidates, []);
    let request = ClassifyTextRequest { edition: "editions/2021".into(), text: " ".into(), ..Default::default() };
    assert_eq!(fields(client.classify_text(request).await), ["text"]);
}

#[tokio::test]
async fn words_of_two_characters_find_their_items() {
    let (_world, mut client) = place().await;
    edition(&mut client, "2021", 2021, small()).await;
    for (filter, titles) in [
        (r#"search("托育")"#, vec!["普惠托育服务"]),
        // In the title, or in that of a line above.
        (r#"search("养老") AND level="ITEM""#, vec!["居家养老服务", "社区养老服务"]),
        (r#"search("助餐")"#, vec!["居家养老服务"]),
        (r#"search("老养")"#, vec![]),
        (r#"class="catalogueItems/2021.b" AND level="SECTION""#, vec!["法律服务"]),
        (r#"parent="catalogueItems/2021.a1""#, vec!["居家养老服务", "社区养老服务"]),
        (r#"service_kind="AUXILIARY" AND level="CATEGORY""#, vec!["履职辅助"]),
        (r#"edition="editions/2021" AND code="A0201""#, vec!["普惠托育服务"]),
    ] {
        assert_eq!(found(&mut client, filter).await, titles, "{filter}");
    }
}

#[tokio::test]
async fn a_made_up_edition_says_so_in_every_item() {
    let (_world, mut client) = place().await;
    let mut request = edition_request("syn", 2021, small());
    request.edition.as_mut().unwrap().provenance =
        Some(Provenance { source: "synthetic".into(), quote: String::new(), is_synthetic: true });
    client.create_edition(request).await.unwrap();
    assert!(item(&mut client, "syn.a11").await.provenance.is_some_and(|provenance| provenance.is_synthetic));
}

#[tokio::test]
async fn an_edition_of_thousands_of_items_is_made_in_one_call() {
    let (_world, mut client) = place().await;
    let mut items = vec![new("c", "C", "类", ""), new("s", "S", "款", "c")];
    items.extend((0..2_000).map(|n| new(&format!("i{n}"), &format!("I{n}"), &format!("项目{n}服务"), "s")));
    let made = edition(&mut client, "big", 2021, items).await;
    assert_eq!(made.counts, Some(counts(1, 1, 2_000)));
    assert!(diff(&mut client, "big", "big").await.is_empty);
    let renamed = CatalogueItem { title: "另一款".into(), ..item(&mut client, "big.s").await };
    let request = UpdateCatalogueItemRequest { catalogue_item: Some(renamed), ..Default::default() };
    client.update_catalogue_item(request).await.unwrap();
    assert_eq!(item(&mut client, "big.i1999").await.path, ["类", "另一款", "项目1999服务"]);
}
