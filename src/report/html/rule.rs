//! What rules require and how to mend what breaks them, from the rules' pages.

use super::super::clean::{html, one_line};
use super::prose::prose;

/// A rule with what its page says, and how often it was broken and spoke in this run.
pub(super) fn told(rule: &str, page: Option<&str>, (broken, spoke): (u64, u64)) -> String {
    let (class, counts) = match broken {
        0 => ("good", format!("kept, {spoke}×")),
        _ => ("bad", format!("broken, {broken}×")),
    };
    let mut text = format!(
        "<details class=\"rule\"><summary><span>{}</span> <b class=\"{class}\">{counts}</b></summary><div id=\"{}\">\n",
        html(&one_line(rule)),
        anchor(rule),
    );
    match page {
        Some(page) => {
            for part in page.split("\n## ") {
                let part = part.strip_prefix("## ").unwrap_or(part);
                let (heading, rest) = part.split_once('\n').unwrap_or((part, ""));
                text.push_str(&format!("<h4>{}</h4>\n{}", html(heading), paragraphs(rest)));
            }
        }
        None => text.push_str("<p>There is no page on this rule.\n"),
    }
    text.push_str("</div></details>\n");
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
            text.push_str(&format!("<p>{}\n", prose(paragraph.trim())));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_page_is_told_whole_with_counts() {
        let page = "## What it requires\nAn `id` < all.\n\nAlways.\n\n## How to fix it\nSay it:\n\n```json\n{\"id\":\"1\"}\n```\n";
        assert_eq!(
            told("a-rule", Some(page), (2, 9)),
            "<details class=\"rule\"><summary><span>a-rule</span> <b class=\"bad\">broken, 2×</b></summary><div id=\"rule-a-rule\">\n\
             <h4>What it requires</h4>\n<p>An <code>id</code> &lt; all.\n<p>Always.\n\
             <h4>How to fix it</h4>\n<p>Say it:\n<pre>{\"id\":\"1\"}</pre>\n</div></details>\n"
        );
        let kept = told("<b\">", None, (0, 1));
        assert!(
            kept.contains("<span>&lt;b\"&gt;</span> <b class=\"good\">kept, 1×</b></summary><div id=\"rule-_b__\">"),
            "{kept}"
        );
    }
}
