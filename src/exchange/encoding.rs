//! Content encodings (RFC 9110 8.4), undone.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::{Broken, header};

/// The body of an answer without the encoding that its headers name, and why it is not whole: what was known of that, or what
/// undoing the encoding shows. Where nothing can be undone, the bytes stay.
pub(crate) fn decoded_body(
    headers: &[(String, String)],
    bytes: Vec<u8>,
    broken: Option<Broken>,
    limit: u64,
) -> (Vec<u8>, Option<Broken>) {
    let Some(encoding) = header(headers, "content-encoding").filter(|_| !bytes.is_empty()) else {
        return (bytes, broken);
    };
    match decoded(&bytes, encoding, limit) {
        Ok((plain, problem)) => (plain, broken.or(problem)),
        Err(problem) => (bytes, broken.or(Some(Broken::Encoding(problem)))),
    }
}

/// Undoes a content encoding, at most up to the limit: a small answer may hold a very large body. What could be undone of
/// a broken one is kept.
pub(crate) fn decoded(
    bytes: &[u8],
    encoding: &str,
    limit: u64,
) -> Result<(Vec<u8>, Option<Broken>), String> {
    let most = limit.saturating_add(1);
    let mut plain = Vec::new();
    let read = match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => return Ok((bytes.to_vec(), None)),
        "gzip" | "x-gzip" => MultiGzDecoder::new(bytes)
            .take(most)
            .read_to_end(&mut plain),
        // RFC 9110 8.4.1.2 means zlib; some servers send it bare.
        "deflate" => ZlibDecoder::new(bytes)
            .take(most)
            .read_to_end(&mut plain)
            .or_else(|_| {
                plain.clear();
                DeflateDecoder::new(bytes)
                    .take(most)
                    .read_to_end(&mut plain)
            }),
        other => return Err(format!("`{other}` was not asked for and is not known")),
    };
    if plain.len() as u64 > limit {
        plain.truncate(limit as usize);
        return Ok((plain, Some(Broken::TooLarge(limit))));
    }
    match read {
        Ok(_) => Ok((plain, None)),
        Err(problem) if plain.is_empty() => Err(problem.to_string()),
        Err(problem) => Ok((plain, Some(Broken::Encoding(problem.to_string())))),
    }
}
