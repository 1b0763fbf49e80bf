//! Sizes of evaluation domains: `2^k`, `3 * 2^k` and `9 * 2^k`.

/// Two-adicity of the domains: one less than that of BN254's scalar field, since the coset is shifted by a root of twice the order.
pub(crate) const TWO_ADICITY: u32 = 27;

/// `(t, k)` of the smallest `3^t 2^k >= rows`.
pub(crate) fn shape(rows: usize) -> Option<(u32, u32)> {
    let candidate = |threes: u32| {
        let twos = rows.div_ceil(3usize.pow(threes)).checked_next_power_of_two()?.trailing_zeros();
        (twos <= TWO_ADICITY).then_some((threes, twos))
    };
    (0..=2).filter_map(candidate).min_by_key(|(threes, twos)| 3u64.pow(*threes) << twos)
}

/// The size of the smallest domain of at least so many rows; `None` beyond `9 * 2^27`, which the field has no room for.
pub fn domain_size(rows: usize) -> Option<usize> {
    shape(rows).map(|(threes, twos)| 3usize.pow(threes) << twos)
}
