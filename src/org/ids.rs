//! Fresh ids, drawn from a seed: the same seed gives the same ids.

/// Letters of Okta's ids.
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Draws ids.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    seed: u64,
    drawn: u64,
}

impl Ids {
    /// From this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    /// An id of Okta: 20 characters with a prefix that says what it is of: `00u` a user, `0oa` an application, `00g` a
    /// group (okta.md 2.2).
    pub(crate) fn okta(&mut self, prefix: &str) -> String {
        let mut id = prefix.to_owned();
        let (mut number, mut left) = (0, 0);
        while id.len() < 20 {
            if left == 0 {
                (number, left) = (self.draw(), 10);
            }
            id.push(char::from(LETTERS[(number % 62) as usize]));
            (number, left) = (number / 62, left - 1);
        }
        id
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.draw().to_be_bytes());
        bytes[8..].copy_from_slice(&self.draw().to_be_bytes());
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        let step = self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let number = self.seed.wrapping_add(step);
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Ids;

    #[test]
    fn ids_have_twenty_characters_and_never_come_twice() {
        let mut ids = Ids::new(7);
        let drawn: BTreeSet<String> = (0..500).map(|_| ids.okta("00u")).collect();
        assert_eq!(drawn.len(), 500);
        assert!(
            drawn
                .iter()
                .all(|id| id.len() == 20 && id.starts_with("00u"))
        );
        assert_eq!(Ids::new(7).okta("0oa"), Ids::new(7).okta("0oa"));
        assert_ne!(ids.uuid(), ids.uuid());
    }
}
