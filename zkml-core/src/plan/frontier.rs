//! Pareto frontier of the plans that the search tried: constraints against errors.

use std::fmt::{self, Write};

use serde::Serialize;

/// A plan that was run on all samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The constraints of its circuit, commitments excepted.
    pub constraints: usize,
    /// The largest error of any score.
    pub max_error: f64,
    /// The fraction of samples with the same class, of a model with classes.
    pub top1: Option<f64>,
    /// Whether it meets the target.
    pub faithful: bool,
}

impl Point {
    /// Whether it is no worse than another in everything, and better in something.
    fn beats(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.top1.unwrap_or(1.0), other.top1.unwrap_or(1.0));
        let no_worse = self.constraints <= other.constraints && self.max_error <= other.max_error && mine >= theirs;
        no_worse && (self.constraints < other.constraints || self.max_error < other.max_error || mine > theirs)
    }
}

/// The plans that the search ran on all samples, and which one it chose.
///
/// A plan that is given up after a few samples has no error that could be told, and is not among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Frontier {
    model: String,
    points: Vec<Point>,
    chosen: Option<Point>,
    timed_out: bool,
}

impl Frontier {
    pub(crate) fn new(model: &str) -> Self {
        Self { model: model.to_owned(), ..Self::default() }
    }

    pub(crate) fn add(&mut self, point: Point) {
        if !self.points.contains(&point) {
            self.points.push(point);
        }
    }

    pub(crate) fn choose(&mut self, constraints: usize) {
        self.points.sort_by(|a, b| a.constraints.cmp(&b.constraints).then(a.max_error.total_cmp(&b.max_error)));
        self.chosen = self.points.iter().find(|p| p.constraints == constraints && p.faithful).copied();
    }

    /// Says whether the search was ended by its time limit.
    pub(crate) fn ended(&mut self, timed_out: bool) {
        self.timed_out = timed_out;
    }

    /// Whether the search was ended by its [time limit](crate::plan::Target::time_limit): another run may find another plan.
    pub fn timed_out(&self) -> bool {
        self.timed_out
    }

    /// Whether no point has about so many constraints.
    pub(crate) fn misses(&self, constraints: usize) -> bool {
        self.points.iter().all(|p| p.constraints.abs_diff(constraints) * 50 > constraints)
    }

    /// All points, by their constraints.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The point of the plan that was chosen.
    pub fn chosen(&self) -> Option<&Point> {
        self.chosen.as_ref()
    }

    /// The points that no other beats, by their constraints.
    pub fn pareto(&self) -> Vec<Point> {
        self.points.iter().filter(|p| !self.points.iter().any(|q| q.beats(p))).copied().collect()
    }

    /// A picture: constraints (logarithmic) against the largest error, the undominated plans joined by a line.
    pub fn to_svg(&self) -> String {
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _ = self.draw(&mut svg);
        svg
    }

    fn draw(&self, svg: &mut String) -> fmt::Result {
        let text = "font-family=\"sans-serif\" font-size=\"13\"";
        writeln!(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" {text}>")?;
        writeln!(svg, "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>")?;
        let name = escape(&self.model);
        writeln!(svg, "<text x=\"{LEFT}\" y=\"28\" font-weight=\"bold\">{name}: what fidelity costs</text>")?;
        if self.points.is_empty() {
            writeln!(svg, "<text x=\"{LEFT}\" y=\"60\" fill=\"{INK}\">the plan was given: nothing was tried</text>")?;
            return writeln!(svg, "</svg>");
        }
        let axes = Axes::of(&self.points);
        axes.draw(svg)?;
        for p in &self.points {
            let (x, y) = axes.place(p);
            let (fill, stroke) = if p.faithful { (GOOD, GOOD) } else { ("none", POOR) };
            let top1 = p.top1.map_or(String::new(), |t| format!(", {:.2}% of classes", 100.0 * t));
            let tip = format!("{} constraints, max error {:.4}{top1}", p.constraints, p.max_error);
            writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{fill}\" stroke=\"{stroke}\" opacity=\"0.7\"><title>{tip}</title></circle>"
            )?;
        }
        // In this plane: the error falls as constraints are added.
        let mut line = Vec::new();
        let mut least = f64::INFINITY;
        for p in self.points.iter().filter(|p| p.max_error.is_finite()) {
            if p.max_error < least {
                least = p.max_error;
                let (x, y) = axes.place(p);
                line.push(format!("{x:.1},{y:.1}"));
            }
        }
        writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"1.5\"/>", line.join(" "))?;
        if let Some(p) = &self.chosen {
            let (x, y) = axes.place(p);
            let anchor = if x > WIDTH / 2.0 { "end" } else { "start" };
            let dx = if x > WIDTH / 2.0 { -12.0 } else { 12.0 };
            writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\" fill=\"none\" stroke=\"{MARK}\" stroke-width=\"2.5\"/>"
            )?;
            writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"{MARK}\" font-weight=\"bold\">chosen: {}</text>",
                x + dx,
                y - 10.0,
                p.constraints
            )?;
        }
        for (i, (fill, stroke, label)) in
            [(GOOD, GOOD, "meets the target"), ("none", POOR, "does not")].into_iter().enumerate()
        {
            let y = 24.0 + 18.0 * i as f64;
            writeln!(svg, "<circle cx=\"{}\" cy=\"{y}\" r=\"4\" fill=\"{fill}\" stroke=\"{stroke}\"/>", WIDTH - 160.0)?;
            writeln!(svg, "<text x=\"{}\" y=\"{}\" fill=\"{INK}\">{label}</text>", WIDTH - 148.0, y + 4.0)?;
        }
        writeln!(svg, "</svg>")
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 60.0;

/// Colours that hold on light and dark grounds and for colour-blind eyes.
const GOOD: &str = "#5b8db8";
const POOR: &str = "#a0a0a0";
const MARK: &str = "#d9822b";
const INK: &str = "#555555";

/// The plane: both ends of each axis. Constraints are placed by their logarithm.
struct Axes {
    x: (f64, f64),
    top: f64,
}

impl Axes {
    fn of(points: &[Point]) -> Self {
        let log = |p: &Point| (p.constraints.max(1) as f64).ln();
        let lo = points.iter().map(log).fold(f64::INFINITY, f64::min);
        let hi = points.iter().map(log).fold(f64::NEG_INFINITY, f64::max);
        let room = ((hi - lo) * 0.06).max(0.02);
        let errors = points.iter().map(|p| p.max_error).filter(|e| e.is_finite());
        Self { x: (lo - room, hi + room), top: nice(errors.fold(0.0, f64::max).max(1e-12)) }
    }

    fn across(&self, constraints: f64) -> f64 {
        LEFT + (constraints.ln() - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - LEFT - RIGHT)
    }

    fn up(&self, error: f64) -> f64 {
        HEIGHT - BOTTOM - (error / self.top).min(1.0) * (HEIGHT - TOP - BOTTOM)
    }

    fn place(&self, p: &Point) -> (f64, f64) {
        (self.across(p.constraints.max(1) as f64), self.up(p.max_error))
    }

    fn draw(&self, svg: &mut String) -> fmt::Result {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for i in 0..=4 {
            let error = self.top * f64::from(i) / 4.0;
            let y = self.up(error);
            writeln!(svg, "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#e6e6e6\"/>")?;
            writeln!(
                svg,
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{INK}\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                short(error)
            )?;
        }
        for constraints in self.ticks() {
            let x = self.across(constraints);
            writeln!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{bottom}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"{INK}\"/>",
                bottom + 5.0
            )?;
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"{INK}\">{}</text>",
                bottom + 20.0,
                short(constraints)
            )?;
        }
        writeln!(svg, "<line x1=\"{LEFT}\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{bottom}\" stroke=\"{INK}\"/>")?;
        let middle = (LEFT + right) / 2.0;
        writeln!(
            svg,
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"{INK}\">constraints (logarithmic)</text>",
            HEIGHT - 14.0
        )?;
        let y = (TOP + bottom) / 2.0;
        writeln!(
            svg,
            "<text x=\"20\" y=\"{y}\" text-anchor=\"middle\" fill=\"{INK}\" transform=\"rotate(-90 20 {y})\">largest error of a score</text>"
        )
    }

    /// Round numbers of constraints within the axis, not more than eight.
    fn ticks(&self) -> Vec<f64> {
        let within = |x: &f64| (self.x.0..=self.x.1).contains(&x.ln());
        let steps: [&[f64]; 5] = [
            &[1.0],
            &[1.0, 3.0],
            &[1.0, 2.0, 5.0],
            &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            &[1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0, 8.0, 9.0],
        ];
        let of = |step: &[f64]| -> Vec<f64> {
            (0..10).flat_map(|e| step.iter().map(move |s| s * 10f64.powi(e))).filter(within).collect()
        };
        let all: Vec<Vec<f64>> = steps.iter().map(|s| of(s)).filter(|t| t.len() <= 8).collect();
        let most = all.into_iter().max_by_key(Vec::len).unwrap_or_default();
        if most.is_empty() { vec![((self.x.0 + self.x.1) / 2.0).exp()] } else { most }
    }
}

/// The least of 1, 2, 2.5, 5 and 10 times a power of ten that is not below `x`.
fn nice(x: f64) -> f64 {
    let power = 10f64.powi(x.log10().floor() as i32);
    [1.0, 2.0, 2.5, 5.0].into_iter().map(|m| m * power).find(|n| *n >= x).unwrap_or(10.0 * power)
}

/// A number in few characters.
fn short(x: f64) -> String {
    match x.abs() {
        a if a >= 1e6 => format!("{}M", trim(x / 1e6)),
        a if a >= 1e3 => format!("{}k", trim(x / 1e3)),
        a if a >= 0.01 || a == 0.0 => trim(x),
        _ => format!("{x:.1e}"),
    }
}

/// At most three decimals, none that are zero.
fn trim(x: f64) -> String {
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The points that no other beats, as a table.
impl fmt::Display for Frontier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} plans run on all samples; those that no other beats:", self.points.len())?;
        writeln!(f, "  {:>12} {:>12} {:>8}", "constraints", "max error", "top-1")?;
        for p in self.pareto() {
            let top1 = p.top1.map_or("-".to_owned(), |t| format!("{:.2}%", 100.0 * t));
            let mark = match (Some(p) == self.chosen, p.faithful) {
                (true, _) => "  chosen",
                (false, true) => "",
                (false, false) => "  misses the target",
            };
            writeln!(f, "  {:>12} {:>12.5} {:>8}{mark}", p.constraints, p.max_error, top1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(constraints: usize, max_error: f64, top1: f64) -> Point {
        Point { constraints, max_error, top1: Some(top1), faithful: top1 == 1.0 }
    }

    fn frontier() -> Frontier {
        let mut frontier = Frontier::new("a<b");
        for p in [point(900, 0.25, 0.5), point(2000, 0.5, 1.0), point(1000, 0.5, 1.0), point(1500, 0.125, 1.0)] {
            frontier.add(p);
            frontier.add(p);
        }
        frontier.choose(1000);
        frontier
    }

    #[test]
    fn what_another_beats_is_not_on_the_front() {
        let frontier = frontier();
        assert_eq!(frontier.points().len(), 4);
        let front: Vec<usize> = frontier.pareto().iter().map(|p| p.constraints).collect();
        assert_eq!(front, [900, 1000, 1500]);
        assert_eq!(frontier.chosen(), Some(&point(1000, 0.5, 1.0)));
        assert!(frontier.misses(1021) && !frontier.misses(1019));
    }

    #[test]
    fn the_table_marks_the_chosen_one() {
        let text = frontier().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "4 plans run on all samples; those that no other beats:",
                "   constraints    max error    top-1",
                "           900      0.25000   50.00%  misses the target",
                "          1000      0.50000  100.00%  chosen",
                "          1500      0.12500  100.00%",
            ]
        );
    }

    #[test]
    fn the_picture_has_every_point_and_escapes_the_name() {
        let svg = frontier().to_svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("a&lt;b: what fidelity costs"));
        assert_eq!(svg.matches("<title>").count(), 4);
        assert!(svg.contains("<title>1500 constraints, max error 0.1250, 100.00% of classes</title>"));
        assert!(svg.contains("chosen: 1000</text>"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        let empty = Frontier::default().to_svg();
        assert!(empty.contains("nothing was tried") && empty.ends_with("</svg>\n"));
        let mut one = Frontier::new("one");
        one.add(point(1, 0.0, 1.0));
        assert!(!one.to_svg().contains("NaN") && !one.to_svg().contains("inf"));
    }

    #[test]
    fn numbers_are_short_and_ends_are_round() {
        let shown: Vec<String> = [0.0, 0.25, 1500.0, 2e6, 0.001].into_iter().map(short).collect();
        assert_eq!(shown, ["0", "0.25", "1.5k", "2M", "1.0e-3"]);
        assert_eq!([0.3, 1.0, 2.2, 7.0].map(nice), [0.5, 1.0, 2.5, 10.0]);
    }
}
