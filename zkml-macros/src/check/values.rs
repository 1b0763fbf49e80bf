//! Rules on layers, names and values.

use proc_macro2::Ident;
use syn::{Expr, Lit, ext::IdentExt as _};
use zkml_core::{
    layer::{CARDS, Card, Literal, nearest},
    shape::Shape,
};

use super::text;
use crate::{
    report::{Place, Report},
    syntax::{Arg, Call, Kind, Returns},
};

/// Arithmetic on numbers, and other literals that no layer takes.
pub fn constant_expression(e: &Expr, report: &mut Report) {
    let (what, help) = no_literal(e);
    report.add(Place::of(e), format!("argument `{}` is {what}", text(e)), help);
}

/// The value of a named argument is a literal.
pub fn argument_value(name: &str, e: &Expr, report: &mut Report) {
    let (what, help) = no_literal(e);
    report.add(Place::of(e), format!("argument `{name}` is `{}`, which is {what}", text(e)), help);
}

/// Why an expression is no literal, and what would be.
fn no_literal(e: &Expr) -> (&'static str, &'static str) {
    match e {
        Expr::Lit(l) if matches!(l.lit, Lit::Int(_)) => ("too large", "expected less than 2^63"),
        Expr::Array(_) => ("no list of whole numbers", "write it as in `[3, 5]`"),
        _ => ("no literal", "write a number, `true` or `false`, a word, or a list of whole numbers"),
    }
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
            format!("write `{}(x, ..)`", call.layer),
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
    let found = call.tensors.len();
    if card.arity.admits(found) {
        return true;
    }
    let message = format!("`{}` takes {}, found {found}", card.name, card.arity);
    match card.arity.most().and_then(|most| call.tensors.get(most)) {
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
            parts.truncate(card.arity.least());
            if !card.args.is_empty() {
                parts.push("..");
            }
            report.add(call.layer.span().into(), message, format!("write `{}({})`", card.name, parts.join(", ")));
        }
    }
    false
}

/// A variable that is not declared.
pub fn unknown_variable(name: &Ident, near: Option<&str>, known: &[String], report: &mut Report) {
    let text = name.unraw().to_string();
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if CARDS.iter().any(|c| c.name == text) => format!("it is a layer; write `{text}(..)`"),
        None => format!("expected {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")),
    };
    report.add(name.span().into(), format!("unknown variable `{text}`"), help);
}

/// The variable that a name is likely meant to be. Names of a letter or two are all alike.
pub fn similar(name: &Ident, known: &[String]) -> Option<String> {
    let known: Vec<&str> = known.iter().map(String::as_str).filter(|k| k.len() > 2).collect();
    nearest(&name.unraw().to_string(), &known).map(str::to_owned)
}

/// A tensor is called like a layer.
pub fn tensor_as_layer(name: &Ident, report: &mut Report) {
    report.add(
        name.span().into(),
        format!("`{name}` is a tensor, expected a layer"),
        "combine tensors with `+`, `-`, `*` and `/`",
    );
}

/// The counter of a loop is no tensor.
pub fn counter_as_value(name: &Ident, report: &mut Report) {
    report.add(
        name.span().into(),
        format!("`{name}` counts iterations, expected a tensor"),
        "write the number as a literal",
    );
}

/// Assignment to the counter of a loop.
pub fn assign_counter(name: &Ident, report: &mut Report) {
    report.add(name.span().into(), format!("`{name}` counts iterations and is not assigned to"), "choose another name");
}

/// Assignment to what was not declared.
pub fn assign_undeclared(name: &Ident, near: Option<&str>, report: &mut Report) {
    let help = match near {
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

/// A value that is replaced before anything uses it.
pub fn overwritten(name: &str, place: Place, report: &mut Report) {
    report.add(place, format!("the value of `{name}` is overwritten before it is used"), "remove it");
}

/// An assigned value that nothing uses.
pub fn unused_assignment(name: &str, place: Place, report: &mut Report) {
    report.add(place, format!("the value assigned to `{name}` is never used"), "use it, or remove the assignment");
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

/// A number where a tensor is needed.
pub fn number_as_tensor(value: &Literal, place: Place, report: &mut Report) {
    report.add(
        place,
        format!("found the number {}, expected a tensor", value.describe()),
        "numbers go with a tensor, as in `0.5 * x`",
    );
}

/// `x / 0`.
pub fn division_by_zero(place: Place, report: &mut Report) {
    report.add(place, "division by zero", "expected a number other than zero");
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
