//! The picture: the digit, its scores in floats and in integers, and where the constraints went.

use std::fmt::Write;

use zkml::{circuit::Report, tensor::Tensor};

/// Colours that hold on light and dark grounds and for colour-blind eyes.
const FLOAT: &str = "#5b8db8";
const EXACT: &str = "#d9822b";
const BAR: &str = "#5f9e6e";

/// Draws an SVG.
pub fn draw(image: &Tensor, float: &Tensor, exact: &Tensor, answer: usize, report: &Report) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = render(&mut svg, image, float, exact, answer, report);
    svg
}

fn render(
    svg: &mut String,
    image: &Tensor,
    float: &Tensor,
    exact: &Tensor,
    answer: usize,
    report: &Report,
) -> std::fmt::Result {
    let nodes = report.by_node();
    let height = 320.max(90 + 26 * nodes.len());
    writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="980" height="{height}" font-family="sans-serif" font-size="13">"##
    )?;
    writeln!(svg, r##"<rect width="980" height="{height}" fill="#ffffff"/>"##)?;

    writeln!(svg, r##"<text x="20" y="30" font-weight="bold">the digit: proven to be {answer}</text>"##)?;
    for (i, pixel) in image.data().iter().enumerate() {
        let shade = 255 - (pixel / 16.0 * 255.0) as u8;
        let (x, y) = (20 + 26 * (i % 8), 50 + 26 * (i / 8));
        writeln!(
            svg,
            r##"<rect x="{x}" y="{y}" width="26" height="26" fill="rgb({shade},{shade},{shade})" stroke="#dddddd"/>"##
        )?;
    }

    writeln!(svg, r##"<text x="260" y="30" font-weight="bold">scores</text>"##)?;
    writeln!(
        svg,
        r##"<rect x="320" y="20" width="12" height="12" fill="{FLOAT}"/><text x="336" y="31">float</text>"##
    )?;
    writeln!(
        svg,
        r##"<rect x="380" y="20" width="12" height="12" fill="{EXACT}"/><text x="396" y="31">fixed point</text>"##
    )?;
    let top = float.max_abs().max(exact.max_abs()).max(1e-9);
    let zero = 400.0;
    for (class, (x, q)) in float.data().iter().zip(exact.data()).enumerate() {
        let y = 50 + 24 * class;
        let weight = if class == answer { "bold" } else { "normal" };
        writeln!(svg, r##"<text x="260" y="{}" font-weight="{weight}">{class}</text>"##, y + 14)?;
        for (value, colour, dy) in [(x, FLOAT, 0), (q, EXACT, 9)] {
            let width = value.abs() / top * 120.0;
            let left = if *value < 0.0 { zero - width } else { zero };
            writeln!(svg, r##"<rect x="{left:.1}" y="{}" width="{width:.1}" height="8" fill="{colour}"/>"##, y + dy)?;
        }
    }
    writeln!(svg, r##"<line x1="{zero}" y1="46" x2="{zero}" y2="290" stroke="#888888"/>"##)?;

    let total = report.total.constraints;
    writeln!(svg, r##"<text x="560" y="30" font-weight="bold">where {total} constraints went</text>"##)?;
    let most = nodes.iter().map(|n| n.2.constraints).max().unwrap_or(1).max(1);
    for (i, (node, layer, cost)) in nodes.iter().enumerate() {
        let y = 50 + 26 * i;
        let width = cost.constraints as f64 / most as f64 * 180.0;
        // A node named after its layer needs no second word.
        let label = if node.starts_with(layer) { (*node).to_owned() } else { format!("{node} ({layer})") };
        writeln!(svg, r##"<text x="560" y="{}">{label}</text>"##, y + 14)?;
        writeln!(svg, r##"<rect x="720" y="{y}" width="{width:.1}" height="18" fill="{BAR}"/>"##)?;
        writeln!(svg, r##"<text x="{:.1}" y="{}">{}</text>"##, 726.0 + width, y + 14, cost.constraints)?;
    }
    writeln!(svg, "</svg>")
}
