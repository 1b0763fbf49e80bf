//! Ceremonies with the real snarkjs, in both directions: its powers, keys and proofs are ours, and ours its.
//!
//! They need Node.js, and `npm ci` in `tests/evm`.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::Field;
use zkml_groth16::{
    Columns, Proof, ProvingKey,
    ceremony::{Factors, Fault, Lagrange, Powers, check_divided, check_key, contribute, initial},
    domain::Domain,
    holds,
    iden3::{
        Constraints, FormatError, read_ptau, read_r1cs, read_wtns, read_zkey, write_ptau, write_r1cs, write_wtns,
        write_zkey,
    },
    prepare, prove,
};

/// How many multiplications there are, one after the other.
const ROWS: usize = 12;
/// One, the product, the first factor.
const INSTANCE: usize = 3;

/// `w_0 = x x`, `w_(i+1) = w_i (x + i)`, and the last one is public: columns one, y, x, and then the `w_i` but the last.
fn constraints() -> Constraints {
    let (one, y, x) = (0, 1, 2);
    let column = |i: usize| if i + 1 == ROWS { y } else { INSTANCE + i };
    let row = |i: usize| {
        let a = if i == 0 { vec![(Fr::ONE, x)] } else { vec![(Fr::ONE, column(i - 1))] };
        // A column twice, and a negative coefficient.
        let b = vec![(Fr::from(2u64), x), (-Fr::ONE, x), (Fr::from(i as u64), one)];
        [a, b, vec![(Fr::ONE, column(i))]]
    };
    let rows = [0, 1, 2].map(|m| (0..ROWS).map(|i| row(i)[m].clone()).collect());
    Constraints { rows, instance: INSTANCE, witness: ROWS - 1 }
}

fn assignment(x: u64) -> Vec<Fr> {
    let (x, mut products) = (Fr::from(x), vec![]);
    for i in 0..ROWS {
        let before = products.last().copied().unwrap_or(x);
        products.push(before * (x + Fr::from(i as u64)));
    }
    let y = products.pop().unwrap();
    [vec![Fr::ONE, y, x], products].concat()
}

/// An empty folder, in which snarkjs runs.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zkml-snarkjs-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn file(&self, name: &str) -> File {
        File::open(self.path(name)).unwrap()
    }

    /// What snarkjs says, if it is content.
    fn snarkjs(&self, arguments: &str) -> Result<String, String> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/evm/node_modules/snarkjs/build/cli.cjs");
        assert!(program.exists(), "found no snarkjs: install Node.js 20 and run `npm ci` in tests/evm");
        let output =
            Command::new("node").arg(program).args(arguments.split(' ')).current_dir(&self.0).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    /// Powers of snarkjs for `2^power` rows: before anybody contributed, after one contribution, and with what a setup
    /// needs of it.
    fn powers(&self, power: usize) {
        self.snarkjs(&format!("powersoftau new bn128 {power} blank.ptau")).unwrap();
        self.snarkjs("powersoftau contribute blank.ptau contributed.ptau --name=first -e=keys").unwrap();
        self.snarkjs("powersoftau prepare phase2 contributed.ptau prepared.ptau").unwrap();
    }

    /// Whether snarkjs takes a proof of ours under the key of a file of its own.
    fn takes(&self, zkey: &str, proof: &Proof, inputs: &[Fr]) -> bool {
        self.snarkjs(&format!("zkey export verificationkey {zkey} key.json")).unwrap();
        let g1 = |p: &G1Affine| format!("[\"{}\",\"{}\",\"1\"]", p.x, p.y);
        let g2 =
            |p: &G2Affine| format!("[[\"{}\",\"{}\"],[\"{}\",\"{}\"],[\"1\",\"0\"]]", p.x.c0, p.x.c1, p.y.c0, p.y.c1);
        let json = format!(
            "{{\"protocol\":\"groth16\",\"curve\":\"bn128\",\"pi_a\":{},\"pi_b\":{},\"pi_c\":{}}}",
            g1(&proof.a),
            g2(&proof.b),
            g1(&proof.c)
        );
        fs::write(self.path("ours.json"), json).unwrap();
        let inputs: Vec<String> = inputs.iter().map(|x| format!("\"{x}\"")).collect();
        fs::write(self.path("ours.public.json"), format!("[{}]", inputs.join(","))).unwrap();
        match self.snarkjs("groth16 verify key.json ours.public.json ours.json") {
            Ok(said) => {
                assert!(said.contains("OK!"), "{said}");
                true
            }
            Err(said) => {
                assert!(said.contains("Invalid proof"), "{said}");
                false
            }
        }
    }

    /// A proof that snarkjs makes, and its public inputs.
    fn proof(&self, zkey: &str, wtns: &str) -> Result<(Proof, Vec<Fr>), String> {
        self.snarkjs(&format!("groth16 prove {zkey} {wtns} theirs.json theirs.public.json"))?;
        let numbers = |name: &str| -> Vec<String> {
            let text = fs::read_to_string(self.path(name)).unwrap();
            let parts: Vec<&str> = text.split('"').collect();
            parts
                .into_iter()
                .filter(|part| part.bytes().all(|c| c.is_ascii_digit()) && !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let of: Vec<Fq> = numbers("theirs.json").iter().map(|n| n.parse().unwrap()).collect();
        // A, B and C, with third coordinates.
        let [ax, ay, _, bx0, bx1, by0, by1, _, _, cx, cy, _] = of[..] else { panic!("{} numbers", of.len()) };
        let proof = Proof {
            a: G1Affine::new(ax, ay),
            b: G2Affine::new(Fq2::new(bx0, bx1), Fq2::new(by0, by1)),
            c: G1Affine::new(cx, cy),
            commitments: vec![],
        };
        Ok((proof, numbers("theirs.public.json").iter().map(|n| n.parse().unwrap()).collect()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The key that follows from powers, on the domain that snarkjs takes.
fn first(powers: &Powers) -> ProvingKey {
    let Constraints { rows, instance, witness } = constraints();
    let columns = Columns { instance, phases: &[witness] };
    initial(&rows, columns, &Domain::new(16).unwrap(), powers).unwrap()
}

fn proof_of(key: &ProvingKey, x: u64) -> (Proof, Vec<Fr>) {
    let z = assignment(x);
    let proof = prove(key, &constraints().rows, &z, &[], [Fr::from(3u64 + x), Fr::from(4u64 + x)]).unwrap();
    (proof, z[1..INSTANCE].to_vec())
}

/// Our proofs under its key, and its proofs under ours.
fn prove_both_ways(at: &Scratch, zkey: &str) {
    let key = read_zkey(at.file(zkey), &constraints()).unwrap();
    let vk = prepare(&key.vk);
    let (proof, inputs) = proof_of(&key, 7);
    assert!(holds(&vk, &proof, &inputs));
    assert!(at.takes(zkey, &proof, &inputs));
    let wrong = [inputs[0] + Fr::ONE, inputs[1]];
    assert!(!at.takes(zkey, &proof, &wrong) && !holds(&vk, &proof, &wrong));
    fs::write(at.path("ours.wtns"), write_wtns(&assignment(9))).unwrap();
    let (proof, inputs) = at.proof(zkey, "ours.wtns").unwrap();
    assert_eq!(inputs, assignment(9)[1..INSTANCE]);
    assert!(holds(&vk, &proof, &inputs));
    assert!(!holds(&vk, &proof, &[inputs[0], inputs[1] + Fr::ONE]));
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn its_powers_are_read_and_ours_are_taken() {
    let at = Scratch::new("powers");
    at.powers(4);
    let powers = read_ptau(at.file("contributed.ptau"), 16).unwrap();
    assert_eq!((powers.rows(), powers.tau_g1.len()), (16, 31));
    // Prepared for setups, with the bases that we compute.
    let prepared = |powers: &Powers| Powers { lagrange: Some(Lagrange::of(powers, 16).unwrap()), ..powers.clone() };
    assert_eq!(read_ptau(at.file("prepared.ptau"), 16).unwrap(), prepared(&powers));
    let fewer = read_ptau(at.file("prepared.ptau"), 8).unwrap();
    assert_eq!(fewer.lagrange, Some(Lagrange::of(&powers, 8).unwrap()));
    let blank = read_ptau(at.file("blank.ptau"), 16).unwrap_err();
    assert_eq!(blank, FormatError::Fault(Fault::Uncontributed { what: "tau" }));
    // Ours, as it prepares them for setups, are the same powers.
    let ours = Powers::known([5u64, 6, 7].map(Fr::from), 16);
    fs::write(at.path("ours.ptau"), write_ptau(&ours).unwrap()).unwrap();
    at.snarkjs("powersoftau prepare phase2 ours.ptau prepared.ptau").unwrap();
    assert_eq!(read_ptau(at.file("prepared.ptau"), 16).unwrap(), prepared(&ours));
    // As it cuts them.
    at.snarkjs("powersoftau truncate prepared.ptau").unwrap();
    let few = Powers { tau_g1: ours.tau_g1[..15].to_vec(), ..Powers::known([5u64, 6, 7].map(Fr::from), 8) };
    let cut = read_ptau(at.file("prepared_03.ptau"), 8).unwrap();
    assert_eq!(cut, Powers { lagrange: Some(Lagrange::of(&few, 8).unwrap()), ..few });
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn its_ceremonies_end_in_keys_of_ours() {
    // Powers for exactly the rows, and for more: the last points of the quotient differ.
    for power in [4, 5] {
        let at = Scratch::new(&format!("theirs{power}"));
        at.powers(power);
        fs::write(at.path("c.r1cs"), write_r1cs(&constraints()).unwrap()).unwrap();
        let said = at.snarkjs("r1cs info c.r1cs").unwrap();
        assert!(said.contains("# of Constraints: 12") && said.contains("# of Public Inputs: 2"), "{said}");
        at.snarkjs("groth16 setup c.r1cs prepared.ptau c0.zkey").unwrap();
        // Point by point the key that we compute ourselves.
        let powers = read_ptau(at.file("prepared.ptau"), 16).unwrap();
        let first = first(&powers);
        assert_eq!(read_zkey(at.file("c0.zkey"), &constraints()).unwrap(), first);
        at.snarkjs("zkey contribute c0.zkey c1.zkey --name=second -e=more").unwrap();
        at.snarkjs("zkey beacon c1.zkey c2.zkey 0102030405060708 10 --name=last").unwrap();
        let said = at.snarkjs("zkey verify c.r1cs prepared.ptau c2.zkey").unwrap();
        assert!(said.contains("ZKey Ok!"), "{said}");
        for zkey in ["c1.zkey", "c2.zkey"] {
            let key = read_zkey(at.file(zkey), &constraints()).unwrap();
            assert_ne!(key.vk.deltas_g2, first.vk.deltas_g2);
            check_divided(&first, &key).unwrap();
            let Constraints { rows, instance, witness } = constraints();
            let columns = Columns { instance, phases: &[witness] };
            check_key(&rows, columns, &Domain::new(16).unwrap(), &powers, &key).unwrap();
            prove_both_ways(&at, zkey);
        }
        // A key of other powers is not taken for one of these.
        let others = Powers::known([5u64, 6, 7].map(Fr::from), 16);
        let key = read_zkey(at.file("c2.zkey"), &constraints()).unwrap();
        assert_eq!(check_divided(&self::first(&others), &key), Err(Fault::Touched { what: "alpha" }));
    }
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn it_contributes_to_our_ceremonies_and_proves_with_our_keys() {
    let at = Scratch::new("ours");
    at.powers(4);
    let powers = read_ptau(at.file("prepared.ptau"), 16).unwrap();
    let first = first(&powers);
    let mut key = first.clone();
    contribute(&mut key, &[1; 32], &Factors::new(&[2; 32], 1)).unwrap();
    fs::write(at.path("o1.zkey"), write_zkey(&key, &constraints()).unwrap()).unwrap();
    prove_both_ways(&at, "o1.zkey");
    at.snarkjs("zkey contribute o1.zkey o2.zkey --name=third -e=even").unwrap();
    let contributed = read_zkey(at.file("o2.zkey"), &constraints()).unwrap();
    check_divided(&key, &contributed).unwrap();
    check_divided(&first, &contributed).unwrap();
    prove_both_ways(&at, "o2.zkey");
    // And we to one of its.
    let mut last = contributed.clone();
    contribute(&mut last, &[3; 32], &Factors::new(&[4; 32], 1)).unwrap();
    fs::write(at.path("o3.zkey"), write_zkey(&last, &constraints()).unwrap()).unwrap();
    prove_both_ways(&at, "o3.zkey");
}

#[test]
#[ignore = "needs node, and npm ci in tests/evm"]
fn constraints_and_witnesses_are_the_same_to_both() {
    let at = Scratch::new("witness");
    fs::write(at.path("c.r1cs"), write_r1cs(&constraints()).unwrap()).unwrap();
    fs::write(at.path("w.wtns"), write_wtns(&assignment(3))).unwrap();
    let said = at.snarkjs("wtns check c.r1cs w.wtns").unwrap();
    assert!(said.contains("WITNESS IS CORRECT"), "{said}");
    assert_eq!(read_wtns(at.file("w.wtns")).unwrap(), assignment(3));
    assert_eq!(read_r1cs(at.file("c.r1cs")).unwrap().witness, ROWS - 1);
    let mut wrong = assignment(3);
    wrong[5] += Fr::ONE;
    fs::write(at.path("w.wtns"), write_wtns(&wrong)).unwrap();
    let said = at.snarkjs("wtns check c.r1cs w.wtns").unwrap_or_else(|said| said);
    assert!(!said.contains("WITNESS IS CORRECT"), "{said}");
}

#[test]
fn the_circuit_is_satisfied() {
    let Constraints { rows, .. } = constraints();
    for x in [0, 1, 7] {
        let z = assignment(x);
        let dot = |row: &Vec<(Fr, usize)>| row.iter().map(|(c, i)| *c * z[*i]).sum::<Fr>();
        for ((a, b), c) in rows[0].iter().zip(&rows[1]).zip(&rows[2]) {
            assert_eq!(dot(a) * dot(b), dot(c));
        }
        assert!(G1Affine::generator().is_on_curve());
    }
}
