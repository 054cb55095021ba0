//! Attribute paths: how filters, PATCH operations, projections and captures name a part of a resource.
//!
//! RFC 7644 3.10 and figure 7, read with erratum 8924 (`$ref` is a name). Names keep the case in which they were
//! written; comparing them without case is up to whoever looks them up.

use std::fmt;
use std::str::FromStr;

use super::filter::{Dialect, Filter, FilterFault, Limits};
use super::filter_parser::Parser;

/// `[urn:]name[.sub]`, the `attrPath` of the RFC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// The schema URN in front, without its last colon.
    pub urn: Option<String>,
    /// The attribute. For a bare schema URN this is the URN's last part; see [`AttributePath::whole_urn`].
    pub name: String,
    /// The sub-attribute behind the dot.
    pub sub: Option<String>,
}

impl AttributePath {
    /// A path that is only a name.
    pub fn named(name: &str) -> Self {
        AttributePath {
            urn: None,
            name: name.to_owned(),
            sub: None,
        }
    }

    /// The path read as one URN, such as `urn:…:extension:enterprise:2.0:User`. Whether it means a schema or an attribute
    /// called `User` cannot be told from the text: look the URN up first.
    pub fn whole_urn(&self) -> Option<String> {
        match (&self.urn, &self.sub) {
            (Some(urn), None) => Some(format!("{urn}:{}", self.name)),
            _ => None,
        }
    }

    /// Whether the path is `name` without URN and sub-attribute, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.urn.is_none() && self.sub.is_none() && self.name.eq_ignore_ascii_case(name)
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

impl FromStr for AttributePath {
    type Err = FilterFault;

    fn from_str(text: &str) -> Result<Self, FilterFault> {
        let mut parser = Parser::new(text, Dialect::STRICT, Limits::default());
        let path = parser.attribute_path()?;
        parser.end()?;
        Ok(path)
    }
}

/// A PATCH path: an attribute path, or a value path `name[filter][.sub]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The schema URN in front, without its last colon.
    pub urn: Option<String>,
    /// The attribute.
    pub name: String,
    /// The filter in brackets, which chooses elements of a multi-valued attribute.
    pub filter: Option<Box<Filter>>,
    /// The sub-attribute behind the dot.
    pub sub: Option<String>,
}

impl Path {
    /// Reads a path, strictly or with the quirks that `dialect` allows inside the brackets.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Path, FilterFault> {
        let mut parser = Parser::new(text, dialect, Limits::default());
        let path = parser.path()?;
        parser.end()?;
        Ok(path)
    }

    /// The attribute path without the filter.
    pub fn attribute(&self) -> AttributePath {
        AttributePath {
            urn: self.urn.clone(),
            name: self.name.clone(),
            sub: self.sub.clone(),
        }
    }

    /// As [`AttributePath::whole_urn`]; never with a filter.
    pub fn whole_urn(&self) -> Option<String> {
        if self.filter.is_some() {
            None
        } else {
            self.attribute().whole_urn()
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Path {
    type Err = FilterFault;

    fn from_str(text: &str) -> Result<Self, FilterFault> {
        Path::parse(text, Dialect::STRICT)
    }
}

#[cfg(test)]
mod tests {
    use super::{AttributePath, Path};

    #[test]
    fn urns_end_at_their_last_colon_and_may_hold_dots() {
        let path: AttributePath = "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName"
            .parse()
            .expect("valid");
        assert_eq!(
            path.urn.as_deref(),
            Some("urn:ietf:params:scim:schemas:core:2.0:User")
        );
        assert_eq!(
            (path.name.as_str(), path.sub.as_deref()),
            ("name", Some("givenName"))
        );
    }

    #[test]
    fn a_bare_urn_is_a_path() {
        for text in [
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:example:ext:1.0",
        ] {
            let path: Path = text.parse().expect("valid");
            assert_eq!(path.whole_urn().as_deref(), Some(text));
            assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn value_paths_are_read_whole() {
        let text = r#"urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "a]b" and not (primary eq true)].value"#;
        let path: Path = text.parse().expect("valid");
        assert_eq!(path.name, "emails");
        assert_eq!(path.sub.as_deref(), Some("value"));
        assert_eq!(path.to_string(), text);
    }

    #[test]
    fn reference_names_are_names() {
        let path: Path = "members.$ref".parse().expect("valid");
        assert_eq!(path.sub.as_deref(), Some("$ref"));
    }

    #[test]
    fn broken_paths_are_refused_with_a_place() {
        for (text, offset) in [
            ("", 0),
            ("emails[", 7),
            ("emails[]", 7),
            ("emails[type eq \"work\"", 21),
            ("emails[type eq \"work\"]x", 22),
            ("name..x", 0),
            ("a.b.c", 0),
            ("1abc", 0),
            ("na me", 3),
            ("emails]", 6),
        ] {
            let fault = text.parse::<Path>().expect_err(text);
            assert_eq!(fault.offset, offset, "{text}: {fault}");
        }
    }
}
