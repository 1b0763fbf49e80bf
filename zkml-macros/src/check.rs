//! What a network may not say: one function a rule.
//!
//! Shapes and the arguments of layers are not here: `zkml_core` itself is asked (see [`network`](crate::network)).

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{
    Attribute, Expr, ExprBinary, ExprForLoop, FnArg, GenericArgument, GenericParam, Item, ItemFn, Lit, Local, Pat,
    PathArguments, RangeLimits, ReturnType, Signature, Type, ext::IdentExt as _, spanned::Spanned as _,
};
use zkml_core::{
    layer::{CARDS, Card, Literal, nearest},
    shape::Shape,
};

use crate::{
    report::{Place, Report},
    syntax::{self, Arg, Call, Input, Kind, Returns},
};

/// The most that loops may unroll to, all iterations of one function together.
pub const MAX_ITERATIONS: usize = 1024;

// --- the item ---

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

/// Attributes that have no meaning on the type that the function becomes.
pub fn attributes(attrs: &[Attribute], report: &mut Report) -> Vec<Attribute> {
    let kept = ["doc", "allow", "expect", "warn", "deny", "forbid", "deprecated"];
    let (keep, refuse): (Vec<_>, Vec<_>) =
        attrs.iter().cloned().partition(|a| kept.iter().any(|name| a.path().is_ident(name)));
    for attr in refuse {
        let name = attr.path().to_token_stream();
        report.add(
            Place::of(&attr),
            format!("`#[{name}]` has no meaning here"),
            "the function becomes a type; only documentation and lint levels are kept on it",
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

// --- the signature ---

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
            report.add(Place::of(arg), "a network is no method", "remove `self`, and move the function out of the `impl` block");
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
                (Ident::new("_", arg.pat.span()), false)
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
        report.add(Place::of(ty), format!("`{}` has no extents", text(ty)), "write them as numbers, as in `Tensor<1, 28, 28>` or `Class<10>`");
        return None;
    };
    let dims: Vec<Option<usize>> = list.args.iter().map(|arg| dimension(arg, report)).collect();
    let dims: Vec<usize> = dims.into_iter().collect::<Option<_>>()?;
    let shape = Shape::new(dims);
    if shape.rank() == 0 {
        report.add(Place::of(ty), format!("`{}` has no extents", text(ty)), "write them as numbers, as in `Tensor<1, 28, 28>` or `Class<10>`");
        return None;
    }
    if shape.len() > Shape::MAX_LEN {
        report.add(Place::of(ty), format!("`{}` is too large", text(ty)), format!("expected at most {} elements", Shape::MAX_LEN));
        return None;
    }
    Some(shape)
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
            report.add(Place::of(arg), format!("an extent is `{}`", text(arg)), "expected an integer literal, as in `Tensor<1, 28, 28>`");
            None
        }
    }
}

/// Tokens as they would be written.
fn text(tokens: &impl quote::ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [(" < ", "<"), (" <", "<"), ("< ", "<"), (" >", ">"), (" ,", ","), ("& ", "&"), (" :: ", "::"), (" ;", ";"), ("- ", "-")] {
        text = text.replace(spaced, tight);
    }
    text
}

// --- the body ---

/// `{}`.
pub fn empty_body(item: &ItemFn, report: &mut Report) {
    if item.block.stmts.is_empty() {
        report.add(
            item.block.brace_token.span.join().into(),
            "the network is empty",
            "end in the value that it returns, as in `argmax(dense(x, 10))`",
        );
    }
}

/// The last statement gives no value. Nothing is said if it was refused already.
pub fn no_value(item: &ItemFn, refused: bool, report: &mut Report) {
    match item.block.stmts.last() {
        Some(syn::Stmt::Expr(Expr::Assign(_) | Expr::ForLoop(_), _) | syn::Stmt::Local(_)) => report.add(
            item.block.brace_token.span.close().into(),
            "the network ends without a value",
            "end in the value that it returns, as in `argmax(x)`",
        ),
        Some(syn::Stmt::Expr(_, Some(semicolon))) if !refused => {
            report.add(Place::of(semicolon), "the network ends without a value", "remove this semicolon");
        }
        _ => {}
    }
}

/// The name that a `let` binds, and whether it may be assigned to.
pub fn pattern(local: &Local, report: &mut Report) -> Option<(Option<Ident>, bool)> {
    for attr in &local.attrs {
        report.add(Place::of(attr), "statements take no attributes", "remove it");
    }
    if let Pat::Type(p) = &local.pat {
        report.add(Place::of(&p.ty), "a `let` has no type here", "remove it: shapes follow from the layers");
        return syntax::plain(&p.pat);
    }
    let plain = syntax::plain(&local.pat);
    if plain.is_none() {
        report.add(Place::of(&local.pat), "a `let` binds one name", "write `let x = ..`");
    }
    plain
}

/// The value of a `let`.
pub fn initialiser<'a>(local: &'a Local, report: &mut Report) -> Option<&'a Expr> {
    let Some(init) = &local.init else {
        report.add(Place::of(local), "this `let` has no value", "write `let x = ..`");
        return None;
    };
    if let Some((token, _)) = &init.diverge {
        report.add(Place::of(token), "a network has no branches", "remove `else`");
        return None;
    }
    Some(&init.expr)
}

/// What is assigned to is a variable.
pub fn assignee(e: &Expr, report: &mut Report) {
    report.add(Place::of(e), format!("can't assign to `{}`", text(e)), "expected a variable declared with `let mut`");
}

/// `'a: for ..`.
pub fn label(e: &ExprForLoop, report: &mut Report) {
    if let Some(label) = &e.label {
        report.add(Place::of(label), "loops unroll, they have no labels", "remove it");
    }
}

/// The counter of a loop.
pub fn counter(pat: &Pat, report: &mut Report) -> Option<Ident> {
    match syntax::plain(pat) {
        Some((name, false)) => name,
        _ => {
            report.add(Place::of(pat), "the counter of a loop is a plain name", "write `for _i in 0..3`");
            None
        }
    }
}

/// How many times a loop runs: its bounds are literals.
pub fn iterations(e: &Expr, report: &mut Report) -> Option<usize> {
    let place = Place::of(e);
    let help = "loops unroll while compiling; write a literal range, as in `0..3`";
    let Expr::Range(range) = e else {
        report.add(place, format!("a loop runs over a literal range, found `{}`", text(e)), help);
        return None;
    };
    let mut end = |e: &Option<Box<Expr>>| match e.as_deref() {
        None => {
            report.add(place, "this range has an open end", help);
            None
        }
        Some(e) => match syntax::literal(e) {
            Some(Literal::Int(i)) => Some(i),
            _ => {
                report.add(Place::of(e), format!("`{}` is no whole number", text(e)), help);
                None
            }
        },
    };
    let (start, end) = (end(&range.start), end(&range.end));
    let (start, end) = (i128::from(start?), i128::from(end?));
    let count = match range.limits {
        RangeLimits::HalfOpen(_) => end - start,
        RangeLimits::Closed(_) => end - start + 1,
    };
    if count < 1 {
        report.add(place, "this loop never runs", "expected a range that goes up, as in `0..3`");
        return None;
    }
    match usize::try_from(count) {
        Ok(count) if count <= MAX_ITERATIONS => Some(count),
        _ => {
            too_many_iterations(place, &count.to_string(), report);
            None
        }
    }
}

/// Loops unroll to more than can be meant.
pub fn too_many_iterations(place: Place, found: &str, report: &mut Report) {
    report.add(
        place,
        format!("loops unroll to {found} iterations"),
        format!("expected at most {MAX_ITERATIONS} in one network"),
    );
}

/// A function, a type, .. within the network.
pub fn nested_item(item: &Item, report: &mut Report) {
    report.add(Place::of(item), "a network holds no items of its own", "move it out of the function");
}

/// `println!(..)`.
pub fn macro_call(call: &syn::Macro, report: &mut Report) {
    report.add(
        Place::of(&call.path),
        format!("a network calls no macros, found `{}!`", text(&call.path)),
        "remove it: the function describes the network and never runs",
    );
}

// --- expressions ---

/// An operator that tensors don't have.
pub fn operator(e: &ExprBinary, report: &mut Report) {
    use syn::BinOp;
    let help = match &e.op {
        BinOp::Div(_) => "multiply by a literal, as in `0.5 * x`",
        BinOp::AddAssign(_) => "write `x = x + ..`",
        BinOp::SubAssign(_) => "write `x = x - ..`",
        BinOp::MulAssign(_) => "write `x = x * ..`",
        _ => "the operators are `+`, `-` and `*`",
    };
    report.add(Place::of(&e.op), format!("tensors have no operator `{}`", e.op.to_token_stream()), help);
}

/// A layer is called by one word.
pub fn layer_path(e: &Expr, report: &mut Report) {
    report.add(Place::of(e), format!("`{}` is no layer", text(e)), "layers are called by their plain name, as in `relu(x)`");
}

/// Rust that a description of a network has no use for.
pub fn construct(e: &Expr, report: &mut Report) {
    let once = "a network computes the same whatever its input; use layers";
    let (place, message, help) = match e {
        Expr::If(e) => (Place::of(&e.if_token), "a network has no `if`".to_owned(), once.to_owned()),
        Expr::Match(e) => (Place::of(&e.match_token), "a network has no `match`".to_owned(), once.to_owned()),
        Expr::While(e) => {
            (Place::of(&e.while_token), "a network has no `while`".to_owned(), "repeat with `for _i in 0..3`".to_owned())
        }
        Expr::Loop(e) => {
            (Place::of(&e.loop_token), "a network has no `loop`".to_owned(), "repeat with `for _i in 0..3`".to_owned())
        }
        Expr::ForLoop(e) => {
            (Place::of(&e.for_token), "a `for` has no value".to_owned(), "make it a statement of its own".to_owned())
        }
        Expr::Closure(_) => (Place::of(e), "a network has no closures".to_owned(), "call the layers directly".to_owned()),
        Expr::Return(e) => (
            Place::of(&e.return_token),
            "a network has no `return`".to_owned(),
            "end in the value, without `return` and without a semicolon".to_owned(),
        ),
        Expr::Break(_) | Expr::Continue(_) => {
            (Place::of(e), "loops unroll, they can't be left early".to_owned(), "shorten the range".to_owned())
        }
        Expr::MethodCall(e) => {
            let name = e.method.to_string();
            let help = match (name.as_str(), CARDS.iter().any(|c| c.name == name)) {
                (_, true) => format!("write `{name}({}{})`", text(&e.receiver), if e.args.is_empty() { "" } else { ", .." }),
                ("clone", _) => "a tensor may be used any number of times; remove `.clone()`".to_owned(),
                _ => "layers are functions, as in `relu(x)`".to_owned(),
            };
            (e.method.span().into(), format!("tensors have no method `{name}`"), help)
        }
        Expr::Macro(e) => return macro_call(&e.mac, report),
        Expr::Block(_) => (Place::of(e), "a network has no blocks".to_owned(), "bind the parts with `let`".to_owned()),
        Expr::Unsafe(_) => (Place::of(e), "a network has no `unsafe`".to_owned(), "remove it".to_owned()),
        Expr::Reference(e) => (Place::of(&e.and_token), "a network has no references".to_owned(), "remove `&`: tensors are values".to_owned()),
        Expr::Unary(e) => match e.op {
            syn::UnOp::Neg(_) => (Place::of(&e.op), "tensors have no negation".to_owned(), "write `-1.0 * x`".to_owned()),
            _ => (Place::of(&e.op), format!("tensors have no operator `{}`", e.op.to_token_stream()), "the operators are `+`, `-` and `*`".to_owned()),
        },
        Expr::Assign(e) => (Place::of(&e.eq_token), "an assignment has no value".to_owned(), "make it a statement of its own".to_owned()),
        Expr::Field(_) | Expr::Index(_) => (
            Place::of(e),
            "a tensor is taken as a whole".to_owned(),
            "layers work on all its elements".to_owned(),
        ),
        Expr::Path(_) => (Place::of(e), format!("`{}` is no variable", text(e)), "expected a tensor bound with `let`".to_owned()),
        _ => (Place::of(e), format!("`{}` is no tensor", text(e)), "expected a variable or a layer, as in `relu(x)`".to_owned()),
    };
    report.add(place, message, help);
}

// --- calls ---

/// Arithmetic on numbers, and other literals that no layer takes.
pub fn constant_expression(e: &Expr, report: &mut Report) {
    report.add(Place::of(e), format!("argument `{}` is no literal", text(e)), literal_help());
}

/// The value of a named argument is a literal.
pub fn argument_value(name: &str, e: &Expr, report: &mut Report) {
    report.add(Place::of(e), format!("argument `{name}` is `{}`, which is no literal", text(e)), literal_help());
}

fn literal_help() -> &'static str {
    "write a number, `true` or `false`, a word, or a list of whole numbers"
}

/// The name of an argument is one word.
pub fn argument_name(e: &Expr, report: &mut Report) {
    report.add(Place::of(e), format!("`{}` names no argument", text(e)), "write `name = value`");
}

/// Tensors come first.
pub fn tensors_first(call: &Call, place: Place, report: &mut Report) {
    if !call.args.is_empty() {
        report.add(
            place,
            format!("`{}` takes its tensors before its other arguments", call.layer),
            format!("write `{}(x, ..)`; an argument is a literal", call.layer),
        );
    }
}

/// Only the first argument may go without its name.
pub fn unnamed(card: &Card, args: &[Arg], report: &mut Report) -> bool {
    let mut fine = true;
    for (i, arg) in args.iter().enumerate().filter(|(i, a)| *i > 0 && a.name.is_none()) {
        let value = match &arg.value {
            Literal::Word(w) => w.clone(),
            other => other.describe().replace('`', ""),
        };
        let help = match (card.args.get(i), card.args.is_empty()) {
            (Some(likely), _) => format!("write `{} = {value}`", likely.name),
            (None, true) => format!("`{}` takes no arguments", card.name),
            (None, false) => {
                let names: Vec<&str> = card.args.iter().map(|a| a.name).collect();
                format!("`{}` takes {}", card.name, names.join(", "))
            }
        };
        report.add(arg.place, format!("argument `{value}` has no name"), help);
        fine = false;
    }
    fine
}

/// The number of tensors.
pub fn arity(card: &Card, call: &Call, report: &mut Report) -> bool {
    let (expected, found) = (card.arity, call.tensors.len());
    if expected == found {
        return true;
    }
    let message =
        format!("`{}` takes {expected} tensor{}, found {found}", card.name, if expected == 1 { "" } else { "s" });
    match call.tensors.get(expected) {
        Some(extra) => {
            let help = match (&extra.kind, card.args) {
                (Kind::Name(name), [first, ..]) => {
                    format!("if `{name}` is meant as an argument, write its value, as in `{} = ..`", first.name)
                }
                _ => "remove this".to_owned(),
            };
            report.add(extra.place, message, help);
        }
        None => {
            let mut parts = vec!["x", "y"];
            parts.truncate(expected);
            if !card.args.is_empty() {
                parts.push("..");
            }
            report.add(call.layer.span().into(), message, format!("write `{}({})`", card.name, parts.join(", ")));
        }
    }
    false
}

// --- names ---

/// A variable that is not declared.
pub fn unknown_variable(name: &Ident, known: &[String], report: &mut Report) {
    let text = name.unraw().to_string();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let help = match nearest(&text, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if CARDS.iter().any(|c| c.name == text) => format!("it is a layer; write `{text}(..)`"),
        None if known.is_empty() => String::new(),
        None => format!("known are {}", known.join(", ")),
    };
    report.add(name.span().into(), format!("unknown variable `{text}`"), help);
}

/// The counter of a loop is no tensor.
pub fn counter_as_value(name: &Ident, report: &mut Report) {
    report.add(name.span().into(), format!("`{name}` counts iterations, expected a tensor"), "write the number as a literal");
}

/// Assignment to what was not declared.
pub fn assign_undeclared(name: &Ident, known: &[String], report: &mut Report) {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let help = match nearest(&name.to_string(), &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it with `let mut {name} = ..`"),
    };
    report.add(name.span().into(), format!("`{name}` is assigned to, but not declared"), help);
}

/// Assignment to what was declared without `mut`.
pub fn assign_immutable(name: &Ident, report: &mut Report) {
    report.add(
        name.span().into(),
        format!("`{name}` is assigned to, but declared without `mut`"),
        format!("declare it with `let mut {name} = ..`, or bind a new value with `let {name} = ..`"),
    );
}

/// A value that nothing uses.
pub fn unused(name: &str, place: Place, report: &mut Report) {
    report.add(
        place,
        format!("the value of `{name}` is never used"),
        format!("use it, remove it, or name it `_{name}`"),
    );
}

/// An assigned value that nothing uses.
pub fn unused_assignment(name: &str, place: Place, report: &mut Report) {
    report.add(place, format!("the value assigned to `{name}` is never used"), "use it, or remove the assignment");
}

/// The input that nothing uses.
pub fn unused_input(name: &str, place: Place, report: &mut Report) {
    report.add(place, format!("the input `{name}` is never used"), "apply the first layer to it");
}

/// A statement whose value is lost.
pub fn dropped(kind: &Kind, place: Place, report: &mut Report) {
    let what = match kind {
        Kind::Call(call) => format!("the output of `{}`", call.layer),
        Kind::Name(name) => format!("the value of `{name}`"),
        Kind::Literal(_) | Kind::Binary(..) | Kind::Refused(_) => "this value".to_owned(),
    };
    report.add(place, format!("{what} is never used"), "bind it with `let`, or remove it");
}

/// Two layers of one name.
pub fn name_taken(name: &str, place: Place, report: &mut Report) {
    report.add(
        place,
        format!("a layer named `{name}` is there already, and parameters carry their layer's name"),
        "bind this one to another name",
    );
}

// --- values ---

/// A number where a tensor is needed.
pub fn number_as_tensor(value: &Literal, place: Place, report: &mut Report) {
    report.add(place, format!("found the number {}, expected a tensor", value.describe()), "only `*` takes a number, as in `0.5 * x`");
}

/// The network computes nothing.
pub fn no_layer(place: Place, report: &mut Report) {
    report.add(place, "the network returns its input unchanged", "apply a layer to it");
}

/// What the function declares is what it returns. `classes` is the number that a final `argmax` chooses among.
pub fn returned(declared: &Returns, classes: Option<usize>, shape: &Shape, place: Place, report: &mut Report) {
    let dims = |shape: &Shape| shape.dims().iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let (message, help) = match (declared, classes) {
        (Returns::Class(expected), Some(found)) if *expected != found => (
            format!("expected a class of {expected}, found a class of {found}"),
            format!("declare `-> Class<{found}>`, or let `argmax` take {expected} scores"),
        ),
        (Returns::Class(expected), None) => (
            format!("expected a class of {expected}, found a tensor of shape {shape}"),
            format!("write `argmax(..)` around it, or declare `-> Tensor<{}>`", dims(shape)),
        ),
        (Returns::Tensor(expected), Some(found)) => (
            format!("expected a tensor of shape {expected}, found a class of {found}"),
            format!("remove `argmax`, or declare `-> Class<{found}>`"),
        ),
        (Returns::Tensor(expected), None) if expected != shape => (
            format!("expected a tensor of shape {expected}, found shape {shape}"),
            format!("declare `-> Tensor<{}>`, or change the last layer", dims(shape)),
        ),
        (Returns::Class(_), Some(_)) | (Returns::Tensor(_), None) => return,
    };
    report.add(place, message, help);
}
