//! Every check, on exchanges that keep its rule and on exchanges that break it.
//!
//! The fixtures are HTTP as people write it down: `METHOD URL`, headers, a blank line, the body, a blank line, the answer's
//! status line and so on; `###` stands between exchanges. `as: okta-oin` before the request line says who sent it.

use std::collections::BTreeSet;
use std::slice::from_ref;
use std::time::Duration;

use crate::checks::{Check, Watch};
use crate::exchange::{Api, Body, Exchange, Request, Response, Sender};
use crate::finding::requirement::Requirement;
use crate::finding::{Authority, Finding};

/// Exchanges as they are written in a fixture.
fn exchanges_of(text: &str) -> Vec<Exchange> {
    let parts: Vec<&str> = text.split("\n###\n").collect();
    parts
        .iter()
        .map(|part| exchange_of(part.trim_start()))
        .collect()
}

fn exchange_of(text: &str) -> Exchange {
    let (sender, text) = match text.strip_prefix("as: ") {
        Some(rest) => {
            let (name, rest) = rest.split_once('\n').expect("a request follows");
            (Sender::Client(name.to_owned()), rest)
        }
        None => (Sender::Harness, text),
    };
    let start = text.find("\nHTTP/1.1 ").expect("there is an answer");
    let (request, answer) = (text[..start].trim_end(), text[start + 1..].trim_end());
    let (line, headers, body) = message(request);
    let (method, url) = line.split_once(' ').expect("METHOD URL");
    let path = url
        .match_indices('/')
        .nth(2)
        .map_or(url.len(), |(place, _)| place);
    let request = Request {
        api: Api::Scim,
        method: method.to_owned(),
        origin: url[..path].to_owned(),
        target: url[path..].to_owned(),
        headers,
        body,
    };
    let (line, headers, body) = message(answer);
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let response = Response::new(status.expect("a status"), headers, body, None);
    Exchange {
        sender,
        request,
        outcome: Ok(response),
        started: "2026-03-01T10:00:00Z".to_owned(),
        elapsed: Duration::from_millis(5),
    }
}

fn message(text: &str) -> (&str, Vec<(String, String)>, Body) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().expect("a first line");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    (first, headers.collect(), Body::new(body.as_bytes()))
}

fn findings_of(text: &str) -> (Vec<Finding>, Watch) {
    let mut watch = Watch::default();
    let mut findings = Vec::new();
    for exchange in exchanges_of(text) {
        findings.extend(watch.judge(&[exchange], false));
    }
    (findings, watch)
}

#[test]
fn good_exchanges_break_no_rule_and_are_judged_by_theirs() {
    for check in Check::all() {
        let (findings, watch) = findings_of(check.texts.good);
        assert!(findings.is_empty(), "{}: {findings:#?}", check.id);
        assert!(
            watch.judged().contains_key(check.id),
            "{} is silent",
            check.id
        );
    }
}

#[test]
fn bad_exchanges_break_their_rule_on_every_authority_and_no_other() {
    for check in Check::all() {
        let (findings, _) = findings_of(check.texts.bad);
        let ids: BTreeSet<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(ids, BTreeSet::from([check.id]), "{findings:#?}");
        let found: BTreeSet<Authority> = findings.iter().map(|finding| finding.authority).collect();
        let named: BTreeSet<Authority> = check.stakes.iter().map(|stake| stake.authority).collect();
        assert_eq!(
            found, named,
            "{}: the fixture must be sent as every provider of its stakes",
            check.id
        );
    }
}

#[test]
fn every_check_is_well_described() {
    let mut ids = BTreeSet::new();
    for check in Check::all() {
        assert!(ids.insert(check.id), "{} stands here twice", check.id);
        for id in check.requirements {
            assert!(Requirement::exists(id), "{}: {id}", check.id);
        }
        let headings: Vec<&str> = check
            .texts
            .page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        let wanted = [
            "What it requires",
            "Why it matters",
            "What a failure looks like",
            "How to fix it",
        ];
        assert_eq!(headings, wanted, "{}", check.id);
    }
}

const ADA: &str = "POST https://scim.example.test/v2/Users\n\n{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"ada\"}\n\nHTTP/1.1 201 Created\nlocation: https://scim.example.test/v2/Users/1\ncontent-type: application/scim+json\n\n{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"1\",\"userName\":\"ada\",\"title\":\"Lead\"}";

fn read(title: &str) -> String {
    format!(
        "GET https://scim.example.test/v2/Users/1\n\nHTTP/1.1 200 OK\ncontent-type: application/scim+json\n\n{{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"id\":\"1\",\"userName\":\"ada\",\"title\":\"{title}\"}}"
    )
}

/// The ids of what is found when each group of exchanges goes out at once.
fn found_in(groups: &[&[Exchange]]) -> BTreeSet<String> {
    let mut watch = Watch::default();
    let found = groups
        .iter()
        .flat_map(|group| watch.judge(group, group.len() > 1));
    found.map(|finding| finding.id).collect()
}

#[test]
fn who_is_deleted_by_a_bulk_job_may_be_gone() {
    let job = "POST https://scim.example.test/v2/Bulk\n\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"],\"Operations\":[{\"method\":\"DELETE\",\"path\":\"/Users/1\"}]}\n\nHTTP/1.1 200 OK\ncontent-type: application/scim+json\n\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkResponse\"],\"Operations\":[]}";
    let gone = "GET https://scim.example.test/v2/Users/1\n\nHTTP/1.1 404 Not Found\ncontent-type: application/scim+json\n\n{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"404\"}";
    let [ada, job, gone] = [ADA, job, gone].map(exchange_of);
    let lost = found_in(&[from_ref(&ada), from_ref(&gone)]);
    assert!(lost.contains("created-stays"), "{lost:?}");
    let deleted = found_in(&[&[ada], &[job], &[gone]]);
    assert!(!deleted.contains("created-stays"), "{deleted:?}");
}

#[test]
fn readings_beside_a_write_may_be_of_before() {
    let write = "PATCH https://scim.example.test/v2/Users/1\n\n{}\n\nHTTP/1.1 204 No Content";
    let ada = [exchange_of(ADA)];
    let (old, new) = (exchange_of(&read("Lead")), exchange_of(&read("Fellow")));
    let beside = found_in(&[&ada, &[exchange_of(write), old.clone()], from_ref(&new)]);
    assert!(!beside.contains("reading-changes-nothing"), "{beside:?}");
    let alone = found_in(&[&ada, &[old], &[new]]);
    assert!(alone.contains("reading-changes-nothing"), "{alone:?}");
}
