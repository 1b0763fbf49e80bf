//! Rules on statements, and on Rust that describes no network.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::{Expr, ExprBinary, ExprForLoop, Item, ItemFn, Local, Pat, RangeLimits};
use zkml_core::layer::{CARDS, Literal};

use super::{MAX_ITERATIONS, text};
use crate::{
    report::{Place, Report},
    syntax,
};

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

/// An operator that tensors don't have.
pub fn operator(e: &ExprBinary, report: &mut Report) {
    use syn::BinOp;
    let help = match &e.op {
        BinOp::AddAssign(_) => "write `x = x + ..`",
        BinOp::SubAssign(_) => "write `x = x - ..`",
        BinOp::MulAssign(_) => "write `x = x * ..`",
        BinOp::DivAssign(_) => "write `x = x / ..`",
        _ => "the operators are `+`, `-`, `*` and `/`",
    };
    report.add(Place::of(&e.op), format!("tensors have no operator `{}`", e.op.to_token_stream()), help);
}

/// A layer is called by one word.
pub fn layer_path(e: &Expr, report: &mut Report) {
    report.add(
        Place::of(e),
        format!("`{}` is no layer", text(e)),
        "layers are called by their plain name, as in `relu(x)`",
    );
}

/// Rust that a description of a network has no use for.
pub fn construct(e: &Expr, report: &mut Report) {
    let once = "a network computes the same whatever its input; use layers";
    let (place, message, help) = match e {
        Expr::If(e) => (Place::of(&e.if_token), "a network has no `if`".to_owned(), once.to_owned()),
        Expr::Match(e) => (Place::of(&e.match_token), "a network has no `match`".to_owned(), once.to_owned()),
        Expr::While(e) => (
            Place::of(&e.while_token),
            "a network has no `while`".to_owned(),
            "repeat with `for _i in 0..3`".to_owned(),
        ),
        Expr::Loop(e) => {
            (Place::of(&e.loop_token), "a network has no `loop`".to_owned(), "repeat with `for _i in 0..3`".to_owned())
        }
        Expr::ForLoop(e) => {
            (Place::of(&e.for_token), "a `for` has no value".to_owned(), "make it a statement of its own".to_owned())
        }
        Expr::Closure(_) => {
            (Place::of(e), "a network has no closures".to_owned(), "call the layers directly".to_owned())
        }
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
                (_, true) => {
                    format!("write `{name}({}{})`", text(&e.receiver), if e.args.is_empty() { "" } else { ", .." })
                }
                ("clone", _) => "a tensor may be used any number of times; remove `.clone()`".to_owned(),
                _ => "layers are functions, as in `relu(x)`".to_owned(),
            };
            (e.method.span().into(), format!("tensors have no method `{name}`"), help)
        }
        Expr::Macro(e) => return macro_call(&e.mac, report),
        Expr::Block(_) => (Place::of(e), "a network has no blocks".to_owned(), "bind the parts with `let`".to_owned()),
        Expr::Unsafe(_) => (Place::of(e), "a network has no `unsafe`".to_owned(), "remove it".to_owned()),
        Expr::Reference(e) => (
            Place::of(&e.and_token),
            "a network has no references".to_owned(),
            "remove `&`: tensors are values".to_owned(),
        ),
        Expr::Unary(e) if !matches!(e.op, syn::UnOp::Neg(_)) => (
            Place::of(&e.op),
            format!("tensors have no operator `{}`", e.op.to_token_stream()),
            "the operators are `+`, `-`, `*` and `/`".to_owned(),
        ),
        Expr::Assign(e) => (
            Place::of(&e.eq_token),
            "an assignment has no value".to_owned(),
            "make it a statement of its own".to_owned(),
        ),
        Expr::Field(_) | Expr::Index(_) => {
            (Place::of(e), "a tensor is taken as a whole".to_owned(), "layers work on all its elements".to_owned())
        }
        Expr::Path(_) => {
            (Place::of(e), format!("`{}` is no variable", text(e)), "expected a tensor bound with `let`".to_owned())
        }
        _ => (
            Place::of(e),
            format!("`{}` is no tensor", text(e)),
            "expected a variable or a layer, as in `relu(x)`".to_owned(),
        ),
    };
    report.add(place, message, help);
}
