//! Reads the text of a DOCX (ECMA-376, part 1, 17) as it streams out of its archive. Entities are never expanded.

use std::{
    fs::File,
    io::{self, BufReader},
};

use intake::letter::{Content, Document, DocumentFormat};
use quick_xml::{Reader, events::Event};
use zip::ZipArchive;

use super::{
    TEXT_BYTES_MAX,
    archive::{self, Guarded, Refused},
    count::Counter,
    unreadable,
};

/// Extensions of pictures in `word/media/`.
const PICTURES: [&str; 11] = ["jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "emf", "wmf", "svg"];

pub(super) fn read(file: &mut File, size_bytes: u64) -> io::Result<Content> {
    match open_and_read(file, size_bytes) {
        Ok(document) => Ok(Content::Document(document)),
        Err(Refused::Because(reason)) => Ok(unreadable("document", reason)),
        Err(Refused::Io(error)) => Err(error),
    }
}

fn open_and_read(file: &mut File, size_bytes: u64) -> Result<Document, Refused> {
    let mut archive = archive::open(file, size_bytes)?;
    let pictures = count_pictures(&archive);
    let main = main_part(&archive).ok_or(Refused::Because("no document inside"))?;
    let entry = archive.by_index(main).map_err(|error| match error {
        zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => {
            Refused::Because("encrypted")
        }
        _ => Refused::Because("damaged"),
    })?;
    let deflated_bytes = entry.compressed_size();
    let mut text = Text::default();
    read_xml(BufReader::new(Guarded::new(entry, deflated_bytes)), &mut text)?;
    Ok(Document {
        format: DocumentFormat::Docx,
        text: text.kept,
        truncated: text.truncated,
        characters: text.counter.total(),
        pictures,
    })
}

/// `word/document.xml`; some services write `word/document2.xml`.
fn main_part(archive: &ZipArchive<&mut File>) -> Option<usize> {
    archive.index_for_name("word/document.xml").or_else(|| {
        archive.file_names_raw().position(|name| name.starts_with(b"word/document") && name.ends_with(b".xml"))
    })
}

fn count_pictures(archive: &ZipArchive<&mut File>) -> u32 {
    let is_picture = |name: &[u8]| {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        name.strip_prefix("word/media/")
            .and_then(|name| name.rsplit_once('.'))
            .is_some_and(|(_, extension)| PICTURES.contains(&extension))
    };
    archive.file_names_raw().filter(|name| is_picture(name)).count() as u32
}

/// The text so far: counted whole, kept up to the bound.
#[derive(Default)]
struct Text {
    kept: String,
    truncated: bool,
    counter: Counter,
    /// A break that is written only when more text comes: cells end with one that would end their line.
    pending: Option<char>,
}

impl Text {
    fn push(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        if let Some(pending) = self.pending.take() {
            self.append(pending.encode_utf8(&mut [0; 4]));
        }
        self.append(piece);
    }

    fn append(&mut self, piece: &str) {
        self.counter.take(piece);
        let room = TEXT_BYTES_MAX - self.kept.len();
        let fits = if self.truncated { 0 } else { piece.floor_char_boundary(room) };
        self.kept.push_str(&piece[..fits]);
        self.truncated |= fits < piece.len();
    }
}

fn read_xml(source: impl io::BufRead, text: &mut Text) -> Result<(), Refused> {
    let mut reader = Reader::from_reader(source);
    // Names of open elements would be kept for a check that changes nothing here.
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let (mut in_text, mut runs, mut cells, mut fallbacks) = (false, 0u32, 0u32, 0u32);
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Refused::Because("inflates beyond every document")
            }
            _ => Refused::Because("damaged"),
        })?;
        // Text boxes stand twice: as a drawing, and as a fallback for old programs.
        let is_shown = fallbacks == 0;
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => in_text = true,
                "r" => runs += 1,
                "tc" => cells += 1,
                "Fallback" => fallbacks += 1,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "t" => in_text = false,
                "r" => runs = runs.saturating_sub(1),
                "Fallback" => fallbacks = fallbacks.saturating_sub(1),
                "p" if is_shown && cells == 0 => text.push("\n"),
                "p" if is_shown => text.pending = Some('\n'),
                "tc" => {
                    cells = cells.saturating_sub(1);
                    text.pending = Some('\t');
                }
                "tr" => {
                    text.pending = None;
                    text.push("\n");
                }
                _ => {}
            },
            // Outside a run, `tab` is a tab stop of the paragraph's settings.
            Event::Empty(element) if runs > 0 && is_shown => match element.local_name().as_ref() {
                "tab" => text.push("\t"),
                "br" | "cr" => text.push("\n"),
                "noBreakHyphen" => text.push("-"),
                _ => {}
            },
            Event::Text(piece) if in_text && is_shown => {
                text.push(&piece);
            }
            Event::CData(piece) if in_text && is_shown => {
                text.push(&piece);
            }
            // Only what XML itself defines and numbered characters: a declared entity expands to nothing.
            Event::GeneralRef(reference) if in_text && is_shown => match reference.resolve_char_ref() {
                Ok(Some(character)) => text.push(character.encode_utf8(&mut [0; 4])),
                Ok(None) => {
                    text.push(quick_xml::escape::resolve_predefined_entity(&reference).unwrap_or_default());
                }
                Err(_) => return Err(Refused::Because("damaged")),
            },
            Event::Eof => return Ok(()),
            _ => {}
        }
        buffer.clear();
    }
}
