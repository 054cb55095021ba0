//! The right name nearest to a wrong one.

/// The candidate that is nearest to what was written, if it is near enough to be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    // A third of the letters may differ, at most 3; the work stays small whatever a file contains.
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    if word.len() > 80 {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| {
            candidate.len().abs_diff(word.len()) <= 2 * allowed && *candidate != word
        })
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Letters to change, insert, remove or swap with their neighbour; letter case does not count.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut rows = vec![(0..=right.len()).collect::<Vec<usize>>()];
    for (index, letter) in left.iter().enumerate() {
        let mut row = vec![index + 1];
        for (column, other) in right.iter().enumerate() {
            let changed = rows[index][column] + usize::from(letter != other);
            let mut least = changed
                .min(rows[index][column + 1] + 1)
                .min(row[column] + 1);
            let swapped = index > 0
                && column > 0
                && left[index - 1] == *other
                && right[column - 1] == *letter;
            if swapped {
                least = least.min(rows[index - 1][column - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}
