//! A cursor of a list: refused unless this list made it, and then it gives the key that it was made of.
#![no_main]

use bailiwick_client::wire::CURSOR_MAX_BYTES;
use bailiwick_server::api::page::PageRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (cursor, key) = input;
    let query = |cursor: &str| serde_json::json!({ "cursor": cursor, "q": "a" });
    let list = "list_members /api/v1/accounts/a/members";
    if let Ok(page) = PageRequest::new(list, &query(cursor), 1_000) {
        let after = page.after.clone().unwrap_or_default();
        assert_eq!(page.cursor(&after), cursor, "a cursor has one form");
    }
    let Ok(first) = PageRequest::new(list, &serde_json::json!({ "q": "a" }), 1_000) else { return };
    let made = first.cursor(key);
    match PageRequest::new(list, &query(&made), 1_000) {
        Ok(page) => assert_eq!(page.after.as_deref(), Some(key)),
        Err(_) => assert!(made.len() > CURSOR_MAX_BYTES),
    }
    // It is for this list with these conditions.
    assert!(PageRequest::new("other", &query(&made), 1_000).is_err());
});
