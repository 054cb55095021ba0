//! A page of Markdown as it grows, and code that nothing in it can leave.

use super::super::clean::{html, one_line, shortened};

/// Lines of a list that may be long.
const MOST_LINES: usize = 50;

/// What is written, as long as there is room.
pub(super) struct Page {
    pub(super) text: String,
    most: usize,
}

/// Room that is kept for the words that say that there was none.
const LAST_WORDS: usize = 200;

impl Page {
    pub(super) fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            most,
        }
    }

    /// Adds a block as a whole, or nothing of it.
    pub(super) fn add(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() + LAST_WORDS <= self.most;
        if fits {
            self.text.push_str(block);
        }
        fits
    }

    /// Adds what the room was kept for.
    pub(super) fn end(&mut self, words: &str) {
        if self.text.len() + words.len() <= self.most {
            self.text.push_str(words);
        }
    }

    pub(super) fn add_list(&mut self, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        let mut shown: Vec<String> = lines
            .iter()
            .take(MOST_LINES)
            .map(|line| shortened(line, 1000))
            .collect();
        if lines.len() > MOST_LINES {
            shown.push(format!("… and {} more", lines.len() - MOST_LINES));
        }
        self.add(&folded(
            &format!("{title}: {}", lines.len()),
            &shown.join("\n"),
        ));
    }
}

pub(super) fn folded(title: &str, text: &str) -> String {
    format!(
        "<details><summary>{}</summary>\n\n{}</details>\n\n",
        html(&one_line(title)),
        fenced(text)
    )
}

/// A block of code that nothing in it can end (CommonMark 4.5).
pub(super) fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n\n", text.trim_end())
}

/// Code within a line, also of a table: as HTML, since there a `|` and backticks need no thought.
pub(super) fn code(text: &str) -> String {
    let text = html(&one_line(text)).replace('|', "&#124;");
    // Markdown is read within inline HTML.
    let mut quiet = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '`' => quiet.push_str("&#96;"),
            '*' => quiet.push_str("&#42;"),
            '_' => quiet.push_str("&#95;"),
            '[' => quiet.push_str("&#91;"),
            '!' => quiet.push_str("&#33;"),
            '~' => quiet.push_str("&#126;"),
            '\\' => quiet.push_str("&#92;"),
            _ => quiet.push(letter),
        }
    }
    format!("<code>{quiet}</code>")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::{code, fenced};

    #[test]
    fn nothing_leaves_its_code() {
        assert_eq!(
            fenced("a\n```\n</details>"),
            "````text\na\n```\n</details>\n````\n\n"
        );
        assert_eq!(
            code("<b>|`x`* [a](b) \\"),
            "<code>&lt;b&gt;&#124;&#96;x&#96;&#42; &#91;a](b) &#92;</code>"
        );
    }
}
