//! Synthetic quadratics: simulation against theory, theory against enumeration.

use crate::common::random::random_rows;
use etastar::optimizer::Optimizer;
use etastar::process::{BatchProcess, Coefficients, Mixture, Sampling};
use etastar::{
    quadratic::{
        CsvTable, Progress, QuadraticConfig,
        problem::Problem,
        run,
        simulation::{PreparedProblem, mean_growth_of_walks},
    },
    stability::{
        second_moment::SecondMoment,
        second_moment::stationary::{StationaryError, stationary},
    },
};
use faer::{Mat, Side};

fn config(source: &str) -> QuadraticConfig {
    QuadraticConfig::parse(source, "test.toml", "results/test".into(), &[]).unwrap()
}

fn tables(source: &str) -> Vec<CsvTable> {
    run(&config(source), &Progress::new(&|_, _| {})).unwrap()
}

fn column(table: &CsvTable, name: &str) -> Vec<f64> {
    table.column(name).unwrap().into_iter().map(|cell| cell.unwrap_or(f64::NAN)).collect()
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
    let BatchProcess::Mixture(Mixture { single }) = BatchProcess::equivalent_mixture(4, 2).unwrap()
    else {
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
    let etastar::quadratic::settings::Experiment::SecondMoment(growth) = &config.experiment else {
        panic!("another experiment")
    };
    let subject =
        PreparedProblem::new(Problem::build(&config.problem, None).unwrap(), Optimizer::Sgd)
            .unwrap();
    let process = BatchProcess::independent(Sampling::Distinct, 1);
    let (_, eta_var) = subject.thresholds(Sampling::Distinct, &[1]).unwrap()[0];
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
    assert!(mean_growth_of_walks(&plain, growth.steps) < 0.9 * theory);
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
    let mixture = BatchProcess::mixture(0.25);
    let expected = Coefficients { alpha: 0.75, beta: 0.25 };
    assert_eq!(mixture.coefficients(9).unwrap(), expected);
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

/// With momentum the random walk of the null space is that of plain SGD at η/(1 − m); weight decay ends it.
#[test]
fn simulated_stationary_moments_of_other_optimizers_are_the_theorys() {
    for (keys, has_null_space) in [
        ("momentum = 0.7", true),
        ("momentum = 0.6\nnesterov = true", true),
        ("momentum = 0.7\nweight_decay = 0.05", false),
        ("momentum = 0.7\nweight_decay = 0.05\ndecoupled = true", false),
    ] {
        // The random walk is only read after as many steps as a velocity lasts, times 1000.
        let steps = if has_null_space { 80_000 } else { 20_000 };
        let table = &tables(&format!(
            "experiment = \"stationary\"\n[problem]\nsamples = 12\nrank = 4\ndimension = 6\n\
             [sgd]\nbatch_size = [2]\n{keys}\n[stationary]\nfractions = [0.3]\nchains = 32\n\
             steps = {steps}\n"
        ))[0];
        assert_eq!(column(table, "null_growth_theory")[0].is_finite(), has_null_space, "{keys}");
        for quantity in ["distance", "loss_gap", "gradient_squared", "null_growth"] {
            let cell = |part: &str| column(table, &format!("{quantity}_{part}"))[0];
            let (theory, simulated, error) = (cell("theory"), cell("simulated"), cell("error"));
            if theory.is_finite() {
                assert!((simulated - theory).abs() < 4.0 * error, "{keys} {quantity}: {table:?}");
                assert!(error < 0.1 * theory, "{keys} {quantity}: too uncertain");
            }
        }
    }
}

#[test]
fn populations_grow_over_batch_size_and_momentum_where_the_threshold_says() {
    let found = tables(
        "experiment = \"momentum_diagram\"\n[problem]\nsamples = 16\nrank = 4\n[sgd]\n\
         batch_size = [1, 4, 12]\n[momentum_diagram]\neffective_learning_rate = [0.7, 4]\n\
         momentum = [0, 0.6, 0.9]\nparticles = 400\nsteps = 40\n",
    );
    let [cells, lines] = &found[..] else { panic!("two tables") };
    let all = |name: &str| column(cells, name);
    let (rate, edge, theory) = (all("learning_rate"), all("eta_var"), all("moment_theory"));
    let (simulated, grew) = (all("moment_simulated"), all("fraction_grew"));
    assert_eq!(rate.len(), 18);
    let mut kinds = [0, 0];
    for k in 0..rate.len() {
        assert_eq!(theory[k] > 0.0, rate[k] > edge[k], "{k}");
        // Far enough from the edge to be certain.
        if (rate[k] / edge[k]).ln().abs() > 0.2 {
            assert_eq!(grew[k], f64::from(u8::from(theory[k] > 0.0)), "{k}: {}", simulated[k]);
            kinds[usize::from(theory[k] > 0.0)] += 1;
        }
    }
    assert!(kinds[0] >= 4 && kinds[1] >= 4, "{kinds:?}");
    assert_eq!(lines.rows.len(), 6);
    // Without momentum both are plain SGD.
    let plain = column(lines, "plain_mean_square")[0];
    assert_eq!(column(lines, "mean_square")[0].to_bits(), plain.to_bits());
}
