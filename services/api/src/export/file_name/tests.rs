//! Hostile names, and what each of them must have become.

use super::*;

/// Some two hundred names: each hostile part alone, before, behind and inside an honest name.
fn hostile() -> Vec<String> {
    let parts = [
        "..",
        "../",
        "../../etc/passwd",
        "..\\",
        "C:\\",
        "\\\\server\\share",
        "/etc/passwd",
        "~/.ssh",
        "./",
        ".",
        "...",
        ".htaccess",
        "CON",
        "con.txt",
        "Nul.",
        "aux.c.txt",
        "COM1.docx",
        "lpt9",
        "COM¹",
        "LPT³.txt",
        "CONIN$",
        "PRN .txt",
        "\0",
        "\r\n",
        "\t",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{202e}gpj.exe",
        "\u{202d}",
        "\u{2066}a\u{2069}",
        "\u{200f}",
        "\u{200b}",
        "\u{feff}",
        "\u{61c}",
        "\u{ad}",
        "a:b",
        "a|b",
        "a?b*c",
        "<b>",
        "\"q\"",
        " ",
        "   ",
        "a. ",
        "-rf",
        "--help",
        "%2e%2e%2f",
        "％2e",
        "$(id)",
        "`id`",
        "a;b",
        "'",
        "é",
        "e\u{301}",
        "ﬁ",
        "（终稿）",
        "👩‍👩‍👧",
        "\u{fffd}",
        "稿件.html.jpg",
        "=cmd|' /C calc'!A0",
    ];
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        names.extend([
            part.to_owned(),
            format!("{part}稿件.docx"),
            format!("稿件{part}.docx"),
            format!("稿件.docx{part}"),
        ]);
    }
    names.extend([
        "财".repeat(90),
        format!("{}.docx", "财".repeat(90)),
        "x".repeat(300),
        format!("x.{}", "y".repeat(300)),
    ]);
    names
}

#[test]
fn no_hostile_name_leaves_its_folder_or_trips_a_system() {
    let names = hostile();
    assert!(names.len() > 200, "{}", names.len());
    let mut folder = Folder::default();
    for name in &names {
        for given in [safe(name), folder.unique(name)] {
            assert!(!given.is_empty() && given.len() <= BYTES_MAX + 4, "{name:?}: {given:?}");
            assert!(!given.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']), "{name:?}: {given:?}");
            assert!(!given.chars().any(char::is_control), "{name:?}: {given:?}");
            assert!(
                !given.contains(['\u{202e}', '\u{202d}', '\u{2066}', '\u{200f}', '\u{200b}', '\u{feff}']),
                "{given:?}"
            );
            assert!(given != "." && given != ".." && !given.starts_with(['.', '-', '~', ' ']), "{name:?}: {given:?}");
            assert!(!given.ends_with(['.', ' ']), "{name:?}: {given:?}");
            let stem = given.split('.').next().unwrap().trim().to_lowercase();
            assert!(!DEVICES.contains(&stem.as_str()), "{name:?}: {given:?}");
            assert_eq!(given, given.nfc().collect::<String>(), "{name:?}");
            assert_eq!(safe(&given), given, "{name:?}: a safe name is safe");
        }
    }
    assert_eq!(folder.0.len(), names.len(), "every file has a name of its own");
}

#[test]
fn an_honest_name_stays_as_it_is_and_a_long_one_keeps_its_extension() {
    let table = [
        ("绩效管理（终稿）.docx", "绩效管理（终稿）.docx"),
        ("a b.tar.gz", "a b.tar.gz"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("\u{202e}gpj.exe", "gpj.exe"),
        ("nul.txt", "_nul.txt"),
        ("..", "未命名"),
        ("", "未命名"),
        ("a\u{3000}b.txt", "a b.txt"),
    ];
    for (name, expected) in table {
        assert_eq!(safe(name), expected, "{name:?}");
    }
    let long = safe(&format!("{}.docx", "财".repeat(90)));
    assert!(long.ends_with("财.docx") && long.len() <= BYTES_MAX, "{long}");
}

#[test]
fn names_that_differ_in_case_alone_are_told_apart() {
    let mut folder = Folder::default();
    let names = ["稿.docx", "稿.DOCX", "稿.docx", "E\u{301}.txt", "é.txt", "README", "readme"];
    let given = names.map(|name| folder.unique(name));
    assert_eq!(given, ["稿.docx", "稿 (2).DOCX", "稿 (3).docx", "É.txt", "é (2).txt", "README", "readme (2)"]);
}
