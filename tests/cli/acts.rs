//! Stories told with `act`: what several providers and tenants in one of them do not make each other read back.

use crate::project::Project;

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
