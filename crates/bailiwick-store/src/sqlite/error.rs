//! What SQLite's result codes mean for a caller.

use rusqlite::ErrorCode;

use crate::{StoreError, Unavailable};

/// SQLite's extended result code for a reference to a row that does not exist.
const FOREIGN_KEY: i32 = 787;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let detail = error.to_string();
        let rusqlite::Error::SqliteFailure(failure, _) = &error else {
            return Self::internal(detail);
        };
        match failure.code {
            ErrorCode::DiskFull => Self::unavailable(Unavailable::DiskFull, detail),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                Self::unavailable(Unavailable::ReadOnly, detail)
            }
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed => {
                Self::unavailable(Unavailable::Io, detail)
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory => {
                Self::unavailable(Unavailable::Busy, detail)
            }
            _ if failure.extended_code == FOREIGN_KEY => Self::Missing { what: "user or account" },
            _ => Self::internal(detail),
        }
    }
}
