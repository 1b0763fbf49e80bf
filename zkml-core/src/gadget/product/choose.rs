//! Choice among the ways to enforce a convolution or a matrix product: the formula, Winograd's tiles and pairs, packed products

use super::{
    consumer::Consumer,
    linear_map::LinearMap,
    matrix::{self, Paired},
    packed::{self, Packed},
    winograd::{self, Grid, Tiled},
};
use crate::number::{ArithError, Measure, cost};

/// How a convolution is enforced.
pub enum Convolution {
    /// One dot product an output.
    Formula,
    /// Tiles, by Winograd's minimal filtering.
    Tiles(Tiled),
    /// Packed products.
    Packed(Packed),
}

/// How a matrix product is enforced.
pub enum MatrixProduct {
    /// One dot product an output.
    Formula,
    /// Products of pairs, by Winograd's inner product.
    Pairs(Paired),
    /// Packed products.
    Packed(Packed),
}

fn most_terms<'a>(of: impl Iterator<Item = &'a Measure>) -> usize {
    of.map(|m| m.terms as usize).max().unwrap_or(0)
}

/// The way that takes a convolution the least time. Counting and building ask here, and nowhere else.
///
/// # Errors
/// If a result may reach `2^250`.
pub fn convolution(
    grid: &Grid,
    x: &[Measure],
    w: &[Measure],
    bias: &[Measure],
    consumer: Option<&Consumer>,
    looks_up: bool,
) -> Result<Convolution, ArithError> {
    // A product with a known factor is none, and is not packed.
    if w.iter().any(|w| w.interval.is_point()) {
        return Ok(Convolution::Formula);
    }
    let tiled = winograd::decide(grid, x, w, bias)?;
    let (channels, filters) = grid.channels_and_filters(x.len(), w.len());
    let least = match &tiled {
        Some(tiled) => tiled.tiling.time,
        None => winograd::direct_time(grid, channels * filters, most_terms(x.iter()) + most_terms(w.iter())),
    };
    let map = LinearMap::convolution(grid, x.len(), w.len());
    let [x, w, bias] = [x, w, bias].map(|of| of.iter().collect::<Vec<_>>());
    let packed = packed::decide(map, &x, &w, &bias, consumer, looks_up, least)?;
    Ok(packed.map_or_else(|| tiled.map_or(Convolution::Formula, Convolution::Tiles), Convolution::Packed))
}

/// The way that takes a matrix product the least time, of rows and columns of one length. Counting and building ask here, and nowhere else.
///
/// # Errors
/// If a sum may reach `2^250`.
pub fn matrix(
    rows: &[Vec<&Measure>],
    columns: &[Vec<&Measure>],
    bias: &[&Measure],
    consumer: Option<&Consumer>,
    looks_up: bool,
) -> Result<MatrixProduct, ArithError> {
    // A product with a known factor is none, and is not packed.
    if rows.iter().flatten().any(|w| w.interval.is_point()) {
        return Ok(MatrixProduct::Formula);
    }
    let map = LinearMap::matrix(rows, columns);
    let paired = matrix::decide(rows, columns, bias)?;
    let [w, x] = [rows, columns].map(|of| of.iter().flatten().copied().collect::<Vec<&Measure>>());
    let terms = most_terms(w.iter().copied()) + most_terms(x.iter().copied());
    let least = match &paired {
        Some(paired) => paired.cost.constraints.saturating_mul(cost::ROW + 3 + 2 * terms),
        None => map.multiplications().saturating_mul(cost::ROW + 3 + terms),
    };
    let packed = packed::decide(map, &x, &w, bias, consumer, looks_up, least)?;
    Ok(packed.map_or_else(|| paired.map_or(MatrixProduct::Formula, MatrixProduct::Pairs), MatrixProduct::Packed))
}
