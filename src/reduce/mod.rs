//! Reducing: the shortest scenario that still shows a failure.
//!
//! A scenario's text is made shorter piece by piece (steps, rows and parallel requests, members of bodies, keys), and each
//! shorter text is tried. Pieces that only work together need no care: a text that the loader refuses shows nothing.

mod pieces;
mod symptom;

pub use symptom::Symptom;

use std::collections::HashSet;
use std::ops::ControlFlow;

use pieces::Piece;

/// Lists of pieces of a text. Those of one list stand in the order of the text and apart from each other.
type Find = fn(&str) -> Vec<Vec<Piece>>;

/// What is tried next, in the order in which it saves most.
const LEVELS: [Find; 5] = [
    pieces::steps,
    pieces::inner_items,
    pieces::listed,
    pieces::members,
    pieces::keys,
];

/// Says of a text whether it still shows the failure, or that nothing more is to be tried.
pub type Shows<'s> = dyn FnMut(&str) -> ControlFlow<(), bool> + 's;

/// Makes a scenario's text shorter until nothing more can be left out of it, or `shows` ends it. The text that is given
/// shows the failure.
pub fn reduce(text: &str, shows: &mut Shows<'_>) -> String {
    let mut reduction = Reduction {
        text: text.to_owned(),
        tried: HashSet::new(),
        shows,
    };
    loop {
        let before = reduction.text.len();
        for level in LEVELS {
            if reduction.level(level).is_break() {
                return reduction.text;
            }
        }
        if reduction.text.len() >= before {
            return reduction.text;
        }
    }
}

/// The text as one client tells it, where it is told as several.
pub fn told_as(text: &str, client: &str) -> String {
    match pieces::top_key(text, "as") {
        Some(piece) => Piece {
            instead: Some(format!("as: {client}\n")),
            ..piece
        }
        .taken_out_of(text),
        None => text.to_owned(),
    }
}

struct Reduction<'s, 'f> {
    /// The shortest text so far.
    text: String,
    /// What was tried and shows nothing.
    tried: HashSet<String>,
    shows: &'s mut Shows<'f>,
}

impl Reduction<'_, '_> {
    /// Leaves out what can be left out of each list of pieces.
    fn level(&mut self, pieces: Find) -> ControlFlow<()> {
        let lists = pieces(&self.text).len();
        // From the end: what comes late needs what came before.
        for list in (0..lists).rev() {
            self.list(list, pieces)?;
        }
        ControlFlow::Continue(())
    }

    /// Delta debugging: large chunks first, then smaller ones.
    fn list(&mut self, list: usize, pieces: Find) -> ControlFlow<()> {
        let mut chunk = usize::MAX;
        loop {
            let found = pieces(&self.text);
            let Some(mut left) = found.into_iter().nth(list) else {
                return ControlFlow::Continue(());
            };
            chunk = chunk.min(left.len());
            let mut end = left.len();
            let mut shorter = false;
            while end > 0 && chunk > 0 {
                let begin = end.saturating_sub(chunk);
                let candidate = without(&self.text, &left[begin..end]);
                if self.holds(&candidate)? {
                    self.text = candidate;
                    shorter = true;
                    // The others stand elsewhere now.
                    let Some(moved) = pieces(&self.text).into_iter().nth(list) else {
                        return ControlFlow::Continue(());
                    };
                    left = moved;
                    end = begin.min(left.len());
                } else {
                    end = begin;
                }
            }
            match chunk {
                0 => return ControlFlow::Continue(()),
                1 if !shorter => return ControlFlow::Continue(()),
                1 => {}
                _ => chunk = chunk.div_ceil(2),
            }
        }
    }

    fn holds(&mut self, candidate: &str) -> ControlFlow<(), bool> {
        if candidate.len() >= self.text.len() || self.tried.contains(candidate) {
            return ControlFlow::Continue(false);
        }
        let shows = (self.shows)(candidate)?;
        if !shows {
            self.tried.insert(candidate.to_owned());
        }
        ControlFlow::Continue(shows)
    }
}

/// The text without these pieces, which are in order and apart from each other.
fn without(text: &str, pieces: &[Piece]) -> String {
    pieces
        .iter()
        .rev()
        .fold(text.to_owned(), |text, piece| piece.taken_out_of(&text))
}

#[cfg(test)]
mod tests;
