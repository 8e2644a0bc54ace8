//! Mail into files, so that a first start needs no mail server.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use lettre::message::Mailbox;

use super::message::Mail;
use super::{DeliveryError, Mailer};

/// Writes every mail to a file of its own, `<time>-<id>.eml`, which mail programs open.
///
/// Only the server's user may read them, since their links are secrets. Nothing removes them; this is for a
/// first look and for tests, and a deployment sets up SMTP.
#[derive(Debug, Clone)]
pub struct FileMailer {
    directory: PathBuf,
    from: Mailbox,
}

impl FileMailer {
    /// Writes below `directory`, which is made at the first mail.
    pub fn new(directory: PathBuf, from: Mailbox) -> Self {
        Self { directory, from }
    }

    /// Where this mail is written. The same mail goes to the same file at every attempt.
    pub fn path(&self, mail: &Mail) -> PathBuf {
        self.directory.join(format!("{}-{}.eml", mail.at.strftime("%Y%m%dT%H%M%SZ"), mail.id.as_simple()))
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: &Mail) -> Result<(), DeliveryError> {
        let path = self.path(mail);
        let bytes = mail.to_message(&self.from)?.formatted();
        let (directory, target) = (self.directory.clone(), path.clone());
        tokio::task::spawn_blocking(move || write(&directory, &target, &bytes))
            .await
            .map_err(|_| DeliveryError::transient("the mail could not be written: the task broke off"))?
            .map_err(|error| {
                DeliveryError::transient(format!("`{}` could not be written: {error}", path.display()))
            })?;
        tracing::info!(path = %path.display(), "mail written to a file, since `mail.transport` is `file`");
        Ok(())
    }
}

/// A reader of the directory sees the whole file or none, also after a crash.
fn write(directory: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    make_private(directory)?;
    let draft = target.with_extension("draft");
    let mut file = create_private(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| std::fs::rename(&draft, target)) {
        // What is half written is of no use; the first error is the one to tell.
        let _ = std::fs::remove_file(&draft);
        return Err(error);
    }
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // One that a crash left behind is replaced rather than written to, because it could be a link to
    // elsewhere.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::create(path)
}
