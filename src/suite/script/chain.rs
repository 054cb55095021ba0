//! `pm.expect(…)` and `pm.response.to…`: the chains of words in which tests of Postman say what must hold (Chai's).

use serde_json::Value;

use crate::suite::condition::{Claim, Condition, Part};
use crate::suite::script::expression::{Reader, Symbol, joined};
use crate::suite::script::token::Token;

/// Words that only make a chain readable.
const FILLERS: [&str; 17] = [
    "to", "be", "been", "is", "that", "which", "and", "has", "have", "with", "at", "of", "same",
    "but", "does", "still", "also",
];

impl Reader<'_> {
    /// What stands behind `pm.expect(`; nothing if it is not recognised.
    pub(super) fn expectation(&mut self) -> Option<Vec<Claim>> {
        let subject = self.expression()?;
        if self.takes(",") {
            // A message for people.
            self.expression()?;
        }
        if !self.takes(")") {
            return None;
        }
        let mut claims = Vec::new();
        let mut negated = false;
        while self.takes(".") {
            let word = self.word()?;
            if FILLERS.contains(&word) || matches!(word, "deep" | "own") {
                continue;
            }
            if word == "not" {
                negated = !negated;
                continue;
            }
            if matches!(word, "length" | "lengthOf") && !self.is_sign("(") {
                // `to.have.length.above(0)`
                let Symbol::Part(part) = &subject else {
                    return None;
                };
                claims.push(self.length_bound(part.clone(), &mut negated)?);
                continue;
            }
            let claim = self.word_of_chain(&subject, word)?;
            claims.push(match negated {
                true => Claim::new(claim.of, claim.is.not()),
                false => claim,
            });
        }
        (!claims.is_empty()).then_some(claims)
    }

    fn length_bound(&mut self, part: Part, negated: &mut bool) -> Option<Claim> {
        while self.takes(".") {
            let word = self.word()?;
            if FILLERS.contains(&word) {
                continue;
            }
            let number = self.number()?;
            // Only what says that it is empty, or is not, has a matcher of its own.
            let is = match (word, number) {
                ("above" | "gt" | "greaterThan", 0) | ("least" | "gte", 1) => {
                    Condition::Length(0).not()
                }
                ("below" | "lt" | "lessThan", 1) | ("most" | "lte", 0) => Condition::Length(0),
                _ => return None,
            };
            let is = if *negated { is.not() } else { is };
            return Some(Claim::new(part, is));
        }
        None
    }

    fn number(&mut self) -> Option<u64> {
        match self.argument()? {
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The one argument of a call.
    fn argument(&mut self) -> Option<Value> {
        if !self.takes("(") {
            return None;
        }
        let Symbol::Value(value) = self.expression()? else {
            return None;
        };
        if self.takes(",") {
            // A message for people.
            self.text()?;
        }
        self.takes(")").then_some(value)
    }

    fn word_of_chain(&mut self, subject: &Symbol, word: &str) -> Option<Claim> {
        let part = match subject {
            Symbol::Part(part) => part.clone(),
            Symbol::Length(part) => {
                let wanted = matches!(word, "eql" | "equal" | "equals" | "eq");
                let above = matches!(word, "above" | "gt" | "greaterThan");
                let number = self.number()?;
                return match (wanted, above, number) {
                    (true, ..) => Some(Claim::new(part.clone(), Condition::Length(number))),
                    (_, true, 0) => Some(Claim::new(part.clone(), Condition::Length(0).not())),
                    _ => None,
                };
            }
            Symbol::Claims(claims) => {
                // `pm.expect(a === b).to.be.true`
                let [claim] = claims.as_slice() else {
                    return None;
                };
                let wanted = match word {
                    "true" | "ok" => true,
                    "false" => false,
                    "eql" | "equal" | "equals" | "eq" => self.argument()?.as_bool()?,
                    _ => return None,
                };
                return Some(match wanted {
                    true => claim.clone(),
                    false => Claim::new(claim.of.clone(), claim.is.clone().not()),
                });
            }
            Symbol::Value(_) => return None,
        };
        let between = |least: Option<Value>, most: Option<Value>, exclusive| Condition::Between {
            least,
            most,
            exclusive,
        };
        let is = match word {
            "eql" | "equal" | "equals" | "eq" => Condition::Exactly(self.argument()?),
            "include" | "includes" | "contain" | "contains" | "string" => match self.argument()? {
                Value::Object(_) | Value::Array(_) => return None,
                value => Condition::Contains(value),
            },
            "a" | "an" if self.is_sign("(") => Condition::Kind(kind(&self.argument()?)?),
            "a" | "an" => return None,
            "true" => Condition::Exactly(Value::Bool(true)),
            "false" => Condition::Exactly(Value::Bool(false)),
            "null" => Condition::Exactly(Value::Null),
            "undefined" => Condition::Exists.not(),
            "exist" | "exists" => Condition::Any(vec![
                Condition::Exactly(Value::Null),
                Condition::Exists.not(),
            ])
            .not(),
            "ok" => Condition::Truthy,
            "empty" => Condition::Filled.not(),
            "above" | "gt" | "greaterThan" => between(Some(self.argument()?), None, true),
            "least" | "gte" => between(Some(self.argument()?), None, false),
            "below" | "lt" | "lessThan" => between(None, Some(self.argument()?), true),
            "most" | "lte" => between(None, Some(self.argument()?), false),
            "oneOf" => match self.argument()? {
                Value::Array(items) => {
                    Condition::Any(items.into_iter().map(Condition::Exactly).collect())
                }
                _ => return None,
            },
            "length" | "lengthOf" => Condition::Length(self.number()?),
            "match" | "matches" => Condition::Matches(self.pattern()?),
            "property" => {
                let Part::Json(path) = &part else { return None };
                return self.property(path);
            }
            _ => return None,
        };
        Some(Claim::new(part, is))
    }

    /// `property("name")` or `property("name", value)`.
    fn property(&mut self, path: &str) -> Option<Claim> {
        if !self.takes("(") {
            return None;
        }
        let of = Part::Json(joined(path, self.text()?));
        if self.takes(",") {
            let Symbol::Value(value) = self.expression()? else {
                return None;
            };
            return self
                .takes(")")
                .then(|| Claim::new(of, Condition::Exactly(value)));
        }
        self.takes(")").then(|| Claim::new(of, Condition::Exists))
    }

    fn pattern(&mut self) -> Option<String> {
        if !self.takes("(") {
            return None;
        }
        let Some(Token::Pattern(written, flags)) = self.peek() else {
            return None;
        };
        self.at += 1;
        let pattern = match flags.as_str() {
            "" => written.clone(),
            "i" => format!("(?i){written}"),
            _ => return None,
        };
        // JavaScript's patterns can do more than those of scenarios.
        regex::Regex::new(&pattern).ok()?;
        self.takes(")").then_some(pattern)
    }

    /// What stands behind `pm.response.to`; nothing if it is not recognised.
    pub(super) fn response_chain(&mut self) -> Option<Vec<Claim>> {
        let mut claims = Vec::new();
        let mut negated = false;
        while self.takes(".") {
            let word = self.word()?;
            if FILLERS.contains(&word) {
                continue;
            }
            if word == "not" {
                negated = !negated;
                continue;
            }
            let claim = self.word_of_response(word)?;
            claims.push(match negated {
                true => Claim::new(claim.of, claim.is.not()),
                false => claim,
            });
        }
        (!claims.is_empty()).then_some(claims)
    }

    fn word_of_response(&mut self, word: &str) -> Option<Claim> {
        let status = |least: u16, most: u16| {
            let is = Condition::Between {
                least: Some(Value::from(least)),
                most: Some(Value::from(most)),
                exclusive: false,
            };
            Some(Claim::new(Part::Status, is))
        };
        match word {
            "status" => match self.argument()? {
                Value::Number(number) => Some(Claim::new(
                    Part::Status,
                    Condition::Number(number.as_f64()?),
                )),
                _ => None,
            },
            "ok" => status(200, 200),
            "accepted" => status(202, 202),
            "success" => status(200, 299),
            "redirection" => status(300, 399),
            "clientError" => status(400, 499),
            "serverError" => status(500, 599),
            "error" => status(400, 599),
            "badRequest" => status(400, 400),
            "unauthorized" => status(401, 401),
            "forbidden" => status(403, 403),
            "notFound" => status(404, 404),
            "rateLimited" => status(429, 429),
            "json" => Some(Claim::new(Part::Json("$".to_owned()), Condition::Exists)),
            "withBody" => Some(Claim::new(Part::Text, Condition::Filled)),
            "header" => {
                if !self.takes("(") {
                    return None;
                }
                let of = Part::Header(self.text()?.to_owned());
                let is = match self.takes(",") {
                    true => match self.expression()? {
                        Symbol::Value(value) => Condition::Exactly(value),
                        _ => return None,
                    },
                    false => Condition::Exists,
                };
                self.takes(")").then(|| Claim::new(of, is))
            }
            "body" if self.is_sign("(") => {
                Some(Claim::new(Part::Text, Condition::Exactly(self.argument()?)))
            }
            "jsonBody" => {
                if !self.takes("(") {
                    return None;
                }
                if self.takes(")") {
                    return Some(Claim::new(Part::Json("$".to_owned()), Condition::Exists));
                }
                let path = crate::suite::runscope::json_path(self.text()?)?;
                let is = match self.takes(",") {
                    true => match self.expression()? {
                        Symbol::Value(value) => Condition::Exactly(value),
                        _ => return None,
                    },
                    false => Condition::Exists,
                };
                self.takes(")").then(|| Claim::new(Part::Json(path), is))
            }
            "responseTime" => {
                if !self.takes(".") {
                    return None;
                }
                let word = self.word()?;
                self.word_of_chain(&Symbol::Part(Part::Time), word)
            }
            _ => None,
        }
    }
}

/// A JSON type as JavaScript names it.
fn kind(name: &Value) -> Option<&'static str> {
    match name.as_str()? {
        "string" => Some("string"),
        "number" => Some("number"),
        "boolean" => Some("boolean"),
        "array" => Some("array"),
        "object" => Some("object"),
        _ => None,
    }
}
