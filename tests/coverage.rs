//! The coverage ledger: what it says holds, and what the shipped scenarios and checks claim is really judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use assert_cmd::cargo::{cargo_bin, cargo_bin_cmd};
use scimulate::checks::Check;
use scimulate::event::Event;
use scimulate::finding::{Authority, Verdict};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const TOKEN: &str = "of-the-tests";
const BADGE: &str = "urn:example:params:scim:schemas:Badge";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `scimulate coverage` prints with these words.
fn coverage(words: &str) -> (Option<i32>, String) {
    let output = cargo_bin_cmd!("scimulate")
        .env_clear()
        .current_dir(root())
        .arg("coverage")
        .args(words.split_whitespace())
        .output()
        .expect("the binary starts");
    let said = String::from_utf8(output.stdout).expect("it is UTF-8");
    (output.status.code(), said)
}

/// All of it, as JSON.
fn ledger() -> &'static Value {
    static LEDGER: OnceLock<Value> = OnceLock::new();
    LEDGER.get_or_init(|| {
        let (code, said) = coverage("--json");
        assert_eq!(code, Some(0), "{said}");
        serde_json::from_str(&said).expect("it is JSON")
    })
}

fn requirements() -> impl Iterator<Item = &'static Value> {
    let list = ledger()["requirements"].as_array();
    list.expect("it is a list").iter()
}

fn id(requirement: &Value) -> &str {
    requirement["id"].as_str().expect("it has one")
}

#[test]
fn what_cannot_be_tested_is_not_tested_all_the_same() {
    let wrong: Vec<&str> = requirements()
        .filter(|one| one["standing"] == "tested" && !one["untestable"].is_null())
        .map(id)
        .collect();
    assert!(
        wrong.is_empty(),
        "tested, so no line of fixtures/untestable.toml: {wrong:#?}"
    );
}

#[test]
fn what_every_provider_needs_is_tested_and_most_of_the_rest() {
    let untested: Vec<&str> = requirements()
        .filter(|one| one["tier"] == 1 && one["standing"] == "untested")
        .map(id)
        .collect();
    assert!(untested.is_empty(), "tier 1: {untested:#?}");
    let totals = &ledger()["totals"];
    let number = |name: &str| totals[name].as_u64().expect("it is a count");
    assert_eq!(number("count"), 717);
    let settled = number("tested") + number("untestable");
    assert!(settled > 700, "only {settled} are tested or untestable");
}

#[test]
fn the_committed_page_is_up_to_date() {
    let (_, page) = coverage("--md");
    let committed = fs::read_to_string(root().join("scenarios/rfc/COVERAGE.md"));
    assert!(
        committed.expect("it is there") == page,
        "`cargo run -- coverage --md > scenarios/rfc/COVERAGE.md`, and look at what has changed"
    );
}

#[test]
fn the_options_narrow_it_and_all_forms_have_the_same() {
    let (code, said) = coverage("rfc/auth --rfc 6750,6585 --json");
    assert_eq!(code, Some(0));
    let found: Value = serde_json::from_str(&said).expect("it is JSON");
    let found = found["requirements"].as_array().expect("it is a list");
    let expected: Vec<&str> = requirements()
        .filter(|one| one["rfc"] == "6750" || one["rfc"] == "6585")
        .map(id)
        .collect();
    assert_eq!(found.iter().map(id).collect::<Vec<_>>(), expected);
    for form in ["--md", "--html"] {
        let (_, page) = coverage(&format!("rfc/auth --rfc 6750,6585 {form}"));
        let missing: Vec<&&str> = expected.iter().filter(|id| !page.contains(**id)).collect();
        assert!(missing.is_empty(), "{form}: {missing:?}");
        assert!(!page.contains("rfc7644-"), "{form}: not asked for");
    }
    assert_eq!(coverage("rfc/auth --rfc 1").0, Some(4));
    assert_eq!(coverage("--tier 1 --untested").1, "Nothing is untested.\n");
}

/// What runs have judged.
#[derive(Default)]
struct Judged {
    /// Requirements on which an expectation of a scenario came to a verdict.
    requirements: BTreeSet<String>,
    /// Checks that had something to say.
    checks: BTreeSet<String>,
}

impl Judged {
    /// Plays these scenarios, wherever the options lead; how they come out is not the question here.
    fn play(&mut self, words: &str) {
        let folder = TempDir::new().expect("a folder for the log");
        let log = folder.path().join("events.jsonl");
        let output = cargo_bin_cmd!("scimulate")
            .env_clear()
            .current_dir(root())
            .arg("run")
            .args(words.split_whitespace())
            .args(["--snapshots", "off", "--report-json"])
            .arg(&log)
            .env("SCIMULATE_TOKEN", TOKEN)
            .output()
            .expect("the binary starts");
        let code = output.status.code();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(code, Some(0 | 1)), "{words}: {code:?} {said}");
        for line in fs::read_to_string(&log).expect("it was written").lines() {
            match serde_json::from_str(line).expect("a line is an event") {
                Event::StepFinished { findings, .. } => {
                    let judged = findings.into_iter().filter(|finding| {
                        matches!(finding.verdict, Verdict::Pass | Verdict::Fail)
                            && finding.authority == Authority::Rfc
                            && Check::find(&finding.id).is_none()
                    });
                    self.requirements
                        .extend(judged.flat_map(|finding| finding.requirements));
                }
                Event::ScenarioFinished { checked, .. } => self.checks.extend(checked.into_keys()),
                _ => {}
            }
        }
    }
}

/// The reference server as another process, until it is dropped.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(words: &str) -> Self {
        let mut child = Command::new(cargo_bin!("scimulate"))
            .env_clear()
            .args(["serve", "--port", "0", "--token", TOKEN])
            .args(words.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut url = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out)
            .read_line(&mut url)
            .expect("it is UTF-8");
        let url = url.trim_end().to_owned();
        Self { child, url }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A document for `serve --schema`: users with an extension that has a number, and a text that is returned on request.
fn badge(required: bool) -> Value {
    let badge = json!({
        "id": BADGE, "name": "Badge",
        "attributes": [
            {"name": "rank", "type": "integer", "multiValued": false, "mutability": "readWrite", "returned": "default"},
            {"name": "note", "type": "string", "multiValued": false, "mutability": "readWrite", "returned": "request"},
        ],
    });
    let users = json!({
        "id": "User", "name": "User", "endpoint": "/Users", "schema": USER,
        "schemaExtensions": [{"schema": BADGE, "required": required}],
    });
    json!({"schemas": [badge], "resourceTypes": [users]})
}

/// A target that does what the reference server never does: it lacks features, answers later, redirects, lets cursors
/// expire, throttles, lets nobody change a name. It keeps nothing, so that much of what is asked of it fails.
struct Odd {
    /// It says that it has filters, PATCH and cursors.
    is_able: bool,
}

fn scim(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/scim+json")
}

fn refused(status: u16, kind: Option<&str>) -> ResponseTemplate {
    let mut body = json!({"schemas": [ERROR], "status": status.to_string(), "detail": "not here"});
    if let Some(kind) = kind {
        body["scimType"] = json!(kind);
    }
    scim(status, &body)
}

impl Respond for Odd {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query: BTreeMap<_, _> = request.url.query_pairs().collect();
        let host = request.headers.get("host").map(|host| host.to_str());
        let host = host.expect("HTTP/1.1 has it").expect("it is ASCII");
        let place = format!("http://{host}/Users/1");
        let has = |supported: bool| json!({"supported": supported});
        let list = json!({"schemas": [LIST], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []});
        let user = json!({"schemas": [USER], "id": "1", "userName": "una"});
        match (request.method.as_str(), request.url.path()) {
            ("GET", "/ServiceProviderConfig") => scim(
                200,
                &json!({
                    "schemas": [CONFIG], "patch": has(self.is_able), "filter": {"supported": self.is_able, "maxResults": 9},
                    "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0}, "sort": has(false),
                    "etag": has(false), "changePassword": has(false), "authenticationSchemes": [],
                    "pagination": {"cursor": self.is_able, "index": true, "cursorTimeout": 1},
                }),
            ),
            ("GET", "/Me") => ResponseTemplate::new(308).insert_header("location", place),
            ("GET", "/Users/1") => scim(200, &user),
            ("GET", "/Users") if query.get("cursor").is_some_and(|cursor| !cursor.is_empty()) => {
                refused(400, Some("expiredCursor"))
            }
            ("GET", "/Users") if query.contains_key("cursor") => {
                let mut list = list;
                list["nextCursor"] = json!("next");
                scim(200, &list)
            }
            ("GET", "/Users") if query.contains_key("filter") && !self.is_able => {
                refused(501, None)
            }
            ("GET", "/Schemas") => {
                let name = json!({"name": "userName", "type": "string", "multiValued": false, "required": true,
                    "mutability": "immutable", "returned": "default", "uniqueness": "server"});
                let users =
                    json!({"schemas": [SCHEMA], "id": USER, "name": "User", "attributes": [name]});
                let mut list = list;
                list["totalResults"] = json!(1);
                list["Resources"] = json!([users]);
                scim(200, &list)
            }
            ("GET", _) => scim(200, &list),
            ("POST", "/Users") => {
                let mut created: Value = serde_json::from_slice(&request.body).expect("it is JSON");
                created["id"] = json!("1");
                scim(201, &created).insert_header("location", place)
            }
            ("POST", "/Bulk") => refused(429, None).insert_header("retry-after", "1"),
            ("PATCH", _) if self.is_able => ResponseTemplate::new(202)
                .insert_header("location", place)
                .insert_header("set-txn", "b4e9")
                .insert_header("preference-applied", "respond-async"),
            ("DELETE", _) => ResponseTemplate::new(204),
            _ => refused(501, None),
        }
    }
}

/// Starts it, and plays these scenarios against it.
async fn play_odd(judged: &mut Judged, is_able: bool, scenarios: &str) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(Odd { is_able })
        .mount(&server)
        .await;
    let url = server.uri();
    let folder = TempDir::new().expect("a folder for the configuration");
    let config = folder.path().join("scimulate.toml");
    let text =
        format!("[targets.odd]\nurl = \"{url}\"\n[targets.odd.tenants.second]\nurl = \"{url}\"\n");
    fs::write(&config, text).expect("the folder can be written");
    let config = config.display();
    judged.play(&format!("{scenarios} --config {config} --target odd"));
}

/// Requirements that only hand-written scenarios claim: those of the providers' stories are judged by what the engines send.
fn claimed() -> BTreeSet<String> {
    let generated = |claim: &Value| {
        let path = claim["path"].as_str().expect("it has one");
        path.starts_with("scenarios/okta/") || path.starts_with("scenarios/entra/")
    };
    requirements()
        .filter(|one| {
            let claims = one["scenarios"].as_array().expect("it is a list");
            !claims.is_empty() && !claims.iter().any(generated)
        })
        .map(|one| id(one).to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shipped_claim_is_backed_by_a_verdict() {
    let mut judged = Judged::default();
    judged.play("rfc");

    // What depends on the target's own schemas, and on who is asking.
    let folder = TempDir::new().expect("a folder for the schemas");
    let schema = folder.path().join("badge.json");
    fs::write(&schema, badge(false).to_string()).expect("the folder can be written");
    let schema = schema.display();
    let server = Serving::start(&format!("--schema {schema} --protect una --me una"));
    let target = format!("--target {}", server.url);
    judged.play(&format!(
        "rfc/filter/number rfc/projection/secret rfc/me/myself {target}"
    ));
    let strict = folder.path().join("required.json");
    fs::write(&strict, badge(true).to_string()).expect("the folder can be written");
    let server = Serving::start(&format!("--schema {}", strict.display()));
    judged.play(&format!("rfc/create/required --target {}", server.url));

    // What depends on features that the reference server has, or does not have.
    let lacking = "rfc/filter/unsupported rfc/bulk/unsupported rfc/patch/unsupported rfc/discovery/advertised";
    play_odd(&mut judged, false, lacking).await;
    let later = "rfc/sorting/unsupported rfc/me/myself rfc/http/targets rfc/cursor/refused rfc/cursor/tenants";
    play_odd(&mut judged, true, later).await;

    let claimed = claimed();
    assert!(claimed.len() > 600, "only {} claims", claimed.len());
    let unbacked: Vec<&String> = claimed.difference(&judged.requirements).collect();
    assert!(unbacked.is_empty(), "claimed, never judged: {unbacked:#?}");
    let silent: Vec<&str> = Check::all()
        .filter(|check| !check.requirements.is_empty() && !judged.checks.contains(check.id))
        .map(|check| check.id)
        .collect();
    assert!(silent.is_empty(), "checks that judged nothing: {silent:#?}");
}
