//! `bounty`: a whole one on a development chain, from its terms to the payment, and what each step refuses.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use serde_json::{Value, json};

use crate::anvil::Anvil;
use crate::world::{World, copy, digits, shipped};

/// What the project of both parties says beside the model.
const PROJECT: [(&str, &str); 2] = [("range = [0, 16]", "bytes = true"), ("tries = 40", "tries = 10")];

/// What the host's says beside.
const BOUNTY: &str = "
[bounty]
groups = 1
items = 1
widen = 1
reward = \"5 ether\"
bond = \"1 ether\"
threshold = 0.75
commit = \"1h\"
reveal = \"1h\"
prove = \"1h\"
deliver = \"1h\"
";

/// The addresses of the accounts of a development chain.
const ACCOUNTS: [&str; 3] = [
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
];

/// A project with a plan that says nothing of weights, for bytes.
fn project() -> World {
    let world = World::project(&["--weights", "committed"], &PROJECT);
    world.write("test.csv", digits()[1200..1202].join("\n").as_bytes());
    let text = world.text("zkml.toml") + BOUNTY;
    world.write("zkml.toml", text.as_bytes());
    world
}

/// A copy of a host's project with plan, keys and a published package, which are made once.
fn host() -> World {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    let base = BASE.get_or_init(|| {
        let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-bounty-base");
        let _ = fs::remove_dir_all(&base);
        let world = project();
        world.passes(&["quantize"]);
        world.snapshot("bounty-setup", &world.passes(&["bounty", "setup"]));
        world.passes(&["bounty", "package"]);
        copy(&world.folder, &base);
        base
    });
    let world = World::new();
    world.copy(base);
    world
}

/// Writes an account's private key for its owner alone, and says where it is played.
fn account(world: &World, anvil: &Anvil, account: usize, factory: &str) {
    world.write("account.key", format!("0x{}\n", anvil.keys[account]).as_bytes());
    fs::set_permissions(world.path("account.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let places =
        format!("[bounty]\nrpc = \"{}\"\nchain = 31337\nfactory = \"{factory}\"\nkey = \"account.key\"", anvil.url());
    world.edit(&[("[bounty]", &places)]);
}

/// A chain with a factory, and a host whose bounty is created: its address, and that of the factory.
fn created() -> (Anvil, World, String, String) {
    let (anvil, world) = (Anvil::start(), host());
    let url = anvil.url();
    let mut deploy = world.command(&["bounty", "deploy", "--rpc", &url, "--json"]);
    let output = deploy.env("ZKML_ACCOUNT_KEY", &anvil.keys[0]).output().unwrap();
    let deployed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deployed["chain"], 31337);
    let factory = deployed["factory"].as_str().unwrap().to_owned();
    account(&world, &anvil, 1, &factory);
    world.passes(&["bounty", "new"]);
    let value = world.json(&["bounty", "create", "--development"]);
    assert_eq!((value["state"].as_str(), value["done_before"].as_bool()), (Some("committing"), Some(false)));
    let bounty = value["bounty"].as_str().unwrap().to_owned();
    (anvil, world, bounty, factory)
}

/// A hunter's project, with the model and without a plan; files come from the host's store.
fn hunter(anvil: &Anvil, host: &World, number: usize, factory: &str) -> World {
    let world = World::project(&[], &PROJECT[..1]);
    let store = host.path("zkml/bounty/store");
    let text = world.text("zkml.toml") + &format!("\n[bounty]\nstore = {:?}\n", store.display().to_string());
    world.write("zkml.toml", text.as_bytes());
    account(&world, anvil, number, factory);
    world
}

fn package(host: &World) -> String {
    let value: Value = serde_json::from_str(&host.text("zkml/bounty/package.json")).unwrap();
    value["package"].as_str().unwrap().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn a_bounty_from_its_terms_to_the_payment() {
    let (anvil, host, bounty, factory) = created();
    let bounty = bounty.as_str();
    let hunter = hunter(&anvil, &host, 2, &factory);
    let package = package(&host);
    let paid = |account: usize| anvil.number("eth_getBalance", json!([ACCOUNTS[account], "latest"]));
    let before = paid(2);
    // Again is no other time.
    let sent = anvil.sent(ACCOUNTS[1]);
    let again = host.json(&["bounty", "create", "--development"]);
    assert_eq!((again["done_before"].as_bool(), again["bounty"].as_str()), (Some(true), Some(bounty)));
    assert_eq!(anvil.sent(ACCOUNTS[1]), sent);

    let listed = hunter.json(&["bounty", "list"]);
    assert_eq!((listed.as_array().unwrap().len(), listed[0]["bounty"].as_str()), (1, Some(bounty)));
    assert_eq!(listed[0]["setup"], "single party");
    let shown = hunter.json(&["bounty", "show", bounty, "--package", &package]);
    assert_eq!((shown["package_fits"].as_bool(), shown["threshold"].as_u64()), (Some(true), Some(2)));
    let text = hunter.passes(&["bounty", "show", bounty, "--package", &package]);
    assert!(text.contains(&format!("next: zkml bounty commit {bounty} --package {package}")), "{text}");

    // Keys of a single party are accepted by whoever says so, and by nobody else.
    let commit = ["bounty", "commit", bounty, "--package", &package];
    let error = hunter.fails(1, &commit);
    assert!(error.contains("come from a single party") && error.contains("`--development`"), "{error}");
    let value = hunter.json(&[&commit[..], &["--development"]].concat());
    assert!((80_000..120_000).contains(&value["gas"].as_u64().unwrap()), "{value}");
    let hunter_step = |step: &[&str]| hunter.json(&[&["bounty"], step, &[bounty, "--development"]].concat());
    assert_eq!(hunter_step(&["commit"])["done_before"], true);

    // Nothing before its time.
    let error = host.fails(11, &["bounty", "reveal", "--development"]);
    assert_eq!(error, "reveal: the bounty is Committing, expected Revealing; nothing was sent, no money moved");
    for step in [&["fetch"][..], &["prove", "accuracy"], &["submit", "accuracy"]] {
        hunter.fails(11, &[&["bounty"], step, &[bounty, "--development"]].concat());
    }
    anvil.pass(&listed[0]["commit_until"]);
    let value = host.json(&["bounty", "reveal"]);
    assert_eq!((value["transactions"].as_array().unwrap().len(), value["state"].as_str()), (2, Some("proving")));
    assert_eq!(host.json(&["bounty", "reveal"])["done_before"], true);

    let fetched = hunter_step(&["fetch"]);
    assert_eq!((fetched["samples"].as_u64(), fetched["qualifies"].as_bool()), (Some(2), Some(true)));
    let file = fs::read(hunter.path(fetched["data"].as_str().unwrap()).join("00001.bin")).unwrap();
    let expected: Vec<u8> = digits()[1201].split(',').take(64).map(|x| x.parse().unwrap()).collect();
    assert_eq!(file, expected);

    // Proofs are made once, and sent later; one that is not what it should be is no other's.
    let proven = hunter_step(&["prove", "accuracy"]);
    let proofs: Vec<&str> = proven["proofs"].as_array().unwrap().iter().map(|p| p["proof"].as_str().unwrap()).collect();
    let correct: u64 = proven["proofs"].as_array().unwrap().iter().map(|p| p["correct"].as_u64().unwrap()).sum();
    assert_eq!((proofs.len(), correct), (2, 2));
    let again = hunter_step(&["prove", "accuracy"]);
    assert!(again["proofs"].as_array().unwrap().iter().all(|proof| proof["kept_before"] == true));
    let own = fs::read(hunter.path(proofs[0])).unwrap();
    hunter.write(proofs[0], &fs::read(hunter.path(proofs[1])).unwrap());
    let submit = ["bounty", "submit", "accuracy", bounty, "--development"];
    let error = hunter.fails(1, &submit);
    assert!(
        error.contains("accuracy-0.proof: it says another `chunk` than this step needs; remove the file"),
        "{error}"
    );
    hunter.write(proofs[0], &own[..own.len() - 1]);
    assert!(hunter.fails(1, &submit).contains("accuracy-0.proof: "));
    hunter.write(proofs[0], &own);
    let value = hunter.json(&submit);
    let transactions = value["transactions"].as_array().unwrap();
    assert_eq!((transactions.len(), value["state"].as_str()), (2, Some("proving")));
    assert!(transactions.iter().all(|t| t["gas"].as_u64().unwrap() < 350_000), "{value}");
    assert_eq!(hunter.json(&submit)["done_before"], true);

    let error = host.fails(11, &["bounty", "receive"]);
    assert!(error.contains("expected Paid"), "{error}");
    assert_eq!(hunter_step(&["prove", "delivery"])["proofs"].as_array().unwrap().len(), 1);
    let value = hunter_step(&["submit", "delivery"]);
    assert_eq!(value["state"], "paid");
    assert_eq!(hunter_step(&["submit", "delivery"])["done_before"], true);
    let value = hunter_step(&["withdraw"]);
    assert_eq!(value["transactions"].as_array().unwrap().len(), 1);
    assert_eq!(hunter_step(&["withdraw"])["done_before"], true);
    let journal = hunter.path(&format!("zkml/bounty/hunter-{}", bounty.to_lowercase())).join("state.json");
    let journal: Value = serde_json::from_slice(&fs::read(journal).unwrap()).unwrap();
    let fee =
        |receipt: &Value| u128::from_str_radix(receipt["fee"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    let fees: u128 = journal["receipts"].as_array().unwrap().iter().map(fee).sum();
    assert_eq!(paid(2) + fees, before + 5 * 10u128.pow(18));

    // The host has what was committed to: the weights of the model's file, as fine as the plan has them.
    let watched = host.json(&["bounty", "watch"]);
    assert_eq!((watched["state"].as_str(), watched["hunters"][0]["delivered"].as_u64()), (Some("paid"), Some(1)));
    let received = host.json(&["bounty", "receive"]);
    assert_eq!(received["commitment"], watched["hunters"][0]["commitment"]);
    let path = host.path(received["weights"].as_str().unwrap());
    assert_eq!(mode(&path), 0o600);
    let bought = zkml::model::Weights::load(&path).unwrap();
    let sold = zkml::onnx::load(host.path("digits.onnx")).unwrap();
    let near = |name: &str| {
        let (a, b) = (bought.get(name).unwrap().data(), sold.weights().get(name).unwrap().data());
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.1)
    };
    assert!(
        near("scores.weight") && near("hidden.bias"),
        "{:?}",
        bought.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    let error = host.fails(11, &["bounty", "refund"]);
    assert!(error.contains("the bounty is Paid, expected Refundable or Refunded"), "{error}");
    assert_eq!(host.json(&["bounty", "withdraw"])["done_before"], true);

    // What is secret is for its owner alone, and not printed.
    let secrets = host.path("zkml/bounty/host/secrets.json");
    assert_eq!((mode(&secrets), mode(&host.path("zkml/bounty/host/offer.json"))), (0o600, 0o600));
    assert_eq!(mode(&host.path("zkml/bounty/host/data/00000")), 0o600);
    let secrets: Value = serde_json::from_slice(&fs::read(&secrets).unwrap()).unwrap();
    let text = host.passes(&["bounty", "watch"]) + &host.passes(&["bounty", "receive"]);
    for secret in [&anvil.keys[1], secrets["key"].as_str().unwrap(), secrets["salt"].as_str().unwrap()] {
        assert!(!text.contains(secret));
    }
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn what_is_not_there_or_not_ones_own_is_refused() {
    let (anvil, host, bounty, factory) = created();
    let bounty = bounty.as_str();
    let hunter = hunter(&anvil, &host, 2, &factory);
    let package = package(&host);
    let commit = ["bounty", "commit", bounty, "--package", &package, "--development"];

    // No such bounty, factory, node or chain.
    let error = hunter.fails(11, &["bounty", "show", ACCOUNTS[0]]);
    assert!(error.contains(&format!("{} is no bounty of the factory {factory}", ACCOUNTS[0])), "{error}");
    let error = hunter.fails(10, &["bounty", "list", "--factory", ACCOUNTS[0]]);
    assert!(error.contains("there is no contract at") && error.contains("on chain 31337"), "{error}");
    let error = hunter.fails(10, &["bounty", "list", "--rpc", "http://127.0.0.1:9/secret"]);
    assert!(
        error.starts_with("the node http://127.0.0.1:9: it does not answer") && !error.contains("secret"),
        "{error}"
    );
    let toml = hunter.text("zkml.toml");
    hunter.edit(&[("chain = 31337", "chain = 1")]);
    let error = hunter.fails(10, &commit);
    assert!(error.contains("it is of chain 31337, expected 1 as `bounty.chain` of zkml.toml says"), "{error}");
    hunter.write("zkml.toml", toml.as_bytes());
    assert_eq!(hunter.run(&["bounty", "show", "0x12"]).status.code(), Some(2));

    // The account's key.
    let key = hunter.path("account.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let error = hunter.fails(4, &commit);
    assert!(error.contains("account.key: others can read this private key (mode 644), expected 600"), "{error}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    hunter.write("account.key", &anvil.keys[2].as_bytes()[1..]);
    let error = hunter.fails(4, &commit);
    assert!(error.contains("it is no private key") && !error.contains(&anvil.keys[2][1..]), "{error}");
    hunter.edit(&[("key = \"account.key\"", "")]);
    assert!(hunter.fails(2, &commit).contains("no account: name one with `--key FILE"));
    let mut variable = hunter.command(&commit);
    let output = variable.env("ZKML_ACCOUNT_KEY", "0x12").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    hunter.write("zkml.toml", toml.as_bytes());
    hunter.write("account.key", anvil.keys[2].as_bytes());

    // The package: none, another one, a damaged one; another network.
    let error = hunter.fails(2, &["bounty", "commit", bounty, "--development"]);
    assert!(error.contains("no package: name the one that the host publishes"), "{error}");
    let other = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
    let error = hunter.fails(10, &["bounty", "show", bounty, "--package", other]);
    assert!(error.contains("does not find bafkrei"), "{error}");
    let forged = hunter.path("forged");
    copy(&host.path("zkml/bounty/store"), &forged);
    fs::write(forged.join(&package), b"{}").unwrap();
    let error = hunter.fails(10, &[&commit[..], &["--store", "forged"]].concat());
    assert!(error.contains("that are not those of"), "{error}");
    hunter.edit(&[("bytes = true", "bytes = true\ndivide = 16.0")]);
    let error = hunter.fails(5, &commit);
    assert!(
        error.contains("digits.onnx: ") && error.contains("the bounty is for another network than this"),
        "{error}"
    );
    hunter.write("zkml.toml", toml.as_bytes());

    // A folder is of one account; an offer is of one bounty; whoever has committed can't be left.
    hunter.passes(&commit);
    hunter.write("account.key", anvil.keys[3].as_bytes());
    let error = hunter.fails(11, &commit);
    assert!(error.contains("the folder is of account"), "{error}");
    hunter.write("account.key", anvil.keys[2].as_bytes());
    assert!(host.fails(4, &["bounty", "new", "--force"]).contains("the bounty was to be created with it"));
    let error = host.fails(1, &["bounty", "cancel"]);
    assert!(error.contains("cancel: the contract refuses it: ") && error.contains("SomebodyCommitted"), "{error}");
    let error = hunter.fails(1, &["bounty", "reclaim", bounty, "--development"]);
    assert!(error.contains("reclaim: the contract refuses it"), "{error}");

    // The time of commitments is over; nobody shows the data: all get back what is theirs.
    let shown = hunter.json(&["bounty", "show", bounty]);
    anvil.pass(&shown["commit_until"]);
    let late = self::hunter(&anvil, &host, 4, &factory);
    let error = late.fails(11, &commit);
    assert_eq!(error, "commit: the bounty is Revealing, expected Committing; nothing was sent, no money moved");
    anvil.pass(&shown["reveal_until"]);
    assert_eq!(
        host.fails(11, &["bounty", "reveal"]).split(';').next(),
        Some("reveal: the bounty is Refundable, expected Revealing")
    );
    let value = host.json(&["bounty", "refund"]);
    assert_eq!((value["state"].as_str(), value["transactions"].as_array().unwrap().len()), (Some("refunded"), 1));
    assert_eq!(host.json(&["bounty", "refund"])["done_before"], true);
    assert_eq!(host.json(&["bounty", "withdraw"])["transactions"].as_array().unwrap().len(), 1);
    assert_eq!(hunter.json(&["bounty", "reclaim", bounty, "--development"])["done_before"], false);
    assert_eq!(hunter.json(&["bounty", "withdraw", bounty, "--development"])["done_before"], false);
}

#[test]
#[ignore = "needs anvil: npm ci in contracts/"]
fn who_is_not_accurate_enough_is_told_before_it_pays() {
    let (anvil, host) = (Anvil::start(), host());
    let mut deploy = host.command(&["bounty", "deploy", "--rpc", &anvil.url(), "--json"]);
    let output = deploy.env("ZKML_ACCOUNT_KEY", &anvil.keys[0]).output().unwrap();
    let deployed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let factory = deployed["factory"].as_str().unwrap();
    account(&host, &anvil, 1, factory);
    // Every label is the next class: no good model answers so.
    let wrong = |line: &String| {
        let (pixels, label) = line.rsplit_once(',').unwrap();
        format!("{pixels},{}", (label.parse::<usize>().unwrap() + 1) % 10)
    };
    host.write("test.csv", digits()[1200..1202].iter().map(wrong).collect::<Vec<_>>().join("\n").as_bytes());
    host.passes(&["bounty", "new", "--threshold", "2", "--name", "hard"]);
    let created = host.json(&["bounty", "create", "--name", "hard", "--development"]);
    let bounty = created["bounty"].as_str().unwrap();
    let hunter = hunter(&anvil, &host, 2, factory);
    hunter.passes(&["bounty", "commit", bounty, "--package", &package(&host), "--development"]);
    anvil.pass(&created["until"]);
    host.passes(&["bounty", "reveal", "--name", "hard"]);
    let fetched = hunter.passes(&["bounty", "fetch", bounty, "--development"]);
    assert!(fetched.contains("it does not qualify"), "{fetched}");
    let sent = anvil.sent(ACCOUNTS[2]);
    let submit = ["bounty", "submit", "accuracy", bounty, "--development"];
    let error = hunter.fails(1, &submit);
    assert!(error.contains("0 of 2 samples correctly, 2 are asked for; nothing was sent"), "{error}");
    assert_eq!(anvil.sent(ACCOUNTS[2]), sent);
    // A process that is killed goes on where it was: no chunk is proven twice.
    let mut running = hunter.command(&[&submit[..], &["--below"]].concat());
    let mut running = running.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2500));
    running.kill().unwrap();
    running.wait().unwrap();
    let value = hunter.json(&[&submit[..], &["--below"]].concat());
    assert!(value["transactions"].as_array().unwrap().len() <= 2);
    assert_eq!(anvil.sent(ACCOUNTS[2]), sent + 2);
    let error = hunter.fails(1, &["bounty", "submit", "delivery", bounty, "--development"]);
    assert!(error.contains("the contract refuses it: NotQualified"), "{error}");
    assert_eq!(hunter.json(&["bounty", "withdraw", bounty, "--development"])["done_before"], false);
}

#[test]
fn what_a_host_fixes_is_checked_before_there_is_a_chain() {
    let world = host();
    let text = world.passes(&["bounty", "new"]);
    world.snapshot("bounty-new", &text.replace(&package(&world), "CID"));
    let error = world.fails(4, &["bounty", "new"]);
    assert!(error.contains("offer.json: it exists; create the bounty, or replace it with `--force`"), "{error}");
    let value = world.json(&["bounty", "new", "--force", "--threshold", "1", "--reward", "7 gwei"]);
    assert_eq!((value["threshold"].as_u64(), value["reward"].as_str()), (Some(1), Some("7000000000")));
    assert_eq!(value["phases"], json!([3600, 3600, 3600, 3600]));
    for (code, arguments, expected) in [
        (2, &["--reward", "7"][..], "`--reward`: found `7`, expected such as `0.5 ether`"),
        (2, &["--threshold", "5"], "`--threshold`: found 5, expected 1 to 2 correct answers"),
        (2, &["--threshold", "many"], "`--threshold`: found `many`"),
    ] {
        let error = world.fails(code, &[&["bounty", "new", "--force"], arguments].concat());
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(world.run(&["bounty", "new", "--name", "../elsewhere"]).status.code(), Some(2));
    assert!(world.fails(4, &["bounty", "setup"]).contains("it is of this very circuit"));
    // Files that are none, too many, or without labels.
    let test = world.text("test.csv");
    let lines: Vec<&str> = test.lines().collect();
    world.write("test.csv", digits()[..129].join("\n").as_bytes());
    let error = world.fails(6, &["bounty", "new", "--force"]);
    assert!(error.contains("129 samples, expected a multiple of 1, at most 128"), "{error}");
    world.write("test.csv", test.replacen("0", "0.5", 1).as_bytes());
    let error = world.fails(6, &["bounty", "new", "--force"]);
    assert!(error.contains("is 0.5, expected a byte, 0 to 255"), "{error}");
    let bare: Vec<&str> = lines.iter().map(|line| line.rsplit_once(',').unwrap().0).collect();
    world.write("test.csv", bare.join("\n").as_bytes());
    assert!(world.fails(6, &["bounty", "new", "--force"]).contains("has no label; set `bounty.labels`"));
    world.edit(&[("commit = \"1h\"", "commit = \"soon\"")]);
    let error = world.fails(3, &["bounty", "new", "--force"]);
    assert!(error.contains("`bounty.commit`: found `soon`, expected a duration"), "{error}");
    let error = world.fails(2, &["bounty", "create"]);
    assert!(error.contains("no node: name one with `--rpc URL`"), "{error}");
    assert!(world.fails(11, &["bounty", "create", "--name", "other"]).contains("there is no offer"));
    if cfg!(not(feature = "tls")) {
        let error = world.fails(10, &["bounty", "list", "--rpc", "https://node.example/key"]);
        assert!(error.contains("HTTPS needs the feature `tls`") && !error.contains("/key"), "{error}");
    }
}

#[test]
fn there_are_keys_before_there_is_a_package() {
    let world = project();
    world.passes(&["quantize"]);
    let error = world.fails(8, &["bounty", "package"]);
    assert!(error.contains("there is no key of a statement zkml/bounty/data/proving.key"), "{error}");
    let error = world.fails(11, &["bounty", "new"]);
    assert!(error.contains("there is no package zkml/bounty/package.json"), "{error}");
}

#[test]
fn a_bounty_takes_bytes_and_a_plan_that_says_nothing_of_weights() {
    let world = World::project(&[], &[]);
    world.passes(&["quantize"]);
    let error = world.fails(3, &["bounty", "setup"]);
    assert!(error.contains("`visibility.weights` is not \"committed\""), "{error}");
    world.edit(&[("weights = \"public\"", "weights = \"committed\"")]);
    let error = world.fails(3, &["bounty", "setup"]);
    assert!(error.contains("set `bytes = true` in `[input]`"), "{error}");
    world.edit(&PROJECT[..1]);
    // The plan is of the network before.
    let error = world.fails(7, &["bounty", "setup"]);
    assert!(error.contains("zkml/plan.json: "), "{error}");
}

#[test]
fn keys_of_a_ceremony_are_those_of_a_package() {
    use zkml::prove::{Fr, Powers};

    // A smaller network, on images of six by six.
    let world = World::new();
    fs::copy(shipped("zkml-import/tests/onnx/classifier.onnx"), world.path("classifier.onnx")).unwrap();
    let line = |n: usize| (0..36).map(|i| ((n * 37 + i * 59 + 11) % 200).to_string() + ",").collect::<String>() + "1";
    world.write("images.csv", (0..8).map(line).collect::<Vec<_>>().join("\n").as_bytes());
    world.passes(&["init", "classifier.onnx", "--samples", "images.csv", "--weights", "committed"]);
    world.edit(&[("# range = [0.0, 1.0]", "bytes = true"), ("time_limit = 60.0", "tries = 5")]);
    world.write("zkml.toml", (world.text("zkml.toml") + "\n[bounty]\nitems = 1\n").as_bytes());
    world.passes(&["quantize"]);
    let made = world.json(&["bounty", "setup"]);
    assert!(made["keys"][2]["constraints"].as_u64().unwrap() < 1 << 13, "{made}");
    let powers = Powers::known([5u64, 6, 7].map(Fr::from), 1 << 13);
    world.write("powers.ptau", &zkml_groth16::iden3::write_ptau(&powers).unwrap());
    let step = |step: &[&str]| world.json(&[&["ceremony", "--bounty", "delivery"], step].concat());
    let begun = step(&["new", "--ptau", "powers.ptau"]);
    assert_eq!(begun["file"], "zkml/bounty/delivery/ceremony.zkml");
    // The circuit of the project takes other keys.
    assert!(world.fails(8, &["ceremony", "finish", "--ptau", "powers.ptau"]).contains("there is no ceremony"));
    step(&["contribute", "--ptau", "powers.ptau", "--name", "first"]);
    step(&["accept", "contribution.zkml"]);
    let finished = step(&["finish", "--ptau", "powers.ptau"]);
    let published = world.json(&["bounty", "package"]);
    let provenance = |i: usize| published["keys"][i]["provenance"].as_str().unwrap();
    assert_eq!(published["keys"][2]["provenance"], finished["keys"]["provenance"]);
    assert!(provenance(2).contains(finished["transcript"].as_str().unwrap()), "{}", provenance(2));
    assert!(provenance(0).contains("single party"), "{}", provenance(0));
}
