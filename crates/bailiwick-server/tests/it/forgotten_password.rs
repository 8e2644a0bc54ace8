//! A forgotten password is replaced by who owns the email, by nobody else, and nobody learns from it who is known.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use bailiwick_core::catalog::Catalog;
use bailiwick_core::ids::UserId;
use bailiwick_core::values::{Email, Name};
use bailiwick_server::identity::password::PasswordHasher;
use bailiwick_server::service::{Origin, Service, SignInRequest};
use bailiwick_store::{AccountCommit, Commit, Ending, EntityChange, SqliteOptions, SqliteStore};
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::console::{SAME_ORIGIN, look, post};
use crate::hang_up::advance;
use crate::support::{PASSWORD, Person, Reply, World};

const OWNER: &str = "owner@example.com";
const CHOSEN: &str = "ochre kettle nine marble";

async fn ask(world: &World, email: &str) -> Reply {
    world.post("/password-resets").json(&json!({ "email": email })).send().await
}

async fn sign_in(world: &World, email: &str, password: &str) -> Reply {
    world.post("/sign-in").json(&json!({ "email": email, "password": password })).send().await
}

async fn choose(world: &World, token: &str, password: &str) -> Reply {
    world.post("/links:accept").json(&json!({ "token": token, "password": password })).send().await
}

/// The token of the newest mail after asking.
async fn mailed(world: &World, email: &str) -> String {
    ask(world, email).await.expect(StatusCode::ACCEPTED);
    world.reset_tokens(email).await.pop().expect("a mail")
}

async fn is_live(world: &World, token: &str) -> bool {
    world.post("/links:inspect").json(&json!({ "token": token })).send().await.status == StatusCode::OK
}

fn last(link: &SecretString) -> String {
    link.expose_secret().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_everything_before_it_ends() {
    let world = World::new("bailiwick").await;
    let made = world.service.bootstrap(&Email::parse(OWNER).unwrap(), Name::parse("Second").unwrap()).await;
    let sign_in_link = last(&made.unwrap().sign_in_link);
    let token = mailed(&world, OWNER).await;
    let shown = world.post("/links:inspect").json(&json!({ "token": token })).send().await.json();
    assert_eq!(
        (&shown["purpose"], &shown["email"], &shown["has_password"], &shown["expires_at"]),
        (&json!("password_reset"), &json!(OWNER), &json!(false), &json!("2026-11-21T13:00:00Z"))
    );
    choose(&world, &token, "too short").await.problem(422, "password_refused");
    world.get("/me").by(&world.owner).send().await.expect(StatusCode::OK);

    let reply = choose(&world, &token, CHOSEN).await.expect(StatusCode::OK);
    assert_eq!(reply.json()["user"]["name"], "Olga Owner");
    let afresh = Person::of(&reply, OWNER);
    world.get("/me").by(&afresh).send().await.expect(StatusCode::OK);
    world.get("/me").by(&world.owner).send().await.problem(401, "unauthenticated");
    sign_in(&world, OWNER, PASSWORD).await.problem(401, "wrong_credentials");
    sign_in(&world, OWNER, CHOSEN).await.expect(StatusCode::OK);
    assert!(!is_live(&world, &sign_in_link).await, "a link past the password outlived it");
    choose(&world, &token, PASSWORD).await.problem(410, "link_invalid");

    let types = world.event_types().await;
    let of_it = ["password.reset_link_made", "password.changed", "sign_in.succeeded"];
    assert!(types.windows(3).any(|three| three == of_it), "{types:?}");
    let events = world.events().await;
    let made = events.iter().find(|one| one.event.event_type == "password.reset_link_made").unwrap();
    assert_eq!((&*made.event.actor_kind, made.event.actor_id.as_deref()), ("system", None));
    assert_eq!(made.event.target_id.as_deref(), Some(world.owner.id.as_str()));
    assert!(events.iter().all(|one| !one.event.body.contains("bwl_")));
}

#[tokio::test]
async fn asking_tells_nothing_about_which_emails_exist() {
    let mut world = World::new("bailiwick").await;
    world.restart().await;
    // Asked of the service itself: the API has tasks of its own, between which the one behind the answer may run.
    world.service.ask_password_reset(&Email::parse(OWNER).unwrap(), &Origin::default()).await.unwrap();
    let cached = world.service.accounts().cached(world.account).await;
    assert!(cached.is_none(), "the answer came after the account of a known email was loaded");
    let known = ask(&world, OWNER).await.expect(StatusCode::ACCEPTED);
    let unknown = ask(&world, "nobody@example.com").await.expect(StatusCode::ACCEPTED);
    let seen = |reply: &Reply| {
        let mut headers = reply.headers.clone();
        headers.remove("x-request-id");
        (reply.text.clone(), headers)
    };
    assert_eq!(seen(&known), seen(&unknown));
    let page = async |email| {
        let page = post(&world, "/forgot-password", None, &[("email", email)], &[SAME_ORIGIN]).await;
        (page.status, page.text)
    };
    let (status, text) = page(OWNER).await;
    assert!(text.contains("If an account uses this address"), "{text}");
    assert_eq!(page("nobody@example.com").await, (status, text));
    assert_eq!(world.reset_tokens(OWNER).await.len(), 3);
    assert_eq!(world.reset_tokens("nobody@example.com").await.len(), 0);
    ask(&world, "not an email").await.problem(422, "invalid_text");
}

#[tokio::test]
async fn who_asks_too_often_is_told_so_whether_or_not_the_email_is_known() {
    let world = World::with("bailiwick", |config| config.sign_in.email_attempts = 2).await;
    for email in [OWNER, "nobody@example.com"] {
        for _ in 0..2 {
            ask(&world, email).await.expect(StatusCode::ACCEPTED);
        }
        let refused = ask(&world, email).await;
        assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
        refused.problem(429, "too_many_attempts");
        let page = post(&world, "/forgot-password", None, &[("email", email)], &[SAME_ORIGIN]).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    }
    sign_in(&world, OWNER, PASSWORD).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_mailbox_is_not_filled_and_the_newest_link_counts() {
    let world = World::with("bailiwick", |config| config.sign_in.email_attempts = 1_000).await;
    for _ in 0..8 {
        ask(&world, OWNER).await.expect(StatusCode::ACCEPTED);
    }
    let tokens = world.reset_tokens(OWNER).await;
    assert_eq!(tokens.len(), 5);
    for old in &tokens[..4] {
        choose(&world, old, CHOSEN).await.problem(410, "link_invalid");
    }
    assert!(is_live(&world, &tokens[4]).await);
    world.advance(SignedDuration::from_mins(12));
    assert_ne!(mailed(&world, OWNER).await, tokens[4]);
    assert!(!is_live(&world, &tokens[4]).await);
}

#[tokio::test]
async fn a_link_ends_with_its_hour_and_with_the_password_that_was_forgotten() {
    let world = World::with("bailiwick", |config| config.session.password_reset = Duration::from_mins(10));
    let world = world.await;
    let token = mailed(&world, OWNER).await;
    world.advance(SignedDuration::from_mins(10));
    choose(&world, &token, CHOSEN).await.problem(410, "link_invalid");
    sign_in(&world, OWNER, PASSWORD).await.expect(StatusCode::OK);

    let token = mailed(&world, OWNER).await;
    let body = json!({ "current": PASSWORD, "new": CHOSEN });
    world.post("/me/password").by(&world.owner).json(&body).send().await.expect(StatusCode::NO_CONTENT);
    choose(&world, &token, PASSWORD).await.problem(410, "link_invalid");
    assert!(world.event_types().await.contains(&"password.changed".to_owned()));
}

#[tokio::test]
async fn no_other_token_leads_to_a_new_password() {
    let world = World::new("bailiwick").await;
    let made = world.service.bootstrap(&Email::parse(OWNER).unwrap(), Name::parse("Second").unwrap()).await;
    let sign_in_link = last(&made.unwrap().sign_in_link);
    let problem = choose(&world, &sign_in_link, CHOSEN).await.problem(422, "invalid_value");
    assert_eq!(problem["errors"][0]["field"], "/password");
    sign_in(&world, OWNER, CHOSEN).await.problem(401, "wrong_credentials");
    let body = json!({ "token": sign_in_link });
    world.post("/links:accept").json(&body).send().await.expect(StatusCode::OK);
    let (_, invitation) = world.invite("new@example.com", &[]).await;
    for token in [&world.owner.token, "bwl_nonsense", &invitation] {
        let reply = choose(&world, token, CHOSEN).await;
        assert!(reply.status.is_client_error(), "{}", reply.text);
    }
    let declined = world.post("/links:decline").json(&json!({ "token": mailed(&world, OWNER).await }));
    declined.send().await.problem(410, "link_invalid");
    sign_in(&world, OWNER, PASSWORD).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn what_an_impostor_set_up_ends_when_the_owner_of_the_email_resets_the_password() {
    let world = World::new("bailiwick").await;
    let (id, _) = world.invite("victim@example.com", &[]).await;
    let path = format!("~/invitations/{id}:link");
    let copied = world.post(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
    let copied = copied["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let impostor = world.accept(&copied, "victim@example.com").await;
    let token = mailed(&world, "victim@example.com").await;
    let owner =
        Person::of(&choose(&world, &token, CHOSEN).await.expect(StatusCode::OK), "victim@example.com");
    assert_eq!(world.get("/me").by(&owner).send().await.json()["email_verified"], true);
    world.get("/me").by(&impostor).send().await.problem(401, "unauthenticated");
    sign_in(&world, "victim@example.com", PASSWORD).await.problem(401, "wrong_credentials");
}

#[tokio::test]
async fn who_never_chose_a_name_does_so_and_finds_the_invitation_still_open() {
    let world = World::new("bailiwick").await;
    let (_, invitation) = world.invite("new@example.com", &["admin"]).await;
    let token = mailed(&world, "new@example.com").await;
    let problem = choose(&world, &token, CHOSEN).await.problem(422, "invalid_text");
    assert_eq!(problem["errors"][0]["field"], "/name");
    let page = look(&world, &format!("/links/{token}"), None).await;
    assert!(page.has("name=\"name\""), "{}", page.text);
    let body = json!({ "token": token, "name": "Nina New", "password": CHOSEN });
    let reply = world.post("/links:accept").json(&body).send().await.expect(StatusCode::OK);
    let nina = Person::of(&reply, "new@example.com");
    let body = json!({ "token": invitation });
    world.post("/links:accept").by(&nina).json(&body).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_sign_in_under_way_does_not_outlive_a_reset() {
    for waits in 1..10 {
        let world = World::new("bailiwick").await;
        let token = mailed(&world, OWNER).await;
        let request = SignInRequest { email: OWNER.to_owned(), password: SecretString::from(PASSWORD) };
        let origin = Origin::default();
        let mut late = pin!(world.service.sign_in(request, &origin));
        let early = advance(late.as_mut(), waits).await;
        choose(&world, &token, CHOSEN).await.expect(StatusCode::OK);
        let outcome = match early {
            Some(outcome) => outcome,
            None => late.await,
        };
        if let Ok(session) = outcome {
            let late = Person { token: session.token.expose_secret().to_owned(), ..world.owner.clone() };
            world.get("/me").by(&late).send().await.problem(401, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn one_link_changes_one_password_once_however_many_follow_it() {
    let world = World::new("bailiwick").await;
    let token = mailed(&world, OWNER).await;
    let (one, other) =
        tokio::join!(choose(&world, &token, CHOSEN), choose(&world, &token, "amber lantern six quiet"));
    let done = [&one, &other].into_iter().filter(|reply| reply.status == StatusCode::OK).count();
    assert_eq!(done, 1, "{} {}", one.text, other.text);
}

/// What a command of the operator works with while the platform is served.
fn beside(world: &World, catalog: Arc<Catalog>) -> Service {
    let config = Arc::clone(world.service.config());
    let store = SqliteStore::open_beside(&SqliteOptions::new(&config.data)).unwrap();
    let (hasher, now) = (PasswordHasher::new(&config.password).unwrap(), world.service.now());
    Service::new(Arc::new(store), catalog, hasher, config, Arc::new(move || now))
}

#[tokio::test]
async fn the_operators_link_is_recorded_beside_a_serving_process() {
    let world = World::new("bailiwick").await;
    let beside = beside(&world, Arc::clone(world.service.catalog()));
    assert!(beside.make_reset_link(&Email::parse("nobody@example.com").unwrap()).await.unwrap().is_none());
    let link = beside.make_reset_link(&Email::parse(OWNER).unwrap()).await.unwrap().unwrap();
    assert_eq!(link.user.to_string(), world.owner.id);
    beside.store().close().await;
    // Anybody may have a link mailed, which must not take the operator's away.
    let mailed = mailed(&world, OWNER).await;

    let body = json!({ "name": "Apex" });
    world.patch("~").by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    choose(&world, &last(&link.url), CHOSEN).await.expect(StatusCode::OK);
    choose(&world, &mailed, CHOSEN).await.problem(410, "link_invalid");
    sign_in(&world, OWNER, "wrong").await.problem(401, "wrong_credentials");
    let events = world.events().await;
    let made = events.iter().find(|one| one.event.event_type == "password.reset_link_made").unwrap();
    let details: Value = serde_json::from_str(&made.event.body).unwrap();
    assert_eq!((&details["by"], &*made.event.actor_kind), (&json!("operator"), "system"));
    let types = world.event_types().await;
    assert!(types.ends_with(&["sign_in.succeeded".to_owned(), "sign_in.refused".to_owned()]), "{types:?}");
    assert!(world.service.verify(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_recorded_beside_does_not_stop_the_record_of_who_only_signs_in() {
    let world = World::new("bailiwick").await;
    let beside = beside(&world, Arc::clone(world.service.catalog()));
    beside.make_reset_link(&Email::parse(OWNER).unwrap()).await.unwrap().unwrap();
    beside.store().close().await;
    sign_in(&world, OWNER, PASSWORD).await.expect(StatusCode::OK);
    assert_eq!(world.event_types().await.last().map(String::as_str), Some("sign_in.succeeded"));
}

#[tokio::test]
async fn no_link_is_made_that_cannot_be_recorded() {
    let world = World::new("bailiwick").await;
    let token = mailed(&world, OWNER).await;
    // An account that cannot be read any more takes no record.
    let mut event = world.events().await.pop().unwrap().event;
    event.event_type = "group.created".into();
    let damage = EntityChange { kind: "group".into(), id: "grp_1".into(), body: Some("nonsense".to_owned()) };
    let account = AccountCommit {
        account_id: world.account,
        expected: world.state().await.revision(),
        at: world.service.now(),
        changes: vec![damage],
        events: vec![event],
        ending: Ending::None,
        next_deadline: None,
    };
    let commit = Commit { account: Some(account), ..Commit::default() };
    world.service.store().commit(commit).await.unwrap();
    let beside = beside(&world, Arc::clone(world.service.catalog()));
    assert!(beside.make_reset_link(&Email::parse(OWNER).unwrap()).await.is_err());
    beside.store().close().await;
    assert!(is_live(&world, &token).await, "nothing was changed");
}

#[tokio::test]
async fn a_throttled_sign_in_is_recorded_once_a_minute() {
    let world = World::with("bailiwick", |config| config.sign_in.email_attempts = 1).await;
    for email in [OWNER, "nobody@example.com"] {
        sign_in(&world, email, "wrong").await.problem(401, "wrong_credentials");
        for _ in 0..3 {
            sign_in(&world, email, PASSWORD).await.problem(429, "too_many_attempts");
        }
    }
    let events = world.events().await;
    let refused = events.iter().filter(|one| one.event.event_type == "sign_in.refused");
    let code = |body: &str| serde_json::from_str::<Value>(body).unwrap()["code"].as_str().unwrap().to_owned();
    // They are recorded beside the answers, in any order.
    let mut codes: Vec<String> = refused.map(|one| code(&one.event.body)).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["too_many_attempts", "wrong_credentials"]);
}

#[tokio::test]
async fn the_console_asks_for_the_new_password_twice() {
    let world = World::new("bailiwick").await;
    let start = look(&world, "/sign-in", None).await;
    assert!(start.has("href=\"/forgot-password\""), "{}", start.text);
    let page = post(&world, "/forgot-password", None, &[("email", "nonsense")], &[SAME_ORIGIN]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("value=\"nonsense\"") && page.has("id=\"f-email-wrong\""), "{}", page.text);
    post(&world, "/forgot-password", None, &[("email", OWNER)], &[SAME_ORIGIN]).await;
    let token = world.reset_tokens(OWNER).await.pop().unwrap();
    let path = format!("/links/{token}");
    let page = look(&world, &path, None).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has(OWNER) && page.has("id=\"f-again\"") && !page.has("id=\"f-name\""), "{}", page.text);
    for (fields, wrong) in [
        ([("password", CHOSEN), ("again", PASSWORD)], "f-again-wrong"),
        ([("password", "short"), ("again", "short")], "f-password-wrong"),
    ] {
        let page = post(&world, &path, None, &fields, &[SAME_ORIGIN]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has(&format!("id=\"{wrong}\"")), "{}", page.text);
    }
    let fields = [("password", CHOSEN), ("again", CHOSEN)];
    let page = post(&world, &path, None, &fields, &[SAME_ORIGIN]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/"));
    sign_in(&world, OWNER, CHOSEN).await.expect(StatusCode::OK);
    let owner: UserId = world.owner.id.parse().unwrap();
    assert_eq!(
        world.service.store().sessions_of(owner).await.unwrap().len(),
        2,
        "the console's and this one"
    );
    let again = post(&world, &path, None, &fields, &[SAME_ORIGIN]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}
