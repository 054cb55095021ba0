//! `scimulate serve`: its lines, its options, and its end.

use std::net::TcpListener;

use crate::project::{Project, assert_told};

#[test]
fn the_base_url_is_the_first_line() {
    let project = Project::new();
    let mut serving = project.serve("--tenant second --tenant third");
    let base = serving.line();
    assert!(
        base.starts_with("http://127.0.0.1:") && base.ends_with("/scim/v2"),
        "{base}"
    );
    assert_eq!(serving.line(), base.replace("/scim", "/second/scim"));
    assert_eq!(serving.line(), base.replace("/scim", "/third/scim"));
    let said = project.scimulate(&format!("run scenarios/create.yaml --target {base}"));
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_token_is_needed_where_there_is_one() {
    let project = Project::new();
    let mut serving = project.serve("--token canary");
    let words = format!("run scenarios/create.yaml --target {}", serving.line());
    let token = |token| {
        project
            .scimulate_with(&words, &[("SCIMULATE_TOKEN", token)], "")
            .code
    };
    assert_eq!(project.scimulate(&words).code, Some(3));
    assert_eq!(token("another"), Some(3));
    assert_eq!(token("canary"), Some(0));
}

#[test]
fn habits_of_clients_can_be_refused() {
    let project = Project::new();
    let words = "run entra/deactivate --as entra-legacy --target";
    let code = |options: &str| {
        let mut serving = project.serve(options);
        project
            .scimulate(&format!("{words} {}", serving.line()))
            .code
    };
    assert_eq!(code(""), Some(0));
    assert_eq!(code("--strict"), Some(1));
    assert_eq!(code("--policy string-booleans=refuse"), Some(1));
}

#[test]
fn wrong_options_are_exit_2() {
    let project = Project::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let mut told = String::new();
    for words in [
        "serve --policy nothing=said",
        "serve --port 0 --policy operation-case=never",
        "serve --port 70000",
        "serve --port 0 --schema nowhere.json",
        &format!("serve --port {port}"),
    ] {
        let said = project.scimulate(words);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{words}");
        told.push_str(&format!("$ scimulate {words}\n{}\n", said.stderr));
    }
    assert_told!("wrong_options", told);
}
