//! Exports of the audit log, piece by piece.

use std::io::{self, Write};

use reqwest::Response;

use super::Error;

/// An export that is on its way. Its length is not bounded, so it is read piece by piece.
#[derive(Debug)]
pub struct Export {
    response: Response,
    base_url: String,
}

impl Export {
    pub(super) fn new(response: Response, base_url: &str) -> Self {
        Self { response, base_url: base_url.to_owned() }
    }

    /// The next piece; `None` at the end. Pieces end anywhere, also within a line.
    ///
    /// # Errors
    /// [`Error::Unreachable`] if the export broke off: what was read so far is not all of it.
    pub async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let piece =
            self.response.chunk().await.map_err(|source| Error::unreachable(&self.base_url, source))?;
        Ok(piece.map(Into::into))
    }

    /// Writes all of it and says how many bytes that was.
    ///
    /// # Errors
    /// An [`io::Error`] of the writer, or one that holds an [`Error`] if the export broke off: what was written so far is
    /// not all of it.
    pub async fn copy_to(mut self, to: &mut impl Write) -> io::Result<u64> {
        let mut bytes = 0;
        while let Some(piece) = self.next_piece().await.map_err(io::Error::other)? {
            to.write_all(&piece)?;
            bytes += piece.len() as u64;
        }
        to.flush()?;
        Ok(bytes)
    }
}
