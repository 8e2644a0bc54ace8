//! Members and invitations that a caller may not see: nothing of them shows, whatever is asked.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::console::look;
use crate::support::{Person, World};

/// A world with a project, and its admin, who sees the project's people and nobody else.
pub(crate) async fn project_world() -> (World, Person) {
    let world = World::new("bailiwick").await;
    let project = json!({ "name": "Production", "external_id": "prod" });
    world.post("~/projects").by(&world.owner).json(&project).send().await.expect(StatusCode::CREATED);
    let admin = world.invite_and_accept("admin@example.com", &[]).await;
    grant(&world, &admin.id, "project_admin").await;
    (world, admin)
}

/// Grants a role in the project.
pub(crate) async fn grant(world: &World, principal: &str, role: &str) {
    let body = json!({ "principal": principal, "role": role, "scope": { "project": "prod" } });
    world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
}

/// Invites somebody with a role in the project only; gives the invitation's id.
pub(crate) async fn invite_to_project(world: &World, email: &str) -> String {
    let grants = json!([{ "role": "project_read_only", "scope": { "project": "prod" } }]);
    let body = json!({ "emails": [email], "grants": grants });
    let reply = world.post("~/invitations").by(&world.owner).json(&body).send().await;
    reply.expect(StatusCode::CREATED).json()["invitations"][0]["id"].as_str().unwrap().to_owned()
}

async fn list(world: &World, person: &Person, path: &str) -> Value {
    world.get(path).by(person).send().await.expect(StatusCode::OK).json()
}

fn emails(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["email"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_say_the_same_of_hidden_projects_resources_and_grants_whatever_they_are_searched_for() {
    let (world, admin) = project_world().await;
    let project = json!({ "name": "Takeover", "external_id": "secret" });
    world.post("~/projects").by(&world.owner).json(&project).send().await.expect(StatusCode::CREATED);
    let resources = json!({ "resources": [
        { "type": "cluster", "name": "takeover-eu", "project": "secret" },
        { "type": "cluster", "name": "open-eu", "project": "prod" },
    ] });
    world
        .post("~/resources:register")
        .by(&world.owner)
        .json(&resources)
        .send()
        .await
        .expect(StatusCode::CREATED);
    for path in [
        "projects",
        "projects?q=takeover",
        "projects?q=nothing",
        "resources",
        "resources?q=takeover",
        "resources?q=nothing",
        "resources?type=cluster",
        "resources?type=volume",
        "grants",
        "grants?role=owner",
        "grants?role=viewer",
    ] {
        let page = list(&world, &admin, &format!("~/{path}")).await;
        assert_eq!(page["filtered"], true, "{path}: {page}");
        assert!(!page.to_string().contains("akeover"), "{path}: {page}");
    }
    let found = list(&world, &admin, "~/resources?q=open").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(list(&world, &world.owner, "~/projects?q=nothing").await["filtered"], false);
}

#[tokio::test]
async fn a_list_says_the_same_of_hidden_members_whatever_it_is_searched_for() {
    let (world, admin) = project_world().await;
    world.invite_and_accept("secret@hidden.example", &["viewer"]).await;
    invite_to_project(&world, "visible@example.com").await;
    for query in [
        "",
        "?q=secret",
        "?q=secret@hidden.example",
        "?q=nobody-has-this",
        "?status=inactive",
        "?role=viewer",
    ] {
        let page = list(&world, &admin, &format!("~/members{query}")).await;
        assert_eq!(page["filtered"], true, "{query}: {page}");
    }
    let found = list(&world, &admin, "~/members?q=VISIBLE").await;
    assert_eq!(emails(&found), ["visible@example.com"]);
    let all = list(&world, &world.owner, "~/members?q=secret").await;
    assert_eq!((emails(&all), &all["filtered"]), (vec!["secret@hidden.example"], &json!(false)));
}

#[tokio::test]
async fn a_list_says_the_same_of_hidden_invitations_whatever_it_is_searched_for() {
    let (world, admin) = project_world().await;
    world.invite("secret@hidden.example", &["viewer"]).await;
    invite_to_project(&world, "visible@example.com").await;
    for query in ["", "?q=secret", "?q=nobody-has-this", "?status=declined"] {
        let page = list(&world, &admin, &format!("~/invitations{query}")).await;
        assert_eq!(page["filtered"], true, "{query}: {page}");
    }
    let found = list(&world, &admin, "~/invitations?q=VISIBLE").await;
    assert_eq!(emails(&found), ["visible@example.com"]);
}

#[tokio::test]
async fn invitations_of_people_who_never_joined_are_found_by_their_email() {
    let world = World::new("bailiwick").await;
    let (id, _) = world.invite("ann@example.com", &[]).await;
    world.post(&format!("~/invitations/{id}:revoke")).by(&world.owner).send().await.expect(StatusCode::OK);
    world.invite("bob@example.com", &[]).await;
    let found = list(&world, &world.owner, "~/invitations?q=ANN@").await;
    assert_eq!(emails(&found), ["ann@example.com"]);
    let found = list(&world, &world.owner, "~/invitations?q=bob").await;
    assert_eq!(emails(&found), ["bob@example.com"]);
}

#[tokio::test]
async fn inviting_tells_nothing_of_who_is_behind_an_email() {
    let world = World::new("bailiwick").await;
    let (stranger, account) = world.stranger().await;
    let at = |path: &str| format!("/accounts/{account}/{path}");
    let body = json!({ "emails": ["owner@example.com", "nobody@example.com"] });
    let sent = world.post(&at("invitations")).by(&stranger).json(&body).send().await;
    let sent = sent.expect(StatusCode::CREATED).json();
    for (number, email) in ["owner@example.com", "nobody@example.com"].into_iter().enumerate() {
        let shown = &sent["invitations"][number];
        assert_eq!((&shown["email"], shown.get("name")), (&json!(email), None), "{shown}");
    }
    let pending = list(&world, &stranger, &at("members?status=pending")).await;
    assert!(pending["items"].as_array().unwrap().iter().all(|one| one.get("name").is_none()), "{pending}");
    assert_eq!(list(&world, &stranger, &at("members?q=Olga")).await["items"], json!([]));
    let page = look(&world, &format!("/accounts/{account}/members"), Some(&stranger)).await;
    assert!(page.has("owner@example.com") && !page.has("Olga"));
    // Whom the person joins learns the name.
    let me = list(&world, &world.owner, "/me/invitations").await;
    let id = me["items"][0]["id"].as_str().unwrap();
    let accept = world.post(&format!("/me/invitations/{id}:accept")).by(&world.owner);
    accept.send().await.expect(StatusCode::OK);
    assert_eq!(emails(&list(&world, &stranger, &at("members?q=Olga")).await), ["owner@example.com"]);
}

#[tokio::test]
async fn a_rehearsal_counts_those_who_are_hidden_and_tells_their_ids_to_who_may_check_access() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let body = json!({ "name": "Keeper", "level": "account", "permissions":
        ["read:roles", "write:roles", "read:clusters", "read:backups"] });
    let made = world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let role = made.json()["id"].as_str().unwrap().to_owned();
    let keeper = world.invite_and_accept("keeper@example.com", &[]).await;
    let machine = world.machine("Secret machine", &[]).await;
    for person in [&grace, &keeper, &machine] {
        let body = json!({ "principal": person.id, "role": role });
        world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    }
    let edit = json!({ "permissions": ["read:roles", "write:roles", "read:clusters"] });
    let path = format!("~/roles/{role}?dry_run=true");
    let dry = world.patch(&path).by(&keeper).json(&edit).send().await.expect(StatusCode::OK).json();
    let lost = &dry["access"]["lost"][0];
    assert_eq!((&lost["principal_count"], &lost["principals_complete"]), (&json!(3), &json!(false)), "{dry}");
    let told = lost["principals"].as_array().unwrap();
    assert_eq!(told.iter().map(|one| &one["email"]).collect::<Vec<_>>(), ["keeper@example.com"], "{dry}");
    let body = json!({ "name": "Asker", "level": "account", "permissions": ["check:access"] });
    let asker = world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let body = json!({ "principal": keeper.id, "role": asker.json()["id"] });
    world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let dry = world.patch(&path).by(&keeper).json(&edit).send().await.expect(StatusCode::OK).json();
    let lost = &dry["access"]["lost"][0];
    assert_eq!(lost["principals"].as_array().unwrap().len(), 3, "{dry}");
    for hidden in ["grace@example.com", "Secret machine"] {
        assert!(!dry.to_string().contains(hidden), "{dry}");
    }
    // Who may ask what somebody may do is not told who that is.
    let question = json!({ "principal": grace.id, "action": "read:clusters",
        "resource": { "type": "account", "id": world.account.to_string() } });
    let explained = world.post("~/access:explain").by(&keeper).json(&question).send().await;
    let effective = world.get(&format!("~/access:effective?principal={}", grace.id)).by(&keeper).send().await;
    for told in [explained, effective] {
        let told = told.expect(StatusCode::OK).json();
        assert!(
            told["principal"]["id"] == grace.id.as_str() && !told.to_string().contains("example.com"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_rehearsed_invitation_does_not_tell_whether_somebody_has_an_identity() {
    let world = World::new("bailiwick").await;
    let (stranger, _) = world.stranger().await;
    let invited = async |email: &str| {
        let body = json!({ "emails": [email] });
        let dry = world.post("~/invitations?dry_run=true").by(&world.owner).json(&body).send().await;
        let dry = dry.expect(StatusCode::OK).json();
        assert!(!dry.to_string().contains(stranger.id.as_str()), "{dry}");
        dry["would"]["invitations"][0]["user"].clone()
    };
    for email in ["stranger@elsewhere.example", "nobody@example.com"] {
        let (first, second) = (invited(email).await, invited(email).await);
        assert!(first.is_string() && first != second, "{email}: {first} {second}");
    }
}

#[tokio::test]
async fn a_rehearsed_document_does_not_tell_whether_somebody_has_an_identity() {
    let world = World::new("bailiwick").await;
    let (stranger, _) = world.stranger().await;
    let (pending, _) = world.invite("waiting@example.com", &[]).await;
    let rehearsed = async |email: &str| {
        let invitation = json!({ "email": email, "grants": [{ "role": "viewer", "scope": "account" }] });
        let document = json!({ "version": 1, "invitations": [invitation] });
        let dry = world.post("~/access:apply?dry_run=true").by(&world.owner).json(&document).send().await;
        let dry = dry.expect(StatusCode::OK).json();
        assert!(!dry.to_string().contains(stranger.id.as_str()), "{dry}");
        let sent = dry["events"].as_array().unwrap().iter().find(|event| event["type"] == "invitation.sent");
        let sent = sent.unwrap_or_else(|| panic!("{dry}"));
        assert_eq!(dry["would"]["steps"].as_array().unwrap().len(), 1, "{dry}");
        sent["details"]["invitation"]["user"].clone()
    };
    for email in ["stranger@elsewhere.example", "nobody@example.com"] {
        let (first, second) = (rehearsed(email).await, rehearsed(email).await);
        assert!(first.is_string() && first != second, "{email}: {first} {second}");
    }
    // Who is in the account, or invited to it, is who they are.
    let waiting = world.get(&format!("~/invitations/{pending}")).by(&world.owner).send().await.json();
    assert_eq!(rehearsed("waiting@example.com").await, waiting["user"]);
}

/// Somebody who may grant and invite, and does not see members.
async fn blind(world: &World) -> Person {
    let body = json!({ "name": "Blind", "level": "account", "permissions":
        ["write:roles", "write:invites", "read:clusters"] });
    let made = world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let blind = world.invite_and_accept("blind@example.com", &[]).await;
    let body = json!({ "principal": blind.id, "role": made.json()["id"] });
    world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    blind
}

#[tokio::test]
async fn a_rehearsal_does_not_tell_who_is_behind_an_external_id() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let named = json!({ "external_id": "employee-17" });
    let path = format!("~/members/{}", grace.id);
    world.patch(&path).by(&world.owner).json(&named).send().await.expect(StatusCode::OK);
    let blind = blind(&world).await;
    let role = json!({ "name": "Viewing", "level": "account", "permissions": ["read:clusters"] });
    world.post("~/roles").by(&world.owner).json(&role).send().await.expect(StatusCode::CREATED);
    let grant = json!({ "principal": "employee-17", "role": "Viewing" });
    let invite =
        json!({ "emails": ["grace@example.com"], "grants": [{ "role": "Viewing", "scope": "account" }] });
    let ways = async |by: &Person| {
        let replies = [
            world.post("~/grants?dry_run=true").by(by).json(&grant).send().await,
            world.post("~/invitations?dry_run=true").by(by).json(&invite).send().await,
        ];
        replies.map(|reply| reply.expect(StatusCode::OK).json())
    };
    let name = world.get(&path).by(&world.owner).send().await.json()["name"].as_str().unwrap().to_owned();
    let [granted, invited] = ways(&blind).await;
    let text = granted.to_string();
    assert!(text.contains(grace.id.as_str()) && !text.contains("grace@example.com"), "{granted}");
    // Everybody is called so here, who asks too.
    assert_eq!(text.matches(&name).count(), 1, "{granted}");
    assert_eq!(granted["would"]["made_by"]["name"], name.as_str(), "{granted}");
    // Who was named by the email is called by it, and no more is told of them.
    let told = &invited["would"]["members"][0];
    assert_eq!(told["email"], "grace@example.com", "{invited}");
    for field in ["name", "external_id", "last_sign_in_at", "email_verified"] {
        assert!(told.get(field).is_none(), "{field}: {invited}");
    }
    assert!(!invited.to_string().contains("employee-17"), "{invited}");
    // Who sees members is told.
    for dry in ways(&world.owner).await {
        assert!(dry.to_string().contains("grace@example.com"), "{dry}");
    }
}
