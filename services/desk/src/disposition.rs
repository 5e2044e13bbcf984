//! `Content-Disposition` (RFC 6266, RFC 8187) for files whose names strangers chose.

use std::fmt::Write;

use axum::http::HeaderValue;

/// Bytes of a name on a disk: file systems take 255, and a browser may add ` (1)` or `.download`.
const NAME_BYTES_MAX: usize = 200;

/// Bytes of an ending that survives the cut of a long name.
const ENDING_BYTES_MAX: usize = 16;

/// What Windows takes for a device, whatever the ending and the case.
const DEVICES: [&str; 30] = [
    "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM0", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7",
    "COM8", "COM9", "COM¹", "COM²", "COM³", "LPT0", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8",
    "LPT9", "LPT¹",
];

/// Whether a browser shows the file or keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Shown.
    Inline,
    /// Kept.
    Attachment,
}

/// The header, with a name that is safe on any disk: a plain one for old browsers, and the full one in UTF-8.
#[must_use]
pub fn header(disposition: Disposition, name: &str, or_else: &str) -> HeaderValue {
    let name = safe_name(name, or_else);
    let kind = match disposition {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let plain: String = name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let mut value = format!("{kind}; filename=\"{plain}\"");
    if plain != name {
        value += "; filename*=UTF-8''";
        for byte in name.bytes() {
            // attr-char of RFC 8187 §3.2.1, without those that some readers trip over.
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                value.push(char::from(byte));
            } else {
                let _ = write!(value, "%{byte:02X}");
            }
        }
    }
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// A name without path, control and direction characters, without what Windows refuses, short enough for any disk;
/// `or_else` where nothing is left.
#[must_use]
pub fn safe_name(name: &str, or_else: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|c| !c.is_control() && !is_unseen(*c))
        .map(|c| if "/\\:*?\"<>|".contains(c) { '_' } else { c })
        .collect();
    let bare = |c: char| c == '.' || c.is_whitespace();
    let kept = kept.trim_matches(bare);
    if kept.chars().all(|c| c == '_') {
        return or_else.to_owned();
    }
    let stem = kept.split('.').next().unwrap_or_default().trim_end();
    let is_device = DEVICES.iter().chain(&["LPT²", "LPT³"]).any(|device| stem.to_uppercase() == *device);
    let name = if is_device { format!("_{kept}") } else { kept.to_owned() };
    shortened(&name)
}

/// Characters that change the direction or the look of what stands beside them and cannot be seen themselves.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

fn shortened(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let ending =
        name.rfind('.').filter(|at| (2..=ENDING_BYTES_MAX).contains(&(name.len() - at))).map_or("", |at| &name[at..]);
    let mut end = NAME_BYTES_MAX - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", name[..end].trim_end_matches(|c: char| c == '.' || c.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_becomes_a_harmless_one() {
        let table = [
            ("稿件.docx", "稿件.docx"),
            ("report.pdf", "report.pdf"),
            ("", "file"),
            ("   ", "file"),
            (".", "file"),
            ("..", "file"),
            ("...", "file"),
            ("/", "file"),
            ("\\\\", "file"),
            ("\r\n", "file"),
            ("\u{202e}", "file"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..\\..\\windows\\win.ini", "_.._windows_win.ini"),
            ("/etc/shadow", "_etc_shadow"),
            ("C:\\autoexec.bat", "C__autoexec.bat"),
            ("\\\\server\\share\\a.doc", "__server_share_a.doc"),
            ("稿件\u{202e}xcod.exe", "稿件xcod.exe"),
            ("a\u{202a}b\u{202b}c\u{202c}d\u{202d}.txt", "abcd.txt"),
            ("a\u{2066}b\u{2067}c\u{2068}d\u{2069}.txt", "abcd.txt"),
            ("a\u{200e}b\u{200f}c\u{061c}.txt", "abc.txt"),
            ("a\u{200b}b\u{200c}c\u{200d}d\u{feff}.txt", "abcd.txt"),
            ("a\u{00ad}b.txt", "ab.txt"),
            ("a\u{2028}b\u{2029}c.txt", "abc.txt"),
            ("a\u{e0061}\u{e007f}.txt", "a.txt"),
            ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
            ("a\nb.txt", "ab.txt"),
            ("a\0b.txt", "ab.txt"),
            ("a\u{7f}\u{85}b.txt", "ab.txt"),
            ("a\tb.txt", "ab.txt"),
            ("a\"; filename=\"b.exe", "a_; filename=_b.exe"),
            ("a\"b.txt", "a_b.txt"),
            ("a'b.txt", "a'b.txt"),
            ("a%0d%0ab.txt", "a%0d%0ab.txt"),
            ("a<script>.html", "a_script_.html"),
            ("a|b?c*d.txt", "a_b_c_d.txt"),
            ("a:stream.txt", "a_stream.txt"),
            ("a.txt::$DATA", "a.txt__$DATA"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("Con .txt", "_Con .txt"),
            ("NUL.tar.gz", "_NUL.tar.gz"),
            ("aux", "_aux"),
            ("COM1.docx", "_COM1.docx"),
            ("lpt9.docx", "_lpt9.docx"),
            ("COM¹", "_COM¹"),
            ("lpt³.txt", "_lpt³.txt"),
            ("CONIN$", "_CONIN$"),
            ("CONTRACT.docx", "CONTRACT.docx"),
            ("COM10.docx", "COM10.docx"),
            ("name.", "name"),
            ("name. . .", "name"),
            (".bashrc", "bashrc"),
            ("~$稿件.docx", "~$稿件.docx"),
            ("-rf", "-rf"),
            ("稿件.docx.exe", "稿件.docx.exe"),
            ("🎬片子.mp4", "🎬片子.mp4"),
            ("e\u{301}.txt", "e\u{301}.txt"),
        ];
        for (name, safe) in table {
            assert_eq!(safe_name(name, "file"), safe, "{name:?}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_keeps_its_ending_and_whole_characters() {
        for name in
            ["长".repeat(300) + ".docx", "x".repeat(5000) + ".docx", "a".to_owned() + &"长".repeat(99) + ".docx"]
        {
            let safe = safe_name(&name, "file");
            assert!(safe.len() <= NAME_BYTES_MAX, "{} bytes", safe.len());
            assert!(safe.ends_with(".docx"));
        }
        assert!(safe_name(&format!("a.{}", "长".repeat(300)), "file").len() <= NAME_BYTES_MAX);
    }

    #[test]
    fn the_header_holds_one_plain_name_and_one_in_utf_8() {
        let said = |name| header(Disposition::Attachment, name, "file").to_str().unwrap().to_owned();
        assert_eq!(said("report.pdf"), "attachment; filename=\"report.pdf\"");
        assert_eq!(said("稿 1.docx"), "attachment; filename=\"_ 1.docx\"; filename*=UTF-8''%E7%A8%BF%201.docx");
        assert_eq!(said("a%0d'b.txt"), "attachment; filename=\"a_0d'b.txt\"; filename*=UTF-8''a%250d%27b.txt");
        assert_eq!(said("a\"\r\nX: y"), "attachment; filename=\"a_X_ y\"");
        assert!(
            header(Disposition::Inline, "图.png", "file").to_str().unwrap().starts_with("inline; filename=\"_.png\";")
        );
    }
}
