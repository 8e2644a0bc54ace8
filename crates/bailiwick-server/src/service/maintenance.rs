//! What operators need: a first account without a browser, and proof that the record and the state agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use bailiwick_core::access::Circumstances;
use bailiwick_core::account::{
    Account, Actor, Command, Decided, Event, KeyHolder, Refusal, RoleAtScope, RoleRef, Scope, SecretHash,
};
use bailiwick_core::catalog::{BuiltInRole, Level};
use bailiwick_core::ids::{AccountId, KeyId, Revision, ServiceAccountId, UserId};
use bailiwick_core::values::{Description, Email, Name};
use bailiwick_store::{DirectoryChange, EventPosition, LinkRow, TokenHash};
use jiff::SignedDuration;
use secrecy::SecretString;

use super::links::LinkPurpose;
use super::{Caller, Error, Origin, Service, new_id};
use crate::identity::tokens::{LinkToken, ManagementKey};

/// What `bailiwick bootstrap` makes. The link and the key are shown this once.
#[derive(Debug)]
pub struct Bootstrapped {
    /// The new account.
    pub account: AccountId,
    /// Its owner, new or known.
    pub user: UserId,
    /// Signs the owner in once; who has no password chooses one there.
    pub sign_in_link: SecretString,
    /// The machine that the key stands for.
    pub service_account: ServiceAccountId,
    /// A management key with the broadest role that can be granted.
    pub management_key: SecretString,
}

/// Something that does not agree with something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// In which account; none for the database as a whole.
    pub account: Option<AccountId>,
    /// What was found.
    pub finding: String,
}

/// How often the owner is looked up anew when they changed in between.
const ATTEMPTS: u32 = 5;
/// How many events are read at once.
const PAGE: usize = 5_000;

impl Service {
    /// Opens an account for the owner of an email, with a service account and a key for scripts.
    ///
    /// The operator vouches for the email: of a known person whose email was never proved, the password and sessions end, and
    /// what stands in their name, because anybody who was handed a copied link may have set and made them. Safe beside a
    /// serving process: it adds an account that no other process has in memory, and what ends is found ended by whoever
    /// writes to its account next.
    pub async fn bootstrap(&self, email: &Email, account_name: Name) -> Result<Bootstrapped, Error> {
        let mut attempts = 0;
        loop {
            match self.try_bootstrap(email, account_name.clone()).await {
                // The user was made, or changed their password, since they were looked up.
                Err(Error::EmailTaken | Error::WrongCredentials) if attempts < ATTEMPTS => attempts += 1,
                other => return other,
            }
        }
    }

    async fn try_bootstrap(&self, email: &Email, account_name: Name) -> Result<Bootstrapped, Error> {
        let now = self.now();
        let known = self.store().user_by_email(email.as_str()).await?;
        let user = known.as_ref().map_or_else(new_id, |user| user.user_id);
        let account_id: AccountId = new_id();
        let mut ids = uuid::Uuid::now_v7;
        let opened =
            bailiwick_core::account::open(self.catalog(), account_id, account_name, user, now, &mut ids);
        let role = broadest_role(&opened.account)
            .ok_or_else(|| Error::internal("the catalog has no role to grant"))?;
        let grant = RoleAtScope {
            role: RoleRef::BuiltIn(role.name.as_str().into()),
            scope: Scope::Account,
            until: None,
        };
        let command = Command::CreateServiceAccount {
            name: Name::parse("bootstrap")
                .map_err(|problem| Error::InvalidText { field: "name".into(), problem })?,
            description: Description::parse("Made by `bailiwick bootstrap`.").unwrap_or_default(),
            external_id: None,
            grants: vec![grant],
        };
        let circumstances = Circumstances::question(now);
        let with_machine = opened.account.decide(Actor::User(user), &command, circumstances, &mut ids)?;
        let machine = with_machine.events.iter().find_map(|event| match event {
            Event::ServiceAccountCreated { id, .. } => Some(*id),
            _ => None,
        });
        let service_account = machine.ok_or(Refusal::NotFound { kind: "service account" })?;
        let key_id: KeyId = new_id();
        let key = ManagementKey::generate(key_id).map_err(Error::internal)?;
        let command = Command::CreateKey {
            key: key_id,
            holder: KeyHolder::ServiceAccount(service_account),
            name: Name::parse("bootstrap")
                .map_err(|problem| Error::InvalidText { field: "name".into(), problem })?,
            secret_hash: SecretHash(*key.hash().as_bytes()),
            expires_at: None,
        };
        let with_key = with_machine.account.decide(Actor::User(user), &command, circumstances, &mut ids)?;
        // One commit for all three decisions, so that a crash leaves all or nothing.
        let events: Vec<Event> =
            [opened.events, with_machine.events, with_key.events].into_iter().flatten().collect();
        let mut account = Account::before_first_event(account_id, Arc::clone(self.catalog()));
        account.apply(&events);
        let decided = Decided::of(events, account);

        let link = LinkToken::generate().map_err(Error::internal)?;
        let caller = Caller { actor: Actor::User(user), session: None, origin: Origin::default() };
        let mut commit = super::write::commit_of_opening(&decided, &caller, now);
        match &known {
            None => commit.directory.push(DirectoryChange::CreateUser {
                user_id: user,
                email: email.as_str().to_owned(),
                name: String::new(),
                verified_at: Some(now),
                created_at: now,
            }),
            Some(row) if row.verified_at.is_none() => commit.directory.extend([
                super::identity::password_as_read(row),
                DirectoryChange::SetPassword { user_id: user, hash: None },
                DirectoryChange::EndSessionsOfUser { user_id: user, except: None },
                DirectoryChange::VerifyUser { user_id: user, at: now },
            ]),
            Some(_) => {}
        }
        commit.directory.extend(super::directory::changes(&decided));
        if known.as_ref().is_none_or(|user| user.default_account.is_none()) {
            commit
                .directory
                .push(DirectoryChange::SetDefaultAccount { user_id: user, account_id: Some(account_id) });
        }
        let lifetime =
            SignedDuration::try_from(self.config().session.link).unwrap_or(SignedDuration::from_hours(24));
        commit.directory.push(DirectoryChange::CreateLink(LinkRow {
            token_hash: TokenHash(*link.hash().as_bytes()),
            purpose: LinkPurpose::SignIn.name().into(),
            user_id: user,
            account_id: None,
            invitation_id: None,
            created_at: now,
            expires_at: now.checked_add(lifetime).ok(),
        }));
        self.store().ready().await;
        let proves = known.is_some_and(|user| user.verified_at.is_none());
        if proves {
            self.end_in_the_name_of(user, &Origin::default()).await?;
        }
        self.store().commit(commit).await?;
        if proves {
            self.end_in_the_name_of(user, &Origin::default()).await?;
        }
        Ok(Bootstrapped {
            account: account_id,
            user,
            sign_in_link: SecretString::from(self.link_url(&link)),
            service_account,
            management_key: key.reveal(),
        })
    }

    /// Checks the database and that every account's events lead to exactly its rows.
    pub async fn verify(&self, mut progress: impl FnMut(AccountId)) -> Result<Vec<Discrepancy>, Error> {
        let findings = self.store().check_integrity().await?;
        let mut found: Vec<Discrepancy> =
            findings.into_iter().map(|finding| Discrepancy { account: None, finding }).collect();
        let mut after = None;
        loop {
            let ids = self.store().account_ids(after, 1_000).await?;
            let Some(last) = ids.last() else { return Ok(found) };
            after = Some(*last);
            for id in ids {
                progress(id);
                let findings = self.verify_account(id).await?;
                found.extend(findings.into_iter().map(|finding| Discrepancy { account: Some(id), finding }));
            }
        }
    }

    /// Replays an account's events and compares what they lead to with its rows.
    async fn verify_account(&self, id: AccountId) -> Result<Vec<String>, Error> {
        let loaded = match self.accounts().load(id).await {
            Ok(Some(account)) => account,
            Ok(None) => return Ok(Vec::new()),
            Err(failure) => {
                return match Error::from(failure) {
                    Error::Internal { detail } => Ok(vec![detail]),
                    other => Err(other),
                };
            }
        };
        let (replayed, mut findings) = self.replay_to(id, loaded.revision()).await?;
        if replayed.revision() != loaded.revision() {
            let (rows, events) = (loaded.revision(), replayed.revision());
            findings.push(format!("its rows are at revision {rows}, its events lead to {events}"));
        }
        let entities = |account: &Account| -> BTreeMap<_, _> {
            let keys = account.entity_keys().into_iter();
            keys.map(|key| (key, (account.revision_of(key), account.row_body(key)))).collect()
        };
        let (rows, events) = (entities(&loaded), entities(&replayed));
        for (key, row) in &rows {
            let name = format!("the {} `{}`", key.kind(), key.id());
            match events.get(key) {
                None => findings.push(format!("{name} has a row but no events")),
                Some(expected) if expected != row => {
                    findings.push(format!("{name} differs between row and events"));
                }
                Some(_) => {}
            }
        }
        for key in events.keys().filter(|key| !rows.contains_key(key)) {
            findings.push(format!("the {} `{}` has events but no row", key.kind(), key.id()));
        }
        Ok(findings)
    }

    /// The account that its events lead to, up to a revision: a server may write on while it is read.
    async fn replay_to(&self, id: AccountId, last: Revision) -> Result<(Account, Vec<String>), Error> {
        let mut account = Account::before_first_event(id, Arc::clone(self.catalog()));
        let mut findings = Vec::new();
        let mut after: Option<EventPosition> = None;
        let mut commit: Vec<Event> = Vec::new();
        let mut commit_revision = Revision::default();
        'pages: loop {
            let page = self.store().events_after(id, after, PAGE).await?;
            let Some(newest) = page.last() else { break };
            after = Some(newest.position);
            for stored in page {
                let revision = stored.position.revision;
                if revision > last {
                    break 'pages;
                }
                if revision != commit_revision && !commit.is_empty() {
                    account.apply(&commit);
                    commit.clear();
                }
                commit_revision = revision;
                match serde_json::from_str(&stored.event.body) {
                    Ok(event) => commit.push(event),
                    Err(error) => findings.push(format!(
                        "the event {revision}.{} cannot be read: {error}",
                        stored.position.sequence
                    )),
                }
            }
        }
        if !commit.is_empty() {
            account.apply(&commit);
        }
        Ok((account, findings))
    }
}

/// The account-level role with the most permissions that can be granted.
fn broadest_role(account: &Account) -> Option<&BuiltInRole> {
    let newcomer = account.newcomer_role();
    let is_everybodys = |role: &BuiltInRole| newcomer == Some(RoleRef::BuiltIn(role.name.as_str().into()));
    let roles = account.catalog().roles.iter().filter(|role| role.level == Level::Account);
    let grantable = roles.filter(|role| !role.handed_over && !is_everybodys(role));
    grantable.max_by_key(|role| role.permissions.len())
}
