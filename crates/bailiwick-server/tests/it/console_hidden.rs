//! What the console's pages do not show to people who may not see it, forms that were not done included.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use crate::api_hidden_people::{grant, invite_to_project, project_world};
use crate::console::{look, members, submit};
use crate::support::World;

#[tokio::test]
async fn a_form_that_is_refused_shows_nothing_of_its_page() {
    let world = World::new("bailiwick").await;
    let ann = world.invite_and_accept("ann@example.com", &[]).await;
    let machine = world.machine("Control plane", &["control_plane"]).await;
    let base = format!("/accounts/{}", world.account);
    let role = [("name", "Night shift"), ("level", "account"), ("permission", "read:clusters")];
    let role = submit(&world, &format!("{base}/new-role"), &world.owner, &role).await.location().to_owned();
    for (path, fields) in [
        (format!("{base}/keys"), vec![("name", "")]),
        (format!("{base}/keys"), vec![("name", "Robot")]),
        (format!("{base}/keys/{}/new", machine.id), vec![("key_name", "")]),
        (format!("{base}/keys/{}/new", machine.id), vec![("key_name", "first"), ("days", "never")]),
        (format!("{base}/keys/nothing/new"), vec![("key_name", "first")]),
        (format!("{base}/keys/nothing/delete"), vec![]),
        (format!("{base}/new-role"), vec![("name", "")]),
        (format!("{role}/edit"), vec![("name", "")]),
        (format!("{role}/delete"), vec![("choice", "nothing")]),
    ] {
        // The same refusal is recorded once a minute.
        world.advance(SignedDuration::from_mins(1));
        let before = world.event_types().await.len();
        let page = submit(&world, &path, &ann, &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        for hidden in ["Control plane", "bwk_", "Night shift", "<form method=\"post\" action=\"/accounts"] {
            assert!(!page.has(hidden), "{path} shows {hidden}");
        }
        assert_eq!(world.event_types().await[before..], ["request.refused"], "{path}");
    }
}

#[tokio::test]
async fn people_of_a_project_see_the_invitations_to_it_only() {
    let (world, admin) = project_world().await;
    let (hidden, _) = world.invite("secret@hidden.example", &["viewer"]).await;
    let shown = invite_to_project(&world, "visible@example.com").await;
    for query in ["", "?status=pending", "?q=example"] {
        let page = look(&world, &format!("{}{query}", members(&world)), Some(&admin)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.has("visible@example.com") && page.has(&shown), "{query}");
        assert!(!page.has("secret@hidden.example") && !page.has(&hidden), "{query}");
    }
    let base = format!("/accounts/{}", world.account);
    let role = look(&world, &format!("{base}/roles/viewer"), Some(&admin)).await;
    assert!(role.status == StatusCode::OK && !role.has("secret@hidden.example"));
    let role = look(&world, &format!("{base}/roles/viewer"), Some(&world.owner)).await;
    assert!(role.has("secret@hidden.example"));
    for action in ["resend", "revoke", "link"] {
        let page = submit(&world, &format!("{base}/invitations/{hidden}/{action}"), &admin, &[]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{action}");
    }
}

#[tokio::test]
async fn pages_that_somebody_may_not_open_are_recorded_like_requests() {
    let world = World::new("bailiwick").await;
    let ann = world.invite_and_accept("ann@example.com", &[]).await;
    let base = format!("/accounts/{}", world.account);
    for page in ["members", "roles", "audit", "keys", "invite", "new-role", "delete"] {
        world.advance(SignedDuration::from_mins(1));
        let before = world.event_types().await.len();
        let page = format!("{base}/{page}");
        assert_eq!(look(&world, &page, Some(&ann)).await.status, StatusCode::FORBIDDEN, "{page}");
        assert_eq!(world.event_types().await[before..], ["request.refused"], "{page}");
    }
}

#[tokio::test]
async fn who_holds_something_through_a_group_is_seen_where_it_counts() {
    let (world, admin) = project_world().await;
    let bob = world.invite_and_accept("bob@example.com", &[]).await;
    let group = world.post("~/groups").by(&world.owner).json(&json!({ "name": "Search team" })).send().await;
    let group = group.expect(StatusCode::CREATED).json()["id"].as_str().unwrap().to_owned();
    let put = world.put(&format!("~/groups/{group}/members/{}", bob.id)).by(&world.owner).send().await;
    assert!(put.status.is_success(), "{}", put.text);
    let path = format!("{}/{}", members(&world), bob.id);
    assert_eq!(look(&world, &path, Some(&admin)).await.status, StatusCode::NOT_FOUND);
    grant(&world, &group, "project_read_only").await;
    assert_eq!(look(&world, &path, Some(&admin)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_audit_log_knows_nobody_outside_the_account() {
    let world = World::new("bailiwick").await;
    let (stranger, _) = world.stranger().await;
    let ann = world.invite_and_accept("ann@example.com", &[]).await;
    let path = format!("/accounts/{}/audit?actor=", world.account);
    let page = look(&world, &format!("{path}stranger%40elsewhere.example"), Some(&world.owner)).await;
    assert!(page.has("Nothing that was recorded fits.") && !page.has(&stranger.id));
    // An email is read as it is read everywhere.
    let page = look(&world, &format!("{path}%20ANN%40Example.COM%20"), Some(&world.owner)).await;
    assert!(page.has(&format!("actor={}", ann.id)) && !page.has("Nothing that was recorded fits."));
}
