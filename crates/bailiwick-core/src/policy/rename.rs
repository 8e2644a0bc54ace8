//! The text of a policy in the words of the next catalog, all else as its author wrote it.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::type_name;

/// The names of some permissions or resource types, and what they are called from now on.
type Names = BTreeMap<SmolStr, SmolStr>;

/// Renames permissions, where `Action::"…"` names one, and resource types, where a type stands.
pub(crate) fn renamed(text: &str, permissions: &Names, resource_types: &Names) -> String {
    let types: BTreeMap<String, String> =
        resource_types.iter().map(|(old, new)| (type_name(old), type_name(new))).collect();
    let mut out = String::with_capacity(text.len());
    let (mut before, mut last) = ("", "");
    let mut rest = text;
    while let Some((token, after)) =
        rest.split_at_checked(length(rest)).filter(|(token, _)| !token.is_empty())
    {
        let quoted = token.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
        let is_type = last == "is" || after.trim_start().starts_with("::");
        let permission = quoted.filter(|_| (before, last) == ("Action", "::"));
        if let Some(new) = permission.and_then(|name| permissions.get(name)) {
            out.extend(["\"", new, "\""]);
        } else {
            let named = types.get(token).filter(|_| is_type && last != "::");
            out.push_str(named.map_or(token, String::as_str));
        }
        if !token.starts_with(char::is_whitespace) && !token.starts_with("//") {
            (before, last) = (last, token);
        }
        rest = after;
    }
    out
}

/// How long the first word, text in quotes, comment, `::` or other character is, in bytes.
fn length(text: &str) -> usize {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let run = |of: &dyn Fn(char) -> bool| text.find(|c| !of(c)).unwrap_or(text.len());
    match text.chars().next() {
        Some('"') => {
            let mut escaped = false;
            let end = text.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            });
            end.map_or(text.len(), |(at, _)| at + 1)
        }
        Some('/') if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        Some(':') if text.starts_with("::") => 2,
        Some(c) if c.is_whitespace() => run(&char::is_whitespace),
        Some(c) if is_word(c) => run(&is_word),
        other => other.map_or(0, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_renamed_where_they_are_meant_and_nowhere_else() {
        let names = |pairs: &[(&str, &str)]| -> Names {
            pairs.iter().map(|(old, new)| ((*old).into(), (*new).into())).collect()
        };
        let permissions = names(&[("read:clusters", "see:clusters")]);
        let types = names(&[("cluster", "data_node")]);
        let text = "// is Cluster, Action::\"read:clusters\"\n\
                    forbid (principal, action in [Action :: \"read:clusters\", Action::\"read\"], resource is\n  Cluster in \
                    Cluster::\"res_1\")\nwhen { resource has Cluster && resource.Cluster == \"Action::\\\"read:clusters\\\"\" || \
                    principal == User::\"read:clusters\" };\u{e9}";
        let expected = text
            .replace("Action :: \"read:clusters\"", "Action :: \"see:clusters\"")
            .replace("Cluster in Cluster::", "DataNode in DataNode::");
        assert_eq!(renamed(text, &permissions, &types), expected);
        for text in ["", "\"", "\"\\\"", "//", "Cluster", "::", "Action::\"read:clusters"] {
            assert_eq!(renamed(text, &permissions, &types), text);
        }
    }
}
