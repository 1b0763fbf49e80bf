//! What is emitted after a mistake: the errors, and a type of the same name with the same methods, so that code that
//! uses the network is not complained about as well.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use zkml_core::graph::Visibility;

use crate::{expand, syntax::Function};

/// The errors and the stub.
pub fn fallback(function: &Function, name: &Ident, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    let attrs = expand::docs(&function.attrs);
    let graph = quote! {
        ::core::result::Result::Err(::zkml::error::GraphError::Malformed(::std::string::String::new()))
    };
    let stub = expand::item(attrs, &function.vis, name, &graph, &expand::visible(Visibility::default()));
    quote!(#errors #stub)
}
