//! The path in front of `/Users`: where it is not the one that was given, a few that others use are tried.

use serde_json::Value;

use super::{Advice, Patient, State};
use crate::exchange::Exchange;
use crate::run::trouble::Trouble;

/// What a request adds to a base URL (RFC 7644 3.2 and 4).
const ENDPOINTS: [&str; 8] = [
    "Users",
    "Groups",
    "Me",
    "Bulk",
    "ServiceProviderConfig",
    "ServiceProviderConfigs",
    "ResourceTypes",
    "Schemas",
];

/// Paths that products use, below what was given or at the root of the host.
const PATHS: [&str; 10] = [
    "/scim/v2",
    "/scim",
    "/v2",
    "/api/scim/v2",
    "/api/scim",
    "/api/v2/scim",
    "/v2/scim",
    "/api/v1/scim/v2",
    "/v1/scim",
    "",
];

/// So many are tried at most.
const MOST: usize = 20;

/// A path that ends with an endpoint, cut in front of it.
pub(super) fn resource_end(path: &str) -> Option<(&str, &str)> {
    let (at, _) = path.match_indices('/').find(|(at, _)| {
        let segment = path[at + 1..].split('/').next().unwrap_or_default();
        ENDPOINTS
            .iter()
            .any(|endpoint| endpoint.eq_ignore_ascii_case(segment))
    })?;
    Some((&path[..at], &path[at..]))
}

/// Other paths, the likeliest first.
fn guesses(given: &str) -> Vec<String> {
    let below = PATHS.iter().map(|path| format!("{given}{path}"));
    let above = given.match_indices('/').rev().map(|(at, _)| &given[..at]);
    let beside = above
        .clone()
        .flat_map(|above| ["/scim/v2", "/scim", "/v2"].map(|path| format!("{above}{path}")));
    let at_the_root = PATHS.iter().map(|path| (*path).to_owned());
    let mut paths: Vec<String> = Vec::new();
    for path in below
        .take(5)
        .chain(above.clone().map(str::to_owned))
        .chain(at_the_root)
        .chain(beside)
    {
        // `/scim/scim` is nobody's.
        let repeats = path.contains("/scim/scim") || path.contains("/v2/v2");
        if path != given && !repeats && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths.truncate(MOST);
    paths
}

impl Patient<'_> {
    /// Looks for the base path where nothing of SCIM is at the one that was given.
    pub(super) async fn guessed(&mut self, first: &Exchange, trouble: &Trouble) -> Advice {
        let told = trouble.message(&first.request.target);
        self.check("SCIM", State::Wrong, told);
        let base = &self.target.base;
        let (origin, given) = (base.origin().to_owned(), base.path().to_owned());
        if is_scim(&self.get("/ServiceProviderConfig").await) {
            self.check(
                "base path",
                State::Fine,
                format!("{given}/ServiceProviderConfig is SCIM"),
            );
            return "look into the server: at this base URL there is SCIM, but no `/Users`"
                .to_owned();
        }
        let mut guarded = Vec::new();
        let paths = guesses(&given);
        for path in &paths {
            // Never at another host: the credentials are sent.
            let asked = self
                .get(&format!("{origin}{path}/ServiceProviderConfig"))
                .await;
            if is_scim(&asked) {
                self.check(
                    "base path",
                    State::Wrong,
                    format!("{path}/ServiceProviderConfig is SCIM"),
                );
                return format!("give `{origin}{path}` as the target");
            }
            match asked.status() {
                Some(401 | 403) if !matches!(trouble, Trouble::Refused(_)) => {
                    guarded.push(format!("{origin}{path}"));
                }
                Some(_) => {}
                None => break,
            }
        }
        let told = format!(
            "nothing of SCIM at {} other paths of this host",
            paths.len()
        );
        self.check("base path", State::Wrong, told);
        match guarded.as_slice() {
            // Where everything is guarded, nothing is told by it.
            [one] => format!("try `{one}` with credentials: it is the only path that asks for them"),
            _ => "look into the vendor's guide for the base URL, the address below which `/Users` is: at no usual path of this host there is SCIM".to_owned(),
        }
    }
}

/// Whether this is a description of a SCIM server (RFC 7643 5).
fn is_scim(exchange: &Exchange) -> bool {
    let answer = exchange.response().filter(|answer| answer.status == 200);
    let Some(Value::Object(config)) = answer.and_then(|answer| answer.json()) else {
        return false;
    };
    let schemas = config.get("schemas").and_then(Value::as_array);
    let named = schemas.into_iter().flatten().any(|schema| {
        let schema = schema.as_str().unwrap_or_default();
        schema
            .to_ascii_lowercase()
            .starts_with("urn:ietf:params:scim:")
    });
    named || (config.contains_key("patch") && config.contains_key("filter"))
}

#[cfg(test)]
mod tests {
    use super::{MOST, guesses, resource_end};

    #[test]
    fn a_request_is_told_from_a_base() {
        for (path, cut) in [
            ("/scim/v2/Users", Some(("/scim/v2", "/Users"))),
            ("/scim/users/7", Some(("/scim", "/users/7"))),
            (
                "/ServiceProviderConfig",
                Some(("", "/ServiceProviderConfig")),
            ),
            ("/scim/v2", None),
            ("/tenants/users-7/scim", None),
            ("", None),
        ] {
            assert_eq!(resource_end(path), cut, "{path}");
        }
    }

    #[test]
    fn the_likeliest_paths_come_first() {
        assert_eq!(guesses("")[..3], ["/scim/v2", "/scim", "/v2"]);
        assert_eq!(guesses("/scim")[0], "/scim/v2");
        assert_eq!(guesses("/api")[..2], ["/api/scim/v2", "/api/scim"]);
        assert!(guesses("/tenants/7/scim").contains(&"/tenants/7/scim/v2".to_owned()));
        assert!(guesses("/a/b/c/d/e/f").len() <= MOST);
    }
}
