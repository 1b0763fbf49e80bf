//! The function as the macro understands it: a small tree, each part with the place where it was written.
//!
//! What the language has no meaning for is refused here, by the rules in [`check`](crate::check), and stands in the
//! tree as `Refused` with the names it mentions, so that nothing is said twice about it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, BinOp, ItemFn, Lit, Pat, UnOp, ext::IdentExt as _};
use zkml_core::{layer::Literal, shape::Shape};

use crate::{
    check,
    report::{Place, Report},
};

/// What the function returns.
#[derive(Clone, Debug, PartialEq)]
pub enum Returns {
    /// `Class<10>`: the number of the largest score.
    Class(usize),
    /// `Tensor<10>`: scores.
    Tensor(Shape),
}

/// The function's argument.
#[derive(Debug)]
pub struct Input {
    /// Its name.
    pub name: Ident,
    /// Whether it may be assigned to.
    pub mutable: bool,
    /// Its shape, if it was understood.
    pub shape: Option<Shape>,
}

/// The function.
#[derive(Debug)]
pub struct Function {
    /// Its documentation, and the lint levels that go with it.
    pub attrs: Vec<Attribute>,
    /// Who sees it.
    pub vis: syn::Visibility,
    /// Its name.
    pub name: Ident,
    /// Its argument, if it was understood.
    pub input: Option<Input>,
    /// Whether the argument's names are all in `input`: otherwise a name that is not known may have been meant there.
    pub complete: bool,
    /// What it returns, if that was understood.
    pub returns: Option<Returns>,
    /// What it does.
    pub body: Block,
}

/// Statements, and what they end in.
#[derive(Debug)]
pub struct Block {
    /// In order.
    pub stmts: Vec<Stmt>,
    /// What they end in.
    pub tail: Option<Expr>,
}

/// The names that a refused piece of code mentions: they count as used, and their values are no longer known.
pub type Mentions = BTreeSet<String>;

/// A statement.
#[derive(Debug)]
pub enum Stmt {
    /// `let name = init;`
    Let {
        /// `None` for `_`.
        name: Option<Ident>,
        /// Whether it may be assigned to.
        mutable: bool,
        /// Its value.
        init: Expr,
    },
    /// `name = value;`
    Assign {
        /// What is assigned to.
        name: Ident,
        /// Its new value.
        value: Expr,
    },
    /// `for counter in bounds { body }`
    For {
        /// `None` for `_`.
        counter: Option<Ident>,
        /// How many times, if that was understood.
        count: Option<usize>,
        /// Where the bounds are.
        bounds: Place,
        /// What is repeated.
        body: Vec<Stmt>,
    },
    /// `expr;`
    Dropped(Expr),
    /// What was refused.
    Refused {
        /// The names in it.
        mentions: Mentions,
        /// Those that it would have declared.
        declares: Mentions,
    },
}

impl Stmt {
    fn refused(tokens: &impl ToTokens) -> Self {
        Self::Refused { mentions: mentions(tokens), declares: Mentions::new() }
    }

    fn undeclared(tokens: &impl ToTokens, declares: &impl ToTokens) -> Self {
        Self::Refused { mentions: mentions(tokens), declares: mentions(declares) }
    }
}

/// An expression and its place.
#[derive(Debug)]
pub struct Expr {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub place: Place,
}

/// An expression.
#[derive(Debug)]
pub enum Kind {
    /// A variable.
    Name(Ident),
    /// A number, which goes with a tensor and an operator.
    Literal(Literal),
    /// A layer applied to tensors.
    Call(Call),
    /// Two tensors, or a tensor and a number.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// What was refused.
    Refused(Mentions),
}

/// An operator and its place.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    /// As written.
    pub sign: &'static str,
    /// The layer that it stands for.
    pub layer: &'static str,
    /// Where it is.
    pub place: Place,
}

/// A layer applied to tensors.
#[derive(Debug)]
pub struct Call {
    /// The layer.
    pub layer: Ident,
    /// What it is applied to.
    pub tensors: Vec<Expr>,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// Whether an argument was refused: then nothing more is said of the others.
    pub refused: bool,
}

/// An argument of a layer.
#[derive(Clone, Debug)]
pub struct Arg {
    /// Its name, if it was written.
    pub name: Option<String>,
    /// Its value.
    pub value: Literal,
    /// Where it is.
    pub place: Place,
}

/// The names that these tokens mention.
pub fn mentions(tokens: &impl ToTokens) -> Mentions {
    fn visit(tokens: TokenStream, names: &mut Mentions) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    names.insert(ident.unraw().to_string());
                }
                TokenTree::Group(group) => visit(group.stream(), names),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    let mut names = Mentions::new();
    visit(tokens.to_token_stream(), &mut names);
    names
}

/// Reads the function.
pub fn function(item: &ItemFn, report: &mut Report) -> Function {
    check::signature(&item.sig, report);
    let attrs = check::attributes(&item.attrs, "function", report);
    let before = report.count();
    let input = check::argument(&item.sig, report);
    let complete = report.count() == before || input.as_ref().is_some_and(|_| item.sig.inputs.len() == 1);
    let returns = check::returns(&item.sig, report);
    check::empty_body(item, report);
    let mut body = block(&item.block.stmts, report);
    if body.tail.is_none() && !item.block.stmts.is_empty() {
        let refused = matches!(body.stmts.last(), Some(Stmt::Refused { .. }));
        check::no_value(item, refused, report);
        if let Some(Stmt::Dropped(last)) = body.stmts.pop_if(|s| matches!(s, Stmt::Dropped(_))) {
            body.tail = Some(last);
        }
    }
    Function { attrs, vis: item.vis.clone(), name: item.sig.ident.clone(), input, complete, returns, body }
}

fn block(stmts: &[syn::Stmt], report: &mut Report) -> Block {
    let mut block = Block { stmts: Vec::new(), tail: None };
    for (i, stmt) in stmts.iter().enumerate() {
        match stmt {
            syn::Stmt::Local(local) => block.stmts.push(binding(local, report)),
            syn::Stmt::Item(item) => {
                check::nested_item(item, report);
                let name = match item {
                    syn::Item::Fn(i) => Some(&i.sig.ident),
                    syn::Item::Const(i) => Some(&i.ident),
                    syn::Item::Static(i) => Some(&i.ident),
                    _ => None,
                };
                block.stmts.push(Stmt::undeclared(item, &name));
            }
            syn::Stmt::Macro(call) => {
                check::macro_call(&call.mac, report);
                block.stmts.push(Stmt::refused(call));
            }
            syn::Stmt::Expr(syn::Expr::Assign(e), _) => block.stmts.push(assignment(e, report)),
            syn::Stmt::Expr(syn::Expr::ForLoop(e), _) => block.stmts.push(repetition(e, report)),
            syn::Stmt::Expr(e, semicolon) => {
                let e = expr(e, report);
                match e.kind {
                    _ if semicolon.is_none() && i + 1 == stmts.len() => block.tail = Some(e),
                    Kind::Refused(_) => block.stmts.push(Stmt::refused(stmt)),
                    _ => block.stmts.push(Stmt::Dropped(e)),
                }
            }
        }
    }
    block
}

fn binding(local: &syn::Local, report: &mut Report) -> Stmt {
    match (check::pattern(local, report), check::initialiser(local, report)) {
        (Some((name, mutable)), Some(init)) => Stmt::Let { name, mutable, init: expr(init, report) },
        _ => Stmt::undeclared(local, &local.pat),
    }
}

fn assignment(e: &syn::ExprAssign, report: &mut Report) -> Stmt {
    let value = expr(&e.right, report);
    match ident(&e.left) {
        Some(name) => Stmt::Assign { name, value },
        None => {
            check::assignee(&e.left, report);
            Stmt::refused(e)
        }
    }
}

fn repetition(e: &syn::ExprForLoop, report: &mut Report) -> Stmt {
    check::label(e, report);
    let counter = check::counter(&e.pat, report);
    let count = check::iterations(&e.expr, report);
    let body = block(&e.body.stmts, report);
    let mut stmts = body.stmts;
    if count.is_none() {
        stmts.push(Stmt::refused(&e.expr));
    }
    stmts.extend(body.tail.map(Stmt::Dropped));
    Stmt::For { counter, count, bounds: Place::of(&e.expr), body: stmts }
}

/// The variable that an expression is, if it is one.
pub fn ident(e: &syn::Expr) -> Option<Ident> {
    match e {
        syn::Expr::Path(p) if p.qself.is_none() => p.path.get_ident().cloned(),
        syn::Expr::Paren(p) => ident(&p.expr),
        syn::Expr::Group(g) => ident(&g.expr),
        _ => None,
    }
}

fn expr(e: &syn::Expr, report: &mut Report) -> Expr {
    let place = Place::of(e);
    let kind = match e {
        syn::Expr::Paren(p) => return expr(&p.expr, report),
        syn::Expr::Group(g) => return expr(&g.expr, report),
        syn::Expr::Path(_) => match ident(e) {
            Some(name) => Kind::Name(name),
            None => refuse(e, report),
        },
        syn::Expr::Call(e) => match ident(&e.func) {
            Some(layer) => Kind::Call(call(layer, e, report)),
            None => {
                check::layer_path(&e.func, report);
                Kind::Refused(mentions(e))
            }
        },
        syn::Expr::Binary(b) => match operator(&b.op) {
            Some(operator) => {
                let (left, right) = (expr(&b.left, report), expr(&b.right, report));
                Kind::Binary(operator, Box::new(left), Box::new(right))
            }
            None => {
                check::operator(b, report);
                Kind::Refused(mentions(e))
            }
        },
        syn::Expr::Unary(u) if matches!(u.op, UnOp::Neg(_)) && !is_constant(&u.expr) => {
            let times = Operator { sign: "*", layer: "mul", place: Place::of(&u.op) };
            let minus = Expr { kind: Kind::Literal(Literal::Float(-1.0)), place: times.place };
            Kind::Binary(times, Box::new(minus), Box::new(expr(&u.expr, report)))
        }
        syn::Expr::Lit(_) | syn::Expr::Unary(_) => match literal(e) {
            Some(value) => Kind::Literal(value),
            None => refuse(e, report),
        },
        _ => refuse(e, report),
    };
    Expr { kind, place }
}

fn refuse(e: &syn::Expr, report: &mut Report) -> Kind {
    check::construct(e, report);
    Kind::Refused(mentions(e))
}

fn operator(op: &BinOp) -> Option<Operator> {
    let (sign, layer) = match op {
        BinOp::Add(_) => ("+", "add"),
        BinOp::Sub(_) => ("-", "sub"),
        BinOp::Mul(_) => ("*", "mul"),
        BinOp::Div(_) => ("/", "div"),
        _ => return None,
    };
    Some(Operator { sign, layer, place: Place::of(op) })
}

fn call(layer: Ident, e: &syn::ExprCall, report: &mut Report) -> Call {
    let mut call = Call { layer, tensors: Vec::new(), args: Vec::new(), refused: false };
    for arg in &e.args {
        let place = Place::of(arg);
        match arg {
            syn::Expr::Assign(named) => {
                let name = ident(&named.left).map(|n| n.unraw().to_string());
                match (name, value(&named.right)) {
                    (Some(name), Some(value)) => call.args.push(Arg { name: Some(name), value, place }),
                    (Some(name), None) => {
                        check::argument_value(&name, &named.right, report);
                        call.refused = true;
                    }
                    (None, _) => {
                        check::argument_name(&named.left, report);
                        call.refused = true;
                    }
                }
            }
            _ => match literal(arg) {
                Some(value) => call.args.push(Arg { name: None, value, place }),
                None if is_constant(arg) => {
                    check::constant_expression(arg, report);
                    call.refused = true;
                }
                None => {
                    let tensor = expr(arg, report);
                    check::tensors_first(&call, place, report);
                    call.tensors.push(tensor);
                }
            },
        }
    }
    call
}

/// Whether an expression is made of nothing but numbers.
fn is_constant(e: &syn::Expr) -> bool {
    match e {
        syn::Expr::Lit(_) | syn::Expr::Array(_) | syn::Expr::Tuple(_) | syn::Expr::Range(_) => true,
        syn::Expr::Unary(u) => is_constant(&u.expr),
        syn::Expr::Paren(p) => is_constant(&p.expr),
        syn::Expr::Group(g) => is_constant(&g.expr),
        syn::Expr::Cast(c) => is_constant(&c.expr),
        syn::Expr::Binary(b) => is_constant(&b.left) && is_constant(&b.right),
        _ => false,
    }
}

/// The value of a named argument: a literal or a bare word.
fn value(e: &syn::Expr) -> Option<Literal> {
    ident(e).map(|word| Literal::Word(word.unraw().to_string())).or_else(|| literal(e))
}

/// A literal, if an expression is one.
pub fn literal(e: &syn::Expr) -> Option<Literal> {
    match e {
        syn::Expr::Lit(l) => match &l.lit {
            Lit::Int(i) => i.base10_parse().ok().map(Literal::Int),
            Lit::Float(x) => x.base10_parse().ok().map(Literal::Float),
            Lit::Bool(b) => Some(Literal::Bool(b.value)),
            Lit::Str(s) => Some(Literal::Word(s.value())),
            _ => None,
        },
        syn::Expr::Unary(u) if matches!(u.op, UnOp::Neg(_)) => match literal(&u.expr)? {
            Literal::Int(i) => Some(Literal::Int(-i)),
            Literal::Float(x) => Some(Literal::Float(-x)),
            Literal::Bool(_) | Literal::Word(_) | Literal::List(_) => None,
        },
        syn::Expr::Group(g) => literal(&g.expr),
        syn::Expr::Array(a) => {
            let elements = a.elems.iter().map(|e| match literal(e)? {
                Literal::Int(i) => Some(i),
                Literal::Bool(_) | Literal::Float(_) | Literal::Word(_) | Literal::List(_) => None,
            });
            elements.collect::<Option<Vec<_>>>().map(Literal::List)
        }
        _ => None,
    }
}

/// The name and the mutability of a plain pattern; `None` inside for `_`.
pub fn plain(pat: &Pat) -> Option<(Option<Ident>, bool)> {
    match pat {
        Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none() => {
            Some((Some(p.ident.clone()), p.mutability.is_some()))
        }
        Pat::Wild(_) => Some((None, false)),
        _ => None,
    }
}
