//! Copies the database to a new file while it is in use.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{integrity, open};
use crate::{StoreError, Unavailable};

/// Writes a copy as of one moment. The target appears whole, checked and durable, or is not there afterwards.
pub fn copy(database: &Path, target: &Path) -> Result<(), StoreError> {
    // The empty file keeps the name from others; the copy replaces it at the end.
    create_private(target).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Exists { path: target.display().to_string() },
        _ => file_error(target, &error),
    })?;
    let partial = partial_name(target);
    let copied = copy_to(database, &partial, target);
    if copied.is_err() {
        for left in [&partial, target] {
            // It may not be there; what failed before is what the caller must hear.
            let _ = fs::remove_file(left);
        }
    }
    copied
}

fn copy_to(database: &Path, partial: &Path, target: &Path) -> Result<(), StoreError> {
    // Only who holds the target's name uses this one, so a file that is there was left by a copy that was killed.
    let _ = fs::remove_file(partial);
    let file = create_private(partial).map_err(|error| file_error(partial, &error))?;
    let db = open::reader(database)?;
    // This connection still cannot write the database; the setting would keep it from writing the copy too.
    db.pragma_update(None, "query_only", false)?;
    let path = partial.to_str().ok_or_else(|| StoreError::internal("the path of a backup must be UTF-8"))?;
    db.execute("vacuum into ?1", [path])?;
    let findings = integrity::check(&open::reader(partial)?)?;
    if let Some(finding) = findings.first() {
        return Err(StoreError::internal(format!("the copy is damaged: {finding}")));
    }
    file.sync_all().map_err(|error| file_error(partial, &error))?;
    fs::rename(partial, target).map_err(|error| file_error(target, &error))?;
    sync_directory(target).map_err(|error| file_error(target, &error))
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn partial_name(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    target.with_file_name(name)
}

/// Makes a new name durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn file_error(path: &Path, error: &io::Error) -> StoreError {
    let reason = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Unavailable::DiskFull,
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Unavailable::ReadOnly,
        _ => Unavailable::Io,
    };
    StoreError::unavailable(reason, format!("`{}`: {error}", path.display()))
}
