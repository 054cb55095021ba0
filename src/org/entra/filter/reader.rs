//! Reads a filter: words, literals and signs, then the expression over them.

use serde_json::{Number, Value};

use super::{Filter, Function, Operator};

/// More levels than anybody writes by hand.
const DEEPEST: usize = 32;

/// A word, a literal or a sign, with its place from 1.
#[derive(Debug, Clone, PartialEq)]
struct Token {
    kind: Kind,
    place: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// A name, an operator, or a literal without quotes.
    Word(String),
    /// A literal in single quotes.
    Text(String),
    /// `(`, `)`, `,` or `:`.
    Sign(char),
}

struct Reader<'a> {
    tokens: Vec<Token>,
    next: usize,
    known: &'a [&'a str],
    /// Names of lambda variables, and the path of the list whose element each is.
    variables: Vec<(String, Vec<String>)>,
    depth: usize,
}

/// Reads the whole text.
pub(super) fn read(text: &str, known: &[&str]) -> Result<Filter, String> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        next: 0,
        known,
        variables: Vec::new(),
        depth: 0,
    };
    let filter = reader.or()?;
    match reader.peek() {
        None => Ok(filter),
        Some(token) => Err(said(
            &format!(
                "`{}` is left over; parts are joined by `and` or `or`",
                token.shown()
            ),
            token.place,
        )),
    }
}

impl Token {
    fn shown(&self) -> String {
        match &self.kind {
            Kind::Word(word) => word.clone(),
            Kind::Text(text) => format!("'{text}'"),
            Kind::Sign(sign) => sign.to_string(),
        }
    }
}

impl Reader<'_> {
    fn or(&mut self) -> Result<Filter, String> {
        self.joined("or", Self::and, Filter::Or)
    }

    fn and(&mut self) -> Result<Filter, String> {
        self.joined("and", Self::one, Filter::And)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Filter, String>,
        whole: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter, String> {
        let mut parts = vec![part(self)?];
        while self.takes_word(word) {
            parts.push(part(self)?);
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => whole(parts),
        })
    }

    fn one(&mut self) -> Result<Filter, String> {
        let Some(token) = self.peek().cloned() else {
            return Err("a property is missing at the end".to_owned());
        };
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(said(
                &format!("it is nested deeper than {DEEPEST} levels"),
                token.place,
            ));
        }
        let filter = match &token.kind {
            Kind::Sign('(') => {
                self.next += 1;
                let filter = self.or()?;
                self.sign(')')?;
                filter
            }
            Kind::Word(word) if word.eq_ignore_ascii_case("not") => {
                self.next += 1;
                Filter::Not(Box::new(self.one()?))
            }
            Kind::Word(word) => {
                self.next += 1;
                self.about(word, token.place)?
            }
            _ => {
                return Err(said(
                    &format!("`{}` is no property", token.shown()),
                    token.place,
                ));
            }
        };
        self.depth -= 1;
        Ok(filter)
    }

    /// What begins with a word: a function, a lambda, or a comparison.
    fn about(&mut self, word: &str, place: usize) -> Result<Filter, String> {
        let is_call = self
            .peek()
            .is_some_and(|token| token.kind == Kind::Sign('('));
        if !is_call {
            let path = self.path(word, place)?;
            return self.comparison(path);
        }
        let function = match word.to_ascii_lowercase().as_str() {
            "contains" => Some(Function::Contains),
            "startswith" => Some(Function::StartsWith),
            "endswith" => Some(Function::EndsWith),
            _ => None,
        };
        if let Some(function) = function {
            return self.function(function);
        }
        match word.rsplit_once('/') {
            Some((list, "any")) => self.any(list, place),
            Some((_, "all")) => Err(said("of lambda operators only `any` is understood", place)),
            _ => Err(said(
                &format!("`{word}` is no function; there is contains, startswith and endswith"),
                place,
            )),
        }
    }

    fn function(&mut self, function: Function) -> Result<Filter, String> {
        self.sign('(')?;
        let (word, place) = self.word("a property")?;
        let path = self.path(&word, place)?;
        self.sign(',')?;
        let (literal, place) = self.literal()?;
        self.sign(')')?;
        match literal {
            Value::String(text) => Ok(Filter::Text(function, path, text)),
            _ => Err(said("the second argument is no text", place)),
        }
    }

    fn any(&mut self, list: &str, place: usize) -> Result<Filter, String> {
        let path = self.path(list, place)?;
        self.sign('(')?;
        let (variable, _) = self.word("the name of a variable")?;
        self.sign(':')?;
        self.variables.push((variable, path.clone()));
        let filter = self.or();
        self.variables.pop();
        let filter = filter?;
        self.sign(')')?;
        Ok(Filter::Any(path, Box::new(filter)))
    }

    fn comparison(&mut self, path: Vec<String>) -> Result<Filter, String> {
        let (word, place) = self.word("an operator")?;
        let operator = match word.to_ascii_lowercase().as_str() {
            "eq" => Operator::Equal,
            "ne" => Operator::Unequal,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            "in" => return self.list(path),
            _ => {
                return Err(said(
                    &format!("`{word}` is no operator; there is eq, ne, gt, ge, lt, le and in"),
                    place,
                ));
            }
        };
        let (literal, _) = self.literal()?;
        Ok(Filter::Compare(path, operator, literal))
    }

    fn list(&mut self, path: Vec<String>) -> Result<Filter, String> {
        self.sign('(')?;
        let mut literals = vec![self.literal()?.0];
        while self.takes(&Kind::Sign(',')) {
            literals.push(self.literal()?.0);
        }
        self.sign(')')?;
        Ok(Filter::In(path, literals))
    }

    /// A path whose names there are; a lambda variable in front of it stands for the element.
    fn path(&self, word: &str, place: usize) -> Result<Vec<String>, String> {
        let mut names: Vec<&str> = word.split('/').collect();
        let variable = self
            .variables
            .iter()
            .rev()
            .find(|(variable, _)| names.len() > 1 && names[0] == variable);
        let full = match variable {
            Some((_, list)) => {
                names.remove(0);
                format!("{}/{}", list.join("/"), names.join("/"))
            }
            None => names.join("/"),
        };
        match self
            .known
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&full))
        {
            true => Ok(names.into_iter().map(str::to_owned).collect()),
            false => Err(said(&format!("there is no property `{full}`"), place)),
        }
    }

    fn literal(&mut self) -> Result<(Value, usize), String> {
        let Some(token) = self.peek().cloned() else {
            return Err("a literal is missing at the end".to_owned());
        };
        self.next += 1;
        let value = match &token.kind {
            Kind::Text(text) => Some(Value::from(text.as_str())),
            Kind::Word(word) => bare(word),
            Kind::Sign(_) => None,
        };
        match value {
            Some(value) => Ok((value, token.place)),
            None => Err(said(
                &format!(
                    "`{}` is no literal; texts are in single quotes",
                    token.shown()
                ),
                token.place,
            )),
        }
    }

    fn word(&mut self, what: &str) -> Result<(String, usize), String> {
        match self.peek().cloned() {
            Some(Token {
                kind: Kind::Word(word),
                place,
            }) => {
                self.next += 1;
                Ok((word, place))
            }
            Some(token) => Err(said(
                &format!("{what} is missing before `{}`", token.shown()),
                token.place,
            )),
            None => Err(format!("{what} is missing at the end")),
        }
    }

    fn sign(&mut self, sign: char) -> Result<(), String> {
        if self.takes(&Kind::Sign(sign)) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => said(
                &format!("`{sign}` is missing before `{}`", token.shown()),
                token.place,
            ),
            None => format!("`{sign}` is missing at the end"),
        })
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token { kind: Kind::Word(found), .. }) if found.eq_ignore_ascii_case(word));
        self.next += usize::from(is_it);
        is_it
    }

    fn takes(&mut self, kind: &Kind) -> bool {
        let is_it = self.peek().is_some_and(|token| token.kind == *kind);
        self.next += usize::from(is_it);
        is_it
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }
}

/// `true`, `null`, a number, an instant or a GUID: what OData writes without quotes.
fn bare(word: &str) -> Option<Value> {
    match word {
        "true" => return Some(Value::Bool(true)),
        "false" => return Some(Value::Bool(false)),
        "null" => return Some(Value::Null),
        _ => {}
    }
    if let Ok(number) = word.parse::<Number>() {
        return Some(Value::Number(number));
    }
    let is_instant = word.parse::<jiff::Timestamp>().is_ok();
    let is_guid = uuid::Uuid::parse_str(word).is_ok();
    (is_instant || is_guid).then(|| Value::from(word))
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().zip(1..).peekable();
    while let Some(&(letter, place)) = letters.peek() {
        let kind = match letter {
            letter if letter.is_whitespace() => {
                letters.next();
                continue;
            }
            '(' | ')' | ',' => {
                letters.next();
                Kind::Sign(letter)
            }
            '\'' => {
                letters.next();
                Kind::Text(quoted(&mut letters).ok_or_else(|| {
                    said("a text begins with a single quote and does not end", place)
                })?)
            }
            ':' => {
                letters.next();
                Kind::Sign(':')
            }
            _ => {
                let mut word = String::new();
                while let Some((letter, _)) = letters.next_if(|(letter, _)| {
                    !letter.is_whitespace() && !matches!(letter, '(' | ')' | ',' | '\'')
                }) {
                    // A colon ends the name of a variable; inside an instant it does not.
                    let ends =
                        letter == ':' && !word.starts_with(|first: char| first.is_ascii_digit());
                    if ends {
                        tokens.push(Token {
                            kind: Kind::Word(std::mem::take(&mut word)),
                            place,
                        });
                        tokens.push(Token {
                            kind: Kind::Sign(':'),
                            place,
                        });
                        break;
                    }
                    word.push(letter);
                }
                if word.is_empty() {
                    continue;
                }
                Kind::Word(word)
            }
        };
        tokens.push(Token { kind, place });
    }
    Ok(tokens)
}

/// The rest of a text; two single quotes are one that belongs to it.
fn quoted(
    letters: &mut std::iter::Peekable<impl Iterator<Item = (char, usize)>>,
) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()? {
            ('\'', _) => match letters.next_if(|(letter, _)| *letter == '\'') {
                Some(_) => text.push('\''),
                None => return Some(text),
            },
            (letter, _) => text.push(letter),
        }
    }
}

fn said(what: &str, place: usize) -> String {
    format!("{what} (character {place})")
}
