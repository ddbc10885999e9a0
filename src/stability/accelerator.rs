//! Another processor for the iterations of the exact threshold.
//!
//! The dense products of F_μ (see `block_map`) may be computed elsewhere, in single precision: what
//! they give is a direction and a scale, and the enclosure is proved in double precision on the CPU
//! whatever the iterations were. A processor that is slower, fails or is not accurate enough costs
//! time, never a digit: the CPU takes over.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{
    block_map::{BlockMap, Kernel, PerronMap},
    blocks::Blocks,
    spectrum::Spectrum,
};

/// What went wrong there, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// F_μ up to the factor βn on another processor.
pub trait DeviceMap {
    /// w = Bd(V [κ ∘ (VᵀmV)] Vᵀ), whose relative error is that of single precision.
    ///
    /// # Errors
    /// The processor failed.
    fn blocks(&mut self, m: &Blocks, kernel: Kernel) -> Result<Blocks, Fault>;

    /// ‖κ ∘ (VᵀmV)‖_F².
    ///
    /// # Errors
    /// The processor failed.
    fn slope(&mut self, m: &Blocks, kernel: Kernel) -> Result<f64, Fault>;
}

/// Whether a processor is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// For every problem that single precision can do.
    Always,
    /// If one application of F_μ, measured on the first problem of noticeable size, makes it the
    /// faster one.
    IfFaster,
}

/// Whether it is worth while, as far as it is known: measured, or given up after a fault.
#[derive(Debug, Default)]
pub struct Verdict(Mutex<Option<bool>>);

impl Verdict {
    /// What is known.
    pub fn get(&self) -> Option<bool> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note.
    pub fn set(&self, worth: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(worth);
    }
}

/// A processor that can apply F_μ in single precision.
pub trait Accelerator: Sync {
    /// What to call it.
    fn name(&self) -> &str;

    /// Copies V and Λ there.
    ///
    /// # Errors
    /// They do not fit, or the processor failed.
    fn load<'a>(&'a self, spectrum: &Spectrum) -> Result<Box<dyn DeviceMap + 'a>, Fault>;

    /// When to use it.
    fn policy(&self) -> Policy;

    /// What is known of it, for all problems.
    fn verdict(&self) -> &Verdict;

    /// Tells the user.
    fn say(&self, text: &str);
}

/// F_μ on another processor for as long as that works, then on the CPU.
pub struct Offloaded<'a> {
    accelerator: &'a dyn Accelerator,
    map: Option<Box<dyn DeviceMap + 'a>>,
    /// The CPU's map, made when it is needed.
    cpu: Option<Box<dyn PerronMap + 'a>>,
    make: Box<dyn Fn() -> Box<dyn PerronMap + 'a> + 'a>,
}

impl<'a> Offloaded<'a> {
    /// `make` makes the CPU's map.
    pub fn new(
        accelerator: &'a dyn Accelerator,
        map: Box<dyn DeviceMap + 'a>,
        make: Box<dyn Fn() -> Box<dyn PerronMap + 'a> + 'a>,
    ) -> Self {
        Self { accelerator, map: Some(map), cpu: None, make }
    }

    /// What the processor says, or the CPU if it cannot.
    fn either<T>(
        &mut self,
        there: impl FnOnce(&mut dyn DeviceMap) -> Result<T, Fault>,
        here: impl FnOnce(&mut dyn PerronMap) -> T,
    ) -> T {
        match self.map.as_mut().map(|map| there(map.as_mut())) {
            Some(Ok(found)) => return found,
            Some(Err(fault)) => self.leave(&fault.to_string()),
            None => {}
        }
        here(self.cpu.get_or_insert_with(&self.make).as_mut())
    }

    fn leave(&mut self, reason: &str) {
        self.map = None;
        give_up(self.accelerator, reason);
    }
}

impl PerronMap for Offloaded<'_> {
    fn blocks(&mut self, m: &Blocks, kernel: Kernel) -> Blocks {
        self.either(|map| map.blocks(m, kernel), |cpu| cpu.blocks(m, kernel))
    }

    fn slope(&mut self, m: &Blocks, kernel: Kernel) -> f64 {
        self.either(|map| map.slope(m, kernel), |cpu| cpu.slope(m, kernel))
    }

    fn retreat(&mut self) -> bool {
        let there = self.map.is_some();
        if there {
            self.leave("not accurate enough for the tolerance");
        }
        there
    }
}

/// Leaves this and all further problems to the CPU, and says why.
pub fn give_up(accelerator: &dyn Accelerator, reason: &str) {
    accelerator.verdict().set(false);
    let name = accelerator.name();
    accelerator.say(&format!("exact threshold: {name}: {reason}; on the CPU from here"));
}

/// What one application of F_μ takes.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub accelerator: Duration,
    pub cpu: Duration,
}

/// Times one application of F_μ on either, after one there that has the kernels compiled.
///
/// # Errors
/// The processor failed.
pub fn times(map: &mut dyn DeviceMap, spectrum: &Spectrum) -> Result<Times, Fault> {
    let m = Blocks::identity(spectrum.samples(), spectrum.outputs());
    let kernel = Kernel { mu: 2.0, alpha: 0.0 };
    map.blocks(&m, kernel)?;
    let clock = Instant::now();
    map.blocks(&m, kernel)?;
    let accelerator = clock.elapsed();
    let mut here = BlockMap::leading(spectrum, spectrum.rank());
    let clock = Instant::now();
    here.blocks(&m, kernel);
    Ok(Times { accelerator, cpu: clock.elapsed() })
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::super::generalized_sharpness::{Effort, GeneralizedSharpness, Solver, Status};
    use super::super::iteration::{Work, inner_map};
    use super::*;
    use crate::curvature::gram::Gram;
    use crate::process::Sampling;

    /// The CPU in a device's clothes.
    struct Fake {
        policy: Policy,
        verdict: Verdict,
        told: Mutex<Vec<String>>,
        /// Applications until it fails.
        lasts: usize,
        /// Relative error of its products.
        error: f64,
    }

    struct FakeMap<'a> {
        fake: &'a Fake,
        map: BlockMap<'static, f32>,
        left: usize,
    }

    impl FakeMap<'_> {
        fn apply(&mut self) -> Result<(), Fault> {
            self.left = self.left.checked_sub(1).ok_or_else(|| Fault("lost".to_owned()))?;
            Ok(())
        }
    }

    impl DeviceMap for FakeMap<'_> {
        fn blocks(&mut self, m: &Blocks, kernel: Kernel) -> Result<Blocks, Fault> {
            self.apply()?;
            let mut blocks = self.map.blocks(m, kernel);
            for (k, entry) in blocks.entries_mut().iter_mut().enumerate() {
                *entry *= 1.0 + self.fake.error * ((k * 37 % 11) as f64 - 5.0) / 5.0;
            }
            Ok(blocks)
        }

        fn slope(&mut self, m: &Blocks, kernel: Kernel) -> Result<f64, Fault> {
            self.apply()?;
            Ok(self.map.slope(m, kernel))
        }
    }

    impl Accelerator for Fake {
        fn name(&self) -> &str {
            "fake"
        }

        fn load<'a>(&'a self, spectrum: &Spectrum) -> Result<Box<dyn DeviceMap + 'a>, Fault> {
            let map = BlockMap::leading(spectrum, spectrum.rank());
            Ok(Box::new(FakeMap { fake: self, map, left: self.lasts }))
        }

        fn policy(&self) -> Policy {
            self.policy
        }

        fn verdict(&self) -> &Verdict {
            &self.verdict
        }

        fn say(&self, text: &str) {
            self.told.lock().unwrap().push(text.to_owned());
        }
    }

    fn fake(policy: Policy, lasts: usize, error: f64) -> Fake {
        let (verdict, told) = (Verdict::default(), Mutex::new(Vec::new()));
        Fake { policy, verdict, told, lasts, error }
    }

    fn spectrum(samples: usize, outputs: usize) -> Spectrum {
        let entry = |i: usize, j: usize| {
            (((i * 37 + j * 101 + i * j) % 17) as f64 - 8.0) / (1.0 + (i % 40) as f64)
        };
        let rows = Mat::from_fn(samples * outputs, 50, entry);
        Spectrum::of(&Gram::new(&rows * rows.transpose(), outputs).unwrap()).unwrap()
    }

    fn solve(spectrum: &Spectrum, accelerator: Option<&dyn Accelerator>) -> GeneralizedSharpness {
        let work = Work { tolerance: 1e-4, problems: 2 };
        let mut solver = Solver::new(spectrum, inner_map(spectrum, work, accelerator));
        let coefficients = Sampling::Distinct.coefficients(spectrum.samples(), 2).unwrap();
        solver.solve(coefficients, Effort::default()).sharpness
    }

    #[test]
    fn whatever_a_device_does_the_enclosure_is_as_narrow_as_asked_for() {
        let spectrum = spectrum(12, 3);
        let exact = solve(&spectrum, None);
        for (lasts, error, said) in
            [(usize::MAX, 0.0, None), (3, 0.0, Some("lost")), (usize::MAX, 0.02, Some("accurate"))]
        {
            let device = fake(Policy::Always, lasts, error);
            let found = solve(&spectrum, Some(&device));
            assert_eq!(found.status, Status::Converged);
            assert!(found.relative_width() <= 1e-4);
            assert!(found.lower <= exact.upper && exact.lower <= found.upper);
            let told = device.told.lock().unwrap();
            assert_eq!(told.len(), usize::from(said.is_some()), "{told:?}");
            assert!(told.iter().all(|text| said.is_some_and(|word| text.contains(word))));
            assert_eq!(device.verdict.get(), said.map(|_| false));
        }
    }

    #[test]
    fn the_faster_one_is_measured_once_and_told() {
        let spectrum = spectrum(257, 2);
        let device = fake(Policy::IfFaster, usize::MAX, 0.0);
        solve(&spectrum, Some(&device));
        let verdict = device.verdict.get().unwrap();
        solve(&spectrum, Some(&device));
        assert_eq!(device.verdict.get(), Some(verdict));
        let told = device.told.lock().unwrap();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("on fake, ") && told[0].contains(" on the CPU: on "));
    }

    #[test]
    fn small_problems_are_not_worth_a_measurement() {
        let device = fake(Policy::IfFaster, 0, 0.0);
        solve(&spectrum(12, 3), Some(&device));
        assert_eq!(device.verdict.get(), None);
        assert!(device.told.lock().unwrap().is_empty());
    }
}
