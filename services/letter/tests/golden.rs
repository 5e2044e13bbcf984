//! Mails as people and their programs send them, each beside the letter that it is read as.

use std::{fs, path::Path};

use expect_test::expect_file;
use stdx::Sha256;

#[test]
fn each_mail_reads_as_the_letter_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails");
    let mut mails: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    mails.retain(|path| path.extension().is_some_and(|it| it == "eml"));
    mails.sort();
    assert!(mails.len() >= 20, "the folder of mails is gone");
    for mail in mails {
        let workdir = tempfile::tempdir().unwrap();
        let letter = letter::open_here(&mail, workdir.path()).unwrap_or_else(|failure| panic!("{mail:?}: {failure}"));
        let mut names: Vec<_> = letter.files().map(|sha256| sha256.hex()).collect();
        let parts = letter.parts.iter().map(|part| (part.sha256, part.size_bytes, part.path.as_str()));
        let page = letter.body.page.iter().map(|page| (page.sha256, page.size_bytes, "the page"));
        for (sha256, size_bytes, place) in parts.chain(page) {
            let bytes = fs::read(workdir.path().join(sha256.hex())).unwrap();
            assert_eq!((Sha256::of(&bytes), bytes.len() as u64), (sha256, size_bytes), "{mail:?} {place}");
        }
        names.sort();
        names.dedup();
        assert_eq!(fs::read_dir(workdir.path()).unwrap().count(), names.len(), "{mail:?} left something behind");
        let json = serde_json::to_string_pretty(&letter).unwrap() + "\n";
        assert!(!json.contains("\\u0000"), "{mail:?} has a NUL in a text");
        expect_file![mail.with_extension("json")].assert_eq(&json);
    }
}
