//! Names of layers: the error of an unknown one suggests the nearest.

use super::CARDS;
use crate::error::{Culprit, LayerError};

/// Error of an unknown layer, with the nearest name.
pub(super) fn unknown(name: &str) -> LayerError {
    let names: Vec<&str> = CARDS.iter().map(|c| c.name).collect();
    let error = LayerError {
        culprit: Culprit::Layer,
        message: format!("unknown layer `{name}`"),
        help: Some("all layers are listed in `zkml::layer`".to_owned()),
    };
    match nearest(name, &names) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// The candidate that is few edits away from `name`, if one is.
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let squash = |s: &str| s.replace('_', "").to_lowercase();
    let name = squash(name);
    candidates
        .iter()
        .map(|c| (edits(&name, &squash(c)), *c))
        .filter(|(d, c)| *d <= (c.len() / 3).max(1))
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// The Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_gets_the_nearest_name() {
        assert_eq!(nearest("maxpool2d", &["max_pool2d", "relu"]), Some("max_pool2d"));
        assert_eq!(nearest("denze", &["max_pool2d", "dense"]), Some("dense"));
        assert_eq!(nearest("transformer", &["max_pool2d", "dense"]), None);
    }
}
