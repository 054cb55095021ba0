//! Command lines of curl, read as the requests that they send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Kind;

/// Options with an argument that says nothing of the request.
const WITH_ARGUMENT: [&str; 36] = [
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-x",
    "--proxy",
    "-U",
    "--proxy-user",
    "-E",
    "--cert",
    "--key",
    "--cacert",
    "--capath",
    "--pass",
    "--cert-type",
    "--key-type",
    "--resolve",
    "--connect-to",
    "--interface",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "-c",
    "--cookie-jar",
    "-D",
    "--dump-header",
    "--ciphers",
    "--limit-rate",
    "--trace",
    "--trace-ascii",
    "-K",
    "--config",
    "--noproxy",
];

/// A request that a command line sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) method: String,
    /// As it stands there.
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    /// What is not known of it.
    pub(super) remarks: Vec<(Kind, String)>,
}

/// The requests of a command line; its first word is curl.
pub(super) fn requests(words: &[String]) -> Vec<Sent> {
    words[1..]
        .split(|word| word == "--next" || word == "-:")
        .flat_map(|words| Reading::of(words).requests())
        .collect()
}

/// What the options say.
#[derive(Default)]
struct Reading {
    method: Option<String>,
    urls: Vec<String>,
    headers: Vec<(String, String)>,
    /// Names of headers that are not sent.
    without: Vec<String>,
    data: Option<String>,
    is_json: bool,
    is_query: bool,
    is_head: bool,
    uploads: bool,
    remarks: Vec<(Kind, String)>,
}

impl Reading {
    fn of(words: &[String]) -> Self {
        let mut reading = Self::default();
        let mut words = words.iter().cloned();
        let mut only_urls = false;
        while let Some(word) = words.next() {
            match word.strip_prefix('-') {
                None | Some("") => reading.urls.push(word),
                _ if only_urls => reading.urls.push(word),
                Some("-") => only_urls = true,
                Some(long) if long.starts_with('-') => {
                    // `--request=POST` is not curl's, and people write it.
                    let (name, attached) = match word.split_once('=') {
                        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                        None => (word.clone(), None),
                    };
                    reading.option(&name, attached, &mut words);
                }
                Some(short) => reading.short(short, &mut words),
            }
        }
        reading
    }

    /// `-sSXPOST`: letters without arguments, and at most one with, whose argument may stand right behind it.
    fn short(&mut self, letters: &str, words: &mut dyn Iterator<Item = String>) {
        for (at, letter) in letters.char_indices() {
            let name = format!("-{letter}");
            let rest = &letters[at + letter.len_utf8()..];
            let takes = "XHduFAebT".contains(letter) || WITH_ARGUMENT.contains(&name.as_str());
            if takes {
                let attached = (!rest.is_empty()).then(|| rest.to_owned());
                self.option(&name, attached, words);
                return;
            }
            self.option(&name, None, words);
        }
    }

    fn option(
        &mut self,
        name: &str,
        attached: Option<String>,
        words: &mut dyn Iterator<Item = String>,
    ) {
        let mut argument = || {
            attached
                .clone()
                .or_else(|| words.next())
                .unwrap_or_default()
        };
        match name {
            "-X" | "--request" => self.method = Some(argument()),
            "--url" => self.urls.push(argument()),
            "-H" | "--header" => {
                let header = argument();
                self.header(&header);
            }
            "-d" | "--data" | "--data-ascii" | "--data-binary" => {
                let data = argument();
                self.add(data, "&", true);
            }
            "--data-raw" => {
                let data = argument();
                self.add(data, "&", false);
            }
            "--json" => {
                let data = argument();
                self.is_json = true;
                self.add(data, "", true);
            }
            "--data-urlencode" => {
                let data = argument();
                let encoded = self.encoded(&data);
                self.add(encoded, "&", false);
            }
            "-G" | "--get" => self.is_query = true,
            "-I" | "--head" => self.is_head = true,
            "-u" | "--user" => {
                let pair = argument();
                let value = format!("Basic {}", STANDARD.encode(pair));
                self.headers.push(("Authorization".to_owned(), value));
            }
            "--oauth2-bearer" => {
                let value = format!("Bearer {}", argument());
                self.headers.push(("Authorization".to_owned(), value));
            }
            "-A" | "--user-agent" => self.headers.push(("User-Agent".to_owned(), argument())),
            "-e" | "--referer" => self.headers.push(("Referer".to_owned(), argument())),
            "-b" | "--cookie" => self.headers.push(("Cookie".to_owned(), argument())),
            "-T" | "--upload-file" => {
                let file = argument();
                self.uploads = true;
                self.unknown_file(&file);
            }
            "-F" | "--form" | "--form-string" => {
                let part = argument();
                let what = format!("`{name} {part}`: SCIM has no multipart bodies");
                self.remarks.push((Kind::Unread, what));
            }
            _ if WITH_ARGUMENT.contains(&name) => drop(argument()),
            _ => {}
        }
    }

    fn header(&mut self, header: &str) {
        match (header.split_once(':'), header.strip_suffix(';')) {
            (Some((name, value)), _) if value.trim().is_empty() => {
                self.without.push(name.to_owned())
            }
            (Some((name, value)), _) => {
                self.headers
                    .push((name.trim().to_owned(), value.trim().to_owned()));
            }
            // `Name;` sends the header without a value.
            (None, Some(name)) => self.headers.push((name.to_owned(), String::new())),
            (None, None) => {
                let what = format!("the header `{header}`: it has no colon");
                self.remarks.push((Kind::Unread, what));
            }
        }
    }

    fn add(&mut self, data: String, between: &str, reads_files: bool) {
        if let Some(file) = data.strip_prefix('@').filter(|_| reads_files) {
            self.unknown_file(file);
            self.data.get_or_insert_default();
            return;
        }
        match &mut self.data {
            Some(earlier) => {
                earlier.push_str(between);
                earlier.push_str(&data);
            }
            None => self.data = Some(data),
        }
    }

    fn unknown_file(&mut self, file: &str) {
        let what = format!("the body: it is in the file `{file}`, which is not here");
        self.remarks.push((Kind::Missing, what));
    }

    /// As `--data-urlencode` does it: `content`, `=content`, `name=content`.
    fn encoded(&self, data: &str) -> String {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
                .replace("%2D", "-")
                .replace("%2E", ".")
                .replace("%5F", "_")
                .replace("%7E", "~")
        };
        match data.split_once('=') {
            Some(("", content)) => encode(content),
            Some((name, content)) => format!("{name}={}", encode(content)),
            None => encode(data),
        }
    }

    fn requests(mut self) -> Vec<Sent> {
        let method = self.method.take().unwrap_or_else(|| {
            let usual = match () {
                () if self.is_head => "HEAD",
                () if self.uploads => "PUT",
                () if self.is_query => "GET",
                () if self.data.is_some() => "POST",
                () => "GET",
            };
            usual.to_owned()
        });
        let query = self.data.take_if(|_| self.is_query);
        let mut add = |name: &str, value: &str| {
            let is_there = |known: &String| known.eq_ignore_ascii_case(name);
            if !self.headers.iter().any(|(known, _)| is_there(known))
                && !self.without.iter().any(is_there)
            {
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        };
        if self.is_json {
            add("Content-Type", "application/json");
            add("Accept", "application/json");
        } else if self.data.is_some() {
            add("Content-Type", "application/x-www-form-urlencoded");
        }
        let sent = Sent {
            method: method.to_ascii_uppercase(),
            url: String::new(),
            headers: self.headers,
            body: self.data,
            remarks: self.remarks,
        };
        self.urls
            .into_iter()
            .map(|url| Sent {
                url: match &query {
                    Some(query) if url.contains('?') => format!("{url}&{query}"),
                    Some(query) => format!("{url}?{query}"),
                    None => url,
                },
                ..sent.clone()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Sent, requests};

    fn sent(words: &[&str]) -> Vec<Sent> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        requests(&words)
    }

    fn one(words: &[&str]) -> Sent {
        let mut all = sent(words);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    #[test]
    fn the_method_follows_from_the_options() {
        assert_eq!(one(&["curl", "u"]).method, "GET");
        assert_eq!(one(&["curl", "u", "-d", "x"]).method, "POST");
        assert_eq!(one(&["curl", "-I", "u"]).method, "HEAD");
        assert_eq!(one(&["curl", "-sSXpatch", "u", "-d", "x"]).method, "PATCH");
        assert_eq!(one(&["curl", "--request=PUT", "--url", "u"]).method, "PUT");
    }

    #[test]
    fn data_is_joined_and_typed() {
        let form = one(&["curl", "u", "-d", "a=1", "--data-urlencode", "b=x y", "-k"]);
        assert_eq!(form.body.as_deref(), Some("a=1&b=x%20y"));
        assert_eq!(form.headers[0].1, "application/x-www-form-urlencoded");
        let json = one(&[
            "curl",
            "--json",
            "{\"a\"",
            "--json",
            ":1}",
            "u",
            "-H",
            "accept: x",
        ]);
        assert_eq!(json.body.as_deref(), Some("{\"a\":1}"));
        assert_eq!(json.headers.len(), 2);
        let query = one(&[
            "curl",
            "-G",
            "u?a=1",
            "--data-urlencode",
            "filter=userName eq \"x\"",
        ]);
        assert_eq!(query.url, "u?a=1&filter=userName%20eq%20%22x%22");
        assert_eq!((query.method.as_str(), query.body), ("GET", None));
    }

    #[test]
    fn headers_are_those_that_are_sent() {
        let sent = one(&[
            "curl",
            "u",
            "-H",
            "X-Empty;",
            "-H",
            "Content-Type:",
            "-d",
            "x",
            "-u",
            "ada:pass",
            "-A",
            "me",
            "-o",
            "f",
            "-H",
            "odd",
        ]);
        assert_eq!(
            sent.headers,
            [
                ("X-Empty", ""),
                ("Authorization", "Basic YWRhOnBhc3M="),
                ("User-Agent", "me")
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(sent.remarks.len(), 1);
    }

    #[test]
    fn one_line_may_send_several() {
        let all = sent(&["curl", "a", "b", "--next", "-X", "DELETE", "c"]);
        let lines: Vec<String> = all
            .iter()
            .map(|sent| format!("{} {}", sent.method, sent.url))
            .collect();
        assert_eq!(lines, ["GET a", "GET b", "DELETE c"]);
    }

    #[test]
    fn a_body_in_a_file_is_missing() {
        let sent = one(&["curl", "u", "-d", "@user.json"]);
        assert_eq!(sent.body.as_deref(), Some(""));
        assert!(sent.remarks[0].1.contains("`user.json`"));
    }
}
