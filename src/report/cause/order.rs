//! What to mend first: what turns most cells of the grid, then what fails most scenarios and steps.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::event::GridCell;

/// A cause as far as its order goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Weight {
    /// How many scenarios fail over it.
    pub(super) scenarios: usize,
    /// How many steps fail over it.
    pub(super) steps: usize,
    /// Where it is met first, so that the order does not depend on time.
    pub(super) first: (usize, usize),
    /// Its place among the failures of that step.
    pub(super) judged: usize,
}

/// The order of the causes, each with the cells that are FAIL no longer once it and those before it are mended.
///
/// `cells` has for each cell that is FAIL the causes of that; one that holds `usize::MAX` has causes that are not told here.
pub(super) fn order(
    causes: &[Weight],
    cells: &BTreeMap<GridCell, BTreeSet<usize>>,
) -> Vec<(usize, Vec<GridCell>)> {
    let mut left: Vec<usize> = (0..causes.len()).collect();
    let mut mended: BTreeSet<usize> = BTreeSet::new();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let unlocked = |cause: usize| -> Vec<GridCell> {
            cells
                .iter()
                .filter(|(_, over)| {
                    over.contains(&cause)
                        && over.iter().all(|one| *one == cause || mended.contains(one))
                })
                .map(|(cell, _)| cell.clone())
                .collect()
        };
        let best = left.iter().enumerate().min_by_key(|(_, cause)| {
            let weight = &causes[**cause];
            (
                Reverse(unlocked(**cause).len()),
                Reverse(weight.scenarios),
                Reverse(weight.steps),
                weight.first,
                weight.judged,
            )
        });
        let Some((place, &cause)) = best else {
            break;
        };
        ordered.push((cause, unlocked(cause)));
        mended.insert(cause);
        left.remove(place);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Weight, order};
    use crate::event::GridCell;

    #[test]
    fn what_turns_most_cells_comes_first() {
        let weight = |scenarios, first| Weight {
            scenarios,
            steps: scenarios,
            first: (first, 0),
            judged: 0,
        };
        let cell = |feature: &str| GridCell {
            client: "okta-oin".to_owned(),
            feature: feature.to_owned(),
        };
        let causes = [weight(9, 0), weight(1, 1), weight(3, 2), weight(9, 3)];
        let cells = BTreeMap::from([
            (cell("create"), BTreeSet::from([1])),
            (cell("update"), BTreeSet::from([0, 1])),
            (cell("delete"), BTreeSet::from([2, usize::MAX])),
        ]);
        let order: Vec<(usize, usize)> = order(&causes, &cells)
            .into_iter()
            .map(|(cause, unlocked)| (cause, unlocked.len()))
            .collect();
        assert_eq!(order, [(1, 1), (0, 1), (3, 0), (2, 0)]);
    }
}
