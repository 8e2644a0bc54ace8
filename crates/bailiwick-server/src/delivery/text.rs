//! Texts that somebody else chose, made fit for a mail.
//!
//! Names of accounts and people go into subjects and sentences. They must stay what they are: one piece of
//! one line that cannot start a header, turn the line around, or pass for a link.

/// The most characters of a name that a mail shows.
pub const MAX_NAME: usize = 100;
/// The most characters of a note from one person to another.
pub const MAX_NOTE: usize = 1000;

/// A name as a mail shows it: one line, at most [`MAX_NAME`] characters, never empty.
pub fn name(text: &str) -> String {
    let clean = shorten(&unlinked(&line(text, usize::MAX)), MAX_NAME);
    if clean.is_empty() { "(no name)".to_owned() } else { clean }
}

/// A text as one line of at most so many characters; what is cut off is shown by `…`.
pub fn line(text: &str, most: usize) -> String {
    let spaced: String = text.chars().filter(|c| !is_invisible(*c)).map(space).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    shorten(&words.join(" "), most)
}

/// Mail programs make links of what looks like one; what somebody calls an account, or writes to a person who
/// does not know them yet, is no place for a link.
fn unlinked(text: &str) -> String {
    text.replace("://", ":\u{2044}\u{2044}")
}

/// A text of several lines; blank lines part paragraphs.
pub fn paragraphs(text: &str) -> Vec<String> {
    let shortened = shorten(text, MAX_NOTE);
    let parts = shortened.replace("\r\n", "\n");
    parts.split("\n\n").map(|part| unlinked(&line(part, MAX_NOTE))).filter(|part| !part.is_empty()).collect()
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Line ends and other control characters part words.
fn space(c: char) -> char {
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }
}

/// Characters that turn the direction of writing or are not seen. The joiners U+200C and U+200D stay, since
/// scripts and emoji need them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{e0001}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_one_harmless_line() {
        assert_eq!(name("Acme\r\nBcc: all@example.com"), "Acme Bcc: all@example.com");
        assert_eq!(name(" Acme \t GmbH\u{0}\u{85}"), "Acme GmbH");
        assert_eq!(name("\u{202e}gro.elpmaxe\u{202c}"), "gro.elpmaxe");
        assert_eq!(name("\u{200b}\u{feff}"), "(no name)");
        assert_eq!(name("see https://evil.example"), "see https:\u{2044}\u{2044}evil.example");
        assert_eq!(name("می\u{200c}خواهم 👩\u{200d}🚀"), "می\u{200c}خواهم 👩\u{200d}🚀");
        assert_eq!(name(&"x".repeat(200)).chars().count(), MAX_NAME);
    }

    #[test]
    fn a_note_keeps_its_paragraphs() {
        assert_eq!(paragraphs("Hi,\r\nsee you.\r\n\r\n\r\nBest"), ["Hi, see you.", "Best"]);
        assert!(paragraphs(" \n\n ").is_empty());
    }

    proptest! {
        #[test]
        fn nothing_gets_out_of_its_line(text in any::<String>()) {
            let name = name(&text);
            prop_assert!(!name.is_empty() && name.chars().count() <= MAX_NAME);
            prop_assert!(!name.chars().any(|c| c.is_control() || is_invisible(c)));
        }
    }
}
