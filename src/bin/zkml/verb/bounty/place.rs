//! Where a bounty takes place: chain, account and store of files, of the command line or of `[bounty]` in the project file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use zkml::bounty::{Address, Chain, PrivateKeySigner, Receipt, Store, Trust, cid::FileCid};

use crate::{
    error::{Error, reason},
    project::Project,
};

/// The environment variable of the account's private key.
const ACCOUNT: &str = "ZKML_ACCOUNT_KEY";

/// The largest file of a private key.
const MAX_KEY: u64 = 1 << 12;

#[derive(Args, Debug)]
pub struct Place {
    /// The address of a node; without, `bounty.rpc` of the project file
    #[arg(long, global = true, value_name = "URL")]
    rpc: Option<String>,
    /// The factory of bounties; without, `bounty.factory` of the project file
    #[arg(long, global = true, value_name = "ADDRESS")]
    factory: Option<Address>,
    /// The file of the account's private key, which its owner alone may read; without, the variable ZKML_ACCOUNT_KEY or `bounty.key`
    #[arg(long, global = true, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where files are: a folder, or the address of an IPFS gateway; without, `bounty.store` of the project file
    #[arg(long, global = true, value_name = "FOLDER|URL")]
    store: Option<String>,
    /// The RPC address of a Kubo node to put files to, beside a gateway
    #[arg(long, global = true, value_name = "URL")]
    ipfs_api: Option<String>,
    /// Accept keys of a single party, who can forge proofs: for development, and with nothing to lose
    #[arg(long, global = true)]
    development: bool,
}

/// An address without what may be secret in its path.
fn shown(url: &str) -> String {
    let host = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    let host = &url[..host];
    // Nor a name and its password.
    match (host.split_once("://"), host.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => host.to_owned(),
    }
}

/// Says what HTTPS needs, where it is not compiled in.
fn plain(url: &str) -> Result<(), Error> {
    if cfg!(not(feature = "tls")) && url.starts_with("https:") {
        let reason = "HTTPS needs the feature `tls`; install with `cargo install --path . --features cli,bounty,tls`, or take a node of \
                      your own, behind http"
            .to_owned();
        return Err(Error::Node { url: shown(url), reason });
    }
    Ok(())
}

impl Place {
    /// The node's address.
    fn url(&self, project: &Project) -> Result<String, Error> {
        let url = self.rpc.clone().or_else(|| project.settings.bounty.rpc.clone());
        let url = url.ok_or_else(|| missing(project, "node", "--rpc URL", "rpc = \"http://127.0.0.1:8545\""))?;
        plain(&url)?;
        Ok(url)
    }

    /// The factory's address.
    fn factory(&self, project: &Project) -> Result<Address, Error> {
        if let Some(factory) = self.factory {
            return Ok(factory);
        }
        let text = project.settings.bounty.factory.as_deref();
        let text = text.ok_or_else(|| missing(project, "factory", "--factory ADDRESS", "factory = \"0x..\""))?;
        address(project, "factory", text)
    }

    /// The chain, for whoever looks and sends nothing.
    pub fn observe(&self, project: &Project) -> Result<Chain, Error> {
        let (url, factory) = (self.url(project)?, self.factory(project)?);
        self.settled(project, &url, Chain::observe(&url, factory))
    }

    /// The chain, and the account that pays.
    pub fn chain(&self, project: &Project) -> Result<Chain, Error> {
        let (url, factory) = (self.url(project)?, self.factory(project)?);
        self.settled(project, &url, Chain::connect(&url, self.signer(project)?, factory))
    }

    /// A chain on which a factory is put.
    pub fn deploy(&self, project: &Project) -> Result<(Chain, Receipt), Error> {
        let url = self.url(project)?;
        let signer = self.signer(project)?;
        // The chain's number is compared before anything is sent.
        self.settled(project, &url, Chain::connect(&url, signer.clone(), Address::ZERO))?;
        Ok(Chain::deploy(&url, signer)?)
    }

    fn settled(&self, project: &Project, url: &str, chain: Result<Chain, zkml::bounty::Error>) -> Result<Chain, Error> {
        let settings = &project.settings.bounty;
        let node = |reason: String| Error::Node { url: shown(url), reason };
        let chain = chain.map_err(|error| match error {
            zkml::bounty::Error::Node { .. } => {
                node("it does not answer as a node of a chain; is its address right, and does it run?".to_owned())
            }
            error => error.into(),
        })?;
        if let Some(expected) = settings.chain.filter(|expected| *expected != chain.id()) {
            let found = chain.id();
            return Err(node(format!(
                "it is of chain {found}, expected {expected} as `bounty.chain` of {} says; name a node of that chain",
                project.file.display()
            )));
        }
        Ok(chain.since(settings.since.unwrap_or(0)).with_confirmations(settings.confirmations.unwrap_or(1)))
    }

    /// The account's private key, of which nothing is ever shown.
    fn signer(&self, project: &Project) -> Result<PrivateKeySigner, Error> {
        if let Some(path) = &self.key {
            return of_file(path);
        }
        if let Some(text) = std::env::var_os(ACCOUNT) {
            let parsed = text.to_str().and_then(|text| text.trim().parse().ok());
            return parsed
                .ok_or_else(|| Error::Usage(format!("the variable {ACCOUNT} holds no private key: {EXPECTED}")));
        }
        match &project.settings.bounty.key {
            Some(path) => of_file(&project.path(path)),
            None => Err(missing(
                project,
                "account",
                "--key FILE, or set the variable ZKML_ACCOUNT_KEY",
                "key = \"account.key\"",
            )),
        }
    }

    /// Where files are.
    pub fn store(&self, project: &Project) -> Result<Store, Error> {
        let settings = &project.settings.bounty;
        let api = self.ipfs_api.as_deref().or(settings.ipfs_api.as_deref());
        let (text, given) = match (&self.store, &settings.store) {
            (Some(store), _) => (Some(store), true),
            (None, set) => (set.as_ref(), false),
        };
        let Some(text) = text else { return Ok(Store::folder(project.output("bounty/store"))) };
        if text.starts_with("http://") || text.starts_with("https://") {
            for url in [Some(text.as_str()), api].into_iter().flatten() {
                plain(url)?;
            }
            return Ok(Store::gateway(text, api));
        }
        // A path of the project file starts at its folder.
        Ok(Store::folder(if given { PathBuf::from(text) } else { project.path(Path::new(text)) }))
    }

    /// Whose keys are accepted.
    pub fn trust(&self) -> Trust {
        if self.development { Trust::DevelopmentOnly } else { Trust::Ceremony }
    }
}

/// An address of the project file.
pub fn address(project: &Project, key: &str, text: &str) -> Result<Address, Error> {
    text.parse().map_err(|_| {
        let reason = format!("`bounty.{key}` is `{}`, expected `0x` and 40 hexadecimal digits", text.escape_debug());
        Error::Project { path: project.file.clone(), reason }
    })
}

/// The CID of a package.
pub fn cid(text: &str) -> Result<FileCid, String> {
    text.parse().map_err(|error: zkml::bounty::cid::CidError| error.to_string())
}

fn missing(project: &Project, what: &str, flag: &str, line: &str) -> Error {
    Error::Usage(format!(
        "no {what}: name one with `{flag}`, or write `{line}` in `[bounty]` of {}",
        project.file.display()
    ))
}

/// What a private key looks like.
const EXPECTED: &str = "expected 64 hexadecimal digits, other than zero";

fn of_file(path: &Path) -> Result<PrivateKeySigner, Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(path).map_err(|error| Error::file(path, "read", reason(&error)))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let why = format!(
                "others can read this private key (mode {mode:03o}), expected 600; take the key for known, or run `chmod 600` if nobody \
                 else has used this machine"
            );
            return Err(Error::file(path, "use", why));
        }
    }
    let bytes = zkml::bounded::read(path, MAX_KEY).map_err(|error| match error {
        zkml::bounded::ReadError::Io(error) => Error::file(path, "read", reason(&error)),
        error => Error::file(path, "read", error),
    })?;
    // What a parser says of a secret may show it.
    let parsed = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
    parsed.ok_or_else(|| Error::file(path, "read", format!("it is no private key: {EXPECTED}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        for (url, expected) in [
            ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
            ("https://node.example/v3/0123456789", "https://node.example"),
            ("https://me:secret@node.example/v3", "https://node.example"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
