//! What a letter brought, counted by kind, for a line of a list. Reads no text: an outline is enough.

use chrono::{DateTime, Utc};

use crate::{
    letter::Letter,
    manuscript::{self, Clip},
};

/// How many manuscripts of each kind a letter brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Documents, read or not; what only goes with a manuscript (a form, a curriculum) is none.
    pub documents: u32,
    /// Videos and sound that are attached.
    pub videos: u32,
    /// Pictures, but for those of a signature.
    pub pictures: u32,
    /// Files left with a mail provider.
    pub cloud_files: u32,
    /// Whether there is a video, attached or with a provider.
    pub has_video: bool,
    /// When the first of their links ends.
    pub cloud_expires_at: Option<DateTime<Utc>>,
    /// 字数 of the documents that could be read.
    pub characters: u64,
}

/// Counts.
#[must_use]
pub fn tally(letter: &Letter) -> Tally {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let texts = || manuscript::documents(letter).filter(|(part, document)| manuscript::is_text(part, document));
    let unread = manuscript::unread_documents(letter).filter(|part| !manuscript::is_side(&part.name));
    let clips = manuscript::clips(letter);
    Tally {
        documents: count(texts().count() + unread.count()),
        videos: count(clips.iter().filter(|clip| !matches!(clip, Clip::Cloud(_))).count()),
        pictures: count(manuscript::pictures(letter).count()),
        cloud_files: count(manuscript::cloud_files(letter).count()),
        has_video: !clips.is_empty(),
        cloud_expires_at: manuscript::cloud_files(letter).filter_map(|file| file.expires_at).min(),
        characters: texts().fold(0, |sum: u64, (_, document)| sum.saturating_add(document.characters)),
    }
}

#[cfg(test)]
mod tests {
    use stdx::Sha256;

    use super::*;
    use crate::letter::{CloudFile, Content, Disposition, Document, DocumentFormat, Part, Video};

    fn part(name: &str, content: Content) -> Part {
        Part {
            path: "2".into(),
            name: name.into(),
            media_type_declared: String::new(),
            media_type: "application/octet-stream".into(),
            disposition: Disposition::Attachment,
            size_bytes: 100,
            sha256: Sha256::of(name.as_bytes()),
            content,
        }
    }

    #[test]
    fn manuscripts_are_counted_by_kind_and_what_goes_with_them_is_not() {
        let document = |characters| {
            Content::Document(Document {
                format: DocumentFormat::Docx,
                text: String::new(),
                truncated: false,
                characters,
                pictures: 0,
            })
        };
        let cloud = |name: &str, day: &str, quoted| CloudFile {
            provider: "netease".into(),
            name: name.into(),
            size_bytes_claimed: None,
            expires_at: Some(format!("{day}T00:00:00Z").parse().unwrap()),
            url: String::new(),
            quoted,
        };
        let letter = Letter {
            parts: vec![
                part("稿件.docx", document(1200)),
                part("作者简介.docx", document(300)),
                part("旧稿.doc", Content::Other),
                part("视频.mp4", Content::Video(Video::default())),
                part("图.jpg", Content::Picture),
                Part { disposition: Disposition::Inline, ..part("logo.png", Content::Picture) },
            ],
            cloud_files: vec![
                cloud("片.mp4", "2023-04-02", false),
                cloud("旧片.mp4", "2023-03-01", true),
                cloud("材料.zip", "2023-04-01", false),
            ],
            ..Letter::default()
        };
        let counted = tally(&letter);
        let expected = Tally {
            documents: 2,
            videos: 1,
            pictures: 1,
            cloud_files: 2,
            has_video: true,
            cloud_expires_at: Some("2023-04-01T00:00:00Z".parse().unwrap()),
            characters: 1200,
        };
        assert_eq!(counted, expected);
        assert_eq!(tally(&Letter::default()), Tally::default());
        let left = Letter { cloud_files: vec![cloud("片.mp4", "2023-04-02", false)], ..Letter::default() };
        assert!(tally(&left).has_video && tally(&left).videos == 0, "a video may lie with the provider alone");
    }
}
