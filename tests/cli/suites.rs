//! Suites of Runscope and Postman: imported, listed, checked and run as they are.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::project::{Project, assert_told};

const USERS: &str = include_str!("suites/users.json");
const COLLECTION: &str = include_str!("suites/collection.json");
const ORG: &str = include_str!("suites/org.json");

fn project() -> Project {
    let project = Project::new();
    project.write("users.json", USERS);
    project.write("collection.json", COLLECTION);
    project.write("org.json", ORG);
    project
}

#[test]
fn a_runscope_suite_becomes_a_scenario() {
    let said = project().scimulate("import runscope users.json");
    assert_told!("imported_runscope", said.all());
}

#[test]
fn a_postman_collection_becomes_a_scenario() {
    let said = project().scimulate("import postman collection.json --by entra");
    assert_told!("imported_postman", said.all());
}

#[test]
fn a_file_is_written_over_only_by_force() {
    let project = project();
    let import = "import postman collection.json --out here.yaml";
    assert_eq!(project.scimulate(import).code, Some(0));
    let again = project.scimulate(import);
    assert_eq!(again.code, Some(2));
    assert_eq!(
        again.stderr,
        "error: `here.yaml` is there already\nhint: `--force` writes over it\n"
    );
    assert_eq!(
        project.scimulate(&format!("{import} --force")).code,
        Some(0)
    );
    // The normal loader reads what was written, and it runs like the suite itself.
    let checked = project.scimulate("check here.yaml");
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    let said = project.scimulate("run here.yaml");
    assert_eq!(said.code, Some(0), "{}", said.all());
}

#[test]
fn a_suite_runs_as_it_is() {
    let project = project();
    let said = project.scimulate("run users.json");
    assert_told!("run_runscope", said.all());
    let said = project.scimulate("run collection.json");
    assert_told!("run_postman", said.all());
}

#[test]
fn a_failure_stands_at_its_line_of_the_suite() {
    let project = project();
    project.write(
        "users.json",
        &USERS.replace("\"Hello Sales ${5}\"", "\"Goodbye\""),
    );
    let said = project.scimulate("run users.json --by okta");
    assert_eq!(said.code, Some(1));
    for words in [
        "users.json:25, step `Create {{somebody}}`",
        "expected  \"Goodbye\"",
        "received  \"Hello Sales ${5}\"",
        "breaks Okta",
        "because: response_json title equal Goodbye",
    ] {
        assert!(said.stdout.contains(words), "{words}\n{}", said.stdout);
    }
}

#[test]
fn a_suite_is_listed_shown_and_checked() {
    let project = project();
    assert_told!("list_suite", project.scimulate("list users.json").all());
    assert_told!(
        "show_suite",
        project.scimulate("show users.json --keep-pauses").all()
    );
    assert_told!(
        "check_suite",
        project.scimulate("check users.json collection.json").all()
    );
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let said = project().scimulate("run org.json");
    assert_told!("missing_variables", said.all());
}

#[test]
fn what_the_target_gives_is_no_variable() {
    let project = project();
    let said = project.scimulate("run users.json --var SCIMBaseURL=http://127.0.0.1:1");
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (
            Some(2),
            "error: `--var SCIMBaseURL=…` has no effect: in the suite it is the target\n\
             hint: give the target's base URL with `--target URL`\n"
        )
    );
    let said = project.scimulate("run users.json --var auth=x");
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.starts_with(
            "error: `auth` is not given with `--var`: in the suite it is the target's credential\n"
        ),
        "{}",
        said.stderr
    );
    let said = project.scimulate("run org.json --var-env oktaToken");
    assert_eq!(
        said.stderr,
        "error: `--var-env oktaToken` has no `=`\nhint: write `--var-env NAME=VARIABLE`, with the name of an environment variable\n"
    );
    let far = project.scimulate_with(
        "run org.json --var oktaOrgUrl=https://org.example.test --var oktaAppId=a --var appLabel=b --var-env oktaToken=MINE",
        &[("MINE", "canary-token")],
        "",
    );
    assert_eq!(
        (far.code, far.stderr.as_str()),
        (
            Some(2),
            "error: writing to https://org.example.test needs consent: it is not on this machine\n\
             hint: add `--yes-write`; what the scenario creates there is not removed\n"
        )
    );
}

/// An org whose answers are no SCIM, and that gets its own token and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn another_service_is_spoken_to_under_its_own_name() {
    let org = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/v1/apps/app1"))
        .and(header("Authorization", "SSWS canary-token"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"id": "app1", "label": "Mine"})),
        )
        .expect(1)
        .mount(&org)
        .await;
    let project = project();
    let words = format!(
        "run org.json --var oktaOrgUrl={} --var oktaAppId=app1 --var appLabel=Mine --var-env oktaToken=MINE --report-json events.jsonl",
        org.uri()
    );
    let said = project.scimulate_with(&words, &[("MINE", "canary-token")], "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let events = project.read("events.jsonl");
    assert!(!events.contains("canary-token"), "the secret is shown");
    assert!(events.contains("\"api\":\"management\""), "{events}");
    // The same by a tenant of the target, and as an imported scenario.
    let mut serving = project.serve("");
    project.write(
        "scimulate.toml",
        &format!(
            "[targets.here]\nurl = \"{}\"\n[targets.here.tenants.org]\nurl = \"{}\"\napi = \"management\"\n",
            serving.line(),
            org.uri()
        ),
    );
    org.reset().await;
    Mock::given(path("/api/v1/apps/app1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"label": "Mine"})))
        .expect(1)
        .mount(&org)
        .await;
    let imported = project.scimulate("import runscope org.json --out org.yaml");
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    let said = project.scimulate_with(
        "run org.yaml --target here --var oktaAppId=app1 --var appLabel=Mine --var-env oktaToken=MINE",
        &[("MINE", "canary-token")],
        "",
    );
    assert_eq!(said.code, Some(0), "{}", said.all());
}

#[test]
fn bad_files_have_their_messages() {
    let project = project();
    for (name, text) in [
        (
            "broken.json",
            "{\n  \"version\": \"1.0\",\n  \"steps\": [,]\n}",
        ),
        ("empty.json", ""),
        ("other.json", "{ \"userName\": \"ada\" }"),
        (
            "version.json",
            "{\n  \"version\": \"3.0\",\n  \"exported_at\": 1,\n  \"steps\": []\n}",
        ),
        (
            "nothing.json",
            "{ \"version\": \"1.0\",\n  \"exported_at\": 1,\n  \"steps\": [] }",
        ),
        (
            "parts.json",
            "{ \"version\": \"1.0\",\n  \"steps\": [\n    { \"step_type\": \"request\", \"url\": \"{{SCIMBaseURL}}/Users\" },\n    { \"step_type\": \"request\", \"method\": \"GET\" }\n  ] }",
        ),
        (
            "environment.json",
            "{ \"name\": \"e\", \"values\": [], \"_postman_variable_scope\": \"environment\" }",
        ),
        (
            "har.json",
            "{ \"log\": { \"version\": \"1.2\", \"entries\": [] } }",
        ),
    ] {
        project.write(name, text);
        let said = project.scimulate(&format!("run {name}"));
        assert_told!(
            format!("bad_{}", name.trim_end_matches(".json")),
            said.all()
        );
    }
    let wrong = project.scimulate("import postman users.json");
    assert_told!("bad_format", wrong.all());
    let missing = project.scimulate("import postman nowhere.json");
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.stderr.contains("cannot read the file"),
        "{}",
        missing.stderr
    );
}

#[test]
fn a_step_waits_before_it_sends() {
    let project = project();
    project.write(
        "wait.yaml",
        "title: One waits\nsteps:\n  - { get: /Users, wait: 400ms, expect: { status: 200 } }\n",
    );
    let begin = Instant::now();
    let said = project.scimulate("run wait.yaml");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(begin.elapsed() >= Duration::from_millis(400));
}

#[test]
fn what_is_not_judged_is_not_passed() {
    let project = project();
    project.write(
        "untested.yaml",
        "title: Nobody looks\nsteps:\n  - { get: /Users, expect: { untested: a script that nobody runs } }\n",
    );
    let said = project.scimulate("run untested.yaml");
    assert!(said.stdout.contains("1 skipped"), "{}", said.stdout);
    assert!(
        said.stdout.contains("1 step: a script that nobody runs"),
        "{}",
        said.stdout
    );
}

/// The official files are not part of the project: the test says nothing where they are not beside it.
#[test]
fn official_suites_pass_unmodified() {
    let suites = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/suites");
    for (file, counted) in [
        ("Okta-SCIM-20-SPEC-Test.json", "12 steps: 12 passed"),
        (
            "Microsoft-SCIM-PostmanCollection.json",
            "79 steps: 79 passed",
        ),
    ] {
        let file = suites.join(file);
        if !file.is_file() {
            continue;
        }
        let said = Project::new().scimulate(&format!("run {}", file.display()));
        assert_eq!(said.code, Some(0), "{}", said.all());
        assert!(said.stdout.contains(counted), "{}", said.stdout);
    }
}
