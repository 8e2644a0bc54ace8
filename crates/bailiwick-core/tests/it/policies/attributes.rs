//! Attributes: what the catalog takes, where they are kept and when they go.

use super::text;
use crate::account::prelude::*;

fn edit(user: UserId, name: &str, value: Option<AttributeValue>) -> Command {
    Command::EditMember { user, external_id: Patch::Keep, attributes: [(name.into(), value)].into() }
}

#[test]
fn values_are_of_the_type_that_the_catalog_says() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let long = "x".repeat(limits::ATTRIBUTE_CHARACTERS + 1);
    let many = vec!["x".into(); limits::ATTRIBUTE_LIST + 1];
    for (name, value) in [
        ("department", AttributeValue::Number(1)),
        ("department", text(&long)),
        ("department", text("a\nb")),
        ("clearance", text("1")),
        ("contractor", text("true")),
        ("regions", text("eu")),
        ("regions", AttributeValue::List(many)),
    ] {
        let refusal = given.refused(given.owner, &edit(user, name, Some(value.clone())));
        assert_eq!(refusal.code(), "wrong_attribute", "{name} {value:?}");
    }
    let unknown = given.refused(given.owner, &edit(user, "environment", Some(text("x"))));
    assert_eq!(unknown.code(), "unknown_attribute");
    let cluster = given.resource("cluster", None, None);
    let describe = |value: &str| Command::EditResource {
        resource: cluster,
        name: None,
        external_id: Patch::Keep,
        url: Patch::Keep,
        attributes: [("environment".into(), Some(text(value)))].into(),
    };
    assert_eq!(given.refused(given.owner, &describe("prod")).code(), "wrong_attribute");
    given.do_it(&describe("production"));
}

#[test]
fn attributes_are_set_changed_taken_away_and_go_with_the_member() {
    let mut given = Given::new("bailiwick");
    let user = given.member(&[]);
    let of = |given: &Given| given.account.member_attributes(user).cloned().unwrap_or_default();
    given.do_it(&edit(user, "department", Some(text("research"))));
    given.do_it(&edit(user, "clearance", Some(AttributeValue::Number(2))));
    assert_eq!(of(&given).len(), 2);
    assert_eq!(
        given.refused(given.owner, &edit(user, "clearance", Some(AttributeValue::Number(2)))),
        Refusal::Nothing
    );
    given.do_it(&edit(user, "clearance", None));
    assert_eq!(of(&given).get("department"), Some(&text("research")));
    let events = given.do_it(&Command::RemoveMember { user });
    let gone =
        |event: &Event| matches!(event, Event::MemberAttributesChanged { after, .. } if after.is_empty());
    assert!(events.iter().any(gone));
    assert!(given.account.member_attributes(user).is_none());
}

#[test]
fn attributes_of_an_invitation_land_on_the_member() {
    let mut given = Given::new("bailiwick");
    let (user, invitation) = (given.id(), given.id());
    let attributes: Attributes = [("department".into(), text("research"))].into_iter().collect();
    let people = vec![Invitee { user, invitation }];
    given.do_it(&Command::Invite {
        people,
        grants: vec![],
        groups: vec![],
        member_until: None,
        attributes: attributes.clone(),
    });
    assert!(given.account.member_attributes(user).is_none());
    given.when(user, &Command::AcceptInvitation { invitation }).unwrap();
    assert_eq!(given.account.member_attributes(user), Some(&attributes));
    // Who is in already gets them at once.
    let again = given.id();
    let changed: Attributes = [("department".into(), text("operations"))].into_iter().collect();
    let people = vec![Invitee { user, invitation: again }];
    given.do_it(&Command::Invite {
        people,
        grants: vec![],
        groups: vec![],
        member_until: None,
        attributes: changed.clone(),
    });
    assert_eq!(given.account.member_attributes(user), Some(&changed));
}
