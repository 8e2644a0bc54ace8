//! The account itself: its name, its settings, its end.

use super::decide::Decision;
use super::giver::Grantee;
use super::{Account, Event, Principal, Refusal, Scope, Settings};
use crate::catalog::{Lifetime, Operation};
use crate::limits;
use crate::values::Name;

impl Decision<'_> {
    pub(super) fn rename_account(&mut self, name: &Name) -> Result<(), Refusal> {
        self.require(Operation::WriteAccount, &Scope::Account)?;
        let before = self.account.profile.value.name.clone();
        if before == *name {
            return Err(Refusal::Nothing);
        }
        self.events.push(Event::AccountRenamed { before, after: name.clone() });
        Ok(())
    }

    pub(super) fn change_settings(&mut self, settings: &Settings) -> Result<(), Refusal> {
        self.require(Operation::WriteAccount, &Scope::Account)?;
        let before = self.account.profile.value.settings.clone();
        if before == *settings {
            return Err(Refusal::Nothing);
        }
        if let Some(seconds) = settings.invitation_lifetime_seconds {
            let (least, most) = match self.account.catalog.rules.invitation_lifetime {
                Lifetime::Forever => (0, 0),
                Lifetime::Limited { shortest, longest, .. } => (shortest.as_secs(), longest.as_secs()),
            };
            if !(least..=most).contains(&seconds) || most == 0 {
                return Err(Refusal::SettingOutOfRange { field: "invitation_lifetime_seconds", least, most });
            }
        }
        if let Some(seconds) = settings.ending_notice_seconds
            && seconds > limits::ENDING_NOTICE_SECONDS_MOST
        {
            let (field, most) = ("ending_notice_seconds", limits::ENDING_NOTICE_SECONDS_MOST);
            return Err(Refusal::SettingOutOfRange { field, least: 0, most });
        }
        let (were_on, are_on) = (self.account.groups_on(), self.account.groups_on_with(settings));
        if were_on && !are_on {
            return Err(Refusal::GroupsStayOn);
        }
        self.events.push(Event::SettingsChanged { before, after: settings.clone() });
        if are_on && !were_on {
            self.join_existing_members()?;
        }
        Ok(())
    }

    /// Whoever is in the account when its groups are switched on joins the group that the catalog names for them.
    fn join_existing_members(&mut self) -> Result<(), Refusal> {
        let account = self.account;
        let rule = account.catalog.rules.groups;
        let named = rule.existing_members_join.and_then(|at| account.catalog.groups.get(at));
        // An account may have deleted the group or called it by another external id: then nobody joins anything.
        let Some(group) = named.and_then(|group| account.find_group(&group.name)) else { return Ok(()) };
        // Rule 1: they gain all that the group was granted.
        self.giver.covers_joining(group, None, &Grantee::of(account, Principal::Group(group)))?;
        let joining = account.members_after(None).map(|(user, _)| user);
        let joining = joining.filter(|user| !account.is_in_group(group, Principal::Member(*user)));
        self.events
            .extend(joining.map(|user| Event::GroupMemberAdded { group, member: Principal::Member(user) }));
        Ok(())
    }

    pub(super) fn delete_account(&mut self) -> Result<(), Refusal> {
        self.require(Operation::DeleteAccount, &Scope::Account)?;
        self.person()?;
        self.events.push(Event::AccountDeleted { at: self.now });
        Ok(())
    }
}

impl Account {
    /// Whether people are put into groups here. Where they are not yet, groups and their members stay as they are.
    pub fn groups_on(&self) -> bool {
        self.groups_on_with(&self.profile.value.settings)
    }

    fn groups_on_with(&self, settings: &Settings) -> bool {
        settings.groups_on.unwrap_or(!self.catalog.rules.groups.off_at_start)
    }
}
