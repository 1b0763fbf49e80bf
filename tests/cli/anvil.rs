//! A development chain: a real virtual machine behind JSON-RPC.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::world::shipped;

/// A development chain, which ends when it is dropped.
pub struct Anvil {
    process: Child,
    port: u16,
    /// The private keys of its accounts.
    pub keys: Vec<String>,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Anvil {
    pub fn start() -> Self {
        let package = shipped("contracts/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
        let named = std::env::var_os("ZKML_ANVIL").map(PathBuf::from);
        let path = named.unwrap_or(if package.exists() { package } else { "anvil".into() });
        let mut process =
            Command::new(&path).args(["--port", "0"]).stdout(Stdio::piped()).spawn().unwrap_or_else(|e| {
                panic!("{}: {e}: run `npm ci` in contracts/, and `contracts/tool.sh anvil --version`", path.display())
            });
        let (mut keys, mut port) = (vec![], None);
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while port.is_none() {
            let line = lines.next().expect("anvil ended").unwrap();
            keys.extend(line.split_once(") 0x").filter(|(_, key)| key.len() == 64).map(|(_, key)| key.to_owned()));
            port = line.strip_prefix("Listening on 127.0.0.1:").map(|port| port.trim().parse().unwrap());
        }
        // What it goes on to say is read, and left.
        std::thread::spawn(move || lines.for_each(drop));
        assert_eq!(keys.len(), 10, "private keys of accounts");
        Self { process, port: port.unwrap(), keys }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn call(&self, method: &str, params: Value) -> Value {
        self.asked(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What a method answers, or its error.
    pub fn asked(&self, method: &str, params: Value) -> Result<Value, Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head =
            format!("POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        if answer["error"].is_null() { Ok(answer["result"].clone()) } else { Err(answer["error"].clone()) }
    }

    pub fn number(&self, method: &str, params: Value) -> u128 {
        let text = self.call(method, params);
        u128::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }

    /// Lets the time pass to this one, in seconds since 1970.
    pub fn pass(&self, until: &Value) {
        self.call("evm_setNextBlockTimestamp", json!([until]));
        self.call("evm_mine", json!([]));
    }

    pub fn sent(&self, account: &str) -> u128 {
        self.number("eth_getTransactionCount", json!([account, "latest"]))
    }
}
