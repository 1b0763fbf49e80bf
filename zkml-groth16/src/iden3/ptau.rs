//! `.ptau`: powers of tau.
//!
//! ```text
//! 1: length | q | power k: u32 | power of the ceremony: u32      2: [tau^i]_1, i < 2^(k+1) - 1      3: [tau^i]_2, i < 2^k
//! 4: [alpha tau^i]_1, i < 2^k      5: [beta tau^i]_1, i < 2^k      6: [beta]_2      7: contributions
//! 12: [L_j]_1 for domains of 2^i elements, i <= k + 1      13: [L_j]_2, i <= k      14: [alpha L_j]_1      15: [beta L_j]_1
//! ```

use std::io::{Read, Seek};

use ark_bn254::Fq;

use super::{
    error::FormatError,
    section::{Bytes, Sections, file, points, put_field, put_u32},
};
use crate::ceremony::{Fault, Lagrange, Powers};

const MAGIC: &str = "ptau";
/// The largest power that files have.
const MOST: u32 = 28;

/// The powers for so many rows, of a file that may have many more: these are read, a piece at a time, and
/// [checked](Powers::check), and the others are not. Of a file that is prepared for setups, with `rows` a power of two, also the
/// Lagrange bases.
///
/// # Errors
/// If it is no such file, is truncated, of another curve or for fewer rows, a point is not in its group, or the powers are
/// not those of one `tau`, `alpha` and `beta`.
///
/// # Soundness
/// That nobody knows `tau` is what the file's own contributions say, which are not read: take a file of which many have
/// checked them (`snarkjs powersoftau verify`), and compare its hash.
pub fn read_ptau(source: impl Read + Seek, rows: usize) -> Result<Powers, FormatError> {
    let mut sections = Sections::open(source, MAGIC, 1)?;
    let head = sections.header(1)?;
    let mut head = Bytes(&head);
    head.field::<Fq>("curve")?;
    let power = head.u32("the power")?;
    head.u32("the power of the ceremony")?;
    head.finish("what follows the header")?;
    if power > MOST {
        return Err(FormatError::Length { what: "the power", expected: MOST.into(), found: power.into() });
    }
    let most = 1usize << power;
    if rows > most {
        return Err(Fault::Rows { found: rows, most }.into());
    }
    // The check compares two powers at least.
    let rows = rows.max(2).min(most);
    let all = 2 * most - 1;
    let in_g1 = (2 * rows).min(all);
    let lagrange =
        if rows.is_power_of_two() && sections.has(12) { Some(bases(&mut sections, rows, most)?) } else { None };
    let powers = Powers {
        tau_g1: sections.points(2, [in_g1, all], "the powers of tau in G1")?,
        tau_g2: sections.points(3, [rows, most], "the powers of tau in G2")?,
        alpha_g1: sections.points(4, [rows, most], "the powers of tau times alpha")?,
        beta_g1: sections.points(5, [rows, most], "the powers of tau times beta")?,
        beta_g2: sections.points(6, [1, 1], "beta in G2")?.pop().unwrap_or_default(),
        lagrange,
    };
    powers.check()?;
    Ok(powers)
}

/// The Lagrange bases of the domain of so many elements: those of smaller ones come before.
fn bases(sections: &mut Sections<impl Read + Seek>, rows: usize, most: usize) -> Result<Lagrange, FormatError> {
    let (own, all) = (rows - 1..2 * rows - 1, 2 * most - 1);
    let twice = 2 * all + 1;
    let mut bases = Lagrange {
        tau_g1: sections.points_from(12, own.clone(), twice, "the Lagrange basis in G1")?,
        tau_g2: sections.points_from(13, own.clone(), all, "the Lagrange basis in G2")?,
        alpha_g1: sections.points_from(14, own.clone(), all, "the Lagrange basis times alpha")?,
        beta_g1: sections.points_from(15, own, all, "the Lagrange basis times beta")?,
        double_g1: sections.points_from(
            12,
            2 * rows - 1..4 * rows - 1,
            twice,
            "the Lagrange basis of twice as many rows",
        )?,
    };
    if rows == most {
        bases.end_before_last()?;
    }
    Ok(bases)
}

/// A file of these powers, without contributions, and prepared for setups if they have Lagrange bases: for tests, and for
/// development.
///
/// # Errors
/// If they are not for a power of two of rows.
pub fn write_ptau(powers: &Powers) -> Result<Vec<u8>, FormatError> {
    let n = powers.rows();
    let size = n.max(1).next_power_of_two();
    for (what, found, expected) in [
        ("the number of rows", n, size),
        ("the number of powers of tau in G1", powers.tau_g1.len(), 2 * size - 1),
        ("the number of powers of tau in G2", powers.tau_g2.len(), size),
        ("the number of powers of tau times alpha", powers.alpha_g1.len(), size),
        ("the number of powers of tau times beta", powers.beta_g1.len(), size),
    ] {
        FormatError::unless_length(what, found as u64, expected as u64)?;
    }
    let mut head = vec![];
    put_field::<Fq>(&mut head);
    put_u32(&mut head, size.ilog2() as usize);
    put_u32(&mut head, size.ilog2() as usize);
    let mut sections = vec![
        (1, head),
        (2, points(&powers.tau_g1)),
        (3, points(&powers.tau_g2)),
        (4, points(&powers.alpha_g1)),
        (5, points(&powers.beta_g1)),
        (6, points(&[powers.beta_g2])),
        (7, vec![0; 4]),
    ];
    if powers.lagrange.is_some() {
        let all = (0..=size.ilog2()).map(|k| Lagrange::of(powers, 1 << k)).collect::<Result<Vec<_>, Fault>>()?;
        // Domains of one element, of two, ..: the last has twice as many as there are powers for.
        let mut in_g1 = all.first().map(|bases| points(&bases.tau_g1)).unwrap_or_default();
        in_g1.extend(all.iter().flat_map(|bases| points(&bases.double_g1)));
        sections.extend([
            (12, in_g1),
            (13, all.iter().flat_map(|bases| points(&bases.tau_g2)).collect()),
            (14, all.iter().flat_map(|bases| points(&bases.alpha_g1)).collect()),
            (15, all.iter().flat_map(|bases| points(&bases.beta_g1)).collect()),
        ]);
    }
    Ok(file(MAGIC, 1, &sections))
}
