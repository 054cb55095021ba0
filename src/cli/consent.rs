//! Consent: a provider writes to a host that is not this machine only if somebody has said so.

use std::io::{self, IsTerminal, Write};

use crate::cli::Complaint;
use crate::cli::target::Chosen;

/// What somebody consents to who lets a provider write to a host that is not this machine.
pub(crate) struct Consent<'a> {
    /// `A sync`.
    pub(crate) doing: &'a str,
    /// As whom.
    pub(crate) client: &'a str,
    /// What happens in the end.
    pub(crate) after: &'a str,
    /// What can be done without.
    pub(crate) instead: &'a str,
}

impl Consent<'_> {
    /// Asks for it, once.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn asked(&self, chosen: &Chosen) -> Result<(), Complaint> {
        if chosen.may_write {
            return Ok(());
        }
        let base = &chosen.target.base;
        let what = format!(
            "{base} is not on this machine. {} does there what {} does: it creates users and groups, and changes, \
             deactivates or removes those that it matches, also if it has not created them",
            self.doing, self.client
        );
        if io::stdin().is_terminal() && io::stderr().is_terminal() {
            let mut out = anstream::stderr().lock();
            let _ = write!(out, "{what}. {}. Go on? [y/N] ", self.after);
            let _ = out.flush();
            let mut answer = String::new();
            if io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y")
            {
                return Ok(());
            }
        }
        Err(
            Complaint::new(format!("writing needs consent: {what}")).hint(format!(
                "add `--yes-write`, or `writes = true` for the target in scimulate.toml; {}",
                self.instead
            )),
        )
    }
}
