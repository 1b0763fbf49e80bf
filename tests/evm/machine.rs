//! An Ethereum virtual machine with contracts in it.

use revm::{
    Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm,
    context::TxEnv,
    context_interface::result::{ExecutionResult, Output},
    database::InMemoryDB,
    handler::MainnetContext,
    primitives::{Address, Bytes, TxKind, hardfork::SpecId},
};

/// What a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it returned, and did not revert.
    pub accepted: bool,
    /// What it returned, or the error that it reverted with.
    pub output: Vec<u8>,
    /// The gas of the transaction.
    pub gas: u64,
    /// The gas of the code alone: without 21,000 and what calldata costs, 16 a byte and 4 a zero.
    pub execution: u64,
}

/// A machine.
pub struct Machine {
    evm: MainnetEvm<MainnetContext<InMemoryDB>>,
}

impl Machine {
    /// The gas of a transaction at most: no call here may need more.
    pub const GAS: u64 = 1 << 24;

    /// A machine with the rules and prices of a fork, and nothing in it.
    pub fn new(fork: SpecId) -> Self {
        let context = Context::mainnet().with_db(InMemoryDB::default()).modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(fork);
            cfg.disable_nonce_check = true;
        });
        Self { evm: context.build_mainnet() }
    }

    /// Makes a contract; gives its address, the gas, and its code.
    ///
    /// # Panics
    /// If it is refused.
    pub fn deploy(&mut self, creation: &[u8]) -> (Address, u64, Vec<u8>) {
        self.made(creation).unwrap_or_else(|why| panic!("the contract was not made: {why:?}"))
    }

    /// Makes a contract, as [`deploy`](Self::deploy).
    ///
    /// # Errors
    /// What its constructor reverts with.
    ///
    /// # Panics
    /// If it neither returns nor reverts.
    pub fn made(&mut self, creation: &[u8]) -> Result<(Address, u64, Vec<u8>), Vec<u8>> {
        let tx = transaction(TxKind::Create, creation);
        match self.evm.transact_commit(tx).expect("the transaction is valid") {
            ExecutionResult::Success { output: Output::Create(code, Some(address)), gas, .. } => {
                Ok((address, gas.tx_gas_used(), code.to_vec()))
            }
            ExecutionResult::Revert { output, .. } => Err(output.to_vec()),
            other => panic!("the contract was not made: {other:?}"),
        }
    }

    /// Calls a contract, and forgets what it changed.
    ///
    /// # Panics
    /// If it neither returns nor reverts: by gas that is used up, or an instruction that is none.
    pub fn call(&mut self, to: Address, calldata: &[u8]) -> Outcome {
        let result =
            self.evm.transact(transaction(TxKind::Call(to), calldata)).expect("the transaction is valid").result;
        let (accepted, output) = match &result {
            ExecutionResult::Success { output, .. } => (true, output.data()),
            ExecutionResult::Revert { output, .. } => (false, output),
            ExecutionResult::Halt { reason, .. } => panic!("the call halted: {reason:?}"),
        };
        let zeros = calldata.iter().filter(|byte| **byte == 0).count() as u64;
        let intrinsic = 21_000 + 16 * (calldata.len() as u64 - zeros) + 4 * zeros;
        let execution = result.gas().total_gas_spent() - intrinsic;
        Outcome { accepted, output: output.to_vec(), gas: result.gas().tx_gas_used(), execution }
    }

    /// Whether a call with so little gas returns, and neither reverts nor uses all of it up.
    ///
    /// # Panics
    /// If it is less than a transaction costs before any code runs.
    pub fn accepts_with(&mut self, to: Address, calldata: &[u8], gas: u64) -> bool {
        let tx = TxEnv { gas_limit: gas, ..transaction(TxKind::Call(to), calldata) };
        self.evm.transact(tx).expect("the transaction is valid").result.is_success()
    }
}

fn transaction(kind: TxKind, data: &[u8]) -> TxEnv {
    let data = Bytes::copy_from_slice(data);
    TxEnv::builder().kind(kind).data(data).gas_limit(Machine::GAS).gas_price(0).build().expect("a transaction")
}
