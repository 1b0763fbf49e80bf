//! Weights: where a file holds those of each layer.
//!
//! Legacy files list the weights of each layer of the outermost model in the attribute `weight_names`; those of a model
//! in the model are listed with it, trainable ones first, under names that end in `layer/weight`.
//! Archives number them: `layers/conv2d_1/vars/0` is the first weight of the second `Conv2D` in the order of the
//! description, and newer versions write the layer's name beside it.

use std::collections::BTreeMap;

use zkml_core::tensor::Tensor;

use super::{
    archive::{Archive, Kind, Store},
    config::Network,
    fault::{LayerRef, malformed, misuse},
};
use crate::error::ImportError;

/// The group of a legacy file that holds the weights.
const LEGACY_ROOT: &str = "model_weights";
/// The group of an archive that holds a model's layers, and its name in the first version of the format.
const ARCHIVE_ROOTS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];

/// The weights of the layers of one model.
pub(super) struct Shelf<'s> {
    store: &'s Store,
    place: Place,
}

enum Place {
    /// The groups of an archive, by the name of the layer.
    Groups(BTreeMap<String, String>),
    /// The outermost model of a legacy file.
    Legacy,
    /// A model in a legacy file's model: the paths of all its weights by their names, and the names of the models that
    /// lead to it, from within the outermost.
    Listed { weights: Vec<(String, String)>, chain: Vec<String> },
}

impl<'s> Shelf<'s> {
    /// The weights of the outermost model.
    pub(super) fn new(archive: &'s Archive, network: &Network<'_>) -> Result<Self, ImportError> {
        let store = &archive.store;
        let place = match archive.kind {
            Kind::Legacy => Place::Legacy,
            Kind::Archive => Place::Groups(groups(store, "", network)?),
        };
        Ok(Self { store, place })
    }

    /// The weights of a model that is one of the layers.
    pub(super) fn inner(&self, layer: &LayerRef, network: &Network<'_>) -> Result<Self, ImportError> {
        let place = match &self.place {
            Place::Groups(known) => match known.get(&layer.name) {
                Some(path) => Place::Groups(groups(self.store, path, network)?),
                None => Place::Groups(BTreeMap::new()),
            },
            Place::Legacy => Place::Listed { weights: self.listed(&layer.name)?, chain: vec![layer.name.clone()] },
            Place::Listed { weights, chain } => {
                let mut chain = chain.clone();
                chain.push(layer.name.clone());
                Place::Listed { weights: weights.clone(), chain }
            }
        };
        Ok(Self { store: self.store, place })
    }

    /// The weights of a layer, which must be exactly those, in that order; `silent` more are left unread.
    pub(super) fn take(&self, layer: &LayerRef, names: &[&str], silent: usize) -> Result<Vec<Tensor>, ImportError> {
        let paths = match &self.place {
            Place::Groups(known) => match known.get(&layer.name) {
                Some(path) => numbered(self.store, &format!("{path}/vars"))?,
                None => vec![],
            },
            Place::Legacy => self.listed(&layer.name)?.into_iter().map(|(_, path)| path).collect(),
            Place::Listed { weights, chain } => within(weights, chain, &layer.name),
        };
        if paths.is_empty() {
            let reason = format!("it has no weights in the file, expected {}", names.join(", "));
            return Err(misuse(layer, reason).help("build the model (call it once) before saving it"));
        }
        if !(names.len()..=names.len() + silent).contains(&paths.len()) {
            let found = format!("it has {} weights in the file", paths.len());
            return Err(misuse(layer, format!("{found}, expected {}: {}", names.len(), names.join(", "))));
        }
        paths.iter().take(names.len()).map(|path| self.store.tensor(path)).collect()
    }

    /// A layer's `weight_names` in a legacy file, with their paths.
    fn listed(&self, layer: &str) -> Result<Vec<(String, String)>, ImportError> {
        let group = format!("{LEGACY_ROOT}/{layer}");
        let names = self.store.strings(&group, "weight_names")?.unwrap_or_default();
        Ok(names.into_iter().map(|name| (name.clone(), format!("{group}/{name}"))).collect())
    }
}

/// The group of each layer of a model of an archive.
fn groups(store: &Store, model: &str, network: &Network<'_>) -> Result<BTreeMap<String, String>, ImportError> {
    let present = store.groups(model)?;
    let Some(root) = ARCHIVE_ROOTS.iter().find(|root| present.iter().any(|group| group == *root)) else {
        return Ok(BTreeMap::new());
    };
    let root = if model.is_empty() { (*root).to_owned() } else { format!("{model}/{root}") };
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    let mut unnamed: Vec<String> = Vec::new();
    for group in store.groups(&root)? {
        let path = format!("{root}/{group}");
        let vars = format!("{path}/vars");
        let name = match store.groups(&path)?.iter().any(|g| g == "vars") {
            true => store.text(&vars, "name")?,
            false => None,
        };
        match name {
            Some(name) => drop(by_name.entry(name).or_insert(path)),
            None => unnamed.push(group),
        }
    }
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for entry in network.layers.iter().filter(|entry| !entry.operation) {
        let class = snake_case(&entry.layer.class);
        let number = numbers.entry(class.clone()).or_default();
        let group = if *number == 0 { class } else { format!("{class}_{number}") };
        *number += 1;
        let path = by_name.get(&entry.layer.name).cloned();
        if let Some(path) = path.or_else(|| unnamed.contains(&group).then(|| format!("{root}/{group}"))) {
            found.insert(entry.layer.name.clone(), path);
        }
    }
    Ok(found)
}

/// The datasets `0`, `1`, .. of a group.
fn numbered(store: &Store, group: &str) -> Result<Vec<String>, ImportError> {
    let present = store.datasets(group)?;
    let count = (0..present.len()).take_while(|i| present.contains(&i.to_string())).count();
    if count != present.len() {
        return Err(malformed(format!("group `{group}` holds {}, expected 0, 1, ..", present.join(", "))));
    }
    Ok((0..count).map(|i| format!("{group}/{i}")).collect())
}

/// Those of a nested model's weights that are a layer's: their names end in the layer's name and the weight's, with as
/// many of the enclosing models' names in front as match.
fn within(weights: &[(String, String)], chain: &[String], layer: &str) -> Vec<String> {
    for skip in 0..=chain.len() {
        let mut end = chain[skip..].to_vec();
        end.push(layer.to_owned());
        let end = end.join("/");
        let of_layer = |name: &str| {
            name.rsplit_once('/').is_some_and(|(owner, _)| owner == end || owner.ends_with(&format!("/{end}")))
        };
        let paths: Vec<String> = weights.iter().filter(|(name, _)| of_layer(name)).map(|(_, p)| p.clone()).collect();
        if !paths.is_empty() {
            return paths;
        }
    }
    vec![]
}

/// The name of a class as Keras writes it in paths: `MaxPooling2D` is `max_pooling2d`, `PReLU` is `p_re_lu`.
fn snake_case(class: &str) -> String {
    let chars: Vec<char> = class.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut name = String::new();
    for (i, c) in chars.iter().enumerate() {
        let follows_lower = i > 0 && chars[i - 1].is_ascii_lowercase();
        let starts_word = i > 0 && chars.get(i + 1).is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && (follows_lower || starts_word) && !name.ends_with('_') {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_written_as_keras_does() {
        for (class, name) in [
            ("Dense", "dense"),
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("DepthwiseConv2D", "depthwise_conv2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("BatchNormalization", "batch_normalization"),
            ("ReLU", "re_lu"),
            ("PReLU", "p_re_lu"),
            ("LeakyReLU", "leaky_re_lu"),
            ("ELU", "elu"),
            ("InputLayer", "input_layer"),
            ("ZeroPadding2D", "zero_padding2d"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }

    #[test]
    fn a_nested_layer_is_found_by_the_longest_chain_of_names() {
        let weights: Vec<(String, String)> = ["outer/d/kernel", "inner/d/kernel", "d/bias:0"]
            .iter()
            .map(|name| ((*name).to_owned(), format!("at {name}")))
            .collect();
        let chain = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(within(&weights, &chain(&["mid", "inner"]), "d"), ["at inner/d/kernel"]);
        assert_eq!(within(&weights, &chain(&["mid", "outer"]), "d"), ["at outer/d/kernel"]);
        assert_eq!(within(&weights, &chain(&["mid"]), "d").len(), 3);
        assert_eq!(within(&weights, &chain(&["mid"]), "x").len(), 0);
    }
}
