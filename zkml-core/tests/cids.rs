//! The CIDs under which IPFS stores a thousand images.
//!
//! The images are not in this repository, so the test is ignored unless asked for, as `test.sh` does where they are: in
//! `../shared/data` beside the repository's files, or where `ZKML_DATA` says.
#![cfg(feature = "bounty")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use zkml_core::bounty::{
    cid::{FileCid, Form},
    format::{Format, PgmHeader},
};

fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("ZKML_DATA").map_or(beside, PathBuf::from).join("mnist")
}

/// Every image is named by its line, and none by another's.
#[test]
#[ignore = "needs the images of MNIST, in ../shared/data or ZKML_DATA"]
fn mnist() {
    let cids = fs::read_to_string(folder().join("cids.txt")).unwrap();
    let cids: Vec<FileCid> = cids.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(cids.len(), 1000);
    let format = Format::PgmP5 { header: PgmHeader::new(28, 28).unwrap() };
    for (n, named) in cids.iter().enumerate() {
        let file = fs::read(folder().join(format!("pgm/{n}.pgm"))).unwrap();
        assert_eq!(FileCid::of(Form::Raw, &file).unwrap(), *named, "image {n}");
        assert!(named.names(&file) && !cids[(n + 1) % 1000].names(&file), "image {n}");
        assert_eq!(format.eval(&file).unwrap().len(), 28 * 28, "image {n}");
    }
}
