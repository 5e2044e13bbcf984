//! Names of files as Windows, macOS and Linux take them: a name in a mail is data, written by anybody.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

/// Bytes of a name in UTF-8: with its folder it stays below the 260 characters of Windows.
const BYTES_MAX: usize = 120;

/// Bytes of an extension that is kept whole when a name is cut.
const EXTENSION_BYTES_MAX: usize = 16;

/// Names that Windows gives to devices, with any extension.
const DEVICES: [&str; 30] = [
    "con", "prn", "aux", "nul", "conin$", "conout$", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7",
    "com8", "com9", "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "com¹", "com²",
    "com³", "lpt¹",
];

/// A name without a path, a control character, a mark of direction, a device of Windows; never empty, in NFC.
#[must_use]
pub fn safe(name: &str) -> String {
    let kept = name.chars().filter_map(|character| match character {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\u{2028}' | '\u{2029}' => Some('_'),
        // What takes no place or turns the reading round, so that `gpj.exe` is shown as `exe.jpg`.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => None,
        other if other.is_control() => None,
        other if other.is_whitespace() => Some(' '),
        other => Some(other),
    });
    // Composed last: what was taken out may have kept a letter from its accent.
    let kept: String = kept.nfc().collect();
    // Windows drops dots and spaces at the end, Unix hides what begins with a dot, a shell takes `-rf` for an option.
    let trimmed = kept.trim_matches(['.', ' ']).trim_start_matches(['-', '~', '.', ' ']);
    let mut name = cut(trimmed, BYTES_MAX);
    if name.chars().all(|character| matches!(character, '_' | ' ' | '.')) {
        name = "未命名".to_owned();
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    if DEVICES.contains(&stem.as_str()) || ["lpt²", "lpt³"].contains(&stem.as_str()) {
        name.insert(0, '_');
    }
    name
}

/// The name within so many bytes, with its extension.
fn cut(name: &str, bytes_max: usize) -> String {
    if name.len() <= bytes_max {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension.filter(|extension| !extension.is_empty() && extension.len() <= EXTENSION_BYTES_MAX);
    let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let stem = &name[..name.floor_char_boundary(bytes_max - extension.len())];
    format!("{}{extension}", stem.trim_end_matches(['.', ' ']))
}

/// Names of one folder.
#[derive(Debug, Default)]
pub struct Folder(HashSet<String>);

impl Folder {
    /// The safe form of a name, made different from all that it was asked for before, also for those who do not tell cases
    /// apart.
    pub fn unique(&mut self, name: &str) -> String {
        let name = safe(name);
        let mut candidate = name.clone();
        let mut count = 1;
        while !self.0.insert(candidate.to_lowercase()) {
            count += 1;
            let (stem, extension) = match name.rsplit_once('.') {
                Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
                _ => (name.as_str(), String::new()),
            };
            let mark = format!(" ({count}){extension}");
            let stem = &stem[..stem.floor_char_boundary(BYTES_MAX.saturating_sub(mark.len()))];
            candidate = format!("{stem}{mark}");
        }
        candidate
    }
}

#[cfg(test)]
mod tests;
