//! The part of `onnx.proto` that is read. Everything is borrowed from the file; field numbers are those of ONNX 1.18.

use super::wire::{Broken, Field, Fields};

/// The most nodes, initializers, or inputs and outputs that a file may have.
const MAX_ENTRIES: usize = 20_000;
/// The most attributes of all nodes, and the most names of their inputs and outputs.
const MAX_DETAILS: usize = 200_000;

/// A file that is not read: where it breaks.
pub(super) type Failure = &'static str;

/// `ModelProto`.
#[derive(Clone, Debug, Default)]
pub(super) struct Model<'a> {
    pub ir_version: i64,
    /// Domain and version of each operator set.
    pub opsets: Vec<(&'a str, i64)>,
    pub graph: Option<Graph<'a>>,
    /// Whether the file defines operators of its own.
    pub functions: bool,
}

/// `GraphProto`.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph<'a> {
    pub name: &'a str,
    pub nodes: Vec<Node<'a>>,
    pub initializers: Vec<Tensor<'a>>,
    pub inputs: Vec<ValueInfo<'a>>,
    pub outputs: Vec<ValueInfo<'a>>,
    /// Whether there are sparse initializers.
    pub sparse: bool,
}

/// `NodeProto`.
#[derive(Clone, Debug, Default)]
pub(super) struct Node<'a> {
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub name: &'a str,
    pub operator: &'a str,
    pub domain: &'a str,
    pub attributes: Vec<Attribute<'a>>,
}

/// `AttributeProto`.
#[derive(Clone, Debug)]
pub(super) struct Attribute<'a> {
    pub name: &'a str,
    pub value: AttributeValue<'a>,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub(super) enum AttributeValue<'a> {
    Float(f32),
    Int(i64),
    Text(&'a str),
    Tensor(Box<Tensor<'a>>),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    /// A graph, a sparse tensor, a type, several strings, or a reference to a function's attribute.
    Other,
}

/// `TensorProto`.
#[derive(Clone, Debug, Default)]
pub(super) struct Tensor<'a> {
    pub dims: Vec<i64>,
    pub element: i64,
    pub name: &'a str,
    pub raw: Option<&'a [u8]>,
    pub floats: Vec<f32>,
    pub doubles: Vec<f64>,
    /// Of `int32_data`, `int64_data` and `uint64_data`.
    pub ints: Vec<i64>,
    /// Where the data is, if it is in another file.
    pub external: Option<External<'a>>,
}

/// Data in another file.
#[derive(Clone, Debug, Default)]
pub(super) struct External<'a> {
    pub location: &'a str,
    pub offset: Option<&'a str>,
    pub length: Option<&'a str>,
}

/// `ValueInfoProto`.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueInfo<'a> {
    pub name: &'a str,
    pub element: i64,
    /// The extents, if a shape is given.
    pub dims: Option<Vec<Dim<'a>>>,
}

/// An extent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dim<'a> {
    Fixed(i64),
    Named(&'a str),
    Unknown,
}

/// How much of each kind was read.
#[derive(Default)]
struct Counts {
    entries: usize,
    details: usize,
}

impl Counts {
    fn entry(&mut self) -> Result<(), Failure> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES { Err("it has more than 20,000 nodes and tensors") } else { Ok(()) }
    }

    fn detail(&mut self) -> Result<(), Failure> {
        self.details += 1;
        if self.details > MAX_DETAILS {
            Err("its nodes have more than 200,000 attributes, inputs and outputs")
        } else {
            Ok(())
        }
    }
}

/// Each field of a message to `f`; `what` is said where it breaks.
fn each<'a>(
    bytes: &'a [u8],
    what: Failure,
    mut f: impl FnMut(u64, Field<'a>) -> Result<Result<(), Broken>, Failure>,
) -> Result<(), Failure> {
    for field in Fields::new(bytes) {
        let (number, value) = field.map_err(|Broken| what)?;
        f(number, value)?.map_err(|Broken| what)?;
    }
    Ok(())
}

/// Reads a file.
///
/// # Errors
/// If it is no `ModelProto`, or larger than what is read.
pub(super) fn model(bytes: &[u8]) -> Result<Model<'_>, Failure> {
    let mut model = Model::default();
    let mut counts = Counts::default();
    each(bytes, "it is no ONNX model, or cut off", |number, field| {
        Ok(match number {
            1 => field.int().map(|v| model.ir_version = v),
            7 if model.graph.is_some() => return Err("it has two graphs"),
            7 => match field.bytes() {
                Ok(bytes) => {
                    model.graph = Some(graph(bytes, &mut counts)?);
                    Ok(())
                }
                Err(broken) => Err(broken),
            },
            8 => match field.bytes() {
                Ok(bytes) => {
                    counts.entry()?;
                    model.opsets.push(opset(bytes)?);
                    Ok(())
                }
                Err(broken) => Err(broken),
            },
            25 => {
                model.functions = true;
                Ok(())
            }
            _ => Ok(()),
        })
    })?;
    Ok(model)
}

fn opset(bytes: &[u8]) -> Result<(&str, i64), Failure> {
    let mut opset = ("", 0);
    each(bytes, "an operator set is malformed", |number, field| {
        Ok(match number {
            1 => field.text().map(|v| opset.0 = v),
            2 => field.int().map(|v| opset.1 = v),
            _ => Ok(()),
        })
    })?;
    Ok(opset)
}

fn graph<'a>(bytes: &'a [u8], counts: &mut Counts) -> Result<Graph<'a>, Failure> {
    let mut graph = Graph::default();
    each(bytes, "its graph is malformed, or cut off", |number, field| {
        if matches!(number, 1 | 5 | 11 | 12) {
            counts.entry()?;
        }
        let Ok(bytes) = field.bytes() else { return Ok(Ok(())) };
        match number {
            1 => graph.nodes.push(node(bytes, counts)?),
            2 => return Ok(field.text().map(|v| graph.name = v)),
            5 => graph.initializers.push(tensor(bytes)?),
            11 => graph.inputs.push(value_info(bytes, counts)?),
            12 => graph.outputs.push(value_info(bytes, counts)?),
            15 => graph.sparse = true,
            _ => {}
        }
        Ok(Ok(()))
    })?;
    Ok(graph)
}

fn node<'a>(bytes: &'a [u8], counts: &mut Counts) -> Result<Node<'a>, Failure> {
    let mut node = Node::default();
    each(bytes, "a node is malformed", |number, field| {
        if matches!(number, 1 | 2 | 5) {
            counts.detail()?;
        }
        Ok(match number {
            1 => field.text().map(|v| node.inputs.push(v)),
            2 => field.text().map(|v| node.outputs.push(v)),
            3 => field.text().map(|v| node.name = v),
            4 => field.text().map(|v| node.operator = v),
            5 => match field.bytes() {
                Ok(bytes) => {
                    node.attributes.push(attribute(bytes)?);
                    Ok(())
                }
                Err(broken) => Err(broken),
            },
            7 => field.text().map(|v| node.domain = v),
            _ => Ok(()),
        })
    })?;
    Ok(node)
}

fn attribute(bytes: &[u8]) -> Result<Attribute<'_>, Failure> {
    let mut name = "";
    let mut kind = 0;
    let mut other = false;
    let (mut float, mut int, mut text, mut tensors) = (0.0, 0, None, None);
    let (mut floats, mut ints) = (Vec::new(), Vec::new());
    each(bytes, "an attribute is malformed", |number, field| {
        Ok(match number {
            1 => field.text().map(|v| name = v),
            2 => field.float().map(|v| float = v),
            3 => field.int().map(|v| int = v),
            4 => field.bytes().map(|v| text = Some(v)),
            5 => match field.bytes() {
                Ok(bytes) => {
                    tensors = Some(tensor(bytes)?);
                    Ok(())
                }
                Err(broken) => Err(broken),
            },
            7 => field.floats(&mut floats),
            8 => field.ints(&mut ints),
            20 => field.int().map(|v| kind = v),
            6 | 9 | 10 | 11 | 14 | 15 | 21 | 22 | 23 => {
                other = true;
                Ok(())
            }
            _ => Ok(()),
        })
    })?;
    // Files of the first version have no kind: what is there decides.
    let kind = match kind {
        0 if text.is_some() => 3,
        0 if tensors.is_some() => 4,
        0 if !floats.is_empty() => 6,
        0 if !ints.is_empty() => 7,
        0 if float != 0.0 => 1,
        0 if !other => 2,
        kind => kind,
    };
    let value = match (kind, tensors) {
        _ if other => AttributeValue::Other,
        (1, _) => AttributeValue::Float(float),
        (2, _) => AttributeValue::Int(int),
        (3, _) => match std::str::from_utf8(text.unwrap_or_default()) {
            Ok(text) => AttributeValue::Text(text),
            Err(_) => return Err("an attribute is no text"),
        },
        (4, Some(tensor)) => AttributeValue::Tensor(Box::new(tensor)),
        (6, _) => AttributeValue::Floats(floats),
        (7, _) => AttributeValue::Ints(ints),
        _ => AttributeValue::Other,
    };
    Ok(Attribute { name, value })
}

pub(super) fn tensor(bytes: &[u8]) -> Result<Tensor<'_>, Failure> {
    let mut tensor = Tensor::default();
    let mut location = 0;
    let mut external = External::default();
    each(bytes, "a tensor is malformed", |number, field| {
        Ok(match number {
            1 => field.ints(&mut tensor.dims),
            2 => field.int().map(|v| tensor.element = v),
            3 => return Err("a tensor is stored in segments"),
            4 => field.floats(&mut tensor.floats),
            5 | 7 | 11 => field.ints(&mut tensor.ints),
            8 => field.text().map(|v| tensor.name = v),
            9 => field.bytes().map(|v| tensor.raw = Some(v)),
            10 => field.doubles(&mut tensor.doubles),
            13 => match field.bytes() {
                Ok(bytes) => {
                    let (mut key, mut value) = ("", "");
                    each(bytes, "the place of external data is malformed", |number, field| {
                        Ok(match number {
                            1 => field.text().map(|v| key = v),
                            2 => field.text().map(|v| value = v),
                            _ => Ok(()),
                        })
                    })?;
                    match key {
                        "location" => external.location = value,
                        "offset" => external.offset = Some(value),
                        "length" => external.length = Some(value),
                        _ => {}
                    }
                    Ok(())
                }
                Err(broken) => Err(broken),
            },
            14 => field.int().map(|v| location = v),
            _ => Ok(()),
        })
    })?;
    tensor.external = (location == 1).then_some(external);
    Ok(tensor)
}

fn value_info<'a>(bytes: &'a [u8], counts: &mut Counts) -> Result<ValueInfo<'a>, Failure> {
    const WHAT: Failure = "an input or output is malformed";
    let mut info = ValueInfo::default();
    let (mut types, mut tensor, mut shape): (&[u8], &[u8], Option<&[u8]>) = (&[], &[], None);
    each(bytes, WHAT, |number, field| {
        Ok(match number {
            1 => field.text().map(|v| info.name = v),
            2 => field.bytes().map(|v| types = v),
            _ => Ok(()),
        })
    })?;
    each(types, WHAT, |number, field| Ok(if number == 1 { field.bytes().map(|v| tensor = v) } else { Ok(()) }))?;
    each(tensor, WHAT, |number, field| {
        Ok(match number {
            1 => field.int().map(|v| info.element = v),
            2 => field.bytes().map(|v| shape = Some(v)),
            _ => Ok(()),
        })
    })?;
    if let Some(shape) = shape {
        let mut dims = Vec::new();
        each(shape, WHAT, |number, field| {
            if number == 1 {
                counts.detail()?;
                let Ok(bytes) = field.bytes() else { return Ok(Err(Broken)) };
                let mut dim = Dim::Unknown;
                each(bytes, WHAT, |number, field| {
                    Ok(match number {
                        1 => field.int().map(|v| dim = Dim::Fixed(v)),
                        2 => field.text().map(|v| dim = if v.is_empty() { Dim::Unknown } else { Dim::Named(v) }),
                        _ => Ok(()),
                    })
                })?;
                dims.push(dim);
            }
            Ok(Ok(()))
        })?;
        info.dims = Some(dims);
    }
    Ok(info)
}
