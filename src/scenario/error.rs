//! What can be wrong with a scenario file.

use std::fmt;

use thiserror::Error;

use crate::scenario::Place;

/// One mistake in a scenario file, or in a file that it uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScenarioError {
    /// Where.
    pub at: Place,
    /// What.
    pub problem: Problem,
}

impl ScenarioError {
    /// What to do about it, if more can be said than the message does.
    pub fn hint(&self) -> Option<String> {
        self.problem.hint()
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(formatter)
    }
}

impl std::error::Error for ScenarioError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.problem)
    }
}

/// A kind of mistake. `near` is always the closest name that would have been right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
#[expect(
    missing_docs,
    reason = "the fields are the parts of the message above them"
)]
#[non_exhaustive]
pub enum Problem {
    // The file as YAML.
    /// Cannot be opened.
    #[error("cannot read the file: {reason}")]
    Unreadable { reason: String },
    /// Too many bytes.
    #[error("the file is larger than {limit} bytes")]
    FileTooLarge { limit: usize, less: &'static str },
    /// Other encoding.
    #[error("the file is not UTF-8")]
    NotUtf8 { utf16: bool },
    /// Nothing in it.
    #[error("the file is empty")]
    EmptyFile { begin: &'static str },
    /// The parser gave up.
    #[error("not valid YAML: {message}")]
    Syntax { message: String, variable: bool },
    /// Tab as indentation.
    #[error("a tab cannot indent YAML")]
    Tab,
    /// U+FEFF later than at the start.
    #[error("a byte order mark inside the file")]
    ByteOrderMark,
    /// Nested too deeply.
    #[error("lists and mappings are nested deeper than {limit}")]
    TooDeep { limit: usize },
    /// Too many values.
    #[error("the file has more than {limit} values")]
    TooManyNodes { limit: usize, less: &'static str },
    /// `---` twice.
    #[error("a second YAML document in the file")]
    SecondDocument,
    /// `!!str`.
    #[error("YAML tags such as `{written}` are not part of the language")]
    Tag { written: String },
    /// `&x`.
    #[error("YAML anchors such as `&{name}` are not part of the language")]
    Anchor { name: String },
    /// `*x`.
    #[error("YAML aliases such as `{written}` are not part of the language")]
    Alias { written: String },
    /// `<<`.
    #[error("YAML merge keys are not part of the language")]
    MergeKey,
    /// `[a]: b`.
    #[error("a key must be a text")]
    KeyNotText,
    /// The same key again.
    #[error("the key `{key}` is already given in line {line}")]
    DuplicateKey { key: String, line: usize },
    /// `yes`, `012`.
    #[error("`{written}` without quotes means different things to different YAML readers")]
    Ambiguous { written: String, plain: String },

    // Keys and types.
    /// Not a key of this place.
    #[error("unknown key `{key}` in {place}")]
    UnknownKey {
        key: String,
        place: &'static str,
        near: Option<String>,
        known: String,
    },
    /// A required key is not there.
    #[error("{place} needs the key `{key}`")]
    MissingKey { key: String, place: &'static str },
    /// Text where a list is meant, and the like.
    #[error("{subject} must be {expected}, this is {found}")]
    WrongType {
        subject: String,
        expected: &'static str,
        found: String,
        plain: Option<String>,
    },
    /// Not one of a closed list.
    #[error("unknown {what} `{word}`")]
    UnknownWord {
        what: &'static str,
        word: String,
        near: Option<String>,
        known: String,
    },
    /// A list without elements, a text without letters.
    #[error("`{key}` must not be empty")]
    Empty { key: String },
    /// Two keys that exclude each other.
    #[error("`{first}` and `{second}` cannot stand in the same {place}")]
    Exclusive {
        first: String,
        second: String,
        place: &'static str,
    },
    /// A key that needs another one.
    #[error("`{key}` needs `{needed}` beside it")]
    Lonely { key: String, needed: String },
    /// Number out of range.
    #[error("`{key}` must be {expected}, not {found}")]
    Range {
        key: String,
        expected: String,
        found: String,
    },
    /// Not a duration.
    #[error("`{word}` is not a duration")]
    Duration { word: String },
    /// Not a size.
    #[error("`{word}` is not a size")]
    Size { word: String },
    /// Source without mark.
    #[error("the source has no evidence mark")]
    SourceWithoutMark,
    /// Not in the list of requirements.
    #[error("no requirement has the id `{id}`")]
    UnknownRequirement { id: String, near: Option<String> },
    /// `certifies` names what no gate demands.
    #[error("no gate has a requirement `{id}`")]
    UnknownGateRequirement { id: String, near: Option<String> },

    // Steps.
    /// A step that does nothing, or two things.
    #[error(
        "a step must be exactly one of a request, `verify`, `act`, `parallel`, `use`, `that` or a block of `cases`; this is {found}"
    )]
    StepKind { found: String },
    /// Two verbs in one act.
    #[error("an act is one thing at a time; this is {found}")]
    ActKind { found: String },
    /// The name is taken.
    #[error("the step name `{name}` is already used at {first}")]
    DuplicateStep { name: String, first: Place },
    /// A person or variable name is taken.
    #[error("`{name}` is already the name of {what}")]
    DuplicateName { name: String, what: String },
    /// Not usable as a variable's name.
    #[error("`{name}` cannot be the name of a variable")]
    BadName { name: String },
    /// Begins without a slash.
    #[error("the path `{path}` must begin with `/`")]
    RelativePath { path: String },
    /// `?${x}=1`.
    #[error("the name of a query parameter cannot hold a variable")]
    VariableParameter,
    /// Two bodies, or a body for GET.
    #[error("a request has one body, this has {found}")]
    TwoBodies { found: String },
    /// JSON syntax.
    #[error("the body is not JSON: {message}")]
    BodyNotJson { message: String },
    /// In a parallel block.
    #[error("`{key}` cannot stand inside `parallel`")]
    InParallel { key: String },
    /// Something else than a request in a parallel block.
    #[error("`parallel` holds requests only")]
    ParallelStep,
    /// `sent` names nothing.
    #[error("`sent` names `{name}`, which is not an earlier request step")]
    UnknownStep {
        name: String,
        near: Option<String>,
        later: bool,
    },
    /// `neighbours` names nobody.
    #[error("`neighbours` names `{name}`, which no earlier step verifies")]
    UnknownNeighbour { name: String, near: Option<String> },
    /// `verify` of a subject without an id.
    #[error("`verify` reads `${{{name}}}`, which no earlier step captures")]
    NothingToVerify {
        name: String,
        alias: String,
        near: Option<String>,
    },
    /// Rows with other keys.
    #[error("the row `{case}` has {difference}")]
    RowKeys { case: String, difference: String },
    /// Two rows of one name.
    #[error("two rows have the name `{case}`")]
    DuplicateRow { case: String },
    /// Too many steps after expansion.
    #[error("the scenario has more than {limit} steps once fragments and cases are written out")]
    TooManySteps { limit: usize },

    // Other files.
    /// Fragment, person or body that is not there.
    #[error("no {what} `{name}` beside the scenario or above it")]
    FileNotFound {
        what: &'static str,
        name: String,
        near: Option<String>,
    },
    /// Absolute, or `..`.
    #[error("`{name}` leads out of the scenario's folder")]
    OutsidePath { name: String },
    /// Run as a scenario.
    #[error("this is a fragment: it runs through `use`, not by itself")]
    IsFragment,
    /// A person, run as a scenario.
    #[error("this is a person: scenarios name it in `people`")]
    IsPerson,
    /// `use` of an ordinary file.
    #[error("`{name}` is not a fragment: its name must begin with `_`")]
    NotFragment { name: String },
    /// A fragment that uses itself.
    #[error("the fragment uses itself: {chain}")]
    Recursive { chain: String },
    /// Parameter without a value.
    #[error("the fragment `{fragment}` needs the parameter `{name}`")]
    MissingParameter { fragment: String, name: String },
    /// A value without a parameter.
    #[error("the fragment `{fragment}` has no parameter `{name}`")]
    UnknownParameter {
        fragment: String,
        name: String,
        near: Option<String>,
        known: String,
    },

    // Variables.
    /// `${` and no `}`, or a bad name between.
    #[error("{message}")]
    Template { message: String },
    /// Nothing of that name anywhere.
    #[error("{user} uses `${{{name}}}`, which nothing defines")]
    UnknownVariable {
        user: String,
        name: String,
        near: Option<String>,
    },
    /// Defined later.
    #[error("{user} uses `${{{name}}}`, which is captured only later")]
    CapturedLater {
        user: String,
        name: String,
        step: String,
        line: usize,
    },
    /// Defined in a row or beside a parallel request.
    #[error("{user} uses `${{{name}}}`, which is captured only inside {branch}")]
    CapturedInside {
        user: String,
        name: String,
        branch: String,
        line: usize,
    },
    /// Must be known at load, but is a capture.
    #[error("{what} must be known before the run and cannot use `${{{name}}}`")]
    NotStatic { what: &'static str, name: String },

    // Matchers and selectors.
    /// `$nonemty`.
    #[error("unknown matcher `{word}`")]
    UnknownMatcher { word: String, near: Option<String> },
    /// Matchers beside members.
    #[error("matchers and members cannot stand in one mapping: `{matcher}` beside `{member}`")]
    MixedMatcher { matcher: String, member: String },
    /// A matcher that takes something else.
    #[error("`{matcher}` takes {expected}")]
    MatcherArgument {
        matcher: String,
        expected: &'static str,
    },
    /// Regular expression syntax.
    #[error("not a regular expression: {message}")]
    Pattern { message: String },
    /// JSONPath syntax.
    #[error("not a JSONPath: {message}")]
    JsonPath { message: String },
    /// SCIM path syntax.
    #[error("not a SCIM path: {message}")]
    ScimPath {
        message: String,
        repair: Option<String>,
    },
    /// Filter of a request that can never be right.
    #[error("`{word}` is not a place in an answer")]
    Selector { word: String },

    /// A payload against the schemas.
    #[error("{message}")]
    Payload {
        message: String,
        repair: Option<String>,
    },

    /// A suite of another tester.
    #[error("{message}")]
    Suite {
        message: String,
        repair: Option<String>,
    },

    // Directories and mappings.
    /// A row that cannot be understood.
    #[error("{message}")]
    Mapping {
        message: String,
        repair: Option<String>,
    },
    /// `${run}` where values are literal.
    #[error("a directory holds values as they are, not variables such as `${{{name}}}`")]
    VariableInDirectory { name: String },

    // Warnings: the file works, and still.
    /// Nobody can check where it comes from.
    #[error("the scenario has no `source`")]
    NoSource,
    /// Written down, never read.
    #[error("{what} `{name}` is never used")]
    Unused { what: &'static str, name: String },
    /// Runs would meet each other's resources.
    #[error("`{attribute}` of a created resource does not contain the run's id")]
    NameWithoutRun { attribute: String },
    /// JSON with one member twice.
    #[error("the body has the member `{name}` twice")]
    DuplicateMember { name: String },
    /// Nothing looks at what was written.
    #[error("nothing reads back what `{step}` writes")]
    WriteWithoutVerify { step: String },
}

impl Problem {
    /// The mistake at a place.
    pub(crate) fn at(self, at: Place) -> ScenarioError {
        ScenarioError { at, problem: self }
    }
}
