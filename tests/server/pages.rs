//! Pages by index and by cursor, and sorting.

use serde_json::{Value, json};

use crate::client::{Client, GROUP};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

fn five() -> Client {
    let client = Client::tolerant();
    for (name, external, title, mails) in [
        (
            "u-b",
            "B",
            Some("t2"),
            json!([{"value": "z@x"}, {"value": "c@x", "primary": true}]),
        ),
        ("u-A", "a", None, json!([{"value": "b@x"}])),
        ("u-d", "c", Some("T1"), json!([{"value": "a@x"}])),
        ("u-C", "D", Some("t3"), json!([])),
        ("u-e", "e", Some("t4"), json!([])),
    ] {
        client.wait(1);
        client.user(
            name,
            json!({"externalId": external, "title": title, "emails": mails}),
        );
    }
    client
}

fn names(list: &Value) -> String {
    let items = list["Resources"].as_array().expect("a list");
    items
        .iter()
        .map(|item| item["userName"].as_str().expect("a name")[2..].to_owned())
        .collect()
}

#[test]
fn index_pages_count_from_one() {
    let client = five();
    for (query, wanted, start) in [
        ("", "bAdCe", 1),
        ("?startIndex=1&count=2", "bA", 1),
        ("?startIndex=2&count=2", "Ad", 2),
        ("?startIndex=0&count=1", "b", 1),
        ("?startIndex=-3&count=1", "b", 1),
        ("?startIndex=6&count=10", "", 6),
        ("?count=0", "", 1),
        ("?count=-5", "", 1),
        ("?startIndex=5&count=10", "e", 5),
        ("?count=1000000", "bAdCe", 1),
        ("?startIndex=2&count=1&filter=userName sw \"u-\"", "A", 2),
        ("?foo=bar&aadOptscim062020", "bAdCe", 1),
    ] {
        let list = client.get(&format!("/Users{query}"));
        assert_eq!(names(&list), wanted, "{query}");
        assert_eq!(list["totalResults"], 5, "{query}");
        assert_eq!(list["startIndex"], start, "{query}");
        assert_eq!(list["itemsPerPage"], wanted.len(), "{query}");
    }
    assert_eq!(
        client.call("GET", "/Users?count=abc", &Value::Null).1["scimType"],
        "invalidValue"
    );
    client.create("/Groups", &json!({"schemas": [GROUP], "displayName": "g"}));
    assert_eq!(
        client.get("/Groups?startIndex=1&count=1")["totalResults"],
        1
    );
}

#[test]
fn answers_are_sorted_by_type() {
    let client = five();
    for (query, wanted) in [
        ("sortBy=userName", "AbCde"),
        ("sortBy=userName&sortOrder=descending", "edCbA"),
        ("sortBy=externalId", "bCAde"),
        ("sortBy=title", "dbCeA"),
        ("sortBy=title&sortOrder=descending", "AeCbd"),
        ("sortBy=emails.value", "dAbCe"),
        ("sortBy=emails", "dAbCe"),
        ("sortBy=meta.created&sortOrder=descending", "eCdAb"),
        (
            "sortBy=urn:ietf:params:scim:schemas:core:2.0:User:userName",
            "AbCde",
        ),
    ] {
        assert_eq!(
            names(&client.get(&format!("/Users?{query}"))),
            wanted,
            "{query}"
        );
    }
    for query in [
        "sortBy=name",
        "sortBy=userName&sortOrder=sideways",
        "sortBy=a..b",
    ] {
        assert_eq!(
            client
                .call("GET", &format!("/Users?{query}"), &Value::Null)
                .0,
            400,
            "{query}"
        );
    }
}

#[test]
fn search_is_the_same_query_by_post() {
    let client = five();
    let body = json!({"schemas": [SEARCH], "filter": "userName sw \"u-\"", "startIndex": 2, "count": 2, "sortBy": "userName", "attributes": ["userName"]});
    let (status, found) = client.call("POST", "/Users/.search", &body);
    assert_eq!(status, 200);
    assert_eq!(found, client.get("/Users?filter=userName sw \"u-\"&startIndex=2&count=2&sortBy=userName&attributes=userName"));
    assert_eq!(
        client
            .call("POST", "/.search", &json!({"schemas": [SEARCH]}))
            .1["totalResults"],
        5
    );
    assert_eq!(
        client
            .call("POST", "/Users/.search", &json!({"filter": "id pr"}))
            .1["scimType"],
        "invalidSyntax"
    );
    assert_eq!(
        client
            .call(
                "POST",
                "/Users/.search",
                &json!({"schemas": [SEARCH], "filter": "userName xx \"a\""})
            )
            .1["scimType"],
        "invalidFilter"
    );
}

#[test]
fn cursors_lead_through_all_pages_and_back() {
    for order in ["", "&sortBy=userName"] {
        let client = five();
        let all = names(&client.get(&format!("/Users?count=10{order}")));
        let first = client.get(&format!("/Users?cursor&count=2{order}"));
        assert!(first["previousCursor"].is_null() && first["startIndex"].is_null());
        let mut seen = names(&first);
        let mut page = first.clone();
        let mut pages = vec![names(&first)];
        while let Some(cursor) = page["nextCursor"].as_str() {
            page = client.get(&format!("/Users?cursor={cursor}&count=2{order}"));
            seen.push_str(&names(&page));
            pages.push(names(&page));
        }
        assert_eq!(seen, all, "{order}");
        let back = client.get(&format!(
            "/Users?cursor={}&count=2{order}",
            page["previousCursor"].as_str().expect("a way back")
        ));
        assert_eq!(names(&back), pages[pages.len() - 2], "{order}");
    }
}

#[test]
fn cursor_pages_are_not_shifted_by_deletions() {
    let client = five();
    let first = client.get("/Users?cursor=&count=2");
    client.call("DELETE", "/Users/id-1", &Value::Null);
    let cursor = first["nextCursor"].as_str().expect("more");
    assert_eq!(
        names(&client.get(&format!("/Users?cursor={cursor}&count=2"))),
        "dC"
    );
}

#[test]
fn foreign_cursors_are_refused() {
    let client = five();
    let cursor = client.get("/Users?cursor&count=2")["nextCursor"]
        .as_str()
        .expect("more")
        .to_owned();
    for query in [
        "cursor=zzz".to_owned(),
        format!("cursor={cursor}&filter=title pr"),
        format!("cursor={cursor}x"),
    ] {
        let (status, answer) = client.call("GET", &format!("/Users?{query}"), &Value::Null);
        assert_eq!(
            (status, answer["scimType"].as_str()),
            (400, Some("invalidCursor")),
            "{query}"
        );
    }
    assert_eq!(names(&client.get("/Users?cursor&count=-1")), "");
    assert_eq!(client.get("/Users?cursor&count=0")["totalResults"], 5);
    client.wait(4000);
    assert_eq!(
        client
            .call("GET", &format!("/Users?cursor={cursor}"), &Value::Null)
            .1["scimType"],
        "expiredCursor"
    );
}
