//! By which route F_μ is applied: the cheapest that can reach the tolerance.

use super::{
    accelerator::{Accelerator, DeviceMap, Fault, Offloaded, Policy, Times, give_up, times},
    block_map::{BlockMap, PerronMap},
    explicit::Explicit,
    spectrum::Spectrum,
};

/// What the iterations are for.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Relative width of the enclosures.
    pub tolerance: f64,
    /// Numbers to find.
    pub problems: usize,
}

/// Below this tolerance single precision does not reach it.
const SINGLE: f64 = 1e-5;
/// Side below which everything takes less time than a decision.
const SMALL: usize = 512;
/// Most outputs for which the explicit matrix is worth its size.
const FEW_OUTPUTS: usize = 4;

/// The map of `accelerator`, if it has one that is worth while, or else the cheapest of the CPU.
pub fn inner_map<'a>(
    spectrum: &'a Spectrum,
    work: Work,
    accelerator: Option<&'a dyn Accelerator>,
) -> Box<dyn PerronMap + 'a> {
    let there = accelerator.and_then(|accelerator| offloaded(spectrum, work, accelerator));
    there.unwrap_or_else(|| of_the_cpu(spectrum, work.tolerance))
}

fn of_the_cpu(spectrum: &Spectrum, tolerance: f64) -> Box<dyn PerronMap + '_> {
    if tolerance < SINGLE || side(spectrum) < SMALL {
        Box::new(BlockMap::exact(spectrum))
    } else if spectrum.outputs() <= FEW_OUTPUTS {
        Box::new(Explicit::new(spectrum))
    } else {
        Box::new(BlockMap::leading(spectrum, spectrum.rank()))
    }
}

fn side(spectrum: &Spectrum) -> usize {
    spectrum.samples() * spectrum.outputs()
}

fn offloaded<'a>(
    spectrum: &'a Spectrum,
    work: Work,
    accelerator: &'a dyn Accelerator,
) -> Option<Box<dyn PerronMap + 'a>> {
    let measures = accelerator.policy() == Policy::IfFaster;
    let too_small = measures && side(spectrum) < SMALL;
    if work.tolerance < SINGLE || too_small || accelerator.verdict().get() == Some(false) {
        return None;
    }
    let loaded = accelerator.load(spectrum).and_then(|mut map| {
        let faster = !measures || is_faster(map.as_mut(), spectrum, work, accelerator)?;
        Ok(faster.then_some(map))
    });
    match loaded {
        Ok(map) => {
            let cpu = move || of_the_cpu(spectrum, work.tolerance);
            map.map(|map| Box::new(Offloaded::new(accelerator, map, Box::new(cpu))) as _)
        }
        Err(fault) => {
            give_up(accelerator, &fault.to_string());
            None
        }
    }
}

/// What was measured before, or else is measured now.
fn is_faster(
    map: &mut dyn DeviceMap,
    spectrum: &Spectrum,
    work: Work,
    accelerator: &dyn Accelerator,
) -> Result<bool, Fault> {
    if let Some(known) = accelerator.verdict().get() {
        return Ok(known);
    }
    let found = times(map, spectrum)?;
    let faster = pays(found, spectrum.outputs(), work.problems);
    accelerator.verdict().set(faster);
    let [there, here] = [found.accelerator, found.cpu].map(|time| time.as_secs_f64() * 1e3);
    let name = accelerator.name();
    let verdict = if faster { name } else { "the CPU, which is faster in all" };
    accelerator.say(&format!(
        "exact threshold: a product takes {there:.3} ms on {name}, {here:.3} ms on the CPU: on \
         {verdict}"
    ));
    Ok(faster)
}

/// Whether `problems` numbers are found sooner there.
///
/// With few outputs the CPU does not iterate with the dense products but builds F_μ as an explicit
/// matrix, at the cost of some [`SETUP`] of them, and then needs [`GAIN`] times less.
fn pays(times: Times, outputs: usize, problems: usize) -> bool {
    /// Applications for one number.
    const APPLICATIONS: f64 = 30.0;
    const SETUP: f64 = 20.0;
    const GAIN: f64 = 30.0;
    let applications = APPLICATIONS * problems as f64;
    let here = if outputs <= FEW_OUTPUTS { SETUP + applications / GAIN } else { applications };
    times.accelerator.as_secs_f64() * applications < times.cpu.as_secs_f64() * here
}
