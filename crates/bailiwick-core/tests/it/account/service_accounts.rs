//! Service accounts and their management keys.

use super::prelude::*;

fn create(text: &str, external_id: Option<&str>, grants: &[RoleAtScope]) -> Command {
    Command::CreateServiceAccount {
        name: name(text),
        description: described("A machine"),
        external_id: external_id.map(external),
        grants: grants.to_vec(),
    }
}

fn edit(service_account: ServiceAccountId, text: &str, external_id: Patch<ExternalId>) -> Command {
    Command::EditServiceAccount {
        service_account,
        name: Some(name(text)),
        description: None,
        external_id,
        may_assert: None,
    }
}

fn stored(given: &Given, id: ServiceAccountId) -> ServiceAccount {
    given.account.service_account(id).unwrap().value.clone()
}

#[test]
fn a_service_account_is_created_with_its_grants() {
    let mut given = Given::new("bailiwick");
    let id: ServiceAccountId = given.upcoming(1);
    let service_account = ServiceAccount {
        name: name("Machine"),
        description: described("A machine"),
        external_id: Some(external("machine")),
        may_assert: vec![],
    };
    let made = given.made(Principal::ServiceAccount(id), at_account("auditor"));
    let wanted = [
        Event::ServiceAccountCreated { id, service_account },
        Event::GrantMade { id: given.upcoming(2), grant: made },
    ];
    let twice = [at_account("auditor"), at_account("auditor")];
    assert_eq!(given.do_it(&create("Machine", Some("machine"), &twice)), wanted);
    assert_eq!(given.account.find_service_account("machine"), Some(id));
}

#[test]
fn creating_and_editing_are_refused() {
    let mut given = Given::new("bailiwick");
    given.do_it(&create("Machine", Some("machine"), &[]));
    let id = given.service_account("Other", &[]);
    let (owner, nobody) = (given.owner, given.member(&[]));
    let clerk = given.member_who_may(&["write:management_keys"]);
    assert_eq!(given.refused(nobody, &create("New", None, &[])), denied("write:management_keys"));
    assert_eq!(given.refused(nobody, &edit(id, "New", Patch::Keep)), denied("write:management_keys"));
    assert_eq!(given.refused(owner, &create("MACHINE", None, &[])), taken("name", "machine"));
    assert_eq!(given.refused(owner, &edit(id, "machine", Patch::Keep)), taken("name", "machine"));
    assert_eq!(given.refused(owner, &create("New", Some("machine"), &[])), taken("external id", "machine"));
    let named = edit(id, "Other", Patch::Set(external("machine")));
    assert_eq!(given.refused(owner, &named), taken("external id", "machine"));
    assert_eq!(
        given.refused(owner, &edit(given.upcoming(1), "New", Patch::Keep)),
        unknown("service account")
    );
    assert_eq!(given.refused(clerk, &create("New", None, &[at_account("viewer")])), denied("write:roles"));
    assert_eq!(given.refused(owner, &create("New", None, &[at_account("nothing")])), unknown("role"));
    let many = vec![at_account("viewer"); limits::GRANTS_PER_COMMAND + 1];
    assert_eq!(given.refused(owner, &create("New", None, &many)), too_many("roles in one request", 50));
    given.when(clerk, &create("New", None, &[])).unwrap();
}

#[test]
fn a_service_account_is_edited() {
    let mut given = Given::new("bailiwick");
    let id = given.service_account("Machine", &[]);
    let before = stored(&given, id);
    let after = ServiceAccount { name: name("MACHINE"), external_id: Some(external("m")), ..before.clone() };
    let command = edit(id, "MACHINE", Patch::Set(external("m")));
    assert_eq!(given.do_it(&command), [Event::ServiceAccountEdited { id, before, after }]);
    assert_eq!(given.refused(given.owner, &command), Refusal::Nothing);
}

#[test]
fn deleting_a_service_account_ends_its_keys_and_grants() {
    let mut given = Given::new("bailiwick");
    let id = given.service_account("Machine", &[at_account("auditor")]);
    let key = given.key(id);
    let grant = given.grant_of(Principal::ServiceAccount(id), &built_in("auditor")).unwrap();
    let nobody = given.member(&[]);
    let delete = Command::DeleteServiceAccount { service_account: id };
    assert_eq!(given.refused(nobody, &delete), denied("delete:management_keys"));
    let reason = EndReason::SubjectGone;
    let wanted = [
        given.key_deleted(key, reason),
        given.revoked(grant, reason),
        Event::ServiceAccountDeleted { id, service_account: stored(&given, id) },
    ];
    assert_eq!(given.do_it(&delete), wanted);
    assert_eq!(given.refused(given.owner, &delete), unknown("service account"));
    assert_eq!(given.refused_by(Actor::ServiceAccount { id, key }, &Command::Leave), unknown("account"));
}

#[test]
fn q15_a_management_key_is_made_and_deleted() {
    let mut given = Given::new("bailiwick");
    let id = given.service_account("Machine", &[]);
    let end = given.later(3_600);
    let command = given.create_key(id, Some(end));
    let Command::CreateKey { key: key_id, .. } = command else { unreachable!() };
    let key = Key {
        holder: KeyHolder::ServiceAccount(id),
        name: name("Key"),
        secret_hash: SecretHash([7; 32]),
        expires_at: Some(end),
        made_by: ActorRef::User(given.owner),
        made_at: given.now,
        told: false,
    };
    assert_eq!(given.do_it(&command), [Event::KeyCreated { id: key_id, key }]);
    assert_eq!(given.refused(given.owner, &command), taken("id", &key_id.to_string()));
    let delete = Command::DeleteKey { key: key_id };
    let nobody = given.member(&[]);
    assert_eq!(given.refused(nobody, &delete), denied("delete:management_keys"));
    let deleted = given.key_deleted(key_id, EndReason::Asked);
    assert_eq!(given.do_it(&delete), [deleted]);
    assert_eq!(given.refused(given.owner, &delete), unknown("management key"));
}

#[test]
fn a_key_that_ends_makes_none_that_lasts_longer() {
    let mut given = Given::new("bailiwick");
    let id = given.service_account("Machine", &[at_account("admin")]);
    let end = given.later(3_600);
    let command = given.create_key(id, Some(end));
    let Command::CreateKey { key, .. } = command else { unreachable!() };
    given.do_it(&command);
    let machine = Actor::ServiceAccount { id, key };
    for longer in [None, Some(given.later(3_601))] {
        let command = given.create_key(id, longer);
        assert_eq!(given.refused_by(machine, &command), Refusal::KeyOutlasts { until: end });
    }
    let command = given.create_key(id, Some(end));
    given.by(machine, &command).unwrap();
}

#[test]
fn making_a_key_is_refused() {
    let mut given = Given::new("bailiwick");
    let strong = given.service_account("Machine", &[at_account("billing")]);
    let clerk = given.member_who_may(&["write:management_keys"]);
    let nobody = given.member(&[]);
    let missing = given.id();
    let command = given.create_key(strong, None);
    assert_eq!(given.refused(nobody, &command), denied("write:management_keys"));
    let more = ["read:payment_information", "write:payment_information", "read:account"];
    assert_eq!(given.refused(clerk, &command), escalation(&more, Scope::Account));
    let nowhere = given.create_key(missing, None);
    assert_eq!(given.refused(given.owner, &nowhere), unknown("service account"));
    let past = given.create_key(strong, Some(given.now));
    assert_eq!(given.refused(given.owner, &past), Refusal::Past { field: "expires_at", at: given.now });
    for _ in 0..limits::KEYS_PER_SERVICE_ACCOUNT {
        given.key(strong);
    }
    let more = given.create_key(strong, None);
    let limit = too_many("management keys of one service account", limits::KEYS_PER_SERVICE_ACCOUNT);
    assert_eq!(given.refused(given.owner, &more), limit);
}
