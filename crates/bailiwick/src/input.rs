//! What people type, or programs send, to a command.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;

use bailiwick_client::wire::Secret;

use crate::failure::Failure;

/// The greatest number of bytes of a line on stdin: a password of 128 characters of four bytes, and some air.
const LINE_MAX_BYTES: u64 = 4096;

/// A password: the first line of stdin, or typed without being shown.
pub fn secret(prompt: &str, from_stdin: bool) -> Result<Secret, Failure> {
    if from_stdin {
        return line().map(Secret::new);
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask for a secret on",
            "send it as the first line of stdin, with `--password-stdin` or `--key-stdin`",
        ));
    }
    rpassword::prompt_password(prompt).map(Secret::new).map_err(|error| unreadable(&error))
}

/// A new password, typed twice unless a program sends it.
pub fn new_password(from_stdin: bool) -> Result<Secret, Failure> {
    let first = secret("New password: ", from_stdin)?;
    if !from_stdin && secret("The same again: ", false)?.expose() != first.expose() {
        return Err(Failure::usage("the two passwords differ", "try again"));
    }
    Ok(first)
}

/// The text of a file, `-` for stdin, of at most so many bytes.
pub fn file(path: &Path, most: usize) -> Result<String, Failure> {
    let mut text = String::new();
    let limit = most as u64 + 1;
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(limit).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text))
    };
    let read = read.map_err(|error| Failure::file("read", path, &error))?;
    if read > most {
        let message = format!("`{}` holds more than {most} bytes", path.display());
        return Err(Failure::refused(message, "split it into several files"));
    }
    Ok(text)
}

/// What somebody answers at the terminal; `otherwise` says which flag takes its place.
pub fn answer(prompt: &str, otherwise: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask on", format!("give {otherwise}")));
    }
    eprint!("{prompt}");
    line()
}

/// One line of stdin without its end.
fn line() -> Result<String, Failure> {
    let mut text = String::new();
    let read = io::stdin()
        .lock()
        .take(LINE_MAX_BYTES + 1)
        .read_line(&mut text)
        .map_err(|error| unreadable(&error))?;
    if read as u64 > LINE_MAX_BYTES {
        return Err(Failure::usage(
            format!("the line on stdin has more than {LINE_MAX_BYTES} bytes"),
            "send only what is asked for",
        ));
    }
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::usage("stdin holds an empty line", "send what is asked for as its first line"));
    }
    Ok(text.to_owned())
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::refused(format!("cannot read stdin: {error}"), "send UTF-8 text")
}
