//! Behaviours of people: inviting, accepting, roles, removal, ownership, accounts.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, World};

fn roles(member: &Value) -> Vec<&str> {
    member["roles"].as_array().unwrap().iter().map(|held| held["role"].as_str().unwrap()).collect()
}

async fn member(world: &World, person: &Person) -> Value {
    let path = format!("~/members/{}", person.id);
    world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn q01_an_invited_person_always_gets_the_base_role() {
    let world = World::new("qdrant-cloud").await;
    let body = json!({ "emails": ["grace@example.com"] });
    let reply =
        world.post("~/invitations").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    assert_eq!(reply.header("bailiwick-revision"), world.state().await.revision().to_string());
    assert_eq!(reply.json()["invitations"][0]["status"], "pending");
    let pending =
        world.get("~/members?status=pending").by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(pending["items"][0]["email"], "grace@example.com");
    assert_eq!(pending["items"].as_array().unwrap().len(), 1);

    let token = world.mailed_token("grace@example.com").await;
    let link = world
        .post("/links:inspect")
        .json(&json!({ "token": token }))
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    assert_eq!((&link["purpose"], &link["has_password"]), (&"invitation".into(), &false.into()));
    assert_eq!((&link["account"]["name"], &link["inviter"]["name"]), (&"Acme".into(), &"Olga Owner".into()));
    let grace = world.accept(&token, "grace@example.com").await;
    let shown = member(&world, &grace).await;
    assert_eq!((&shown["status"], roles(&shown)), (&"active".into(), vec!["base"]));
    assert_eq!(shown["roles"][0]["via"], "newcomer");
}

#[tokio::test]
async fn q02_roles_chosen_at_invite_time_come_with_acceptance() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    assert_eq!(roles(&member(&world, &grace).await), ["base", "admin"]);
    // Who may invite may not promise what they do not hold.
    let body = json!({ "emails": ["ada@example.com"], "roles": ["owner"] });
    world.post("~/invitations").by(&grace).json(&body).send().await.problem(409, "handed_over_only");
}

#[tokio::test]
async fn an_active_member_gets_the_grants_of_an_invitation_at_once() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let body = json!({ "emails": ["grace@example.com", "ada@example.com"], "roles": ["admin"] });
    let reply = world
        .post("~/invitations")
        .by(&world.owner)
        .json(&body)
        .send()
        .await
        .expect(StatusCode::CREATED)
        .json();
    assert_eq!(reply["members"][0]["id"], grace.id);
    assert_eq!(reply["invitations"].as_array().unwrap().len(), 1);
    assert_eq!(roles(&member(&world, &grace).await), ["base", "admin"]);
}

#[tokio::test]
async fn q03_inviting_from_a_role_comes_with_it_and_q05_is_cancelled_from_there() {
    let world = World::new("qdrant-cloud").await;
    let body = json!({ "name": "Operators", "level": "account", "permissions": ["write:clusters"] });
    let role = world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let role = role.json()["id"].as_str().unwrap().to_owned();
    let (_, token) = world.invite("grace@example.com", &[&role]).await;
    world.invite("ada@example.com", &[&role]).await;
    world.invite("joan@example.com", &[]).await;
    // What the role's own page shows: its people, pending ones included, and nobody else.
    let holders = async || {
        let path = format!("~/members?role={role}");
        let list = world.get(&path).by(&world.owner).send().await.expect(StatusCode::OK).json();
        let one =
            |one: &Value| (one["email"].to_string(), one["status"].to_string(), one["invitation"].clone());
        list["items"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let pending = holders().await;
    assert_eq!(
        pending.iter().map(|(email, ..)| email.as_str()).collect::<Vec<_>>(),
        [r#""grace@example.com""#, r#""ada@example.com""#]
    );
    let revoke = format!("~/invitations/{}:revoke", pending[1].2.as_str().unwrap());
    world.post(&revoke).by(&world.owner).send().await.expect(StatusCode::OK);
    let grace = world.accept(&token, "grace@example.com").await;
    assert_eq!(roles(&member(&world, &grace).await), ["base", role.as_str()]);
    let left = holders().await;
    assert_eq!((left.len(), left[0].1.as_str()), (1, r#""active""#));
}

#[tokio::test]
async fn q04_base_sees_the_own_profile_and_nothing_else() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let me = world.get("/me").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!((&me["email"], &me["email_verified"]), (&"grace@example.com".into(), &true.into()));
    let accounts = world.get("/me/accounts").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!((&accounts["items"][0]["name"], roles(&accounts["items"][0])), (&"Acme".into(), vec!["base"]));
    for path in ["~", "~/settings", "~/members", "~/invitations"] {
        world.get(path).by(&grace).send().await.problem(403, "permission_denied");
    }
}

#[tokio::test]
async fn q05_a_pending_invitation_is_cancelled_and_an_accepted_one_is_not() {
    let world = World::new("qdrant-cloud").await;
    let (id, token) = world.invite("grace@example.com", &["admin"]).await;
    let path = format!("~/invitations/{id}:revoke");
    let reply = world.post(&path).by(&world.owner).send().await.expect(StatusCode::OK);
    assert_eq!(reply.json()["status"], "revoked");
    let accept = json!({ "token": token, "name": "Grace", "password": PASSWORD });
    world.post("/links:accept").json(&accept).send().await.problem(410, "link_invalid");
    let (id, token) = world.invite("grace@example.com", &["admin"]).await;
    world.accept(&token, "grace@example.com").await;
    let path = format!("~/invitations/{id}:revoke");
    world.post(&path).by(&world.owner).send().await.problem(409, "invitation_not_pending");
}

#[tokio::test]
async fn q06_invitations_are_seen_across_accounts_and_answered_by_whom_they_are_for() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let (stranger, elsewhere) = world.stranger().await;
    let path = format!("/accounts/{elsewhere}/invitations");
    let invite = async || {
        let body = json!({ "emails": ["grace@example.com"] });
        let reply =
            world.post(&path).by(&stranger).json(&body).send().await.expect(StatusCode::CREATED).json();
        reply["invitations"][0]["id"].as_str().unwrap().to_owned()
    };
    let first = invite().await;
    let received = world.get("/me/invitations").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(
        (&received["items"][0]["id"], &received["items"][0]["account"]["name"]),
        (&first.as_str().into(), &"Elsewhere".into())
    );
    // Invited somebody else: nobody but the invited email answers.
    world
        .post(&format!("/me/invitations/{first}:accept"))
        .by(&world.owner)
        .send()
        .await
        .problem(404, "not_found");
    let decline = format!("/me/invitations/{first}:decline");
    world.post(&decline).by(&grace).send().await.expect(StatusCode::NO_CONTENT);
    world.post(&decline).by(&grace).send().await.problem(404, "not_found");
    let second = invite().await;
    let dry = world.post(&format!("/me/invitations/{second}:accept?dry_run=true")).by(&grace).send().await;
    assert_eq!(dry.expect(StatusCode::OK).json()["events"][0]["type"], "member.joined");
    let done = world
        .post(&format!("/me/invitations/{second}:accept"))
        .by(&grace)
        .send()
        .await
        .expect(StatusCode::OK);
    assert_eq!(done.json()["account"]["id"], elsewhere.to_string());
    let accounts = world.get("/me/accounts").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(accounts["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn q06_an_unproved_email_sees_no_invitations() {
    let world = World::new("qdrant-cloud").await;
    let body = json!({ "emails": ["grace@example.com"] });
    let sent = world
        .post("~/invitations")
        .by(&world.owner)
        .json(&body)
        .send()
        .await
        .expect(StatusCode::CREATED)
        .json();
    let id = sent["invitations"][0]["id"].as_str().unwrap();
    let link = world
        .post(&format!("~/invitations/{id}:link"))
        .by(&world.owner)
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    let token = link["link"].as_str().unwrap().rsplit('/').next().unwrap();
    // A copied link proves nothing about the email.
    let grace = world.accept(token, "grace@example.com").await;
    let (stranger, elsewhere) = world.stranger().await;
    let path = format!("/accounts/{elsewhere}/invitations");
    let other = world.post(&path).by(&stranger).json(&body).send().await.expect(StatusCode::CREATED).json();
    let received = world.get("/me/invitations").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(received["items"], json!([]));
    let id = other["invitations"][0]["id"].as_str().unwrap();
    let accept = world.post(&format!("/me/invitations/{id}:accept")).by(&grace);
    accept.send().await.problem(403, "email_not_verified");
}

#[tokio::test]
async fn q06_a_known_person_accepts_a_link_with_the_password_they_have() {
    let world = World::new("qdrant-cloud").await;
    world.invite_and_accept("grace@example.com", &[]).await;
    let (stranger, elsewhere) = world.stranger().await;
    let path = format!("/accounts/{elsewhere}/invitations");
    let body = json!({ "emails": ["grace@example.com"] });
    let sent = world.post(&path).by(&stranger).json(&body).send().await.expect(StatusCode::CREATED).json();
    let id = sent["invitations"][0]["id"].as_str().unwrap();
    let link =
        world.post(&format!("{path}/{id}:link")).by(&stranger).send().await.expect(StatusCode::OK).json();
    let token = link["link"].as_str().unwrap().rsplit('/').next().unwrap();
    let accept = |body: Value| world.post("/links:accept").json(&body);
    accept(json!({ "token": token })).send().await.problem(401, "unauthenticated");
    // Signed in as somebody else: the email must equal the invited one.
    accept(json!({ "token": token })).by(&world.owner).send().await.problem(401, "unauthenticated");
    accept(json!({ "token": token, "password": "wrong" })).send().await.problem(401, "wrong_credentials");
    let done =
        accept(json!({ "token": token, "password": PASSWORD })).send().await.expect(StatusCode::OK).json();
    assert_eq!(done["account"]["name"], "Elsewhere");
}

#[tokio::test]
async fn q07_roles_are_added_and_removed_and_their_union_counts() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let path = format!("~/members/{}", grace.id);
    world.get("~/members").by(&grace).send().await.problem(403, "permission_denied");
    let change = |body: Value| world.patch(&path).by(&world.owner).json(&body);
    let done = change(json!({ "roles": ["admin"] })).send().await.expect(StatusCode::OK);
    assert_eq!(done.header("etag"), format!("\"{}\"", done.json()["revision"]));
    world.get("~/members").by(&grace).send().await.expect(StatusCode::OK);
    change(json!({ "roles": [] })).send().await.expect(StatusCode::OK);
    world.get("~/members").by(&grace).send().await.problem(403, "permission_denied");
    change(json!({ "roles": ["admin"], "status": "inactive" })).send().await.problem(422, "one_change");
    change(json!({})).send().await.problem(422, "nothing_to_do");
    let unknown = change(json!({ "roles": ["admin", "ghost"] })).send().await.problem(404, "not_found");
    assert_eq!(unknown["errors"][0]["field"], "/roles/1");
}

#[tokio::test]
async fn q08_removal_is_for_members_and_pending_people_are_cancelled() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    world.invite("ada@example.com", &[]).await;
    let pending =
        world.get("~/members?status=pending").by(&world.owner).send().await.expect(StatusCode::OK).json();
    let ada = pending["items"][0]["id"].as_str().unwrap();
    let remove = |id: &str, email: &str| {
        world.delete(&format!("~/members/{id}?confirm_email={email}")).by(&world.owner)
    };
    remove(ada, "ada@example.com").send().await.problem(409, "member_pending");
    remove(&world.owner.id, "owner@example.com").send().await.problem(409, "yourself");
    remove(&grace.id, "grace@example.com").send().await.expect(StatusCode::NO_CONTENT);
    // At once: it was the only account, so the session has ended.
    world.get("~/members").by(&grace).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn who_is_taken_out_of_one_account_stays_signed_in_to_the_others() {
    let world = World::with("bailiwick", |config| config.accounts.self_service = true).await;
    let path = |person: &Person| format!("~/members/{}", person.id);
    let off = json!({ "status": "inactive" });
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let made = world.post("/accounts").by(&grace).json(&json!({ "name": "Hopper Labs" })).send().await;
    let hers = format!("/accounts/{}", made.expect(StatusCode::CREATED).json()["id"].as_str().unwrap());
    world.patch(&path(&grace)).by(&world.owner).json(&off).send().await.expect(StatusCode::OK);
    // The session was opened by the invitation to the account that is closed to her now.
    world.get("~").by(&grace).send().await.problem(403, "member_inactive");
    world.get(&hers).by(&grace).send().await.expect(StatusCode::OK);
    let remove = format!("{}?confirm_email=grace@example.com", path(&grace));
    world.delete(&remove).by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    world.get("~").by(&grace).send().await.problem(404, "not_found");
    world.get(&hers).by(&grace).send().await.expect(StatusCode::OK);

    let ada = world.invite_and_accept("ada@example.com", &[]).await;
    world.patch(&path(&ada)).by(&world.owner).json(&off).send().await.expect(StatusCode::OK);
    world.get("/me").by(&ada).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn removal_asks_for_the_email_where_the_catalog_says_so() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let remove = |query: &str| world.delete(&format!("~/members/{}{query}", grace.id)).by(&world.owner);
    for query in ["", "?confirm_email=owner@example.com"] {
        let problem = remove(query).send().await.problem(422, "not_confirmed");
        assert_eq!(problem["errors"][0]["field"], "?confirm_email");
    }
    remove("?confirm_email=Grace@example.com").send().await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn q13_ownership_is_handed_over_by_offer_and_acceptance() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    world.post("~:leave").by(&world.owner).send().await.problem(409, "last_holder");
    let body = json!({ "to": grace.id });
    world
        .post("~:offer-ownership")
        .by(&grace)
        .json(&json!({ "to": world.owner.id }))
        .send()
        .await
        .problem(403, "above_you");
    let offer =
        world.post("~:offer-ownership").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let id = offer.json()["id"].as_str().unwrap().to_owned();
    assert!(offer.header("location").ends_with(&format!("/ownership-offers/{id}")));
    world.post("~:offer-ownership").by(&world.owner).json(&body).send().await.problem(409, "offer_pending");
    let seen = world.get("~/ownership-offers").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(seen["items"][0]["from"]["email"], "owner@example.com");
    world
        .post(&format!("~/ownership-offers/{id}:accept"))
        .by(&world.owner)
        .send()
        .await
        .problem(403, "not_yours");
    world.post("~:leave").by(&world.owner).send().await.problem(409, "last_holder");
    world
        .post(&format!("~/ownership-offers/{id}:accept"))
        .by(&grace)
        .send()
        .await
        .expect(StatusCode::NO_CONTENT);
    world.post("~:leave").by(&world.owner).send().await.expect(StatusCode::NO_CONTENT);
    let owners = world.get("~/members?role=owner").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(owners["items"][0]["id"], grace.id);
}

#[tokio::test]
async fn q14_accounts_are_opened_renamed_chosen_left_and_deleted() {
    let world = World::with("qdrant-cloud", |config| config.accounts.self_service = true).await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let made = world.post("/accounts").by(&grace).json(&json!({ "name": "Hopper Labs" })).send().await;
    let made = made.expect(StatusCode::CREATED);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/v1/accounts/{id}"));
    let body = json!({ "name": "Hopper" });
    let path = format!("/accounts/{id}");
    let renamed = world.patch(&path).by(&grace).json(&body).send().await.expect(StatusCode::OK);
    assert_eq!(renamed.json()["name"], "Hopper");
    world.patch(&path).by(&grace).json(&body).send().await.problem(422, "nothing_to_do");

    let chosen = world.patch("/me").by(&grace).json(&json!({ "default_account": id })).send().await;
    assert_eq!(chosen.expect(StatusCode::OK).json()["default_account"], id);
    let foreign = json!({ "default_account": "acc_019a0000000070008000000000000001" });
    world.patch("/me").by(&grace).json(&foreign).send().await.problem(404, "not_found");
    let accounts = world.get("/me/accounts").by(&grace).send().await.expect(StatusCode::OK).json();
    let default = accounts["items"].as_array().unwrap().iter().find(|one| one["default"] == true).unwrap();
    assert_eq!(default["id"], id);

    world.post("~:leave").by(&grace).send().await.expect(StatusCode::NO_CONTENT);
    world.get("~").by(&grace).send().await.problem(404, "not_found");
    world.delete(&path).by(&grace).send().await.problem(422, "not_confirmed");
    world.delete(&format!("{path}?confirm=hopper")).by(&grace).send().await.problem(422, "not_confirmed");
    world.delete(&format!("{path}?confirm=Hopper")).by(&grace).send().await.expect(StatusCode::NO_CONTENT);
    world.get(&path).by(&grace).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn accounts_are_not_opened_where_only_the_operator_does() {
    let world = World::with("qdrant-cloud", |config| config.accounts.self_service = false).await;
    let body = json!({ "name": "Mine" });
    world.post("/accounts").by(&world.owner).json(&body).send().await.problem(403, "self_service_off");
}

#[tokio::test]
async fn q15_a_management_key_acts_as_the_accounts_own_and_only_people_invite() {
    let world = World::new("qdrant-cloud").await;
    let machine = world.machine("control plane", &["admin"]).await;
    let me = world.get("/me").by(&machine).send().await.expect(StatusCode::OK).json();
    assert_eq!((&me["kind"], &me["name"]), (&"service_account".into(), &"control plane".into()));
    assert_eq!(me["default_account"], world.account.to_string());
    world.get("~/members").by(&machine).send().await.expect(StatusCode::OK);
    let body = json!({ "emails": ["grace@example.com"] });
    world.post("~/invitations").by(&machine).json(&body).send().await.problem(403, "people_only");
    world.get("/me/sessions").by(&machine).send().await.problem(403, "people_only");
    let forged = Person { token: format!("{}x", machine.token), ..machine };
    world.get("~/members").by(&forged).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn members_are_listed_by_status_role_and_text_page_by_page() {
    let world = World::new("qdrant-cloud").await;
    for n in 0..5 {
        world.invite(&format!("person{n}@example.com"), if n < 2 { &["admin"] } else { &[] }).await;
    }
    let count = async |query: &str| {
        let page = world
            .get(&format!("~/members{query}"))
            .by(&world.owner)
            .send()
            .await
            .expect(StatusCode::OK)
            .json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((count("").await, count("?status=pending").await, count("?status=active").await), (6, 5, 1));
    assert_eq!((count("?role=admin").await, count("?q=PERSON3").await, count("?q=olga").await), (2, 1, 1));
    let (mut emails, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world
            .get(&format!("~/members?limit=4{cursor}"))
            .by(&world.owner)
            .send()
            .await
            .expect(StatusCode::OK)
            .json();
        emails.extend(page["items"].as_array().unwrap().iter().map(|member| member["email"].to_string()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        assert_eq!(page["complete"], false);
        cursor = format!("&cursor={next}");
    }
    let distinct: std::collections::BTreeSet<_> = emails.iter().collect();
    assert_eq!((emails.len(), distinct.len()), (6, 6));
    let other = world.get(&format!("~/members?limit=4&q=a{cursor}")).by(&world.owner).send().await;
    other.problem(400, "invalid_cursor");
}

#[tokio::test]
async fn an_external_id_names_a_member_and_is_free_again_when_taken_away() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let path = format!("~/members/{}", grace.id);
    let change = |path: &str, body: Value| world.patch(path).by(&world.owner).json(&body);
    change(&path, json!({ "external_id": "crm:17" })).send().await.expect(StatusCode::OK);
    let found = world.get("~/members/crm%3A17").by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(found["id"], grace.id);
    let owner = format!("~/members/{}", world.owner.id);
    change(&owner, json!({ "external_id": "crm:17" })).send().await.problem(409, "taken");
    let wrong = change(&owner, json!({ "external_id": "usr_1" })).send().await.problem(422, "invalid_text");
    assert_eq!(wrong["errors"][0]["code"], "reserved_prefix");
    // Who is called by an email address is called by the own one.
    for other in ["owner@example.com", "stranger@elsewhere.example"] {
        let body = json!({ "external_id": other });
        change(&path, body).send().await.problem(422, "email_as_external_id");
    }
    let member = world.invite_and_accept("plain@example.com", &[]).await;
    let probe = world.patch(&path).by(&member).json(&json!({ "external_id": "owner@example.com" }));
    probe.send().await.problem(403, "permission_denied");
    change("~/members/crm%3A17", json!({ "external_id": null })).send().await.expect(StatusCode::OK);
    change(&owner, json!({ "external_id": "crm:17" })).send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn settings_stay_within_what_the_catalog_allows() {
    let world = World::new("bailiwick").await;
    let read = world.get("~/settings").by(&world.owner).send().await.expect(StatusCode::OK).json();
    assert_eq!(read["effective_invitation_lifetime_seconds"], 172_800);
    let change = |body: Value| world.patch("~/settings").by(&world.owner).json(&body);
    change(json!({ "invitation_lifetime_seconds": 5 })).send().await.problem(422, "out_of_range");
    let done = change(json!({ "invitation_lifetime_seconds": 7_200 })).send().await.expect(StatusCode::OK);
    assert_eq!(done.json()["effective_invitation_lifetime_seconds"], 7_200);
    let back =
        change(json!({ "invitation_lifetime_seconds": null })).send().await.expect(StatusCode::OK).json();
    assert_eq!(
        (&back["invitation_lifetime_seconds"], &back["effective_invitation_lifetime_seconds"]),
        (&Value::Null, &172_800.into())
    );
}

#[tokio::test]
async fn roles_are_not_set_over_those_that_another_administrator_has_changed() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["viewer"]).await;
    let path = format!("~/members/{}", grace.id);
    let read = async || world.get(&path).by(&world.owner).send().await.header("etag").to_owned();
    let set = async |tag: &str, roles: &[&str]| {
        let set = world.patch(&path).by(&world.owner).header("if-match", tag);
        set.json(&json!({ "roles": roles })).send().await
    };
    let first = read().await;
    let both = set(&first, &["viewer", "editor"]).await.expect(StatusCode::OK).header("etag").to_owned();
    assert_eq!(both, read().await);
    set(&first, &["viewer"]).await.problem(412, "stale_revision");
    // Taking the older of two roles away changes the member too.
    set(&both, &["editor"]).await.expect(StatusCode::OK);
    set(&both, &["viewer", "editor"]).await.problem(412, "stale_revision");
    // The rows say the same as the events, revisions included.
    assert_eq!(world.service.verify(|_| {}).await.unwrap(), []);
}

#[tokio::test]
async fn an_invitation_is_revoked_by_who_may_do_only_that() {
    let world = World::new("bailiwick").await;
    let body = json!({ "name": "Revokers", "level": "account", "permissions": ["delete:invites"] });
    let role =
        world.post("~/roles").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED).json();
    let revoker = world.invite_and_accept("revoker@example.com", &[role["id"].as_str().unwrap()]).await;
    let (invitation, token) = world.invite("grace@example.com", &["admin"]).await;
    let path = format!("~/invitations/{invitation}");
    world.get(&path).by(&revoker).send().await.problem(403, "permission_denied");
    world.post(&format!("{path}:revoke")).by(&revoker).send().await.expect(StatusCode::OK);
    let body = json!({ "token": token, "name": "Grace", "password": PASSWORD });
    world.post("/links:accept").json(&body).send().await.problem(410, "link_invalid");
}
