//! A catalog file: read or refused with places that lie in the file, never anything else.
#![no_main]

use bailiwick_core::catalog::Catalog;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Catalog::parse("fuzz.toml", text) {
        Ok(catalog) => assert!(catalog.role_at(catalog.rules.owner).is_some()),
        Err(errors) => {
            assert!(!errors.is_empty() && errors.iter().all(|error| !error.to_string().is_empty()))
        }
    }
});
