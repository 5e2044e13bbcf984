//! Reads one track: its clock, its edits, its shape on the screen and its codec.

use std::io::{Read, Seek};

use super::{
    Error,
    boxes::{Boxes, Located, milliseconds, u16_at, u32_at, wide_at},
    codec,
};

/// Entries of `stts` that are summed where no header has a duration.
const RUNS_MAX: u32 = 8_000;
/// Edits that are summed.
const EDITS_MAX: u32 = 2_000;
/// Pixel shapes beyond this ratio are garbage.
const PIXEL_RATIO_MAX: f64 = 16.0;

/// The part of a transformation matrix that turns and scales: `[[a, b], [c, d]]`.
type Turn = [[f64; 2]; 2];
const UPRIGHT: Turn = [[1.0, 0.0], [0.0, 1.0]];

/// What kind of media a track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handler {
    Video,
    Audio,
}

/// The movie header.
#[derive(Clone, Debug)]
pub(super) struct Movie {
    pub(super) timescale: u32,
    duration: u64,
    turn: Turn,
}

impl Default for Movie {
    fn default() -> Self {
        Self { timescale: 0, duration: 0, turn: UPRIGHT }
    }
}

impl Movie {
    pub(super) fn read<R: Read + Seek>(boxes: &mut Boxes<'_, R>, mvhd: &Located) -> Result<Self, Error> {
        let bytes = boxes.payload(mvhd, 120)?;
        let version = bytes.first().copied().unwrap_or_default();
        let clock = if version == 1 { 20 } else { 12 };
        let after = if version == 1 { 32 } else { 20 };
        Ok(Self {
            timescale: u32_at(&bytes, clock).unwrap_or_default(),
            duration: wide_at(&bytes, clock + 4, version).filter(|&ticks| is_known(ticks, version)).unwrap_or_default(),
            turn: turn_at(&bytes, after + 16),
        })
    }

    /// What the header claims, if it claims anything: with edits applied by the writer, and what players show.
    pub(super) fn duration_ms(&self) -> Option<u64> {
        (self.duration > 0).then(|| milliseconds(self.duration, self.timescale)).flatten()
    }
}

/// One track of video or sound.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    pub(super) handler: Handler,
    pub(super) codec: Option<String>,
    /// Ticks a second of the media.
    pub(super) timescale: u32,
    /// Length of the media in its own ticks; zero if it is not said.
    pub(super) media_duration: u64,
    /// Length on the movie's clock, from `tkhd`; zero if it is not said.
    header_duration: u64,
    /// Sum of the edits on the movie's clock.
    edited_duration: u64,
    turn: Turn,
    /// Size in `tkhd`: 16.16 fixed point, of the picture before it is turned.
    shown: (u32, u32),
    coded: (u16, u16),
    /// Width and height of a pixel, from `pasp`.
    pixel: Option<(u32, u32)>,
}

/// The picture of a video track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) coded: (u32, u32),
    pub(super) displayed: (u32, u32),
    pub(super) rotation_degrees: u16,
}

impl Track {
    /// Reads a `trak`; none for a track of text, time codes or hints.
    pub(super) fn read<R: Read + Seek>(boxes: &mut Boxes<'_, R>, trak: &Located) -> Result<Option<Self>, Error> {
        let mut track = Self {
            id: 0,
            handler: Handler::Video,
            codec: None,
            timescale: 0,
            media_duration: 0,
            header_duration: 0,
            edited_duration: 0,
            turn: UPRIGHT,
            shown: (0, 0),
            coded: (0, 0),
            pixel: None,
        };
        let mut handler = None;
        for child in boxes.children(trak.body.clone())? {
            match &child.kind {
                b"tkhd" => track.read_header(&boxes.payload(&child, 104)?),
                b"edts" => {
                    for edit_list in boxes.children(child.body.clone())? {
                        if &edit_list.kind == b"elst" {
                            track.edited_duration = read_edits(&boxes.payload(&edit_list, u64::MAX)?);
                        }
                    }
                }
                b"mdia" => handler = track.read_media(boxes, &child)?,
                _ => {}
            }
        }
        Ok(handler.map(|handler| Self { handler, ..track }))
    }

    fn read_header(&mut self, bytes: &[u8]) {
        let version = bytes.first().copied().unwrap_or_default();
        let id = if version == 1 { 20 } else { 12 };
        let after = if version == 1 { 36 } else { 24 };
        self.id = u32_at(bytes, id).unwrap_or_default();
        self.header_duration =
            wide_at(bytes, id + 8, version).filter(|&ticks| is_known(ticks, version)).unwrap_or_default();
        self.turn = turn_at(bytes, after + 16);
        let size = |at| u32_at(bytes, at).unwrap_or_default();
        self.shown = (size(after + 52), size(after + 56));
    }

    fn read_media<R: Read + Seek>(
        &mut self,
        boxes: &mut Boxes<'_, R>,
        mdia: &Located,
    ) -> Result<Option<Handler>, Error> {
        let mut handler = None;
        let mut tables = None;
        for child in boxes.children(mdia.body.clone())? {
            match &child.kind {
                b"mdhd" => {
                    let bytes = boxes.payload(&child, 44)?;
                    let version = bytes.first().copied().unwrap_or_default();
                    let clock = if version == 1 { 20 } else { 12 };
                    self.timescale = u32_at(&bytes, clock).unwrap_or_default();
                    let ticks = wide_at(&bytes, clock + 4, version).filter(|&ticks| is_known(ticks, version));
                    self.media_duration = ticks.unwrap_or_default();
                }
                b"hdlr" => {
                    handler = match boxes.payload(&child, 12)?.get(8..12) {
                        Some(b"vide") => Some(Handler::Video),
                        Some(b"soun") => Some(Handler::Audio),
                        _ => None,
                    }
                }
                b"minf" => tables = Some(child),
                _ => {}
            }
        }
        let (Some(handler), Some(minf)) = (handler, tables) else { return Ok(None) };
        for table in boxes.children(minf.body)? {
            if &table.kind != b"stbl" {
                continue;
            }
            for child in boxes.children(table.body)? {
                match &child.kind {
                    b"stsd" => self.read_sample_entry(boxes, &child, handler)?,
                    b"stts" if self.media_duration == 0 => {
                        self.media_duration = read_runs(&boxes.payload(&child, u64::MAX)?);
                    }
                    _ => {}
                }
            }
        }
        Ok(Some(handler))
    }

    fn read_sample_entry<R: Read + Seek>(
        &mut self,
        boxes: &mut Boxes<'_, R>,
        stsd: &Located,
        handler: Handler,
    ) -> Result<(), Error> {
        let start = boxes.payload(stsd, 8)?;
        let table_version = start.first().copied().unwrap_or_default();
        let Some(entry) = boxes.next(stsd.body.start.saturating_add(8), stsd.body.end).ok().flatten() else {
            return Ok(());
        };
        let bytes = boxes.payload(&entry, 78)?;
        let mut described = codec::Entry { kind: entry.kind, ..codec::Entry::default() };
        let inner = match handler {
            Handler::Video => {
                self.coded = (u16_at(&bytes, 24).unwrap_or_default(), u16_at(&bytes, 26).unwrap_or_default());
                78
            }
            Handler::Audio => {
                described.sample_bits = u16_at(&bytes, 18).unwrap_or_default();
                // QuickTime's longer descriptions; ISO's version 1 comes with a table of version 1 and adds nothing.
                match u16_at(&bytes, 8) {
                    Some(1) if table_version == 0 => 44,
                    Some(2) if table_version == 0 => {
                        described.sample_bits = u32_at(&bytes, 48).and_then(|bits| bits.try_into().ok()).unwrap_or(0);
                        described.lpcm_flags = u32_at(&bytes, 52);
                        64
                    }
                    _ => 28,
                }
            }
        };
        let mut extensions = boxes.children(entry.body.start.saturating_add(inner)..entry.body.end)?;
        if let Some(wave) = extensions.iter().find(|child| &child.kind == b"wave").cloned() {
            extensions.extend(boxes.children(wave.body)?);
        }
        for child in extensions {
            match &child.kind {
                b"esds" => described.object_type = codec::object_type(&boxes.payload(&child, 256)?),
                b"enda" => described.is_little_endian = u16_at(&boxes.payload(&child, 2)?, 0) == Some(1),
                b"pasp" => {
                    let bytes = boxes.payload(&child, 8)?;
                    self.pixel = u32_at(&bytes, 0).zip(u32_at(&bytes, 4));
                }
                b"sinf" => {
                    for protection in boxes.children(child.body)? {
                        if &protection.kind == b"frma"
                            && let Ok(original) = boxes.payload(&protection, 4)?.try_into()
                        {
                            described.kind = original;
                        }
                    }
                }
                _ => {}
            }
        }
        self.codec = Some(match handler {
            Handler::Video => codec::video_name(&described),
            Handler::Audio => codec::audio_name(&described),
        });
        Ok(())
    }

    /// How long the track plays: its edits, else its header, else its media.
    pub(super) fn duration_ms(&self, movie: &Movie) -> Option<u64> {
        let on_movie_clock = [self.edited_duration, self.header_duration].into_iter().find(|&ticks| ticks > 0);
        on_movie_clock
            .and_then(|ticks| milliseconds(ticks, movie.timescale))
            .or_else(|| (self.media_duration > 0).then(|| milliseconds(self.media_duration, self.timescale)).flatten())
    }

    /// The picture's size in pixels, coded and as shown.
    pub(super) fn picture(&self, movie: &Movie) -> Picture {
        let whole = |fixed: u32| fixed >> 16;
        let mut coded = (u32::from(self.coded.0), u32::from(self.coded.1));
        if coded.0 == 0 || coded.1 == 0 {
            coded = (whole(self.shown.0), whole(self.shown.1));
        }
        let width = (f64::from(coded.0) * self.pixel_ratio(coded)).round().clamp(0.0, f64::from(u32::MAX)) as u32;
        let rotation_degrees = rotation_degrees(product(&self.turn, &movie.turn));
        let displayed = if rotation_degrees.is_multiple_of(180) { (width, coded.1) } else { (coded.1, width) };
        Picture { coded, displayed, rotation_degrees }
    }

    /// Width of a pixel over its height: from `pasp`, else from what `tkhd` makes of the coded picture.
    fn pixel_ratio(&self, coded: (u32, u32)) -> f64 {
        let ratio = |(over, under): (f64, f64)| over / under;
        let by_pixel = self.pixel.map(|(over, under)| ratio((f64::from(over), f64::from(under))));
        let (shown, coded) =
            ((f64::from(self.shown.0), f64::from(self.shown.1)), (f64::from(coded.0), f64::from(coded.1)));
        by_pixel
            .into_iter()
            .chain([ratio(shown) / ratio(coded)])
            .find(|ratio| (1.0 / PIXEL_RATIO_MAX..=PIXEL_RATIO_MAX).contains(ratio))
            .unwrap_or(1.0)
    }
}

/// A duration of all ones says that it is not known.
fn is_known(ticks: u64, version: u8) -> bool {
    ticks != if version == 1 { u64::MAX } else { u64::from(u32::MAX) }
}

/// The turning part of the matrix at a place; upright if the payload ends before.
fn turn_at(bytes: &[u8], at: usize) -> Turn {
    // Two's complement in 16.16 fixed point; as floating point no product of garbage can overflow.
    let number = |index: usize| u32_at(bytes, at + 4 * index).map(|word| f64::from(word.cast_signed()) / 65536.0);
    match (number(0), number(1), number(3), number(4)) {
        (Some(a), Some(b), Some(c), Some(d)) => [[a, b], [c, d]],
        _ => UPRIGHT,
    }
}

fn product(first: &Turn, second: &Turn) -> Turn {
    let cell = |row: usize, column: usize| first[row][0] * second[0][column] + first[row][1] * second[1][column];
    [[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]
}

/// The nearest quarter turn, clockwise; none for a matrix that squeezes the picture to nothing.
fn rotation_degrees([[a, b], [c, d]]: Turn) -> u16 {
    if a * d - b * c == 0.0 {
        return 0;
    }
    match (b.atan2(a).to_degrees() / 90.0).round() as i32 {
        1 => 90,
        2 | -2 => 180,
        -1 => 270,
        _ => 0,
    }
}

/// Sum of the segments of an `elst`, on the movie's clock.
fn read_edits(bytes: &[u8]) -> u64 {
    let version = bytes.first().copied().unwrap_or_default();
    let entry_bytes = if version == 1 { 20 } else { 12 };
    let count = u32_at(bytes, 4).unwrap_or_default().min(EDITS_MAX) as usize;
    (0..count)
        .map_while(|index| wide_at(bytes, 8 + index * entry_bytes, version))
        .fold(0, |sum: u64, ticks| sum.saturating_add(ticks))
}

/// Sum of the sample durations of an `stts`.
fn read_runs(bytes: &[u8]) -> u64 {
    let count = u32_at(bytes, 4).unwrap_or_default().min(RUNS_MAX) as usize;
    (0..count)
        .map_while(|index| u32_at(bytes, 8 + index * 8).zip(u32_at(bytes, 12 + index * 8)))
        .fold(0, |sum: u64, (samples, ticks)| sum.saturating_add(u64::from(samples) * u64::from(ticks)))
}
