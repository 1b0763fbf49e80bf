//! Fidelity: how the integers compare with the floats on samples.

use std::fmt;

use serde::Serialize;

use super::Prediction;
use crate::tensor::Tensor;

/// What the plan does to one node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerBits {
    /// The node's name.
    pub name: String,
    /// Its layer.
    pub layer: &'static str,
    /// The bits of its values, sign included, whatever the input.
    pub bits: u32,
    /// The scale of its values.
    pub scale: i32,
    /// The declared bits of its first parameter.
    pub factor: Option<u32>,
    /// The bits that its rescale drops.
    pub shift: u32,
    /// The bits that it saturates to.
    pub saturate: Option<u32>,
    /// The proven error of its table, over all values of its input.
    pub table_error: Option<f64>,
    /// The bits of the widest value that it decomposes, where calibration says so.
    pub width: Option<u32>,
}

/// The comparison of the exact forward pass with the float reference, over some samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fidelity {
    /// The number of samples.
    pub samples: usize,
    /// How many lead beyond a calibrated width: they cannot be proved, and count as wrong.
    pub refused: usize,
    /// On how many the class is the same, of a model with classes.
    pub same_class: Option<usize>,
    /// The largest error of any score, of the samples that are not refused.
    pub max_error: f64,
    /// The largest error of any score over every input of the declared range, proven; nothing where no bound is known.
    pub proven_error: Option<f64>,
    /// The mean error of a score.
    pub mean_error: f64,
    /// The largest magnitude of a float score, to compare errors with.
    pub max_score: f64,
    /// Whether the search for the plan was ended by its time limit: another run may find another plan.
    pub timed_out: bool,
    /// What the plan does, node by node.
    pub layers: Vec<LayerBits>,
}

impl Fidelity {
    pub(super) fn of(pairs: &[(Tensor, Option<Prediction>)], classes: bool, layers: Vec<LayerBits>) -> Self {
        let (mut max, mut sum, mut count, mut top, mut same) = (0f64, 0f64, 0usize, 0f64, 0usize);
        for (float, exact) in pairs {
            top = top.max(float.max_abs());
            let Some(exact) = exact else { continue };
            for (x, y) in float.data().iter().zip(exact.scores.data()) {
                let error = (x - y).abs();
                // Nothing is near what is no number.
                max = if error.is_nan() { f64::INFINITY } else { max.max(error) };
                sum += error;
                count += 1;
            }
            same += usize::from(exact.class.is_some_and(|class| class == float.argmax()));
        }
        Self {
            samples: pairs.len(),
            refused: pairs.iter().filter(|(_, exact)| exact.is_none()).count(),
            same_class: classes.then_some(same),
            max_error: max,
            proven_error: None,
            mean_error: sum / count.max(1) as f64,
            max_score: top,
            timed_out: false,
            layers,
        }
    }

    /// The fraction of samples whose class is the same, of a model with classes.
    pub fn top1(&self) -> Option<f64> {
        self.same_class.map(|n| n as f64 / self.samples.max(1) as f64)
    }
}

impl fmt::Display for Fidelity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "fidelity over {} samples", self.samples)?;
        if let (Some(same), Some(top1)) = (self.same_class, self.top1()) {
            writeln!(f, "  top-1 agreement  {same} of {} ({:.2}%)", self.samples, 100.0 * top1)?;
        }
        if self.refused > 0 {
            writeln!(
                f,
                "  refused          {} of {} ({:.2}%): beyond a calibrated width",
                self.refused,
                self.samples,
                100.0 * self.refused as f64 / self.samples as f64
            )?;
        }
        writeln!(f, "  max error        {:.5} (scores reach {:.3})", self.max_error, self.max_score)?;
        writeln!(f, "  mean error       {:.5}", self.mean_error)?;
        match self.proven_error {
            Some(error) => writeln!(f, "  proven error     {error:.5} at most, whatever the input")?,
            None => writeln!(f, "  proven error     no bound is known over all inputs")?,
        }
        if self.timed_out {
            writeln!(f, "  search           ended by its time limit: another run may find another plan")?;
        }
        writeln!(
            f,
            "  {:<20} {:<18} {:>5} {:>6} {:>7} {:>6} {:>9} {:>6} {:>11}",
            "node", "layer", "bits", "scale", "weights", "shift", "saturated", "width", "table error"
        )?;
        for l in &self.layers {
            let dash = |x: Option<u32>| x.map_or("-".to_owned(), |b| b.to_string());
            let shift = if l.shift == 0 { "-".to_owned() } else { l.shift.to_string() };
            writeln!(
                f,
                "  {:<20} {:<18} {:>5} {:>6} {:>7} {:>6} {:>9} {:>6} {:>11}",
                l.name,
                l.layer,
                l.bits,
                l.scale,
                dash(l.factor),
                shift,
                dash(l.saturate),
                dash(l.width),
                l.table_error.map_or("-".to_owned(), |e| format!("{e:.6}"))
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_not_near_what_is_no_number() {
        let float = |x: f64| Tensor::vector(vec![x, 1.0]);
        let exact =
            || Prediction { integers: Tensor::vector(vec![]), scores: Tensor::vector(vec![2.0, 1.0]), class: None };
        let error = |x: f64| Fidelity::of(&[(float(x), Some(exact()))], false, vec![]).max_error;
        assert_eq!((error(1.5), error(f64::NAN), error(f64::NEG_INFINITY)), (0.5, f64::INFINITY, f64::INFINITY));
    }
}
