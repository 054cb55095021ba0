//! Coverage for programs: one JSON object.

use serde_json::{Value, json};

use crate::coverage::{Claim, Entry, Tally, by_section, by_tier};

/// `totals`, `tiers`, `sections`, and `requirements` with all that tests each of them.
pub(super) fn object(entries: &[Entry]) -> String {
    let tiers: Vec<Value> = by_tier(entries)
        .into_iter()
        .map(|(tier, tally)| with("tier", json!(tier), tally))
        .collect();
    let sections: Vec<Value> = by_section(entries)
        .into_iter()
        .map(|(section, tally)| with("section", json!(section), tally))
        .collect();
    let requirements: Vec<Value> = entries.iter().map(requirement).collect();
    let object = json!({
        "totals": Tally::of(entries),
        "tiers": tiers,
        "sections": sections,
        "requirements": requirements,
    });
    format!("{object:#}\n")
}

fn with(name: &str, value: Value, tally: Tally) -> Value {
    let [count, tested, untestable, untested] = tally.columns();
    json!({
        name: value,
        "count": count,
        "tested": tested,
        "untestable": untestable,
        "untested": untested,
    })
}

fn requirement(entry: &Entry) -> Value {
    let requirement = &entry.requirement;
    let scenarios: Vec<Value> = entry.claims.iter().map(claim).collect();
    json!({
        "id": requirement.id,
        "rfc": requirement.rfc,
        "section": requirement.section,
        "group": requirement.group(),
        "level": requirement.level,
        "tier": requirement.tier,
        "area": requirement.area,
        "requirement": requirement.requirement,
        "standing": entry.standing().name(),
        "checks": entry.checks,
        "scenarios": scenarios,
        "untestable": entry.reason,
    })
}

fn claim(claim: &Claim) -> Value {
    json!({
        "path": claim.path,
        "steps": claim.steps,
        "by_default": claim.by_default,
    })
}
