//! Asking the statements: the native part first, then Cedar's evaluator for the conditions that are left.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use cedar_policy_core::ast::{
    Context, Eid, Entity, EntityType, EntityUID, EntityUIDEntry, Expr, Literal, Name, PartialValue, Request,
    SlotEnv, Value, ValueKind,
};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use jiff::Timestamp;
use smol_str::{SmolStr, format_smolstr};

use super::rulebook::{Candidates, Rulebook};
use super::statement::Reads;
use super::{Effect, Statement};
use crate::access::{Circumstances, ScopeKey, Target};
use crate::account::{Account, AttributeValue, Attributes, Principal};
use crate::catalog::PermissionIndex;

/// One question, with all that an answer depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) principal: Principal,
    pub(crate) permission: PermissionIndex,
    pub(crate) target: Target,
    /// The scopes that cover the target.
    pub(crate) covering: &'a [ScopeKey],
    pub(crate) circumstances: &'a Circumstances<'a>,
}

impl Rulebook {
    /// The first statement that forbids what is asked; one whose condition cannot be evaluated does.
    #[inline]
    pub(crate) fn forbids<'a>(&'a self, account: &'a Account, asked: &'a Asked<'a>) -> Option<&'a Statement> {
        self.matching(account, asked, Effect::Forbid).next()
    }

    /// The first statement that permits what is asked; one whose condition cannot be evaluated does not.
    #[inline]
    pub(crate) fn permits<'a>(&'a self, account: &'a Account, asked: &'a Asked<'a>) -> Option<&'a Statement> {
        self.matching(account, asked, Effect::Permit).next()
    }

    /// The statements of this effect that match, those without a condition first.
    pub(crate) fn matching<'a>(
        &'a self,
        account: &'a Account,
        asked: &'a Asked<'a>,
        effect: Effect,
    ) -> impl Iterator<Item = &'a Statement> {
        let candidates = self.candidates(asked.permission);
        let list = candidates.map_or(&[][..], |candidates| match effect {
            Effect::Permit => &candidates.permits,
            Effect::Forbid => &candidates.forbids,
        });
        let mut world: Option<Option<World>> = None;
        list.iter().map(|statement| &**statement).filter(move |statement| {
            if !statement.concerns(account, asked) {
                return false;
            }
            let Some(condition) = &statement.condition else { return true };
            let world = world.get_or_insert_with(|| World::of(self, candidates?, account, asked));
            // Whatever cannot be evaluated counts against access.
            let holds = world.as_ref().and_then(|world| world.holds(condition));
            holds.unwrap_or(effect == Effect::Forbid)
        })
    }
}

/// What Cedar gets to see of one question.
struct World {
    request: Request,
    entities: Entities,
}

impl World {
    /// `None` where it cannot be put together, which no input brings about.
    fn of(
        rulebook: &Rulebook,
        candidates: &Candidates,
        account: &Account,
        asked: &Asked<'_>,
    ) -> Option<Self> {
        let reads = &candidates.reads;
        let names = &rulebook.names;
        let principal = uid_of(rulebook, asked.principal);
        let resource = uid_at(rulebook, account, &asked.target)?;
        let (action, of_verb) = names.actions.get(asked.permission.position())?.clone();
        let asserted = asked.circumstances.asserted;
        let mut entities: [Option<Entity>; 3] = [None, None, None];
        let of_principal = match asked.principal {
            Principal::Member(user) => account.member_attributes(user),
            Principal::Group(_) | Principal::ServiceAccount(_) => None,
        };
        let of_resource = account.target_attributes(&asked.target);
        let principal_attributes = values(reads, of_principal, asserted.map(|asserted| &asserted.subject));
        let resource_attributes = values(reads, of_resource, asserted.map(|asserted| &asserted.resource));
        let mut groups = HashSet::new();
        let mut above = HashSet::new();
        if reads.ancestors {
            let as_uid = |group| uid(&names.group, format_smolstr!("{group}"));
            groups.extend(
                account.groups_around(asked.principal).map(as_uid).filter(|group| *group != principal),
            );
            above.extend(above_of(rulebook, account, &asked.target));
            let of_verb = HashSet::from([of_verb]);
            entities[2] = Some(entity(action.clone(), Vec::new(), of_verb));
        }
        entities[0] = Some(entity(principal.clone(), principal_attributes, groups));
        entities[1] = Some(entity(resource.clone(), resource_attributes, above));
        let entities = Entities::from_entities(
            entities.into_iter().flatten(),
            None::<&NoEntitiesSchema>,
            TCComputation::AssumeAlreadyComputed,
            Extensions::all_available(),
        );
        let known = |uid| EntityUIDEntry::known(uid, None);
        let context = Context::Value(Arc::new(context(reads, asked.circumstances)));
        let request = Request::new_unchecked(known(principal), known(action), known(resource), Some(context));
        Some(Self { request, entities: entities.ok()? })
    }

    fn holds(&self, condition: &Expr) -> Option<bool> {
        let evaluator = Evaluator::new(self.request.clone(), &self.entities, Extensions::all_available());
        match evaluator.interpret(condition, &NO_SLOTS).ok()?.value_kind() {
            ValueKind::Lit(Literal::Bool(holds)) => Some(*holds),
            _ => None,
        }
    }
}

/// Conditions have no slots: there are no templates.
pub(super) static NO_SLOTS: LazyLock<SlotEnv> = LazyLock::new(SlotEnv::default);

pub(super) fn uid(of: &EntityType, id: SmolStr) -> EntityUID {
    EntityUID::from_components(of.clone(), Eid::new(id), None)
}

pub(super) fn entity(
    uid: EntityUID,
    attributes: Vec<(SmolStr, PartialValue)>,
    above: HashSet<EntityUID>,
) -> Entity {
    // Everything above is given as a parent: nothing asks which of them are direct ones.
    Entity::new_with_attr_partial_value(uid, attributes, HashSet::new(), above, [])
}

pub(super) fn uid_of(rulebook: &Rulebook, principal: Principal) -> EntityUID {
    let names = &rulebook.names;
    let of = match principal {
        Principal::Member(_) => &names.user,
        Principal::Group(_) => &names.group,
        Principal::ServiceAccount(_) => &names.service_account,
    };
    uid(of, format_smolstr!("{principal}"))
}

pub(super) fn uid_at(rulebook: &Rulebook, account: &Account, target: &Target) -> Option<EntityUID> {
    let names = &rulebook.names;
    Some(match target {
        Target::Account => uid(&names.account, format_smolstr!("{}", account.id())),
        Target::Project(id) => uid(&names.project, format_smolstr!("{id}")),
        Target::Resource(id) => {
            let of = account.index.resource(*id)?.resource_type?;
            uid(names.resource_types.get(usize::from(of.0))?, format_smolstr!("{id}"))
        }
    })
}

/// Everything in which a target is: the resources that hold it, its project, the account.
pub(super) fn above_of(rulebook: &Rulebook, account: &Account, target: &Target) -> Vec<EntityUID> {
    let mut above = Vec::new();
    let mut put = |target: Target| above.extend(uid_at(rulebook, account, &target));
    if let Target::Resource(id) = target {
        let parent = |id: &crate::ids::ResourceId| account.resource(*id).and_then(|found| found.value.parent);
        std::iter::successors(parent(id), parent).for_each(|id| put(Target::Resource(id)));
        if let Some(project) = account.project_of(*id) {
            put(Target::Project(project));
        }
    }
    if *target != Target::Account {
        put(Target::Account);
    }
    above
}

/// The attributes that are read, what is asserted in the place of what is stored.
pub(super) fn values(
    reads: &Reads,
    stored: Option<&Attributes>,
    asserted: Option<&Attributes>,
) -> Vec<(SmolStr, PartialValue)> {
    let is_asserted = |name: &str| asserted.is_some_and(|asserted| asserted.get(name).is_some());
    let stored = stored.into_iter().flat_map(Attributes::iter).filter(|(name, _)| !is_asserted(name));
    let asserted = asserted.into_iter().flat_map(Attributes::iter);
    let read = stored.chain(asserted).filter(|(name, _)| reads.contains(name));
    read.map(|(name, value)| (name.clone(), PartialValue::Value(cedar(value)))).collect()
}

fn cedar(value: &AttributeValue) -> Value {
    let text = |text: &SmolStr| Literal::String(text.clone());
    match value {
        AttributeValue::String(value) => Value::from(text(value)),
        AttributeValue::Number(value) => Value::from(*value),
        AttributeValue::Bool(value) => Value::from(*value),
        AttributeValue::List(values) => Value::set_of_lits(values.iter().map(text), None),
    }
}

pub(super) fn context(reads: &Reads, circumstances: &Circumstances<'_>) -> BTreeMap<SmolStr, Value> {
    let wanted = |name: &str| reads.whole_context || reads.contains(name);
    let mut context = BTreeMap::new();
    let mut put = |name: &'static str, value: &dyn Fn() -> Option<Value>| {
        if wanted(name)
            && let Some(value) = value()
        {
            context.insert(SmolStr::new_static(name), value);
        }
    };
    put("time", &|| datetime(circumstances.now));
    put("weekday", &|| {
        let day = circumstances.now.to_zoned(jiff::tz::TimeZone::UTC).weekday();
        Some(Value::from(i64::from(day.to_monday_one_offset())))
    });
    put("caller", &|| {
        let caller = SmolStr::new_static(circumstances.caller.name());
        Some(Value::from(Literal::String(caller)))
    });
    put("source_ip", &|| circumstances.source_ip.and_then(address));
    put("mfa_at", &|| circumstances.mfa_at.and_then(datetime));
    put("request", &|| {
        let asserted = circumstances.asserted;
        let mut request: Vec<(SmolStr, Value)> = asserted
            .into_iter()
            .flat_map(|asserted| asserted.request.iter())
            .map(|(name, value)| (name.clone(), cedar(value)))
            .collect();
        if let Some(address) = asserted.and_then(|asserted| asserted.ip).and_then(address) {
            request.push((SmolStr::new_static("ip"), address));
        }
        Some(Value::record(request, None))
    });
    context
}

/// The value that one of Cedar's extension functions gives.
fn call(function: &Name, arguments: &[Value]) -> Option<Value> {
    match Extensions::all_available().func(function).ok()?.call(arguments).ok()? {
        PartialValue::Value(value) => Some(value),
        PartialValue::Residual(_) => None,
    }
}

fn function(name: &str) -> Option<Name> {
    name.parse().ok()
}

fn address(address: IpAddr) -> Option<Value> {
    static IP: LazyLock<Option<Name>> = LazyLock::new(|| function("ip"));
    let text = format_smolstr!("{}", address.to_canonical());
    call(IP.as_ref()?, &[Value::from(Literal::String(text))])
}

/// Cedar's moments count whole milliseconds.
fn datetime(at: Timestamp) -> Option<Value> {
    static EPOCH: LazyLock<Option<Value>> = LazyLock::new(|| {
        let day = Value::from(Literal::String(SmolStr::new_static("1970-01-01")));
        call(&function("datetime")?, &[day])
    });
    static DURATION: LazyLock<Option<Name>> = LazyLock::new(|| function("duration"));
    static OFFSET: LazyLock<Option<Name>> = LazyLock::new(|| function("offset"));
    let since = format_smolstr!("{}ms", at.as_millisecond());
    let since = call(DURATION.as_ref()?, &[Value::from(Literal::String(since))])?;
    call(OFFSET.as_ref()?, &[EPOCH.clone()?, since])
}
