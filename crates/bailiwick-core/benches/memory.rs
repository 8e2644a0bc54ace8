//! Bytes per member of a loaded account, from the resident set: `cargo bench -p bailiwick-core --bench memory`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a benchmark: what does not fit may stop it"
)]

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use bailiwick_core::account::{Loader, Row, RowParser};
use bailiwick_core::ids::{Id, Revision};

#[path = "shape/account.rs"]
mod shape;

use shape::{Shape, Through, catalog, shape};

/// Resident bytes of this process (Linux: `/proc/self/statm`, field 2, in pages).
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn main() {
    // The account is loaded by a process that has done nothing else, so that no freed memory serves it unseen.
    let mut arguments = std::env::args().filter(|argument| !argument.starts_with("--"));
    let program = arguments.next().unwrap_or_default();
    if let (Some(path), Some(name)) = (arguments.next(), arguments.next()) {
        return measure(Path::new(&path), &name);
    }
    let path = std::env::temp_dir().join(format!("bailiwick-rows-{}", std::process::id()));
    for (size, through) in
        [(10_000, Through::OwnGrants), (100_000, Through::OwnGrants), (100_000, Through::Groups)]
    {
        write_rows(&path, &shape(size, through)).unwrap_or_else(|error| panic!("{error}"));
        let child = Command::new(&program).arg(&path).arg(format!("{through:?}")).status();
        child.unwrap_or_else(|error| panic!("{error}"));
    }
    std::fs::remove_file(&path).unwrap_or_else(|error| panic!("{error}"));
}

/// Rows as the store holds them, one a line: kind, id, revision and body.
fn write_rows(
    path: &Path,
    Shape { account, members, clusters, roles, grants }: &Shape,
) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for key in account.entity_keys() {
        let revision = account.revision_of(key).unwrap_or_default();
        let body = account.row_body(key).unwrap_or_default();
        writeln!(file, "{}\t{}\t{revision}\t{body}", key.kind(), key.id())?;
    }
    let (members, grants) = (members.len(), grants.len());
    println!("{members} members, {} roles, {} clusters, {grants} grants:", roles.len(), clusters.len());
    file.flush()
}

fn measure(path: &Path, name: &str) {
    let catalog = catalog();
    let file = BufReader::new(File::open(path).unwrap_or_else(|error| panic!("{error}")));
    let before = resident();
    let start = Instant::now();
    let mut parser = RowParser::new();
    let mut loader = Loader::new(Id::from_uuid(uuid::Uuid::nil()), Arc::clone(&catalog));
    for line in file.lines() {
        let line = line.unwrap_or_else(|error| panic!("{error}"));
        let fields: Vec<&str> = line.splitn(4, '\t').collect();
        let revision = Revision(fields[2].parse().unwrap_or_default());
        let row = Row { kind: fields[0], id: fields[1], revision, body: fields[3] };
        if let Some(parsed) = parser.row(row).unwrap_or_else(|error| panic!("{error}")) {
            loader.put(parsed);
        }
    }
    loader.put(parser.rest());
    let account = loader.finish(Revision(1));
    let took = start.elapsed();
    let used = resident().saturating_sub(before);
    println!(
        "  through {name}: {} bytes per member, read and loaded in {took:?}",
        used / account.member_count()
    );
}
