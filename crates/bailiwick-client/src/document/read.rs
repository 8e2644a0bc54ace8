//! From text to a document, with everything that is wrong told at once.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::tree::{Kind, Node, parse};
use super::{BYTES_MAX, Problem, escaped};
use crate::wire::{ACCESS_DOCUMENT_ENTRIES_MAX, ACCESS_DOCUMENT_VERSION, AccessDocument};

/// A document with the places of its parts in the text.
#[derive(Debug)]
pub struct Read {
    /// What the text says.
    pub document: AccessDocument,
    root: std::rc::Rc<Node>,
}

impl Read {
    /// The line, counted from 1, of what a JSON pointer leads to, or of the last thing on the way there.
    pub fn line_of(&self, pointer: &str) -> usize {
        self.root.line_of(pointer)
    }

    /// The line and column, counted from 1, of a place in a text of several lines that begins below its key (`text: |`); the
    /// place is counted in the text itself. Nothing for a text that is written in another way.
    pub fn place_in(&self, pointer: &str, line: usize, column: usize) -> Option<(usize, usize)> {
        let (first, indent) = self.root.block_at(pointer)?;
        Some((first + line - 1, indent + column))
    }
}

/// Reads a document from YAML or JSON.
///
/// # Errors
/// Everything that is wrong with it, one problem for each entry; if it cannot be read as YAML at all, the first thing that
/// keeps it from being read.
///
/// # Examples
/// ```
/// let text = "version: 1\ngroups:\n  - name: On call\n    members: [ada@example.com]\n";
/// let read = bailiwick_client::document::read(text).unwrap();
/// assert_eq!(read.document.groups.unwrap()[0].name, "On call");
///
/// let problems = bailiwick_client::document::read("version: 1\ngruops: []\n").unwrap_err();
/// assert!(problems[0].to_string().starts_with("line 2: gruops: "));
/// ```
pub fn read(text: &str) -> Result<Read, Vec<Problem>> {
    if text.len() > BYTES_MAX {
        let message = format!("the document has more than {BYTES_MAX} bytes: split it");
        return Err(vec![Problem { pointer: String::new(), line: None, message }]);
    }
    let root = parse(text).map_err(|problem| vec![problem])?;
    let mut reading = Reading { root: &root, problems: Vec::new(), entries: 0 };
    let document = reading.document();
    let problems = reading.problems;
    if problems.is_empty() { Ok(Read { document, root }) } else { Err(problems) }
}

/// Any YAML or JSON with the places of its parts in the text, within the limits of a document.
#[derive(Debug)]
pub struct Located {
    /// What the text says.
    pub value: Value,
    root: std::rc::Rc<Node>,
}

impl Located {
    /// The line, counted from 1, of what a JSON pointer leads to, or of the last thing on the way there.
    pub fn line_of(&self, pointer: &str) -> usize {
        self.root.line_of(pointer)
    }
}

/// Reads YAML or JSON of any shape.
///
/// # Errors
/// What keeps the text from being read.
pub fn located(text: &str) -> Result<Located, Problem> {
    if text.len() > BYTES_MAX {
        let message = format!("the text has more than {BYTES_MAX} bytes: split it");
        return Err(Problem { pointer: String::new(), line: None, message });
    }
    let root = parse(text)?;
    Ok(Located { value: root.value(), root })
}

struct Reading<'a> {
    root: &'a Node,
    problems: Vec<Problem>,
    entries: usize,
}

/// The sections in the order in which they are written.
pub(super) const SECTIONS: &str = "version, settings, projects, roles, members, resources, groups, service_accounts, grants, invitations, policies";

impl Reading<'_> {
    fn document(&mut self) -> AccessDocument {
        let mut document = AccessDocument::default();
        let Kind::Map(sections) = &self.root.kind else {
            self.wrong("", format!("a document is a mapping with the keys {SECTIONS}"));
            return document;
        };
        if self.version(sections.iter().find(|(key, _, _)| key == "version").map(|(_, _, node)| &**node)) {
            document.version = ACCESS_DOCUMENT_VERSION;
        } else {
            // What the keys of another version mean is not known.
            return document;
        }
        for (key, _, node) in sections {
            let at = format!("/{}", escaped(key));
            match key.as_str() {
                "version" => {}
                "settings" => document.settings = self.one(&at, node),
                "projects" => document.projects = self.list(&at, node),
                "roles" => document.roles = self.list(&at, node),
                "members" => document.members = self.list(&at, node),
                "resources" => document.resources = self.list(&at, node),
                "groups" => {
                    document.groups = self.list(&at, node);
                    let members = document.groups.iter().flatten().filter_map(|group| group.members.as_ref());
                    self.entries += members.map(Vec::len).sum::<usize>();
                }
                "service_accounts" => document.service_accounts = self.list(&at, node),
                "grants" => document.grants = self.list(&at, node),
                "invitations" => document.invitations = self.list(&at, node),
                "policies" => document.policies = self.list(&at, node),
                _ => self.wrong(&at, format!("unknown key, expected one of {SECTIONS}")),
            }
        }
        if self.entries > ACCESS_DOCUMENT_ENTRIES_MAX {
            let (found, most) = (self.entries, ACCESS_DOCUMENT_ENTRIES_MAX);
            self.wrong("", format!("the document has {found} entries, at most {most} are taken: split it"));
        }
        document
    }

    fn version(&mut self, node: Option<&Node>) -> bool {
        let found = node.map(Node::value);
        let expected = Value::from(ACCESS_DOCUMENT_VERSION);
        match found {
            Some(found) if found == expected => true,
            Some(_) => {
                self.wrong("/version", format!("this program reads version {ACCESS_DOCUMENT_VERSION} only"));
                false
            }
            None => {
                self.wrong(
                    "",
                    format!("the key `version` is missing: write `version: {ACCESS_DOCUMENT_VERSION}`"),
                );
                false
            }
        }
    }

    /// A list whose entries are read each by itself, so that one mistake does not hide another.
    fn list<T: DeserializeOwned>(&mut self, at: &str, node: &Node) -> Option<Vec<T>> {
        match &node.kind {
            Kind::List(items) => {
                self.entries += items.len();
                let items = items.iter().enumerate();
                Some(items.filter_map(|(place, item)| self.one(&format!("{at}/{place}"), item)).collect())
            }
            // A heading with nothing below it says nothing.
            Kind::Scalar(Value::Null) => None,
            _ => {
                self.wrong(at, "expected a list: begin each entry with `- `");
                None
            }
        }
    }

    fn one<T: DeserializeOwned>(&mut self, at: &str, node: &Node) -> Option<T> {
        if matches!(node.kind, Kind::Scalar(Value::Null)) && at == "/settings" {
            return None;
        }
        match serde_path_to_error::deserialize(node.value()) {
            Ok(value) => Some(value),
            Err(error) => {
                let mut pointer = at.to_owned();
                for segment in error.path() {
                    let part = match segment {
                        Segment::Seq { index } => index.to_string(),
                        Segment::Map { key } | Segment::Enum { variant: key } => escaped(key),
                        Segment::Unknown => continue,
                    };
                    pointer.push('/');
                    pointer.push_str(&part);
                }
                self.wrong(&pointer, message(&error.inner().to_string()));
                None
            }
        }
    }

    fn wrong(&mut self, pointer: &str, message: impl Into<String>) {
        let line = Some(self.root.line_of(pointer));
        self.problems.push(Problem { pointer: pointer.to_owned(), line, message: message.into() });
    }
}

/// What serde says, in the words of who writes a document.
fn message(text: &str) -> String {
    if let Some(rest) = text.strip_prefix("unknown field ") {
        return format!("unknown key {rest}");
    }
    if let Some(rest) = text.strip_prefix("missing field ") {
        return format!("the key {rest} is missing");
    }
    let is_number = ["invalid type: integer", "invalid type: floating point", "invalid type: boolean"];
    if is_number.iter().any(|start| text.starts_with(start)) && text.contains("expected a string") {
        return format!("{text}: write it in quotes");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        read(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_place() {
        let text = "version: 1\nroles:\n  - name: Reader\n    level: galaxy\n    permissions: [read:users]\n\
                    grants:\n  - member: ada@example.com\n  - member: 17\n    role: admin\ncolour: red\n";
        let found = problems(text);
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found[0].starts_with("line 4: roles[0].level: unknown variant `galaxy`"), "{found:#?}");
        assert_eq!(found[1], "line 7: grants[0]: the key `role` is missing");
        assert!(found[2].starts_with("line 8: grants[1].member: invalid type: integer `17`"), "{found:#?}");
        assert!(found[2].ends_with("write it in quotes"), "{found:#?}");
        assert!(found[3].starts_with("line 10: colour: unknown key"), "{found:#?}");
    }

    #[test]
    fn bad_texts() {
        for (text, expected) in [
            ("", "line 1: the document is empty"),
            ("- 1", "line 1: a document is a mapping with the keys"),
            ("groups: []", "line 1: the key `version` is missing"),
            ("version: 2\ncolour: red", "line 1: version: this program reads version 1 only"),
            ("version: 1\nversion: 1", "line 2: the key `version` stands twice here"),
            ("version: 1\n---\nversion: 1", "line 2: there is a second document"),
            ("version: !!str 1", "line 1: tags such as"),
            ("version: 1\ngroups: {}", "line 2: groups: expected a list"),
            ("version: 1\n[1]: 2", "line 2: a key must be a text"),
            ("version: 1\ngroups: [", "neither YAML nor JSON"),
            ("version: 1\ngroups: &a [*a]", "line 2: an alias stands inside"),
            ("version: 1\ngroups: [*b]", "neither YAML nor JSON"),
            ("version: 1\ngroups:\n- name: A\n  nmae: B", "line 4: groups[0].nmae: unknown key `nmae`"),
        ] {
            let found = problems(text);
            assert!(found[0].contains(expected), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn limits_hold_before_anything_is_built() {
        let deep = format!("version: 1\ngroups: {}", "[".repeat(100_000));
        assert!(!problems(&deep).is_empty());
        let nested = format!("version: 1\ngroups: {}{}", "[".repeat(40), "]".repeat(40));
        assert!(problems(&nested)[0].contains("nest deeper than 32 levels"));
        // A billion laughs: each line names the one before ten times.
        let mut laughs = "version: 1\nl0: &l0 ha\n".to_owned();
        for level in 1..10 {
            let names = vec![format!("*l{}", level - 1); 10].join(", ");
            laughs.extend([format!("l{level}: &l{level} [{names}]\n")]);
        }
        assert!(problems(&laughs)[0].contains("more than 200000 values"), "{:?}", problems(&laughs));
        assert!(problems(&" ".repeat(BYTES_MAX + 1))[0].contains("more than 1048576 bytes"));
        let many = format!("version: 1\ninvitations:\n{}", "- {email: a@b.c}\n".repeat(10_001));
        assert!(problems(&many)[0].contains("10001 entries"));
    }

    #[test]
    fn json_is_read_too_and_aliases_save_writing() {
        let json = r#"{"version": 1, "groups": [{"name": "A", "members": ["\u00e9@example.com"]}]}"#;
        let groups = read(json).unwrap().document.groups.unwrap();
        assert_eq!(groups[0].members.as_deref().unwrap(), ["é@example.com"]);
        let text =
            "version: 1\ngroups:\n- {name: A, members: &m [a@example.com]}\n- {name: B, members: *m}\n";
        let groups = read(text).unwrap().document.groups.unwrap();
        assert_eq!(groups[0].members, groups[1].members);
    }

    #[test]
    fn a_heading_with_nothing_below_it_says_nothing() {
        let document = read("version: 1\ngroups:\nsettings:\nroles: []\n").unwrap().document;
        assert_eq!((document.groups, document.settings, document.roles), (None, None, Some(Vec::new())));
    }

    #[test]
    fn lines_of_places_are_known() {
        let read =
            read("version: 1\ngrants:\n  - member: a\n    role: b\n    scope: {project: x}\n").unwrap();
        assert_eq!(read.line_of("/grants/0/role"), 4);
        assert_eq!(read.line_of("/grants/0/scope/project"), 5);
        assert_eq!(read.line_of("/grants/0/until"), 3);
        assert_eq!(read.line_of("/nothing"), 1);
    }
}
