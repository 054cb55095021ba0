//! Switches: what is not known for certain of a provider, and what its administrators choose.

use std::collections::BTreeMap;

/// One switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// `okta.membership`.
    pub name: &'static str,
    /// Accepted values, the default first. `N` stands for a number.
    pub values: &'static [&'static str],
    /// What it changes.
    pub meaning: &'static str,
    /// Where it is documented, with evidence.
    pub source: &'static str,
}

/// Values of switches; what is not set has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Switches {
    set: BTreeMap<&'static str, String>,
}

impl Switches {
    /// All there are.
    pub fn all() -> impl Iterator<Item = &'static Switch> {
        super::okta::SWITCHES.iter().chain(super::entra::SWITCHES)
    }

    /// Sets one.
    ///
    /// # Errors
    /// In words, what there is instead.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(switch) = Self::all().find(|switch| switch.name == name) else {
            let known: Vec<&str> = Self::all().map(|switch| switch.name).collect();
            return Err(format!(
                "there is no switch `{name}`; there is {}",
                known.join(", ")
            ));
        };
        let number = switch.values.contains(&"N") && value.parse::<usize>().is_ok_and(|n| n > 0);
        if !number && !switch.values.contains(&value) {
            return Err(format!(
                "`{name}` cannot be `{value}`; it can be {}",
                switch.values.join(", ")
            ));
        }
        self.set.insert(switch.name, value.to_owned());
        Ok(())
    }

    /// Sets one that nobody has set. Name and value must be in the table.
    pub(crate) fn set_default(&mut self, name: &str, value: &str) {
        let is_set = self.set.contains_key(name);
        if !is_set {
            self.set(name, value)
                .expect("the name and the value are in the table");
        }
    }

    /// The value of a switch. The name must be one that there is.
    pub(crate) fn get(&self, name: &str) -> &str {
        if let Some(value) = self.set.get(name) {
            return value;
        }
        Self::all()
            .find(|switch| switch.name == name)
            .and_then(|switch| switch.values.first())
            .expect("every switch that is asked for is in the table")
    }

    /// Whether an `on`/`off` switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name) == "on"
    }

    /// The value of a switch that is a number.
    pub(crate) fn number(&self, name: &str) -> usize {
        self.get(name)
            .parse()
            .expect("`set` accepts only numbers where a number is wanted")
    }
}
