//! Good and bad scenario files: what loads, and what is said about what does not.
//!
//! A case is a file in `tests/scenarios/good` or `tests/scenarios/bad`; the messages of a bad one stand beside it in
//! `NAME.snap` (`INSTA_UPDATE=always cargo test --test scenarios` writes them).

use std::fs;
use std::path::{Path, PathBuf};

use insta::{Settings, assert_snapshot};
use scimulate::cli::diagnostic::{self, Severity};
use scimulate::scenario::load::{self, LoadOptions, Loaded};

fn cases(folder: &str) -> Vec<(String, PathBuf)> {
    let folder = root().join(folder);
    let mut cases: Vec<(String, PathBuf)> = fs::read_dir(&folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| {
            let stem = path
                .file_stem()
                .expect("it has a name")
                .to_string_lossy()
                .into_owned();
            (stem, path)
        })
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn examine(path: &Path) -> Loaded {
    let shown = path.strip_prefix(root()).expect("it is there");
    let shown = shown.to_string_lossy().replace('\\', "/");
    load::examine(path, &shown, &LoadOptions::default())
}

fn messages(loaded: &Loaded, warnings: bool) -> String {
    let mut found: Vec<_> = loaded
        .errors
        .iter()
        .map(|error| (Severity::Error, error))
        .collect();
    if warnings {
        found.extend(
            loaded
                .warnings
                .iter()
                .map(|error| (Severity::Warning, error)),
        );
    }
    let text_of = |shown: &str| {
        let bytes = fs::read(root().join(shown)).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let count = diagnostic::count(
        loaded.errors.len(),
        if warnings { loaded.warnings.len() } else { 0 },
        1,
    );
    diagnostic::render_plain(&found, &text_of) + &count
}

#[test]
fn every_good_file_loads() {
    for (name, path) in cases("good") {
        let loaded = examine(&path);
        let said = messages(&loaded, true);
        assert!(loaded.errors.is_empty(), "{name}\n{said}");
        assert!(loaded.warnings.is_empty(), "{name}\n{said}");
    }
}

#[test]
fn every_bad_file_has_its_messages() {
    let mut settings = Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(root().join("bad"));
    settings.bind(|| {
        for (name, path) in cases("bad") {
            let loaded = examine(&path);
            assert!(loaded.scenario.is_none(), "{name} loads");
            assert!(!loaded.errors.is_empty(), "{name} has no mistakes");
            assert_snapshot!(name, messages(&loaded, false));
        }
    });
}

#[test]
fn every_questionable_file_has_its_warnings() {
    let mut settings = Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(root().join("questionable"));
    settings.bind(|| {
        for (name, path) in cases("questionable") {
            let loaded = examine(&path);
            assert!(loaded.errors.is_empty(), "{name} has mistakes");
            assert!(!loaded.warnings.is_empty(), "{name} has no warnings");
            assert_snapshot!(name, messages(&loaded, true));
        }
    });
}
