//! Sums the media that lies in movie fragments (ISO/IEC 14496-12, 8.8): `moov` then says nothing of its length.

use std::io::{Read, Seek};

use super::{
    Error,
    boxes::{Boxes, Located, milliseconds, u32_at, u64_at, wide_at},
    track::{Movie, Track},
};

/// Bytes of a `trun` that are held at once.
const WINDOW_BYTES: u64 = 16 * 1024;
/// Tracks whose defaults are kept.
const DEFAULTS_MAX: usize = 32;

/// What `mvex` says: the length that the writer promises, and each track's default sample duration.
#[derive(Clone, Debug, Default)]
pub(super) struct Extends {
    promised: u64,
    defaults: Vec<(u32, u32)>,
}

impl Extends {
    pub(super) fn read<R: Read + Seek>(boxes: &mut Boxes<'_, R>, mvex: &Located) -> Result<Self, Error> {
        let mut extends = Self::default();
        for child in boxes.children(mvex.body.clone())? {
            let bytes = boxes.payload(&child, 24)?;
            match &child.kind {
                b"mehd" => {
                    let version = bytes.first().copied().unwrap_or_default();
                    extends.promised = wide_at(&bytes, 4, version).unwrap_or_default();
                }
                b"trex" if extends.defaults.len() < DEFAULTS_MAX => {
                    extends.defaults.extend(u32_at(&bytes, 4).zip(u32_at(&bytes, 12)));
                }
                _ => {}
            }
        }
        Ok(extends)
    }

    fn sample_duration(&self, track: u32) -> u32 {
        self.defaults.iter().find(|(id, _)| *id == track).map_or(0, |(_, ticks)| *ticks)
    }
}

/// How far the fragments of one track reach, in ticks of its media.
struct Reach {
    track: u32,
    timescale: u32,
    /// Where the next run begins unless it says otherwise.
    next: u64,
    end: u64,
}

impl Reach {
    fn append(&mut self, ticks: u64) {
        self.next = self.next.saturating_add(ticks);
        self.end = self.end.max(self.next);
    }
}

/// The end of the track that reaches furthest. Where the fragments are too many to visit, the segment index (`sidx`)
/// or the promise of `mehd` stands in; none if there is neither.
pub(super) fn duration_ms<R: Read + Seek>(
    boxes: &mut Boxes<'_, R>,
    extends: &Extends,
    tracks: &[Track],
    movie: &Movie,
) -> Result<Option<u64>, Error> {
    let mut reaches: Vec<Reach> = tracks
        .iter()
        .map(|track| {
            let end = track.media_duration;
            Reach { track: track.id, timescale: track.timescale, next: end, end }
        })
        .collect();
    let mut indexed_ms = None;
    let whole = match walk(boxes, extends, &mut reaches, &mut indexed_ms) {
        Ok(()) | Err(Error::BoxSize { .. } | Error::CutShort(_)) => true,
        Err(Error::TooManyBoxes | Error::TooManyBytes) => false,
        Err(other) => return Err(other),
    };
    let walked_ms =
        reaches.iter().filter(|reach| reach.end > 0).filter_map(|reach| milliseconds(reach.end, reach.timescale)).max();
    let promised_ms = (extends.promised > 0).then(|| milliseconds(extends.promised, movie.timescale)).flatten();
    Ok(if whole { walked_ms.or(indexed_ms).or(promised_ms) } else { indexed_ms.or(promised_ms) })
}

fn walk<R: Read + Seek>(
    boxes: &mut Boxes<'_, R>,
    extends: &Extends,
    reaches: &mut [Reach],
    indexed_ms: &mut Option<u64>,
) -> Result<(), Error> {
    let mut at = 0;
    while let Some(next) = boxes.next(at, boxes.end())? {
        match &next.kind {
            b"moof" => {
                for traf in boxes.children(next.body.clone())? {
                    if &traf.kind == b"traf" {
                        read_traf(boxes, &traf, extends, reaches)?;
                    }
                }
            }
            b"sidx" if indexed_ms.is_none() => *indexed_ms = read_index(&boxes.payload(&next, u64::MAX)?),
            _ => {}
        }
        at = next.body.end;
    }
    Ok(())
}

fn read_traf<R: Read + Seek>(
    boxes: &mut Boxes<'_, R>,
    traf: &Located,
    extends: &Extends,
    reaches: &mut [Reach],
) -> Result<(), Error> {
    let mut default = 0;
    let mut reach = None;
    for child in boxes.children(traf.body.clone())? {
        match &child.kind {
            b"tfhd" => {
                let bytes = boxes.payload(&child, 40)?;
                let (Some(flags), Some(track)) = (flags(&bytes), u32_at(&bytes, 4)) else { continue };
                let at = 8 + if flags & 0x01 != 0 { 8 } else { 0 } + if flags & 0x02 != 0 { 4 } else { 0 };
                let own = (flags & 0x08 != 0).then(|| u32_at(&bytes, at)).flatten();
                default = own.unwrap_or_else(|| extends.sample_duration(track));
                reach = reaches.iter_mut().find(|reach| reach.track == track);
            }
            b"tfdt" => {
                let bytes = boxes.payload(&child, 12)?;
                let version = bytes.first().copied().unwrap_or_default();
                if let (Some(reach), Some(start)) = (&mut reach, wide_at(&bytes, 4, version)) {
                    reach.next = start;
                }
            }
            b"trun" => {
                let ticks = read_run(boxes, &child, default)?;
                if let Some(reach) = &mut reach {
                    reach.append(ticks);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Sum of the sample durations of one `trun`.
fn read_run<R: Read + Seek>(boxes: &mut Boxes<'_, R>, trun: &Located, default: u32) -> Result<u64, Error> {
    let head = boxes.payload(trun, 8)?;
    let (Some(flags), Some(samples)) = (flags(&head), u32_at(&head, 4)) else { return Ok(0) };
    if flags & 0x100 == 0 {
        return Ok(u64::from(samples) * u64::from(default));
    }
    let optional = |flag: u32| if flags & flag != 0 { 4 } else { 0 };
    let first = trun.body.start + 8 + optional(0x01) + optional(0x04);
    let entry_bytes = 4 + optional(0x200) + optional(0x400) + optional(0x800);
    // The table ends with its box, whatever it claims.
    let mut left = (u64::from(samples) * entry_bytes).min(trun.body.end.saturating_sub(first));
    let mut at = first;
    let mut ticks: u64 = 0;
    while left >= entry_bytes {
        let window = left.min(WINDOW_BYTES / entry_bytes * entry_bytes);
        let bytes = boxes.bytes(at..at + window, window)?;
        for entry in bytes.chunks_exact(entry_bytes as usize) {
            ticks = ticks.saturating_add(u64::from(u32_at(entry, 0).unwrap_or_default()));
        }
        at += window;
        left -= window;
    }
    Ok(ticks)
}

/// Length of all segments of a `sidx` that refers to media.
fn read_index(bytes: &[u8]) -> Option<u64> {
    let version = *bytes.first()?;
    let timescale = u32_at(bytes, 8)?;
    let (start, table) = if version == 0 { (u64::from(u32_at(bytes, 12)?), 24) } else { (u64_at(bytes, 12)?, 32) };
    let ticks = bytes
        .get(table..)?
        .chunks_exact(12)
        .fold(start, |sum, entry| sum.saturating_add(u64::from(u32_at(entry, 4).unwrap_or_default())));
    milliseconds(ticks, timescale)
}

fn flags(bytes: &[u8]) -> Option<u32> {
    u32_at(bytes, 0).map(|word| word & 0x00ff_ffff)
}
