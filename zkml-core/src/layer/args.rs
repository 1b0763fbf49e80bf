//! Arguments of layers: literals, named but for the obvious one.

use serde::{Deserialize, Serialize};

use super::{Card, nearest};
use crate::error::LayerError;

/// A literal as written in a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// A bare word or a string, such as `same`.
    Word(String),
    /// Several whole numbers, such as `[1, 2]`.
    List(Vec<i64>),
}

impl Literal {
    /// What it is, for messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Bool(b) => format!("`{b}`"),
            Self::Int(i) => format!("`{i}`"),
            Self::Float(x) => format!("`{x:?}`"),
            Self::Word(w) => format!("`{w}`"),
            Self::List(l) => format!("`{l:?}`"),
        }
    }
}

impl From<usize> for Literal {
    fn from(n: usize) -> Self {
        Self::Int(n as i64)
    }
}
impl From<f64> for Literal {
    fn from(x: f64) -> Self {
        Self::Float(x)
    }
}
impl From<bool> for Literal {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<&str> for Literal {
    fn from(w: &str) -> Self {
        Self::Word(w.to_owned())
    }
}
impl From<[usize; 2]> for Literal {
    fn from(l: [usize; 2]) -> Self {
        Self::List(l.iter().map(|d| *d as i64).collect())
    }
}

/// The arguments of one layer, in the order written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    entries: Vec<(Option<String>, Literal)>,
}

/// The largest whole number an argument may be.
const MAX: i64 = 1 << 28;

impl Args {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an argument; without a name it is the layer's first.
    pub fn push(&mut self, name: Option<String>, value: Literal) {
        self.entries.push((name, value));
    }

    /// The same arguments and one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Literal>) -> Self {
        self.push(Some(name.to_owned()), value.into());
        self
    }

    /// Gives the unnamed argument its name, and refuses unknown, duplicate and missing names.
    ///
    /// # Errors
    /// As said.
    pub fn check(&mut self, card: &Card) -> Result<(), LayerError> {
        let names: Vec<&str> = card.args.iter().map(|a| a.name).collect();
        let list = || match names.as_slice() {
            [] => format!("`{}` takes no arguments", card.name),
            _ => format!("`{}` takes {}", card.name, names.join(", ")),
        };
        let mut seen: Vec<String> = Vec::new();
        for (i, (name, value)) in self.entries.iter_mut().enumerate() {
            let named = match name {
                Some(n) => n.clone(),
                None if i == 0 && !names.is_empty() => names[0].to_owned(),
                None => {
                    return Err(LayerError::call(format!("unnamed argument {}", value.describe()))
                        .help(format!("only the first argument may go unnamed; {}", list())));
                }
            };
            if !names.contains(&named.as_str()) {
                let help = match nearest(&named, &names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => list(),
                };
                return Err(LayerError::argument(&named, format!("unknown argument `{named}`")).help(help));
            }
            if seen.contains(&named) {
                return Err(LayerError::argument(&named, format!("argument `{named}` is given twice"))
                    .help("remove one of them"));
            }
            seen.push(named.clone());
            *name = Some(named);
        }
        for arg in card.args.iter().filter(|a| a.default.is_none()) {
            if !seen.iter().any(|s| s == arg.name) {
                return Err(LayerError::call(format!("missing argument `{}` of `{}`", arg.name, card.name))
                    .help(format!("add `{} = ..`, {}", arg.name, arg.takes)));
            }
        }
        Ok(())
    }

    /// The argument of that name, if given.
    pub fn get(&self, name: &str) -> Option<&Literal> {
        self.entries.iter().find(|(n, _)| n.as_deref() == Some(name)).map(|(_, v)| v)
    }

    fn whole(name: &str, value: i64, min: usize) -> Result<usize, LayerError> {
        if value < min as i64 || value > MAX {
            return Err(LayerError::argument(name, format!("`{name}` is {value}, expected {min} to {MAX}")));
        }
        Ok(value as usize)
    }

    /// A whole number of at least `min`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn usize(&self, name: &str, min: usize, default: Option<usize>) -> Result<usize, LayerError> {
        match (self.get(name), default) {
            (Some(Literal::Int(i)), _) => Self::whole(name, *i, min),
            (Some(other), _) => {
                Err(LayerError::argument(name, format!("`{name}` is {}, expected a whole number", other.describe())))
            }
            (None, Some(default)) => Ok(default),
            (None, None) => Err(LayerError::call(format!("missing argument `{name}`"))),
        }
    }

    /// One whole number for both axes, or `[height, width]`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn height_width(&self, name: &str, min: usize, default: Option<[usize; 2]>) -> Result<[usize; 2], LayerError> {
        match (self.get(name), default) {
            (Some(Literal::Int(i)), _) => Self::whole(name, *i, min).map(|n| [n, n]),
            (Some(Literal::List(l)), _) if l.len() == 2 => {
                Ok([Self::whole(name, l[0], min)?, Self::whole(name, l[1], min)?])
            }
            (Some(other), _) => Err(LayerError::argument(
                name,
                format!("`{name}` is {}, expected a whole number or `[height, width]`", other.describe()),
            )),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(LayerError::call(format!("missing argument `{name}`"))),
        }
    }

    /// Whole numbers.
    ///
    /// # Errors
    /// If it is something else.
    pub fn list(&self, name: &str, min: usize) -> Result<Vec<usize>, LayerError> {
        match self.get(name) {
            Some(Literal::List(l)) => l.iter().map(|i| Self::whole(name, *i, min)).collect(),
            Some(Literal::Int(i)) => Ok(vec![Self::whole(name, *i, min)?]),
            Some(other) => Err(LayerError::argument(
                name,
                format!("`{name}` is {}, expected a list of whole numbers", other.describe()),
            )),
            None => Err(LayerError::call(format!("missing argument `{name}`"))),
        }
    }

    /// A whole number, which may be below zero.
    ///
    /// # Errors
    /// If it is something else.
    pub fn signed(&self, name: &str, default: Option<i64>) -> Result<i64, LayerError> {
        match (self.get(name), default) {
            (Some(Literal::Int(i)), _) => Ok(*i),
            (Some(other), _) => {
                Err(LayerError::argument(name, format!("`{name}` is {}, expected a whole number", other.describe())))
            }
            (None, Some(default)) => Ok(default),
            (None, None) => Err(LayerError::call(format!("missing argument `{name}`"))),
        }
    }

    /// One or more whole numbers, which may be below zero.
    ///
    /// # Errors
    /// If it is something else, or an empty list.
    pub fn signed_list(&self, name: &str) -> Result<Vec<i64>, LayerError> {
        match self.get(name) {
            Some(Literal::Int(i)) => Ok(vec![*i]),
            Some(Literal::List(l)) if !l.is_empty() => Ok(l.clone()),
            Some(other) => Err(LayerError::argument(
                name,
                format!("`{name}` is {}, expected a list of whole numbers", other.describe()),
            )),
            None => Err(LayerError::call(format!("missing argument `{name}`"))),
        }
    }

    /// One of these words; the first, if none is given.
    ///
    /// # Errors
    /// If it is something else.
    pub fn word(&self, name: &str, words: &[&'static str]) -> Result<&'static str, LayerError> {
        let list = || words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or ");
        let found = match self.get(name) {
            None => return Ok(words.first().copied().unwrap_or_default()),
            Some(Literal::Word(word)) => words.iter().find(|w| *w == word),
            Some(_) => None,
        };
        found.copied().ok_or_else(|| {
            let found = self.get(name).map(Literal::describe).unwrap_or_default();
            LayerError::argument(name, format!("`{name}` is {found}, expected {}", list()))
        })
    }

    /// A finite number.
    ///
    /// # Errors
    /// If it is something else.
    pub fn float(&self, name: &str, default: Option<f64>) -> Result<f64, LayerError> {
        match (self.get(name), default) {
            (Some(Literal::Float(x)), _) if x.is_finite() => Ok(*x),
            (Some(Literal::Int(i)), _) => Ok(*i as f64),
            (Some(other), _) => {
                Err(LayerError::argument(name, format!("`{name}` is {}, expected a finite number", other.describe())))
            }
            (None, Some(default)) => Ok(default),
            (None, None) => Err(LayerError::call(format!("missing argument `{name}`"))),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// If it is something else.
    pub fn bool(&self, name: &str, default: bool) -> Result<bool, LayerError> {
        match self.get(name) {
            Some(Literal::Bool(b)) => Ok(*b),
            Some(other) => {
                Err(LayerError::argument(name, format!("`{name}` is {}, expected `true` or `false`", other.describe())))
            }
            None => Ok(default),
        }
    }
}
