//! Disguise: other words for the words of somebody's name, the same one for the same word throughout.
//!
//! What a value is made of stays: quotes, hyphens, blanks, letters outside ASCII, the case of letters, digits as digits.
//! An apostrophe in a name may be the very thing that a ticket is about.

use std::collections::HashMap;

/// Given names of invented people.
const GIVEN: [&str; 24] = [
    "bea", "cleo", "emil", "finn", "gwen", "hugo", "iris", "jonas", "kira", "leon", "mona", "nils",
    "olga", "paul", "rosa", "sven", "tess", "uma", "vera", "wim", "yara", "zeno", "anton", "dora",
];
/// Family names of invented people, and words for everything else.
const FAMILY: [&str; 24] = [
    "quill", "marlow", "stone", "birch", "hale", "frost", "lowe", "penn", "rook", "vane", "wren",
    "thorn", "ashby", "brook", "carver", "dale", "ferris", "grove", "heath", "ivory", "kestrel",
    "larch", "moss", "nolan",
];
/// Digits that stand for others: fewer than three in a row tell nobody apart.
const DIGITS: usize = 3;
/// Letters of a word that is kept, such as an initial or `de`.
const SHORT: usize = 2;

/// Words and what stands for them.
#[derive(Debug, Clone, Default)]
pub(super) struct Disguise {
    words: HashMap<String, String>,
    given: usize,
    others: usize,
    numbers: HashMap<String, String>,
    domains: HashMap<String, String>,
}

impl Disguise {
    /// Words of a given name are replaced by given names; to be told before the words occur elsewhere.
    pub(super) fn learn_given(&mut self, name: &str) {
        for word in words(name) {
            let lower = word.to_lowercase();
            if word.chars().count() > SHORT && !self.words.contains_key(&lower) {
                let new = numbered(&GIVEN, self.given);
                self.given += 1;
                self.words.insert(lower, new);
            }
        }
    }

    /// The value in disguise. What stands behind an `@` or names a host becomes a domain that nobody has.
    pub(super) fn of(&mut self, value: &str) -> String {
        if let Some((scheme, rest)) = value.split_once("://") {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let domain = self.domain(host);
            return format!("{scheme}://{domain}{}", self.plain(path));
        }
        match value.rsplit_once('@') {
            Some((local, domain)) if domain.contains('.') && !domain.contains(' ') => {
                format!("{}@{}", self.plain(local), self.domain(domain))
            }
            _ => self.plain(value),
        }
    }

    /// A sentence in which only words are replaced that have been replaced elsewhere.
    pub(super) fn cover(&self, sentence: &str) -> String {
        let mut covered = sentence.to_owned();
        for (domain, new) in &self.domains {
            covered = covered.replace(domain.as_str(), new);
        }
        let mut new = String::with_capacity(covered.len());
        let mut rest = covered.as_str();
        while let Some(first) = rest.chars().next() {
            let kind = Kind::of(first);
            let end = rest
                .find(|letter| Kind::of(letter) != kind)
                .unwrap_or(rest.len());
            let (run, others) = rest.split_at(end);
            let known = match kind {
                Kind::Letter => self.words.get(&run.to_lowercase()),
                Kind::Digit => self.numbers.get(run),
                Kind::Other => None,
            };
            match known {
                Some(known) => new.push_str(&in_case_of(run, known)),
                None => new.push_str(run),
            }
            rest = others;
        }
        new
    }

    fn plain(&mut self, value: &str) -> String {
        let mut new = String::with_capacity(value.len());
        let mut run = String::new();
        let mut kind = Kind::Other;
        for letter in value.chars() {
            let next = Kind::of(letter);
            if next != kind {
                self.push(kind, &run, &mut new);
                run.clear();
                kind = next;
            }
            run.push(letter);
        }
        self.push(kind, &run, &mut new);
        new
    }

    fn push(&mut self, kind: Kind, run: &str, new: &mut String) {
        match kind {
            Kind::Letter => new.push_str(&self.word(run)),
            Kind::Digit => new.push_str(&self.number(run)),
            Kind::Other => new.push_str(run),
        }
    }

    fn word(&mut self, word: &str) -> String {
        if word.chars().count() <= SHORT {
            return word.to_owned();
        }
        let lower = word.to_lowercase();
        let next = self.others;
        let mut grown = false;
        let plain = self
            .words
            .entry(lower)
            .or_insert_with(|| {
                grown = true;
                numbered(&FAMILY, next)
            })
            .clone();
        self.others += usize::from(grown);
        in_case_of(word, &plain)
    }

    fn number(&mut self, digits: &str) -> String {
        if digits.len() < DIGITS {
            return digits.to_owned();
        }
        let next = self.numbers.len() + 100;
        self.numbers
            .entry(digits.to_owned())
            .or_insert_with(|| {
                let width = digits.len();
                let number = format!("{next:0>width$}");
                number[number.len() - width..].to_owned()
            })
            .clone()
    }

    fn domain(&mut self, domain: &str) -> String {
        let next = self.domains.len();
        self.domains
            .entry(domain.to_lowercase())
            .or_insert_with(|| match next {
                0 => "example.test".to_owned(),
                number => format!("example{}.test", number + 1),
            })
            .clone()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Other,
}

impl Kind {
    fn of(letter: char) -> Self {
        if letter.is_ascii_digit() {
            Self::Digit
        } else if letter.is_alphabetic() {
            Self::Letter
        } else {
            Self::Other
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
}

/// The word of that number; behind the end of the list they begin again with a letter more.
fn numbered(list: &[&str], number: usize) -> String {
    let word = list[number % list.len()];
    let mut round = number / list.len();
    let mut word = word.to_owned();
    while round > 0 {
        let letter = b'a' + u8::try_from((round - 1) % 26).unwrap_or_default();
        word.push(char::from(letter));
        round = (round - 1) / 26;
    }
    word
}

/// The new word in the case of the old one, with its letters outside ASCII at their places.
fn in_case_of(old: &str, new: &str) -> String {
    let upper = |letter: &char| letter.is_uppercase();
    let all = old.chars().all(|letter| upper(&letter));
    let first = old.chars().next().is_some_and(|letter| upper(&letter));
    let mut letters: Vec<char> = new.chars().collect();
    for (place, letter) in letters.iter_mut().enumerate() {
        if all || (first && place == 0) {
            *letter = letter.to_ascii_uppercase();
        }
    }
    for (place, letter) in old.chars().enumerate() {
        if !letter.is_ascii() {
            match letters.get_mut(place) {
                Some(there) => *there = letter,
                None => letters.push(letter),
            }
        }
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::Disguise;

    fn disguise() -> Disguise {
        let mut disguise = Disguise::default();
        disguise.learn_given("Marie");
        disguise
    }

    #[test]
    fn a_name_is_the_same_other_name_everywhere() {
        let mut disguise = disguise();
        assert_eq!(disguise.of("Marie"), "Bea");
        assert_eq!(
            disguise.of("marie.curie@corp.example"),
            "bea.quill@example.test"
        );
        assert_eq!(disguise.of("CURIE"), "QUILL");
        assert_eq!(disguise.of("Marie Curie"), "Bea Quill");
        assert_eq!(disguise.of("x@other.example"), "x@example2.test");
    }

    #[test]
    fn what_breaks_servers_stays() {
        let mut disguise = disguise();
        assert_eq!(disguise.of("O'Brien"), "O'Quill");
        assert_eq!(disguise.of("Müller "), "Marlow ".replace('a', "ü"));
        assert_eq!(disguise.of("太郎"), "太郎");
        assert_eq!(disguise.of("山田太郎"), "山田太郎e");
        assert_eq!(disguise.of("a\\\"b;--"), "a\\\"b;--");
    }

    #[test]
    fn a_sentence_keeps_the_words_of_nobody() {
        let mut disguise = disguise();
        disguise.of("marie.curie@corp.example");
        assert_eq!(
            disguise.cover("the user Marie (marie.curie@corp.example) exists"),
            "the user Bea (bea.quill@example.test) exists"
        );
    }

    #[test]
    fn digits_stay_digits() {
        let mut disguise = disguise();
        let phone = disguise.of("+46 70 555 0199");
        assert_eq!(phone, "+46 70 100 0101");
        assert_eq!(disguise.of("0199"), "0101");
    }

    #[test]
    fn addresses_of_pages_lead_nowhere() {
        let mut disguise = disguise();
        assert_eq!(
            disguise.of("https://corp.example/photos/marie.jpg"),
            "https://example.test/quill/bea.marlow"
        );
    }
}
