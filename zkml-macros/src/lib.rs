//! The attribute of zkml: `#[zk_model]` makes a network of a function.
//!
//! | module | what it holds |
//! |---|---|
//! | `options` | the attribute's options |
//! | `syntax` | the function as a small tree, each part with its place |
//! | `check` | what a network may not say: one function a rule |
//! | `module` | the type beside a Burn module |
//! | `network` | from the tree to a checked `zkml_core::graph::Graph` |
//! | `report` | mistakes, collected so that all are told at once |
//! | `file` | a network from a file |
//! | `expand`, `fallback` | the type that is emitted, and its stub after a mistake |
#![forbid(unsafe_code)]

mod check;
mod expand;
mod fallback;
mod file;
mod module;
mod network;
mod options;
mod report;
mod syntax;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemFn};

use crate::{options::Options, report::Report};

/// Makes a network of a function: a type of the same name in CamelCase, whose shapes, layers and arguments were checked
/// while compiling.
///
/// ```ignore
/// use zkml::prelude::*;
///
/// /// LeNet-5 for 28x28 grey images.
/// #[zk_model(weights = private, range = 0..=255)]
/// pub fn lenet(image: Tensor<1, 28, 28>) -> Class<10> {
///     let x = max_pool2d(relu(conv2d(image, filters = 6, kernel = 5)), 2);
///     let x = max_pool2d(relu(conv2d(x, filters = 16, kernel = 5)), 2);
///     let stem = dense(flatten(x), 120);
///     let x = relu(dense(relu(stem), 84));
///     argmax(dense(x, 10))
/// }
///
/// let model = Lenet::load("lenet.safetensors")?;
/// let scores = model.forward(&image)?;
/// ```
///
/// (The example is not compiled here, since `zkml` depends on this crate; `tests/ui/pass/lenet.rs` of `zkml` is.)
///
/// # The function
///
/// It takes one tensor, `name: Tensor<..>`, and returns a tensor or a class. Extents are integer literals, outermost axis
/// first, without a batch axis.
///
/// | returns | means |
/// |---|---|
/// | `Tensor<10>` | ten numbers |
/// | `Class<10>` | the number of the largest of ten scores: the function ends in `argmax(..)` |
///
/// The function never runs as Rust: it is read, and describes the network.
///
/// # The options
///
/// All are optional.
///
/// | option | takes | default | meaning |
/// |---|---|---|---|
/// | `input` | `public`, `private`, `committed` | `private` | who sees the input |
/// | `weights` | the same | `public` | who sees the weights |
/// | `output` | the same | `public` | who sees the answer |
/// | `range` | `0..=255`, `-1.0..=1.0` | found by calibration | the values of the input: whole numbers, or reals if the ends have a point |
/// | `name` | `"LeNet"` | the function's name in CamelCase | the name of the type |
/// | `onnx` | `"lenet.onnx"` | | the file that holds the network, see below |
/// | `keras` | `"lenet.keras"`, `"lenet.h5"` | | the same |
/// | `class` | `true` | `false` | with `keras`: the network answers a class; a softmax at its end is dropped |
/// | `channels_first` | `true` | `false` | with `keras`: the input is given as `[channels, height, width]` |
/// | `input` | `[1, 1, 28, 28]` | | the shape of a Burn module's input, see below |
/// | `forward` | `classify` | `forward` | the method of a Burn module that is the network |
///
/// # Statements
///
/// | written | meaning |
/// |---|---|
/// | `let x = ..;` | names a value |
/// | `let mut x = ..;`, `x = ..;` | a value that is replaced later |
/// | `for _i in 0..3 { .. }` | the body three times; bounds are literals, all loops together run at most 1024 times |
/// | a value at the end | what the network returns |
///
/// A value that nothing uses is a mistake, unless its name begins with an underscore; then its layers are left out.
///
/// # Expressions
///
/// | written | meaning |
/// |---|---|
/// | `x` | a variable |
/// | `dense(x, 10)`, `conv2d(x, filters = 6, kernel = 5)` | a layer: tensors, then arguments |
/// | `x + y`, `x - y`, `x * y` | the layers `add`, `sub`, `mul` |
/// | `0.5 * x`, `x * 0.5` | the layer `scale` |
///
/// Arguments are literals: numbers, `true` and `false`, words (`padding = same`), lists (`kernel = [3, 5]`). The first may
/// go without its name. The layers and their arguments are those of `zkml::layer`, one module each.
///
/// # Names
///
/// `let stem = dense(..)` names the layer, and with it its parameters: `stem.weight`, `stem.bias`. A layer without a `let`
/// of its own, or whose name is bound more than once (or in a loop), is numbered: `dense1`, `dense2`, in the order of the
/// text.
///
/// # What it becomes
///
/// `pub fn lenet` becomes `pub struct Lenet`, which derefs to (and is `Into`) `zkml::model::Model`, with
///
/// | item | gives |
/// |---|---|
/// | `Lenet::graph()` | the network; its layers know their line and column |
/// | `Lenet::load(path)` | the model with the weights of a safetensors file |
/// | `Lenet::init(&mut rng)` | the model with fresh weights |
/// | `Lenet::with_weights(weights)` | the model with these weights |
/// | `Lenet::VISIBILITY` | what the options say of input, weights and output |
///
/// Documentation and lint levels (`#[allow(..)]`) are kept on the type.
///
/// # Burn modules
///
/// With the feature `burn`, the attribute also stands on a Burn module that has a `forward`, and takes the shape of its
/// input, with the batch:
///
/// ```ignore
/// #[zk_model(input = [1, 1, 28, 28], weights = private, range = 0..=255)]
/// #[derive(Module, Debug)]
/// struct Lenet { .. }
///
/// let model = LenetModel::from_burn(&lenet)?;
/// ```
///
/// The module stays as it is. Beside it there is a type `LenetModel` (`name` gives it another name), which derefs to
/// `zkml::model::Model` like those of functions. Its network is recorded from `forward` at run time, so it is then that
/// shapes and operations are checked. `input = public` may be given as well as the shape.
///
/// # Networks from files
///
/// `#[zk_model(onnx = "lenet.onnx", weights = private)] struct Lenet;` (with the feature `onnx`), or
/// `#[zk_model(keras = "lenet.keras", class = true)] struct Lenet;` (with the feature `keras`), takes the network from a
/// file, whose path starts at the source file. It is read while compiling: what it holds that has no layer is a compile
/// error that names the node and its operator, and a changed file compiles anew. The struct becomes the same type as a
/// function, with two more:
///
/// | item | gives |
/// |---|---|
/// | `Lenet::model()` | the model with the file's own weights |
/// | `Lenet::import()` | the network and its weights |
///
/// # Errors
///
/// Mistakes are compile errors on the offending tokens, all at once: wrong shapes, unknown layers, variables and arguments,
/// values that nothing uses, Rust that describes no network (`if`, closures, methods, ..). `tests/ui` shows each.
#[proc_macro_attribute]
pub fn zk_model(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    model(options.into(), item.into()).into()
}

fn model(options: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let options = Options::parse(options, &mut report);
    let item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(item) if options.file.is_some() => return from_file(&options, &item, tokens, report),
        Ok(Item::Struct(item)) if options.from_file => return file::fallback(&item, report),
        Ok(Item::Fn(item)) => {
            check::no_module_options(&options, &mut report);
            item
        }
        Ok(Item::Struct(item)) if options.module => return module::expand(&options, &item, report),
        Ok(other) => {
            check::not_a_function(&other, &mut report);
            let errors = report.finish().map(|e| e.to_compile_error());
            return quote!(#errors #tokens);
        }
        Err(error) => return error.to_compile_error(),
    };
    function(&options, &item, report)
}

fn from_file(options: &Options, item: &Item, tokens: TokenStream, mut report: Report) -> TokenStream {
    match (item, &options.file) {
        (Item::Struct(item), Some((format, path))) => file::file(options, *format, path, item, report),
        (_, file) => {
            file.iter().for_each(|(_, path)| file::not_a_struct(path, &mut report));
            let errors = report.finish().map(|e| e.to_compile_error());
            quote!(#errors #tokens)
        }
    }
}

fn function(options: &Options, item: &ItemFn, mut report: Report) -> TokenStream {
    let function = syntax::function(item, &mut report);
    let network = network::build(&function, options.range, &mut report);
    let name = options.name.clone().or_else(|| expand::type_name(&function.name));
    if name.is_none() {
        check::type_name(&function.name, &mut report);
    }
    match (report.finish(), name) {
        (None, Some(name)) => expand::expand(&function, &network, &name, options.visibility),
        // In an `impl` block, where a method stands, no type can be declared.
        (Some(error), _) if item.sig.receiver().is_some() => error.to_compile_error(),
        (Some(error), Some(name)) => fallback::fallback(&function, &name, &error),
        (error, None) => error.map(|e| e.to_compile_error()).unwrap_or_default(),
    }
}
