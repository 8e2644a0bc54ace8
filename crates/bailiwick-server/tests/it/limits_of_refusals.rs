//! What strangers and refused people can make the server do: little, and nothing that tells who is known.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::StatusCode;
use bailiwick_core::ids::{Id as _, KeyId};
use bailiwick_server::delivery::message::Mail;
use bailiwick_server::delivery::worker::Worker;
use bailiwick_server::delivery::{DeliveryError, Mailer};
use bailiwick_server::identity::tokens::ManagementKey;
use bailiwick_server::service::{Error, Origin, SignInRequest};
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;
use uuid::Uuid;

use crate::support::World;

async fn count(world: &World, event_type: &str) -> usize {
    world.event_types().await.iter().filter(|name| *name == event_type).count()
}

#[tokio::test]
async fn guessing_passwords_does_not_fill_the_records_of_the_accounts_of_the_victim() {
    let world = World::with("bailiwick", |config| config.sign_in.email_attempts = 1_000).await;
    let guess = || {
        let body = json!({ "email": "owner@example.com", "password": "wrong" });
        world.post("/sign-in").json(&body).send()
    };
    for _ in 0..5 {
        guess().await.problem(401, "wrong_credentials");
    }
    assert_eq!(count(&world, "sign_in.refused").await, 1);
    world.advance(SignedDuration::from_mins(1));
    guess().await.problem(401, "wrong_credentials");
    assert_eq!(count(&world, "sign_in.refused").await, 2);
}

#[tokio::test]
async fn a_refused_sign_in_waits_for_no_account_of_the_person() {
    let mut world = World::new("bailiwick").await;
    world.restart().await;
    let request = SignInRequest { email: "owner@example.com".to_owned(), password: "wrong".into() };
    let refused = world.service.sign_in(request, &Origin::default()).await;
    assert!(matches!(refused, Err(Error::WrongCredentials)));
    let cached = world.service.accounts().cached(world.account).await;
    assert!(cached.is_none(), "the answer came after the account of a known email was loaded");
    assert_eq!(count(&world, "sign_in.refused").await, 1);
}

#[tokio::test]
async fn who_is_refused_again_and_again_does_not_fill_the_record() {
    let world = World::new("bailiwick").await;
    let viewer = world.invite_and_accept("viewer@example.com", &[]).await;
    let refused = |body: serde_json::Value| world.post("~/groups").by(&viewer).json(&body).send();
    for _ in 0..5 {
        refused(json!({ "name": "Mine" })).await.problem(403, "permission_denied");
    }
    assert_eq!(count(&world, "request.refused").await, 1);
    world.delete("~").by(&viewer).send().await.problem(403, "permission_denied");
    assert_eq!(count(&world, "request.refused").await, 2, "another request is recorded");
    world.advance(SignedDuration::from_mins(1));
    refused(json!({ "name": "Mine" })).await.problem(403, "permission_denied");
    assert_eq!(count(&world, "request.refused").await, 3);
}

#[tokio::test]
async fn a_forged_key_loads_no_account() {
    let mut world = World::new("bailiwick").await;
    let machine = world.machine("deployer", &["admin"]).await;
    world.restart().await;
    let authzen = bailiwick_server::authzen::router(world.service.clone());
    let forged = ManagementKey::generate(KeyId::from_uuid(Uuid::now_v7())).unwrap();
    let forged = forged.reveal().expose_secret().to_owned();
    let path = format!("/accounts/{}/access/v1/evaluation", world.account);
    let ask = |key: &str| {
        let request = axum::http::Request::post(&path).header("authorization", format!("Bearer {key}"));
        let body = json!({
            "subject": { "type": "user", "id": "nobody" }, "action": { "name": "read:members" },
            "resource": { "type": "account", "id": world.account },
        });
        let request = request.header("content-type", "application/json");
        tower::ServiceExt::oneshot(authzen.clone(), request.body(Body::from(body.to_string())).unwrap())
    };
    assert_eq!(ask(&forged).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let reply = world.get("~/members").header("authorization", &format!("Bearer {forged}")).send().await;
    reply.problem(401, "unauthenticated");
    assert!(world.service.accounts().cached(world.account).await.is_none(), "a forged key had it loaded");
    assert_eq!(ask(&machine.token).await.unwrap().status(), StatusCode::OK);
    world.get("~/members").by(&machine).send().await.expect(StatusCode::OK);
}

/// A mail server that takes nothing.
struct Refuses;

#[async_trait]
impl Mailer for Refuses {
    async fn send(&self, _: &Mail) -> Result<(), DeliveryError> {
        Err(DeliveryError::permanent("no such mailbox"))
    }
}

#[tokio::test]
async fn a_mail_that_was_given_up_keeps_no_live_link() {
    let world = World::new("bailiwick").await;
    let (_, token) = world.invite("gone@example.com", &["admin"]).await;
    let (store, queued) = (Arc::clone(world.service.store()), Arc::clone(world.service.mail_queued()));
    let now = world.service.now();
    let worker = Worker::new(Arc::clone(&store), Arc::new(Refuses), Arc::new(move || now), queued);
    assert_eq!(worker.send_due().await.unwrap(), 1);
    let kept = store.outbox_of_account(world.account, 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].next_attempt_at), (1, None));
    let body = &kept[0].message.body;
    assert!(!body.contains(&token) && !body.contains("/links/"), "{body}");
    let listed = world.get("~/deliveries").by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(
        (&listed["items"][0]["to"], &listed["items"][0]["state"]),
        (&json!("gone@example.com"), &json!("failed"))
    );
}
