//! Flags of the connection that stand before the command, as people write them who know other tools.
//!
//! They belong to the commands that talk to a server and to no others, so the tree has them there; what stands before the
//! command is moved behind it, and a command without a server refuses it as it refuses every flag that it does not know.

use std::ffi::OsString;

/// The flags with a value.
const VALUED: [&str; 4] = ["--profile", "--url", "--account", "--as-of"];
/// The flags without one.
const PLAIN: [&str; 1] = ["--json"];

/// The words of a command line with leading flags of the connection moved behind the command.
pub fn moved(mut words: Vec<OsString>) -> Vec<OsString> {
    let command = command_at(&words);
    if command > 1 && words.get(command).is_some_and(|word| !word.to_string_lossy().starts_with('-')) {
        // The program and the leading flags, of which the program stays first and the command comes next.
        if let Some(front) = words.get_mut(1..=command) {
            front.rotate_right(1);
        }
    }
    words
}

/// Where the first word is that is no leading flag of the connection.
fn command_at(words: &[OsString]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let word = word.to_string_lossy();
        let flag = word.split_once('=').map_or(&*word, |(flag, _)| flag);
        at += match (VALUED.contains(&flag), word.contains('=')) {
            (true, true) => 1,
            (true, false) => 2,
            (false, _) if PLAIN.contains(&&*word) => 1,
            (false, _) => break,
        };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_flags_move_behind_the_command_and_nothing_else_does() {
        let table = [
            ("b --json member list", "b member --json list"),
            ("b --profile x --url=u --json check a b c", "b check --profile x --url=u --json a b c"),
            ("b member list --json", "b member list --json"),
            ("b --help", "b --help"),
            ("b --json --help", "b --json --help"),
            ("b --json", "b --json"),
            ("b --profile", "b --profile"),
            ("b", "b"),
            ("b --frob member", "b --frob member"),
        ];
        for (given, expected) in table {
            let words = moved(given.split(' ').map(OsString::from).collect());
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            assert_eq!(words.join(" "), expected, "{given}");
        }
    }
}
