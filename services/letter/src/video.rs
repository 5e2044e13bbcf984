//! Reads what the boxes of an MP4 or MOV file say, without decoding a frame (ISO/IEC 14496-12, QuickTime File Format).
//!
//! Only the boxes that a rule needs are visited, wherever `moov` lies. No number from the file decides how much is
//! allocated or how long is read: see [`boxes`] for the bounds.

mod boxes;
mod codec;
mod fragments;
mod track;

use std::io::{self, Read, Seek};

use intake::letter::Video;
use stdx::ErrorKind;

use self::{
    boxes::{Boxes, Located},
    track::{Handler, Movie, Track},
};

/// Tracks beyond this many are not read; cameras write at most a handful.
const TRACKS_MAX: usize = 32;

/// First boxes that a file of this family may have; anything else is another format.
const FIRST_BOXES: [&[u8; 4]; 14] = [
    b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"sidx", b"moof", b"uuid", b"meta",
    b"udta", b"prfl",
];

/// Why a file's boxes say nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file has no bytes.
    #[error("empty file")]
    Empty,
    /// The first bytes are of another format.
    #[error("not an MP4 or MOV file")]
    OtherFormat,
    /// There is no `moov`: the usual mark of a recording or a transfer that was cut short.
    #[error("no moov box")]
    NoMoov,
    /// A box that is needed goes on past the end of the file.
    #[error("{0} box is cut short")]
    CutShort(String),
    /// A box claims a size that no box can have.
    #[error("{kind} box at byte {at} claims {size} bytes")]
    BoxSize {
        /// Its type.
        kind: String,
        /// Where it begins.
        at: u64,
        /// What it claims.
        size: u64,
    },
    /// The movie header is compressed (`cmov`), which nothing has written for twenty years.
    #[error("compressed movie header")]
    Compressed,
    /// There is a `moov` but no track of video or sound.
    #[error("no video or audio track")]
    NoTrack,
    /// More boxes than any real file has.
    #[error("more than {} boxes", boxes::BOXES_MAX)]
    TooManyBoxes,
    /// More bytes of headers than any real file has.
    #[error("more than {} bytes of headers", boxes::BYTES_MAX)]
    TooManyBytes,
    /// The file could not be read.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// What kind of failure it is: everything but a failing read is the file's own fault.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(_) => ErrorKind::Internal,
            Self::TooManyBoxes | Self::TooManyBytes => ErrorKind::Exhausted,
            _ => ErrorKind::Invalid,
        }
    }
}

/// Reads a file of `size_bytes` bytes. Bytes read are bounded by 16 MiB and boxes visited by 10,000, whatever it claims.
///
/// # Errors
/// When the file is of another format, has no `moov`, or its boxes contradict themselves.
pub fn probe<R: Read + Seek>(reader: &mut R, size_bytes: u64) -> Result<Video, Error> {
    if size_bytes == 0 {
        return Err(Error::Empty);
    }
    let mut boxes = Boxes::new(reader, size_bytes);
    let (brand, moov) = find_moov(&mut boxes)?;
    let (movie, tracks, extends) = read_moov(&mut boxes, &moov)?;

    let video = tracks.iter().find(|track| track.handler == Handler::Video);
    let audio = tracks.iter().find(|track| track.handler == Handler::Audio);
    if video.is_none() && audio.is_none() {
        return Err(Error::NoTrack);
    }

    let declared = || movie.duration_ms().or_else(|| longest_ms(&tracks, &movie));
    let duration_ms = match &extends {
        None => declared(),
        Some(extends) => fragments::duration_ms(&mut boxes, extends, &tracks, &movie)?.or_else(declared),
    };
    let container = if brand.is_none_or(|brand| &brand == b"qt  ") { "mov" } else { "mp4" };
    let mut read = Video {
        container: container.to_owned(),
        brand: brand.map(|brand| codec::four_characters(brand).trim_end().to_owned()).unwrap_or_default(),
        duration_ms,
        fragmented: extends.is_some(),
        video_codec: video.and_then(|track| track.codec.clone()),
        audio_codec: audio.and_then(|track| track.codec.clone()),
        ..Video::default()
    };
    if let Some(track) = video {
        let picture = track.picture(&movie);
        (read.coded_width, read.coded_height) = picture.coded;
        (read.displayed_width, read.displayed_height) = picture.displayed;
        read.rotation_degrees = picture.rotation_degrees;
    }
    Ok(read)
}

/// Walks the top level as far as `moov`.
fn find_moov<R: Read + Seek>(boxes: &mut Boxes<'_, R>) -> Result<(Option<[u8; 4]>, Located), Error> {
    let mut brand = None;
    let mut at = 0;
    while let Some(next) = boxes.next(at, boxes.end()).map_err(|error| match error {
        // Random bytes mostly fail here: their first four are no size.
        Error::BoxSize { at: 0, .. } => Error::OtherFormat,
        other => other,
    })? {
        if at == 0 && !FIRST_BOXES.contains(&&next.kind) {
            return Err(Error::OtherFormat);
        }
        match &next.kind {
            b"ftyp" if brand.is_none() => {
                brand = boxes.payload(&next, 4)?.try_into().ok();
            }
            b"moov" if next.cut => return Err(Error::CutShort("moov".to_owned())),
            b"moov" => return Ok((brand, next)),
            _ => {}
        }
        at = next.body.end;
    }
    Err(if at == 0 { Error::OtherFormat } else { Error::NoMoov })
}

/// Reads the movie header, its tracks, and what `mvex` says where the media lies in fragments.
fn read_moov<R: Read + Seek>(
    boxes: &mut Boxes<'_, R>,
    moov: &Located,
) -> Result<(Movie, Vec<Track>, Option<fragments::Extends>), Error> {
    let mut movie = Movie::default();
    let mut tracks = Vec::new();
    let mut extends = None;
    for child in boxes.children(moov.body.clone())? {
        match &child.kind {
            b"mvhd" => movie = Movie::read(boxes, &child)?,
            b"trak" if tracks.len() < TRACKS_MAX => tracks.extend(Track::read(boxes, &child)?),
            b"mvex" => extends = Some(fragments::Extends::read(boxes, &child)?),
            b"cmov" => return Err(Error::Compressed),
            _ => {}
        }
    }
    Ok((movie, tracks, extends))
}

/// The longest track, for files whose movie header has no duration.
fn longest_ms(tracks: &[Track], movie: &Movie) -> Option<u64> {
    tracks.iter().filter_map(|track| track.duration_ms(movie)).max()
}

#[cfg(test)]
mod tests;
