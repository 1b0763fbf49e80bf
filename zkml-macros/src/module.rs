//! The type beside a Burn module: its network, recorded at run time.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, ItemStruct, Lit};
use zkml_core::{graph::Range, shape::Shape};

use crate::{
    check, expand,
    options::Options,
    report::{Place, Report},
};

/// The shape of a module's input, with the batch axis.
#[derive(Debug)]
pub struct Input {
    /// The extents.
    pub dims: Vec<usize>,
    /// Where it was written.
    pub place: Place,
}

/// `[1, 1, 28, 28]`, or the mistake in it.
pub fn input(list: &syn::ExprArray, report: &mut Report) -> Option<Input> {
    let place = Place::of(list);
    let mut dims = Vec::new();
    for extent in &list.elems {
        let value = match extent {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(n) => n.base10_parse::<usize>().ok().filter(|n| *n > 0),
                _ => None,
            },
            _ => None,
        };
        let Some(value) = value else {
            report.add(
                Place::of(extent),
                format!("the extent `{}` is no whole number above zero", check::text(extent)),
                "write the shape as in `input = [1, 1, 28, 28]`",
            );
            return None;
        };
        dims.push(value);
    }
    match dims.as_slice() {
        [] => report.add(place, "this shape has no extents", "write the shape as in `input = [1, 1, 28, 28]`"),
        [batch, _, ..] if *batch != 1 => report.add(
            Place::of(&list.elems[0]),
            format!("the batch is {batch}, expected 1"),
            "the first extent is the batch: a network is recorded on one input",
        ),
        _ if Shape::new(dims.clone()).len() > Shape::MAX_LEN => {
            report.add(place, format!("this input has more than {} elements", Shape::MAX_LEN), "");
        }
        _ => return Some(Input { dims, place }),
    }
    None
}

/// The struct as it was, and after it the type of its network.
pub fn expand(options: &Options, item: &ItemStruct, mut report: Report) -> TokenStream {
    if !cfg!(feature = "burn") {
        report.add(
            item.ident.span().into(),
            "reading Burn modules is switched off",
            "add the feature to Cargo.toml: `zkml-dsl = { version = \"..\", features = [\"burn\"] }`",
        );
    }
    if !item.generics.params.is_empty() {
        report.add(
            Place::of(&item.generics),
            format!("`{}` has parameters, so it is no one network", item.ident),
            "wrap the module that you prove in a struct without them",
        );
    }
    match (report.finish(), &options.shape) {
        (None, Some(input)) => {
            let network = network(options, input, item);
            quote!(#item #network)
        }
        (error, _) => {
            let error = error.map(|e| e.to_compile_error());
            quote!(#item #error)
        }
    }
}

fn network(options: &Options, input: &Input, item: &ItemStruct) -> TokenStream {
    let module = &item.ident;
    let name: Ident = options.name.clone().unwrap_or_else(|| format_ident!("{module}Model"));
    let vis = &item.vis;
    let title = format!(" The network that the `forward` of [`{module}`] computes, with its weights.");
    let visibility = expand::visible(options.visibility);
    let dims = &input.dims;
    let rank = dims.len();
    let range = match options.range {
        None => quote!(::core::option::Option::None),
        Some(Range::Whole(lo, hi)) => quote!(::core::option::Option::Some(::zkml::graph::Range::Whole(#lo, #hi))),
        Some(Range::Real(lo, hi)) => quote!(::core::option::Option::Some(::zkml::graph::Range::Real(#lo, #hi))),
    };
    // A module without `forward` is complained about at its name (but rustc must not offer to rewrite that), a wrong rank at
    // the shape.
    let place = Span::call_site().located_at(module.span());
    let forward = options.forward.clone().unwrap_or_else(|| Ident::new("forward", place));
    let x = Ident::new("input", input.place.start());
    let call = quote!(|module: &#module, #x| module.#forward(#x));
    quote! {
        #[doc = #title]
        #[allow(dead_code)]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #name(::zkml::model::Model);

        #[allow(dead_code, clippy::all, clippy::pedantic)]
        impl #name {
            /// Who sees the input, the weights and the output.
            pub const VISIBILITY: ::zkml::graph::Visibility = #visibility;

            /// The shape of the input that is recorded, with the batch axis.
            pub const INPUT: [usize; #rank] = [#(#dims),*];

            /// The network and the weights of a module, recorded from its forward pass.
            ///
            /// # Errors
            /// If the forward pass panics, or does what no layer does.
            pub fn from_burn(module: &#module) -> ::core::result::Result<Self, ::zkml::burn::ImportError> {
                ::zkml::burn::model(module, Self::INPUT, #range, Self::VISIBILITY, #call).map(Self)
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
