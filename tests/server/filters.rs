//! Every operator on every type of attribute, and the shapes of filters.

use serde_json::json;

use crate::client::{Client, ENTERPRISE};

fn fixture(client: Client) -> Client {
    client.user(
        "r-alpha",
        json!({
            "externalId": "AbC-r",
            "title": "T",
            "active": true,
            "name": {"givenName": "Al", "familyName": "Pha"},
            "profileUrl": "https://example.com/Alpha",
            "x509Certificates": [{"value": "TUlJQ2VydA=="}],
            "emails": [
                {"type": "work", "value": "alpha@example.com", "primary": true},
                {"type": "home", "value": "alpha@home.example", "display": "Home"}
            ],
            ENTERPRISE: {"employeeNumber": "7", "manager": {"value": "boss"}}
        }),
    );
    client.wait(60);
    client.user(
        "r-beta",
        json!({
            "externalId": "Xyz-r",
            "active": false,
            "profileUrl": "https://example.com/Beta",
            "displayName": "A and (B) or [C] eq \"Q\" \\",
            "emails": [{"type": "work", "value": "beta@example.com"}]
        }),
    );
    client.wait(60);
    client.user("r-gamma", json!({"title": ""}));
    client
}

/// Filter, then who is found by the last letter of the name, or the error.
const ROWS: &[(&str, &str)] = &[
    (r#"userName eq "R-ALPHA""#, "a"),
    (r#"userName ne "R-ALPHA""#, "bg"),
    (r#"userName co "ALPH""#, "a"),
    (r#"userName sw "R-AL""#, "a"),
    (r#"userName ew "ALPHA""#, "a"),
    (r#"title pr"#, "a"),
    (r#"userName gt "r-ALPHA""#, "bg"),
    (r#"userName ge "r-ALPHA" and userName lt "r-c""#, "ab"),
    (r#"userName lt "r-BETA""#, "a"),
    (r#"userName le "r-BETA""#, "ab"),
    (r#"externalId eq "AbC-r""#, "a"),
    (r#"externalId eq "abc-r""#, ""),
    (r#"externalId ne "abc-r" and externalId pr"#, "ab"),
    (r#"externalId co "bC""#, "a"),
    (r#"externalId co "BC""#, ""),
    (r#"externalId sw "abc""#, ""),
    (r#"externalId ew "-r""#, "ab"),
    (r#"externalId gt "AbC-r""#, "b"),
    (r#"externalId le "Xyz-r""#, "ab"),
    ("active eq true", "ag"),
    ("active eq false", "b"),
    ("active ne true", "b"),
    ("active pr", "abg"),
    (r#"active co "tr""#, "!400 invalidFilter"),
    ("active gt true", "!400 invalidFilter"),
    ("active le true", "!400 invalidFilter"),
    (r#"active eq "banana""#, "!400 invalidFilter"),
    ("active eq 1", "!400 invalidFilter"),
    (r#"meta.created eq "2027-01-15T08:00:00Z""#, "a"),
    (r#"meta.created eq "2027-01-15T09:00:00.000+01:00""#, "a"),
    (r#"meta.created ne "2027-01-15T08:00:00Z""#, "bg"),
    (r#"meta.created gt "2027-01-15T13:00:00+05:00""#, "bg"),
    (r#"meta.created ge "2027-01-15T08:00:00Z""#, "abg"),
    (r#"meta.created lt "2027-01-15T08:01:00Z""#, "a"),
    (r#"meta.created co "20""#, "!400 invalidFilter"),
    (r#"meta.created gt "yesterday""#, "!400 invalidFilter"),
    (r#"profileUrl eq "https://example.com/Alpha""#, "a"),
    (r#"profileUrl eq "https://example.com/alpha""#, ""),
    (r#"profileUrl ew "Alpha""#, "a"),
    (r#"profileUrl gt "https://example.com/Alpha""#, "b"),
    (r#"x509Certificates.value eq "TUlJQ2VydA==""#, "a"),
    (r#"x509Certificates pr"#, "a"),
    (r#"x509Certificates.value gt "MII""#, "!400 invalidFilter"),
    (r#"name eq "Al""#, "!400 invalidFilter"),
    (r#"name gt "Al""#, "!400 invalidFilter"),
    ("name pr", "a"),
    (r#"emails eq "alpha@home.example""#, "a"),
    (r#"emails co "@home.example""#, "a"),
    ("emails pr", "ab"),
    (r#"emails.value eq "ALPHA@home.example""#, "a"),
    (r#"emails.type ne "work""#, "ag"),
    (r#"emails.value gt "alpha@home.example""#, "b"),
    ("emails.display pr", "a"),
    ("emails[primary eq true]", "a"),
    (r#"emails[primary eq "True"]"#, "a"),
    (r#"emails[type eq "work" and value co "@home"]"#, ""),
    (r#"emails.type eq "work" and emails.value co "@home""#, "a"),
    (
        r#"emails[type eq "home" or (type eq "work" and value sw "beta")]"#,
        "ab",
    ),
    (r#"emails[not (type eq "work")]"#, "a"),
    (r#"emails[type eq "work"].value eq "beta@example.com""#, "b"),
    (
        r#"emails[type eq "work" and emails[type eq "home"]]"#,
        "!400 invalidFilter",
    ),
    (r#"emails[nope eq "x"]"#, "!400 invalidFilter"),
    (r#"USERNAME Eq "r-alpha" AND Active EQ true"#, "a"),
    (
        r#"userName eq "r-alpha" or userName eq "r-beta" and title eq "none""#,
        "a",
    ),
    (
        r#"(userName eq "r-alpha" or userName eq "r-beta") and title pr"#,
        "a",
    ),
    (r#"not (title pr) and userName eq "r-beta""#, "b"),
    (r#"not(userName eq "r-alpha")"#, "bg"),
    (
        r#"((userName eq "r-alpha") or ((userName eq "r-beta")))"#,
        "ab",
    ),
    (
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "r-alpha""#,
        "a",
    ),
    (
        r#"URN:IETF:PARAMS:SCIM:SCHEMAS:CORE:2.0:USER:userName eq "r-alpha""#,
        "a",
    ),
    (
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "7""#,
        "a",
    ),
    (
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "boss""#,
        "a",
    ),
    (r#"id eq "id-1" and manager eq "boss""#, "a"),
    (r#"id eq "id-2" and manager eq "boss""#, ""),
    (
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
        "a",
    ),
    (r#"meta.resourceType eq "User""#, "abg"),
    (r#"displayName eq "A and (B) or [C] eq \"Q\" \\""#, "b"),
    (r#"userName regex "a""#, "!400 invalidFilter"),
    ("userName eq", "!400 invalidFilter"),
    (r#"eq "x""#, "!400 invalidFilter"),
    (r#"(userName eq "x""#, "!400 invalidFilter"),
    ("", "!400 invalidFilter"),
    (r#"nonsense eq "x""#, ""),
    ("not (nonsense pr) and title pr", "a"),
    ("externalId eq Xyz-r", "b"),
    ("title eq null", "bg"),
    (r#"active eq "True""#, "ag"),
    (r#"password eq "x""#, ""),
    (r#"userName eq "x' OR 1=1 --""#, ""),
    (r#"userName  eq  "r-alpha""#, "a"),
    (r#"userName eq "r-\uff41lpha""#, "a"),
];

fn check(client: &Client, rows: &[(&str, &str)]) {
    for (filter, wanted) in rows {
        let found = client.found("/Users", filter);
        let shown = match &found {
            Ok(names) => names.iter().map(|name| &name[2..3]).collect::<String>(),
            Err(refusal) => format!("!{refusal}"),
        };
        assert_eq!(shown, *wanted, "{filter}");
    }
}

#[test]
fn filters_find_what_they_say() {
    check(&fixture(Client::tolerant()), ROWS);
}

#[test]
fn strictly_only_the_grammar_is_read() {
    let rows = [
        (
            r#"emails[type eq "work"].value eq "beta@example.com""#,
            "!400 invalidFilter",
        ),
        ("externalId eq Xyz-r", "!400 invalidFilter"),
        ("active eq True", "!400 invalidFilter"),
        (r#"active eq "true""#, "!400 invalidFilter"),
        (r#"nonsense eq "x""#, "!400 invalidFilter"),
        ("title eq null", "!400 invalidFilter"),
        (r#"emails co "@home""#, "!400 invalidFilter"),
        (r#"emails[type eq "work" and value sw "beta"]"#, "b"),
    ];
    check(&fixture(Client::strict()), &rows);
}

#[test]
fn not_equal_can_mean_no_value() {
    check(
        &fixture(Client::with_policy("not-equal=no-value")),
        &[(r#"emails.type ne "work""#, "g")],
    );
}

#[test]
fn long_filters_are_answered() {
    let client = fixture(Client::tolerant());
    let filter = (0..50)
        .map(|number| format!("userName eq \"u{number}\""))
        .collect::<Vec<_>>()
        .join(" or ");
    assert_eq!(
        client.found("/Users", &format!("{filter} or userName eq \"r-beta\"")),
        Ok(vec!["r-beta".to_owned()])
    );
}

#[test]
fn several_types_are_queried_at_once() {
    let client = fixture(Client::tolerant());
    client.group("r-group", &["id-1"]);
    assert_eq!(
        client.found("/", r#"meta.resourceType eq "Group""#),
        Ok(vec!["r-group".to_owned()])
    );
    assert_eq!(
        client.found("/", "userName pr").map(|names| names.len()),
        Ok(3)
    );
    assert_eq!(
        client
            .found(
                "/",
                r#"(meta.resourceType eq "User") or (meta.resourceType eq "Group")"#
            )
            .map(|names| names.len()),
        Ok(4)
    );
    assert_eq!(
        client.found("/", r#"emails[type eq "home"]"#),
        Ok(vec!["r-alpha".to_owned()])
    );
}

#[test]
fn a_plus_sign_stands_for_a_space_unless_encoded() {
    let client = Client::tolerant();
    client.user("a+b@example.com", json!({}));
    let answer = client.raw(
        "GET",
        "/scim/v2/Users?filter=userName+eq+%22a%2Bb%40example.com%22",
        &[],
        b"",
    );
    assert!(String::from_utf8_lossy(&answer.body).contains("\"totalResults\":1"));
}
