//! Progress on the terminal.

use std::{
    io::Write,
    time::Instant,
};

use zkml::plan::Progress;

/// A step that may take longer than a second.
pub struct Step {
    name: &'static str,
    start: Instant,
}

impl Step {
    /// Says that the step begins.
    pub fn new(name: &'static str) -> Self {
        eprint!("{name} ..");
        let _ = std::io::stderr().flush();
        Self { name, start: Instant::now() }
    }

    /// Shows how far the planner is.
    pub fn show(&self, progress: &Progress) {
        let best = progress.constraints.map_or(String::new(), |c| format!(", {c} constraints"));
        eprint!("\r{} .. {}, {} plans tried{best}\x1b[K", self.name, progress.stage, progress.tried);
        let _ = std::io::stderr().flush();
    }

    /// Says that it is done, and how long it took.
    pub fn done(self) {
        eprint!("\r\x1b[K");
        println!("{} [{:.2} s]", self.name, self.start.elapsed().as_secs_f64());
    }
}
