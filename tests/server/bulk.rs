//! Bulk requests.

use serde_json::{Value, json};

use crate::client::{Client, ENTERPRISE, GROUP, PATCH, USER};

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

fn bulk(client: &Client, operations: Value) -> Vec<Value> {
    let (status, answer) = client.call(
        "POST",
        "/Bulk",
        &json!({"schemas": [BULK], "Operations": operations}),
    );
    assert_eq!(status, 200, "{answer}");
    answer["Operations"].as_array().expect("a list").clone()
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results
        .iter()
        .map(|result| result["status"].as_str().expect("a text"))
        .collect()
}

fn post(bulk_id: &str, path: &str, data: Value) -> Value {
    json!({"method": "POST", "path": path, "bulkId": bulk_id, "data": data})
}

#[test]
fn all_methods_are_processed() {
    let client = Client::tolerant();
    for name in ["a", "b", "c"] {
        client.user(name, json!({}));
    }
    let results = bulk(
        &client,
        json!([
            post("q", "/Users", json!({"schemas": [USER], "userName": "d"})),
            {"method": "PUT", "path": "/Users/id-1", "data": {"schemas": [USER], "userName": "a2"}},
            {"method": "PATCH", "path": "/Users/id-2", "data": {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "T"}]}},
            {"method": "DELETE", "path": "/Users/id-3"},
        ]),
    );
    assert_eq!(statuses(&results), ["201", "200", "200", "204"]);
    assert_eq!(
        (&results[0]["bulkId"], &results[0]["location"]),
        (
            &json!("q"),
            &json!("http://test.example/scim/v2/Users/id-4")
        )
    );
    assert!(
        results
            .iter()
            .take(3)
            .all(|result| result["version"].is_string())
    );
    assert_eq!(
        client.found("/Users", "userName pr"),
        Ok(vec!["a2".to_owned(), "b".to_owned(), "d".to_owned()])
    );
}

#[test]
fn references_are_resolved_backwards_and_forwards() {
    for forward in [false, true] {
        let client = Client::tolerant();
        let mut operations = vec![
            post(
                "boss",
                "/Users",
                json!({"schemas": [USER], "userName": "boss"}),
            ),
            post(
                "ada",
                "/Users",
                json!({"schemas": [USER, ENTERPRISE], "userName": "ada", ENTERPRISE: {"manager": {"value": "bulkId:boss"}}}),
            ),
            post(
                "g",
                "/Groups",
                json!({"schemas": [GROUP], "displayName": "g", "members": [{"value": "bulkId:ada"}]}),
            ),
            json!({"method": "PATCH", "path": "/Groups/bulkId:g", "data": {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": "bulkId:boss"}]}]}}),
        ];
        if forward {
            operations.reverse();
        }
        let results = bulk(&client, Value::Array(operations));
        assert!(
            results.iter().all(|result| result["response"].is_null()),
            "{results:?}"
        );
        let group = client.get("/Groups")["Resources"][0].clone();
        assert_eq!(group["members"].as_array().map(Vec::len), Some(2));
        let ada = client.get("/Users?filter=userName eq \"ada\"")["Resources"][0].clone();
        let boss = client.get("/Users?filter=userName eq \"boss\"")["Resources"][0].clone();
        assert_eq!(ada[ENTERPRISE]["manager"]["value"], boss["id"]);
    }
}

#[test]
fn circles_of_groups_are_closed() {
    let client = Client::tolerant();
    let results = bulk(
        &client,
        json!([
            post(
                "a",
                "/Groups",
                json!({"schemas": [GROUP], "displayName": "a", "members": [{"value": "bulkId:b"}]})
            ),
            post(
                "b",
                "/Groups",
                json!({"schemas": [GROUP], "displayName": "b", "members": [{"value": "bulkId:a"}]})
            ),
        ]),
    );
    assert_eq!(statuses(&results), ["201", "201"]);
    for group in client.get("/Groups")["Resources"]
        .as_array()
        .expect("a list")
    {
        assert_eq!(
            group["members"].as_array().map(Vec::len),
            Some(1),
            "{group}"
        );
    }
    let results = bulk(
        &client,
        json!([
            post(
                "x",
                "/Users",
                json!({"schemas": [USER], "userName": "x", ENTERPRISE: {"manager": {"value": "bulkId:y"}}})
            ),
            post(
                "y",
                "/Users",
                json!({"schemas": [USER], "userName": "y", ENTERPRISE: {"manager": {"value": "bulkId:x"}}})
            ),
        ]),
    );
    assert_eq!(results[0]["status"], "409");
}

#[test]
fn failures_are_reported_and_can_stop_the_rest() {
    let client = Client::tolerant();
    let bad = post("bad", "/Users", json!({"schemas": [USER]}));
    let good = |name: &str| post(name, "/Users", json!({"schemas": [USER], "userName": name}));
    let results = bulk(&client, json!([bad, good("a")]));
    assert_eq!(statuses(&results), ["400", "201"]);
    assert_eq!(results[0]["response"]["scimType"], "invalidValue");
    assert_eq!(results[0]["location"], Value::Null);

    let body =
        json!({"schemas": [BULK], "failOnErrors": 1, "Operations": [good("b"), bad, good("c")]});
    let (_, answer) = client.call("POST", "/Bulk", &body);
    assert_eq!(
        statuses(answer["Operations"].as_array().expect("a list")),
        ["201", "400"]
    );
    assert_eq!(answer["failOnErrors"], Value::Null);
    assert_eq!(client.found("/Users", "userName eq \"c\""), Ok(Vec::new()));

    let results = bulk(
        &client,
        json!([
            {"method": "PUT", "path": "/Users/none", "data": {"schemas": [USER], "userName": "x"}},
            {"method": "DELETE", "path": "/Users/none"},
            {"method": "DELETE", "path": "/Users"},
            {"method": "GET", "path": "/Users/id-1"},
            {"method": "POST", "path": "/Users", "data": {"schemas": [USER], "userName": "y"}},
            {"method": "POST", "path": "/Users", "bulkId": "z"},
            post("m", "/Groups", json!({"schemas": [GROUP], "displayName": "g", "members": [{"value": "bulkId:nope"}]})),
            {"method": "PUT", "path": "/Users/id-1", "version": "W/\"stale\"", "data": {"schemas": [USER], "userName": "x"}},
        ]),
    );
    assert_eq!(
        statuses(&results),
        ["404", "404", "405", "400", "400", "400", "400", "412"]
    );
    assert_eq!(
        results[0]["location"],
        "http://test.example/scim/v2/Users/none"
    );
}

#[test]
fn limits_and_broken_requests_are_refused_as_a_whole() {
    let client = Client::tolerant();
    let many: Vec<Value> = (0..1001)
        .map(|_| json!({"method": "DELETE", "path": "/Users/x"}))
        .collect();
    let (status, answer) = client.call(
        "POST",
        "/Bulk",
        &json!({"schemas": [BULK], "Operations": many}),
    );
    assert!(
        status == 413
            && answer["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("maxOperations of 1000"))
    );
    let long = post(
        "q",
        "/Users",
        json!({"schemas": [USER], "userName": "x", "title": "t".repeat(1_100_000)}),
    );
    let (status, answer) = client.call(
        "POST",
        "/Bulk",
        &json!({"schemas": [BULK], "Operations": [long]}),
    );
    assert!(
        status == 413
            && answer["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("maxPayloadSize of 1048576"))
    );
    for body in [
        json!({"Operations": []}),
        json!({"schemas": [BULK]}),
        json!({"schemas": [BULK], "Operations": [post("a", "/Users", json!({})), post("a", "/Users", json!({}))]}),
    ] {
        assert_eq!(client.call("POST", "/Bulk", &body).0, 400, "{body}");
    }
    assert_eq!(client.get("/Users")["totalResults"], 0);
}
