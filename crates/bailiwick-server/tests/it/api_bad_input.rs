//! Bad input, a test per row: a clear problem with a stable code, a hint, and nothing changed.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, World};

/// What a bad request must not change: what is in the account, its mail, and its events. A refusal of the domain is an
/// event of its own, which is left out; where the domain is not even asked, the account's revision stays too.
async fn contents(world: &World) -> (usize, usize, usize, Vec<String>) {
    let account = world.state().await;
    let mails = world.service.store().outbox_of_account(world.account, 100).await.unwrap().len();
    let events = world.event_types().await.into_iter().filter(|name| name != "request.refused").collect();
    (account.entity_count(), account.member_count(), mails, events)
}

/// The same with the account's revision, for requests that never reach the domain.
async fn everything(world: &World) -> (u64, (usize, usize, usize, Vec<String>)) {
    (world.state().await.revision().0, contents(world).await)
}

/// Sends a text as the body of an invitation.
async fn invite(world: &World, body: &str) -> crate::support::Reply {
    world.post("~/invitations").by(&world.owner).text(body).send().await
}

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn malformed_json_is_refused_with_its_place() {
    let world = World::new("bailiwick").await;
    let before = everything(&world).await;
    for (body, place) in
        [("{\"emails\": [", "line 1 column 12"), ("{\n  'a': 1}", "line 2 column 3"), ("", "line 1")]
    {
        let problem = invite(&world, body).await.problem(400, "malformed_json");
        assert!(problem["detail"].as_str().unwrap().contains(place), "{problem}");
    }
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn wrong_types_unknown_missing_and_double_fields_are_named() {
    let world = World::new("bailiwick").await;
    let before = everything(&world).await;
    for (body, code, field) in [
        (json!({ "emails": "a@example.com" }).to_string(), "invalid_type", "/emails"),
        (json!({ "emails": [{}] }).to_string(), "invalid_type", "/emails/0"),
        (json!({ "emails": [], "role": "admin" }).to_string(), "unknown_field", "/role"),
        (json!({ "roles": [] }).to_string(), "missing_field", "/emails"),
        (r#"{"emails":[],"emails":["a@example.com"]}"#.to_owned(), "duplicate_field", "/emails"),
    ] {
        let problem = invite(&world, &body).await.problem(422, code);
        assert_eq!(fields(&problem), [field], "{problem}");
    }
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn oversized_bodies_are_refused_whether_announced_or_not() {
    let world = World::with("bailiwick", |config| config.limits.body_bytes = 1_000).await;
    let before = everything(&world).await;
    let body = json!({ "emails": ["x".repeat(1_000)] }).to_string();
    invite(&world, &body).await.problem(413, "body_too_large");
    let announced = world.post("~/invitations").by(&world.owner).text("{}").header("content-length", "5000");
    announced.send().await.problem(413, "body_too_large");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn deep_nesting_is_refused_before_it_is_parsed() {
    let world = World::new("bailiwick").await;
    let before = everything(&world).await;
    let body = format!("{{\"emails\":{}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let problem = invite(&world, &body).await.problem(400, "too_deep");
    assert_eq!(problem["detail"], "arrays and objects may nest 32 deep");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let world = World::new("bailiwick").await;
    let before = everything(&world).await;
    let form =
        world.post("/sign-in").bytes(b"email=a").header("content-type", "application/x-www-form-urlencoded");
    form.send().await.problem(415, "unsupported_media_type");
    world.post("/sign-in").bytes(b"{}").send().await.problem(415, "unsupported_media_type");
    let packed = world.post("/sign-in").text("{}").header("content-encoding", "gzip").send().await;
    assert_eq!(packed.header("accept-encoding"), "identity");
    let problem = packed.problem(415, "unsupported_encoding");
    assert_eq!(problem["detail"], "the body is in the encoding `gzip`");
    assert!(problem["hint"].as_str().unwrap().contains("Content-Encoding"));
    world.get("~/members").by(&world.owner).text("{\"a\":1}").send().await.problem(400, "unexpected_body");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn duplicate_emails_are_refused_also_in_another_spelling() {
    let world = World::new("bailiwick").await;
    let before = everything(&world).await;
    let body = json!({ "emails": ["grace@example.com", "ada@example.com", " GRACE@Example.com"] });
    let problem = invite(&world, &body.to_string()).await.problem(422, "duplicate_email");
    assert_eq!(fields(&problem), ["/emails/2"]);
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn invalid_addresses_are_refused_and_international_domains_taken() {
    let world = World::new("bailiwick").await;
    let before = contents(&world).await;
    let body = json!({ "emails": ["nobody", "a@b", "josé@example.com", "ok@example.com", "x@exa mple.com"] });
    let problem = invite(&world, &body.to_string()).await.problem(422, "invalid_text");
    assert_eq!(fields(&problem), ["/emails/0", "/emails/1", "/emails/2", "/emails/4"]);
    assert_eq!(problem["errors"][2]["code"], "international_local_part");
    assert_eq!(contents(&world).await, before);

    let reply = invite(&world, &json!({ "emails": ["Ann@Bücher.example"] }).to_string()).await;
    let reply = reply.expect(StatusCode::CREATED).json();
    assert_eq!(reply["invitations"][0]["email"], "ann@xn--bcher-kva.example");
}

#[tokio::test]
async fn everybody_who_is_in_the_way_of_inviting_several_is_named_at_once() {
    let world = World::new("bailiwick").await;
    world.invite("waiting@example.com", &[]).await;
    let inactive = world.invite_and_accept("inactive@example.com", &[]).await;
    let off = json!({ "status": "inactive" });
    let path = format!("~/members/{}", inactive.id);
    world.patch(&path).by(&world.owner).json(&off).send().await.expect(StatusCode::OK);
    let before = contents(&world).await;
    let emails = ["new@example.com", "waiting@example.com", "owner@example.com", "inactive@example.com"];
    let problem =
        invite(&world, &json!({ "emails": emails }).to_string()).await.problem(409, "already_invited");
    assert_eq!(fields(&problem), ["/emails/1", "/emails/2", "/emails/3"]);
    let codes: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
    assert_eq!(codes, ["already_invited", "already_so", "target_inactive"]);
    assert_eq!(
        problem["errors"][0]["message"],
        "`waiting@example.com`: an invitation for this person is waiting"
    );
    assert_eq!(problem["detail"], "3 of these people cannot be invited, so nobody was");
    // With what is no address and what is named twice.
    let emails =
        ["waiting@example.com", "nobody", "new@example.com", "inactive@example.com", "new@example.com"];
    let problem = invite(&world, &json!({ "emails": emails }).to_string()).await.problem(422, "invalid_text");
    assert_eq!(fields(&problem), ["/emails/0", "/emails/1", "/emails/3", "/emails/4"]);
    assert_eq!(contents(&world).await, before);
    // Who may not invite is told nothing of anybody.
    let plain = world.invite_and_accept("plain@example.com", &[]).await;
    let ask = world.post("~/invitations").by(&plain).json(&json!({ "emails": emails }));
    let refused = ask.send().await;
    assert!(!refused.text.contains("waiting for") && !refused.text.contains("/emails/0"), "{}", refused.text);
}

#[tokio::test]
async fn header_injection_and_control_characters_in_names_are_refused() {
    let world = World::new("bailiwick").await;
    let before = everything(&world).await;
    for name in ["Acme\r\nBcc: all@example.com", "Ac\u{0}me", "Ac\u{202e}me", "Ac\u{1b}[31mme", "A\nB"] {
        let reply = world.patch("~").by(&world.owner).json(&json!({ "name": name })).send().await;
        let problem = reply.problem(422, "invalid_text");
        assert_eq!(
            (fields(&problem), &problem["errors"][0]["code"]),
            (vec!["/name"], &"not_printable".into())
        );
    }
    assert_eq!(world.state().await.profile().value.name.as_str(), "Acme");
    let problem =
        invite(&world, &json!({ "emails": ["a@example.com\r\nBcc: b@example.com"] }).to_string()).await;
    problem.problem(422, "invalid_text");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn ids_of_another_account_do_not_exist_here() {
    let world = World::new("bailiwick").await;
    let (stranger, elsewhere) = world.stranger().await;
    world.get(&format!("~/members/{}", stranger.id)).by(&world.owner).send().await.problem(404, "not_found");
    world
        .get(&format!("/accounts/{elsewhere}/members"))
        .by(&world.owner)
        .send()
        .await
        .problem(404, "not_found");
    world.get("/accounts/acc_00/members").by(&world.owner).send().await.problem(404, "not_found");
    let invitation = world.post(&format!("/accounts/{elsewhere}/invitations")).by(&stranger);
    let invitation =
        invitation.json(&json!({ "emails": ["x@example.com"] })).send().await.expect(StatusCode::CREATED);
    let id = invitation.json()["invitations"][0]["id"].as_str().unwrap().to_owned();
    world.get(&format!("~/invitations/{id}")).by(&world.owner).send().await.problem(404, "not_found");
    world.post(&format!("~/invitations/{id}:revoke")).by(&world.owner).send().await.problem(404, "not_found");
    let offer = json!({ "to": stranger.id });
    world.post("~:offer-ownership").by(&world.owner).json(&offer).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_stale_revision_is_refused_and_the_present_one_taken() {
    let world = World::new("bailiwick").await;
    let read = world.get("~").by(&world.owner).send().await.expect(StatusCode::OK);
    let tag = read.header("etag").to_owned();
    let rename = |name: &str| world.patch("~").by(&world.owner).json(&json!({ "name": name }));
    let done = rename("Two").header("if-match", &tag).send().await.expect(StatusCode::OK);
    let stale = rename("Three").header("if-match", &tag).send().await;
    stale.problem(412, "stale_revision");
    assert_eq!(world.state().await.profile().value.name.as_str(), "Two");
    let tag = done.header("etag").to_owned();
    assert_ne!(tag, read.header("etag"));
    rename("Three").header("if-match", &tag).send().await.expect(StatusCode::OK);
    rename("Four").header("if-match", "*").send().await.expect(StatusCode::OK);
    rename("Five").header("if-match", "W/\"3\"").send().await.problem(400, "invalid_header");
    let invitation = world.post("~/invitations").by(&world.owner).header("if-match", "\"1\"");
    let body = json!({ "emails": ["a@example.com"] });
    invitation.json(&body).send().await.problem(400, "if_match_unsupported");
}

#[tokio::test]
async fn of_two_answers_to_one_offer_of_ownership_one_counts() {
    let world = World::new("qdrant-cloud").await;
    let grace = world.invite_and_accept("grace@example.com", &["admin"]).await;
    let body = json!({ "to": grace.id });
    let offer =
        world.post("~:offer-ownership").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    let id = offer.json()["id"].as_str().unwrap().to_owned();
    let path = format!("~/ownership-offers/{id}:accept");
    let (one, other) = tokio::join!(world.post(&path).by(&grace).send(), world.post(&path).by(&grace).send());
    let mut statuses = [one.status, other.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::NO_CONTENT, StatusCode::NOT_FOUND]);
    let owners = world.get("~/members?role=owner").by(&grace).send().await.expect(StatusCode::OK).json();
    assert_eq!(owners["items"].as_array().unwrap().len(), 1, "{owners}");
    assert_eq!(owners["items"][0]["id"], grace.id);
}

#[tokio::test]
async fn an_accepted_link_works_once() {
    let world = World::new("bailiwick").await;
    let (_, token) = world.invite("grace@example.com", &["admin"]).await;
    world.accept(&token, "grace@example.com").await;
    let before = everything(&world).await;
    let again = json!({ "token": token, "name": "Mallory", "password": PASSWORD });
    world.post("/links:accept").json(&again).send().await.problem(410, "link_invalid");
    world.post("/links:inspect").json(&json!({ "token": token })).send().await.problem(410, "link_invalid");
    world.post("/links:decline").json(&json!({ "token": token })).send().await.problem(410, "link_invalid");
    assert_eq!(everything(&world).await, before);
}

#[tokio::test]
async fn an_expired_link_is_refused_and_a_resent_one_works() {
    let world = World::with("bailiwick", |config| config.session.idle = config.session.absolute).await;
    let settings = json!({ "invitation_lifetime_seconds": 86_400 });
    world.patch("~/settings").by(&world.owner).json(&settings).send().await.expect(StatusCode::OK);
    let (id, token) = world.invite("grace@example.com", &[]).await;
    world.advance(SignedDuration::from_hours(25));
    let accept = json!({ "token": token, "name": "Grace", "password": PASSWORD });
    world.post("/links:accept").json(&accept).send().await.problem(410, "link_invalid");
    let shown =
        world.get(&format!("~/invitations/{id}")).by(&world.owner).send().await.expect(StatusCode::OK);
    assert_eq!(shown.json()["status"], "expired");
    world.post(&format!("~/invitations/{id}:resend")).by(&world.owner).send().await.expect(StatusCode::OK);
    let token = world.mailed_token("grace@example.com").await;
    world.accept(&token, "grace@example.com").await;
}

#[tokio::test]
async fn unknown_addresses_methods_and_parameters_are_refused() {
    let world = World::new("bailiwick").await;
    let before = everything(&world).await;
    world.get("/nothing").send().await.problem(404, "no_route");
    world.get("/accounts//members").send().await.problem(404, "no_route");
    let reply = world.delete("~/members").by(&world.owner).send().await;
    assert_eq!(reply.header("allow"), "GET, HEAD");
    reply.problem(405, "method_not_allowed");
    for (query, field) in
        [("limt=3", "?limt"), ("limit=0", "?limit"), ("limit=abc", "?limit"), ("status=gone", "?status")]
    {
        let problem = world
            .get(&format!("~/members?{query}"))
            .by(&world.owner)
            .send()
            .await
            .problem(400, "invalid_query");
        assert_eq!(fields(&problem), [field]);
    }
    world.get("~/members?cursor=AAAA").by(&world.owner).send().await.problem(400, "invalid_cursor");
    world.get("~/members/%ff").by(&world.owner).send().await.problem(400, "invalid_path");
    world
        .get(&format!("~/members/{}", "x".repeat(513)))
        .by(&world.owner)
        .send()
        .await
        .problem(400, "invalid_path");
    assert_eq!(everything(&world).await, before);
}
