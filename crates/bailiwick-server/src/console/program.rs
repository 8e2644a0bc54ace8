//! What browsers and programs call themselves, in a few words.

/// The most characters of a name that is not understood.
const MAX_CHARS: usize = 60;

/// The browser and the system of a `User-Agent` header; the header's first product where it is no browser's.
pub(super) fn program(user_agent: &str) -> String {
    // Browsers carry the names of those that they want to be taken for, so the more particular one counts.
    let browsers = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => {
            let first = user_agent.split_whitespace().next().unwrap_or("A program without a name");
            first.chars().take(MAX_CHARS).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::program;

    #[test]
    fn browsers_are_told_apart() {
        let cases = [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/148.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/148.0 Safari/537.36 Edg/148.0", "Edge on Windows"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Firefox/145.0", "Firefox on macOS"),
            ("bailiwick/0.1.0 (linux)", "bailiwick/0.1.0"),
            ("", "A program without a name"),
        ];
        for (header, wanted) in cases {
            assert_eq!(program(header), wanted);
        }
    }
}
