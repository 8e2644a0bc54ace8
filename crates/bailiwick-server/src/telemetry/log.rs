//! The log: events of `tracing` to standard error, as text or JSON.
//!
//! Secrets have types whose `Debug` hides them, and links and mail bodies are never logged. What callers
//! chose (names, paths, headers) can be logged: control characters in it are escaped, so that one event stays
//! one line.

use std::io::{self, IsTerminal as _, Write};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogFormat, LogSettings};

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level is neither a level nor a list of directives; [`crate::config::Config::load`] refuses it
    /// earlier.
    #[error("`{level}` is not a level or a list of directives")]
    Level {
        /// The text.
        level: String,
    },
    /// Something else already receives this process's events.
    #[error("the log of this process is already set up")]
    AlreadyInstalled,
}

/// Sends the events of the whole process to standard error. To be called once, before anything is logged.
pub fn install(settings: &LogSettings) -> Result<(), LogError> {
    let subscriber = subscriber(settings, io::stderr, io::stderr().is_terminal())?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::AlreadyInstalled)
}

/// Whether the text format uses colours; JSON never does.
type IsColoured = bool;

/// What turns events into lines on `writer`; apart from [`install`] so that a test can read them.
pub fn subscriber<W>(
    settings: &LogSettings,
    writer: W,
    is_coloured: IsColoured,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter =
        EnvFilter::try_new(&settings.level).map_err(|_| LogError::Level { level: settings.level.clone() })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    Ok(match settings.format {
        // JSON escapes control characters by itself.
        LogFormat::Json => Box::new(builder.json().flatten_event(true).with_writer(writer).finish()),
        LogFormat::Text => {
            Box::new(builder.with_ansi(is_coloured).with_writer(OneLine { writer, is_coloured }).finish())
        }
    })
}

/// Escapes control characters inside an event.
struct OneLine<W> {
    writer: W,
    is_coloured: IsColoured,
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for OneLine<W> {
    type Writer = OneLineWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        OneLineWriter { writer: self.writer.make_writer(), is_coloured: self.is_coloured }
    }
}

struct OneLineWriter<W> {
    writer: W,
    is_coloured: IsColoured,
}

impl<W: Write> Write for OneLineWriter<W> {
    /// The formatter hands over one whole event, with its line break, per call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (body, end) = text.strip_suffix('\n').map_or((&*text, ""), |body| (body, "\n"));
        let mut line = String::with_capacity(text.len());
        for c in body.chars() {
            // The formatter escapes ESC in what callers chose, so that those left are its own colours.
            let is_own_colour = self.is_coloured && c == '\u{1b}';
            if is_deceptive(c) && !is_own_colour {
                line.extend(c.escape_default());
            } else {
                line.push(c);
            }
        }
        line.push_str(end);
        self.writer.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Characters that could end the line, drive a terminal or turn the direction of writing around.
fn is_deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str, log: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let settings = LogSettings { level: level.to_owned(), format };
        let subscriber = subscriber(&settings, move || writer.clone(), false).unwrap();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn one_event_is_one_line_whatever_the_caller_chose() {
        let name = "eve\n2026-11-21T00:00:00Z  INFO forged\r\u{1b}[31m\u{202e}";
        let text = logged(LogFormat::Text, "info", || tracing::info!(%name, "invited {name}"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with('\n'), "{text}");
        assert!(!text.contains(['\r', '\u{1b}', '\u{202e}']), "{text:?}");

        let json = logged(LogFormat::Json, "info", || tracing::info!(%name, "invited"));
        assert_eq!(json.lines().count(), 1, "{json}");
        let event: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(event["name"], name);
        assert_eq!(event["message"], "invited");
    }

    #[test]
    fn the_level_selects() {
        let text = logged(LogFormat::Text, "warn,bailiwick_server=debug", || {
            tracing::debug!("ours");
            tracing::info!(target: "other", "theirs");
        });
        assert!(text.contains("ours") && !text.contains("theirs"), "{text}");
    }

    #[test]
    fn what_is_no_level_is_refused() {
        let settings = LogSettings { level: "a=b=c".to_owned(), format: LogFormat::Text };
        assert!(matches!(subscriber(&settings, io::sink, false), Err(LogError::Level { .. })));
    }
}
