//! Serialization of layers: the name and the arguments.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AnyLayer, Args, Literal};

/// Serialized layer: its name and its arguments, which are parsed and checked when it is read.
#[derive(Serialize, Deserialize)]
struct NamedArgs {
    layer: String,
    args: Vec<(String, Literal)>,
}

impl Serialize for AnyLayer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NamedArgs {
            layer: self.card().name.to_owned(),
            args: self.args().into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AnyLayer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = NamedArgs::deserialize(deserializer)?;
        let mut args = Args::new();
        for (name, value) in named.args {
            args.push(Some(name), value);
        }
        Self::parse(&named.layer, args).map_err(serde::de::Error::custom)
    }
}
