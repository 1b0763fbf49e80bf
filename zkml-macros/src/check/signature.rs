//! Rules on the item and its signature.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{
    Attribute, Expr, FnArg, GenericArgument, GenericParam, Item, Lit, PathArguments, ReturnType, Signature, Type,
    ext::IdentExt as _,
};
use zkml_core::shape::Shape;

use super::text;
use crate::{
    options::Options,
    report::{Place, Report},
    syntax::{self, Input, Returns},
};

/// The attribute is on something else than a function.
pub fn not_a_function(item: &Item, report: &mut Report) {
    let what = match item {
        Item::Struct(_) => "a struct",
        Item::Enum(_) => "an enum",
        Item::Union(_) => "a union",
        Item::Impl(_) => "an impl block",
        Item::Trait(_) => "a trait",
        Item::Mod(_) => "a module",
        Item::Const(_) | Item::Static(_) => "a constant",
        Item::Type(_) => "a type alias",
        _ => "something else",
    };
    let place = match item {
        Item::Struct(i) => i.ident.span().into(),
        Item::Enum(i) => i.ident.span().into(),
        Item::Union(i) => i.ident.span().into(),
        Item::Trait(i) => i.ident.span().into(),
        Item::Mod(i) => i.ident.span().into(),
        Item::Const(i) => i.ident.span().into(),
        Item::Static(i) => i.ident.span().into(),
        Item::Type(i) => i.ident.span().into(),
        Item::Impl(i) => Place::of(&i.impl_token),
        other => Place::of(other),
    };
    report.add(
        place,
        format!("`#[zk_model]` describes a network by a function, found {what}"),
        "write `fn name(image: Tensor<1, 28, 28>) -> Class<10> { .. }`",
    );
}

/// What only says something of a Burn module is given for a function.
pub fn no_module_options(options: &Options, report: &mut Report) {
    if let Some(method) = &options.forward {
        report.add(method.span().into(), "a function has no methods", "leave `forward` out");
    }
    if let Some(shape) = &options.shape {
        report.add(
            shape.place,
            "a function says the shape of its input itself",
            "leave it out; for `input`, expected `public`, `private` or `committed`",
        );
    }
}

/// Attributes that have no meaning on the type that the function becomes.
pub fn attributes(attrs: &[Attribute], what: &str, report: &mut Report) -> Vec<Attribute> {
    let kept = ["doc", "allow", "expect", "warn", "deny", "forbid", "deprecated"];
    let (keep, refuse): (Vec<_>, Vec<_>) =
        attrs.iter().cloned().partition(|a| kept.iter().any(|name| a.path().is_ident(name)));
    for attr in refuse {
        let name = attr.path().to_token_stream();
        report.add(
            Place::of(&attr),
            format!("`#[{name}]` has no meaning here"),
            format!("the {what} becomes a type; only documentation and lint levels are kept on it"),
        );
    }
    keep
}

/// The type that the function becomes has no name.
pub fn type_name(name: &Ident, report: &mut Report) {
    report.add(
        name.span().into(),
        format!("the function `{name}` gives its type no name"),
        "give it one with `#[zk_model(name = \"Network\")]`",
    );
}

/// `async`, `const`, `unsafe`, `extern`, generics, `where`, variadic: a network is one fixed thing.
pub fn signature(sig: &Signature, report: &mut Report) {
    let words = [
        (sig.constness.as_ref().map(Place::of), "const"),
        (sig.asyncness.as_ref().map(Place::of), "async"),
        (sig.unsafety.as_ref().map(Place::of), "unsafe"),
        (sig.abi.as_ref().map(Place::of), "extern"),
    ];
    for (place, word) in words {
        if let Some(place) = place {
            report.add(place, format!("a network can't be `{word}`"), format!("remove `{word}`"));
        }
    }
    generics(sig, report);
    if let Some(clause) = &sig.generics.where_clause {
        report.add(Place::of(clause), "a network has no `where` clause", "remove it");
    }
    if let Some(variadic) = &sig.variadic {
        report.add(Place::of(variadic), "a network takes one tensor", "remove `...`");
    }
}

/// Type, const and lifetime parameters.
pub fn generics(sig: &Signature, report: &mut Report) {
    for param in &sig.generics.params {
        let (what, help) = match param {
            GenericParam::Lifetime(_) => ("lifetimes", "remove it: tensors are values"),
            GenericParam::Type(_) => ("type parameters", "remove it: tensors hold numbers"),
            GenericParam::Const(_) => ("const parameters", "write the number where it is used"),
        };
        report.add(Place::of(param), format!("a network has no {what}"), help);
    }
}

/// The one argument: `image: Tensor<1, 28, 28>`.
pub fn argument(sig: &Signature, report: &mut Report) -> Option<Input> {
    let mut found = None;
    for (i, arg) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(arg) = arg else {
            report.add(
                Place::of(arg),
                "a network is no method",
                "remove `self`, and move the function out of the `impl` block",
            );
            continue;
        };
        if i > 0 && found.is_some() {
            report.add(
                Place::of(arg),
                "a network takes one tensor, found a second argument",
                "weights need no argument: layers bring their own",
            );
            continue;
        }
        argument_attributes(&arg.attrs, report);
        let shape = tensor(&arg.ty, report);
        let (name, mutable) = match syntax::plain(&arg.pat) {
            Some((Some(name), mutable)) => (name, mutable),
            _ => {
                report.add(Place::of(&arg.pat), "the argument has no plain name", "write `image: Tensor<..>`");
                continue;
            }
        };
        found = Some(Input { name, mutable, shape });
    }
    if sig.inputs.is_empty() {
        report.add(
            sig.paren_token.span.join().into(),
            "a network takes one tensor, found no argument",
            "write `(image: Tensor<1, 28, 28>)`",
        );
    }
    found
}

/// Attributes on the argument.
pub fn argument_attributes(attrs: &[Attribute], report: &mut Report) {
    for attr in attrs {
        report.add(Place::of(attr), "the argument takes no attributes", "options go to `#[zk_model(..)]`");
    }
}

/// The type of a tensor: `Tensor<1, 28, 28>`.
fn tensor(ty: &Type, report: &mut Report) -> Option<Shape> {
    match named(ty) {
        Some((name, args)) if name == "Tensor" => dimensions(ty, args, report),
        _ => {
            report.add(
                Place::of(ty),
                format!("a network takes a tensor, found `{}`", text(ty)),
                "write its shape, as in `Tensor<1, 28, 28>`",
            );
            None
        }
    }
}

/// What the function returns: `Class<10>` or `Tensor<10>`.
pub fn returns(sig: &Signature, report: &mut Report) -> Option<Returns> {
    let ReturnType::Type(_, ty) = &sig.output else {
        report.add(
            sig.ident.span().into(),
            "the return type is missing",
            "write `-> Class<10>` for a class of ten, or `-> Tensor<10>` for ten scores",
        );
        return None;
    };
    match named(ty) {
        Some((name, args)) if name == "Tensor" => dimensions(ty, args, report).map(Returns::Tensor),
        Some((name, args)) if name == "Class" => {
            let shape = dimensions(ty, args, report)?;
            match shape.dims() {
                [classes] => Some(Returns::Class(*classes)),
                dims => {
                    report.add(
                        Place::of(ty),
                        format!("`Class` takes the number of classes, found {} numbers", dims.len()),
                        "write `Class<10>`",
                    );
                    None
                }
            }
        }
        _ => {
            report.add(
                Place::of(ty),
                format!("a network returns a class or a tensor, found `{}`", text(ty)),
                "write `Class<10>` or `Tensor<10>`",
            );
            None
        }
    }
}

/// A path of one word and its arguments.
fn named(ty: &Type) -> Option<(String, &PathArguments)> {
    match ty {
        Type::Path(p) if p.qself.is_none() && p.path.leading_colon.is_none() && p.path.segments.len() == 1 => {
            p.path.segments.first().map(|s| (s.ident.unraw().to_string(), &s.arguments))
        }
        Type::Group(g) => named(&g.elem),
        _ => None,
    }
}

/// Extents are positive integer literals.
fn dimensions(ty: &Type, args: &PathArguments, report: &mut Report) -> Option<Shape> {
    let PathArguments::AngleBracketed(list) = args else {
        report.add(Place::of(ty), format!("`{}` has no extents", text(ty)), example(ty));
        return None;
    };
    let dims: Vec<Option<usize>> = list.args.iter().map(|arg| dimension(arg, report)).collect();
    let dims: Vec<usize> = dims.into_iter().collect::<Option<_>>()?;
    let shape = Shape::new(dims);
    if shape.rank() == 0 {
        report.add(Place::of(ty), format!("`{}` has no extents", text(ty)), example(ty));
        return None;
    }
    if shape.len() > Shape::MAX_LEN {
        report.add(
            Place::of(ty),
            format!("`{}` is too large", text(ty)),
            format!("expected at most {} elements", Shape::MAX_LEN),
        );
        return None;
    }
    Some(shape)
}

/// How the extents of this type are written.
fn example(ty: &Type) -> &'static str {
    match named(ty) {
        Some((name, _)) if name == "Class" => "write the number of classes, as in `Class<10>`",
        _ => "write them as numbers, as in `Tensor<1, 28, 28>`",
    }
}

/// One extent.
fn dimension(arg: &GenericArgument, report: &mut Report) -> Option<usize> {
    let literal = match arg {
        GenericArgument::Const(Expr::Lit(l)) => match &l.lit {
            Lit::Int(i) => i.base10_parse::<usize>().ok(),
            _ => None,
        },
        _ => None,
    };
    match literal {
        Some(0) => {
            report.add(Place::of(arg), "an extent is 0", "expected at least 1");
            None
        }
        Some(dim) => Some(dim),
        None => {
            report.add(
                Place::of(arg),
                format!("an extent is `{}`", text(arg)),
                "expected an integer literal, as in `Tensor<1, 28, 28>`",
            );
            None
        }
    }
}
