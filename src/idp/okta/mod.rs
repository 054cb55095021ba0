//! Okta as a provisioning client (okta.md).

use std::time::Duration;

use serde_json::Value;

use crate::exchange::Exchange;
use crate::idp::{Change, Phase, Provider, Reaction, Switch, World};

/// Okta's switches.
pub(crate) const SWITCHES: &[Switch] = &[];

/// Okta.
pub(crate) struct Okta;

impl Provider for Okta {
    fn jobs(&self, _change: &Change, _world: &mut World<'_>) -> Result<Vec<Phase>, String> {
        Ok(Vec::new())
    }

    fn catch_up(&self, _world: &mut World<'_>) -> Vec<Phase> {
        Vec::new()
    }

    fn reaction(&self, attempt: u32, _exchange: &Exchange, _world: &World<'_>) -> Reaction {
        if attempt > 100 {
            return Reaction::Again(Duration::ZERO);
        }
        Reaction::Pass
    }

    fn mapped_user(&self, _key: &str, _world: &World<'_>) -> Option<Value> {
        None
    }

    fn mapped_group(&self, _key: &str, _world: &World<'_>) -> Option<Value> {
        None
    }
}
