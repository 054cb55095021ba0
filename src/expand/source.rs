//! The story's file by its lines: the keys at the top, and the steps as they stand.

use crate::scenario::Place;

/// Where the dashes of steps stand in a written file.
const INDENT: usize = 2;

/// A file in pieces.
pub(super) struct Source {
    /// Each key at the top with its lines.
    keys: Vec<(String, String)>,
    /// First line of each step at the top (from 1), and its lines.
    steps: Vec<(usize, String)>,
}

impl Source {
    /// Takes a file apart that the loader has accepted. What a step certifies is left out: a gate plays the story itself.
    pub(super) fn read(written: &str) -> Self {
        let mut keys: Vec<(String, String)> = Vec::new();
        let mut steps: Vec<(usize, String)> = Vec::new();
        let mut dash = None;
        let mut in_certifies = false;
        for (index, line) in written.lines().enumerate() {
            let is_key = line.starts_with(|first: char| {
                first.is_ascii_alphabetic() || matches!(first, '"' | '\'')
            });
            if is_key {
                let key = line.split(':').next().unwrap_or_default();
                let key = key.trim().trim_matches(['"', '\'']);
                keys.push((key.to_owned(), String::new()));
                dash = None;
            }
            let Some((key, lines)) = keys.last_mut() else {
                continue;
            };
            if key == "steps" && !is_key {
                let indent = line.len() - line.trim_start().len();
                if line.trim_start().starts_with('-') && indent == *dash.get_or_insert(indent) {
                    steps.push((index + 1, String::new()));
                }
                if let Some(dash) = dash {
                    let text = &line[indent..];
                    let key = dash + INDENT;
                    let goes_on = indent > key || (indent == key && text.starts_with("- "));
                    in_certifies = (indent == key && text.starts_with("certifies:"))
                        || (in_certifies && goes_on);
                }
                if in_certifies {
                    continue;
                }
                if let (Some((_, step)), Some(dash)) = (steps.last_mut(), dash) {
                    step.push_str(&indented(line, indent, dash));
                    step.push('\n');
                }
            } else {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        Self { keys, steps }
    }

    /// Whether each step has lines of its own.
    pub(super) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The lines of a key at the top.
    pub(super) fn key(&self, name: &str) -> Option<&str> {
        self.keys
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, lines)| lines.as_str())
    }

    /// The step at the top that the place is in: its first line and its lines.
    pub(super) fn step(&self, place: &Place) -> Option<(usize, &str)> {
        self.steps
            .iter()
            .rev()
            .find(|(line, _)| *line <= place.line)
            .map(|(line, text)| (*line, text.as_str()))
    }

    /// Whether a step begins there.
    pub(super) fn is_top(&self, place: &Place) -> bool {
        self.steps.iter().any(|(line, _)| *line == place.line)
    }
}

/// The line in a list whose dashes stand behind two spaces, as those of the written file do. Nothing in a step stands
/// further left than its dash but comments.
fn indented(line: &str, indent: usize, dash: usize) -> String {
    let text = &line[indent..];
    if text.is_empty() {
        return String::new();
    }
    format!(
        "{:width$}{text}",
        "",
        width = (indent + INDENT).saturating_sub(dash)
    )
}

#[cfg(test)]
mod tests {
    use super::Source;
    use crate::scenario::Place;

    #[test]
    fn a_file_falls_into_keys_and_steps() {
        let source = Source::read(
            "# first\ntitle: A\nvars:\n  x: y\nsteps:\n  - act: import\n  - name: b\n    get: /Users\n",
        );
        let at = |line| Place {
            line,
            ..Place::default()
        };
        assert_eq!(source.key("vars"), Some("vars:\n  x: y\n"));
        assert_eq!(source.step(&at(6)), Some((6, "  - act: import\n")));
        assert_eq!(
            source.step(&at(8)),
            Some((7, "  - name: b\n    get: /Users\n"))
        );
        assert!(source.is_top(&at(7)) && !source.is_top(&at(8)));
    }

    #[test]
    fn what_a_step_certifies_is_left_out() {
        for list in ["[okta-c9290]", "\n      - okta-c9290", "\n    - okta-c9290"] {
            let source = Source::read(&format!(
                "steps:\n  - name: a\n    certifies: {list}\n    get: /Users\n  - verify: mapped\n    certifies: {list}\n  - act: import\n"
            ));
            let steps: Vec<&str> = source.steps.iter().map(|(_, step)| step.as_str()).collect();
            assert_eq!(
                steps,
                [
                    "  - name: a\n    get: /Users\n",
                    "  - verify: mapped\n",
                    "  - act: import\n"
                ]
            );
        }
    }

    #[test]
    fn steps_are_found_wherever_their_dashes_and_comments_stand() {
        for dash in ["", "  ", "    "] {
            let text = format!(
                "title: A\r\n'steps':\r\n# why\r\n\r\n{dash}- act: import\r\n# then\r\n\r\n{dash}- name: b\r\n{dash}  body: |\r\n{dash}    - c\r\n"
            );
            let source = Source::read(&text);
            let step = |line| {
                let place = Place {
                    line,
                    ..Place::default()
                };
                source.step(&place).map(|(_, text)| text)
            };
            assert_eq!(step(4), None, "{dash:?}");
            assert!(step(5).is_some_and(|step| step.starts_with("  - act: import\n")));
            assert_eq!(
                step(8),
                Some("  - name: b\n    body: |\n      - c\n"),
                "{dash:?}"
            );
        }
    }
}
