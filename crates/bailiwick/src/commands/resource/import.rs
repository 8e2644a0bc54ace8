//! Resources as JSON lines.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bailiwick_client::wire::{CreateResource, RegisterResources};

use crate::failure::Failure;

/// What the API takes in one request.
const RESOURCES_MAX: usize = 1000;
/// The default limit of a request's body.
const MAX_BYTES: u64 = 1024 * 1024;

/// The resources in a file, `-` for stdin.
pub fn read(path: &Path) -> Result<RegisterResources, Failure> {
    let mut text = String::new();
    let bytes = if path.as_os_str() == "-" {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
    };
    let bytes = bytes.map_err(|error| Failure::file("read", path, &error))?;
    if bytes as u64 > MAX_BYTES {
        return Err(too_much(path, &format!("more than {MAX_BYTES} bytes")));
    }
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<RegisterResources, Failure> {
    let mut resources: Vec<CreateResource> = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let resource = serde_json::from_str(line).map_err(|error| {
            Failure::refused(
                format!("`{}` line {}: {}", path.display(), index + 1, without_position(&error)),
                "each line is one object with `type` and `name`: see `bailiwick resource import --help`",
            )
        })?;
        resources.push(resource);
    }
    if resources.len() > RESOURCES_MAX {
        return Err(too_much(path, &format!("{} resources", resources.len())));
    }
    if resources.is_empty() {
        return Err(Failure::refused(
            format!("`{}` holds no resources", path.display()),
            "write one JSON object on each line",
        ));
    }
    Ok(RegisterResources { resources })
}

/// What is wrong, without the place within what was parsed: that is one line of the file.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&position) {
        Some(what) => format!("column {}: {what}", error.column()),
        None => text,
    }
}

fn too_much(path: &Path, what: &str) -> Failure {
    Failure::refused(
        format!("`{}` holds {what}", path.display()),
        format!("split it into files of at most {RESOURCES_MAX} resources and 1 MiB"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<usize, String> {
        match parse(Path::new("r.jsonl"), text) {
            Ok(resources) => Ok(resources.resources.len()),
            Err(Failure::Refused { message, .. }) => Err(message),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_are_resources() {
        assert_eq!(
            parsed("{\"type\":\"cluster\",\"name\":\"a\"}\n\n{\"type\":\"cluster\",\"name\":\"b\"}\n"),
            Ok(2)
        );
        assert!(parsed("\n").unwrap_err().contains("holds no resources"));
        let wrong = parsed("{\"type\":\"cluster\",\"name\":\"a\"}\n{\"type\":\"cluster\",\"nam\":\"b\"}")
            .unwrap_err();
        assert!(wrong.starts_with("`r.jsonl` line 2: column 23: unknown field `nam`"), "{wrong}");
        let many = "{\"type\":\"cluster\",\"name\":\"a\"}\n".repeat(1001);
        assert!(parsed(&many).unwrap_err().contains("1001 resources"));
    }
}
