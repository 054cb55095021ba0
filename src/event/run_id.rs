//! Ids of runs, which all names that a run creates have in them.

/// The run's id as one scenario has it: names of scenarios that are played beside each other, or after one whose cleanup
/// failed, must not meet.
pub fn of_scenario(run: &str, scenario: usize) -> String {
    let mut id: String = run.chars().take(5).collect();
    id.push_str(&digits(scenario as u128, 3));
    id
}

/// The last digits of a number in base 36, the last one first.
pub fn digits(mut number: u128, count: usize) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    (0..count)
        .map(|_| {
            let digit = DIGITS[(number % 36) as usize];
            number /= 36;
            char::from(digit)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::of_scenario;

    #[test]
    fn scenarios_of_a_run_never_share_an_id() {
        let ids: std::collections::BTreeSet<String> = (0..2000)
            .map(|number| of_scenario("k3x9q2ab", number))
            .collect();
        assert_eq!(ids.len(), 2000);
        assert!(
            ids.iter()
                .all(|id| id.len() == 8 && id.starts_with("k3x9q"))
        );
    }
}
