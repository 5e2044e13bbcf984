//! Writes a document anew: balanced, nested as a browser would nest it, within bounds, pictures resolved. What follows
//! parses it; whatever the mail's own markup was, this is all that it gets to see.

use std::collections::{HashMap, HashSet};

use super::{
    LINK, PAGE_BYTES_MAX, PICTURES_MAX,
    elements::{Element, GENERIC_ATTRIBUTES, HIDDEN, Kind, named},
    values::is_path,
};
use crate::tags::{Piece, Pieces, attributes};

/// Elements within each other. Browsers stop at 512, and a mail of tables within tables needs some hundred.
const DEPTH_MAX: usize = 256;
/// Elements in all.
const ELEMENTS_MAX: usize = 30_000;
/// Bytes of one attribute.
const VALUE_BYTES_MAX: usize = 4 << 10;
/// Bytes that are written. What follows adds to styles and numbers, and the whole has its bound too.
const BYTES_MAX: usize = PAGE_BYTES_MAX * 3 / 4;

const REMOTE: &str = "〔远程图片未加载〕";
const NOT_SHOWN: &str = "〔图片未显示〕";

/// A document, written anew.
#[derive(Debug, Default)]
pub struct Rewritten {
    pub html: String,
    pub pictures: Vec<String>,
    pub remote_pictures: u32,
    pub truncated: bool,
    /// Neither text nor a picture.
    pub is_empty: bool,
}

/// Writes it anew. `pictures` holds paths of parts by Content-ID.
#[must_use]
pub fn rewrite(html: &str, pictures: &HashMap<String, String>) -> Rewritten {
    let mut writer = Writer {
        out: Rewritten { is_empty: true, ..Rewritten::default() },
        stack: Vec::new(),
        skipped: HashMap::new(),
        elements: 0,
        pre_begins: None,
        pictures,
        paths: pictures.values().map(String::as_str).collect(),
    };
    for piece in Pieces::new(html, &HIDDEN) {
        match piece {
            Piece::Text(text) => writer.text(text),
            Piece::Open { name, rest } => {
                if let Some(element) = named(&name) {
                    writer.open(element, rest);
                }
            }
            Piece::Close { name } => {
                if let Some(element) = named(&name) {
                    writer.close(element);
                }
            }
        }
        if writer.elements >= ELEMENTS_MAX || writer.out.html.len() >= BYTES_MAX {
            writer.out.truncated = true;
            break;
        }
    }
    writer.close_down_to(0);
    writer.out
}

struct Writer<'p> {
    out: Rewritten,
    stack: Vec<&'static Element>,
    /// Tags beyond the depth, whose end tags must close nothing else.
    skipped: HashMap<&'static str, usize>,
    elements: usize,
    /// Bytes written up to the last `<pre>` and with it.
    pre_begins: Option<usize>,
    pictures: &'p HashMap<String, String>,
    paths: HashSet<&'p str>,
}

impl Writer<'_> {
    fn text(&mut self, text: &str) {
        // A parser takes away the line end behind `<pre>`; without any it takes nothing when it reads again. Controls are
        // not written, and would hide one.
        let begins_pre = self.pre_begins == Some(self.out.html.len());
        let text = if begins_pre { text.trim_start_matches(|it: char| it.is_control() && it != '\t') } else { text };
        if text.is_empty() {
            return;
        }
        if !is_blank(text) {
            self.open_cell();
            self.out.is_empty = false;
        }
        self.out.truncated |= !escape(text, &mut self.out.html);
    }

    fn open(&mut self, element: &'static Element, rest: &str) {
        let is_place = match element.kind {
            Kind::Caption | Kind::Columns | Kind::Column | Kind::Section | Kind::Row | Kind::Cell => {
                self.place_in_table(element.kind)
            }
            // Between the cells of a table there is no text to be emphasised.
            Kind::Phrase | Kind::Anchor | Kind::Break if self.is_between_cells() => false,
            kind => {
                self.place_in_flow(kind);
                true
            }
        };
        if !is_place {
            return;
        }
        match element.kind {
            Kind::Picture => return self.picture(element, rest),
            Kind::Column | Kind::Break | Kind::Rule => return self.write(element, rest),
            _ => {}
        }
        if self.stack.len() >= DEPTH_MAX {
            *self.skipped.entry(element.name).or_default() += 1;
            return;
        }
        self.push(element, rest);
        if element.name == "pre" {
            self.pre_begins = Some(self.out.html.len());
        }
    }

    fn close(&mut self, element: &'static Element) {
        if let Some(skipped) = self.skipped.get_mut(element.name).filter(|skipped| **skipped > 0) {
            *skipped -= 1;
            return;
        }
        // An end tag closes nothing beyond the cell or the table that it stands in.
        let floor = match element.kind {
            Kind::Table => 0,
            Kind::Caption | Kind::Columns | Kind::Section | Kind::Row | Kind::Cell => self.table().unwrap_or(0),
            _ => self.floor(),
        };
        let at = self.stack[floor..].iter().rposition(|open| open.name == element.name);
        if let Some(at) = at {
            self.close_down_to(floor + at);
        }
    }

    /// Where the contents of the innermost cell begin.
    fn floor(&self) -> usize {
        let cell = self.stack.iter().rposition(|open| matches!(open.kind, Kind::Cell | Kind::Caption | Kind::Table));
        cell.map_or(0, |cell| cell + 1)
    }

    /// Where the innermost table stands.
    fn table(&self) -> Option<usize> {
        self.stack.iter().rposition(|open| open.kind == Kind::Table)
    }

    fn is_between_cells(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|open| matches!(open.kind, Kind::Table | Kind::Section | Kind::Row | Kind::Columns))
    }

    /// Opens the cell that text between cells is meant for.
    fn open_cell(&mut self) {
        if self.is_between_cells() && self.place_in_table(Kind::Cell) {
            self.imply("td");
        }
    }

    /// Closes and opens what stands between the table and such a part of it; false without a table.
    fn place_in_table(&mut self, kind: Kind) -> bool {
        let Some(table) = self.table() else { return false };
        let is = |at: usize, kind: Kind, stack: &[&Element]| stack.get(at).is_some_and(|open| open.kind == kind);
        let group = if kind == Kind::Column { Kind::Columns } else { Kind::Section };
        if !matches!(kind, Kind::Column | Kind::Row | Kind::Cell) || !is(table + 1, group, &self.stack) {
            self.close_down_to(table + 1);
        }
        match kind {
            Kind::Column => {
                self.close_down_to(table + 2);
                if self.stack.len() == table + 1 {
                    self.imply("colgroup");
                }
            }
            Kind::Row | Kind::Cell => {
                if self.stack.len() == table + 1 {
                    self.imply("tbody");
                }
                let has_row = kind == Kind::Cell && is(table + 2, Kind::Row, &self.stack);
                self.close_down_to(table + 2 + usize::from(has_row));
                if kind == Kind::Cell && !has_row {
                    self.imply("tr");
                }
            }
            _ => {}
        }
        true
    }

    fn place_in_flow(&mut self, kind: Kind) {
        self.open_cell();
        let floor = self.floor();
        let open = |stack: &[&Element], kind: Kind, until: Option<Kind>| {
            let inner = stack[floor..].iter().rposition(|open| Some(open.kind) == until).map_or(0, |at| at + 1);
            stack[floor + inner..].iter().position(|open| open.kind == kind).map(|at| floor + inner + at)
        };
        let ends = match kind {
            Kind::Phrase | Kind::Picture | Kind::Break => None,
            Kind::Anchor => open(&self.stack, Kind::Anchor, None),
            Kind::Item | Kind::Term => open(&self.stack, kind, Some(Kind::List)),
            _ => None,
        };
        if let Some(at) = ends {
            self.close_down_to(at);
        }
        if !matches!(kind, Kind::Phrase | Kind::Picture | Kind::Break | Kind::Anchor)
            && let Some(at) = open(&self.stack, Kind::Paragraph, None)
        {
            self.close_down_to(at);
        }
        if kind == Kind::Heading && self.stack.last().is_some_and(|open| open.kind == Kind::Heading) {
            self.close_down_to(self.stack.len() - 1);
        }
    }

    fn imply(&mut self, name: &str) {
        if let Some(element) = named(name) {
            self.push(element, "");
        }
    }

    fn push(&mut self, element: &'static Element, rest: &str) {
        self.write(element, rest);
        self.stack.push(element);
    }

    fn close_down_to(&mut self, depth: usize) {
        while self.stack.len() > depth
            && let Some(element) = self.stack.pop()
        {
            self.out.html.extend(["</", element.name, ">"]);
        }
    }

    fn write(&mut self, element: &'static Element, rest: &str) {
        self.elements += 1;
        let mut written: Vec<&str> = Vec::new();
        self.out.html.extend(["<", element.name]);
        if element.kind == Kind::Anchor {
            LINK.into_iter().for_each(|(name, value)| self.attribute(name, value));
        }
        for (name, value) in attributes(rest) {
            let known = GENERIC_ATTRIBUTES.iter().chain(element.attributes).find(|known| **known == name);
            let Some(known) = known.filter(|known| !written.contains(known) && value.len() <= VALUE_BYTES_MAX) else {
                continue;
            };
            written.push(known);
            self.attribute(known, value);
        }
        self.out.html.push('>');
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.html.extend([" ", name, "=\""]);
        escape(value, &mut self.out.html);
        self.out.html.push('"');
    }

    fn picture(&mut self, element: &'static Element, rest: &str) {
        self.elements += 1;
        let mut found: HashMap<String, &str> = HashMap::new();
        for (name, value) in attributes(rest) {
            found.entry(name).or_insert(value);
        }
        let src = found.get("src").map_or("", |src| src.trim());
        match self.path(src) {
            Some(path) => {
                self.out.html.extend(["<", element.name, " src=\"part/", &path, "\""]);
                for name in ["alt", "width", "height", "align", "style"] {
                    if let Some(value) = found.get(name).filter(|value| value.len() <= VALUE_BYTES_MAX) {
                        self.attribute(name, value);
                    }
                }
                self.out.html.push('>');
                self.out.is_empty = false;
                if !self.out.pictures.contains(&path) {
                    self.out.pictures.push(path);
                }
            }
            None if is_remote(src) || found.contains_key("srcset") => {
                self.out.remote_pictures = self.out.remote_pictures.saturating_add(1);
                // One pixel is no picture but a way to learn who reads.
                let is_dot = |name: &str| found.get(name).is_some_and(|value| matches!(value.trim(), "0" | "1"));
                if !is_dot("width") && !is_dot("height") {
                    self.out.html.push_str(REMOTE);
                }
            }
            None if src.is_empty() => {}
            None => self.out.html.push_str(NOT_SHOWN),
        }
    }

    /// The part that an address means: by a Content-ID (RFC 2392), or as we write it ourselves.
    fn path(&self, src: &str) -> Option<String> {
        let known = match src.strip_prefix("part/").filter(|path| is_path(path)) {
            Some(path) => self.paths.get(path).map(|path| (*path).to_owned()),
            None => {
                let (scheme, id) = src.split_at_checked(4)?;
                let id = id.replace("%40", "@").replace("&#64;", "@").replace("&amp;", "&").to_lowercase();
                self.pictures.get(id.trim()).filter(|_| scheme.eq_ignore_ascii_case("cid:")).cloned()
            }
        }?;
        (self.out.pictures.contains(&known) || self.out.pictures.len() < PICTURES_MAX).then_some(known)
    }
}

fn is_remote(src: &str) -> bool {
    let begins = |prefix: &str| src.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    !src.is_empty() && !["cid:", "data:", "mid:", "part/"].into_iter().any(begins)
}

/// Whether nothing of a text can be seen, as [`escape`] writes it.
fn is_blank(text: &str) -> bool {
    let unseen = |it: char| it == ' ' || it.is_control();
    let mut rest = text.trim_start_matches(unseen);
    while let Some((name, true)) = rest.starts_with('&').then(|| reference(rest)).flatten() {
        rest = rest[name.len() + 2..].trim_start_matches(unseen);
    }
    rest.is_empty()
}

/// Writes a text or a value with nothing in it that ends it, as far as the bound goes; tells whether that was all. Whole
/// character references stay, any other `&` is one.
fn escape(text: &str, out: &mut String) -> bool {
    let mut rest = text;
    while out.len() < BYTES_MAX {
        let special = |it: char| matches!(it, '&' | '<' | '>' | '"' | '\u{a0}') || it.is_control();
        let plain = rest.find(special).unwrap_or(rest.len());
        let cut = rest.floor_char_boundary(plain.min(BYTES_MAX - out.len()));
        out.push_str(&rest[..cut]);
        if cut < plain {
            return false;
        }
        rest = &rest[plain..];
        let Some(it) = rest.chars().next() else { return true };
        let mut length = it.len_utf8();
        match it {
            '&' => match reference(rest) {
                // A line end or a tab that is written as a reference would be taken for the one that follows `<pre>`.
                Some((name, true)) => {
                    out.push(' ');
                    length = name.len() + 2;
                }
                Some((name, false)) => {
                    out.extend(["&", name, ";"]);
                    length = name.len() + 2;
                }
                None => out.push_str("&amp;"),
            },
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '\t' | '\n' => out.push(it),
            _ => {}
        }
        rest = &rest[length..];
    }
    rest.is_empty()
}

/// The name or number of the whole character reference that the text begins with, and whether it stands for a control
/// character.
fn reference(text: &str) -> Option<(&str, bool)> {
    const NAME_BYTES_MAX: usize = 32;
    let end = text.bytes().take(NAME_BYTES_MAX + 2).position(|it| it == b';')?;
    let name = &text[1..end];
    let Some(number) = name.strip_prefix('#') else {
        let is_name =
            name.starts_with(|it: char| it.is_ascii_alphabetic()) && name.bytes().all(|it| it.is_ascii_alphanumeric());
        return is_name.then_some((name, matches!(name, "NewLine" | "Tab")));
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 6),
        None => number.parse().ok().filter(|_| number.len() <= 7),
    };
    let is_plain = number.bytes().all(|it| it.is_ascii_alphanumeric());
    code.filter(|_| is_plain).map(|code| (name, code < 32))
}
