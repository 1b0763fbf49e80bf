//! Files that are cut, changed or of another kind are refused, each with its error.

use super::*;

#[test]
fn every_truncation_and_every_flip_is_an_error() {
    let bytes = write(Kind::Circuit, &Digest([3; 32]), b"some payload");
    assert_eq!(read(&bytes, Kind::Circuit).unwrap(), (Digest([3; 32]), &b"some payload"[..]));
    for end in 0..bytes.len() {
        assert!(
            matches!(read(&bytes[..end], Kind::Circuit), Err(FileError::Truncated { found, .. }) if found == end as u64)
        );
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped, Kind::Circuit).is_err());
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(matches!(read(&longer, Kind::Circuit), Err(FileError::Trailing { .. })));
}

#[test]
fn each_fault_has_its_error() {
    let bytes = write(Kind::Circuit, &Digest([3; 32]), b"some payload");
    let change = |at: usize, to: &[u8]| {
        let mut changed = bytes.clone();
        changed[at..at + to.len()].copy_from_slice(to);
        read(&changed, Kind::Circuit).unwrap_err()
    };
    assert_eq!(change(0, b"PK"), FileError::Magic { expected: Kind::Circuit });
    assert_eq!(change(4, &[6]), FileError::Kind { expected: Kind::Circuit, found: Kind::ProvingKey });
    assert_eq!(change(4, &[99]), FileError::UnknownKind { expected: Kind::Circuit, found: 99 });
    assert_eq!(change(5, &[3, 0]), FileError::Version { found: 3, supported: 2 });
    assert_eq!(
        change(5, &[1, 0]).to_string(),
        "the file has version 1, this build reads version 2; use the release that wrote it"
    );
    assert_eq!(change(10, &[0]), FileError::Checksum);
    assert!(matches!(change(39, &[0xff; 8]), FileError::Truncated { expected: u64::MAX, .. }));
    assert!(matches!(change(39, &[0]), FileError::Trailing { .. }));
}

#[test]
fn files_are_written_whole_and_read_up_to_a_size() {
    let directory = std::env::temp_dir().join(format!("zkml-file-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("a.zkml");
    save(&path, b"first").unwrap();
    save(&path, b"second").unwrap();
    assert_eq!(load(&path, 6).unwrap(), b"second");
    assert!(matches!(load(&path, 5), Err(FileError::TooLarge { found: 6, max: 5, .. })));
    assert!(matches!(load(directory.join("none"), 5), Err(FileError::Io { action: "read", .. })));
    assert!(matches!(save(directory.join("none/b"), b""), Err(FileError::Io { action: "write", .. })));
    assert!(matches!(save("/", b""), Err(FileError::Io { .. })));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    #[cfg(target_os = "linux")]
    {
        assert!(matches!(load("/dev/zero", 1000), Err(FileError::TooLarge { found: 1001, .. })));
        // Before a byte of the 64 GiB that may follow is read.
        assert!(matches!(load_kind("/dev/zero", Kind::ProvingKey, 1 << 36), Err(FileError::Magic { .. })));
    }
    // A header that promises more than there is, and more than may be.
    let whole = write(Kind::Circuit, &Digest([3; 32]), b"some payload");
    save(&path, &whole).unwrap();
    assert_eq!(load_kind(&path, Kind::Circuit, 1000).unwrap(), whole);
    assert!(matches!(load_kind(&path, Kind::Proof, 1000), Err(FileError::Kind { found: Kind::Circuit, .. })));
    assert!(matches!(load_kind(&path, Kind::Circuit, 90), Err(FileError::TooLarge { found: 91, max: 90, .. })));
    save(&path, &[&whole[..], b"x"].concat()).unwrap();
    let trailing = FileError::Trailing { expected: 91, found: 92 };
    assert_eq!(load_kind(&path, Kind::Circuit, 1000), Err(trailing));
    save(&path, &[&whole[..39], &[0xff; 8]].concat()).unwrap();
    assert!(matches!(load_kind(&path, Kind::Circuit, 1000), Err(FileError::TooLarge { found: u64::MAX, .. })));
    save(&path, &whole[..20]).unwrap();
    assert!(matches!(load_kind(&path, Kind::Circuit, 1000), Err(FileError::Truncated { found: 20, .. })));
    fs::remove_dir_all(&directory).unwrap();
}
