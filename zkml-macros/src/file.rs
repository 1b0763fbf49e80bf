//! A network from a file: `#[zk_model(onnx = "lenet.onnx")] struct Lenet;`, or `keras = "lenet.keras"`.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, Ident, ItemStruct, LitStr, ext::IdentExt as _};
use zkml_core::{
    bounded::{self, ReadError},
    graph::{Graph, Visibility},
};

use crate::{
    check, expand,
    options::{Format, Options},
    report::Report,
};

/// The largest file that is read (2 GiB): that of `zkml_import`.
const MAX_FILE: u64 = 1 << 31;

/// The type of a network that is stored in a file.
pub fn file(options: &Options, format: Format, path: &LitStr, item: &ItemStruct, mut report: Report) -> TokenStream {
    let attrs = check::attributes(&item.attrs, "struct", &mut report);
    if item.fields != Fields::Unit || !item.generics.params.is_empty() {
        let help = format!("write `struct {};`", item.ident);
        report.add(item.ident.span().into(), "a network from a file has no fields and no generics", help);
    }
    if let Some(name) = &options.name {
        report.add(name.span().into(), "`name` has no meaning here", "the struct has a name");
    }
    if let Some(method) = &options.forward {
        report.add(method.span().into(), "a file has no methods", "leave `forward` out");
    }
    if let Some(shape) = &options.shape {
        let help = "leave it out; for `input`, expected `public`, `private` or `committed`";
        report.add(shape.place, "a file says the shape of its input itself", help);
    }
    let place = place(path);
    let graph = match read(format, &place, options) {
        Ok(graph) => Some(graph),
        Err(Fault { message, help }) => {
            report.add(path.span().into(), format!("`{}`: {message}", path.value()), help);
            None
        }
    };
    let name = &item.ident;
    let (Some(graph), None) = (graph, report.finish_ref()) else {
        return fallback(item, report);
    };
    let table = format!(" The network, as read while compiling:\n\n```text\n{graph}```");
    let has_docs = attrs.iter().any(|a| a.path().is_ident("doc"));
    let title = (!has_docs).then(|| format!(" The network `{}`, from `{}`.", name.unraw(), path.value()));
    let docs = title.into_iter().chain([String::new(), table]);
    let range = options.range.map(|range| {
        let range = expand::range(range);
        quote!(.range(#range))
    });
    let (reader, more) = match format {
        Format::Onnx => (quote!(::zkml::onnx), quote!()),
        Format::Keras => {
            let class = says(&options.class).then(|| quote!(.class()));
            let first = says(&options.channels_first).then(|| quote!(.channels_first()));
            (quote!(::zkml::keras), quote!(#class #first))
        }
    };
    // Relative paths are taken from the source file by `include_bytes!` as well.
    let bytes = match path.span().unwrap().local_file() {
        Some(_) => quote!(#path),
        None => {
            let place = place.display().to_string();
            quote!(#place)
        }
    };
    let body = quote! {
        match Self::import() {
            ::core::result::Result::Ok(import) => ::core::result::Result::Ok(import.graph),
            ::core::result::Result::Err(error) => ::core::result::Result::Err(
                ::zkml::error::GraphError::Malformed(::std::string::ToString::to_string(&error)),
            ),
        }
    };
    let model = expand::item(
        quote!(#(#attrs)* #(#[doc = #docs])*),
        &item.vis,
        name,
        &body,
        &expand::visible(options.visibility),
    );
    quote! {
        #model

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #name {
            /// What the file holds: the network and its weights.
            ///
            /// # Errors
            /// Never: the file was read while compiling.
            pub fn import() -> ::core::result::Result<#reader::Import, #reader::ImportError> {
                #reader::import(::core::include_bytes!(#bytes).as_slice(), &#reader::Options::default() #range #more)
            }

            /// The model with the weights of the file.
            ///
            /// # Errors
            /// Never: the file was read while compiling.
            pub fn model() -> ::core::result::Result<Self, #reader::ImportError> {
                ::core::result::Result::Ok(Self(Self::import()?.model(Self::VISIBILITY)?))
            }
        }
    }
}

/// The file, from the folder of the source file that names it.
fn place(path: &LitStr) -> PathBuf {
    let folder = path.span().unwrap().local_file().and_then(|file| file.parent().map(Path::to_path_buf));
    let folder = folder.or_else(|| std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)).unwrap_or_default();
    folder.join(path.value())
}

/// Whether an option that is true or false is true.
fn says(option: &Option<(Ident, bool)>) -> bool {
    option.as_ref().is_some_and(|(_, says)| *says)
}

/// Why there is no network, and the repair.
struct Fault {
    message: String,
    help: &'static str,
}

impl Fault {
    fn new(message: impl ToString, help: &'static str) -> Self {
        Self { message: message.to_string(), help }
    }
}

/// The network in the file.
fn read(format: Format, path: &Path, options: &Options) -> Result<Graph, Fault> {
    let bytes = bounded::read(path, MAX_FILE).map_err(|e| match e {
        ReadError::Io(e) if e.kind() == ErrorKind::NotFound => {
            Fault::new("there is no such file", "a relative path starts at the folder of this source file")
        }
        ReadError::Io(_) | ReadError::TooLarge { .. } => Fault::new(format!("cannot read it: {e}"), ""),
    })?;
    match format {
        Format::Onnx => onnx(&bytes, options).map_err(|message| {
            // A zip archive, or HDF5.
            let keras = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x89HDF");
            Fault::new(message, if keras { "this looks like a Keras file: write `keras = ..`" } else { "" })
        }),
        Format::Keras => {
            let onnx = path.extension().is_some_and(|e| e == "onnx");
            let help = if onnx { "this looks like an ONNX file: write `onnx = ..`" } else { "" };
            keras(bytes, options).map_err(|message| Fault::new(message, help))
        }
    }
}

#[cfg(feature = "onnx")]
fn onnx(bytes: &[u8], options: &Options) -> Result<Graph, String> {
    let mut found = zkml_import::onnx::Options::default();
    found.range = options.range;
    zkml_import::onnx::read(bytes, &found).map(|import| import.graph).map_err(|e| e.to_string())
}

#[cfg(not(feature = "onnx"))]
fn onnx(_: &[u8], _: &Options) -> Result<Graph, String> {
    Err(switched_off("ONNX", "onnx"))
}

#[cfg(feature = "keras")]
fn keras(bytes: Vec<u8>, options: &Options) -> Result<Graph, String> {
    use zkml_import::keras::{InputLayout, Output, read};

    let found = zkml_import::keras::Options {
        input: if says(&options.channels_first) { InputLayout::ChannelsFirst } else { InputLayout::Keras },
        output: if says(&options.class) { Output::Class } else { Output::Keras },
        range: options.range,
    };
    read(bytes, &found).map(|import| import.graph).map_err(|e| e.to_string())
}

#[cfg(not(feature = "keras"))]
fn keras(_: Vec<u8>, _: &Options) -> Result<Graph, String> {
    Err(switched_off("Keras", "keras"))
}

#[cfg(not(all(feature = "onnx", feature = "keras")))]
fn switched_off(format: &str, feature: &str) -> String {
    format!(
        "reading {format} files is switched off; add the feature to Cargo.toml: \
         `zkml-dsl = {{ version = \"..\", features = [\"{feature}\"] }}`"
    )
}

/// The errors, and a type of the same name with the same methods.
pub fn fallback(item: &ItemStruct, report: Report) -> TokenStream {
    let errors = report.finish().map(|e| e.to_compile_error());
    let name = &item.ident;
    let graph = quote! {
        ::core::result::Result::Err(::zkml::error::GraphError::Malformed(::std::string::String::new()))
    };
    let docs = expand::docs(&item.attrs);
    let stub = expand::item(docs, &item.vis, name, &graph, &expand::visible(Visibility::default()));
    quote! {
        #errors
        #stub

        #[allow(dead_code)]
        impl #name {
            /// The model with the weights of the file.
            pub fn model() -> ::core::result::Result<Self, ::zkml::error::ModelError> {
                ::core::result::Result::Err(::zkml::error::ModelError::Graph(Self::graph().err().unwrap_or_else(|| {
                    ::zkml::error::GraphError::Malformed(::std::string::String::new())
                })))
            }
        }
    }
}

/// The attribute names a file, but stands on something else than a struct.
pub fn not_a_struct(path: &LitStr, report: &mut Report) {
    report.add(
        path.span().into(),
        "a network from a file is a struct",
        "write `struct Name;`, and nothing of the network itself",
    );
}
