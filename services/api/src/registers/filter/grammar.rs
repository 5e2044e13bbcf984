//! The grammar of filters, AIP-160: what was written, each part with the character where it stands.
//!
//! `expression = sequence {"AND" sequence}`, `sequence = factor {factor}`, `factor = term {"OR" term}`,
//! `term = ["NOT" | "-"] (comparison | function | "(" expression ")")`. So OR binds tighter than AND, and terms side by
//! side are as with AND between them. Keywords are in capitals.
//!
//! Own code because an error names the character to blame, also where a field or a value turns out to be unknown after
//! reading, and because `\*` is a star and no wildcard: the tree of the crate `aip-160` keeps neither positions nor what
//! was escaped. Nothing here recurses but parentheses, and those have a bound.

use std::fmt::Write as _;

/// Characters of a filter.
pub const CHARACTERS_MAX: usize = 2_000;
/// Parentheses inside each other.
pub const DEPTH_MAX: usize = 16;
/// Comparisons and functions of a filter.
pub const COMPARISONS_MAX: usize = 50;
/// Arguments of a function.
const ARGUMENTS_MAX: usize = 4;

/// Why a text is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// The character to blame, from 0; the length of the text where it ends too early.
    pub at: usize,
    /// What is wrong, or what could stand there.
    pub en: String,
    /// The same.
    pub zh: String,
    /// What could stand there, when that is a list.
    pub choices: Vec<String>,
}

impl Misread {
    /// Without a list.
    pub fn new(at: usize, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { at, en: en.into(), zh: zh.into(), choices: Vec::new() }
    }

    /// With the list of what could stand there.
    #[must_use]
    pub fn with(mut self, choices: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.choices = choices.into_iter().map(Into::into).collect();
        self
    }
}

/// What a filter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Every one.
    All(Vec<Expression>),
    /// One of them.
    Any(Vec<Expression>),
    /// Not this.
    Not(Box<Expression>),
    /// `field operator value`.
    Comparison {
        /// The path.
        field: Word,
        /// Where the operator stands.
        operator_at: usize,
        /// Which.
        operator: Operator,
        /// Against what.
        value: Literal,
    },
    /// `name(argument, …)`.
    Call {
        /// The function.
        name: Word,
        /// What stands between the parentheses.
        arguments: Vec<Literal>,
    },
}

/// A name or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its first character.
    pub at: usize,
    /// As written.
    pub text: String,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Its first character, a quotation mark included.
    pub at: usize,
    /// Without quotation marks, escapes and wildcards.
    pub text: String,
    /// A `*` before the text; also when there is nothing but a star.
    pub starts_anyhow: bool,
    /// A `*` after the text.
    pub ends_anyhow: bool,
}

impl Literal {
    /// Whether it is `*` alone: anything.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        self.starts_anyhow && self.text.is_empty()
    }

    /// Whether it has a wildcard.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.starts_anyhow || self.ends_anyhow
    }
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// =
    Equal,
    /// !=
    Unequal,
    /// <
    Less,
    /// <=
    AtMost,
    /// >
    Greater,
    /// >=
    AtLeast,
    /// :
    Has,
}

impl Operator {
    /// As it is written; the longer ones first, as they begin with the shorter.
    const ALL: [(&'static str, Self); 7] = [
        ("!=", Self::Unequal),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::Greater),
        (":", Self::Has),
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, operator)| *operator == self).map_or("", |(text, _)| text)
    }
}

/// Reads a filter; a blank one says nothing.
pub fn parse(text: &str) -> Result<Option<Expression>, Misread> {
    let characters: Vec<char> = text.chars().take(CHARACTERS_MAX + 1).collect();
    if characters.len() > CHARACTERS_MAX {
        let en = format!("a filter has at most {CHARACTERS_MAX} characters");
        return Err(Misread::new(CHARACTERS_MAX, en, format!("筛选条件最多 {CHARACTERS_MAX} 个字符")));
    }
    if let Some(at) = characters.iter().position(|c| c.is_control() && !c.is_whitespace()) {
        return Err(Misread::new(at, "a control character cannot stand here", "此处有控制字符"));
    }
    let mut parser = Parser { characters, at: 0, depth: 0, comparisons: 0 };
    parser.skip_blanks();
    if parser.peek().is_none() {
        return Ok(None);
    }
    let expression = parser.expression()?;
    match parser.peek() {
        None => Ok(Some(expression)),
        // An expression ends at the end or at a parenthesis.
        Some(_) => Err(parser.misread("this parenthesis closes nothing", "多余的右括号")),
    }
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    comparisons: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn misread(&self, en: &str, zh: &str) -> Misread {
        Misread::new(self.at, en, zh)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes a keyword that stands here with a blank or a parenthesis after it, and the blanks after it.
    fn takes(&mut self, keyword: &str) -> bool {
        let end = self.at + keyword.len();
        let is_here = self.characters.get(self.at..end).is_some_and(|here| here.iter().copied().eq(keyword.chars()))
            && self.characters.get(end).is_none_or(|c| c.is_whitespace() || *c == '(');
        if is_here {
            self.at = end;
            self.skip_blanks();
        }
        is_here
    }

    fn expression(&mut self) -> Result<Expression, Misread> {
        let mut all = vec![self.factor()?];
        loop {
            self.skip_blanks();
            let is_and = self.takes("AND");
            match self.peek() {
                None | Some(')') if !is_and => return Ok(one_or(all, Expression::All)),
                _ => all.push(self.factor()?),
            }
        }
    }

    fn factor(&mut self) -> Result<Expression, Misread> {
        let mut any = vec![self.term()?];
        loop {
            self.skip_blanks();
            if !self.takes("OR") {
                return Ok(one_or(any, Expression::Any));
            }
            any.push(self.term()?);
        }
    }

    fn term(&mut self) -> Result<Expression, Misread> {
        let is_not = self.takes("NOT")
            || self.peek() == Some('-') && {
                self.at += 1;
                true
            };
        let simple = if self.peek() == Some('(') { self.composite()? } else { self.comparison()? };
        Ok(if is_not { Expression::Not(Box::new(simple)) } else { simple })
    }

    fn composite(&mut self) -> Result<Expression, Misread> {
        if self.depth == DEPTH_MAX {
            let en = format!("at most {DEPTH_MAX} parentheses stand inside each other");
            return Err(self.misread(&en, &format!("括号最多嵌套 {DEPTH_MAX} 层")));
        }
        let opened = self.at;
        self.at += 1;
        self.depth += 1;
        self.skip_blanks();
        let expression = self.expression()?;
        if self.peek() != Some(')') {
            return Err(Misread::new(opened, "this parenthesis is not closed", "括号没有闭合"));
        }
        self.at += 1;
        self.depth -= 1;
        Ok(expression)
    }

    fn comparison(&mut self) -> Result<Expression, Misread> {
        if self.comparisons == COMPARISONS_MAX {
            let en = format!("a filter has at most {COMPARISONS_MAX} comparisons");
            return Err(self.misread(&en, &format!("筛选条件最多 {COMPARISONS_MAX} 个比较")));
        }
        self.comparisons += 1;
        let word = self.word()?;
        if self.peek() == Some('(') {
            return self.call(word);
        }
        self.skip_blanks();
        let operator_at = self.at;
        let operator = self.operator().ok_or_else(|| {
            let mut en = String::from("an operator is needed");
            let mut zh = String::from("此处应为运算符");
            if ["AND", "OR", "NOT"].iter().any(|keyword| word.text.eq_ignore_ascii_case(keyword)) {
                en.push_str(" (AND, OR and NOT are written in capitals, between conditions)");
                zh.push_str("(AND、OR、NOT 用大写,写在条件之间)");
            } else {
                let _ = write!(en, "; to search in the text, write search(\"{}\")", cut(&word.text));
                let _ = write!(zh, ";要查找文字,请写 search(\"{}\")", cut(&word.text));
            }
            Misread::new(operator_at, en, zh).with(Operator::ALL.map(|(text, _)| text))
        })?;
        self.skip_blanks();
        let value = self.literal()?;
        Ok(Expression::Comparison { field: word, operator_at, operator, value })
    }

    fn call(&mut self, name: Word) -> Result<Expression, Misread> {
        let opened = self.at;
        self.at += 1;
        let mut arguments = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(')') {
            self.at += 1;
            return Ok(Expression::Call { name, arguments });
        }
        loop {
            if arguments.len() == ARGUMENTS_MAX {
                return Err(self.misread("that is one argument too many", "参数过多"));
            }
            arguments.push(self.literal()?);
            self.skip_blanks();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(')') => {
                    self.at += 1;
                    return Ok(Expression::Call { name, arguments });
                }
                Some(_) => return Err(self.misread("a comma or ) is needed", "此处应为逗号或右括号")),
                None => return Err(Misread::new(opened, "this parenthesis is not closed", "括号没有闭合")),
            }
            self.skip_blanks();
        }
    }

    fn word(&mut self) -> Result<Word, Misread> {
        let at = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) {
            self.at += 1;
        }
        if at == self.at {
            return Err(self.misread("a field or a function is needed", "此处应为字段或函数"));
        }
        Ok(Word { at, text: self.characters[at..self.at].iter().collect() })
    }

    fn operator(&mut self) -> Option<Operator> {
        let rest = &self.characters[self.at..];
        let (text, operator) =
            Operator::ALL.into_iter().find(|(text, _)| rest.iter().take(text.len()).copied().eq(text.chars()))?;
        self.at += text.len();
        Some(operator)
    }

    /// A text in quotation marks (`"` or `'`) with `\` before what is meant literally, or whatever ends at a blank, a comma,
    /// a parenthesis or an operator. It may be empty in quotation marks only.
    fn literal(&mut self) -> Result<Literal, Misread> {
        let at = self.at;
        // With each character whether it was escaped: an escaped star is a star.
        let mut text: Vec<(usize, char, bool)> = Vec::new();
        let quote = self.peek().filter(|c| matches!(c, '"' | '\''));
        if quote.is_some() {
            self.at += 1;
        }
        loop {
            let here = self.at;
            let Some(c) = self.peek() else {
                if quote.is_some() {
                    return Err(Misread::new(at, "this quotation mark is not closed", "引号没有闭合"));
                }
                break;
            };
            match quote {
                Some(quote) if c == quote => {
                    self.at += 1;
                    break;
                }
                None if c.is_whitespace() || "\"'(),=<>!".contains(c) => break,
                _ => self.at += 1,
            }
            if c != '\\' {
                text.push((here, c, false));
                continue;
            }
            let escaped = self
                .peek()
                .filter(|c| matches!(c, '"' | '\'' | '\\' | '*'))
                .ok_or_else(|| self.misread("\\ stands before \", ', * or \\ only", "\\ 之后只能是 \"、'、* 或 \\"))?;
            text.push((here, escaped, true));
            self.at += 1;
        }
        if text.is_empty() && quote.is_none() {
            return Err(Misread::new(at, "a value is needed", "此处应为值"));
        }
        let is_star = |(_, c, escaped): &(usize, char, bool)| *c == '*' && !escaped;
        let starts_anyhow = text.first().is_some_and(is_star);
        let ends_anyhow = text.len() > 1 && text.last().is_some_and(is_star);
        let inner = &text[usize::from(starts_anyhow)..text.len() - usize::from(ends_anyhow)];
        if let Some((star, ..)) = inner.iter().find(|c| is_star(c)) {
            let en = "* stands at the beginning or at the end of a value; the character itself is \\*";
            return Err(Misread::new(*star, en, "* 只能在值的开头或结尾;字符本身写作 \\*"));
        }
        Ok(Literal { at, text: inner.iter().map(|(_, c, _)| *c).collect(), starts_anyhow, ends_anyhow })
    }
}

fn one_or(mut several: Vec<Expression>, with: fn(Vec<Expression>) -> Expression) -> Expression {
    if several.len() == 1 { several.remove(0) } else { with(several) }
}

/// The beginning of a caller's word, for messages.
pub fn cut(word: &str) -> String {
    const CHARACTERS: usize = 24;
    match word.char_indices().nth(CHARACTERS) {
        None => word.to_owned(),
        Some((at, _)) => format!("{}…", &word[..at]),
    }
}
