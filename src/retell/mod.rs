//! Retelling: exchanges that somebody recorded, written as a scenario that sends the same requests again.
//!
//! Values that the target gave (ids, versions, cursors) become captures, people become invented people, names get the run's
//! id, and what existed before is created in front. What was guessed says so where it stands.

mod acts;
mod address;
mod again;
mod answer;
mod asking;
mod attribute;
mod body;
mod disguise;
mod expect;
mod fold;
mod known;
mod naming;
mod people;
mod person;
mod prepare;
mod proposal;
mod readback;
mod target;
mod telling;
mod text;
mod title;
mod values;
mod write;

pub use self::acts::{ActOptions, Acts, retell_deeds};

use crate::exchange::Exchange;
use crate::profile::{ProfileId, Recognised, Recogniser};

use self::again::Again;
use self::fold::Folded;
use self::people::Cast;
use self::prepare::Preparations;
use self::write::Writer;

/// What becomes of the people in a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum People {
    /// Other people stand in for them, the same one for the same person throughout.
    #[default]
    Invent,
    /// They stay. The names that they have are then not made unique either.
    Keep,
}

/// How exchanges are retold.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// What becomes of people.
    pub people: People,
    /// The client, instead of the one that is recognised.
    pub client: Option<ProfileId>,
    /// One line; else one is made.
    pub title: Option<&'a str>,
    /// Where the recording comes from, for the first line: `ticket-4711.har`.
    pub origin: Option<&'a str>,
    /// The path of the target's base URL, `/scim/v2`; else it is found.
    pub base: Option<&'a str>,
    /// The id of the run that was recorded, if it was one of ours: wherever it stands, the new run's id will.
    pub run: Option<&'a str>,
    /// Whether read-backs are proposed.
    pub verify: bool,
    /// Headers that a request lacks were sent all the same: who pastes a request leaves most of them out.
    pub sparse: bool,
    /// Most requests that are told.
    pub most: usize,
    /// A second recording of the same story: what differs between both is noise.
    pub again: Option<&'a [Exchange]>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            people: People::Invent,
            client: None,
            title: None,
            origin: None,
            base: None,
            run: None,
            verify: true,
            sparse: false,
            most: 1000,
            again: None,
        }
    }
}

/// A story that was told once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retold {
    /// The scenario file.
    pub text: String,
    /// What somebody should know who runs it: what was folded, left out or guessed, one sentence each.
    pub notes: Vec<String>,
    /// The client that the scenario plays, `None` for a plain RFC client.
    pub client: Option<ProfileId>,
    /// Who sent the requests, and how that is known.
    pub recognised: Recognised,
    /// How many requests of the recording it sends.
    pub requests: usize,
    /// How many lines are marked as guessed.
    pub guesses: usize,
}

/// Writes exchanges, in the order in which they were sent, as a scenario. An empty recording gives a scenario that reads
/// one page of users, and a note.
pub fn retell(exchanges: &[Exchange], options: &Options<'_>) -> Retold {
    let mut recogniser = Recogniser::new();
    exchanges
        .iter()
        .for_each(|exchange| recogniser.see(exchange));
    let recognised = recogniser.recognised();
    let client = options
        .client
        .or(recognised.likely())
        .unwrap_or(ProfileId::Scimulate);
    let mut notes = Vec::new();
    let folded = Folded::of(exchanges, options, &mut notes);
    let mut cast = Cast::of(&folded.asked, options);
    let preparations = Preparations::of(&folded.asked, &mut cast, client != ProfileId::Scimulate);
    let second = options
        .again
        .map(|again| Folded::of(again, options, &mut Vec::new()))
        .unwrap_or_default();
    let again = match options.again {
        Some(_) => Again::of(&folded.asked, &second.asked, &cast, &mut notes),
        None => Again::default(),
    };
    again.noise.iter().for_each(|value| cast.make_noise(value));
    note_changes(&preparations, options, &mut notes);
    let writer = Writer::new(client, options, &folded.asked, &again, cast);
    let (text, guesses, requests) = writer.write(&preparations, &recognised, &mut notes);
    Retold {
        text,
        notes,
        client: (client != ProfileId::Scimulate).then_some(client),
        recognised,
        requests,
        guesses,
    }
}

/// What was done to the recording as a whole.
fn note_changes(preparations: &Preparations, options: &Options<'_>, notes: &mut Vec<String>) {
    let before = preparations.prepared.len();
    if before > 0 {
        notes.push(format!(
            "{} existed before the recording: created in front, as far as the recording shows what it was like",
            text::count(before, "resource")
        ));
    }
    notes.push(match options.people {
        People::Invent => {
            "people, passwords and what may tell who somebody is are replaced; names of groups stay"
                .to_owned()
        }
        People::Keep => {
            "people stay as they were recorded: think of who will read the file".to_owned()
        }
    });
}

#[cfg(test)]
mod tests;
