//! The story's file by its lines: the keys at the top, and the steps as they stand.

use crate::scenario::Place;

/// A file in pieces.
pub(super) struct Source {
    /// Each key at the top with its lines.
    keys: Vec<(String, String)>,
    /// First line of each step at the top (from 1), and its lines.
    steps: Vec<(usize, String)>,
}

impl Source {
    /// Takes a file apart that the loader has accepted.
    pub(super) fn read(written: &str) -> Self {
        let mut keys: Vec<(String, String)> = Vec::new();
        let mut steps: Vec<(usize, String)> = Vec::new();
        let mut dash = None;
        for (index, line) in written.lines().enumerate() {
            let is_key = line.starts_with(|first: char| first.is_ascii_alphabetic());
            if is_key {
                let key = line.split(':').next().unwrap_or_default();
                keys.push((key.to_owned(), String::new()));
                dash = None;
            }
            let Some((key, lines)) = keys.last_mut() else {
                continue;
            };
            if key == "steps" && !is_key {
                let indent = line.len() - line.trim_start().len();
                let first = *dash.get_or_insert(indent);
                if line.trim_start().starts_with('-') && indent == first {
                    steps.push((index + 1, String::new()));
                }
                if let Some((_, step)) = steps.last_mut() {
                    step.push_str(line);
                    step.push('\n');
                }
            } else {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        Self { keys, steps }
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
}
