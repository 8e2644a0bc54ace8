//! Reading and writing the files of profiles.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// The greatest size of a file of profiles: some thousand of them.
const MAX_BYTES: u64 = 1024 * 1024;

/// What is in a file; none if there is no such file.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::file("read", path, &error)),
    };
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    let bytes = read.map_err(|error| Failure::file("read", path, &error))?;
    if bytes as u64 > MAX_BYTES {
        return Err(Failure::refused(
            format!("`{}` has more than {MAX_BYTES} bytes", path.display()),
            "move the file away and sign in again",
        ));
    }
    // The text is not repeated in the message: it may hold a secret.
    toml::from_str(&text).map(Some).map_err(|error| {
        Failure::refused(
            format!("`{}` cannot be understood: {}", path.display(), error.message()),
            "mend the file, or move it away and sign in again",
        )
    })
}

/// Refuses a file of secrets that others may read.
pub fn refuse_shared(path: &Path) -> Result<(), Failure> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::file("read", path, &error)),
    };
    let others_may = mode & 0o077 != 0;
    if !others_may {
        return Ok(());
    }
    Err(Failure::refused(
        format!("others may read `{}`: its mode is {mode:04o}", path.display()),
        format!("run `chmod 600 {}`, and think of the secrets in it as known", path.display()),
    ))
}

/// Replaces a file as a whole, readable by its owner only from its first byte on.
pub fn write_private<T: Serialize>(path: &Path, value: &T) -> Result<(), Failure> {
    let failed = |error: &io::Error| Failure::file("write", path, error);
    let text = toml::to_string(value).map_err(|error| failed(&io::Error::other(error)))?;
    let directory = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| failed(&error))?;
    // A temporary file has mode 0600, and its renaming is atomic: a reader sees the old file or the new one.
    let mut file = NamedTempFile::new_in(directory).map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn files_are_written_for_their_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new").join("credentials.toml");
        let value = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        write_private(&path, &value).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read::<BTreeMap<String, String>>(&path).unwrap(), Some(value));
        refuse_shared(&path).unwrap();

        for mode in [0o640, 0o604, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(refuse_shared(&path), Err(Failure::Refused { .. })), "{mode:o}");
        }
    }

    #[test]
    fn what_is_in_a_broken_file_is_not_repeated() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials.toml");
        fs::write(&path, "token = hunter2").unwrap();
        let Err(Failure::Refused { message, .. }) = read::<BTreeMap<String, String>>(&path) else {
            panic!("a broken file was read")
        };
        assert!(!message.contains("hunter2"), "{message}");
        assert!(read::<BTreeMap<String, String>>(&home.path().join("absent")).unwrap().is_none());
    }
}
