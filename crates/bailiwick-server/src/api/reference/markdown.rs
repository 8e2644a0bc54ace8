//! The files under `docs/reference`, compared with the code by a test.

use std::fmt::Write as _;

use crate::api::openapi::parameter;
use crate::api::operation::Operation;
use crate::api::problem::all_codes;

/// `docs/reference/errors.md`: every code with its status, meaning and hint.
pub fn errors() -> String {
    let mut text = String::from(
        "# Errors of the API\n\n\
         Whatever is not done is answered with a problem document (RFC 9457, `application/problem+json`). Its `code` is \
         stable: programs go by it. `detail` says what happened this time, `hint` what to do about it, `errors` names the \
         fields by JSON pointers (`?name` for query parameters), and `request_id` finds the request in the logs.\n\n\
         This file is generated from the code.\n\n\
         | code | status | meaning | what to do |\n|---|---|---|---|\n",
    );
    for code in all_codes() {
        let (status, hint) = (code.status.as_u16(), code.hint.replace('|', "\\|"));
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "| `{}` | {status} | {} | {hint} |", code.code, code.title);
    }
    text
}

/// `docs/reference/operations.md`: every operation with who may ask for it.
pub fn operations(list: &[Operation]) -> String {
    let mut text = String::from(
        "# Operations of the API\n\n\
         Paths are below `/api/v1`. Who may ask is decided here at the door; what exactly they may do is decided for each \
         thing by the same rules on every path. The running server shows this with schemas and examples at `/api/v1/docs`, \
         and as OpenAPI at `/api/v1/openapi.json`.\n\nThis file is generated from the code.\n",
    );
    let mut tag = "";
    for operation in list {
        if operation.tag() != tag {
            tag = operation.tag();
            let _ =
                write!(text, "\n## {tag}\n\n| operation | method and path | who may ask |\n|---|---|---|\n");
        }
        let (id, method, path) = (operation.id, &operation.method, operation.path);
        let _ = writeln!(text, "| `{id}` | `{method} {path}` | {} |", operation.access.describe());
    }
    text.push_str("\n## Path parameters\n\n");
    let mut names: Vec<&str> = list.iter().flat_map(Operation::path_parameters).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (meaning, example) = parameter(name).unwrap_or_default();
        let _ = writeln!(text, "- `{name}`: {meaning} `{example}`");
    }
    text
}
