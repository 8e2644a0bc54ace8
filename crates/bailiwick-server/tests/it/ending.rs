//! What ends by itself, over HTTP: at its moment, recorded once, told of once before.

use axum::http::StatusCode;
use bailiwick_server::delivery::request::{MailRequest, Notice};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Person, World};

async fn may(world: &World, who: &Person, action: &str) -> bool {
    let account = world.account.to_string();
    let body =
        json!({ "principal": who.id, "action": action, "resource": { "type": "account", "id": account } });
    let reply = world.post("~/access:check").by(&world.owner).json(&body).send().await.expect(StatusCode::OK);
    reply.json()["allowed"].as_bool().unwrap()
}

/// A moment so many hours from now, as JSON has it.
fn hours(world: &World, hours: i64) -> String {
    world.service.now().checked_add(SignedDuration::from_hours(hours)).unwrap().to_string()
}

async fn grant(world: &World, principal: &str, role: &str, until: &str) -> Value {
    let body = json!({ "principal": principal, "role": role, "until": until });
    world.post("~/grants").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED).json()
}

async fn count(world: &World, event_type: &str) -> usize {
    world.event_types().await.iter().filter(|found| *found == event_type).count()
}

/// The mails to an email that are a few sentences.
async fn notices(world: &World, email: &str) -> Vec<Notice> {
    let mails = world.service.store().outbox_of_account(world.account, 1_000).await.unwrap();
    let mails = mails.iter().map(|entry| serde_json::from_str(&entry.message.body).unwrap());
    let told = mails.filter_map(|mail| match mail {
        MailRequest::Notice(notice) if notice.to == email => Some(notice),
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn a_grant_ends_at_its_moment_and_is_recorded_once() {
    let mut world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let made = grant(&world, &grace.id, "editor", &hours(&world, 1)).await;
    assert_eq!(world.service.lapse_due().await.unwrap().unwrap().to_string(), hours(&world, 1));
    assert!(may(&world, &grace, "write:clusters").await);
    world.advance(SignedDuration::from_hours(1));
    assert!(!may(&world, &grace, "write:clusters").await, "nothing has to run for it to count");
    assert_eq!(count(&world, "grant.expired").await, 0);

    // A process that was away at that moment records it when it is back; again, it finds nothing.
    world.restart().await;
    world.service.clone().keep_lapsing(std::future::ready(())).await;
    assert_eq!(world.service.lapse_due().await.unwrap(), None);
    world.restart().await;
    assert_eq!(world.service.lapse_due().await.unwrap(), None);
    assert_eq!(count(&world, "grant.expired").await, 1);
    let id = made["id"].as_str().unwrap();
    world.get(&format!("~/grants/{id}")).by(&world.owner).send().await.problem(404, "not_found");
    let list = world.get("~/events?type=grant.expired").by(&world.owner).send().await.json();
    let event = &list["items"][0];
    assert_eq!(event["actor"]["kind"], "system");
    assert_eq!(event["target"]["label"], "grace@example.com, Editor");
    assert_eq!(event["details"]["grant"]["until"], made["until"]);
    assert_eq!(world.service.verify(|_| {}).await.unwrap(), [], "events lead to exactly the rows");
}

#[tokio::test]
async fn two_processes_record_an_end_once() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    for role in ["editor", "viewer", "auditor"] {
        grant(&world, &grace.id, role, &hours(&world, 1)).await;
    }
    world.advance(SignedDuration::from_hours(1));
    let other = world.second();
    // Both have the account in memory, as it was before.
    other.accounts().get(world.account).await.unwrap().unwrap();
    let (one, two) = tokio::join!(world.service.lapse_due(), other.lapse_due());
    assert_eq!((one.unwrap(), two.unwrap()), (None, None));
    assert_eq!(count(&world, "grant.expired").await, 3);
    assert_eq!(world.service.verify(|_| {}).await.unwrap(), []);
}

#[tokio::test]
async fn a_membership_ends_and_its_sessions_and_machines_makers_with_it() {
    let world = World::new("bailiwick").await;
    let body =
        json!({ "emails": ["grace@example.com"], "roles": ["admin"], "member_until": hours(&world, 1) });
    let sent =
        world.post("~/invitations").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    assert_eq!(sent.json()["invitations"][0]["member_until"], hours(&world, 1));
    let mails = world.service.store().outbox_of_account(world.account, 10).await.unwrap();
    assert!(mails[0].message.body.contains("Your membership would end on"), "the invited person knows");
    let grace = world.accept(&world.mailed_token("grace@example.com").await, "grace@example.com").await;
    let path = format!("~/members/{}", grace.id);
    let shown = world.get(&path).by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!((&shown["until"], &shown["status"]), (&json!(hours(&world, 1)), &json!("active")));

    world.advance(SignedDuration::from_hours(1));
    world.get(&path).by(&grace).send().await.problem(403, "member_inactive");
    assert!(!may(&world, &grace, "read:profile").await);
    let shown = world.get(&path).by(&world.owner).send().await.json();
    assert_eq!(shown["status"], "inactive", "before it is recorded");
    world.service.lapse_due().await.unwrap();
    let shown = world.get(&path).by(&world.owner).send().await.json();
    assert_eq!((shown.get("until"), &shown["status"]), (None, &json!("inactive")));
    assert_eq!(count(&world, "member.expired").await, 1);
    world.get("/me").by(&grace).send().await.problem(401, "unauthenticated");

    // Whoever lets them in again says until when, first.
    let until = json!({ "until": hours(&world, 2) });
    world.patch(&path).by(&world.owner).json(&until).send().await.expect(StatusCode::OK);
    let active = json!({ "status": "active" });
    world.patch(&path).by(&world.owner).json(&active).send().await.expect(StatusCode::OK);
    assert!(may(&world, &grace, "read:profile").await);
    world.patch(&path).by(&world.owner).json(&json!({ "until": null })).send().await.expect(StatusCode::OK);
    world.advance(SignedDuration::from_hours(3));
    assert!(may(&world, &grace, "read:profile").await);
    assert_eq!(world.service.verify(|_| {}).await.unwrap(), []);
}

#[tokio::test]
async fn ends_of_memberships_that_cannot_be_are_refused() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let end = |until: String| json!({ "until": until });
    let change = async |who: &Person, of: &Person, body: Value| {
        world.patch(&format!("~/members/{}", of.id)).by(who).json(&body).send().await
    };
    change(&world.owner, &world.owner, end(hours(&world, 1))).await.problem(409, "last_holder");
    change(&world.owner, &grace, end(hours(&world, -1))).await.problem(422, "in_the_past");
    change(&world.owner, &grace, json!({ "until": null })).await.problem(422, "nothing_to_do");
    change(&world.owner, &grace, json!({ "until": hours(&world, 1), "status": "active" }))
        .await
        .problem(422, "one_change");
    change(&world.owner, &grace, end("tomorrow".into())).await.problem(422, "invalid_value");
    change(&world.owner, &grace, end(hours(&world, 1))).await.expect(StatusCode::OK);
    change(&grace, &grace, end(hours(&world, 2))).await.problem(403, "outlasts_own_access");
    let body = json!({ "emails": ["alan@example.com"] });
    world.post("~/invitations").by(&grace).json(&body).send().await.problem(403, "outlasts_own_access");
    let body =
        json!({ "emails": ["grace@example.com"], "roles": ["viewer"], "member_until": hours(&world, 1) });
    world.post("~/invitations").by(&world.owner).json(&body).send().await.problem(409, "target_active");
}

#[tokio::test]
async fn people_are_told_once_before_the_end() {
    let mut world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let machine = world.machine("Nightly", &["admin"]).await;
    let late = hours(&world, 30 * 24);
    let brief = hours(&world, 24);
    grant(&world, &grace.id, "editor", &late).await;
    grant(&world, &grace.id, "viewer", &late).await;
    grant(&world, &grace.id, "auditor", &brief).await;
    grant(&world, &machine.id, "editor", &late).await;
    let path = format!("~/members/{}", grace.id);
    world.patch(&path).by(&world.owner).json(&json!({ "until": late })).send().await.expect(StatusCode::OK);
    let key = json!({ "service_account": machine.id, "name": "Second", "expires_at": late });
    world.post("~/keys").by(&world.owner).json(&key).send().await.expect(StatusCode::CREATED);

    world.advance(SignedDuration::from_hours(23 * 24 - 1));
    world.service.lapse_due().await.unwrap();
    assert!(notices(&world, "grace@example.com").await.is_empty(), "nor of what was made for a day");
    world.advance(SignedDuration::from_hours(1));
    world.service.lapse_due().await.unwrap();
    world.restart().await;
    world.service.lapse_due().await.unwrap();
    let told = notices(&world, "grace@example.com").await;
    assert_eq!(told.len(), 1, "all in one mail");
    assert_eq!(told[0].subject, "Access to Acme ends soon");
    assert_eq!(
        told[0].paragraphs,
        [
            "Your membership of Acme ends on Monday, 21 December 2026, 12:00 UTC. From then on you can do nothing there.",
            "Your role Editor in the whole account ends on Monday, 21 December 2026, 12:00 UTC.",
            "Your role Viewer in the whole account ends on Monday, 21 December 2026, 12:00 UTC.",
            "If it is needed for longer, ask an administrator of the account.",
        ]
    );
    let link = told[0].action.as_ref().unwrap().link.expose().to_owned();
    assert!(link.ends_with(&format!("/accounts/{}", world.account)), "{link}");
    let told = notices(&world, "owner@example.com").await;
    assert_eq!(
        told[0].paragraphs[..2],
        [
            "The role Editor of the service account Nightly in the whole account, which you granted, ends on Monday, 21 December 2026, 12:00 UTC.",
            "The management key Second of the service account Nightly, which you made, stops working on Monday, 21 December 2026, 12:00 UTC.",
        ]
    );
    for (event_type, times) in
        [("member.ending", 1), ("grant.ending", 3), ("key.ending", 1), ("grant.expired", 1)]
    {
        assert_eq!(count(&world, event_type).await, times, "{event_type}");
    }
    assert_eq!(world.service.verify(|_| {}).await.unwrap(), []);
}

#[tokio::test]
async fn an_account_sets_how_long_before() {
    let world = World::new("bailiwick").await;
    let settings = world.get("~/settings").by(&world.owner).send().await.json();
    assert_eq!(settings["effective_ending_notice_seconds"], 604_800);
    let change = async |body: Value| world.patch("~/settings").by(&world.owner).json(&body).send().await;
    change(json!({ "ending_notice_seconds": 90 * 86_400 + 1 })).await.problem(422, "out_of_range");
    let set = change(json!({ "ending_notice_seconds": 3_600 })).await.expect(StatusCode::OK).json();
    assert_eq!(set["effective_ending_notice_seconds"], 3_600);
    // The other setting stays as it is.
    let set = change(json!({ "invitation_lifetime_seconds": 7_200 })).await.expect(StatusCode::OK).json();
    assert_eq!(
        (&set["ending_notice_seconds"], &set["invitation_lifetime_seconds"]),
        (&json!(3_600), &json!(7_200))
    );
    let set = change(json!({ "ending_notice_seconds": null })).await.expect(StatusCode::OK).json();
    assert_eq!(
        (set.get("ending_notice_seconds"), &set["invitation_lifetime_seconds"]),
        (None, &json!(7_200))
    );
}

#[tokio::test]
async fn invitations_keys_and_offers_that_end_are_recorded() {
    let world = World::new("bailiwick").await;
    let grace = world.invite_and_accept("grace@example.com", &[]).await;
    let machine = world.machine("Nightly", &["admin"]).await;
    let key = json!({ "service_account": machine.id, "name": "Brief", "expires_at": hours(&world, 1) });
    let key =
        world.post("~/keys").by(&world.owner).json(&key).send().await.expect(StatusCode::CREATED).json();
    let brief = Person { token: key["secret"].as_str().unwrap().to_owned(), ..machine.clone() };
    world.get("~/members").by(&brief).send().await.expect(StatusCode::OK);
    let (invitation, _) = world.invite("alan@example.com", &[]).await;
    let offer = json!({ "to": grace.id });
    world.post("~:offer-ownership").by(&world.owner).json(&offer).send().await.expect(StatusCode::CREATED);

    world.advance(SignedDuration::from_hours(1));
    world.get("~/members").by(&brief).send().await.problem(401, "unauthenticated");
    world.service.lapse_due().await.unwrap();
    let list = world.get("~/keys").by(&world.owner).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "the other one");
    world.advance(SignedDuration::from_hours(30 * 24));
    world.service.lapse_due().await.unwrap();
    world.service.lapse_due().await.unwrap();
    for event_type in ["key.expired", "invitation.expired", "ownership.expired"] {
        assert_eq!(count(&world, event_type).await, 1, "{event_type}");
    }
    let path = format!("~/invitations/{invitation}");
    assert_eq!(world.get(&path).by(&machine).send().await.json()["status"], "expired");
    assert_eq!(world.service.verify(|_| {}).await.unwrap(), []);
}
