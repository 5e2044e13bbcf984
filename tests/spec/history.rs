//! Who changes a history in the database is found: by the chain, and when the chain was made anew as well, by the digest that left.

use std::{fs, time::Duration};

use chrono::Utc;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tests::{
    Backend, Ledger, Product, Settings, World,
    world::{USER, in_time, plain_mail},
};

const BOUND: Duration = Duration::from_secs(60);

/// Its exit code and what it says.
fn run(settings: &Settings, arguments: &[&str]) -> (Option<i32>, String) {
    let output = settings.run(arguments);
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Lets anything pass, as for somebody who owns the database.
async fn without_triggers(database: &DatabaseConnection, backend: Backend) {
    for table in ["message_event", "history_link"] {
        let statements = match backend {
            Backend::Postgres => vec![format!("ALTER TABLE {table} DISABLE TRIGGER USER")],
            Backend::Sqlite => {
                vec![format!("DROP TRIGGER {table}_no_update"), format!("DROP TRIGGER {table}_no_delete")]
            }
        };
        for statement in statements {
            database.execute_unprepared(&statement).await.expect("triggers are there");
        }
    }
}

async fn a_changed_line_is_named_and_a_chain_made_anew_is_told_by_a_digest_that_left(backend: Backend) {
    let world = World::new(backend);
    let settings = world.settings(&[world.mailbox()]);
    let product = Product::start(&settings);
    for number in 0..3 {
        world.session().append("INBOX", in_time(), &plain_mail(USER, number, 20));
    }
    Ledger::settled(&product, 3, BOUND).await;
    product.terminate().await;
    let today = stdx::beijing::day_of(Utc::now()).to_string();
    let (code, kept) = run(&settings, &["digest", "--day", &today]);
    assert!(code == Some(0) && kept.starts_with(&today), "{kept}");
    let file = world.home().join("kept-elsewhere");
    fs::write(&file, &kept).expect("our own folder");
    let digests = ["verify", "--digests", file.to_str().expect("UTF-8")];
    for arguments in [&digests[..1], &digests] {
        assert_eq!(run(&settings, arguments), (Some(0), "no faults\n".into()), "{arguments:?}");
    }

    // One byte of one line.
    let database = Database::connect(world.store_url()).await.expect("a database");
    without_triggers(&database, backend).await;
    let line = "SELECT id FROM message_event WHERE stage_to = 'recorded' ORDER BY id";
    let line = database.query_one_raw(Statement::from_string(database.get_database_backend(), line)).await;
    let id: i64 = line.expect("a line").expect("a line").try_get_by_index(0).expect("an id");
    let change = format!("UPDATE message_event SET actor = 'x' || SUBSTR(actor, 2) WHERE id = {id}");
    assert_eq!(database.execute_unprepared(&change).await.expect("no trigger").rows_affected(), 1);
    let (code, told) = run(&settings, &["verify"]);
    assert_eq!(code, Some(1), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with(&format!("message_event {id} of message ")), "{told}");
    assert!(told.contains("it is not what was linked at "), "{told}");

    // The whole chain anew, by the program itself: now it agrees with the changed line, and not with the digest.
    for anew in ["DELETE FROM history_link", "DELETE FROM counter WHERE name = 'history_link'"] {
        database.execute_unprepared(anew).await.expect("no trigger");
    }
    drop(database);
    let product = Product::start(&settings);
    product.one_short_round().await;
    product.terminate().await;
    assert_eq!(run(&settings, &["verify"]), (Some(0), "no faults\n".into()));
    let (code, told) = run(&settings, &digests);
    let number = kept.split(' ').nth(1).expect("a number");
    let expected = format!("history until {today}: its {number} lines are not those of the digest that was kept\n");
    assert_eq!((code, told), (Some(1), expected));
}

on_each_backend! {
    a_changed_line_is_named => super::a_changed_line_is_named_and_a_chain_made_anew_is_told_by_a_digest_that_left;
}
