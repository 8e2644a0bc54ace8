//! Policies: what they decide, who may write them, and what is wrong with a text.

mod attacks;
mod attacks_at_places;
mod attacks_in_part;
mod attributes;
mod freed_ids;
mod mistakes;
pub mod naive;
mod semantics;

use crate::account::prelude::*;
use bailiwick_core::ids::PolicyId;

impl Given {
    pub fn policy(&mut self, text: &str) -> PolicyId {
        let command = create(&format!("Policy {}", self.account.policy_count()), text);
        match &self.do_it(&command)[..] {
            [Event::PolicyCreated { id, .. }] => *id,
            other => panic!("{other:?}"),
        }
    }
}

pub fn create(called: &str, text: &str) -> Command {
    let policy =
        Policy { name: name(called), description: Description::default(), text: text.into(), enabled: true };
    Command::CreatePolicy { policy }
}

pub fn edit(policy: PolicyId, text: &str) -> Command {
    Command::EditPolicy { policy, name: None, description: None, text: Some(text.into()), enabled: None }
}

pub fn switch(policy: PolicyId, enabled: bool) -> Command {
    Command::EditPolicy { policy, name: None, description: None, text: None, enabled: Some(enabled) }
}

pub fn text(value: &str) -> AttributeValue {
    AttributeValue::String(value.into())
}
