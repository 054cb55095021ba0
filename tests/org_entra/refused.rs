//! Wrong calls: every one is answered with Graph's status and code, and with words that say what to do.

use serde_json::{Value, json};

use crate::desk::{Desk, send};

#[test]
fn without_a_token_of_its_own_nobody_gets_in() {
    let desk = Desk::new();
    let url = format!("{}/v1.0/users", desk.base());
    let none = send("GET", &url, &[], b"");
    assert_eq!(
        none.error(),
        (
            401,
            "InvalidAuthenticationToken",
            "no `Authorization` header; get a token from the token endpoint and send it as `Bearer`"
        )
    );
    assert!(none.body["error"]["innerError"]["request-id"].is_string());
    let other = send("GET", &url, &[("Authorization", "Bearer nonsense")], b"");
    assert_eq!(
        other.error().2,
        "the token is none of this org's; get one from its token endpoint"
    );
    let basic = send("GET", &url, &[("Authorization", "Basic eDp5")], b"");
    assert_eq!(
        basic.error().2,
        "the `Authorization` header must be `Bearer <token>`"
    );
}

#[test]
fn the_token_endpoint_says_what_is_wrong() {
    let desk = Desk::new();
    let refused = |fields: &[(&str, &str)]| {
        let answer = desk.grant(fields);
        let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
        let description = text("error_description");
        let code = description.split(':').next().unwrap_or_default().to_owned();
        (answer.status, text("error"), code)
    };
    let expected = |status, error: &str, code: &str| (status, error.to_owned(), code.to_owned());
    assert_eq!(
        refused(&[("client_secret", "wrong")]),
        expected(401, "invalid_client", "AADSTS7000215")
    );
    assert_eq!(
        refused(&[("client_secret", "")]),
        expected(401, "invalid_client", "AADSTS7000218")
    );
    assert_eq!(
        refused(&[("client_id", "somebody")]),
        expected(400, "unauthorized_client", "AADSTS700016")
    );
    assert_eq!(
        refused(&[("grant_type", "password")]),
        expected(400, "unsupported_grant_type", "AADSTS70003")
    );
    assert_eq!(
        refused(&[("scope", "")]),
        expected(400, "invalid_request", "AADSTS900144")
    );
    let url = format!("{}/another/oauth2/v2.0/token", desk.base());
    let answer = send("POST", &url, &[], b"");
    assert_eq!(answer.body["error_codes"], json!([90_002]));
}

#[test]
fn wrong_users_are_refused() {
    let desk = Desk::new();
    let whole = || {
        json!({
            "accountEnabled": true,
            "displayName": "Ada",
            "mailNickname": "ada",
            "userPrincipalName": "ada@example.test",
            "passwordProfile": {"password": "Tmp!0a1b2c3d"},
        })
    };
    let refused = |name: &str, value: Value| {
        let mut body = whole();
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
            value => body[name] = value,
        }
        let answer = desk.graph("POST", "/users", body);
        let detail = answer.body["error"]["details"][0]["code"].clone();
        let (status, code, message) = answer.error();
        assert_eq!((status, code), (400, "Request_BadRequest"), "{answer:?}");
        (message.to_owned(), detail)
    };
    assert_eq!(
        refused("displayName", Value::Null),
        (
            "a user needs a value for property `displayName`".to_owned(),
            json!("InvalidValue")
        )
    );
    assert_eq!(
        refused("passwordProfile", Value::Null).0,
        "property `passwordProfile` must be an object with a `password`"
    );
    assert_eq!(
        refused("userPrincipalName", json!("ada")).0,
        "`ada` is no userPrincipalName; it has the form `name@domain`"
    );
    assert_eq!(
        refused("accountEnabled", json!("True")).0,
        "property `accountEnabled` of a user must be true or false"
    );
    assert_eq!(
        refused("shoeSize", json!(44)).0,
        "property `shoeSize` does not exist on a user, or is not emulated"
    );
    assert_eq!(
        refused("mailNickname", json!("a@b")).0,
        "a mailNickname has no `@` and no space in it"
    );
    assert_eq!(desk.graph("POST", "/users", whole()).status, 201);
    assert_eq!(
        refused("mailNickname", json!("other")),
        (
            "another object has the same value for property `userPrincipalName`: `ada@example.test`".to_owned(),
            json!("ObjectConflict")
        )
    );
}

#[test]
fn what_is_not_there_is_404_and_what_cannot_be_is_400() {
    let desk = Desk::new();
    let nobody = "5c0f0a34-7d8e-4f5e-9a53-2a7be2c1d0f1";
    for path in [
        format!("/users/{nobody}"),
        format!("/groups/{nobody}"),
        format!("/directory/deletedItems/{nobody}"),
        format!("/servicePrincipals/{nobody}"),
        format!("/users/{nobody}/manager/$ref"),
        format!("/groups/{nobody}/members"),
        format!(
            "/servicePrincipals/{}/appRoleAssignedTo/{nobody}",
            desk.principal()
        ),
    ] {
        let answer = desk.get(&path);
        let (status, code, _) = answer.error();
        assert_eq!((status, code), (404, "Request_ResourceNotFound"), "{path}");
    }
    let jobs = format!(
        "/servicePrincipals/{}/synchronization/jobs/x/start",
        desk.principal()
    );
    let answer = desk.graph("POST", &jobs, Value::Null);
    assert_eq!(
        (answer.error().0, answer.error().1),
        (404, "ResourceNotFound")
    );
    let unknown = desk.get("/teams");
    assert_eq!(
        unknown.error(),
        (
            400,
            "BadRequest",
            "`/teams` is no resource that is emulated; `scimulate org --help` and the README name those that are"
        )
    );
    let method = desk.graph("PUT", "/users", json!({}));
    assert_eq!(
        method.error(),
        (
            405,
            "Request_BadRequest",
            "`PUT` is not allowed for `/users`; GET, POST is"
        )
    );
}

#[test]
fn wrong_references_and_assignments_are_refused() {
    let desk = Desk::new();
    let (user, group) = (desk.user("ada@example.test"), desk.group("team"));
    let message = |answer: crate::desk::Answer, status: u16| {
        assert_eq!(answer.status, status, "{answer:?}");
        answer.error().2.to_owned()
    };
    let reference = |id: &str| json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{id}")});
    let members = format!("/groups/{group}/members/$ref");
    assert_eq!(
        message(desk.graph("POST", &members, json!({})), 400),
        "the body needs `@odata.id`, the address of the object that is referred to"
    );
    assert_eq!(desk.graph("POST", &members, reference(&user)).status, 204);
    assert_eq!(
        message(desk.graph("POST", &members, reference(&user)), 400),
        format!(
            "one or more added object references already exist for property `members`: `{user}`"
        )
    );
    assert!(
        message(desk.graph("POST", &members, reference(&group)), 400).contains("groups in groups")
    );
    message(desk.graph("POST", &members, reference("nobody")), 404);
    let manager = format!("/users/{user}/manager/$ref");
    assert_eq!(
        message(desk.graph("PUT", &manager, reference(&user)), 400),
        format!("`{user}` cannot be their own manager")
    );
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", desk.principal());
    let assignment = |principal: &str, resource: &str, role: &str| json!({"principalId": principal, "resourceId": resource, "appRoleId": role});
    let role = crate::desk::ROLE;
    let principal = desk.principal();
    assert_eq!(
        message(desk.graph("POST", &path, json!({"principalId": user})), 400),
        "an assignment needs `resourceId`, a GUID"
    );
    assert!(
        message(
            desk.graph("POST", &path, assignment(&user, &user, role)),
            400
        )
        .starts_with("`resourceId` must be the service principal")
    );
    assert!(
        message(
            desk.graph("POST", &path, assignment(&user, principal, "none")),
            400
        )
        .starts_with("the application has no role `none`")
    );
    message(
        desk.graph("POST", &path, assignment("nobody", principal, role)),
        404,
    );
    desk.assign("users", &user);
    assert_eq!(
        message(
            desk.graph("POST", &path, assignment(&user, principal, role)),
            400
        ),
        "the permission that is assigned already exists on the object"
    );
}

#[test]
fn wrong_queries_and_bodies_are_refused() {
    let desk = Desk::new();
    let refused = |path: &str| {
        let answer = desk.get(path);
        assert_eq!(
            (answer.error().0, answer.error().1),
            (400, "BadRequest"),
            "{path}"
        );
        answer.error().2.to_owned()
    };
    assert_eq!(
        refused("/users?$filter=shoeSize eq 44"),
        "`$filter` cannot be read: there is no property `shoeSize` (character 1)"
    );
    assert_eq!(
        refused("/users?$select=shoeSize"),
        "`$select` names `shoeSize`, which is no property here"
    );
    assert_eq!(
        refused("/users?$top=0"),
        "`$top` must be a number from 1 to 999, not `0`"
    );
    assert_eq!(
        refused("/users?$expand=manager"),
        "query option `$expand` is not emulated; $filter, $select, $orderby, $top, $skiptoken and $count are"
    );
    assert_eq!(
        refused("/auditLogs/provisioning?$orderby=activityDateTime up"),
        "`$orderby` ends with `asc` or `desc`, not with `up`"
    );
    assert_eq!(
        refused("/users?$skiptoken=7"),
        "`$skiptoken` must be one that an `@odata.nextLink` has, not `7`"
    );
    let list = desk.graph("POST", "/users", json!([]));
    assert_eq!(list.error().2, "the body must be a JSON object");
    let authorization = desk.authorization();
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let url = format!("{}/v1.0/users", desk.base());
    let form = send("POST", &url, &headers, b"{}");
    assert_eq!(
        form.error().2,
        "a request with a body must have the header `Content-Type: application/json`"
    );
    let headers = [
        headers[0],
        ("Content-Type", "application/json; charset=utf-8"),
    ];
    let broken = send("POST", &url, &headers, b"{");
    assert!(broken.error().2.starts_with("the body is no JSON: "));
    let on_demand = |body: Value| {
        let answer = desk.graph("POST", &desk.at_job("/provisionOnDemand"), body);
        assert_eq!(answer.status, 400, "{answer:?}");
        answer.error().2.to_owned()
    };
    assert_eq!(
        on_demand(json!({})),
        "`parameters` must be a list with one object"
    );
    assert_eq!(
        on_demand(json!({"parameters": [{}]})),
        "`ruleId` is missing; the job's `schema` names it"
    );
    assert!(
        on_demand(json!({"parameters": [{"ruleId": "x"}]}))
            .starts_with("the schema has no rule `x`")
    );
    let restart = json!({"criteria": {"resetScope": "Everything"}});
    let restart = desk.graph("POST", &desk.at_job("/restart"), restart);
    assert_eq!(
        restart.error().2,
        "`resetScope` cannot be `Everything`; it can be None, ConnectorDataStore, Escrows, Watermark, QuarantineState, Full, ForceDeletes"
    );
}
