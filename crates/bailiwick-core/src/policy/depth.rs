//! A look at a text before it is parsed: what nests deeper than people write would take more stack than there may be.

/// Brackets within brackets.
const DEEPEST: usize = 32;
/// Operators in one statement: each can be one step deeper in the parsed expression.
const MOST_OPERATORS: usize = 125;

/// Where a statement gets too deep, in bytes, and in what way; `None` if none does. Texts in quotes and comments do not count.
pub(super) fn too_deep(text: &str) -> Option<(usize, String)> {
    let (mut depth, mut operators) = (0_usize, 0_usize);
    let mut bytes = text.bytes().enumerate().peekable();
    let mut word = String::new();
    let mut before = b' ';
    while let Some((at, byte)) = bytes.next() {
        let last = std::mem::replace(&mut before, byte);
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            word.push(char::from(byte));
            continue;
        }
        if matches!(
            std::mem::take(&mut word).as_str(),
            "if" | "in" | "is" | "has" | "like" | "when" | "unless"
        ) {
            operators += 1;
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
            b';' => operators = 0,
            // The second half of one of two characters; what follows it begins another one.
            b'&' | b'|' | b'=' if is_second(last, byte) => before = b' ',
            b'&' | b'|' | b'+' | b'-' | b'*' | b'!' | b'.' | b'=' | b'<' | b'>' => operators += 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Some((at, format!("more than {DEEPEST} brackets are open here")));
        }
        if operators > MOST_OPERATORS {
            return Some((at, format!("the statement has more than {MOST_OPERATORS} operators")));
        }
    }
    None
}

fn is_second(last: u8, byte: u8) -> bool {
    matches!((last, byte), (b'&', b'&') | (b'|', b'|') | (b'=' | b'!' | b'<' | b'>', b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_and_operators_count_outside_of_texts_and_comments() {
        let place = |text: &str| too_deep(text).map(|(at, _)| at);
        let nested = |depth: usize| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(place(&nested(DEEPEST)), None);
        assert_eq!(place(&nested(DEEPEST + 1)), Some(DEEPEST));
        assert_eq!(place(&format!("\"{}\"", nested(99))), None);
        assert_eq!(place(&format!("\"\\\"{}\"", nested(99))), None);
        assert_eq!(place(&format!("// {}\n", nested(99))), None);
        assert!(place(&"if a then ".repeat(MOST_OPERATORS + 1)).is_some());
        for operator in ["&&", "||", "==", "!=", "<=", ">=", "<", "+", "-", "*"] {
            let chain = |operators: usize| format!("a{}", format!(" {operator} a").repeat(operators));
            assert_eq!(place(&chain(MOST_OPERATORS)), None, "{operator}");
            assert!(place(&chain(MOST_OPERATORS + 1)).is_some(), "{operator}");
        }
        assert!(place(&"!".repeat(MOST_OPERATORS + 1)).is_some());
        assert!(place(&"-".repeat(MOST_OPERATORS + 1)).is_some());
        assert_eq!(place(&"a + b;".repeat(MOST_OPERATORS + 1)), None);
        assert_eq!(place("\""), None);
    }
}
