//! What is shown: tables for people, JSON for programs, progress on the terminal.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::json;

use crate::error::Error;

/// Where results, notes and errors go.
#[derive(Clone, Copy, Debug)]
pub struct Out {
    json: bool,
    quiet: bool,
}

impl Out {
    /// As the command line says.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// The result: JSON in one line for programs, or a text for people.
    pub fn show<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) {
        if self.json {
            // Maps have strings for keys: writing them does not fail.
            line(&mut io::stdout(), &serde_json::to_string(value).unwrap_or_default());
        } else if !self.quiet {
            line(&mut io::stdout(), text().trim_end());
        }
    }

    /// Something that people should know beside the result.
    pub fn note(&self, text: &str) {
        if !self.json && !self.quiet {
            line(&mut io::stderr(), text);
        }
    }

    /// What went wrong.
    pub fn error(&self, error: &Error) {
        if self.json {
            let kind = error.kind();
            let mut value = json!({ "kind": kind, "code": kind.code(), "message": error.to_string() });
            if let Error::Unsupported { found, .. } = error {
                value["unsupported"] = json!(found);
            }
            let value = json!({ "error": value });
            line(&mut io::stderr(), &value.to_string());
        } else {
            line(&mut io::stderr(), &format!("error: {error}"));
        }
    }

    /// A step of unknown length.
    pub fn step(&self, what: &str) -> Step {
        Step::new(self.bar(what, "{spinner} {prefix} {msg} [{elapsed}]"), None)
    }

    /// A step that takes about so many seconds.
    pub fn timed(&self, what: &str, seconds: f64) -> Step {
        let bar = self.bar(what, "{spinner} {prefix} {bar:30} {msg} [{elapsed}]");
        Step::new(bar, Some(Duration::try_from_secs_f64(seconds.max(0.001)).unwrap_or(Duration::MAX)))
    }

    fn bar(&self, what: &str, template: &str) -> ProgressBar {
        let shown = !self.json && !self.quiet;
        // Where it is no terminal, nothing is drawn.
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(None, target).with_style(style).with_prefix(what.to_owned())
    }
}

/// A line; whoever closed the pipe wants no more.
fn line(to: &mut dyn Write, text: &str) {
    let _ = writeln!(to, "{text}").and_then(|()| to.flush());
}

/// A step of the work, which is shown until it ends.
pub struct Step {
    bar: ProgressBar,
    began: Instant,
    over: Arc<AtomicBool>,
    clock: Option<JoinHandle<()>>,
}

/// How often a bar moves.
const TICK: Duration = Duration::from_millis(100);

impl Step {
    fn new(bar: ProgressBar, predicted: Option<Duration>) -> Self {
        let (began, over) = (Instant::now(), Arc::new(AtomicBool::new(false)));
        bar.enable_steady_tick(TICK);
        let clock = predicted.map(|predicted| {
            let (bar, over) = (bar.clone(), Arc::clone(&over));
            bar.set_length(1000);
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let (spent, whole) = (began.elapsed().as_secs_f64(), predicted.as_secs_f64());
                    // The prediction is rough: the end is reached when it is.
                    bar.set_position((1000.0 * spent / whole).min(990.0) as u64);
                    let left = whole - spent;
                    bar.set_message(if left >= 0.5 { format!("about {} left", time(left)) } else { String::new() });
                    thread::park_timeout(TICK);
                }
            })
        });
        Self { bar, began, over, clock }
    }

    /// Says how far it is.
    pub fn say(&self, text: String) {
        self.bar.set_message(text);
    }

    /// What says how far it is, from elsewhere.
    #[cfg(feature = "bounty")]
    pub fn teller(&self) -> impl Fn(String) + Send + 'static {
        let bar = self.bar.clone();
        move |text| bar.set_message(text)
    }

    /// The seconds since it began.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(clock) = self.clock.take() {
            clock.thread().unpark();
            let _ = clock.join();
        }
        self.bar.finish_and_clear();
    }
}

/// A time for people.
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => format!("{:.0} us", s * 1e6),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

/// A number of bytes for people.
pub fn bytes(count: usize) -> String {
    match count as f64 {
        b if b < 1e3 => format!("{b:.0} B"),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}

/// A count, its thousands apart.
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let from = digits.len() % 3;
    let mut text = digits[..from].to_owned();
    for (i, digit) in digits[from..].chars().enumerate() {
        if i % 3 == 0 && !text.is_empty() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A table: a head, and rows of as many cells. The first column stands to the left, the others where `right` says so to the right.
pub fn table(head: &[&str], right: &[usize], rows: &[Vec<String>]) -> String {
    let width = |i: usize| {
        let cells = rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.chars().count());
        cells.chain([head[i].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(i, (cell, width))| {
            let room = " ".repeat(width.saturating_sub(cell.chars().count()));
            if right.contains(&i) { format!("{room}{cell}") } else { format!("{cell}{room}") }
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    std::iter::once(line(&head)).chain(rows.iter().map(|row| line(row))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 12, 999, 1000, 1234567].map(count), ["0", "12", "999", "1,000", "1,234,567"]);
        assert_eq!([12, 1200, 5_300_000, 7_000_000_000].map(bytes), ["12 B", "1.2 kB", "5.3 MB", "7.0 GB"]);
        assert_eq!([0.0002, 0.25, 3.2, 600.0].map(time), ["200 us", "250 ms", "3.2 s", "10 min"]);
    }

    #[test]
    fn columns_stand_where_they_are_told_to() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["long".to_owned(), "22".to_owned()]];
        assert_eq!(table(&["name", "n"], &[1], &rows), "  name   n\n  a      1\n  long  22");
    }
}
