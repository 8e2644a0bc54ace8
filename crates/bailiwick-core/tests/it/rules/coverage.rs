//! The random sequences come by everything that can be asked.

use std::collections::BTreeSet;

use bailiwick_core::account::Refusal;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::world::{World, steps};
use super::{CATALOGS, LONGEST};

/// A refusal comes without an account, so nothing can change; that it is the same each time shows that `decide` keeps
/// no state of its own. Every command of the language must come up and be accepted, or these properties prove little.
#[test]
fn random_sequences_reach_every_command() {
    // Limits need more than a random sequence makes, three refusals a catalog with other rules, one that the
    // only owner offers ownership to a membership that ends, and one that an external id wanders to where more is granted; the
    // slices' own tests have them.
    const NEVER: usize = 17;
    let mut accepted = BTreeSet::new();
    let mut refused = BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    let is_missing = |accepted: &BTreeSet<&str>| COMMANDS.iter().any(|name| !accepted.contains(name));
    let mut sequences = 0;
    let is_rare = |refused: &BTreeSet<&str>| Refusal::CODES.len() - refused.len() > NEVER;
    while sequences < 60 || ((is_missing(&accepted) || is_rare(&refused)) && sequences < 1_000) {
        sequences += 1;
        for catalog in CATALOGS {
            let steps = steps(LONGEST).new_tree(&mut runner).unwrap().current();
            let mut world = World::with_policies(catalog);
            for step in &steps {
                let Some((actor, command, result)) = world.take(step) else { continue };
                let again = world.given.decide(actor, &command);
                match result {
                    Ok(decided) => {
                        assert_eq!(again.unwrap().events, decided.events);
                        accepted.insert(command.name());
                        world.given.accept(decided);
                    }
                    Err(refusal) => {
                        assert_eq!(again.unwrap_err(), refusal);
                        refused.insert(refusal.code());
                    }
                }
            }
        }
    }
    let missing: Vec<&str> = COMMANDS.iter().copied().filter(|name| !accepted.contains(name)).collect();
    assert_eq!(missing, [""; 0], "never accepted");
    let codes = Refusal::CODES.iter().map(|(code, ..)| *code).filter(|code| !refused.contains(code));
    let never: BTreeSet<&str> = codes.collect();
    assert!(never.len() <= NEVER, "never refused with: {never:?}");
}

const COMMANDS: [&str; 46] = [
    "leave_project",
    "remove_from_project",
    "rename_account",
    "change_settings",
    "delete_account",
    "edit_member",
    "set_member_end",
    "set_member_roles",
    "activate_member",
    "deactivate_member",
    "remove_member",
    "leave",
    "invite",
    "resend_invitation",
    "copy_invitation_link",
    "revoke_invitation",
    "accept_invitation",
    "decline_invitation",
    "create_role",
    "edit_role",
    "delete_role",
    "create_group",
    "edit_group",
    "delete_group",
    "add_to_group",
    "remove_from_group",
    "grant",
    "revoke_grant",
    "create_project",
    "edit_project",
    "delete_project",
    "register_resources",
    "edit_resource",
    "delete_resource",
    "create_service_account",
    "edit_service_account",
    "delete_service_account",
    "create_key",
    "delete_key",
    "create_policy",
    "edit_policy",
    "delete_policy",
    "offer_ownership",
    "withdraw_ownership",
    "accept_ownership",
    "decline_ownership",
];
