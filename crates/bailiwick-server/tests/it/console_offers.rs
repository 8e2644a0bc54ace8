//! What the console's pages offer: all that the person may do, and nothing else.

use axum::http::StatusCode;

use crate::console::{look, members, submit};
use crate::support::World;

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_page() {
    let world = World::new("bailiwick").await;
    let page = look(&world, "/nowhere", None).await;
    assert!(page.status == StatusCode::NOT_FOUND && page.has("Not found") && page.has("To the console"));
}

#[tokio::test]
async fn invitations_live_as_long_as_the_settings_say() {
    let world = World::new("bailiwick").await;
    let base = format!("/accounts/{}", world.account);
    let settings = look(&world, &format!("{base}/settings"), Some(&world.owner)).await;
    assert!(settings.has("<option value=\"172800\" selected>48 hours</option>"));
    // The catalog allows up to 30 days.
    assert!(settings.has(">30 days</option>") && !settings.has("31 days"));

    let path = format!("{base}/invitation-lifetime");
    let day = submit(&world, &path, &world.owner, &[("seconds", "86400")]).await;
    assert_eq!(day.location(), format!("{base}/settings"));
    assert!(look(&world, &format!("{base}/invite"), Some(&world.owner)).await.has("within 24 hours"));
    let too_long = submit(&world, &path, &world.owner, &[("seconds", "31536000")]).await;
    assert_eq!(too_long.status, StatusCode::UNPROCESSABLE_ENTITY);
    let no_number = submit(&world, &path, &world.owner, &[("seconds", "long")]).await;
    assert!(no_number.status == StatusCode::UNPROCESSABLE_ENTITY && no_number.has("This is not a time."));

    let forever = World::new("qdrant-cloud").await;
    let page = look(&forever, &format!("/accounts/{}/settings", forever.account), Some(&forever.owner)).await;
    assert!(!page.has("New invitations can be accepted for"));
}

#[tokio::test]
async fn the_only_owner_is_offered_neither_leaving_nor_being_removed() {
    let world = World::new("bailiwick").await;
    let admin = world.invite_and_accept("ann@example.com", &["admin"]).await;
    let settings = format!("/accounts/{}/settings", world.account);
    let leave = "Leave this account";
    assert!(!look(&world, &settings, Some(&world.owner)).await.has(leave));
    assert!(look(&world, &settings, Some(&admin)).await.has(leave));
    let owner = look(&world, &format!("{}/{}", members(&world), world.owner.id), Some(&admin)).await;
    assert!(!owner.has("/remove\"") && !owner.has("/deactivate\""));
    let other = look(&world, &format!("{}/{}", members(&world), admin.id), Some(&world.owner)).await;
    assert!(other.has("/remove\"") && other.has("/deactivate\"") && !other.has("/activate\""));
}

#[tokio::test]
async fn deleting_a_service_account_is_asked_for_first() {
    let world = World::new("bailiwick").await;
    let keys = format!("/accounts/{}/keys", world.account);
    submit(&world, &keys, &world.owner, &[("name", "Control plane"), ("role", "control_plane")]).await;
    let account = world.state().await;
    let (id, _) = account.service_accounts_after(None).next().unwrap();
    let path = format!("{keys}/{id}/delete");
    let question = look(&world, &path, Some(&world.owner)).await;
    assert!(question.has("Delete the service account Control plane?") && question.has("It has no keys."));
    assert!(world.state().await.service_account(id).is_some());
    assert_eq!(submit(&world, &path, &world.owner, &[]).await.location(), keys);
    assert!(world.state().await.service_account(id).is_none());
}

#[tokio::test]
async fn nothing_is_offered_for_a_service_account_that_holds_more_than_one_does() {
    let world = World::new("bailiwick").await;
    let role = serde_json::json!({
        "name": "Key keeper", "level": "account",
        "permissions": ["read:management_keys", "write:management_keys", "delete:management_keys"],
    });
    world.post("~/roles").by(&world.owner).json(&role).send().await.expect(StatusCode::CREATED);
    let keeper = world.invite_and_accept("keeper@example.com", &["Key keeper"]).await;
    let above = world.machine("Control plane", &["control_plane"]).await;
    let below = world.machine("Robot", &[]).await;
    let keys = format!("/accounts/{}/keys", world.account);
    for (person, offered) in [(&world.owner, true), (&keeper, false)] {
        let page = look(&world, &keys, Some(person)).await;
        for machine in [&above, &below] {
            let is_offered = offered || machine.id == below.id;
            for action in ["new", "delete"] {
                let path = format!("{keys}/{}/{action}\"", machine.id);
                assert_eq!(page.has(&path), is_offered, "{action} {}", machine.id);
            }
        }
        // A key that may have leaked is deleted by whoever may delete keys.
        assert_eq!(page.text.matches("aria-label=\"Delete the key key\"").count(), 2);
    }
    let refused = submit(&world, &format!("{keys}/{}/delete", above.id), &keeper, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
