//! What the account's administrators set.

use bailiwick_client::wire::{self, Patch, PlanAction};
use bailiwick_core::account::{Command, Settings};

use super::people::step_of;
use super::planner::Planner;
use super::things::change;

impl Planner<'_> {
    pub(super) fn settings(&mut self) {
        let Some(settings) = &self.document.settings else { return };
        let wire::DocumentSettings { invitation_lifetime_seconds, groups_on, ending_notice_seconds } =
            settings;
        let before = self.account().profile().value.settings.clone();
        let seconds = |patch: &Patch<u64>, before| match patch {
            Patch::Keep => before,
            Patch::Clear => None,
            Patch::Set(seconds) => Some(*seconds),
        };
        let mut after = Settings {
            invitation_lifetime_seconds: seconds(
                invitation_lifetime_seconds,
                before.invitation_lifetime_seconds,
            ),
            ending_notice_seconds: seconds(ending_notice_seconds, before.ending_notice_seconds),
            ..before.clone()
        };
        // Where they are on by the catalog, nothing needs to be set for it.
        if let Some(on) = groups_on.filter(|on| *on != self.account().groups_on()) {
            after.groups_on = Some(on);
        }
        let text = |seconds: Option<u64>| seconds.map(|seconds| seconds.to_string());
        let on = |settings: &Settings| settings.groups_on.map(|on| on.to_string());
        let values = [
            (
                "invitation_lifetime_seconds",
                text(before.invitation_lifetime_seconds),
                text(after.invitation_lifetime_seconds),
            ),
            ("groups_on", on(&before), on(&after)),
            ("ending_notice_seconds", text(before.ending_notice_seconds), text(after.ending_notice_seconds)),
        ];
        let changes = values.iter().filter(|(_, before, after)| before != after);
        let changes: Vec<_> = changes
            .map(|(field, before, after)| change(field, before.as_deref(), after.as_deref()))
            .collect();
        let at = match changes.as_slice() {
            [] => return,
            [one] => format!("/settings/{}", one.field),
            _ => "/settings".to_owned(),
        };
        let step = step_of(PlanAction::Change, "settings", "settings".into(), changes, &at);
        self.step(step, &Command::ChangeSettings { settings: after });
    }
}
