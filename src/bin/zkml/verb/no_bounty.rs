//! `zkml bounty`, where it was not compiled in: says how to have it.

use std::ffi::OsString;

use clap::Args;

use crate::{error::Error, out::Out, project::Project};

#[derive(Args, Debug)]
pub struct Arguments {
    /// Whatever is asked for
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<OsString>,
}

pub fn run(_: &Arguments, _: Project, _: &Out) -> Result<(), Error> {
    let why = "this `zkml` was built without bounties: it needs the feature `bounty`, and Rust 1.91 or newer; install it with \
               `cargo install --path . --features cli,bounty`";
    Err(Error::Usage(why.to_owned()))
}
