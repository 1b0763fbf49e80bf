//! The ledger: what plans cost, node by node, so that of a plan that differs from another in one node only what comes after is counted anew.
//!
//! A node's cost and the measures of its values depend on its step, on how its parameters are held, and on the measures of its inputs, so
//! each is kept under these. Where a saturation hides what came before it, the measures are the same, and so is all that follows.

use std::{
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Circuits, InputPlan, Plan, Step,
    consumers::Consumers,
    prices::{Code, Known, Mixed, Paid, Prices},
    walk,
    whole::{Whole, Wholes},
};
use crate::{
    arith::{Arith, r1cs::Sizes},
    gadget::{bits::range, product::consumer::Consumer},
    graph::{Graph, NodeId, Visibility, Visible},
    layer::{AnyLayer, Lowered},
    number::{Int, Interval, Measure, cost::settles, interval::bit_len},
    shape::Shape,
    tensor::Tensor,
};

/// The measures of a node's values: those that there are, and runs of each.
#[derive(Debug, PartialEq)]
struct Measures {
    shape: Shape,
    kinds: Vec<Measure>,
    runs: Vec<(u32, u32)>,
}

impl Measures {
    fn of(values: &Tensor<Code>, a: &Prices) -> Self {
        let mut places: Known<Code, u32> = Known::default();
        let (mut kinds, mut runs): (Vec<Measure>, Vec<(u32, u32)>) = (vec![], vec![]);
        let mut last = None;
        for code in values.data() {
            if last == Some(*code)
                && let Some((_, n)) = runs.last_mut()
            {
                *n += 1;
                continue;
            }
            last = Some(*code);
            let place = *places.entry(*code).or_insert(kinds.len() as u32);
            if place as usize == kinds.len() {
                kinds.push(a.measure(*code));
            }
            runs.push((place, 1));
        }
        Self { shape: values.shape().clone(), kinds, runs }
    }

    /// The same as wires of another reading.
    fn wires(&self, a: &mut Prices) -> Tensor<Code> {
        let codes: Vec<Code> = self.kinds.iter().map(|m| a.wire(*m)).collect();
        let mut all = Vec::with_capacity(self.shape.len());
        for (place, n) in &self.runs {
            all.extend(std::iter::repeat_n(codes[*place as usize], *n as usize));
        }
        Tensor::from_fn(self.shape.clone(), |i| all[i])
    }

    fn hash(&self) -> u64 {
        let mut hash = Mixed::default();
        for Measure { interval, terms } in &self.kinds {
            (interval.lo, interval.hi, terms).hash(&mut hash);
        }
        self.runs.hash(&mut hash);
        hash.finish()
    }

    fn bytes(&self) -> usize {
        self.kinds.len() * size_of::<Measure>() + self.runs.len() * size_of::<(u32, u32)>() + 256
    }
}

/// What is known of a node under a plan.
#[derive(Debug)]
struct Entry {
    /// Equal for equal measures.
    number: u64,
    measures: Arc<Measures>,
    paid: Paid,
    widest: u32,
}

/// What a node's entry depends on.
#[derive(Debug, PartialEq)]
struct Under {
    node: usize,
    input: Option<InputPlan>,
    step: Step,
    params: Vec<(i32, u32)>,
    consumer: Option<Consumer>,
    inputs: Vec<u64>,
}

impl Under {
    fn hash(&self) -> u64 {
        let mut hash = Mixed::default();
        let Step { weight_scale, shift, saturate, bits, channels, .. } = &self.step;
        (self.node, weight_scale, shift, saturate, bits, channels, &self.params, &self.inputs).hash(&mut hash);
        self.consumer.map(|c| (c.cut.shift, c.cut.bits, c.maxima)).hash(&mut hash);
        self.step.tables.len().hash(&mut hash);
        hash.finish()
    }
}

/// Entries; nothing where a plan is impossible.
type Entries = Known<u64, Vec<(Under, Option<Arc<Entry>>)>>;

/// What is kept: the entries used last, and those used before.
#[derive(Debug, Default)]
struct Book {
    new: Entries,
    old: Entries,
    /// About how many bytes the new ones take.
    bytes: usize,
    numbers: Known<u64, Vec<(u64, Arc<Measures>)>>,
    next: u64,
}

/// What a plan costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Price {
    /// Constraints, those of lookups among them and those of commitments not.
    pub(super) constraints: usize,
    /// The same, as if packed products cost less with every bit: see [`Paid::steps`].
    pub(super) by_bits: usize,
    /// The bits of the largest magnitude on the way.
    pub(super) widest: u32,
}

/// What the plans of a model cost, with who sees what.
#[derive(Debug)]
pub(super) struct Ledger {
    visibility: Visibility,
    circuits: Circuits,
    consumers: Consumers,
    fanouts: Vec<usize>,
    room: usize,
    book: Mutex<Book>,
}

/// The most bytes that entries may take, at least.
const ROOM: usize = 1 << 19;

/// Below this, floats hold every integer, and so every sum of them.
const NARROW: f64 = (1u64 << 52) as f64;

impl Ledger {
    /// An empty one, of such circuits. A commitment costs the same under almost any plan, and takes long to count: it is left out.
    pub(super) fn new(graph: &Graph, visibility: Visibility, circuits: Circuits) -> Self {
        let consumers = Consumers::new(graph);
        let fanout = |user: &NodeId| {
            graph.node(*user).layer.as_ref().map_or(1, |layer| layer.fanout(&graph.input_shapes(*user)))
        };
        Self {
            visibility: visibility.without_commitments(),
            circuits,
            fanouts: consumers.users.iter().map(|users| users.iter().map(fanout).sum()).collect(),
            consumers,
            room: ROOM.max(graph.parameter_count() * size_of::<f64>() / 4),
            book: Mutex::default(),
        }
    }

    /// What a plan costs, if it is possible at all.
    pub(super) fn price(&self, graph: &Graph, plan: &Plan, lowered: &[Vec<Lowered>], wholes: &Wholes) -> Option<Price> {
        let nodes = graph.nodes();
        let mut entries: Vec<Arc<Entry>> = Vec::with_capacity(nodes.len());
        let mut widest = plan.steps.iter().map(|s| s.shift).max().unwrap_or(0);
        let mut paid = Paid::default();
        for (i, node) in nodes.iter().enumerate() {
            let inputs: Vec<&Arc<Entry>> = node.inputs.iter().map(|n| &entries[n.0]).collect();
            let under = Under {
                node: i,
                input: node.layer.is_none().then_some(plan.input),
                step: plan.steps[i].clone(),
                params: plan.params[i].iter().map(|p| (p.scale, p.bits)).collect(),
                consumer: self.consumers.of(graph, plan, NodeId(i)),
                inputs: inputs.iter().map(|entry| entry.number).collect(),
            };
            let hash = under.hash();
            let entry = match self.look_up(hash, &under) {
                Some(known) => known,
                None => {
                    let counted = Counted { ledger: self, graph, plan, lowered, wholes, i };
                    let counted = counted.count(&inputs, under.consumer);
                    self.keep(hash, under, counted)
                }
            }?;
            paid.extend(&entry.paid, 1);
            widest = widest.max(entry.widest);
            entries.push(entry);
        }
        if self.visibility.output == Visible::Public {
            paid.constraints = paid.constraints.saturating_add(graph.shape(graph.output()).len());
        }
        let constraints = paid.rows();
        Some(Price { constraints, by_bits: constraints.saturating_sub(paid.steps), widest })
    }

    fn look_up(&self, hash: u64, under: &Under) -> Option<Option<Arc<Entry>>> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, entry)) = book.new.get(&hash).and_then(|all| all.iter().find(|(u, _)| u == under)) {
            return Some(entry.clone());
        }
        let old = book.old.get_mut(&hash)?;
        let at = old.iter().position(|(u, _)| u == under)?;
        let (under, entry) = old.swap_remove(at);
        self.enter(&mut book, hash, under, entry.clone());
        Some(entry)
    }

    /// Numbers the measures: equal ones alike.
    fn keep(&self, hash: u64, under: Under, counted: Option<(Measures, Paid, u32)>) -> Option<Arc<Entry>> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counted.map(|(measures, paid, widest)| {
            let next = book.next;
            let same = book.numbers.entry(measures.hash()).or_default();
            let (number, measures) = match same.iter().find(|(_, m)| **m == measures) {
                Some((number, measures)) => (*number, measures.clone()),
                None => {
                    let measures = Arc::new(measures);
                    same.push((next, measures.clone()));
                    (next, measures)
                }
            };
            book.next = next.max(number + 1);
            Arc::new(Entry { number, measures, paid, widest })
        });
        self.enter(&mut book, hash, under, entry.clone());
        entry
    }

    fn enter(&self, book: &mut Book, hash: u64, under: Under, entry: Option<Arc<Entry>>) {
        book.bytes += 512 + entry.as_ref().map_or(0, |entry| entry.measures.bytes());
        book.new.entry(hash).or_default().push((under, entry));
        if book.bytes > self.room {
            book.old = std::mem::take(&mut book.new);
            book.bytes = 0;
            // Numbers that no entry has are never asked for again.
            for same in book.numbers.values_mut() {
                same.retain(|(_, measures)| Arc::strong_count(measures) > 1);
            }
            book.numbers.retain(|_, same| !same.is_empty());
        }
    }
}

/// A node that is counted.
struct Counted<'a> {
    ledger: &'a Ledger,
    graph: &'a Graph,
    plan: &'a Plan,
    lowered: &'a [Vec<Lowered>],
    wholes: &'a Wholes,
    i: usize,
}

impl Counted<'_> {
    /// The measures of its values, what it costs, and the widest magnitude.
    fn count(&self, inputs: &[&Arc<Entry>], consumer: Option<Consumer>) -> Option<(Measures, Paid, u32)> {
        let mut a = Prices::new(self.ledger.circuits);
        let step = &self.plan.steps[self.i];
        let value = match &self.graph.nodes()[self.i].layer {
            None => {
                let input = self.input(&mut a)?;
                step.finish(&mut a, input).ok()?
            }
            Some(layer) => {
                let wholes = self.wholes.node(self.i, &self.lowered[self.i], self.plan)?;
                let inputs: Vec<Tensor<Code>> = inputs.iter().map(|e| e.measures.wires(&mut a)).collect();
                a.feeds(&|| consumer);
                match self.dense(&mut a, layer, &inputs, &wholes) {
                    Some(sums) => step.finish(&mut a, sums).ok()?,
                    None => {
                        let params = self.params(&mut a, &wholes)?;
                        layer.exact(&mut a, &inputs.iter().collect::<Vec<_>>(), &params, step).ok()?
                    }
                }
            }
        };
        let fanout = self.ledger.fanouts[self.i];
        let value = value.try_map(|w| a.settle(w, fanout)).ok()?;
        let (measures, widest) = (Measures::of(&value, &a), a.widest());
        Some((measures, a.into_paid(), widest))
    }

    fn input(&self, a: &mut Prices) -> Option<Tensor<Code>> {
        let (interval, shape) = (self.plan.input.interval, self.graph.shape(self.graph.input()));
        let public = self.ledger.visibility.input == Visible::Public;
        let mut terms = range(a, &interval, !public, shape.len())?;
        if public {
            // Without lookups, a row makes the public input the sum of its bits.
            a.pay(if a.looks_up() { 0 } else { shape.len() });
            terms = 1;
        }
        let wire = a.wire(Measure { interval, terms });
        Some(Tensor::from_fn(shape.clone(), |_| wire))
    }

    /// The parameters: constants, or range-checked variables of which all have one measure.
    fn params(&self, a: &mut Prices, wholes: &[Whole]) -> Option<Vec<Tensor<Code>>> {
        let lowered = &self.lowered[self.i];
        if self.ledger.visibility.weights == Visible::Public {
            let tensor = |(whole, l): (&Whole, &Lowered)| {
                let shape = l.values.shape().clone();
                match whole {
                    Whole::Short(data) => Tensor::from_fn(shape, |i| a.number(data[i].into())),
                    Whole::Long(data) => Tensor::from_fn(shape, |i| a.number(data[i])),
                    Whole::Wide(data) => Tensor::from_fn(shape, |i| a.constant(data[i])),
                }
            };
            return Some(wholes.iter().zip(lowered).map(tensor).collect());
        }
        let fanout = walk::param_fanout(self.graph, NodeId(self.i));
        let each = |(l, p): (&Lowered, &super::ParamPlan)| {
            let interval: Interval = p.interval();
            let count = l.values.len();
            // Of registered weights the ranges are known.
            let mut terms = if self.ledger.circuits.registers {
                bit_len(interval.hi - interval.lo).min(1)
            } else {
                range(a, &interval, true, count)?
            };
            if settles(terms, fanout) {
                a.pay(count);
                terms = 1;
            }
            let wire = a.wire(Measure { interval, terms });
            Some(l.values.map(|_| wire))
        };
        lowered.iter().zip(&self.plan.params[self.i]).map(each).collect()
    }

    /// The sums of a fully connected layer with known weights, which cost nothing: `lo` and `hi` of `sum_c w_c * x_c` are
    /// `(sum_c w_c * (lo_c + hi_c) -+ sum_c |w_c| * (hi_c - lo_c)) / 2`. Nothing for other layers, or where floats are not exact.
    fn dense(
        &self,
        a: &mut Prices,
        layer: &AnyLayer,
        inputs: &[Tensor<Code>],
        wholes: &[Whole],
    ) -> Option<Tensor<Code>> {
        let kind = layer.kind();
        let known = self.ledger.visibility.weights == Visible::Public;
        let (Some(Whole::Short(weights)), [x]) = (wholes.first(), inputs) else { return None };
        if !(known && kind.linear().is_some_and(super::trial::is_dense)) {
            return None;
        }
        let n = x.shape().dims().last().copied().unwrap_or(0);
        if n == 0 {
            return None;
        }
        // Equal positions have equal sums.
        let mut alike: Known<&[Code], usize> = Known::default();
        let (mut first, mut of): (Vec<&[Code]>, Vec<usize>) = (vec![], vec![]);
        for column in x.data().chunks(n) {
            let place = *alike.entry(column).or_insert(first.len());
            if place == first.len() {
                first.push(column);
            }
            of.push(place);
        }
        let most = weights.iter().fold(0, |most, w| w.unsigned_abs().max(most));
        let mut columns = Vec::with_capacity(first.len());
        for column in first {
            let (mut sums, mut spans) = (Vec::with_capacity(n), Vec::with_capacity(n));
            let (mut terms, mut reach) = (Vec::with_capacity(n), 0i64);
            for code in column {
                let (lo, hi) = a.ends(*code)?;
                sums.push((lo + hi) as f64);
                spans.push((hi - lo) as f64);
                reach = reach.max(hi.max(-lo));
                // A multiple of a known value is known.
                terms.push(if lo == hi { 0 } else { a.measure(*code).terms });
            }
            if (2.0 * reach as f64 + 1.0) * f64::from(most) * n as f64 >= NARROW {
                return None;
            }
            a.reach(bit_len(Int::from(reach) * Int::from(most) * Int::from(n as u64)));
            let all = terms.iter().all(|t| *t == terms[0]).then(|| terms[0]);
            columns.push((sums, spans, terms, all));
        }
        let bias: Option<Vec<Code>> = match wholes.get(1) {
            Some(Whole::Short(data)) => Some(data.iter().map(|q| a.number((*q).into())).collect()),
            Some(Whole::Long(data)) => Some(data.iter().map(|q| a.number(*q)).collect()),
            Some(Whole::Wide(_)) => return None,
            None => None,
        };
        let units = weights.len() / n;
        let (mut row, mut y) = (vec![0.0f64; n], vec![Code::default(); units * of.len()]);
        for (o, weights) in weights.chunks(n).enumerate() {
            row.iter_mut().zip(weights).for_each(|(row, w)| *row = f64::from(*w));
            let some = weights.iter().map(|w| u32::from(*w != 0)).sum::<u32>();
            let mut found = Vec::with_capacity(columns.len());
            for (sums, spans, terms, all) in &columns {
                let (middle, half) = both(&row, sums, spans);
                let (lo, hi) = (((middle - half) / 2.0) as i64, ((middle + half) / 2.0) as i64);
                let each = || terms.iter().zip(weights).filter(|(_, w)| **w != 0);
                let terms = match all {
                    Some(each) => each.saturating_mul(some),
                    None => each().fold(0u32, |sum, (t, _)| sum.saturating_add(*t)),
                };
                let mut interval = Interval { lo: lo.into(), hi: hi.into() };
                if let Some(bias) = &bias {
                    interval = interval.add(&a.measure(bias[o]).interval).ok()?;
                }
                found.push(a.wire(Measure { interval, terms }));
            }
            for (position, place) in of.iter().enumerate() {
                y[position * units + o] = found[*place];
            }
        }
        let shape = self.graph.shape(NodeId(self.i)).clone();
        Some(Tensor::from_fn(shape, |i| y[i]))
    }
}

/// Pays range checks of so many values, of new variables or of those that there are; the terms of each.
fn range(a: &mut Prices, interval: &Interval, new: bool, count: usize) -> Option<u32> {
    let (cost, bits) = (range::cost(interval).ok()?, bit_len(interval.hi - interval.lo));
    if a.looks_up() {
        a.ask(&Sizes::of_range(interval, new), count);
        return Some(bits.min(1));
    }
    a.pay(cost.constraints.saturating_mul(count));
    Some(bits)
}

/// `sum_c w_c * s_c` and `sum_c |w_c| * t_c`, of integers that floats hold, partial sums included.
fn both(w: &[f64], s: &[f64], t: &[f64]) -> (f64, f64) {
    const LANES: usize = 4;
    let whole = w.len() - w.len() % LANES;
    let (mut sums, mut spans) = ([0.0; LANES], [0.0; LANES]);
    for at in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            sums[lane] += w[at + lane] * s[at + lane];
            spans[lane] += w[at + lane].abs() * t[at + lane];
        }
    }
    for at in whole..w.len() {
        sums[0] += w[at] * s[at];
        spans[0] += w[at].abs() * t[at];
    }
    (sums.iter().sum(), spans.iter().sum())
}

#[cfg(test)]
mod tests;
