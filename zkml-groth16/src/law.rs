//! What a multi-scalar multiplication costs, by the lengths of its scalars: what the kernel chooses its digits by, and predictions of its time.

/// How many digits one task takes: their points stay in a core's cache, and their inversions are shared by thousands.
pub(crate) const SEGMENT: usize = 1 << 13;
/// The most bits of a scalar without its sign.
pub(crate) const BITS: usize = 254;

/// The multiplications in the base field, roughly, of a multi-scalar multiplication of so many scalars of each length: `lengths[b]` have `b` bits
/// without their sign. Those of length zero cost nothing.
///
/// ```
/// # let count = |n: usize, bits: usize| {
/// #     let mut lengths = [0; 255];
/// #     lengths[bits] = n;
/// #     zkml_groth16::multiplications(&lengths)
/// # };
/// assert_eq!(count(1000, 0), 0);
/// assert!(10 * count(1 << 16, 1) < count(1 << 16, 253));
/// // The more there are, the less each costs.
/// assert!(count(1 << 20, 253) < 16 * count(1 << 16, 253));
/// ```
pub fn multiplications(lengths: &[usize; BITS + 1]) -> usize {
    Split::cheapest(lengths).1
}

/// Scalars of at most `at` bits are summed apart from longer ones, of at most `bits`; each kind has its own digits, of
/// so many bits.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "prove"),
    allow(dead_code, reason = "the kernel's choice, of which a verifier asks only the cost")
)]
pub(crate) struct Split {
    pub(crate) at: usize,
    pub(crate) bits: usize,
    pub(crate) short: usize,
    pub(crate) long: usize,
}

impl Split {
    /// The cheapest and its multiplications, of how many scalars there are of each length.
    pub(crate) fn cheapest(lengths: &[usize; BITS + 1]) -> (Self, usize) {
        let bits = lengths.iter().rposition(|n| *n > 0).unwrap_or(0);
        // How many are longer than this.
        let mut longer = [0; BITS + 1];
        for b in (0..BITS).rev() {
            longer[b] = longer[b + 1] + lengths[b + 1];
        }
        let candidates = [0, 1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128];
        let splits = candidates.into_iter().filter(|at| *at < bits.max(1)).map(|at| {
            let (short, short_cost) = digits(&longer, 0, at);
            let (long, long_cost) = digits(&longer, at, bits);
            (Self { at, bits, short, long }, short_cost + long_cost)
        });
        splits.min_by_key(|(_, cost)| *cost).unwrap_or((Self { at: 0, bits, short: 1, long: 1 }, 0))
    }
}

/// The best number of bits of a digit for scalars of more than `above` and at most `bits` bits, and what their sum then
/// costs, in multiplications, of how many there are `longer` than each length.
fn digits(longer: &[usize; BITS + 1], above: usize, bits: usize) -> (usize, usize) {
    if longer[above] == longer[bits] {
        return (1, 0);
    }
    // Seven for a sum of two points, one or two of them a bucket beside those of the trees; then the running sums of
    // each segment, whose steps are 28 each, and the doublings and the overhead of a window.
    let window = |c: usize, w: usize| {
        let terms = longer[above.max((c * w).saturating_sub(1))] - longer[bits];
        let buckets = 1usize << (c - 1);
        let steps = (buckets * (terms / SEGMENT + 1)).isqrt();
        7 * (terms + terms.min(buckets)) + 56 * steps + buckets / 4 + 2000
    };
    let cost = |c: usize| (0..(bits + 1).div_ceil(c)).map(|w| window(c, w)).sum::<usize>();
    (1..=17).map(|c| (c, cost(c))).min_by_key(|(_, cost)| *cost).unwrap_or((1, 0))
}
