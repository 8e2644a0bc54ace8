//! Fills a data directory with one large account, for `bench/measure`: members, a tenth as many custom roles, one
//! grant for each member at one of a hundredth as many clusters. Prints what a load generator needs.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;

use bailiwick_core::account::{
    Account, ActorRef, Decided, EntityKey, Event, Grant, Key, KeyHolder, Principal, Resource, Role, RoleRef,
    Scope, SecretHash, ServiceAccount,
};
use bailiwick_core::catalog::{Catalog, Level};
use bailiwick_core::ids::{
    AccountId, GrantId, Id, KeyId, ProjectId, ResourceId, RoleId, ServiceAccountId, UserId,
};
use bailiwick_core::values::{Description, Name, RoleName};
use bailiwick_server::identity::tokens::ManagementKey;
use bailiwick_store::{
    AccountCommit, Commit, DirectoryChange, Ending, EntityChange, EventRow, MembershipStatus, SqliteOptions,
    SqliteStore, Store,
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use uuid::Uuid;

/// Events in one commit, below the store's limit of rows.
const EVENTS_PER_COMMIT: usize = 10_000;

fn new<I: Id>() -> I {
    I::from_uuid(Uuid::now_v7())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().ok_or("usage: seed DIR MEMBERS IDS_FILE")?;
    let members: usize = arguments.next().ok_or("usage: seed DIR MEMBERS IDS_FILE")?.parse()?;
    let ids_file = arguments.next().ok_or("usage: seed DIR MEMBERS IDS_FILE")?;
    let store = SqliteStore::open(&SqliteOptions::new(&dir))?;
    let text = Catalog::bundled("bailiwick").ok_or("no default catalog")?;
    let catalog = Arc::new(Catalog::parse("bailiwick.toml", text).map_err(|errors| format!("{errors:?}"))?);

    let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond())?;
    let (id, owner): (AccountId, UserId) = (new(), new());
    let opened =
        bailiwick_core::account::open(&catalog, id, Name::parse("bench")?, owner, now, &mut Uuid::now_v7);
    let project = opened.account.default_project().ok_or("no default project")?;
    let mut events = opened.events;
    let mut people = vec![(owner, "owner@example.com".to_owned())];
    let key = add_machine(&mut events, owner, now)?;
    let clusters = add_clusters(&mut events, (members / 100).max(1), project)?;
    let roles = add_roles(&mut events, (members / 10).max(1))?;
    let mut lines = String::new();
    for number in 0..members {
        let user: UserId = new();
        people.push((user, format!("member{number}@example.com")));
        events.push(Event::MemberJoined { user, at: now, invitation: None, until: None });
        let role = roles.get(number / 10).or(roles.last()).ok_or("no role")?;
        let cluster = *clusters.get(number / 100).or(clusters.last()).ok_or("no cluster")?;
        let grant = Grant {
            principal: Principal::Member(user),
            role: RoleRef::Custom(*role),
            scope: Scope::resources([cluster]),
            until: None,
            made_by: ActorRef::User(owner),
            made_at: now,
            told: false,
        };
        events.push(Event::GrantMade { id: new(), grant });
        writeln!(lines, "{user} {cluster}")?;
    }
    write(&store, &catalog, id, &events, &people, now).await?;
    let keys = vec![DirectoryChange::AddKey { key_id: key.id(), account_id: id }];
    store.commit(Commit { directory: keys, ..Commit::default() }).await?;
    std::fs::write(ids_file, lines)?;
    println!("{}", serde_json::json!({ "account": id.to_string(), "key": key.reveal().expose_secret() }));
    store.close().await;
    Ok(())
}

/// A service account that may administrate, with a key.
fn add_machine(
    events: &mut Vec<Event>,
    owner: UserId,
    now: Timestamp,
) -> Result<ManagementKey, Box<dyn Error>> {
    let (machine, key_id): (ServiceAccountId, KeyId) = (new(), new());
    let key = ManagementKey::generate(key_id)?;
    let name = Name::parse("bench")?;
    let service_account = ServiceAccount {
        name: name.clone(),
        description: Description::default(),
        external_id: None,
        may_assert: Vec::new(),
    };
    events.push(Event::ServiceAccountCreated { id: machine, service_account });
    let grant = Grant {
        principal: Principal::ServiceAccount(machine),
        role: RoleRef::BuiltIn("admin".into()),
        scope: Scope::Account,
        until: None,
        made_by: ActorRef::User(owner),
        made_at: now,
        told: false,
    };
    events.push(Event::GrantMade { id: new::<GrantId>(), grant });
    let secret_hash = SecretHash(*key.hash().as_bytes());
    let made_by = ActorRef::User(owner);
    let stored = Key {
        holder: KeyHolder::ServiceAccount(machine),
        name,
        secret_hash,
        expires_at: None,
        made_by,
        made_at: now,
        told: false,
    };
    events.push(Event::KeyCreated { id: key_id, key: stored });
    Ok(key)
}

fn add_clusters(
    events: &mut Vec<Event>,
    count: usize,
    project: ProjectId,
) -> Result<Vec<ResourceId>, Box<dyn Error>> {
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        let name = Name::parse(&format!("cluster {number}"))?;
        let resource = Resource {
            resource_type: "cluster".into(),
            name,
            project,
            parent: None,
            external_id: None,
            url: None,
            attributes: None,
        };
        let id = new();
        ids.push(id);
        events.push(Event::ResourceRegistered { id, resource });
    }
    Ok(ids)
}

fn add_roles(events: &mut Vec<Event>, count: usize) -> Result<Vec<RoleId>, Box<dyn Error>> {
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        let role = Role {
            name: RoleName::parse(&format!("role {number}"))?,
            description: Description::default(),
            level: Level::Resource,
            permissions: vec!["read:clusters".into(), "read:cluster_data".into()],
            external_id: None,
        };
        let id = new();
        ids.push(id);
        events.push(Event::RoleCreated { id, role });
    }
    Ok(ids)
}

/// Writes the events in commits, with the rows that they lead to and the people in the directory.
async fn write(
    store: &SqliteStore,
    catalog: &Arc<Catalog>,
    id: AccountId,
    events: &[Event],
    people: &[(UserId, String)],
    now: Timestamp,
) -> Result<(), Box<dyn Error>> {
    for batch in people.chunks(EVENTS_PER_COMMIT) {
        let directory = batch.iter().map(|(user_id, email)| {
            let (user_id, email) = (*user_id, email.clone());
            DirectoryChange::CreateUser {
                user_id,
                email,
                name: String::new(),
                verified_at: Some(now),
                created_at: now,
            }
        });
        store.commit(Commit { directory: directory.collect(), ..Commit::default() }).await?;
    }
    let mut account = Account::before_first_event(id, Arc::clone(catalog));
    for batch in events.chunks(EVENTS_PER_COMMIT) {
        let expected = account.revision();
        account.apply(batch);
        let decided = Decided::of(batch.to_vec(), account.clone());
        let keys: BTreeSet<EntityKey> = batch.iter().flat_map(Event::entities).collect();
        let change = |key: EntityKey| EntityChange {
            kind: key.kind().into(),
            id: key.id().into(),
            body: decided.account.row_body(key),
        };
        let changes = keys.into_iter().map(change).collect();
        let events = decided.events.iter().map(|event| row(event, now)).collect::<Result<_, _>>()?;
        let commit = AccountCommit {
            account_id: id,
            expected,
            at: now,
            changes,
            events,
            ending: Ending::None,
            next_deadline: None,
        };
        store.commit(Commit { account: Some(commit), ..Commit::default() }).await?;
    }
    for batch in people.chunks(EVENTS_PER_COMMIT) {
        let status = MembershipStatus::Active;
        let directory = batch.iter().map(|(user, _)| DirectoryChange::SetMembership {
            user_id: *user,
            account_id: id,
            status,
        });
        store.commit(Commit { directory: directory.collect(), ..Commit::default() }).await?;
    }
    Ok(())
}

fn row(event: &Event, now: Timestamp) -> Result<EventRow, serde_json::Error> {
    let target = event.target();
    Ok(EventRow {
        at: now,
        actor_kind: "system".into(),
        actor_id: None,
        event_type: event.type_name().into(),
        target_kind: target.as_ref().map(|(kind, _)| (*kind).into()),
        target_id: target.map(|(_, id)| id.to_string()),
        request_id: None,
        source_ip: None,
        body: serde_json::to_string(event)?,
    })
}
