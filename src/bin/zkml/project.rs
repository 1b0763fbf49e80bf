//! The project file `zkml.toml`: the model, its samples, who sees what, the target, and where results go.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use zkml::{
    graph::{Range, Visibility, Visible},
    plan::Target,
    prove::{ProofSystem, Rates},
};

use crate::{
    error::{Error, reason},
    files::{self, Lock},
    out::Out,
    registered::in_use,
    system::System,
};

/// What a project file says. What it leaves out is as here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The model's file.
    pub model: Option<PathBuf>,
    /// Inputs to calibrate with: files, or folders of files.
    pub samples: Paths,
    /// Inputs with labels, to judge with; the samples where there are none.
    pub test: Paths,
    /// The labels of `test`, where they are in a file of their own.
    pub labels: Option<PathBuf>,
    /// The proof system.
    pub system: System,
    /// The folder for what verbs make.
    pub outputs: PathBuf,
    /// What `zkml calibrate` measured of this machine.
    pub rates: Option<PathBuf>,
    /// What the model answers.
    pub answer: Answer,
    /// How inputs are taken.
    pub input: Input,
    /// Who sees what.
    pub visibility: Who,
    /// What the plan must reach.
    pub target: Wanted,
    /// Bounties: where they are, and what this one offers.
    #[cfg_attr(not(feature = "bounty"), allow(dead_code, reason = "a project file is one of either build"))]
    pub bounty: Bounty,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: None,
            samples: Paths::default(),
            test: Paths::default(),
            labels: None,
            system: System::default(),
            outputs: PathBuf::from("zkml"),
            rates: None,
            answer: Answer::default(),
            input: Input::default(),
            visibility: Who::default(),
            target: Wanted::default(),
            bounty: Bounty::default(),
        }
    }
}

/// Bounties: where they are, and what this one offers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(not(feature = "bounty"), allow(dead_code, reason = "a project file is one of either build"))]
pub struct Bounty {
    /// The address of a node.
    pub rpc: Option<String>,
    /// The number of its chain: another one is refused.
    pub chain: Option<u64>,
    /// The factory's address.
    pub factory: Option<String>,
    /// The block in which the factory was deployed.
    pub since: Option<u64>,
    /// The blocks after which a transaction counts.
    pub confirmations: Option<u64>,
    /// The file of the account's private key.
    pub key: Option<PathBuf>,
    /// Where files are: a folder, or the address of an IPFS gateway.
    pub store: Option<String>,
    /// The RPC address of a Kubo node, to put files to.
    pub ipfs_api: Option<String>,
    /// The CID of the package.
    pub package: Option<String>,
    /// The labelled files that accuracy is proven on; `test` without.
    pub data: Paths,
    /// Their labels, where they are in a file of their own.
    pub labels: Option<PathBuf>,
    /// The groups of a chunk.
    pub groups: Option<usize>,
    /// The files of a group.
    pub items: Option<usize>,
    /// Whether CIDs are of dag-pb nodes, `Qm..`.
    pub dag_pb: bool,
    /// The bits more than the plan's that weights may have.
    pub widen: Option<u32>,
    /// The most elements of a transaction of a delivery.
    pub elements: Option<usize>,
    /// The ERC-20 of reward and bonds; ether without.
    pub token: Option<String>,
    /// What the winner is paid.
    pub reward: Option<String>,
    /// What each hunter deposits.
    pub bond: Option<String>,
    /// The correct answers that qualify: a number, or a fraction.
    pub threshold: Option<End>,
    /// When data is seen.
    pub mode: Seen,
    /// Who wins.
    pub winner: Wins,
    /// How long hunters may commit.
    pub commit: Option<String>,
    /// How long the host may show the data.
    pub reveal: Option<String>,
    /// How long hunters may prove.
    pub prove: Option<String>,
    /// How long each qualified hunter may deliver.
    pub deliver: Option<String>,
}

/// When the data of a bounty is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// After the last commitment.
    #[default]
    Sealed,
    /// From the start.
    Open,
}

/// Who wins a bounty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wins {
    /// The first committed that reaches the threshold.
    #[default]
    First,
    /// The most accurate.
    Best,
}

/// One path, or several.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "OneOrMore")]
pub struct Paths(pub Vec<PathBuf>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(PathBuf),
    More(Vec<PathBuf>),
}

impl From<OneOrMore> for Paths {
    fn from(paths: OneOrMore) -> Self {
        match paths {
            OneOrMore::One(path) => Self(vec![path]),
            OneOrMore::More(paths) => Self(paths),
        }
    }
}

/// What the model answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// What its file says.
    #[default]
    Model,
    /// The position of the largest of its scores.
    Class,
}

/// Number of a range: whole, or with a decimal point.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum End {
    /// Whole.
    Whole(i64),
    /// Real.
    Real(f64),
}

/// How inputs are taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Input {
    /// The values that an input may have. Whole numbers are taken as they are, reals as finely as the plan says.
    pub range: Option<[End; 2]>,
    /// What the pixels of images are divided by.
    pub divide: Option<f64>,
    /// Whether the model takes bytes, and divides them itself: as bounties do.
    pub bytes: bool,
    /// The shape of a sample, where an ONNX file leaves it open.
    pub shape: Option<Vec<usize>>,
    /// Whether a Keras model is to take its channels first.
    pub channels_first: bool,
}

/// Who sees what.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Who {
    input: Visible,
    weights: Weights,
    output: Visible,
}

/// Who sees the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Weights {
    /// Everyone
    Public,
    /// The prover alone
    Private,
    /// The prover alone, bound to a public commitment in each proof
    Committed,
    /// The prover alone, bound to a public commitment that is made once
    Registered,
}

impl Weights {
    /// The name in project files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Committed => "committed",
            Self::Registered => "registered",
        }
    }

    /// What circuits know of it.
    pub fn visible(self) -> Visible {
        match self {
            Self::Public => Visible::Public,
            Self::Private | Self::Registered => Visible::Private,
            Self::Committed => Visible::Committed,
        }
    }
}

impl From<Visible> for Weights {
    fn from(visible: Visible) -> Self {
        match visible {
            Visible::Public => Self::Public,
            Visible::Private => Self::Private,
            Visible::Committed => Self::Committed,
        }
    }
}

impl Default for Who {
    fn default() -> Self {
        let Visibility { input, weights, output } = Visibility::default();
        Self { input, weights: weights.into(), output }
    }
}

/// What the plan must reach.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// The fraction of samples whose class must stay the same.
    pub top1: f64,
    /// How far a score may be off, on any sample.
    pub max_error: Option<f64>,
    /// How far a score may be off, whatever the input.
    pub proven_error: Option<f64>,
    /// The most plans that are tried.
    pub tries: usize,
    /// The most seconds that the search takes.
    pub time_limit: Option<f64>,
    /// The bits above what samples reach that values may have; without, all inputs of the range can be proved.
    pub margin_bits: Option<u32>,
}

impl Default for Wanted {
    fn default() -> Self {
        let Target { top1, tries, .. } = Target::default();
        Self { top1, max_error: None, proven_error: None, tries, time_limit: None, margin_bits: None }
    }
}

/// A project: what its file says, or nothing, and where its paths start.
#[derive(Debug)]
pub struct Project {
    /// The project file; the one that would be, where there is none.
    pub file: PathBuf,
    /// Whether there is one.
    pub exists: bool,
    /// What it says.
    pub settings: Settings,
    /// A model that the command line names.
    given: Option<PathBuf>,
    root: PathBuf,
    wait: bool,
}

impl Project {
    /// The project of that file. Where there is none, nothing is set: some verbs need nothing but a model.
    pub fn open(file: &Path, wait: bool) -> Result<Self, Error> {
        match std::fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::empty(file, wait)),
            Err(error) => Err(Error::file(file, "read", reason(&error))),
            Ok(_) => {
                let settings = Settings::parse(file, &files::read(file)?)?;
                Ok(Self { exists: true, settings, ..Self::empty(file, wait) })
            }
        }
    }

    /// A project of which nothing is set.
    pub fn empty(file: &Path, wait: bool) -> Self {
        let root = file.parent().map(Path::to_owned).unwrap_or_default();
        Self { file: file.to_owned(), exists: false, settings: Settings::default(), given: None, root, wait }
    }

    /// The project with a model that the command line names, which starts at the working folder.
    pub fn with_model(self, model: Option<&PathBuf>) -> Self {
        Self { given: model.cloned(), ..self }
    }

    /// A path of the project file, which starts at its folder.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// The model's file.
    pub fn model(&self) -> Result<PathBuf, Error> {
        match (&self.given, &self.settings.model) {
            (Some(model), _) => Ok(model.clone()),
            (None, Some(model)) => Ok(self.path(model)),
            (None, None) if self.exists => {
                let reason = "it names no model; add `model = \"lenet.onnx\"`".to_owned();
                Err(Error::Project { path: self.file.clone(), reason })
            }
            (None, None) => Err(Error::NoProject { path: self.file.clone() }),
        }
    }

    /// The inputs that the command line names, or those of the project file under that key.
    pub fn inputs(&self, given: &[PathBuf], set: &Paths, key: &str) -> Result<Vec<PathBuf>, Error> {
        match (given, set.0.as_slice()) {
            ([], []) => Err(Error::Usage(format!(
                "no inputs: name files or folders on the command line, or set `{key}` in {}",
                self.file.display()
            ))),
            ([], set) => Ok(set.iter().map(|path| self.path(path)).collect()),
            (given, _) => Ok(given.to_vec()),
        }
    }

    /// A file that verbs make.
    pub fn output(&self, name: &str) -> PathBuf {
        self.path(&self.settings.outputs).join(name)
    }

    /// The plan's file.
    pub fn plan(&self) -> PathBuf {
        self.output("plan.json")
    }

    /// A file of the circuit of a batch: `circuit.zkml`, `proving.key` or `verifying.key`.
    pub fn of_batch(&self, batch: usize, name: &str) -> PathBuf {
        if batch == 1 { self.output(name) } else { self.output(&format!("batch-{batch}/{name}")) }
    }

    /// The lock on what verbs make.
    pub fn lock(&self, out: &Out) -> Result<Lock, Error> {
        Lock::of(&self.path(&self.settings.outputs), self.wait, out)
    }

    /// The lock on one of the folders among the outputs.
    #[cfg(feature = "bounty")]
    pub fn lock_on(&self, folder: &Path, out: &Out) -> Result<Lock, Error> {
        Lock::of(folder, self.wait, out)
    }

    /// Who sees what.
    pub fn visibility(&self) -> Visibility {
        let Who { input, weights, output } = self.settings.visibility;
        Visibility { input, weights: weights.visible(), output }
    }

    /// Whether the weights are registered: proofs are in three phases then.
    pub fn registered(&self) -> bool {
        self.settings.visibility.weights == Weights::Registered
    }

    /// What the plan must reach, with the fewest constraints in the project's proof system.
    pub fn target(&self) -> Result<Target, Error> {
        let target = self.settings.target.target(&self.file)?;
        Ok(in_use!(self, searched_for(target)))
    }

    /// What this machine takes for a proof: as calibrated, or built in.
    pub fn rates(&self) -> Result<Rates, Error> {
        match &self.settings.rates {
            None => Ok(Rates::default()),
            Some(path) => {
                let path = self.path(path);
                Rates::load(&path).map_err(|e| Error::file(path, "read", e))
            }
        }
    }

    /// What the pixels of images are divided by before the model takes them.
    pub fn divide(&self) -> f64 {
        if self.settings.input.bytes { 1.0 } else { self.settings.input.divide.unwrap_or(1.0) }
    }

    /// The values that an input may have.
    pub fn range(&self) -> Option<Range> {
        self.settings.input.range.map(|ends| match ends {
            [End::Whole(lo), End::Whole(hi)] => Range::Whole(lo, hi),
            ends => {
                let [lo, hi] = ends.map(|end| match end {
                    End::Whole(x) => x as f64,
                    End::Real(x) => x,
                });
                Range::Real(lo, hi)
            }
        })
    }
}

fn searched_for<S: ProofSystem>(target: Target) -> Target {
    target.for_system::<S>()
}

impl Settings {
    /// What the bytes of a project file say.
    fn parse(file: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Project { path: file.to_owned(), reason };
        let text = std::str::from_utf8(bytes).map_err(|e| wrong(format!("it is no text: {e}")))?;
        let settings: Self = toml::from_str(text).map_err(|e| wrong(e.to_string().trim_end().to_owned()))?;
        let divide = settings.input.divide;
        if let Some(divide) = divide.filter(|d| !d.is_finite() || *d <= 0.0) {
            return Err(wrong(format!("`input.divide` is {divide}, expected a number above zero, such as 255")));
        }
        if settings.visibility.weights == Weights::Registered && settings.system != System::TwoPhase {
            let found = settings.system.name();
            return Err(wrong(format!(
                "`visibility.weights = \"registered\"` takes one phase more than `two-phase`, found `system = \"{found}\"`; set `system = \"two-phase\"`"
            )));
        }
        if settings.input.bytes && settings.input.range.is_some() {
            return Err(wrong("`input.bytes` says that values are 0 to 255; leave out `input.range`".to_owned()));
        }
        settings.target.target(file)?;
        Ok(settings)
    }
}

impl Wanted {
    fn target(&self, file: &Path) -> Result<Target, Error> {
        let wrong = |name: &str, found: f64, expected: &str| {
            let reason = format!("`target.{name}` is {found}, expected {expected}");
            Error::Project { path: file.to_owned(), reason }
        };
        let Self { top1, max_error, proven_error, tries, time_limit, margin_bits } = *self;
        if !(0.0..=1.0).contains(&top1) {
            return Err(wrong("top1", top1, "a fraction between 0 and 1, such as 0.99"));
        }
        for (name, error) in [("max_error", max_error), ("proven_error", proven_error)] {
            if let Some(error) = error.filter(|e| !e.is_finite() || *e <= 0.0) {
                return Err(wrong(name, error, "an error above zero"));
            }
        }
        let mut target = Target { top1, max_error, proven_error, tries, ..Target::default() };
        if let Some(seconds) = time_limit {
            let limit = std::time::Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero());
            let limit = limit.ok_or_else(|| wrong("time_limit", seconds, "seconds, more than zero"))?;
            target = target.time_limit(limit);
        }
        Ok(margin_bits.map_or(target, |bits| target.calibrated(bits)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(Path::new("zkml.toml"), text.as_bytes()).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_left_out_is_as_the_library_has_it() {
        let settings = parse("model = \"a.onnx\"").unwrap();
        assert_eq!(settings.target.target(Path::new("zkml.toml")).unwrap(), Target::default());
        assert_eq!((settings.system, settings.answer), (System::Groth16, Answer::Model));
        assert!(settings.samples.0.is_empty());
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("modell = 1", "unknown field `modell`"),
            ("system = \"plonk\"", "unknown variant `plonk`"),
            ("[visibility]\nweights = \"secret\"", "unknown variant `secret`"),
            ("[target]\ntop1 = 99.0", "`target.top1` is 99, expected a fraction between 0 and 1"),
            ("[target]\ntime_limit = 0.0", "`target.time_limit` is 0, expected seconds"),
            ("[input]\ndivide = 0.0", "`input.divide` is 0, expected a number above zero"),
            ("[input]\nbytes = true\nrange = [0, 255]", "leave out `input.range`"),
            ("[bounty]\nmode = \"secret\"", "unknown variant `secret`"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with("zkml.toml: ") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn whole_ranges_and_reals_are_told_apart() {
        let range = |text: &str| {
            Project { settings: parse(text).unwrap(), ..Project::empty(Path::new("zkml.toml"), true) }.range()
        };
        assert_eq!(range("[input]\nrange = [0, 255]"), Some(Range::Whole(0, 255)));
        assert_eq!(range("[input]\nrange = [0, 1.0]"), Some(Range::Real(0.0, 1.0)));
        assert_eq!(range(""), None);
    }
}
