//! Synthetic quadratics: simulation against theory, theory against enumeration.

#[path = "common/program.rs"]
mod program;

use std::{fs, path::Path};

use etastar::{
    figures::{Outcome, quadratic::draw_quadratic},
    quadratic::{
        CsvTable, Progress, QuadraticConfig,
        growth::{Subject, naive_average},
        problem::Problem,
        run,
    },
    stability::{
        batches::Process,
        sampling::{Coefficients, Sampling},
        second_moment::SecondMoment,
        stationary::{StationaryError, stationary},
    },
};
use faer::{Mat, Side};
use program::{etastar, stderr, stdout};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn config(source: &str) -> QuadraticConfig {
    QuadraticConfig::parse(source, "test.toml", "results/test".into(), &[]).unwrap()
}

fn tables(source: &str) -> Vec<CsvTable> {
    run(&config(source), &Progress::new(&|_, _| {})).unwrap()
}

fn column(table: &CsvTable, name: &str) -> Vec<f64> {
    table.column(name).unwrap().into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect()
}

fn random_rows(rows: usize, columns: usize, seed: u64) -> Mat<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Mat::from_fn(rows, columns, |_, _| rng.random_range(-1.0..1.0))
}

/// (I − (η/divisor) Σ H_i) ⊗ the same, of a batch.
fn squared_step(rows: &Mat<f64>, q: usize, batch: &[usize], rate: f64) -> Mat<f64> {
    let d = rows.ncols();
    let mut step = Mat::<f64>::identity(d, d);
    for &i in batch {
        let own = rows.subrows(i * q, q);
        step -= own.transpose() * own * faer::Scale(rate);
    }
    step.kron(&step)
}

/// E of the above over every batch of two of four samples.
fn enumerated(rows: &Mat<f64>, q: usize, sampling: Sampling, step_size: f64) -> Mat<f64> {
    let pairs = (0..16).map(|k| vec![k / 4, k % 4]);
    let batches: Vec<Vec<usize>> = match sampling {
        Sampling::Distinct => pairs.filter(|pair| pair[0] != pair[1]).collect(),
        Sampling::Independent => pairs.collect(),
        Sampling::Bernoulli => {
            (0..16).map(|set| (0..4).filter(|i| set >> i & 1 == 1).collect()).collect()
        }
    };
    let d = rows.ncols();
    let mut mean = Mat::zeros(d * d, d * d);
    for batch in &batches {
        mean +=
            squared_step(rows, q, batch, step_size / 2.0) * faer::Scale(1.0 / batches.len() as f64);
    }
    mean
}

fn top_eigenvalue(matrix: &Mat<f64>) -> f64 {
    *matrix.self_adjoint_eigenvalues(Side::Lower).unwrap().last().unwrap()
}

#[test]
fn the_spectral_radius_is_that_of_the_enumerated_second_moment() {
    for (q, d, seed) in [(1, 3, 0), (2, 4, 1)] {
        let rows = random_rows(4 * q, d, seed);
        let moments = SecondMoment::new(rows.as_ref(), q).unwrap();
        for sampling in [Sampling::Distinct, Sampling::Independent, Sampling::Bernoulli] {
            for step_size in [0.3, 1.1, 2.4] {
                let dense = top_eigenvalue(&enumerated(&rows, q, sampling, step_size));
                let coefficients = sampling.coefficients(4, 2).unwrap();
                let found = moments.spectral_radius(coefficients, step_size);
                assert!((found - dense).abs() < 1e-10 * dense, "{sampling}: {found} {dense}");
            }
        }
    }
}

/// [M] Prop 7.
#[test]
fn the_mixture_has_the_second_moment_of_sgd_to_rounding() {
    let (q, step_size) = (2, 0.7);
    let rows = random_rows(8, 3, 5);
    let sgd = enumerated(&rows, q, Sampling::Distinct, step_size);
    let Process::Mixture { single } = Process::equivalent_mixture(4, 2).unwrap() else {
        panic!("not a mixture")
    };
    let full = squared_step(&rows, q, &[0, 1, 2, 3], step_size / 4.0);
    let mut mixture = full * faer::Scale(1.0 - single);
    for i in 0..4 {
        mixture += squared_step(&rows, q, &[i], step_size) * faer::Scale(single / 4.0);
    }
    assert!((&mixture - &sgd).norm_max() < 1e-14 * sgd.norm_max());
}

/// [M] Thm 12, as the fixed point Σ = QΣ + η²β Σ_g of the enumerated operator.
#[test]
fn the_stationary_covariance_is_the_fixed_point_of_the_recursion() {
    let (q, d, step_size) = (1, 3, 0.4);
    let rows = random_rows(4, d, 8);
    let gradients = centred(random_rows(4, d, 9));
    let coefficients = Sampling::Distinct.coefficients(4, 2).unwrap();
    let moments = SecondMoment::new(rows.as_ref(), q).unwrap();
    let found = stationary(&moments, gradients.as_ref(), coefficients, step_size).unwrap();
    let basis = moments.basis();
    let covariance = basis * &found.covariance * basis.transpose();
    let operator = enumerated(&rows, q, Sampling::Distinct, step_size);
    let noise = gradients.transpose()
        * &gradients
        * faer::Scale(step_size * step_size * coefficients.beta / 4.0);
    let vector = |m: &Mat<f64>| Mat::from_fn(d * d, 1, |k, _| m[(k % d, k / d)]);
    let image = &operator * vector(&covariance) + vector(&noise);
    assert!((image - vector(&covariance)).norm_max() < 1e-12);
    let too_large = stationary(&moments, gradients.as_ref(), coefficients, 50.0);
    assert_eq!(too_large.unwrap_err(), StationaryError::Unstable(50.0));
}

fn centred(mut gradients: Mat<f64>) -> Mat<f64> {
    for k in 0..gradients.ncols() {
        let mean = gradients.col(k).iter().sum::<f64>() / gradients.nrows() as f64;
        gradients.col_mut(k).iter_mut().for_each(|entry| *entry -= mean);
    }
    gradients
}

/// [M] Cor 13 and the random walk in the null space, within four standard errors.
#[test]
fn simulated_stationary_moments_are_the_theorys() {
    let table = &tables(
        "experiment = \"stationary\"\n[problem]\nsamples = 12\nrank = 4\ndimension = 6\n\
         [sgd]\nbatch_size = [2]\n[stationary]\nfractions = [0.1, 0.3, 0.6]\nchains = 32\n\
         steps = 20_000\n",
    )[0];
    for quantity in ["distance", "loss_gap", "gradient_squared", "null_growth"] {
        let theory = column(table, &format!("{quantity}_theory"));
        let simulated = column(table, &format!("{quantity}_simulated"));
        let error = column(table, &format!("{quantity}_error"));
        for k in 0..3 {
            let off = (simulated[k] - theory[k]).abs();
            assert!(off < 4.0 * error[k], "{quantity}: {} {}", simulated[k], theory[k]);
            assert!(error[k] < 0.1 * theory[k], "{quantity}: an error too large to test anything");
        }
    }
}

#[test]
fn populations_find_the_second_moment_where_plain_averages_miss_it() {
    let source = "experiment = \"second_moment\"\n[problem]\nsamples = 15\nrank = 4\n\
                  [second_moment]\nparticles = 1000\npopulations = 8\nsteps = 500\n";
    let config = config(source);
    let etastar::quadratic::config::Experiment::SecondMoment(growth) = &config.experiment else {
        panic!("another experiment")
    };
    let subject = Subject::new(Problem::build(&config.problem, None).unwrap()).unwrap();
    let process = Process::Sgd { sampling: Sampling::Distinct, batch_size: 1 };
    let eta_var = subject.eta_var(Sampling::Distinct, &[1]).unwrap()[0];
    for fraction in [0.8, 1.0, 1.3] {
        let step_size = fraction * eta_var;
        let theory = subject.log_radius(process, step_size).unwrap();
        let found = subject.population_growth(process, step_size, growth, 1).unwrap();
        // The bias is of the order of 1/particles per step.
        let allowed = 4.0 * found.error + 0.002;
        assert!((found.value - theory).abs() < allowed, "{fraction}: {found:?} {theory}");
    }
    let step_size = 1.3 * eta_var;
    let theory = subject.log_radius(process, step_size).unwrap();
    let plain = subject.plain_growth(process, step_size, growth, 1).unwrap();
    assert!(naive_average(&plain, growth.steps) < 0.9 * theory);
}

#[test]
fn the_simulated_phase_diagram_follows_the_almost_sure_line() {
    let tables = tables(
        "experiment = \"phase_diagram\"\n[phase_diagram]\nlearning_rate = [0.5, 0.8]\n\
         [sgd]\nbatch_size = [5, 10]\n",
    );
    let (cells, lines) = (&tables[0], &tables[1]);
    assert_eq!(cells.rows.len(), 400);
    assert_eq!(column(lines, "almost_sure"), [11.0, 5.0, 21.0, 10.0]);
    // Ten repeats of 1000 steps: where λ is near 0 either may happen.
    for (simulated, exact) in column(lines, "simulated").iter().zip([11.0, 5.0, 21.0, 10.0]) {
        assert!((simulated - exact).abs() <= 1.0 + 0.05 * exact, "{simulated} {exact}");
    }
    let (exponent, diverged) = (column(cells, "lyapunov"), column(cells, "fraction_diverged"));
    for (exponent, diverged) in exponent.iter().zip(diverged) {
        // log(1000)/1000 = 0.007: beyond that the outcome is clear within the 1000 steps.
        assert!(*exponent < 0.03 || diverged >= 0.9, "{exponent} {diverged}");
        assert!(*exponent > -0.1 || diverged <= 0.1, "{exponent} {diverged}");
    }
    let (eta_var, unstable) = (column(cells, "eta_var"), column(cells, "mean_square_unstable"));
    let rates = column(cells, "learning_rate");
    for k in 0..400 {
        let marginal = (rates[k] / eta_var[k] - 1.0).abs() < 1e-7;
        assert!(marginal || (rates[k] > eta_var[k]) == (unstable[k] == 1.0), "row {k}");
    }
}

#[test]
fn tables_do_not_depend_on_the_number_of_threads() {
    let source = "experiment = \"mixture\"\n[problem]\nsamples = 6\nrank = 3\n\
                  [sgd]\nbatch_size = [2]\n[mixture]\nfractions = [0.8]\nparticles = 50\nsteps = 50\n";
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| tables(source))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn every_shipped_configuration_is_valid() {
    for name in ["phase", "second_moment", "mixture", "stationary"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("configs/quadratic_{name}.toml"));
        QuadraticConfig::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_problem_of_a_configuration_is_reported_with_its_place() {
    let complaint = |source: &str| {
        QuadraticConfig::parse(source, "test.toml", "results".into(), &[]).unwrap_err().to_string()
    };
    let text = complaint(
        "experiment = \"stationary\"\n[problem]\nsample = 3\n[stationary]\nfractions = [2.0]\n",
    );
    assert!(text.contains("2 problems"), "{text}");
    assert!(text.contains("line 3, column 1: unknown key `sample`"), "{text}");
    assert!(text.contains("line 5, column 14: `stationary.fractions` must be"), "{text}");
    for (source, fault) in [
        ("experiment = \"phases\"", "\"phase_diagram\" or"),
        ("experiment = \"mixture\"\n[sgd]\nbatch_size = [30]", "more than the 20 samples"),
        ("experiment = \"mixture\"\n[problem]\nrank = 30", "needs more than 20 rows"),
        ("experiment = \"stationary\"\n[problem]\ndimension = 3", "below the rank 8"),
        ("experiment = \"second_moment\"\n[problem]\nkind = \"gram\"", "`problem.path` is missing"),
        ("[phase_diagram]\nlearning_rate = [1.5]", "from 1e-6 to less than 1, found 1.5 in it"),
        (
            "experiment = \"mixture\"\n[problem]\nkind = \"dexter\"\ncoherence = 21",
            "more than `problem.samples`",
        ),
    ] {
        let text = complaint(source);
        assert!(text.contains(fault), "{source:?} gave {text:?}");
    }
}

#[test]
fn every_problem_family_has_the_sharpness_asked_for() {
    for (family, keys) in [
        ("low_rank", "outputs = 2\nrank = 5"),
        ("heavy_tailed", "outputs = 2\nrank = 5\ntail = 1.2"),
        ("orthogonal", "condition = 7"),
    ] {
        let source = format!(
            "experiment = \"mixture\"\n[problem]\nkind = \"{family}\"\nsharpness = 3\n{keys}\n"
        );
        let problem = Problem::build(&config(&source).problem, None).unwrap();
        let moments = SecondMoment::new(problem.rows.as_ref(), problem.outputs).unwrap();
        assert!((moments.eigenvalues()[0] - 3.0).abs() < 1e-10, "{family}");
    }
}

/// Σ of batch weights: what the operator needs of any process.
#[test]
fn processes_have_the_coefficients_of_their_sampling() {
    let mixture = Process::Mixture { single: 0.25 };
    let expected = Coefficients { alpha: 0.75, beta: 0.25 };
    assert_eq!(mixture.coefficients(9).unwrap(), expected);
}

#[test]
fn a_value_out_of_range_is_refused_with_its_key_and_place() {
    for (experiment, key, value, expected) in [
        ("second_moment", "second_moment.fractions", "[1e300]", "from 1e-6 to 1e6, found 1e300"),
        ("mixture", "mixture.fractions", "[1, 0]", "from 1e-6 to 1e6, found 0 in it"),
        ("mixture", "mixture.fractions", "[1, \"a\"]", "found the string \"a\" in it"),
        ("mixture", "mixture.fractions", "[]", "found an empty one"),
        ("mixture", "mixture.fractions", "0.5", "must be a list of numbers"),
        ("stationary", "stationary.fractions", "[1e-9]", "less than 1"),
        ("mixture", "sgd.batch_size", "[0]", "whole numbers from 1 to 1000000, found 0 in it"),
        ("phase_diagram", "phase_diagram.radius", "1e300", "1e100 at most"),
        ("mixture", "problem.sharpness", "1e300", "from 1e-9 to 1e9"),
        ("stationary", "gradients.scale", "1e-300", "from 1e-9 to 1e9"),
        ("mixture", "results", "\"\"", "a folder's name"),
    ] {
        let source = format!("experiment = \"{experiment}\"");
        let flags = [format!("{key}={value}")];
        let refused = QuadraticConfig::parse(&source, "x.toml", "results".into(), &flags);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("--set {key}={value}: `{key}`")), "{text}");
        assert!(text.contains(expected) && text.contains("1 problem"), "{text}");
    }
}

/// What stands in for a faulty value must not be complained about.
#[test]
fn a_faulty_key_has_one_complaint() {
    for (section, key) in [
        ("problem", "rank = 0\nsamples = 6"),
        ("problem", "samples = 0\nrank = 30"),
        ("problem", "kind = \"dexter\"\ncoherence = 12\nsamples = 1.5"),
        ("problem", "rank = 8\ndimension = 0"),
        ("sgd", "batch_size = [30, -1]"),
    ] {
        let source = format!("experiment = \"mixture\"\n[{section}]\n{key}\n");
        let refused = QuadraticConfig::parse(&source, "x.toml", "results".into(), &[]);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("1 problem\n"), "{source:?} gave {text}");
    }
}

#[test]
fn defaults_fit_small_problems() {
    let small = config("experiment = \"mixture\"\n[problem]\nsamples = 3\noutputs = 2\n");
    assert!(format!("{:?}", small.problem).contains("rank: 6"), "{:?}", small.problem);
    assert_eq!(config("[phase_diagram]\nsamples = 4\n").sgd.batch_size, [2, 3, 4]);
}

const GROWTH: &str = "experiment = \"second_moment\"\n[problem]\nsamples = 6\nrank = 3\n\
                      [second_moment]\nfractions = [0.5, 1.2]\nparticles = 20\nsteps = 20\n";

/// Runs `x.toml` in `folder`; the exit code, and what it wrote to the terminal.
fn quadratic(folder: &Path, overrides: &[&str]) -> (Option<i32>, String) {
    let flags = overrides.iter().flat_map(|flag| ["--set", flag]);
    let arguments: Vec<&str> = ["quadratic", "x.toml"].into_iter().chain(flags).collect();
    let output = etastar(folder, &arguments);
    (output.status.code(), stderr(&output) + &stdout(&output))
}

#[test]
fn results_of_other_settings_are_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), GROWTH).unwrap();
    let table = || fs::read_to_string(folder.path().join("results/x/second_moment.csv")).unwrap();
    assert_eq!(quadratic(folder.path(), &[]).0, Some(0));
    let first = table();
    assert_eq!(quadratic(folder.path(), &[]).0, Some(0), "equal settings are no conflict");
    assert_eq!(table(), first);
    for (flags, told) in [
        (&["second_moment.steps=1"][..], "second_moment.steps is 20 there and 1 here"),
        (&["seed=3", "problem.rank=2"], "problem.rank is 3 there and 2 here, seed is 0 there"),
        (&["problem.dimension=4"], "problem.dimension is absent there and 4 here"),
    ] {
        let (code, text) = quadratic(folder.path(), flags);
        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains("results/x holds another experiment") && text.contains(told),
            "{text}"
        );
        assert!(text.contains("--set results=FOLDER"), "{text}");
        assert_eq!(table(), first);
    }
    let (code, text) =
        quadratic(folder.path(), &["second_moment.steps=1", "results=results/other"]);
    assert_eq!(code, Some(0), "{text}");
    fs::write(folder.path().join("x.toml"), "experiment = \"mixture\"\nseed = 9\n").unwrap();
    let (code, text) = quadratic(folder.path(), &[]);
    let told = "experiment: experiment is \"second_moment\" there and \"mixture\" here; choose";
    assert!(code == Some(2) && text.contains(told), "{text}");
}

#[test]
fn a_folder_that_holds_something_else_is_refused() {
    for (file, told) in [
        ("runs/", "belongs to a sweep"),
        ("plan.json", "belongs to a sweep"),
        ("mixture.csv", "no experiment.json to tell what it was made with"),
        ("second_moment.csv", "has second_moment.csv, but no experiment.json"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.toml"), GROWTH).unwrap();
        let path = folder.path().join("results/x").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if file.ends_with('/') {
            fs::create_dir(&path).unwrap();
        } else {
            fs::write(&path, "kept").unwrap();
        }
        let (code, text) = quadratic(folder.path(), &[]);
        assert_eq!(code, Some(2), "{file}: {text}");
        assert!(text.contains(told) && text.contains("--set results=FOLDER"), "{text}");
        assert!(path.is_dir() || fs::read_to_string(&path).unwrap() == "kept");
        assert!(!folder.path().join("results/x/experiment.json").exists());
    }
}

#[test]
fn a_folder_without_tables_takes_new_settings() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), GROWTH).unwrap();
    let (code, text) = quadratic(folder.path(), &["problem.samples=1000000"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("TiB of memory"), "{text}");
    let (code, text) = quadratic(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_matrix_that_cannot_be_read_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let source = "experiment = \"mixture\"\n[problem]\nkind = \"gram\"\npath = \"g.npy\"\n";
    fs::write(folder.path().join("x.toml"), source).unwrap();
    let (code, text) = quadratic(folder.path(), &[]);
    assert!(code == Some(2) && text.contains("cannot open g.npy"), "{text}");
}

/// At B = n every λ of σ = n is −∞, nothing diverges and no boundary lies in the grid.
#[test]
fn a_phase_diagram_without_lines_is_drawn_and_has_no_infinities() {
    let folder = tempfile::tempdir().unwrap();
    let source = "[phase_diagram]\nsamples = 10\nlearning_rate = [0.5]\nrepeats = 2\n\
                  steps = 20\n[sgd]\nbatch_size = [10]\n";
    fs::write(folder.path().join("x.toml"), source).unwrap();
    let (code, text) = quadratic(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("phase_diagram.svg"), "{text}");
    let results = folder.path().join("results/x");
    let csv = fs::read_to_string(results.join("phase_diagram.csv")).unwrap();
    assert!(csv.lines().nth(10).unwrap().ends_with(','), "{csv}");
    assert!(!csv.contains("inf") && !csv.contains("NaN"), "{csv}");
    let svg = fs::read_to_string(results.join("figures/phase_diagram.svg")).unwrap();
    assert!(svg.contains("A line that is not there"), "{svg}");
}

/// Full batches have no noise, so that nothing hovers.
#[test]
fn a_figure_that_cannot_be_drawn_says_why_and_leaves_no_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let source = "experiment = \"stationary\"\n[problem]\nsamples = 6\nrank = 3\n\
                  [stationary]\nfractions = [0.5]\nchains = 2\nsteps = 20\n";
    fs::write(folder.path().join("x.toml"), source).unwrap();
    assert_eq!(quadratic(folder.path(), &[]).0, Some(0));
    let results = folder.path().join("results/x");
    let figure = results.join("figures/stationary.png");
    assert!(figure.exists());
    fs::remove_file(results.join("stationary.csv")).unwrap();
    let (code, text) = quadratic(folder.path(), &["sgd.batch_size=[6]"]);
    assert_eq!(code, Some(0), "{text}");
    let told = "stationary is not drawn: stationary.csv has no quantity above 0";
    assert!(text.contains(told) && !text.contains("svg"), "{text}");
    assert!(!figure.exists() && !figure.with_extension("svg").exists());
}

#[test]
fn the_reason_for_no_figure_is_what_the_file_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let header = "batch_size,learning_rate,fraction,moment_theory,typical\n";
    for (rows, told) in
        [("", "has no rows"), ("1,0.5,1,,\n2,0.5,1,,\n", "has no finite rate of growth")]
    {
        fs::write(folder.path().join("second_moment.csv"), format!("{header}{rows}")).unwrap();
        let outcomes = draw_quadratic(folder.path(), &folder.path().join("figures")).unwrap();
        let [Outcome::Skipped { name, reason }] = outcomes.as_slice() else {
            panic!("{outcomes:?}")
        };
        assert_eq!(
            (name.as_str(), reason),
            ("second_moment", &format!("second_moment.csv {told}"))
        );
    }
}

#[test]
fn without_a_null_space_nothing_is_said_of_it() {
    let table = |dimension| {
        tables(&format!(
            "experiment = \"stationary\"\n[problem]\nsamples = 6\nrank = 3\n\
             dimension = {dimension}\n[stationary]\nfractions = [0.5]\nchains = 2\nsteps = 20\n"
        ))
    };
    assert_eq!(table(3)[0].column("null_growth_simulated").unwrap(), [None]);
    assert_eq!(table(3)[0].column("gradient_squared_error").unwrap().iter().flatten().count(), 1);
    assert!(table(4)[0].column("null_growth_theory").unwrap()[0].unwrap() > 0.0);
}
