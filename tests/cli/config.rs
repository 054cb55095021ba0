//! `scimulate.toml`: targets by name, their secrets, what they declare, and their tenants.

use crate::project::{Project, Serving, assert_told};

/// A project with a target `mine`, which is served with the token `canary`.
fn project(options: &str, more: &str) -> (Project, Serving) {
    let project = Project::new();
    let mut serving = project.serve(&format!("--token canary {options}"));
    let base = serving.line();
    project.write(
        "scimulate.toml",
        &format!("[targets.mine]\nurl = \"{base}\"\ntoken-env = \"MINE\"\n{more}"),
    );
    (project, serving)
}

const MINE: &[(&str, &str)] = &[("MINE", "canary")];

#[test]
fn a_target_is_named() {
    let (project, _serving) = project("", "");
    let words = "run scenarios/create.yaml --target mine";
    let said = project.scimulate_with(words, MINE, "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(
        said.stdout.contains(" against mine, http://"),
        "{}",
        said.stdout
    );
    // What is given on the command line comes first.
    let other = [("MINE", "canary"), ("OTHER", "wrong")];
    let said = project.scimulate_with(&format!("{words} --token-env OTHER"), &other, "");
    assert_eq!(said.code, Some(3), "{}", said.all());
}

#[test]
fn what_is_wrong_with_the_file_is_said() {
    let project = Project::new();
    let mut told = String::new();
    for text in [
        "",
        "[targets.mine]\nurl = \"http://127.0.0.1:9/scim\"\n[targets.yours]\nurl = \"http://127.0.0.1:9/scim\"\n",
        "[targets.main]\nurl = http://127.0.0.1:9/scim\n",
        "[targets.main]\nurl = \"http://127.0.0.1:9/scim\"\ntoken = \"canary\"\n",
        "[targets.main]\nurl = \"127.0.0.1\"\n",
        "[targets.main]\nurl = \"http://127.0.0.1:9/scim\"\nfeatures = [\"create\", \"update-users\", \"deactivated\"]\n",
        "[targets.main]\nurl = \"http://127.0.0.1:9/scim\"\ntoken-env = \"MAIN\"\n",
        "[targets.main]\nurl = \"http://127.0.0.1:9/scim\"\ntoken-file = \"nowhere\"\n",
    ] {
        project.write("scimulate.toml", text);
        let said = project.scimulate("run scenarios/create.yaml --target main");
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{text}");
        assert!(!said.stderr.contains("canary"), "{}", said.stderr);
        told.push_str(&format!(
            "# {}\n{}\n",
            text.replace('\n', "; "),
            said.stderr
        ));
    }
    assert_told!("wrong_files", told);
}

#[test]
fn features_that_are_not_declared_are_skipped() {
    let (with, _served) = project("", "features = [\"x-badges\"]\n");
    let (without, _served_too) = project("", "features = []\n");
    let words = "run scenarios/badges.yaml --target mine";
    assert!(
        with.scimulate_with(words, MINE, "")
            .stdout
            .contains("1 step: 1 passed")
    );
    let said = without.scimulate_with(words, MINE, "");
    assert_eq!(said.code, Some(0));
    assert_told!("skip", said.all());
}

#[test]
fn tenants_belong_to_their_target() {
    let (project, mut serving) = project("--tenant second", "");
    let words = "run scenarios/tenants.yaml --target mine";
    let said = project.scimulate_with(words, MINE, "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_told!("no_tenant", said.all());
    let text = project.read("scimulate.toml");
    let second = serving.line();
    project.write(
        "scimulate.toml",
        &format!("{text}[targets.mine.tenants.second]\nurl = \"{second}\"\ntoken-env = \"MINE\"\n"),
    );
    let said = project.scimulate_with(words, MINE, "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("2 steps: 2 passed"), "{}", said.stdout);
}

#[test]
fn a_target_can_be_a_published_integration() {
    let (project, _serving) = project("--preset keepnet-okta", "preset = \"keepnet-okta\"\n");
    project.write(
        "scenarios/preset.yaml",
        "title: What it declares\nsource: integrations.md I5 [doc]\nsteps:\n  - name: users\n    needs: [create]\n    get: /Users\n    expect: { status: 200 }\n  - name: imports\n    needs: [import-users]\n    get: /Users\n",
    );
    let said = project.scimulate_with("run scenarios/preset.yaml --target mine", MINE, "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_told!("preset", said.all());
    // What is given on the command line comes first, and declares.
    let words = "run scenarios/preset.yaml --target mine --preset hp-insights-okta";
    let said = project.scimulate_with(words, MINE, "");
    assert!(said.stdout.contains("2 steps: 2 passed"), "{}", said.all());
}

#[test]
fn a_story_of_an_integration_asks_no_other_target() {
    let (project, _serving) = project("", "");
    project.write(
        "scenarios/keepnet.yaml",
        "title: Keepnet\npreset: keepnet-okta\nsource: integrations.md I5 [doc]\nsteps:\n  - name: users\n    get: /Users\n    expect: { status: 200 }\n",
    );
    let said = project.scimulate_with("run scenarios/keepnet.yaml --target mine", MINE, "");
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_told!("other_preset", said.all());
    // Without a target, the embedded server imitates it.
    let said = project.scimulate("run scenarios/keepnet.yaml");
    assert!(said.stdout.contains("1 step: 1 passed"), "{}", said.all());
    let said = project.scimulate("run scenarios/keepnet.yaml --preset keepnet-okta");
    assert!(said.stdout.contains("/scim, run"), "{}", said.all());
    assert!(said.stdout.contains("1 step: 1 passed"), "{}", said.all());
}

#[test]
fn unknown_presets_and_refusals_are_said() {
    let project = Project::new();
    let mut told = String::new();
    for words in [
        "run scenarios/create.yaml --preset keepnet",
        "serve --preset keepnet-octa",
        "serve --refuse updates",
        "serve --base-path /",
        "serve --token-life 10m",
    ] {
        let said = project.scimulate(words);
        assert_eq!(said.code, Some(2), "{}", said.all());
        told.push_str(&format!("# {words}\n{}\n", said.stderr));
    }
    let file = "[targets.main]\nurl = \"http://127.0.0.1:9/scim\"\npreset = \"keepnet-octa\"\n";
    project.write("scimulate.toml", file);
    let said = project.scimulate("run scenarios/create.yaml --target main");
    assert_eq!(said.code, Some(2), "{}", said.all());
    told.push_str(&said.stderr);
    assert_told!("unknown_presets", told);
}

#[test]
fn what_is_declared_and_what_works_are_compared() {
    let more = "features = [\"create\", \"update\", \"password\"]\n";
    let (project, _serving) = project("--refuse update --refuse deactivate", more);
    let scenario = |name: &str, feature: &str, request: &str| {
        let create = "  - name: create\n    feature: create\n    as: scimulate\n    post: /Users\n    body: { schemas: [\"urn:ietf:params:scim:schemas:core:2.0:User\"], userName: \"a-${run}\" }\n    expect: { status: 201 }\n    keep: { a.id: $.id }\n";
        project.write(
            &format!("scenarios/declared/{name}.yaml"),
            &format!("title: {name}\nfeature: {feature}\nsource: integrations.md [doc]\nsteps:\n{create}  - name: it\n{request}"),
        );
    };
    std::fs::create_dir(project.path("scenarios/declared")).expect("it is not there");
    let patch = |value: &str| {
        format!(
            "    patch: /Users/${{a.id}}\n    body: {{ schemas: [\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"], Operations: [{{ op: replace, value: {value} }}] }}\n    expect: {{ status: [200, 204] }}\n"
        )
    };
    scenario("update", "update", &patch("{ title: Lead }"));
    scenario("deactivate", "deactivate", &patch("{ active: false }"));
    scenario(
        "delete",
        "delete",
        "    delete: /Users/${a.id}\n    expect: { status: 204 }\n",
    );
    let said = project.scimulate_with(
        "run scenarios/declared --target mine --undeclared",
        MINE,
        "",
    );
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert_told!("undeclared", said.all());
    let said = project.scimulate_with("run scenarios/declared --target mine", MINE, "");
    assert!(said.stdout.contains("2 skipped"), "{}", said.all());
}
