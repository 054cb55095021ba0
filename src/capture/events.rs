//! Our own event log: JSON lines, also of a run that was killed.

use std::io::{BufRead, Read};

use super::{At, CaptureError, Kind, LARGEST_ENTRY, Teller};
use crate::event::{Event, FORMAT};
use crate::exchange::Exchange;

pub(super) fn read(input: &mut dyn BufRead, teller: &mut Teller<'_>) -> Result<(), CaptureError> {
    let mut line = 0;
    let mut events = 0_u64;
    let mut first_problem = None;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        line += 1;
        let read = (&mut *input)
            .take(LARGEST_ENTRY as u64)
            .read_until(b'\n', &mut bytes);
        match read {
            Ok(0) => break,
            Ok(LARGEST_ENTRY) => {
                let what = format!("the line is longer than {} MiB", LARGEST_ENTRY >> 20);
                teller.ends(At::Line(line), what);
                break;
            }
            Ok(_) => {}
            Err(error) if events == 0 => return Err(error.into()),
            Err(error) => {
                teller.ends(
                    At::Line(line),
                    format!("it cannot be read any further: {error}"),
                );
                break;
            }
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Event>(&bytes) {
            Ok(Event::RunStarted { format, .. }) if format != FORMAT => {
                return Err(CaptureError::Wrong {
                    format: "an event log of this version",
                    reason: format!("its events have format {format}, this version reads {FORMAT}"),
                });
            }
            Ok(event) => {
                events += 1;
                exchanges_of(event, &mut |exchange| {
                    teller.exchange(exchange, At::Line(line))
                });
            }
            // A killed run leaves a line that is not whole.
            Err(_) if events > 0 && !bytes.ends_with(b"\n") => {
                teller.ends(At::Line(line), "the last line is cut off");
            }
            Err(problem) => {
                let problem = format!("not an event: {problem}");
                first_problem.get_or_insert_with(|| format!("line {line} is {problem}"));
                teller.remark(Kind::Unread, At::Line(line), problem);
            }
        }
    }
    match (events, first_problem) {
        (0, Some(reason)) => Err(CaptureError::Wrong {
            format: "an event log",
            reason,
        }),
        (0, None) => Err(CaptureError::Empty),
        _ => Ok(()),
    }
}

fn exchanges_of(event: Event, tell: &mut dyn FnMut(Exchange)) {
    match event {
        Event::Preflight { exchanges, .. } | Event::StepFinished { exchanges, .. } => {
            exchanges.into_iter().for_each(tell);
        }
        Event::ScenarioFinished { cleanup, .. } => cleanup.into_iter().for_each(tell),
        Event::RunStarted { .. }
        | Event::Notice { .. }
        | Event::Unreferenced { .. }
        | Event::Stopped { .. }
        | Event::ScenarioStarted { .. }
        | Event::StepStarted { .. }
        | Event::Baseline(_)
        | Event::Causes { .. }
        | Event::Readiness(_)
        | Event::RunFinished { .. } => {}
    }
}
