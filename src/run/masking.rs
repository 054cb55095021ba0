//! Keeps secrets out of what is judged and told: exchanges are masked when they are built, and what they are held
//! against must be masked alike, or nothing that a secret stands in could ever be equal.

use std::convert::Infallible;

use serde_json::Value;

use crate::exchange::Mask;
use crate::finding::Finding;
use crate::plan::{Expectation, Sent, State, Wants};
use crate::scenario::matcher::Matcher;

/// The expectation without secrets.
pub(crate) fn expectation(mask: &Mask, expectation: &Expectation) -> Expectation {
    let wants = match &expectation.wants {
        Wants::Answer {
            status,
            headers,
            body,
            text,
            size,
            within,
        } => Wants::Answer {
            status: status.clone(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), matcher(mask, value)))
                .collect(),
            body: body.as_ref().map(|body| matcher(mask, body)),
            text: text.as_ref().map(|text| Box::new(matcher(mask, text))),
            size: size.clone(),
            within: *within,
        },
        Wants::Resource(wanted) => Wants::Resource(Box::new(state(mask, wanted))),
        Wants::Found {
            id,
            same_as,
            state: wanted,
        } => Wants::Found {
            id: id.clone(),
            same_as: *same_as,
            state: wanted.as_ref().map(|wanted| Box::new(state(mask, wanted))),
        },
        Wants::Claim { that, is } => Wants::Claim {
            that: value(mask, that),
            is: matcher(mask, is),
        },
        Wants::Capture { .. }
        // Texts are masked in the finding.
        | Wants::Outcome { .. }
        | Wants::Traffic { .. }
        | Wants::Rate { .. }
        | Wants::Nothing(_)
        | Wants::Untested(_)
        | Wants::GoneById { .. }
        | Wants::GoneByFilter { .. }
        | Wants::Sendable(_) => expectation.wants.clone(),
    };
    Expectation {
        wants,
        ..expectation.clone()
    }
}

fn state(mask: &Mask, state: &State) -> State {
    State {
        is: state.is.as_ref().map(|is| matcher(mask, is)),
        sent: state.sent.as_ref().map(|sent| Sent {
            body: value(mask, &sent.body),
            ..sent.clone()
        }),
        ..state.clone()
    }
}

fn matcher(mask: &Mask, matcher: &Matcher<Value>) -> Matcher<Value> {
    let masked: Result<_, Infallible> = matcher.try_map(&mut |concrete| Ok(value(mask, concrete)));
    match masked {
        Ok(masked) => masked,
    }
}

/// The finding without secrets.
pub(crate) fn finding(mask: &Mask, finding: Finding) -> Finding {
    let differences = finding.differences.into_iter().map(|mut difference| {
        difference.path = mask.text(&difference.path);
        difference.expected = difference.expected.map(|expected| value(mask, &expected));
        difference.received = difference.received.map(|received| value(mask, &received));
        difference
    });
    Finding {
        message: mask.text(&finding.message),
        differences: differences.collect(),
        admin: finding.admin.map(|admin| mask.text(&admin)),
        because: finding.because.map(|because| mask.text(&because)),
        ..finding
    }
}

fn value(mask: &Mask, plain: &Value) -> Value {
    match plain {
        Value::String(text) => Value::String(mask.text(text)),
        Value::Array(items) => items.iter().map(|item| value(mask, item)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (mask.text(name), value(mask, member)))
            .collect(),
        other => other.clone(),
    }
}
