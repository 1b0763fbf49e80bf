//! What a step of a bounty did: its transactions, their gas and fees, and the state after.

use serde::Serialize;
use zkml::bounty::{Address, Chain, Event, Phase, Progress, Receipt, State, U256};

use super::{money, times};
use crate::out::{Out, Step, count, table};

/// A transaction that was mined.
#[derive(Serialize)]
pub struct Sent {
    step: String,
    transaction: String,
    block: u64,
    gas: u64,
    /// In wei.
    fee: String,
}

/// Where a bounty is.
#[derive(Serialize)]
pub struct Place {
    state: &'static str,
    /// When the state ends by itself, in seconds since 1970.
    until: Option<u64>,
    /// The chain's time.
    now: u64,
}

/// What a step did.
#[derive(Serialize)]
pub struct Report {
    step: &'static str,
    bounty: Option<String>,
    #[serde(flatten)]
    place: Option<Place>,
    /// Whether everything had been done before.
    done_before: bool,
    transactions: Vec<Sent>,
    gas: u64,
    /// In wei.
    fee: String,
}

/// A phase in a word.
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Committing => "committing",
        Phase::Revealing => "revealing",
        Phase::Proving => "proving",
        Phase::Delivering => "delivering",
        Phase::Paid => "paid",
        Phase::Refundable => "refundable",
        Phase::Refunded => "refunded",
        Phase::Cancelled => "cancelled",
    }
}

impl Place {
    /// The state of a bounty.
    pub fn new(state: State, now: u64) -> Self {
        Self { state: phase(state.phase), until: (state.deadline != 0).then_some(state.deadline), now }
    }

    /// The state, in a word.
    pub fn state(&self) -> &'static str {
        self.state
    }

    /// When it ends by itself.
    pub fn until(&self) -> String {
        self.until.map_or("-".to_owned(), times::date)
    }

    /// In a line.
    pub fn text(&self) -> String {
        match self.until {
            None => self.state.to_owned(),
            Some(until) => {
                let left = until.saturating_sub(self.now);
                let left = match left {
                    s if s >= 2 * 86_400 => format!("{} days", s / 86_400),
                    s if s >= 2 * 3600 => format!("{} hours", s / 3600),
                    s if s >= 120 => format!("{} minutes", s / 60),
                    s => format!("{s} seconds"),
                };
                format!("{}, until {} ({left} by the chain's time)", self.state, times::date(until))
            }
        }
    }
}

impl Report {
    /// Of a step of this bounty.
    pub fn new(
        step: &'static str,
        chain: &Chain,
        bounty: Option<(Address, State)>,
        receipts: &[Receipt],
    ) -> Result<Self, zkml::bounty::Error> {
        let place =
            bounty.map(|(_, state)| Ok::<_, zkml::bounty::Error>(Place::new(state, chain.now()?))).transpose()?;
        let sent = |r: &Receipt| Sent {
            step: r.step.clone(),
            transaction: r.hash.to_string(),
            block: r.block,
            gas: r.gas,
            fee: r.fee.to_string(),
        };
        Ok(Self {
            step,
            bounty: bounty.map(|(bounty, _)| bounty.to_string()),
            place,
            done_before: receipts.is_empty(),
            transactions: receipts.iter().map(sent).collect(),
            gas: receipts.iter().map(|receipt| receipt.gas).sum(),
            fee: receipts.iter().map(|receipt| receipt.fee).sum::<U256>().to_string(),
        })
    }

    /// Prints it, with what is to be done next.
    pub fn show(&self, out: &Out, next: &str) {
        out.show(self, || {
            let mut text = self.bounty.as_ref().map_or(String::new(), |bounty| format!("bounty {bounty}\n"));
            if self.done_before {
                text.push_str(&format!("{}: done before, nothing was sent\n", self.step));
            } else {
                text.push_str(&self.table());
                text.push('\n');
            }
            if let Some(place) = &self.place {
                text.push_str(&format!("state {}\n", place.text()));
            }
            if !next.is_empty() {
                text.push_str(&format!("next: {next}"));
            }
            text
        });
    }

    /// The transactions.
    fn table(&self) -> String {
        let fee = |wei: &str| money::ether(wei.parse().unwrap_or_default());
        let row = |s: &Sent| vec![s.step.clone(), count(s.gas as usize), fee(&s.fee), s.transaction.clone()];
        let mut rows: Vec<Vec<String>> = self.transactions.iter().map(row).collect();
        if rows.len() > 1 {
            rows.push(vec!["in all".to_owned(), count(self.gas as usize), fee(&self.fee), String::new()]);
        }
        table(&["sent", "gas", "fee", "transaction"], &[1, 2], &rows)
    }
}

/// Tells a step's bar what happens.
pub fn progress(step: &Step) -> Option<Progress> {
    let say = step.teller();
    Some(Box::new(move |event: &Event| say(event.to_string())))
}
