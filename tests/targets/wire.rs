//! What a listening socket receives: header sets, request targets and body lengths of each profile.

use serde_json::json;

use crate::outcome::{Outcome, Run};
use crate::server::{Received, Reply, Server};

const USER: &str = "2f0c9d7e-1111-4c1b-8a55-0d7f8c9e0001";
const GROUP: &str = "7c1d0f6e-52a4-4a7e-9b0e-3f5b8f1f2a10";

/// Accepts everything, with the ids of the reference.
fn accepting() -> Server {
    Server::after_preflight(|received, _| {
        let id = if received.target.contains("/Groups") {
            GROUP
        } else {
            USER
        };
        match received.method.as_str() {
            "GET" if received.target.contains('?') => Reply::empty_list(),
            // okta.md 3.2: the document of the sample before Okta's overlay.
            "GET" => Reply::json(
                200,
                format!(
                    r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"{id}","userName":"ada.lovell@example.test","name":{{"formatted":"Ada Lovell","givenName":"Ada","familyName":"Lovell"}},"emails":[{{"primary":true,"value":"ada.lovell@example.test","type":"work"}}],"active":true,"meta":{{"resourceType":"User","created":"2026-01-05T09:00:00Z","lastModified":"2026-01-05T09:00:00Z"}}}}"#
                ),
            ),
            "DELETE" => Reply::with(204, &[], b""),
            "POST" => Reply::json(201, format!(r#"{{"id":"{id}"}}"#)),
            _ => Reply::json(200, format!(r#"{{"id":"{id}"}}"#)),
        }
    })
}

/// What the server received from the client that is acted; read-back, discovery and cleanup are ours.
fn played(path: &str, server: &Server, arguments: &[&str]) -> (Vec<Received>, Outcome) {
    let outcome = Run::new(path, &server.url())
        .variable("TOKEN", "6f1c-token")
        .arguments(&["--token-env", "TOKEN"])
        // What is sent is the matter here; the target answers with no more than an id.
        .arguments(&["--fail-on", "none"])
        .arguments(arguments)
        .finish();
    assert_eq!(outcome.code, Some(0), "{}", outcome.said());
    let own = concat!("scimulate/", env!("CARGO_PKG_VERSION"));
    let received = server
        .received()
        .into_iter()
        .filter(|received| received.header("user-agent") != Some(own))
        .collect();
    (received, outcome)
}

/// Names and values, sorted by name.
pub fn headers(received: &Received) -> Vec<String> {
    let mut headers: Vec<String> = received
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort();
    headers
}

fn sorted(expected: &[String]) -> Vec<String> {
    let mut expected = expected.to_vec();
    expected.sort();
    expected
}

/// The body length that the client announced, which must be what came.
fn length(received: &Received) -> usize {
    let announced = received
        .header("content-length")
        .map_or(0, |length| length.parse().expect("it is a number"));
    assert_eq!(announced, received.body.len());
    announced
}

/// The exact header set of each Okta request (okta.md 0.2): no more, no fewer.
pub fn okta_headers(server: &Server, received: &Received) -> Vec<String> {
    let mut expected = vec![
        "Accept: application/scim+json".to_owned(),
        "Accept-Charset: utf-8".to_owned(),
        "User-Agent: Okta SCIM Client 1.0.0".to_owned(),
        "Authorization: Bearer 6f1c-token".to_owned(),
        format!("Host: 127.0.0.1:{}", server.port()),
        "Connection: Keep-Alive".to_owned(),
        "Accept-Encoding: gzip,deflate".to_owned(),
    ];
    if !received.body.is_empty() {
        expected.push("Content-Type: application/scim+json; charset=utf-8".to_owned());
        expected.push(format!("Content-Length: {}", received.body.len()));
    }
    sorted(&expected)
}

/// The exact header set of each Entra request (entra.md 1.3): above all, no `User-Agent`.
pub fn entra_headers(server: &Server, received: &Received) -> Vec<String> {
    let mut expected = vec![
        "Accept: application/scim+json".to_owned(),
        "Authorization: Bearer 6f1c-token".to_owned(),
        format!("Host: 127.0.0.1:{}", server.port()),
    ];
    if !received.body.is_empty() {
        expected.push("Content-Type: application/scim+json; charset=utf-8".to_owned());
        expected.push(format!("Content-Length: {}", received.body.len()));
    }
    sorted(&expected)
}

/// okta.md 0.6, 2.2, 4.1, 6.2, 6.3, 6.4: the printed payloads, by the length that the reference gives for each.
#[test]
fn okta_oin() {
    let server = accepting();
    let (received, _) = played("wire/okta_oin.yaml", &server, &[]);
    let lines: Vec<(String, usize)> = received
        .iter()
        .map(|received| (received.line(), length(received)))
        .collect();
    let user = format!("/scim/v2/Users/{USER}");
    let group = format!("/scim/v2/Groups/{GROUP}");
    let expected = [
        ("GET /scim/v2/Users?startIndex=1&count=2".to_owned(), 0),
        (
            "GET /scim/v2/Users?filter=userName%20eq%20%22ada.lovell%40example.test%22&startIndex=1&count=100".to_owned(),
            0,
        ),
        (
            "GET /scim/v2/Groups?filter=displayName%20eq%20%22Finance%20Staff%22&startIndex=1&count=100".to_owned(),
            0,
        ),
        ("POST /scim/v2/Users".to_owned(), 348),
        (format!("GET {user}"), 0),
        (format!("PUT {user}"), 505),
        (format!("PATCH {user}"), 118),
        (format!("PATCH {user}"), 117),
        ("POST /scim/v2/Groups".to_owned(), 102),
        (format!("PATCH {group}"), 176),
        (format!("PATCH {group}"), 285),
        (format!("PATCH {group}"), 201),
        (format!("DELETE {group}"), 0),
    ];
    assert_eq!(lines, expected);
    for received in &received {
        assert_eq!(
            headers(received),
            okta_headers(&server, received),
            "{}",
            received.line()
        );
    }
    // okta.md 3.2: known members keep the server's order, new ones are appended.
    let put = received
        .iter()
        .find(|received| received.method == "PUT")
        .expect("there is one");
    assert_eq!(
        put.text(),
        format!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"{USER}","userName":"ada.lovell@example.test","name":{{"formatted":"Ada Lovell","givenName":"Adeline","familyName":"Lovell"}},"emails":[{{"primary":true,"value":"ada.lovell@example.test","type":"work"}}],"active":true,"meta":{{"resourceType":"User","created":"2026-01-05T09:00:00Z","lastModified":"2026-01-05T09:00:00Z"}},"displayName":"Adeline Lovell","locale":"en-US","externalId":"00u1sampleuserid0001","groups":[]}}"#
        )
    );
}

/// okta.md 2.2 (AIW), 6.2 (AIW), 6.4 (the complete list).
#[test]
fn okta_aiw() {
    let server = accepting();
    let (received, _) = played("wire/okta_aiw.yaml", &server, &[]);
    let lines: Vec<(String, usize)> = received
        .iter()
        .map(|received| (received.line(), length(received)))
        .collect();
    let expected = [
        ("POST /scim/v2/Users".to_owned(), 290),
        ("POST /scim/v2/Groups".to_owned(), 186),
        (format!("PUT /scim/v2/Groups/{GROUP}"), 230),
    ];
    assert_eq!(lines, expected);
    for received in &received {
        assert_eq!(headers(received), okta_headers(&server, received));
    }
}

/// entra.md 1.2, 1.3, 1.4.
#[test]
fn entra() {
    for profile in ["entra-legacy", "entra-compliant"] {
        let server = accepting();
        let (received, _) = played("wire/entra.yaml", &server, &["--as", profile]);
        let lines: Vec<String> = received.iter().map(Received::line).collect();
        let expected = [
            "GET /scim/v2/Users?filter=userName+eq+%22ava.lindqvist%40corp.example%22".to_owned(),
            "GET /scim/v2/Users?filter=externalId+eq+%22ava.lindqvist%22".to_owned(),
            "GET /scim/v2/Users?filter=emails%5btype+eq+%22work%22%5d.value+eq+%22a%40corp.example%22".to_owned(),
            "GET /scim/v2/Groups?excludedAttributes=members&filter=displayName+eq+%22Platform+Engineering%22".to_owned(),
            "GET /scim/v2/Users?filter=externalId+eq+%22(a%2bb%26c%23d%27e!*)%22".to_owned(),
            "POST /scim/v2/Users".to_owned(),
            format!("PATCH /scim/v2/Users/{USER}"),
            format!("DELETE /scim/v2/Users/{USER}"),
        ];
        assert_eq!(lines, expected);
        for received in &received {
            assert_eq!(headers(received), entra_headers(&server, received));
        }
        assert_eq!(
            received[5].text(),
            r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"externalId":"ava.lindqvist","userName":"ava.lindqvist@corp.example","active":true,"displayName":"Åva \"the first\" Lindqvist"}"#
        );
        assert_eq!(length(&received[5]), received[5].text().len());
        assert_eq!(length(&received[6]), 125);
    }
}

/// A scenario may write target, headers and body itself; the event log shows what went out, not what was meant.
#[test]
fn what_a_scenario_writes_itself() {
    let server = accepting();
    let (received, outcome) = played("wire/own.yaml", &server, &[]);
    let [untouched, bodyless, other, bare] = received.as_slice() else {
        panic!("{:?}", server.lines());
    };
    assert_eq!(
        untouched.target,
        "/scim/v2/Users?filter=userName+eq+%22a%4Ab%22&x=%zz&&y"
    );
    assert_eq!(bodyless.header("content-type"), None);
    assert_eq!(length(bodyless), 0);
    assert_eq!(other.header("content-type"), Some("application/json"));
    assert_eq!(other.header("user-agent"), None);
    assert_eq!(other.header("if-match"), Some("W/\"7\""));
    assert_eq!(
        other.header("authorization"),
        Some("Basic b3RoZXI6cGVyc29u")
    );
    assert_eq!(other.text(), "{\"userName\": \"not json\"\n");
    assert_eq!(bare.header("authorization"), None);
    for (received, exchange) in received.iter().zip(outcome.exchanges()) {
        let request = &exchange["request"];
        assert_eq!(request["method"], json!(received.method));
        assert_eq!(request["target"], json!(received.target));
        // Host, length and credentials are the transport's; of all others the log must tell.
        let logged: Vec<String> = request["headers"]
            .as_array()
            .expect("there are headers")
            .iter()
            .map(|header| header[0].as_str().unwrap_or_default().to_lowercase())
            .collect();
        for (name, _) in &received.headers {
            let name = name.to_lowercase();
            assert!(
                ["host", "content-length"].contains(&name.as_str()) || logged.contains(&name),
                "`{name}` was sent, and the log does not say so"
            );
        }
    }
}

/// What we send ourselves says so.
#[test]
fn our_own_requests() {
    let server = accepting();
    played("wire/okta_aiw.yaml", &server, &[]);
    let own: Vec<Received> = server
        .all()
        .into_iter()
        .filter(|received| received.is_preflight() || received.method == "DELETE")
        .collect();
    assert!(own.len() > 3);
    for received in own {
        let expected = [
            "Accept: application/scim+json".to_owned(),
            "Authorization: Bearer 6f1c-token".to_owned(),
            format!("Host: 127.0.0.1:{}", server.port()),
            concat!("User-Agent: scimulate/", env!("CARGO_PKG_VERSION")).to_owned(),
        ];
        assert_eq!(headers(&received), sorted(&expected));
    }
}
