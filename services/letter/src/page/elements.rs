//! The elements of a page, how each nests, and which attributes it may have.

/// How an element nests, as far as a parser closes or adds something by itself (HTML §13.2.6.4.7 and on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Within a line.
    Phrase,
    /// Within a line, and never within another one.
    Anchor,
    /// Ends a paragraph.
    Block,
    /// A paragraph.
    Paragraph,
    /// A heading: never directly within another one.
    Heading,
    /// Holds list items.
    List,
    /// A list item.
    Item,
    /// A term or its description.
    Term,
    /// A table.
    Table,
    /// Its caption.
    Caption,
    /// A group of columns.
    Columns,
    /// A column, without content.
    Column,
    /// A group of rows.
    Section,
    /// A row.
    Row,
    /// A cell.
    Cell,
    /// Within a line, without content.
    Break,
    /// Ends a paragraph, without content.
    Rule,
    /// A picture.
    Picture,
}

/// An element of a page.
#[derive(Debug)]
pub struct Element {
    /// Its name.
    pub name: &'static str,
    /// How it nests.
    pub kind: Kind,
    /// What it may have beside [`GENERIC_ATTRIBUTES`].
    pub attributes: &'static [&'static str],
}

/// What every element may have.
pub const GENERIC_ATTRIBUTES: [&str; 3] = ["align", "dir", "style"];

const fn of(name: &'static str, kind: Kind, attributes: &'static [&'static str]) -> Element {
    Element { name, kind, attributes }
}

const CELL: &[&str] = &["bgcolor", "colspan", "height", "rowspan", "valign", "width"];

/// Every element of a page. No `form`, nothing embedded, no foreign content, no style sheet: a name that is not here
/// loses its tags, and its text stays.
pub const ELEMENTS: [Element; 62] = [
    of("a", Kind::Anchor, &["href"]),
    of("abbr", Kind::Phrase, &[]),
    of("address", Kind::Block, &[]),
    of("article", Kind::Block, &[]),
    of("b", Kind::Phrase, &[]),
    of("bdi", Kind::Phrase, &[]),
    of("big", Kind::Phrase, &[]),
    of("blockquote", Kind::Block, &[]),
    of("br", Kind::Break, &[]),
    of("caption", Kind::Caption, &[]),
    of("center", Kind::Block, &[]),
    of("cite", Kind::Phrase, &[]),
    of("code", Kind::Phrase, &[]),
    of("col", Kind::Column, &["span", "width"]),
    of("colgroup", Kind::Columns, &["span", "width"]),
    of("dd", Kind::Term, &[]),
    of("del", Kind::Phrase, &[]),
    of("div", Kind::Block, &[]),
    of("dl", Kind::List, &[]),
    of("dt", Kind::Term, &[]),
    of("em", Kind::Phrase, &[]),
    of("figcaption", Kind::Block, &[]),
    of("figure", Kind::Block, &[]),
    of("font", Kind::Phrase, &["color", "face", "size"]),
    of("footer", Kind::Block, &[]),
    of("h1", Kind::Heading, &[]),
    of("h2", Kind::Heading, &[]),
    of("h3", Kind::Heading, &[]),
    of("h4", Kind::Heading, &[]),
    of("h5", Kind::Heading, &[]),
    of("h6", Kind::Heading, &[]),
    of("header", Kind::Block, &[]),
    of("hr", Kind::Rule, &["color", "size", "width"]),
    of("i", Kind::Phrase, &[]),
    of("img", Kind::Picture, &["alt", "height", "src", "width"]),
    of("ins", Kind::Phrase, &[]),
    of("li", Kind::Item, &["value"]),
    of("main", Kind::Block, &[]),
    of("mark", Kind::Phrase, &[]),
    of("ol", Kind::List, &["start", "type"]),
    of("p", Kind::Paragraph, &[]),
    of("pre", Kind::Block, &[]),
    of("q", Kind::Phrase, &[]),
    of("s", Kind::Phrase, &[]),
    of("section", Kind::Block, &[]),
    of("small", Kind::Phrase, &[]),
    of("span", Kind::Phrase, &[]),
    of("strike", Kind::Phrase, &[]),
    of("strong", Kind::Phrase, &[]),
    of("sub", Kind::Phrase, &[]),
    of("sup", Kind::Phrase, &[]),
    of("table", Kind::Table, &["bgcolor", "border", "cellpadding", "cellspacing", "width"]),
    of("tbody", Kind::Section, &["bgcolor", "valign"]),
    of("td", Kind::Cell, CELL),
    of("tfoot", Kind::Section, &["bgcolor", "valign"]),
    of("th", Kind::Cell, CELL),
    of("thead", Kind::Section, &["bgcolor", "valign"]),
    of("tr", Kind::Row, &["bgcolor", "height", "valign"]),
    of("tt", Kind::Phrase, &[]),
    of("u", Kind::Phrase, &[]),
    of("ul", Kind::List, &["type"]),
    of("wbr", Kind::Break, &[]),
];

/// The element of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Element> {
    ELEMENTS.binary_search_by(|element| element.name.cmp(name)).ok().map(|at| &ELEMENTS[at])
}

/// Elements that are left out with all that they hold: nobody sees it, or it is none of the letter's words.
pub const HIDDEN: [&str; 23] = [
    "applet", "audio", "canvas", "datalist", "embed", "frameset", "head", "iframe", "math", "noembed", "noframes",
    "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "title", "video", "xml", "xmp",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elements_are_in_order_and_none_of_them_is_hidden() {
        assert!(ELEMENTS.is_sorted_by(|one, next| one.name < next.name));
        assert!(ELEMENTS.iter().all(|element| !HIDDEN.contains(&element.name)));
        assert!(ELEMENTS.iter().all(|element| named(element.name).is_some_and(|found| found.name == element.name)));
    }
}
