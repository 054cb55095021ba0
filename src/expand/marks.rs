//! Marks: names that stand for values, and the target's real ids behind them.

use serde_json::Value;

use crate::exchange::{Body, Exchange, Response};
use crate::plan::Outgoing;

/// Begin and end of a name. No request holds these characters otherwise.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// The name between marks.
pub(super) fn marked(name: &str) -> String {
    format!("{OPEN}{name}{CLOSE}")
}

/// A text with every marked name as `${name}`, and `$${` for what looks like a variable and is none.
pub(super) fn named(text: &str) -> String {
    text.replace("${", "$${")
        .replace(OPEN, "${")
        .replace(CLOSE, "}")
}

/// A written line with marked names, in which literal `${` are escaped already.
pub(super) fn named_line(line: &str) -> String {
    line.replace(OPEN, "${").replace(CLOSE, "}")
}

/// The ids that the target gave, and what they are called.
#[derive(Debug, Default)]
pub struct Marks {
    /// Real id and marked name.
    ids: Vec<(String, String)>,
}

impl Marks {
    /// The request as a target can understand it: real ids.
    pub(super) fn real(&self, request: &Outgoing) -> Outgoing {
        let mut real = request.clone();
        // Whoever was created anew is known by the newest id.
        for (id, mark) in self.ids.iter().rev() {
            let upper = mark.replace(OPEN, "%EE%80%80").replace(CLOSE, "%EE%80%81");
            for form in [&upper, &upper.replace("%EE", "%ee"), mark] {
                real.target = real.target.replace(form.as_str(), id);
            }
            if let Some(body) = &real.body {
                let text = String::from_utf8_lossy(body).replace(mark.as_str(), id);
                real.body = Some(text.into_bytes());
            }
        }
        real
    }

    /// The answer as the client sees it: names for ids. `name` is what an id of a newly created resource is called.
    pub(super) fn learn(&mut self, exchange: Exchange, name: Option<String>) -> Exchange {
        if let (Some(name), Some(response)) = (name, exchange.response())
            && response.status / 100 == 2
            && let Some(id) = response
                .json()
                .and_then(|body| body.get("id"))
                .and_then(Value::as_str)
        {
            self.ids.push((id.to_owned(), marked(&name)));
        }
        let Ok(response) = &exchange.outcome else {
            return exchange;
        };
        let mut text = response.body.text().into_owned();
        for (id, mark) in &self.ids {
            text = text.replace(id.as_str(), mark);
        }
        let response = Response::new(
            response.status,
            response.headers.clone(),
            Body::new(text),
            None,
        );
        Exchange {
            outcome: Ok(response),
            ..exchange
        }
    }
}
