//! Writes and reads the directory.

use bailiwick_core::ids::{AccountId, UserId};
use rusqlite::{Connection, Row, params, params_from_iter};

use super::bind::{
    count, execute, first, malformed, micros, parsed, parsed_option, rows, text, text_of, time, time_option,
    token_hash,
};
use crate::sql::{directory, sessions, users};
use crate::{
    DirectoryChange, LinkRow, Membership, MembershipStatus, SessionRow, StoreError, TokenHash, UserRow,
};

/// Writes one change.
pub fn apply(db: &Connection, change: &DirectoryChange) -> Result<(), StoreError> {
    match change {
        DirectoryChange::CreateUser { .. }
        | DirectoryChange::UpdateUserName { .. }
        | DirectoryChange::VerifyUser { .. }
        | DirectoryChange::SetPassword { .. }
        | DirectoryChange::SetDefaultAccount { .. }
        | DirectoryChange::SignedIn { .. } => apply_to_user(db, change),
        DirectoryChange::RequirePassword { user_id, hash, verified } => {
            let values = params![user_id.to_string(), hash, verified];
            first(db, &users::PASSWORD_IS, values, |_| Ok(()))?.ok_or(StoreError::PasswordChanged)
        }
        DirectoryChange::RequireSession { token_hash } => {
            let session = first(db, &sessions::SESSION, params![token_hash.0], |_| Ok(()))?;
            session.ok_or(StoreError::Missing { what: "session" })
        }
        DirectoryChange::CreateLink(link) => create_link(db, link),
        DirectoryChange::ConsumeLink { token_hash, now } => {
            let used = execute(db, &sessions::CONSUME_LINK, params![token_hash.0, micros(*now)])?;
            if used == 0 { Err(StoreError::LinkUsed) } else { Ok(()) }
        }
        DirectoryChange::EndLinksOfInvitation { invitation_id } => {
            run(execute(db, &sessions::END_LINKS_OF_INVITATION, [invitation_id.to_string()]))
        }
        DirectoryChange::EndLinksOfUser { user_id, purpose } => {
            let values = params![user_id.to_string(), purpose.as_ref()];
            run(execute(db, &sessions::END_LINKS_OF_USER, values))
        }
        DirectoryChange::CreateSession(session) => create_session(db, session),
        DirectoryChange::TouchSession { token_hash, seen_at } => {
            run(execute(db, &sessions::TOUCH_SESSION, params![token_hash.0, micros(*seen_at)]))
        }
        DirectoryChange::EndSession { token_hash } => {
            run(execute(db, &sessions::END_SESSION, params![token_hash.0]))
        }
        DirectoryChange::EndSessionsOfUser { user_id, except } => end_sessions_of_user(db, *user_id, *except),
        DirectoryChange::TakeSessionsOut { user_id, account_id } => {
            let values = params![user_id.to_string(), account_id.to_string()];
            execute(db, &sessions::LEAVE_ACCOUNT_OF_USER, values)?;
            run(execute(db, &sessions::END_SESSIONS_WITHOUT_ACCOUNT, [user_id.to_string()]))
        }
        DirectoryChange::SetSessionAccount { token_hash, account_id } => {
            let values = params![token_hash.0, text_of(*account_id)];
            found("session", execute(db, &sessions::SET_SESSION_ACCOUNT, values))
        }
        DirectoryChange::SetMembership { user_id, account_id, status } => {
            let values = params![user_id.to_string(), account_id.to_string(), status.as_str()];
            run(execute(db, &directory::SET_MEMBERSHIP, values))
        }
        DirectoryChange::EndMembership { user_id, account_id } => {
            run(execute(db, &directory::END_MEMBERSHIP, params![user_id.to_string(), account_id.to_string()]))
        }
        DirectoryChange::AddKey { key_id, account_id } => {
            run(execute(db, &directory::ADD_KEY, params![key_id.to_string(), account_id.to_string()]))
        }
        DirectoryChange::RemoveKey { key_id } => {
            run(execute(db, &directory::REMOVE_KEY, [key_id.to_string()]))
        }
        DirectoryChange::ForgetAccount { account_id } => forget_account(db, *account_id),
        DirectoryChange::SetMeta { key, value: Some(value) } => {
            run(execute(db, &directory::SET_META, params![key.as_ref(), value]))
        }
        DirectoryChange::SetMeta { key, value: None } => {
            run(execute(db, &directory::REMOVE_META, [key.as_ref()]))
        }
    }
}

fn apply_to_user(db: &Connection, change: &DirectoryChange) -> Result<(), StoreError> {
    let changed = match change {
        DirectoryChange::CreateUser { user_id, email, name, verified_at, created_at } => {
            let values = params![
                user_id.to_string(),
                email,
                name,
                email.to_lowercase(),
                name.to_lowercase(),
                verified_at.map(micros),
                micros(*created_at),
            ];
            let created = execute(db, &users::CREATE_USER, values)?;
            return if created == 0 { Err(StoreError::EmailTaken) } else { Ok(()) };
        }
        DirectoryChange::UpdateUserName { user_id, name } => {
            execute(db, &users::RENAME_USER, params![user_id.to_string(), name, name.to_lowercase()])
        }
        DirectoryChange::VerifyUser { user_id, at } => {
            execute(db, &users::VERIFY_USER, params![user_id.to_string(), micros(*at)])
        }
        DirectoryChange::SetPassword { user_id, hash } => {
            execute(db, &users::SET_PASSWORD, params![user_id.to_string(), hash])
        }
        DirectoryChange::SetDefaultAccount { user_id, account_id } => {
            execute(db, &users::SET_DEFAULT_ACCOUNT, params![user_id.to_string(), text_of(*account_id)])
        }
        DirectoryChange::SignedIn { user_id, at } => {
            execute(db, &users::SIGNED_IN, params![user_id.to_string(), micros(*at)])
        }
        _ => return Err(StoreError::internal("a change that is not about a user")),
    };
    found("user", changed)
}

fn create_link(db: &Connection, link: &LinkRow) -> Result<(), StoreError> {
    let values = params![
        link.token_hash.0,
        link.purpose.as_ref(),
        link.user_id.to_string(),
        text_of(link.account_id),
        text_of(link.invitation_id),
        micros(link.created_at),
        link.expires_at.map(micros),
    ];
    run(execute(db, &sessions::CREATE_LINK, values))
}

fn create_session(db: &Connection, session: &SessionRow) -> Result<(), StoreError> {
    let values = params![
        session.token_hash.0,
        session.user_id.to_string(),
        text_of(session.account_id),
        micros(session.created_at),
        micros(session.seen_at),
        micros(session.expires_at),
        text_of(session.source_ip),
        session.user_agent,
    ];
    run(execute(db, &sessions::CREATE_SESSION, values))
}

fn end_sessions_of_user(
    db: &Connection,
    user_id: UserId,
    except: Option<TokenHash>,
) -> Result<(), StoreError> {
    // No session's hash is empty, so an empty one keeps none.
    let kept = except.map(|hash| hash.0.to_vec()).unwrap_or_default();
    run(execute(db, &sessions::END_SESSIONS_OF_USER, params![user_id.to_string(), kept]))
}

fn forget_account(db: &Connection, account_id: AccountId) -> Result<(), StoreError> {
    let steps = [
        &directory::END_MEMBERSHIPS_OF_ACCOUNT,
        &directory::REMOVE_KEYS_OF_ACCOUNT,
        &sessions::END_LINKS_OF_ACCOUNT,
        &sessions::LEAVE_ACCOUNT,
        &users::FORGET_DEFAULT_ACCOUNT,
    ];
    let account_id = account_id.to_string();
    steps.into_iter().try_for_each(|step| run(execute(db, step, [&account_id])))
}

/// A change that may have had nothing to do.
fn run(changed: Result<usize, StoreError>) -> Result<(), StoreError> {
    changed.map(drop)
}

/// A change that needs a row to change.
fn found(what: &'static str, changed: Result<usize, StoreError>) -> Result<(), StoreError> {
    if changed? == 0 { Err(StoreError::Missing { what }) } else { Ok(()) }
}

/// The users among some ids, in order of id.
pub fn users_by_id(db: &Connection, mut user_ids: Vec<UserId>) -> Result<Vec<UserRow>, StoreError> {
    // By far the most frequent, and many times cheaper than a text with a place for each of many ids.
    if let [one] = user_ids.as_slice() {
        return Ok(first(db, &users::USER, [one.to_string()], user)?.into_iter().collect());
    }
    user_ids.sort_unstable();
    user_ids.dedup();
    let mut found = Vec::with_capacity(user_ids.len());
    for chunk in user_ids.chunks(users::USERS_PER_QUERY) {
        // The text has a fixed number of placeholders; the last id fills up those that are left.
        let filler = chunk.last().into_iter().cycle();
        let ids = chunk.iter().chain(filler).take(users::USERS_PER_QUERY).map(ToString::to_string);
        found.extend(rows(db, &users::USERS_BY_ID, params_from_iter(ids), user)?);
    }
    Ok(found)
}

/// Reads a user.
pub fn user(row: &Row<'_>) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        user_id: parsed(row, 0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        verified_at: time_option(row, 3)?,
        password_hash: row.get(4)?,
        default_account: parsed_option(row, 5)?,
        created_at: time(row, 6)?,
        last_sign_in_at: time_option(row, 7)?,
        revision: count(row, 8)?,
    })
}

/// Reads a membership.
pub fn membership(row: &Row<'_>) -> Result<Membership, StoreError> {
    let status = MembershipStatus::parse(text(row, 1)?).ok_or_else(|| malformed(row, 1))?;
    Ok(Membership { account_id: parsed(row, 0)?, status })
}

/// Reads a session.
pub fn session(row: &Row<'_>) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        token_hash: token_hash(row, 0)?,
        user_id: parsed(row, 1)?,
        account_id: parsed_option(row, 2)?,
        created_at: time(row, 3)?,
        seen_at: time(row, 4)?,
        expires_at: time(row, 5)?,
        source_ip: parsed_option(row, 6)?,
        user_agent: row.get(7)?,
    })
}

/// Reads a link.
pub fn link(row: &Row<'_>) -> Result<LinkRow, StoreError> {
    Ok(LinkRow {
        token_hash: token_hash(row, 0)?,
        purpose: row.get::<_, String>(1)?.into(),
        user_id: parsed(row, 2)?,
        account_id: parsed_option(row, 3)?,
        invitation_id: parsed_option(row, 4)?,
        created_at: time(row, 5)?,
        expires_at: time_option(row, 6)?,
    })
}
