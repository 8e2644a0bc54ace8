//! Signing in and out, sessions, passwords, and whole answers as they are seen on the wire.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use crate::console::look;
use crate::support::{PASSWORD, Person, World};

async fn sign_in(world: &World, email: &str, password: &str) -> crate::support::Reply {
    world.post("/sign-in").json(&json!({ "email": email, "password": password })).send().await
}

#[tokio::test]
async fn signing_in_tells_nothing_about_which_emails_exist() {
    let world = World::new("bailiwick").await;
    let known =
        sign_in(&world, "owner@example.com", "not the password").await.problem(401, "wrong_credentials");
    let unknown =
        sign_in(&world, "nobody@example.com", "not the password").await.problem(401, "wrong_credentials");
    assert_eq!((&known["detail"], &known["errors"]), (&unknown["detail"], &unknown["errors"]));
    let refused = world.events().await.into_iter().filter(|one| one.event.event_type == "sign_in.refused");
    assert_eq!(refused.count(), 1, "{:?}", world.event_types().await);
    sign_in(&world, " OWNER@Example.com", PASSWORD).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn too_many_attempts_are_told_when_to_come_back() {
    let world = World::with("bailiwick", |config| config.sign_in.email_attempts = 2).await;
    for _ in 0..2 {
        sign_in(&world, "owner@example.com", "wrong").await.problem(401, "wrong_credentials");
    }
    let refused = sign_in(&world, "owner@example.com", PASSWORD).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    refused.problem(429, "too_many_attempts");
}

#[tokio::test]
async fn sessions_are_listed_ended_and_expire() {
    let world = World::new("bailiwick").await;
    let reply = sign_in(&world, "owner@example.com", PASSWORD).await.expect(StatusCode::OK).json();
    let second = Person { token: reply["token"].as_str().unwrap().to_owned(), ..world.owner.clone() };
    let list = world.get("/me/sessions").by(&world.owner).send().await.expect(StatusCode::OK).json();
    let sessions = list["items"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    let path = format!("/me/sessions/{other}");
    world.delete(&path).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.delete(&path).by(&world.owner).send().await.problem(404, "not_found");
    world.get("/me").by(&second).send().await.problem(401, "unauthenticated");
    world.get("/me").by(&world.owner).send().await.expect(StatusCode::OK);
    world.advance(SignedDuration::from_hours(24 * 400));
    world.get("/me").by(&world.owner).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn all_other_sessions_end_together_and_nobody_elses() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let reply = sign_in(&world, "owner@example.com", PASSWORD).await.expect(StatusCode::OK).json();
        let token = reply["token"].as_str().unwrap().to_owned();
        others.push(Person { token, ..world.owner.clone() });
    }
    let end = || world.post("/me/sessions:end-others").by(&world.owner).send();
    for _ in 0..2 {
        end().await.expect(StatusCode::NO_CONTENT);
    }
    for other in &others {
        world.get("/me").by(other).send().await.problem(401, "unauthenticated");
    }
    world.get("/me").by(&world.owner).send().await.expect(StatusCode::OK);
    world.get("/me").by(&grace).send().await.expect(StatusCode::OK);
    let events = world.events().await.into_iter();
    let ended: Vec<_> = events.filter(|one| one.event.event_type == "sign_in.ended").collect();
    assert_eq!(ended.len(), 1, "the second request had nothing to end");
    assert!(ended[0].event.body.contains("\"others\":3"), "{}", ended[0].event.body);
    let audit = look(&world, &format!("/accounts/{}/audit", world.account), Some(&world.owner)).await;
    assert!(audit.has("ended their 3 other sessions"));
    let machine = world.machine("machine", &[]).await;
    world.post("/me/sessions:end-others").by(&machine).send().await.problem(403, "people_only");
}

#[tokio::test]
async fn a_session_that_nobody_used_for_too_long_is_not_listed() {
    let hour = std::time::Duration::from_hours(1);
    let world = World::with("bailiwick", |config| config.session.idle = hour).await;
    sign_in(&world, "owner@example.com", PASSWORD).await.expect(StatusCode::OK);
    world.advance(SignedDuration::from_mins(40));
    let list = async || world.get("/me/sessions").by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(list().await["items"].as_array().unwrap().len(), 2);
    world.service.store().ping().await.unwrap();
    world.advance(SignedDuration::from_mins(40));
    assert_eq!(list().await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let world = World::new("bailiwick").await;
    world.post("/sign-out").by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get("/me").by(&world.owner).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions() {
    let world = World::new("bailiwick").await;
    let reply = sign_in(&world, "owner@example.com", PASSWORD).await.expect(StatusCode::OK).json();
    let other = Person { token: reply["token"].as_str().unwrap().to_owned(), ..world.owner.clone() };
    let new = "ochre kettle nine marble";
    let change = |current: &str, new: &str| {
        world.post("/me/password").by(&world.owner).json(&json!({ "current": current, "new": new }))
    };
    let wrong = change("wrong", new).send().await.problem(422, "wrong_password");
    assert_eq!(wrong["errors"][0]["field"], "/current");
    let weak = change(PASSWORD, "short").send().await.problem(422, "password_refused");
    assert_eq!(weak["errors"][0]["field"], "/new");
    change(PASSWORD, new).send().await.expect(StatusCode::NO_CONTENT);
    world.get("/me").by(&other).send().await.problem(401, "unauthenticated");
    world.get("/me").by(&world.owner).send().await.expect(StatusCode::OK);
    sign_in(&world, "owner@example.com", PASSWORD).await.problem(401, "wrong_credentials");
    sign_in(&world, "owner@example.com", new).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_platform_is_set_up_once() {
    let world = World::new("bailiwick").await;
    let body = json!({
        "token": "bwl_nonsense", "email": "m@example.com", "name": "M", "password": PASSWORD, "account_name": "M",
    });
    world.post("/set-up").json(&body).send().await.problem(410, "link_invalid");
    assert!(world.service.set_up_link().await.unwrap().is_none());
}

#[tokio::test]
async fn answers_look_like_this() {
    let world = World::new("qdrant-cloud").await;
    let body = json!({ "emails": ["grace@example.com"], "roles": ["admin"] });
    let invited = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    insta::assert_snapshot!("invited", invited.snapshot());
    let again = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    insta::assert_snapshot!("refused", again.snapshot());
    insta::assert_snapshot!("me", world.get("/me").by(&world.owner).send().await.snapshot());
    insta::assert_snapshot!("account", world.get("~").by(&world.owner).send().await.snapshot());
    insta::assert_snapshot!("members", world.get("~/members").by(&world.owner).send().await.snapshot());
    insta::assert_snapshot!("unauthenticated", world.get("/me").send().await.snapshot());
    let wrong = world.patch("~").by(&world.owner).text("{\"name\": 3}").send().await;
    insta::assert_snapshot!("wrong_type", wrong.snapshot());
    let path = format!("~/members/{}", world.owner.id);
    insta::assert_snapshot!("left", world.delete(&path).by(&world.owner).send().await.snapshot());
}
