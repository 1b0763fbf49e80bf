//! Whole bounties on a development chain, with real proofs: played, crashed, and attacked.

mod attacks;
mod contracts;
mod crash;
mod flows;
mod offline;
mod trust;

use std::{
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use rand::{SeedableRng as _, rngs::StdRng};
use zkml_core::{
    bounty::{
        accuracy::VISIBILITY,
        cid::{FileCid, Form},
        dataset::Layout,
        format::{Format, PgmHeader},
    },
    graph::{Graph, Range},
    layer::Args,
    model::Model,
    plan::{Plan, Quantized, Target},
    shape::Shape,
    tensor::Tensor,
};

use crate::{
    Address, Chain, Host, Hunter, Labelled, Mode, Offer, Package, Statements, Store, Trust, U256, Winner,
    anvil::{Anvil, pass},
    session::Progress,
};

/// A folder that is removed when it is dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("zkml-bounty-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Images of two by two pixels, of three classes; chunks of two groups of one.
fn layout() -> Layout {
    Layout::new(Shape::new([1, 2, 2]), 3, 2, 1).unwrap()
}

fn format() -> Format {
    Format::PgmP5 { header: PgmHeader::new(2, 2).unwrap() }
}

fn pixels(n: usize) -> Vec<u8> {
    (0..4).map(|i| ((n * 37 + i * 59 + 11) % 200) as u8).collect()
}

/// A network over images of two by two pixels, with weights of this seed.
fn model(seed: u64) -> Model {
    let mut graph = Graph::new("tiny", Shape::new([1, 2, 2])).with_range(Range::Whole(0, 255)).unwrap();
    let mut last = graph.input();
    for (layer, args) in [
        ("flatten", Args::new()),
        ("dense", Args::new().with("units", 3)),
        ("relu", Args::new()),
        ("dense", Args::new().with("units", 3)),
        ("argmax", Args::new()),
    ] {
        last = graph.add(layer, args, &[last]).unwrap();
    }
    Model::init(graph, VISIBILITY, &mut StdRng::seed_from_u64(seed)).unwrap()
}

fn input(n: usize) -> Tensor {
    let pixels = pixels(n);
    Tensor::from_fn(Shape::new([1, 2, 2]), |i| f64::from(pixels[i]))
}

/// The plan of the bounty: wide enough for other weights than those it was made with.
fn plan() -> Plan {
    let samples: Vec<Tensor> = (0..8).map(input).collect();
    let quantized = model(1).quantize(&samples, Target { tries: 4, ..Target::default() }).unwrap();
    quantized.plan().widened(2)
}

/// The hunter's model.
pub(crate) fn quantized(seed: u64) -> Quantized {
    Quantized::new(&model(seed), plan()).unwrap()
}

/// Four files: labelled as the first hunter's model answers, but for the last.
pub(crate) fn samples() -> Vec<Labelled> {
    let best = quantized(2);
    (0..4)
        .map(|n| {
            let answer = best.forward(&input(n)).unwrap().class.unwrap();
            Labelled { file: [format().header(), &pixels(n)].concat(), label: (answer + usize::from(n == 3)) % 3 }
        })
        .collect()
}

/// What is published once for all tests, as keys take seconds: beside the other files of the build. Keys are seeded, so
/// that every run writes the same.
pub(crate) fn published() -> (Store, FileCid) {
    static PUBLISHED: OnceLock<(Store, FileCid)> = OnceLock::new();
    let (store, cid) = PUBLISHED.get_or_init(|| {
        let tests = std::env::current_exe().unwrap();
        let store = Store::folder(tests.ancestors().nth(2).unwrap().join("tmp/zkml-bounty"));
        let statements = Statements::of(&quantized(1), layout(), format(), Form::Raw, 1).unwrap();
        let keys = statements.setup_for_development(&mut StdRng::seed_from_u64(3)).unwrap();
        let package = Package::publish(statements, model(1).graph(), &keys, &store).unwrap();
        (store, *package.cid())
    });
    (store.clone(), *cid)
}

pub(crate) fn package() -> Package {
    let (store, cid) = published();
    Package::fetch(&store, &cid).unwrap()
}

/// A chain with a factory, and folders for all.
pub(crate) struct World {
    pub(crate) anvil: Anvil,
    pub(crate) factory: Address,
    pub(crate) scratch: Scratch,
    /// Without an account that takes part: to let time pass.
    pub(crate) clock: Chain,
}

pub(crate) const HOST: usize = 1;

impl World {
    pub(crate) fn new() -> Self {
        let anvil = Anvil::start().unwrap();
        let (clock, receipt) = Chain::deploy(&anvil.url(), anvil.signer(0)).unwrap();
        assert!(receipt.gas < 5_000_000, "{} gas", receipt.gas);
        Self { factory: clock.factory(), anvil, scratch: Scratch::new(), clock }
    }

    pub(crate) fn chain(&self, account: usize) -> Chain {
        Chain::connect(&self.anvil.url(), self.anvil.signer(account), self.factory).unwrap()
    }

    pub(crate) fn account(&self, account: usize) -> Address {
        self.anvil.signer(account).address()
    }

    pub(crate) fn balance(&self, account: usize) -> U256 {
        self.clock.balance(self.account(account)).unwrap()
    }

    /// How many transactions an account has sent.
    pub(crate) fn sent(&self, account: usize) -> u64 {
        let params = serde_json::json!([self.account(account), "latest"]);
        let count = self.clock.request("eth_getTransactionCount", params).unwrap();
        u64::from_str_radix(count.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    /// An hour for each phase; three of four answers.
    pub(crate) fn offer(&self) -> Offer {
        let now = self.clock.now().unwrap();
        Offer {
            token: None,
            reward: ether(5),
            bond: ether(1),
            threshold: 3,
            mode: Mode::Sealed,
            winner: Winner::First,
            commit_until: now + 3600,
            reveal_until: now + 7200,
            prove_until: now + 10_800,
            delivery_window: 3600,
            trust: Trust::DevelopmentOnly,
        }
    }

    pub(crate) fn host(&self, progress: Option<Progress>) -> Host {
        let (store, _) = published();
        Host::open(self.folder("host"), self.chain(HOST), store, package(), samples(), progress).unwrap()
    }

    /// The hunter with this account, whose model has the weights of this seed: that of seed 2 reaches the threshold.
    pub(crate) fn hunter(&self, account: usize, bounty: Address, seed: u64) -> Hunter {
        self.try_hunter(account, bounty, seed, None).unwrap()
    }

    pub(crate) fn try_hunter(
        &self,
        account: usize,
        bounty: Address,
        seed: u64,
        progress: Option<Progress>,
    ) -> Result<Hunter, crate::Error> {
        let (store, _) = published();
        let folder = self.folder(&format!("hunter-{account}"));
        let trust = Trust::DevelopmentOnly;
        Hunter::open(folder, self.chain(account), store, package(), bounty, &quantized(seed), trust, progress)
    }

    /// The receipt of a transaction of an account that the node has the key of. It is mined at once, but a moment may pass
    /// until its receipt is there.
    pub(crate) fn mined(&self, call: serde_json::Value) -> serde_json::Value {
        let hash = self.clock.request("eth_sendTransaction", serde_json::json!([call])).unwrap();
        for _ in 0..200 {
            let receipt = self.clock.request("eth_getTransactionReceipt", serde_json::json!([hash])).unwrap();
            if !receipt.is_null() {
                assert_eq!(receipt["status"], "0x1", "{receipt}");
                return receipt;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("transaction {hash} has no receipt after ten seconds");
    }

    /// A call of a contract, or a new one and its address.
    pub(crate) fn transact(&self, account: usize, to: Option<Address>, data: &[u8]) -> Option<Address> {
        let data = format!("0x{}", alloy::hex::encode(data));
        let call = serde_json::json!({ "from": self.account(account), "to": to, "data": data, "gas": "0x4c4b40" });
        self.mined(call)["contractAddress"].as_str().map(|address| address.parse().unwrap())
    }

    pub(crate) fn pass(&self, until: u64) {
        pass(&self.clock, until).unwrap();
    }
}

pub(crate) fn ether(n: u64) -> U256 {
    U256::from(n) * U256::from(10u64).pow(U256::from(18))
}

/// The sum of fees that an account has paid.
pub(crate) fn fees(receipts: &[crate::Receipt]) -> U256 {
    receipts.iter().map(|receipt| receipt.fee).sum()
}

/// A file of the contracts' build, if they are built.
pub(crate) fn built(name: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/out").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}: run contracts/test.sh quick", path.display()));
    serde_json::from_slice(&bytes).unwrap()
}
