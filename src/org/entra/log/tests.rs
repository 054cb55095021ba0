//! Entries of the log, from exchanges that are written down here.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Done, Ids, Place, entry, newest_first};
use crate::exchange::{Api, Body, Exchange, Failure, Request, Response, Sender};
use crate::idp::{Did, Directory, Group, Person, Subject};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

fn exchange(
    method: &str,
    target: &str,
    body: Value,
    answer: Result<(u16, Value), Failure>,
) -> Exchange {
    let bytes = |body: Value| match body {
        Value::Null => Body::default(),
        body => Body::new(body.to_string()),
    };
    Exchange {
        sender: Sender::Client("entra-legacy".to_owned()),
        request: Request {
            api: Api::Scim,
            method: method.to_owned(),
            origin: "https://target.example".to_owned(),
            target: target.to_owned(),
            headers: vec![("Authorization".to_owned(), "Bearer canary".to_owned())],
            body: bytes(body),
        },
        outcome: answer.map(|(status, body)| Response::new(status, Vec::new(), bytes(body), None)),
        started: "2026-03-01T10:00:00Z".to_owned(),
        elapsed: Duration::from_millis(20),
    }
}

fn list(resources: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": resources.as_array().map_or(0, Vec::len), "Resources": resources})
}

fn look_up(found: Value) -> Exchange {
    let target = "/Users?filter=userName+eq+%22ada%40example.test%22";
    exchange("GET", target, Value::Null, Ok((200, list(found))))
}

fn read() -> Exchange {
    let ada = json!({
        "id": "u-1",
        "userName": "ada@example.test",
        "active": true,
        "title": "Clerk",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "u-2"}},
    });
    exchange("GET", "/Users/u-1", Value::Null, Ok((200, ada)))
}

fn create(answer: Result<(u16, Value), Failure>) -> Exchange {
    let body = json!({"schemas": ["x"], "userName": "ada@example.test", "roles": []});
    exchange("POST", "/Users", body, answer)
}

fn patch(operations: Value, status: u16) -> Exchange {
    let body = json!({"schemas": ["x"], "Operations": operations});
    exchange("PATCH", "/Users/u-1", body, Ok((status, Value::Null)))
}

fn told(subject: &Subject, did: Result<Did, &str>, exchanges: &[Exchange]) -> Value {
    let mut directory = Directory::default();
    let ada = json!({"userName": "ada@example.test", "displayName": "Ada", "objectId": "o-1", "password": "canary"});
    directory.people.insert(
        "ada".to_owned(),
        Person {
            attributes: ada.as_object().unwrap().clone(),
            assigned: true,
            ..Person::default()
        },
    );
    let team = json!({"displayName": "Team", "objectId": "o-2"});
    directory.groups.insert(
        "team".to_owned(),
        Group {
            attributes: team.as_object().unwrap().clone(),
            pushed: true,
            ..Group::default()
        },
    );
    let place = Place {
        tenant: "t-1".to_owned(),
        job: "scim.t1.j1".to_owned(),
        application: "a-1".to_owned(),
        principal: "s-1".to_owned(),
        name: "app".to_owned(),
    };
    let ids = Ids {
        entry: "e-1".to_owned(),
        cycle: "c-1".to_owned(),
        change: "x-1".to_owned(),
    };
    let did = did.map_err(str::to_owned);
    let done = Done {
        subject,
        did: &did,
        exchanges,
        directory: &directory,
        at: "2026-03-01T09:00:00Z",
    };
    entry(&place, &ids, &done)
}

fn ada() -> Subject {
    Subject::User("ada".to_owned())
}

fn team() -> Subject {
    Subject::Group("team".to_owned())
}

#[test]
fn an_entry_has_the_documented_shape() {
    let exchanges = [look_up(json!([])), create(Ok((201, json!({"id": "u-1"}))))];
    let told = told(&ada(), Ok(Did::Created), &exchanges);
    let names: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "id",
            "activityDateTime",
            "tenantId",
            "jobId",
            "cycleId",
            "changeId",
            "provisioningAction",
            "durationInMilliseconds",
            "servicePrincipal",
            "sourceSystem",
            "targetSystem",
            "initiatedBy",
            "sourceIdentity",
            "targetIdentity",
            "provisioningStatusInfo",
            "provisioningSteps",
            "modifiedProperties",
        ]
    );
    assert_eq!(told["activityDateTime"], "2026-03-01T10:00:00.02Z");
    assert_eq!(told["durationInMilliseconds"], 40);
    assert_eq!(told["provisioningAction"], "create");
    assert_eq!(told["sourceIdentity"]["id"], "o-1");
    assert_eq!(told["targetIdentity"]["id"], "u-1");
    let steps: Vec<(&str, &str)> = told["provisioningSteps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let text = |name: &str| step[name].as_str().unwrap();
            (text("name"), text("provisioningStepType"))
        })
        .collect();
    assert_eq!(
        steps,
        [
            ("EntryImportAdd", "import"),
            ("EntryImport", "matching"),
            ("EntrySynchronizationScoping", "scoping"),
            ("EntrySynchronizationAdd", "processing"),
            ("EntryExportAdd", "export"),
        ]
    );
    assert_eq!(
        told["modifiedProperties"],
        json!([{"displayName": "userName", "oldValue": null, "newValue": "ada@example.test"}])
    );
    assert!(!told.to_string().contains("canary"));
}

#[test]
fn what_was_done_has_graphs_word() {
    let action = |did: Result<Did, &str>, exchanges: &[Exchange]| {
        let told = told(&ada(), did, exchanges);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&told["provisioningAction"]),
            text(&told["provisioningStatusInfo"]["status"]),
        )
    };
    let expected = |action: &str, status: &str| (action.to_owned(), status.to_owned());
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    let on = json!([{"op": "Replace", "path": "active", "value": "True"}]);
    let merged = json!([{"op": "replace", "value": {"active": false, "title": "x"}}]);
    let delete = exchange("DELETE", "/Users/u-1", Value::Null, Ok((204, Value::Null)));
    assert_eq!(
        action(Ok(Did::Deactivated), &[read(), patch(off, 204)]),
        expected("disable", "success")
    );
    assert_eq!(
        action(Ok(Did::Deactivated), &[read(), patch(merged, 204)]),
        expected("disable", "success")
    );
    assert_eq!(
        action(Ok(Did::Activated), &[read(), patch(on, 200)]),
        expected("update", "success")
    );
    assert_eq!(
        action(Ok(Did::Deleted), &[delete]),
        expected("delete", "success")
    );
    assert_eq!(
        action(Ok(Did::Unchanged), &[read()]),
        expected("other", "skipped")
    );
    assert_eq!(action(Ok(Did::Nothing), &[]), expected("other", "skipped"));
    assert_eq!(
        action(Err("gone"), &[look_up(json!([{"id": "1"}, {"id": "2"}]))]),
        expected("create", "failure")
    );
    assert_eq!(
        action(Err("gone"), &[read()]),
        expected("update", "failure")
    );
}

#[test]
fn modified_properties_have_old_and_new_values() {
    let modified = |subject: &Subject, exchanges: &[Exchange]| {
        told(subject, Ok(Did::Updated), exchanges)["modifiedProperties"].clone()
    };
    let several = json!([
        {"op": "Replace", "path": "title", "value": "Boss"},
        {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"},
    ]);
    assert_eq!(
        modified(&ada(), &[read(), patch(several, 204)]),
        json!([
            {"displayName": "title", "oldValue": "Clerk", "newValue": "Boss"},
            {"displayName": "phoneNumbers[type eq \"work\"].value", "oldValue": null, "newValue": "1"},
        ])
    );
    let merged = json!([{"op": "replace", "value": {"title": "Boss", "name.givenName": "Ada"}}]);
    assert_eq!(
        modified(&ada(), &[read(), patch(merged, 204)]),
        json!([
            {"displayName": "title", "oldValue": "Clerk", "newValue": "Boss"},
            {"displayName": "name.givenName", "oldValue": null, "newValue": "Ada"},
        ])
    );
    let manager = |value: &str| json!([{"op": "Replace", "path": MANAGER, "value": value}]);
    assert_eq!(
        modified(&ada(), &[read(), patch(manager("u-3"), 204)]),
        json!([{"displayName": MANAGER, "oldValue": "u-2", "newValue": "u-3"}])
    );
    assert_eq!(
        modified(&ada(), &[read(), patch(manager(""), 204)]),
        json!([{"displayName": MANAGER, "oldValue": "u-2", "newValue": null}])
    );
    let two = json!([{"value": "u-1"}, {"value": "u-2"}]);
    let join = json!([{"op": "Add", "path": "members", "value": two}]);
    assert_eq!(
        modified(&team(), &[patch(join, 204)]),
        json!([{"displayName": "members", "oldValue": null, "newValue": "u-1,u-2"}])
    );
    let leave = json!([{"op": "Remove", "path": "members", "value": [{"value": "u-1"}]}]);
    let compliant = json!([{"op": "remove", "path": "members[value eq \"u-1\"]"}]);
    for operations in [leave, compliant] {
        assert_eq!(
            modified(&team(), &[patch(operations, 204)]),
            json!([{"displayName": "members", "oldValue": "u-1", "newValue": null}])
        );
    }
}

#[test]
fn every_failure_has_its_code() {
    let code = |message: &str, exchanges: &[Exchange]| {
        let told = told(&ada(), Err(message), exchanges);
        let error = &told["provisioningStatusInfo"]["errorInformation"];
        assert_eq!(error["reason"], message);
        assert!(error["recommendedAction"].is_string(), "{error}");
        error["errorCode"].as_str().unwrap().to_owned()
    };
    let refused = |status: u16| [look_up(json!([])), create(Ok((status, Value::Null)))];
    for (status, expected) in [
        (401, "Unauthorized"),
        (403, "InsufficientRights"),
        (405, "MethodNotAllowed"),
        (409, "EntryConflict"),
        (422, "UnprocessableEntity"),
        (429, "TooManyRequests"),
        (500, "InternalServerError"),
        (501, "NotImplemented"),
        (503, "InternalServerError"),
        (302, "WebExceptionProtocolError"),
    ] {
        assert_eq!(code("refused", &refused(status)), expected, "{status}");
    }
    let silent = [create(Err(Failure::Timeout(30_000)))];
    assert_eq!(code("silence", &silent), "Timeout");
    let down = [create(Err(Failure::Connect("refused".to_owned())))];
    assert_eq!(code("down", &down), "WebExceptionProtocolError");
    let gone = [read(), patch(json!([]), 404)];
    assert_eq!(code("gone", &gone), "InvalidAnchor");
    let two = [look_up(json!([{"id": "1"}, {"id": "2"}]))];
    assert_eq!(code("two", &two), "DuplicateTargetEntries");
    assert_eq!(code("no matching attribute", &[]), "ImportSkipped");
    let incompatible = "SystemForCrossDomainIdentityManagementServiceIncompatible";
    let message = format!("{incompatible}: GET /Users: `totalResults` is no number");
    assert_eq!(code(&message, &[look_up(json!([]))]), incompatible);
    let bad = "SystemForCrossDomainIdentityManagementBadRequest";
    let message = format!("{bad}: POST /Users was answered with 400");
    assert_eq!(code(&message, &refused(400)), bad);
}

#[test]
fn what_the_application_says_is_kept() {
    let detail = json!({"schemas": ["x"], "status": "409", "detail": "the name is taken"});
    let exchanges = [look_up(json!([])), create(Ok((409, detail)))];
    let told = told(&ada(), Err("conflict"), &exchanges);
    let error = &told["provisioningStatusInfo"]["errorInformation"];
    assert_eq!(error["additionalDetails"], "the name is taken");
    assert_eq!(error["errorCategory"], "nonServiceFailure");
}

#[test]
fn the_newest_comes_first() {
    let entry = |id: &str, at: &str| json!({"id": id, "activityDateTime": at});
    let entries = [
        entry("a", "2026-03-01T10:00:00.5Z"),
        entry("b", "2026-03-01T10:00:01Z"),
        entry("c", "2026-03-01T10:00:01Z"),
    ];
    let ids: Vec<&Value> = newest_first(&entries)
        .iter()
        .map(|entry| &entry["id"])
        .collect();
    assert_eq!(ids, ["c", "b", "a"]);
}
