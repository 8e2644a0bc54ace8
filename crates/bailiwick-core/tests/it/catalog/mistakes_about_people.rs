//! Mistakes in the rules about invitations, groups, keys and owners.

use super::mistakes::{Case, check};

const RULE: &str = "roles_per_member = \"one\"";

#[test]
fn rules_about_people_that_cannot_be() {
    check(&[
        Case {
            what: "nothing is left for a former owner",
            changes: &[("former_owner = \"viewer\"\n", "")],
            errors: &[
                "x.toml:62:20: a member has one role, but none is named for a former owner\n  hint: add `former_owner`: who hands the account over would be left without any role",
            ],
        },
        Case {
            what: "an invitation asks for what nobody can say",
            changes: &[(
                RULE,
                "invitation_asks_for = [\"names\", \"role\", \"role\"]\nroles_per_member = \"one\"",
            )],
            errors: &[
                "x.toml:63:24: an invitation cannot ask for `names`\n  hint: did you mean `name`?",
                "x.toml:63:41: `role` is listed twice\n  hint: remove this one",
            ],
        },
        Case {
            what: "a mail carries what is not there",
            changes: &[(
                RULE,
                "invitation_mail = [\"account_id\", \"moon.url\", \"cluster.size\"]\nroles_per_member = \"one\"",
            )],
            errors: &[
                "x.toml:63:34: an invitation's mail cannot carry `moon.url`\n  hint: write `sign_in_url`, `account_id`, or a resource type with `.id` or `.url`, such as `cluster.url`",
                "x.toml:63:46: an invitation's mail cannot carry `cluster.size`\n  hint: write `sign_in_url`, `account_id`, or a resource type with `.id` or `.url`, such as `cluster.url`",
            ],
        },
        Case {
            what: "keys of whom",
            changes: &[(RULE, "personal_keys = \"everyone\"\nroles_per_member = \"one\"")],
            errors: &[
                "x.toml:63:17: `personal_keys` cannot be `everyone`\n  hint: known here: `nobody`, `permitted`, `everybody`",
            ],
        },
        Case {
            what: "groups that are neither on nor off, and a group that nobody declares",
            changes: &[(
                RULE,
                "groups = { at_start = \"later\", existing_members_join = \"viewer\" }\nroles_per_member = \"one\"",
            )],
            errors: &[
                "x.toml:63:23: groups cannot be `later` at the start of an account\n  hint: known here: `on`, `off`",
                "x.toml:63:56: `existing_members_join` has no effect\n  hint: remove it, or write `at_start = \"off\"`: where groups are always on, nobody is there before them",
                "x.toml:63:56: group `viewer` does not exist\n  hint: did you mean `viewers`?",
            ],
        },
        Case {
            what: "an unknown key of groups",
            changes: &[(
                RULE,
                "groups = { at_start = \"off\", existing_members = \"viewers\" }\nroles_per_member = \"one\"",
            )],
            errors: &[
                "x.toml:63:30: unknown key `existing_members` in `groups`\n  hint: did you mean `existing_members_join`?",
            ],
        },
    ]);
}

#[test]
fn an_owner_role_may_be_granted_like_any_other() {
    check(&[Case { what: "not handed over", changes: &[("handed_over = true\n", "")], errors: &[] }]);
}
