//! A `.http` file, as the REST client of Visual Studio Code sends it: later requests refer to answers by the name of the
//! request before them.

use std::collections::BTreeMap;

use super::postman::path;
use super::story::{FIRST_RUN, Options, Story, braced};
use crate::exchange::{Exchange, visible};

/// The file; `None` if nothing would be sent.
pub fn file(exchanges: &[Exchange], options: &Options) -> Option<String> {
    let story = Story::of(exchanges, options);
    if story.calls.is_empty() {
        return None;
    }
    let mut text = format!("# {}\n\n@base = {}\n", visible(&story.title), story.base);
    if story.has_token {
        // The REST client reads it from the environment, so that it stands in no file.
        text.push_str("@token = {{$processEnv SCIM_TOKEN}}\n");
    }
    if story.has_secret {
        text.push_str("@secret = {{$processEnv SCIM_SECRET}}\n");
    }
    if story.has_run {
        text.push_str(&format!(
            "# makes names unique; another one for each time\n@run = {FIRST_RUN}\n"
        ));
    }
    let mut references: BTreeMap<&str, String> = BTreeMap::new();
    for (number, call) in (1..).zip(&story.calls) {
        let request = &call.request;
        let filled = |text: &str, covered: &str| {
            references
                .iter()
                .fold(braced(text, covered), |text, (name, reference)| {
                    text.replace(&format!("{{{{{name}}}}}"), reference)
                })
        };
        text.push_str(&format!("\n### {number} {}\n", visible(&call.name)));
        if !call.keeps.is_empty() {
            text.push_str(&format!("# @name step{number}\n"));
        }
        text.push_str(&format!(
            "{} {}\n",
            request.method,
            filled(&request.target, "token")
        ));
        for (name, value) in &request.headers {
            text.push_str(&format!("{name}: {}\n", filled(value, "token")));
        }
        if !request.body.is_empty() {
            text.push_str(&format!("\n{}\n", filled(&request.body.text(), "secret")));
        }
        for keep in &call.keeps {
            let reference = format!("{{{{step{number}.response.body.$.{}}}}}", path(keep));
            references.insert(&keep.name, reference);
        }
    }
    Some(text)
}
