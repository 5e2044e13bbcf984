//! A raw mail to a letter: scan, then each leaf as a stream, then the header with what the body taught.
//!
//! Memory does not grow with the mail: one window of the raw mail, one buffer per decoder, and texts under bounds.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::Path,
};

use intake::letter::{Body, Content, Disposition, Fault, Letter, Page, Part};

use crate::{
    body::{self, Candidate},
    charset, cloud, document,
    error::Error,
    headers, html,
    kept::{Kept, Leaf},
    limits::Limits,
    media_type,
    names::{self, Parameters},
    page, quoted, report,
    scan::{self, Node, Scan},
    source::Source,
    transfer::{Decoder, Encoding, Trouble},
    uuencode, video,
};

const READ: &str = "read the raw mail";
const WRITE: &str = "write a part";
/// How much of the raw mail a decoder gets at once.
const STEP_BYTES: usize = 256 << 10;
/// How many empty texts are passed over in search of a body.
const CANDIDATES_MAX: usize = 20;
/// Pictures that a page may show, by their first bytes.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Opens a mail of `size_bytes`, with the decoded bytes of every part that is not the body left in `workdir` under
/// their hash in hexadecimal, and the body's page likewise.
///
/// # Errors
/// `Refused` when the mail breaks a bound, `Io` when the file cannot be read or a part not be written.
pub fn open(raw: File, size_bytes: u64, workdir: &Path, limits: &Limits) -> Result<Letter, Error> {
    let mut source = Source::new(raw, size_bytes).map_err(Error::io(READ))?;
    let Scan { nodes, faults } = scan::scan(&mut source, limits)?;
    let scan = Scan { nodes, faults: Vec::new() };
    let letter = Letter { faults, ..Letter::default() };
    let mut opening = Opening {
        source,
        workdir,
        limits,
        letter,
        own: None,
        written: 0,
        documents: 0,
        documents_bytes: 0,
        pictures: HashMap::new(),
    };
    opening.run(&scan)?;
    let mut letter = opening.letter;
    letter.faults.truncate(limits.faults_max);
    Ok(letter)
}

/// Opens the mail in a file within this process: for tests, and for a person's own file.
///
/// # Errors
/// As [`open`].
pub fn open_here(raw: &Path, workdir: &Path) -> Result<Letter, Error> {
    let file = File::open(raw).map_err(Error::io(READ))?;
    let size_bytes = file.metadata().map_err(Error::io(READ))?.len();
    open(file, size_bytes, workdir, &Limits::default())
}

struct Opening<'o> {
    source: Source,
    workdir: &'o Path,
    limits: &'o Limits,
    letter: Letter,
    /// The charset of the mail's text.
    own: Option<String>,
    written: usize,
    documents: usize,
    documents_bytes: usize,
    /// Paths of pictures under their Content-ID.
    pictures: HashMap<String, String>,
}

/// The HTML of a body.
#[derive(Default)]
struct Markup {
    /// That of the text which is the letter's.
    shown: Option<String>,
    /// The same; without it the first of those that have no text, with the place where it stands.
    page: Option<(String, String)>,
    /// Whether that was cut when it was read.
    is_cut: bool,
}

impl Opening<'_> {
    fn run(&mut self, scan: &Scan) -> Result<(), Error> {
        let candidates = body::candidates(scan);
        self.own = candidates
            .iter()
            .flat_map(|it| [it.plain, it.html])
            .flatten()
            .find_map(|leaf| charset_of(&scan.nodes[leaf]).filter(|label| charset::encoding_of(label).is_some()));
        let top = &scan.nodes[0].fields;
        self.letter.headers = headers::read(top, self.own.as_deref(), self.limits, &mut self.letter.faults)?;

        let (consumed, markup) = self.body(scan, candidates)?;
        let shown = markup.shown.as_deref().map(body::content_ids_shown).unwrap_or_default();
        for leaf in scan.leaves().filter(|leaf| !consumed.contains(leaf)) {
            let part = self.part(&scan.nodes[leaf], &shown)?;
            self.letter.parts.push(part);
        }
        let body = &self.letter.body;
        self.letter.cloud_files = cloud::cards(&body.text, markup.shown.as_deref(), body.quoted_from);
        for card in &mut self.letter.cloud_files {
            (card.name, card.url) = (headers::printable(&card.name), headers::printable(&card.url));
        }
        self.page(&markup)?;
        self.report()
    }

    /// Keeps the body's HTML, made safe to show.
    fn page(&mut self, markup: &Markup) -> Result<(), Error> {
        let Some((html, place)) = &markup.page else { return Ok(()) };
        let page = match page::make(html, &self.pictures) {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(()),
            Err(failure) => {
                self.fault("page_not_kept", place, failure.to_string());
                return Ok(());
            }
        };
        let mut kept = self.begin()?;
        kept.write_all(page.html.as_bytes()).map_err(Error::io(WRITE))?;
        let Leaf { sha256, size_bytes, .. } = kept.finish().map_err(Error::io(WRITE))?;
        let page::Made { pictures, remote_pictures, truncated, .. } = page;
        let truncated = truncated || markup.is_cut;
        self.letter.body.page = Some(Page { size_bytes, sha256, pictures, remote_pictures, truncated });
        Ok(())
    }

    /// Reads what a delivery report says, from the beginnings of the parts that say it.
    fn report(&mut self) -> Result<(), Error> {
        let Letter { headers, parts, body, .. } = &self.letter;
        if !report::may_be_one(headers) {
            return Ok(());
        }
        let mut told = Vec::new();
        for part in parts.iter().filter(|part| report::tells(part)).take(report::PARTS_MAX) {
            let mut first = Vec::new();
            let file = File::open(self.workdir.join(part.sha256.hex())).map_err(Error::io("read a part again"))?;
            file.take(report::PART_BYTES_MAX).read_to_end(&mut first).map_err(Error::io("read a part again"))?;
            told.push((part, first));
        }
        self.letter.report = report::read(headers, &told, &body.text);
        Ok(())
    }

    /// Reads the first text that is not empty. Gives the leaves that belong to the body, and its HTML.
    fn body(&mut self, scan: &Scan, candidates: Vec<Candidate>) -> Result<(Vec<usize>, Markup), Error> {
        let (mut consumed, mut markup) = (Vec::new(), Markup::default());
        for candidate in candidates.into_iter().take(CANDIDATES_MAX) {
            let (mut body, mut shown) = (Body::default(), None);
            if let Some(leaf) = candidate.plain {
                (body.text, body.truncated) = self.text(&scan.nodes[leaf], self.limits.text_bytes_max * 4, true)?;
                body.text = body::tidy(&body.text);
            }
            if let Some(leaf) = candidate.html {
                let (html, cut) = self.text(&scan.nodes[leaf], self.limits.html_bytes_max, false)?;
                if body.text.trim().is_empty() {
                    let text = body::tidy(&html::text(&html));
                    body = Body { text, from_html: true, truncated: cut, ..Body::default() };
                }
                shown = Some((html, scan.nodes[leaf].path.clone(), cut));
            }
            consumed.extend(candidate.members);
            let is_empty = body.text.trim().is_empty();
            if let Some((html, place, cut)) = shown
                && (!is_empty || markup.page.is_none())
            {
                markup.shown = (!is_empty).then(|| html.clone());
                (markup.page, markup.is_cut) = (Some((html, place)), cut);
            }
            if is_empty {
                continue;
            }
            body.truncated |= headers::cut(&mut body.text, self.limits.text_bytes_max);
            let is_handed_on = quoted::is_handed_on(&self.letter.headers.subject);
            body.quoted_from = if is_handed_on { None } else { quoted::begins_at(&body.text) };
            if body.truncated {
                let bound = self.limits.text_bytes_max;
                let place = candidate.plain.filter(|_| !body.from_html).or(candidate.html);
                let place = place.map_or("1", |leaf| scan.nodes[leaf].path.as_str());
                self.fault("text_truncated", place, format!("the text is longer than its bound ({bound} bytes)"));
            }
            self.letter.body = body;
            return Ok((consumed, markup));
        }
        Ok((consumed, markup))
    }

    /// Decodes a text of at most `bytes_max` bytes; says whether there was more. Uuencoded files in it become parts.
    fn text(&mut self, node: &Node, bytes_max: usize, with_files: bool) -> Result<(String, bool), Error> {
        let encoding = encoding_of(node);
        let mut out = TextOut {
            bytes: Vec::new(),
            bytes_max,
            is_cut: false,
            workdir: self.workdir,
            written: &mut self.written,
            files_max: if with_files { self.limits.uuencoded_max } else { 0 },
            file: None,
            files: Vec::new(),
        };
        let mut splitter = Splitting { splitter: uuencode::Splitter::default(), out: &mut out };
        let mut decoder = Decoder::new(encoding);
        let trouble = stream(&mut self.source, &node.range, &mut decoder, &mut splitter)?;
        let Splitting { mut splitter, out: splitter_out } = splitter;
        splitter.finish(splitter_out).map_err(Error::io(WRITE))?;
        let TextOut { mut bytes, is_cut, files, .. } = out;
        self.troubles(node, encoding, trouble);
        if is_cut {
            // A character cut in two would make the charset look wrong.
            let end = memchr::memrchr(b'\n', &bytes).filter(|end| bytes.len() - end < 4096);
            bytes.truncate(end.map_or(bytes.len(), |end| end + 1));
        }
        let by_itself = || (!with_files).then(|| document::charset_in_html(&bytes)).flatten();
        let label = charset_of(node).or_else(by_itself);
        let (text, guessed) = charset::decode_text(&bytes, label.as_deref());
        if guessed {
            let detail = label.as_deref().map_or("no charset is declared".to_owned(), |label| {
                format!("the text does not fit its declared charset {}", headers::printable(label))
            });
            self.fault("charset_guessed", &node.path, detail);
        }
        for (number, (name, leaf, whole)) in files.into_iter().enumerate() {
            let place = format!("{}.{}", node.path, number + 1);
            let detail = if whole { "a uuencoded file in the text" } else { "a uuencoded file that breaks off" };
            self.fault("uuencode", &place, detail);
            let (mut name, _) = headers::decode(&name, self.own.as_deref());
            headers::cut(&mut name, self.limits.name_bytes_max);
            let declared = "application/octet-stream".to_owned();
            let part = self.finished(leaf, place, name, declared, Disposition::Attachment, None)?;
            self.letter.parts.push(part);
        }
        Ok((text, is_cut))
    }

    fn part(&mut self, node: &Node, shown: &[String]) -> Result<Part, Error> {
        let own = self.own.clone();
        let disposition = Parameters::of(headers::first(&node.fields, "content-disposition"), own.as_deref());
        let kind = Parameters::of(headers::first(&node.fields, "content-type"), own.as_deref());
        let (mut name, guessed) = names::file_name(&disposition, &kind, own.as_deref(), self.limits);
        if guessed {
            self.fault("charset_guessed", &node.path, "the file name is raw or wrongly labelled text");
        }
        let encoding = encoding_of(node);
        let mut decoder = Decoder::new(encoding);
        let mut kept = self.begin()?;
        let mut trouble = stream(&mut self.source, &node.range, &mut decoder, &mut kept)?;
        if let Decoder::Uuencode(uuencoded) = &decoder {
            match &uuencoded.name {
                Some(hint) if name.is_empty() => name = headers::decode(hint, own.as_deref()).0,
                Some(_) => {}
                // Not uuencoded at all: what is there is kept.
                None => {
                    kept = self.begin()?;
                    stream(&mut self.source, &node.range, &mut Decoder::Identity, &mut kept)?;
                    trouble = Some(("uuencode", "labelled as uuencode, but no begin line in it".into()));
                }
            }
        }
        let leaf = kept.finish().map_err(Error::io(WRITE))?;
        self.troubles(node, encoding, trouble);
        let id = headers::first(&node.fields, "content-id").map(|it| String::from_utf8_lossy(it).into_owned());
        let id = id.map(|it| it.trim().trim_start_matches('<').trim_end_matches('>').to_lowercase());
        let is_shown = id.as_ref().is_some_and(|id| shown.contains(id));
        let is_inline = is_shown || disposition.value == "inline";
        if name.is_empty() && disposition.value == "attachment" && !node.media_type.starts_with("message/") {
            self.fault("name_missing", &node.path, "an attachment without a name");
        }
        let how = if is_inline { Disposition::Inline } else { Disposition::Attachment };
        let label = charset_of(node);
        let file = leaf.path.clone();
        let part = self.finished(leaf, node.path.clone(), name, node.media_type.clone(), how, label.as_deref())?;
        if let Some(id) = id.filter(|id| !id.is_empty()).filter(|_| PICTURES.contains(&part.media_type.as_str())) {
            let mut first = Vec::with_capacity(16);
            let read = File::open(file).and_then(|file| file.take(16).read_to_end(&mut first));
            read.map_err(Error::io("read a part again"))?;
            // Its bytes alone say so, neither its name nor the mail.
            if PICTURES.contains(&media_type::sniff(&first, "", "").as_str()) {
                self.pictures.entry(id).or_insert_with(|| part.path.clone());
            }
        }
        Ok(part)
    }

    fn begin(&mut self) -> Result<Kept, Error> {
        self.written += 1;
        Kept::begin(self.workdir, self.written).map_err(Error::io(WRITE))
    }

    fn finished(
        &mut self,
        leaf: Leaf,
        path: String,
        name: String,
        declared: String,
        disposition: Disposition,
        charset: Option<&str>,
    ) -> Result<Part, Error> {
        let mut file = File::open(&leaf.path).map_err(Error::io("read a part again"))?;
        let (media_type, content) = if declared == "message/rfc822" {
            (declared.clone(), Content::Other)
        } else {
            let mut first = Vec::with_capacity(4096);
            let read = (&mut file).take(4096).read_to_end(&mut first).and_then(|_| file.seek(SeekFrom::Start(0)));
            read.map_err(Error::io("read a part again"))?;
            let media_type = headers::printable(&media_type::sniff(&first, &name, &declared));
            let content = self.content(&mut file, &media_type, &name, leaf.size_bytes, charset, &path);
            (media_type, content)
        };
        let Leaf { sha256, size_bytes, .. } = leaf;
        Ok(Part { path, name, media_type_declared: declared, media_type, disposition, size_bytes, sha256, content })
    }

    fn content(
        &mut self,
        file: &mut File,
        media_type: &str,
        name: &str,
        size_bytes: u64,
        charset: Option<&str>,
        place: &str,
    ) -> Content {
        if media_type.starts_with("image/") {
            return Content::Picture;
        }
        if media_type.starts_with("video/") || media_type == "audio/mp4" {
            return match video::probe(file, size_bytes) {
                Ok(mut video) => {
                    // Four-character codes are any four bytes.
                    for text in [Some(&mut video.brand), video.video_codec.as_mut(), video.audio_codec.as_mut()] {
                        text.into_iter().for_each(|text| *text = headers::printable(text));
                    }
                    Content::Video(video)
                }
                Err(failure) => Content::Unreadable { what: "video".into(), reason: failure.to_string() },
            };
        }
        if media_type.starts_with("audio/") {
            return Content::Other;
        }
        if self.documents >= self.limits.documents_max {
            let reason = format!("not read: more than {} documents in one mail", self.limits.documents_max);
            return Content::Unreadable { what: "document".into(), reason };
        }
        let mut content = document::read(file, media_type, name, size_bytes, charset);
        if let Content::Document(document) = &mut content {
            self.documents += 1;
            document.text = body::tidy(&document.text);
            let left = self.limits.documents_bytes_max.saturating_sub(self.documents_bytes);
            document.truncated |= headers::cut(&mut document.text, self.limits.text_bytes_max.min(left));
            self.documents_bytes += document.text.len();
            if document.truncated {
                self.fault("text_truncated", place, "the document's text is longer than its bound");
            }
        }
        content
    }

    fn troubles(&mut self, node: &Node, encoding: Encoding, trouble: Option<Trouble>) {
        if encoding == Encoding::Unknown {
            self.fault("encoding_unknown", &node.path, "the transfer encoding is none that is known");
        }
        if let Some((code, detail)) = trouble {
            self.fault(code, &node.path, detail);
        }
    }

    fn fault(&mut self, code: &str, place: &str, detail: impl Into<String>) {
        if self.letter.faults.len() < self.limits.faults_max {
            self.letter.faults.push(Fault { code: code.into(), place: place.into(), detail: detail.into() });
        }
    }
}

fn encoding_of(node: &Node) -> Encoding {
    Encoding::of(headers::first(&node.fields, "content-transfer-encoding"))
}

fn charset_of(node: &Node) -> Option<String> {
    Parameters::of(headers::first(&node.fields, "content-type"), None).get("charset", None).map(|(label, _)| label)
}

/// How many bytes are decoded before their raw form is let go of.
const LET_GO_BYTES: u64 = 8 << 20;

/// Passes a leaf's bytes through a decoder.
fn stream(
    source: &mut Source,
    range: &Range<u64>,
    decoder: &mut Decoder,
    out: &mut dyn Write,
) -> Result<Option<Trouble>, Error> {
    let mut at = range.start;
    let mut let_go = at;
    while at < range.end {
        if at - let_go >= LET_GO_BYTES {
            source.let_go(let_go, at);
            let_go = at;
        }
        let bytes = source.peek(at, STEP_BYTES).map_err(Error::io(READ))?;
        let step = bytes.len().min(STEP_BYTES).min(usize::try_from(range.end - at).unwrap_or(usize::MAX));
        if step == 0 {
            break;
        }
        decoder.feed(&bytes[..step], out).map_err(Error::io(WRITE))?;
        at += step as u64;
    }
    decoder.finish(out).map_err(Error::io(WRITE))
}

/// The text of a body, up to a bound, with the files in it set apart.
struct TextOut<'o> {
    bytes: Vec<u8>,
    bytes_max: usize,
    is_cut: bool,
    workdir: &'o Path,
    written: &'o mut usize,
    files_max: usize,
    file: Option<(Vec<u8>, Kept)>,
    files: Vec<(Vec<u8>, Leaf, bool)>,
}

impl uuencode::Output for TextOut<'_> {
    fn text(&mut self, bytes: &[u8]) -> io::Result<()> {
        let left = self.bytes_max - self.bytes.len();
        self.is_cut |= bytes.len() > left;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(left)]);
        Ok(())
    }

    fn file_begin(&mut self, name: &[u8]) -> io::Result<bool> {
        if self.files.len() >= self.files_max {
            return Ok(false);
        }
        *self.written += 1;
        self.file = Some((name.to_vec(), Kept::begin(self.workdir, *self.written)?));
        Ok(true)
    }

    fn file_data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |(_, kept)| kept.write_all(bytes))
    }

    fn file_end(&mut self, whole: bool) -> io::Result<()> {
        if let Some((name, kept)) = self.file.take() {
            self.files.push((name, kept.finish()?, whole));
        }
        Ok(())
    }
}

struct Splitting<'s, 'o> {
    splitter: uuencode::Splitter,
    out: &'s mut TextOut<'o>,
}

impl Write for Splitting<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.splitter.feed(bytes, self.out)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
