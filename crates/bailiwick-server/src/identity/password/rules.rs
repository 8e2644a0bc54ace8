//! What a new password must be: long, and not one that everybody tries first.
//!
//! There are no rules about which characters, as NIST SP 800-63B-4 section 3.1.1.2 and ASVS 6.2.5 demand.
//! Instead of a list of leaked passwords, of which few have 15 characters, a password is taken apart into
//! what guessing programs put together: common words, the person's own words, runs of the alphabet and the
//! keyboard, repetitions. What is left over has to be enough to be worth guessing.

use unicode_normalization::UnicodeNormalization as _;

/// The most characters (Unicode code points) of a password.
pub const MAX_CHARACTERS: usize = 128;
/// The most bytes of a password in UTF-8; bounds the work that a request can ask for.
pub const MAX_BYTES: usize = 512;

/// So many characters must be left when everything that is easily guessed is taken out.
const LEAST_REMAINDER: usize = 5;
/// A password with fewer different characters is a pattern.
const LEAST_DISTINCT: usize = 5;
/// A text that is repeated counts once, and must then have this many characters.
const LEAST_UNIT: usize = 12;
/// Shorter words are found in everything.
const LEAST_WORD: usize = 3;

/// Words that passwords are made of. Written down for this crate, spelled without the digits that stand for
/// letters.
const WORDS: &[&str] = &[
    "password",
    "passwort",
    "passw",
    "passcode",
    "passphrase",
    "motdepasse",
    "contrasena",
    "parola",
    "secret",
    "geheim",
    "letmein",
    "openup",
    "opensesame",
    "welcome",
    "willkommen",
    "bienvenue",
    "login",
    "logon",
    "signin",
    "access",
    "changeme",
    "changeit",
    "change",
    "please",
    "default",
    "temporary",
    "temp",
    "test",
    "testing",
    "demo",
    "example",
    "admin",
    "administrator",
    "root",
    "superuser",
    "user",
    "username",
    "guest",
    "owner",
    "master",
    "manager",
    "operator",
    "system",
    "server",
    "database",
    "cloud",
    "cluster",
    "account",
    "company",
    "office",
    "computer",
    "internet",
    "iloveyou",
    "ilove",
    "loveyou",
    "love",
    "forever",
    "baby",
    "princess",
    "prince",
    "angel",
    "sunshine",
    "flower",
    "monkey",
    "dragon",
    "tiger",
    "shadow",
    "superman",
    "batman",
    "pokemon",
    "starwars",
    "trustno",
    "ninja",
    "killer",
    "football",
    "baseball",
    "basketball",
    "soccer",
    "hockey",
    "liverpool",
    "chelsea",
    "arsenal",
    "barcelona",
    "juventus",
    "summer",
    "winter",
    "spring",
    "autumn",
    "monday",
    "friday",
    "sunday",
    "january",
    "december",
    "birthday",
    "christmas",
    "hello",
    "goodbye",
    "whatever",
    "nothing",
    "something",
    "thisis",
    "this",
    "mynameis",
    "myname",
    "name",
    "qwerty",
    "azerty",
    "michael",
    "jennifer",
    "jessica",
    "charlie",
    "thomas",
    "daniel",
    "andrew",
    "matthew",
    "ashley",
    "correct",
    "horse",
    "battery",
    "staple",
    "remember",
    "forget",
    "dont",
    "youwillneverguess",
    "never",
    "guess",
];

/// Runs that fingers and schoolbooks know. They count forwards and backwards.
const TRACKS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "zaq12wsxcde34rfvbgt56yhnmju7",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()",
];

/// Why a password is not accepted. The texts are for its owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// It has too few characters.
    #[error("the password has {actual} characters and needs at least {min}")]
    TooShort {
        /// The fewest.
        min: usize,
        /// What it has.
        actual: usize,
    },
    /// It has too many characters or bytes.
    #[error("the password is longer than {MAX_CHARACTERS} characters or {MAX_BYTES} bytes")]
    TooLong,
    /// It has a character that keyboards do not give and that other devices may not take.
    #[error("the password contains a control character")]
    ControlCharacter,
    /// It has too few different characters, or repeats a short text.
    #[error("the password repeats itself")]
    Repetitive,
    /// It is put together from what guessing programs try first.
    #[error("the password is made of common words or sequences")]
    Common,
    /// It is put together from words of its owner or of this service.
    #[error("the password is made of your email, your name or the name of this service")]
    Personal,
}

impl PasswordProblem {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::ControlCharacter => "password_control_character",
            Self::Repetitive => "password_repetitive",
            Self::Common => "password_common",
            Self::Personal => "password_personal",
        }
    }

    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::TooLong => "use a shorter one; four or five random words are plenty",
            Self::ControlCharacter => "use letters, digits, spaces and symbols of any language",
            Self::TooShort { .. } | Self::Repetitive | Self::Common | Self::Personal => {
                "let a password manager make one, or put four or five random words in a row"
            }
        }
    }
}

/// The rules with what an operator can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRules {
    /// The fewest characters.
    pub min_length: usize,
}

impl PasswordRules {
    /// Checks a new password. `own_words` are texts that its owner is known by: email, name, account name.
    ///
    /// The name of this service always counts as one of them.
    pub fn check(&self, password: &str, own_words: &[&str]) -> Result<(), PasswordProblem> {
        if is_too_long(password) {
            return Err(PasswordProblem::TooLong);
        }
        let normal = normalise(password);
        if normal.chars().any(char::is_control) {
            return Err(PasswordProblem::ControlCharacter);
        }
        let actual = normal.chars().count();
        if actual < self.min_length {
            return Err(PasswordProblem::TooShort { min: self.min_length, actual });
        }
        check_strength(&normal, own_words)
    }
}

/// The form in which passwords are counted, checked and hashed: RFC 8265 section 4.2, the `OpaqueString`
/// profile.
///
/// That is Unicode form NFC, with every kind of space as the plain one, because keyboards differ in both for
/// the same password. NFKC is not used: it makes different characters equal.
pub fn normalise(password: &str) -> String {
    password.chars().map(|c| if is_space(c) { ' ' } else { c }).nfc().collect()
}

/// Whether the text is longer than any password may be; cheap, and the first thing to look at.
pub fn is_too_long(password: &str) -> bool {
    password.len() > MAX_BYTES || password.chars().count() > MAX_CHARACTERS
}

/// The space separators (general category Zs) but the plain one.
fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

fn check_strength(normal: &str, own_words: &[&str]) -> Result<(), PasswordProblem> {
    let letters: Vec<char> = normal.to_lowercase().chars().collect();
    let mut distinct = letters.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let unit = smallest_unit(&letters);
    if distinct.len() < LEAST_DISTINCT || (unit < letters.len() && unit < LEAST_UNIT) {
        return Err(PasswordProblem::Repetitive);
    }
    let unit: &[char] = letters.get(..unit).unwrap_or(&letters);

    let own: Vec<Vec<char>> =
        own_words.iter().chain(&["bailiwick"]).flat_map(|text| words_of(text)).collect();
    let common: Vec<Vec<char>> = WORDS.iter().map(|word| word.chars().collect()).collect();
    let without_common = Cover::new(unit).words(&common).runs().remainder();
    if without_common < LEAST_REMAINDER {
        return Err(PasswordProblem::Common);
    }
    let without_own = Cover::new(unit).words(&own).words(&common).runs().remainder();
    if without_own < LEAST_REMAINDER {
        return Err(PasswordProblem::Personal);
    }
    Ok(())
}

/// The length of the shortest text whose repetition, the last one possibly cut off, gives the whole.
fn smallest_unit(letters: &[char]) -> usize {
    let repeats = |unit: &usize| letters.iter().zip(letters.iter().skip(*unit)).all(|(a, b)| a == b);
    (1..=letters.len() / 2).find(repeats).unwrap_or(letters.len())
}

fn words_of(text: &str) -> Vec<Vec<char>> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words.map(|word| word.nfc().collect::<Vec<char>>()).filter(|word| word.len() >= LEAST_WORD).collect()
}

/// Which characters of a password are explained by something easily guessed.
struct Cover<'a> {
    letters: &'a [char],
    plain: Vec<char>,
    is_covered: Vec<bool>,
}

impl<'a> Cover<'a> {
    fn new(letters: &'a [char]) -> Self {
        Self {
            letters,
            plain: letters.iter().map(|c| plain(*c)).collect(),
            is_covered: vec![false; letters.len()],
        }
    }

    /// Covers every occurrence of the words, also with digits and symbols in the place of letters.
    fn words(mut self, words: &[Vec<char>]) -> Self {
        for word in words {
            let spelled: Vec<char> = word.iter().map(|c| plain(*c)).collect();
            let length = word.len();
            let starts: Vec<usize> = self
                .plain
                .windows(length)
                .zip(self.letters.windows(length))
                .enumerate()
                .filter(|(_, (plain, letters))| *plain == spelled.as_slice() || *letters == word.as_slice())
                .map(|(start, _)| start)
                .collect();
            for start in starts {
                self.cover(start, length);
            }
        }
        self
    }

    /// Covers runs of three and more: along a track, or of one character.
    fn runs(mut self) -> Self {
        let mut runs = Vec::new();
        for track in TRACKS {
            let forwards: Vec<char> = track.chars().collect();
            let backwards: Vec<char> = track.chars().rev().collect();
            for track in [forwards, backwards] {
                for (start, window) in self.letters.windows(LEAST_WORD).enumerate() {
                    if track.windows(LEAST_WORD).any(|part| part == window) {
                        runs.push(start);
                    }
                }
            }
        }
        for (start, window) in self.letters.windows(LEAST_WORD).enumerate() {
            if window.iter().all(|c| Some(c) == window.first()) {
                runs.push(start);
            }
        }
        for start in runs {
            self.cover(start, LEAST_WORD);
        }
        self
    }

    fn cover(&mut self, start: usize, length: usize) {
        for is_covered in self.is_covered.iter_mut().skip(start).take(length) {
            *is_covered = true;
        }
    }

    /// How many characters are left; digits, spaces and punctuation between covered parts count for nothing,
    /// because `Summer-2026!` is no better than `Summer`.
    fn remainder(&self) -> usize {
        let left = self.letters.iter().zip(&self.is_covered).filter(|(_, is_covered)| !**is_covered);
        let (letters, others): (Vec<char>, Vec<char>) =
            left.map(|(c, _)| *c).partition(|c| c.is_alphabetic());
        // Many digits and symbols are a random text rather than a decoration.
        if others.len() > 8 { letters.len() + others.len() } else { letters.len() + others.len() / 4 }
    }
}

/// Undoes the usual replacements of letters by digits and symbols.
fn plain(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: PasswordRules = PasswordRules { min_length: 15 };
    const OWN: [&str; 2] = ["marianne.oberholzer@nordwind-cloud.example", "Marianne Oberholzer"];

    fn check(password: &str) -> Result<(), PasswordProblem> {
        RULES.check(password, &OWN)
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check("violet harbour"), Err(PasswordProblem::TooShort { min: 15, actual: 14 }));
        assert_eq!(check("violet harbours"), Ok(()));
        assert_eq!(
            check("日の出前に山へ登る人々の声"),
            Err(PasswordProblem::TooShort { min: 15, actual: 13 })
        );
        assert_eq!(check("日の出前に静かな山へ登る人々の声"), Ok(()));
        // Seven letters with a combining mark each are seven characters.
        assert_eq!(
            check("e\u{301}o\u{308}u\u{308}a\u{308}n\u{303}o\u{301}a\u{300}"),
            Err(PasswordProblem::TooShort { min: 15, actual: 7 })
        );
    }

    #[test]
    fn length_has_an_end() {
        let longest = "violet harbour crossing ".repeat(6)[..128].to_owned();
        assert_eq!(check(&longest), Ok(()));
        assert_eq!(check(&format!("{longest}x")), Err(PasswordProblem::TooLong));
        let many_bytes: String = ('\u{10330}'..='\u{1034a}').cycle().take(128).collect();
        assert_eq!(many_bytes.len(), MAX_BYTES);
        assert_ne!(check(&many_bytes), Err(PasswordProblem::TooLong));
    }

    #[test]
    fn control_characters_are_refused_and_spaces_are_one() {
        assert_eq!(check("violet\tharbour crossing"), Err(PasswordProblem::ControlCharacter));
        assert_eq!(check("violet\0harbour crossing"), Err(PasswordProblem::ControlCharacter));
        assert_eq!(normalise("a\u{a0}b\u{3000}c"), "a b c");
        assert_eq!(normalise("ﬁ"), "ﬁ");
    }

    #[test]
    fn no_composition_is_demanded() {
        for good in [
            "violet harbour crossing",
            "marmalade-octopus-lantern",
            "plumtreegossipvelvet",
            "7290518364405817",
            "xK4#vQ9!mZ2@pL7&",
            "der alte Fuchs im Nebel",
            "первый снег в горах",
            "Tr0ub4dor und drei Enten",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for common in [
            "passwordpassword1",
            "P@ssw0rd-P@ssw0rd!!",
            "password123456789",
            "qwertyuiopasdfghjkl",
            "1q2w3e4r5t6y7u8i9o0p",
            "1qaz2wsx3edc4rfv5tgb",
            "abcdefghijklmnopqrst",
            "zyxwvutsrqponmlk",
            "1234567890123456",
            "administrator2026!",
            "iloveyouforever123",
            "letmeinletmeinplease",
            "correct horse battery staple",
            "Welcome-Summer-2026!",
            "changemechangeme!",
            "thisisapassword1",
            "youwillneverguess",
            "MonkeyDragonFootball",
        ] {
            let problem = check(common).unwrap_err();
            assert!(
                matches!(problem, PasswordProblem::Common | PasswordProblem::Repetitive),
                "{common}: {problem}"
            );
        }
    }

    #[test]
    fn repetitions_are_refused() {
        for repetitive in [
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "hunter2hunter2hunter2",
            "xyzxyzxyzxyzxyzx",
            "112211221122112211",
        ] {
            assert_eq!(check(repetitive), Err(PasswordProblem::Repetitive), "{repetitive}");
        }
    }

    #[test]
    fn ones_own_words_are_no_password() {
        for personal in [
            "marianne.oberholzer",
            "OberholzerMarianne1",
            "marianne-nordwind-2026",
            "Bailiwick-nordwind!",
            "m4r14nn3 0b3rh0lz3r",
            "bailiwick password 1",
        ] {
            assert_eq!(check(personal), Err(PasswordProblem::Personal), "{personal}");
        }
        assert_eq!(check("marianne prefers violet marmalade"), Ok(()));
    }

    #[test]
    fn every_problem_says_what_to_do() {
        let all = [
            PasswordProblem::TooShort { min: 15, actual: 3 },
            PasswordProblem::TooLong,
            PasswordProblem::ControlCharacter,
            PasswordProblem::Repetitive,
            PasswordProblem::Common,
            PasswordProblem::Personal,
        ];
        let mut codes: Vec<_> = all.iter().map(PasswordProblem::code).collect();
        codes.dedup();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|problem| !problem.hint().is_empty()));
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn random_letters_pass(text in "[a-z0-9]{20,60}") {
            prop_assert_eq!(check(&text), Ok(()));
        }
    }
}
