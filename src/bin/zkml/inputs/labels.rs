//! Labels in a file of their own: a list, in the order of the inputs; or a label for each name.

use std::{collections::BTreeMap, path::Path};

use super::{Sample, array, ending, label};
use crate::{error::Error, files};

/// What a file says of labels.
enum Labels {
    /// One after the other.
    List(Vec<usize>),
    /// By the names of inputs.
    Named(BTreeMap<String, usize>),
}

/// Gives inputs the labels of a file. A list that is longer than the inputs is of numbered ones: an input `800` has the label 800.
pub fn attach(path: &Path, samples: &mut [Sample]) -> Result<(), Error> {
    let bytes = files::read(path)?;
    let labels = match ending(path).as_deref() {
        Some("json") => of_json(&bytes),
        Some("csv") => of_table(&bytes),
        Some("npy") => array::read(&bytes)
            .and_then(|(_, data)| data.into_iter().map(label).collect::<Result<_, _>>())
            .map(Labels::List),
        _ => Err("labels are read from `.json`, `.csv` and `.npy` files".to_owned()),
    };
    let labels = labels.map_err(|reason| Error::input(path, reason))?;
    let count = samples.len();
    for (i, sample) in samples.iter_mut().enumerate() {
        let found = match &labels {
            Labels::List(list) if list.len() == count => list.get(i),
            Labels::List(list) => sample.name.parse::<usize>().ok().and_then(|number| list.get(number)),
            Labels::Named(names) => names.get(&sample.name),
        };
        let Some(found) = found else {
            let what = match &labels {
                Labels::List(list) => format!("it has {} labels for {count} inputs", list.len()),
                Labels::Named(_) => "it names other inputs".to_owned(),
            };
            return Err(Error::input(path, format!("{what}: there is none for `{}`", sample.name)));
        };
        sample.label = Some(*found);
    }
    Ok(())
}

fn of_json(bytes: &[u8]) -> Result<Labels, String> {
    let wrong = |e: serde_json::Error| format!("it is neither a list of labels nor an object of them by name: {e}");
    if bytes.iter().find(|c| !c.is_ascii_whitespace()) == Some(&b'{') {
        return serde_json::from_slice(bytes).map(Labels::Named).map_err(wrong);
    }
    serde_json::from_slice(bytes).map(Labels::List).map_err(wrong)
}

fn of_table(bytes: &[u8]) -> Result<Labels, String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(bytes);
    let (mut list, mut named) = (vec![], BTreeMap::new());
    for (i, row) in reader.records().enumerate() {
        let row = row.map_err(|e| format!("line {}: {e}", i + 1))?;
        let cells: Vec<&str> = row.iter().collect();
        let (name, cell) = match cells[..] {
            [cell] => (None, cell),
            [name, cell] => (Some(name), cell),
            _ => return Err(format!("line {}: {} columns, expected a label, or a name and a label", i + 1, row.len())),
        };
        let Ok(number) = cell.parse::<f64>() else {
            if i == 0 {
                continue;
            }
            return Err(format!("line {}: found `{}`, expected a label", i + 1, cell.escape_debug()));
        };
        let number = label(number).map_err(|e| format!("line {}: {e}", i + 1))?;
        match name {
            None => list.push(number),
            Some(name) => {
                // By the name of the file or without its ending.
                let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
                named.insert(stem, number);
            }
        }
    }
    Ok(if named.is_empty() { Labels::List(list) } else { Labels::Named(named) })
}
