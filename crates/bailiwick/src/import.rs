//! Access as others write it down, read as an access document. Pure: texts in, document and what has no place in it out.

pub mod casbin;
pub mod openfga;
pub mod people;

use bailiwick_client::wire::{ACCESS_DOCUMENT_VERSION, AccessDocument};

/// What came of reading.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// What could be understood.
    pub document: AccessDocument,
    /// What could not, in the order of its lines.
    pub unmapped: Vec<Unmapped>,
}

/// A line that has no counterpart here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unmapped {
    /// Counted from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

impl Imported {
    fn empty() -> Self {
        let document = AccessDocument { version: ACCESS_DOCUMENT_VERSION, ..AccessDocument::default() };
        Self { document, unmapped: Vec::new() }
    }

    fn skip(&mut self, line: usize, reason: impl Into<String>) {
        self.unmapped.push(Unmapped { line, reason: reason.into() });
    }
}

/// Records of a file of values separated by commas, each with its line; `#` begins a comment.
fn records(text: &str, with_header: bool) -> Result<Vec<(usize, csv::StringRecord)>, Unmapped> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(with_header)
        .flexible(!with_header)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, |position| usize::try_from(position.line()).unwrap_or(1));
            let reason = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("it has {len} values, the heading has {expected_len}")
                }
                _ => "this is no line of values separated by commas".to_owned(),
            };
            Unmapped { line, reason }
        })?;
        let line = record.position().map_or(1, |position| usize::try_from(position.line()).unwrap_or(1));
        records.push((line, record));
    }
    Ok(records)
}
