//! What is said about a command line that makes no sense.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, Error};

use crate::failure::USAGE;
use crate::output::red;

/// Says what is wrong with the command line, with a hint at its end as for every other error; help and version go to stdout.
pub fn report(error: &Error, root: &Command, words: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        // Whoever reads the help may stop reading.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let words = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let called = called(root, words);
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let help = error.render();
        if std::io::stderr().is_terminal() {
            eprint!("{}", help.ansi());
        } else {
            eprint!("{help}");
        }
        eprintln!("\nhint: name a command; `{called} COMMAND --help` says more about it");
    } else {
        let text = error.render().to_string();
        eprintln!("{} {}\nhint: `{called} --help` says how it is used", red("error:"), message(&text));
    }
    ExitCode::from(USAGE)
}

/// What is wrong, without the usage, which lists flags for those that stand in environment variables too.
fn message(text: &str) -> &str {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let end = ["\n\nUsage:", "\n\nFor more information"].iter().filter_map(|part| text.find(part)).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim_end()
}

/// The command that was called, as far as it is known.
fn called(root: &Command, words: impl Iterator<Item = String>) -> String {
    let mut command = root;
    let mut path = root.get_name().to_owned();
    for word in words.filter(|word| !word.starts_with('-')) {
        let Some(next) = command.find_subcommand(&word) else { break };
        path.push(' ');
        path.push_str(next.get_name());
        command = next;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_message_keeps_what_is_wrong_and_nothing_else() {
        let root = Cli::command();
        for (words, expected) in [
            (
                &["member", "shov"][..],
                "unrecognized subcommand 'shov'\n\n  tip: a similar subcommand exists: 'show'",
            ),
            (&["member", "show"], "the following required arguments were not provided:\n  <MEMBER>"),
        ] {
            let given = ["bailiwick"].iter().chain(words);
            let error = root.clone().try_get_matches_from(given).unwrap_err();
            assert_eq!(message(&error.render().to_string()), expected);
        }
    }

    #[test]
    fn the_command_that_was_called_is_named() {
        let root = Cli::command();
        for (words, expected) in [
            (&["member", "shov"][..], "bailiwick member"),
            (&["--json", "member", "show"], "bailiwick member show"),
            (&["nothing"], "bailiwick"),
        ] {
            assert_eq!(called(&root, words.iter().map(|word| (*word).to_owned())), expected);
        }
    }
}
