//! `docs/reference/cli.md`, generated from the tree of commands.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::Cli;

const INTRODUCTION: &str = "# Command line\n\n\
    Generated from the commands themselves; `UPDATE=1 cargo nextest run -p bailiwick reference` writes it again.\n\n\
    Answers go to stdout, everything else to stderr. Tables are for people; `--json` prints the same fields for programs, a\n\
    list as `{\"items\": […], \"complete\": …, \"filtered\": …}`. Names are taken wherever ids are, emails for members.\n\n";

fn render(root: &Command) -> String {
    let mut text = INTRODUCTION.to_owned();
    if let Some(after) = root.get_after_help() {
        let _ = write!(text, "```text\n{after}\n```\n\n");
    }
    let connection = root.get_subcommands().find(|command| command.get_name() == "whoami");
    if let Some(connection) = connection {
        text.push_str("## Flags of every command that talks to a server\n\n");
        flags(&mut text, connection, |_| true);
    }
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        section(&mut text, command, "bailiwick", 2);
    }
    text
}

fn section(text: &mut String, command: &Command, above: &str, depth: usize) {
    let name = format!("{above} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "{} `{name}`\n\n{about}\n\n", "#".repeat(depth));
    if command.has_subcommands() {
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            section(text, verb, &name, depth + 1);
        }
        return;
    }
    let mut usage = name.clone();
    for flag in command.get_opts().filter(|flag| flag.is_required_set()) {
        let _ = write!(usage, " --{} {}", flag.get_long().unwrap_or_default(), value_name(flag));
    }
    for positional in command.get_positionals() {
        let value = value_name(positional);
        let more = if matches!(positional.get_action(), ArgAction::Append) { "…" } else { "" };
        let _ = if positional.is_required_set() {
            write!(usage, " {value}{more}")
        } else {
            write!(usage, " [{value}{more}]")
        };
    }
    let _ = write!(text, "```text\n{usage}\n```\n\n");
    flags(text, command, |arg| !arg.is_global_set());
    if let Some(after) = command.get_after_help() {
        let _ = write!(text, "```text\n{after}\n```\n\n");
    }
}

fn flags(text: &mut String, command: &Command, shown: impl Fn(&Arg) -> bool) {
    let shown: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version") && shown(arg))
        .collect();
    if shown.is_empty() {
        return;
    }
    text.push_str("| argument | meaning |\n|---|---|\n");
    for arg in shown {
        let value = if arg.get_action().takes_values() { value_name(arg) } else { String::new() };
        let spelled = match arg.get_long() {
            Some(long) if value.is_empty() => format!("--{long}"),
            Some(long) => format!("--{long} {value}"),
            None => value,
        };
        let mut meaning = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let choices: Vec<String> =
            arg.get_possible_values().iter().map(|choice| format!("`{}`", choice.get_name())).collect();
        if !choices.is_empty() && arg.get_action().takes_values() {
            let _ = write!(meaning, ": {}", choices.join(", "));
        }
        let defaults: Vec<String> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        if !defaults.is_empty() && defaults.iter().any(|value| !value.is_empty() && value != "false") {
            let _ = write!(meaning, " [default: {}]", defaults.join(", "));
        }
        if let Some(variable) = arg.get_env() {
            let _ = write!(meaning, " (`{}`)", variable.to_string_lossy());
        }
        let _ = writeln!(text, "| `{}` | {} |", spelled.replace('|', "\\|"), meaning.replace('|', "\\|"));
    }
    text.push('\n');
}

fn value_name(arg: &Arg) -> String {
    arg.get_value_names().map_or_else(
        || arg.get_id().as_str().to_uppercase(),
        |names| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    )
}

#[test]
fn the_tree_of_commands_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_flag_says_what_it_is() {
    fn walk(command: &Command, silent: &mut Vec<String>) {
        let name = command.get_name();
        if command.get_about().is_none() {
            silent.push(name.to_owned());
        }
        for arg in command.get_arguments().filter(|arg| arg.get_help().is_none()) {
            silent.push(format!("{name} {}", arg.get_id()));
        }
        command.get_subcommands().for_each(|inner| walk(inner, silent));
    }
    let mut silent = Vec::new();
    walk(&Cli::command(), &mut silent);
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    let expected = format!("{}\n", render(&super::examples::attach(Cli::command())).trim_end());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/reference/cli.md is out of date: run this test with UPDATE=1");
}
