//! People in organizations and projects: Z01, Z02, Z06 to Z13.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::support::PASSWORD;

async fn world() -> World {
    World::new("zilliz-cloud").await
}

#[tokio::test]
async fn z01_an_owner_or_a_project_admin_invites_to_a_project_and_nobody_else() {
    let world = world().await;
    let (search, other) = (project(&world, "Search").await, project(&world, "Other").await);
    let admin = json!({ "grants": [in_project("project_admin", &search)] });
    let admin = join(&world, &world.owner, GRACE, admin).await;
    let writer = json!({ "grants": [in_project("project_read_write", &search)] });
    let writer = join(&world, &admin, ALAN, writer).await;
    let newcomer = join(&world, &world.owner, EVE, json!({})).await;

    let invite = |grants: Value| json!({ "emails": ["new@example.com"], "grants": grants });
    let to_search = invite(json!([in_project("project_read_only", &search)]));
    for by in [&writer, &newcomer] {
        world.post("~/invitations").by(by).json(&to_search).send().await.problem(403, "permission_denied");
    }
    // Neither elsewhere nor to the organization alone.
    let elsewhere = invite(json!([in_project("project_read_only", &other)]));
    world.post("~/invitations").by(&admin).json(&elsewhere).send().await.problem(404, "not_found");
    let alone = invite(json!([]));
    world.post("~/invitations").by(&admin).json(&alone).send().await.problem(403, "permission_denied");
    world.post("~/invitations").by(&admin).json(&to_search).send().await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn z02_several_addresses_and_one_role_for_all_of_them() {
    let world = world().await;
    let search = project(&world, "Search").await;
    let body = json!({ "emails": [GRACE, ALAN, EVE], "grants": [in_project("project_read_only", &search)] });
    let sent = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    let sent = sent.expect(StatusCode::CREATED).json();
    let sent = sent["invitations"].as_array().unwrap();
    assert_eq!(sent.len(), 3);
    for invitation in sent {
        assert_eq!(invitation["grants"][0]["role"], "project_read_only", "{invitation}");
        assert_eq!(invitation["grants"][0]["scope"], json!({ "project": search }));
    }
}

#[tokio::test]
async fn z06_an_invitation_lives_48_hours_by_mail_or_by_a_copied_link() {
    let world = world().await;
    let body = json!({ "emails": [GRACE, ALAN] });
    let sent = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    let sent = sent.expect(StatusCode::CREATED).json();
    let (invitation, other) = (&sent["invitations"][0], &sent["invitations"][1]);
    let moment = |field: &str| invitation[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(moment("expires_at").duration_since(moment("sent_at")), SignedDuration::from_hours(48));
    let settings = json!({ "invitation_lifetime_seconds": 3_600 });
    world.patch("~/settings").by(&world.owner).json(&settings).send().await.problem(422, "out_of_range");

    let path = format!("~/invitations/{}:link", other["id"].as_str().unwrap());
    let link = world.post(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
    let copied = link["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    world.accept(&copied, ALAN).await;

    let mailed = world.mailed_token(GRACE).await;
    world.advance(SignedDuration::from_hours(48));
    let accept = json!({ "token": mailed, "name": "Grace", "password": PASSWORD });
    world.post("/links:accept").json(&accept).send().await.problem(410, "link_invalid");
}

#[tokio::test]
async fn z07_who_joins_a_project_becomes_an_organization_member() {
    let world = world().await;
    let search = project(&world, "Search").await;
    let body = json!({ "grants": [in_project("project_read_only", &search)] });
    let grace = join(&world, &world.owner, GRACE, body).await;
    let there = format!("project_read_only@{}", json!({ "project": search }));
    assert_eq!(roles(&world, &grace).await, ["organization_member".to_owned(), there]);
}

#[tokio::test]
async fn z08_a_member_of_the_organization_gets_access_at_once() {
    let world = world().await;
    let search = project(&world, "Search").await;
    resource(&world, "cluster", "eu", Some(&search)).await;
    let grace = join(&world, &world.owner, GRACE, json!({})).await;
    let admin = json!({ "grants": [in_project("project_admin", &search)] });
    let admin = join(&world, &world.owner, ALAN, admin).await;
    assert!(sees(&world, &grace).await.is_empty());
    let body = json!({ "emails": [GRACE], "grants": [in_project("project_read_only", &search)] });
    let sent = world.post("~/invitations").by(&admin).json(&body).send().await;
    let sent = sent.expect(StatusCode::CREATED).json();
    assert_eq!(
        (sent["invitations"].as_array().unwrap().len(), &sent["members"][0]["email"]),
        (0, &json!(GRACE))
    );
    assert_eq!(sees(&world, &grace).await, ["eu"]);
}

#[tokio::test]
async fn z09_an_outsider_gets_one_invitation_which_gives_the_project_too() {
    let world = world().await;
    let search = project(&world, "Search").await;
    resource(&world, "cluster", "eu", Some(&search)).await;
    let body = json!({ "grants": [in_project("project_read_only", &search)] });
    let grace = join(&world, &world.owner, GRACE, body).await;
    let sent = world.get("~/invitations").by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(sent["items"].as_array().unwrap().len(), 1);
    assert_eq!(sees(&world, &grace).await, ["eu"]);
}

#[tokio::test]
async fn z10_an_invitation_is_revoked_or_resent_by_an_owner_or_project_admin_before_acceptance() {
    let world = world().await;
    let (search, other) = (project(&world, "Search").await, project(&world, "Other").await);
    let admin = |project: &str| json!({ "grants": [in_project("project_admin", project)] });
    let admin_here = join(&world, &world.owner, "here@example.com", admin(&search)).await;
    let stranger = join(&world, &world.owner, "there@example.com", admin(&other)).await;
    let body = json!({ "emails": [GRACE, ALAN], "grants": [in_project("project_read_only", &search)] });
    let sent = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    let sent = sent.expect(StatusCode::CREATED).json();
    let [graces, alans] = [0, 1].map(|at| sent["invitations"][at]["id"].as_str().unwrap().to_owned());
    let act = |id: &str, verb: &str| format!("~/invitations/{id}:{verb}");

    // The admin of another project does not learn that it exists.
    for verb in ["resend", "revoke"] {
        world.post(&act(&graces, verb)).by(&stranger).send().await.problem(404, "not_found");
    }
    world.advance(SignedDuration::from_mins(2));
    let resent = world.post(&act(&graces, "resend")).by(&admin_here).send().await;
    assert_eq!(resent.expect(StatusCode::OK).json()["sponsor"]["email"], "here@example.com");
    world.post(&act(&graces, "revoke")).by(&admin_here).send().await.expect(StatusCode::OK);
    let token = world.mailed_token(ALAN).await;
    world.accept(&token, ALAN).await;
    for verb in ["resend", "revoke"] {
        let late = world.post(&act(&alans, verb)).by(&admin_here).send().await;
        late.problem(409, "invitation_not_pending");
    }
}

#[tokio::test]
async fn z11_a_project_admin_sees_edits_and_removes_collaborators() {
    let world = world().await;
    let (search, other) = (project(&world, "Search").await, project(&world, "Other").await);
    let eu = resource(&world, "cluster", "eu", Some(&search)).await;
    resource(&world, "cluster", "us", Some(&other)).await;
    let admin = json!({ "grants": [in_project("project_admin", &search)] });
    let admin = join(&world, &world.owner, ALAN, admin).await;
    let both = [in_project("project_read_only", &search), in_project("project_read_only", &other)];
    let grace = join(&world, &world.owner, GRACE, json!({ "grants": both })).await;
    join(&world, &world.owner, EVE, json!({ "grants": [in_project("project_read_only", &other)] })).await;

    let seen = world.get("~/members").by(&admin).send().await.expect(StatusCode::OK).json();
    let seen: Vec<&str> =
        seen["items"].as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap()).collect();
    assert!(seen.contains(&GRACE) && !seen.contains(&EVE), "{seen:?}");

    // Edits the role: another one takes its place.
    let list =
        world.get(&format!("~/grants?principal={}&project={search}", grace.id)).by(&admin).send().await;
    let list = list.expect(StatusCode::OK).json();
    let old = list["items"][0]["id"].as_str().unwrap();
    let new = json!({ "principal": grace.id, "role": "project_read_write", "scope": { "project": search } });
    world.post("~/grants").by(&admin).json(&new).send().await.expect(StatusCode::CREATED);
    world.delete(&format!("~/grants/{old}")).by(&admin).send().await.expect(StatusCode::NO_CONTENT);
    assert!(manages(&world, &grace, &eu).await);

    // Removes the collaborator from this project, not from the organization and not from the other project.
    let there = format!("~/projects/{other}/members/{}", grace.id);
    world.delete(&there).by(&admin).send().await.problem(404, "not_found");
    let here = format!("~/projects/{search}/members/{}", grace.id);
    world.delete(&here).by(&admin).send().await.expect(StatusCode::NO_CONTENT);
    assert_eq!(sees(&world, &grace).await, ["us"]);
    world
        .delete(&format!("~/members/{}", grace.id))
        .by(&admin)
        .send()
        .await
        .problem(403, "permission_denied");
}

#[tokio::test]
async fn z12_leaving_a_project_ends_the_access_to_it_and_below_at_once() {
    let world = world().await;
    let (search, other) = (project(&world, "Search").await, project(&world, "Other").await);
    let (eu, us) = (
        resource(&world, "cluster", "eu", Some(&search)).await,
        resource(&world, "cluster", "us", Some(&other)).await,
    );
    resource(&world, "volume", "files", Some(&search)).await;
    let rows = [
        in_project("project_read_only", &search),
        row("volume_read_write", json!({ "all_of": { "type": "volume", "project": search } })),
        row("cluster_read_write", json!({ "resources": [eu, us] })),
    ];
    let grace = join(&world, &world.owner, GRACE, json!({ "grants": rows })).await;
    assert_eq!(sees(&world, &grace).await, ["eu", "us", "files"]);

    let leave = format!("~/projects/{search}:leave");
    let rehearsed = world.post(&format!("{leave}?dry_run=true")).by(&grace).send().await;
    rehearsed.expect(StatusCode::OK);
    assert_eq!(sees(&world, &grace).await.len(), 3);
    world.post(&leave).by(&grace).send().await.expect(StatusCode::NO_CONTENT);
    assert_eq!(sees(&world, &grace).await, ["us"]);
    assert!(manages(&world, &grace, &us).await && !manages(&world, &grace, &eu).await);
    // Who is not in it any more does not learn whether it exists.
    world.post(&leave).by(&grace).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn z13_a_project_keeps_an_admin_and_the_organization_an_owner() {
    let world = world().await;
    let search = project(&world, "Search").await;
    // The owner made the project, and is its admin too.
    let admin = json!({ "grants": [in_project("project_admin", &search)] });
    let grace = join(&world, &world.owner, GRACE, admin).await;
    let leave = format!("~/projects/{search}:leave");
    world.post(&leave).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);

    // Now Grace is the only one.
    world.post(&leave).by(&grace).send().await.problem(409, "last_holder");
    let member_path = format!("~/members/{}", grace.id);
    let own = grant_of(&world, &grace, "project_admin").await;
    let out = format!("~/projects/{search}/members/{}", grace.id);
    for (ask, what) in [
        (world.delete(&format!("{member_path}?confirm_email={GRACE}")), "removed"),
        (world.delete(&format!("~/grants/{own}")), "demoted"),
        (world.delete(&out), "taken out of the project"),
        (world.patch(&member_path).json(&json!({ "status": "inactive" })), "deactivated"),
    ] {
        let reply = ask.by(&world.owner).send().await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (StatusCode::CONFLICT, &json!("last_holder")),
            "{what}"
        );
    }
    let account = format!("/accounts/{}:leave", world.account);
    world.post(&account).by(&grace).send().await.problem(409, "last_holder");
    world.post(&account).by(&world.owner).send().await.problem(409, "last_holder");
}
