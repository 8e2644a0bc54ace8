//! Which commands look at the past: a flag of the connection that any other command refuses rather than ignores.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Error};

/// The name of the flag.
const AS_OF: &str = "as_of";

/// The commands that take `--as-of`: the questions, and whatever lists or shows what is in an account. What happened, mail on
/// its way and what is one's own have no past, and what is changed is changed now.
const LOOK_BACK: [&str; 27] = [
    "access effective",
    "account offers",
    "account settings",
    "account show",
    "check",
    "explain",
    "grant list",
    "grant show",
    "group list",
    "group members",
    "group show",
    "invitation list",
    "invitation show",
    "key list",
    "key show",
    "member list",
    "member show",
    "project list",
    "project show",
    "resource list",
    "resource show",
    "role list",
    "role show",
    "service-account list",
    "service-account show",
    "what-can",
    "who-can",
];

/// What was read, unless a command that does not look back is asked to.
pub fn checked(matches: ArgMatches, tree: &mut Command) -> Result<ArgMatches, Error> {
    let (path, asks) = leaf(&matches);
    if asks && (!LOOK_BACK.contains(&path.as_str()) || changes(&matches)) {
        let message = format!("`{path}` does not look at the past: leave `--as-of` out");
        return Err(tree.error(ErrorKind::ArgumentConflict, message));
    }
    Ok(matches)
}

/// The same tree with `--as-of` in the help of those commands alone that look back.
pub fn hidden_elsewhere(tree: Command) -> Command {
    hidden(tree, "", false)
}

fn hidden(mut command: Command, path: &str, inherits: bool) -> Command {
    let own = command.get_arguments().any(|arg| arg.get_id() == AS_OF);
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    for name in &names {
        let path = format!("{path} {name}").trim().to_owned();
        command = command.mut_subcommand(name, |below| hidden(below, &path, inherits || own));
    }
    let looks_back = |leaf: &&str| *leaf == path || leaf.starts_with(&format!("{path} "));
    if LOOK_BACK.iter().any(looks_back) || !(own || inherits) {
        command
    } else if own {
        command.mut_arg(AS_OF, |arg| arg.hide(true))
    } else {
        // In the place of the one that it would have from above, and refused like that one.
        command.arg(Arg::new(AS_OF).long("as-of").value_name("MOMENT").hide(true))
    }
}

/// Whether a command that shows unless it is told to change something is told to.
fn changes(matches: &ArgMatches) -> bool {
    let settings = matches.subcommand_matches("account").and_then(|of| of.subcommand_matches("settings"));
    let changes = ["invitation_lifetime", "groups_on", "ending_notice"];
    settings.is_some_and(|given| {
        changes.iter().any(|name| given.value_source(name) == Some(ValueSource::CommandLine))
    })
}

/// The words of the command, and whether it is asked to look back.
fn leaf(matches: &ArgMatches) -> (String, bool) {
    let mut path = Vec::new();
    let mut at = matches;
    while let Some((name, below)) = at.subcommand() {
        path.push(name);
        at = below;
    }
    let asks = at.try_get_one::<String>(AS_OF).ok().flatten().is_some();
    (path.join(" "), asks)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Cli;
    use super::*;

    fn leaves(command: &Command, above: &str, found: &mut Vec<String>) {
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let path = format!("{above} {}", below.get_name()).trim().to_owned();
            if below.has_subcommands() { leaves(below, &path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn every_command_that_looks_back_is_there() {
        let mut found = Vec::new();
        leaves(&Cli::command(), "", &mut found);
        for path in LOOK_BACK {
            assert!(found.iter().any(|leaf| leaf == path), "{path} is none of {found:?}");
        }
    }

    #[test]
    fn what_changes_something_does_not_look_back() {
        let refused = |words: &str| {
            let mut tree = hidden_elsewhere(Cli::command());
            let matches = tree.try_get_matches_from_mut(words.split(' ')).unwrap();
            checked(matches, &mut tree).is_err()
        };
        assert!(!refused("b check a b account --as-of 3") && !refused("b group --as-of 3 list"));
        assert!(refused("b group create x --as-of 3") && refused("b audit list --as-of 3"));
        assert!(refused("b whoami --as-of 3") && !refused("b whoami"));
        assert!(refused("b group --as-of 3 create x") && refused("b audit --as-of 3 list"));
        assert!(!refused("b account settings --as-of 3"));
        assert!(refused("b account settings --groups-on --as-of 3"));
    }

    #[test]
    fn the_flag_is_in_the_help_of_what_looks_back_alone() {
        let help = |words: &str| {
            let mut tree = hidden_elsewhere(Cli::command());
            tree.try_get_matches_from_mut(words.split(' ')).unwrap_err().to_string().contains("--as-of")
        };
        for words in ["b check --help", "b group list --help", "b group --help", "b account settings --help"]
        {
            assert!(help(words), "{words}");
        }
        for words in ["b group create --help", "b whoami --help", "b audit --help", "b audit list --help"] {
            assert!(!help(words), "{words}");
        }
    }
}
