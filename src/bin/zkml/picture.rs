//! Pictures of reports, as SVG.

use std::fmt::Write as _;

use zkml::plan::Loss;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 200.0;
const ROW: f64 = 24.0;
const TOP: f64 = 60.0;

/// Colours that hold on light and dark grounds and for colour-blind eyes.
const BAR: &str = "#5b8db8";
const INK: &str = "#555555";

/// What each node loses, as a bar whose length is the relative error.
pub fn losses(model: &str, losses: &[Loss]) -> String {
    let largest = losses.iter().map(Loss::relative).filter(|x| x.is_finite()).fold(1e-12, f64::max);
    let height = TOP + ROW * losses.len() as f64 + 20.0;
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"20\" y=\"28\" font-weight=\"bold\">{}: where precision is lost, by largest error over largest value</text>",
        escape(model)
    );
    for (i, loss) in losses.iter().enumerate() {
        let y = TOP + ROW * i as f64;
        let length = (WIDTH - LEFT - 100.0) * (loss.relative() / largest).min(1.0);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{INK}\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\" fill=\"{BAR}\"><title>{} {}: {:.6} at most</title></rect>\n\
             <text x=\"{:.1}\" y=\"{}\" fill=\"{INK}\">{:.3}%</text>",
            LEFT - 10.0,
            y + 13.0,
            escape(&loss.name),
            ROW - 6.0,
            escape(&loss.name),
            loss.layer,
            loss.max_error,
            LEFT + length + 8.0,
            y + 13.0,
            100.0 * loss.relative(),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Text within XML and HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_and_nothing_else() {
        assert_eq!(escape("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
        let loss = Loss { name: "<x>".to_owned(), layer: "relu", max_error: 0.5, mean_error: 0.1, max_value: 2.0 };
        let svg = losses("m", &[loss]);
        assert!(svg.contains("&lt;x&gt;") && !svg.contains("<x>") && svg.contains("25.000%"), "{svg}");
    }
}
