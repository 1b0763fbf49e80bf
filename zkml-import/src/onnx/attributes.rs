//! The attributes of a node: each is asked for by name, and those that nobody asked for are a mistake.

use std::cell::RefCell;

use zkml_core::error::Origin;

use super::proto::{Attribute, AttributeValue, Node, Tensor};
use crate::error::ImportError;

/// The attributes of one node.
pub(super) struct Attributes<'n, 'a> {
    all: &'n [Attribute<'a>],
    taken: RefCell<Vec<bool>>,
    origin: Origin,
}

impl<'n, 'a> Attributes<'n, 'a> {
    pub(super) fn new(node: &'n Node<'a>, origin: &Origin) -> Self {
        let taken = RefCell::new(vec![false; node.attributes.len()]);
        Self { all: &node.attributes, taken, origin: origin.clone() }
    }

    fn get<T>(
        &self,
        name: &str,
        what: &str,
        f: impl Fn(&'n AttributeValue<'a>) -> Option<T>,
    ) -> Result<Option<T>, ImportError> {
        let Some(index) = self.all.iter().position(|a| a.name == name) else { return Ok(None) };
        self.taken.borrow_mut()[index] = true;
        match f(&self.all[index].value) {
            Some(value) => Ok(Some(value)),
            None => Err(ImportError::malformed(&self.origin, format!("an attribute `{name}` of another type"), what)),
        }
    }

    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, ImportError> {
        self.get(name, "a whole number", |value| match value {
            AttributeValue::Int(value) => Some(*value),
            _ => None,
        })
    }

    /// A whole number that says yes or no.
    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, ImportError> {
        Ok(self.int(name)?.map_or(default, |v| v != 0))
    }

    pub(super) fn float(&self, name: &str, default: f64) -> Result<f64, ImportError> {
        let value = self.get(name, "a number", |value| match value {
            AttributeValue::Float(value) => Some(shortest(*value)),
            _ => None,
        })?;
        match value.unwrap_or(default) {
            value if value.is_nan() => {
                Err(ImportError::malformed(&self.origin, format!("`{name}` of NaN"), "a number"))
            }
            value => Ok(value),
        }
    }

    /// The float, if it is there.
    pub(super) fn float_if(&self, name: &str) -> Result<Option<f64>, ImportError> {
        if self.all.iter().any(|a| a.name == name) { self.float(name, 0.0).map(Some) } else { Ok(None) }
    }

    pub(super) fn text(&self, name: &str, default: &'a str) -> Result<&'a str, ImportError> {
        Ok(self
            .get(name, "a text", |value| match value {
                AttributeValue::Text(value) => Some(*value),
                _ => None,
            })?
            .unwrap_or(default))
    }

    pub(super) fn ints(&self, name: &str) -> Result<Option<&'n [i64]>, ImportError> {
        self.get(name, "whole numbers", |value| match value {
            AttributeValue::Ints(value) => Some(value.as_slice()),
            // An empty list has no type in old files.
            AttributeValue::Floats(value) if value.is_empty() => Some(&[][..]),
            _ => None,
        })
    }

    pub(super) fn floats(&self, name: &str) -> Result<Option<&'n [f32]>, ImportError> {
        self.get(name, "numbers", |value| match value {
            AttributeValue::Floats(value) => Some(value.as_slice()),
            _ => None,
        })
    }

    pub(super) fn tensor(&self, name: &str) -> Result<Option<&'n Tensor<'a>>, ImportError> {
        self.get(name, "a tensor", |value| match value {
            AttributeValue::Tensor(value) => Some(&**value),
            _ => None,
        })
    }

    /// Marks an attribute that has no influence.
    pub(super) fn ignore(&self, name: &str) {
        for (taken, attribute) in self.taken.borrow_mut().iter_mut().zip(self.all) {
            *taken |= attribute.name == name;
        }
    }

    /// Marks all attributes: they were asked for elsewhere.
    pub(super) fn ignore_all(&self) {
        self.taken.borrow_mut().fill(true);
    }

    /// Nothing may be left that nobody asked for, or stand twice.
    pub(super) fn finish(&self) -> Result<(), ImportError> {
        match self.all.iter().zip(self.taken.borrow().iter()).find(|(_, taken)| !**taken) {
            Some((attribute, _)) => Err(ImportError::unsupported(
                &self.origin,
                format!("attribute `{}`", attribute.name),
                "only attributes of the operator, each once",
            )),
            None => Ok(()),
        }
    }
}

/// The number that was written: `0.1` and not the 32-bit float next to it.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
