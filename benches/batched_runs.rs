//! Runs × steps per second of the tensor engine's rows against the fused engine on all cores:
//! 784-1024-4 on 1024 MNIST digits, standardised, at B = 1, 8, 64 and 1024.
//!
//! ```sh
//! cargo bench --features wgpu --bench batched_runs        # or cuda; then: -- --backend cuda
//! cargo bench --features wgpu --bench batched_runs -- --device 1 --runs 100 --seconds 5
//! python scripts/bench_gpu.py                             # with PyTorch's baddbmm on the same GPU
//! ```
//!
//! `rows` is what a sweep does: up to B = 16 two kernels of our own a step on a GPU, else some 23
//! launches of tensor operations, whatever R is; `tensors` is the latter at every B. The last column is
//! the distance of `rows` from the limit of the device's memory: a step must read and write every
//! weight, 8 bytes a parameter; copying a large tensor tells how many bytes a second there are.

mod support;

use std::time::{Duration, Instant};

use burn_tensor::{Device, Tensor};
use clap::Parser;
use etastar::data::Dataset;
use etastar::device::{Backend, DeviceMemory, Gpu, best_backend, gpus, open_device};
use etastar::loss::Loss;
use etastar::net::{Weights, Widths, initial};
use etastar::optimizer::Optimizer;
use etastar::train::row::{RowNetwork, capacity, fastest_network};
use support::{SAMPLES, Scaling, Stage, Uniform};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Options {
    /// flex, ndarray, wgpu or cuda; the best GPU by default, or the first that there is
    #[arg(long)]
    backend: Option<String>,
    #[arg(long, default_value_t = 0)]
    device: usize,
    /// Runs at once; 0 is what fits
    #[arg(long, default_value_t = 0)]
    runs: usize,
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64, 1024])]
    batch_sizes: Vec<usize>,
    /// How pixels become inputs
    #[arg(long, value_enum, default_value_t = Scaling::Standard)]
    scaling: Scaling,
    /// Of measurement for every number
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Print rows of JSON
    #[arg(long)]
    json: bool,
    /// Given by cargo
    #[arg(long)]
    bench: bool,
}

/// One row of the table, in runs × steps per second.
struct Measured {
    batch_size: usize,
    runs: usize,
    rows: f64,
    tensors: f64,
    fused: [f64; 2],
    /// Of the steps that the memory's bandwidth allows.
    of_limit: f64,
}

fn main() {
    let options = Options::parse();
    let backend = backend(&options);
    let device = open_device(backend, options.device).expect("a device that works");
    let gpu = gpus(backend).into_iter().nth(options.device);
    let bandwidth = copy_bandwidth(&device, gpu.as_ref());
    if !options.json {
        let name = gpu.as_ref().map_or("the CPU", |gpu| gpu.name.as_str());
        println!("{} on {name}; {}", backend.name(), driver());
        println!("{:.1} GB/s by copying", bandwidth / 1e9);
        println!("runs × steps per second, fused on {} cores", cores());
        println!("    B    R        rows     tensors  fused, start  fused, late  of the limit");
    }
    for &batch_size in &options.batch_sizes {
        let row = measure(&options, batch_size, &device, gpu.as_ref(), bandwidth);
        print(&row, options.json);
    }
}

fn backend(options: &Options) -> Backend {
    let Some(name) = &options.backend else {
        let best = best_backend().0;
        let software = Backend::Wgpu.is_built() && !gpus(Backend::Wgpu).is_empty();
        return if best == Backend::Flex && software { Backend::Wgpu } else { best };
    };
    let named = Backend::ALL.into_iter().find(|backend| backend.name() == name);
    named.expect("one of flex, ndarray, wgpu, cuda")
}

fn print(row: &Measured, json: bool) {
    let Measured { batch_size, runs, rows, tensors, fused: [start, late], of_limit } = row;
    if json {
        println!(
            "{{\"batch_size\":{batch_size},\"runs\":{runs},\"rows\":{rows},\
             \"tensors\":{tensors},\"fused_start\":{start},\"fused_late\":{late},\"of_limit\":{of_limit}}}"
        );
    } else {
        println!(
            "{batch_size:5}{runs:5}{rows:12.0}{tensors:12.0}{start:14.0}{late:13.0}{:13.1}%",
            100.0 * of_limit
        );
    }
}

fn measure(
    options: &Options,
    batch_size: usize,
    device: &Device,
    gpu: Option<&Gpu>,
    bandwidth: f64,
) -> Measured {
    let (data, weights) = problem(options.scaling);
    let widths = Widths::new(support::INPUTS, &[support::HIDDEN], support::CLASSES);
    let memory = gpu.map_or(DeviceMemory::UNKNOWN, |gpu| gpu.memory);
    let runs = match options.runs {
        0 => capacity(&widths, Optimizer::Sgd, batch_size, memory),
        runs => runs,
    };
    let seconds = Duration::from_secs_f64(options.seconds);
    let filled = |mut network: RowNetwork| {
        network.append(&vec![weights.clone(); runs]);
        network
    };
    let plain = filled(RowNetwork::new(&data, Loss::squared(1.0), device));
    let tensors = rows_per_second(plain, batch_size, seconds);
    let fastest = filled(fastest_network(&data, Loss::squared(1.0), Optimizer::Sgd, device));
    let kernels = fastest.uses_kernels(batch_size);
    let rows = if kernels { rows_per_second(fastest, batch_size, seconds) } else { tensors };
    let fused = [Stage::Start, Stage::Late]
        .map(|stage| fused_per_second(options.scaling, stage, batch_size, seconds));
    let bytes = 8.0 * widths.parameters() as f64;
    Measured { batch_size, runs, rows, tensors, fused, of_limit: rows * bytes / bandwidth }
}

fn problem(scaling: Scaling) -> (Dataset, Weights) {
    let data = support::dataset(scaling);
    let model = support::config(scaling).model;
    let widths = Widths::new(data.features, &model.hidden, data.outputs);
    let weights = initial(&widths, &model);
    (data, weights)
}

/// The networks for whole epochs of 1024 samples, as in a sweep.
fn rows_per_second(mut network: RowNetwork, batch_size: usize, seconds: Duration) -> f64 {
    let runs = network.runs();
    let mut random = Uniform(3);
    let rates = vec![1e-7; runs];
    let mut epoch = || {
        let orders: Vec<Vec<u32>> = (0..runs).map(|_| random.order()).collect();
        let orders: Vec<&[u32]> = orders.iter().map(Vec::as_slice).collect();
        network.steps(&orders, batch_size, &rates).expect("a device that works")
    };
    let epochs = per_second(seconds, || drop(epoch()));
    epochs * (runs * SAMPLES.div_ceil(batch_size)) as f64
}

/// One fused network on every core.
fn fused_per_second(scaling: Scaling, stage: Stage, batch_size: usize, seconds: Duration) -> f64 {
    let problem = support::problem(scaling);
    let mut trained = support::start(&problem);
    let rate = support::rate(scaling, stage);
    if stage == Stage::Late {
        support::train(&mut trained, rate, 200);
    }
    let one = |core: usize| {
        let (mut net, mut random) = (trained.clone(), Uniform(core as u64));
        per_second(seconds, || {
            net.steps(&random.order(), batch_size, rate);
            net.end_epoch();
        })
    };
    let epochs: f64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores()).map(|core| scope.spawn(move || one(core))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that ends")).sum()
    });
    epochs * SAMPLES.div_ceil(batch_size) as f64
}

/// Bytes read and written per second by scaling a tensor as large as there may be, up to 256 MiB.
fn copy_bandwidth(device: &Device, gpu: Option<&Gpu>) -> f64 {
    let most = gpu.and_then(|gpu| gpu.memory.buffer).unwrap_or(u64::MAX).min(256 << 20);
    let length = (most / 4) as usize;
    let mut tensor = Tensor::<1>::zeros([length], device);
    let times = per_second(Duration::from_secs(2), || {
        for _ in 0..8 {
            tensor.inplace(|tensor| tensor * 1.5);
        }
        device.sync().expect("a device that works");
    });
    times * 8.0 * 2.0 * 4.0 * length as f64
}

/// How often `work` is done in a second, after having been done once.
fn per_second(seconds: Duration, mut work: impl FnMut()) -> f64 {
    work();
    let (begin, mut times) = (Instant::now(), 0_u32);
    while times < 2 || begin.elapsed() < seconds {
        work();
        times += 1;
    }
    f64::from(times) / begin.elapsed().as_secs_f64()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn driver() -> String {
    let nvidia = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
    let first = nvidia.lines().next().unwrap_or("the driver does not tell its version");
    first.to_owned()
}
