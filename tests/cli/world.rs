//! Projects in folders of their own, and the process that works on them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;

/// A folder that is removed when it is dropped.
pub struct World {
    pub folder: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A file of the repository.
pub fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The digits that ship: 64 values of 0 to 16, and the label.
pub fn digits() -> Vec<String> {
    let text = fs::read_to_string(shipped("examples/digits/digits-uci.csv")).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The values of a digit, and its label.
pub fn digit(row: usize) -> (Vec<f64>, usize) {
    let mut values: Vec<f64> = digits()[row].split(',').map(|x| x.parse().unwrap()).collect();
    let label = values.pop().unwrap();
    (values, label as usize)
}

fn temporary() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Copies all files of a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap().path();
        let target = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            fs::copy(&entry, &target).unwrap();
        }
    }
}

impl World {
    /// A folder with the model and some digits.
    pub fn new() -> Self {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let world = Self { folder: temporary().join(format!("cli-{}-{number}", std::process::id())) };
        fs::create_dir_all(&world.folder).unwrap();
        fs::copy(shipped("zkml-import/tests/onnx/digits.onnx"), world.folder.join("digits.onnx")).unwrap();
        let digits = digits();
        world.write("samples.csv", digits[..20].join("\n").as_bytes());
        world.write("test.csv", digits[1200..1204].join("\n").as_bytes());
        world
    }

    /// With a project file, whose samples are in the range of pixels; these are replaced in it.
    pub fn project(init: &[&str], replaced: &[(&str, &str)]) -> Self {
        let world = Self::new();
        world.passes(&[&["init", "digits.onnx", "--samples", "samples.csv"], init].concat());
        world.edit(&[("# range = [0.0, 1.0]", "range = [0, 16]"), ("time_limit = 60.0", "tries = 40")]);
        world.edit(&[("# test = \"test\"", "test = \"test.csv\"")]);
        world.edit(replaced);
        world
    }

    /// A copy of a project with a plan and keys, which are made once.
    pub fn ready() -> Self {
        static BASE: OnceLock<PathBuf> = OnceLock::new();
        let base = BASE.get_or_init(|| {
            let base = temporary().join("cli-base");
            let _ = fs::remove_dir_all(&base);
            let world = Self::project(&[], &[]);
            world.passes(&["quantize"]);
            world.passes(&["setup"]);
            copy(&world.folder, &base);
            base
        });
        let world = Self::new();
        copy(base, &world.folder);
        world
    }

    /// A project on a network of two dense layers, with a plan, keys, a commitment to the weights and a proof, made once.
    pub fn small() -> Self {
        static BASE: OnceLock<World> = OnceLock::new();
        let base = BASE.get_or_init(|| {
            let world = Self::small_public();
            world.edit(&[("weights = \"public\"", "weights = \"committed\"")]);
            world.passes(&["setup", "--force"]);
            world.passes(&["commit", "weights"]);
            world.passes(&["prove", "input.csv"]);
            world
        });
        let world = Self::new();
        world.copy(&base.folder);
        world
    }

    /// As [`small`](Self::small), with public weights, and without what is made of the plan but keys.
    pub fn small_public() -> Self {
        let world = Self::new();
        fs::copy(shipped("zkml-import/tests/onnx/inputs.onnx"), world.path("small.onnx")).unwrap();
        world.write("samples.csv", b"1,2,3\n0,5,1\n4,4,0\n");
        world.write("input.csv", b"1,2,3\n");
        world.passes(&["init", "small.onnx", "--samples", "samples.csv"]);
        world.edit(&[("# range = [0.0, 1.0]", "range = [0, 8]"), ("time_limit = 60.0", "tries = 10")]);
        world.passes(&["quantize"]);
        world.passes(&["setup"]);
        world
    }

    /// Takes all files of another folder.
    pub fn copy(&self, folder: &Path) {
        copy(folder, &self.folder);
    }

    /// Replaces parts of the project file, which must be there.
    pub fn edit(&self, replaced: &[(&str, &str)]) {
        let mut text = self.text("zkml.toml");
        for (from, to) in replaced {
            assert!(text.contains(from), "{from} in {text}");
            text = text.replace(from, to);
        }
        self.write("zkml.toml", text.as_bytes());
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The process, not started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("zkml"));
        command.args(arguments).current_dir(&self.folder).env("COLUMNS", "100");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it prints, where it must succeed.
    pub fn passes(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON that it prints, in one line, where it must succeed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.passes(&[arguments, &["--json"]].concat());
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {text}"))
    }

    /// What it says, where it must fail with that exit code; the JSON of the error has the same.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(&[arguments, &["--json"]].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        let value: Value = serde_json::from_str(error.trim()).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {error}"));
        assert_eq!(value["error"]["code"], code);
        value["error"]["message"].as_str().unwrap().to_owned()
    }

    /// Compares a text with what is stored under that name, but for times, digests and folders; `ZKML_BLESS=1` stores it.
    pub fn snapshot(&self, name: &str, text: &str) {
        let path = shipped("tests/cli/snapshots").join(format!("{name}.txt"));
        let text = self.neutral(text);
        if std::env::var_os("ZKML_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(stored, text, "{} differs; if that is meant, run with ZKML_BLESS=1", path.display());
    }

    fn neutral(&self, text: &str) -> String {
        let text = text.replace(&*self.folder.to_string_lossy(), "FOLDER");
        text.lines().map(|line| neutral_line(line) + "\n").collect()
    }
}

/// A line without times and digests. Columns are as wide as they need to be: one blank stands for several.
fn neutral_line(line: &str) -> String {
    let mut words: Vec<String> = vec![];
    for word in line.split_whitespace() {
        let bare = word.trim_end_matches([',', ':', ';']);
        let end = &word[bare.len()..];
        let hex = bare.trim_start_matches("0x").trim_end_matches('.');
        if hex.len() >= 8 && hex.bytes().all(|c| c.is_ascii_hexdigit()) && hex.bytes().any(|c| c.is_ascii_alphabetic())
        {
            words.push(format!("HEX{end}"));
        } else if matches!(bare, "us" | "ms" | "s" | "min") && words.last().is_some_and(|w| w.parse::<f64>().is_ok()) {
            words.pop();
            words.push(format!("TIME{end}"));
        } else {
            words.push(word.to_owned());
        }
    }
    let indent = line.len() - line.trim_start().len();
    format!("{}{}", " ".repeat(indent), words.join(" "))
}
