//! Stories told with `act`: what several providers and tenants in one of them do not make each other read back.

use crate::project::{Project, assert_told};

/// How a story goes against the embedded server.
fn told(steps: &str) -> (Option<i32>, String) {
    let project = Project::new();
    let head =
        "title: A story\nas: okta-oin\nsource: okta.md 4 [doc]\npeople: [ada, bob]\nsteps:\n";
    project.write("story.yaml", &format!("{head}{steps}"));
    let said = project.scimulate("run story.yaml");
    (said.code, said.all())
}

#[test]
fn each_client_reads_back_what_it_has_provisioned_itself() {
    let (code, all) = told(
        "  - act: { assign: ada }
  - act: { assign: bob }
    as: entra-legacy
  - verify: mapped
    as: entra-legacy
  - act: { unassign: ada }
  - verify: mapped
",
    );
    assert_eq!(code, Some(0), "{all}");
    assert!(all.contains("5 steps: 5 passed"), "{all}");
}

#[test]
fn each_tenant_has_its_own_account_of_a_person() {
    let (code, all) = told(
        "  - act: { assign: ada }
  - verify: mapped
  - act: { assign: ada }
    on: second
  - act: { update: ada, with: { title: Lead } }
    on: second
  - verify: mapped
    on: second
  - verify: mapped
  - act: { unassign: ada }
    on: second
  - verify: mapped
    on: second
  - verify: mapped
",
    );
    assert_eq!(code, Some(0), "{all}");
    assert!(all.contains("9 steps: 9 passed"), "{all}");
}

#[test]
fn what_cannot_be_written_out_is_said() {
    let project = Project::new();
    let head = |client: &str| {
        format!("title: A story\n{client}source: okta.md 4 [doc]\npeople: [ada]\nsteps:\n")
    };
    let okta = head("as: okta-oin\n");
    let act = "  - act: { assign: ada }\n";
    project.write("nobody.yaml", &format!("{}{act}", head("")));
    project.write("explicit.yaml", &format!("{okta}  - get: /Users\n"));
    project.write(
        "cleanup.yaml",
        &format!("{okta}{act}cleanup:\n  - act: {{ unassign: ada }}\n"),
    );
    let flow = okta.trim_end().to_owned() + " [{ act: { assign: ada } }]\n";
    project.write("flow.yaml", &flow);
    project.write(
        "block.yaml",
        &format!("{okta}  - cases: [{{ case: one, who: ada }}]\n    steps:\n      - act: {{ assign: \"${{who}}\" }}\n"),
    );
    project.write("wrong.yaml", &format!("{okta}  - act: {{ asign: ada }}\n"));
    project.write(
        "two.yaml",
        &format!("{}{act}", head("as: [okta-oin, okta-aiw]\n")),
    );
    let mut told = String::new();
    for words in [
        "expand nobody.yaml",
        "expand explicit.yaml",
        "expand cleanup.yaml",
        "expand block.yaml",
        "expand flow.yaml",
        "expand wrong.yaml",
        "expand two.yaml",
        "expand nowhere.yaml",
        "show nobody.yaml",
        "run nobody.yaml",
    ] {
        let said = project.scimulate(words);
        let expected = if words.starts_with("run") { 0 } else { 2 };
        assert_eq!(said.code, Some(expected), "{words}\n{}", said.all());
        told.push_str(&format!("$ scimulate {words}\n{}\n", said.all()));
    }
    assert_told!("not_written_out", told);
}

#[test]
fn an_update_of_what_nobody_has_is_a_mistake() {
    let project = Project::new();
    let people = "people:\n  ada: { userName: \"ada.${run}@example.test\", badge: \"1\" }\n";
    let head = format!("title: A story\nas: okta-oin\nsource: okta.md 4 [doc]\n{people}steps:\n");
    let update = |with: &str| {
        format!("{head}  - act: {{ update: ada, with: {{ {with} }} }}\n  - verify: mapped\n")
    };
    project.write(
        "own.yaml",
        &update("badge: \"2\", name.givenName: A, phone: null"),
    );
    let said = project.scimulate("check own.yaml");
    assert_eq!(said.code, Some(0), "{}", said.all());
    project.write(
        "typo.yaml",
        &update("titel: Lead, name.givnName: A, manager: bob"),
    );
    let said = project.scimulate("run typo.yaml");
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert_told!("unknown_attributes", said.all());
}

#[test]
fn rows_of_a_mapping_that_nobody_can_send_are_mistakes() {
    let project = Project::new();
    let mapping = "mapping:\n  okta:\n    - { from: title, to: title }\n    - { from: user.email, to: emails }\n    - { from: user.title, to: \"emails.^[x\" }\n  entra:\n    - { from: jobTitle, to: \"c[\" }\n";
    project.write(
        "story.yaml",
        &format!("title: A story\nas: okta-oin\nsource: okta.md 4 [doc]\npeople: [ada]\n{mapping}steps:\n  - act: {{ assign: ada }}\n  - verify: mapped\n"),
    );
    let said = project.scimulate("run story.yaml");
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert_told!("wrong_rows", said.all());
}
