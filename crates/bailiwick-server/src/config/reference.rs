//! The configuration reference, made from the keys.

use std::fmt::Write as _;

use super::keys::KEYS;
use super::load::{FILE_NAME, FILE_VARIABLE};

/// `docs/reference/configuration.md`, whole.
pub fn markdown() -> String {
    let mut text = format!(
        "<!-- Made from crates/bailiwick-server/src/config/keys.rs by \
         `UPDATE=1 cargo nextest run -p bailiwick-server configuration_reference`. -->\n\
         # Configuration\n\n\
         Bailiwick starts without any. What is set comes from, each overriding the one before:\n\n\
         1. the defaults below;\n\
         2. a TOML file: the one named by `--config FILE` or `{FILE_VARIABLE}`, otherwise `{FILE_NAME}` in the data \
         directory if there is one;\n\
         3. environment variables (an empty one counts as unset);\n\
         4. flags.\n\n\
         An unknown key or `BAILIWICK_…` variable stops the start, with its line and the nearest \
         known name. Variables that Kubernetes sets for a service called `bailiwick` are left alone. \
         Relative paths in a file start at the file's folder, all others at the working directory. \
         Durations are numbers with `d`, `h`, `m`, `s` or `ms`: `48h`, `1h30m`. A list is an array of \
         texts in the file and one text with commas in a variable. A value has at most 4096 bytes, \
         the file 1 MiB.\n\n\
         ```toml\n\
         # bailiwick.toml\n\
         public_url = \"https://access.example.com\"\n\
         trusted_proxies = [\"10.0.0.0/8\"]\n\n\
         [mail]\n\
         transport = \"smtp\"\n\
         host = \"smtp.example.com\"\n\
         from = \"Access <access@example.com>\"\n\
         username = \"access\"\n\
         password_file = \"smtp-password\"\n\
         ```\n"
    );
    let mut section = None;
    for key in KEYS {
        let table = key.name.split_once('.').map_or("", |(table, _)| table);
        if section != Some(table) {
            let title = if table.is_empty() { "Server".to_owned() } else { format!("`[{table}]`") };
            // Writing to a string cannot fail.
            let _ = write!(text, "\n## {title}\n");
            section = Some(table);
        }
        let default = if key.default.is_empty() { "unset".to_owned() } else { format!("`{}`", key.default) };
        let _ = write!(
            text,
            "\n### `{}`\n\n{}\n\n- value: {}\n- default: {default}\n- variable: `{}`\n",
            key.name,
            key.meaning,
            key.kind.form(),
            key.variable()
        );
    }
    text
}
