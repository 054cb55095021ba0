//! What vendors' servers do not do, whom they protect, and what becomes of their tokens.

use jiff::{SignedDuration, Timestamp};
use scimulate::server::{Answer, Refused, Rules, Settings, Token};
use serde_json::{Value, json};

use crate::client::{Client, ENTERPRISE, GROUP, PATCH, USER, parsed};

fn refusing(refused: &[Refused]) -> Client {
    Client::new(Settings {
        rules: Rules {
            refused: refused.to_vec(),
            protected: Vec::new(),
        },
        ..Settings::default()
    })
}

fn active(to: bool) -> Value {
    json!([{"op": "replace", "value": {"active": to}}])
}

#[test]
fn a_server_without_updates_still_deactivates() {
    let client = refusing(&[Refused::Update]);
    let id = client.user("ada", json!({"title": "Lead"}));
    let path = format!("/Users/{id}");
    let (status, body) = client.patch(
        &path,
        &json!([{"op": "replace", "path": "title", "value": "Head"}]),
    );
    assert_eq!(status, 501, "{body}");
    assert_eq!(
        body["schemas"][0],
        "urn:ietf:params:scim:api:messages:2.0:Error"
    );
    assert_eq!(client.get(&path)["title"], "Lead");
    assert_eq!(client.patch(&path, &active(false)).0, 200);
    // Okta sends the whole resource to change `active`; what it does not change is no update.
    let mut whole = client.get(&path);
    whole["active"] = json!(true);
    assert_eq!(client.call("PUT", &path, &whole).0, 200);
    whole["title"] = json!("Head");
    assert_eq!(client.call("PUT", &path, &whole).0, 501);
    assert_eq!(client.get(&path)["active"], true);
    // Groups are not users.
    let group = client.group("Finance", &[&id]);
    let renamed = json!([{"op": "replace", "path": "displayName", "value": "Money"}]);
    assert_eq!(client.patch(&format!("/Groups/{group}"), &renamed).0, 204);
}

#[test]
fn each_refusal_refuses_one_thing() {
    for refused in Refused::ALL {
        let open = Client::tolerant();
        let client = refusing(&[refused]);
        let mut done = Vec::new();
        for client in [&open, &client] {
            let created = client.call(
                "POST",
                "/Users",
                &json!({"schemas": [USER], "userName": "ada"}),
            );
            let user = created.1["id"].as_str().unwrap_or("nobody").to_owned();
            let path = format!("/Users/{user}");
            let title = json!([{"op": "add", "value": {"title": "Lead"}}]);
            let finance = json!({"schemas": [GROUP], "displayName": "Finance"});
            done.push([
                ("create", created.0),
                ("update", client.patch(&path, &title).0),
                ("deactivate", client.patch(&path, &active(false)).0),
                ("delete", client.call("DELETE", &path, &Value::Null).0),
                ("group-push", client.call("POST", "/Groups", &finance).0),
            ]);
        }
        for ((word, usual), (_, now)) in done[0].iter().zip(done[1]) {
            let expected = match refused {
                _ if refused.name() == *word => 501,
                Refused::Create if *word != "group-push" => 404,
                _ => *usual,
            };
            assert_eq!(now, expected, "{word} where {} is refused", refused.name());
        }
        assert_eq!(Refused::named(refused.name()), Some(refused));
    }
}

#[test]
fn refusals_hold_in_bulk() {
    let client = refusing(&[Refused::Create]);
    let operation = json!({"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": "ada"}});
    let (status, body) = client.call(
        "POST",
        "/Bulk",
        &json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]}),
    );
    assert_eq!(
        (status, &body["Operations"][0]["status"]),
        (200, &json!("501"))
    );
}

fn protecting() -> Client {
    Client::new(Settings {
        rules: Rules {
            refused: Vec::new(),
            protected: vec!["owner@example.test".to_owned()],
        },
        ..Settings::default()
    })
}

#[test]
fn protected_accounts_are_there_and_stay_as_they_are() {
    let client = protecting();
    let found = client.get("/Users?filter=userName eq \"OWNER@example.test\"");
    assert_eq!(found["totalResults"], 1);
    let before = found["Resources"][0].clone();
    let path = format!("/Users/{}", before["id"].as_str().expect("an id"));
    let mut whole = before.clone();
    whole["active"] = json!(false);
    for (status, body) in [
        client.patch(&path, &active(false)),
        client.call("PUT", &path, &whole),
        client.call("DELETE", &path, &Value::Null),
    ] {
        assert_eq!((status, &body["status"]), (403, &json!("403")));
        let detail = body["detail"].as_str().expect("a detail");
        assert!(detail.contains("`owner@example.test`"), "{detail}");
    }
    let again = json!({"schemas": [USER], "userName": "owner@example.test"});
    assert_eq!(client.call("POST", "/Users", &again).0, 409);
    assert_eq!(client.get(&path), before);
    // Everybody else is as ever, and it may be a member.
    let ada = client.user("ada", json!({}));
    assert_eq!(
        client.patch(&format!("/Users/{ada}"), &active(false)).0,
        200
    );
    client.group("Owners", &[before["id"].as_str().expect("an id")]);
}

#[test]
fn protected_accounts_are_there_once_after_a_restart() {
    let client = protecting();
    client.user("ada", json!({}));
    let again = protecting();
    again
        .server
        .load(&client.server.dump())
        .expect("it was dumped");
    assert_eq!(again.get("/Users")["totalResults"], 2);
    let fresh = protecting();
    fresh
        .server
        .load(&Client::tolerant().server.dump())
        .expect("it was dumped");
    assert_eq!(fresh.get("/Users")["totalResults"], 1);
}

#[test]
fn attributes_that_are_not_kept_are_read_and_dropped() {
    let keep = ["userName", "name.givenName", "emails.value"];
    let client = Client::new(Settings {
        attributes: Some(
            keep.iter()
                .map(|path| path.parse().expect("a path"))
                .collect(),
        ),
        ..Settings::default()
    });
    let ada = client.user(
        "ada",
        json!({
            "externalId": "00u1", "title": "Lead", "active": true,
            "name": {"givenName": "Ada", "familyName": "Lovell"},
            "emails": [{"value": "ada@example.test", "type": "work", "primary": true}],
            ENTERPRISE: {"department": "Tools"},
        }),
    );
    let path = format!("/Users/{ada}");
    let stored = client.get(&path);
    assert_eq!(stored["name"], json!({"givenName": "Ada"}));
    assert_eq!(stored["emails"][0]["type"], "work");
    assert_eq!(stored["externalId"], "00u1");
    assert_eq!(stored.get("title").or(stored.get(ENTERPRISE)), None);
    let (status, body) = client.patch(
        &path,
        &json!([{"op": "replace", "path": "title", "value": "Head"}]),
    );
    assert_eq!(status, 200, "{body}");
    let schemas = client.get("/Schemas").to_string();
    assert!(
        !schemas.contains("\"title\"") && !schemas.contains("department"),
        "{schemas}"
    );
    let types = client.get("/ResourceTypes").to_string();
    assert!(!types.contains(ENTERPRISE), "{types}");
}

/// A server with the token `first`, which rotates tokens.
fn rotating(life: Option<SignedDuration>) -> Client {
    Client::new(Settings {
        base_path: "/v1alpha1/scimproxy".to_owned(),
        tokens: vec![Token::new("first")],
        token_life: life,
        rotation: Some("/proxytoken/rotate".to_owned()),
        ..Settings::default()
    })
}

fn call(client: &Client, method: &str, path: &str, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let target = format!("/v1alpha1/scimproxy{path}");
    client.raw(method, &target, &[("authorization", &bearer)], b"")
}

fn rotated(client: &Client, query: &str, token: &str) -> String {
    let answer = call(client, "POST", &format!("/proxytoken/rotate{query}"), token);
    assert_eq!(answer.status, 200);
    parsed(&answer)["token"]
        .as_str()
        .expect("a token")
        .to_owned()
}

#[test]
fn a_rotated_token_takes_the_place_of_the_current_one_at_once() {
    let client = rotating(None);
    for query in ["?remove-current=true", ""] {
        let client = rotating(None);
        let second = rotated(&client, query, "first");
        let answer = call(&client, "GET", "/Users", "first");
        assert_eq!(answer.status, 401);
        assert!(
            answer
                .header("www-authenticate")
                .is_some_and(|challenge| challenge.contains("invalid_token"))
        );
        assert_eq!(call(&client, "GET", "/Users", &second).status, 200);
    }
    for (method, path, token, status) in [
        ("POST", "/proxytoken/rotate", "wrong", 401),
        (
            "POST",
            "/proxytoken/rotate?remove-current=perhaps",
            "first",
            400,
        ),
        ("GET", "/proxytoken/rotate", "first", 405),
        ("POST", "/token/regenerate", "first", 404),
    ] {
        assert_eq!(
            call(&client, method, path, token).status,
            status,
            "{method} {path}"
        );
    }
}

#[test]
fn without_removal_the_old_token_works_until_the_new_one_does() {
    let client = rotating(None);
    let second = rotated(&client, "?remove-current=false", "first");
    assert_eq!(call(&client, "GET", "/Users", "first").status, 200);
    assert_eq!(call(&client, "GET", "/Users", &second).status, 200);
    assert_eq!(call(&client, "GET", "/Users", "first").status, 401);
}

#[test]
fn tokens_expire() {
    let client = Client::new(Settings {
        tokens: vec![Token {
            expires: Some(Timestamp::constant(1_800_000_060, 0)),
            ..Token::new("first")
        }],
        token_life: Some(SignedDuration::from_secs(3600)),
        rotation: Some("/token".to_owned()),
        ..Settings::default()
    });
    let status = |token: &str| {
        let bearer = format!("Bearer {token}");
        client
            .raw("GET", "/scim/v2/Users", &[("authorization", &bearer)], b"")
            .status
    };
    assert_eq!(status("first"), 200);
    let answer = client.raw(
        "POST",
        "/scim/v2/token?remove-current=false",
        &[("authorization", "Bearer first")],
        b"",
    );
    let body = parsed(&answer);
    assert_eq!(body["expiresIn"], 3600);
    client.wait(60);
    assert_eq!(status("first"), 401);
    let second = body["token"].as_str().expect("a token");
    assert_eq!(status(second), 200);
    client.wait(3600);
    assert_eq!(status(second), 401);
}

#[test]
fn an_open_server_has_no_token_to_rotate() {
    let client = Client::new(Settings {
        rotation: Some("/token".to_owned()),
        ..Settings::default()
    });
    assert_eq!(client.call("POST", "/token", &Value::Null).0, 403);
    assert_eq!(
        client
            .call("PATCH", "/Users/nobody", &json!({"schemas": [PATCH]}))
            .0,
        404
    );
}
