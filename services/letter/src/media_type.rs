//! Tells a file's media type by its first bytes; the mail's own word counts only where the bytes show nothing.

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// File name extensions with the media type that they stand for.
const BY_EXTENSION: [(&str, &str); 45] = [
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("csv", "text/csv"),
    ("rtf", "application/rtf"),
    ("doc", "application/msword"),
    ("wps", "application/msword"),
    ("docx", DOCX),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", XLSX),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", PPTX),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("pdf", "application/pdf"),
    ("ofd", "application/ofd"),
    ("zip", "application/zip"),
    ("rar", "application/vnd.rar"),
    ("7z", "application/x-7z-compressed"),
    ("gz", "application/gzip"),
    ("tar", "application/x-tar"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("bmp", "image/bmp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("heic", "image/heic"),
    ("mp4", "video/mp4"),
    ("m4v", "video/mp4"),
    ("mov", "video/quicktime"),
    ("avi", "video/x-msvideo"),
    ("mkv", "video/x-matroska"),
    ("webm", "video/webm"),
    ("wmv", "video/x-ms-wmv"),
    ("flv", "video/x-flv"),
    ("mpg", "video/mpeg"),
    ("mpeg", "video/mpeg"),
    ("m4a", "audio/mp4"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/x-wav"),
    ("eml", "message/rfc822"),
    ("msg", "application/vnd.ms-outlook"),
];

/// The media type of a file, lower case, from its first bytes (4 KiB are enough), its name and what the mail declares.
/// A name never outweighs the bytes: a web page called `照片.html.jpg` is `text/html`.
#[must_use]
pub fn sniff(first_4k: &[u8], name: &str, declared: &str) -> String {
    by_bytes(first_4k, &extension(name)).map(str::to_owned).unwrap_or_else(|| by_declaration(name, declared))
}

/// The last extension of a name, lower case, without the dot.
pub(crate) fn extension(name: &str) -> String {
    let name = name.trim_end_matches(['.', ' ', '\0']);
    name.rsplit_once('.').map(|(_, extension)| extension.trim().to_ascii_lowercase()).unwrap_or_default()
}

fn by_declaration(name: &str, declared: &str) -> String {
    let declared = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let says_nothing =
        matches!(&*declared, "" | "application/octet-stream" | "binary/octet-stream" | "application/x-download");
    let extension = extension(name);
    let by_name =
        BY_EXTENSION.iter().find(|(known, _)| *known == extension).map(|(_, media_type)| (*media_type).to_owned());
    match by_name {
        Some(by_name) if says_nothing => by_name,
        _ if declared.is_empty() => "application/octet-stream".to_owned(),
        _ => declared,
    }
}

fn by_bytes(bytes: &[u8], extension: &str) -> Option<&'static str> {
    let at = |start: usize, magic: &[u8]| bytes.get(start..).is_some_and(|rest| rest.starts_with(magic));
    Some(match bytes {
        _ if at(4, b"ftyp") => by_brand(bytes.get(8..12).unwrap_or_default(), extension),
        _ if is_old_movie(bytes) => "video/quicktime",
        _ if at(0, b"\xff\xd8\xff") => "image/jpeg",
        _ if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        _ if at(0, b"GIF87a") || at(0, b"GIF89a") => "image/gif",
        _ if at(0, b"RIFF") => match bytes.get(8..12)? {
            b"WEBP" => "image/webp",
            b"AVI " => "video/x-msvideo",
            b"WAVE" => "audio/x-wav",
            _ => return None,
        },
        // The two reserved words of a bitmap's header are zero; "BM" alone begins many a text.
        _ if at(0, b"BM") && at(6, &[0; 4]) => "image/bmp",
        _ if at(0, b"II*\0") || at(0, b"MM\0*") => "image/tiff",
        _ if at(0, b"%PDF-") || first_of(bytes, 1024, b"%PDF-") => "application/pdf",
        _ if at(0, b"PK\x03\x04") || at(0, b"PK\x05\x06") => by_zip_names(bytes, extension),
        _ if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => match extension {
            "xls" | "xlsx" | "et" => "application/vnd.ms-excel",
            "ppt" | "pptx" | "dps" => "application/vnd.ms-powerpoint",
            "msg" => "application/vnd.ms-outlook",
            "doc" | "docx" | "wps" | "dot" => "application/msword",
            _ => "application/x-ole-storage",
        },
        _ if at(0, b"{\\rtf") => "application/rtf",
        _ if at(0, b"Rar!\x1a\x07") => "application/vnd.rar",
        _ if at(0, b"7z\xbc\xaf\x27\x1c") => "application/x-7z-compressed",
        _ if at(0, b"\x1f\x8b\x08") => "application/gzip",
        _ if at(257, b"ustar") => "application/x-tar",
        _ if at(0, b"\x1a\x45\xdf\xa3") => {
            if first_of(bytes, 64, b"webm") {
                "video/webm"
            } else {
                "video/x-matroska"
            }
        }
        _ if at(0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") => match extension {
            "wma" => "audio/x-ms-wma",
            _ => "video/x-ms-wmv",
        },
        _ if at(0, b"FLV\x01") => "video/x-flv",
        _ if at(0, b"\0\0\x01\xba") || at(0, b"\0\0\x01\xb3") => "video/mpeg",
        _ if is_transport_stream(bytes) => "video/mp2t",
        _ if at(0, b"OggS") => "audio/ogg",
        _ if at(0, b"#!AMR") => "audio/amr",
        _ if at(0, b"ID3") || is_mp3_frame(bytes) => "audio/mpeg",
        _ if is_html(bytes) => "text/html",
        _ => return None,
    })
}

/// Files of the ISO family tell themselves apart by their major brand.
fn by_brand(brand: &[u8], extension: &str) -> &'static str {
    match brand {
        b"qt  " => "video/quicktime",
        b"heic" | b"heix" | b"hevc" | b"heim" | b"heis" | b"mif1" | b"msf1" => "image/heic",
        b"avif" | b"avis" => "image/avif",
        b"M4A " | b"M4B " | b"F4A " => "audio/mp4",
        b"3gp4" | b"3gp5" | b"3gp6" | b"3gp7" | b"3ge6" | b"3gg6" => "video/3gpp",
        b"crx " => "image/x-canon-cr3",
        _ if extension == "m4a" => "audio/mp4",
        _ => "video/mp4",
    }
}

/// QuickTime files from before `ftyp` begin with any of their boxes, and its size has to be possible. A filling is never
/// large; `The free …` begins a text.
fn is_old_movie(bytes: &[u8]) -> bool {
    let (Some(size), Some(kind)) = (bytes.first_chunk::<4>(), bytes.get(4..8)) else { return false };
    match kind {
        b"moov" | b"mdat" => !(2..8).contains(&u32::from_be_bytes(*size)),
        b"wide" | b"free" | b"skip" | b"pnot" => size[0] == 0 && u32::from_be_bytes(*size) >= 8,
        _ => false,
    }
}

/// Office documents are zip archives whose first entries give them away.
fn by_zip_names(bytes: &[u8], extension: &str) -> &'static str {
    // A name stands 30 bytes behind the start of its local header (APPNOTE 4.3.7).
    let names: Vec<&[u8]> =
        memchr::memmem::find_iter(bytes, b"PK\x03\x04").filter_map(|at| bytes.get(at + 30..)).take(64).collect();
    let holds = |start: &str| names.iter().any(|name| name.starts_with(start.as_bytes()));
    let is_office = holds("[Content_Types].xml") || holds("_rels/") || holds("docProps/");
    // A document inside an archive, stored as it is, shows its own entries: what comes first tells whose they are.
    const FIRST: [&str; 9] =
        ["[Content_Types].xml", "_rels/", "docProps/", "customXml/", "word/", "xl/", "ppt/", "mimetype", "OFD.xml"];
    let first = names.first().copied().unwrap_or_default();
    if !FIRST.iter().any(|start| first.starts_with(start.as_bytes())) && !["docx", "ofd"].contains(&extension) {
        return "application/zip";
    }
    match () {
        () if holds("word/") => DOCX,
        () if holds("xl/") => XLSX,
        () if holds("ppt/") => PPTX,
        () if holds("mimetypeapplication/vnd.oasis.opendocument.text") => "application/vnd.oasis.opendocument.text",
        () if holds("OFD.xml") => "application/ofd",
        () if is_office && extension == "xlsx" => XLSX,
        () if is_office && extension == "pptx" => PPTX,
        () if extension == "docx" => DOCX,
        () => "application/zip",
    }
}

fn is_transport_stream(bytes: &[u8]) -> bool {
    [0, 188, 376].iter().all(|&at| bytes.get(at) == Some(&0x47))
}

/// A frame header of MPEG audio layer 3 with a lawful bit rate and sampling rate.
fn is_mp3_frame(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, second, third, _, ..]
        if second & 0xe6 == 0xe2 && second & 0x18 != 0x08 && third & 0xf0 != 0xf0 && third & 0xf0 != 0 && third & 0x0c != 0x0c)
}

fn is_html(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    ["<!doctype html", "<html", "<head", "<body", "<script", "<iframe"]
        .iter()
        .any(|start| text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes())))
}

/// Whether the first bytes hold a needle.
fn first_of(bytes: &[u8], within: usize, needle: &[u8]) -> bool {
    memchr::memmem::find(&bytes[..bytes.len().min(within)], needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_tell_the_media_type_whatever_name_and_mail_say() {
        let ole: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0";
        let entry = |name: &str| [b"PK\x03\x04", &[0; 26][..], name.as_bytes()].concat();
        let mut transport = vec![0; 400];
        for at in [0, 188, 376] {
            transport[at] = 0x47;
        }
        let cases: &[(&[u8], &str, &str, &str)] = &[
            (b"\0\0\0\x20ftypisom\0\0\x02\0", "a.mp4", "application/octet-stream", "video/mp4"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", "a.mp4", "video/mp4", "video/quicktime"),
            (b"\0\0\0\x20ftypM4A \0\0\x02\0", "a.mp4", "video/mp4", "audio/mp4"),
            (b"\0\0\0\x20ftypheic\0\0\x02\0", "a.jpg", "image/jpeg", "image/heic"),
            (b"\0\0\x10\0moov\0\0\0\x6cmvhd", "a", "", "video/quicktime"),
            (b"\0\0\0\x08wide\0\0\0\0mdat", "a.mov", "", "video/quicktime"),
            (b"\0\0\0\x05mdat", "a.txt", "text/plain", "text/plain"),
            (b"The free press and", "a.txt", "text/plain", "text/plain"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a.png", "image/png", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0", "a.jpg", "image/jpeg", "image/png"),
            (b"GIF89a..", "a", "", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "a.jpg", "", "image/webp"),
            (b"RIFF\0\0\0\0AVI LIST", "a.mp4", "video/mp4", "video/x-msvideo"),
            (b"RIFF\0\0\0\0WAVEfmt ", "a", "", "audio/x-wav"),
            (b"BM\x36\x10\0\0\0\0\0\0\x36\0", "a.bmp", "", "image/bmp"),
            ("BM 部门汇报".as_bytes(), "a.txt", "text/plain", "text/plain"),
            (b"II*\0\x08\0\0\0", "a", "", "image/tiff"),
            (b"%PDF-1.7\n", "a.docx", DOCX, "application/pdf"),
            (&specimen::docx(&["正文"], 0), "a.zip", "application/zip", DOCX),
            (&entry("[Content_Types].xml"), "a.docx", "application/octet-stream", DOCX),
            (&entry("[Content_Types].xml"), "b.xlsx", "application/octet-stream", XLSX),
            (&entry("xl/workbook.xml"), "b", "application/octet-stream", XLSX),
            (&entry("photos/1.jpg"), "a.zip", "application/octet-stream", "application/zip"),
            (
                &[entry("稿件.docx"), entry("[Content_Types].xml"), entry("word/document.xml")].concat(),
                "稿件.zip",
                "",
                "application/zip",
            ),
            (&entry("password/word/x"), "a.zip", "application/octet-stream", "application/zip"),
            (ole, "a.doc", "application/octet-stream", "application/msword"),
            (ole, "a.docx", DOCX, "application/msword"),
            (ole, "a.xls", "", "application/vnd.ms-excel"),
            (ole, "a", "", "application/x-ole-storage"),
            (b"Rar!\x1a\x07\x01\0", "a.zip", "application/zip", "application/vnd.rar"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "a", "", "application/x-7z-compressed"),
            (b"\x1f\x8b\x08\0", "a", "", "application/gzip"),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01webm", "a", "", "video/webm"),
            (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01matroska", "a.mp4", "video/mp4", "video/x-matroska"),
            (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "a", "", "video/x-ms-wmv"),
            (b"FLV\x01\x05", "a", "", "video/x-flv"),
            (b"\0\0\x01\xba\x44", "a", "", "video/mpeg"),
            (&transport, "a", "", "video/mp2t"),
            (b"ID3\x04\0", "a", "", "audio/mpeg"),
            (b"\xff\xfb\x90\x64", "a", "", "audio/mpeg"),
            (b"<!DOCTYPE html><html>", "照片.html.jpg", "image/jpeg", "text/html"),
            (b"\xef\xbb\xbf  <HTML>", "a", "", "text/html"),
            ("稿件正文".as_bytes(), "稿件.txt", "application/octet-stream", "text/plain"),
            ("稿件正文".as_bytes(), "稿件.TXT", "text/plain; charset=gbk", "text/plain"),
            (b"", "空.docx", "application/octet-stream", DOCX),
            (b"\x01\x02", "x", "", "application/octet-stream"),
            (b"\x01\x02", "x.bin", "Application/X-Thing", "application/x-thing"),
        ];
        for (bytes, name, declared, expected) in cases {
            assert_eq!(sniff(bytes, name, declared), *expected, "{name} declared {declared}: {bytes:?}");
        }
    }
}
