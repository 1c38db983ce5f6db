//! The program's own log: pretty for people, JSON for machines, and never a secret of the database layer.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write};

use scim::text;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

use crate::config::{Log, LogFormat};

/// Starts the log on standard error and sends panics there; a second call changes nothing.
pub fn start(settings: &Log) {
    let pretty = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    if tracing::subscriber::set_global_default(subscriber(&settings.level, pretty, std::io::stderr)).is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "{}", panic.payload_as_str().unwrap_or("a panic without words"));
        }));
    }
}

/// The levels that are wanted, or a sentence that says what is wrong with them.
pub(crate) fn filter(level: &str) -> Result<EnvFilter, String> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    // The library takes a word that is no level for a part of the program, and then says nothing of all others.
    let word =
        |part: &&str| !part.is_empty() && !part.contains(['=', '[']) && part.parse::<LevelFilter>().is_err();
    let mut parts = level.split(',').map(str::trim);
    if level.split(',').all(|part| part.trim().is_empty()) || parts.any(|part| word(&part)) {
        let advice = "write error, warn, info, debug or trace, or directives such as info,server=debug";
        return Err(format!("log.level \"{level}\" cannot be used: {advice}."));
    }
    builder.parse(level).map_err(|error| format!("log.level \"{level}\" cannot be used: {error}."))
}

fn subscriber<W>(level: &str, pretty: bool, writer: W) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // The configuration has checked the level, so the default is only for callers without one.
    let wanted = filter(level).unwrap_or_default().and(filter_fn(harmless));
    // Colours are escape characters, which the log shows and does not send.
    let layer = tracing_subscriber::fmt::layer::<Registry>().with_ansi(false).with_writer(Shown(writer));
    if pretty {
        Box::new(Registry::default().with(layer.with_target(false).with_filter(wanted)))
    } else {
        let layer = layer.json().flatten_event(true).with_current_span(true).with_span_list(false);
        Box::new(Registry::default().with(layer.with_filter(wanted)))
    }
}

/// Shows characters that would act on a terminal or change the order of what is read.
struct Shown<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Shown<W> {
    type Writer = Shown<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Shown(self.0.make_writer())
    }

    fn make_writer_for(&'w self, metadata: &Metadata<'_>) -> Self::Writer {
        Shown(self.0.make_writer_for(metadata))
    }
}

impl<W: Write> Write for Shown<W> {
    /// Writes one whole event, which ends with its line.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(shown(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// The event with such characters escaped, which is JSON still where it was.
fn shown(event: &str) -> Cow<'_, str> {
    match event.strip_suffix('\n') {
        Some(line) => Cow::Owned(text::shown(line).into_owned() + "\n"),
        None => text::shown(event),
    }
}

/// Below WARN the database layer shows connection options, and in them the password.
fn harmless(metadata: &Metadata<'_>) -> bool {
    let database = ["sea_orm", "sqlx"].iter().any(|target| metadata.target().starts_with(target));
    !database || *metadata.level() <= LevelFilter::WARN
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic while writing").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, pretty: bool, log: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        tracing::subscriber::with_default(subscriber(level, pretty, move || writer.clone()), log);
        let bytes = written.0.lock().expect("no panic while writing").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn the_database_layer_is_kept_quiet_whatever_the_level() {
        for level in ["trace", "trace,sea_orm=trace", "sea_orm::database=trace", "sqlx::query=debug,info"] {
            for pretty in [true, false] {
                let text = logged(level, pretty, || {
                    let span = tracing::trace_span!(target: "sea_orm::database", "connect", url = "s3cret");
                    let _entered = span.enter();
                    tracing::info!(target: "sqlx::query", "s3cret");
                    tracing::debug!(target: "sea_orm::database::db_connection", "s3cret");
                    tracing::warn!(target: "sqlx::pool", "slow");
                    tracing::error!(target: "server", "ours");
                });
                assert!(!text.contains("s3cret"), "{level}: {text}");
                assert!(text.contains("ours") || level.starts_with("sea_orm"), "{level}: {text}");
            }
        }
    }

    #[test]
    fn machines_get_one_json_object_a_line() {
        let text = logged("info", false, || {
            let span = tracing::info_span!("request", request_id = "r-1");
            let _entered = span.enter();
            tracing::info!(status = 200, "answered");
        });
        let line: serde_json::Value = serde_json::from_str(text.trim()).expect("JSON");
        assert_eq!(
            (line["message"].as_str(), line["span"]["request_id"].as_str()),
            (Some("answered"), Some("r-1"))
        );
    }

    #[test]
    fn what_would_act_on_a_terminal_or_turn_text_around_is_shown() {
        let sent = "a\u{1b}[31mb\u{9b}c\u{7f}\r\nd\u{202e}e\u{2066}f";
        for pretty in [true, false] {
            let log = logged("info", pretty, || {
                let span = tracing::info_span!("request", path = %sent, word = sent);
                let _entered = span.enter();
                tracing::info!(path = %sent, word = sent, "{sent}");
                tracing::info!(error = ?sent.to_owned(), "ü 名");
            });
            assert!(log.lines().count() == 2 && log.ends_with('\n'), "{log}");
            assert!(log.lines().all(|line| text::shown(line) == line), "{log}");
            assert!(log.contains("\\u202e") && log.contains("ü 名"), "{log}");
            for line in log.lines().filter(|_| !pretty) {
                let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let word = line["word"].as_str().or(line["span"]["word"].as_str());
                assert_eq!(word, Some(sent), "machines read what was sent");
            }
        }
    }

    #[test]
    fn a_level_that_means_nothing_is_refused() {
        assert!(filter("info,server=debug").is_ok());
        for level in ["server=loudly", "inof", "info,servre", "", ","] {
            assert!(filter(level).expect_err(level).contains("log.level"), "{level}");
        }
    }
}
