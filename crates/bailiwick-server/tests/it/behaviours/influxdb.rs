//! Groups, what an invitation carries, and keys that follow who made them: I01 to I05, I07, I08.

use axum::http::StatusCode;
use bailiwick_server::delivery::request::MailRequest;
use serde_json::json;

use super::*;

async fn world() -> World {
    World::new("influxdb-cloud-dedicated").await
}

async fn switch_on(world: &World) {
    let body = json!({ "groups_on": true });
    let reply = world.patch("~/settings").by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    assert_eq!(reply.json()["groups_on"], true);
}

/// Who is in a group, by email.
async fn members(world: &World, group: &str) -> Vec<String> {
    let list = world.get(&format!("~/members?group={group}")).by(&world.owner).send().await;
    let list = list.expect(StatusCode::OK).json();
    let mut emails: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["email"].as_str().unwrap().to_owned())
        .collect();
    emails.sort();
    emails
}

async fn cluster_with_database(world: &World) -> (String, String) {
    let body = json!({ "type": "cluster", "name": "prod", "url": "https://prod.example.com" });
    let cluster = made(world, &world.owner, "~/resources", &body).await;
    let body = json!({ "type": "database", "name": "metrics", "parent": cluster });
    let database = made(world, &world.owner, "~/resources", &body).await;
    (cluster, database)
}

#[tokio::test]
async fn i01_admin_member_and_auditor() {
    let world = world().await;
    let (_, database) = cluster_with_database(&world).await;
    switch_on(&world).await;
    let [admin, member, auditor] = [
        join(&world, &world.owner, GRACE, json!({ "groups": ["admin"] })).await,
        join(&world, &world.owner, ALAN, json!({ "groups": ["member"] })).await,
        join(&world, &world.owner, EVE, json!({ "groups": ["auditor"] })).await,
    ];
    for (action, expected) in [
        ("read:databases", [true, true, true]),
        ("write:databases", [true, false, false]),
        ("delete:databases", [true, false, false]),
        ("write:database_tokens", [true, true, false]),
        ("read:database_tokens", [true, true, true]),
        ("write:management_keys", [true, false, false]),
        ("read:management_keys", [true, false, true]),
        ("read:users", [true, false, true]),
        ("write:users", [true, false, false]),
    ] {
        for (person, expected) in [&admin, &member, &auditor].into_iter().zip(expected) {
            let answer = may(&world, &person.id, action, "database", &database).await;
            assert_eq!(answer, expected, "{action} {}", person.email);
        }
    }
    let key = json!({ "name": "mine" });
    world.post("~/keys").by(&member).json(&key).send().await.problem(403, "permission_denied");
    world.post("~/keys").by(&admin).json(&key).send().await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn i02_a_user_is_in_several_groups_and_holds_what_they_hold_together() {
    let world = world().await;
    switch_on(&world).await;
    let grace = join(&world, &world.owner, GRACE, json!({ "groups": ["member", "auditor"] })).await;
    assert_eq!(roles(&world, &grace).await, ["auditor", "member"]);
    let account = world.account.to_string();
    for action in ["write:database_tokens", "read:users"] {
        assert!(may(&world, &grace.id, action, "account", &account).await, "{action}");
    }
}

#[tokio::test]
async fn i02_what_a_group_holds_is_tied_to_the_attributes_of_user_and_resource() {
    let world = world().await;
    let (prod, _) = cluster_with_database(&world).await;
    let body = json!({ "type": "cluster", "name": "dev", "attributes": { "environment": "development" } });
    let dev = made(&world, &world.owner, "~/resources", &body).await;
    let body = json!({ "attributes": { "environment": "production" } });
    let path = format!("~/resources/{prod}");
    world.patch(&path).by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    switch_on(&world).await;
    let groups = json!({ "groups": ["member"], "attributes": { "department": "operations" } });
    let grace = join(&world, &world.owner, GRACE, groups).await;
    let alan = join(&world, &world.owner, ALAN, json!({ "groups": ["member"] })).await;
    let group = world.get("~/groups/member").by(&world.owner).send().await.json()["id"].clone();
    let text = format!(
        "forbid (principal in Group::{group}, action == Action::\"write:database_tokens\", resource is Cluster)\n\
         when {{ resource has environment && resource.environment == \"production\" }}\n\
         unless {{ principal has department && principal.department == \"operations\" }};"
    );
    let policy =
        made(&world, &world.owner, "~/policies", &json!({ "name": "Production", "text": text })).await;
    let tokens = async |person: &Person, at: &str| {
        may(&world, &person.id, "write:database_tokens", "cluster", at).await
    };
    assert!(tokens(&grace, &prod).await && tokens(&grace, &dev).await && tokens(&alan, &dev).await);
    assert!(!tokens(&alan, &prod).await);
    // By the very next question.
    let moved = json!({ "attributes": { "department": "operations" } });
    let path = format!("~/members/{}", alan.id);
    world.patch(&path).by(&alan).json(&moved).send().await.problem(403, "permission_denied");
    assert!(!tokens(&alan, &prod).await, "nobody says so of themselves");
    world.patch(&path).by(&world.owner).json(&moved).send().await.expect(StatusCode::OK);
    assert!(tokens(&alan, &prod).await);
    // Nor does who is bound by it lift it.
    world.delete(&format!("~/policies/{policy}")).by(&alan).send().await.problem(403, "permission_denied");
}

#[tokio::test]
async fn i03_when_groups_are_switched_on_existing_users_are_admin() {
    let world = world().await;
    let grace = join(&world, &world.owner, GRACE, json!({ "roles": ["member"] })).await;
    let alan = join(&world, &world.owner, ALAN, json!({ "roles": ["auditor"] })).await;
    // Before that nobody is put into one.
    let add = format!("~/groups/member/members/{}", grace.id);
    world.put(&add).by(&world.owner).send().await.problem(409, "groups_off");
    let invite = json!({ "emails": [EVE], "groups": ["member"] });
    world.post("~/invitations").by(&world.owner).json(&invite).send().await.problem(409, "groups_off");
    // Who does not hold what the group holds cannot switch them on.
    let on = json!({ "groups_on": true });
    world.patch("~/settings").by(&alan).json(&on).send().await.problem(403, "permission_denied");

    let rehearsed = world.patch("~/settings?dry_run=true").by(&world.owner).json(&on).send().await;
    assert!(rehearsed.expect(StatusCode::OK).text.contains("group.member_added"));
    assert!(members(&world, "admin").await.is_empty());
    switch_on(&world).await;
    assert_eq!(members(&world, "admin").await, [ALAN, GRACE, "owner@example.com"]);
    let account = world.account.to_string();
    assert!(may(&world, &grace.id, "write:users", "account", &account).await);
    // Who comes later is not, and there is no way back.
    let eve = join(&world, &world.owner, EVE, json!({ "groups": ["member"] })).await;
    assert!(!may(&world, &eve.id, "write:users", "account", &account).await);
    let off = json!({ "groups_on": false });
    world.patch("~/settings").by(&world.owner).json(&off).send().await.problem(409, "groups_stay_on");
}

#[tokio::test]
async fn i04_an_admin_assigns_groups_and_invites_with_chosen_groups() {
    let world = world().await;
    switch_on(&world).await;
    let admin = join(&world, &world.owner, GRACE, json!({ "groups": ["admin"] })).await;
    let sent = json!({ "emails": [ALAN], "groups": ["auditor"] });
    let sent =
        world.post("~/invitations").by(&admin).json(&sent).send().await.expect(StatusCode::CREATED).json();
    assert_eq!(sent["invitations"][0]["groups"][0]["name"], "Auditor", "{sent}");
    let token = world.mailed_token(ALAN).await;
    let alan = world.accept(&token, ALAN).await;
    assert_eq!(members(&world, "auditor").await, [ALAN]);
    world.put(&format!("~/groups/member/members/{}", alan.id)).by(&admin).send().await;
    world.delete(&format!("~/groups/auditor/members/{}", alan.id)).by(&admin).send().await;
    assert_eq!(roles(&world, &alan).await, ["member"]);
    // Nobody promises a group that holds more than they do.
    let more = json!({ "emails": [EVE], "groups": ["admin"] });
    world.post("~/invitations").by(&alan).json(&more).send().await.problem(403, "permission_denied");
    // A member who is named gets the group at once.
    let again = json!({ "emails": [ALAN], "groups": ["auditor"] });
    world.post("~/invitations").by(&admin).json(&again).send().await.expect(StatusCode::CREATED);
    assert_eq!(roles(&world, &alan).await, ["auditor", "member"]);
}

#[tokio::test]
async fn i04_a_promised_group_is_withheld_when_it_cannot_be_given_any_more() {
    let world = world().await;
    switch_on(&world).await;
    let admin = join(&world, &world.owner, GRACE, json!({ "groups": ["admin"] })).await;
    for email in [ALAN, EVE] {
        let body = json!({ "emails": [email], "groups": ["auditor", "admin"] });
        world.post("~/invitations").by(&admin).json(&body).send().await.expect(StatusCode::CREATED);
    }
    let token = world.mailed_token(ALAN).await;
    world.delete("~/groups/auditor").by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let accept = json!({ "token": token, "name": "Alan", "password": crate::support::PASSWORD });
    let joined = world.post("/links:accept").json(&accept).send().await.expect(StatusCode::OK).json();
    assert_eq!(joined["withheld_groups"][0]["code"], "not_found", "{joined}");
    assert_eq!(members(&world, "admin").await, [ALAN, GRACE, "owner@example.com"]);
    // Who vouched for it is no admin any more: the invitation leads nowhere.
    world.delete(&format!("~/groups/admin/members/{}", admin.id)).by(&world.owner).send().await;
    let token = world.mailed_token(EVE).await;
    let accept = json!({ "token": token, "name": "Eve", "password": crate::support::PASSWORD });
    world.post("/links:accept").json(&accept).send().await.problem(409, "invitation_void");
}

#[tokio::test]
async fn i05_the_mail_carries_where_to_sign_in_the_account_and_the_clusters() {
    let world = world().await;
    let (cluster, _) = cluster_with_database(&world).await;
    switch_on(&world).await;
    let facts = async |email: &str, body: Value| {
        let mut body = body;
        body["emails"] = json!([email]);
        world.post("~/invitations").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
        let mails = world.service.store().outbox_of_account(world.account, 100).await.unwrap();
        let mail = mails.iter().find_map(|entry| match serde_json::from_str(&entry.message.body).unwrap() {
            MailRequest::Invitation(mail) if mail.to == email => Some(mail),
            _ => None,
        });
        let mail = mail.unwrap();
        assert!(mail.link.expose().contains("/links/"), "a way to choose the password");
        mail.details.into_iter().map(|detail| (detail.label, detail.value)).collect::<Vec<_>>()
    };
    let told = facts(GRACE, json!({ "groups": ["member"] })).await;
    let wanted = [
        ("Sign in at", world.service.config().public_url.clone()),
        ("Account id", world.account.to_string()),
        ("Cluster prod: id", cluster.clone()),
        ("Cluster prod: address", "https://prod.example.com".to_owned()),
    ];
    assert_eq!(told, wanted.map(|(label, value)| (label.to_owned(), value)));
    // Who will not see the cluster is not told of it.
    let told = facts(ALAN, json!({})).await;
    assert_eq!(told.len(), 2, "{told:?}");
    // Of many, the first are named and the others counted.
    for number in 0..5 {
        resource(&world, "cluster", &format!("c{number}"), None).await;
    }
    let told = facts(EVE, json!({ "groups": ["member"] })).await;
    assert!(
        told.contains(&("Clusters: id".to_owned(), "you see all of them once you have signed in".to_owned())),
        "{told:?}"
    );
}

#[tokio::test]
async fn i07_management_says_nothing_of_data() {
    let world = world().await;
    let (_, database) = cluster_with_database(&world).await;
    switch_on(&world).await;
    let auditor = join(&world, &world.owner, GRACE, json!({ "groups": ["auditor"] })).await;
    // Seeing the tokens of a database is not making one, and managing databases is not reading what is in them.
    assert!(may(&world, &auditor.id, "read:database_tokens", "database", &database).await);
    assert!(!may(&world, &auditor.id, "write:database_tokens", "database", &database).await);
}

#[tokio::test]
async fn i08_a_manual_key_never_outranks_who_made_it() {
    let world = world().await;
    switch_on(&world).await;
    let grace = join(&world, &world.owner, GRACE, json!({ "groups": ["admin"] })).await;
    let reply = world.post("~/keys").by(&grace).json(&json!({ "name": "script" })).send().await;
    let token = reply.expect(StatusCode::CREATED).json()["secret"].as_str().unwrap().to_owned();
    let script = Person { id: grace.id.clone(), email: String::new(), token };
    world.get("~/members").by(&script).send().await.expect(StatusCode::OK);
    // Its maker is an admin no more, and so is the key.
    world.delete(&format!("~/groups/admin/members/{}", grace.id)).by(&world.owner).send().await;
    world.get("~/members").by(&script).send().await.problem(403, "permission_denied");
    // Nor does a key of a service account hold more than its maker, when it is made.
    let strong = json!({ "name": "strong", "roles": ["admin"] });
    let strong = made(&world, &world.owner, "~/service-accounts", &strong).await;
    let alan = join(&world, &world.owner, ALAN, json!({ "groups": ["member"] })).await;
    let key = json!({ "name": "theirs", "service_account": strong });
    world.post("~/keys").by(&alan).json(&key).send().await.problem(403, "permission_denied");
}
