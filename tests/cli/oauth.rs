//! OAuth 2.0 client credentials: access tokens are fetched, renewed, and shown nowhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::project::{Project, Said, Serving, assert_told};

const SECRET: (&str, &str) = ("MINE", "canary-secret/+");

/// What a token endpoint always answers.
type Answer = fn() -> ResponseTemplate;

/// What the reference server says at its start when it has a client `me`.
struct Served {
    _serving: Serving,
    base: String,
    second: String,
    token_url: String,
    secret: String,
}

fn served(project: &Project, options: &str) -> Served {
    let mut serving = project.serve(&format!("--oauth-client me --tenant second {options}"));
    let mut next = |start: &str| {
        let line = serving.line();
        let rest = line.strip_prefix(start);
        rest.unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    Served {
        base: next(""),
        second: next(""),
        token_url: next("token endpoint: "),
        secret: next("client secret: "),
        _serving: serving,
    }
}

/// A target whose token endpoint is next to it. The target takes each token so many times.
async fn vendor(
    answer: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static,
    uses: usize,
) -> MockServer {
    let server = MockServer::start().await;
    let asked = AtomicUsize::new(0);
    Mock::given(method("POST"))
        .and(path("/token"))
        .respond_with(move |_: &Request| answer(asked.fetch_add(1, Ordering::SeqCst) + 1))
        .mount(&server)
        .await;
    let used: [AtomicUsize; 10] = Default::default();
    Mock::given(path_regex("^/scim/v2/"))
        .respond_with(move |request: &Request| {
            let header = request.headers.get("authorization");
            let token =
                header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer canary-token-"));
            let number = token.and_then(|number| number.parse::<usize>().ok());
            match number {
                Some(number) if used[number].fetch_add(1, Ordering::SeqCst) < uses => users(),
                _ => ResponseTemplate::new(401)
                    .set_body_json(json!({"detail": format!("not {header:?}")})),
            }
        })
        .mount(&server)
        .await;
    server
}

fn users() -> ResponseTemplate {
    let list = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0,
        "Resources": []
    });
    ResponseTemplate::new(200).set_body_raw(list.to_string(), "application/scim+json")
}

/// A token that is valid for an hour, and what it must not be confused with.
fn token(number: usize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "access_token": format!("canary-token-{number}"),
        "refresh_token": "canary-refresh",
        "token_type": "bearer",
        "expires_in": 3600
    }))
}

fn words(server: &MockServer) -> String {
    let uri = server.uri();
    format!(
        "run scenarios/badges.yaml --target {uri}/scim/v2 --oauth-token-url {uri}/token \
         --oauth-client-id me --oauth-client-secret-env MINE --report-json events.jsonl --report-html page.html --report-junit junit.xml"
    )
}

fn run(project: &Project, words: &str) -> Said {
    let said = project.scimulate_with(words, &[SECRET], "");
    let log: String = ["events.jsonl", "page.html", "junit.xml"]
        .map(|file| std::fs::read_to_string(project.path(file)).unwrap_or_default())
        .concat();
    // The secret as it is, in Base64 beside `me:`, and form-encoded.
    for secret in ["canary", "Y2FuYXJ5", "bWU6Y2FuYXJ5", "%2F%2B"] {
        assert!(!said.all().contains(secret), "{}", said.all());
        assert!(!log.contains(secret), "{log}");
    }
    said
}

/// The exchanges that belong to no scenario, each as method and target with its status, and how requests are authenticated.
fn preflight(project: &Project) -> (Vec<String>, Vec<Value>) {
    let log = project.read("events.jsonl");
    let events = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"))
        .filter(|event| event["event"] == "preflight");
    let mut exchanges = Vec::new();
    let mut authentication = Vec::new();
    for event in events {
        authentication.extend(event.get("authentication").cloned());
        for exchange in event["exchanges"].as_array().into_iter().flatten() {
            exchanges.push(format!(
                "{} {} {}",
                exchange["request"]["method"].as_str().unwrap_or_default(),
                exchange["request"]["target"].as_str().unwrap_or_default(),
                exchange["outcome"]["response"]["status"]
            ));
        }
    }
    (exchanges, authentication)
}

const DISCOVERY: [&str; 3] = [
    "GET /scim/v2/Users?startIndex=1&count=1 200",
    "GET /scim/v2/ServiceProviderConfig 200",
    "GET /scim/v2/Schemas 200",
];

#[test]
fn a_token_of_the_reference_server_is_fetched_and_told_masked() {
    let project = Project::new();
    let served = served(&project, "");
    let words = format!(
        "run scenarios/create.yaml --as okta-oin --target {} --oauth-token-url {} --oauth-client-id me \
         --report-json events.jsonl",
        served.base, served.token_url
    );
    for way in ["", "--oauth-client-auth basic", "--oauth-client-auth post"] {
        let environment = [("SCIMULATE_OAUTH_CLIENT_SECRET", served.secret.as_str())];
        let said = project.scimulate_with(&format!("{words} {way}"), &environment, "");
        assert_eq!(said.code, Some(0), "{}", said.all());
        let log = project.read("events.jsonl");
        assert!(!log.contains(&served.secret), "{log}");
        let (exchanges, authentication) = preflight(&project);
        assert_eq!(exchanges[0], "POST /oauth/token 200");
        assert_eq!(exchanges[1..], DISCOVERY);
        assert_eq!(
            authentication,
            [json!({"kind": "client-credentials", "expires_in": 3600})]
        );
        assert!(
            log.contains(
                r#"{\"access_token\":\"[secret]\",\"token_type\":\"Bearer\",\"expires_in\":3600}"#
            ),
            "{log}"
        );
    }
    // Who has no token is not let in.
    let said = project.scimulate(&format!(
        "run scenarios/create.yaml --target {}",
        served.base
    ));
    assert_eq!(said.code, Some(3), "{}", said.all());
}

#[test]
fn a_named_target_and_its_tenants_have_their_own_tokens() {
    let project = Project::new();
    let served = served(&project, "");
    project.write("secret.txt", &served.secret);
    let second_url = served.token_url.replace("/oauth", "/second/oauth");
    project.write(
        "scimulate.toml",
        &format!(
            "[targets.mine]\nurl = \"{}\"\n[targets.mine.oauth]\ntoken-url = \"{}\"\nclient-id = \"me\"\nclient-secret-env = \"MINE\"\nscope = \"scim\"\n\
             [targets.mine.tenants.second]\nurl = \"{}\"\n[targets.mine.tenants.second.oauth]\ntoken-url = \"{second_url}\"\nclient-id = \"me\"\nclient-secret-file = \"secret.txt\"\nclient-auth = \"post\"\n",
            served.base, served.token_url, served.second
        ),
    );
    let words = "run scenarios/tenants.yaml --target mine --report-json events.jsonl";
    let said = project.scimulate_with(words, &[("MINE", &served.secret)], "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("2 steps: 2 passed"), "{}", said.stdout);
    let (exchanges, _) = preflight(&project);
    // That of the tenant is fetched when it is needed.
    assert_eq!(exchanges[0], "POST /oauth/token 200");
    assert_eq!(exchanges[4..], ["POST /second/oauth/token 200"]);
    assert!(!project.read("events.jsonl").contains(&served.secret));
}

#[test]
fn a_sync_fetches_its_token() {
    let project = Project::new();
    let served = served(&project, "");
    project.write(
        "people.yaml",
        include_str!("../../fixtures/directories/small.yaml"),
    );
    let words = format!(
        "sync people.yaml --as entra-legacy --target {} --oauth-token-url {} --oauth-client-id me --oauth-client-secret-env MINE",
        served.base, served.token_url
    );
    let said = project.scimulate_with(&words, &[("MINE", &served.secret)], "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("created: "), "{}", said.stdout);
    let said = project.scimulate_with(&words, &[("MINE", "canary-wrong")], "");
    assert_eq!(said.code, Some(3), "{}", said.all());
    assert!(said.stderr.contains("`invalid_client`"), "{}", said.stderr);
    assert!(!said.all().contains("canary"), "{}", said.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends() {
    let short = |number| {
        ResponseTemplate::new(200).set_body_json(json!({
            "access_token": format!("canary-token-{number}"), "token_type": "Bearer", "expires_in": "2"
        }))
    };
    let server = vendor(short, 100).await;
    let project = Project::new();
    project.write(
        "scenarios/slow.yaml",
        "title: Slow\nsteps:\n  - name: wait\n    get: /Users?startIndex=1&count=1\n    expect: { body: { totalResults: 1 } }\n    repeat: { until: { body: { totalResults: 1 } }, every: 900ms, at-most: 3 }\n",
    );
    let said = run(&project, &words(&server).replace("badges", "slow"));
    assert_eq!(said.code, Some(1), "{}", said.all());
    let (exchanges, authentication) = preflight(&project);
    assert_eq!(exchanges[0], "POST /token 200");
    assert_eq!(exchanges[4..], ["POST /token 200"]);
    assert_eq!(
        authentication,
        [json!({"kind": "client-credentials", "expires_in": 2})]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_replaced_once() {
    // The preflight takes three uses.
    let server = vendor(token, 3).await;
    let project = Project::new();
    let said = run(&project, &words(&server));
    assert_eq!(said.code, Some(0), "{}", said.all());
    let (exchanges, _) = preflight(&project);
    assert_eq!(exchanges[0], "POST /token 200");
    assert_eq!(
        exchanges[4..],
        [
            "GET /scim/v2/Users?startIndex=1&count=1 401",
            "POST /token 200"
        ]
    );
    // A target that takes none at all is asked twice, not for ever.
    let deaf = vendor(token, 0).await;
    let said = run(&project, &words(&deaf));
    assert_eq!(said.code, Some(3), "{}", said.all());
    assert_told!("oauth_deaf", said.all());
    let (exchanges, _) = preflight(&project);
    assert_eq!(exchanges.len(), 4, "{exchanges:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_there_is_no_new_token() {
    let once = |number| match number {
        1 => token(1),
        _ => ResponseTemplate::new(503),
    };
    let server = vendor(once, 3).await;
    let project = Project::new();
    project.write(
        "scenarios/more.yaml",
        "title: More\nneeds: [x-badges]\ntags: [smoke]\nsteps:\n  - name: read\n    get: /Users?startIndex=1&count=1\n    expect: { status: 200 }\n",
    );
    let words = words(&server).replace("badges.yaml", "badges.yaml scenarios/more.yaml");
    let said = run(&project, &words);
    assert_eq!(said.code, Some(3), "{}", said.all());
    assert!(
        said.all()
            .contains("the access token has ended, and there is no new one: the token endpoint")
            && said.all().contains("answers 503; 1 more were not played"),
        "{}",
        said.all()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_token_endpoint_is_said() {
    let flavours: &[(&str, Answer)] = &[
        ("another secret", || {
            ResponseTemplate::new(401).set_body_json(json!({
                "error": "invalid_client", "error_description": "no client\nhas the secret canary-secret/+"
            }))
        }),
        ("another scope", || {
            ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_scope"}))
        }),
        ("another grant", || {
            ResponseTemplate::new(400).set_body_json(json!({"error": "unsupported_grant_type"}))
        }),
        ("nothing there", || ResponseTemplate::new(404)),
        ("a failure", || {
            ResponseTemplate::new(500).set_body_string("access_token=canary")
        }),
        ("elsewhere", || {
            ResponseTemplate::new(307).insert_header("location", "https://elsewhere.test/token")
        }),
        ("a form", || {
            ResponseTemplate::new(200)
                .set_body_string("access_token=canary-token&token_type=bearer")
        }),
        ("nothing", || ResponseTemplate::new(200)),
        ("a list", || {
            ResponseTemplate::new(200).set_body_json(json!(["canary-token"].len()))
        }),
        ("no token", || {
            ResponseTemplate::new(200)
                .set_body_json(json!({"data": {"accessToken": "canary-token-1"}}))
        }),
        ("an empty token", || {
            ResponseTemplate::new(200).set_body_json(json!({"access_token": " "}))
        }),
        ("another type", || {
            ResponseTemplate::new(200)
                .set_body_json(json!({"access_token": "canary-token-1", "token_type": "mac"}))
        }),
        ("two lines", || {
            ResponseTemplate::new(200).set_body_json(
                json!({"access_token": "canary-token\r\nX: y", "token_type": "Bearer"}),
            )
        }),
        ("no hurry", || {
            ResponseTemplate::new(200).set_delay(Duration::from_secs(20))
        }),
    ];
    let project = Project::new();
    let mut told = String::new();
    for (name, answer) in flavours {
        let server = vendor(move |_| answer(), 100).await;
        let said = run(&project, &format!("{} --timeout 500ms", words(&server)));
        told.push_str(&format!("# {name}\n{}\n", said.all()));
        assert_eq!(
            preflight(&project).0.len(),
            1,
            "the target is not asked: {name}"
        );
    }
    let closed = "run scenarios/badges.yaml --target http://127.0.0.1:9/scim/v2 --oauth-token-url http://127.0.0.1:9/token \
                  --oauth-client-id me --oauth-client-secret-env MINE";
    told.push_str(&format!("# nobody\n{}\n", run(&project, closed).all()));
    assert_told!("oauth_wrong_endpoints", told);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_goes_where_it_is_wanted() {
    let server = MockServer::start().await;
    // As RFC 6749 2.3.1 writes it: `me:canary-secret%2F%2B`.
    Mock::given(path("/token"))
        .and(wiremock::matchers::header(
            "authorization",
            "Basic bWU6Y2FuYXJ5LXNlY3JldCUyRiUyQg==",
        ))
        .and(body_string_contains(
            "grant_type=client_credentials&scope=a+b",
        ))
        .respond_with(token(1))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/token"))
        .and(body_string_contains(
            "grant_type=client_credentials&client_id=me&client_secret=canary-secret%2F%2B",
        ))
        .respond_with(token(1))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path_regex("^/scim/v2/"))
        .and(wiremock::matchers::header(
            "authorization",
            "Bearer canary-token-1",
        ))
        .respond_with(users())
        .mount(&server)
        .await;
    let project = Project::new();
    let said = project.scimulate_with(
        &words(&server),
        &[SECRET, ("SCIMULATE_OAUTH_SCOPE", "a b")],
        "",
    );
    assert_eq!(said.code, Some(0), "{}", said.all());
    let said = run(
        &project,
        &format!("{} --oauth-client-auth post", words(&server)),
    );
    assert_eq!(said.code, Some(0), "{}", said.all());
}

#[test]
fn wrong_commands_are_exit_2() {
    let project = Project::new();
    let mut told = String::new();
    for options in [
        "--oauth-token-url https://a.test/token",
        "--oauth-client-id me",
        "--oauth-scope scim",
        "--oauth-token-url /token --oauth-client-id me --oauth-client-secret-env MINE",
        "--oauth-token-url https://me:canary@a.test/token --oauth-client-id me --oauth-client-secret-env MINE",
        "--oauth-token-url https://a.test/token#x --oauth-client-id me --oauth-client-secret-env MINE",
        "--oauth-token-url https://a.test/token --oauth-client-id me",
        "--oauth-token-url https://a.test/token --oauth-client-id me --oauth-client-secret-env YOURS",
        "--oauth-token-url https://a.test/token --oauth-client-id me --oauth-client-secret-env canary-secret/+",
        "--oauth-token-url https://a.test/token --oauth-client-id me --oauth-client-secret-file nowhere",
        "--oauth-token-url https://a.test/token --oauth-client-id me --oauth-client-auth jwt",
        "--oauth-token-url https://a.test/token --oauth-client-id me --token-env MINE",
    ] {
        let said = run(
            &project,
            &format!("run scenarios/badges.yaml --target http://127.0.0.1:9/scim {options}"),
        );
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(2), ""),
            "{options}"
        );
        told.push_str(&format!(
            "# {}\n{}\n",
            options.replace("canary", "…"),
            said.stderr
        ));
    }
    assert_told!("oauth_wrong_commands", told);
}

#[test]
fn what_is_wrong_with_the_file_is_said() {
    let project = Project::new();
    let mut told = String::new();
    let url = "token-url = \"https://a.test/token\"\nclient-id = \"me\"\n";
    for (before, oauth) in [
        ("", "token-url = \"https://a.test/token\"\n"),
        (
            "",
            "token-url = \"token\"\nclient-id = \"me\"\nclient-secret-env = \"MINE\"\n",
        ),
        ("", url),
        ("", &format!("{url}client-secret = \"canary\"\n")),
        ("", &format!("{url}client-secret-env = \"YOURS\"\n")),
        ("", &format!("{url}client-secret-file = \"nowhere\"\n")),
        (
            "",
            &format!("{url}client-secret-env = \"MINE\"\nclient-auth = \"jwt\"\n"),
        ),
        ("token-env = \"MINE\"\n", url),
    ] {
        let text = format!(
            "[targets.main]\nurl = \"http://127.0.0.1:9/scim\"\n{before}[targets.main.oauth]\n{oauth}"
        );
        project.write("scimulate.toml", &text);
        let said = run(&project, "run scenarios/badges.yaml --target main");
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{text}");
        told.push_str(&format!(
            "# {}\n{}\n",
            oauth.replace('\n', "; "),
            said.stderr
        ));
    }
    assert_told!("oauth_wrong_files", told);
}

#[test]
fn the_token_endpoint_of_the_reference_server_is_asked_for_explicitly() {
    let project = Project::new();
    let said = project.scimulate_with(
        "serve --port 0 --oauth-client me",
        &[("SCIMULATE_SERVE_OAUTH_SECRET", " ")],
        "",
    );
    assert_eq!(said.code, Some(2));
    assert_eq!(
        said.stderr,
        "error: `SCIMULATE_SERVE_OAUTH_SECRET` is empty\nhint: unset it to have a secret made up, or put one into it\n"
    );
    // A life of tokens without any token is a mistake; one of access tokens is not.
    assert_eq!(
        project.scimulate("serve --port 0 --token-life 60s").code,
        Some(2)
    );
    let served = served(&project, "--token-life 5m");
    let words = format!(
        "run scenarios/badges.yaml --target {} --oauth-token-url {} --oauth-client-id me --oauth-client-secret-env MINE --report-json events.jsonl --report-html page.html --report-junit junit.xml",
        served.base, served.token_url
    );
    let said = project.scimulate_with(&words, &[("MINE", &served.secret)], "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_eq!(
        preflight(&project).1,
        [json!({"kind": "client-credentials", "expires_in": 300})]
    );
}
