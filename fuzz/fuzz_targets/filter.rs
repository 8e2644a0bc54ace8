//! A filter and an item: judged or refused with a place that lies in the text.
#![no_main]

use bailiwick_server::filter::Filter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, item) = input;
    match Filter::parse(text) {
        Ok(filter) => {
            if let Ok(item) = serde_json::from_str(item) {
                filter.matches(&item);
            }
        }
        Err(error) => assert!(error.at <= text.chars().count() + 1),
    }
});
