//! On what the exact thresholds are iterated, as arguments.

use clap::Args;
use etastar::accelerate::DeviceAccelerator;
use etastar::device::AnalysisBackend;

use super::exit::UsageError;
use super::show::Style;

/// A device for the exact thresholds.
#[derive(Debug, Args)]
pub struct Accelerator {
    /// Where the exact thresholds are iterated: auto, cpu, flex, ndarray, wgpu or cuda; on all but
    /// cpu in single precision. What is proved is proved on the CPU in double precision. auto is a
    /// GPU, if it proves faster
    #[arg(long, value_parser = parse, default_value = "auto")]
    backend: AnalysisBackend,
    /// Which of the backend's devices, see `etastar devices`
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    device: usize,
}

impl Accelerator {
    /// The device, `None` for the CPU's own kernels.
    pub fn open(&self, style: Style) -> Result<Option<DeviceAccelerator<'static>>, UsageError> {
        let say = Box::new(move |text: &str| style.note(text));
        DeviceAccelerator::open(self.backend, self.device, "--backend ", say)
            .map_err(|error| UsageError(error.0))
    }
}

fn parse(word: &str) -> Result<AnalysisBackend, String> {
    let words = AnalysisBackend::WORDS;
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, backend)| *backend);
    found.ok_or_else(|| format!("it must be {}", words.map(|(known, _)| known).join(", ")))
}
