//! Nobody becomes somebody else: links that were passed on, passwords that somebody else set, and moments in between.

use std::pin::pin;

use axum::http::StatusCode;
use bailiwick_core::account::{Actor, Attributes, Command, KeyHolder, SecretHash};
use bailiwick_core::ids::{AccountId, Id as _, KeyId, UserId};
use bailiwick_core::values::{Email, Name};
use bailiwick_server::service::{Caller, Error, InviteRequest, Origin, SignInRequest, WriteOptions};
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::console::{look, members};
use crate::hang_up::advance;
use crate::support::{PASSWORD, Person, Reply, World};

const VICTIM: &str = "victim@example.com";
const CHOSEN: &str = "ochre kettle nine marble";

async fn sign_in(world: &World, password: &str) -> Reply {
    world.post("/sign-in").json(&json!({ "email": VICTIM, "password": password })).send().await
}

async fn accept(world: &World, token: &str, password: &str) -> Reply {
    let body = json!({ "token": token, "name": "Somebody", "password": password });
    world.post("/links:accept").json(&body).send().await
}

/// Invites the victim to an account and copies the link, as a rogue inviter would.
async fn copied_link(world: &World, inviter: &Person, account: AccountId) -> String {
    let body = json!({ "emails": [VICTIM], "roles": ["admin"] });
    let path = format!("/accounts/{account}/invitations");
    let reply = world.post(&path).by(inviter).json(&body).send().await.expect(StatusCode::CREATED);
    let id = reply.json()["invitations"][0]["id"].as_str().unwrap().parse().unwrap();
    let actor = Actor::User(inviter.id.parse::<UserId>().unwrap());
    let caller = Caller { actor, session: None, origin: Origin::default() };
    let link = world.service.copy_invitation_link(&caller, account, id).await.unwrap();
    link.url.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_copied_link_does_not_take_over_a_bootstrapped_owner() {
    let world = World::new("bailiwick").await;
    let made = world.service.bootstrap(&Email::parse(VICTIM).unwrap(), Name::parse("Theirs").unwrap()).await;
    let made = made.unwrap();
    let token = copied_link(&world, &world.owner, world.account).await;
    let shown = world.post("/links:inspect").json(&json!({ "token": token })).send().await;
    assert_eq!(shown.expect(StatusCode::OK).json()["has_password"], true);
    accept(&world, &token, PASSWORD).await.problem(401, "wrong_credentials");
    let body = json!({ "token": token, "name": "Somebody" });
    world.post("/links:accept").json(&body).send().await.problem(401, "unauthenticated");
    sign_in(&world, PASSWORD).await.problem(401, "wrong_credentials");
    // The operator's link still leads in, and from there the invitation can be accepted.
    let own = made.sign_in_link.expose_secret().rsplit('/').next().unwrap().to_owned();
    let victim = Person::of(&accept(&world, &own, CHOSEN).await.expect(StatusCode::OK), VICTIM);
    let body = json!({ "token": token });
    world.post("/links:accept").by(&victim).json(&body).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn who_came_by_a_copied_link_is_told_apart_from_who_proved_the_email() {
    let world = World::new("bailiwick").await;
    let token = copied_link(&world, &world.owner, world.account).await;
    let waiting = world.get("~/members?status=pending").by(&world.owner).send().await.json();
    assert!(waiting["items"][0].get("email_verified").is_none(), "not of who has not joined: {waiting}");
    let victim = Person::of(&accept(&world, &token, CHOSEN).await.expect(StatusCode::OK), VICTIM);
    let proved = world.invite_and_accept("proved@example.com", &[]).await;
    for (person, wanted) in [(&victim, false), (&proved, true)] {
        let shown = world.get(&format!("~/members/{}", person.id)).by(&world.owner).send().await.json();
        assert_eq!(shown["email_verified"], wanted, "{shown}");
        let me = world.get("/me").by(person).send().await.json();
        assert_eq!(me["email_verified"], wanted, "{me}");
        let page = look(&world, &format!("{}/{}", members(&world), person.id), Some(&world.owner)).await;
        assert_eq!(page.has("email not proved"), !wanted);
    }
    let list = look(&world, &members(&world), Some(&world.owner)).await;
    assert_eq!(list.text.matches("email not proved").count(), 1);
}

#[tokio::test]
async fn a_password_set_before_bootstrap_is_no_way_into_the_new_account() {
    let world = World::new("bailiwick").await;
    let token = copied_link(&world, &world.owner, world.account).await;
    let intruder = Person::of(&accept(&world, &token, PASSWORD).await.expect(StatusCode::OK), VICTIM);
    let body = json!({ "emails": ["accomplice@example.com"], "roles": ["viewer"] });
    world.post("~/invitations").by(&intruder).json(&body).send().await.expect(StatusCode::CREATED);
    let theirs = world.mailed_token("accomplice@example.com").await;
    let made = world.service.bootstrap(&Email::parse(VICTIM).unwrap(), Name::parse("Theirs").unwrap()).await;
    let made = made.unwrap();
    assert_eq!(made.user.to_string(), intruder.id);
    world.get("/me").by(&intruder).send().await.problem(401, "unauthenticated");
    accept(&world, &theirs, PASSWORD).await.problem(410, "link_invalid");
    sign_in(&world, PASSWORD).await.problem(401, "wrong_credentials");
    assert!(world.service.store().user(made.user).await.unwrap().unwrap().verified_at.is_some());
    let own = made.sign_in_link.expose_secret().rsplit('/').next().unwrap().to_owned();
    accept(&world, &own, CHOSEN).await.expect(StatusCode::OK);
    sign_in(&world, CHOSEN).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_sign_in_under_way_does_not_outlive_a_changed_password() {
    let world = World::with("bailiwick", |config| config.sign_in.email_attempts = 1_000).await;
    let victim = world.invite_and_accept(VICTIM, &["admin"]).await;
    let mut passwords = [PASSWORD, CHOSEN];
    for waits in 1..10 {
        let [old, new] = passwords;
        let request = SignInRequest { email: VICTIM.to_owned(), password: SecretString::from(old) };
        let origin = Origin::default();
        let mut late = pin!(world.service.sign_in(request, &origin));
        let early = advance(late.as_mut(), waits).await;
        let body = json!({ "current": old, "new": new });
        let changed = world.post("/me/password").by(&victim).json(&body).send().await;
        changed.expect(StatusCode::NO_CONTENT);
        let outcome = match early {
            Some(outcome) => outcome,
            None => late.await,
        };
        if let Ok(session) = outcome {
            let token = session.token.expose_secret().to_owned();
            let late = Person { token, ..victim.clone() };
            let reply = world.get("/me").by(&late).send().await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "after {waits} waits: {}", reply.text);
        }
        sign_in(&world, old).await.problem(401, "wrong_credentials");
        passwords = [new, old];
    }
}

#[tokio::test]
async fn a_copied_link_under_way_does_not_replace_the_password_of_the_emails_owner() {
    for waits in 1..14 {
        let world = World::new("bailiwick").await;
        let (rogue, elsewhere) = world.stranger().await;
        let copied = copied_link(&world, &rogue, elsewhere).await;
        let (_, mailed) = world.invite(VICTIM, &["admin"]).await;
        let origin = Origin::default();
        let (name, password) = (Name::parse("Rogue").unwrap(), SecretString::from(PASSWORD));
        let mut late = pin!(world.service.accept_link(&copied, Some(name), Some(password), None, &origin));
        let early = advance(late.as_mut(), waits).await;
        let victim = Person::of(&accept(&world, &mailed, CHOSEN).await.expect(StatusCode::OK), VICTIM);
        let outcome = match early {
            Some(outcome) => outcome,
            None => late.await,
        };
        if let Ok(session) = outcome {
            let late = Person { token: session.token.expose_secret().to_owned(), ..victim.clone() };
            let reply = world.get("/me").by(&late).send().await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "after {waits} waits: {}", reply.text);
        }
        world.get("/me").by(&victim).send().await.expect(StatusCode::OK);
        sign_in(&world, PASSWORD).await.problem(401, "wrong_credentials");
        sign_in(&world, CHOSEN).await.expect(StatusCode::OK);
    }
}

async fn make_key(world: &World, person: &Person) -> Reply {
    world.post("~/keys").by(person).json(&json!({ "name": "mine" })).send().await
}

/// The owner of the email asks for a new password and follows the link in the mail, which proves the email.
async fn prove_by_mail(world: &World) -> Person {
    let asked = world.post("/password-resets").json(&json!({ "email": VICTIM })).send().await;
    asked.expect(StatusCode::ACCEPTED);
    let token = world.reset_tokens(VICTIM).await.pop().unwrap();
    let body = json!({ "token": token, "password": CHOSEN });
    Person::of(&world.post("/links:accept").json(&body).send().await.expect(StatusCode::OK), VICTIM)
}

#[tokio::test]
async fn nothing_that_acts_as_a_person_outlives_the_proof_of_their_email() {
    let world = World::new("bailiwick").await;
    let token = copied_link(&world, &world.owner, world.account).await;
    let intruder = Person::of(&accept(&world, &token, PASSWORD).await.expect(StatusCode::OK), VICTIM);
    let refused = make_key(&world, &intruder).await.problem(403, "email_not_verified");
    assert!(refused["hint"].as_str().unwrap().contains("mailed"), "{refused}");
    let dry = world.post("~/keys?dry_run=true").by(&intruder).json(&json!({ "name": "mine" })).send().await;
    dry.problem(403, "email_not_verified");
    // What a machine holds is its own, and ends with nobody.
    let machine = json!({ "name": "robot", "external_id": "robot", "roles": ["viewer"] });
    world.post("~/service-accounts").by(&intruder).json(&machine).send().await.expect(StatusCode::CREATED);
    let key = json!({ "name": "robot", "service_account": "robot" });
    world.post("~/keys").by(&intruder).json(&key).send().await.expect(StatusCode::CREATED);

    // Nor is an invitation in their name left, which would be good for what the person can give then.
    let invited = async |by: &Person, email: &str| {
        let body = json!({ "emails": [email], "roles": ["viewer"] });
        world.post("~/invitations").by(by).json(&body).send().await.expect(StatusCode::CREATED);
        world.mailed_token(email).await
    };
    let theirs = invited(&intruder, "accomplice@example.com").await;
    let owners = invited(&world.owner, "friend@example.com").await;

    let victim = prove_by_mail(&world).await;
    assert_eq!(victim.id, intruder.id);
    accept(&world, &theirs, PASSWORD).await.problem(410, "link_invalid");
    accept(&world, &owners, PASSWORD).await.expect(StatusCode::OK);
    let events = world.event_types().await;
    assert_eq!(events.iter().filter(|name| *name == "invitation.revoked").count(), 1, "{events:?}");
    world.get("/me").by(&intruder).send().await.problem(401, "unauthenticated");
    let keys = world.get(&format!("~/keys?member={}", victim.id)).by(&victim).send().await.json();
    assert_eq!(keys["items"], json!([]), "{keys}");
    make_key(&world, &victim).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_personal_key_under_way_is_not_made_once_the_email_is_proved() {
    let world = World::new("bailiwick").await;
    let token = copied_link(&world, &world.owner, world.account).await;
    let intruder = Person::of(&accept(&world, &token, PASSWORD).await.expect(StatusCode::OK), VICTIM);
    let user = intruder.id.parse::<UserId>().unwrap();
    let known = Caller { actor: Actor::User(user), session: None, origin: Origin::default() };
    let session = world.service.sessions(&known).await.unwrap()[0].token_hash;
    // Whoever asks was known by their session before it ended.
    let under_way = Caller { session: Some(session), ..known };
    let victim = prove_by_mail(&world).await;
    let create = Command::CreateKey {
        key: KeyId::from_uuid(uuid::Uuid::now_v7()),
        holder: KeyHolder::Member(user),
        name: Name::parse("mine").unwrap(),
        secret_hash: SecretHash([7; 32]),
        expires_at: None,
    };
    let made =
        world.service.write(&under_way, world.account, &create, &WriteOptions::default(), |_| ()).await;
    assert!(matches!(made, Err(Error::Unauthenticated)), "{made:?}");
    let keys = world.get("~/keys").by(&victim).send().await.json();
    assert_eq!(keys["items"], json!([]), "{keys}");
}

#[tokio::test]
async fn nothing_under_way_in_a_persons_name_is_there_once_the_email_is_proved() {
    let world = World::new("bailiwick").await;
    let token = copied_link(&world, &world.owner, world.account).await;
    let intruder = Person::of(&accept(&world, &token, PASSWORD).await.expect(StatusCode::OK), VICTIM);
    let (waiting, _) = world.invite("waiting@example.com", &[]).await;
    let waiting = waiting.parse().unwrap();
    let user = intruder.id.parse::<UserId>().unwrap();
    let known = Caller { actor: Actor::User(user), session: None, origin: Origin::default() };
    let session = world.service.sessions(&known).await.unwrap()[0].token_hash;
    let under_way = Caller { session: Some(session), ..known };
    let victim = prove_by_mail(&world).await;
    // One invitation is mailed once a minute.
    world.advance(SignedDuration::from_mins(2));
    let request = InviteRequest {
        emails: vec![Email::parse("accomplice@example.com").unwrap()],
        grants: Vec::new(),
        groups: Vec::new(),
        name: None,
        member_until: None,
        attributes: Attributes::default(),
    };
    let options = WriteOptions::default();
    let invited = world.service.invite(&under_way, world.account, &request, &options, |_| ()).await;
    assert!(matches!(invited, Err(Error::Unauthenticated)), "{invited:?}");
    let resent = world.service.resend_invitation(&under_way, world.account, waiting, &options, |_| ()).await;
    assert!(matches!(resent, Err(Error::Unauthenticated)), "{resent:?}");
    let copied = world.service.copy_invitation_link(&under_way, world.account, waiting).await;
    assert!(matches!(copied, Err(Error::Unauthenticated)), "{copied:?}");
    let listed = world.get("~/invitations?status=pending").by(&world.owner).send().await.json();
    let items = listed["items"].as_array().unwrap();
    assert!(items.len() == 1 && items[0]["sponsor"]["id"] == world.owner.id.as_str(), "{listed}");
    // In a session of now it is done.
    let body = json!({ "emails": ["friend@example.com"] });
    world.post("~/invitations").by(&victim).json(&body).send().await.expect(StatusCode::CREATED);
}
