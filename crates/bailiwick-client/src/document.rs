//! Access documents as text: YAML or JSON in, YAML out.
//!
//! [`read`] is pure: text in, document or everything that is wrong with it out, each with its place. It bounds what a text
//! can cost before it looks at what it says: [`BYTES_MAX`] bytes, [`DEPTH_MAX`] levels, [`NODES_MAX`] values once aliases are
//! followed.

mod read;
mod tree;
mod write;

pub use read::{Located, Read, located, read};
pub use write::write;

/// The greatest size of a document in bytes: what a server takes in one request unless it is set up otherwise.
pub const BYTES_MAX: usize = 1024 * 1024;
/// How deep lists and mappings nest at most.
pub const DEPTH_MAX: usize = 32;
/// How many values there may be, each use of an alias counting anew.
pub const NODES_MAX: usize = 200_000;

/// Something that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON pointer; empty for the document as a whole.
    pub pointer: String,
    /// The line, counted from 1, if there is one.
    pub line: Option<usize>,
    /// What is wrong, in words.
    pub message: String,
}

impl std::fmt::Display for Problem {
    /// Writes `line 12: grants[3].role: …`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        let path = path_of(&self.pointer);
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// A JSON pointer as people read it: `/grants/3/role` is `grants[3].role`.
pub fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push('[');
            path.push_str(&part);
            path.push(']');
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
    }
    path
}

/// A key as a part of a JSON pointer (RFC 6901, section 3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
