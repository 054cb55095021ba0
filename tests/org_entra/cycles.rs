//! The job: started, paused, restarted, deleted; what waits for it, and what is asked of its connection.

use serde_json::{Value, json};

use crate::desk::Desk;

fn post(desk: &Desk, path: &str) -> u16 {
    desk.graph("POST", &desk.at_job(path), Value::Null).status
}

#[test]
fn without_eagerness_changes_wait_for_the_start() {
    let desk = Desk::with("--eager off");
    let (boss, ada) = ("boss@example.test", "ada@example.test");
    let manager = desk.assigned_user(boss);
    let user = desk.assigned_user(ada);
    let group = desk.group("team");
    desk.assign("groups", &group);
    let reference = |id: &str| json!({"@odata.id": format!("{}/v1.0/users/{id}", desk.base())});
    let path = format!("/users/{user}/manager/$ref");
    assert_eq!(desk.graph("PUT", &path, reference(&manager)).status, 204);
    let path = format!("/groups/{group}/members/$ref");
    assert_eq!(desk.graph("POST", &path, reference(&user)).status, 204);
    assert_eq!((desk.account(ada), desk.team("team")), (None, None));
    assert_eq!(desk.entry(&user, ""), None);

    assert_eq!(post(&desk, "/start"), 204);
    let account = desk.account(ada).expect("the cycle has run");
    assert_eq!(
        desk.team("team").unwrap()["members"][0]["value"],
        account["id"]
    );
    let status = &desk.job_shown()["status"];
    assert_eq!(status["lastExecution"]["state"], "Succeeded");
    assert_eq!(status["synchronizedEntryCountByType"][0]["value"], 2);
    let cycle = |id: &str| desk.entry(id, "").unwrap()["cycleId"].clone();
    assert_eq!(cycle(&user), cycle(&group));

    assert_eq!(desk.delete(&format!("/users/{user}")).status, 204);
    assert_eq!(desk.account(ada).unwrap()["active"], true);
    assert_eq!(post(&desk, "/start"), 204);
    assert_eq!(desk.account(ada).unwrap()["active"], false);
    assert_ne!(cycle(&user), cycle(&group));
}

#[test]
fn a_paused_job_provisions_nothing_until_it_is_started() {
    let desk = Desk::new();
    assert_eq!(post(&desk, "/pause"), 204);
    assert_eq!(desk.job_shown()["status"]["code"], "Paused");
    assert_eq!(desk.job_shown()["schedule"]["state"], "Disabled");
    desk.assigned_user("ada@example.test");
    assert_eq!(desk.account("ada@example.test"), None);
    assert_eq!(post(&desk, "/start"), 204);
    assert!(desk.account("ada@example.test").is_some());
}

#[test]
fn a_restart_matches_everybody_again() {
    let desk = Desk::new();
    let user = desk.assigned_user("ada@example.test");
    let before = desk.account("ada@example.test").unwrap();
    let body = json!({"criteria": {"resetScope": "Watermark, Escrows, QuarantineState"}});
    let restart = desk.graph("POST", &desk.at_job("/restart"), body);
    assert_eq!(restart.status, 204);
    let entry = desk.entry(&user, "").unwrap();
    assert_eq!(entry["provisioningAction"], "other");
    assert_eq!(entry["provisioningStatusInfo"]["status"], "skipped");
    assert_eq!(entry["targetIdentity"]["id"], before["id"]);
    let steps = entry["provisioningSteps"].as_array().unwrap();
    assert_eq!(
        steps.last().unwrap()["details"]["SkipReason"],
        "RedundantExport"
    );
}

#[test]
fn a_job_is_deleted_created_and_started() {
    let desk = Desk::new();
    let jobs = format!(
        "/servicePrincipals/{}/synchronization/jobs",
        desk.principal()
    );
    let template = || json!({"templateId": "scim"});
    let conflict = desk.graph("POST", &jobs, template());
    let message = format!(
        "the application has the job `{}`; delete it first",
        desk.job()
    );
    assert_eq!(conflict.error(), (409, "Conflict", message.as_str()));
    assert_eq!(desk.delete(&desk.at_job("")).status, 204);
    assert_eq!(desk.get(&jobs).body["value"], json!([]));
    let job = desk.graph("POST", &jobs, template());
    assert_eq!(job.status, 201);
    assert_eq!(job.body["status"]["code"], "NotRun");
    desk.assigned_user("ada@example.test");
    assert_eq!(desk.account("ada@example.test"), None);
    let start = format!("{jobs}/{}/start", job.id());
    assert_eq!(desk.graph("POST", &start, Value::Null).status, 204);
    assert!(desk.account("ada@example.test").is_some());
}

#[test]
fn credentials_are_those_of_the_command_line() {
    let desk = Desk::new();
    let base = format!("/servicePrincipals/{}/synchronization", desk.principal());
    let target = desk.shown("target");
    let secrets = |address: &str| {
        json!({"value": [
            {"key": "BaseAddress", "value": address},
            {"key": "SecretToken", "value": "canary-secret"},
        ]})
    };
    let put = |address: &str| desk.graph("PUT", &format!("{base}/secrets"), secrets(address));
    assert_eq!(put(target).status, 204);
    let other = put("https://elsewhere.example/scim");
    assert_eq!(
        other.error(),
        (
            400,
            "BadRequest",
            format!("this org provisions `{target}` only; start another one with `--target https://elsewhere.example/scim`").as_str()
        )
    );
    let flagged = put(&format!("{target}?aadOptscim062020"));
    assert_eq!(
        flagged.error().2,
        "this org provisions as entra-legacy; the flag `aadOptscim062020` needs `--as entra-compliant`"
    );
    let validate = desk.graph(
        "POST",
        &format!("{base}/jobs/validateCredentials"),
        json!({}),
    );
    assert_eq!(validate.status, 204, "{validate:?}");
    let unknown = json!({"value": [{"key": "Password1", "value": "x"}]});
    let unknown = desk.graph("PUT", &format!("{base}/secrets"), unknown);
    assert_eq!(unknown.status, 400);
}
