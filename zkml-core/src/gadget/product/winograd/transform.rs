//! Winograd transform: the matrices of a short convolution, `y = A^T ((G g) * (B^T d)) / N`

use crate::number::{Int, interval::bit_len};

/// The largest number of points: their powers, and the matrices, stay small.
pub(super) const MOST: usize = 12;

/// The elements of a row that are not zero, by place.
pub(super) type Row = Vec<(usize, Int)>;

/// `y = A^T ((G g) * (B^T d)) / N` of `m` outputs and `r` taps, with `n = m + r - 1` products: evaluation of the kernel as a
/// polynomial at the points 0, 1, -1, 2, -2 and so on and at infinity, and the transpose of interpolation there. With one
/// output, or one tap, the products are those of the formula.
pub(super) struct Transform {
    /// `B^T`, `n` times `n`.
    pub(super) input: Vec<Row>,
    /// `G`, `n` times `r`.
    pub(super) kernel: Vec<Row>,
    /// `A^T`, `m` times `n`.
    pub(super) output: Vec<Row>,
    /// `N`, for each product.
    pub(super) divisors: Vec<Int>,
}

fn identity(n: usize) -> Vec<Row> {
    (0..n).map(|i| vec![(i, Int::ONE)]).collect()
}

fn sparse(rows: Vec<Vec<Int>>) -> Vec<Row> {
    rows.into_iter().map(|row| row.into_iter().enumerate().filter(|(_, c)| *c != Int::ZERO).collect()).collect()
}

/// The coefficients of `prod_i (x - r_i)`, the constant one first.
fn monic(roots: impl Iterator<Item = Int>) -> Vec<Int> {
    roots.fold(vec![Int::ONE], |p, root| {
        let mut product = vec![Int::ZERO; p.len() + 1];
        for (power, c) in p.iter().enumerate() {
            product[power + 1] += *c;
            product[power] -= root * *c;
        }
        product
    })
}

impl Transform {
    pub(super) fn new(m: usize, r: usize) -> Self {
        let n = m + r - 1;
        if m == 1 || r == 1 {
            let (kernel, output) = if m == 1 {
                (identity(n), vec![(0..n).map(|i| (i, Int::ONE)).collect()])
            } else {
                (vec![vec![(0, Int::ONE)]; n], identity(n))
            };
            return Self { input: identity(n), kernel, output, divisors: vec![Int::ONE; n] };
        }
        let points: Vec<Int> = (1..n as i64).map(|i| Int::from(if i % 2 == 0 { i / 2 } else { -(i / 2) })).collect();
        let mut input: Vec<Vec<Int>> = Vec::with_capacity(n);
        let (mut kernel, mut divisors) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let powers = |x: Int, count: usize| -> Vec<Int> { (0..count as u32).map(|e| x.pow(e)).collect() };
        for x in &points {
            let mut row = monic(points.iter().copied().filter(|other| other != x));
            let at = powers(*x, row.len());
            divisors.push(row.iter().zip(&at).fold(Int::ZERO, |sum, (c, p)| sum + *c * *p));
            row.push(Int::ZERO);
            input.push(row);
            kernel.push(powers(*x, r));
        }
        // At infinity, a polynomial is its leading coefficient.
        let leading = |count: usize| (0..count).map(|e| if e + 1 == count { Int::ONE } else { Int::ZERO }).collect();
        input.push(monic(points.iter().copied()));
        kernel.push(leading(r));
        divisors.push(Int::ONE);
        let mut evaluated: Vec<Vec<Int>> = points.iter().map(|x| powers(*x, m)).collect();
        evaluated.push(leading(m));
        let output = (0..m).map(|j| evaluated.iter().map(|row| row[j]).collect()).collect();
        Self { input: sparse(input), kernel: sparse(kernel), output: sparse(output), divisors }
    }

    /// How many bits more a value may have after the rows of a matrix, and the most terms that a row has.
    pub(super) fn growth(rows: &[Row]) -> (u32, usize) {
        let sum = |row: &Row| row.iter().fold(Int::ZERO, |sum, (_, c)| sum + c.abs());
        (
            rows.iter().map(sum).max().map_or(0, |most| bit_len(most - Int::ONE)),
            rows.iter().map(Vec::len).max().unwrap_or(0),
        )
    }
}

#[cfg(all(test, feature = "prove"))]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::Field;

    use super::*;
    use crate::number::field::to_field;

    #[test]
    fn a_transform_is_the_sum_of_products_of_any_field_elements() {
        for (m, r) in (1..=MOST).flat_map(|m| (1..=MOST + 1 - m).map(move |r| (m, r))) {
            let t = Transform::new(m, r);
            let n = m + r - 1;
            let element = |seed: usize| Fr::from(seed as u64 + 3).pow([1 << 20]);
            let (g, d): (Vec<Fr>, Vec<Fr>) = ((0..r).map(|k| element(k + 40)).collect(), (0..n).map(element).collect());
            let row = |row: &Row, of: &[Fr]| -> Fr { row.iter().map(|(i, c)| to_field(*c) * of[*i]).sum() };
            let products: Vec<Fr> =
                (0..n).map(|i| row(&t.kernel[i], &g) * row(&t.input[i], &d) / to_field(t.divisors[i])).collect();
            for j in 0..m {
                let expected: Fr = (0..r).map(|k| g[k] * d[j + k]).sum();
                assert_eq!(row(&t.output[j], &products), expected, "{m} {r}");
            }
            assert!(t.divisors.iter().all(|n| *n != Int::ZERO));
        }
    }

    #[test]
    fn few_outputs_have_small_coefficients() {
        let t = Transform::new(2, 3);
        assert_eq!(t.divisors, [-1, 2, 2, 1].map(Int::from));
        assert_eq!(t.kernel[1], [(0, 1), (1, 1), (2, 1)].map(|(i, c)| (i, Int::from(c))));
        assert_eq!(t.input[0], [(0, -1), (2, 1)].map(|(i, c)| (i, Int::from(c))));
        assert_eq!(Transform::growth(&Transform::new(6, 7).input), (16, 10));
    }
}
