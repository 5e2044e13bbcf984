//! The drill: a backup made while mail comes in, brought back elsewhere, and what came after it.

use std::{
    fs,
    time::{Duration, Instant},
};

use proto::intake::v1::ListSubmissionsRequest;
use tests::{
    Backend, Product, World,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(90);

async fn recorded(product: &Product, least: usize) -> usize {
    let begun = Instant::now();
    loop {
        let request = ListSubmissionsRequest { page_size: 500, ..ListSubmissionsRequest::default() };
        let list = product.submissions().list_submissions(request).await.expect("a list").into_inner().submissions;
        if list.len() >= least {
            return list.len();
        }
        assert!(begun.elapsed() < BOUND, "{} of {least}:\n{}", list.len(), product.settings().log_tail(40));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn a_backup_under_load_comes_back_elsewhere_and_the_next_sweep_brings_the_rest(backend: Backend) {
    let world = World::new(backend);
    let product = world.start(&[world.mailbox()]);
    let mut session = world.session();
    let mut number = 0;
    let mut send = |count: usize| {
        for _ in 0..count {
            number += 1;
            session.append("INBOX", in_time(), &plain_mail(USER, number, 20));
        }
    };
    send(20);
    recorded(&product, 10).await;
    let (home, copy) = (world.home().join("elsewhere"), world.home().join("copy"));
    let made = product.settings().run(&["backup", "--to", &copy.display().to_string()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    send(10);
    recorded(&product, 30).await;
    let again = product.settings().run(&["backup", "--to", &copy.display().to_string()]);
    assert_eq!(again.status.code(), Some(2), "a folder that holds something is not touched");
    product.terminate().await;

    // Lost: the whole data folder, and the database. What is left is the copy, and the mailbox.
    fs::create_dir(&home).expect("our own folder");
    let url = world.other_store("elsewhere");
    let elsewhere = tests::Settings::write(&home, &url, &[world.mailbox()]);
    let begun = Instant::now();
    let back = elsewhere.run(&["restore", "--from", &copy.display().to_string()]);
    let told = String::from_utf8_lossy(&back.stdout);
    assert!(back.status.success() && told.contains("no faults"), "{told}{}", String::from_utf8_lossy(&back.stderr));
    println!("restored in {:.1} s", begun.elapsed().as_secs_f64());
    let twice = elsewhere.run(&["restore", "--from", &copy.display().to_string()]);
    assert_eq!(twice.status.code(), Some(2), "tables that are there are not overwritten");

    let restored = Product::start(&elsewhere);
    assert_eq!(recorded(&restored, 30).await, 30);
    elsewhere.verify_with_server();
    assert_eq!(recorded(&restored, 30).await, 30, "none twice");
    restored.terminate().await;
}

on_each_backend! {
    a_backup_under_load_comes_back_elsewhere_and_the_next_sweep_brings_the_rest =>
        super::a_backup_under_load_comes_back_elsewhere_and_the_next_sweep_brings_the_rest;
}

#[tokio::test]
async fn what_was_copied_from_one_kind_of_database_is_not_brought_into_the_other() {
    let world = World::new(Backend::Postgres);
    let product = world.start(&[world.mailbox()]);
    let copy = world.home().join("copy");
    assert!(product.settings().run(&["backup", "--to", &copy.display().to_string()]).status.success());
    product.terminate().await;
    let home = world.home().join("embedded");
    fs::create_dir(&home).expect("our own folder");
    let url = format!("sqlite:{}", home.join("caibian.db").display());
    let settings = tests::Settings::write(&home, &url, &[world.mailbox()]);
    let told = settings.run(&["restore", "--from", &copy.display().to_string()]);
    let words = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.code() == Some(2) && words.contains("cannot be brought into sqlite"), "{words}");
    assert!(!home.join("caibian.db").exists());

    // One byte of the tables.
    let tables = copy.join("caibian.dump");
    let mut torn = fs::read(&tables).expect("it is there");
    let middle = torn.len() / 2;
    torn[middle] ^= 1;
    fs::write(&tables, torn).expect("our own folder");
    let settings = tests::Settings::write(&home, &world.other_store("torn"), &[world.mailbox()]);
    let told = settings.run(&["restore", "--from", &copy.display().to_string()]);
    let words = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.code() == Some(2) && words.contains("not the bytes that were copied"), "{words}");
}

#[tokio::test]
async fn a_copy_that_lacks_a_file_or_was_changed_is_not_brought_back() {
    let world = World::new(Backend::Sqlite);
    let product = world.start(&[world.mailbox()]);
    world.session().append("INBOX", in_time(), &plain_mail(USER, 1, 20));
    recorded(&product, 1).await;
    let copy = world.home().join("copy");
    assert!(product.settings().run(&["backup", "--to", &copy.display().to_string()]).status.success());
    product.terminate().await;

    let restore = |name: &str| {
        let home = world.home().join(name);
        fs::create_dir(&home).expect("our own folder");
        let url = format!("sqlite:{}", home.join("caibian.db").display());
        let settings = tests::Settings::write(&home, &url, &[world.mailbox()]);
        let told = settings.run(&["restore", "--from", &copy.display().to_string()]);
        assert!(!home.join("caibian.db").exists(), "{name}");
        (told.status.code(), String::from_utf8_lossy(&told.stderr).into_owned())
    };
    // One bit of the tables.
    let tables = copy.join("caibian.db");
    let whole = fs::read(&tables).expect("it is there");
    let mut torn = whole.clone();
    torn[whole.len() / 2] ^= 1;
    fs::write(&tables, torn).expect("our own folder");
    let (code, told) = restore("torn");
    assert!(code == Some(2) && told.contains("not the bytes that were copied"), "{told}");
    fs::write(&tables, whole).expect("our own folder");

    // A file of the blobs.
    let blob = walk(&copy.join("blobs")).into_iter().next().expect("a mail is there");
    let bytes = fs::read(&blob).expect("it is there");
    fs::write(&blob, b"something else").expect("our own folder");
    let (code, told) = restore("changed");
    assert!(code == Some(2) && told.contains("holds other bytes"), "{told}");
    fs::remove_file(&blob).expect("our own folder");
    let (code, told) = restore("lacking");
    assert!(code == Some(2) && told.contains("were copied"), "{told}");
    fs::write(&blob, bytes).expect("our own folder");

    // Without its last word it is no backup.
    fs::remove_file(copy.join("backup.json")).expect("our own folder");
    let (code, told) = restore("unended");
    assert!(code == Some(2) && told.contains("no whole backup"), "{told}");
}

/// Files under a folder, whose names are hashes.
fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else if path.file_name().is_some_and(|name| name.len() == 64) {
            found.push(path);
        }
    }
    found
}
