//! Rows of `cases`, and the values that they and the arguments of fragments give.

use std::rc::Rc;

use crate::scenario::error::Problem;
use crate::scenario::load::Loader;
use crate::scenario::load::fields;
use crate::scenario::load::matchers::named;
use crate::scenario::load::scope::{Binding, reserved};
use crate::scenario::template::{Tree, is_name};
use crate::scenario::yaml::{Entry, Kind, Node};

/// One row of `cases`.
pub(super) struct Row {
    /// Its name.
    pub(super) case: String,
    /// Requirement ids of this row alone.
    pub(super) covers: Vec<String>,
    /// Ids of requirements of gates of this row alone.
    pub(super) certifies: Vec<String>,
    /// What the target must have for this row alone.
    pub(super) needs: Vec<String>,
    /// Its other keys.
    pub(super) columns: Vec<Binding>,
}

impl Loader<'_> {
    pub(super) fn rows(&mut self, node: &Node) -> Vec<Row> {
        let Kind::List(items) = &node.kind else {
            self.errors
                .push(fields::wrong_type("cases", "a list of rows", node));
            return Vec::new();
        };
        if items.is_empty() {
            let key = "cases".to_owned();
            self.errors
                .push(Problem::Empty { key }.at(node.place.clone()));
        }
        self.user = format!("the `cases` in line {}", node.place.line);
        let mut rows: Vec<Row> = Vec::new();
        let mut keys: Option<Vec<&str>> = None;
        for item in items {
            let Some((row, columns)) = self.row(item) else {
                continue;
            };
            if rows.iter().any(|other| other.case == row.case) {
                let case = row.case.clone();
                self.errors
                    .push(Problem::DuplicateRow { case }.at(item.place.clone()));
                continue;
            }
            match &keys {
                None => keys = Some(columns),
                Some(keys) => {
                    if let Some(difference) = difference(keys, &columns) {
                        let case = row.case.clone();
                        let problem = Problem::RowKeys { case, difference };
                        self.errors.push(problem.at(item.place.clone()));
                    }
                }
            }
            rows.push(row);
        }
        rows
    }

    fn row<'n>(&mut self, node: &'n Node) -> Option<(Row, Vec<&'n str>)> {
        let Kind::Map(entries) = &node.kind else {
            self.errors
                .push(fields::wrong_type("row", "a mapping", node));
            return None;
        };
        let Some(case) = entries.iter().find(|entry| entry.key == "case") else {
            let problem = Problem::MissingKey {
                key: "case".to_owned(),
                place: "a row of `cases`",
            };
            self.errors.push(problem.at(node.place.clone()));
            return None;
        };
        let case = match &case.value.kind {
            Kind::Number { text, .. } => text.clone(),
            Kind::Bool(flag) => flag.to_string(),
            _ => self.known_text("case", &case.value)?.trim().to_owned(),
        };
        let covers = entries.iter().find(|entry| entry.key == "covers");
        let covers = self.covers(covers.map(|entry| &entry.value));
        let certifies = entries.iter().find(|entry| entry.key == "certifies");
        let certifies = self.certifies(certifies.map(|entry| &entry.value));
        let needs = entries.iter().find(|entry| entry.key == "needs");
        let needs = self.needs(needs.map(|entry| &entry.value));
        let columns: Vec<&Entry> = entries
            .iter()
            .filter(|entry| !["case", "covers", "certifies", "needs"].contains(&entry.key.as_str()))
            .collect();
        let names = columns.iter().map(|entry| entry.key.as_str()).collect();
        let columns = columns
            .into_iter()
            .filter_map(|entry| self.binding(entry))
            .collect();
        let row = Row {
            case,
            covers,
            certifies,
            needs,
            columns,
        };
        Some((row, names))
    }

    /// A column or argument: its value must not mention columns and parameters that may be hidden where it is used.
    pub(super) fn binding(&mut self, entry: &Entry) -> Option<Binding> {
        let was_inline = std::mem::replace(&mut self.inline, true);
        let tree: Tree = self.tree(&entry.value);
        self.inline = was_inline;
        if !is_name(&entry.key) || entry.key.contains('.') || reserved(&entry.key) {
            let name = entry.key.clone();
            self.errors
                .push(Problem::BadName { name }.at(entry.place.clone()));
            return None;
        }
        let is_matcher = match &entry.value.kind {
            Kind::List(_) | Kind::Map(_) => true,
            Kind::Text(scalar) => named(&scalar.text).is_some(),
            _ => false,
        };
        Some(Binding {
            name: entry.key.clone(),
            tree,
            matcher: is_matcher.then(|| Rc::new(entry.value.clone())),
            open: false,
        })
    }
}

fn difference(first: &[&str], row: &[&str]) -> Option<String> {
    if let Some(missing) = first.iter().find(|key| !row.contains(key)) {
        return Some(format!("no `{missing}`, which the first row has"));
    }
    let extra = row.iter().find(|key| !first.contains(key))?;
    Some(format!("`{extra}`, which the first row has not"))
}
