//! Tracing: runs a forward pass once on Burn's recording device, which notes operations and computes nothing.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use burn::{
    backend::{
        capture::{CaptureBackend, CaptureScope, CapturedGraph, CompletedCaptureScope, TensorId},
        ir::OperationIr,
    },
    module::{Module, ModuleVisitor, Param},
    tensor::{Bool, Device, Float, Int, Tensor, TensorData},
};

/// The trace of a forward pass: the operations that Burn recorded.
pub struct Trace {
    /// The operations, in the order in which they ran.
    pub operations: Vec<OperationIr>,
    /// The tensors that were there before: weights and constants, and what stood for the input.
    pub values: BTreeMap<TensorId, TensorData>,
    /// The input.
    pub input: TensorId,
    /// The output.
    pub output: TensorId,
    /// The module paths of weights.
    pub paths: BTreeMap<TensorId, String>,
}

/// What a forward pass may return: a tensor of floats, or of whole numbers (classes).
pub trait Output {
    /// The recorded tensor, `None` if it was not computed on the recording device.
    fn id(self) -> Option<TensorId>;
}

impl<const D: usize> Output for Tensor<D, Float> {
    fn id(self) -> Option<TensorId> {
        self.try_into_primitive::<CaptureBackend>().ok().map(|t| t.id())
    }
}

impl<const D: usize> Output for Tensor<D, Int> {
    fn id(self) -> Option<TensorId> {
        self.try_into_primitive::<CaptureBackend>().ok().map(|t| t.id())
    }
}

impl<const D: usize> Output for Tensor<D, Bool> {
    fn id(self) -> Option<TensorId> {
        self.try_into_primitive::<CaptureBackend>().ok().map(|t| t.id())
    }
}

/// Trace devices that nobody uses now. A process may make 65,536 of them, so they are used again.
static DEVICES: Mutex<Vec<Device>> = Mutex::new(Vec::new());

fn devices() -> std::sync::MutexGuard<'static, Vec<Device>> {
    DEVICES.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Records `forward` on an input of that shape.
///
/// # Errors
/// What went wrong, as text: Burn tells by panics, which are caught.
pub fn record<const D: usize, O: Output>(
    shape: [usize; D],
    forward: impl FnOnce(Tensor<D>) -> O,
) -> Result<Trace, String> {
    run(|device| {
        let (input, x) = start(shape, device)?;
        let output = finish(forward(x))?;
        Ok((input, output, BTreeMap::new()))
    })
}

/// Records `forward` of a module, and notes which tensor is which of its weights.
///
/// The module itself stays where it is: a copy, without autodiff and without what only training does, is recorded.
///
/// # Errors
/// As [`record`].
pub fn record_module<M: Module, const D: usize, O: Output>(
    module: &M,
    shape: [usize; D],
    forward: impl FnOnce(&M, Tensor<D>) -> O,
) -> Result<Trace, String> {
    let ready = caught(|| {
        // Weights are made when they are first looked at; on the recording device that would be recorded.
        module.visit(&mut Touch);
        module.valid().materialize()
    })?;
    run(|device| {
        let module = ready.to_device(device);
        let mut paths = Paths::default();
        module.visit(&mut paths);
        let (input, x) = start(shape, device)?;
        let output = finish(forward(&module, x))?;
        Ok((input, output, paths.paths))
    })
}

type Ends = (TensorId, TensorId, BTreeMap<TensorId, String>);

fn run(body: impl FnOnce(&Device) -> Result<Ends, String>) -> Result<Trace, String> {
    let device = devices().pop().unwrap_or_else(Device::capture);
    let mut ends = Err("the forward pass did not end".to_owned());
    let captured = caught(|| device.capture_scope(|scope| complete(scope, body(&device), &mut ends)));
    devices().push(device);
    let CapturedGraph { graph, values } = match captured {
        Ok(Ok(captured)) => captured,
        Ok(Err(error)) => return Err(ends.err().unwrap_or_else(|| error.to_string())),
        Err(panic) => return Err(panic),
    };
    let (input, output, paths) = ends?;
    let output = graph.outputs.first().copied().unwrap_or(output);
    let input = graph.inputs.first().copied().unwrap_or(input);
    Ok(Trace { operations: graph.operations, values, input, output, paths })
}

fn complete(
    scope: CaptureScope,
    found: Result<Ends, String>,
    ends: &mut Result<Ends, String>,
) -> CompletedCaptureScope {
    let (inputs, outputs) = match &found {
        Ok((input, output, _)) => (vec![*input], vec![*output]),
        Err(_) => (vec![], vec![]),
    };
    *ends = found;
    scope.complete(inputs, outputs)
}

/// The input: zeros stand for it, since no operation runs.
fn start<const D: usize>(shape: [usize; D], device: &Device) -> Result<(TensorId, Tensor<D>), String> {
    let x = Tensor::<D>::from_data(TensorData::zeros::<f32, _>(shape), device);
    let id = x.clone().id().ok_or("the input is not on the recording device")?;
    Ok((id, x))
}

fn finish(output: impl Output) -> Result<TensorId, String> {
    output.id().ok_or_else(|| {
        "the output was computed on another device than the input; move the module to `input.device()`, or use \
         `capture_module`"
            .to_owned()
    })
}

/// What `f` returns, or the message of its panic.
fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| message(panic.as_ref()))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    // Burn frames some of its messages; one line is enough here.
    let text = text.unwrap_or_else(|| "a panic without a message".to_owned());
    text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Looks at every weight, so that it exists.
struct Touch;

impl ModuleVisitor for Touch {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        drop(param.val());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        drop(param.val());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        drop(param.val());
    }
}

/// The path of every weight.
#[derive(Default)]
struct Paths {
    path: Vec<String>,
    paths: BTreeMap<TensorId, String>,
}

impl Paths {
    fn note(&mut self, tensor: impl Output) {
        if let Some(id) = tensor.id() {
            self.paths.insert(id, self.path.join("."));
        }
    }
}

impl ModuleVisitor for Paths {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.note(param.val());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.note(param.val());
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.note(param.val());
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}
