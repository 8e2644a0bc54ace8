//! The past across changes of catalog: answers are those of then, by the words of then.

use axum::http::{Method, StatusCode};
use bailiwick_core::account::Renames;
use bailiwick_core::catalog::Catalog;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::World;

const EXAMPLE: &str = include_str!("../../../../examples/managed-postgresql.toml");

/// The example with policies, which it does without.
fn with_policies() -> String {
    let operations = ["read", "write", "delete"].map(|verb| format!("{verb}_policies = \"write:team\"\n"));
    let text = EXAMPLE.replace("custom_roles = true", "custom_roles = true\npolicies = true");
    text.replace("[operations]\n", &format!("[operations]\n{}", operations.concat()))
}

/// Two roles, a permission, a resource type that has others below it and a group are called otherwise.
fn renamed(text: &str) -> String {
    text.replace("name = \"dba\"", "name = \"administrator\"")
        .replace("project_creator = \"dba\"", "project_creator = \"administrator\"")
        .replace("name = \"developer\"", "name = \"engineer\"")
        .replace("connect:databases", "use:databases")
        .replace("\"instance\"", "\"server\"")
        .replace("instance.url", "server.url")
        .replace("name = \"on_call\"", "name = \"duty\"")
}

fn renames() -> Renames {
    let names =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(old, new)| ((*old).into(), (*new).into())).collect();
    Renames {
        roles: names(&[("dba", "administrator"), ("developer", "engineer")]),
        permissions: names(&[("connect:databases", "use:databases")]),
        resource_types: names(&[("instance", "server")]),
        groups: names(&[("on_call", "duty")]),
    }
}

struct Story {
    world: World,
    grace: String,
}

/// Grace develops on all instances and administers a project; a policy keeps her from one database.
async fn story() -> Story {
    let text = with_policies();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &text).unwrap();
    let mut world = World::new(file.path().to_str().unwrap()).await;
    assert!(world.restart_under(&text).await.is_empty());
    let post = async |path: &str, body: Value| {
        world.post(path).by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED).json()
    };
    post("~/projects", json!({ "name": "Shop", "external_id": "shop" })).await;
    let main = json!({ "type": "instance", "name": "main", "external_id": "main", "project": "shop" });
    post("~/resources", main).await;
    // Reached by the role on all of the type alone.
    post("~/resources", json!({ "type": "instance", "name": "lone", "external_id": "lone" })).await;
    let database =
        |name: &str| json!({ "type": "database", "name": name, "external_id": name, "parent": "main" });
    post("~/resources", database("orders")).await;
    let secret = post("~/resources", database("secret")).await["id"].as_str().unwrap().to_owned();
    let grace = world.invite_and_accept("grace@example.com", &[]).await.id;
    for (role, scope) in
        [("developer", json!({ "all_of": { "type": "instance" } })), ("dba", json!({ "project": "shop" }))]
    {
        post("~/grants", json!({ "principal": grace, "role": role, "scope": scope })).await;
    }
    let role = json!({ "name": "Connector", "level": "account", "permissions": ["connect:databases"] });
    post("~/roles", role).await;
    world.invite("eve@example.com", &[]).await;
    let text = format!(
        "forbid (principal, action == Action::\"connect:databases\", resource == Database::\"{secret}\");\n\
         permit (principal == User::\"{grace}\", action == Action::\"delete:instances\", resource is Instance);"
    );
    post("~/policies", json!({ "name": "Secrets", "text": text })).await;
    world.advance(SignedDuration::from_mins(10));
    Story { world, grace }
}

impl Story {
    /// Many questions in the words of a catalog, with their answers.
    async fn answers(&self, as_of: &str, connect: &str, instance: &str) -> Vec<(String, Value)> {
        let (world, grace) = (&self.world, &self.grace);
        let mut asked = Vec::new();
        for path in [
            "~/members?",
            "~/groups?",
            "~/roles?",
            "~/projects?",
            "~/resources?",
            "~/grants?",
            "~/policies?",
            "~/invitations?",
            "~/resources/main?",
            "~/settings?",
            "~/access:export?",
            &format!("~/grants?principal={grace}&"),
            &format!("~/access:effective?principal={grace}&"),
            &format!("~/access:who-can?action={connect}&resource_type=database&resource_id=orders&"),
            &format!("~/access:who-can?action=delete:instances&resource_type={instance}&resource_id=main&"),
            &format!("~/access:what-can?action={connect}&resource_type=database&principal={grace}&"),
            &format!("~/access:what-can?action=read:instances&resource_type={instance}&principal={grace}&"),
        ] {
            asked.push((Method::GET, path.to_owned(), Value::Null));
        }
        for (action, of, id) in [
            (connect, "database", "orders"),
            (connect, "database", "secret"),
            ("write:databases", "database", "orders"),
            ("read:metrics", instance, "main"),
            ("read:metrics", instance, "lone"),
            ("delete:instances", instance, "main"),
        ] {
            let question =
                json!({ "principal": grace, "action": action, "resource": { "type": of, "id": id } });
            for path in ["~/access:check?", "~/access:explain?"] {
                asked.push((Method::POST, path.to_owned(), question.clone()));
            }
        }
        let mut answers = Vec::new();
        for (method, path, body) in asked {
            let ask = world.ask(method, &format!("{path}{as_of}")).by(&world.owner);
            let ask = if body.is_null() { ask } else { ask.json(&body) };
            let reply = ask.send().await;
            assert_eq!(reply.status, StatusCode::OK, "{path}{as_of}: {}", reply.text);
            answers.push((format!("{path}{body}"), reply.json()));
        }
        answers
    }

    fn now(&self) -> Timestamp {
        self.world.service.now()
    }

    async fn revision(&self) -> u64 {
        self.world.state().await.revision().0
    }

    async fn check(&self, action: &str, database: &str, as_of: &str) -> bool {
        let question = json!({
            "principal": self.grace, "action": action, "resource": { "type": "database", "id": database },
        });
        let path = format!("~/access:check?{as_of}");
        let reply = self.world.post(&path).by(&self.world.owner).json(&question).send().await;
        reply.expect(StatusCode::OK).json()["allowed"].as_bool().unwrap()
    }

    /// So much that the beginning is nearer to what was before than the present is.
    async fn much_happens(&self) {
        for number in 0..self.revision().await + 2 {
            let body = json!({ "name": format!("Group {number}") });
            let made = self.world.post("~/groups").by(&self.world.owner).json(&body).send().await;
            made.expect(StatusCode::CREATED);
        }
    }
}

fn assert_same(then: &[(String, Value)], now: &[(String, Value)], what: &str) {
    for ((question, expected), (_, found)) in then.iter().zip(now) {
        assert_eq!(found, expected, "{what}: {question}");
    }
}

#[tokio::test]
async fn what_a_role_holds_is_what_it_held_then() {
    let mut story = story().await;
    let (then, revision) = (story.now(), story.revision().await);
    let before = story.answers("", "connect:databases", "instance").await;
    assert!(story.check("connect:databases", "orders", "").await);
    assert!(!story.check("connect:databases", "secret", "").await, "the policy");
    let read = "\"read:instances\", \"read:metrics\"]";
    let more = with_policies().replace(
        &format!("permissions = [\"connect:databases\", {read}"),
        &format!("permissions = [\"connect:databases\", \"write:backups\", {read}"),
    );
    let less = more.replace("\"*:databases\", ", "\"read:databases\", ");
    assert!(less != more && more != with_policies());
    story.world.advance(SignedDuration::from_mins(10));
    assert!(story.check("write:databases", "orders", "").await);
    assert!(story.world.restart_under(&less).await.is_empty());
    assert!(!story.check("write:databases", "orders", "").await);
    story.world.advance(SignedDuration::from_mins(10));
    // Nothing was written since the catalog changed: the revision is the same, the moment is not.
    let later = story.now();
    for _ in 0..2 {
        assert!(story.check("write:databases", "orders", &format!("as_of={then}")).await);
        assert!(!story.check("write:databases", "orders", &format!("as_of={later}")).await);
    }
    story.much_happens().await;
    for as_of in [format!("as_of={then}"), format!("as_of={revision}")] {
        assert_same(&before, &story.answers(&as_of, "connect:databases", "instance").await, &as_of);
    }
}

#[tokio::test]
async fn policies_count_however_the_past_is_reached() {
    let mut story = story().await;
    let (revision, before) =
        (story.revision().await, story.answers("", "connect:databases", "instance").await);
    let as_of = format!("as_of={revision}");
    assert_same(&before, &story.answers(&as_of, "connect:databases", "instance").await, "undone");
    story.much_happens().await;
    story.world.restart().await;
    assert_same(&before, &story.answers(&as_of, "connect:databases", "instance").await, "replayed");
}

#[tokio::test]
async fn what_is_called_otherwise_now_answers_by_its_name_of_then() {
    let mut story = story().await;
    let (then, revision) = (story.now(), story.revision().await);
    let before = story.answers("", "connect:databases", "instance").await;
    story.world.advance(SignedDuration::from_mins(10));
    let text = renamed(&with_policies());
    let next = Catalog::parse("next.toml", &text).unwrap();
    let done = story.world.service.migrate_catalog(&renames(), &next, &text).await.unwrap().unwrap();
    assert_eq!(done.accounts, 1);
    assert!(story.world.restart_under(&text).await.is_empty());
    let after = story.answers("", "use:databases", "server").await;
    let migrated = story.revision().await;
    assert!(story.check("use:databases", "orders", "").await);
    assert!(!story.check("use:databases", "secret", "").await, "the policy goes on to forbid");
    let right_after = format!("as_of={}", story.now());
    story.world.advance(SignedDuration::from_mins(10));
    let now = [format!("as_of={migrated}"), right_after];
    for as_of in &now {
        assert_same(&after, &story.answers(as_of, "use:databases", "server").await, as_of);
    }
    story.much_happens().await;
    // What was put together before is not at hand.
    story.world.restart().await;
    for as_of in &now {
        assert_same(&after, &story.answers(as_of, "use:databases", "server").await, "from the first event");
    }
    for as_of in [format!("as_of={then}"), format!("as_of={revision}")] {
        assert_same(&before, &story.answers(&as_of, "connect:databases", "instance").await, &as_of);
    }
}

#[tokio::test]
async fn a_policy_that_would_mean_nothing_keeps_a_catalog_from_being_served() {
    let mut story = story().await;
    let before = story.revision().await;
    let renamed = with_policies().replace("connect:databases", "use:databases");
    let found = story.world.restart_under(&renamed).await.to_string();
    assert!(found.contains("the policy Secrets (pol_"), "{found}");
    assert!(found.contains("does not fit: line 1, column "), "{found}");
    let none = with_policies().replace("policies = true\n", "");
    let found = story.world.restart_under(&none).await.to_string();
    assert!(found.contains("is enabled, and there are no policies now"), "{found}");
    assert_eq!(story.revision().await, before);
    assert!(story.world.restart_under(&with_policies()).await.is_empty());
    assert!(!story.check("connect:databases", "secret", "").await);
}

#[tokio::test]
async fn a_policy_that_would_name_something_else_by_a_verb_is_in_the_way() {
    let old = with_policies();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &old).unwrap();
    let mut world = World::new(file.path().to_str().unwrap()).await;
    assert!(world.restart_under(&old).await.is_empty());
    let policy = async |world: &World, name: &str, verb: &str| {
        let text = format!("forbid (principal is User, action in Action::\"{verb}\", resource);");
        let body = json!({ "name": name, "text": text });
        world.post("~/policies").by(&world.owner).json(&body).send().await.expect(StatusCode::CREATED);
    };
    policy(&world, "Quiet", "delete").await;
    // A permission of which nobody's role speaks gets another verb, and an unseen forbid another meaning.
    let next = old.replace("\"read:metrics\"", "\"observe:metrics\"");
    assert_ne!(next, old);
    policy(&world, "Blind", "read").await;
    let found = world.restart_under(&next).await;
    assert_eq!(found.accounts, 1, "{found}");
    let told = found.to_string();
    assert!(told.contains("the policy Blind") && told.contains("`read:metrics`"), "{told}");
    assert!(!told.contains("Quiet"), "{told}");
    // Refused, it changed nothing; what is only new or only gone is let in.
    assert!(world.restart_under(&old).await.is_empty());
}
