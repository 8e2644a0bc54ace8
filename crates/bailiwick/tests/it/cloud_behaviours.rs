//! What the other three clouds document, through the command line, each named after its id.

mod influxdb;
mod victoriametrics;
mod zilliz;

use serde_json::Value;

use crate::support::{Person, text};

const GRACE: &str = "grace@example.com";
const ALAN: &str = "alan@example.com";
const EVE: &str = "eve@example.com";

/// The names of the resources that somebody sees.
fn sees(person: &Person) -> Vec<String> {
    person.items(&["resource", "list"]).iter().map(|one| text(one, "name").to_owned()).collect()
}

/// Whether somebody may do this to that.
fn may(owner: &Person, who: &str, action: &str, target: &str) -> bool {
    match owner.run(&["check", who, action, target]).code {
        0 => true,
        1 => false,
        code => panic!("check {who} {action} {target}: {code}"),
    }
}

/// Makes an account key and gives its secret.
fn secret(made: &Value) -> String {
    text(made, "secret").to_owned()
}
