//! HTTP: methods, media types, credentials, preconditions, addresses.

use scimulate::server::{Settings, Token};
use serde_json::{Value, json};

use crate::client::{Client, USER, parsed};

#[test]
fn bodies_must_be_json_of_a_known_media_type() {
    let client = Client::tolerant();
    let send = |kind: &str, body: &[u8]| {
        client.raw("POST", "/scim/v2/Users", &[("content-type", kind)], body)
    };
    for (number, kind) in [
        "application/scim+json",
        "application/json",
        "application/scim+json; charset=utf-8",
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"schemas": [USER], "userName": format!("u{number}"), "displayName": "\u{1f600}"}).to_string();
        assert_eq!(send(kind, body.as_bytes()).status, 201, "{kind}");
    }
    assert_eq!(send("text/xml", b"<a/>").status, 415);
    for body in ["{", "", "[]", "\"x\"", "{\"a\":1,}", "\u{feff}{}"] {
        let answer = send("application/json", body.as_bytes());
        assert_eq!(
            (answer.status, parsed(&answer)["scimType"].as_str()),
            (400, Some("invalidSyntax")),
            "{body}"
        );
    }
    assert_eq!(
        send("application/json", b"{\"userName\":\"\xff\"}").status,
        400
    );
    assert_eq!(
        send("application/json", "[".repeat(10_000).as_bytes()).status,
        400
    );
    let answer = client.raw(
        "PATCH",
        "/scim/v2/Users/id-1",
        &[("content-type", "application/json-patch+json")],
        b"[]",
    );
    assert!(answer.status == 415 && answer.header("accept-patch").is_some());
    let small = Client::new(Settings {
        body_limit: 10,
        ..Settings::default()
    });
    assert_eq!(
        small
            .raw("POST", "/scim/v2/Users", &[], b"{\"userName\":\"a\"}")
            .status,
        413
    );
}

#[test]
fn methods_that_do_not_fit_say_which_do() {
    let client = Client::tolerant();
    client.user("a", json!({}));
    for (method, path, allowed) in [
        ("DELETE", "/Users", "GET, POST"),
        ("PUT", "/Users", "GET, POST"),
        ("POST", "/Users/id-1", "GET, PUT, PATCH, DELETE"),
        ("GET", "/Bulk", "POST"),
        ("GET", "/Users/.search", "POST"),
        ("POST", "/", "GET"),
    ] {
        let answer = client.send(method, path, &[], &json!({}));
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some(allowed)),
            "{method} {path}"
        );
    }
    let head = client.send("HEAD", "/Users/id-1", &[], &Value::Null);
    assert!(head.status == 200 && head.body.is_empty() && head.header("etag").is_some());
    let options = client.send("OPTIONS", "/Users/id-1", &[], &Value::Null);
    assert!(options.status == 204 && options.header("accept-patch").is_some());
}

#[test]
fn addresses_outside_the_server_are_refused() {
    let client = Client::tolerant();
    for (target, status, scim_type) in [
        ("/scim/v2/NoSuchEndpoint", 404, None),
        ("/scim/v2/Users/a/b", 404, None),
        ("/scim/v99/Users", 400, Some("invalidVers")),
        ("/scim/Users", 404, None),
        ("/other", 404, None),
        ("/scim/v2/Users/none", 404, None),
        ("/scim/v2/Me", 501, None),
    ] {
        let answer = client.raw("GET", target, &[], b"");
        assert_eq!(
            (answer.status, parsed(&answer)["scimType"].as_str()),
            (status, scim_type),
            "{target}"
        );
    }
    assert_eq!(
        client
            .raw("GET", "http://test.example/scim/v2/Users/", &[], b"")
            .status,
        200
    );
}

fn secured() -> Client {
    let reader = Token {
        read_only: true,
        ..Token::new("reader")
    };
    let me = Token {
        user: Some("ADA".to_owned()),
        ..Token::new("ada-token")
    };
    Client::new(Settings {
        tokens: vec![Token::new("good"), reader, me],
        tenants: vec![("second".to_owned(), vec![Token::new("other")])],
        ..Settings::default()
    })
}

#[test]
fn tokens_are_asked_for() {
    let client = secured();
    let get = |target: &str, token: Option<&str>| {
        let header = token
            .map(|token| format!("Bearer {token}"))
            .unwrap_or_default();
        let headers: Vec<(&str, &str)> = if token.is_some() {
            vec![("authorization", &header)]
        } else {
            Vec::new()
        };
        client.raw("GET", target, &headers, b"")
    };
    let missing = get("/scim/v2/Users", None);
    assert_eq!(
        (missing.status, missing.header("www-authenticate")),
        (401, Some("Bearer realm=\"scim\""))
    );
    assert_eq!(parsed(&missing)["status"], "401");
    let wrong = get("/scim/v2/Users/none", Some("bad"));
    assert!(
        wrong.status == 401
            && wrong
                .header("www-authenticate")
                .is_some_and(|header| header.contains("error=\"invalid_token\""))
    );
    assert_eq!(get("/scim/v2/Users?access_token=good", None).status, 401);
    assert_eq!(get("/scim/v2/Users", Some("good")).status, 200);
    assert_eq!(get("/second/scim/v2/Users", Some("good")).status, 401);
    assert_eq!(get("/second/scim/v2/Users", Some("other")).status, 200);
    assert_eq!(get("/scim/v2/ServiceProviderConfig", None).status, 200);
    assert_eq!(get("/scim/v2/Schemas", None).status, 401);
}

#[test]
fn readers_read_and_me_is_the_own_user() {
    let client = secured();
    let body = json!({"schemas": [USER], "userName": "ada"}).to_string();
    let send = |method: &str, target: &str, token: &str, body: &[u8]| {
        client.raw(
            method,
            target,
            &[("authorization", &format!("bearer {token}"))],
            body,
        )
    };
    assert_eq!(
        send("POST", "/scim/v2/Users", "reader", body.as_bytes()).status,
        403
    );
    assert_eq!(
        send("POST", "/scim/v2/Users", "good", body.as_bytes()).status,
        201
    );
    assert_eq!(
        send("DELETE", "/scim/v2/Users/id-1", "reader", b"").status,
        403
    );
    assert_eq!(send("GET", "/scim/v2/Me", "good", b"").status, 501);
    let me = send("GET", "/scim/v2/Me", "ada-token", b"");
    assert_eq!(
        (me.status, me.header("location")),
        (200, Some("http://test.example/scim/v2/Users/id-1"))
    );
    assert_eq!(
        parsed(&client.raw(
            "GET",
            "/second/scim/v2/Users",
            &[("authorization", "Bearer other")],
            b""
        ))["totalResults"],
        0
    );
}

#[test]
fn versions_guard_reads_and_writes() {
    let client = Client::tolerant();
    let path = format!("/Users/{}", client.user("a", json!({})));
    let tag = client
        .send("GET", &path, &[], &Value::Null)
        .header("etag")
        .expect("a tag")
        .to_owned();
    for header in [tag.as_str(), tag.trim_start_matches("W/"), "*"] {
        let answer = client.send("GET", &path, &[("if-none-match", header)], &Value::Null);
        assert_eq!(
            (answer.status, answer.body.len(), answer.header("etag")),
            (304, 0, Some(tag.as_str())),
            "{header}"
        );
    }
    assert_eq!(
        client
            .send("GET", &path, &[("if-none-match", "\"old\"")], &Value::Null)
            .status,
        200
    );
    let body = json!({"schemas": [USER], "userName": "a", "title": "T"});
    for method in ["PUT", "PATCH", "DELETE"] {
        assert_eq!(
            client
                .send(method, &path, &[("if-match", "W/\"stale\"")], &body)
                .status,
            412,
            "{method}"
        );
    }
    assert_eq!(client.get(&path)["title"], Value::Null);
    assert_eq!(
        client
            .send("PUT", &path, &[("if-match", &tag)], &body)
            .status,
        200
    );
    assert_eq!(
        client
            .send("PUT", &path, &[("if-match", "*")], &body)
            .status,
        200
    );
    assert_ne!(client.get(&path)["meta"]["version"], json!(tag));
    assert_eq!(
        client.get("/Users")["Resources"][0]["meta"]["version"],
        client.get(&path)["meta"]["version"]
    );
}
