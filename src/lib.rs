//! At which step size does SGD stop being stable around the minimum it found?
//!
//! **config → plan → train → minimum → curvature → stability → record → figures.**
//!
//! | module | |
//! |---|---|
//! | [`process`] | how batches come: independent batches, shuffled epochs, the mixture |
//! | [`optimizer`] | how a step is made: plain SGD |
//! | [`loss`] | the loss of a sample, with its derivatives in the outputs |
//! | [`net`] | the multilayer perceptron, its activation, initial point and file format |
//! | [`device`] | backends, their GPUs, the engines by name |
//! | [`data`] | labelled images from IDX files |
//! | [`config`] | a TOML file becomes settings, the settings a plan of runs |
//! | [`train`] | SGD with a warm-up and a stop rule, on one of two engines |
//! | [`linalg`] | Krylov methods and dense helpers |
//! | [`gram`] | the Gram matrix of a minimum and its file format |
//! | [`curvature`] | the Gram matrix of a network, and products with its Hessian |
//! | [`stability`] | every threshold, from a Gram matrix, a process and an optimizer |
//! | [`accelerate`] | the dense products of a threshold on a GPU |
//! | [`quadratic`] | linearised SGD on synthetic problems, simulated |
//! | [`probe`], [`stationary`] | the true SGD around a minimum, beside the theories |
//! | [`store`] | a results folder on disk: files that are always whole, claims of runs |
//! | [`measurement`] | what is measured at one minimum |
//! | [`record`] | records of runs, their identities, plan, summary and status |
//! | [`sweep`] | the workers that train and measure the runs of a grid |
//! | [`launch`] | a sweep as a job array of [`slurm`] |
//! | [`figures`] | drawn from CSV files alone |
//! | [`compare`] | our minima beside the published curves |
//! | [`report`] | a results folder as one HTML page |
//! | [`memory`] | how much memory the work needs, and how much there is |
//! | [`text`], [`table`], [`summary_csv`], [`statistics`] | numbers as text, CSV tables, means and medians |
//!
//! Imports point one way, without circles; a test keeps it so. `docs/design.md` has the order of the modules and
//! says how to add a case of each concept.
//!
//! # Sources
//! Cited in the documentation as
//! - \[M\] R. Mulayoff, T. Michaeli, *Exact Mean Square Linear Stability Analysis for SGD*, COLT 2024,
//!   <https://arxiv.org/abs/2306.07850>;
//! - \[D\] G. Dexter et al., *A Precise Characterization of SGD Stability Using Loss Surface Geometry*,
//!   ICLR 2024, <https://arxiv.org/abs/2401.12332>;
//! - \[C\] D. Chemnitz, M. Engel, *Characterizing Dynamical Stability of Stochastic Gradient Descent in
//!   Overparameterized Learning*, JMLR 26(134) 2025, <https://arxiv.org/abs/2407.20209>.
//!
//! # Example
//! Two orthogonal samples of curvature 4 and 1: one sample a step halves the largest stable step size.
//!
//! ```
//! use etastar::gram::Gram;
//! use etastar::optimizer::Optimizer;
//! use etastar::process::Sampling;
//! use etastar::stability::solver::SolverOptions;
//! use etastar::stability::thresholds::{Request, thresholds};
//! use faer::mat;
//!
//! let gram = Gram::new(mat![[4.0, 0.0], [0.0, 1.0]], 1)?;
//! let request = Request {
//!     batch_sizes: vec![1, 2],
//!     sampling: Sampling::Distinct,
//!     optimizer: Optimizer::default(),
//!     options: SolverOptions::default(),
//! };
//! let report = thresholds(&gram, &request, &mut |_| ())?;
//! // Along each axis E[(1 − ηh)²] = ½(1 − 4η)² + ½ ≤ 1 as long as η ≤ 2/4.
//! assert!((report.thresholds[0].eta_var - 0.5).abs() < 1e-3);
//! // The full batch sees the mean curvature 2 only.
//! assert!((report.thresholds[1].eta_var - 1.0).abs() < 1e-3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod accelerate;
pub(crate) mod cell;
pub mod compare;
pub mod config;
pub mod curvature;
pub mod data;
pub mod device;
pub(crate) mod differences;
pub mod figures;
pub mod gram;
pub mod input;
pub mod launch;
pub mod linalg;
pub mod loss;
pub mod measurement;
pub mod memory;
pub mod net;
pub mod optimizer;
pub mod probe;
pub mod process;
pub mod quadratic;
pub mod record;
pub mod report;
pub mod slurm;
pub mod stability;
pub mod stationary;
pub mod statistics;
pub mod store;
pub mod summary_csv;
pub mod sweep;
pub mod table;
pub mod text;
pub mod train;
