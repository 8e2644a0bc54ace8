//! Which commands look at the past: a flag of the connection that any other command refuses rather than ignores.

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, Error};

/// The commands that take `--as-of`: the questions, and whatever lists or shows what is in an account. What happened, mail on
/// its way and what is one's own have no past, and what is changed is changed now.
const LOOK_BACK: [&str; 26] = [
    "access effective",
    "account offers",
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
    if asks && !LOOK_BACK.contains(&path.as_str()) {
        let message = format!("`{path}` does not look at the past: leave `--as-of` out");
        return Err(tree.error(ErrorKind::ArgumentConflict, message));
    }
    Ok(matches)
}

/// The words of the command, and whether it is asked to look back.
fn leaf(matches: &ArgMatches) -> (String, bool) {
    let mut path = Vec::new();
    let mut at = matches;
    while let Some((name, below)) = at.subcommand() {
        path.push(name);
        at = below;
    }
    let asks = at.try_get_one::<String>("as_of").ok().flatten().is_some();
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
            let mut tree = Cli::command();
            let matches = tree.try_get_matches_from_mut(words.split(' ')).unwrap();
            checked(matches, &mut tree).is_err()
        };
        assert!(!refused("b check a b account --as-of 3") && !refused("b group --as-of 3 list"));
        assert!(refused("b group create x --as-of 3") && refused("b audit list --as-of 3"));
        assert!(refused("b whoami --as-of 3") && !refused("b whoami"));
    }
}
