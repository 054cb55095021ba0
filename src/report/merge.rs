//! Several event logs as one run: what a run that was spread over machines comes to.

use std::time::Duration;

use super::json::{Log, LogError};
use crate::event::{Event, FORMAT};

/// Gives the events of all logs, one log after the other, as those of one run: begun once, ended once, scenarios numbered
/// through. A log without an end, as a killed run leaves it, makes the whole run an interrupted one.
///
/// # Errors
/// A log cannot be read, or `tell` fails.
pub fn merged<E: From<LogError>>(
    logs: Vec<Log>,
    mut tell: impl FnMut(&Event) -> Result<(), E>,
) -> Result<(), E> {
    let mut logs = logs;
    let beginnings = logs
        .iter_mut()
        .map(|log| log.next().transpose())
        .collect::<Result<Vec<Option<Event>>, LogError>>()?;
    if let Some(beginning) = beginning_of(beginnings.iter().flatten()) {
        tell(&beginning)?;
    }
    let mut numbers = 0;
    let mut longest = Duration::ZERO;
    let mut is_interrupted = false;
    for log in logs {
        let offset = numbers;
        let mut is_whole = false;
        for event in log {
            let mut event = event?;
            match &mut event {
                Event::ScenarioStarted { scenario, .. }
                | Event::StepFinished { scenario, .. }
                | Event::ScenarioFinished { scenario, .. } => {
                    *scenario += offset;
                    numbers = numbers.max(*scenario + 1);
                }
                Event::RunFinished {
                    elapsed,
                    interrupted,
                } => {
                    longest = longest.max(*elapsed);
                    is_interrupted |= *interrupted;
                    is_whole = true;
                    continue;
                }
                Event::RunStarted { .. } => continue,
                _ => {}
            }
            tell(&event)?;
        }
        if !is_whole {
            is_interrupted = true;
            tell(&Event::Notice {
                message: "an event log has no end: its run was killed".to_owned(),
            })?;
        }
    }
    tell(&Event::RunFinished {
        elapsed: longest,
        interrupted: is_interrupted,
    })
}

/// The first beginning, with the scenarios of all.
fn beginning_of<'a>(beginnings: impl Iterator<Item = &'a Event>) -> Option<Event> {
    let mut first: Option<Event> = None;
    for event in beginnings {
        let Event::RunStarted {
            scenarios: more,
            started: other,
            ..
        } = event
        else {
            continue;
        };
        match &mut first {
            None => first = Some(event.clone()),
            Some(Event::RunStarted {
                format,
                scenarios,
                started,
                ..
            }) => {
                *format = FORMAT;
                *scenarios += more;
                // Both are RFC 3339 in UTC: the lesser text is the earlier instant.
                if *other < *started {
                    started.clone_from(other);
                }
            }
            Some(_) => {}
        }
    }
    first
}
