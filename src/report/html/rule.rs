//! What a rule requires and how to mend what breaks it, from the rule's page.

use super::super::clean::html;

/// The parts of a page that are shown.
const HEADINGS: [&str; 2] = ["What it requires", "How to fix it"];

/// A rule with what its page says; without a page the command that explains it.
pub(super) fn told(rule: &str, page: Option<&str>) -> String {
    let mut text = format!("<h3 id=\"{}\">{}</h3>\n", anchor(rule), html(rule));
    match page {
        Some(page) => {
            for heading in HEADINGS {
                if let Some(part) = part(page, heading) {
                    text.push_str(&format!(
                        "<p><small>{heading}</small>\n{}",
                        paragraphs(part)
                    ));
                }
            }
        }
        None => text.push_str("<p>There is no page on this rule.\n"),
    }
    text
}

/// The name of a rule's place on the page, which nothing can break out of.
pub(super) fn anchor(rule: &str) -> String {
    let letters = rule.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() || letter == '-' => letter,
        _ => '_',
    });
    format!("rule-{}", letters.collect::<String>())
}

/// What stands below a heading.
fn part<'p>(page: &'p str, heading: &str) -> Option<&'p str> {
    let heading = format!("## {heading}\n");
    let start = page.find(&heading)? + heading.len();
    let rest = &page[start..];
    Some(rest.find("\n## ").map_or(rest, |end| &rest[..end]).trim())
}

/// Markdown as far as pages use it: paragraphs, fenced blocks, and code in a line.
fn paragraphs(markdown: &str) -> String {
    let mut text = String::new();
    for (position, part) in markdown.split("```").enumerate() {
        if position % 2 == 1 {
            // After the fence stands the language.
            let block = part.split_once('\n').map_or(part, |(_, block)| block);
            text.push_str(&format!("<pre>{}</pre>\n", html(block.trim_end())));
            continue;
        }
        for paragraph in part.split("\n\n").filter(|text| !text.trim().is_empty()) {
            text.push_str(&format!("<p>{}\n", with_code(paragraph.trim())));
        }
    }
    text
}

fn with_code(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(position, part)| {
        let part = html(part);
        match position % 2 {
            1 => format!("<code>{part}</code>"),
            _ => part,
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_page_is_cut_to_what_is_needed() {
        let page = "## What it requires\nAn `id` < all.\n\nAlways.\n\n## Why it matters\nMuch.\n\n## How to fix it\nSay it:\n\n```json\n{\"id\":\"1\"}\n```\n";
        assert_eq!(
            told("a-rule", Some(page)),
            "<h3 id=\"rule-a-rule\">a-rule</h3>\n<p><small>What it requires</small>\n<p>An <code>id</code> &lt; all.\n<p>Always.\n\
             <p><small>How to fix it</small>\n<p>Say it:\n<pre>{\"id\":\"1\"}</pre>\n"
        );
        assert!(told("<b\">", None).starts_with("<h3 id=\"rule-_b__\">&lt;b\"&gt;</h3>"));
    }
}
