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

/// What keeps the gate shut, then each part with its requirements; those that are not met are open.
pub(super) fn told(readiness: &Readiness) -> String {
    let mut text = format!(
        "<section aria-labelledby=\"gate\"><h2 id=\"gate\">What the gate demands</h2>\n<p class=\"place\">rules of {}, met as {}\n",
        html(&one_line(&readiness.rules)),
        html(&one_line(&readiness.client)),
    );
    text.push_str(&unmet(readiness));
    for (number, part) in readiness.parts.iter().enumerate() {
        text.push_str(&part_told(part, number));
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

/// A link to each requirement without which the gate stays shut.
fn unmet(readiness: &Readiness) -> String {
    let mut links = String::new();
    for (number, part) in readiness.parts.iter().enumerate() {
        for (place, one) in part.requirements.iter().enumerate() {
            if one.required && one.outcome == Outcome::NotMet {
                links.push_str(&format!(
                    "<li><a href=\"#gate-{number}-{place}\">{}</a> <small>{}</small>\n",
                    html(&one_line(&one.title)),
                    html(&one_line(&part.title)),
                ));
            }
        }
    }
    match links.is_empty() {
        true => links,
        false => {
            format!("<div class=\"note\"><p><b>What keeps it shut</b>\n<ul>{links}</ul></div>\n")
        }
    }
}

fn part_told(part: &PartOutcome, number: usize) -> String {
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
        "<h3>{} <small>{}</small></h3>\n<p>{} <small>{}, rules of {}{effort}</small>\n",
        html(&one_line(&part.title)),
        outcomes(part),
        prose(&part.about),
        html(&one_line(&part.source)),
        html(&one_line(&part.date)),
    );
    for (place, one) in part.requirements.iter().enumerate() {
        text.push_str(&requirement(one, &format!("gate-{number}-{place}")));
    }
    text
}

/// `2 not met, 10 met`.
fn outcomes(part: &PartOutcome) -> String {
    let parts: Vec<String> = [
        Outcome::NotMet,
        Outcome::NotTested,
        Outcome::Manual,
        Outcome::NotApplicable,
        Outcome::Met,
    ]
    .into_iter()
    .filter_map(|outcome| {
        let of_it = |one: &&RequirementOutcome| one.outcome == outcome;
        let count = part.requirements.iter().filter(of_it).count();
        (count > 0).then(|| format!("{count} {}", outcome.words()))
    })
    .collect();
    parts.join(", ")
}

fn requirement(one: &RequirementOutcome, id: &str) -> String {
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
        "<details class=\"demand\"{open}><summary><b class=\"word {class}\">{}</b> <span>{}</span> <small>{}, {level}</small></summary>\
         <div id=\"{id}\"><p class=\"place\">{}, rule of {}\n",
        one.outcome.words(),
        html(&one_line(&one.title)),
        html(&one_line(&one.id)),
        html(&one_line(&one.source)),
        html(&one_line(&one.date)),
    );
    if let Some(emulated) = &one.emulated {
        text.push_str(&format!("<p><i>emulated:</i> {}\n", prose(emulated)));
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
        text.push_str(&format!("<p><i>what to do:</i> {}\n", prose(&one.fix)));
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
