//! Which [`BlockMap`] the iterations use: the cheapest that can reach the tolerance.

use super::accelerator::{
    Accelerator, AcceleratorError, DeviceMap, OffloadedMap, Policy, Timings, disable, measure,
};
use super::block_map::BlockMap;
use super::dense_map::DenseMap;
use super::explicit_map::ExplicitMap;
use super::factored_map::{FactoredMap, MATRICES};
use crate::optimizer::{Kernel, Optimizer};
use crate::stability::spectrum::Spectrum;

/// What the iterations are for.
#[derive(Debug, Clone, Copy)]
pub struct Workload {
    pub optimizer: Optimizer,
    /// Relative width of the enclosures.
    pub tolerance: f64,
    /// How many generalized sharpnesses are to be found.
    pub problems: usize,
    /// Bytes of memory that there are; `None` if that is not known.
    pub memory: Option<u64>,
}

impl Workload {
    /// Whether the matrices of [`FactoredMap`] take at most half of the memory.
    fn fits_factors(self, side: usize) -> bool {
        let needed = (MATRICES as u64).saturating_mul(4 * (side as u64).saturating_pow(2));
        self.memory.is_some_and(|memory| needed <= memory / 2)
    }
}

/// The smallest tolerance that iterations in single precision can reach.
const SINGLE: f64 = 1e-5;
/// Side below which the whole computation is shorter than a choice between maps.
const SMALL: usize = 512;
/// Most outputs for which the explicit matrix is worth its size.
const FEW_OUTPUTS: usize = 4;

/// The map of `accelerator` if that can be used, or else the cheapest one of the CPU.
pub fn inner_map<'a>(
    spectrum: &'a Spectrum,
    workload: Workload,
    accelerator: Option<&'a dyn Accelerator>,
) -> Box<dyn BlockMap + 'a> {
    let offloaded = accelerator.and_then(|device| offloaded_map(spectrum, workload, device));
    offloaded.unwrap_or_else(|| cpu_map(spectrum, workload))
}

fn cpu_map(spectrum: &Spectrum, workload: Workload) -> Box<dyn BlockMap + '_> {
    if workload.tolerance < SINGLE || side(spectrum) < SMALL {
        Box::new(DenseMap::exact(spectrum))
    } else if is_explicit(spectrum, workload) {
        Box::new(ExplicitMap::new(spectrum))
    } else if spectrum.outputs() <= FEW_OUTPUTS && workload.fits_factors(side(spectrum)) {
        Box::new(FactoredMap::new(spectrum))
    } else {
        Box::new(DenseMap::leading(spectrum, spectrum.rank()))
    }
}

/// Whether the explicit matrix is the CPU's cheapest map.
fn is_explicit(spectrum: &Spectrum, workload: Workload) -> bool {
    spectrum.outputs() <= FEW_OUTPUTS && workload.optimizer.rule().has_additive_kernel()
}

fn side(spectrum: &Spectrum) -> usize {
    spectrum.samples() * spectrum.outputs()
}

fn offloaded_map<'a>(
    spectrum: &'a Spectrum,
    workload: Workload,
    accelerator: &'a dyn Accelerator,
) -> Option<Box<dyn BlockMap + 'a>> {
    let measures = accelerator.policy() == Policy::IfFaster;
    let too_small = measures && side(spectrum) < SMALL;
    let single = workload.tolerance >= SINGLE && workload.optimizer.rule().has_additive_kernel();
    if !single || too_small || accelerator.decision().get() == Some(false) {
        return None;
    }
    let loaded = accelerator.load(spectrum).and_then(|mut device| {
        let faster = !measures || is_faster(device.as_mut(), spectrum, workload, accelerator)?;
        Ok(faster.then_some(device))
    });
    match loaded {
        Ok(device) => {
            let make_cpu = move || cpu_map(spectrum, workload);
            device.map(|map| Box::new(OffloadedMap::new(accelerator, map, Box::new(make_cpu))) as _)
        }
        Err(error) => {
            disable(accelerator, &error.to_string());
            None
        }
    }
}

/// The earlier decision, or else one by timing the device now.
fn is_faster(
    device: &mut dyn DeviceMap,
    spectrum: &Spectrum,
    workload: Workload,
    accelerator: &dyn Accelerator,
) -> Result<bool, AcceleratorError> {
    if let Some(known) = accelerator.decision().get() {
        return Ok(known);
    }
    let timings = measure(device, spectrum, Kernel::new(workload.optimizer, 2.0, 0.0))?;
    let faster = saves_time(timings, is_explicit(spectrum, workload), workload.problems);
    accelerator.decision().set(faster);
    let [on_device, on_cpu] = [timings.device, timings.cpu].map(|time| time.as_secs_f64() * 1e3);
    let name = accelerator.name();
    let choice = if faster { name } else { "the CPU, which is faster in all" };
    accelerator.notify(&format!(
        "exact threshold: a product takes {on_device:.3} ms on {name}, {on_cpu:.3} ms on the CPU: on \
         {choice}"
    ));
    Ok(faster)
}

/// Whether `problems` numbers are found sooner on the device.
///
/// With the explicit matrix the CPU does not iterate with the dense products: building the matrix takes
/// about [`SETUP`] of them, and each application then takes [`GAIN`] times less.
fn saves_time(timings: Timings, explicit: bool, problems: usize) -> bool {
    /// Applications for one number.
    const APPLICATIONS: f64 = 30.0;
    const SETUP: f64 = 20.0;
    const GAIN: f64 = 30.0;
    let applications = APPLICATIONS * problems as f64;
    let on_cpu = if explicit { SETUP + applications / GAIN } else { applications };
    timings.device.as_secs_f64() * applications < timings.cpu.as_secs_f64() * on_cpu
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use std::sync::Mutex;

    use super::*;
    use crate::gram::Gram;
    use crate::optimizer::Kernel;
    use crate::process::Sampling;
    use crate::stability::solver::accelerator::CachedDecision;
    use crate::stability::solver::blocks::Blocks;
    use crate::stability::solver::newton::Solver;
    use crate::stability::solver::solution::{GeneralizedSharpness, SolverOptions, Status};

    /// The CPU as a device.
    struct TestDevice {
        policy: Policy,
        decision: CachedDecision,
        messages: Mutex<Vec<String>>,
        /// Applications before it fails.
        fails_after: usize,
        /// Relative error of its products.
        error: f64,
    }

    struct TestMap<'a> {
        device: &'a TestDevice,
        map: DenseMap<'static, f32>,
        left: usize,
    }

    impl TestMap<'_> {
        fn count_application(&mut self) -> Result<(), AcceleratorError> {
            self.left =
                self.left.checked_sub(1).ok_or_else(|| AcceleratorError("lost".to_owned()))?;
            Ok(())
        }
    }

    impl DeviceMap for TestMap<'_> {
        fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Result<Blocks, AcceleratorError> {
            self.count_application()?;
            let mut blocks = self.map.apply(m, kernel);
            for (k, entry) in blocks.entries_mut().iter_mut().enumerate() {
                *entry *= 1.0 + self.device.error * ((k * 37 % 11) as f64 - 5.0) / 5.0;
            }
            Ok(blocks)
        }

        fn alpha_derivative(
            &mut self,
            m: &Blocks,
            kernel: Kernel,
        ) -> Result<f64, AcceleratorError> {
            self.count_application()?;
            Ok(self.map.alpha_derivative(m, kernel))
        }
    }

    impl Accelerator for TestDevice {
        fn name(&self) -> &str {
            "fake"
        }

        fn load<'a>(
            &'a self,
            spectrum: &Spectrum,
        ) -> Result<Box<dyn DeviceMap + 'a>, AcceleratorError> {
            let map = DenseMap::leading(spectrum, spectrum.rank());
            Ok(Box::new(TestMap { device: self, map, left: self.fails_after }))
        }

        fn policy(&self) -> Policy {
            self.policy
        }

        fn decision(&self) -> &CachedDecision {
            &self.decision
        }

        fn notify(&self, text: &str) {
            self.messages.lock().unwrap().push(text.to_owned());
        }
    }

    fn test_device(policy: Policy, fails_after: usize, error: f64) -> TestDevice {
        let (decision, messages) = (CachedDecision::default(), Mutex::new(Vec::new()));
        TestDevice { policy, decision, messages, fails_after, error }
    }

    fn spectrum(samples: usize, outputs: usize) -> Spectrum {
        let entry = |i: usize, j: usize| {
            (((i * 37 + j * 101 + i * j) % 17) as f64 - 8.0) / (1.0 + (i % 40) as f64)
        };
        let rows = Mat::from_fn(samples * outputs, 50, entry);
        Spectrum::of(&Gram::new(&rows * rows.transpose(), outputs).unwrap()).unwrap()
    }

    fn solve(spectrum: &Spectrum, accelerator: Option<&dyn Accelerator>) -> GeneralizedSharpness {
        let workload = Workload {
            optimizer: Optimizer::default(),
            tolerance: 1e-4,
            problems: 2,
            memory: None,
        };
        let mut solver =
            Solver::new(spectrum, workload.optimizer, inner_map(spectrum, workload, accelerator));
        let coefficients = Sampling::Distinct.coefficients(spectrum.samples(), 2).unwrap();
        solver.solve(coefficients, SolverOptions::default()).sharpness
    }

    #[test]
    fn devices_that_fail_or_are_inaccurate_leave_the_enclosure_as_narrow() {
        let spectrum = spectrum(12, 3);
        let exact = solve(&spectrum, None);
        for (fails_after, error, said) in
            [(usize::MAX, 0.0, None), (3, 0.0, Some("lost")), (usize::MAX, 0.02, Some("accurate"))]
        {
            let device = test_device(Policy::Always, fails_after, error);
            let found = solve(&spectrum, Some(&device));
            assert_eq!(found.status, Status::Converged);
            assert!(found.relative_width() <= 1e-4);
            assert!(found.lower <= exact.upper && exact.lower <= found.upper);
            let messages = device.messages.lock().unwrap();
            assert_eq!(messages.len(), usize::from(said.is_some()), "{messages:?}");
            assert!(messages.iter().all(|text| said.is_some_and(|word| text.contains(word))));
            assert_eq!(device.decision.get(), said.map(|_| false));
        }
    }

    #[test]
    fn the_faster_one_is_measured_once_and_named() {
        let spectrum = spectrum(257, 2);
        let device = test_device(Policy::IfFaster, usize::MAX, 0.0);
        solve(&spectrum, Some(&device));
        let decision = device.decision.get().unwrap();
        solve(&spectrum, Some(&device));
        assert_eq!(device.decision.get(), Some(decision));
        let messages = device.messages.lock().unwrap();
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains("on fake, ") && messages[0].contains(" on the CPU: on "));
    }

    #[test]
    fn small_problems_are_not_worth_a_measurement() {
        let device = test_device(Policy::IfFaster, 0, 0.0);
        solve(&spectrum(12, 3), Some(&device));
        assert_eq!(device.decision.get(), None);
        assert!(device.messages.lock().unwrap().is_empty());
    }
}
