//! Inviting people, being invited, and who is in an account: Q01 to Q08.

use serde_json::json;

use super::{ALAN, GRACE, platform};
use crate::support::{ACCOUNT, OWNER, PASSWORD, text, texts};

#[test]
fn q01_whoever_may_invite_invites_and_the_invited_gets_base() {
    let platform = platform();
    let owner = platform.owner();
    let sent = owner.json(&["invite", GRACE, ALAN]);
    assert_eq!(texts(sent["invitations"].as_array().unwrap(), "status"), ["pending", "pending"]);

    let grace = platform.accept(&owner, GRACE);
    assert_eq!(owner.roles_of(GRACE), ["base"]);

    // Base does not hold the permission to invite.
    let said = grace.refused(&["invite", "eve@example.com"]);
    assert!(said.contains("write:invites"), "{said}");
    assert_eq!(owner.items(&["member", "list", "--q", "eve"]).len(), 0);

    // Whoever holds it invites, without being the owner or an admin.
    owner.json(&["role", "create", "Recruiter", "--permission", "write:invites"]);
    owner.json(&["member", "add-role", GRACE, "Recruiter"]);
    platform.join(&grace, "eve@example.com", &[]);
    assert_eq!(owner.roles_of("eve@example.com"), ["base"]);
}

#[test]
fn q02_roles_at_invite_time_come_with_base_on_acceptance() {
    let platform = platform();
    let owner = platform.owner();
    owner.json(&["role", "create", "Cluster reader", "--permission", "read:clusters"]);
    owner.json(&["invite", GRACE, "--role", "admin", "--role", "Cluster reader"]);
    // Nothing is hers before she accepts.
    assert_eq!(owner.run(&["check", GRACE, "read:clusters", "account"]).code, 1);
    platform.accept(&owner, GRACE);
    assert_eq!(owner.run(&["check", GRACE, "read:clusters", "account"]).code, 0);
    let roles = owner.roles_of(GRACE);
    assert_eq!(roles.len(), 3, "{roles:?}");
    assert!(roles.contains(&"admin".to_owned()) && roles.contains(&"base".to_owned()), "{roles:?}");
}

#[test]
fn q03_inviting_from_a_role_chooses_it() {
    let platform = platform();
    let owner = platform.owner();
    let sent = owner.json(&["role", "invite", "admin", GRACE]);
    assert_eq!(sent["invitations"][0]["grants"][0]["role"], "admin", "{sent}");
    platform.accept(&owner, GRACE);
    assert_eq!(owner.roles_of(GRACE), ["admin", "base"]);
}

#[test]
fn q04_base_signs_in_and_sees_the_own_profile_and_nothing_else() {
    let platform = platform();
    let owner = platform.owner();
    let grace = platform.join(&owner, GRACE, &[]);
    assert_eq!(text(&grace.json(&["whoami"]), "email"), GRACE);
    let access = grace.json(&["access", "effective"]);
    assert_eq!(access["at"][0]["permissions"], json!(["read:profile"]), "{access}");
    grace.refused(&["account", "rename", "Mine"]);
    grace.refused(&["role", "create", "Mine alone", "--permission", "read:profile"]);
    for noun in [
        "member",
        "invitation",
        "role",
        "group",
        "grant",
        "project",
        "service-account",
        "key",
        "audit",
        "delivery",
    ] {
        let said = grace.refused(&[noun, "list"]);
        assert!(said.contains("read:"), "{noun}: {said}");
    }
    owner.json(&["resource", "register", "cluster", "eu"]);
    assert_eq!(grace.items(&["resource", "list"]).len(), 0);
    for refused in [
        &["account", "show"][..],
        &["access", "effective", OWNER],
        &["check", OWNER, "read:clusters", "account"],
        &["member", "remove", OWNER, "--confirm-email", OWNER],
    ] {
        grace.refused(refused);
    }
}

#[test]
fn q05_an_invitation_is_cancelled_before_acceptance_only() {
    let platform = platform();
    let owner = platform.owner();
    owner.json(&["invite", GRACE]);
    let link = owner.json(&["invitation", "link", GRACE]);
    assert_eq!(text(&owner.json(&["invitation", "revoke", GRACE]), "status"), "revoked");
    assert_eq!(owner.items(&["member", "list", "--q", "grace"]).len(), 0);

    // Its link works no more.
    let accept =
        ["invitation", "accept", "--link", text(&link, "link"), "--name", "Grace", "--password-stdin"];
    platform.stranger().types(&accept, PASSWORD).refused(1);

    let sent = owner.json(&["role", "invite", "admin", GRACE]);
    let id = text(&sent["invitations"][0], "id").to_owned();
    platform.accept(&owner, GRACE);
    owner.refused(&["invitation", "revoke", &id]);
    assert_eq!(owner.roles_of(GRACE), ["admin", "base"]);
}

#[test]
fn q06_the_invited_see_their_invitations_and_answer_their_own() {
    let platform = platform();
    let owner = platform.owner();
    let grace = platform.join_by_mail(&owner, GRACE, &[]);
    let alan = platform.join_by_mail(&owner, ALAN, &[]);
    // Eve was handed a copied link, which does not say that the address is hers.
    let eve = platform.join(&owner, "eve@example.com", &[]);
    for name in ["Second", "Third"] {
        let account = owner.json(&["account", "create", name]);
        owner.json(&["invite", GRACE, "eve@example.com", "--account", text(&account, "id")]);
    }
    let mine = grace.items(&["invitation", "mine"]);
    let mut accounts: Vec<&str> = mine.iter().map(|one| text(&one["account"], "name")).collect();
    accounts.sort_unstable();
    assert_eq!(accounts, ["Second", "Third"]);

    // They are nobody else's to see or to answer: neither by id nor, signed in as somebody else, by link.
    let id_of = |name: &str| text(mine.iter().find(|one| one["account"]["name"] == name).unwrap(), "id");
    assert_eq!(alan.items(&["invitation", "mine"]).len(), 0);
    alan.refused(&["invitation", "accept", id_of("Second")]);
    alan.refused(&["invitation", "decline", id_of("Second")]);
    let link = owner.json(&["invitation", "link", GRACE, "--account", "Second"]);
    let accept = ["invitation", "accept", "--link", text(&link, "link"), "--password-stdin"];
    alan.types(&accept, "another long password").refused(1);

    // Nor are hers Eve's, whose email nobody has confirmed.
    let unconfirmed = eve.run(&["invitation", "mine"]);
    assert_eq!((unconfirmed.code, unconfirmed.stdout.as_str()), (0, ""), "{unconfirmed:?}");
    assert!(unconfirmed.stderr.contains("your email is not confirmed"), "{unconfirmed:?}");

    grace.json(&["invitation", "accept", id_of("Second")]);
    grace.json(&["invitation", "decline", id_of("Third")]);
    assert_eq!(grace.items(&["invitation", "mine"]).len(), 0);
    let listed = grace.items(&["account", "list"]);
    let mut listed = texts(&listed, "name");
    listed.sort_unstable();
    assert_eq!(listed, [ACCOUNT, "Second"]);
    for (account, status) in [("Second", "accepted"), ("Third", "declined")] {
        let sent = owner.items(&["invitation", "list", "--q", GRACE, "--account", account]);
        assert_eq!(texts(&sent, "status"), [status]);
    }
}

#[test]
fn q07_roles_are_added_and_removed_and_their_union_counts() {
    let platform = platform();
    let owner = platform.owner();
    let grace = platform.join(&owner, GRACE, &[]);
    owner.json(&["role", "create", "Cluster reader", "--permission", "read:clusters"]);
    owner.json(&["role", "create", "Backup reader", "--permission", "read:backups"]);
    owner.json(&["member", "add-role", GRACE, "Cluster reader", "Backup reader"]);
    assert_eq!(owner.roles_of(GRACE).len(), 3);
    for action in ["read:clusters", "read:backups", "read:profile"] {
        assert_eq!(owner.run(&["check", GRACE, action, "account"]).code, 0, "{action}");
    }
    owner.json(&["member", "remove-role", GRACE, "Cluster reader"]);
    assert_eq!(owner.run(&["check", GRACE, "read:clusters", "account"]).code, 1);
    assert_eq!(owner.run(&["check", GRACE, "read:backups", "account"]).code, 0);

    // A role that is not held cannot be taken away.
    owner.refused(&["member", "remove-role", GRACE, "Cluster reader"]);
    // Nobody gives roles to themselves.
    grace.refused(&["member", "add-role", GRACE, "admin"]);
    assert_eq!(owner.run(&["check", GRACE, "write:roles", "account"]).code, 1);
}

#[test]
fn q08_members_are_removed_and_pending_people_cancelled() {
    let platform = platform();
    let owner = platform.owner();
    owner.json(&["invite", GRACE]);
    let said = owner.refused(&["member", "remove", GRACE, "--confirm-email", GRACE]);
    assert!(said.contains("invit"), "{said}");

    let grace = platform.accept(&owner, GRACE);
    owner.json(&["member", "remove", GRACE, "--confirm-email", GRACE]);
    assert_eq!(texts(&owner.items(&["member", "list"]), "email"), [OWNER]);

    // It acts at once: her session has ended, and a new one leads nowhere.
    grace.refused(&["account", "list"]);
    assert_eq!(grace.types(&["login", GRACE, "--password-stdin"], PASSWORD).code, 0);
    assert_eq!(grace.items(&["account", "list"]).len(), 0);
}
