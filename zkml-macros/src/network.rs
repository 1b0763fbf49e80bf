//! From the function to its graph, pushed layer by layer, so that every shape is checked by `zkml_core` itself.
//!
//! A value that can't be known, because of a mistake, is `None`: nothing that is made of it is complained about.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use zkml_core::{
    error::{Culprit, GraphError, LayerError, Origin},
    graph::{Graph, NodeId, Range},
    layer::{AnyLayer, Args, CARDS, Card, Literal},
    shape::Shape,
};

use crate::{
    check,
    report::{Place, Report},
    syntax::{Arg, Call, Expr, Function, Kind, Mentions, Operator, Stmt},
};

/// A graph that was checked, and where its nodes are written.
#[derive(Debug)]
pub struct Network {
    /// The graph.
    pub graph: Graph,
    /// The place of each node, the input's first.
    pub places: Vec<Place>,
}

/// A variable in sight.
#[derive(Clone)]
struct Variable {
    name: String,
    value: Option<NodeId>,
    mutable: bool,
    counter: bool,
    /// Where its present value was given, as a key of `Walk::given`.
    given: usize,
}

/// A `let` or an assignment, of all the iterations that it runs in.
struct Given {
    name: String,
    place: Place,
    assignment: bool,
    read: bool,
    overwritten: bool,
}

/// Where the parts of a call are.
struct Places<'a> {
    layer: Place,
    call: Place,
    inputs: Vec<Place>,
    args: &'a [Arg],
}

/// The name of an argument, which the first one need not have.
fn named<'a>(arg: &'a Arg, card: Option<&Card>) -> &'a str {
    arg.name.as_deref().or(card.and_then(|c| c.args.first()).map(|a| a.name)).unwrap_or_default()
}

/// A layer and its argument.
type Applied = (&'static str, Option<Literal>);

/// What a number before an operator does to the tensor after it.
fn number_first(operator: Operator, number: &Literal) -> Vec<Applied> {
    let number = Some(number.clone());
    match operator.sign {
        "+" => vec![("offset", number)],
        "-" => vec![("scale", Some(Literal::Float(-1.0))), ("offset", number)],
        "/" => vec![("reciprocal", None), ("scale", number)],
        _ => vec![("scale", number)],
    }
}

/// What a number after an operator does to the tensor before it; nothing for a division by zero.
fn number_last(operator: Operator, number: &Literal) -> Option<Applied> {
    let value = match number {
        Literal::Int(i) => *i as f64,
        Literal::Float(x) => *x,
        // The layer says what it expects.
        Literal::Bool(_) | Literal::Word(_) | Literal::List(_) => return Some(("scale", Some(number.clone()))),
    };
    match operator.sign {
        "+" => Some(("offset", Some(number.clone()))),
        "-" => Some(("offset", Some(Literal::Float(-value)))),
        "/" if value == 0.0 => None,
        "/" => Some(("scale", Some(Literal::Float(1.0 / value)))),
        _ => Some(("scale", Some(number.clone()))),
    }
}

struct Walk<'a> {
    report: &'a mut Report,
    graph: Graph,
    places: Vec<Place>,
    scopes: Vec<Vec<Variable>>,
    /// By the address of the statement, in the order of the walk.
    given: Vec<Given>,
    sites: BTreeMap<*const Stmt, usize>,
    /// Names that one `let` binds, once: they name layers.
    unique: BTreeSet<String>,
    /// How many nodes of each layer were numbered.
    numbers: BTreeMap<&'static str, usize>,
    names: BTreeSet<String>,
    /// Whether a name that is not known is a mistake of its own.
    complete: bool,
    iterations: usize,
}

/// Builds the graph of a function.
pub fn build(function: &Function, range: Option<Range>, report: &mut Report) -> Network {
    let shape = function.input.as_ref().and_then(|i| i.shape.clone());
    let name = function.name.unraw().to_string();
    let mut graph = Graph::new(&name, shape.clone().unwrap_or_else(|| Shape::new([1])));
    if let Some(ranged) = range.and_then(|r| graph.clone().with_range(r).ok()) {
        graph = ranged;
    }
    let place = function.input.as_ref().map_or(Place::of(&function.name), |i| i.name.span().into());
    let mut walk = Walk {
        report,
        places: vec![place],
        scopes: vec![vec![]],
        given: vec![],
        sites: BTreeMap::new(),
        unique: unique(function),
        numbers: BTreeMap::new(),
        names: BTreeSet::from(["input".to_owned()]),
        complete: function.complete,
        iterations: 0,
        graph,
    };
    if let Some(input) = &function.input {
        let name = input.name.unraw().to_string();
        let given = walk.give(None, &name, place, false);
        walk.given[given].read = true;
        let value = shape.map(|_| walk.graph.input());
        walk.scopes[0].push(Variable { name, value, mutable: input.mutable, counter: false, given });
    }
    walk.stmts(&function.body.stmts);
    if let Some(tail) = &function.body.tail {
        let value = walk.eval(tail, "");
        if let Some(id) = value {
            walk.returned(id, function, tail.place);
        }
    }
    walk.unused();
    Network { graph: walk.graph, places: walk.places }
}

/// The names that are bound once, and not in a loop.
fn unique(function: &Function) -> BTreeSet<String> {
    fn count(stmts: &[Stmt], weight: usize, counts: &mut BTreeMap<String, usize>) {
        for stmt in stmts {
            match stmt {
                Stmt::Let { name: Some(name), .. } => {
                    *counts.entry(name.unraw().to_string()).or_default() += weight;
                }
                Stmt::For { body, count: iterations, .. } => {
                    count(body, if *iterations == Some(1) { weight } else { 2 }, counts);
                }
                Stmt::Let { name: None, .. } | Stmt::Assign { .. } | Stmt::Dropped(_) | Stmt::Refused { .. } => {}
            }
        }
    }
    let mut counts = BTreeMap::new();
    if let Some(input) = &function.input {
        counts.insert(input.name.unraw().to_string(), 1);
    }
    count(&function.body.stmts, 1, &mut counts);
    counts
        .into_iter()
        .filter(|(name, n)| *n == 1 && !name.starts_with('_') && name != "input")
        .map(|(name, _)| name)
        .collect()
}

/// The names that these statements assign to.
fn assigned(stmts: &[Stmt], names: &mut Mentions) {
    for stmt in stmts {
        match stmt {
            Stmt::Assign { name, .. } => {
                names.insert(name.unraw().to_string());
            }
            Stmt::For { body, .. } => assigned(body, names),
            Stmt::Let { .. } | Stmt::Dropped(_) | Stmt::Refused { .. } => {}
        }
    }
}

impl Walk<'_> {
    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            match stmt {
                Stmt::Let { name, mutable, init } => {
                    let text = name.as_ref().map(|n| n.unraw().to_string()).unwrap_or_default();
                    let value = self.eval(init, self.unique.get(&text).cloned().as_deref().unwrap_or_default());
                    if let Some(name) = name {
                        let given = self.give(Some(stmt), &text, name.span().into(), false);
                        let variable = Variable { name: text, value, mutable: *mutable, counter: false, given };
                        self.scopes.last_mut().into_iter().for_each(|scope| scope.push(variable.clone()));
                    }
                }
                Stmt::Assign { name, value } => {
                    let value = self.eval(value, "");
                    self.assign(stmt, name, value);
                }
                Stmt::For { counter, count, bounds, body } => self.repeat(counter.as_ref(), *count, *bounds, body),
                Stmt::Dropped(e) => {
                    let before = self.report.count();
                    self.eval(e, "");
                    if self.report.count() == before {
                        check::dropped(&e.kind, e.place, self.report);
                    }
                }
                Stmt::Refused { mentions, declares } => {
                    self.refused(mentions);
                    declares.iter().for_each(|name| self.declare_unknown(name));
                }
            }
        }
    }

    fn variables(&mut self) -> impl Iterator<Item = &mut Variable> {
        self.scopes.iter_mut().rev().flat_map(|s| s.iter_mut().rev())
    }

    fn known(&mut self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for v in self.variables() {
            if !v.counter && !names.contains(&v.name) {
                names.push(v.name.clone());
            }
        }
        names.reverse();
        names
    }

    fn give(&mut self, stmt: Option<&Stmt>, name: &str, place: Place, assignment: bool) -> usize {
        let fresh = self.given.len();
        let given = match stmt {
            Some(stmt) => *self.sites.entry(stmt).or_insert(fresh),
            None => fresh,
        };
        if given == fresh {
            self.given.push(Given { name: name.to_owned(), place, assignment, read: false, overwritten: false });
        }
        given
    }

    /// A variable whose declaration was refused.
    fn declare_unknown(&mut self, name: &str) {
        let given = self.give(None, name, Place::from(proc_macro2::Span::call_site()), false);
        self.given[given].read = true;
        let variable = Variable { name: name.to_owned(), value: None, mutable: true, counter: false, given };
        self.scopes.last_mut().into_iter().for_each(|scope| scope.push(variable.clone()));
    }

    /// Whether what is called is a variable; that is told, if it is known to be a tensor.
    fn is_variable(&mut self, name: &Ident) -> bool {
        let text = name.unraw().to_string();
        let Some((known, given)) =
            self.variables().find(|v| v.name == text && !v.counter).map(|v| (v.value.is_some(), v.given))
        else {
            return false;
        };
        self.given[given].read = true;
        if known {
            check::tensor_as_layer(name, self.report);
        }
        true
    }

    fn assign(&mut self, stmt: &Stmt, name: &Ident, value: Option<NodeId>) {
        let text = name.unraw().to_string();
        let Some((mutable, counter)) = self.variables().find(|v| v.name == text).map(|v| (v.mutable, v.counter)) else {
            let near = check::similar(name, &self.known());
            self.refused(&near.iter().cloned().collect());
            if self.complete {
                check::assign_undeclared(name, near.as_deref(), self.report);
            }
            self.declare_unknown(&text);
            return;
        };
        if counter {
            check::assign_counter(name, self.report);
            return;
        }
        let given = self.give(Some(stmt), &text, name.span().into(), true);
        if !mutable {
            check::assign_immutable(name, self.report);
            self.given[given].read = true;
        }
        let before = self.variables().find(|v| v.name == text).map(|v| {
            v.value = if mutable { value } else { None };
            std::mem::replace(&mut v.given, given)
        });
        before.into_iter().for_each(|before| self.given[before].overwritten = true);
    }

    /// Runs the body as often as it says; after a mistake once is enough, and what it assigns is no longer known.
    fn repeat(&mut self, counter: Option<&Ident>, count: Option<usize>, bounds: Place, body: &[Stmt]) {
        let mut names = Mentions::new();
        assigned(body, &mut names);
        let before = self.report.count();
        if count.is_none() {
            self.forget(&names);
        }
        for _ in 0..count.unwrap_or(1) {
            self.iterations += 1;
            if self.iterations > check::MAX_ITERATIONS {
                if self.iterations == check::MAX_ITERATIONS + 1 {
                    check::too_many_iterations(bounds, &format!("more than {}", check::MAX_ITERATIONS), self.report);
                }
                break;
            }
            let counter = counter.map(|name| {
                let name = name.unraw().to_string();
                Variable { name, value: None, mutable: false, counter: true, given: usize::MAX }
            });
            self.scopes.push(counter.into_iter().collect());
            self.stmts(body);
            self.scopes.pop();
            if self.report.count() > before {
                break;
            }
        }
        if count.is_none() || self.report.count() > before {
            self.forget(&names);
        }
    }

    fn forget(&mut self, names: &Mentions) {
        self.variables().filter(|v| names.contains(&v.name)).for_each(|v| v.value = None);
    }

    fn refused(&mut self, names: &Mentions) {
        let used: Vec<usize> =
            self.variables().filter(|v| !v.counter && names.contains(&v.name)).map(|v| v.given).collect();
        used.into_iter().for_each(|given| self.given[given].read = true);
        let mutable: Mentions =
            self.variables().filter(|v| v.mutable && names.contains(&v.name)).map(|v| v.name.clone()).collect();
        self.forget(&mutable);
    }

    /// The node of an expression; `name` names it if it is a layer.
    fn eval(&mut self, e: &Expr, name: &str) -> Option<NodeId> {
        match &e.kind {
            Kind::Name(name) => self.variable(name),
            Kind::Literal(value) => {
                check::number_as_tensor(value, e.place, self.report);
                None
            }
            Kind::Call(call) => self.call(call, e.place, name),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, e.place),
            Kind::Refused(names) => {
                self.refused(names);
                None
            }
        }
    }

    fn variable(&mut self, name: &Ident) -> Option<NodeId> {
        let text = name.unraw().to_string();
        let found = self.variables().find(|v| v.name == text).map(|v| (v.counter, v.value, v.given));
        match found {
            Some((true, ..)) => {
                check::counter_as_value(name, self.report);
                None
            }
            Some((false, value, given)) => {
                self.given[given].read = true;
                value
            }
            None => {
                let known = self.known();
                let near = check::similar(name, &known);
                self.refused(&near.iter().cloned().collect());
                if self.complete {
                    check::unknown_variable(name, near.as_deref(), &known, self.report);
                }
                None
            }
        }
    }

    fn call(&mut self, call: &Call, place: Place, name: &str) -> Option<NodeId> {
        let layer = call.layer.unraw().to_string();
        let card = CARDS.iter().find(|c| c.name == layer);
        if card.is_none() && self.is_variable(&call.layer) {
            for tensor in &call.tensors {
                self.eval(tensor, "");
            }
            return None;
        }
        let arity = card.is_none_or(|card| check::arity(card, call, self.report));
        let wanted = card.and_then(|c| c.arity.most()).unwrap_or(usize::MAX);
        let mut nodes = Vec::new();
        for (i, tensor) in call.tensors.iter().enumerate() {
            match &tensor.kind {
                // One too many, which was told; whether it is known besides is no matter.
                Kind::Name(name) if i >= wanted => self.refused(&Mentions::from([name.unraw().to_string()])),
                _ => nodes.push(self.eval(tensor, "")),
            }
        }
        let named = card.is_none_or(|card| check::unnamed(card, &call.args, self.report));
        if call.refused || !named {
            return None;
        }
        let places = Places {
            layer: call.layer.span().into(),
            call: place,
            inputs: call.tensors.iter().map(|t| t.place).collect(),
            args: &call.args,
        };
        let layer = self.layer(&layer, arity, &places)?;
        if !arity {
            return None;
        }
        self.push(layer, &nodes, name, &places)
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr, place: Place) -> Option<NodeId> {
        let (tensor, at, steps) = match (&left.kind, &right.kind) {
            (Kind::Literal(number), _) => (right, left.place, number_first(operator, number)),
            (_, Kind::Literal(number)) => match number_last(operator, number) {
                Some(step) => (left, right.place, vec![step]),
                None => {
                    self.eval(left, "");
                    check::division_by_zero(right.place, self.report);
                    return None;
                }
            },
            _ => {
                let nodes = [self.eval(left, ""), self.eval(right, "")];
                let inputs = vec![left.place, right.place];
                let places = Places { layer: operator.place, call: place, inputs, args: &[] };
                let layer = self.layer(operator.layer, true, &places)?;
                return self.push(layer, &nodes, "", &places);
            }
        };
        let mut node = self.eval(tensor, "");
        for (name, number) in steps {
            let args: Vec<Arg> = number.into_iter().map(|value| Arg { name: None, value, place: at }).collect();
            let places = Places { layer: operator.place, call: place, inputs: vec![tensor.place], args: &args };
            let layer = self.layer(name, true, &places)?;
            node = self.push(layer, &[node], "", &places);
        }
        node
    }

    /// The layer of that name. All arguments that it does not know are told of, not the first alone.
    ///
    /// Without `arity`, a missing argument is not told of: it may be among the tensors.
    fn layer(&mut self, name: &str, arity: bool, places: &Places<'_>) -> Option<AnyLayer> {
        let mut left: Vec<&Arg> = places.args.iter().collect();
        let mut fine = true;
        loop {
            let mut given = Args::new();
            left.iter().for_each(|a| given.push(a.name.clone(), a.value.clone()));
            let error = match AnyLayer::parse(name, given) {
                Ok(layer) => return fine.then_some(layer),
                Err(error) => error,
            };
            fine = false;
            let card = CARDS.iter().find(|c| c.name == name);
            let Culprit::Argument(argument) = &error.culprit else {
                if arity || error.culprit != Culprit::Call {
                    self.refuse(&error, card, places);
                }
                return None;
            };
            let at: Vec<usize> = (0..left.len()).filter(|i| named(left[*i], card) == argument).collect();
            let known = card.is_some_and(|c| c.args.iter().any(|a| a.name == argument));
            match at.last() {
                Some(last) => {
                    self.report.add(left[*last].place, &error.message, error.help.as_deref().unwrap_or_default())
                }
                None => self.refuse(&error, card, places),
            }
            match at.last() {
                Some(last) if !known || at.len() > 1 => left.remove(*last),
                _ => return None,
            };
        }
    }

    fn push(&mut self, layer: AnyLayer, nodes: &[Option<NodeId>], name: &str, places: &Places<'_>) -> Option<NodeId> {
        let nodes: Vec<NodeId> = nodes.iter().copied().collect::<Option<_>>()?;
        let card = layer.card();
        let name = if name.is_empty() { self.number(card.name) } else { name.to_owned() };
        self.names.insert(name.clone());
        match self.graph.push(layer, &nodes, &name, Origin::Unknown) {
            Ok(id) => {
                self.places.push(places.layer);
                return Some(id);
            }
            Err(GraphError::Layer { error, .. }) => self.refuse(&error, Some(card), places),
            Err(GraphError::Name { name, .. }) => check::name_taken(&name, places.call, self.report),
            Err(other @ (GraphError::Dangling { .. } | GraphError::Malformed(_))) => {
                self.report.add(places.call, other.to_string(), "");
            }
        }
        None
    }

    /// The next free name of a layer without one, as [`Graph::push`] would find it.
    fn number(&mut self, layer: &'static str) -> String {
        let number = self.numbers.entry(layer).or_default();
        loop {
            *number += 1;
            let name = format!("{layer}{number}");
            if !self.names.contains(&name) {
                return name;
            }
        }
    }

    /// Points at what a layer refuses.
    fn refuse(&mut self, error: &LayerError, card: Option<&Card>, places: &Places<'_>) {
        let place = match &error.culprit {
            Culprit::Layer => Some(places.layer),
            Culprit::Call => None,
            Culprit::Input(i) => places.inputs.get(*i).copied(),
            Culprit::Argument(name) => places.args.iter().rev().find(|a| named(a, card) == name).map(|a| a.place),
        };
        let help = error.help.as_deref().unwrap_or_default();
        self.report.add(place.unwrap_or(places.call), &error.message, help);
    }

    fn returned(&mut self, id: NodeId, function: &Function, place: Place) {
        if self.graph.set_output(id).is_err() {
            return;
        }
        if id == self.graph.input() {
            check::no_layer(place, self.report);
            return;
        }
        if let Some(declared) = &function.returns {
            let classes = self.graph.classes();
            check::returned(declared, classes, self.graph.shape(id), place, self.report);
        }
    }

    /// Values that nothing reads.
    fn unused(&mut self) {
        for given in self.given.iter().filter(|g| !g.read && !g.name.starts_with('_')) {
            match given {
                Given { overwritten: true, .. } => check::overwritten(&given.name, given.place, self.report),
                Given { assignment: true, .. } => check::unused_assignment(&given.name, given.place, self.report),
                Given { assignment: false, .. } => check::unused(&given.name, given.place, self.report),
            }
        }
    }
}

impl Network {
    /// The nodes that the output needs, in order.
    pub fn needed(&self) -> Vec<NodeId> {
        let mut needed = BTreeSet::from([self.graph.input(), self.graph.output()]);
        for i in (0..self.graph.nodes().len()).rev().map(NodeId) {
            if needed.contains(&i) {
                needed.extend(self.graph.node(i).inputs.iter().copied());
            }
        }
        needed.into_iter().collect()
    }
}
