//! The walls between modules: who may use whom.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The order of modules: each may use those before it.
const ORDER: [&str; 26] = [
    "scim", "exchange", "finding", "event", "gate", "profile", "scenario", "suite", "target",
    "idp", "plan", "expand", "checks", "coverage", "judge", "snapshot", "capture", "retell",
    "export", "reduce", "run", "record", "org", "server", "report", "cli",
];

/// What has no sockets, files, clock, chance or async in it.
const PURE: [&str; 20] = [
    "scim",
    "gate",
    "profile",
    "suite",
    "idp",
    "plan",
    "expand",
    "checks",
    "coverage",
    "judge",
    "capture",
    "retell",
    "export",
    "reduce",
    "org/mod.rs",
    "org/entra",
    "org/ids.rs",
    "org/okta",
    "org/work.rs",
    "server/handle.rs",
];

/// Words that only impure code has.
const IMPURE: [&str; 10] = [
    "std::fs",
    "std::net",
    "std::env",
    "tokio::",
    "reqwest",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "new_v4",
    "async fn",
];

fn sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name() != "tests.rs")
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).expect("sources are readable");
            let path = entry
                .path()
                .strip_prefix(&root)
                .expect("it is below the root");
            (path.to_owned(), text)
        })
        .collect()
}

fn module_of(path: &Path) -> Option<&str> {
    let first = path.components().next()?.as_os_str().to_str()?;
    ORDER.into_iter().find(|module| *module == first)
}

/// The modules that a file names as `crate::module`, tests and comments left out.
fn used(text: &str) -> Vec<&'static str> {
    let code: String = text
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    ORDER
        .into_iter()
        .filter(|module| {
            code.match_indices(&format!("crate::{module}"))
                .any(|(at, found)| {
                    let next = code[at + found.len()..].chars().next();
                    !next.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
                })
        })
        .collect()
}

#[test]
fn modules_use_only_what_comes_before_them() {
    let rank = |module: &str| ORDER.iter().position(|known| *known == module).unwrap();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module_of(&path) else {
            continue;
        };
        for used in used(&text) {
            if rank(used) > rank(module) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_server_and_the_judging_side_share_only_scim_and_exchange() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        match module_of(&path) {
            Some("server") => {
                let foreign = used(&text)
                    .into_iter()
                    .filter(|module| !["scim", "exchange", "server"].contains(module));
                wrong.extend(foreign.map(|module| format!("{} uses {module}", path.display())));
            }
            Some(
                "idp" | "plan" | "expand" | "checks" | "coverage" | "judge" | "profile"
                | "scenario" | "snapshot" | "capture" | "retell" | "export" | "reduce" | "run"
                | "record" | "org",
            ) if used(&text).contains(&"server") => {
                wrong.push(format!("{} uses server", path.display()));
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reporters_see_events_and_nothing_else() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if module_of(&path) == Some("report") {
            let foreign = used(&text).into_iter().filter(|module| {
                !["event", "finding", "exchange", "scim", "report"].contains(module)
            });
            wrong.extend(foreign.map(|module| format!("{} uses {module}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_decides_does_nothing() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if !PURE.iter().any(|pure| path.starts_with(pure)) {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            for word in IMPURE {
                if line.contains(word) {
                    wrong.push(format!("{}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
