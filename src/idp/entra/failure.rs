//! Failures: objects in escrow, and the quarantine of a whole job (entra.md 3.2, 3.3, 8.1).

use std::time::Duration;

use super::answer::Fault;
use crate::idp::{Escrow, Memory, Next, Quarantine, Subject, World};

/// About how often an incremental cycle runs (entra.md 3.3).
pub(super) const CYCLE: Duration = Duration::from_secs(40 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// After this long in quarantine the job is disabled.
const DISABLED_AFTER: Duration = Duration::from_secs(28 * 24 * 60 * 60);
/// Reason for bad credentials and answers that break the contract.
const EXCEPTION: &str = "EncounteredQuarantineException";
/// Reason for too many objects in escrow.
const PROPORTION: &str = "EncounteredEscrowProportionThreshold";
/// Fewer failures are never too many.
const EVALUATED_FROM: usize = 5_000;
/// So many failures are too many in any case.
const TOO_MANY: usize = 40_000;

/// What follows from an answer that is of no use.
pub(super) fn settle(world: &mut World<'_>, subject: &Subject, fault: Fault) -> Next {
    match fault {
        Fault::Credentials(message) | Fault::Incompatible(message) => {
            quarantine(world.memory, EXCEPTION, &message);
            Next::Stop(message)
        }
        Fault::Object(message) => escrow(world.memory, subject, message),
    }
}

/// The object waits: for the next cycle, then at a decreasing rate. How the rate decreases is not documented; here the
/// wait doubles up to a day.
pub(super) fn escrow(memory: &mut Memory, subject: &Subject, reason: String) -> Next {
    let attempts = memory
        .escrow(subject)
        .map_or(0, |escrow| escrow.attempts)
        .saturating_add(1);
    let doubled = CYCLE.saturating_mul(1 << (attempts - 1).min(10));
    let due = memory.now.saturating_add(doubled.min(DAY));
    let escrow = Escrow {
        reason: reason.clone(),
        attempts,
        due,
    };
    memory.set_escrow(subject, Some(escrow));
    Next::Failed(reason)
}

/// The object is as it should be.
pub(super) fn release(memory: &mut Memory, subject: &Subject) {
    if memory.escrow(subject).is_some() {
        memory.set_escrow(subject, None);
    }
}

/// Whether an object waits and its time has not come.
pub(super) fn waits(memory: &Memory, subject: &Subject) -> bool {
    memory
        .escrow(subject)
        .is_some_and(|escrow| escrow.due > memory.now)
}

fn quarantine(memory: &mut Memory, reason: &str, message: &str) {
    let since = memory
        .quarantine
        .as_ref()
        .map_or(memory.now, |quarantine| quarantine.since);
    memory.quarantine = Some(Quarantine {
        reason: reason.to_owned(),
        message: message.to_owned(),
        since,
    });
}

/// When a cycle begins that is to begin now: in quarantine 6, 12 and 24 hours after the first failure, then daily.
///
/// # Errors
/// In words: the job has been disabled.
pub(super) fn next_cycle(memory: &Memory) -> Result<Duration, String> {
    let regular = memory.now.saturating_add(CYCLE);
    let Some(quarantine) = &memory.quarantine else {
        return Ok(regular);
    };
    let mut at = [6, 12, 24]
        .into_iter()
        .map(|hours| HOUR * hours)
        .chain((2..=28).map(|days| DAY * days))
        .map(|later| quarantine.since.saturating_add(later));
    at.find(|at| *at > memory.now)
        .filter(|at| *at < quarantine.since.saturating_add(DISABLED_AFTER))
        .ok_or_else(|| {
            format!(
                "the job has been in quarantine for 28 days and is disabled ({}); only a restart helps",
                quarantine.message
            )
        })
}

/// At the end of a cycle: too many objects in escrow put the job into quarantine; else it leaves it.
pub(super) fn close(memory: &mut Memory, objects: usize) -> Result<(), String> {
    let failed = memory.escrowed();
    let too_many = failed >= EVALUATED_FROM && (failed * 100 > objects * 40 || failed > TOO_MANY);
    if too_many {
        let message = format!("{failed} of {objects} objects could not be provisioned");
        quarantine(memory, PROPORTION, &message);
        return Err(message);
    }
    memory.quarantine = None;
    Ok(())
}
