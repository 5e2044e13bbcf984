//! Reads formulas: `name(part, part)`, ids of figures and plain decimals; bounded in depth, parts and length.

use std::str::FromStr;

use super::{DEPTH_MAX, Failure, Formula, PARTS_MAX, TEXT_BYTES_MAX, YEARS_MAX};
use crate::rational;

impl FromStr for Formula {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Failure::Unreadable {
                reason: format!("longer than {TEXT_BYTES_MAX} bytes"),
                at: TEXT_BYTES_MAX,
            });
        }
        let mut reader = Reader { text, at: 0, parts: 0 };
        let formula = reader.formula(0)?;
        reader.skip_spaces();
        if reader.at < text.len() { Err(reader.wrong("something stands behind the end")) } else { Ok(formula) }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    parts: usize,
}

impl<'a> Reader<'a> {
    fn wrong(&self, reason: impl Into<String>) -> Failure {
        Failure::Unreadable { reason: reason.into(), at: self.at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_spaces();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn word(&mut self) -> &'a str {
        self.skip_spaces();
        let rest = self.rest();
        let end = rest
            .find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn formula(&mut self, depth: usize) -> Result<Formula, Failure> {
        self.parts += 1;
        if depth > DEPTH_MAX || self.parts > PARTS_MAX {
            return Err(self.wrong("too deep or too many parts"));
        }
        self.skip_spaces();
        let start = self.at;
        let word = self.word();
        if !self.eat('(') {
            return if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
                let number = rational::parse(word).map_err(|_| self.wrong(format!("{word:?} is not a decimal")))?;
                Ok(Formula::Number(number.0))
            } else {
                let id = word.parse().map_err(|_| Failure::Unreadable {
                    reason: "expected a figure, a number or a function".to_owned(),
                    at: start,
                })?;
                Ok(Formula::Figure(id))
            };
        }
        let mut arguments = Vec::new();
        if !self.eat(')') {
            loop {
                arguments.push(self.formula(depth + 1)?);
                if self.eat(')') {
                    break;
                }
                if !self.eat(',') {
                    return Err(self.wrong("expected , or )"));
                }
            }
        }
        self.call(word, arguments)
    }

    fn call(&self, name: &str, arguments: Vec<Formula>) -> Result<Formula, Failure> {
        let count = arguments.len();
        let mut given = arguments.into_iter();
        let mut next = || given.next().map(Box::new).ok_or_else(|| self.wrong("too few parts"));
        let wanted = match name {
            "sum" => {
                return if count < 2 {
                    Err(self.wrong("sum needs two parts or more"))
                } else {
                    Ok(Formula::Sum(given.collect()))
                };
            }
            "annual_growth" => 3,
            "difference" | "product" | "ratio" | "share" | "per_capita" | "growth" | "days" => 2,
            _ => return Err(self.wrong(format!("{name:?} is no function"))),
        };
        if count != wanted {
            return Err(self.wrong(format!("{name} needs {wanted} parts, not {count}")));
        }
        Ok(match name {
            "difference" => Formula::Difference(next()?, next()?),
            "product" => Formula::Product(next()?, next()?),
            "ratio" => Formula::Ratio(next()?, next()?),
            "share" => Formula::Share(next()?, next()?),
            "per_capita" => Formula::PerCapita(next()?, next()?),
            "growth" => Formula::Growth(next()?, next()?),
            "days" => Formula::Days(next()?, self.whole(&*next()?, 31)?),
            _ => Formula::AnnualGrowth(next()?, next()?, self.whole(&*next()?, YEARS_MAX)?),
        })
    }

    fn whole(&self, part: &Formula, max: u32) -> Result<u32, Failure> {
        match part {
            Formula::Number(number) if number.is_integer() => u32::try_from(number.to_integer()).ok(),
            _ => None,
        }
        .filter(|number| (1..=max).contains(number))
        .ok_or_else(|| self.wrong(format!("the last part must be a whole number from 1 to {max}")))
    }
}
