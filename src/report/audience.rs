//! All who are told of a run, and what they are told at its end.

use std::io;

use super::Reporter;
use super::cause::Causes;
use crate::event::Event;

/// Several reporters as one. Before `run-finished` they are told what the failures come from.
#[derive(Default)]
pub struct Audience<'a> {
    reporters: Vec<Box<dyn Reporter + 'a>>,
    causes: Causes,
}

impl<'a> Audience<'a> {
    /// Of these reporters.
    pub fn new(reporters: Vec<Box<dyn Reporter + 'a>>) -> Self {
        Self {
            reporters,
            causes: Causes::default(),
        }
    }

    /// Tells all of them, also if one of them fails.
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let told = self.reporters.iter_mut().map(|reporter| reporter.on(event));
        // Collected first, so that nobody is left out.
        told.collect::<Vec<_>>().into_iter().collect()
    }
}

impl Reporter for Audience<'_> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.causes.on(event);
        match event {
            // What an event log says of causes is of one part of the run, where several logs are one.
            Event::Causes { .. } => Ok(()),
            Event::RunFinished { .. } => {
                let causes = self.causes.causes();
                let told = match causes.is_empty() {
                    true => Ok(()),
                    false => self.tell(&Event::Causes { causes }),
                };
                told.and(self.tell(event))
            }
            _ => self.tell(event),
        }
    }
}
