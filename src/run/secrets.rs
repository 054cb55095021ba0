//! The secrets of a run: more become known while it goes on, as access tokens are fetched.

use std::sync::{Arc, PoisonError, RwLock};

use crate::exchange::Mask;

/// What must be masked, now.
#[derive(Debug)]
pub(crate) struct Secrets(RwLock<Arc<Mask>>);

impl Secrets {
    /// What is known from the start.
    pub(crate) fn new(mask: Mask) -> Self {
        Self(RwLock::new(Arc::new(mask)))
    }

    /// Masks all that is known by now.
    pub(crate) fn mask(&self) -> Arc<Mask> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on this is masked, too.
    pub(crate) fn add(&self, secret: &str) {
        let mut mask = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut mask).add(secret);
    }
}
