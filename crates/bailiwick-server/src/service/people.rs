//! Emails and names for the ids in an account: read from the directory, never kept in events.

use std::collections::HashMap;

use bailiwick_core::account::ActorRef;
use bailiwick_core::ids::UserId;
use bailiwick_store::{MAX_USERS_PER_BATCH, UserRow};

use super::{Error, Service};

/// Users of the directory, by id.
#[derive(Debug, Clone, Default)]
pub struct People(HashMap<UserId, UserRow>);

impl People {
    /// The user, if the directory still knows them.
    pub fn get(&self, id: UserId) -> Option<&UserRow> {
        self.0.get(&id)
    }

    /// The email, or nothing for a user who was erased.
    pub fn email(&self, id: UserId) -> Option<&str> {
        self.get(id).map(|user| user.email.as_str())
    }

    /// What to call somebody: the name, else the email, else the id.
    pub fn label(&self, id: UserId) -> String {
        match self.get(id) {
            Some(user) if !user.name.is_empty() => user.name.clone(),
            Some(user) => user.email.clone(),
            None => id.to_string(),
        }
    }

    /// Adds a user that is about to be stored.
    pub fn add(&mut self, user: UserRow) {
        self.0.insert(user.user_id, user);
    }

    /// Those of whom this is so.
    #[must_use]
    pub fn only(&self, is_told: impl Fn(UserId) -> bool) -> Self {
        Self(self.0.iter().filter(|(id, _)| is_told(**id)).map(|(id, user)| (*id, user.clone())).collect())
    }

    /// Adds others.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The user behind a recorded actor.
    pub fn actor(&self, actor: ActorRef) -> Option<&UserRow> {
        match actor {
            ActorRef::User(id) => self.get(id),
            ActorRef::ServiceAccount(_) | ActorRef::System => None,
        }
    }
}

impl Service {
    /// Looks up users by id; ids that are not known are left out.
    pub async fn people(&self, ids: impl IntoIterator<Item = UserId>) -> Result<People, Error> {
        let ids: std::collections::BTreeSet<UserId> = ids.into_iter().collect();
        let ids: Vec<UserId> = ids.into_iter().collect();
        let mut people = People::default();
        for batch in ids.chunks(MAX_USERS_PER_BATCH) {
            self.store.users(batch).await?.into_iter().for_each(|user| people.add(user));
        }
        Ok(people)
    }
}
