//! From a decoded file to a graph: which input and output, which nodes, in what order.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use zkml_core::{error::Origin, graph::reachable, shape::Shape};

use super::{
    Batch, Options,
    call::Call,
    fold, operators,
    proto::{Dim, Graph, Model, Node, ValueInfo},
    tensors::{self, Element},
    traced::{Kind, MAX_RANK, Traced},
};
use crate::{
    builder::{Builder, Import, Value},
    error::ImportError,
};

/// The operator sets that are read.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=24;

/// A graph under construction, with the values of the file by name.
pub(super) struct Reader<'m, 'a> {
    pub builder: Builder,
    pub opset: i64,
    /// How many samples the file's batch has; the graph takes one.
    pub batch: usize,
    pub folder: Option<&'m Path>,
    /// How many elements may still be computed while reading.
    pub budget: usize,
    pub trained: Trained<'m>,
    pub nodes: &'m [Node<'a>],
    pub values: HashMap<&'a str, Traced>,
    /// The nodes that take a value, once for each time that they do.
    pub users: HashMap<&'a str, Vec<usize>>,
    /// Nodes whose work another node does, and the value that they give.
    pub absorbed: HashMap<usize, Traced>,
}

/// Which tensors of the file are weights.
#[derive(Clone, Copy)]
pub(super) struct Trained<'m> {
    options: &'m Options,
    /// Whether all floats are in `Constant` nodes: so files are saved whose weights were frozen before.
    frozen: bool,
}

impl Trained<'_> {
    /// Whether an initializer is a weight, by what its elements are.
    fn initializer(&self, name: &str, element: Element) -> bool {
        let named = |names: &[String]| names.iter().any(|n| n == name);
        (named(&self.options.trained) || element.is_trained()) && !named(&self.options.stated)
    }

    /// Whether the value of a `Constant` node is a weight: a single number is the network's own, such as the 0.5 of a
    /// written-out GELU.
    pub(super) fn constant(&self, name: &str, value: &Traced) -> bool {
        let named = |names: &[String]| names.iter().any(|n| n == name);
        let several = value.tensor().is_some_and(|t| t.len() != 1);
        (named(&self.options.trained) || value.kind == Kind::Real && (several || self.frozen))
            && !named(&self.options.stated)
    }
}

/// Checks that the tensors named in the options are in the file.
fn named(graph: &Graph<'_>, options: &Options) -> Result<(), ImportError> {
    let constants = graph.nodes.iter().filter(|n| n.operator == "Constant").flat_map(|n| n.outputs.iter().copied());
    let known: BTreeSet<&str> = graph.initializers.iter().map(|t| t.name).chain(constants).collect();
    match options.stated.iter().chain(&options.trained).find(|name| !known.contains(name.as_str())) {
        None => Ok(()),
        Some(name) => Err(ImportError::malformed(
            &Origin::Unknown,
            format!("no tensor `{name}`"),
            "the name of an initializer, or of what a `Constant` node gives",
        )),
    }
}

/// How many elements may be computed while reading a file, beside some for each that it stores.
const BUDGET: usize = 1 << 22;

/// Reads a decoded file.
pub(super) fn read(
    model: &Model<'_>,
    name: &str,
    folder: Option<&Path>,
    options: &Options,
) -> Result<Import, ImportError> {
    let nowhere = &Origin::Unknown;
    let opset = opset(model)?;
    let Some(graph) = &model.graph else {
        return Err(ImportError::malformed(nowhere, "no graph", "one"));
    };
    if graph.sparse {
        return Err(ImportError::unsupported(nowhere, "sparse initializers", "dense ones"));
    }
    let makers = makers(graph)?;
    let output = output(graph, options)?;
    let needed = needed(graph, &makers, output);
    let names: BTreeSet<&str> = graph.initializers.iter().map(|t| t.name).collect();
    let wanted: BTreeSet<&str> =
        needed.iter().flat_map(|i| graph.nodes[*i].inputs.iter().copied()).chain([output]).collect();
    let input = input(graph, &names, &wanted)?;
    let (shape, first, batched) = sample(input, options)?;

    named(graph, options)?;
    let stored = graph.initializers.iter().filter(|t| wanted.contains(t.name));
    let frozen = !stored.filter_map(|t| Element::new(t.element)).any(Element::is_trained);
    let title = if graph.name.is_empty() { name } else { graph.name };
    let builder = Builder::new(title, shape.clone())?;
    let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
    for i in &needed {
        graph.nodes[*i].inputs.iter().for_each(|name| users.entry(name).or_default().push(*i));
    }
    users.entry(output).or_default().push(usize::MAX);
    let mut reader = Reader {
        opset,
        batch: first,
        folder,
        budget: BUDGET,
        trained: Trained { options, frozen },
        nodes: &graph.nodes,
        values: HashMap::new(),
        users,
        absorbed: HashMap::new(),
        builder,
    };
    let dims = [1].into_iter().filter(|_| batched).chain(shape.dims().iter().copied()).collect();
    let kind = match Element::new(input.element) {
        Some(element) if element.is_real() => Kind::Real,
        Some(Element::Bool) => Kind::Bool,
        Some(_) => Kind::Whole,
        None if input.element == 0 => Kind::Real,
        None => {
            let found = format!("input `{}` with elements of type {}", input.name, input.element);
            return Err(ImportError::unsupported(nowhere, found, "floats or whole numbers"));
        }
    };
    let value = Value::Node(reader.builder.input());
    reader.values.insert(input.name, Traced { value, dims, batched, kind });
    for stored in graph.initializers.iter().filter(|t| wanted.contains(t.name)) {
        if stored.name == input.name {
            continue;
        }
        let (tensor, element) = tensors::read(stored, folder, nowhere)?;
        reader.budget = reader.budget.saturating_add(4 * tensor.len());
        let trained = reader.trained.initializer(stored.name, element);
        let make = if trained { Traced::weight } else { Traced::constant };
        if reader.values.insert(stored.name, make(tensor, kind_of(element))).is_some() {
            return Err(ImportError::malformed(nowhere, format!("two tensors `{}`", stored.name), "one"));
        }
    }
    // A few stored numbers must not become many parameters by being used again and again.
    reader.builder.limit_parameters(reader.budget);
    // Constants first, so that whoever looks ahead finds them.
    let (constants, rest): (Vec<usize>, Vec<usize>) =
        needed.into_iter().partition(|i| graph.nodes[*i].operator == "Constant" && graph.nodes[*i].domain.is_empty());
    for i in constants.into_iter().chain(rest) {
        reader.node(i)?;
    }
    let Some(result) = reader.values.get(output) else {
        return Err(ImportError::malformed(
            nowhere,
            format!("output `{output}`, which nothing gives"),
            "a node's output",
        ));
    };
    let value = result.value.clone();
    reader.builder.finish(&value)
}

/// The errors of all needed nodes whose operator has no layers.
pub(super) fn unsupported(model: &Model<'_>, options: &Options) -> Result<Vec<ImportError>, ImportError> {
    let Some(graph) = &model.graph else {
        return Ok(vec![]);
    };
    let needed = needed(graph, &makers(graph)?, output(graph, options)?);
    let nodes = needed.into_iter().map(|i| &graph.nodes[i]);
    Ok(nodes.filter_map(operators::unknown).collect())
}

/// What elements of this type are.
pub(super) fn kind_of(element: Element) -> Kind {
    match element {
        Element::Bool => Kind::Bool,
        element if element.is_real() => Kind::Real,
        _ => Kind::Whole,
    }
}

impl<'m, 'a> Reader<'m, 'a> {
    /// One node of the file.
    fn node(&mut self, index: usize) -> Result<(), ImportError> {
        let node = &self.nodes[index];
        let results = match self.absorbed.remove(&index) {
            Some(result) => vec![result],
            None => self.results(index, node)?,
        };
        for (i, name) in node.outputs.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            match results.get(i) {
                Some(result) => {
                    self.values.insert(name, result.clone());
                }
                None if self.users.contains_key(name) => {
                    let found = format!("its output {} (`{name}`) used", i + 1);
                    return Err(ImportError::unsupported(&origin(node), found, "only the first output used"));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn results(&mut self, index: usize, node: &'m Node<'a>) -> Result<Vec<Traced>, ImportError> {
        let origin = origin(node);
        let mut inputs = Vec::new();
        for name in &node.inputs {
            if name.is_empty() {
                inputs.push(None);
            } else if let Some(value) = self.values.get(name) {
                inputs.push(Some(value.clone()));
            } else {
                return Err(ImportError::malformed(
                    &origin,
                    format!("input `{name}`, which nothing before it gives"),
                    "nodes in the order of their use",
                ));
            }
        }
        let mut call = Call::new(self, index, node, origin, inputs);
        let results = match fold::fold(&mut call)? {
            Some(results) => results,
            None => operators::translate(&mut call)?,
        };
        call.attributes.finish()?;
        Ok(results)
    }
}

/// Where a node is: its name, or that of its first output where it has none.
pub(super) fn origin(node: &Node<'_>) -> Origin {
    let name = if node.name.is_empty() { node.outputs.first().copied().unwrap_or_default() } else { node.name };
    Origin::part("onnx node", name, node.operator)
}

/// The version of the default operator set.
fn opset(model: &Model<'_>) -> Result<i64, ImportError> {
    let nowhere = &Origin::Unknown;
    if model.functions {
        return Err(ImportError::unsupported(nowhere, "functions of the file's own", "operators of ONNX")
            .help("inline them: `onnx.inliner.inline_local_functions`"));
    }
    let found = model.opsets.iter().filter(|(domain, _)| domain.is_empty() || *domain == "ai.onnx");
    match found.map(|(_, version)| *version).max() {
        Some(version) if OPSETS.contains(&version) => Ok(version),
        Some(version) => Err(ImportError::unsupported(
            nowhere,
            format!("operator set {version}"),
            format!("{} to {}", OPSETS.start(), OPSETS.end()),
        )
        .help("convert the file: `onnx.version_converter.convert_version(model, 17)`")),
        None => Err(ImportError::malformed(
            nowhere,
            format!("no operator set (IR version {})", model.ir_version),
            "that of ONNX",
        )),
    }
}

/// The node that gives each value.
fn makers<'a>(graph: &Graph<'a>) -> Result<HashMap<&'a str, usize>, ImportError> {
    let mut makers = HashMap::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        if node.outputs.iter().all(|name| name.is_empty()) {
            return Err(ImportError::malformed(&origin(node), "no output", "at least one"));
        }
        for name in node.outputs.iter().filter(|name| !name.is_empty()) {
            if makers.insert(*name, i).is_some() {
                return Err(ImportError::malformed(
                    &origin(node),
                    format!("a second value `{name}`"),
                    "names used once",
                ));
            }
        }
    }
    Ok(makers)
}

/// The output that is wanted.
fn output<'a>(graph: &Graph<'a>, options: &Options) -> Result<&'a str, ImportError> {
    let names = || graph.outputs.iter().map(|o| format!("`{}`", o.name)).collect::<Vec<_>>().join(", ");
    let refuse = |found: String, help: &str| {
        Err(ImportError::malformed(&Origin::Unknown, found, "one output to prove").help(help.to_owned()))
    };
    match (&options.output, graph.outputs.as_slice()) {
        (_, []) => refuse("a graph without outputs".to_owned(), ""),
        (None, [output]) => Ok(output.name),
        (None, _) => refuse(
            format!("{} outputs: {}", graph.outputs.len(), names()),
            "choose one: `Options::default().output(name)`",
        ),
        (Some(wanted), outputs) => match outputs.iter().find(|o| o.name == wanted) {
            Some(output) => Ok(output.name),
            None => refuse(format!("no output `{wanted}`"), &format!("the outputs are {}", names())),
        },
    }
}

/// The nodes that the output needs, in the order of the file; the others are dead.
fn needed(graph: &Graph<'_>, makers: &HashMap<&str, usize>, output: &str) -> Vec<usize> {
    let makers_of = |i: usize| graph.nodes[i].inputs.iter().filter_map(|name| makers.get(name).copied());
    reachable(makers.get(output).copied(), makers_of).into_iter().collect()
}

/// The one input that has no value in the file and that a needed node takes.
fn input<'g, 'a>(
    graph: &'g Graph<'a>,
    initializers: &BTreeSet<&str>,
    wanted: &BTreeSet<&str>,
) -> Result<&'g ValueInfo<'a>, ImportError> {
    let open: Vec<&ValueInfo<'_>> = graph.inputs.iter().filter(|i| !initializers.contains(i.name)).collect();
    let used: Vec<&&ValueInfo<'_>> = open.iter().filter(|i| wanted.contains(i.name)).collect();
    match used.as_slice() {
        [input] => Ok(input),
        [] if graph.nodes.is_empty() => {
            Err(ImportError::malformed(&Origin::Unknown, "a graph without nodes", "a network"))
        }
        [] => Err(ImportError::malformed(
            &Origin::Unknown,
            "an output that is the same for every input",
            "one that depends on it",
        )),
        several => {
            let names: Vec<String> = several.iter().map(|i| format!("`{}`", i.name)).collect();
            Err(ImportError::unsupported(
                &Origin::Unknown,
                format!("{} inputs: {}", several.len(), names.join(", ")),
                "one input, all others stored in the file",
            )
            .help(
                "join them to one before exporting (and slice it in the network), or store constants as initializers",
            ))
        }
    }
}

/// The shape of a sample, the number of samples, and whether there is a batch axis.
fn sample(input: &ValueInfo<'_>, options: &Options) -> Result<(Shape, usize, bool), ImportError> {
    let nowhere = &Origin::Unknown;
    let name = input.name;
    if input.dims.as_ref().is_some_and(|dims| dims.len() > MAX_RANK)
        || options.input.as_ref().is_some_and(|s| s.rank() >= MAX_RANK)
    {
        return Err(ImportError::shape(nowhere, format!("input `{name}` of more than {MAX_RANK} axes"), "fewer"));
    }
    let Some(dims) = &input.dims else {
        return match &options.input {
            Some(shape) => Ok((shape.clone(), 1, options.batch == Batch::Leading)),
            None => Err(ImportError::shape(nowhere, format!("input `{name}` without a shape"), "a shape")
                .help("give the shape of a sample: `Options::default().input([..])`")),
        };
    };
    let batched = options.batch == Batch::Leading && dims.len() > 1;
    let first = match (batched, dims.first()) {
        (true, Some(Dim::Fixed(n))) if *n > 0 => usize::try_from(*n).unwrap_or(1),
        _ => 1,
    };
    let inner = &dims[usize::from(batched)..];
    if let Some(shape) = &options.input {
        let fits = shape.rank() == inner.len()
            && inner.iter().zip(shape.dims()).all(|(dim, n)| match dim {
                Dim::Fixed(fixed) => *fixed <= 0 || usize::try_from(*fixed) == Ok(*n),
                Dim::Named(_) | Dim::Unknown => true,
            });
        if !fits {
            let found = format!("a sample of shape {shape} asked for");
            return Err(ImportError::shape(nowhere, found, format!("{} for input `{name}`", text(inner))));
        }
        return Ok((shape.clone(), first, batched));
    }
    let mut extents = Vec::new();
    for (axis, dim) in inner.iter().enumerate() {
        match dim {
            Dim::Fixed(n) if *n > 0 => extents.push(usize::try_from(*n).unwrap_or(usize::MAX)),
            Dim::Fixed(n) if *n < 0 => {
                return Err(ImportError::malformed(
                    nowhere,
                    format!("input `{name}` of shape {}", text(dims)),
                    "extents above zero",
                ));
            }
            Dim::Fixed(_) | Dim::Named(_) | Dim::Unknown => {
                let axis = axis + usize::from(batched);
                return Err(ImportError::shape(
                    nowhere,
                    format!("input `{name}` of shape {}, whose axis {axis} is not fixed", text(dims)),
                    "fixed extents (but for the batch)",
                )
                .help("export with a fixed shape, or give that of a sample: `Options::default().input([..])`"));
            }
        }
    }
    if extents.is_empty() {
        extents.push(1);
    }
    Ok((Shape::new(extents), first, batched))
}

/// A shape as it is written in the file.
fn text(dims: &[Dim<'_>]) -> String {
    let dims: Vec<String> = dims
        .iter()
        .map(|dim| match dim {
            Dim::Fixed(n) => n.to_string(),
            Dim::Named(name) => format!("`{name}`"),
            Dim::Unknown => "?".to_owned(),
        })
        .collect();
    format!("[{}]", dims.join(", "))
}
