//! A look at a text before it is parsed: what nests deeper than people write would take more stack than there may be.

/// Brackets within brackets.
const DEEPEST: usize = 32;
/// Operators in one statement: each can be one step deeper in the parsed expression.
const MOST_STEPS: usize = 250;

/// Where a statement gets too deep, in bytes; `None` if none does. Texts in quotes and comments do not count.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let (mut depth, mut steps) = (0_usize, 0_usize);
    let mut bytes = text.bytes().enumerate().peekable();
    let mut word = String::new();
    while let Some((at, byte)) = bytes.next() {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            word.push(char::from(byte));
            continue;
        }
        if matches!(
            std::mem::take(&mut word).as_str(),
            "if" | "in" | "is" | "has" | "like" | "when" | "unless"
        ) {
            steps += 1;
        }
        match byte {
            b'"' => {
                while let Some((_, inner)) = bytes.next() {
                    match inner {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'/' if bytes.peek().is_some_and(|(_, next)| *next == b'/') => {
                bytes.by_ref().find(|(_, inner)| *inner == b'\n');
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b';' => steps = 0,
            b'&' | b'|' | b'+' | b'-' | b'*' | b'!' | b'.' | b'=' | b'<' | b'>' => steps += 1,
            _ => {}
        }
        if depth > DEEPEST || steps > MOST_STEPS {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_steps_count_outside_of_texts_and_comments() {
        let nested = |depth: usize| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(too_deep(&nested(DEEPEST)), None);
        assert_eq!(too_deep(&nested(DEEPEST + 1)), Some(DEEPEST));
        assert_eq!(too_deep(&format!("\"{}\"", nested(99))), None);
        assert_eq!(too_deep(&format!("\"\\\"{}\"", nested(99))), None);
        assert_eq!(too_deep(&format!("// {}\n", nested(99))), None);
        assert!(too_deep(&"if a then ".repeat(MOST_STEPS + 1)).is_some());
        assert!(too_deep(&"a && ".repeat(MOST_STEPS)).is_some());
        assert_eq!(too_deep(&"a + b;".repeat(MOST_STEPS + 1)), None);
        assert_eq!(too_deep("\""), None);
    }
}
