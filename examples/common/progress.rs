//! Progress on the terminal.

use std::{
    cell::Cell,
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

use zkml::plan::Progress;

/// A step that may take longer than a second.
pub struct Step {
    name: &'static str,
    start: Instant,
    shown: Cell<Duration>,
}

impl Step {
    /// Says that the step begins.
    pub fn new(name: &'static str) -> Self {
        eprint!("{name} ..{}", if stderr().is_terminal() { "" } else { "\n" });
        let _ = stderr().flush();
        Self { name, start: Instant::now(), shown: Cell::default() }
    }

    /// Shows how far the planner is.
    pub fn show(&self, progress: &Progress) {
        let best = progress.constraints.map_or(String::new(), |c| format!(", {c} constraints"));
        self.say(&format!("{}, {} plans tried{best}", progress.stage, progress.tried));
    }

    /// Shows how far the step is.
    pub fn say(&self, text: &str) {
        // Ten times a second on a terminal, every ten seconds in a log.
        let every = if stderr().is_terminal() { 100 } else { 10_000 };
        let now = self.start.elapsed();
        if now < self.shown.get() + Duration::from_millis(every) {
            return;
        }
        self.shown.set(now);
        let line = format!("{} .. {text}", self.name);
        if stderr().is_terminal() {
            eprint!("\r{line}\x1b[K");
        } else {
            eprintln!("{line}");
        }
        let _ = stderr().flush();
    }

    /// Removes what was shown.
    pub fn clear(&self) {
        if stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
    }

    /// Says that it is done, and how long it took.
    pub fn done(self) {
        self.clear();
        println!("{} [{:.2} s]", self.name, self.start.elapsed().as_secs_f64());
    }
}
