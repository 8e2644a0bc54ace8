//! Nobody fills a stranger's mailbox by inviting: how often one invitation, and those of one account, are mailed.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use crate::console::{look, members, submit};
use crate::support::{Reply, World};

const GRACE: &str = "grace@example.com";

async fn resend(world: &World, id: &str) -> Reply {
    world.post(&format!("~/invitations/{id}:resend")).by(&world.owner).send().await
}

async fn invite(world: &World, first: usize, count: usize) -> Reply {
    let emails: Vec<String> = (first..first + count).map(|n| format!("n{n}@example.com")).collect();
    world.post("~/invitations").by(&world.owner).json(&json!({ "emails": emails })).send().await
}

async fn mails(world: &World) -> usize {
    world.service.store().outbox_of_account(world.account, 1_000).await.unwrap().len()
}

#[tokio::test]
async fn one_invitation_is_mailed_once_a_minute() {
    let world = World::new("bailiwick").await;
    let (id, token) = world.invite(GRACE, &[]).await;
    let before = world.event_types().await;
    let refused = resend(&world, &id).await;
    assert_eq!(refused.header("retry-after"), "60");
    refused.problem(429, "too_many_mails");
    let page = format!("/accounts/{}/invitations/{id}/resend", world.account);
    let shown = submit(&world, &page, &world.owner, &[]).await;
    assert_eq!(shown.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(shown.has("Too many invitations were mailed"), "{}", shown.text);
    assert_eq!((world.event_types().await, mails(&world).await), (before, 1));
    // What was refused ends no link, and a link can be passed on by hand.
    let inspected = world.post("/links:inspect").json(&json!({ "token": token })).send().await;
    inspected.expect(StatusCode::OK);
    let link = world.post(&format!("~/invitations/{id}:link")).by(&world.owner).send().await;
    link.expect(StatusCode::OK);
    let dry = world.post(&format!("~/invitations/{id}:resend?dry_run=true")).by(&world.owner).send().await;
    dry.expect(StatusCode::OK);

    world.advance(SignedDuration::from_mins(1));
    // Who may not resend uses nothing up for who may.
    let viewer = world.invite_and_accept("viewer@example.com", &["viewer"]).await;
    let denied = world.post(&format!("~/invitations/{id}:resend")).by(&viewer).send().await;
    denied.problem(403, "permission_denied");
    for _ in 0..2 {
        let again = world.post(&format!("~/invitations/{id}:resend")).by(&world.owner);
        again.header("idempotency-key", "again").send().await.expect(StatusCode::OK);
    }
    resend(&world, &id).await.problem(429, "too_many_mails");
}

#[tokio::test]
async fn an_account_mails_so_many_invitations_in_an_hour() {
    let world = World::with("bailiwick", |config| config.invitations.account_mails = 120).await;
    invite(&world, 0, 100).await.expect(StatusCode::CREATED);
    let refused = invite(&world, 100, 21).await;
    assert_eq!(refused.header("retry-after"), "30");
    refused.problem(429, "too_many_mails");
    assert_eq!(mails(&world).await, 100, "all of a request or none");
    invite(&world, 100, 20).await.expect(StatusCode::CREATED);
    invite(&world, 120, 1).await.problem(429, "too_many_mails");
    world.advance(SignedDuration::from_secs(30));
    invite(&world, 120, 1).await.expect(StatusCode::CREATED);
    world.advance(SignedDuration::from_hours(1));
    invite(&world, 200, 100).await.expect(StatusCode::CREATED);
    let shown = look(&world, &members(&world), Some(&world.owner)).await;
    assert_eq!(shown.status, StatusCode::OK);

    // Another account has mails of its own, and who is in the account already gets none.
    let (stranger, elsewhere) = world.stranger().await;
    let body = json!({ "emails": [GRACE] });
    let path = format!("/accounts/{elsewhere}/invitations");
    world.post(&path).by(&stranger).json(&body).send().await.expect(StatusCode::CREATED);
}
