//! An example for each command, in its `--help`. A test reads every one of them as a command line.

use clap::Command;

/// Each command with what somebody types.
pub const EXAMPLES: &[(&str, &str)] = &[
    ("serve", "serve --listen 0.0.0.0:8080 --public-url https://access.example.com"),
    ("bootstrap", "bootstrap --email ada@example.com --account Acme --json"),
    ("reset-password", "reset-password ada@example.com --data /var/lib/bailiwick"),
    ("backup", "backup --data /var/lib/bailiwick /backup/bailiwick.sqlite3"),
    ("verify", "verify /backup/bailiwick.sqlite3"),
    ("doctor", "doctor --data /var/lib/bailiwick"),
    ("login", "login ada@example.com --url https://access.example.com"),
    ("logout", "logout --profile staging"),
    ("whoami", "whoami"),
    ("session list", "session list"),
    ("session end", "session end 66b68a9df5576a90c9c469ed9f9ddc80"),
    ("session end-others", "session end-others"),
    ("session password", "session password"),
    ("account list", "account list"),
    ("account show", "account show"),
    ("account use", "account use Acme"),
    ("account default", "account default Acme"),
    ("account create", "account create 'Acme Research'"),
    ("account rename", "account rename 'Acme Labs'"),
    ("account settings", "account settings --invitation-lifetime 7d"),
    ("account leave", "account leave --account Acme"),
    ("account delete", "account delete --confirm Acme"),
    ("account offer-ownership", "account offer-ownership grace@example.com"),
    ("account offers", "account offers"),
    ("account accept-ownership", "account accept-ownership"),
    ("account decline-ownership", "account decline-ownership"),
    ("account withdraw-ownership", "account withdraw-ownership"),
    ("invite", "invite grace@example.com alan@example.com --role auditor --dry-run"),
    ("invitation list", "invitation list --status pending"),
    ("invitation show", "invitation show grace@example.com"),
    ("invitation resend", "invitation resend grace@example.com"),
    ("invitation revoke", "invitation revoke grace@example.com"),
    ("invitation link", "invitation link grace@example.com"),
    ("invitation mine", "invitation mine"),
    ("invitation accept", "invitation accept --link https://access.example.com/links/bwl_… --name Grace"),
    ("invitation decline", "invitation decline inv_01a1fe87864474389a5de87905cbaf72"),
    ("member list", "member list --status active --role admin"),
    ("member show", "member show grace@example.com"),
    ("member add-role", "member add-role grace@example.com auditor billing"),
    ("member remove-role", "member remove-role grace@example.com billing"),
    ("member set-roles", "member set-roles grace@example.com auditor"),
    ("member set-external-id", "member set-external-id grace@example.com employee-17"),
    ("member edit", "member edit grace@example.com --until +30d"),
    ("member activate", "member activate grace@example.com"),
    ("member deactivate", "member deactivate grace@example.com"),
    ("member remove", "member remove grace@example.com"),
    ("policy list", "policy list"),
    ("policy show", "policy show 'No deletion at night'"),
    ("policy create", "policy create 'No deletion at night' --file night.cedar --dry-run"),
    ("policy edit", "policy edit 'No deletion at night' --disable"),
    ("policy delete", "policy delete 'No deletion at night'"),
    ("policy check", "policy check --file night.cedar"),
    ("role list", "role list --custom"),
    ("role show", "role show admin"),
    ("role create", "role create 'Cluster reader' --level resource --permission read:clusters"),
    ("role edit", "role edit 'Cluster reader' --add read:backups"),
    ("role duplicate", "role duplicate editor 'Editor without billing'"),
    ("role delete", "role delete 'Cluster reader' --reassign-to viewer"),
    ("role invite", "role invite auditor grace@example.com"),
    ("role permissions", "role permissions"),
    ("group list", "group list"),
    ("group show", "group show 'On call'"),
    ("group members", "group members 'On call' --as-of 2026-03-01T00:00Z"),
    ("group create", "group create 'On call' --description 'Who is woken'"),
    ("group edit", "group edit 'On call' --name Standby"),
    ("group delete", "group delete 'On call' --dry-run"),
    ("group add", "group add 'On call' grace@example.com"),
    ("group remove", "group remove 'On call' grace@example.com"),
    ("grant list", "grant list --principal grace@example.com"),
    ("grant show", "grant show grt_01a1fe87855374b2a62925a1956aed2f"),
    (
        "grant create",
        "grant create grace@example.com 'Cluster reader' --scope cluster:search-eu --until +48h",
    ),
    ("grant revoke", "grant revoke grt_01a1fe87855374b2a62925a1956aed2f"),
    ("project list", "project list"),
    ("project show", "project show Search"),
    ("project create", "project create Search --external-id p-1"),
    ("project edit", "project edit Search --description 'All that finds things'"),
    ("project leave", "project leave Production"),
    ("project remove-member", "project remove-member Production grace@example.com"),
    ("project delete", "project delete Search"),
    ("resource list", "resource list --type cluster --project Search"),
    ("resource show", "resource show search-eu"),
    ("resource register", "resource register cluster search-eu --project Search --external-id c-17"),
    ("resource import", "resource import clusters.jsonl"),
    ("resource edit", "resource edit search-eu --name search-west"),
    ("resource delete", "resource delete search-eu"),
    ("resource types", "resource types"),
    ("service-account list", "service-account list"),
    ("service-account show", "service-account show control-plane"),
    ("service-account create", "service-account create control-plane --role control_plane"),
    ("service-account edit", "service-account edit control-plane --description 'Registers clusters'"),
    ("service-account delete", "service-account delete control-plane"),
    ("key list", "key list --service-account control-plane"),
    ("key show", "key show key_01a1fe8785547455b91206488aa33180"),
    ("key create", "key create control-plane 'first key' --expires +90d"),
    ("key create-personal", "key create-personal laptop --expires +90d"),
    ("key delete", "key delete key_01a1fe8785547455b91206488aa33180"),
    ("check", "check grace@example.com write:clusters cluster:search-eu"),
    ("explain", "explain grace@example.com write:clusters cluster:search-eu"),
    ("who-can", "who-can write:clusters cluster:search-eu --kind group"),
    ("what-can", "what-can write:clusters cluster --for grace@example.com"),
    ("access effective", "access effective grace@example.com --on cluster:search-eu"),
    ("export", "export > access.yaml"),
    ("apply", "apply -f access.yaml --dry-run"),
    ("import casbin", "import casbin policy.csv --print > access.yaml"),
    ("import openfga", "import openfga tuples.json --role viewer=cluster_read_only --dry-run"),
    ("import people", "import people people.csv --dry-run"),
    ("access unused", "access unused --days 90 --kind member"),
    ("audit list", "audit list --type member. --from 2027-01-01T00:00:00Z"),
    ("audit export", "audit export --actor grace@example.com --format csv --output grace.csv"),
    ("delivery list", "delivery list --state failed"),
    ("catalog check", "catalog check our-cloud.toml"),
    ("catalog list", "catalog list"),
    ("catalog show", "catalog show qdrant-cloud > our-cloud.toml"),
    ("catalog diff", "catalog diff qdrant-cloud our-cloud.toml"),
    (
        "catalog migrate",
        "catalog migrate --data /var/lib/bailiwick --catalog our-cloud.toml --rename role:base=member",
    ),
    ("completions", "completions bash > /etc/bash_completion.d/bailiwick"),
];

/// A noun shows so many of its verbs' examples.
const OF_A_NOUN: usize = 3;

/// The tree of commands with its examples below the help of each.
pub fn attach(root: Command) -> Command {
    let names: Vec<String> = root.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    names.into_iter().fold(root, |root, name| root.mut_subcommand(&name, |command| within(command, &name)))
}

fn within(command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}");
        command.mut_subcommand(&name, |verb| within(verb, &path))
    });
    let is_below =
        |known: &str| known == path || known.strip_prefix(path).is_some_and(|rest| rest.starts_with(' '));
    let lines: Vec<String> = EXAMPLES
        .iter()
        .filter(|(known, _)| is_below(known))
        .take(OF_A_NOUN)
        .map(|(_, example)| format!("\n  bailiwick {example}"))
        .collect();
    let heading = if lines.len() > 1 { "Examples:" } else { "Example:" };
    let more = command.get_after_help().map(|more| format!("\n\n{more}")).unwrap_or_default();
    command.after_help(format!("{heading}{}{more}", lines.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    /// The words of an example, as a shell would make them.
    fn words(example: &str) -> Vec<String> {
        let command = example.split(" > ").next().unwrap_or(example);
        let quoted = command.split('\'').enumerate();
        let parts = quoted.flat_map(|(index, part)| match index % 2 {
            1 => vec![part.to_owned()],
            _ => part.split_whitespace().map(str::to_owned).collect(),
        });
        ["bailiwick".to_owned()].into_iter().chain(parts).collect()
    }

    #[test]
    fn every_example_is_a_command_line_of_its_command() {
        for (path, example) in EXAMPLES {
            assert!(example.starts_with(path), "{example}");
            let read = Cli::command().try_get_matches_from(words(example));
            assert!(read.is_ok(), "{example}: {}", read.unwrap_err());
        }
    }

    #[test]
    fn every_help_has_an_example() {
        fn walk(command: &Command, path: &str) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("bailiwick {path}")), "{path}: {help}");
            for verb in command.get_subcommands() {
                walk(verb, &format!("{path} {}", verb.get_name()));
            }
        }
        for command in attach(Cli::command()).get_subcommands() {
            walk(command, command.get_name());
        }
    }
}
