//! Callers who hang up, and callers who come at the same moment.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use axum::http::StatusCode;
use bailiwick_core::account::{Actor, Command, EntityKey};
use bailiwick_core::ids::UserId;
use bailiwick_server::service::{Caller, Origin, WriteOptions};
use bailiwick_store::DATABASE_FILE;
use serde_json::json;

use crate::support::World;

/// Polls a future until it has waited so many times; its answer if it came before.
pub async fn advance<F: Future>(mut future: Pin<&mut F>, waits: usize) -> Option<F::Output> {
    let mut left = waits;
    poll_fn(|ctx| match future.as_mut().poll(ctx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => {
            left = left.saturating_sub(1);
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await
}

/// Keeps writes waiting until it is dropped: a write could be over before anybody looks.
fn keep_from_writing(world: &World) -> rusqlite::Connection {
    let file = world.service.config().data.join(DATABASE_FILE);
    let db = rusqlite::Connection::open(file).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    db
}

fn owner(world: &World) -> Caller {
    let owner = world.owner.id.parse::<UserId>().unwrap();
    Caller { actor: Actor::User(owner), session: None, origin: Origin::default() }
}

/// Begins a command and drops it once it is queued; answers when it is durable and all that was woken by that has run.
async fn hang_up_after_queueing(world: &World, command: &Command) {
    let before = world.events().await.len();
    {
        let _kept = keep_from_writing(world);
        let (caller, options) = (owner(world), WriteOptions::default());
        let write = world.service.write(&caller, world.account, command, &options, |_| ());
        assert!(advance(pin!(write), 1).await.is_none(), "the write was over before its caller hung up");
    }
    world.service.store().ping().await.unwrap();
    assert!(world.events().await.len() > before, "the write was not queued");
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_deleted_key_does_not_go_on_working_because_its_caller_hung_up() {
    let world = World::new("bailiwick").await;
    let machine = world.machine("deployer", &["admin"]).await;
    world.get("~/members").by(&machine).send().await.expect(StatusCode::OK);
    let account = world.state().await;
    let key = account.entity_keys().into_iter().find_map(|key| match key {
        EntityKey::Key(id) => Some(id),
        _ => None,
    });
    hang_up_after_queueing(&world, &Command::DeleteKey { key: key.unwrap() }).await;
    world.get("~/members").by(&machine).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_deleted_account_does_not_go_on_answering_because_its_caller_hung_up() {
    let world = World::new("bailiwick").await;
    let machine = world.machine("deployer", &["admin"]).await;
    hang_up_after_queueing(&world, &Command::DeleteAccount).await;
    world.get("~/members").by(&machine).send().await.problem(401, "unauthenticated");
    world.get("~").by(&world.owner).send().await.problem(404, "not_found");
}

#[test]
fn a_process_that_ends_with_writes_under_way_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new("bailiwick").await;
        let kept = keep_from_writing(&world);
        let mut writing = Box::pin(async move {
            let (caller, options) = (owner(&world), WriteOptions::default());
            let name = bailiwick_core::values::Name::parse("Acme Ltd").unwrap();
            let command = Command::RenameAccount { name };
            world.service.write(&caller, world.account, &command, &options, |_| ()).await.unwrap();
        });
        assert!(advance(writing.as_mut(), 1).await.is_none(), "the write was over before the process ended");
        drop(kept);
        // Dropped by the runtime, when nothing can be spawned any more.
        tokio::spawn(writing);
    });
    drop(runtime);
}

#[tokio::test]
async fn requests_with_one_idempotency_key_at_the_same_moment_get_one_answer() {
    let world = World::new("bailiwick").await;
    let body = json!({ "name": "Operations" });
    let before = world.event_types().await.len();
    let ask =
        || world.post("~/groups").by(&world.owner).header("idempotency-key", "retried").json(&body).send();
    let mut waiting: Vec<_> = (0..16).map(|_| Box::pin(ask())).collect();
    let kept = keep_from_writing(&world);
    for request in &mut waiting {
        assert!(advance(request.as_mut(), 1).await.is_none());
    }
    drop(kept);
    let mut answers = Vec::new();
    for request in waiting {
        answers.push(request.await.expect(StatusCode::CREATED).text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(world.event_types().await[before..], ["group.created"], "neither twice nor refused");
}

#[tokio::test]
async fn who_left_or_deleted_the_account_is_told_so_again_under_the_same_idempotency_key() {
    let world = World::new("bailiwick").await;
    // Signed in elsewhere, so that leaving does not end the session.
    let (grace, _) = world.stranger().await;
    let (_, token) = world.invite(&grace.email, &["admin"]).await;
    let body = json!({ "token": token });
    world.post("/links:accept").by(&grace).json(&body).send().await.expect(StatusCode::OK);
    let leave = |key: &str| world.post("~:leave").by(&grace).header("idempotency-key", key).send();
    let left = leave("leaving").await.expect(StatusCode::NO_CONTENT);
    let again = leave("leaving").await.expect(StatusCode::NO_CONTENT);
    assert_eq!(again.header("bailiwick-revision"), left.header("bailiwick-revision"));
    leave("another").await.problem(404, "not_found");
    let other = world.post("~:leave?dry_run=true").by(&grace).header("idempotency-key", "leaving");
    other.send().await.problem(404, "not_found");
    world.get("~").by(&grace).send().await.problem(404, "not_found");

    let delete =
        |key: &str| world.delete("~?confirm=Acme").by(&world.owner).header("idempotency-key", key).send();
    let deleted = delete("deleting").await;
    assert!(deleted.status.is_success(), "{}", deleted.text);
    let again = delete("deleting").await.expect(deleted.status);
    assert_eq!(again.text, deleted.text);
    delete("another").await.problem(404, "not_found");
    let theirs = world.delete("~?confirm=Acme").by(&grace).header("idempotency-key", "deleting").send().await;
    theirs.problem(404, "not_found");
}
