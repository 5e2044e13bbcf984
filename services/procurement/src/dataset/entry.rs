//! One entry of a data file: its fields are taken one by one, each mistake names file, entry and field, none is left over.

use std::{fmt::Display, str::FromStr};

use stdx::Sha256;

use super::{Known, SourceDocument};
use crate::{error::Error, figure::Source};

/// A text of an entry may have this many characters.
const TEXT_CHARACTERS_MAX: usize = 2_000;
/// A list of an entry may have this many members.
const LIST_MAX: usize = 64;

/// What the entries of one file share: the sources they quote, the ids they have and refer to.
pub(super) struct Shelf<'a> {
    file: &'a str,
    texts: &'a [(&'a str, &'a str)],
    sources: Vec<(String, &'a str)>,
    known: Known,
    references: Vec<Reference>,
}

struct Reference {
    entry: String,
    field: &'static str,
    kinds: &'static [&'static str],
    id: String,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(file: &'a str, texts: &'a [(&'a str, &'a str)]) -> Self {
        Self { file, texts, sources: Vec::new(), known: Known::new(), references: Vec::new() }
    }

    /// Entries refer to one another in any order, so this comes last.
    pub(super) fn check_references(&self) -> Result<(), Error> {
        for Reference { entry, field, kinds, id } in &self.references {
            let found =
                self.known.iter().any(|(kind, ids)| (kinds.is_empty() || kinds.contains(kind)) && ids.contains(id));
            if !found {
                let kinds = if kinds.is_empty() { "entry".to_owned() } else { kinds.join(" or ") };
                return Err(Error::data(self.file, entry, field, format!("there is no {kinds} {id}")));
            }
        }
        Ok(())
    }
}

/// An entry whose fields are being taken.
pub(super) struct Entry<'s, 'a> {
    shelf: &'s mut Shelf<'a>,
    kind: &'static str,
    name: String,
    id: Option<String>,
    fields: toml::Table,
}

impl<'s, 'a> Entry<'s, 'a> {
    pub(super) fn open(
        shelf: &'s mut Shelf<'a>,
        kind: &'static str,
        index: usize,
        value: toml::Value,
    ) -> Result<Self, Error> {
        let numbered = format!("{kind} number {}", index + 1);
        let toml::Value::Table(fields) = value else {
            return Err(Error::data(shelf.file, &numbered, "entry", "must be a table"));
        };
        let name = match fields.get("id") {
            Some(toml::Value::String(id)) if !id.is_empty() => format!("{kind} {id}"),
            _ => numbered,
        };
        Ok(Self { shelf, kind, name, id: None, fields })
    }

    pub(super) fn wrong(&self, field: &str, reason: impl Display) -> Error {
        Error::data(self.shelf.file, &self.name, field, reason)
    }

    /// Refuses fields that nobody took.
    pub(super) fn close(self) -> Result<(), Error> {
        match self.fields.keys().next() {
            Some(field) => Err(self.wrong(field, format!("is no field of a {}", self.kind))),
            None => Ok(()),
        }
    }

    /// The id, which no other entry of the file has.
    pub(super) fn id(&mut self) -> Result<String, Error> {
        let id = self.text("id")?;
        if self.shelf.known.values().any(|ids| ids.contains(&id)) {
            return Err(self.wrong("id", "another entry has it"));
        }
        self.shelf.known.entry(self.kind).or_default().insert(id.clone());
        self.id = Some(id.clone());
        Ok(id)
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<String, Error> {
        self.optional_text(field)?.ok_or_else(|| self.wrong(field, "is missing"))
    }

    pub(super) fn optional_text(&mut self, field: &'static str) -> Result<Option<String>, Error> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(value) => self.checked(field, value).map(Some),
        }
    }

    fn checked(&self, field: &str, value: toml::Value) -> Result<String, Error> {
        let toml::Value::String(text) = value else { return Err(self.wrong(field, "must be a text in quotes")) };
        if text.trim().is_empty() {
            return Err(self.wrong(field, "is empty"));
        }
        if text.chars().count() > TEXT_CHARACTERS_MAX {
            return Err(self.wrong(field, format!("has more than {TEXT_CHARACTERS_MAX} characters")));
        }
        Ok(text)
    }

    pub(super) fn texts(&mut self, field: &'static str) -> Result<Vec<String>, Error> {
        match self.fields.remove(field) {
            None => Ok(Vec::new()),
            Some(toml::Value::Array(values)) if values.len() <= LIST_MAX => {
                values.into_iter().map(|value| self.checked(field, value)).collect()
            }
            Some(toml::Value::Array(_)) => Err(self.wrong(field, format!("has more than {LIST_MAX} members"))),
            Some(_) => Err(self.wrong(field, "must be a list of texts")),
        }
    }

    pub(super) fn tables(&mut self, field: &'static str) -> Result<Vec<toml::Table>, Error> {
        match self.fields.remove(field) {
            None => Ok(Vec::new()),
            Some(toml::Value::Array(values)) if values.len() <= LIST_MAX => values
                .into_iter()
                .map(|value| match value {
                    toml::Value::Table(table) => Ok(table),
                    _ => Err(self.wrong(field, "must be tables")),
                })
                .collect(),
            Some(_) => Err(self.wrong(field, format!("must be at most {LIST_MAX} tables"))),
        }
    }

    /// A text that its type reads.
    pub(super) fn code<T: FromStr<Err: Display>>(&mut self, field: &'static str) -> Result<T, Error> {
        let text = self.text(field)?;
        text.parse().map_err(|error: T::Err| self.wrong(field, error))
    }

    pub(super) fn code_or<T: FromStr<Err: Display>>(&mut self, field: &'static str, default: T) -> Result<T, Error> {
        if self.fields.contains_key(field) { self.code(field) } else { Ok(default) }
    }

    pub(super) fn codes<T: FromStr<Err: Display>>(&mut self, field: &'static str) -> Result<Vec<T>, Error> {
        let texts = self.texts(field)?;
        texts.iter().map(|text| text.parse().map_err(|error: T::Err| self.wrong(field, error))).collect()
    }

    pub(super) fn optional_year(&mut self, field: &'static str) -> Result<Option<i32>, Error> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(toml::Value::Integer(year)) if (1949..2200).contains(&year) => {
                i32::try_from(year).map(Some).map_err(|error| self.wrong(field, error))
            }
            Some(_) => Err(self.wrong(field, "must be a year from 1949 to 2199, without quotes")),
        }
    }

    pub(super) fn year(&mut self, field: &'static str) -> Result<i32, Error> {
        self.optional_year(field)?.ok_or_else(|| self.wrong(field, "is missing"))
    }

    /// An id of one of the kinds (of any, if none is named), which must be in the file somewhere.
    pub(super) fn reference(&mut self, field: &'static str, kinds: &'static [&'static str]) -> Result<String, Error> {
        let id = self.text(field)?;
        self.refer(field, kinds, id.clone());
        Ok(id)
    }

    pub(super) fn optional_reference(
        &mut self,
        field: &'static str,
        kinds: &'static [&'static str],
    ) -> Result<Option<String>, Error> {
        if self.fields.contains_key(field) { self.reference(field, kinds).map(Some) } else { Ok(None) }
    }

    pub(super) fn references(
        &mut self,
        field: &'static str,
        kinds: &'static [&'static str],
    ) -> Result<Vec<String>, Error> {
        let ids = self.texts(field)?;
        for id in &ids {
            self.refer(field, kinds, id.clone());
        }
        Ok(ids)
    }

    /// Notes an id that must be in the file.
    pub(super) fn refer(&mut self, field: &'static str, kinds: &'static [&'static str], id: String) {
        self.shelf.references.push(Reference { entry: self.name.clone(), field, kinds, id });
    }

    /// Adds a document to those that may be quoted.
    pub(super) fn add_source(&mut self, source: &SourceDocument) -> Result<(), Error> {
        let text = self.shelf.texts.iter().find(|(file, _)| *file == source.file).map(|(_, text)| *text);
        let text = text.ok_or_else(|| self.wrong("file", format!("{} is not there", source.file)))?;
        let hash = Sha256::of(text.as_bytes());
        if hash != source.sha256 {
            return Err(self.wrong("sha256", format!("{} has {hash}", source.file)));
        }
        self.shelf.sources.push((source.id.clone(), text));
        Ok(())
    }

    /// The `quote` and the `source` it stands in, which is the file's first one if the entry names none.
    pub(super) fn source(&mut self) -> Result<Source, Error> {
        let quote = self.text("quote")?;
        let named = self.optional_text("source")?;
        let found = match &named {
            Some(id) => self.shelf.sources.iter().find(|(known, _)| known == id),
            None => self.shelf.sources.first(),
        };
        let (document, text) = found.cloned().ok_or_else(|| self.wrong("source", "there is no such source"))?;
        let span_characters = self.span("quote", &quote, text)?;
        Ok(Source { document, quote, span_characters })
    }

    /// A text in the words of the source.
    pub(super) fn optional_words(&mut self, field: &'static str, source: &Source) -> Result<Option<String>, Error> {
        let Some(words) = self.optional_text(field)? else { return Ok(None) };
        let text = self.shelf.sources.iter().find(|(id, _)| *id == source.document).map_or("", |(_, text)| text);
        self.span(field, &words, text)?;
        Ok(Some(words))
    }

    fn span(&self, field: &str, words: &str, text: &str) -> Result<std::ops::Range<usize>, Error> {
        let at = text.find(words).ok_or_else(|| self.wrong(field, "does not stand verbatim in the source"))?;
        let start = text[..at].chars().count();
        Ok(start..start + words.chars().count())
    }
}
