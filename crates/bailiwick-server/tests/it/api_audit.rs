//! One story through every operation of the API: what each of them records, answers and refuses on its way.
//!
//! Whoever adds an operation adds its step here, or the last assertion fails.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use bailiwick_server::api::operation::{Access, Effect, Operation};
use bailiwick_server::api::operations;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::schema::Document;
use crate::support::{Ask, PASSWORD, Person, World};

/// What has happened so far: ids stand for the parameters in paths, and for `<name>` in bodies.
struct Story {
    world: World,
    document: Document,
    operations: BTreeMap<&'static str, Operation>,
    ids: BTreeMap<&'static str, String>,
    base: Person,
    done: BTreeSet<&'static str>,
}

impl Story {
    async fn begin() -> Self {
        let world = World::with("bailiwick", |config| config.accounts.self_service = true).await;
        let base = world.invite_and_accept("base@example.com", &[]).await;
        let operations = operations().into_iter().map(|operation| (operation.id, operation)).collect();
        let ids = BTreeMap::from([("account", world.account.to_string())]);
        Self { world, document: Document::new(), operations, ids, base, done: BTreeSet::new() }
    }

    fn keep(&mut self, name: &'static str, value: &Value) {
        self.ids.insert(name, value.as_str().unwrap().to_owned());
    }

    /// The events in the account, those of refused requests apart.
    async fn events(&self) -> Vec<String> {
        let types = self.world.event_types().await.into_iter();
        types.filter(|name| name != "request.refused").collect()
    }

    /// An operation is done by somebody, after it was refused to others; `events` is all that it records.
    async fn step(
        &mut self,
        id: &'static str,
        by: Option<&Person>,
        query: &str,
        body: Value,
        events: &[&str],
    ) -> Value {
        let operation = self.operations[id].clone();
        let mut body = if body.is_null() { String::new() } else { body.to_string() };
        let mut query = query.to_owned();
        for (name, value) in &self.ids {
            body = body.replace(&format!("<{name}>"), value);
            query = query.replace(&format!("<{name}>"), value);
        }
        let query = query.as_str();
        let before = self.events().await;
        self.refusals(&operation, by, query, &body).await;
        assert_eq!(self.events().await, before, "{id}: a refusal or a dry run changes nothing");

        let ask = || {
            let ask = self.request(&operation, by, query, &body);
            if operation.takes_idempotency_key {
                ask.header("idempotency-key", &format!("{id}-{}", before.len()))
            } else {
                ask
            }
        };
        let reply = ask().send().await.expect(operation.status);
        assert!(reply.header("cache-control") == "no-store", "{id}");
        let recorded = self.events().await.split_off(before.len());
        assert_eq!(recorded, events, "{id}");
        let json = if reply.text.is_empty() || operation.media_types != ["application/json"] {
            Value::Null
        } else {
            reply.json()
        };
        let status = operation.status.as_u16();
        match self.document.answer(operation.method.as_str(), operation.path, status) {
            Some(_) if json.is_null() => assert_eq!(operation.media_types.len(), 2, "{id}"),
            Some(schema) => assert_eq!(self.document.check(schema, &json), [] as [String; 0], "{id}: {json}"),
            None => assert_eq!(reply.text, "", "{id}"),
        }
        // Whoever has left, or whose account is gone, is told nothing about it any more.
        if operation.takes_idempotency_key && !["leave_account", "delete_account"].contains(&id) {
            assert_eq!(
                reply.header("bailiwick-revision"),
                self.world.state().await.revision().to_string(),
                "{id}"
            );
            let again = ask().send().await.expect(operation.status);
            assert_eq!(
                (again.text, again.headers.get("bailiwick-revision")),
                (reply.text, reply.headers.get("bailiwick-revision"))
            );
            let other = if body.is_empty() { "{}".to_owned() } else { format!("{body} ") };
            let key = format!("{id}-{}", before.len());
            let other = self.request(&operation, by, query, &other).header("idempotency-key", &key);
            other.send().await.problem(422, "idempotency_mismatch");
            assert_eq!(
                self.events().await.len(),
                before.len() + events.len(),
                "{id}: repeating it records nothing"
            );
        }
        self.done.insert(id);
        json
    }

    fn request(&self, operation: &Operation, by: Option<&Person>, query: &str, body: &str) -> Ask<'_> {
        let mut path = operation.path.to_owned();
        for name in operation.path_parameters() {
            path = path.replace(&format!("{{{name}}}"), &self.ids[name]);
        }
        let ask = self.world.ask(operation.method.clone(), &format!("{path}?{query}"));
        let ask = if body.is_empty() { ask } else { ask.text(body) };
        match by {
            Some(person) => ask.by(person),
            None => ask,
        }
    }

    /// What is refused before it is done: without a credential, to a member without permissions, with a stale `If-Match`.
    async fn refusals(&self, operation: &Operation, by: Option<&Person>, query: &str, body: &str) {
        let id = operation.id;
        if operation.access.needs_credential() {
            self.request(operation, None, query, body).send().await.problem(401, "unauthenticated");
        }
        let for_members = operation.access == Access::Member && operation.effect == Effect::Reads;
        if operation.is_in_account() && !for_members && id != "leave_account" {
            let reply = self.request(operation, Some(&self.base), query, body).send().await;
            assert!([403, 404].contains(&reply.status.as_u16()), "{id}: {}", reply.text);
        }
        if operation.takes_if_match {
            let stale = self.request(operation, by, query, body).header("if-match", "\"999999\"");
            stale.send().await.problem(412, "stale_revision");
        }
        if operation.takes_query("dry_run") {
            let reply = self.request(operation, by, &format!("{query}&dry_run=true"), body).send().await;
            let dry = reply.expect(StatusCode::OK).json();
            let schema = json!({ "$ref": "#/components/schemas/DryRun" });
            assert_eq!(self.document.check(&schema, &dry), [] as [String; 0], "{id}: {dry}");
            assert!(!dry["events"].as_array().unwrap().is_empty(), "{id}: {dry}");
        }
    }
}

#[tokio::test]
async fn every_operation_leaves_exactly_its_events() {
    let mut story = Story::begin().await;
    let first = ["account.opened", "member.joined", "project.created"];
    assert_eq!(story.events().await[..3], first);
    story.done.insert("set_up");
    let owner = story.world.owner.clone();
    let owner = Some(&owner);

    let body = json!({ "email": "owner@example.com", "password": PASSWORD });
    story.step("sign_in", None, "", body, &["sign_in.succeeded"]).await;
    story.step("get_me", owner, "", Value::Null, &[]).await;
    story.step("update_me", owner, "", json!({ "name": "Olga" }), &[]).await;
    story.step("list_my_accounts", owner, "", Value::Null, &[]).await;
    let sessions = story.step("list_sessions", owner, "", Value::Null, &[]).await;
    let other = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == false);
    story.keep("session", &other.unwrap()["id"]);
    story.step("end_session", owner, "", Value::Null, &["sign_in.ended"]).await;
    let body = json!({ "email": "owner@example.com", "password": PASSWORD });
    story.step("sign_in", None, "", body, &["sign_in.succeeded"]).await;
    story.step("end_other_sessions", owner, "", Value::Null, &["sign_in.ended"]).await;
    let body = json!({ "current": PASSWORD, "new": "ochre kettle nine marble" });
    story.step("change_password", owner, "", body, &["password.changed"]).await;
    let body = json!({ "email": "owner@example.com" });
    story.step("ask_password_reset", None, "", body, &["password.reset_link_made"]).await;
    story.step("get_catalog", owner, "", Value::Null, &[]).await;

    story.step("get_account", owner, "", Value::Null, &[]).await;
    story.step("update_account", owner, "", json!({ "name": "Apex" }), &["account.renamed"]).await;
    story.step("get_settings", owner, "", Value::Null, &[]).await;
    let body = json!({ "invitation_lifetime_seconds": 86_400 });
    story.step("update_settings", owner, "", body, &["account.settings_changed"]).await;

    story.step("export_access", owner, "", Value::Null, &[]).await;
    let body = json!({ "version": 1, "groups": [{ "name": "Declared" }] });
    story.step("apply_access", owner, "", body, &["group.created"]).await;

    people(&mut story, owner).await;
    things(&mut story, owner).await;
    ownership(&mut story, owner).await;

    let all: BTreeSet<&str> = story.operations.keys().copied().collect();
    assert_eq!(all.difference(&story.done).collect::<Vec<_>>(), [] as [&&str; 0]);
}

/// Links, invitations, members, groups and grants.
async fn people(story: &mut Story, owner: Option<&Person>) {
    let body = json!({ "emails": ["grace@example.com"], "roles": ["admin"] });
    let made = story.step("create_invitations", owner, "", body, &["invitation.sent"]).await;
    story.keep("invitation", &made["invitations"][0]["id"]);
    story.step("list_invitations", owner, "", Value::Null, &[]).await;
    story.step("get_invitation", owner, "", Value::Null, &[]).await;
    story.step("list_deliveries", owner, "", Value::Null, &[]).await;
    story.step("copy_invitation_link", owner, "", Value::Null, &["invitation.link_copied"]).await;
    story.world.advance(SignedDuration::from_mins(1));
    story.step("resend_invitation", owner, "", Value::Null, &["invitation.resent"]).await;
    story.step("revoke_invitation", owner, "", Value::Null, &["invitation.revoked"]).await;

    let (_, token) = story.world.invite("grace@example.com", &["admin"]).await;
    story.ids.insert("token", token);
    story.step("link_info", None, "", json!({ "token": "<token>" }), &[]).await;
    story.step("decline_link", None, "", json!({ "token": "<token>" }), &["invitation.declined"]).await;
    let (_, token) = story.world.invite("grace@example.com", &["admin"]).await;
    story.ids.insert("token", token);
    let body = json!({ "token": "<token>", "name": "Grace Hopper", "password": PASSWORD });
    let joined = ["member.joined", "grant.made", "invitation.accepted", "sign_in.succeeded"];
    let grace = story.step("accept_link", None, "", body, &joined).await;
    story.keep("member", &grace["user"]["id"]);

    let (stranger, _) = story.world.stranger().await;
    let (id, _) = story.world.invite(&stranger.email, &[]).await;
    story.ids.insert("invitation", id);
    story.step("list_my_invitations", Some(&stranger), "", Value::Null, &[]).await;
    story.step("decline_my_invitation", Some(&stranger), "", Value::Null, &["invitation.declined"]).await;
    let (id, _) = story.world.invite(&stranger.email, &[]).await;
    story.ids.insert("invitation", id);
    let joined = ["member.joined", "invitation.accepted"];
    story.step("accept_my_invitation", Some(&stranger), "", Value::Null, &joined).await;

    story.step("list_members", owner, "", Value::Null, &[]).await;
    story.step("get_member", owner, "", Value::Null, &[]).await;
    story.step("update_member", owner, "", json!({ "status": "inactive" }), &["member.deactivated"]).await;
    story.step("update_member", owner, "", json!({ "status": "active" }), &["member.activated"]).await;
    story.step("update_member", owner, "", json!({ "external_id": "g-1" }), &["member.edited"]).await;
    story.step("update_member", owner, "", json!({ "roles": [] }), &["grant.revoked"]).await;

    let made = story.step("create_group", owner, "", json!({ "name": "Search" }), &["group.created"]).await;
    story.keep("group", &made["id"]);
    story.step("list_groups", owner, "", Value::Null, &[]).await;
    story.step("get_group", owner, "", Value::Null, &[]).await;
    story.step("update_group", owner, "", json!({ "name": "Ranking" }), &["group.edited"]).await;
    story.step("add_group_member", owner, "", Value::Null, &["group.member_added"]).await;
    story.step("list_group_members", owner, "", Value::Null, &[]).await;
    story.step("remove_group_member", owner, "", Value::Null, &["group.member_removed"]).await;
    let body = json!({ "principal": "<group>", "role": "admin", "scope": "account" });
    let made = story.step("create_grant", owner, "", body, &["grant.made"]).await;
    story.keep("grant", &made["id"]);
    story.step("list_grants", owner, "", Value::Null, &[]).await;
    story.step("get_grant", owner, "", Value::Null, &[]).await;
    story.step("delete_grant", owner, "", Value::Null, &["grant.revoked"]).await;
    story.step("delete_group", owner, "", Value::Null, &["group.deleted"]).await;

    let question = json!({ "principal": "<member>", "action": "read:clusters", "resource": { "type": "account", "id": "<account>" } });
    story.step("check_access", owner, "", question.clone(), &[]).await;
    story.step("explain_access", owner, "", question, &[]).await;
    story.step("effective_access", owner, "", Value::Null, &[]).await;
    story.step("unused_access", owner, "", Value::Null, &[]).await;
    let query = "action=read:clusters&resource_type=account&resource_id=<account>";
    story.step("who_can", owner, query, Value::Null, &[]).await;
    story.step("what_can", owner, "action=read:clusters&resource_type=cluster", Value::Null, &[]).await;
}

/// Roles, projects, resources, machines and the record itself.
async fn things(story: &mut Story, owner: Option<&Person>) {
    let body = json!({ "name": "Cluster operator", "level": "account", "permissions": ["write:clusters"] });
    let made = story.step("create_role", owner, "", body, &["role.created"]).await;
    story.keep("role", &made["id"]);
    story.step("list_roles", owner, "", Value::Null, &[]).await;
    story.step("get_role", owner, "", Value::Null, &[]).await;
    story.step("update_role", owner, "", json!({ "description": "Runs clusters." }), &["role.edited"]).await;
    story.step("duplicate_role", owner, "", json!({ "name": "Second operator" }), &["role.created"]).await;
    story.step("delete_role", owner, "", Value::Null, &["role.deleted"]).await;

    let made = story
        .step(
            "create_project",
            owner,
            "",
            json!({ "name": "Production" }),
            &["project.created", "grant.made"],
        )
        .await;
    story.keep("project", &made["id"]);
    story.step("list_projects", owner, "", Value::Null, &[]).await;
    story.step("get_project", owner, "", Value::Null, &[]).await;
    story.step("update_project", owner, "", json!({ "name": "Live" }), &["project.edited"]).await;
    let body = json!({ "type": "cluster", "name": "one", "project": "<project>" });
    let made = story.step("create_resource", owner, "", body.clone(), &["resource.registered"]).await;
    story.keep("resource", &made["id"]);
    let body = json!({ "resources": [{ "type": "cluster", "name": "two" }, { "type": "cluster", "name": "three" }] });
    story.step("register_resources", owner, "", body, &["resource.registered"; 2]).await;
    story.step("list_resources", owner, "", Value::Null, &[]).await;
    story.step("get_resource", owner, "", Value::Null, &[]).await;
    story.step("update_resource", owner, "", json!({ "name": "first" }), &["resource.edited"]).await;
    story.step("delete_resource", owner, "", Value::Null, &["resource.deleted"]).await;
    let scope = json!({ "project": "<project>" });
    for (role, id, by) in
        [("project_read_only", "remove_project_member", owner), ("project_admin", "leave_project", owner)]
    {
        let body = json!({ "principal": "<member>", "role": role, "scope": scope });
        story.step("create_grant", owner, "", body, &["grant.made"]).await;
        story.step(id, by, "", Value::Null, &["grant.revoked"]).await;
    }
    story.step("delete_project", owner, "", Value::Null, &["grant.revoked", "project.deleted"]).await;

    let body = json!({ "name": "Control plane", "roles": ["control_plane"] });
    let made = story
        .step("create_service_account", owner, "", body, &["service_account.created", "grant.made"])
        .await;
    story.keep("service_account", &made["id"]);
    story.step("list_service_accounts", owner, "", Value::Null, &[]).await;
    story.step("get_service_account", owner, "", Value::Null, &[]).await;
    let body = json!({ "description": "Registers clusters." });
    story.step("update_service_account", owner, "", body, &["service_account.edited"]).await;
    let body = json!({ "service_account": "<service_account>", "name": "first" });
    let made = story.step("create_key", owner, "", body, &["key.created"]).await;
    story.keep("key", &made["key"]["id"]);
    story.step("list_keys", owner, "", Value::Null, &[]).await;
    story.step("get_key", owner, "", Value::Null, &[]).await;
    story.step("delete_key", owner, "", Value::Null, &["key.deleted"]).await;
    let body = json!({ "name": "Careful", "text": "forbid(principal, action == Action::\"delete:clusters\", resource);" });
    let made = story.step("create_policy", owner, "", body, &["policy.created"]).await;
    story.keep("policy", &made["id"]);
    story.step("list_policies", owner, "", Value::Null, &[]).await;
    story.step("get_policy", owner, "", Value::Null, &[]).await;
    story.step("check_policy", owner, "", json!({ "text": "permit" }), &[]).await;
    story.step("update_policy", owner, "", json!({ "enabled": false }), &["policy.edited"]).await;
    story.step("delete_policy", owner, "", Value::Null, &["policy.deleted"]).await;
    let gone = ["grant.revoked", "service_account.deleted"];
    story.step("delete_service_account", owner, "", Value::Null, &gone).await;

    story.step("list_events", owner, "limit=1000", Value::Null, &[]).await;
    story.step("export_events", owner, "", Value::Null, &["events.exported"]).await;
}

/// Ownership, and the ways out.
async fn ownership(story: &mut Story, owner: Option<&Person>) {
    let ada = story.world.invite_and_accept("ada@example.com", &["admin"]).await;
    story.ids.insert("heir", ada.id.clone());
    let heir = Some(&ada);
    for (id, by, events) in [
        ("withdraw_ownership", owner, &["ownership.withdrawn"][..]),
        ("decline_ownership", heir, &["ownership.declined"]),
        ("accept_ownership", heir, &["ownership.accepted", "grant.made", "grant.revoked", "grant.made"]),
    ] {
        let made =
            story.step("offer_ownership", owner, "", json!({ "to": "<heir>" }), &["ownership.offered"]).await;
        story.keep("offer", &made["id"]);
        story.step("list_ownership_offers", owner, "", Value::Null, &[]).await;
        story.step(id, by, "", Value::Null, events).await;
    }
    story.step("create_account", owner, "", json!({ "name": "Elsewhere" }), &[]).await;
    let projects = story.step("list_projects", owner, "", Value::Null, &[]).await;
    let project = projects["items"][0]["id"].clone();
    let query = "confirm_email=grace@example.com";
    story.step("remove_member", heir, query, Value::Null, &["member.removed"]).await;
    let grant = json!({ "principal": "<heir>", "role": "project_admin", "scope": { "project": project } });
    story.step("create_grant", heir, "", grant, &["grant.made"]).await;
    let left = ["grant.revoked", "grant.revoked", "member.left"];
    story.step("leave_account", owner, "", Value::Null, &left).await;
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    let again = story.world.post("/sign-in").json(&credentials).send().await.expect(StatusCode::OK);
    let again = Person::of(&again, &ada.email);
    story.step("sign_out", Some(&again), "", Value::Null, &["sign_in.ended"]).await;
    story.step("delete_account", heir, "confirm=Apex", Value::Null, &["account.deleted"]).await;
}
