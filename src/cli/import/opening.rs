//! Captures on the command line: opened, told apart, and told about.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use crate::capture::{self, Account, CaptureError, Format, Found};
use crate::cli::Complaint;
use crate::profile::ProfileId;

/// Bytes at the beginning by which a format is told.
const BEGINNING: u64 = 64 * 1024;

/// A capture whose format is known.
pub(crate) struct Opening {
    pub(crate) found: Found,
    pub(crate) input: Box<dyn BufRead>,
    /// Its first bytes.
    pub(crate) beginning: Vec<u8>,
}

/// The bytes, and what they are.
///
/// # Errors
/// They cannot be read, or are nothing that is known.
pub(crate) fn opened(
    file: &Path,
    wanted: Option<Found>,
    shown: &str,
) -> Result<Opening, Complaint> {
    let unreadable =
        |problem: io::Error| Complaint::new(format!("cannot read `{shown}`: {problem}"));
    let mut input: Box<dyn Read> = match file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(file).map_err(unreadable)?),
    };
    let mut beginning = Vec::new();
    (&mut input)
        .take(BEGINNING)
        .read_to_end(&mut beginning)
        .map_err(unreadable)?;
    let found = capture::detect(&mut beginning.as_slice());
    let found = match (wanted, found) {
        // What the user says counts, unless the bytes are known to be something that is not read here.
        (Some(wanted), Ok(_) | Err(CaptureError::Unknown { .. })) => Ok(wanted),
        (None, Ok(found)) => Ok(found),
        (_, Err(problem)) => Err(problem),
    };
    let found = found.map_err(|problem| of_capture(&problem, shown))?;
    let input = Cursor::new(beginning.clone()).chain(input);
    Ok(Opening {
        found,
        input: Box::new(BufReader::with_capacity(1 << 16, input)),
        beginning,
    })
}

/// Why a capture cannot be read, for people.
pub(crate) fn of_capture(problem: &CaptureError, shown: &str) -> Complaint {
    let complaint = Complaint::new(format!("`{shown}` {problem}"));
    match problem.hint() {
        Some(hint) => complaint.hint(hint),
        None => complaint,
    }
}

/// So many of something.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// What was read and what was not, in lines. `selected`: how many were wanted.
pub(crate) fn summary(
    shown: &str,
    format: Format,
    account: &Account,
    selected: Option<u64>,
) -> String {
    let mut text = format!(
        "{shown}: {}, {}",
        format.name(),
        count(account.exchanges, "exchange", "exchanges")
    );
    if account.unanswered > 0 {
        text.push_str(&format!(", {} without an answer", account.unanswered));
    }
    if account.elsewhere > 0 {
        text.push_str(&format!(
            ", {} of other services left out",
            account.elsewhere
        ));
    }
    let speaking = account.exchanges - account.elsewhere;
    if let Some(selected) = selected.filter(|selected| *selected < speaking) {
        text.push_str(&format!(", {selected} selected"));
    }
    text.push('\n');
    for remark in &account.remarks {
        text.push_str(&format!("{remark}\n"));
    }
    if account.unsaid > 0 {
        let more = count(account.unsaid, "more remark", "more remarks");
        text.push_str(&format!("and {more} like these\n"));
    }
    if let Some(ended) = &account.ended {
        text.push_str(&format!(
            "it breaks off at {}: {}; what stands before was read\n",
            ended.at, ended.what
        ));
    }
    text
}

/// The name of a file in messages and reports.
pub(crate) fn shown(file: &Path) -> String {
    if file == Path::new("-") {
        return "stdin".to_owned();
    }
    let shown = file.display().to_string().replace('\\', "/");
    shown.strip_prefix("./").unwrap_or(&shown).to_owned()
}

/// The client of that name, if one is named.
///
/// # Errors
/// There is none of that name.
pub(super) fn client_named(name: Option<&str>) -> Result<Option<ProfileId>, Complaint> {
    let Some(name) = name else {
        return Ok(None);
    };
    ProfileId::named(name).map(Some).ok_or_else(|| {
        let names: Vec<&str> = ProfileId::ALL.into_iter().map(ProfileId::name).collect();
        Complaint::new(format!("there is no client `{name}`"))
            .hint(format!("there is {}", names.join(", ")))
    })
}
