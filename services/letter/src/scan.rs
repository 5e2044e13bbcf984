//! One pass over the raw mail that finds its shape and breaks off at the first broken bound: headers, levels, parts,
//! and where the bytes of each leaf lie. Nothing recurses, nothing is decoded, no body is held.
//!
//! Mails inside mails (`message/rfc822`) are leaves: a forwarded mail is one attachment of its author. Only their depth
//! is counted, because whoever opens such a part with an ordinary parser would fall into it.

use std::ops::Range;

use intake::letter::Fault;

use crate::{
    error::Error,
    headers::{self, Field},
    limits::Limits,
    names::Parameters,
    source::Source,
};

/// Boundaries are at most 70 characters (RFC 2046 §5.1.1); some mailers do not know that.
const BOUNDARY_BYTES_MAX: usize = 1_000;
/// How far the boundary of a multipart that does not name it is looked for.
const BOUNDARY_SEARCH_BYTES: u64 = 64 << 10;

/// A part: a container or a leaf.
#[derive(Debug)]
pub struct Node {
    /// The container that it lies in.
    pub parent: Option<usize>,
    /// Its place as IMAP counts (RFC 9051 §6.4.5): `2.1`; empty for a container at the top.
    pub path: String,
    /// `Content-*` fields only, except at the top.
    pub fields: Vec<Field>,
    /// The media type, lower case, after defaults.
    pub media_type: String,
    /// Whether it holds parts.
    pub is_container: bool,
    /// Where the encoded content lies in the raw mail.
    pub range: Range<u64>,
}

/// The shape of a mail. The first node is the mail itself.
#[derive(Debug)]
pub struct Scan {
    /// All parts in the order of the mail.
    pub nodes: Vec<Node>,
    /// What was amiss with the shape.
    pub faults: Vec<Fault>,
}

impl Scan {
    /// The leaves, in the order of the mail.
    pub fn leaves(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&at| !self.nodes[at].is_container)
    }

    /// The outermost `multipart/alternative` around a node.
    #[must_use]
    pub fn alternative_around(&self, node: usize) -> Option<usize> {
        let parents = std::iter::successors(self.nodes[node].parent, |&it| self.nodes[it].parent);
        parents.filter(|&it| self.nodes[it].media_type == "multipart/alternative").last()
    }
}

struct Open {
    node: usize,
    boundary: Vec<u8>,
    body_at: u64,
    children: usize,
}

struct Scanner<'s> {
    source: &'s mut Source,
    limits: &'s Limits,
    nodes: Vec<Node>,
    open: Vec<Open>,
    part_header_bytes: usize,
    faults: Vec<Fault>,
}

/// Finds the shape of a mail.
///
/// # Errors
/// A broken bound, or a file that cannot be read.
pub fn scan(source: &mut Source, limits: &Limits) -> Result<Scan, Error> {
    let scanner =
        Scanner { source, limits, nodes: Vec::new(), open: Vec::new(), part_header_bytes: 0, faults: Vec::new() };
    scanner.run()
}

const READ: &str = "read the raw mail";

impl Scanner<'_> {
    fn run(mut self) -> Result<Scan, Error> {
        let at = self.beginning()?;
        let (block, body_at, _) = self.header(at, self.limits.header_bytes_max, "the mail's header", true)?;
        let fields = headers::fields(&block);
        // A text without any header is still a text.
        let body_at = if fields.is_empty() && !block.is_empty() { at } else { body_at };
        let mut leaf = self.enter(None, fields, body_at)?;
        let (mut at, mut at_line_start) = (body_at, true);
        while !self.open.is_empty() {
            let Some(line_at) = self.source.dashes(at, at_line_start).map_err(Error::io(READ))? else { break };
            let Some((level, is_last, after)) = self.boundary(line_at)? else {
                (at, at_line_start) = (line_at + 2, false);
                continue;
            };
            let content_at = leaf.map(|node| self.nodes[node].range.start);
            if let (Some(node), Some(begin)) = (leaf.take(), content_at) {
                self.nodes[node].range.end = self.end_before(line_at, begin)?;
            }
            while self.open.len() > level + 1 {
                self.close(line_at)?;
            }
            (at, at_line_start) = (after, true);
            if is_last {
                self.close(line_at)?;
                continue;
            }
            let left = self.limits.part_header_bytes_max - self.part_header_bytes;
            let (block, body_at, _) = self.header(after, left, "the headers of all parts", false)?;
            self.part_header_bytes += block.len();
            let mut fields = headers::fields(&block);
            fields.retain(|field| field.name.starts_with("content-"));
            leaf = self.enter(Some(level), fields, body_at)?;
            // A boundary right behind the header must be found again, so the search starts on its line.
            at = body_at;
        }
        let size = self.source.size();
        if let Some(node) = leaf {
            self.nodes[node].range.end = size.max(self.nodes[node].range.start);
        }
        if let Some(outer) = self.open.first().map(|open| self.nodes[open.node].path.clone()) {
            self.fault("end_missing", &outer, "the mail breaks off before its last boundary");
        }
        while !self.open.is_empty() {
            self.close(size)?;
        }
        Ok(Scan { nodes: self.nodes, faults: self.faults })
    }

    /// Where the header begins: behind a byte order mark, an mbox `From ` line and blank lines, each seen in mails that
    /// passed through somebody's script.
    fn beginning(&mut self) -> Result<u64, Error> {
        let mut at = 0;
        if self.source.peek(0, 3).map_err(Error::io(READ))?.starts_with(b"\xef\xbb\xbf") {
            at = 3;
        }
        let text_at = at;
        for _ in 0..1_000 {
            let mut line = Vec::new();
            let next = self.source.line(at, &mut line, 4096).map_err(Error::io(READ))?;
            let Some(next) = next.filter(|&next| next > at) else { break };
            let is_mbox = line.starts_with(b"From ") || line.starts_with(b">From ");
            if !line.trim_ascii().is_empty() && !is_mbox {
                // Blank lines before what is no header are the end of an empty one.
                return Ok(if headers::split(line.trim_ascii_end()).is_some() { at } else { text_at });
            }
            at = next;
        }
        Ok(at)
    }

    /// Reads a header block: its bytes, where the body begins, and whether a boundary cut it off.
    fn header(&mut self, at: u64, bytes_max: usize, what: &str, is_top: bool) -> Result<(Vec<u8>, u64, bool), Error> {
        let (mut block, mut at, mut fields) = (Vec::new(), at, 0_usize);
        loop {
            let line_begin = block.len();
            let Some(next) = self.source.line(at, &mut block, bytes_max).map_err(Error::io(READ))? else {
                let detail = format!("more than {bytes_max} bytes in {what} (bound {bytes_max})");
                return Err(Error::refused("header_too_large", detail));
            };
            let line = &block[line_begin..];
            if next == at {
                return Ok((block, at, false));
            }
            let text = line.trim_ascii_end();
            if text.is_empty() && !line.starts_with(b" ") && !line.starts_with(b"\t") {
                block.truncate(line_begin);
                return Ok((block, next, false));
            }
            if line.starts_with(b"--") && self.boundary(at)?.is_some() {
                block.truncate(line_begin);
                return Ok((block, at, true));
            }
            if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                // A part that begins with its text has neither header nor blank line.
                if !is_top && fields == 0 && headers::split(text).is_none() {
                    block.truncate(line_begin);
                    return Ok((block, at, false));
                }
                fields += 1;
            }
            if fields > self.limits.headers_max {
                let bound = self.limits.headers_max;
                let detail = format!("more than {bound} fields in one header (bound {bound})");
                return Err(Error::refused("too_many_headers", detail));
            }
            at = next;
        }
    }

    /// Adds a part and gives it back if it is a leaf.
    fn enter(&mut self, level: Option<usize>, fields: Vec<Field>, body_at: u64) -> Result<Option<usize>, Error> {
        if self.nodes.len() >= self.limits.parts_max {
            let bound = self.limits.parts_max;
            return Err(Error::refused("too_many_parts", format!("more than {bound} parts (bound {bound})")));
        }
        let node = self.nodes.len();
        let parent = level.map(|level| self.open[level].node);
        let number = level.map_or(1, |level| {
            self.open[level].children += 1;
            self.open[level].children
        });
        let above = parent.map_or("", |parent| self.nodes[parent].path.as_str());
        let path = if above.is_empty() { number.to_string() } else { format!("{above}.{number}") };
        let kind = Parameters::of(headers::first(&fields, "content-type"), None);
        let in_digest = parent.is_some_and(|parent| self.nodes[parent].media_type == "multipart/digest");
        // RFC 2046 §5.1.5.
        let default = if in_digest && kind.value.is_empty() { "message/rfc822" } else { "text/plain" };
        let media_type = kind.media_type(default);
        let mut boundary = None;
        if media_type.starts_with("multipart/") {
            boundary = match kind.raw("boundary").map(str::trim_end) {
                Some(named) if !named.is_empty() && named.len() <= BOUNDARY_BYTES_MAX => {
                    Some(named.as_bytes().to_vec())
                }
                _ => {
                    self.fault("boundary_missing", &path, "the multipart names no boundary");
                    self.boundary_guessed(body_at)?
                }
            };
        }
        let is_container = boundary.is_some();
        if is_container || media_type == "message/rfc822" {
            let levels = self.open.len() + 1 + if is_container { 0 } else { self.mails_within(body_at)? };
            if levels > self.limits.depth_max {
                let bound = self.limits.depth_max;
                return Err(Error::refused("too_deep", format!("more than {bound} levels (bound {bound})")));
            }
        }
        let path = if is_container && parent.is_none() { String::new() } else { path };
        let media_type =
            if media_type.starts_with("multipart/") && !is_container { "text/plain".to_owned() } else { media_type };
        self.nodes.push(Node { parent, path, fields, media_type, is_container, range: body_at..body_at });
        if let Some(boundary) = boundary {
            self.open.push(Open { node, boundary, body_at, children: 0 });
            return Ok(None);
        }
        Ok(Some(node))
    }

    /// How many further mails are nested right at the beginning of one.
    fn mails_within(&mut self, at: u64) -> Result<usize, Error> {
        let mut at = at;
        for depth in 0..=self.limits.depth_max {
            match self.header(at, self.limits.header_bytes_max, "a mail within", true) {
                Ok((block, body_at, false)) if body_at > at => {
                    let fields = headers::fields(&block);
                    let kind = Parameters::of(headers::first(&fields, "content-type"), None);
                    if kind.value != "message/rfc822" {
                        return Ok(depth);
                    }
                    at = body_at;
                }
                Ok(_) | Err(Error::Refused(_)) => return Ok(depth),
                Err(failure) => return Err(failure),
            }
        }
        Ok(self.limits.depth_max)
    }

    /// Reads the line at `line_at` as a boundary: its level, whether it is the last of its multipart, where the next
    /// line begins. The innermost multipart is asked first.
    fn boundary(&mut self, line_at: u64) -> Result<Option<(usize, bool, u64)>, Error> {
        let mut line = Vec::new();
        let bound = BOUNDARY_BYTES_MAX + 100;
        let Some(after) = self.source.line(line_at, &mut line, bound).map_err(Error::io(READ))? else {
            return Ok(None);
        };
        let Some(text) = line.trim_ascii_end().strip_prefix(b"--") else { return Ok(None) };
        let found = self.open.iter().rposition(|open| {
            let rest = text.strip_prefix(open.boundary.as_slice());
            rest.is_some_and(|rest| rest.is_empty() || rest == b"--")
        });
        Ok(found.map(|level| (level, text.len() > self.open[level].boundary.len(), after)))
    }

    /// The first line that looks like a boundary.
    fn boundary_guessed(&mut self, body_at: u64) -> Result<Option<Vec<u8>>, Error> {
        let mut at = body_at;
        let mut at_line_start = true;
        while let Some(line_at) = self.source.dashes(at, at_line_start).map_err(Error::io(READ))? {
            if line_at > body_at + BOUNDARY_SEARCH_BYTES {
                break;
            }
            let mut line = Vec::new();
            if self.source.line(line_at, &mut line, BOUNDARY_BYTES_MAX).map_err(Error::io(READ))?.is_some() {
                let text = line.trim_ascii_end();
                let is_plausible = text.len() > 6 && text.iter().all(u8::is_ascii_graphic);
                if is_plausible && text.iter().any(|&byte| byte != b'-') && self.boundary(line_at)?.is_none() {
                    return Ok(Some(text[2..].to_vec()));
                }
            }
            (at, at_line_start) = (line_at + 2, false);
        }
        Ok(None)
    }

    /// Closes the innermost multipart; one in which no part began is a text.
    fn close(&mut self, line_at: u64) -> Result<(), Error> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if open.children > 0 {
            self.nodes[open.node].range.end = line_at.max(open.body_at);
            return Ok(());
        }
        let end = if line_at == self.source.size() { line_at } else { self.end_before(line_at, open.body_at)? };
        let node = &mut self.nodes[open.node];
        node.range.end = end.max(open.body_at);
        node.is_container = false;
        node.media_type = "text/plain".into();
        if node.path.is_empty() {
            node.path = "1".into();
        }
        let path = node.path.clone();
        self.fault("boundary_missing", &path, "no part begins in the multipart");
        Ok(())
    }

    fn end_before(&mut self, line_at: u64, begin: u64) -> Result<u64, Error> {
        self.source.before_line_end(line_at, begin).map_err(Error::io(READ))
    }

    fn fault(&mut self, code: &str, place: &str, detail: &str) {
        if self.faults.len() < self.limits.faults_max {
            self.faults.push(Fault { code: code.into(), place: place.into(), detail: detail.into() });
        }
    }
}
