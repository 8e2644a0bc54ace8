//! From the text of a filter to its meaning.

use super::{Comparison, Expression, FilterError, MAX_CHARACTERS, MAX_DEPTH, Path, Value};

/// A text that stands on its own in a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Open,
    Close,
    OpenElement,
    CloseElement,
    /// A text in quotes, as written.
    Quoted(&'t str),
    Word(&'t str),
}

pub(super) fn filter(text: &str) -> Result<Expression, FilterError> {
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        let message = format!("it has more than {MAX_CHARACTERS} characters");
        return Err(FilterError { message, at: MAX_CHARACTERS + 1 });
    }
    let mut parser = Parser { text, place: 0, depth: 0 };
    let whole = parser.any()?;
    match parser.peek()? {
        None => Ok(whole),
        Some((Token::Close, at)) => Err(parser.wrong("`)` closes nothing", at)),
        Some((Token::CloseElement, at)) => Err(parser.wrong("`]` closes nothing", at)),
        Some((_, at)) => Err(parser.wrong("`and` or `or` is missing", at)),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// Bytes that are read.
    place: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn wrong(&self, message: impl Into<String>, at: usize) -> FilterError {
        let before = self.text.get(..at).unwrap_or(self.text);
        FilterError { message: message.into(), at: before.chars().count() + 1 }
    }

    /// The next token with its place, not taken.
    fn peek(&self) -> Result<Option<(Token<'t>, usize)>, FilterError> {
        let rest = self.text.get(self.place..).unwrap_or_default();
        let rest = rest.trim_start();
        let at = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            '[' => Token::OpenElement,
            ']' => Token::CloseElement,
            '"' => {
                let end = end_of_text(rest).ok_or_else(|| self.wrong("the text has no end", at))?;
                Token::Quoted(rest.get(..end).unwrap_or_default())
            }
            _ => {
                let ends =
                    |letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '[' | ']' | '"');
                Token::Word(rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default())
            }
        };
        Ok(Some((token, at)))
    }

    fn take(&mut self) -> Result<Option<(Token<'t>, usize)>, FilterError> {
        let token = self.peek()?;
        if let Some((token, at)) = token {
            self.place = at
                + match token {
                    Token::Quoted(text) | Token::Word(text) => text.len(),
                    _ => 1,
                };
        }
        Ok(token)
    }

    /// Takes a word that is there, without regard to case.
    fn take_word(&mut self, wanted: &str) -> Result<bool, FilterError> {
        let is_there =
            matches!(self.peek()?, Some((Token::Word(word), _)) if word.eq_ignore_ascii_case(wanted));
        if is_there {
            self.take()?;
        }
        Ok(is_there)
    }

    fn any(&mut self) -> Result<Expression, FilterError> {
        let mut list = vec![self.all()?];
        while self.take_word("or")? {
            list.push(self.all()?);
        }
        Ok(one_or(list, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, FilterError> {
        let mut list = vec![self.one()?];
        while self.take_word("and")? {
            list.push(self.one()?);
        }
        Ok(one_or(list, Expression::All))
    }

    /// One level further in; the depth is bounded because reading nests as deep as the text.
    fn deeper<T>(
        &mut self,
        at: usize,
        read: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        if self.depth == MAX_DEPTH {
            return Err(self.wrong(format!("it nests more than {MAX_DEPTH} deep"), at));
        }
        self.depth += 1;
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn closed_by(&mut self, token: Token<'t>, shown: &str) -> Result<(), FilterError> {
        match self.take()? {
            Some((found, _)) if found == token => Ok(()),
            Some((_, at)) => Err(self.wrong(format!("{shown} is missing"), at)),
            None => Err(self.wrong(format!("{shown} is missing"), self.text.len())),
        }
    }

    fn one(&mut self) -> Result<Expression, FilterError> {
        match self.take()? {
            Some((Token::Open, at)) => self.deeper(at, |parser| {
                let inner = parser.any()?;
                parser.closed_by(Token::Close, "`)`")?;
                Ok(inner)
            }),
            Some((Token::Word(word), at)) if word.eq_ignore_ascii_case("not") => {
                self.deeper(at, |parser| Ok(Expression::Not(Box::new(parser.one()?))))
            }
            Some((Token::Word(word), at)) => self.about(word, at),
            Some((_, at)) => Err(self.wrong("an attribute is missing", at)),
            None => Err(self.wrong("an attribute is missing", self.text.len())),
        }
    }

    fn about(&mut self, word: &'t str, at: usize) -> Result<Expression, FilterError> {
        let path = path(word).ok_or_else(|| self.wrong(format!("`{word}` is no attribute"), at))?;
        let (operator, at) = match self.take()? {
            Some((Token::OpenElement, at)) => {
                return self.deeper(at, |parser| {
                    let inner = parser.any()?;
                    parser.closed_by(Token::CloseElement, "`]`")?;
                    Ok(Expression::Some(path, Box::new(inner)))
                });
            }
            Some((Token::Word(operator), at)) => (operator.to_ascii_lowercase(), at),
            Some((_, at)) => return Err(self.wrong(format!("an operator is missing after `{word}`"), at)),
            None => {
                return Err(self.wrong(format!("an operator is missing after `{word}`"), self.text.len()));
            }
        };
        if operator == "pr" {
            return Ok(Expression::Present(path));
        }
        let comparison = comparison(&operator)
            .ok_or_else(|| self.wrong(format!("there is no operator `{operator}`"), at))?;
        let value = self.value()?;
        let only = match comparison {
            Comparison::Equal | Comparison::NotEqual => None,
            Comparison::Contains | Comparison::StartsWith | Comparison::EndsWith => {
                (!matches!(value, Value::Text(_))).then_some("texts")
            }
            _ => matches!(value, Value::Null | Value::Bool(_)).then_some("texts and numbers"),
        };
        match only {
            Some(kinds) => Err(self.wrong(format!("only {kinds} can be compared with `{operator}`"), at)),
            None => Ok(Expression::Compare(path, comparison, value)),
        }
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        match self.take()? {
            Some((Token::Quoted(text), at)) => serde_json::from_str(text)
                .map(Value::Text)
                .map_err(|_| self.wrong("the text is not written as in JSON", at)),
            Some((Token::Word(word), at)) => match word {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                "null" => Ok(Value::Null),
                _ => serde_json::from_str(word).map(Value::Number).map_err(|_| {
                    self.wrong(format!("`{word}` is no value: texts stand in double quotes"), at)
                }),
            },
            Some((_, at)) => Err(self.wrong("a value is missing", at)),
            None => Err(self.wrong("a value is missing", self.text.len())),
        }
    }
}

/// Where a quoted text at the start ends, behind its closing quote.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(place + 1),
            _ => {}
        }
    }
    None
}

fn one_or(mut list: Vec<Expression>, many: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match list.pop() {
        Some(only) if list.is_empty() => only,
        popped => {
            list.extend(popped);
            many(list)
        }
    }
}

fn path(word: &str) -> Option<Path> {
    let name = |part: &str| {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '$');
        (!part.is_empty() && part.chars().all(fits)).then(|| part.to_ascii_lowercase())
    };
    word.split('.').map(name).collect::<Option<_>>().map(Path)
}

fn comparison(operator: &str) -> Option<Comparison> {
    Some(match operator {
        "eq" => Comparison::Equal,
        "ne" => Comparison::NotEqual,
        "co" => Comparison::Contains,
        "sw" => Comparison::StartsWith,
        "ew" => Comparison::EndsWith,
        "gt" => Comparison::Greater,
        "ge" => Comparison::GreaterOrEqual,
        "lt" => Comparison::Less,
        "le" => Comparison::LessOrEqual,
        _ => return None,
    })
}
