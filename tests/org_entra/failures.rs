//! What cannot be provisioned: in the log, in the job, in the answer on demand. The call itself does not fail.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use crate::desk::Desk;

#[test]
fn a_conflict_is_told_with_its_code() {
    // The filter sees another case as another user; the create does not.
    let desk = Desk::with("--defect D106");
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ADA@example.test",
    });
    assert_eq!(desk.scim_as("POST", "/Users", user).status, 201);
    let id = desk.assigned_user("ada@example.test");
    let more = " and provisioningStatusInfo/status eq 'failure'";
    let entry = desk.entry(&id, more).expect("the failure is in the log");
    assert_eq!(entry["provisioningAction"], "create");
    let error = &entry["provisioningStatusInfo"]["errorInformation"];
    assert_eq!(error["errorCode"], "EntryConflict");
    assert_eq!(error["errorCategory"], "nonServiceFailure");
    assert!(error["recommendedAction"].is_string());
    let steps = entry["provisioningSteps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["name"], "EntryExportAdd");
    assert_eq!(steps.last().unwrap()["status"], "failure");
    assert_eq!(entry["targetIdentity"]["id"], "");
    let status = &desk.job_shown()["status"];
    assert_eq!(status["lastExecution"]["state"], "EntryLevelErrors");
    assert_eq!(status["code"], "Active");
    let answer = desk.on_demand("User", &id);
    let key: Value = serde_json::from_str(answer.body["key"].as_str().unwrap()).unwrap();
    assert_eq!(key["result"], "Failure");
    assert_eq!(key["details"]["errorCode"], "EntryConflict");
}

#[test]
fn who_failed_waits_until_a_restart_forgets_it() {
    let desk = Desk::with("--defect D106");
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ADA@example.test",
    });
    let other = desk.scim_as("POST", "/Users", user).id();
    let id = desk.assigned_user("ada@example.test");
    let failed = |desk: &Desk| {
        let entry = desk.entry(&id, "").expect("it was tried");
        (
            entry["provisioningStatusInfo"]["status"] == "failure",
            entry["id"].clone(),
        )
    };
    // A second failure doubles the wait, so the cycle after it passes by.
    desk.on_demand("User", &id);
    let (is_failure, entry) = failed(&desk);
    assert!(is_failure);
    assert_eq!(
        desk.scim_as("DELETE", &format!("/Users/{other}"), Value::Null)
            .status,
        204
    );
    assert_eq!(
        desk.graph("POST", &desk.at_job("/start"), Value::Null)
            .status,
        204
    );
    assert_eq!(failed(&desk), (true, entry));
    let body = json!({"criteria": {"resetScope": "Escrows"}});
    assert_eq!(
        desk.graph("POST", &desk.at_job("/restart"), body).status,
        204
    );
    assert!(!failed(&desk).0);
    assert!(desk.account("ada@example.test").is_some());
}

/// A target that refuses everybody.
fn closed_door() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!(
        "http://{}/scim",
        listener.local_addr().expect("it is bound")
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    base
}

#[test]
fn wrong_credentials_put_the_job_into_quarantine() {
    let desk = Desk::with(&format!("--target {}", closed_door()));
    let id = desk.assigned_user("ada@example.test");
    let entry = desk.entry(&id, "").unwrap();
    let error = &entry["provisioningStatusInfo"]["errorInformation"];
    assert_eq!(error["errorCode"], "Unauthorized");
    let status = &desk.job_shown()["status"];
    assert_eq!(status["code"], "Quarantine");
    assert_eq!(
        status["quarantine"]["reason"],
        "EncounteredQuarantineException"
    );
    assert_eq!(status["countSuccessiveCompleteFailures"], 1);
    let base = format!("/servicePrincipals/{}/synchronization", desk.principal());
    let validate = desk.graph(
        "POST",
        &format!("{base}/jobs/validateCredentials"),
        json!({}),
    );
    assert_eq!(validate.error().0, 400);
    assert!(
        validate
            .error()
            .2
            .starts_with("the connection test failed: the credentials are not accepted")
    );
    let answer = desk.on_demand("User", &id);
    assert_eq!(answer.status, 200);
    let key: Value = serde_json::from_str(answer.body["key"].as_str().unwrap()).unwrap();
    assert_eq!(key["result"], "Failure");
    assert_eq!(key["details"]["errorCode"], "ConnectionTestFailed");
}

#[test]
fn on_demand_takes_five_members() {
    let desk = Desk::with("--eager off");
    let group = desk.group("team");
    desk.assign("groups", &group);
    let users: Vec<String> = (0..6)
        .map(|number| {
            format!(
                "{}/v1.0/users/{}",
                desk.base(),
                desk.user(&format!("u{number}@example.test"))
            )
        })
        .collect();
    let bind = json!({"members@odata.bind": users});
    assert_eq!(
        desk.graph("PATCH", &format!("/groups/{group}"), bind)
            .status,
        204
    );
    let answer = desk.on_demand("Group", &group);
    let (status, _, message) = answer.error();
    assert_eq!(status, 400);
    assert!(
        message.ends_with("has 6 members; on demand Entra takes at most 5"),
        "{message}"
    );
    assert!(desk.job_shown()["status"]["lastExecution"].is_null());
}
