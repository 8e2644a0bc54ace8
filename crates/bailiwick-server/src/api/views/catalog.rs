//! The vocabulary of the deployment.

use bailiwick_client::wire;
use bailiwick_core::catalog::{Attribute, BuiltInRoleIndex, Catalog, Lifetime, Operation, RolesPerMember};

use super::level;

/// The catalog in force.
pub fn catalog(catalog: &Catalog) -> wire::Catalog {
    let permission = |index| catalog.permission_name(index).to_owned();
    let sections = catalog.sections.iter();
    let permissions = catalog.permissions.iter();
    let types = catalog.resource_types.iter();
    let roles = catalog.roles.iter();
    let groups = catalog.groups.iter();
    wire::Catalog {
        name: catalog.name.clone(),
        title: catalog.title.clone(),
        description: catalog.description.clone(),
        sections: sections
            .map(|section| wire::CatalogSection { name: section.name.clone(), title: section.title.clone() })
            .collect(),
        permissions: permissions
            .map(|permission| wire::CatalogPermission {
                name: permission.name.clone(),
                section: catalog
                    .sections
                    .get(permission.section)
                    .map(|section| section.name.clone())
                    .unwrap_or_default(),
                description: permission.description.clone(),
                implies: catalog.permission_names(permission.implies).map(str::to_owned).collect(),
                api_only: permission.api_only,
            })
            .collect(),
        resource_types: types
            .map(|of| wire::CatalogResourceType {
                name: of.name.clone(),
                title: of.title.clone(),
                parent: of
                    .parent
                    .and_then(|parent| catalog.resource_type_at(parent))
                    .map(|parent| parent.name.clone()),
                read: permission(of.read),
                write: permission(of.write),
                delete: permission(of.delete),
            })
            .collect(),
        roles: roles
            .map(|role| wire::CatalogRole {
                name: role.name.clone(),
                title: role.title.clone(),
                description: role.description.clone(),
                level: level(role.level),
                permissions: catalog.permission_names(role.permissions).map(str::to_owned).collect(),
                keeps_holder: role.keeps_holder,
                single_holder: role.single_holder,
                handed_over: role.handed_over,
            })
            .collect(),
        groups: groups
            .map(|group| wire::CatalogGroup {
                name: group.name.clone(),
                title: group.title.clone(),
                roles: group.roles.iter().filter_map(|role| role_name(catalog, *role)).collect(),
            })
            .collect(),
        attributes: catalog.attributes.iter().map(|one| attribute(catalog, one)).collect(),
        rules: rules(catalog),
        operations: Operation::ALL
            .iter()
            .map(|operation| (operation.name().to_owned(), permission(catalog.operation(*operation))))
            .collect(),
    }
}

fn attribute(catalog: &Catalog, one: &Attribute) -> wire::CatalogAttribute {
    wire::CatalogAttribute {
        of: catalog.attribute_owner(one.of).to_owned(),
        name: one.name.clone(),
        kind: one.kind.name().to_owned(),
        description: one.description.clone(),
        values: one.values.clone(),
    }
}

fn rules(catalog: &Catalog) -> wire::CatalogRules {
    let rules = &catalog.rules;
    let role = |index: Option<BuiltInRoleIndex>| index.and_then(|index| role_name(catalog, index));
    wire::CatalogRules {
        owner: role_name(catalog, rules.owner).unwrap_or_default(),
        former_owner: role(rules.former_owner),
        newcomer: role(rules.newcomer),
        project_creator: role(rules.project_creator),
        roles_per_member: match rules.roles_per_member {
            RolesPerMember::One => wire::RolesPerMember::One,
            RolesPerMember::Many => wire::RolesPerMember::Many,
        },
        invitation_lifetime: match rules.invitation_lifetime {
            Lifetime::Forever => None,
            Lifetime::Limited { default, shortest, longest } => Some(wire::InvitationLifetime {
                default_seconds: default.as_secs(),
                shortest_seconds: shortest.as_secs(),
                longest_seconds: longest.as_secs(),
            }),
        },
        removal_retypes_email: rules.removal_retypes_email,
        custom_roles: rules.custom_roles,
        invitation_asks_for: rules.invitation_asks_for.iter().map(|field| field.name().to_owned()).collect(),
        invitation_mail: rules.invitation_mail.iter().map(|fact| catalog.mail_fact_name(*fact)).collect(),
        personal_keys: rules.personal_keys.name().to_owned(),
        groups_off_at_start: rules.groups.off_at_start,
        existing_members_join: rules
            .groups
            .existing_members_join
            .and_then(|at| catalog.groups.get(at))
            .map(|group| group.name.clone()),
        policies: rules.policies,
        policies_bind_owner: rules.policies_bind_owner,
    }
}

fn role_name(catalog: &Catalog, index: BuiltInRoleIndex) -> Option<String> {
    catalog.role_at(index).map(|role| role.name.clone())
}
