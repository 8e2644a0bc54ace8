//! A platform in a temporary directory, with people in it, asked through the router.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bailiwick_core::account::{Account, Actor, Command, KeyHolder, RoleAtScope, RoleRef, Scope, SecretHash};
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::{AccountId, Id as _, KeyId, ServiceAccountId, UserId};
use bailiwick_core::values::{Description, Name};
use bailiwick_server::config::Config;
use bailiwick_server::delivery::request::MailRequest;
use bailiwick_server::identity::password::PasswordHasher;
use bailiwick_server::identity::tokens::ManagementKey;
use bailiwick_server::service::{Caller, CatalogFindings, Origin, Service, WriteOptions};
use bailiwick_store::{SqliteOptions, SqliteStore, StoredEvent};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

/// A password that the rules accept.
pub const PASSWORD: &str = "plum violin harbor sixteen";

/// A platform with one account and its owner.
pub struct World {
    pub service: Service,
    pub router: Router,
    pub account: AccountId,
    pub owner: Person,
    time: Arc<Mutex<Timestamp>>,
    _data: TempDir,
}

/// Somebody who can ask: a person with a session, or a machine with a key.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user's or service account's id.
    pub id: String,
    pub email: String,
    pub token: String,
}

/// A request in the making.
pub struct Ask<'a> {
    world: &'a World,
    method: Method,
    uri: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl World {
    /// A platform under a catalog that ships, set up through its link.
    pub async fn new(catalog: &str) -> Self {
        Self::with(catalog, |_| {}).await
    }

    /// The same with other settings.
    pub async fn with(catalog: &str, change: impl FnOnce(&mut Config)) -> Self {
        let (service, time, data) = platform(catalog, change);
        let router = bailiwick_server::api::router(service.clone());
        let link = service.set_up_link().await.unwrap().unwrap();
        let nobody = Person { id: String::new(), email: "owner@example.com".into(), token: String::new() };
        let account = AccountId::from_uuid(Uuid::nil());
        let mut world = Self { service, router, account, owner: nobody, time, _data: data };
        let body = json!({
            "token": link.rsplit('/').next().unwrap(), "email": "owner@example.com", "name": "Olga Owner",
            "password": PASSWORD, "account_name": "Acme",
        });
        let reply = world.post("/set-up").json(&body).send().await.expect(StatusCode::CREATED);
        world.owner = Person::of(&reply, "owner@example.com");
        world.account = reply.json()["account"]["id"].as_str().unwrap().parse().unwrap();
        world
    }

    pub fn get(&self, path: &str) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> Ask<'_> {
        self.ask(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> Ask<'_> {
        self.ask(Method::PUT, path)
    }

    pub fn patch(&self, path: &str) -> Ask<'_> {
        self.ask(Method::PATCH, path)
    }

    pub fn delete(&self, path: &str) -> Ask<'_> {
        self.ask(Method::DELETE, path)
    }

    /// A request below `/api/v1`; a path that starts with `~` is below the account.
    pub fn ask(&self, method: Method, path: &str) -> Ask<'_> {
        let uri = match path.strip_prefix('~') {
            Some(below) => format!("/api/v1/accounts/{}{below}", self.account),
            None => format!("/api/v1{path}"),
        };
        Ask { world: self, method, uri, headers: Vec::new(), body: Vec::new() }
    }

    /// Closes the store and opens it again, as a new process would.
    pub async fn restart(&mut self) {
        self.restart_with(|_| {}).await;
    }

    /// The same with other settings from now on.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        let catalog = Arc::clone(self.service.catalog());
        self.reopen(catalog, change).await;
    }

    /// The same under another catalog, which is looked at as at a start.
    pub async fn restart_under(&mut self, text: &str) -> CatalogFindings {
        let catalog = Catalog::parse("next.toml", text).unwrap_or_else(|errors| panic!("{errors:?}"));
        self.reopen(Arc::new(catalog), |_| {}).await;
        self.service.admit_catalog(text).await.unwrap()
    }

    async fn reopen(&mut self, catalog: Arc<Catalog>, change: impl FnOnce(&mut Config)) {
        self.service.store().close().await;
        let mut config = Config::clone(self.service.config());
        change(&mut config);
        let config = Arc::new(config);
        let store = SqliteStore::open(&SqliteOptions::new(&config.data)).unwrap();
        let hasher = PasswordHasher::new(&config.password).unwrap();
        let time = Arc::clone(&self.time);
        let now = Arc::new(move || *time.lock().unwrap());
        self.service = Service::new(Arc::new(store), catalog, hasher, config, now);
        self.router = bailiwick_server::api::router(self.service.clone());
    }

    /// A second process over the same store, as far as it can tell.
    pub fn second(&self) -> Service {
        let time = Arc::clone(&self.time);
        let now = Arc::new(move || *time.lock().unwrap());
        let (store, config) = (Arc::clone(self.service.store()), Arc::clone(self.service.config()));
        let hasher = PasswordHasher::new(&config.password).unwrap();
        Service::new(store, Arc::clone(self.service.catalog()), hasher, config, now)
    }

    /// The account as it is now.
    pub async fn state(&self) -> Arc<Account> {
        self.service.accounts().get(self.account).await.unwrap().unwrap().snapshot()
    }

    /// Lets time pass.
    pub fn advance(&self, by: SignedDuration) {
        let mut time = self.time.lock().unwrap();
        *time = time.checked_add(by).unwrap();
    }

    /// Invites somebody and gives the token of the mailed link.
    pub async fn invite(&self, email: &str, roles: &[&str]) -> (String, String) {
        let body = json!({ "emails": [email], "roles": roles });
        let reply =
            self.post("~/invitations").by(&self.owner).json(&body).send().await.expect(StatusCode::CREATED);
        let id = reply.json()["invitations"][0]["id"].as_str().unwrap().to_owned();
        (id, self.mailed_token(email).await)
    }

    /// Invites somebody, who accepts with a password and is signed in.
    pub async fn invite_and_accept(&self, email: &str, roles: &[&str]) -> Person {
        let (_, token) = self.invite(email, roles).await;
        self.accept(&token, email).await
    }

    /// Follows a mailed link as somebody new.
    pub async fn accept(&self, token: &str, email: &str) -> Person {
        let body = json!({ "token": token, "name": "Grace Hopper", "password": PASSWORD });
        let reply = self.post("/links:accept").json(&body).send().await.expect(StatusCode::OK);
        Person::of(&reply, email)
    }

    /// The token in the newest mail to an email.
    pub async fn mailed_token(&self, email: &str) -> String {
        let mails = self.service.store().outbox_of_account(self.account, 1_000).await.unwrap();
        let link = mails.iter().find_map(|entry| match serde_json::from_str(&entry.message.body).unwrap() {
            MailRequest::Invitation(mail) if mail.to == email => Some(mail.link.expose().to_owned()),
            _ => None,
        });
        link.unwrap_or_else(|| panic!("no mail to {email}")).rsplit('/').next().unwrap().to_owned()
    }

    /// The tokens in the mails to an email that lead to a new password, the oldest first.
    pub async fn reset_tokens(&self, email: &str) -> Vec<String> {
        self.service.settled().await;
        let now = self.service.now();
        let lease = std::time::Duration::ZERO;
        let due = self.service.store().claim_outbox(now, lease, 1_000).await.unwrap();
        let mails = due.iter().map(|entry| serde_json::from_str(&entry.message.body).unwrap());
        let links = mails.filter_map(|mail| match mail {
            MailRequest::Notice(notice) if notice.to == email => notice.action,
            _ => None,
        });
        links.map(|action| action.link.expose().rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// A service account with these account-level roles, and a key of it.
    pub async fn machine(&self, name: &str, roles: &[&str]) -> Person {
        let owner = self.owner.id.parse::<UserId>().unwrap();
        let caller = Caller { actor: Actor::User(owner), session: None, origin: Origin::default() };
        let grant = |role: &&str| RoleAtScope {
            role: RoleRef::BuiltIn((*role).into()),
            scope: Scope::Account,
            until: None,
        };
        let create = Command::CreateServiceAccount {
            name: Name::parse(name).unwrap(),
            description: Description::default(),
            external_id: None,
            grants: roles.iter().map(grant).collect(),
        };
        let options = WriteOptions::default();
        self.service.write(&caller, self.account, &create, &options, |_| ()).await.unwrap();
        let account = self.state().await;
        let found =
            account.service_accounts_after(None).find(|(_, machine)| machine.value.name.as_str() == name);
        let service_account: ServiceAccountId = found.unwrap().0;
        let key_id = KeyId::from_uuid(Uuid::now_v7());
        let key = ManagementKey::generate(key_id).unwrap();
        let create = Command::CreateKey {
            key: key_id,
            holder: KeyHolder::ServiceAccount(service_account),
            name: Name::parse("key").unwrap(),
            secret_hash: SecretHash(*key.hash().as_bytes()),
            expires_at: None,
        };
        self.service.write(&caller, self.account, &create, &options, |_| ()).await.unwrap();
        let token = key.reveal().expose_secret().to_owned();
        Person { id: service_account.to_string(), email: String::new(), token }
    }

    /// A person who owns another account of the same platform and is a stranger to the first.
    pub async fn stranger(&self) -> (Person, AccountId) {
        let email = bailiwick_core::values::Email::parse("stranger@elsewhere.example").unwrap();
        let made = self.service.bootstrap(&email, Name::parse("Elsewhere").unwrap()).await.unwrap();
        let link = made.sign_in_link.expose_secret().rsplit('/').next().unwrap().to_owned();
        (self.accept(&link, "stranger@elsewhere.example").await, made.account)
    }

    /// The account's events, the oldest first.
    pub async fn events(&self) -> Vec<StoredEvent> {
        self.service.settled().await;
        self.service.store().events_after(self.account, None, 10_000).await.unwrap()
    }

    /// Types of the account's events, the oldest first.
    pub async fn event_types(&self) -> Vec<String> {
        self.events().await.into_iter().map(|stored| stored.event.event_type.to_string()).collect()
    }
}

/// A platform that nobody has set up.
pub fn bare(catalog: &str, change: impl FnOnce(&mut Config)) -> (Service, TempDir) {
    let (service, _, data) = platform(catalog, change);
    (service, data)
}

fn platform(catalog: &str, change: impl FnOnce(&mut Config)) -> (Service, Arc<Mutex<Timestamp>>, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&SqliteOptions::new(data.path())).unwrap();
    let mut config = Config { data: data.path().to_owned(), ..Config::default() };
    // The least that argon2 takes: what is tested is not how long guessing lasts.
    (config.password.memory_kib, config.password.iterations) = (8, 1);
    config.sign_in.address_attempts = 1_000;
    change(&mut config);
    // One that ships, or a file.
    let text = Catalog::bundled(catalog).map(str::to_owned);
    let text = text.unwrap_or_else(|| std::fs::read_to_string(catalog).unwrap());
    let catalog = Catalog::parse(catalog, &text).unwrap();
    let hasher = PasswordHasher::new(&config.password).unwrap();
    let time = Arc::new(Mutex::new("2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap()));
    let clock = Arc::clone(&time);
    let now = Arc::new(move || *clock.lock().unwrap());
    let service = Service::new(Arc::new(store), Arc::new(catalog), hasher, Arc::new(config), now);
    (service, time, data)
}

impl Person {
    /// Whom an answer signs in.
    pub fn of(reply: &Reply, email: &str) -> Self {
        let text = |pointer: &str| reply.json().pointer(pointer).unwrap().as_str().unwrap().to_owned();
        Self { id: text("/user/id"), email: email.to_owned(), token: text("/token") }
    }
}

impl Ask<'_> {
    /// Asks as somebody.
    #[must_use]
    pub fn by(self, person: &Person) -> Self {
        let token = format!("Bearer {}", person.token);
        self.header("authorization", &token)
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.text(&body.to_string())
    }

    /// A body as it stands, called JSON.
    #[must_use]
    pub fn text(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("content-type", "application/json")
    }

    /// A body of no stated type.
    #[must_use]
    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub async fn send(self) -> Reply {
        let mut request = Request::builder().method(self.method).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body)).unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        // Whatever answers for an account says at which revision: the basis of `at_least`.
        let is_in_account = self.uri.starts_with("/api/v1/accounts/") && !self.uri.contains("/events:export");
        if is_in_account && parts.status.is_success() {
            let revision = parts.headers.get("bailiwick-revision").and_then(|value| value.to_str().ok());
            assert!(revision.is_some_and(|text| text.parse::<u64>().is_ok()), "{}: {revision:?}", self.uri);
        }
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

impl Reply {
    /// The same, if it has this status.
    pub fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A problem with this status and code; gives the document.
    pub fn problem(self, status: u16, code: &str) -> Value {
        let problem = self.json();
        assert_eq!((self.status.as_u16(), problem["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(problem["status"], status);
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{problem}");
        assert!(!problem["hint"].as_str().unwrap().is_empty(), "{problem}");
        assert_eq!(problem["request_id"].as_str().unwrap(), self.header("x-request-id"));
        problem
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, headers and body in one text, with what differs from run to run replaced.
    pub fn snapshot(&self) -> String {
        let mut text = format!("{}\n", self.status);
        let mut headers: Vec<_> = self.headers.iter().collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
        }
        if !self.text.is_empty() {
            let body = serde_json::from_str::<Value>(&self.text)
                .map(|json| serde_json::to_string_pretty(&json).unwrap());
            writeln!(text, "\n{}", body.unwrap_or_else(|_| self.text.clone())).unwrap();
        }
        mask(&text)
    }
}

/// Replaces ids and secrets by their kind.
fn mask(text: &str) -> String {
    const PREFIXES: [&str; 15] = [
        "acc_", "usr_", "inv_", "grp_", "rol_", "grt_", "prj_", "res_", "sva_", "key_", "off_", "req_",
        "bws_", "bwl_", "bwk_",
    ];
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, prefix)) = PREFIXES.iter().filter_map(|p| rest.find(p).map(|at| (at, *p))).min() {
        let (before, from) = rest.split_at(at);
        let token = &from[prefix.len()..];
        let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(token.len());
        masked.push_str(before);
        masked.push_str(prefix);
        masked.push_str(if end >= 32 { "…" } else { &token[..end] });
        rest = &token[end..];
    }
    masked + rest
}
