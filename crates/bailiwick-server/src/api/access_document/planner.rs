//! From a document to commands: each section is compared with a draft of the account, and what is missing is done on it.
//!
//! Pure: people have been looked up before. A step that is refused does not end the planning, so that everything that is
//! wrong is told at once; what only fails because of it is not told again.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_client::wire;
use bailiwick_core::access::Circumstances;
use bailiwick_core::account::{Account, Actor, Command, Decided, Draft, Principal, Refusal, RoleRef};
use bailiwick_core::ids::{GrantId, GroupId, PolicyId, ProjectId, RoleId, ServiceAccountId, UserId};
use bailiwick_core::values::{InvalidText, folded};
use jiff::Timestamp;
use smol_str::SmolStr;
use uuid::Uuid;

use super::plan::{Note, Plan, Step, Words};
use crate::service::{DocumentProblem, Error, Invitees, People};

/// How many steps one document may come to.
pub const STEPS_MAX: usize = 10_000;
/// How many things that are wrong are told at once.
const PROBLEMS_MAX: usize = 100;

/// What something that is named in a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Project,
    Role,
    Group,
    ServiceAccount,
}

impl Kind {
    /// What messages call it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Role => "role",
            Self::Group => "group",
            Self::ServiceAccount => "service account",
        }
    }

    /// What steps call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServiceAccount => "service_account",
            other => other.noun(),
        }
    }
}

/// What the document names of what is there in the end; the rest is what pruning takes away.
#[derive(Debug, Default)]
pub struct Named {
    pub projects: BTreeSet<ProjectId>,
    pub roles: BTreeSet<RoleId>,
    pub groups: BTreeSet<GroupId>,
    pub service_accounts: BTreeSet<ServiceAccountId>,
    pub members: BTreeSet<UserId>,
    /// Who shall be in the groups whose members are listed.
    pub group_members: BTreeMap<GroupId, BTreeSet<Principal>>,
    pub grants: BTreeSet<GrantId>,
    pub invited: BTreeSet<UserId>,
    pub policies: BTreeSet<PolicyId>,
}

/// Plans and decides at once.
pub struct Planner<'a> {
    pub(super) document: &'a wire::AccessDocument,
    pub(super) draft: Draft<'a>,
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    /// The moment and what else policies can look at.
    pub(super) circumstances: Circumstances<'static>,
    pub(super) people: &'a Invitees,
    /// Members whom a plan may name although the document does not.
    known: &'a People,
    pub(super) named: Named,
    /// Names of what could not be made: what names it is not wrong by itself.
    pub(super) failed: BTreeSet<(Kind, SmolStr)>,
    /// Projects and resources that grants and invitations name, once it was asked.
    pub(super) granted: Option<BTreeSet<Uuid>>,
    plan: Plan,
    problems: Vec<DocumentProblem>,
    uncounted: usize,
    /// What is wrong with a step unless a later one mends it.
    owing: Vec<DocumentProblem>,
}

fn count<T>(list: Option<&Vec<T>>) -> usize {
    list.map_or(0, Vec::len)
}

/// Refuses a document of another version, or one that is too long, before anything is compared.
pub fn is_readable(document: &wire::AccessDocument) -> Result<(), Error> {
    let wire::AccessDocument {
        version,
        settings: _,
        projects,
        roles,
        members,
        resources,
        groups,
        service_accounts,
        grants,
        invitations,
        policies,
    } = document;
    let problem = |field: &str, code, message| DocumentProblem {
        field: field.to_owned(),
        code,
        message,
        refusal: None,
    };
    if *version != wire::ACCESS_DOCUMENT_VERSION {
        let message = format!("only version {} is read here", wire::ACCESS_DOCUMENT_VERSION);
        return Err(Error::Document(vec![problem("/version", "unknown_version", message)]));
    }
    let in_groups = groups.iter().flatten().map(|group| count(group.members.as_ref()));
    let entries = count(projects.as_ref())
        + count(roles.as_ref())
        + count(members.as_ref())
        + count(groups.as_ref())
        + in_groups.sum::<usize>()
        + count(service_accounts.as_ref())
        + count(grants.as_ref())
        + count(invitations.as_ref())
        + count(resources.as_ref())
        + count(policies.as_ref());
    let most = wire::ACCESS_DOCUMENT_ENTRIES_MAX;
    if entries > most {
        let message = format!("the document has {entries} entries, at most {most} are taken: split it");
        return Err(Error::Document(vec![problem("", "limit_reached", message)]));
    }
    Ok(())
}

impl<'a> Planner<'a> {
    pub fn new(
        document: &'a wire::AccessDocument,
        account: &'a Account,
        actor: Actor,
        circumstances: Circumstances<'static>,
        people: &'a Invitees,
        known: &'a People,
        ids: &'a mut dyn FnMut() -> Uuid,
    ) -> Self {
        Self {
            document,
            draft: account.draft(actor, circumstances, ids),
            actor,
            now: circumstances.now,
            circumstances,
            people,
            known,
            named: Named::default(),
            failed: BTreeSet::new(),
            granted: None,
            plan: Plan::default(),
            problems: Vec::new(),
            uncounted: 0,
            owing: Vec::new(),
        }
    }

    /// What the document comes to, and the plan that says so.
    pub fn decide(mut self, prune: bool) -> Result<(Option<Decided>, Plan), Error> {
        self.settings();
        self.projects();
        self.roles();
        self.service_accounts();
        self.groups();
        self.members();
        self.resources();
        self.group_members();
        self.grants();
        self.invitations();
        self.policies();
        if prune && self.problems.is_empty() {
            self.prune();
        }
        let Self { draft, plan, mut problems, uncounted, owing, .. } = self;
        if uncounted > 0 {
            let message = format!("{uncounted} more things are wrong");
            problems.push(DocumentProblem { field: String::new(), code: "more", message, refusal: None });
        }
        if !problems.is_empty() {
            return Err(Error::Document(problems));
        }
        if draft.is_empty() {
            return Ok((None, plan));
        }
        let decided = draft.finish().map_err(|refusal| {
            // Nothing mended it after the last step that came to this; what is about no step is about the whole.
            let of_step = owing.into_iter().rfind(|problem| problem.refusal.as_ref() == Some(&refusal));
            Error::Document(vec![of_step.unwrap_or_else(|| refused("", refusal))])
        })?;
        Ok((Some(decided), plan))
    }

    /// The account as it is after the steps so far.
    pub(super) fn account(&self) -> &Account {
        self.draft.account()
    }

    /// Does a step; whether it is so now.
    pub(super) fn step(&mut self, step: Step, command: &Command) -> bool {
        let at = step.field.clone().unwrap_or_default();
        if self.plan.steps.len() >= STEPS_MAX {
            let message = format!("this takes more than {STEPS_MAX} steps: split the document");
            if !self.problems.iter().any(|problem| problem.message == message) {
                self.problem("", "limit_reached", message);
            }
            return false;
        }
        match self.draft.step(command) {
            Ok(_) => {
                if let Some(refusal) = self.draft.owing().cloned() {
                    let problem = match step.action {
                        wire::PlanAction::Delete => self.stays(&step, refusal),
                        wire::PlanAction::Create | wire::PlanAction::Change => refused(&at, refusal),
                    };
                    self.owing.push(problem);
                }
                self.plan.steps.push(step);
                true
            }
            Err(Refusal::Nothing | Refusal::AlreadySo { .. }) => true,
            Err(Refusal::InvalidPolicy { mistakes }) => {
                self.mistakes(&at, &mistakes);
                false
            }
            Err(refusal) if step.action == wire::PlanAction::Delete => {
                let problem = self.stays(&step, refusal);
                self.push(problem);
                false
            }
            Err(refusal) => {
                self.refused(&at, refusal);
                false
            }
        }
    }

    /// That something which the document leaves out cannot be removed: it has no place, so its section is named.
    fn stays(&self, step: &Step, refusal: Refusal) -> DocumentProblem {
        let section = match step.kind.as_str() {
            "policy" => "policies".to_owned(),
            "group_member" => "groups".to_owned(),
            kind => format!("{kind}s"),
        };
        let (kind, name) = (step.kind.replace('_', " "), step.name.shown(self.known, self.people));
        let message = format!("the {kind} `{name}` is not named here, and cannot be removed: {refusal}");
        let (field, code) = (format!("/{section}"), refusal.code());
        DocumentProblem { field, code, message, refusal: Some(refusal) }
    }

    pub(super) fn note(&mut self, field: Option<String>, message: Words) {
        self.plan.notes.push(Note { message, field });
    }

    pub(super) fn problem(&mut self, at: &str, code: &'static str, message: impl Into<String>) {
        let problem = DocumentProblem { field: at.to_owned(), code, message: message.into(), refusal: None };
        self.push(problem);
    }

    pub(super) fn refused(&mut self, at: &str, refusal: Refusal) {
        self.push(refused(at, refusal));
    }

    pub(super) fn invalid(&mut self, at: &str, problem: &InvalidText) {
        self.problem(at, "invalid_text", problem.to_string());
    }

    fn push(&mut self, problem: DocumentProblem) {
        if self.problems.len() < PROBLEMS_MAX { self.problems.push(problem) } else { self.uncounted += 1 }
    }

    pub(super) fn fail(&mut self, kind: Kind, name: &str) {
        self.failed.insert((kind, folded(name)));
    }

    /// The caller as a holder of grants.
    pub(super) fn oneself(&self) -> Principal {
        self.actor.principal()
    }

    /// What people read for a role.
    pub(super) fn role_words(&self, role: &RoleRef) -> String {
        match role {
            RoleRef::BuiltIn(name) => name.to_string(),
            RoleRef::Custom(_) => self.account().role_title(role).unwrap_or("?").to_owned(),
        }
    }

    /// What people read for a principal.
    pub(super) fn principal_words(&self, principal: Principal) -> Words {
        match principal {
            Principal::Member(user) => user.into(),
            Principal::Group(id) => self
                .account()
                .group(id)
                .map_or_else(|| id.to_string(), |found| found.value.name.to_string())
                .into(),
            Principal::ServiceAccount(id) => self
                .account()
                .service_account(id)
                .map_or_else(|| id.to_string(), |found| found.value.name.to_string())
                .into(),
        }
    }
}

fn refused(at: &str, refusal: Refusal) -> DocumentProblem {
    DocumentProblem {
        field: at.to_owned(),
        code: refusal.code(),
        message: refusal.to_string(),
        refusal: Some(refusal),
    }
}
