//! All who are told of a run, and what they are told at its end.

use std::io;

use super::Reporter;
use super::baseline::Beside;
use super::cause::Causes;
use crate::event::Event;
use crate::finding::baseline::Baseline;

/// Several reporters as one. Before `run-finished` they are told how the run stands to its baseline, and what the failures
/// come from.
pub struct Audience<'a> {
    reporters: Vec<Box<dyn Reporter + 'a>>,
    beside: Option<Beside>,
    causes: Causes,
}

impl<'a> Audience<'a> {
    /// Of these reporters, for a run that is compared with a baseline or with none.
    pub fn new(reporters: Vec<Box<dyn Reporter + 'a>>, beside: Option<Beside>) -> Self {
        Self {
            reporters,
            beside,
            causes: Causes::default(),
        }
    }

    /// The baseline as it is after the run, if there is one.
    pub fn baseline(&self) -> Option<Baseline> {
        self.beside.as_ref().map(Beside::after)
    }

    /// Tells all of them, also if one of them fails.
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        let told = self.reporters.iter_mut().map(|reporter| reporter.on(event));
        // Collected first, so that nobody is left out.
        told.collect::<Vec<_>>().into_iter().collect()
    }

    /// What a run comes to.
    fn conclusions(&self) -> Vec<Event> {
        let mut conclusions = Vec::new();
        if let Some(beside) = &self.beside {
            conclusions.push(Event::Baseline(beside.comparison()));
        }
        let (causes, known) = (self.causes.causes(), self.causes.known());
        if !causes.is_empty() || !known.is_empty() {
            conclusions.push(Event::Causes { causes, known });
        }
        conclusions
    }
}

impl Reporter for Audience<'_> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.causes.on(event);
        if let Some(beside) = &mut self.beside {
            beside.on(event);
        }
        match event {
            // What an event log says of causes is of one part of the run, where several logs are one; and of a baseline only
            // as long as it is not compared with another one.
            Event::Causes { .. } => Ok(()),
            Event::Baseline(_) if self.beside.is_some() => Ok(()),
            Event::RunFinished { .. } => {
                let mut told = Ok(());
                for conclusion in self.conclusions() {
                    told = told.and(self.tell(&conclusion));
                }
                told.and(self.tell(event))
            }
            _ => self.tell(event),
        }
    }
}
