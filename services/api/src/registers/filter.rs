//! `filter` and `order_by` of every List of the registers (AIP-160, AIP-132): what was written becomes a condition over
//! the look-up columns. Only fields of the kind are known, and an error names the character and what could stand there.
//!
//! | field | operators | value |
//! |---|---|---|
//! | text | `=` `!=` `:` | `"养老*"` begins so, `"*养老*"` holds it, `*` is anything but empty |
//! | a day (`…_day`, `…_date`) | those, `<` `<=` `>` `>=` | `2021-12-31`; of a `…_date` also `2021-12`, `2021` |
//! | whole number | all | `-5`; `:*` is set |
//! | flag | `=` `!=` `:` | `true`, `false` |
//! | enum | `=` `!=` `:` | `PUBLIC` or `SERVICE_KIND_PUBLIC` |
//! | reference, region | `=` `!=` `:` | `purchasers/a`, `regions/330000`; `""` is none |
//! | repeated | `:` | as its elements |
//! | `create_time`, `update_time`, `delete_time` | all | RFC 3339, or a day in Beijing |
//!
//! A number or an instant that is unset meets no comparison, `!=` neither; a day that is unset is neither before nor
//! after another. Functions: `search("养老 托育")` (all words, in
//! the searched texts) and `under(region, "regions/330000")` (that region and all inside it).

mod grammar;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use procurement::{
    catalogue::tokens,
    region::{Level, RegionCode, RegisterOfRegions},
};
use prost_reflect::{FieldDescriptor, Kind as FieldKind, MessageDescriptor};
use store::register::{Comparison, Condition, Direction, Value};
use tonic::Status;

use self::grammar::{Expression, Literal, Misread, Operator, Word, cut};
use super::{
    body,
    kind::{Field, Meaning},
};
use crate::{errors, filter::span};

/// Instants and whether it is made up, which every register has: paths and columns.
const HEAD_TIMES: [(&str, &str); 3] =
    [("create_time", "created_at"), ("update_time", "updated_at"), ("delete_time", "deleted_at")];
/// Operators of what is the same or not.
const UNORDERED: [Operator; 3] = [Operator::Equal, Operator::Unequal, Operator::Has];
/// Operators of what is less or more.
const ORDERED: [Operator; 7] = [
    Operator::Equal,
    Operator::Unequal,
    Operator::Less,
    Operator::AtMost,
    Operator::Greater,
    Operator::AtLeast,
    Operator::Has,
];
/// Words of one search.
const SEARCHED_WORDS_MAX: usize = 8;

/// What a filter may speak of.
pub struct Vocabulary<'a> {
    /// `purchasers`.
    pub collection: &'a str,
    /// Its fields.
    pub fields: &'a [Field],
    /// Its message, for the values of enums.
    pub message: &'a MessageDescriptor,
    /// The regions there are.
    pub regions: &'a RegisterOfRegions,
    /// Whether it has searched texts.
    pub is_searchable: bool,
}

/// The condition that a filter asks for, none when it is blank; INVALID_ARGUMENT.
pub fn read(text: &str, vocabulary: &Vocabulary<'_>) -> Result<Option<Condition>, Status> {
    understood(text, vocabulary).map_err(|misread| refused("filter", misread))
}

/// The columns that an `order_by` asks for, none when it is blank; INVALID_ARGUMENT.
pub fn order(text: &str, fields: &[Field]) -> Result<Vec<(&'static str, Direction)>, Status> {
    ordered(text, fields).map_err(|misread| refused("order_by", misread))
}

fn refused(field: &str, misread: Misread) -> Status {
    let Misread { at, en, zh, choices } = misread;
    errors::misread(field, at + 1, &en, &zh, &choices)
}

fn understood(text: &str, vocabulary: &Vocabulary<'_>) -> Result<Option<Condition>, Misread> {
    grammar::parse(text)?.map(|expression| vocabulary.condition(&expression)).transpose()
}

fn ordered(text: &str, fields: &[Field]) -> Result<Vec<(&'static str, Direction)>, Misread> {
    let known: Vec<(&'static str, &'static str)> = fields
        .iter()
        .filter(|field| field.is_ordered)
        .map(|field| (field.path, field.column))
        .chain([("create_time", "created_at"), ("update_time", "updated_at"), ("name", "id")])
        .collect();
    let mut order: Vec<(&'static str, Direction)> = Vec::new();
    if text.trim().is_empty() {
        return Ok(order);
    }
    let mut start = 0;
    for part in text.split(',') {
        let at = start + part.chars().take_while(|c| c.is_whitespace()).count();
        start += part.chars().count() + 1;
        let mut words = part.split_whitespace();
        let (path, way) = (words.next().unwrap_or_default(), words.next().unwrap_or("asc"));
        let direction = match way {
            "asc" => Some(Direction::Ascending),
            "desc" => Some(Direction::Descending),
            _ => None,
        };
        let (Some(direction), None) = (direction, words.next()) else {
            return Err(Misread::new(
                at,
                "a field is followed by asc, desc or nothing",
                "字段之后只能是 asc、desc 或空",
            ));
        };
        let Some((_, column)) = known.iter().find(|(known, _)| *known == path) else {
            let en = format!("there is no order by {:?}", cut(path));
            let zh = format!("不能按“{}”排序", cut(path));
            return Err(Misread::new(at, en, zh).with(known.iter().map(|(path, _)| *path)));
        };
        // So that a list is never longer than the fields there are.
        if order.iter().any(|(there, _)| there == column) {
            return Err(Misread::new(at, "this field is named twice", "字段重复"));
        }
        order.push((column, direction));
    }
    Ok(order)
}

impl Vocabulary<'_> {
    fn condition(&self, expression: &Expression) -> Result<Condition, Misread> {
        let several = |all: &[Expression]| all.iter().map(|one| self.condition(one)).collect::<Result<Vec<_>, _>>();
        Ok(match expression {
            Expression::All(all) => Condition::All(several(all)?),
            Expression::Any(any) => Condition::Any(several(any)?),
            Expression::Not(inner) => not(self.condition(inner)?),
            Expression::Comparison { field, operator_at, operator, value } => {
                self.compared(field, *operator_at, *operator, value)?
            }
            Expression::Call { name, arguments } => self.called(name, arguments)?,
        })
    }

    fn compared(&self, word: &Word, at: usize, operator: Operator, value: &Literal) -> Result<Condition, Misread> {
        let path = word.text.as_str();
        if let Some((_, column)) = HEAD_TIMES.into_iter().find(|(head, _)| *head == path) {
            return instant(column, operator, value);
        }
        match path {
            "name" => {
                allowed(&UNORDERED, path, operator, at)?;
                let id = if value.is_anything() { String::new() } else { id(self.collection, value)? };
                return Ok(text("id", operator, &Literal { text: id, ..value.clone() }));
            }
            body::IS_SYNTHETIC => {
                allowed(&UNORDERED, path, operator, at)?;
                return flag("is_synthetic", operator, value);
            }
            _ => {}
        }
        let Some(field) = self.fields.iter().find(|field| field.path == path) else {
            return Err(self.no_field(word));
        };
        if field.is_repeated {
            allowed(&[Operator::Has], path, operator, at)?;
            return self.has(field, value);
        }
        // Texts but days have no order that means something: as a text, 9.5 is more than 85.0.
        let is_ordered = field.meaning == Meaning::Integer || field.meaning == Meaning::Text && is_day(path);
        allowed(if is_ordered { &ORDERED } else { &UNORDERED }, path, operator, at)?;
        match field.meaning {
            Meaning::Integer => self.number(field, operator, value),
            Meaning::Flag => flag(field.column, operator, value),
            meaning => {
                if meaning == Meaning::Text && is_day(path) {
                    check_day(path, operator, value)?;
                }
                let value = Literal { text: self.term(field, value)?, ..value.clone() };
                let compared = text(field.column, operator, &value);
                // As a text, an unset day would be before every day.
                Ok(match operator {
                    Operator::Less | Operator::AtMost => Condition::All(vec![compared, is_given(field.column)]),
                    _ => compared,
                })
            }
        }
    }

    fn no_field(&self, word: &Word) -> Misread {
        let known = self.fields.iter().map(|field| field.path).chain(HEAD_TIMES.map(|(path, _)| path));
        let en = format!("there is no field {:?} to filter by", cut(&word.text));
        Misread::new(word.at, en, format!("没有可筛选的字段“{}”", cut(&word.text)))
            .with(known.chain(["name", body::IS_SYNTHETIC]))
    }

    /// What the column holds for a value of a field that is a text there.
    fn term(&self, field: &Field, value: &Literal) -> Result<String, Misread> {
        if value.is_anything() || (value.text.is_empty() && !value.has_wildcard()) {
            return Ok(value.text.clone());
        }
        match field.meaning {
            Meaning::Text if value.starts_anyhow && !value.ends_anyhow => {
                let en = "a text is looked for by its beginning (\"养老*\") or anywhere (\"*养老*\")";
                Err(Misread::new(value.at, en, "只能按开头(\"养老*\")或任意位置(\"*养老*\")查找"))
            }
            Meaning::Text => Ok(value.text.clone()),
            Meaning::Reference { collection, .. } => id(collection, value),
            _ if value.has_wildcard() => Err(no_wildcard(value)),
            Meaning::Region => Ok(self.region(value)?.as_str().to_owned()),
            Meaning::Code => self.code(field, value),
            Meaning::Integer => Ok(whole(value)?.to_string()),
            Meaning::Flag => Ok(truth(value)?.to_string()),
        }
    }

    fn code(&self, field: &Field, value: &Literal) -> Result<String, Misread> {
        let kind = self.field_at(field).map(|descriptor| descriptor.kind());
        let Some(FieldKind::Enum(values)) = kind else {
            return Err(Misread::new(value.at, "there is no value for this field", "该字段没有可用的取值"));
        };
        let prefix = body::enum_prefix(&values);
        let short = |name: &str| name.strip_prefix(prefix.as_str()).unwrap_or(name).to_owned();
        let names: Vec<String> = values.values().filter(|one| one.number() != 0).map(|one| short(one.name())).collect();
        let asked = short(&value.text.to_ascii_uppercase());
        if names.contains(&asked) {
            return Ok(asked);
        }
        let en = format!("{:?} is none of its values", cut(&value.text));
        Err(Misread::new(value.at, en, format!("没有取值“{}”", cut(&value.text))).with(names))
    }

    fn field_at(&self, field: &Field) -> Option<FieldDescriptor> {
        body::field_at(self.message, field.path)
    }

    fn region(&self, value: &Literal) -> Result<RegionCode, Misread> {
        let code = value.text.strip_prefix("regions/").and_then(|code| code.parse::<RegionCode>().ok());
        code.filter(|code| self.regions.periods(code).next().is_some()).ok_or_else(|| {
            let en = "no region of any time has this name; regions/330000 is Zhejiang";
            Misread::new(value.at, en, "没有这个行政区划;浙江省为 regions/330000")
        })
    }

    fn number(&self, field: &Field, operator: Operator, value: &Literal) -> Result<Condition, Misread> {
        if !value.is_anything() {
            return Ok(Condition::Compare(field.column, comparison(operator), Value::Integer(whole(value)?)));
        }
        let has_presence = self.field_at(field).is_some_and(|descriptor| descriptor.supports_presence());
        let is_set = if has_presence {
            Condition::IsSet(field.column)
        } else {
            Condition::Compare(field.column, Comparison::Unequal, Value::Integer(0))
        };
        match operator {
            Operator::Equal | Operator::Has => Ok(is_set),
            Operator::Unequal => Ok(not(is_set)),
            _ => Err(Misread::new(value.at, "a whole number is needed", "此处应为整数")),
        }
    }

    fn has(&self, field: &Field, value: &Literal) -> Result<Condition, Misread> {
        const LAST: char = char::MAX;
        if value.is_anything() {
            return Ok(Condition::HasBetween(field.column, String::new(), LAST.to_string()));
        }
        if value.starts_anyhow {
            let en = "of a repeated field a value can begin so (\"养老*\"), not end so";
            return Err(Misread::new(value.at, en, "重复字段的通配符只能在结尾"));
        }
        let term = self.term(field, value)?;
        if value.ends_anyhow {
            let end = format!("{term}{LAST}");
            return Ok(Condition::HasBetween(field.column, term, end));
        }
        if term.is_empty() {
            return Err(Misread::new(value.at, "an element is never empty", "重复字段的元素不会为空"));
        }
        Ok(Condition::Has(field.column, term))
    }

    fn called(&self, name: &Word, arguments: &[Literal]) -> Result<Condition, Misread> {
        match (name.text.as_str(), arguments) {
            ("search", [words]) if self.is_searchable => search(words),
            ("under", [field, region]) => self.under(field, region),
            ("search", _) if self.is_searchable => {
                Err(Misread::new(name.at, "search takes one text: search(\"养老\")", "写作 search(\"养老\")"))
            }
            ("under", _) => Err(Misread::new(
                name.at,
                "under takes a field and a region: under(region, \"regions/330000\")",
                "写作 under(region, \"regions/330000\")",
            )),
            _ => {
                let en = format!("there is no function {:?} here", cut(&name.text));
                let known = self.is_searchable.then_some("search").into_iter().chain(["under"]);
                Err(Misread::new(name.at, en, format!("没有函数“{}”", cut(&name.text))).with(known))
            }
        }
    }

    fn under(&self, field: &Literal, region: &Literal) -> Result<Condition, Misread> {
        let of_regions = || self.fields.iter().filter(|field| field.meaning == Meaning::Region);
        let Some(known) = of_regions().find(|known| known.path == field.text && !field.has_wildcard()) else {
            let en = format!("{:?} is no field of regions", cut(&field.text));
            let misread = Misread::new(field.at, en, format!("“{}”不是行政区划字段", cut(&field.text)));
            return Err(misread.with(of_regions().map(|field| field.path)));
        };
        if region.has_wildcard() {
            return Err(no_wildcard(region));
        }
        let code = self.region(region)?;
        let digits = match code.level() {
            Level::Nation => return Ok(every()),
            Level::Province => 2,
            Level::City => 4,
            Level::County | Level::Township | Level::Village => code.as_str().len(),
        };
        // Codes are digits, and `:` is the character after `9`.
        let (from, to) = (code.as_str()[..digits].to_owned(), format!("{}:", &code.as_str()[..digits]));
        Ok(if known.is_repeated {
            Condition::HasBetween(known.column, from, to)
        } else {
            Condition::Between(known.column, from, to)
        })
    }
}

fn allowed(operators: &[Operator], path: &str, operator: Operator, at: usize) -> Result<(), Misread> {
    if operators.contains(&operator) {
        return Ok(());
    }
    let operator = operator.as_str();
    let misread = Misread::new(at, format!("{path} does not take {operator}"), format!("{path} 不能用 {operator}"));
    Err(misread.with(operators.iter().map(|operator| operator.as_str())))
}

fn is_day(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    name == "day" || name.ends_with("_day") || name.ends_with("_date")
}

/// A `…_day` is a whole day, a `…_date` may be a year or a month.
fn check_day(path: &str, operator: Operator, value: &Literal) -> Result<(), Misread> {
    let is_compared = !UNORDERED.contains(&operator);
    if !is_compared && (value.has_wildcard() || value.text.is_empty()) {
        return Ok(());
    }
    let rest = match value.text.len() {
        4 if path.ends_with("_date") => "-01-01",
        7 if path.ends_with("_date") => "-01",
        _ => "",
    };
    let whole = format!("{}{rest}", value.text);
    // As stored: chrono alone would take 2021-1-5 too, which sorts elsewhere as a text.
    let is_day = NaiveDate::parse_from_str(&whole, "%Y-%m-%d").is_ok_and(|day| day.to_string() == whole);
    if is_day && !value.has_wildcard() {
        return Ok(());
    }
    Err(Misread::new(value.at, "a day such as 2021-12-31 is needed", "此处应为日期,如 2021-12-31"))
}

fn no_wildcard(value: &Literal) -> Misread {
    Misread::new(value.at, "a wildcard cannot stand here", "此处不能使用通配符")
}

fn every() -> Condition {
    Condition::All(Vec::new())
}

fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

fn comparison(operator: Operator) -> Comparison {
    match operator {
        Operator::Equal | Operator::Has => Comparison::Equal,
        Operator::Unequal => Comparison::Unequal,
        Operator::Less => Comparison::Less,
        Operator::AtMost => Comparison::AtMost,
        Operator::Greater => Comparison::Greater,
        Operator::AtLeast => Comparison::AtLeast,
    }
}

fn is_given(column: &'static str) -> Condition {
    Condition::Compare(column, Comparison::Unequal, Value::Text(String::new()))
}

/// A text column; the value is as the column holds it.
fn text(column: &'static str, operator: Operator, value: &Literal) -> Condition {
    let pattern = match (value.starts_anyhow, value.ends_anyhow) {
        (false, false) => {
            return Condition::Compare(column, comparison(operator), Value::Text(value.text.clone()));
        }
        (true, _) if value.text.is_empty() => is_given(column),
        (false, true) => Condition::StartsWith(column, value.text.clone()),
        (true, _) => Condition::Holds(column, value.text.clone()),
    };
    if operator == Operator::Unequal { not(pattern) } else { pattern }
}

fn flag(column: &'static str, operator: Operator, value: &Literal) -> Result<Condition, Misread> {
    let is_true = value.is_anything() || truth(value)?;
    Ok(Condition::Compare(column, comparison(operator), Value::Flag(is_true)))
}

fn truth(value: &Literal) -> Result<bool, Misread> {
    match value.text.to_ascii_lowercase().as_str() {
        "true" if !value.has_wildcard() => Ok(true),
        "false" if !value.has_wildcard() => Ok(false),
        _ => Err(Misread::new(value.at, "true or false is needed", "此处应为 true 或 false").with(["true", "false"])),
    }
}

fn whole(value: &Literal) -> Result<i64, Misread> {
    let number = value.text.parse().ok().filter(|_| !value.has_wildcard());
    number.ok_or_else(|| {
        Misread::new(value.at, "a whole number of at most 63 bits is needed", "此处应为整数(不超过 63 位二进制)")
    })
}

/// The id in a name, also in the beginning of one (`purchasers/a*`).
fn id(collection: &str, value: &Literal) -> Result<String, Misread> {
    let id = value.text.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
    id.filter(|id| body::is_id(id) && !value.starts_anyhow).map(str::to_owned).ok_or_else(|| {
        let en = format!("a name of the form {collection}/{{id}} is needed");
        Misread::new(value.at, en, format!("此处应为 {collection}/{{id}} 形式的名称"))
    })
}

fn instant(column: &'static str, operator: Operator, value: &Literal) -> Result<Condition, Misread> {
    if value.is_anything() {
        return match operator {
            Operator::Equal | Operator::Has => Ok(Condition::IsSet(column)),
            Operator::Unequal => Ok(not(Condition::IsSet(column))),
            _ => Err(no_instant(value)),
        };
    }
    let (first, end) = span(&value.text).filter(|_| !value.has_wildcard()).ok_or_else(|| no_instant(value))?;
    let from = |instant: chrono::DateTime<chrono::Utc>| {
        Condition::Compare(column, Comparison::AtLeast, Value::Integer(instant.timestamp_micros()))
    };
    let before = |instant: chrono::DateTime<chrono::Utc>| {
        Condition::Compare(column, Comparison::Less, Value::Integer(instant.timestamp_micros()))
    };
    Ok(match operator {
        Operator::Equal | Operator::Has => Condition::All(vec![from(first), before(end)]),
        Operator::Unequal => Condition::Any(vec![before(first), from(end)]),
        Operator::Less => before(first),
        Operator::AtMost => before(end),
        Operator::Greater => from(end),
        Operator::AtLeast => from(first),
    })
}

fn no_instant(value: &Literal) -> Misread {
    let en = "a time such as \"2023-03-01T00:00:00+08:00\", or a day such as 2023-03-01, is needed";
    Misread::new(value.at, en, "此处应为时间(如 \"2023-03-01T00:00:00+08:00\")或日期(如 2023-03-01)")
}

/// Each word by itself, so that their order and distance do not matter.
fn search(words: &Literal) -> Result<Condition, Misread> {
    if words.has_wildcard() {
        return Err(Misread::new(words.at, "a search needs no wildcard", "查找不需要通配符"));
    }
    let text = words.text.to_lowercase();
    let mut all: Vec<Condition> = Vec::new();
    for word in text.split_whitespace() {
        let tokens = tokens::search_query(word);
        if tokens.is_empty() {
            let en = "a search needs two Chinese characters or more, or a word of letters or digits";
            return Err(Misread::new(words.at, en, "查找至少需要两个汉字,或一个由字母、数字组成的词"));
        }
        if all.len() == SEARCHED_WORDS_MAX {
            let en = format!("a search has at most {SEARCHED_WORDS_MAX} words");
            return Err(Misread::new(words.at, en, format!("一次查找最多 {SEARCHED_WORDS_MAX} 个词")));
        }
        all.push(Condition::Search { tokens, text: word.to_owned() });
    }
    match all.len() {
        0 => Err(Misread::new(words.at, "a search needs a text", "请填写要查找的文字")),
        1 => Ok(all.remove(0)),
        _ => Ok(Condition::All(all)),
    }
}
