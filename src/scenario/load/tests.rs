use super::*;

#[test]
fn loads_the_example_of_the_language_reference() {
    let path = Path::new("tests/scenarios/good/lifecycle.yaml");
    let loaded = examine(
        path,
        "tests/scenarios/good/lifecycle.yaml",
        &LoadOptions::default(),
    );
    assert_eq!(loaded.errors, []);
    assert_eq!(loaded.warnings, []);
    let scenario = loaded.scenario.expect("there are no errors");
    let names: Vec<&str> = scenario
        .steps
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "look ada up",
            "create ada",
            "verify ada",
            "deactivate",
            "verify ada 2"
        ]
    );
}
