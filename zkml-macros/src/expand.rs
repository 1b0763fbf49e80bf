//! The type that the function becomes.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, ext::IdentExt as _};
use zkml_core::{
    graph::{NodeId, Range, Visibility, Visible},
    layer::Literal,
};

use crate::{network::Network, syntax::Function};

/// The name of the type: the function's in CamelCase, if that is a name.
pub fn type_name(function: &Ident) -> Option<Ident> {
    let camel: String = function
        .unraw()
        .to_string()
        .split('_')
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect::<Vec<_>>()
        })
        .collect();
    let mut name = syn::parse_str::<Ident>(&camel).ok()?;
    name.set_span(function.span());
    Some(name)
}

/// The type of a checked network.
pub fn expand(function: &Function, network: &Network, name: &Ident, visibility: Visibility) -> TokenStream {
    let graph = graph(network);
    let table = format!(" The network, as checked while compiling:\n\n```text\n{}```", network.graph);
    let visibility = visible(visibility);
    let has_docs = function.attrs.iter().any(|a| a.path().is_ident("doc"));
    let title = (!has_docs).then(|| format!(" The network `{}`.", function.name.unraw()));
    let docs = title.into_iter().chain([String::new(), table]);
    let attrs = &function.attrs;
    let vis = &function.vis;
    item(quote!(#(#attrs)* #(#[doc = #docs])*), vis, name, &graph, &visibility)
}

/// The type around a body of `graph()`.
pub fn item(
    attrs: TokenStream,
    vis: &syn::Visibility,
    name: &Ident,
    graph: &TokenStream,
    visibility: &TokenStream,
) -> TokenStream {
    quote! {
        #attrs
        #[allow(dead_code)]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #name(::zkml::model::Model);

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #name {
            /// Who sees the input, the weights and the output.
            pub const VISIBILITY: ::zkml::graph::Visibility = #visibility;

            /// The network, without weights.
            ///
            /// # Errors
            /// Never: it was checked while compiling.
            pub fn graph() -> ::core::result::Result<::zkml::graph::Graph, ::zkml::error::GraphError> {
                #graph
            }

            /// The model with the weights of a safetensors file.
            ///
            /// # Errors
            /// If the file can't be read, or holds other tensors than the network's parameters.
            pub fn load(
                path: impl ::core::convert::AsRef<::std::path::Path>,
            ) -> ::core::result::Result<Self, ::zkml::error::ModelError> {
                ::core::result::Result::Ok(Self(::zkml::model::Model::load(Self::graph()?, Self::VISIBILITY, path)?))
            }

            /// The model with fresh weights, to try things out or to train.
            ///
            /// # Errors
            /// Never: the network was checked while compiling.
            pub fn init<R: ::zkml::rand::RngCore>(
                rng: &mut R,
            ) -> ::core::result::Result<Self, ::zkml::error::ModelError> {
                ::core::result::Result::Ok(Self(::zkml::model::Model::init(Self::graph()?, Self::VISIBILITY, rng)?))
            }

            /// The model with these weights.
            ///
            /// # Errors
            /// If they are not exactly the network's parameters.
            pub fn with_weights(
                weights: ::zkml::model::Weights,
            ) -> ::core::result::Result<Self, ::zkml::error::ModelError> {
                ::core::result::Result::Ok(Self(::zkml::model::Model::new(Self::graph()?, Self::VISIBILITY, weights)?))
            }
        }

        impl ::core::ops::Deref for #name {
            type Target = ::zkml::model::Model;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl ::core::convert::From<#name> for ::zkml::model::Model {
            fn from(model: #name) -> Self {
                model.0
            }
        }
    }
}

/// The body of `graph()`: one push a layer.
fn graph(network: &Network) -> TokenStream {
    let graph = &network.graph;
    let needed = network.needed();
    // Layers that nothing needs are left out, so nodes are counted anew.
    let index = |id: &NodeId| needed.iter().position(|n| n == id).unwrap_or_default();
    let name = graph.name();
    let dims = graph.shape(graph.input()).dims();
    let range = graph.range().map(|range| {
        let range = self::range(range);
        quote!(.with_range(#range)?)
    });
    let pushes = needed.iter().skip(1).map(|id| {
        let node = graph.node(*id);
        let Some(layer) = &node.layer else { return TokenStream::new() };
        let kind = layer.card().name;
        let args = layer.args().into_iter().map(|(name, value)| {
            let value = literal(&value);
            quote!(.with(#name, #value))
        });
        let inputs = node.inputs.iter().map(index).map(|i| quote!(::zkml::graph::NodeId(#i)));
        let name = &node.name;
        let start = network.places[id.0].start().unwrap();
        let line = u32::try_from(start.line()).unwrap_or_default();
        let column = u32::try_from(start.column()).unwrap_or_default();
        quote! {
            push(&mut graph, #kind, ::zkml::layer::Args::new() #(#args)*, &[#(#inputs),*], #name, #line, #column)?;
        }
    });
    let output = index(&graph.output());
    quote! {
        fn push(
            graph: &mut ::zkml::graph::Graph,
            layer: &str,
            args: ::zkml::layer::Args,
            inputs: &[::zkml::graph::NodeId],
            name: &str,
            line: u32,
            column: u32,
        ) -> ::core::result::Result<::zkml::graph::NodeId, ::zkml::error::GraphError> {
            let file = ::std::borrow::ToOwned::to_owned(::core::file!());
            let origin = ::zkml::error::Origin::Source { file, line, column };
            match ::zkml::layer::AnyLayer::parse(layer, args) {
                ::core::result::Result::Ok(layer) => graph.push(layer, inputs, name, origin),
                ::core::result::Result::Err(error) => {
                    ::core::result::Result::Err(::zkml::error::GraphError::Layer { origin, error })
                }
            }
        }
        let mut graph = ::zkml::graph::Graph::new(#name, ::zkml::shape::Shape::new([#(#dims),*])) #range;
        #(#pushes)*
        graph.set_output(::zkml::graph::NodeId(#output))?;
        ::core::result::Result::Ok(graph)
    }
}

fn literal(value: &Literal) -> TokenStream {
    match value {
        Literal::Bool(b) => quote!(::zkml::layer::Literal::Bool(#b)),
        Literal::Int(i) => quote!(::zkml::layer::Literal::Int(#i)),
        Literal::Float(x) => quote!(::zkml::layer::Literal::Float(#x)),
        Literal::Word(w) => quote!(::zkml::layer::Literal::Word(::std::borrow::ToOwned::to_owned(#w))),
        Literal::List(l) => quote!(::zkml::layer::Literal::List(::std::vec![#(#l),*])),
    }
}

/// A [`Range`] as tokens.
pub fn range(range: Range) -> TokenStream {
    match range {
        Range::Whole(lo, hi) => quote!(::zkml::graph::Range::Whole(#lo, #hi)),
        Range::Real(lo, hi) => quote!(::zkml::graph::Range::Real(#lo, #hi)),
    }
}

/// A [`Visibility`] as tokens.
pub fn visible(visibility: Visibility) -> TokenStream {
    let word = |visible| {
        let word = match visible {
            Visible::Public => format_ident!("Public"),
            Visible::Private => format_ident!("Private"),
            Visible::Committed => format_ident!("Committed"),
        };
        quote!(::zkml::graph::Visible::#word)
    };
    let (input, weights, output) = (word(visibility.input), word(visibility.weights), word(visibility.output));
    quote!(::zkml::graph::Visibility { input: #input, weights: #weights, output: #output })
}

/// Documentation alone.
pub fn docs(attrs: &[Attribute]) -> TokenStream {
    let docs = attrs.iter().filter(|a| a.path().is_ident("doc"));
    quote!(#(#docs)* #[doc = ""])
}
