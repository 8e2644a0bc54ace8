//! Files with mistakes, and the exact words about each.

use bailiwick_core::catalog::Catalog;

/// A valid catalog; each case changes it in one way.
const SMALL: &str = include_str!("small.toml");

pub(super) struct Case {
    pub(super) what: &'static str,
    /// Texts of the valid catalog and what stands there instead.
    pub(super) changes: &'static [(&'static str, &'static str)],
    pub(super) errors: &'static [&'static str],
}

fn errors(text: &str) -> Vec<String> {
    Catalog::parse("x.toml", text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

pub(super) fn check(cases: &[Case]) {
    for Case { what, changes, errors: expected } in cases {
        let mut text = SMALL.to_owned();
        for (from, to) in *changes {
            assert!(text.contains(from), "{what}: `{from}` is not in the catalog");
            text = text.replacen(from, to, 1);
        }
        assert_eq!(errors(&text), *expected, "{what}");
    }
}

#[test]
fn the_valid_catalog_has_no_mistake() {
    assert_eq!(errors(SMALL), Vec::<String>::new());
}

#[test]
fn a_file_of_the_wrong_shape() {
    check(&[
        Case {
            what: "not TOML",
            changes: &[("title = \"Small cloud\"", "title = Small cloud")],
            errors: &[
                "x.toml:2:9: string values must be quoted, expected literal string\n  hint: this is not valid TOML; see https://toml.io/en/v1.0.0",
            ],
        },
        Case {
            what: "brackets left open, once",
            changes: &[("title = \"Small cloud\"", "title = [[[[[[[[[[[[[[[[\"Small cloud\"")],
            errors: &[
                "x.toml:3:1: missing comma between array elements, expected `,`\n  hint: this is not valid TOML; see https://toml.io/en/v1.0.0",
            ],
        },
        Case {
            what: "a key twice",
            changes: &[("title = \"Small cloud\"", "title = \"Small cloud\"\ntitle = \"Other\"")],
            errors: &[
                "x.toml:3:1: duplicate key\n  hint: this is not valid TOML; see https://toml.io/en/v1.0.0",
            ],
        },
        Case {
            what: "a misspelt key",
            changes: &[("title = \"Small cloud\"", "titel = \"Small cloud\"")],
            errors: &["x.toml:2:1: unknown key `titel` in the catalog\n  hint: did you mean `title`?"],
        },
        Case {
            what: "a misspelt table",
            changes: &[("[operations]", "[operation]")],
            errors: &[
                "x.toml:66:2: unknown key `operation` in the catalog\n  hint: did you mean `operations`?",
            ],
        },
        Case {
            what: "an unknown key far from any other",
            changes: &[("level = \"project\"", "level = \"project\"\ncolour = \"red\"")],
            errors: &[
                "x.toml:51:1: unknown key `colour` in a role\n  hint: known here: `name`, `title`, `description`, `level`, `permissions`, `keeps_holder`, `single_holder`, `handed_over`",
            ],
        },
        Case {
            what: "a missing key",
            changes: &[("title = \"Databases\"\n", "")],
            errors: &[
                "x.toml:22:1: a resource type has no `title`\n  hint: add `title`; docs/catalogs.md shows how",
            ],
        },
        Case {
            what: "an empty text",
            changes: &[("title = \"Small cloud\"", "title = \"\"")],
            errors: &[
                "x.toml:2:9: `title` is empty\n  hint: write a text, or leave the key out if it may be left out",
            ],
        },
        Case {
            what: "a number for a text",
            changes: &[("title = \"Small cloud\"", "title = 7")],
            errors: &["x.toml:2:9: `title` is of the wrong kind: integer\n  hint: write a text"],
        },
        Case {
            what: "a text for a flag",
            changes: &[("handed_over = true", "handed_over = \"yes\"")],
            errors: &[
                "x.toml:36:15: `handed_over` is of the wrong kind: string\n  hint: write `true` or `false`",
            ],
        },
        Case {
            what: "a text for a list",
            changes: &[("implies = [\"read:account\"]", "implies = \"read:account\"")],
            errors: &["x.toml:12:39: `implies` is of the wrong kind: string\n  hint: write a list of texts"],
        },
        Case {
            what: "a text for a table",
            changes: &[(
                "invitation_lifetime = { default = \"24h\", shortest = \"1h\", longest = \"7d\" }",
                "invitation_lifetime = 24",
            )],
            errors: &[
                "x.toml:64:23: `invitation_lifetime` is of the wrong kind: integer\n  hint: write a text",
            ],
        },
        Case {
            what: "a bound missing",
            changes: &[(", longest = \"7d\"", "")],
            errors: &[
                "x.toml:64:23: `invitation_lifetime` has no `longest`\n  hint: add `longest`; docs/catalogs.md shows how",
            ],
        },
    ]);
}

#[test]
fn names_that_are_malformed_or_taken() {
    check(&[
        Case {
            what: "the catalog's name",
            changes: &[("name = \"small\"", "name = \"Small_Cloud\"")],
            errors: &[
                "x.toml:1:8: `Small_Cloud` is no name for a catalog\n  hint: use at most 64 lower-case letters, digits and hyphens, a letter first, such as `my-cloud`",
            ],
        },
        Case {
            what: "a permission without a verb",
            changes: &[
                ("{ name = \"read:clusters\"", "{ name = \"clusters\""),
                ("implies = [\"read:clusters\"]", "implies = [\"clusters\"]"),
            ],
            errors: &[
                "x.toml:9:12: `clusters` is no name for a permission\n  hint: write `verb:noun` in at most 64 lower-case letters, digits and underscores, such as `read:api_keys`",
                "x.toml:18:8: permission `read:clusters` does not exist\n  hint: known here: `clusters`, `read:account`, `write:account`, `write:clusters`",
                "x.toml:26:8: permission `read:clusters` does not exist\n  hint: known here: `clusters`, `read:account`, `write:account`, `write:clusters`",
                "x.toml:44:15: role `viewer` holds nothing\n  hint: list at least one permission",
            ],
        },
        Case {
            what: "a role that looks like an id",
            changes: &[
                ("name = \"operator\"", "name = \"rol_operator\""),
                ("project_creator = \"operator\"", "project_creator = \"rol_operator\""),
            ],
            errors: &[
                "x.toml:47:8: role `rol_operator` looks like an id\n  hint: begin the name differently: ids of custom roles begin with `rol_`",
            ],
        },
        Case {
            what: "a resource type in capitals",
            changes: &[("name = \"database\"", "name = \"Database\"")],
            errors: &[
                "x.toml:23:8: `Database` is no name for a resource type\n  hint: use at most 64 lower-case letters, digits and underscores, a letter first, such as `project_admin`",
            ],
        },
        Case {
            what: "a permission twice",
            changes: &[(
                "  { name = \"read:account\",",
                "  { name = \"read:clusters\", description = \"See.\" },\n  { name = \"read:account\",",
            )],
            errors: &[
                "x.toml:11:12: permission `read:clusters` is declared twice\n  hint: remove this one, or give it another name",
            ],
        },
        Case {
            what: "a section, a type, a role and a group twice",
            changes: &[
                (
                    "[[resource_types]]\nname = \"cluster\"",
                    "[[sections]]\nname = \"all\"\ntitle = \"Again\"\n\n[[resource_types]]\nname = \"cluster\"",
                ),
                ("name = \"database\"", "name = \"cluster\""),
                ("name = \"operator\"", "name = \"viewer\""),
                ("project_creator = \"operator\"\n", ""),
                ("[rules]", "[[groups]]\nname = \"viewers\"\ntitle = \"Again\"\n\n[rules]"),
            ],
            errors: &[
                "x.toml:16:8: section `all` is declared twice\n  hint: remove this one, or give it another name",
                "x.toml:27:8: resource type `cluster` is declared twice\n  hint: remove this one, or give it another name",
                "x.toml:51:8: role `viewer` is declared twice\n  hint: remove this one, or give it another name",
                "x.toml:63:8: group `viewers` is declared twice\n  hint: remove this one, or give it another name",
            ],
        },
    ]);
}

#[test]
fn references_that_do_not_hold() {
    check(&[
        Case {
            what: "a permission that does not exist, everywhere",
            changes: &[
                ("implies = [\"read:clusters\"]", "implies = [\"read:clusterz\"]"),
                (
                    "read = \"read:clusters\"\nwrite = \"write:clusters\"\ndelete = \"write:clusters\"\n\n[[resource_types]]",
                    "read = \"read:clusterz\"\nwrite = \"write:clusterz\"\ndelete = \"delete:clusters\"\n\n[[resource_types]]",
                ),
                ("\"!read:account\"]", "\"!read:acount\"]"),
                ("check_access = \"read:account\"", "check_access = \"access\""),
                ("[[sections]]", "escalate = [\"write:acount\"]\n\n[[sections]]"),
            ],
            errors: &[
                "x.toml:5:13: permission `write:acount` does not exist\n  hint: did you mean `write:account`?",
                "x.toml:12:41: permission `read:clusterz` does not exist\n  hint: did you mean `read:clusters`?",
                "x.toml:20:8: permission `read:clusterz` does not exist\n  hint: did you mean `read:clusters`?",
                "x.toml:21:9: permission `write:clusterz` does not exist\n  hint: did you mean `write:clusters`?",
                "x.toml:22:10: permission `delete:clusters` does not exist\n  hint: known here: `read:account`, `read:clusters`, `write:account`, `write:clusters`",
                "x.toml:46:26: permission `read:acount` does not exist\n  hint: did you mean `read:account`?",
                "x.toml:89:16: permission `access` does not exist\n  hint: known here: `read:account`, `read:clusters`, `write:account`, `write:clusters`",
            ],
        },
        Case {
            what: "a type that does not exist",
            changes: &[("parent = \"cluster\"", "parent = \"clusters\"")],
            errors: &[
                "x.toml:25:10: resource type `clusters` does not exist\n  hint: did you mean `cluster`?",
            ],
        },
        Case {
            what: "a role that does not exist",
            changes: &[
                ("roles = [\"viewer\"]", "roles = [\"viever\"]"),
                ("newcomer = \"viewer\"", "newcomer = \"guest\""),
            ],
            errors: &[
                "x.toml:56:10: role `viever` does not exist\n  hint: did you mean `viewer`?",
                "x.toml:61:12: role `guest` does not exist\n  hint: known here: `operator`, `owner`, `viewer`",
            ],
        },
        Case {
            what: "a level that does not exist",
            changes: &[("level = \"project\"", "level = \"projects\"")],
            errors: &["x.toml:50:9: level `projects` does not exist\n  hint: did you mean `project`?"],
        },
        Case {
            what: "an operation that does not exist",
            changes: &[("read_keys =", "read_key =")],
            errors: &["x.toml:83:1: operation `read_key` does not exist\n  hint: did you mean `read_keys`?"],
        },
        Case {
            what: "permissions that imply each other",
            changes: &[(
                "{ name = \"read:account\",",
                "{ name = \"read:account\", implies = [\"write:account\"],",
            )],
            errors: &[
                "x.toml:11:12: `read:account` implies itself: `read:account` → `write:account` → `read:account`\n  hint: remove one of these from an `implies`",
            ],
        },
        Case {
            what: "a permission that implies itself",
            changes: &[(
                "{ name = \"read:account\",",
                "{ name = \"read:account\", implies = [\"read:account\"],",
            )],
            errors: &[
                "x.toml:11:12: `read:account` implies itself: `read:account` → `read:account`\n  hint: remove one of these from an `implies`",
            ],
        },
        Case {
            what: "types below each other",
            changes: &[("title = \"Clusters\"", "title = \"Clusters\"\nparent = \"database\"")],
            errors: &[
                "x.toml:16:8: `cluster` lies below itself: `cluster` → `database` → `cluster`\n  hint: leave out one `parent`, so that a project holds that type",
            ],
        },
    ]);
}

#[test]
fn roles_that_cannot_be() {
    check(&[
        Case {
            what: "nothing listed",
            changes: &[("permissions = [\"*:clusters\"]", "permissions = []")],
            errors: &["x.toml:51:15: role `operator` holds nothing\n  hint: list at least one permission"],
        },
        Case {
            what: "everything excluded",
            changes: &[("\"!read:account\"]", "\"!read:*\"]")],
            errors: &["x.toml:44:15: role `viewer` holds nothing\n  hint: list at least one permission"],
        },
        Case {
            what: "a pattern that matches nothing",
            changes: &[("\"*:clusters\"", "\"*:cluster\"")],
            errors: &[
                "x.toml:51:16: `*:cluster` matches no permission\n  hint: correct it, or declare a permission that it matches",
            ],
        },
        Case {
            what: "patterns that are none",
            changes: &[("\"*:clusters\"", "\"*:*\", \"read:clu*\"")],
            errors: &[
                "x.toml:51:16: `*:*` is no pattern\n  hint: write `*` for all, `*:clusters` for all verbs of a noun, or `read:*` for all nouns of a verb",
                "x.toml:51:23: `read:clu*` is no pattern\n  hint: write `*` for all, `*:clusters` for all verbs of a noun, or `read:*` for all nouns of a verb",
            ],
        },
        Case {
            what: "an exclusion of what is not included",
            changes: &[("[\"*:clusters\"]", "[\"*:clusters\", \"!write:account\"]")],
            errors: &[
                "x.toml:51:30: `!write:account` excludes nothing that role `operator` includes\n  hint: remove it, or include more",
            ],
        },
        Case {
            what: "an exclusion of what is implied",
            changes: &[("[\"*:clusters\"]", "[\"*\", \"!read:clusters\"]")],
            errors: &[
                "x.toml:51:21: `!read:clusters` cannot be excluded: role `operator` holds `write:clusters`\n  hint: `write:clusters` implies `read:clusters`; exclude `!write:clusters` too, or keep `read:clusters`",
            ],
        },
        Case {
            what: "an entry twice",
            changes: &[("[\"*:clusters\"]", "[\"*:clusters\", \"*:clusters\"]")],
            errors: &["x.toml:51:30: `*:clusters` is listed twice\n  hint: remove this one"],
        },
        Case {
            what: "a group with roles that it cannot have",
            changes: &[("roles = [\"viewer\"]", "roles = [\"operator\", \"owner\", \"viewer\", \"viewer\"]")],
            errors: &[
                "x.toml:56:10: role `operator` is not account-level\n  hint: a built-in group has account-level roles only: at the start there is no project or resource to name",
                "x.toml:56:22: role `owner` is held by one person at a time or handed over\n  hint: leave it out: a group has any number of members",
                "x.toml:56:41: `viewer` is listed twice\n  hint: remove this one",
            ],
        },
    ]);
}

#[test]
fn rules_that_cannot_be() {
    check(&[
        Case {
            what: "an owner of a project that anybody may take away",
            changes: &[(
                "level = \"account\"\npermissions = [\"*\"]\nhanded_over = true\nkeeps_holder = true",
                "level = \"project\"\npermissions = [\"*:clusters\"]",
            )],
            errors: &[
                "x.toml:31:8: role `owner` owns the account, but need not keep a holder\n  hint: add `keeps_holder = true`: an account always has an owner",
                "x.toml:34:9: role `owner` owns the account, but is not account-level\n  hint: write `level = \"account\"`",
                "x.toml:35:15: role `owner` owns the account, but lacks `read:account`, `write:account`\n  hint: write `permissions = [\"*\"]`: what nobody holds, nobody can give",
            ],
        },
        Case {
            what: "a second role that is handed over",
            changes: &[
                ("permissions = [\"*:clusters\"]", "permissions = [\"*:clusters\"]\nhanded_over = true"),
                ("project_creator = \"operator\"\n", ""),
            ],
            errors: &[
                "x.toml:47:8: role `operator` is handed over, but is not the owner\n  hint: remove `handed_over`, or nobody could ever hold the role",
            ],
        },
        Case {
            what: "roles at the wrong level",
            changes: &[(
                "former_owner = \"viewer\"\nnewcomer = \"viewer\"\nproject_creator = \"operator\"",
                "former_owner = \"operator\"\nnewcomer = \"operator\"\nproject_creator = \"viewer\"",
            )],
            errors: &[
                "x.toml:60:16: `former_owner` names role `operator`, which is not account-level\n  hint: name a role with `level = \"account\"`",
                "x.toml:61:12: `newcomer` names role `operator`, which is not account-level\n  hint: name a role with `level = \"account\"`",
                "x.toml:62:19: `project_creator` names role `viewer`, which is not project-level\n  hint: name a role with `level = \"project\"`",
            ],
        },
        Case {
            what: "rules that name the owner",
            changes: &[(
                "former_owner = \"viewer\"\nnewcomer = \"viewer\"",
                "former_owner = \"owner\"\nnewcomer = \"owner\"",
            )],
            errors: &[
                "x.toml:60:16: `former_owner` names role `owner`, which is only handed over\n  hint: name a role that is granted",
                "x.toml:61:12: `newcomer` names role `owner`, which is only handed over\n  hint: name a role that is granted",
                "x.toml:61:12: `newcomer` names role `owner`, which must keep a holder\n  hint: remove `keeps_holder` from the role: every active member holds the newcomer role anyway",
            ],
        },
        Case {
            what: "a newcomer role for one person",
            changes: &[
                (
                    "permissions = [\"read:*\", \"!read:account\"]",
                    "permissions = [\"read:*\"]\nsingle_holder = true",
                ),
                ("roles = [\"viewer\"]\n", ""),
                ("former_owner = \"viewer\"\n", ""),
                ("roles_per_member = \"one\"", "roles_per_member = \"many\""),
            ],
            errors: &[
                "x.toml:60:12: `newcomer` names role `viewer`, which only one member holds\n  hint: name a role that any number of members may hold",
            ],
        },
        Case {
            what: "roles per member",
            changes: &[("roles_per_member = \"one\"", "roles_per_member = \"two\"")],
            errors: &["x.toml:63:20: `roles_per_member` cannot be `two`\n  hint: known here: `one`, `many`"],
        },
        Case {
            what: "lengths of time that are none",
            changes: &[(
                "default = \"24h\", shortest = \"1h\", longest = \"7d\"",
                "default = \"1 day\", shortest = \"none\", longest = \"+7d\"",
            )],
            errors: &[
                "x.toml:64:35: `1 day` is no length of time\n  hint: write a whole number of minutes, hours or days, such as `90m`, `48h` or `30d`; `none` alone means no end",
                "x.toml:64:55: `none` is no length of time\n  hint: write a whole number of minutes, hours or days, such as `90m`, `48h` or `30d`; `none` alone means no end",
                "x.toml:64:73: `+7d` is no length of time\n  hint: write a whole number of minutes, hours or days, such as `90m`, `48h` or `30d`; `none` alone means no end",
            ],
        },
        Case {
            what: "lengths of time out of bounds",
            changes: &[(
                "default = \"24h\", shortest = \"1h\", longest = \"7d\"",
                "default = \"24h\", shortest = \"0m\", longest = \"400d\"",
            )],
            errors: &[
                "x.toml:64:53: `0m` is not between a minute and a year\n  hint: choose at least `1m` and at most `365d`",
                "x.toml:64:69: `400d` is not between a minute and a year\n  hint: choose at least `1m` and at most `365d`",
            ],
        },
        Case {
            what: "a default below the shortest",
            changes: &[("default = \"24h\", shortest = \"1h\"", "default = \"30m\", shortest = \"1h\"")],
            errors: &["x.toml:64:35: the default `30m` is below the shortest\n  hint: choose at least `1h`"],
        },
        Case {
            what: "a default above the longest",
            changes: &[("default = \"24h\"", "default = \"8d\"")],
            errors: &["x.toml:64:35: the default `8d` is above the longest\n  hint: choose at most `7d`"],
        },
    ]);
}

#[test]
fn texts_have_limits() {
    let title = "t".repeat(65);
    let description = "d".repeat(257);
    let text = SMALL
        .replace("Small cloud", &title)
        .replace("See clusters.", &description)
        .replace("Holds everything.", "Two\\nlines")
        .replace("\"Operator\"", "\" Operator\"");
    let expected = [
        "x.toml:2:9: the title is 65 characters long\n  hint: shorten it to at most 64 characters",
        "x.toml:9:43: the description is 257 characters long\n  hint: shorten it to at most 256 characters",
        "x.toml:33:15: the description has a line break or another control character\n  hint: write it on one line",
        "x.toml:48:9: the title begins or ends with a space\n  hint: remove the space",
    ];
    assert_eq!(errors(&text), expected);
    let long = "n".repeat(60);
    let text = SMALL.replace("\"viewers\"", &format!("\"viewers{long}\""));
    assert_eq!(errors(&text).len(), 1, "a name of 67 characters");
}

#[test]
fn counts_have_limits() {
    let permissions = |count: usize| {
        let lines =
            (0..count).map(|n| format!("{{ name = \"do:thing{n}\", description = \"Does it.\" }},\n"));
        SMALL.replacen("permissions = [\n", &format!("permissions = [\n{}", lines.collect::<String>()), 1)
    };
    assert_eq!(errors(&permissions(252)), Vec::<String>::new(), "256 permissions");
    let expected = "x.toml:265:12: there are 257 permissions\n  hint: a catalog declares at most 256";
    assert_eq!(errors(&permissions(253)), [expected]);

    let roles = |count: usize| {
        let role = |n| {
            format!(
                "[[roles]]\nname = \"r{n}\"\ntitle = \"R\"\ndescription = \"R.\"\nlevel = \"account\"\npermissions = [\"*\"]\n"
            )
        };
        SMALL.replacen("[[groups]]", &format!("{}[[groups]]", (0..count).map(role).collect::<String>()), 1)
    };
    assert_eq!(errors(&roles(61)), Vec::<String>::new(), "64 roles");
    assert_eq!(errors(&roles(62)).len(), 1, "65 roles");

    let oversized = format!("{SMALL}\n#{}", " ".repeat(256 * 1024));
    let length = oversized.len();
    let expected =
        format!("x.toml:1:1: the file has {length} bytes\n  hint: a catalog has at most 262144 bytes");
    assert_eq!(errors(&oversized), [expected]);
}

#[test]
fn types_nest_six_deep() {
    let nested = |levels: usize| {
        let kind = |n: usize| {
            let parent = if n == 3 { "database".to_owned() } else { format!("t{}", n - 1) };
            format!(
                "[[resource_types]]\nname = \"t{n}\"\ntitle = \"T\"\nparent = \"{parent}\"\nread = \"read:clusters\"\n\
                 write = \"write:clusters\"\ndelete = \"write:clusters\"\n"
            )
        };
        SMALL.replacen("[[roles]]", &format!("{}[[roles]]", (3..=levels).map(kind).collect::<String>()), 1)
    };
    assert_eq!(errors(&nested(6)), Vec::<String>::new());
    let expected =
        "x.toml:59:8: resource type `t7` lies 7 levels deep\n  hint: resource types nest at most 6 deep";
    assert_eq!(errors(&nested(8)), [expected], "only the first that is too deep");
}

#[test]
fn an_empty_file_says_all_that_a_catalog_needs() {
    let messages: Vec<String> = Catalog::parse("x.toml", "")
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|error| error.message)
        .collect();
    let expected = [
        "the catalog has no `name`",
        "the catalog has no `title`",
        "the catalog has no `description`",
        "the catalog has no `rules`",
        "the catalog has no `operations`",
        "the catalog declares no permission",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn a_lifetime_may_be_one_word() {
    use bailiwick_core::catalog::Lifetime;
    use std::time::Duration;

    let bounds = "{ default = \"24h\", shortest = \"1h\", longest = \"7d\" }";
    let lifetime = |text: &str| {
        let catalog = Catalog::parse("x.toml", &SMALL.replace(bounds, text)).expect("it is valid");
        catalog.rules.invitation_lifetime
    };
    let day = Duration::from_hours(24);
    assert_eq!(lifetime("\"none\""), Lifetime::Forever);
    assert_eq!(lifetime("\"1d\""), Lifetime::Limited { default: day, shortest: day, longest: day });
    assert_eq!(lifetime(bounds), Lifetime::Limited { default: day, shortest: day / 24, longest: day * 7 });
}

#[test]
fn implied_permissions_are_held_through_several_steps() {
    let catalog = Catalog::parse(
        "x.toml",
        &SMALL.replace("implies = [\"read:account\"]", "implies = [\"write:clusters\"]"),
    )
    .expect("it is valid");
    let index = |name| catalog.permission(name).expect("it exists");
    let write_account = catalog.permission_at(index("write:account")).expect("it exists");
    let implied: Vec<&str> = catalog.permission_names(write_account.implies).collect();
    assert_eq!(implied, ["read:clusters", "write:clusters"]);
}

/// What `parse` owes its callers whatever the file: a catalog, or at least one error with a place that exists.
#[test]
fn a_damaged_file_is_either_valid_or_explained() {
    let lines: Vec<&str> = SMALL.lines().collect();
    let without = |gone: usize| -> String {
        let kept = lines.iter().enumerate().filter(|(line, _)| *line != gone);
        kept.flat_map(|(_, text)| [text, "\n"]).collect()
    };
    let twice = |again: usize| -> String {
        let copies = |line: usize| if line == again { 2 } else { 1 };
        lines.iter().enumerate().map(|(line, text)| format!("{text}\n").repeat(copies(line))).collect()
    };
    let truncated = SMALL.char_indices().map(|(at, _)| SMALL[..at].to_owned());
    for text in (0..lines.len()).flat_map(|line| [without(line), twice(line)]).chain(truncated) {
        let Err(errors) = Catalog::parse("x.toml", &text) else { continue };
        assert!(!errors.is_empty(), "refused without a reason:\n{text}");
        for error in errors {
            assert!((1..=text.lines().count() + 1).contains(&error.line), "{error}");
            assert!(!error.message.is_empty() && !error.hint.is_empty(), "{error}");
            assert!(!error.message.ends_with('.') && !error.message.contains('\n'), "{error}");
        }
    }
}
