//! The data directory: who may read it, the disk it is on, the clock it was written by.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bailiwick_server::serving;
use bailiwick_store::{DATABASE_FILE, LOCK_FILE};
use jiff::{SignedDuration, Timestamp};
use rustix::fs::Access;

use super::Finding;

/// Below this much free space, a full disk is near.
const LITTLE_SPACE_BYTES: u64 = 1 << 30;
/// Below this much, the log of the database has no room to grow.
const NO_SPACE_BYTES: u64 = 32 << 20;
/// Clocks of file systems are coarse, and those of network file systems are another machine's.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Looks at the data directory; `config` is the configuration file if one was named.
pub fn look(data: &Path, config: Option<&Path>) -> Vec<Finding> {
    let Ok(metadata) = std::fs::metadata(data) else {
        let detail = format!("`{}` does not exist or cannot be read", data.display());
        let hint = "check `--data`; `bailiwick serve` makes a new one, with mode 700";
        return vec![Finding::look("directory", detail, hint)];
    };
    let config = config.map_or_else(|| data.join("bailiwick.toml"), Path::to_owned);
    vec![
        directory(data, &metadata),
        files(data, &metadata, &config),
        disk(data),
        server(data),
        clock(data, Timestamp::now()),
    ]
}

fn others_may(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o077 != 0
}

fn directory(data: &Path, metadata: &Metadata) -> Finding {
    let path = data.display();
    let mode = metadata.permissions().mode() & 0o7777;
    if others_may(metadata) {
        let detail = format!("`{path}` has mode {mode:o}: others on this machine may look into it");
        return Finding::look("directory", detail, format!("run `chmod 700 {path}`"));
    }
    if rustix::fs::access(data, Access::WRITE_OK).is_err() {
        let hint =
            "run the server as the user to whom the directory belongs, and look at how its disk is mounted";
        return Finding::look("directory", format!("`{path}` cannot be written by this user"), hint);
    }
    Finding::well("directory", format!("`{path}`, mode {mode:o}"))
}

/// The files that hold secrets or that the server must be able to write.
fn files(data: &Path, directory: &Metadata, config: &Path) -> Finding {
    let own = ["", "-wal", "-shm"].map(|end| data.join(format!("{DATABASE_FILE}{end}")));
    let all = own.into_iter().chain([data.join(LOCK_FILE), data.join("mail"), config.to_owned()]);
    let there: Vec<(PathBuf, Metadata)> =
        all.filter_map(|path| std::fs::metadata(&path).ok().map(|metadata| (path, metadata))).collect();
    for (path, metadata) in &there {
        let shown = path.display();
        if others_may(metadata) {
            let mode = metadata.permissions().mode() & 0o7777;
            let right = if metadata.is_dir() { "700" } else { "600" };
            let detail = format!("`{shown}` has mode {mode:o}: others on this machine may read it");
            return Finding::look("files", detail, format!("run `chmod {right} {shown}`"));
        }
        if path.starts_with(data) && metadata.uid() != directory.uid() {
            let (user, owner) = (metadata.uid(), directory.uid());
            let detail = format!("`{shown}` belongs to user {user}, the directory to user {owner}");
            let hint = format!("run `chown {owner} {shown}`, and always run bailiwick as that user");
            return Finding::look("files", detail, hint);
        }
    }
    Finding::well("files", format!("{} files, for their owner only", there.len()))
}

fn disk(data: &Path) -> Finding {
    let what = "disk";
    let space = match rustix::fs::statvfs(data) {
        Ok(space) => space,
        Err(error) => {
            return Finding::look(what, format!("its space cannot be read: {error}"), "look at it with `df`");
        }
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let shown = format!("{} MiB free", free >> 20);
    if free < NO_SPACE_BYTES {
        return Finding::broken(what, shown, "make space: writes are refused when it is used up");
    }
    if space.f_files > 0 && space.f_favail == 0 {
        return Finding::broken(
            what,
            format!("{shown}, but no file can be added"),
            "remove files that nobody needs",
        );
    }
    if free < LITTLE_SPACE_BYTES || free < database_bytes(data) {
        return Finding::look(what, shown, "make space: a backup needs as much as the database");
    }
    Finding::well(what, shown)
}

fn database_bytes(data: &Path) -> u64 {
    std::fs::metadata(data.join(DATABASE_FILE)).map_or(0, |metadata| metadata.len())
}

fn server(data: &Path) -> Finding {
    let detail = match serving::url(data) {
        Some(url) => format!("a process serves this directory at {url}"),
        None if serving::is_served(data) => "a process serves this directory".to_owned(),
        None => "no process serves this directory".to_owned(),
    };
    Finding::well("server", detail)
}

/// A clock that was put back gives events a time before those that went before them, and lets what has ended live again.
fn clock(data: &Path, now: Timestamp) -> Finding {
    let modified = |end: &str| {
        let metadata = std::fs::metadata(data.join(format!("{DATABASE_FILE}{end}"))).ok()?;
        Timestamp::try_from(metadata.modified().ok()?).ok()
    };
    let written = ["", "-wal"].into_iter().filter_map(modified).max();
    match written {
        Some(written) if written.duration_since(now) > CLOCK_TOLERANCE => Finding::look(
            "clock",
            format!("it says {now:.0}, but the database was written at {written:.0}"),
            "set it, and keep it set by NTP: invitations, sessions and grants end by it",
        ),
        _ => Finding::well("clock", format!("{now:.0}, not before the last write")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::State;
    use std::fs::{self, Permissions};

    fn state_of(findings: &[Finding], what: &str) -> State {
        findings.iter().find(|finding| finding.what == what).unwrap().state
    }

    fn private(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_read_is_named() {
        let data = tempfile::tempdir().unwrap();
        private(data.path(), 0o700);
        let config = data.path().join("bailiwick.toml");
        for path in [&config, &data.path().join(DATABASE_FILE)] {
            fs::write(path, "").unwrap();
            private(path, 0o600);
        }
        let found = look(data.path(), None);
        assert!(
            ["directory", "files", "clock"].iter().all(|what| state_of(&found, what) == State::Well),
            "{found:?}"
        );

        private(&config, 0o640);
        let found = look(data.path(), None);
        assert_eq!(state_of(&found, "files"), State::Look);
        assert!(
            found.iter().any(|one| one.hint.as_ref().is_some_and(|hint| hint.contains("chmod 600"))),
            "{found:?}"
        );
        private(data.path(), 0o755);
        assert_eq!(state_of(&look(data.path(), None), "directory"), State::Look);
        assert_eq!(state_of(&look(&data.path().join("absent"), None), "directory"), State::Look);
    }

    #[test]
    fn a_clock_before_the_last_write_is_named() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(DATABASE_FILE), "").unwrap();
        let now = Timestamp::now();
        assert_eq!(clock(data.path(), now).state, State::Well);
        assert_eq!(clock(data.path(), now - SignedDuration::from_hours(1)).state, State::Look);
    }
}
