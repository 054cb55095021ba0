//! With what the providers of a scenario begin: switches and mappings as the file sets them.

use std::collections::BTreeMap;

use crate::finding::Authority;
use crate::idp::mapping::{self, Expression, Mapping, Row};
use crate::idp::{Switches, directory_file};
use crate::scenario::act::Act;
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::nearest::nearest;
use crate::scenario::step::{Action, Step};
use crate::scenario::template::Tree;
use crate::scenario::{DirectoryPart, MappingRow, Scenario};

/// Switches, and each provider's mapping where it is not the default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProviderSettings {
    /// What is set.
    pub switches: Switches,
    /// Mappings that differ from the default.
    pub mappings: BTreeMap<Authority, Mapping>,
}

/// Reads the settings of a scenario.
///
/// # Errors
/// Every switch and row that is not understood, by place.
pub fn settings_of(part: &DirectoryPart) -> Result<ProviderSettings, Vec<ScenarioError>> {
    let mut errors = Vec::new();
    let mut settings = ProviderSettings::default();
    for (name, value, place) in &part.switches {
        if let Err(message) = settings.switches.set(name, value) {
            let known = Switches::all().map(|switch| switch.name);
            let repair = nearest(name, known)
                .filter(|near| near != name)
                .map(|near| format!("did you mean `{near}`?"));
            errors.push(Problem::Mapping { message, repair }.at(place.clone()));
        }
    }
    for (provider, rows) in &part.mapping {
        let authority = match provider.as_str() {
            "entra" => Authority::Entra,
            _ => Authority::Okta,
        };
        let mut mapping = Mapping::default_of(authority).clone();
        for row in rows {
            match mapping::file::misplaced(&row.to, authority) {
                Some(problem) if row.from.is_some() => errors.push(problem.at(row.place.clone())),
                _ => adjust(&mut mapping, row, &mut errors),
            }
        }
        let targets = mapping.users.iter().map(|row| row.to.as_str());
        for (target, problem) in mapping::file::blocked(targets, authority) {
            let written = rows.iter().find(|row| row.to == target).or(rows.last());
            if let Some(row) = written {
                errors.push(problem.at(row.place.clone()));
            }
        }
        settings.mappings.insert(authority, mapping);
    }
    match errors.is_empty() {
        true => Ok(settings),
        false => Err(errors),
    }
}

/// The mistakes of a scenario that only the providers can tell.
pub fn mistakes_of(scenario: &Scenario) -> Vec<ScenarioError> {
    let mut mistakes = settings_of(&scenario.directory).err().unwrap_or_default();
    for step in scenario.steps.iter().chain(&scenario.cleanup) {
        if let Action::Act(act) = &step.action {
            unknown_attributes(scenario, step, &act.0, &mut mistakes);
        }
    }
    mistakes
}

/// An attribute that nobody has is sent by no mapping: the act would change nothing, and nobody would notice.
fn unknown_attributes(
    scenario: &Scenario,
    step: &Step,
    act: &Act,
    mistakes: &mut Vec<ScenarioError>,
) {
    let Some(Tree::Map(values)) = &act.with else {
        return;
    };
    let own: Vec<String> = scenario
        .people
        .iter()
        .filter(|(alias, _)| act.who.contains(alias))
        .flat_map(|(_, attributes)| match attributes {
            Tree::Map(members) => members.iter().map(|(name, _)| name.to_string()).collect(),
            _ => Vec::new(),
        })
        .collect();
    for name in values.iter().filter_map(|(name, _)| name.as_literal()) {
        let first = name.split('.').next().unwrap_or_default();
        let known = directory_file::attributes();
        let is_own = own.iter().any(|own| own == first);
        // What is told of a name or an address has known parts, whoever has one.
        let is_known = match known.iter().any(|known| known == first) {
            true => known.iter().any(|known| known == name),
            false => is_own,
        };
        if !is_known {
            let problem = Problem::UnknownKey {
                key: name.to_owned(),
                place: "the attributes of an `update`",
                near: nearest(name, known.iter().map(String::as_str)),
                known: "the attributes of people, such as `title` and `name.givenName`; managers and roles have acts \
                        of their own"
                    .to_owned(),
            };
            mistakes.push(problem.at(step.place.clone()));
        }
    }
}

fn adjust(mapping: &mut Mapping, row: &MappingRow, errors: &mut Vec<ScenarioError>) {
    let place = mapping.users.iter().position(|known| known.to == row.to);
    let Some(from) = &row.from else {
        match place {
            Some(place) => {
                mapping.users.remove(place);
            }
            None => {
                let message = format!("no row of the default mapping goes to `{}`", row.to);
                let targets = mapping.users.iter().map(|known| known.to.as_str());
                let repair =
                    nearest(&row.to, targets).map(|near| format!("did you mean `{near}`?"));
                errors.push(Problem::Mapping { message, repair }.at(row.place.clone()));
            }
        }
        return;
    };
    match Expression::parse(from, Mapping::attributes_of(mapping.provider)) {
        Ok(from) => {
            let new = Row {
                from,
                to: row.to.clone(),
                matching: row.matching,
            };
            match place {
                Some(place) => mapping.users[place] = new,
                None => mapping.users.push(new),
            }
        }
        Err(misread) => {
            let names = Mapping::attributes_of(mapping.provider).keys();
            let repair = misread
                .unknown_name()
                .and_then(|name| nearest(name, names.map(String::as_str)))
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| {
                    let name = misread.unknown_name()?;
                    let inside = Mapping::attributes_of(mapping.provider);
                    let own = inside.iter().find(|(_, inner)| *inner == name)?.0;
                    Some(format!("the provider calls it `{own}`"))
                });
            let message = misread.to_string();
            errors.push(Problem::Mapping { message, repair }.at(row.place.clone()));
        }
    }
}
