//! Good and bad scenario files: what loads, and what is said about what does not.
//!
//! A case is a file in `tests/scenarios/good` or `tests/scenarios/bad`; the messages of a bad one stand beside it in
//! `NAME.snap` (`INSTA_UPDATE=always cargo test --test scenarios` writes them).

use std::fs;
use std::path::{Path, PathBuf};

use insta::{Settings, assert_snapshot};
use jsonschema::Validator;
use scimulate::cli::diagnostic::{self, Severity};
use scimulate::cli::schema;
use scimulate::scenario::error::Problem;
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

/// The file as editors see it; nothing if it is not YAML at all.
fn value_of(path: &Path) -> Option<serde_json::Value> {
    let bytes = fs::read(path).expect("it is there");
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    serde_saphyr::from_slice_with_options(&bytes, options).ok()
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema::schema()).expect("it is a schema")
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::draft7::meta::validate(&schema::schema()).expect("it is draft-07");
}

#[test]
fn the_schema_accepts_every_good_file() {
    let validator = validator();
    for (name, path) in cases("good").into_iter().chain(cases("questionable")) {
        let value = value_of(&path).expect("it is YAML");
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
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
    let validator = validator();
    settings.bind(|| {
        for (name, path) in cases("bad") {
            let loaded = examine(&path);
            assert!(loaded.scenario.is_none(), "{name} loads");
            assert!(!loaded.errors.is_empty(), "{name} has no mistakes");
            let verdict = match value_of(&path) {
                None => "cannot read it",
                Some(value) if validator.is_valid(&value) => "accepts it",
                Some(_) => "refuses it",
            };
            let own = format!("bad/{name}.yaml");
            let structural = loaded.errors.iter().any(|error| {
                let is_structural = matches!(
                    error.problem,
                    Problem::UnknownKey { .. }
                        | Problem::WrongType { .. }
                        | Problem::MissingKey { .. }
                        | Problem::StepKind { .. }
                );
                is_structural && error.at.file == own
            });
            let accepted = verdict == "accepts it";
            assert!(!(structural && accepted), "the schema accepts {name}");
            let said = messages(&loaded, false);
            assert_snapshot!(name, format!("{said}; the schema {verdict}"));
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
