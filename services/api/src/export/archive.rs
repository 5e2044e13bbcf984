//! Files of submissions as a ZIP that is written while it is sent: a folder a submission, and a manifest that says what
//! each file was called and hashes to.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use chrono::{DateTime, Datelike, Timelike, Utc};
use intake::ports::Blobs;
use serde::Serialize;
use sha2::Digest;
use stdx::{
    ErrorKind, Sha256, beijing,
    csv::{self, Cell},
};
use store::record::ExportLine;
use tokio::runtime::Handle;
use tonic::Status;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{
    file_name::Folder,
    sending::{self, Pieces},
};
use crate::{errors, names};

/// Files of one archive.
const FILES_MAX: usize = 20_000;
/// Bytes that are read at once.
const WINDOW_BYTES: usize = 256 * 1024;
/// From this size on an entry has 64-bit sizes; 4 GiB less what compression may add.
const LARGE_FROM: u64 = 0xf000_0000;

/// A file that goes into the archive.
#[derive(Debug, Serialize)]
pub struct Planned {
    /// Its place in the archive.
    path: String,
    /// What its author called it.
    name: String,
    submission: String,
    number: u64,
    /// Its place in the mail; empty for the raw mail.
    part: String,
    media_type: String,
    size_bytes: u64,
    sha256: Sha256,
    #[serde(skip)]
    received_at: DateTime<Utc>,
}

/// Where each file goes.
///
/// # Errors
/// INVALID_ARGUMENT beyond [`FILES_MAX`] files.
pub fn plan(lines: &[ExportLine], with_raw_mail: bool) -> Result<Vec<Planned>, Status> {
    let mut folders = Folder::default();
    let mut planned = Vec::new();
    for ExportLine { submission, .. } in lines {
        let headers = &submission.letter.headers;
        let author = submission.contact.names.first().map(|found| found.value.as_str());
        let author = author.or_else(|| headers.from.first().map(|from| from.name.as_str())).unwrap_or_default();
        let title: String = headers.subject.chars().take(24).collect();
        let author: String = author.chars().take(10).collect();
        let folder = folders.unique(&format!("{:04}_{author}_{title}", submission.number));
        let mut files = Folder::default();
        let mut add = |name: &str, part: &str, media_type: &str, size_bytes, sha256| {
            planned.push(Planned {
                path: format!("{folder}/{}", files.unique(name)),
                name: name.to_owned(),
                submission: names::SUBMISSION.name(submission.id),
                number: submission.number,
                part: part.to_owned(),
                media_type: media_type.to_owned(),
                size_bytes,
                sha256,
                received_at: submission.message.received_at,
            });
        };
        for part in &submission.letter.parts {
            add(&part.name, &part.path, &part.media_type, part.size_bytes, part.sha256);
        }
        if let Some(sha256) = submission.message.raw_sha256.filter(|_| with_raw_mail && submission.erased_at.is_none())
        {
            add("原始邮件.eml", "", "message/rfc822", submission.message.size_bytes, sha256);
        }
        if planned.len() > FILES_MAX {
            let en = format!("the submissions have more than {FILES_MAX} files; choose fewer");
            return Err(errors::field("submissions", en, format!("所选来稿的文件超过 {FILES_MAX} 个,请分批导出")));
        }
    }
    Ok(planned)
}

/// Writes the archive.
///
/// # Errors
/// DATA_LOSS when a file is gone or is no longer what it was; what was sent is then no archive.
pub fn write<B: Blobs>(pieces: &mut Pieces, blobs: &B, handle: &Handle, mut files: Vec<Planned>) -> Result<(), Status> {
    let mut zip = ZipWriter::new_stream(pieces);
    for file in &mut files {
        let path = handle.block_on(blobs.path(file.sha256)).map_err(|error| match error.kind {
            ErrorKind::NotFound => damaged(file, "BLOB_MISSING", &error),
            ErrorKind::Invalid => damaged(file, "BLOB_DAMAGED", &error),
            _ => errors::of_port(&error),
        })?;
        let mut source = File::open(path).map_err(|error| damaged(file, "BLOB_MISSING", &error))?;
        let size_bytes = source.metadata().map_err(|error| damaged(file, "BLOB_MISSING", &error))?.len();
        zip.start_file(&file.path, options(file, size_bytes)).map_err(failed)?;
        let (hash, copied) = copy(&mut source, &mut zip).map_err(sending::failed)?;
        if hash != file.sha256 {
            return Err(damaged(file, "BLOB_DAMAGED", &format!("its bytes hash to {hash}")));
        }
        // Of a raw mail the row knows what the server said.
        file.size_bytes = copied;
    }
    let text = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("manifest.csv", text).map_err(failed)?;
    zip.write_all(csv::BYTE_ORDER_MARK.as_bytes()).map_err(sending::failed)?;
    let head = ["路径", "原文件名", "来稿", "收稿号", "邮件中的位置", "媒体类型", "字节数", "SHA-256"];
    csv::write_line(&mut zip, &head.map(Cell::text)).map_err(sending::failed)?;
    for file in &files {
        let cells = [
            Cell::text(&file.path),
            Cell::text(&file.name),
            Cell::text(&file.submission),
            Cell::Number(file.number),
            Cell::text(&file.part),
            Cell::text(&file.media_type),
            Cell::Number(file.size_bytes),
            Cell::text(file.sha256.hex()),
        ];
        csv::write_line(&mut zip, &cells).map_err(sending::failed)?;
    }
    zip.start_file("manifest.json", text).map_err(failed)?;
    serde_json::to_writer_pretty(&mut zip, &files).map_err(|error| sending::failed(error.into()))?;
    zip.finish().map_err(failed)?;
    Ok(())
}

/// What is compressed already is stored.
fn options(file: &Planned, size_bytes: u64) -> SimpleFileOptions {
    let is_text = file.media_type.starts_with("text/")
        || ["message/rfc822", "application/json", "application/xml", "application/msword", "application/rtf"]
            .contains(&file.media_type.as_str());
    let method = if is_text { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let options = SimpleFileOptions::default().compression_method(method).large_file(size_bytes >= LARGE_FROM);
    match modified(file.received_at) {
        Some(at) => options.last_modified_time(at),
        None => options,
    }
}

/// The receipt time as ZIP has times: local, from 1980 to 2107.
fn modified(at: DateTime<Utc>) -> Option<zip::DateTime> {
    let at = at.with_timezone(&beijing::zone());
    let [month, day, hour, minute, second] = [at.month(), at.day(), at.hour(), at.minute(), at.second()]
        .map(|number| u8::try_from(number).unwrap_or_default());
    zip::DateTime::from_date_and_time(u16::try_from(at.year()).ok()?, month, day, hour, minute, second).ok()
}

fn copy(source: &mut impl Read, target: &mut impl Write) -> io::Result<(Sha256, u64)> {
    let mut hasher = sha2::Sha256::new();
    let mut window = vec![0; WINDOW_BYTES];
    let mut copied = 0;
    loop {
        match source.read(&mut window)? {
            0 => return Ok((Sha256::finish(hasher), copied)),
            length => {
                hasher.update(&window[..length]);
                target.write_all(&window[..length])?;
                copied += length as u64;
            }
        }
    }
}

fn failed(error: ZipError) -> Status {
    sending::failed(io::Error::other(error))
}

fn damaged(file: &Planned, reason: &str, detail: &dyn std::fmt::Display) -> Status {
    let en = format!("a file of submission number {} is gone or was changed; do not use what was sent", file.number);
    let zh = format!("收稿号 {} 的一个文件已丢失或损坏,请勿使用已下载的内容", file.number);
    errors::data_loss(reason, &en, &zh, &format!("{} part {}: {detail}", file.sha256, file.part))
}
