//! Convolutions and matrix products as their formulas say, over any reading: one dot product a result.

use super::Arith;
use crate::{gadget::product::winograd::Grid, number::ArithError};

/// Convolution: `y_o(j) = sum_c,k w_oc(k) * x_c(s * j + d * k - p) + bias_o`, by filter and window; the weights by filter,
/// channel and tap.
///
/// # Errors
/// If a result may reach `2^250`.
pub fn convolve<A: Arith>(
    a: &mut A,
    grid: &Grid,
    x: &[A::Wire],
    w: &[A::Wire],
    bias: &[A::Wire],
) -> Result<Vec<A::Wire>, ArithError> {
    let (channels, filters) = grid.channels_and_filters(x.len(), w.len());
    let windows: Vec<Vec<(usize, usize)>> = grid.all_taps().collect();
    let mut y = Vec::with_capacity(filters * windows.len());
    for o in 0..filters {
        for taps in &windows {
            y.push(a.dot(grid.factors(x, w, channels, o, taps), bias.get(o))?);
        }
    }
    Ok(y)
}

/// Matrix product: `s_ft = sum_c w_fc * x_ct + bias_f`, by row `f` and column `t`.
///
/// # Errors
/// If a result may reach `2^250`.
pub fn matmul<A: Arith>(
    a: &mut A,
    rows: &[Vec<&A::Wire>],
    columns: &[Vec<&A::Wire>],
    bias: &[&A::Wire],
) -> Result<Vec<A::Wire>, ArithError> {
    let mut sums = Vec::with_capacity(rows.len() * columns.len());
    for (row, w) in rows.iter().enumerate() {
        for x in columns {
            sums.push(a.dot(w.iter().copied().zip(x.iter().copied()), bias.get(row).copied())?);
        }
    }
    Ok(sums)
}
