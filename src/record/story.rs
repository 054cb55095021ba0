//! The scenario file of a recording: the story so far, told anew whenever it is quiet.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::exchange::Exchange;
use crate::retell::{Options, Retold, retell};

/// As many exchanges are told at most, the first ones: nobody reads a story that is longer, and memory has an end.
const MOST: usize = 2000;

/// Bytes of bodies that are kept for the story.
const ROOM: usize = 64 * 1024 * 1024;

/// What is told, and where.
pub(crate) struct Story {
    path: PathBuf,
    /// In the order in which they began.
    exchanges: Vec<Exchange>,
    /// The place of each in that order, among all.
    numbers: Vec<u64>,
    size: usize,
    /// The path of the endpoint's base URL.
    base: String,
    /// An earlier recording of the same story: what differs is noise.
    again: Option<Vec<Exchange>>,
    /// Exchanges that it has no room for.
    left_out: u64,
    is_new: bool,
}

impl Story {
    /// One that is told to this file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn create(
        path: &Path,
        base: &str,
        again: Option<Vec<Exchange>>,
    ) -> io::Result<Self> {
        fs::write(path, "")?;
        Ok(Self {
            path: path.to_owned(),
            exchanges: Vec::new(),
            numbers: Vec::new(),
            size: 0,
            base: base.to_owned(),
            again,
            left_out: 0,
            is_new: false,
        })
    }

    /// Its file, for people.
    pub(crate) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// How many exchanges it tells of.
    pub(crate) fn told(&self) -> u64 {
        self.exchanges.len() as u64
    }

    /// Takes an exchange in; whether it is the first one that there is no room for.
    pub(crate) fn add(&mut self, number: u64, exchange: &Exchange) -> bool {
        let answer = exchange
            .response()
            .map_or(0, |answer| answer.body.bytes().len());
        let size = exchange.request.body.bytes().len() + answer;
        if self.left_out > 0 || self.exchanges.len() == MOST || self.size + size > ROOM {
            self.left_out += 1;
            return self.left_out == 1;
        }
        self.size += size;
        self.is_new = true;
        let place = self.numbers.partition_point(|known| *known < number);
        self.numbers.insert(place, number);
        self.exchanges.insert(place, exchange.clone());
        false
    }

    /// Tells it if there is something new; what is to be known of it.
    ///
    /// # Errors
    /// The file cannot be written; the one that was there stays.
    pub(crate) fn tell(&mut self) -> io::Result<Option<Retold>> {
        if !self.is_new {
            return Ok(None);
        }
        let retold = retell(
            &self.exchanges,
            &Options {
                base: Some(&self.base),
                again: self.again.as_deref(),
                most: MOST,
                ..Options::default()
            },
        );
        // Written beside and moved into place: a reader sees the old story or the new one.
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        fs::write(&beside, &retold.text)?;
        fs::rename(&beside, &self.path)?;
        self.is_new = false;
        Ok(Some(retold))
    }
}
