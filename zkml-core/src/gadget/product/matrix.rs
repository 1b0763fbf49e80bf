//! Matrix product, of factors that are both variables, by Winograd's inner products: `s_ft = sum_c w_fc * x_ct`

use super::linear_map::LinearMap;
use crate::gadget::Cs;
use crate::number::{ArithError, Cost, Int, Interval, MAX_BITS, Measure, interval::bit_len};

/// Whether products of pairs are fewer than those of single elements.
fn pairs(rows: usize, columns: usize, length: usize) -> bool {
    length > 1 && rows.saturating_add(columns) < rows.saturating_mul(columns)
}

/// Matrix product: `f * t * ceil(c / 2) + (f + t) * floor(c / 2)` constraints for `f` rows and `t` columns of `c` elements,
/// if that is less than `f * t * c`, which it is otherwise.
pub fn cost(rows: usize, columns: usize, length: usize) -> Cost {
    let cells = rows.saturating_mul(columns);
    let n = if pairs(rows, columns, length) {
        cells.saturating_mul(length.div_ceil(2)).saturating_add((rows + columns).saturating_mul(length / 2))
    } else {
        cells.saturating_mul(length)
    };
    Cost::new(n, n)
}

/// Whether no variable can reach `2^250`, of elements with so many bits.
pub fn fits(rows: u32, columns: u32, length: usize) -> bool {
    // A product of two sums, and a sum of such products.
    2 * (rows.max(columns) + 2) + bit_len(Int::from(length as u64)) <= MAX_BITS
}

/// A matrix product by products of pairs: what they cost, and what is known of them, by row and column.
pub struct Paired {
    /// The cost.
    pub cost: Cost,
    /// The sums, with their bias.
    pub sums: Vec<Measure>,
}

/// Whether products of pairs pay for the sums of these factors: nothing if they are not fewer than those of the formula, or a factor
/// is known. Counting and building ask here, and nowhere else.
///
/// # Errors
/// If a sum may reach `2^250`.
pub fn decide(
    rows: &[Vec<&Measure>],
    columns: &[Vec<&Measure>],
    bias: &[&Measure],
) -> Result<Option<Paired>, ArithError> {
    let length = rows.first().map_or(0, Vec::len);
    let bits = |vectors: &[Vec<&Measure>]| {
        let mut all = vectors.iter().flatten().map(|m| &m.interval);
        all.try_fold(0, |bits: u32, i| (!i.is_point()).then(|| bits.max(i.bits())))
    };
    let fit = || bits(rows).zip(bits(columns)).is_some_and(|(w, x)| fits(w, x, length));
    if !pairs(rows.len(), columns.len(), length) || !fit() {
        return Ok(None);
    }
    let [w, x] = [rows, columns].map(|vectors| vectors.iter().flatten().copied().collect::<Vec<&Measure>>());
    let intervals = LinearMap::matrix(rows, columns).intervals(&w, &x, bias)?;
    let sum = |(i, interval): (usize, Interval)| {
        let terms = bias.get(i / columns.len()).map_or(1, |b| b.terms.saturating_add(1));
        Measure { interval, terms }
    };
    let sums = intervals.into_iter().enumerate().map(sum).collect();
    Ok(Some(Paired { cost: cost(rows.len(), columns.len(), length), sums }))
}

/// Enforces `s` as the last of its products: `a * b = s - parts`, with the sum of all others in `parts`.
fn close<C: Cs>(cs: &mut C, factors: &[(C::W, C::W)], less: &[&C::W]) -> C::W {
    let Some(((a, b), others)) = factors.split_last() else { return cs.constant(Int::ZERO) };
    let products: Vec<C::W> = others.iter().map(|(a, b)| cs.product(a, b)).collect();
    let mut parts: Vec<(Int, &C::W)> = products.iter().map(|p| (Int::ONE, p)).collect();
    parts.extend(less.iter().map(|w| (-Int::ONE, *w)));
    let parts = cs.linear(&parts, Int::ZERO);
    let value = cs.value(&parts).zip(cs.value(a).zip(cs.value(b)));
    let s = cs.witness(value.map(|(parts, (a, b))| parts.wrapping_add(a.wrapping_mul(b))));
    let last = cs.linear(&[(Int::ONE, &s), (-Int::ONE, &parts)], Int::ZERO);
    cs.enforce(a, b, &last);
    s
}

/// Matrix product: the sums by row and column, each a variable. Factors may be linear combinations; all rows and columns
/// are of one length.
///
/// # Soundness
/// With pairs, `s_ft = sum_k (x_2k + w_2k+1) * (x_2k+1 + w_2k) - sum_k x_2k * x_2k+1 - sum_k w_2k * w_2k+1`, where the last two
/// sums are shared by column and by row. That is an identity of any field elements (S. Winograd, "A new algorithm for inner
/// product", 1968); every product is enforced by its own constraint, the last of a sum together with the sum.
pub fn enforce<C: Cs>(cs: &mut C, rows: &[Vec<C::W>], columns: &[Vec<C::W>]) -> Vec<Vec<C::W>> {
    cs.label("product");
    let length = rows.first().map_or(0, Vec::len);
    if !pairs(rows.len(), columns.len(), length) {
        let cell = |cs: &mut C, w: &[C::W], x: &[C::W]| {
            let factors: Vec<(C::W, C::W)> = x.iter().cloned().zip(w.iter().cloned()).collect();
            close(cs, &factors, &[])
        };
        return rows.iter().map(|w| columns.iter().map(|x| cell(cs, w, x)).collect()).collect();
    }
    let mut own = |vectors: &[Vec<C::W>]| -> Vec<C::W> {
        let pairs = |v: &Vec<C::W>| v.chunks_exact(2).map(|p| (p[0].clone(), p[1].clone())).collect::<Vec<_>>();
        vectors.iter().map(|v| close(cs, &pairs(v), &[])).collect()
    };
    let (of_rows, of_columns) = (own(rows), own(columns));
    let mut cells = Vec::with_capacity(rows.len());
    for (w, of_row) in rows.iter().zip(&of_rows) {
        let mut row = Vec::with_capacity(columns.len());
        for (x, of_column) in columns.iter().zip(&of_columns) {
            let mut factors = Vec::with_capacity(length.div_ceil(2));
            for (x, w) in x.chunks(2).zip(w.chunks(2)) {
                factors.push(match (x, w) {
                    ([x0, x1], [w0, w1]) => (
                        cs.linear(&[(Int::ONE, x0), (Int::ONE, w1)], Int::ZERO),
                        cs.linear(&[(Int::ONE, x1), (Int::ONE, w0)], Int::ZERO),
                    ),
                    _ => (x[0].clone(), w[0].clone()),
                });
            }
            row.push(close(cs, &factors, &[of_row, of_column]));
        }
        cells.push(row);
    }
    cells
}

#[cfg(all(test, feature = "prove"))]
mod tests {
    use super::*;
    use crate::arith::r1cs::{Assign, Build};

    fn values(n: usize, length: usize, seed: i64) -> Vec<Vec<Int>> {
        let value = |i: usize, c: usize| Int::from((i as i64 * 31 + c as i64 * 17 + seed) % 23 - 11);
        (0..n).map(|i| (0..length).map(|c| value(i, c)).collect()).collect()
    }

    #[test]
    fn sums_are_those_of_products_and_counts_are_exact() {
        for (f, t, length) in [(1, 1, 5), (1, 9, 4), (2, 2, 2), (2, 3, 2), (3, 4, 5), (4, 3, 1), (5, 6, 0), (3, 3, 8)] {
            let (rows, columns) = (values(f, length, 3), values(t, length, 8));
            let found = enforce(&mut Assign::new(), &rows, &columns);
            for (w, found) in rows.iter().zip(&found) {
                for (x, found) in columns.iter().zip(found) {
                    let expected = w.iter().zip(x).fold(Int::ZERO, |sum, (w, x)| sum + *w * *x);
                    assert_eq!(*found, expected, "{f} {t} {length}");
                }
            }
            let mut build = Build::new();
            let mut fresh = |n: usize| -> Vec<Vec<_>> {
                (0..n).map(|_| (0..length).map(|_| build.witness(None)).collect()).collect()
            };
            let (rows, columns) = (fresh(f), fresh(t));
            enforce(&mut build, &rows, &columns);
            let cost = cost(f, t, length);
            assert_eq!(build.constraints(), cost.constraints, "{f} {t} {length}");
            assert_eq!(build.witnesses(), (f + t) * length + cost.witnesses);
        }
        assert_eq!(cost(16, 49, 6).constraints, 16 * 49 * 3 + (16 + 49) * 3);
        assert_eq!(cost(10, 1, 84).constraints, 840);
    }

    #[test]
    fn what_could_wrap_does_not_fit() {
        assert!(fits(120, 100, 1) && !fits(124, 1, 1) && !fits(120, 120, 1 << 10));
    }
}
