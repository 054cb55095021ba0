use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use roxmltree::{Document, Node};

use super::Reporter;
use super::audience::Audience;
use super::cause::Causes;
use super::github::{Annotations, defused};
use super::html::{Html, Rules};
use super::human::Human;
use super::json::{JsonLines, LogError, read};
use super::junit::Junit;
use super::markdown::{MOST, Markdown};
use super::merge::merged;
use super::paint::Paint;
use super::readiness::GateReport;
use super::totals::Totals;
use crate::event::Event;

fn recorded() -> Vec<(String, Vec<Event>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events");
    let mut paths: Vec<PathBuf> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, read(path).unwrap().map(Result::unwrap).collect())
        })
        .collect()
}

/// As the command line tells reporters of a run.
fn tell(reporter: impl Reporter, events: &[Event]) {
    let mut audience = Audience::new(vec![Box::new(reporter)], None);
    for event in events {
        audience.on(event).unwrap();
    }
}

fn human(events: &[Event], paint: Paint) -> String {
    let mut out = Vec::new();
    tell(Human::new(&mut out, paint), events);
    String::from_utf8(out).unwrap()
}

fn gate(events: &[Event], verbose: bool) -> String {
    let mut out = Vec::new();
    tell(GateReport::new(&mut out, Paint::PLAIN, verbose), events);
    String::from_utf8(out).unwrap()
}

fn junit(events: &[Event]) -> String {
    let mut out = Vec::new();
    tell(Junit::new(&mut out).with_attachment("report.html"), events);
    String::from_utf8(out).unwrap()
}

const RULES: Rules = Rules {
    page_of: |rule| {
        let page = "## What it requires\nThat it is `<so>`.\n\n## How to fix it\nMake it so.\n";
        (rule == "expected-status").then_some(page)
    },
    requirements_of: |check| match check {
        "answers-are-utf-8" => &["rfc7644-8.1-utf8"],
        _ => &[],
    },
    untestable: || {
        [(
            "rfc7643-9.2-password-hashed".to_owned(),
            "unseen".to_owned(),
        )]
        .into()
    },
};

fn html(events: &[Event]) -> String {
    let mut out = Vec::new();
    tell(Html::new(&mut out, RULES), events);
    String::from_utf8(out).unwrap()
}

fn markdown(events: &[Event], most: usize) -> String {
    let mut out = Vec::new();
    tell(Markdown::new(&mut out, most), events);
    String::from_utf8(out).unwrap()
}

fn annotations(events: &[Event]) -> String {
    let mut out = Vec::new();
    let in_repository = |file: &str| (!file.contains("okta")).then(|| format!("api/{file}"));
    tell(Annotations::new(&mut out, in_repository), events);
    String::from_utf8(out).unwrap()
}

/// The page without what stands between two of its parts.
fn without(page: &str, start: &str, end: &str) -> String {
    let Some(from) = page.find(start).map(|place| place + start.len()) else {
        return page.to_owned();
    };
    let to = from + page[from..].find(end).unwrap();
    format!("{}{}", &page[..from], &page[to..])
}

/// The page without what tells nothing of a run, and without the list of all requirements.
fn in_short(page: &str) -> String {
    let page = without(page, "<!DOCTYPE html>\n", "<title>");
    let page = without(&page, "<style>", "</style>");
    let page = without(&page, "<script>", "</script>");
    let page = without(&page, "<dialog", "</dialog>");
    without(&page, "<div class=\"map\">", "</div>\n</section>")
}

#[test]
fn every_reporter_renders_every_recorded_run() {
    for (name, events) in recorded() {
        insta::assert_snapshot!(format!("{name}_human"), human(&events, Paint::PLAIN));
        insta::assert_snapshot!(format!("{name}_junit"), junit(&events));
        insta::assert_snapshot!(format!("{name}_markdown"), markdown(&events, MOST));
        insta::assert_snapshot!(format!("{name}_github"), annotations(&events));
        if events
            .iter()
            .any(|event| matches!(event, Event::Readiness(_)))
        {
            insta::assert_snapshot!(format!("{name}_alone"), gate(&events, false));
            insta::assert_snapshot!(format!("{name}_alone_verbose"), gate(&events, true));
        }
        insta::assert_snapshot!(format!("{name}_html"), in_short(&html(&events)));
        let mut totals = Totals::default();
        events.iter().for_each(|event| totals.on(event));
        insta::assert_debug_snapshot!(format!("{name}_totals"), totals);
        let mut causes = Causes::default();
        events.iter().for_each(|event| causes.on(event));
        insta::assert_json_snapshot!(format!("{name}_causes"), causes.causes());
    }
}

/// Also where there is hardly any room.
#[test]
fn markdown_keeps_to_its_room_and_ends_what_it_begins() {
    for (name, events) in recorded() {
        for most in [0, 300, 1500, 4000, 20_000, MOST] {
            let page = markdown(&events, most);
            assert!(page.len() <= most, "{name}");
            let count = |what: &str| page.matches(what).count();
            assert_eq!(count("\n<details>"), count("\n</details>"), "{name} {most}");
            let fences = page.lines().filter(|line| line.starts_with("```"));
            assert_eq!(fences.count() % 2, 0, "{name} {most}");
        }
    }
}

/// What a hostile target answers is in no report a command to GitHub's runner.
#[test]
fn only_annotations_are_commands() {
    for (name, events) in recorded() {
        for line in annotations(&events).lines() {
            let is_ours = line.starts_with("::error ") || line.starts_with("::warning ");
            assert!(is_ours, "{name}: {line}");
        }
    }
    let (_, events) = recorded()
        .into_iter()
        .find(|(name, _)| name == "failed")
        .unwrap();
    let hostile: Vec<Event> = events
        .iter()
        .map(|event| {
            let text = serde_json::to_string(event).unwrap();
            let text = text.replace(
                "op must be lower case",
                "\\n ::stop-commands::x\\n##[error]y",
            );
            let text = text.replace(
                "the answer has the wrong status",
                "\\n ::stop-commands::x\\n##[error]y",
            );
            serde_json::from_str(&text).unwrap()
        })
        .collect();
    let is_command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    let shown = human(&hostile, Paint::PLAIN);
    assert!(shown.lines().any(is_command), "nothing is tested");
    assert!(!defused(&shown).lines().any(is_command));
    let told = annotations(&hostile);
    let is_ours = |line: &str| line.starts_with("::error ") || line.starts_with("::warning ");
    assert!(told.lines().all(is_ours), "{told}");
}

#[test]
fn colours_add_nothing_but_colours() {
    for (name, events) in recorded() {
        let coloured = human(&events, Paint::COLOURED);
        assert_eq!(
            anstream::adapter::strip_str(&coloured).to_string(),
            human(&events, Paint::PLAIN),
            "{name}"
        );
        let plain = human(&events, Paint::PLAIN);
        assert!(
            !plain.contains(|letter: char| letter.is_control() && letter != '\n' && letter != '\t'),
            "{name}"
        );
    }
}

#[test]
fn the_order_in_which_scenarios_end_does_not_matter() {
    let number = |event: &Event| match event {
        Event::ScenarioStarted { scenario, .. }
        | Event::StepFinished { scenario, .. }
        | Event::ScenarioFinished { scenario, .. } => Some(*scenario),
        _ => None,
    };
    let is_wanted = |name: &str| matches!(name, "failed" | "causes");
    for (_, events) in recorded().into_iter().filter(|(name, _)| is_wanted(name)) {
        let expected = human(&events, Paint::PLAIN);
        let page = html(&events);
        let (before, within): (Vec<Event>, Vec<Event>) = events
            .into_iter()
            .partition(|event| number(event).is_none());
        let mut turned = within;
        // Stable: the order within a scenario stays.
        turned.sort_by_key(|event| std::cmp::Reverse(number(event)));
        let (last, first) = before.split_last().unwrap();
        let mut mixed = first.to_vec();
        mixed.extend(turned);
        mixed.push(last.clone());
        assert_eq!(human(&mixed, Paint::PLAIN), expected);
        assert_eq!(html(&mixed), page);
    }
}

#[test]
fn a_log_reads_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    for (name, events) in recorded() {
        let path = folder.path().join(name);
        let mut reporter = JsonLines::new(std::fs::File::create(&path).unwrap());
        for event in &events {
            reporter.on(event).unwrap();
        }
        let back: Vec<Event> = read(&path).unwrap().map(Result::unwrap).collect();
        assert_eq!(back, events);
    }
}

#[test]
fn a_log_of_a_killed_run_loses_its_last_line_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let whole = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events/passed.jsonl"),
    )
    .unwrap();
    std::fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let events: Vec<Event> = read(&path).unwrap().map(Result::unwrap).collect();
    assert_eq!(events.len(), whole.lines().count() - 1);

    std::fs::write(&path, whole.replacen("\"event\"", "event", 3)).unwrap();
    let results: Vec<_> = read(&path).unwrap().collect();
    assert!(
        matches!(results.as_slice(), [Err(LogError::NoEvent { line: 1, .. })]),
        "{results:?}"
    );

    std::fs::write(&path, whole.replacen("\"format\": 1", "\"format\": 99", 1)).unwrap();
    let message = read(&path)
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err()
        .to_string();
    assert!(
        message.ends_with("log.jsonl: event format 99, this version reads 1"),
        "{message}"
    );

    std::fs::write(&path, whole.split_once('\n').unwrap().1).unwrap();
    assert!(matches!(
        read(&path).unwrap().next(),
        Some(Err(LogError::NoBeginning { .. }))
    ));
}

#[test]
fn several_logs_are_one_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/events");
    let path = |name: &str| folder.join(format!("{name}.jsonl"));
    let cut = tempfile::NamedTempFile::new().unwrap();
    let whole = std::fs::read_to_string(path("passed")).unwrap();
    std::fs::write(cut.path(), &whole[..whole.len() - 70]).unwrap();

    let merge = |paths: &[&Path]| {
        let mut events = Vec::new();
        let logs = paths.iter().map(|path| read(path).unwrap()).collect();
        merged(logs, |event| -> Result<(), LogError> {
            events.push(event.clone());
            Ok(())
        })
        .unwrap();
        events
    };
    let events = merge(&[&path("passed"), &path("empty"), &path("interrupted")]);
    let beginnings = events
        .iter()
        .filter(|event| matches!(event, Event::RunStarted { .. }))
        .count();
    assert_eq!(beginnings, 1);
    let Some(Event::RunStarted { scenarios: 6, .. }) = events.first() else {
        panic!("{:?}", events.first());
    };
    let numbers: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            Event::ScenarioStarted { scenario, .. } => Some(*scenario),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    assert_accepted(&junit(&events));
    let alone = merge(&[&path("passed")]);
    assert_eq!(
        alone,
        read(&path("passed"))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<_>>()
    );
    let killed = merge(&[cut.path(), &path("passed")]);
    assert!(matches!(
        killed.last(),
        Some(Event::RunFinished {
            interrupted: true,
            ..
        })
    ));
}

/// What Jenkins' junit-10 schema allows, in our words: element, its attributes (`!`: required), its children.
const JUNIT_10: [(&str, &[&str], &[&str]); 7] = [
    (
        "testsuites",
        &["name", "time", "tests", "failures", "errors"],
        &["testsuite"],
    ),
    (
        "testsuite",
        &[
            "name!",
            "tests!",
            "failures!",
            "errors!",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
        &[
            "testsuite",
            "properties",
            "testcase",
            "system-out",
            "system-err",
        ],
    ),
    (
        "testcase",
        &["name!", "time", "classname", "group"],
        &["skipped", "error", "failure", "system-out", "system-err"],
    ),
    ("failure", &["type", "message"], &[]),
    ("error", &["type", "message"], &[]),
    ("skipped", &["type", "message"], &[]),
    ("system-out", &[], &[]),
];

fn assert_junit_10(node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let (_, attributes, children) = JUNIT_10.iter().find(|(known, ..)| *known == name).unwrap();
    for attribute in node.attributes() {
        let known = attributes
            .iter()
            .any(|known| known.trim_end_matches('!') == attribute.name());
        assert!(known, "{name} has {}", attribute.name());
        if attribute.name() == "time" {
            let (whole, decimals) = attribute
                .value()
                .split_once('.')
                .unwrap_or((attribute.value(), ""));
            assert!(decimals.len() <= 3, "{name} {}", attribute.value());
            assert!(
                whole
                    .bytes()
                    .chain(decimals.bytes())
                    .all(|byte| byte.is_ascii_digit())
            );
        }
    }
    for required in attributes
        .iter()
        .filter_map(|known| known.strip_suffix('!'))
    {
        assert!(node.has_attribute(required), "{name} has no {required}");
    }
    let verdicts = node
        .children()
        .filter(|child| matches!(child.tag_name().name(), "failure" | "error" | "skipped"));
    assert!(verdicts.count() <= 1);
    for child in node.children() {
        if child.is_element() {
            assert!(
                children.contains(&child.tag_name().name()),
                "{name} in {}",
                child.tag_name().name()
            );
            assert_junit_10(child);
        } else {
            let is_text = matches!(name, "failure" | "error" | "skipped" | "system-out");
            assert!(
                is_text || child.text().unwrap_or("").trim().is_empty(),
                "text in {name}"
            );
        }
    }
}

fn assert_accepted(xml: &str) {
    let document = Document::parse(xml).unwrap_or_else(|error| panic!("{error}\n{xml}"));
    assert_eq!(document.root_element().tag_name().name(), "testsuites");
    assert_junit_10(document.root_element());
    let mut names: Vec<(&str, &str)> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .map(|case| {
            (
                case.attribute("classname").unwrap(),
                case.attribute("name").unwrap(),
            )
        })
        .collect();
    assert!(
        !names.is_empty(),
        "a report without a case is an error to most readers"
    );
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "names repeat");
}

#[test]
fn junit_is_what_every_reader_accepts() {
    for (_, events) in recorded() {
        assert_accepted(&junit(&events));
    }
}

/// The page with its own style and script taken out; they stand in it once, whole and unchanged, and its policy allows no other.
fn without_assets(page: &str) -> String {
    let (style, script) = (
        include_str!("html/style.css"),
        include_str!("html/script.js"),
    );
    let mut rest = page.to_owned();
    for (tag, content) in [("style", style), ("script", script)] {
        assert!(!content.contains("</"), "{tag} would end early");
        let element = format!("<{tag}>{content}</{tag}>");
        assert_eq!(page.matches(&element).count(), 1, "{tag}");
        rest = rest.replace(&element, "");
        let hash = ring::digest::digest(&ring::digest::SHA256, content.as_bytes());
        let source = format!("{tag}-src 'sha256-{}';", STANDARD.encode(hash));
        assert!(page[..2000].contains(&source), "{source}");
    }
    rest
}

/// Every tag is one of ours with attributes of ours, those that have an end have it, and nothing is loaded.
fn assert_harmless(page: &str) {
    let tag = regex::Regex::new("<[^>]*>?").unwrap();
    let ours = regex::Regex::new(concat!(
        "^</?(html|title|h[1234]|p|dl|dt|dd|div|table|thead|tr|th|td|ul|ol|li|b|i|br|pre|code|small|span|mark|a|details|summary|section|figure",
        "|svg|path|text|rect|g|desc|header|main|nav|search|label|input|select|option|output|button|dialog|kbd)",
        "( (open|hidden|checked)| lang=\"en\"| scope=\"(col|row)\"| tabindex=\"-1\"",
        "| (class|id|for|type|value|autocomplete|spellcheck|placeholder|role|aria-[a-z]+|data-[cfjtv]|data-to|viewBox|width|height|x|y|d)=\"[A-Za-z0-9 _,/().-]*\"",
        "| href=\"#[A-Za-z0-9_-]*\")*/?>$",
    ))
    .unwrap();
    let page = without_assets(page);
    let (head, rest) = page.split_at(page.find("<title>").expect("the page has a title"));
    assert_eq!(head.lines().count(), 7, "{head}");
    assert!(
        head.contains("content=\"default-src 'none'; style-src "),
        "{head}"
    );
    for found in tag.find_iter(rest) {
        assert!(ours.is_match(found.as_str()), "{}", found.as_str());
    }
    for name in [
        "details", "div", "pre", "code", "b", "i", "small", "table", "summary", "a", "title",
        "span", "mark", "section", "svg", "text", "g", "figure", "select", "option", "button",
    ] {
        let begun =
            rest.matches(&format!("<{name}>")).count() + rest.matches(&format!("<{name} ")).count();
        assert_eq!(begun, rest.matches(&format!("</{name}>")).count(), "{name}");
    }
    let mut ids: Vec<&str> = rest
        .split(" id=\"")
        .skip(1)
        .map(|part| part.split('"').next().unwrap())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
    for place in rest
        .split(" href=\"#")
        .skip(1)
        .map(|part| part.split('"').next().unwrap())
    {
        assert!(
            ids.binary_search(&place).is_ok(),
            "nothing has the id {place}"
        );
    }
    let controls = rest
        .chars()
        .filter(|letter| letter.is_control() && *letter != '\n' && *letter != '\t');
    assert_eq!(controls.count(), 0);
}

#[test]
fn a_page_needs_nothing_else_and_does_nothing() {
    for (name, events) in recorded() {
        let page = html(&events);
        assert_harmless(&page);
        assert!(
            !page.contains("url(") && !page.contains("@import"),
            "{name}"
        );
        assert_eq!(page, html(&events), "{name}");
    }
}

#[test]
fn a_page_stays_small_however_much_failed() {
    let (_, events) = recorded()
        .into_iter()
        .find(|(name, _)| name == "failed")
        .unwrap();
    let mut many = Vec::new();
    let (last, rest) = events.split_last().unwrap();
    for round in 0..800 {
        many.extend(
            rest.iter()
                .filter(|event| round == 0 || !matches!(event, Event::RunStarted { .. }))
                .cloned()
                .map(|mut event| {
                    if let Event::ScenarioStarted { scenario, .. }
                    | Event::StepFinished { scenario, .. }
                    | Event::ScenarioFinished { scenario, .. } = &mut event
                    {
                        *scenario += round * 100;
                    }
                    event
                }),
        );
    }
    many.push(last.clone());
    let mut out = Vec::new();
    let mut reporter = Html::new(&mut out, RULES);
    for event in &many {
        reporter.on(event).unwrap();
    }
    let page = String::from_utf8(out).unwrap();
    let mebibytes = page.len() / 1024 / 1024;
    assert!(mebibytes < 25, "{mebibytes} MiB");
    assert!(page.contains("that failed are shown in short, or this page would be larger"));
    assert_harmless(&page);
}

fn hostile() -> impl Strategy<Value = String> {
    vec(
        proptest::prop_oneof![
            any::<char>().prop_map(String::from),
            proptest::sample::select(vec![
                "]]>",
                "<![CDATA[",
                "\u{1b}[31m",
                "\u{0}",
                "\u{fffe}",
                "\u{ffff}",
                "&lt;",
                "<x a='",
                "</pre><script>alert(1)</script>",
                "</title>",
                "<!--",
                "javascript:",
                "\"",
                "--",
                "\r\n",
                "\u{2028}",
                "[secret]",
            ])
            .prop_map(String::from)
        ],
        0..12,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_text_anywhere_gives_xml(text in hostile(), bytes in vec(any::<u8>(), 0..40)) {
        let (_, mut events) = recorded().into_iter().find(|(name, _)| name == "failed").unwrap();
        for event in &mut events {
            match event {
                Event::ScenarioStarted { path, title, client, source, .. } => {
                    path.clone_from(&text);
                    title.clone_from(&text);
                    client.clone_from(&text);
                    *source = Some(text.clone());
                }
                Event::StepFinished { step, file, exchanges, findings, .. } => {
                    step.clone_from(&text);
                    file.clone_from(&text);
                    for exchange in exchanges {
                        exchange.request.target.clone_from(&text);
                        exchange.request.body = crate::exchange::Body::new(bytes.clone());
                        exchange.request.headers.push((text.clone(), text.clone()));
                        if let Ok(response) = &mut exchange.outcome {
                            response.headers.push((text.clone(), text.clone()));
                            response.body = crate::exchange::Body::new(bytes.clone());
                        }
                    }
                    for finding in findings {
                        finding.message.clone_from(&text);
                        finding.id.clone_from(&text);
                        finding.because = Some(text.clone());
                        for difference in &mut finding.differences {
                            difference.path.clone_from(&text);
                            difference.received = Some(text.clone().into());
                        }
                    }
                }
                _ => {}
            }
        }
        assert_accepted(&junit(&events));
        assert_harmless(&html(&events));
        let plain = human(&events, Paint::PLAIN);
        let controls = plain.chars().filter(|letter| letter.is_control() && *letter != '\n' && *letter != '\t').count();
        prop_assert_eq!(controls, 0);
    }
}
