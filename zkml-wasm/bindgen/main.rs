//! `zkml-bindgen INPUT.wasm FOLDER`: what the command `wasm-bindgen --target web` does, without what else that command can do.

use std::{env, error::Error, path::PathBuf};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, folder] = arguments.as_slice() else { return Err("usage: zkml-bindgen INPUT.wasm FOLDER".into()) };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("zkml").typescript(true).omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.web(true)?.generate(folder)?;
    Ok(())
}
