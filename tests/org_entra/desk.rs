//! An org that was started by its command, and a client of its Graph and of its target.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// The role `User` of the application.
pub const ROLE: &str = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
pub const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    pub fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id: {self:?}"))
            .to_owned()
    }

    /// What an error says: its code and its message.
    pub fn error(&self) -> (u16, &str, &str) {
        let error = &self.body["error"];
        (
            self.status,
            error["code"].as_str().unwrap_or_default(),
            error["message"].as_str().unwrap_or_default(),
        )
    }
}

/// An org, ended when it is dropped.
pub struct Desk {
    child: Child,
    lines: Vec<String>,
    token: String,
    _directory: tempfile::TempDir,
}

impl Desk {
    /// With the embedded server.
    pub fn new() -> Self {
        Self::with("")
    }

    /// With options.
    pub fn with(options: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut child = Command::new(env!("CARGO_BIN_EXE_scimulate"))
            .args(["org", "entra", "--port", "0"])
            .args(options.split_whitespace())
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut lines = Vec::new();
        for line in out.lines() {
            lines.push(line.expect("text"));
            let is_last = |line: &String| {
                line.starts_with("target-token ")
                    || (line.starts_with("target ") && options.contains("--target"))
            };
            if lines.last().is_some_and(is_last) {
                break;
            }
        }
        let mut desk = Self {
            child,
            lines,
            token: String::new(),
            _directory: directory,
        };
        let answer = desk.grant(&[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        desk.token = answer.body["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        desk
    }

    pub fn base(&self) -> &str {
        &self.lines[0]
    }

    /// What was printed under that name.
    pub fn shown(&self, name: &str) -> &str {
        self.lines
            .iter()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .unwrap_or_else(|| panic!("no {name}: {:?}", self.lines))
    }

    pub fn principal(&self) -> &str {
        self.shown("service-principal-id")
    }

    pub fn job(&self) -> &str {
        self.shown("job-id")
    }

    /// Asks for a token; these fields of the form differ from what is right. An empty one is left out.
    pub fn grant(&self, fields: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.shown("client-id")),
            ("client_secret", self.shown("client-secret")),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        for (name, value) in fields {
            form.retain(|(known, _)| known != name);
            if !value.is_empty() {
                form.push((name, value));
            }
        }
        let form: Vec<String> = form
            .into_iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.base(),
            self.shown("tenant-id")
        );
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        send("POST", &url, &headers, form.join("&").as_bytes())
    }

    /// The header's value.
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// A call of Graph: the path behind the version, with its query decoded.
    pub fn graph(&self, method: &str, path: &str, body: Value) -> Answer {
        self.graph_of("v1.0", method, path, body)
    }

    pub fn graph_of(&self, version: &str, method: &str, path: &str, body: Value) -> Answer {
        let url = format!("{}/{version}{path}", self.base());
        let authorization = self.authorization();
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/json"),
        ];
        let bytes = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        send(method, &url, &headers, &bytes)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.graph("GET", path, Value::Null)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.graph("DELETE", path, Value::Null)
    }

    /// Reads from the target, as the template does.
    pub fn scim(&self, path: &str) -> Answer {
        self.scim_as("GET", path, Value::Null)
    }

    pub fn scim_as(&self, method: &str, path: &str, body: Value) -> Answer {
        let url = format!("{}{path}", self.shown("target"));
        let authorization = format!("Bearer {}", self.shown("target-token"));
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/scim+json"),
        ];
        let bytes = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        send(method, &url, &headers, &bytes)
    }

    /// The target's user of that name, if there is one.
    pub fn account(&self, name: &str) -> Option<Value> {
        let list = self.scim(&format!("/Users?filter=userName eq \"{name}\""));
        assert_eq!(list.status, 200, "{list:?}");
        list.body["Resources"].get(0).cloned()
    }

    /// The target's group of that name.
    pub fn team(&self, name: &str) -> Option<Value> {
        let list = self.scim(&format!("/Groups?filter=displayName eq \"{name}\""));
        assert_eq!(list.status, 200, "{list:?}");
        list.body["Resources"].get(0).cloned()
    }

    /// Creates a user in the tenant.
    pub fn user(&self, name: &str) -> String {
        let (local, _) = name.split_once('@').expect("an address");
        let body = json!({
            "accountEnabled": true,
            "displayName": name,
            "mailNickname": local,
            "userPrincipalName": name,
            "mail": name,
            "passwordProfile": {"forceChangePasswordNextSignIn": true, "password": "Tmp!0a1b2c3d@4e5f"},
        });
        let answer = self.graph("POST", "/users", body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.id()
    }

    /// Creates a group in the tenant.
    pub fn group(&self, name: &str) -> String {
        let body = json!({
            "displayName": name,
            "description": "made by a test",
            "mailEnabled": false,
            "mailNickname": name.replace(' ', ""),
            "securityEnabled": true,
            "groupTypes": [],
            "isAssignableToRole": false,
            "visibility": "Private",
        });
        let answer = self.graph("POST", "/groups", body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.id()
    }

    /// Assigns a user (`users`) or a group (`groups`) to the application; the assignment's id.
    pub fn assign(&self, kind: &str, id: &str) -> String {
        let body = json!({
            "principalId": id,
            "resourceId": self.principal(),
            "appRoleId": ROLE,
        });
        let answer = self.graph("POST", &format!("/{kind}/{id}/appRoleAssignments"), body);
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.id()
    }

    /// A user who is assigned.
    pub fn assigned_user(&self, name: &str) -> String {
        let id = self.user(name);
        self.assign("users", &id);
        id
    }

    /// The newest entry of the log about an object, asked for as the template asks; `more` is put behind its filter.
    pub fn entry(&self, source: &str, more: &str) -> Option<Value> {
        let answer = self.get(&format!(
            "/auditLogs/provisioning?$top=1&$orderby=activityDateTime desc&$filter=jobId eq '{}' and servicePrincipal/id eq '{}' and sourceIdentity/id eq '{source}'{more}",
            self.job(),
            self.principal(),
        ));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["value"].get(0).cloned()
    }

    /// The newest entry with that action, which must be a success.
    pub fn success(&self, source: &str, action: &str) -> Value {
        let more = format!(" and provisioningAction eq '{action}'");
        let entry = self
            .entry(source, &more)
            .unwrap_or_else(|| panic!("no {action}"));
        assert_eq!(
            entry["provisioningStatusInfo"]["status"], "success",
            "{entry}"
        );
        entry
    }

    /// The path of the job.
    pub fn at_job(&self, rest: &str) -> String {
        format!(
            "/servicePrincipals/{}/synchronization/jobs/{}{rest}",
            self.principal(),
            self.job()
        )
    }

    /// What Graph says of the job.
    pub fn job_shown(&self) -> Value {
        self.get(&self.at_job("")).body
    }

    /// Provisions on demand with the rule of the schema.
    pub fn on_demand(&self, kind: &str, id: &str) -> Answer {
        let schema = self.get(&self.at_job("/schema"));
        let rule = &schema.body["synchronizationRules"][0]["id"];
        let body = json!({
            "parameters": [{
                "ruleId": rule,
                "subjects": [{"objectId": id, "objectTypeName": kind}],
            }],
        });
        self.graph("POST", &self.at_job("/provisionOnDemand"), body)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own. Spaces and quotes of the URL are encoded.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let rest = url.strip_prefix("http://").expect("plain HTTP");
    let (host, path) = rest.split_once('/').expect("a path");
    let path = path
        .replace(' ', "%20")
        .replace('"', "%22")
        .replace('\'', "%27");
    let mut stream = TcpStream::connect(host).expect("it listens");
    let mut request = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    stream.write_all(request.as_bytes()).expect("it reads");
    stream.write_all(body).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.expect("a status"),
        body: serde_json::from_str(body).unwrap_or_default(),
    }
}
