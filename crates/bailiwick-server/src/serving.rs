//! Where the process that serves a data directory is reached, for commands that work on the directory beside it: only that
//! process knows what its flags and variables say, and which port the operating system chose.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use bailiwick_store::LOCK_FILE;

/// The file beside the lock. It counts only as long as the lock is held, so what a crash leaves behind misleads nobody.
const FILE: &str = "serving";
/// More than any URL that the configuration takes.
const MAX_BYTES: u64 = 8_192;

/// Writes the address down. To be called by the process that holds the directory's lock.
pub(crate) fn record(data: &Path, url: &str) -> io::Result<()> {
    // Renamed into place, so that nobody reads half of it.
    let fresh = data.join(format!("{FILE}.new"));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&fresh)?.write_all(format!("{url}\n").as_bytes())?;
    std::fs::rename(&fresh, data.join(FILE))
}

/// Takes the address away again.
pub(crate) fn forget(data: &Path) {
    // One that stays is not believed once the lock is free.
    let _ = std::fs::remove_file(data.join(FILE));
}

/// Whether a process serves this data directory.
pub fn is_served(data: &Path) -> bool {
    File::open(data.join(LOCK_FILE)).is_ok_and(|lock| lock.try_lock_shared().is_err())
}

/// Where people reach the process that serves this data directory; `None` when none does, or when it is of a version that
/// does not say so.
pub fn url(data: &Path) -> Option<String> {
    if !is_served(data) {
        return None;
    }
    let mut text = String::new();
    File::open(data.join(FILE)).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    let url = text.trim_end();
    url::Url::parse(url)
        .is_ok_and(|parsed| matches!(parsed.scheme(), "http" | "https"))
        .then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_as_long_as_its_process_serves() {
        let data = tempfile::tempdir().unwrap();
        record(data.path(), "http://127.0.0.1:4711").unwrap();
        assert_eq!(url(data.path()), None, "nobody holds the lock");
        let lock = File::create(data.path().join(LOCK_FILE)).unwrap();
        lock.lock().unwrap();
        assert_eq!(url(data.path()).as_deref(), Some("http://127.0.0.1:4711"));
        std::fs::write(data.path().join(FILE), "javascript:alert(1)").unwrap();
        assert_eq!(url(data.path()), None);
        forget(data.path());
        assert_eq!((url(data.path()), is_served(data.path())), (None, true));
    }
}
