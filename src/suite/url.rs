//! Where the requests of a suite go: to the target, or to another service.

use std::collections::BTreeSet;

use crate::suite::template::{self, Part, parts};

/// Endpoints of SCIM, and what follows the base URL. Microsoft's sample has two of its own.
const ENDPOINTS: [&str; 13] = [
    "Users",
    "Groups",
    "Schemas",
    "ResourceTypes",
    "ServiceProviderConfig",
    "ServiceProviderConfigs",
    "Bulk",
    "Me",
    ".search",
    "Entitlements",
    "Roles",
    "serviceConfiguration",
    "Token",
];

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Goal {
    /// To the target: what follows the base URL.
    Target(String),
    /// To a service: its number, and what follows its base URL.
    Service(usize, String),
}

/// A service beside the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    /// What `on` calls it.
    pub(super) name: String,
    /// Its base URL as the suite has it.
    pub(super) base: String,
    /// The variable that names it for us.
    pub(super) variable: String,
}

/// The base URLs of a suite.
#[derive(Debug, Default)]
pub(super) struct Bases {
    /// Those of the target, the longest first.
    targets: Vec<String>,
    pub(super) services: Vec<Service>,
}

impl Bases {
    /// The base URLs of these requests, and where each of them goes.
    pub(super) fn of(urls: &[&str]) -> (Self, Vec<Goal>) {
        let found = |exact: bool| -> BTreeSet<&str> {
            urls.iter()
                .filter_map(|url| before_endpoint(url, exact))
                .collect()
        };
        let mut targets = found(true);
        if targets.is_empty() {
            targets = found(false);
        }
        // A variable that is called after SCIM is the target, whatever follows it.
        targets.extend(urls.iter().filter_map(|url| {
            let base = leading(url)?;
            is_scim(base).then_some(base)
        }));
        if targets.is_empty() {
            let base = urls.first().and_then(|url| leading(url));
            targets.extend(base.filter(|base| !is_management(base)));
        }
        let mut bases = Self {
            targets: targets.into_iter().map(str::to_owned).collect(),
            services: Vec::new(),
        };
        bases
            .targets
            .sort_by_key(|base| std::cmp::Reverse(base.len()));
        let goals = urls.iter().map(|url| bases.goal(url)).collect();
        (bases, goals)
    }

    /// Variables that stand in the target's base URL.
    pub(super) fn target_variables(&self) -> BTreeSet<&str> {
        self.targets
            .iter()
            .flat_map(|base| template::names(base))
            .collect()
    }

    fn goal(&mut self, url: &str) -> Goal {
        for base in &self.targets {
            if let Some(rest) = url.strip_prefix(base.as_str())
                && (rest.is_empty() || rest.starts_with(['/', '?', '{']))
            {
                return Goal::Target(rest.to_owned());
            }
        }
        let base = leading(url).unwrap_or_default();
        let rest = url[base.len()..].to_owned();
        let known = self
            .services
            .iter()
            .position(|service| service.base == base);
        let number = known.unwrap_or_else(|| {
            let service = self.service(base);
            self.services.push(service);
            self.services.len() - 1
        });
        Goal::Service(number, rest)
    }

    fn service(&self, base: &str) -> Service {
        let variable = match parts(base).as_slice() {
            [Part::Variable(name)] => (*name).to_owned(),
            // A host that the user has not named is never spoken to.
            _ => base
                .split("://")
                .last()
                .unwrap_or_default()
                .replace(['{', '}'], ""),
        };
        let lower = variable.to_ascii_lowercase();
        let name = match lower.contains("okta") || lower.contains("org") {
            true => "org".to_owned(),
            false => super::variable::plain_name(&variable),
        };
        let taken = self.services.iter().any(|known| known.name == name);
        Service {
            name: match taken {
                true => format!("{name}{}", self.services.len() + 1),
                false => name,
            },
            base: base.to_owned(),
            variable,
        }
    }
}

/// What stands before an endpoint of SCIM.
fn before_endpoint(url: &str, exact: bool) -> Option<&str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    if is_management(path) {
        return None;
    }
    let mut from = path.find("://").map_or(0, |at| at + 3);
    while let Some(slash) = path[from..].find('/') {
        let begin = from + slash;
        let segment = path[begin + 1..].split('/').next().unwrap_or_default();
        let is_endpoint = ENDPOINTS.iter().any(|known| match exact {
            true => *known == segment,
            false => known.eq_ignore_ascii_case(segment),
        });
        if is_endpoint && begin > 0 {
            return Some(&path[..begin]);
        }
        from = begin + 1;
    }
    None
}

/// Management APIs have users and groups of their own (okta.md 9.2).
fn is_management(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    [
        "/api/v1",
        "/governance/api",
        "graph.microsoft.com",
        "{{graph",
        "{{okta",
    ]
    .iter()
    .any(|part| lower.contains(part))
}

/// The variable that a URL begins with, or its scheme and host.
fn leading(url: &str) -> Option<&str> {
    if let Some(host) = url.find("://") {
        let path = url[host + 3..].find(['/', '?']).map(|at| host + 3 + at);
        return Some(&url[..path.unwrap_or(url.len())]);
    }
    match parts(url).first() {
        Some(Part::Variable(_)) => url.find("}}").map(|end| &url[..end + 2]),
        // Without a scheme: up to the path.
        Some(Part::Literal(text)) => {
            let end = text.find('/').unwrap_or(text.len());
            Some(&url[..end]).filter(|base| !base.is_empty())
        }
        None => None,
    }
}

fn is_scim(base: &str) -> bool {
    template::lone(base).is_some_and(|name| name.to_ascii_lowercase().contains("scim"))
}

#[cfg(test)]
mod tests {
    use super::{Bases, Goal};

    fn goals(urls: &[&str]) -> (Vec<String>, Vec<Goal>) {
        let (bases, goals) = Bases::of(urls);
        let services = bases.services.iter();
        (
            services
                .map(|service| format!("{}={}", service.name, service.variable))
                .collect(),
            goals,
        )
    }

    fn target(rest: &str) -> Goal {
        Goal::Target(rest.to_owned())
    }

    fn service(number: usize, rest: &str) -> Goal {
        Goal::Service(number, rest.to_owned())
    }

    #[test]
    fn a_management_api_is_a_service() {
        let (services, goals) = goals(&[
            "{{oktaOrgUrl}}/api/v1/users?activate=true",
            "{{SCIMUrl}}/Users?filter=userName eq \"x\"",
            "{{oktaOrgUrl}}/governance/api/v1/grants",
            "https://names.example.test/api/?one",
        ]);
        assert_eq!(
            services,
            ["org=oktaOrgUrl", "names_example_test=names.example.test"]
        );
        assert_eq!(
            goals,
            [
                service(0, "/api/v1/users?activate=true"),
                target("/Users?filter=userName eq \"x\""),
                service(0, "/governance/api/v1/grants"),
                service(1, "/api/?one"),
            ]
        );
    }

    #[test]
    fn a_base_may_be_of_many_parts() {
        let base = "{{Protocol}}://{{Server}}{{Port}}/{{Api}}";
        let urls = [
            format!("{base}/Token"),
            format!("{base}/users"),
            format!("{base}/Users/?x=y"),
        ];
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        let (services, goals) = goals(&urls);
        assert_eq!(services, [""; 0]);
        assert_eq!(
            goals,
            [target("/Token"), target("/users"), target("/Users/?x=y")]
        );
        // Nothing but lower case.
        assert_eq!(
            goals_of("https://a.test/scim/users/1"),
            [target("/users/1")]
        );
    }

    fn goals_of(url: &str) -> Vec<Goal> {
        goals(&[url]).1
    }

    #[test]
    fn a_variable_called_after_scim_is_the_target() {
        assert_eq!(
            goals_of("{{SCIMBaseURL}}{{EntitlementEndpoint}}?count=1"),
            [target("{{EntitlementEndpoint}}?count=1")]
        );
        assert_eq!(goals_of("{{host}}/Departments"), [target("/Departments")]);
    }
}
