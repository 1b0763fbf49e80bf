//! `.zkey`: a proving key of plain Groth16.
//!
//! ```text
//! 1: 1      2: length | q | length | r | columns: u32 | public inputs: u32 | n: u32
//!              | [alpha]_1 | [beta]_1 | [beta]_2 | [gamma]_2 | [delta]_1 | [delta]_2
//! 3: [K_i / gamma]_1      4: entries: u32 | (matrix: u32 | row: u32 | column: u32 | coefficient) ..  of A and B
//! 5: [a_i]_1      6: [b_i]_1      7: [b_i]_2      8: [K_i / delta]_1      9: [-L_j t / (2 delta)]_1      10: contributions
//! ```
//!
//! Section 9 is the `h` of our [`ProvingKey`], on a domain of `2^k` elements. Our `c`, and what `k` has beside
//! `K_i / delta`, follow from it: see [`quotient_of_columns`].

use std::io::{Read, Seek};

use ark_bn254::{Fq, Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::One;

use super::{
    error::FormatError,
    r1cs::Constraints,
    section::{
        Bytes, ELEMENT, Encoded, Sections, file, points, put_field, put_twice_montgomery, put_u32, twice_montgomery,
    },
};
use crate::{
    ceremony::quotient_of_columns,
    constraints::{Sparse, collected},
    domain::Domain,
    key::{ProvingKey, VerifyingKey},
};

const MAGIC: &str = "zkey";
/// Groth16.
const PROTOCOL: u32 = 1;
/// An entry of section 4.
const ENTRY: usize = 12 + ELEMENT;

/// `A` and `B`, each column once a row, and the rows of the instance columns.
fn with_instance(constraints: &Constraints) -> [Vec<Vec<(Fr, usize)>>; 2] {
    let [a, b, _] = &constraints.rows;
    let [mut a, mut b] = [a, b].map(|matrix| matrix.iter().map(|row| collected(row.clone())).collect::<Vec<_>>());
    a.extend((0..constraints.instance).map(|i| vec![(Fr::one(), i)]));
    b.resize(a.len(), vec![]);
    [a, b]
}

/// The domain of the least power of two that holds all rows.
fn domain(rows: &Sparse, instance: usize) -> Result<Domain, FormatError> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0).saturating_add(instance);
    let too_many = FormatError::Length { what: "the number of rows", expected: 1 << 27, found: count as u64 };
    count
        .checked_next_power_of_two()
        .and_then(Domain::new)
        .filter(|domain| domain.size().is_power_of_two())
        .ok_or(too_many)
}

/// The key of a file, for these constraints. Proofs with it verify in snarkjs, and take a domain of a power of two.
///
/// # Errors
/// If it is no such file, is truncated, of another proof system or curve, its constraints or lengths are others, or a point
/// is not in its group.
///
/// # Soundness
/// That the points are those of the constraints is not checked: compare the key with the one that follows
/// [from powers](crate::ceremony::initial()), by [`check_divided`](crate::ceremony::check_divided).
pub fn read_zkey(source: impl Read + Seek, constraints: &Constraints) -> Result<ProvingKey, FormatError> {
    let Constraints { rows, instance, witness } = constraints;
    let (columns, domain) = (instance.saturating_add(*witness), domain(rows, *instance)?);
    let mut sections = Sections::open(source, MAGIC, 1)?;
    let protocol = sections.header(1)?;
    let mut protocol = Bytes(&protocol);
    if protocol.u32("the proof system")? != PROTOCOL {
        return Err(FormatError::System { what: "proof system" });
    }
    let head = sections.header(2)?;
    let mut head = Bytes(&head);
    head.field::<Fq>("curve")?;
    head.field::<Fr>("field")?;
    for (what, expected) in [
        ("the number of columns", columns),
        ("the number of public inputs", instance.saturating_sub(1)),
        ("the size of the domain", domain.size()),
    ] {
        FormatError::unless_length(what, head.u32(what)?.into(), expected as u64)?;
    }
    let alpha_g1 = head.point("alpha")?;
    let beta_g1 = head.point("beta")?;
    let beta_g2 = head.point("beta in G2")?;
    let gamma_g2 = head.point("gamma in G2")?;
    let delta_g1 = head.point("delta")?;
    let delta_g2 = head.point("delta in G2")?;
    head.finish("what follows the header")?;
    check_entries(&sections.bytes(4)?, constraints)?;

    let ic = sections.points(3, [*instance; 2], "the public inputs' points")?;
    let a = sections.points(5, [columns; 2], "the A query")?;
    let b_g1 = sections.points(6, [columns; 2], "the B query in G1")?;
    let b_g2 = sections.points(7, [columns; 2], "the B query in G2")?;
    let k: Vec<G1Affine> = sections.points(8, [*witness; 2], "the C query")?;
    let h = sections.points(9, [domain.size(); 2], "the H query")?;
    let mut c = quotient_of_columns(rows, columns, &domain, &h)?;
    let rest = c.split_off(*instance);
    let k = k.into_iter().zip(rest).map(|(k, c)| k + c).collect::<Vec<_>>();
    Ok(ProvingKey {
        vk: VerifyingKey { alpha_g1, beta_g2, gamma_g2, deltas_g2: vec![delta_g2], ic },
        beta_g1,
        deltas_g1: vec![delta_g1],
        a,
        b_g1,
        b_g2,
        h,
        c,
        k: vec![G1Projective::normalize_batch(&k)],
    })
}

/// Checks that the entries of section 4 are those of the constraints.
fn check_entries(contents: &[u8], constraints: &Constraints) -> Result<(), FormatError> {
    let what = "the constraints";
    let expected = with_instance(constraints);
    let mut contents = Bytes(contents);
    let entries = contents.count(ENTRY, what)?;
    let mut found = [(); 2].map(|()| vec![vec![]; expected[0].len()]);
    for index in 0..entries {
        let [matrix, row, column] = [contents.u32(what)?, contents.u32(what)?, contents.u32(what)?].map(|n| n as usize);
        let value = twice_montgomery(contents.take(ELEMENT, what)?).ok_or(FormatError::Element { what, index })?;
        match found.get_mut(matrix).and_then(|matrix| matrix.get_mut(row)) {
            Some(row) => row.push((value, column)),
            None => return Err(FormatError::Row { matrix: if matrix == 0 { "A" } else { "B" }, row }),
        }
    }
    contents.finish("what follows the constraints")?;
    for ((name, expected), found) in ["A", "B"].into_iter().zip(expected).zip(found) {
        if let Some(row) =
            expected.iter().zip(&found).position(|(expected, found)| *expected != collected(found.clone()))
        {
            return Err(FormatError::Row { matrix: name, row });
        }
    }
    Ok(())
}

/// The file of a key with one phase, on a domain of the least power of two that holds all rows of these constraints.
///
/// snarkjs proves with it, and contributes to it. It does not verify its contributions, which are those of another
/// transcript: the file says that there are none, and its circuit's hash is zero.
///
/// # Errors
/// If the key has several phases, another domain, or other lengths than the constraints.
pub fn write_zkey(key: &ProvingKey, constraints: &Constraints) -> Result<Vec<u8>, FormatError> {
    let Constraints { rows, instance, witness } = constraints;
    let (columns, domain) = (instance.saturating_add(*witness), domain(rows, *instance)?);
    let ([k], [delta_g1], [delta_g2]) = (&key.k[..], &key.deltas_g1[..], &key.vk.deltas_g2[..]) else {
        return Err(FormatError::Length { what: "the number of phases", expected: 1, found: key.k.len() as u64 });
    };
    for (what, found, expected) in [
        ("the size of the key's domain", key.h.len(), domain.size()),
        ("the number of public inputs' points", key.vk.ic.len(), *instance),
        ("the number of points of A", key.a.len(), columns),
        ("the number of points of B", key.b_g1.len(), columns),
        ("the number of points of B in G2", key.b_g2.len(), columns),
        ("the number of points of C", k.len(), *witness),
    ] {
        FormatError::unless_length(what, found as u64, expected as u64)?;
    }
    let mut head = vec![];
    put_field::<Fq>(&mut head);
    put_field::<Fr>(&mut head);
    for n in [columns, instance.saturating_sub(1), domain.size()] {
        put_u32(&mut head, n);
    }
    key.vk.alpha_g1.put(&mut head);
    key.beta_g1.put(&mut head);
    key.vk.beta_g2.put(&mut head);
    key.vk.gamma_g2.put(&mut head);
    delta_g1.put(&mut head);
    delta_g2.put(&mut head);

    let mut entries = vec![];
    let mut count = 0;
    for (matrix, rows) in with_instance(constraints).iter().enumerate() {
        for (row, entry) in rows.iter().enumerate().flat_map(|(i, row)| row.iter().map(move |entry| (i, entry))) {
            [matrix, row, entry.1].iter().for_each(|n| put_u32(&mut entries, *n));
            put_twice_montgomery(&mut entries, &entry.0);
            count += 1;
        }
    }
    let mut section_4 = vec![];
    put_u32(&mut section_4, count);
    section_4.append(&mut entries);

    let c = quotient_of_columns(rows, columns, &domain, &key.h)?;
    let plain = k.iter().zip(&c[*instance..]).map(|(k, c)| *k - c).collect::<Vec<_>>();
    let plain = G1Projective::normalize_batch(&plain);
    let mut protocol = vec![];
    put_u32(&mut protocol, PROTOCOL as usize);
    let sections = [
        (1, protocol),
        (2, head),
        (3, points(&key.vk.ic)),
        (4, section_4),
        (5, points(&key.a)),
        (6, points(&key.b_g1)),
        (7, points(&key.b_g2)),
        (8, points(&plain)),
        (9, points(&key.h)),
        // The circuit's hash of 64 bytes, and the number of contributions.
        (10, vec![0; 68]),
    ];
    Ok(file(MAGIC, 1, &sections))
}
