//! Client of a chain: views and events are read, transactions signed here, sent, and awaited.
//!
//! A transaction is signed before it is kept, and kept before it is sent: after a crash the very same one is sent
//! again, which nodes take for one. So no step takes place twice.

use std::{
    future::Future,
    sync::mpsc,
    time::{Duration, Instant},
};

use alloy::{
    consensus::{SignableTransaction as _, TxEip1559, TxEnvelope},
    eips::{BlockNumberOrTag, Encodable2718 as _},
    network::{TransactionBuilder as _, TxSignerSync as _},
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    providers::{DynProvider, Provider as _, ProviderBuilder},
    rpc::types::{Filter, TransactionRequest},
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolEvent, SolInterface as _},
    transports::{RpcError, TransportErrorKind},
};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::{
    abi::{IBounty, IBountyFactory, IParts},
    error::Error,
};

/// The creation code of `BountyFactory`, which has that of `Bounty` in it.
const FACTORY: &str = include_str!("../artifacts/BountyFactory.hex");

/// How long a node may take for an answer.
const ANSWER: Duration = Duration::from_secs(60);

/// What a node may take from counting a transaction to having its receipt.
const LAG: Duration = Duration::from_secs(3);

/// Between two looks for a receipt.
const LOOK: Duration = Duration::from_millis(100);

/// A transaction that was mined, and its cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What it was for.
    pub step: String,
    /// Of the transaction.
    pub hash: B256,
    /// The block that has it.
    pub block: u64,
    /// What it took.
    pub gas: u64,
    /// What that cost, in wei.
    pub fee: U256,
}

/// A signed transaction, which may or may not have been sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) step: String,
    pub(crate) hash: B256,
    nonce: u64,
    raw: Bytes,
}

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Outcome {
    Mined(Receipt),
    Reverted(Receipt),
    /// It will never be mined, for another one has its number.
    Replaced,
    /// The node refuses it, and does not have it.
    Dropped(String),
}

/// A chain with a factory of bounties, and an account that pays for transactions.
///
/// Calls block. They may be made from within an asynchronous runtime, whose thread then waits.
pub struct Chain {
    runtime: Option<Runtime>,
    provider: DynProvider,
    signer: PrivateKeySigner,
    factory: Address,
    id: u64,
    confirmations: u64,
    since: u64,
    patience: Duration,
}

/// Without the account's key.
impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { factory, id, .. } = self;
        f.debug_struct("Chain")
            .field("id", id)
            .field("factory", factory)
            .field("account", &self.account())
            .finish_non_exhaustive()
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // To wait for its threads is refused in an asynchronous context.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn node(action: &'static str) -> impl FnOnce(RpcError<TransportErrorKind>) -> Error {
    move |error| Error::Node { action, reason: error.to_string() }
}

impl Chain {
    /// The chain behind a node's HTTP address, with the factory at this one. The key stays in memory.
    ///
    /// # Errors
    /// If the address is none, or the node does not answer.
    pub fn connect(url: &str, signer: PrivateKeySigner, factory: Address) -> Result<Self, Error> {
        let action = "connecting to the node";
        let refused = |reason: String| Error::Node { action, reason };
        let parsed =
            url.parse().map_err(|_| refused(format!("found the address {url:?}, expected http://HOST:PORT")))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let provider = {
            let _guard = runtime.enter();
            ProviderBuilder::new().disable_recommended_fillers().connect_http(parsed).erased()
        };
        let patience = Duration::from_secs(600);
        let runtime = Some(runtime);
        let mut chain = Self { runtime, provider, signer, factory, id: 0, confirmations: 1, since: 0, patience };
        chain.id = chain.ask(action, |provider| async move { provider.get_chain_id().await })?;
        Ok(chain)
    }

    /// As [`Chain::connect`], for whoever looks and sends nothing: with an account of its own, which has no ether.
    ///
    /// # Errors
    /// As there.
    pub fn observe(url: &str, factory: Address) -> Result<Self, Error> {
        Self::connect(url, PrivateKeySigner::random(), factory)
    }

    /// Checks that there is a contract where the factory should be.
    ///
    /// # Errors
    /// If there is none, or the node does not answer.
    pub fn require_factory(&self) -> Result<(), Error> {
        if self.has_code(self.factory)? {
            return Ok(());
        }
        Err(Error::NoFactory { found: self.factory, chain: self.id })
    }

    /// As [`Chain::connect`], with a new factory, which is deployed first.
    ///
    /// # Errors
    /// As there, or if it can't be deployed.
    pub fn deploy(url: &str, signer: PrivateKeySigner) -> Result<(Self, Receipt), Error> {
        let mut chain = Self::connect(url, signer, Address::ZERO)?;
        let pending = chain.sign("deploy", TxKind::Create, U256::ZERO, factory_code()?)?;
        let factory = chain.account().create(pending.nonce);
        match chain.settle(&pending, &mut || {})? {
            Outcome::Mined(receipt) => {
                chain.factory = factory;
                chain.since = receipt.block;
                Ok((chain, receipt))
            }
            other => Err(failed(pending, other)),
        }
    }

    /// Waits for so many blocks, the transaction's included, before a transaction counts as mined and time as passed:
    /// what blocks a reorganisation may take away. 1 unless said otherwise.
    #[must_use]
    pub fn with_confirmations(mut self, blocks: u64) -> Self {
        self.confirmations = blocks.max(1);
        self
    }

    /// Looks for events from this block on: that in which the factory was deployed. The first unless said otherwise.
    #[must_use]
    pub fn since(mut self, block: u64) -> Self {
        self.since = block;
        self
    }

    /// Waits so long for a transaction to be mined: ten minutes unless said otherwise.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The account that sends.
    pub fn account(&self) -> Address {
        self.signer.address()
    }

    /// The factory of bounties.
    pub fn factory(&self) -> Address {
        self.factory
    }

    /// The chain's number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The time of the latest block, in seconds.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn now(&self) -> Result<u64, Error> {
        self.time_of(BlockNumberOrTag::Latest)
    }

    /// The time of the latest block that counts: see [`Chain::with_confirmations`].
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn settled(&self) -> Result<u64, Error> {
        let block = self.head()?.saturating_sub(self.confirmations - 1);
        self.time_of(BlockNumberOrTag::Number(block))
    }

    /// The ether of an account, in wei.
    ///
    /// # Errors
    /// If the node does not answer.
    pub fn balance(&self, account: Address) -> Result<U256, Error> {
        self.ask("asking for a balance", move |provider| async move { provider.get_balance(account).await })
    }

    /// Any other call of the node, such as those of a development chain.
    ///
    /// # Errors
    /// If the node does not answer, or refuses.
    pub fn request(&self, method: &'static str, params: serde_json::Value) -> Result<serde_json::Value, Error> {
        self.ask(method, move |provider| async move { provider.raw_request(method.into(), params).await })
    }

    fn time_of(&self, block: BlockNumberOrTag) -> Result<u64, Error> {
        let action = "asking for a block";
        let block = self.ask(action, move |provider| async move { provider.get_block_by_number(block).await })?;
        let block = block.ok_or_else(|| Error::Node { action, reason: "it has none of this number".to_owned() })?;
        Ok(block.header.timestamp)
    }

    fn head(&self) -> Result<u64, Error> {
        self.ask("asking for the latest block", |provider| async move { provider.get_block_number().await })
    }

    /// The answer of a node, of which time and failures are bounded.
    fn answer<T: Send + 'static, F>(
        &self,
        action: &'static str,
        ask: impl FnOnce(DynProvider) -> F,
    ) -> Result<Result<T, RpcError<TransportErrorKind>>, Error>
    where
        F: Future<Output = Result<T, RpcError<TransportErrorKind>>> + Send + 'static,
    {
        let gone = |reason: &str| Error::Node { action, reason: reason.to_owned() };
        let runtime = self.runtime.as_ref().ok_or_else(|| gone("the client is being dropped"))?;
        let (give, take) = mpsc::sync_channel(1);
        let future = ask(self.provider.clone());
        runtime.spawn(async move {
            // Nobody waits for an answer that came too late.
            let _ = give.send(future.await);
        });
        take.recv_timeout(ANSWER).map_err(|_| gone("no answer within 60 s; is the node running?"))
    }

    fn ask<T: Send + 'static, F>(&self, action: &'static str, ask: impl FnOnce(DynProvider) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, RpcError<TransportErrorKind>>> + Send + 'static,
    {
        self.answer(action, ask)?.map_err(node(action))
    }

    /// What a view of a contract returns.
    pub(crate) fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Error> {
        let request = TransactionRequest::default().with_from(self.account()).with_to(to).with_input(call.abi_encode());
        let answer = self.answer("asking a contract", move |provider| async move { provider.call(request).await })?;
        let bytes = answer.map_err(|error| match reason(&error) {
            Some(reason) => Error::Refused { step: C::SIGNATURE.to_owned(), reason },
            None => node("asking a contract")(error),
        })?;
        C::abi_decode_returns(&bytes).map_err(|_| Error::Contract {
            found: format!("{} bytes", bytes.len()),
            expected: format!("what {} returns", C::SIGNATURE),
        })
    }

    /// All events of a kind that a contract emitted, in order.
    pub(crate) fn events<E: SolEvent>(&self, contract: Address) -> Result<Vec<E>, Error> {
        let filter = Filter::new().address(contract).event_signature(E::SIGNATURE_HASH).from_block(self.since);
        let logs = self.ask("asking for events", move |provider| async move { provider.get_logs(&filter).await })?;
        let wrong =
            || Error::Contract { found: "an event that can't be read".to_owned(), expected: E::SIGNATURE.to_owned() };
        logs.iter().map(|log| E::decode_log(&log.inner).map(|log| log.data).map_err(|_| wrong())).collect()
    }

    /// Whether there is a contract.
    pub(crate) fn has_code(&self, account: Address) -> Result<bool, Error> {
        let code = self.ask("asking for code", move |provider| async move { provider.get_code_at(account).await })?;
        Ok(!code.is_empty())
    }

    /// A transaction, with what it would cost, signed.
    pub(crate) fn sign(&self, step: &str, to: TxKind, value: U256, input: Vec<u8>) -> Result<Pending, Error> {
        let account = self.account();
        let mut request = TransactionRequest::default().with_from(account).with_value(value).with_input(input.clone());
        request.to = Some(to);
        let estimate =
            self.answer("estimating gas", move |provider| async move { provider.estimate_gas(request).await })?;
        let gas = estimate.map_err(|error| match reason(&error) {
            Some(reason) => Error::Refused { step: step.to_owned(), reason },
            None => node("estimating gas")(error),
        })?;
        let fees = self.ask("asking for fees", |provider| async move { provider.estimate_eip1559_fees().await })?;
        let nonce = self.nonce()?;
        let mut transaction = TxEip1559 {
            chain_id: self.id,
            nonce,
            // What blocks change meanwhile: a tenth.
            gas_limit: gas + gas / 10,
            max_fee_per_gas: fees.max_fee_per_gas,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas,
            to,
            value,
            access_list: Default::default(),
            input: input.into(),
        };
        let signature = self
            .signer
            .sign_transaction_sync(&mut transaction)
            .map_err(|error| Error::Node { action: "signing", reason: error.to_string() })?;
        let envelope: TxEnvelope = transaction.into_signed(signature).into();
        let raw = envelope.encoded_2718();
        Ok(Pending { step: step.to_owned(), hash: keccak256(&raw), nonce, raw: raw.into() })
    }

    /// The number of the account's next transaction, of those mined.
    fn nonce(&self) -> Result<u64, Error> {
        let account = self.account();
        self.ask("asking for the account", move |provider| async move { provider.get_transaction_count(account).await })
    }

    /// Sends a transaction, again if it was sent, which is told, and waits until it counts.
    pub(crate) fn settle(&self, pending: &Pending, told: &mut dyn FnMut()) -> Result<Outcome, Error> {
        let began = Instant::now();
        let (mut sent, mut missing) = (false, None);
        loop {
            // Asked for before the receipt: a number that is taken then, and no receipt after, is another's.
            let taken = self.nonce()? > pending.nonce;
            if let Some(outcome) = self.receipt(pending)? {
                return Ok(outcome);
            }
            // A node may count a transaction before it has its receipt.
            let lost = if taken { *missing.get_or_insert_with(Instant::now) } else { Instant::now() };
            if lost.elapsed() > LAG && !self.known(pending)? {
                return Ok(Outcome::Replaced);
            }
            if !taken && !sent {
                if let Some(refused) = self.send(pending)? {
                    return Ok(Outcome::Dropped(refused));
                }
                sent = true;
                told();
                continue;
            }
            if began.elapsed() > self.patience {
                let (step, hash) = (pending.step.clone(), pending.hash);
                return Err(Error::NotMined { step, hash, seconds: self.patience.as_secs() });
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Sends it; why it was refused, if it was, and the node has it not all the same.
    fn send(&self, pending: &Pending) -> Result<Option<String>, Error> {
        let raw = pending.raw.clone();
        let answer = self.answer("sending a transaction", move |provider| async move {
            provider.send_raw_transaction(&raw).await.map(|_| ())
        })?;
        let Err(error) = answer else { return Ok(None) };
        match (self.known(pending)?, error.as_error_resp()) {
            (true, _) => Ok(None),
            (false, Some(refused)) => Ok(Some(refused.message.to_string())),
            (false, None) => Err(node("sending a transaction")(error)),
        }
    }

    /// Whether the node has it, mined or not.
    fn known(&self, pending: &Pending) -> Result<bool, Error> {
        let (hash, action) = (pending.hash, "asking for a transaction");
        let known = self.ask(action, move |provider| async move { provider.get_transaction_by_hash(hash).await })?;
        Ok(known.is_some())
    }

    /// What became of it, once enough blocks say so.
    fn receipt(&self, pending: &Pending) -> Result<Option<Outcome>, Error> {
        let hash = pending.hash;
        let receipt = self
            .ask("asking for a receipt", move |provider| async move { provider.get_transaction_receipt(hash).await })?;
        let Some((receipt, block)) = receipt.and_then(|receipt| receipt.block_number.map(|block| (receipt, block)))
        else {
            return Ok(None);
        };
        if self.head()? + 1 < block + self.confirmations {
            return Ok(None);
        }
        let gas = receipt.gas_used;
        let fee = U256::from(gas) * U256::from(receipt.effective_gas_price);
        let mined = Receipt { step: pending.step.clone(), hash, block, gas, fee };
        Ok(Some(if receipt.status() { Outcome::Mined(mined) } else { Outcome::Reverted(mined) }))
    }
}

/// The error of a transaction that had not the outcome it was sent for.
pub(crate) fn failed(pending: Pending, outcome: Outcome) -> Error {
    let Pending { step, hash, .. } = pending;
    match outcome {
        Outcome::Mined(receipt) | Outcome::Reverted(receipt) => Error::Reverted { step, hash, gas: receipt.gas },
        Outcome::Replaced => Error::Replaced { step, hash },
        Outcome::Dropped(reason) => Error::Refused { step, reason: format!("the node does: {reason}") },
    }
}

/// The creation code of the factory.
pub(crate) fn factory_code() -> Result<Vec<u8>, Error> {
    alloy::hex::decode(FACTORY.trim()).map_err(|_| Error::Contract {
        found: "an artifact that is not hexadecimal".to_owned(),
        expected: "the bytecode of the factory".to_owned(),
    })
}

/// Why a contract refused, in the words of its errors; nothing if it was not a contract that refused.
fn reason(error: &RpcError<TransportErrorKind>) -> Option<String> {
    let refused = error.as_error_resp()?;
    let Some(data) = refused.as_revert_data() else {
        let message = refused.message.to_string();
        return message.contains("revert").then_some(message);
    };
    Some(explain(&data))
}

/// An error of the contracts, by its name and arguments.
pub(crate) fn explain(data: &[u8]) -> String {
    if let Ok(error) = IBounty::IBountyErrors::abi_decode(data) {
        return format!("{error:?}");
    }
    if let Ok(error) = IBountyFactory::IBountyFactoryErrors::abi_decode(data) {
        return format!("{error:?}");
    }
    if let Ok(error) = IParts::IPartsErrors::abi_decode(data) {
        return format!("{error:?}");
    }
    format!("0x{}", alloy::hex::encode(data))
}
