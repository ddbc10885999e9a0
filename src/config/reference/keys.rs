//! Every key of a configuration.

use super::key::{Key, Kind, LARGEST, key, optional};
use super::slurm_keys::slurm_keys;
use crate::config::{Draw, Scaling, Split, WarmupShape};
use crate::device::{AnalysisBackend, Backend, EngineKind};
use crate::process::{Algorithm, BatchSampling};

/// The sections with what they are about, in the order of the template.
pub const SECTIONS: [(&str, &str); 9] = [
    ("data", "The images and labels."),
    ("model", "A perceptron with ReLU between its layers, at its initial point."),
    ("loss", "The loss of a sample, c ‖f(x) − y‖² with one-hot labels y."),
    ("train", "SGD from the initial point to a minimum."),
    ("train.warmup", "The step size grows from a fraction of itself."),
    (
        "sweep",
        "The runs: every combination of these values. A list, or a range: { linear = [0, 0.4], points = 5 } or \
         { log10 = [-3, 0], points = 100, every = 4 }. Any other key by its dotted name in quotes.",
    ),
    ("analysis", "What is measured at a minimum."),
    ("run", "Where and how runs are computed; it changes no result beyond rounding."),
    (
        "slurm",
        "What each task of `sweep --launcher slurm` asks for; absent keys are the cluster's.",
    ),
];

/// The regular expression of a folder's name.
const NOT_BLANK: &str = r"\S";

/// Every key, in the order of the template; `[sweep]` has the names of others.
pub fn keys() -> Vec<Key> {
    let mut keys = data_keys();
    keys.extend(model_keys());
    keys.extend(train_keys());
    keys.extend(analysis_keys());
    keys.extend(run_keys());
    keys.extend(slurm_keys());
    keys
}

fn data_keys() -> Vec<Key> {
    let key = |name, value, kind, meaning| key("data", name, value, kind, meaning);
    let label = Kind::Whole { least: 0, most: 255 };
    let labels = Kind::List { of: Box::new(label), is_set: true, least: 1 };
    let share = Kind::from_to(0.0, 1.0);
    vec![
        key(
            "folder",
            "\"data/mnist\"",
            Kind::Text { pattern: "" },
            "folder of MNIST's four IDX files, or of files like them, plain or gzipped",
        ),
        key("split", "\"train\"", Kind::words(&Split::WORDS), "which pair of files"),
        key(
            "classes",
            "[0, 1, 2, 3]",
            labels,
            "labels to keep; the network has an output for each",
        ),
        key(
            "samples_per_class",
            "256",
            Kind::Whole { least: 1, most: 1_000_000 },
            "images of each label",
        ),
        key("draw", "\"first\"", Kind::words(&Draw::WORDS), "which images of a label"),
        key("draw_seed", "0", Kind::whole(0), "seed of a random draw"),
        key(
            "copies",
            "1",
            Kind::Whole { least: 1, most: 10_000 },
            "how often each image occurs; label_noise acts on every copy on its own",
        ),
        key(
            "pool",
            "1",
            Kind::whole(1),
            "side in pixels of the squares whose means replace the pixels; 1 keeps the images",
        ),
        key("label_noise", "0", share, "share of the labels that are replaced by another class"),
        key("label_seed", "0", Kind::whole(0), "seed of this replacement"),
        key(
            "scaling",
            "\"unit\"",
            Kind::words(&Scaling::WORDS),
            "a pixel x from 0 to 255 becomes x/255, (x/255 − 0.1307)/0.3081 or 2x/255 − 1",
        ),
    ]
}

fn model_keys() -> Vec<Key> {
    let width = Kind::Whole { least: 1, most: 1_000_000 };
    let factor = || Kind::from_to(1e-30, 1e30);
    vec![
        key(
            "model",
            "hidden",
            "[1024]",
            width.list(),
            "widths of the hidden layers, any number of them",
        ),
        key("model", "init_factor", "15", factor(), "times PyTorch's default initialisation"),
        key(
            "model",
            "scale_biases",
            "true",
            Kind::Flag,
            "whether this factor is on the biases too",
        ),
        key("model", "init_seed", "0", Kind::whole(0), "seed of the initial point"),
        key("loss", "factor", "1", factor(), "c"),
    ]
}

fn train_keys() -> Vec<Key> {
    let key_of = key;
    let key = |name, value, kind, meaning| key_of("train", name, value, kind, meaning);
    let warmup = |name, value, kind, meaning| key_of("train.warmup", name, value, kind, meaning);
    vec![
        key(
            "algorithm",
            "\"sgd\"",
            Kind::words(&Algorithm::WORDS),
            "\"mixture\": a step is one sample with probability (n − B)/(B(n − 1)), else all of them",
        ),
        optional(
            "train",
            "learning_rate",
            "0.02",
            Kind::from_to(1e-30, 1e30),
            "step size η; needed unless swept",
        ),
        optional(
            "train",
            "batch_size",
            "4",
            Kind::whole(1),
            "batch size B in samples; needed unless swept",
        ),
        key(
            "sampling",
            "\"epoch\"",
            Kind::words(&BatchSampling::WORDS),
            "shuffled epochs of consecutive batches, or independent batches",
        ),
        key("momentum", "0", Kind::from_to_below(0.0, 1.0), "m of v ← m v + g, θ ← θ − η v"),
        key(
            "nesterov",
            "false",
            Kind::Flag,
            "Nesterov's step θ ← θ − η(g + m v); needs a momentum",
        ),
        key("weight_decay", "0", Kind::from_to(0.0, 1e30), "w of g ← g + w θ"),
        key("decoupled", "false", Kind::Flag, "the decay acts on θ itself: θ ← (1 − ηw) θ − η v"),
        key("seed", "0", Kind::whole(0), "seed of the batches"),
        key(
            "tolerance",
            "1e-6",
            Kind::above(0.0, f64::INFINITY),
            "an epoch is converged if the loss over all samples is below it",
        ),
        key("patience", "200", Kind::whole(1), "converged epochs in a row that end a run"),
        key("max_epochs", "40000", Kind::whole(1), "epochs that end a run in any case"),
        key(
            "divergence_factor",
            "1e4",
            Kind::above(1.0, f64::INFINITY),
            "a loss above this many times the initial one is divergence",
        ),
        warmup("shape", "\"geometric\"", Kind::words(&WarmupShape::WORDS), "how η grows"),
        warmup("from", "1e-3", Kind::above(0.0, 1.0), "fraction of η in the first epoch"),
        warmup("epochs", "500", Kind::whole(0), "length of the warm-up in epochs"),
    ]
}

fn analysis_keys() -> Vec<Key> {
    let key = |name, value, kind, meaning| key("analysis", name, value, kind, meaning);
    let fraction = || Kind::above(0.0, 1.0);
    vec![
        key(
            "hessian",
            "true",
            Kind::Flag,
            "λ_max of the true Hessian, beside that of Gauss–Newton",
        ),
        key(
            "thresholds",
            "true",
            Kind::Flag,
            "the exact mean-square threshold η*_var and its bounds",
        ),
        key(
            "lyapunov",
            "true",
            Kind::Flag,
            "the Lyapunov exponent at the run's own η, of independent batches",
        ),
        key(
            "lyapunov_epoch",
            "true",
            Kind::Flag,
            "the same of shuffled epochs, for runs that have them",
        ),
        key(
            "eta_as",
            "false",
            Kind::Flag,
            "the step size η*_as at which that exponent changes its sign",
        ),
        key("eta_as_epoch", "false", Kind::Flag, "the same of shuffled epochs"),
        key("eta_var_epoch", "false", Kind::Flag, "η*_var of shuffled epochs, by simulation"),
        key(
            "spectrum",
            "64",
            Kind::whole(0),
            "leading eigenvalues in record.json; needs thresholds",
        ),
        key(
            "tolerance",
            "1e-4",
            fraction(),
            "relative width of the enclosure of the generalized sharpness",
        ),
        key("eigen_tolerance", "1e-6", fraction(), "relative residual of an eigenvalue search"),
        key(
            "eigen_iterations",
            "500",
            Kind::whole(1),
            "most matrix–vector products of such a search",
        ),
    ]
}

fn run_keys() -> Vec<Key> {
    let key = |name, value, kind, meaning| key("run", name, value, kind, meaning);
    let count = || Kind::Whole { least: 0, most: 4096 };
    vec![
        optional(
            "run",
            "results",
            "\"results/NAME\"",
            Kind::Text { pattern: NOT_BLANK },
            "results folder [default: results/ and this file's name]",
        ),
        key("workers", "0", count(), "runs side by side; 0 is one per core"),
        key(
            "engine",
            "\"auto\"",
            Kind::words(&EngineKind::CHOICES),
            "our kernels for one hidden layer on the CPU, or tensors for any depth and device",
        ),
        key("backend", "\"flex\"", Kind::words(&Backend::CHOICES), "where tensors are computed"),
        key("device", "0", Kind::whole(0), "which of the backend's devices: see `etastar devices`"),
        key(
            "batched_runs",
            "0",
            count(),
            "runs that the tensor engine trains at once; 0 is what fits on a GPU, and 1 on a CPU",
        ),
        key(
            "analysis_backend",
            "\"auto\"",
            Kind::words(&AnalysisBackend::WORDS),
            "where the exact thresholds are iterated",
        ),
        key(
            "checkpoint_seconds",
            "60",
            Kind::from_to(0.0, f64::INFINITY),
            "seconds between two saves of a run's state",
        ),
    ]
}

/// The short names of `[sweep]` with the keys that they vary, and an example of each.
pub const SHORT_NAMES: [(&str, &str, &str); 4] = [
    ("learning_rate", "train.learning_rate", "{ log10 = [-2.3, -1.3], points = 6 }"),
    ("batch_size", "train.batch_size", "[1, 2, 4, 8, 16]"),
    ("seed", "train.seed", "[0, 1, 2]"),
    ("algorithm", "train.algorithm", "[\"sgd\", \"mixture\"]"),
];

/// The key of `[sweep]` that is no axis, with an example and its meaning.
pub const CONDITION: (&str, &str, &str) = (
    "where",
    "\"train.batch_size <= 8 or train.learning_rate < 0.03\"",
    "only the runs for which this holds",
);

/// Most points of a range of `[sweep]`.
pub const MOST_POINTS: u64 = 1_000_000;
/// Largest exponent of a range of powers of ten.
pub const LARGEST_EXPONENT: f64 = 30.0;

const _: () = assert!(MOST_POINTS < LARGEST);
