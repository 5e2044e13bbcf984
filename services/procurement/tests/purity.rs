//! The room is pure: no clock, no input or output, no word of tables or mail.

use std::{fs, path::Path};

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn no_source_of_the_room_names_what_it_must_not_know() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 20, "only {} files were seen", found.len());
    let words = [
        "to_float",
        "std::fs",
        "std::net",
        "std::env",
        "std::time",
        "SystemTime",
        "Utc::now",
        "Local::now",
        "println!",
        "sea_orm",
        "tokio",
        "tonic",
        "intake::",
        "letter::",
        "rand::",
    ];
    for (path, text) in &found {
        // What tests do is their own business.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in words {
            assert!(!text.contains(word), "{path} names {word}");
        }
    }
}
