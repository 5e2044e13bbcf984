//! A mail with a film of 500 MiB (about 685 MiB on the wire), composed, delivered and fetched without being held.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use sha2::Digest;
use specimen::{Mail, Mp4, mp4, mp4_stream};
use stdx::Sha256;

use crate::{
    Imap,
    imap::Place,
    product::ADDRESS,
    world::{at, in_time},
};

/// Size of the film: the largest that the call advises (为宜).
pub const FILM_BYTES: u64 = 500 * 1024 * 1024;

/// The mail in a file, with what is known of it.
#[derive(Debug)]
pub struct HugeMail {
    file: PathBuf,
    /// Size on the wire.
    pub size_bytes: u64,
    /// Of the raw mail.
    pub raw_sha256: Sha256,
    /// Of the film.
    pub film_sha256: Sha256,
}

/// Hashes and counts what passes.
struct Hashed<T> {
    inner: T,
    hasher: sha2::Sha256,
    bytes: u64,
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Self {
        Self { inner, hasher: sha2::Sha256::new(), bytes: 0 }
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.passed(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.passed(&buffer[..read]);
        Ok(read)
    }
}

impl HugeMail {
    /// Composes it into a file of this folder.
    ///
    /// # Panics
    /// When the file cannot be written.
    #[must_use]
    pub fn compose(folder: &Path) -> Self {
        let small = mp4(Mp4 { padding_bytes: 1, ..film(0) }).len() as u64 - 1;
        let mut bytes = Hashed::new(mp4_stream(film(FILM_BYTES - small)));
        let mail = Mail::new("李文博", "huge@author.example.cn", ADDRESS)
            .subject("主题征稿：视频《宣讲》")
            .received_at(at("2023-03-01T09:00:00+08:00"))
            .message_id("huge@author.example.cn")
            .text(
                "视频简介：本片记录我县财政干部走进乡村宣讲党的二十大精神的一天，展示惠民资金如何用在实处，时长两分钟。\n\n\
                 姓名：李文博\n单位：浙江省财政厅\n联系电话：0571-87057615\n",
            );
        let file = folder.join("huge.eml");
        let out = BufWriter::with_capacity(1 << 20, File::create(&file).expect("our own folder"));
        let mut out = Hashed::new(out);
        mail.write_huge(&mut out, "宣讲.mp4", "video/mp4", &mut bytes).expect("the disk takes it");
        out.flush().expect("the disk takes it");
        assert_eq!(bytes.bytes, FILM_BYTES);
        Self {
            file,
            size_bytes: out.bytes,
            raw_sha256: Sha256::finish(out.hasher),
            film_sha256: Sha256::finish(bytes.hasher),
        }
    }

    /// Delivers it to the INBOX of a session.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn deliver(&self, session: &mut Imap) -> Place {
        let mut file = File::open(&self.file).expect("it was composed");
        session.append_stream("INBOX", "", in_time(), self.size_bytes, |out| io::copy(&mut file, out).map(drop))
    }
}

fn film(padding_bytes: u64) -> Mp4 {
    // The header at the end, behind all the padding, is the harder case.
    Mp4 { moov_first: false, padding_bytes, ..Mp4::default() }
}
