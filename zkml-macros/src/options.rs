//! The options of the attribute: `#[zk_model(weights = private, range = 0..=255, name = "LeNet")]`.

use proc_macro2::{Ident, TokenStream};
use syn::{
    Expr, ExprArray, ExprLit, ExprRange, Lit, LitStr, RangeLimits, Token,
    ext::IdentExt as _,
    parse::{Parse, ParseStream, Parser as _},
    punctuated::Punctuated,
    spanned::Spanned as _,
};
use zkml_core::{
    graph::{Graph, Range, Visibility, Visible},
    layer::{Literal, nearest},
    shape::Shape,
};

use crate::{
    check,
    module::{self, Input},
    report::{Place, Report},
    syntax,
};

/// What the attribute says.
#[derive(Debug, Default)]
pub struct Options {
    /// Who sees what.
    pub visibility: Visibility,
    /// The values that the input may take.
    pub range: Option<Range>,
    /// The name of the type.
    pub name: Option<Ident>,
    /// The shape of a Burn module's input.
    pub shape: Option<Input>,
    /// The method of a Burn module that is recorded, if it is not `forward`.
    pub forward: Option<Ident>,
    /// Whether a shape was given, be it one or not.
    pub module: bool,
    /// The file that holds the network.
    pub file: Option<(Format, LitStr)>,
    /// Whether a file was given, be it one or not.
    pub from_file: bool,
    /// The option `class`, and whether it says so: a network from a Keras file answers a class.
    pub class: Option<(Ident, bool)>,
    /// The option `channels_first`, and whether it says so: the input of a network from a Keras file is given so.
    pub channels_first: Option<(Ident, bool)>,
}

/// The formats of files that hold networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `onnx = ".."`.
    Onnx,
    /// `keras = ".."`.
    Keras,
}

/// The options' names.
const NAMES: [&str; 10] =
    ["input", "weights", "output", "range", "name", "forward", "onnx", "keras", "class", "channels_first"];

struct Entry {
    key: Ident,
    value: Expr,
}

impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let key = input.call(Ident::parse_any)?;
        if !input.peek(Token![=]) {
            return Err(syn::Error::new(key.span(), format!("option `{key}` has no value; write `{key} = ..`")));
        }
        input.parse::<Token![=]>()?;
        Ok(Self { key, value: input.parse()? })
    }
}

impl Options {
    /// Reads the options, and reports those that say nothing.
    pub fn parse(tokens: TokenStream, report: &mut Report) -> Self {
        let mut options = Self::default();
        let entries = match Punctuated::<Entry, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(entries) => entries,
            Err(error) => {
                report.push(error);
                return options;
            }
        };
        let mut seen: Vec<String> = Vec::new();
        for Entry { key, value } in &entries {
            // `input` is a shape where it is a list, and may then be given once more to say who sees it.
            let list = if key == "input" { list(value) } else { None };
            let name = if list.is_some() { "input = [..]".to_owned() } else { key.unraw().to_string() };
            if seen.contains(&name) {
                twice(key, report);
                continue;
            }
            if let Some(list) = list {
                options.shape = module::input(list, report);
                options.module = true;
            }
            let file = name == "onnx" || name == "keras";
            if file && options.from_file {
                report.add(key.span().into(), "the network is in a file already", "remove one of `onnx` and `keras`");
                continue;
            }
            options.from_file |= file;
            match name.as_str() {
                "input = [..]" => {}
                "input" => visible(key, value, &mut options.visibility.input, report),
                "weights" => visible(key, value, &mut options.visibility.weights, report),
                "output" => visible(key, value, &mut options.visibility.output, report),
                "range" => options.range = range(value, report),
                "name" => options.name = type_name(value, report),
                "forward" => options.forward = method(value, report),
                "onnx" => options.file = path(key, value, Format::Onnx, report),
                "keras" => options.file = path(key, value, Format::Keras, report),
                "class" => options.class = flag(key, value, report),
                "channels_first" => options.channels_first = flag(key, value, report),
                _ => unknown(key, report),
            }
            seen.push(name);
        }
        if !matches!(options.file, Some((Format::Keras, _))) {
            for (key, _) in options.class.iter().chain(&options.channels_first) {
                report.add(key.span().into(), format!("`{key}` goes with `keras = \"..\"` alone"), "leave it out");
            }
        }
        options
    }
}

fn list(value: &Expr) -> Option<&ExprArray> {
    match value {
        Expr::Array(list) => Some(list),
        _ => None,
    }
}

fn twice(key: &Ident, report: &mut Report) {
    report.add(key.span().into(), format!("option `{key}` is given twice"), "remove one of them");
}

fn unknown(key: &Ident, report: &mut Report) {
    let help = match nearest(&key.to_string(), &NAMES) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the options are {}", NAMES.join(", ")),
    };
    report.add(key.span().into(), format!("unknown option `{key}`"), help);
}

fn visible(key: &Ident, value: &Expr, to: &mut Visible, report: &mut Report) {
    let word = syntax::ident(value).map(|w| w.to_string());
    *to = match word.as_deref() {
        Some("public") => Visible::Public,
        Some("private") => Visible::Private,
        Some("committed") => Visible::Committed,
        _ => {
            report.add(
                Place::of(value),
                format!("`{key}` is `{}`", check::text(value)),
                "expected `public`, `private` or `committed`",
            );
            return;
        }
    };
}

fn range(value: &Expr, report: &mut Report) -> Option<Range> {
    let place = Place::of(value);
    let Expr::Range(ExprRange { start, limits, end, .. }) = value else {
        report.add(
            place,
            "`range` is no range",
            "expected the least and the greatest value of the input, as in `0..=255`",
        );
        return None;
    };
    let (Some(start), Some(end)) = (start, end) else {
        report.add(place, "this range is open", "expected both ends, as in `0..=255`");
        return None;
    };
    if let RangeLimits::HalfOpen(dots) = limits {
        report.add(Place::of(dots), "this range leaves out its end", "write `..=`: both ends are values of the input");
        return None;
    }
    let range = match (syntax::literal(start), syntax::literal(end)) {
        (Some(Literal::Int(lo)), Some(Literal::Int(hi))) => Range::Whole(lo, hi),
        (Some(Literal::Float(lo)), Some(Literal::Float(hi))) => Range::Real(lo, hi),
        (Some(Literal::Int(_)), Some(Literal::Float(_))) | (Some(Literal::Float(_)), Some(Literal::Int(_))) => {
            report.add(
                place,
                "one end of this range is whole, the other is not",
                "write both with a point for reals, or both without for whole numbers",
            );
            return None;
        }
        _ => {
            report.add(place, "the ends of this range are no literals", "write them as numbers, as in `0..=255`");
            return None;
        }
    };
    match Graph::new("range", Shape::new([1])).with_range(range) {
        Ok(_) => Some(range),
        Err(error) => {
            report.add(place, error.to_string(), "");
            None
        }
    }
}

fn method(value: &Expr, report: &mut Report) -> Option<Ident> {
    let name = syntax::ident(value);
    if name.is_none() {
        report.add(
            Place::of(value),
            format!("`forward` is `{}`", check::text(value)),
            "expected the name of a method, as in `forward = classify`",
        );
    }
    name
}

fn path(key: &Ident, value: &Expr, format: Format, report: &mut Report) -> Option<(Format, LitStr)> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some((format, path.clone())),
        _ => {
            let help = format!("expected a path from this source file, as in `{key} = \"lenet.{key}\"`");
            report.add(Place::of(value), format!("`{key}` is no string"), help);
            None
        }
    }
}

fn flag(key: &Ident, value: &Expr, report: &mut Report) -> Option<(Ident, bool)> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Some((key.clone(), flag.value)),
        _ => {
            let found = format!("`{key}` is `{}`", check::text(value));
            report.add(Place::of(value), found, "expected `true` or `false`");
            None
        }
    }
}

fn type_name(value: &Expr, report: &mut Report) -> Option<Ident> {
    let text = match value {
        Expr::Lit(l) => match &l.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    let Some(text) = text else {
        report.add(Place::of(value), "`name` is no string", "expected the name of the type, as in `name = \"LeNet\"`");
        return None;
    };
    match syn::parse_str::<Ident>(&text) {
        Ok(mut name) => {
            name.set_span(value.span());
            Some(name)
        }
        Err(_) => {
            report.add(
                Place::of(value),
                format!("`{text}` can't name a type"),
                "expected an identifier, as in `name = \"LeNet\"`",
            );
            None
        }
    }
}
