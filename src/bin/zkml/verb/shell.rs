//! `zkml completions` and `zkml man`: what shells and manuals know of the command.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{
    error::{Error, reason},
    files,
    out::Out,
};

#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Args, Debug)]
pub struct Man {
    /// The folder for a page of the command and one of each verb; without, the page of the command is printed
    folder: Option<PathBuf>,
}

/// Prints completions for a shell.
pub fn completions(arguments: &Completions, mut command: Command) -> Result<(), Error> {
    let mut script = vec![];
    clap_complete::generate(arguments.shell, &mut command, "zkml", &mut script);
    print(&script)
}

/// Prints the manual page, or writes all of them.
pub fn man(arguments: &Man, mut command: Command, out: &Out) -> Result<(), Error> {
    command.build();
    let Some(folder) = &arguments.folder else {
        return print(&page(command, Path::new("the page"))?);
    };
    let mut written = vec![];
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    let pages = std::iter::once(("zkml.1".to_owned(), &command))
        .chain(verbs.map(|verb| (format!("zkml-{}.1", verb.get_name()), verb)));
    for (name, command) in pages {
        let path = folder.join(name);
        files::save(&path, &page(command.clone(), &path)?)?;
        written.push(path);
    }
    out.show(&serde_json::json!({ "files": written }), || {
        written.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn page(command: Command, path: &Path) -> Result<Vec<u8>, Error> {
    let mut text = vec![];
    clap_mangen::Man::new(command).render(&mut text).map_err(|e| Error::file(path, "write", reason(&e)))?;
    Ok(text)
}

fn print(bytes: &[u8]) -> Result<(), Error> {
    match std::io::stdout().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::file("the standard output", "write", reason(&error)))
        }
        _ => Ok(()),
    }
}
