//! Time and peak memory of `thresholds` on synthetic tangent kernels, or on one `.npy` file.
//!
//! `cargo bench --bench thresholds -- 1024 2048 4096` runs these sides (4 outputs, batch sizes 1 to 128,
//! tolerance 1e-4), each in a process of its own so that the peaks are its own; with a path in place
//! of a side that Gram matrix; with `--save DIR` the synthetic ones are also written there, for
//! `scripts/peer_eigsh.py`. Seconds of processor time are printed beside the clock's, as they say more
//! on a busy machine.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use etastar::optimizer::Optimizer;
use etastar::process::Sampling;
use etastar::{
    gram::{Gram, npy::read_matrix},
    stability::{
        solver::SolverOptions,
        thresholds::{Report, Request, thresholds},
    },
};
use faer::Mat;
use npyz::WriterBuilder;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const OUTPUTS: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.as_slice() {
        [flag, input] if flag == "--one" => measure(input, None),
        [flag, input, folder] if flag == "--one" => measure(input, Some(folder.into())),
        [flag, folder, inputs @ ..] if flag == "--save" => spawn(inputs, Some(folder)),
        [] => spawn(&["256".into(), "512".into()], None),
        inputs => spawn(inputs, None),
    }
}

fn spawn(inputs: &[String], folder: Option<&String>) {
    let program = std::env::current_exe().expect("a running bench has a path");
    for input in inputs {
        let status = Command::new(&program).arg("--one").arg(input).args(folder).status();
        assert!(status.is_ok_and(|status| status.success()), "{input}");
    }
}

fn measure(input: &str, folder: Option<PathBuf>) {
    let matrix = match input.parse::<usize>() {
        Ok(side) => tangent_kernel(side / OUTPUTS),
        Err(_) => read_matrix(Path::new(input)).expect("a readable .npy file"),
    };
    let side = matrix.nrows();
    if let Some(folder) = folder {
        save(&matrix, &folder.join(format!("tangent_kernel_{side}.npy")));
    }
    let gram = Gram::new(matrix, OUTPUTS).expect("a Gram matrix");
    let batch_sizes = (0..8).map(|k| 1 << k).filter(|&b| b <= gram.samples()).collect();
    let request = Request {
        batch_sizes,
        sampling: Sampling::Distinct,
        optimizer: Optimizer::default(),
        options: SolverOptions::default(),
    };
    let (clock, processor) = (Instant::now(), processor_seconds());
    println!("side {side}");
    let report = thresholds(&gram, &request, &mut |stage| {
        let processor = processor_seconds() - processor;
        println!("  {stage:?}: {:.1} s, processor {processor:.1} s", clock.elapsed().as_secs_f64());
    });
    print(&report.expect("thresholds of a tangent kernel"));
    println!("  peak memory {:.2} GiB", peak_gib());
}

fn print(report: &Report) {
    for t in &report.thresholds {
        let sharpness = t.generalized_sharpness;
        println!(
            "  B {:3}: {:.8} width {:.1e} effective rank {:.1}, {} + {} applications, {:?}",
            t.batch_size,
            sharpness.value,
            sharpness.relative_width(),
            t.effective_rank,
            t.iterations,
            t.certificates,
            t.status,
        );
    }
}

/// 2 × the tangent kernel of a one-hidden-layer ReLU network with weights of mixed scale, on sparse
/// nonnegative inputs in as many classes as outputs: G_ij = 2[δ_iδ_jᵀ ∘ (x_iᵀx_j + 1) + (a_iᵀa_j + 1) I].
fn tangent_kernel(samples: usize) -> Mat<f64> {
    const INPUTS: usize = 400;
    const HIDDEN: usize = 512;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut sparse = |rows, density: f64| {
        Mat::from_fn(rows, INPUTS, |_, _| {
            if rng.random::<f64>() < density { rng.random::<f64>() } else { 0.0 }
        })
    };
    let (prototypes, noise) = (sparse(OUTPUTS, 0.2), sparse(samples, 0.1));
    let inputs = Mat::from_fn(samples, INPUTS, |i, k| {
        (prototypes[(i % OUTPUTS, k)] * (0.5 + 0.5 * noise[(i, k)]) + 0.6 * noise[(i, k)]).min(1.0)
    });
    let weights = Mat::from_fn(INPUTS, HIDDEN, |_, _| 0.75 * rng.random_range(-1.0..1.0_f64));
    let out = Mat::from_fn(HIDDEN, OUTPUTS, |_, _| {
        rng.random_range(-3.0..0.5_f64).exp() * rng.random_range(-0.3..0.3)
    });
    let hidden = &inputs * &weights;
    let active = Mat::from_fn(samples, HIDDEN, |i, h| hidden[(i, h)].max(0.0));
    let delta = Mat::from_fn(samples * OUTPUTS, HIDDEN, |row, h| {
        if hidden[(row / OUTPUTS, h)] > 0.0 { out[(h, row % OUTPUTS)] } else { 0.0 }
    });
    let (below, above) = (&inputs * inputs.transpose(), &active * active.transpose());
    let mut gram = &delta * delta.transpose();
    for column in 0..gram.ncols() {
        for row in 0..gram.nrows() {
            let (i, j) = (row / OUTPUTS, column / OUTPUTS);
            let same = if row % OUTPUTS == column % OUTPUTS { above[(i, j)] + 1.0 } else { 0.0 };
            gram[(row, column)] = 2.0 * (gram[(row, column)] * (below[(i, j)] + 1.0) + same);
        }
    }
    gram
}

fn save(matrix: &Mat<f64>, path: &Path) {
    let file = std::io::BufWriter::new(std::fs::File::create(path).expect("a writable folder"));
    let shape = [matrix.nrows() as u64, matrix.ncols() as u64];
    let options = npyz::WriteOptions::new().default_dtype().order(npyz::Order::Fortran);
    let mut writer = options.shape(&shape).writer(file).begin_nd().expect("a writable file");
    for column in matrix.col_iter() {
        writer.extend(column.iter()).expect("room on the disk");
    }
    writer.finish().expect("room on the disk");
}

/// User and system time of this process; 0 where /proc does not tell.
fn processor_seconds() -> f64 {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks =
        after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS
}

/// Peak resident memory of this process; 0 where /proc does not tell.
fn peak_gib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse().ok());
    kib.unwrap_or(0.0) / (1024.0 * 1024.0)
}
