//! The account itself: its name, its settings, its end.

use super::decide::Decision;
use super::{Event, Refusal, Scope, Settings};
use crate::catalog::{Lifetime, Operation};
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
        self.events.push(Event::SettingsChanged { before, after: settings.clone() });
        Ok(())
    }

    pub(super) fn delete_account(&mut self) -> Result<(), Refusal> {
        self.require(Operation::DeleteAccount, &Scope::Account)?;
        self.person()?;
        self.events.push(Event::AccountDeleted { at: self.now });
        Ok(())
    }
}
