//! Names that say that what follows is a credential.

/// Schemes that stand before a credential in `Authorization` (IANA's registry, and those of known products).
const SCHEMES: [&str; 16] = [
    "bearer",
    "basic",
    "digest",
    "dpop",
    "gnap",
    "hoba",
    "mutual",
    "negotiate",
    "ntlm",
    "privatetoken",
    "scram-sha-1",
    "scram-sha-256",
    "vapid",
    "ssws",
    "token",
    "apikey",
];

/// Names of members and parameters that end like this hold a credential; compared without case, hyphens and underscores.
const ENDINGS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "assertion",
    "sessionid",
    "jwt",
];

/// Tokens that open nothing: they say where a list goes on.
const HARMLESS: [&str; 6] = ["continuation", "page", "next", "skip", "cursor", "sync"];

/// Words before `key` in the name of a header.
const KEYS: [&str; 10] = [
    "api",
    "access",
    "auth",
    "app",
    "application",
    "client",
    "functions",
    "master",
    "secret",
    "subscription",
];

/// Whether a header holds nothing but a credential.
pub(super) fn is_secret_header(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['-', '_']).collect();
    let last = words.last().copied().unwrap_or_default();
    let before = words.iter().rev().nth(1).copied().unwrap_or_default();
    match lower.as_str() {
        "authorization" | "proxy-authorization" | "auth" | "x-auth" | "apikey" | "x-apikey" => true,
        // These are read apart: their names stay.
        "cookie" | "set-cookie" => false,
        _ => match last {
            "key" => KEYS.contains(&before),
            "token" => !HARMLESS.contains(&before),
            "authorization" | "secret" | "password" | "jwt" | "assertion" | "credential"
            | "credentials" => true,
            _ => false,
        },
    }
}

/// Whether a word is the name of a scheme, which no secret is.
pub(super) fn is_scheme(word: &str) -> bool {
    SCHEMES
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Whether a member of JSON holds a credential; also as the path of a PATCH: `urn:…:User:password`.
pub(super) fn is_secret_member(name: &str) -> bool {
    let plain = plain(name);
    matches!(plain.as_str(), "pwd" | "authorization")
        || ENDINGS.iter().any(|ending| {
            plain
                .strip_suffix(ending)
                .is_some_and(|before| !HARMLESS.iter().any(|harmless| before.ends_with(harmless)))
        })
}

/// Whether a parameter of a query or a form holds a credential.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    is_secret_member(name)
        || matches!(
            plain(name).as_str(),
            "code"
                | "codeverifier"
                | "sig"
                | "signature"
                | "samlresponse"
                | "xamzsignature"
                | "key"
        )
}

/// The last part of a name, without what writers of names differ in.
fn plain(name: &str) -> String {
    name.rsplit([':', '.'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|letter| !matches!(letter, '-' | '_' | ' '))
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}
