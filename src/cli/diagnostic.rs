//! Mistakes in files, shown with the line they are in.

use std::collections::HashMap;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::report::counted;
use crate::scenario::error::ScenarioError;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file works.
    Warning,
}

/// Renders messages one below the other, each with its line, a caret and a hint.
///
/// `text_of` gives the text of a file by the name that the message has for it. Colours are always in the result: write it
/// through a stream that takes them away where they are not wanted.
pub fn render(
    messages: &[(Severity, &ScenarioError)],
    text_of: &dyn Fn(&str) -> Option<String>,
) -> String {
    render_with(&Renderer::styled(), messages, text_of)
}

/// As [`render`], without colours.
pub fn render_plain(
    messages: &[(Severity, &ScenarioError)],
    text_of: &dyn Fn(&str) -> Option<String>,
) -> String {
    render_with(&Renderer::plain(), messages, text_of)
}

fn render_with(
    renderer: &Renderer,
    messages: &[(Severity, &ScenarioError)],
    text_of: &dyn Fn(&str) -> Option<String>,
) -> String {
    let mut texts: HashMap<&str, Option<String>> = HashMap::new();
    let mut rendered = String::new();
    for (severity, error) in messages {
        let text = texts
            .entry(&error.at.file)
            .or_insert_with(|| text_of(&error.at.file));
        rendered.push_str(&one(renderer, *severity, error, text.as_deref()));
        rendered.push_str("\n\n");
    }
    rendered
}

/// `2 errors and 1 warning in 3 files`.
pub fn count(errors: usize, warnings: usize, files: usize) -> String {
    let files = counted(files, "file");
    match (errors, warnings) {
        (0, 0) => format!("no mistakes in {files}"),
        (0, warnings) => format!("{} in {files}", counted(warnings, "warning")),
        (errors, 0) => format!("{} in {files}", counted(errors, "error")),
        (errors, warnings) => format!(
            "{} and {} in {files}",
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    }
}

fn one(
    renderer: &Renderer,
    severity: Severity,
    error: &ScenarioError,
    text: Option<&str>,
) -> String {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(error.to_string());
    let place = &error.at;
    let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    let line = text.and_then(|text| text.lines().nth(place.line.saturating_sub(1)));
    let group = match line {
        Some(line) => {
            let start = line
                .char_indices()
                .nth(place.column.saturating_sub(1))
                .map_or(line.len(), |(at, _)| at);
            let end = start + marked(&line[start..]);
            title.element(
                Snippet::source(line)
                    .path(place.file.as_str())
                    .line_start(place.line)
                    .annotation(AnnotationKind::Primary.span(start..end)),
            )
        }
        None => title.element(
            annotate_snippets::Origin::path(place.file.as_str())
                .line(place.line)
                .char_column(place.column),
        ),
    };
    let mut report = vec![group];
    if let Some(hint) = error.hint() {
        let hint = Level::HELP.with_name("hint").secondary_title(hint);
        report.push(annotate_snippets::Group::with_title(hint));
    }
    renderer.render(&report)
}

/// Bytes under the caret: a variable, a quoted text or a word.
fn marked(rest: &str) -> usize {
    if rest.starts_with("${") {
        return rest.find('}').map_or(2, |end| end + 1);
    }
    if let Some(inner) = rest.strip_prefix('"') {
        return inner.find('"').map_or(1, |end| end + 2);
    }
    let end = rest.find(|letter: char| letter.is_whitespace() || ",:{}[]\"'".contains(letter));
    match end {
        None => rest.len(),
        Some(0) => rest.chars().next().map_or(0, char::len_utf8),
        Some(end) => end,
    }
}
