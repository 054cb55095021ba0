//! Cursors: where the next page of a query begins (RFC 9865).
//!
//! A cursor holds all that is needed, so the server keeps nothing between pages. It ends in a checksum over itself and the
//! query, so that forged ones, garbled ones and those of another query are refused alike (RFC 9865 section 5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::error::{Refusal, ScimType};

/// Seconds for which a cursor stays valid.
pub(crate) const LIFETIME: i64 = 3600;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// At the first resource.
    Start,
    /// Behind this one, in an answer in the order of creation; it may be gone by now.
    Behind(u64),
    /// Ends before this one, in an answer in the order of creation.
    Before(u64),
    /// After so many resources, in a sorted answer.
    Offset(u64),
}

/// Writes a cursor for a query, which `query` identifies.
pub(crate) fn write(mark: Mark, query: u64, now: Timestamp) -> String {
    let (kind, number) = match mark {
        Mark::Start => (0, 0),
        Mark::Behind(row) => (1, row),
        Mark::Before(row) => (2, row),
        Mark::Offset(offset) => (3, offset),
    };
    let mut bytes = vec![kind];
    bytes.extend(number.to_be_bytes());
    bytes.extend(now.as_second().to_be_bytes());
    bytes.extend(checksum(&bytes, query).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor; an empty one asks for the first page.
pub(crate) fn read(text: &str, query: u64, now: Timestamp) -> Result<Mark, Refusal> {
    if text.is_empty() {
        return Ok(Mark::Start);
    }
    let invalid = || {
        Refusal::bad(
            ScimType::InvalidCursor,
            "the cursor does not belong to this query",
        )
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let Some((content, sum)) = bytes.split_last_chunk::<8>() else {
        return Err(invalid());
    };
    if content.len() != 17 || checksum(content, query).to_be_bytes() != *sum {
        return Err(invalid());
    }
    let number = |from: usize| {
        content[from..from + 8]
            .iter()
            .fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let issued = number(9).cast_signed();
    if now.as_second() > issued + LIFETIME {
        return Err(Refusal::bad(
            ScimType::ExpiredCursor,
            "the cursor has expired; start the query again",
        ));
    }
    match content[0] {
        0 => Ok(Mark::Start),
        1 => Ok(Mark::Behind(number(1))),
        2 => Ok(Mark::Before(number(1))),
        3 => Ok(Mark::Offset(number(1))),
        _ => Err(invalid()),
    }
}

/// FNV-1a; it finds accidents and casual forgery, and a cursor grants no rights that the query does not have.
pub(crate) fn checksum(bytes: &[u8], start: u64) -> u64 {
    let basis = 0xcbf2_9ce4_8422_2325 ^ start;
    bytes.iter().fold(basis, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{LIFETIME, Mark, read, write};
    use crate::server::error::ScimType;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn cursors_read_back_and_belong_to_their_query() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_000_000);
        for mark in [
            Mark::Start,
            Mark::Behind(7),
            Mark::Before(u64::MAX),
            Mark::Offset(3),
        ] {
            let text = write(mark, 42, now);
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
                "{text}"
            );
            assert_eq!(read(&text, 42, now), Ok(mark));
            assert!(read(&text, 43, now).is_err());
            let late =
                read(&text, 42, now + SignedDuration::from_secs(LIFETIME + 1)).expect_err("late");
            assert_eq!(late.scim_type, Some(ScimType::ExpiredCursor));
        }
        assert_eq!(read("", 1, now), Ok(Mark::Start));
        for text in ["zzz", "AAAA", "%%"] {
            assert_eq!(
                read(text, 1, now).expect_err(text).scim_type,
                Some(ScimType::InvalidCursor)
            );
        }
    }
}
