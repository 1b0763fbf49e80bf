//! A network from a file: `#[zk_model(onnx = "lenet.onnx")] struct Lenet;`.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, ItemStruct, LitStr, ext::IdentExt as _};
use zkml_core::graph::{Graph, Range, Visibility};

use crate::{check, expand, options::Options, report::Report};

/// The type of a network that is stored in a file.
pub fn file(options: &Options, path: &LitStr, item: &ItemStruct, mut report: Report) -> TokenStream {
    let attrs = check::attributes(&item.attrs, &mut report);
    if item.fields != Fields::Unit || !item.generics.params.is_empty() {
        let help = format!("write `struct {};`", item.ident);
        report.add(item.ident.span().into(), "a network from a file has no fields and no generics", help);
    }
    if let Some(name) = &options.name {
        report.add(name.span().into(), "`name` has no meaning here", "the struct has a name");
    }
    let place = place(path);
    let graph = match read(&place, options.range) {
        Ok(graph) => Some(graph),
        Err(message) => {
            report.add(path.span().into(), message, "");
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
        quote!(.with_range(#range))
    });
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
            pub fn import() -> ::core::result::Result<::zkml::onnx::Import, ::zkml::onnx::ImportError> {
                ::zkml::onnx::import(::core::include_bytes!(#bytes), &::zkml::onnx::Options::default() #range)
            }

            /// The model with the weights of the file.
            ///
            /// # Errors
            /// Never: the file was read while compiling.
            pub fn model() -> ::core::result::Result<Self, ::zkml::onnx::ImportError> {
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

/// The network in the file.
#[cfg(feature = "onnx")]
fn read(path: &Path, range: Option<Range>) -> Result<Graph, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let mut options = zkml_burn::onnx::Options::default();
    options.range = range;
    zkml_burn::onnx::read(&bytes, &options).map(|import| import.graph).map_err(|e| e.to_string())
}

#[cfg(not(feature = "onnx"))]
fn read(_: &Path, _: Option<Range>) -> Result<Graph, String> {
    Err("ONNX files are not read without the feature `onnx` of `zkml`".to_owned())
}

/// The errors, and a type of the same name with the same methods.
fn fallback(item: &ItemStruct, report: Report) -> TokenStream {
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
