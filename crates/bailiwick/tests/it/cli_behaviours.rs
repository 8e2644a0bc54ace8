//! What Qdrant Cloud documents, through the command line, each named after its id.

mod account;
mod people;

use crate::support::Platform;

const GRACE: &str = "grace@example.com";
const ALAN: &str = "alan@example.com";

fn platform() -> Platform {
    Platform::start("qdrant-cloud")
}
