use std::path::Path;
use std::time::Duration;

use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::answer::{Answer, Body as AnswerBody, answers_of, contents_of};
use super::file::{Info, SnapshotFile};
use super::{Mode, Normaliser, Place, Session, Store};
use crate::exchange::{Api, Body, Exchange, Request, Response, Sender};
use crate::finding::{Finding, Verdict};

const RUN: &str = "k3m9x2q7";
const ORIGIN: &str = "http://127.0.0.1:4711";

fn exchange(
    method: &str,
    target: &str,
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Exchange {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Exchange {
        sender: Sender::Client("okta-oin".to_owned()),
        request: Request {
            api: Api::Scim,
            method: method.to_owned(),
            origin: ORIGIN.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Body::default(),
        },
        outcome: Ok(Response::new(
            status,
            headers,
            Body::new(body.as_bytes()),
            None,
        )),
        started: "2026-11-21T10:00:00Z".to_owned(),
        elapsed: Duration::from_millis(1),
    }
}

/// A user as a target would show it.
fn user(id: &str, run: &str, second: u8) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": id,
        "externalId": format!("00u1ada{run}"),
        "userName": format!("ada.lovell.{run}@example.test"),
        "hireDate": "2019-04-01T00:00:00Z",
        "meta": {
            "resourceType": "User",
            "created": "2026-11-21T09:59:59Z",
            "lastModified": format!("2026-11-21T10:00:{second:02}Z"),
            "version": format!("W/\"{id}-{second}\""),
            "location": format!("{ORIGIN}/scim/v2/Users/{id}"),
        },
    })
}

fn created(id: &str, run: &str, second: u8) -> Exchange {
    let location = format!("{ORIGIN}/scim/v2/Users/{id}");
    let etag = format!("W/\"{id}-{second}\"");
    let headers = [
        ("Content-Type", "application/scim+json;charset=UTF-8"),
        ("Location", location.as_str()),
        ("ETag", etag.as_str()),
        ("Date", "Sat, 21 Nov 2026 10:00:00 GMT"),
    ];
    exchange(
        "POST",
        "/scim/v2/Users",
        201,
        &headers,
        &user(id, run, second).to_string(),
    )
}

fn shown(normaliser: &mut Normaliser, exchange: &Exchange) -> String {
    let answers = normaliser.answers(&[exchange]).unwrap();
    contents_of(&answers)
}

#[test]
fn values_of_a_run_get_names() {
    let mut normaliser = Normaliser::new(RUN);
    let id = "2819c223-7f76-453a-919d-413861904646";
    let mut story = vec![created(id, RUN, 0), created("17", RUN, 0)];
    story.push(exchange(
        "GET",
        "/scim/v2/Users/17?filter=id%20eq%20%222819c223-7f76-453a-919d-413861904646%22",
        200,
        &[("Location", "http://127.0.0.1:4711/scim/v2/Users/2819c223-7f76-453a-919d-413861904646")],
        &json!({
            "id": 17,
            "detail": format!("user {id} and 17 of ADA.{} at 127.0.0.1:4711; trace 6ba7b810-9dad-11d1-80b4-00c04fd430c8.", RUN.to_uppercase()),
            "members": [{"value": id, "$ref": format!("../Users/{id}")}, {"value": "17", "$ref": "/scim/v2/Users/17"}],
            "nickName": "17",
            "seen": "at 2026-11-21T10:00:03.5+00:00, not 2019-04-01T00:00:00Z",
            "nextCursor": "abc",
        })
        .to_string(),
    ));
    story.push(exchange("GET", "/Schemas", 200, &[], &json!({"Resources": [
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": "User", "name": "User", "endpoint": "/Users"},
        {"id": "urn:ietf:params:scim:schemas:core:2.0:User", "name": "User"},
    ]}).to_string()));
    story.push(exchange(
        "GET",
        "/Users",
        502,
        &[("Retry-After", "Sat, 21 Nov 2026 10:00:00 GMT")],
        "<html>at 127.0.0.1:4711",
    ));
    let all: Vec<String> = story
        .iter()
        .map(|exchange| shown(&mut normaliser, exchange))
        .collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn another_run_gives_the_same_text() {
    let ids = ["a1b2c3d4e5", "9f8e7d6c5b"];
    let mut texts = Vec::new();
    for (run, [first, second]) in [(RUN, ids), ("zzzz0000", [ids[1], ids[0]])] {
        let mut normaliser = Normaliser::new(run);
        let mut text = shown(&mut normaliser, &created(first, run, 0));
        // New to this run, in an order of the target's liking.
        let mut resources = vec![
            json!({"id": "x-new-000-1", "userName": format!("b{run}")}),
            json!({"id": second, "userName": "c"}),
        ];
        if run == RUN {
            resources.reverse();
        }
        let list = json!({"totalResults": 2, "Resources": resources});
        let list = exchange("GET", "/Users", 200, &[], &list.to_string());
        let answers = normaliser.answers(&[&list]).unwrap();
        let AnswerBody::Json(mut body) = answers[0].body.clone() else {
            panic!()
        };
        body["Resources"]
            .as_array_mut()
            .unwrap()
            .sort_by_key(|item| item["userName"].to_string());
        text.push_str(&body.to_string());
        texts.push(text);
    }
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn a_location_of_another_user_stays_visible() {
    let folder = tempfile::tempdir().unwrap();
    let run = |wrong: bool| {
        let session = Session::new(Store::new(folder.path()), Mode::Update, false);
        let mut normaliser = Normaliser::new(RUN);
        session.judge(
            &mut normaliser,
            &place("create ada"),
            &[created("aaaaaaaa1", RUN, 0)],
        );
        let session = Session::new(
            Store::new(folder.path()),
            if wrong { Mode::Check } else { Mode::Update },
            false,
        );
        let mut other = created("bbbbbbbb2", RUN, 1);
        if wrong && let Ok(response) = &mut other.outcome {
            response.headers[1].1 = format!("{ORIGIN}/scim/v2/Users/aaaaaaaa1");
        }
        session.judge(&mut normaliser, &place("create bob"), &[other])
    };
    assert_eq!(run(false)[0].verdict, Verdict::Pass);
    let findings = run(true);
    assert_eq!(findings[0].verdict, Verdict::Fail);
    assert_eq!(paths(&findings), ["header location"]);
    assert_eq!(
        findings[0].differences[0].expected,
        Some(json!("[host]/scim/v2/Users/[id-2]"))
    );
    assert_eq!(
        findings[0].differences[0].received,
        Some(json!("[host]/scim/v2/Users/[id-1]"))
    );
}

fn place(step: &str) -> Place<'_> {
    Place {
        scenario: "scenarios/okta/create.yaml",
        client: "okta-oin",
        step,
        line: 12,
        parallel: false,
    }
}

fn paths(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .flat_map(|finding| &finding.differences)
        .map(|difference| difference.path.as_str())
        .collect()
}

fn judged(folder: &Path, mode: Mode, read_only: bool, exchanges: &[Exchange]) -> Vec<Finding> {
    let session = Session::new(Store::new(folder), mode, read_only);
    session.judge(&mut Normaliser::new(RUN), &place("create ada"), exchanges)
}

#[test]
fn new_and_different_answers_wait_for_a_review() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let first = [created("aaaaaaaa1", RUN, 0)];

    assert_eq!(
        judged(folder.path(), Mode::Check, false, &first)[0].verdict,
        Verdict::Skip
    );
    assert_eq!(
        judged(folder.path(), Mode::New, true, &first)[0].source,
        None,
        "read-only in CI"
    );
    assert!(store.pending().is_empty());

    let new = &judged(folder.path(), Mode::New, false, &first)[0];
    assert_eq!(
        (new.id.as_str(), new.verdict),
        ("snapshot-new", Verdict::Skip)
    );
    let pending = store.pending();
    assert_eq!(
        new.source.as_deref(),
        Some(pending[0].new.to_str().unwrap())
    );
    insta::assert_snapshot!(std::fs::read_to_string(&pending[0].new).unwrap());
    pending[0].accept().unwrap();
    assert_eq!(store.snapshots().len(), 1);
    assert!(store.pending().is_empty());
    let accepted = SnapshotFile::read(&store.snapshots()[0]).unwrap();
    assert_eq!(accepted.line, None);

    assert_eq!(
        judged(
            folder.path(),
            Mode::New,
            false,
            &[created("ccc-other-3", RUN, 9)]
        )[0]
        .verdict,
        Verdict::Pass
    );

    let mut changed = user("aaaaaaaa1", RUN, 0);
    changed["active"] = json!(true);
    changed["USERNAME"] = changed["userName"].take();
    let changed = [exchange(
        "POST",
        "/scim/v2/Users",
        200,
        &[],
        &changed.to_string(),
    )];
    let findings = judged(folder.path(), Mode::New, false, &changed);
    assert_eq!(
        paths(&findings),
        [
            "status",
            "header content-type",
            "header etag",
            "header location",
            "active"
        ]
    );
    assert_eq!(findings[0].exchange, Some(0));
    assert_eq!(store.pending().len(), 1);
    // What waited is out of date as soon as the answer is right again.
    judged(folder.path(), Mode::New, false, &first);
    assert!(store.pending().is_empty());

    judged(folder.path(), Mode::New, false, &changed);
    store.pending()[0].reject().unwrap();
    assert!(store.pending().is_empty());
    assert_eq!(
        judged(folder.path(), Mode::Update, true, &changed)[0].verdict,
        Verdict::Fail,
        "never in CI"
    );
    assert_eq!(
        judged(folder.path(), Mode::Update, false, &changed)[0].verdict,
        Verdict::Pass
    );
    assert_eq!(
        judged(folder.path(), Mode::Check, false, &changed)[0].verdict,
        Verdict::Pass
    );
    assert!(judged(folder.path(), Mode::Off, false, &first).is_empty());

    std::fs::write(&store.snapshots()[0], "---\nsource: x\n---\nnot JSON\n").unwrap();
    assert_eq!(
        judged(folder.path(), Mode::New, false, &changed)[0].verdict,
        Verdict::Error
    );
}

#[test]
fn side_by_side_answers_have_one_order_and_of_repeated_ones_the_last_counts() {
    let conflict = exchange(
        "POST",
        "/scim/v2/Users",
        409,
        &[],
        r#"{"status":"409","scimType":"uniqueness"}"#,
    );
    let mut harness = exchange("GET", "/scim/v2/Users/aaaaaaaa1", 200, &[], "{}");
    harness.sender = Sender::Harness;
    let text = |mut exchanges: Vec<Exchange>| {
        exchanges.push(harness.clone());
        let folder = tempfile::tempdir().unwrap();
        let session = Session::new(Store::new(folder.path()), Mode::Update, false);
        let place = Place {
            parallel: true,
            ..place("both")
        };
        session.judge(&mut Normaliser::new(RUN), &place, &exchanges);
        SnapshotFile::read(&Store::new(folder.path()).snapshots()[0])
            .unwrap()
            .contents
    };
    let one = created("aaaaaaaa1", RUN, 0);
    let two = created("bbbbbbbb2", RUN, 0);
    let expected = text(vec![one.clone(), conflict.clone(), two.clone()]);
    assert_eq!(expected.matches("\"status\": 201").count(), 2);
    assert_eq!(text(vec![two, one.clone(), conflict.clone()]), expected);

    let folder = tempfile::tempdir().unwrap();
    judged(folder.path(), Mode::Update, false, &[conflict, one]);
    let contents = SnapshotFile::read(&Store::new(folder.path()).snapshots()[0])
        .unwrap()
        .contents;
    assert!(contents.contains("\"status\": 201"), "{contents}");
}

#[test]
fn snapshots_that_no_step_has_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let session = Session::new(store.clone(), Mode::Update, false);
    let mut normaliser = Normaliser::new(RUN);
    for step in ["create ada", "old step"] {
        session.judge(
            &mut normaliser,
            &place(step),
            &[created("aaaaaaaa1", RUN, 0)],
        );
    }
    let other = Place {
        scenario: "scenarios/gone.yaml",
        ..place("x")
    };
    session.judge(&mut normaliser, &other, &[created("aaaaaaaa1", RUN, 0)]);

    let session = Session::new(store.clone(), Mode::Check, false);
    // Skipped, and yet a step of the scenario.
    session.judge(&mut normaliser, &place("create ada"), &[]);
    let names = |paths: Vec<std::path::PathBuf>| -> Vec<String> {
        paths
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let ran = [("scenarios/okta/create.yaml", "okta-oin")];
    assert_eq!(
        names(session.unreferenced(&ran, false)),
        ["okta.create__okta-oin__old_step.snap"]
    );
    assert_eq!(
        names(session.unreferenced(&ran, true)),
        [
            "gone__okta-oin__x.snap",
            "okta.create__okta-oin__old_step.snap"
        ]
    );
}

fn odd_text() -> impl Strategy<Value = String> {
    proptest::prop_oneof![
        any::<String>(),
        "[ -~\n\t]{0,30}",
        proptest::sample::select(vec![
            "---",
            "\n---\n",
            "yes",
            "12",
            "null",
            "'",
            "\"",
            "a: b",
            "# x",
            "\u{85}\u{2028}\u{feff}\u{7f}",
            "- x",
        ])
        .prop_map(String::from)
    ]
}

/// What [`Session`] puts into the front matter: no control characters, which insta writes as they are.
fn head_text() -> impl Strategy<Value = String> {
    odd_text().prop_map(|text| match super::session::printable(&text) {
        text if text.is_empty() => "~".to_owned(),
        text => text,
    })
}

proptest! {
    #[test]
    fn files_read_back_here_and_in_insta(
        source in head_text(), description in head_text(), step in head_text(), body in odd_text(), line in proptest::option::of(1_usize..999),
    ) {
        let answers = [Answer {
            request: description.clone(),
            status: 200,
            headers: [("etag".to_owned(), step.clone())].into(),
            body: AnswerBody::Text(body),
        }];
        let file = SnapshotFile {
            source: source.clone(),
            line,
            description: description.clone(),
            info: Some(Info { format: 1, scenario: source.clone(), client: "x".to_owned(), step: step.clone() }),
            contents: contents_of(&answers),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a__b__c.snap.new");
        file.write(&path).unwrap();
        prop_assert_eq!(SnapshotFile::read(&path).unwrap(), file.clone());
        prop_assert_eq!(answers_of(&file.contents).unwrap(), answers);

        let theirs = insta::Snapshot::from_file(&path).unwrap();
        prop_assert_eq!(theirs.metadata().source(), Some(source.as_str()));
        prop_assert_eq!(theirs.metadata().description(), Some(description.as_str()));
        prop_assert_eq!(theirs.metadata().assertion_line(), line.map(|line| u32::try_from(line).unwrap()));
        prop_assert_eq!(theirs.as_text().unwrap().to_string(), file.contents.clone());

        // What insta writes when it accepts reads back, too.
        let accepted = folder.path().join("a__b__c.snap");
        theirs.save(&accepted).unwrap();
        prop_assert_eq!(SnapshotFile::read(&accepted).unwrap(), SnapshotFile { line: None, ..file });
    }
}
