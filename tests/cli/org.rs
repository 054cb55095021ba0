//! `scimulate org okta`: Okta's CRUD suite against it, groups, entitlements, errors, the System Log, and what is left behind.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::project::{Project, Serving, assert_told};

/// The token of the org where a test chooses it.
const ORG_TOKEN: &str = "canary-org-token";

/// An org, and the target that it provisions.
struct Desk {
    org: Serving,
    base: String,
    app: String,
    token: String,
    target: String,
    target_token: String,
}

/// `scimulate org okta` with the embedded server.
fn desk(project: &Project, words: &str) -> Desk {
    let mut org = project.start("org okta", words, &[]);
    let mut lines = (0..5).map(|_| org.line());
    let base = lines.next().expect("there are five");
    let mut named = |name: &str| {
        let line = lines.next().expect("there are five");
        let value = line.strip_prefix(&format!("{name} "));
        value.unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let (app, token) = (named("app-id"), named("token"));
    let (target, target_token) = (named("target"), named("target-token"));
    Desk {
        org,
        base,
        app,
        token,
        target,
        target_token,
    }
}

/// `scimulate org okta` against a server that is there already and knows the token `canary-token`.
fn desk_at(project: &Project, target: &str, words: &str) -> Desk {
    let words = format!("--target {target} --org-token-env ORG_TOKEN --app-id 0oaapp {words}");
    let environment = [
        ("ORG_TOKEN", ORG_TOKEN),
        ("SCIMULATE_TOKEN", "canary-token"),
    ];
    let mut org = project.start("org okta", &words, &environment);
    let base = org.line();
    assert_eq!(org.line(), "app-id 0oaapp");
    assert_eq!(org.line(), format!("target {target}"));
    Desk {
        org,
        base,
        app: "0oaapp".to_owned(),
        token: ORG_TOKEN.to_owned(),
        target: target.to_owned(),
        target_token: "canary-token".to_owned(),
    }
}

/// A request, its status and its body; no body is `null`.
pub(crate) fn send(
    base: &str,
    method: &str,
    path: &str,
    authorization: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let (authority, prefix) = base["http://".len()..]
        .split_once('/')
        .map_or((&base["http://".len()..], String::new()), |(host, path)| {
            (host, format!("/{path}"))
        });
    let text = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect(authority).expect("it listens");
    let request = format!(
        "{method} {prefix}{path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("it has a head");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    (status.unwrap_or_else(|| panic!("{head}")), body)
}

impl Desk {
    fn okta(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let authorization = format!("SSWS {}", self.token);
        send(&self.base, method, path, &authorization, body.as_ref())
    }

    /// A call that must go well.
    fn fine(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, body) = self.okta(method, path, body);
        assert!(
            (200..300).contains(&status),
            "{method} {path}: {status} {body}"
        );
        body
    }

    fn scim(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let authorization = format!("Bearer {}", self.target_token);
        send(&self.target, method, path, &authorization, body.as_ref())
    }

    /// What the target has.
    fn there(&self, path: &str) -> Value {
        let (status, body) = self.scim("GET", path, None);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn of_app(&self, path: &str) -> String {
        format!("/api/v1/apps/{}{path}", self.app)
    }

    /// A new user with a password; the id.
    fn user(&self, first: &str) -> String {
        let name = format!("{}@example.test", first.to_lowercase());
        let user = self.fine(
            "POST",
            "/api/v1/users?activate=true",
            Some(json!({
                "profile": {"firstName": first, "lastName": "Lovell", "email": name, "login": name},
                "credentials": {"password": {"value": "Kv7J2LEa"}},
            })),
        );
        user["id"].as_str().expect("it has an id").to_owned()
    }

    fn assign(&self, id: &str) -> Value {
        self.fine("POST", &self.of_app("/users"), Some(json!({"id": id})))
    }

    fn group(&self, name: &str) -> String {
        let group = self.fine(
            "POST",
            "/api/v1/groups",
            Some(json!({"profile": {"name": name}})),
        );
        group["id"].as_str().expect("it has an id").to_owned()
    }

    fn put(&self, path: &str) {
        self.fine("PUT", path, None);
    }

    /// Event types of the System Log with their results and reasons, those of provisioning only.
    fn provisioning(&self) -> Vec<(String, Value)> {
        let path = "/api/v1/logs?limit=1000&filter=eventType+sw+%22application.provision%22";
        let log = self.fine("GET", path, None);
        let events = log.as_array().expect("it is a list").iter();
        events
            .map(|event| {
                let kind = event["eventType"].as_str().expect("it has a type");
                let kind = kind.trim_start_matches("application.provision.");
                let mut outcome = event["outcome"].clone();
                if outcome == json!({"result": "SUCCESS", "reason": null}) {
                    outcome = Value::from("SUCCESS");
                }
                (kind.to_owned(), outcome)
            })
            .collect()
    }
}

/// Names of the things of a list at the target.
fn names(list: &Value, attribute: &str) -> Vec<String> {
    let list = list["Resources"].as_array().into_iter().flatten();
    let mut names: Vec<String> = list
        .filter_map(|resource| resource[attribute].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[test]
fn the_crud_suite_passes_as_every_client() {
    for client in ["okta-oin", "okta-aiw", "okta-oin-userpatch", "okta-gov"] {
        let project = Project::new();
        let desk = desk(&project, &format!("--as {client}"));
        let mail = "grace.hopper@example.test";
        // Requests C1 to C13 with their assertions (okta.md 9.2), without a pause.
        assert_eq!(desk.okta("GET", &desk.of_app(""), None).0, 200);
        let profile = json!({"firstName": "Grace", "lastName": "Hopper", "email": mail, "login": mail,
            "title": "Engineer", "primaryPhone": "415.123.4567"});
        let credentials = json!({"password": {"value": "Kv7J2LEa"},
            "recovery_question": {"question": "Who's a major player in the cowboy scene?", "answer": "okta"}});
        let (status, user) = desk.okta(
            "POST",
            "/api/v1/users?activate=true",
            Some(json!({"profile": profile, "credentials": credentials})),
        );
        assert_eq!(status, 200, "{user}");
        let id = user["id"].as_str().expect("it has an id");
        let assignment = |name: &str| {
            json!({"id": id, "scope": "USER", "credentials": {"userName": mail}, "profile": {
                "familyName": "Hopper", "givenName": name, "emailType": "work", "email": mail}})
        };
        let users = desk.of_app("/users");
        assert_eq!(desk.okta("POST", &users, Some(assignment("Grace"))).0, 200);
        let found = desk.there(&format!("/Users?filter=userName%20eq%20%22{mail}%22"));
        let account = &found["Resources"][0];
        assert_eq!(account["userName"], mail);
        assert_eq!(account["emails"][0]["value"], mail);
        assert_eq!(account["name"]["familyName"], "Hopper");
        assert_eq!(account["name"]["givenName"], "Grace");
        assert_eq!(account["title"], "Engineer");
        let there = format!("/Users/{}", account["id"].as_str().expect("it has an id"));
        let profile =
            json!({"firstName": "Graceupdate", "lastName": "Hopper", "email": mail, "login": mail});
        let own = format!("/api/v1/users/{id}");
        assert_eq!(
            desk.okta("PUT", &own, Some(json!({"profile": profile}))).0,
            200
        );
        let account = desk.there(&there);
        assert_eq!(account["name"]["givenName"], "Graceupdate", "{client}");
        let (status, body) = desk.okta("POST", &format!("{own}/lifecycle/deactivate"), None);
        assert_eq!((status, body), (200, json!({})));
        assert_eq!(desk.there(&there)["active"], false);
        assert_eq!(
            desk.okta("POST", &format!("{own}/lifecycle/activate"), None)
                .0,
            200
        );
        // The activation brings no assignment back (okta.md 4.3).
        assert_eq!(desk.there(&there)["active"], false);
        assert_eq!(desk.okta("GET", &format!("{users}/{id}"), None).0, 404);
        assert_eq!(
            desk.okta("POST", &users, Some(assignment("Graceupdate"))).0,
            200
        );
        assert_eq!(desk.there(&there)["active"], true);
        let (status, body) = desk.okta("DELETE", &format!("{users}/{id}"), None);
        assert_eq!((status, body), (204, Value::Null));
        assert_eq!(desk.there(&there)["active"], false, "{client}");
        assert_eq!(desk.there("/Users")["totalResults"], 1);
        let log = desk.provisioning();
        let kinds: Vec<&str> = log.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "integration.call_api",
                "user.verify_exists",
                "user.push",
                "user.push_profile",
                "user.deactivate",
                "user.verify_exists",
                "user.reactivate",
                "user.push_profile",
                "user.deactivate",
            ],
            "{client}"
        );
        assert!(
            log.iter().all(|(_, outcome)| outcome == "SUCCESS"),
            "{log:?}"
        );
        assert_eq!(desk.org.terminate(), Some(0));
    }
}

#[test]
fn a_grant_puts_roles_into_the_account() {
    let project = Project::new();
    project.write(
        "roles.json",
        &json!({
            "schemas": [{"id": "urn:okta:scim:schemas:core:1.0:Role", "name": "Role",
                "attributes": [{"name": "displayName", "type": "string", "required": true}]}],
            "resourceTypes": [{"name": "Role", "endpoint": "/Roles", "schema": "urn:okta:scim:schemas:core:1.0:Role"}]
        })
        .to_string(),
    );
    let mut serving = project.serve("--token canary-token --schema roles.json");
    let target = serving.line();
    for name in ["Approver", "Reader"] {
        let role = json!({"schemas": ["urn:okta:scim:schemas:core:1.0:Role"], "displayName": name});
        let authorization = "Bearer canary-token";
        assert_eq!(
            send(&target, "POST", "/Roles", authorization, Some(&role)).0,
            201
        );
    }
    let desk = desk_at(&project, &target, "--as okta-gov");
    let id = desk.user("Ada");
    let external = desk.assign(&id)["externalId"].as_str().map(str::to_owned);
    let there = format!("/Users/{}", external.expect("it is provisioned"));
    let entitlements = desk.fine("GET", "/governance/api/v1/entitlements", None);
    let kind = entitlements["data"][0]["id"]
        .as_str()
        .expect("there is one");
    let values = desk.fine(
        "GET",
        &format!("/governance/api/v1/entitlements/{kind}/values"),
        None,
    );
    let value = |name: &str| {
        let values = values["data"].as_array().into_iter().flatten();
        let mut named = values.filter(|value| value["name"] == name);
        named.next().expect("it is offered")["id"].clone()
    };
    // okta.md 9.3: expected is 200.
    let grant = |values: &[Value]| {
        let values: Vec<Value> = values.iter().map(|id| json!({"id": id})).collect();
        let grant = json!({"grantType": "CUSTOM", "actor": "ADMIN",
            "targetPrincipal": {"externalId": id, "type": "OKTA_USER"},
            "target": {"externalId": desk.app, "type": "APPLICATION"},
            "entitlements": [{"id": kind, "values": values}]});
        desk.okta("POST", "/governance/api/v1/grants", Some(grant))
    };
    let roles = || -> Vec<Value> {
        let roles = desk.there(&there)["roles"].as_array().cloned();
        roles
            .into_iter()
            .flatten()
            .map(|role| role["display"].clone())
            .collect()
    };
    assert_eq!(grant(&[value("Approver"), value("Reader")]).0, 200);
    assert_eq!(roles(), ["Approver", "Reader"]);
    assert_eq!(grant(&[value("Reader")]).0, 200);
    assert_eq!(roles(), ["Reader"]);
    let (status, refusal) = grant(&[json!("ent-nobody")]);
    assert_eq!(
        (status, refusal["errorCode"].as_str()),
        (404, Some("E0000007"))
    );
    assert_eq!(roles(), ["Reader"]);
    let grants = desk.fine("GET", "/governance/api/v1/grants", None);
    assert_eq!(grants["data"].as_array().map(Vec::len), Some(2));
}

#[test]
fn other_clients_grant_nothing_and_say_which_one_does() {
    let project = Project::new();
    let desk = desk(&project, "");
    let id = desk.user("Ada");
    let grant = json!({"grantType": "CUSTOM", "targetPrincipal": {"externalId": id, "type": "OKTA_USER"},
        "target": {"externalId": desk.app, "type": "APPLICATION"}, "entitlements": []});
    let (status, refusal) = desk.okta("POST", "/governance/api/v1/grants", Some(grant));
    assert_eq!(status, 400);
    let cause = refusal["errorCauses"][0]["errorSummary"].as_str();
    assert!(
        cause.is_some_and(|cause| cause.contains("--as okta-gov")),
        "{refusal}"
    );
}

#[test]
fn groups_assign_their_members_and_are_pushed() {
    for client in ["okta-oin", "okta-aiw"] {
        let project = Project::new();
        let desk = desk(&project, &format!("--as {client}"));
        let (staff, pushed) = (desk.group("Staff"), desk.group("Finance Staff"));
        let (ada, bob) = (desk.user("Ada"), desk.user("Bob"));
        let member = |group: &str, user: &str| format!("/api/v1/groups/{group}/users/{user}");
        desk.put(&member(&staff, &ada));
        assert_eq!(desk.there("/Users")["totalResults"], 0);
        desk.put(&desk.of_app(&format!("/groups/{staff}")));
        desk.put(&member(&staff, &bob));
        let users = desk.there("/Users");
        assert_eq!(
            names(&users, "userName"),
            ["ada@example.test", "bob@example.test"]
        );
        desk.put(&member(&pushed, &ada));
        let mapping = desk.fine(
            "POST",
            &desk.of_app("/group-push/mappings"),
            Some(json!({"sourceGroupId": pushed, "targetGroupName": "Finance Staff"})),
        );
        assert_eq!(
            (&mapping["status"], &mapping["errorSummary"]),
            (&json!("ACTIVE"), &Value::Null)
        );
        let members = || -> usize {
            let groups = desk.there("/Groups");
            let members = groups["Resources"][0]["members"].as_array();
            members.map_or(0, Vec::len)
        };
        assert_eq!(members(), 1);
        desk.put(&member(&pushed, &bob));
        assert_eq!(members(), 2);
        let renamed = json!({"profile": {"name": "Finance Team"}});
        desk.fine("PUT", &format!("/api/v1/groups/{pushed}"), Some(renamed));
        assert_eq!(
            names(&desk.there("/Groups"), "displayName"),
            ["Finance Team"]
        );
        desk.fine("DELETE", &member(&pushed, &ada), None);
        assert_eq!(members(), 1);
        // Who leaves a group that is assigned loses the account.
        desk.fine("DELETE", &member(&staff, &bob), None);
        let bobs = desk.there("/Users?filter=userName%20eq%20%22bob@example.test%22");
        assert_eq!(bobs["Resources"][0]["active"], false);
        let own = format!(
            "/group-push/mappings/{}",
            mapping["id"].as_str().expect("it has an id")
        );
        let own = desk.of_app(&own);
        assert_eq!(desk.okta("DELETE", &own, None).0, 400);
        assert_eq!(
            desk.okta("DELETE", &format!("/api/v1/groups/{pushed}"), None)
                .0,
            400
        );
        desk.fine("PATCH", &own, Some(json!({"status": "INACTIVE"})));
        desk.put(&member(&pushed, &ada));
        assert_eq!(
            members(),
            1,
            "nothing is sent of a group whose push is inactive"
        );
        desk.fine("PATCH", &own, Some(json!({"status": "ACTIVE"})));
        assert_eq!(
            names(&desk.there("/Groups"), "displayName"),
            ["Finance Team"]
        );
        desk.fine("PATCH", &own, Some(json!({"status": "INACTIVE"})));
        let delete = format!("{own}?deleteTargetGroup=true");
        assert_eq!(desk.okta("DELETE", &delete, None), (204, Value::Null));
        assert_eq!(desk.there("/Groups")["totalResults"], 0);
        assert_eq!(desk.there("/Users")["totalResults"], 2);
    }
}

#[test]
fn a_push_links_a_group_of_another_name_and_its_members_stay() {
    let project = Project::new();
    let desk = desk(&project, "");
    let account =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "carol"});
    let (_, carol) = desk.scim("POST", "/Users", Some(account));
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Old name",
        "members": [{"value": carol["id"]}]});
    assert_eq!(desk.scim("POST", "/Groups", Some(group)).0, 201);
    let id = desk.group("New name");
    let mapping = json!({"sourceGroupId": id, "targetGroupName": "Old name"});
    desk.fine("POST", &desk.of_app("/group-push/mappings"), Some(mapping));
    let groups = desk.there("/Groups");
    assert_eq!(names(&groups, "displayName"), ["New name"]);
    assert_eq!(groups["Resources"][0]["members"][0]["value"], carol["id"]);
}

#[test]
fn suspensions_switched_off_features_and_staged_users_send_nothing() {
    let project = Project::new();
    let desk = desk(&project, "");
    let id = desk.user("Ada");
    let own = format!("/api/v1/users/{id}");
    let change = |profile: Value| desk.fine("POST", &own, Some(json!({"profile": profile})));
    let feature = |settings: Value| {
        desk.fine(
            "PUT",
            &desk.of_app("/features/USER_PROVISIONING"),
            Some(settings),
        )
    };
    desk.assign(&id);
    let version = || desk.there("/Users")["Resources"][0]["meta"]["version"].clone();
    let first = version();
    for verb in ["suspend", "unsuspend"] {
        desk.fine("POST", &format!("{own}/lifecycle/{verb}"), None);
    }
    feature(json!({"update": {"profile": {"status": "DISABLED"}}}));
    change(json!({"title": "Analyst"}));
    assert_eq!(version(), first);
    feature(
        json!({"update": {"profile": {"status": "ENABLED"}, "lifecycleDeactivate": {"status": "DISABLED"}}}),
    );
    change(json!({"city": "Kiel"}));
    let account = desk.there("/Users")["Resources"][0].clone();
    assert_eq!(
        (&account["title"], &account["addresses"][0]["locality"]),
        (&json!("Analyst"), &json!("Kiel"))
    );
    desk.fine("POST", &format!("{own}/lifecycle/deactivate"), None);
    assert_eq!(desk.there("/Users")["Resources"][0]["active"], true);
    // Staged: assigned, and provisioned when they become active.
    let mail = "bob@example.test";
    let profile = json!({"firstName": "Bob", "lastName": "Marsh", "email": mail, "login": mail});
    let bob = desk.fine(
        "POST",
        "/api/v1/users?activate=false",
        Some(json!({"profile": profile})),
    );
    assert_eq!(bob["status"], "STAGED");
    let bob = bob["id"].as_str().expect("it has an id").to_owned();
    let assigned = desk.assign(&bob);
    assert_eq!(
        (&assigned["status"], &assigned["syncState"]),
        (&json!("STAGED"), &json!("DISABLED"))
    );
    assert_eq!(desk.there("/Users")["totalResults"], 1);
    desk.fine(
        "POST",
        &format!("/api/v1/users/{bob}/lifecycle/activate?sendEmail=false"),
        None,
    );
    assert_eq!(desk.there("/Users")["totalResults"], 2);
    // Without a connection nothing is provisioned at all.
    let connection = desk.of_app("/connections/default/lifecycle");
    desk.fine("POST", &format!("{connection}/deactivate"), None);
    desk.fine("DELETE", &desk.of_app(&format!("/users/{bob}")), None);
    assert_eq!(
        names(&desk.there("/Users?filter=active%20eq%20true"), "userName").len(),
        2
    );
    desk.fine("POST", &format!("{connection}/activate"), None);
    assert_eq!(
        desk.fine("GET", &desk.of_app("/connections/default"), None)["status"],
        "ENABLED"
    );
}

#[test]
fn a_password_is_pushed_only_when_that_is_switched_on() {
    let project = Project::new();
    let desk = desk(&project, "");
    let id = desk.user("Ada");
    desk.assign(&id);
    let own = format!("/api/v1/users/{id}");
    let change = || {
        let credentials = json!({"credentials": {"password": {"value": "N3w-canary-Secret"}}});
        desk.fine("POST", &own, Some(credentials))
    };
    change();
    let settings = json!({"update": {"password": {"status": "ENABLED"}}});
    desk.fine(
        "PUT",
        &desk.of_app("/features/USER_PROVISIONING"),
        Some(settings),
    );
    change();
    let pushed = desk.provisioning();
    let pushes = pushed
        .iter()
        .filter(|(kind, _)| kind == "user.push_password");
    assert_eq!(pushes.count(), 1);
    let log = desk
        .fine("GET", "/api/v1/logs?limit=1000", None)
        .to_string();
    assert!(
        !log.contains("N3w-canary-Secret") && !log.contains(&desk.target_token),
        "{log}"
    );
}

#[test]
fn refusals_have_oktas_codes_and_name_every_cause() {
    let project = Project::new();
    let desk = desk(&project, "--app-id 0oaapp");
    let id = desk.user("Ada");
    let group = desk.group("Staff");
    let lifecycle = |verb: &str| format!("/api/v1/users/{id}/lifecycle/{verb}");
    let user = |login: &str| json!({"profile": {"firstName": "A", "lastName": "B", "email": "a@b.test", "login": login}});
    let push = json!({"sourceGroupId": group});
    let mut told = String::new();
    for (method, path, body) in [
        ("GET", "/api/v1/apps/0oaother".to_owned(), None),
        ("GET", "/api/v1/users/nobody".to_owned(), None),
        ("GET", "/api/v1/devices".to_owned(), None),
        ("PATCH", "/api/v1/users".to_owned(), None),
        ("POST", "/api/v1/users".to_owned(), None),
        ("POST", "/api/v1/users".to_owned(), Some(json!([1]))),
        (
            "POST",
            "/api/v1/users".to_owned(),
            Some(json!({"profile": {"login": "ada", "shoeSize": 39}})),
        ),
        (
            "POST",
            "/api/v1/users".to_owned(),
            Some(user("ADA@example.test")),
        ),
        (
            "POST",
            "/api/v1/users?activate=maybe".to_owned(),
            Some(user("c@example.test")),
        ),
        ("POST", lifecycle("activate"), None),
        ("POST", lifecycle("reactivate"), None),
        ("POST", lifecycle("unsuspend"), None),
        ("POST", lifecycle("delete"), None),
        ("POST", lifecycle("promote"), None),
        ("GET", format!("/api/v1/apps/0oaapp/users/{id}"), None),
        (
            "POST",
            "/api/v1/apps/0oaapp/users".to_owned(),
            Some(json!({"scope": "USER"})),
        ),
        (
            "POST",
            "/api/v1/apps/0oaapp/users".to_owned(),
            Some(json!({"id": id, "scope": "GROUP"})),
        ),
        (
            "POST",
            "/api/v1/apps/0oaapp/users".to_owned(),
            Some(json!({"id": id, "profile": {"emailType": "home"}})),
        ),
        (
            "POST",
            "/api/v1/apps/0oaapp/users".to_owned(),
            Some(json!({"id": id, "profile": {"shoeSize": "39"}})),
        ),
        ("PUT", "/api/v1/apps/0oaapp/groups/00gnone".to_owned(), None),
        (
            "POST",
            "/api/v1/groups".to_owned(),
            Some(json!({"profile": {"name": "Staff"}})),
        ),
        (
            "POST",
            "/api/v1/groups".to_owned(),
            Some(json!({"profile": {"name": ""}})),
        ),
        (
            "POST",
            "/api/v1/apps/0oaapp/group-push/mappings".to_owned(),
            Some(push),
        ),
        (
            "PUT",
            "/api/v1/apps/0oaapp/features/USER_PROVISIONING".to_owned(),
            Some(json!({"create": {"lifecycleCreate": {"status": "ON"}}})),
        ),
        (
            "GET",
            "/api/v1/logs?filter=eventType+is+good".to_owned(),
            None,
        ),
        ("GET", "/api/v1/logs?since=yesterday".to_owned(), None),
        ("GET", "/api/v1/logs?limit=many".to_owned(), None),
        (
            "POST",
            "/governance/api/v1/grants".to_owned(),
            Some(json!({"grantType": "ENTITLEMENT-BUNDLE"})),
        ),
    ] {
        let (status, refusal) = desk.okta(method, &path, body);
        let causes: Vec<&str> = refusal["errorCauses"]
            .as_array()
            .unwrap_or_else(|| panic!("{method} {path}: {status} {refusal}"))
            .iter()
            .filter_map(|cause| cause["errorSummary"].as_str())
            .collect();
        told.push_str(&format!(
            "{method} {path}\n  {status} {}: {}\n",
            refusal["errorCode"].as_str().unwrap_or_default(),
            refusal["errorSummary"].as_str().unwrap_or_default(),
        ));
        causes
            .iter()
            .for_each(|cause| told.push_str(&format!("    {cause}\n")));
        assert_eq!(refusal["errorLink"], refusal["errorCode"]);
        assert_eq!(refusal["errorId"].as_str().map(str::len), Some(20));
    }
    assert_told!("org_refusals", told.replace(&id, "{ada}"));
    let (status, refusal) = send(&desk.base, "GET", "/api/v1/users", "SSWS wrong", None);
    assert_eq!((status, &refusal["errorCode"]), (401, &json!("E0000011")));
}

#[test]
fn what_the_target_refuses_is_told_in_the_assignment_and_in_the_log() {
    // A list that is no list, and a token that is refused (okta.md 1.3, 7.1).
    let project = Project::new();
    let bare = desk(&project, "--defect D088");
    let account = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.test"});
    assert_eq!(bare.scim("POST", "/Users", Some(account)).0, 201);
    let id = bare.user("Ada");
    let assigned = bare.assign(&id);
    assert_eq!(
        (&assigned["syncState"], &assigned["externalId"]),
        (&json!("ERROR"), &Value::Null)
    );
    assert!(assigned["lastSync"].is_string());
    let mut serving = project.serve("--token another-token");
    let shut = desk_at(&project, &serving.line(), "");
    let id = shut.user("Ada");
    assert_eq!(shut.assign(&id)["syncState"], "ERROR");
    let group = shut.group("Staff");
    let mapping = json!({"sourceGroupId": group, "targetGroupName": "Staff"});
    let mapping = shut.fine("POST", &shut.of_app("/group-push/mappings"), Some(mapping));
    assert_eq!(mapping["status"], "ERROR");
    let connection = shut.of_app("/connections/default/lifecycle/activate");
    let (status, refusal) = shut.okta("POST", &connection, None);
    assert_eq!(status, 400, "{refusal}");
    let told: Vec<String> = bare
        .provisioning()
        .iter()
        .chain(&shut.provisioning())
        .map(|(kind, outcome)| format!("{kind} {outcome}"))
        .collect();
    assert_told!("org_failures", told.join("\n"));
    let log = shut
        .fine("GET", "/api/v1/logs?limit=1000", None)
        .to_string();
    assert!(!log.contains("canary"), "{log}");
}

#[test]
fn an_event_has_the_shape_of_oktas_and_lists_have_pages() {
    let project = Project::new();
    let desk = desk(&project, "--app-id 0oaapp");
    let id = desk.user("Ada");
    desk.assign(&id);
    let filter = "filter=eventType+eq+%22application.provision.user.push%22";
    let log = desk.fine(
        "GET",
        &format!("/api/v1/logs?since=2020-01-01T00:00:00Z&{filter}"),
        None,
    );
    let mut text = serde_json::to_string_pretty(&log)
        .expect("it is JSON")
        .replace(&id, "[user]");
    for member in ["transaction", "target"] {
        for entry in [&log[0][member], &log[0][member][0]] {
            if let Some(id) = entry["id"].as_str() {
                text = text.replace(id, "[id]");
            }
        }
    }
    assert_told!("org_event", text);
    let none = desk.fine(
        "GET",
        &format!("/api/v1/logs?until=2020-01-01T00:00:00Z&{filter}"),
        None,
    );
    assert_eq!(none, json!([]));
    let newest = desk.fine("GET", "/api/v1/logs?sortOrder=DESCENDING&limit=1", None);
    assert_eq!(newest[0]["eventType"], "application.provision.user.push");
    desk.user("Bob");
    let page = desk.fine("GET", "/api/v1/users?limit=1&after=1", None);
    assert_eq!(page[0]["profile"]["firstName"], "Bob");
    let found = desk.fine(
        "GET",
        "/api/v1/users?search=profile.login+eq+%22bob@example.test%22",
        None,
    );
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(
        desk.fine("GET", "/api/v1/users/BOB@example.test", None),
        found[0]
    );
}

#[test]
fn what_the_org_created_is_removed_in_the_end_and_nothing_else() {
    for (keep, left) in [("", 1), ("--keep", 2)] {
        let project = Project::new();
        let mut serving = project.serve("--token canary-token");
        let target = serving.line();
        let existing = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "ada@example.test"});
        let authorization = "Bearer canary-token";
        assert_eq!(
            send(&target, "POST", "/Users", authorization, Some(&existing)).0,
            201
        );
        let desk = desk_at(&project, &target, keep);
        let (ada, bob) = (desk.user("Ada"), desk.user("Bob"));
        let (linked, created) = (desk.assign(&ada), desk.assign(&bob));
        assert_eq!(
            (&linked["syncState"], &created["syncState"]),
            (&json!("SYNCHRONIZED"), &json!("SYNCHRONIZED"))
        );
        let group = desk.group("Staff");
        let mapping = json!({"sourceGroupId": group, "targetGroupName": "Staff"});
        desk.fine("POST", &desk.of_app("/group-push/mappings"), Some(mapping));
        assert_eq!(desk.there("/Users")["totalResults"], 2);
        assert_eq!(project.files(".scimulate/journal").len(), 2 - left);
        assert_eq!(desk.org.terminate(), Some(0));
        let users = send(&target, "GET", "/Users", authorization, None).1;
        assert_eq!(users["totalResults"], left);
        assert_eq!(users["Resources"][0]["userName"], "ada@example.test");
        let groups = send(&target, "GET", "/Groups", authorization, None).1;
        assert_eq!(groups["totalResults"], left - 1);
        assert!(project.files(".scimulate/journal").is_empty());
    }
}

/// Its names are nobody's own, so only what is known to be created is removed.
#[test]
fn what_a_killed_org_has_left_is_swept_up() {
    let project = Project::new();
    let mut serving = project.serve("--token canary-token");
    let target = serving.line();
    let existing = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ada@example.test"});
    let authorization = "Bearer canary-token";
    send(&target, "POST", "/Users", authorization, Some(&existing));
    let desk = desk_at(&project, &target, "");
    let (ada, bob) = (desk.user("Ada"), desk.user("Bob"));
    desk.assign(&ada);
    desk.assign(&bob);
    // SIGKILL.
    drop(desk);
    let journal = format!(
        ".scimulate/journal/{}",
        project.files(".scimulate/journal")[0]
    );
    let refused = r#"{"what":"intent","tenant":null,"target":"/Users","name":"ada@example.test"}"#;
    project.write(&journal, &format!("{}{refused}\n", project.read(&journal)));
    let words = format!("sweep --yes --target {target}");
    let said = project.scimulate_with(&words, &[("SCIMULATE_TOKEN", "canary-token")], "");
    let users = send(&target, "GET", "/Users", authorization, None).1;
    assert_eq!(users["totalResults"], 1, "{}", said.all());
    assert_eq!(users["Resources"][0]["userName"], "ada@example.test");
    let journal = journal.trim_end_matches(".jsonl").rsplit('/').next();
    let all = said.all().replace(journal.expect("it has a name"), "[run]");
    assert_told!("org_swept", all);
}

#[test]
fn what_cannot_be_removed_stays_in_the_journal() {
    let project = Project::new();
    let mut serving = project.serve("--token canary-token --refuse delete");
    let desk = desk_at(&project, &serving.line(), "");
    let id = desk.user("Ada");
    let external = desk.assign(&id)["externalId"].as_str().map(str::to_owned);
    assert_eq!(desk.org.terminate(), Some(1));
    let journals = project.files(".scimulate/journal");
    let journal = project.read(&format!(".scimulate/journal/{}", journals[0]));
    assert!(
        journal.contains(&external.expect("it is provisioned")),
        "{journal}"
    );
    assert!(!journal.contains("canary"), "{journal}");
}

#[test]
fn wrong_options_are_told() {
    let project = Project::new();
    let mut serving = project.serve("");
    let target = serving.line();
    let port = target
        .rsplit(':')
        .next()
        .and_then(|rest| rest.split('/').next());
    let taken = format!("org okta --port {}", port.expect("it has a port"));
    let defect = format!("org okta --target {target} --defect D001");
    let told: Vec<String> = [
        "org okta --as entra-legacy",
        "org okta --app-id a/b",
        "org okta --org-token-env NOT_SET",
        "org okta --target https://example.invalid/scim/v2",
        "org okta --switch okta.batch",
        "org okta --tenant nobody",
        &defect,
        &taken,
        "sync people.yaml --as okta-oin --dry-run --system-log log.jsonl",
    ]
    .into_iter()
    .map(|words| format!("$ scimulate {words}\n{}", project.scimulate(words).all()))
    .collect();
    assert_told!("org_wrong_options", told.join("\n"));
}

#[test]
fn a_sync_writes_the_same_log() {
    let project = Project::new();
    project.write(
        "people.yaml",
        include_str!("../../fixtures/directories/small.yaml"),
    );
    let mut serving = project.serve("--token canary-token");
    let target = serving.line();
    let words = format!("sync people.yaml --as okta-oin --target {target} --system-log log.jsonl");
    let environment = [("SCIMULATE_TOKEN", "canary-token")];
    let said = project.scimulate_with(&words, &environment, "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    let log = project.read("log.jsonl");
    assert!(!log.contains("canary"));
    let kinds: Vec<String> = log
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).expect("it is JSON");
            let names = event["target"].as_array().into_iter().flatten();
            let names: Vec<&str> = names
                .filter_map(|one| one["displayName"].as_str())
                .collect();
            let kind = event["eventType"].as_str().expect("it has a type");
            format!(
                "{kind} {}: {}",
                event["outcome"]["result"],
                names.join(", ")
            )
        })
        .collect();
    assert_told!("sync_system_log", kinds.join("\n"));
    let before = log.lines().count();
    assert_eq!(
        project.scimulate_with(&words, &environment, "").code,
        Some(0)
    );
    assert_eq!(
        project.read("log.jsonl").lines().count(),
        before,
        "nothing was to be done"
    );
}
