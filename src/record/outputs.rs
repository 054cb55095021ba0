//! What is written of a recording: an event log, an archive, a scenario.

use std::io;
use std::path::Path;

use crate::event::Event;
use crate::exchange::Exchange;
use crate::export::har::{Har, entry_of};
use crate::record::growing::{Growing, Written};
use crate::record::story::Story;
use crate::retell::Retold;

/// What closes an archive.
const END_OF_HAR: &[u8] = b"\n]}}\n";

/// Where a recording is written.
#[derive(Default)]
pub(crate) struct Outputs {
    log: Option<Growing>,
    har: Option<Growing>,
    /// Entries that the archive was given.
    entries: u64,
    story: Option<Story>,
    /// The story cannot be written.
    is_untold: bool,
}

impl Outputs {
    /// An event log, a line an event.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn add_log(&mut self, path: &Path) -> io::Result<()> {
        self.log = Some(Growing::create(path, b"", b"")?);
        Ok(())
    }

    /// An archive that is whole after every entry.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn add_har(&mut self, path: &Path) -> io::Result<()> {
        let mut begin = Vec::new();
        Har::begin(&mut begin, env!("CARGO_PKG_VERSION"))?;
        self.har = Some(Growing::create(path, &begin, END_OF_HAR)?);
        Ok(())
    }

    /// A scenario.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn add_story(
        &mut self,
        path: &Path,
        base: &str,
        again: Option<Vec<Exchange>>,
    ) -> io::Result<()> {
        self.story = Some(Story::create(path, base, again)?);
        Ok(())
    }

    /// Writes an event; what people should know of that.
    pub(crate) fn event(&mut self, event: &Event) -> Option<String> {
        let log = self.log.as_mut()?;
        let mut line = serde_json::to_vec(event).expect("an event has nothing that JSON has not");
        line.push(b'\n');
        let entries = u64::from(matches!(event, Event::StepFinished { .. }));
        let written = log.add(&line, entries);
        said_of(log, written)
    }

    /// Writes an exchange, which began in this order among all; what people should know of that.
    pub(crate) fn exchange(&mut self, number: u64, exchange: &Exchange) -> Vec<String> {
        let mut said = Vec::new();
        if let Some(har) = &mut self.har {
            let comma = match self.entries == har.lost() {
                true => "",
                false => ",",
            };
            let entry = format!("{comma}\n{}", entry_of(exchange));
            self.entries += 1;
            let written = har.add(entry.as_bytes(), 1);
            said.extend(said_of(har, written));
        }
        if let Some(story) = &mut self.story
            && story.add(number, exchange)
        {
            said.push(format!(
                "`{}` tells of the first {} exchanges; there is no room for more",
                story.shown(),
                story.told()
            ));
        }
        said
    }

    /// Tells the story so far, if something is new.
    pub(crate) fn tell(&mut self) -> (Option<Retold>, Option<String>) {
        let Some(story) = &mut self.story else {
            return (None, None);
        };
        let told = story.tell();
        let failed_before = std::mem::replace(&mut self.is_untold, told.is_err());
        match told {
            Ok(retold) => (retold, None),
            Err(_) if failed_before => (None, None),
            Err(problem) => {
                let name = story.shown();
                let words = format!("`{name}` cannot be written: {problem}; it is tried again");
                (None, Some(words))
            }
        }
    }

    /// Files that do not have everything, and how many exchanges are missing.
    pub(crate) fn lost(&self) -> Vec<(String, u64)> {
        let mut lost: Vec<(String, u64)> = self
            .log
            .iter()
            .chain(&self.har)
            .filter(|file| file.lost() > 0)
            .map(|file| (file.shown(), file.lost()))
            .collect();
        if let Some(story) = self.story.as_ref().filter(|_| self.is_untold) {
            lost.push((story.shown(), story.told()));
        }
        lost
    }
}

/// What people should know after an attempt to write.
fn said_of(file: &Growing, written: Written) -> Option<String> {
    let name = file.shown();
    match written {
        Written::AsBefore => None,
        Written::Fails(problem) => Some(format!(
            "`{name}` cannot be written: {problem}; requests are passed on all the same, what was written stays, and \
             writing is tried again with every exchange"
        )),
        Written::Again => Some(format!(
            "`{name}` can be written again; {} exchanges are missing in it",
            file.lost()
        )),
    }
}
