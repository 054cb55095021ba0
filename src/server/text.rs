//! How texts are compared.
//!
//! Names of people and accounts come in different Unicode forms: RFC 7644 7.8 asks for preparation before comparison (case,
//! width, composition). Compatibility composition and lower case cover what clients produce.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::policy::{Policies, Policy};

/// The form in which two texts of an attribute are equal when the attribute says so.
pub(crate) fn comparable<'a>(text: &'a str, case_exact: bool, policies: &Policies) -> Cow<'a, str> {
    if case_exact {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    if !policies.first(Policy::NamePreparation) {
        return Cow::Owned(text.to_lowercase());
    }
    let prepared = ComposingNormalizerBorrowed::new_nfkc()
        .normalize(text)
        .to_lowercase();
    Cow::Owned(
        ComposingNormalizerBorrowed::new_nfkc()
            .normalize(&prepared)
            .into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::comparable;
    use crate::server::policy::Policies;

    #[test]
    fn width_composition_and_case_do_not_matter() {
        let policies = Policies::default();
        let same = |left: &str, right: &str| {
            comparable(left, false, &policies) == comparable(right, false, &policies)
        };
        assert!(same("ADA", "ada"));
        assert!(same("\u{ff21}da", "ada"));
        assert!(same("Zoe\u{308}", "zo\u{eb}"));
        assert!(!same("ada", "ade"));
        assert_ne!(comparable("ADA", true, &policies), "ada");
    }
}
