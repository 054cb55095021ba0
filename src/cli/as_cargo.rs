//! In the place of Cargo: lets cargo-insta review our snapshots.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::json;

use crate::cli::{Complaint, FINE};

/// Names the snapshot directory to ourselves when cargo-insta calls us in the place of Cargo.
const AS_CARGO: &str = "SCIMULATE_AS_CARGO_FOR";

/// cargo-insta asks Cargo where the snapshots are. We answer in Cargo's place, so that neither Cargo nor a package is
/// needed.
pub(super) fn review(folders: &[PathBuf]) -> Result<ExitCode, Complaint> {
    let ourselves = std::env::current_exe()
        .map_err(|problem| Complaint::new(format!("cannot find this program: {problem}")))?;
    for folder in folders {
        let absolute = folder.canonicalize().map_err(|problem| {
            Complaint::new(format!("cannot read `{}`: {problem}", folder.display()))
        })?;
        let status = Command::new("cargo-insta")
            .args(["insta", "review"])
            .current_dir(&absolute)
            .env("CARGO", &ourselves)
            .env(AS_CARGO, &absolute)
            .status()
            .map_err(|problem| {
                Complaint::new(format!("cannot start `cargo-insta`: {problem}")).hint(
                    "`cargo install cargo-insta` installs it; `scimulate review` works without it",
                )
            })?;
        if !status.success() {
            return Err(Complaint::new("cargo-insta did not end well"));
        }
    }
    Ok(ExitCode::from(FINE))
}

/// Answers `cargo metadata` when cargo-insta asks; `None` in all other cases.
pub(super) fn answered_as_cargo() -> Option<ExitCode> {
    let folder = std::env::var(AS_CARGO).ok()?;
    if std::env::args().nth(1).as_deref() != Some("metadata") {
        return None;
    }
    let _ = writeln!(io::stdout(), "{}", metadata(&folder));
    Some(ExitCode::from(FINE))
}

/// One package whose only source would be in the folder, and insta, whose version cargo-insta wants to know; in Cargo's
/// format.
fn metadata(folder: &str) -> serde_json::Value {
    let inside = |name: &str| Path::new(folder).join(name).display().to_string();
    let package = |name: &str, version: &str| {
        json!({
            "name": name,
            "version": version,
            "id": format!("path+{name}#{version}"),
            "dependencies": [],
            "features": {},
            "manifest_path": inside("Cargo.toml"),
            "targets": [{
                "name": name,
                "kind": ["lib"],
                "crate_types": ["lib"],
                "src_path": inside("none.rs"),
            }],
        })
    };
    let snapshots = package("scimulate-snapshots", "0.0.0");
    let id = snapshots["id"].clone();
    json!({
        "packages": [snapshots, package("insta", "1.49.0")],
        "workspace_members": [id],
        "workspace_default_members": [id],
        "resolve": null,
        "workspace_root": folder,
        "target_directory": inside("target"),
        "version": 1,
        "metadata": null,
    })
}
