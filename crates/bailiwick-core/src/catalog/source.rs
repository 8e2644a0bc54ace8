//! A catalog file as it is written: the right keys with the right kinds of values, nothing yet looked up.
//!
//! The file is read from TOML's spanned tree rather than through serde's derive, which stops at the first mistake.

mod fields;

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use self::fields::Fields;
use super::problem::Problems;

/// A text and where it stands. Empty only if its absence was already reported.
pub(super) type Text = Spanned<String>;

pub(super) struct Source {
    pub(super) name: Text,
    pub(super) title: Text,
    pub(super) description: Text,
    pub(super) escalate: Vec<Text>,
    pub(super) sections: Vec<SectionSource>,
    pub(super) resource_types: Vec<ResourceTypeSource>,
    pub(super) roles: Vec<RoleSource>,
    pub(super) groups: Vec<GroupSource>,
    pub(super) attributes: Vec<AttributeSource>,
    pub(super) rules: Option<RulesSource>,
    pub(super) operations: Option<OperationsSource>,
}

pub(super) struct SectionSource {
    pub(super) name: Text,
    pub(super) title: Text,
    pub(super) permissions: Vec<PermissionSource>,
}

pub(super) struct PermissionSource {
    pub(super) name: Text,
    pub(super) description: Text,
    pub(super) implies: Vec<Text>,
    pub(super) api_only: bool,
}

pub(super) struct ResourceTypeSource {
    pub(super) name: Text,
    pub(super) title: Text,
    pub(super) parent: Option<Text>,
    pub(super) read: Text,
    pub(super) write: Text,
    pub(super) delete: Text,
}

pub(super) struct RoleSource {
    pub(super) name: Text,
    pub(super) title: Text,
    pub(super) description: Text,
    pub(super) level: Text,
    /// `None` if the list is missing or not a list, which was reported.
    pub(super) permissions: Option<Spanned<Vec<Text>>>,
    pub(super) keeps_holder: bool,
    pub(super) single_holder: bool,
    pub(super) handed_over: bool,
}

pub(super) struct GroupSource {
    pub(super) name: Text,
    pub(super) title: Text,
    pub(super) roles: Vec<Text>,
}

pub(super) struct AttributeSource {
    pub(super) of: Text,
    pub(super) name: Text,
    pub(super) kind: Text,
    pub(super) description: Text,
    pub(super) values: Vec<Text>,
}

pub(super) struct RulesSource {
    pub(super) owner: Text,
    pub(super) former_owner: Option<Text>,
    pub(super) newcomer: Option<Text>,
    pub(super) project_creator: Option<Text>,
    pub(super) roles_per_member: Text,
    pub(super) invitation_lifetime: LifetimeSource,
    pub(super) removal_retypes_email: bool,
    pub(super) custom_roles: bool,
    pub(super) policies: bool,
    pub(super) policies_bind_owner: bool,
    pub(super) invitation_asks_for: Vec<Text>,
    pub(super) invitation_mail: Vec<Text>,
    pub(super) personal_keys: Option<Text>,
    pub(super) groups: Option<GroupsSource>,
}

/// How an account comes to use its groups.
pub(super) struct GroupsSource {
    pub(super) at_start: Text,
    pub(super) existing_members_join: Option<Text>,
}

pub(super) enum LifetimeSource {
    Missing,
    Word(Text),
    Bounds { default: Text, shortest: Text, longest: Text },
}

pub(super) struct OperationsSource {
    pub(super) span: Range<usize>,
    pub(super) entries: Vec<(Text, Text)>,
}

/// Reads the shape of a file; what is wrong with it goes to `problems`. `None` if it is not TOML.
pub(super) fn read(text: &str, problems: &mut Problems) -> Option<Source> {
    let (root, errors) = DeTable::parse_recoverable(text);
    // One at a time: behind an open bracket the parser guesses, and calls every line to the end of the file wrong.
    let start = |error: &toml::de::Error| error.span().unwrap_or(0..0).start;
    if let Some(error) = errors.iter().min_by_key(|error| start(error)) {
        let span = error.span().unwrap_or(0..0);
        // The parser's messages may run over several lines; one error is one line here.
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        problems.add(&span, message, "this is not valid TOML; see https://toml.io/en/v1.0.0");
        return None;
    }
    let mut file = Fields::new(root.get_ref(), &(0..0), "the catalog", problems);
    let source = Source {
        name: file.text("name"),
        title: file.text("title"),
        description: file.text("description"),
        escalate: file.texts("escalate"),
        sections: file.tables("sections", "a section", |section| SectionSource {
            name: section.text("name"),
            title: section.text("title"),
            permissions: section.tables("permissions", "a permission", |permission| PermissionSource {
                name: permission.text("name"),
                description: permission.text("description"),
                implies: permission.texts("implies"),
                api_only: permission.flag("api_only"),
            }),
        }),
        resource_types: file.tables("resource_types", "a resource type", |resource_type| {
            ResourceTypeSource {
                name: resource_type.text("name"),
                title: resource_type.text("title"),
                parent: resource_type.optional_text("parent"),
                read: resource_type.text("read"),
                write: resource_type.text("write"),
                delete: resource_type.text("delete"),
            }
        }),
        roles: file.tables("roles", "a role", |role| RoleSource {
            name: role.text("name"),
            title: role.text("title"),
            description: role.text("description"),
            level: role.text("level"),
            permissions: role.required_texts("permissions"),
            keeps_holder: role.flag("keeps_holder"),
            single_holder: role.flag("single_holder"),
            handed_over: role.flag("handed_over"),
        }),
        groups: file.tables("groups", "a group", |group| GroupSource {
            name: group.text("name"),
            title: group.text("title"),
            roles: group.texts("roles"),
        }),
        attributes: file.tables("attributes", "an attribute", |attribute| AttributeSource {
            of: attribute.text("of"),
            name: attribute.text("name"),
            kind: attribute.text("type"),
            description: attribute.text("description"),
            values: attribute.texts("values"),
        }),
        rules: file.table("rules", "`[rules]`", |rules| RulesSource {
            owner: rules.text("owner"),
            former_owner: rules.optional_text("former_owner"),
            newcomer: rules.optional_text("newcomer"),
            project_creator: rules.optional_text("project_creator"),
            roles_per_member: rules.text("roles_per_member"),
            invitation_lifetime: lifetime(rules),
            removal_retypes_email: rules.flag("removal_retypes_email"),
            custom_roles: rules.flag("custom_roles"),
            invitation_asks_for: rules.texts("invitation_asks_for"),
            invitation_mail: rules.texts("invitation_mail"),
            personal_keys: rules.optional_text("personal_keys"),
            groups: rules.optional_table("groups", "`groups`", |groups| GroupsSource {
                at_start: groups.text("at_start"),
                existing_members_join: groups.optional_text("existing_members_join"),
            }),
            policies: rules.flag("policies"),
            policies_bind_owner: rules.flag("policies_bind_owner"),
        }),
        operations: file.table("operations", "`[operations]`", |operations| OperationsSource {
            span: operations.span.clone(),
            entries: operations.all_texts(),
        }),
    };
    file.finish();
    Some(source)
}

fn lifetime(rules: &mut Fields<'_, '_, '_>) -> LifetimeSource {
    match rules.value("invitation_lifetime") {
        None => {
            rules.missing.push("invitation_lifetime");
            LifetimeSource::Missing
        }
        Some(value) if value.get_ref().is_table() => rules
            .table("invitation_lifetime", "`invitation_lifetime`", |bounds| LifetimeSource::Bounds {
                default: bounds.text("default"),
                shortest: bounds.text("shortest"),
                longest: bounds.text("longest"),
            })
            .unwrap_or(LifetimeSource::Missing),
        Some(value) => rules
            .read_text("invitation_lifetime", value)
            .map_or(LifetimeSource::Missing, LifetimeSource::Word),
    }
}
