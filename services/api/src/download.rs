//! Stored bytes as a stream, by range. A whole file is hashed as it is sent, and the stream ends with DATA_LOSS when the
//! hash is not the one it is stored under.

use std::io::SeekFrom;

use futures::{Stream, stream};
use intake::ports::Blobs;
use proto::intake::v1;
use sha2::Digest;
use stdx::{ErrorKind, Sha256};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};
use tonic::{Code, Status};

use crate::errors;

/// Bytes of one response.
const CHUNK_BYTES_MAX: u64 = 256 * 1024;

/// Which bytes.
#[derive(Clone, Copy, Debug)]
pub struct Blob {
    /// Their hash.
    pub sha256: Sha256,
    /// How many there must be, where that is known for certain.
    pub size_bytes: Option<u64>,
}

/// Which part of them.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The first byte.
    pub offset: u64,
    /// How many at most; 0 is all.
    pub limit: u64,
}

struct Sending {
    file: File,
    blob: Blob,
    total_bytes: u64,
    left_bytes: u64,
    is_first: bool,
    /// Only when the whole is sent.
    hasher: Option<sha2::Sha256>,
}

/// Opens the blob and gives its bytes in responses of at most 256 KiB. DATA_LOSS when it is gone or has another size,
/// OUT_OF_RANGE when the offset lies beyond its end.
pub async fn stream<B: Blobs>(
    blobs: &B,
    blob: Blob,
    range: Range,
) -> Result<impl Stream<Item = Result<v1::DownloadResponse, Status>> + Send + use<B>, Status> {
    let path = blobs.path(blob.sha256).await.map_err(|error| match error.kind {
        ErrorKind::NotFound => gone(blob, &error.detail),
        // What came from where it is kept were other bytes.
        ErrorKind::Invalid => damaged(blob, &error.detail),
        _ => errors::of_port(&error),
    })?;
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => gone(blob, &error),
        _ => errors::of_kind(ErrorKind::Internal, &format!("blob {}: {error}", blob.sha256)),
    };
    let mut file = File::open(&path).await.map_err(failed)?;
    let total_bytes = file.metadata().await.map_err(failed)?.len();
    if blob.size_bytes.is_some_and(|size| size != total_bytes) {
        return Err(damaged(blob, &format!("{total_bytes} bytes on disk")));
    }
    let Some(left_bytes) = total_bytes.checked_sub(range.offset) else {
        let en = format!("offset {} lies beyond the end at {total_bytes}", range.offset);
        let zh = format!("起始位置 {} 超出文件长度 {total_bytes}", range.offset);
        return Err(errors::status(Code::OutOfRange, "OFFSET_BEYOND_END", en, zh));
    };
    file.seek(SeekFrom::Start(range.offset)).await.map_err(failed)?;
    let left_bytes = if range.limit == 0 { left_bytes } else { left_bytes.min(range.limit) };
    let hasher = (left_bytes == total_bytes).then(sha2::Sha256::new);
    let sending = Sending { file, blob, total_bytes, left_bytes, is_first: true, hasher };
    Ok(stream::unfold(Some(sending), |sending| async move {
        let mut sending = sending?;
        let response = sending.next().await.transpose()?;
        let sending = response.is_ok().then_some(sending);
        Some((response, sending))
    }))
}

impl Sending {
    async fn next(&mut self) -> Result<Option<v1::DownloadResponse>, Status> {
        if self.left_bytes == 0 && !self.is_first {
            return self.end().map(|()| None);
        }
        let wanted = self.left_bytes.min(CHUNK_BYTES_MAX);
        let mut data = vec![0; usize::try_from(wanted).expect("a chunk fits into memory")];
        self.file.read_exact(&mut data).await.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => damaged(self.blob, &"it became shorter while it was sent"),
            _ => errors::of_kind(ErrorKind::Internal, &format!("blob {}: {error}", self.blob.sha256)),
        })?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&data);
        }
        self.left_bytes -= wanted;
        let first = std::mem::take(&mut self.is_first);
        Ok(Some(v1::DownloadResponse {
            data,
            total_bytes: if first { self.total_bytes } else { 0 },
            sha256: if first { self.blob.sha256.hex() } else { String::new() },
        }))
    }

    fn end(&mut self) -> Result<(), Status> {
        match self.hasher.take().map(Sha256::finish) {
            Some(hash) if hash != self.blob.sha256 => Err(damaged(self.blob, &format!("its bytes hash to {hash}"))),
            _ => Ok(()),
        }
    }
}

fn gone(blob: Blob, detail: &dyn std::fmt::Display) -> Status {
    let en = "the stored bytes are gone; `caibian verify` names all that are";
    errors::data_loss(
        "BLOB_MISSING",
        en,
        "存储的文件已丢失,请运行 caibian verify",
        &format!("{}: {detail}", blob.sha256),
    )
}

fn damaged(blob: Blob, detail: &dyn std::fmt::Display) -> Status {
    let en = "the stored bytes were changed; do not use what was sent";
    errors::data_loss("BLOB_DAMAGED", en, "存储的文件已损坏,请勿使用", &format!("{}: {detail}", blob.sha256))
}
