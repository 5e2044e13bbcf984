//! Pages and filters over real tables: a walk under inserts and deletions neither skips nor repeats, and a filter finds
//! what it says.

use std::collections::{BTreeSet, HashSet};

use proptest::{prelude::*, test_runner::Config};
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::{
    dynamic::call,
    world::{World, fields},
};

async fn purchaser(channel: &Channel, id: &str, title: &str, region: &str) {
    let kind = "PURCHASER_KIND_STATE_ORGAN";
    let request = json!({"purchaser": {"title": title, "region": region, "kind": kind}, "purchaser_id": id});
    call(channel, "CreatePurchaser", request).await.unwrap();
}

async fn page(channel: &Channel, request: Value) -> (Vec<(String, String)>, String) {
    let page = call(channel, "ListPurchasers", request).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = page.get("purchasers").and_then(Value::as_array).cloned().unwrap_or_default();
    let rows = rows.iter().map(|row| (text(&row["title"]), text(&row["name"]))).collect();
    (rows, text(&page["next_page_token"]))
}

#[derive(Clone, Debug)]
enum Step {
    Insert { title: u8 },
    Delete { which: prop::sample::Index },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u8..6).prop_map(|title| Step::Insert { title }),
        1 => any::<prop::sample::Index>().prop_map(|which| Step::Delete { which }),
    ]
}

/// Walks page by page; between two pages, the next of the steps happen. Titles are few, so that many rows are alike in the
/// order and only the id tells them apart.
async fn walk(at_first: Vec<u8>, steps: Vec<Vec<Step>>, size: usize, order_by: &str) {
    let world = World::new().await;
    let channel = &world.channel;
    let mut live: Vec<String> = Vec::new();
    for (index, title) in at_first.iter().enumerate() {
        // Ids do not follow the order of insertion.
        let id = format!("{:02x}-{index}", (index * 151) % 256);
        purchaser(channel, &id, &format!("单位{title}"), "regions/330100").await;
        live.push(format!("purchasers/{id}"));
    }
    let mut throughout: BTreeSet<String> = live.iter().cloned().collect();
    let mut walked: Vec<(String, String)> = Vec::new();
    let mut token = String::new();
    let mut steps = steps.into_iter();
    let mut inserted = 0;
    loop {
        let request = json!({"page_size": size, "page_token": token, "order_by": order_by});
        let (rows, next) = page(channel, request).await;
        assert!(rows.len() == size || next.is_empty(), "a page is short and not the last");
        walked.extend(rows);
        if next.is_empty() {
            break;
        }
        token = next;
        for step in steps.next().unwrap_or_default() {
            match step {
                Step::Insert { title } => {
                    inserted += 1;
                    let id = format!("{:02x}-n{inserted}", (inserted * 89) % 256);
                    purchaser(channel, &id, &format!("单位{title}"), "regions/330100").await;
                    live.push(format!("purchasers/{id}"));
                }
                Step::Delete { which } if !live.is_empty() => {
                    let name = live.swap_remove(which.index(live.len()));
                    call(channel, "DeletePurchaser", json!({"name": name})).await.unwrap();
                    throughout.remove(&name);
                }
                Step::Delete { .. } => {}
            }
        }
    }
    let names: Vec<&String> = walked.iter().map(|(_, name)| name).collect();
    let distinct: HashSet<&String> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len(), "a row is shown twice: {names:?}");
    let skipped: Vec<&String> = throughout.iter().filter(|name| !distinct.contains(name)).collect();
    assert!(skipped.is_empty(), "rows are skipped: {skipped:?}");
    let mut sorted = walked.clone();
    match order_by {
        "title" => sorted.sort(),
        "title desc" => sorted.sort_by(|one, two| two.cmp(one)),
        "title desc, name" => sorted.sort_by(|one, two| two.0.cmp(&one.0).then(one.1.cmp(&two.1))),
        "name desc" => sorted.sort_by(|one, two| two.1.cmp(&one.1)),
        _ => sorted.sort_by(|one, two| one.1.cmp(&two.1)),
    }
    assert_eq!(walked, sorted, "the pages together are not in order");
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, max_shrink_iters: 32, ..Config::default() })]

    #[test]
    fn a_walk_under_inserts_and_deletions_neither_skips_nor_repeats(
        at_first in prop::collection::vec(0u8..6, 0..24),
        steps in prop::collection::vec(prop::collection::vec(step(), 0..4), 0..10),
        size in 1usize..7,
        order_by in prop::sample::select(vec!["", "title", "title desc", "title desc, name", "name desc"]),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(walk(at_first, steps, size, order_by));
    }
}

#[tokio::test]
async fn a_walk_while_somebody_else_writes_all_the_time_neither_skips_nor_repeats() {
    let world = World::new().await;
    let channel = &world.channel;
    for index in 0..60 {
        purchaser(channel, &format!("old-{index:02}"), &format!("单位{:02}", index % 7), "regions/330100").await;
    }
    let stop = tokio_util::sync::CancellationToken::new();
    let writer = tokio::spawn({
        let (channel, stop) = (channel.clone(), stop.clone());
        async move {
            let mut written = 0;
            while !stop.is_cancelled() && written < 500 {
                purchaser(&channel, &format!("new-{written}"), &format!("单位{:02}", written % 7), "regions/330100")
                    .await;
                written += 1;
            }
            written
        }
    });
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        let request = json!({"page_size": 4, "page_token": token, "order_by": "title desc"});
        let (rows, next) = page(channel, request).await;
        names.extend(rows.into_iter().map(|(_, name)| name));
        // Rows are made all along the order, so that the walk could go on for as long as somebody writes.
        if next.is_empty() || names.len() > 2_000 {
            break;
        }
        token = next;
    }
    stop.cancel();
    assert!(writer.await.unwrap() > 0);
    let distinct: HashSet<&String> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    assert_eq!(names.iter().filter(|name| name.starts_with("purchasers/old-")).count(), 60);
}

#[tokio::test]
async fn a_filter_finds_what_it_says_and_the_total_counts_it() {
    let world = World::new().await;
    let channel = &world.channel;
    for (id, title, region) in [
        ("hz-mz", "杭州市民政局", "regions/330100"),
        ("ca-hb", "淳安县生态环境局", "regions/330127"),
        ("wz-mz", "温州市民政局", "regions/330300"),
        ("zj-cz", "浙江省财政厅 (AI)", "regions/330000"),
        ("sh-mz", "上海市民政局", "regions/310000"),
    ] {
        purchaser(channel, id, title, region).await;
    }
    call(channel, "DeletePurchaser", json!({"name": "purchasers/sh-mz"})).await.unwrap();
    let all = ["ca-hb", "hz-mz", "wz-mz", "zj-cz"];
    for (filter, found) in [
        ("", &all[..]),
        ("region = regions/330100", &["hz-mz"]),
        ("under(region, \"regions/330000\")", &all),
        ("under(region, \"regions/330100\")", &["ca-hb", "hz-mz"]),
        ("under(region, \"regions/330127\")", &["ca-hb"]),
        ("under(region, \"regions/310000\")", &[]),
        ("under(region, \"regions/000000\")", &all),
        ("NOT under(region, \"regions/330100\")", &["wz-mz", "zj-cz"]),
        ("search(\"民政\")", &["hz-mz", "wz-mz"]),
        ("search(\"ai\")", &["zj-cz"]),
        ("search(\"民政 杭州\")", &["hz-mz"]),
        ("search(\"杭州民政\")", &[]),
        ("-search(\"民政\") AND under(region, \"regions/330100\")", &["ca-hb"]),
        ("title = 杭州*", &["hz-mz"]),
        ("title = \"*民政*\"", &["hz-mz", "wz-mz"]),
        ("title = \"%民政%\"", &[]),
        ("title = \"*%*\"", &[]),
        ("title = _*", &[]),
        ("uscc:*", &[]),
        ("NOT uscc:* AND title:*", &all),
        ("kind = STATE_ORGAN", &all),
        ("kind != STATE_ORGAN", &[]),
        ("name = purchasers/hz-mz OR name = purchasers/wz-mz", &["hz-mz", "wz-mz"]),
        ("name = purchasers/hz*", &["hz-mz"]),
        ("name = purchasers/zj-cz OR name = purchasers/hz-mz AND search(\"民政\")", &["hz-mz"]),
        ("create_time > 2020-01-01 AND update_time < 2020-01-01", &[]),
        ("create_time >= 2020-01-01T00:00:00Z", &all),
        ("delete_time:*", &[]),
        ("provenance.is_synthetic = true", &[]),
        ("provenance.is_synthetic != true", &all),
    ] {
        let request = json!({"filter": filter, "order_by": "name", "return_total": true});
        let answer = call(channel, "ListPurchasers", request.clone()).await;
        let answer = answer.unwrap_or_else(|status| panic!("{filter}: {status:?}"));
        let rows = answer.get("purchasers").and_then(Value::as_array).cloned().unwrap_or_default();
        let ids: Vec<&str> = rows.iter().map(|row| &row["name"].as_str().unwrap()["purchasers/".len()..]).collect();
        assert_eq!(ids, found, "{filter}");
        assert_eq!(answer["total_size"], json!(found.len().to_string()), "{filter}");
    }
    let deleted = json!({"filter": "delete_time:*", "show_deleted": true});
    let (rows, _) = page(channel, deleted).await;
    assert_eq!(rows, [("上海市民政局".to_owned(), "purchasers/sh-mz".to_owned())]);
    for filter in ["titel = a", "kind = PUBLIC", "search(\"老\")", "title = \"a", "under(title, \"regions/330000\")"] {
        assert_eq!(fields(call(channel, "ListPurchasers", json!({"filter": filter})).await), ["filter"], "{filter}");
    }
}
