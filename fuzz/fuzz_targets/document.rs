//! An access document: read and written as the same again, or refused with lines that the text has.
#![no_main]

use bailiwick_client::document::{BYTES_MAX, Problem, located, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match read(text) {
        Ok(found) => {
            let written = write(&found.document, &[text.to_owned()]);
            // Escapes and aliases that are written out can make it longer than what is read.
            let document = write(&found.document, &[]);
            assert!(written.ends_with(&document), "comments stand above");
            if written.len() <= BYTES_MAX {
                let again = read(&written).unwrap_or_else(|problems| panic!("{problems:?}\n{written}"));
                assert_eq!(again.document, found.document, "{written}");
                assert_eq!(write(&again.document, &[]), document, "a document has one form");
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            problems.iter().for_each(|problem| lies_in(text, problem));
        }
    }
    match located(text) {
        Ok(found) => assert!(found.line_of("/grants/0/role") <= lines(text)),
        Err(problem) => lies_in(text, &problem),
    }
});

/// YAML takes a lone carriage return for the end of a line, too; behind the last one there may be nothing.
fn lines(text: &str) -> usize {
    text.matches(['\n', '\r']).count() + 2
}

fn lies_in(text: &str, problem: &Problem) {
    assert!(!problem.message.is_empty());
    assert!(problem.line.is_none_or(|line| (1..=lines(text)).contains(&line)), "{problem}");
}
