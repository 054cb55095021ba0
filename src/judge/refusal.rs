//! What a provider's writes must be answered, where no scenario says it: judges traffic that was only watched.

use crate::exchange::{Api, Exchange, Sender};
use crate::finding::{Authority, Finding, Strength};
use crate::judge::answer::wrong_status;
use crate::profile::ProfileId;
use crate::scenario::step::StatusSet;

/// Why it is told.
const BECAUSE: &str = "The provider gives this change up, and what its administrator decided has not happened. Either the endpoint \
    must take what the provider sends, or the provider was given values that no endpoint could take.";

/// That a write of a provider was refused, in a way that providers give up at. Who was at fault cannot be known of traffic that
/// was only watched, so this is a warning.
///
/// Left out is what may well be right: 409 where a name is taken (RFC 7644 3.3), 404 where a resource has gone, and 401, 403 and
/// 429, which are about the client.
pub fn refusal(exchange: &Exchange) -> Option<Finding> {
    let Sender::Client(client) = &exchange.sender else {
        return None;
    };
    let authority = ProfileId::named(client)?.authority();
    if authority == Authority::Rfc || exchange.request.api != Api::Scim {
        return None;
    }
    let wanted: &[u16] = match exchange.request.method.as_str() {
        "POST" => &[201],
        "PUT" => &[200],
        "PATCH" => &[200, 204],
        "DELETE" => &[204],
        _ => return None,
    };
    let path = exchange
        .request
        .target
        .split('?')
        .next()
        .unwrap_or_default();
    let response = exchange.response()?;
    let is_right = matches!(response.status, 401 | 403 | 404 | 409 | 429);
    if response.status < 400 || is_right || path.ends_with("/.search") || path.ends_with("/Bulk") {
        return None;
    }
    let wanted: Vec<StatusSet> = wanted
        .iter()
        .map(|&status| StatusSet::One(status))
        .collect();
    let wrong = wrong_status(exchange, response, &wanted);
    Some(Finding {
        differences: wrong.differences,
        because: Some(BECAUSE.to_owned()),
        exchange: Some(0),
        ..Finding::new(
            wrong.id,
            wrong.verdict,
            Strength::Should,
            authority,
            wrong.message,
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::refusal;
    use crate::exchange::{Api, Body, Exchange, Request, Response, Sender};

    fn told(client: &str, method: &str, target: &str, status: u16) -> Option<String> {
        let exchange = Exchange {
            sender: Sender::Client(client.to_owned()),
            request: Request {
                api: Api::Scim,
                method: method.to_owned(),
                origin: "http://127.0.0.1".to_owned(),
                target: target.to_owned(),
                headers: Vec::new(),
                body: Body::default(),
            },
            outcome: Ok(Response::new(
                status,
                Vec::new(),
                Body::new(r#"{"detail":"no"}"#),
                None,
            )),
            started: String::new(),
            elapsed: Duration::ZERO,
        };
        refusal(&exchange).map(|finding| finding.message)
    }

    #[test]
    fn a_refused_write_of_a_provider_is_told() {
        let no = |message: &str| Some(message.to_owned());
        assert_eq!(
            told("entra-legacy", "PATCH", "/Users/1", 400),
            no("PATCH answered 400, not 200 or 204: no")
        );
        assert_eq!(
            told("okta-oin", "POST", "/Users", 500),
            no("POST answered 500, not 201: no")
        );
    }

    #[test]
    fn what_may_be_right_is_not() {
        assert_eq!(told("okta-oin", "POST", "/Users", 409), None);
        assert_eq!(told("okta-oin", "POST", "/Users", 201), None);
        assert_eq!(told("okta-oin", "GET", "/Users", 500), None);
        assert_eq!(told("entra-legacy", "DELETE", "/Users/1", 404), None);
        assert_eq!(told("entra-legacy", "POST", "/Users/.search?x", 400), None);
        assert_eq!(told("unknown", "PATCH", "/Users/1", 400), None);
    }
}
