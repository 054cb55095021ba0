//! Whether a provider's gate would open, in HTML.

use super::super::clean::{html, one_line};
use super::super::summary::{counted, seconds};
use super::prose::prose;
use crate::event::{Opens, Outcome, PartOutcome, Readiness, RequirementOutcome, Sight};

/// The class of the verdict, and its words.
pub(super) fn verdict(readiness: &Readiness) -> (&'static str, String) {
    let class = match readiness.verdict {
        Opens::Ready => "good",
        Opens::NotReady => "bad",
        Opens::NotPredictable => "odd",
    };
    let title = html(&one_line(&readiness.title));
    (class, format!("{title}: {}", readiness.verdict.words()))
}

/// Each part with its requirements; those that are not met are open.
pub(super) fn told(readiness: &Readiness) -> String {
    let mut text = format!(
        "<section aria-labelledby=\"gate\"><h2 id=\"gate\">What the gate demands</h2>\n<p class=\"place\">rules of {}, met as {}\n",
        html(&one_line(&readiness.rules)),
        html(&one_line(&readiness.client)),
    );
    for part in &readiness.parts {
        text.push_str(&part_told(part));
    }
    if readiness.beside > 0 {
        text.push_str(&format!(
            "<p>{} the RFC where this gate does not look\n",
            match readiness.beside {
                1 => "1 step breaks".to_owned(),
                steps => format!("{steps} steps break"),
            }
        ));
    }
    text.push_str("</section>\n");
    text
}

fn part_told(part: &PartOutcome) -> String {
    let effort = match part.requests {
        0 => String::new(),
        requests => format!(
            "; {}, {} in {}",
            counted(requests, "request"),
            counted(part.assertions, "assertion"),
            seconds(part.elapsed)
        ),
    };
    let mut text = format!(
        "<h3>{}</h3>\n<p>{} <small>{}, rules of {}{effort}</small>\n",
        html(&one_line(&part.title)),
        prose(&part.about),
        html(&one_line(&part.source)),
        html(&one_line(&part.date)),
    );
    text.extend(part.requirements.iter().map(requirement));
    text
}

fn requirement(one: &RequirementOutcome) -> String {
    let class = match (one.outcome, one.required) {
        (Outcome::Met, _) => "good",
        (Outcome::NotMet, true) => "bad",
        (Outcome::NotMet, false) | (Outcome::NotTested, _) => "odd",
        (Outcome::NotApplicable | Outcome::Manual, _) => "dim",
    };
    let open = if one.outcome == Outcome::NotMet {
        " open"
    } else {
        ""
    };
    let level = if one.required {
        "required"
    } else {
        "recommended"
    };
    let mut text = format!(
        "<details{open}><summary><b class=\"word {class}\">{}</b> {} <small>{}, {level}</small></summary><div>\
         <small>{}, rule of {}</small>\n",
        one.outcome.words(),
        html(&one_line(&one.title)),
        html(&one_line(&one.id)),
        html(&one_line(&one.source)),
        html(&one_line(&one.date)),
    );
    if let Some(emulated) = &one.emulated {
        text.push_str(&format!("<p>emulated: {}\n", prose(emulated)));
    }
    let lines: Vec<String> = one
        .seen
        .iter()
        .map(sight)
        .chain(one.reasons.iter().map(|reason| prose(reason)))
        .collect();
    if !lines.is_empty() {
        text.push_str(&format!("<ul><li>{}</ul>\n", lines.join("<li>")));
    }
    if one.outcome == Outcome::NotMet {
        text.push_str(&format!("<p>what to do: {}\n", prose(&one.fix)));
    }
    text.push_str("</div></details>\n");
    text
}

fn sight(sight: &Sight) -> String {
    let mut text = prose(&sight.message);
    if !sight.file.is_empty() {
        text.push_str(&format!(
            " <small>{}:{}, step <code>{}</code></small>",
            html(&one_line(&sight.file)),
            sight.line,
            html(&one_line(&sight.step))
        ));
    }
    if sight.times > 1 {
        text.push_str(&format!(" <small>and {} more</small>", sight.times - 1));
    }
    text
}
