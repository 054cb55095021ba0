//! What to do about each mistake.

use crate::scenario::error::Problem;

impl Problem {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::FileTooLarge { less, .. } | Self::TooManyNodes { less, .. } => {
                Some((*less).to_owned())
            }
            Self::NotUtf8 { utf16: true } => {
                Some("it looks like UTF-16: save it as UTF-8".to_owned())
            }
            Self::NotUtf8 { .. } => Some("save the file as UTF-8".to_owned()),
            Self::EmptyFile { begin } => Some((*begin).to_owned()),
            Self::Syntax { variable: true, .. } => Some(
                "inside `{ }` and `[ ]`, a text with `${…}` needs quotes: `{ id: \"${ada.id}\" }`"
                    .to_owned(),
            ),
            Self::Syntax { message, .. } => syntax_hint(message),
            Self::Tab => Some("indent with spaces".to_owned()),
            Self::ByteOrderMark => {
                Some("remove the invisible character U+FEFF from this line".to_owned())
            }
            Self::SecondDocument => Some("remove `---`, or move it to a file of its own".to_owned()),
            Self::Tag { .. } => {
                Some("remove it; quotes make a text: `\"12\"`".to_owned())
            }
            Self::Anchor { .. } | Self::Alias { .. } | Self::MergeKey => Some(
                "write the value out, or share it: `vars` for values, `use` for steps".to_owned(),
            ),
            Self::KeyNotText => Some("put quotes around it".to_owned()),
            Self::Ambiguous { written, plain } => {
                Some(format!("write `{plain}`, or `\"{written}\"` for the text"))
            }
            Self::UnknownKey { near, known, .. } => {
                Some(near_or(near.as_deref(), || format!("known here: {known}")))
            }
            Self::UnknownWord { near, known, .. } => {
                Some(near_or(near.as_deref(), || format!("one of {known}")))
            }
            Self::WrongType { plain, .. } => plain.as_ref().map(|plain| format!("write `{plain}`")),
            Self::Duration { .. } => Some("a number with its unit: `600ms`, `10s`, `2m`".to_owned()),
            Self::Size { .. } => Some("a number with its unit: `512B`, `64KiB`, `1MiB`".to_owned()),
            Self::SourceWithoutMark => Some(
                "add how it is known: `[doc]`, `[recorded]` or `[inferred]`".to_owned(),
            ),
            Self::UnknownRequirement { near, .. } => Some(near_or(near.as_deref(), || {
                "the ids are those of fixtures/rfc-requirements.jsonl".to_owned()
            })),
            Self::UnknownGateRequirement { near, .. } => Some(near_or(near.as_deref(), || {
                "the ids are those of fixtures/gates; `scimulate certify --list` shows them".to_owned()
            })),
            Self::StepKind { .. } => Some("begin it with `get:`, `post:`, `verify:` or the like".to_owned()),
            Self::DuplicateStep { .. } => {
                Some("give it another `name`; in a fragment, put a parameter in the name".to_owned())
            }
            Self::BadName { .. } => Some(
                "letters, digits, `-` and `_`, not `run`, `uuid`, `now`, `var` or `env`".to_owned(),
            ),
            Self::RelativePath { .. } => {
                Some("paths are relative to the target's base URL: `/Users`".to_owned())
            }
            Self::VariableParameter => Some("use `raw` to write the whole target yourself".to_owned()),
            Self::TwoBodies { .. } => Some("keep one of them".to_owned()),
            Self::BodyNotJson { .. } => Some(
                "a variable inside quotes is escaped, outside quotes it becomes a JSON value; use `body-text` for what is not JSON".to_owned(),
            ),
            Self::UnknownStep { later: true, .. } => Some("it comes later".to_owned()),
            Self::UnknownStep { near, .. } | Self::UnknownNeighbour { near, .. } => {
                near.as_ref().map(|near| format!("did you mean `{near}`?"))
            }
            Self::NothingToVerify { name, near, .. } => Some(near_or(near.as_deref(), || {
                if name.ends_with(".id") {
                    format!("add `keep: {{ {name}: $.id }}` to the step that creates it")
                } else {
                    format!("define `{name}`, or read by id only: `by: id`")
                }
            })),
            Self::RowKeys { .. } => Some("every row needs the same keys; `null` is a value, too".to_owned()),
            Self::FileNotFound { near, .. } => near.as_ref().map(|near| format!("did you mean `{near}`?")),
            Self::OutsidePath { .. } => Some("name a file beside the scenario".to_owned()),
            Self::IsFragment => Some("name a file that does not begin with `_`".to_owned()),
            Self::MissingParameter { name, .. } => Some(format!("add it: `with: {{ {name}: … }}`")),
            Self::UnknownParameter { near, known, .. } => {
                Some(near_or(near.as_deref(), || format!("it has {known}")))
            }
            Self::Template { .. } => Some(
                "a variable is `${name}` or `${name.part}`; `$${` is a literal `${`".to_owned(),
            ),
            Self::UnknownVariable { near, .. } => {
                near.as_ref().map(|near| format!("did you mean `${{{near}}}`?"))
            }
            Self::CapturedLater { user, step, line, .. } if user.contains(&format!("`{step}`")) => {
                Some(format!("the step itself captures it in line {line}, after its answer was judged"))
            }
            Self::CapturedLater { step, line, .. } => {
                Some(format!("`{step}` captures it in line {line}"))
            }
            Self::CapturedInside { branch, line, .. } if branch.starts_with("a row") => {
                Some(format!(
                    "it is captured in line {line}; to use it outside, name it with a variable of the row, or `collect` it"
                ))
            }
            Self::CapturedInside { line, .. } => Some(format!(
                "it is captured in line {line}, at the same time as it is used; move one of them out of `parallel`"
            )),
            Self::NotStatic { .. } => {
                Some("only parameters of fragments and texts of rows can stand here".to_owned())
            }
            Self::UnknownMatcher { word, near } => Some(match near {
                Some(near) => format!("did you mean `{near}`? The text itself is `{{ $exactly: \"{word}\" }}`"),
                None => format!("the text itself is `{{ $exactly: \"{word}\" }}`"),
            }),
            Self::MixedMatcher { .. } => {
                Some("combine them: `{ $all-of: [ …, … ] }`".to_owned())
            }
            Self::JsonPath { .. } => Some("for example `$.Resources[0].id`".to_owned()),
            Self::ScimPath { repair: Some(repair), .. } => Some(repair.clone()),
            Self::ScimPath { .. } => {
                Some("for example `name.givenName` or `emails[type eq \"work\"].value`".to_owned())
            }
            Self::Selector { .. } => Some(
                "a JSONPath (`$.id`), a SCIM path (`name.givenName`), `header NAME`, `status`, `opaque-tag` or `at +05:00 JSONPATH`"
                    .to_owned(),
            ),
            Self::Payload { repair, .. }
            | Self::Suite { repair, .. }
            | Self::Mapping { repair, .. } => repair.clone(),
            Self::VariableInDirectory { .. } => Some("write the value itself".to_owned()),
            Self::NoSource => Some("say where the sequence is documented: `source: okta.md 4.1 [doc]`".to_owned()),
            Self::NameWithoutRun { .. } => Some("put `${run}` into it".to_owned()),
            Self::WriteWithoutVerify { .. } => Some("add a `verify` step".to_owned()),
            _ => None,
        }
    }
}

fn near_or(near: Option<&str>, otherwise: impl FnOnce() -> String) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise(),
    }
}

fn syntax_hint(message: &str) -> Option<String> {
    let hint = if message.contains("quoted scalar") {
        "a quote is not closed, or stands in the middle of a text"
    } else if message.contains("mapping values") || message.contains("key") {
        "a text that holds `: ` needs quotes around it"
    } else if message.contains("indent") {
        "the lines of one list or mapping begin in the same column"
    } else {
        return None;
    };
    Some(hint.to_owned())
}
