//! A development chain of one's own: `anvil`, on a free port, ended when it is dropped.
//!
//! Looked for in this order: the environment variable `ZKML_ANVIL`, `contracts/node_modules` of the project (`npm ci`
//! in `contracts/` puts it there), the search path.

use std::path::{Path, PathBuf};

use alloy::{
    node_bindings::{Anvil as Process, AnvilInstance},
    signers::local::PrivateKeySigner,
};

use crate::{chain::Chain, error::Error};

/// Where npm puts it, from the project's folder on.
const PACKAGE: &str = "contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil";

/// What to do when there is none.
const REPAIR: &str = "run `npm ci` in contracts/ and `contracts/tool.sh anvil --version`, or name one by the \
                      environment variable ZKML_ANVIL";

/// A running chain.
#[derive(Debug)]
pub struct Anvil {
    instance: AnvilInstance,
}

fn found() -> PathBuf {
    if let Some(path) = std::env::var_os("ZKML_ANVIL") {
        return path.into();
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PACKAGE);
    if here.exists() { here } else { "anvil".into() }
}

impl Anvil {
    /// Starts a chain.
    ///
    /// # Errors
    /// If there is no `anvil`, or it does not start.
    pub fn start() -> Result<Self, Error> {
        let path = found();
        let instance = Process::at(&path).try_spawn();
        let failed =
            |error| Error::Node { action: "starting anvil", reason: format!("{}: {error}; {REPAIR}", path.display()) };
        Ok(Self { instance: instance.map_err(failed)? })
    }

    /// Its HTTP address.
    pub fn url(&self) -> String {
        self.instance.endpoint()
    }

    /// One of ten accounts, with 10,000 ether each.
    pub fn signer(&self, account: usize) -> PrivateKeySigner {
        let keys = self.instance.keys();
        PrivateKeySigner::from(keys[account % keys.len()].clone())
    }
}

/// Lets the time pass on a development chain, until there is a block of this time.
///
/// # Errors
/// If it is past, or the node is none for development.
pub fn pass(chain: &Chain, until: u64) -> Result<(), Error> {
    if chain.now()? < until {
        chain.request("evm_setNextBlockTimestamp", serde_json::json!([until]))?;
        chain.request("evm_mine", serde_json::json!([]))?;
    }
    Ok(())
}
