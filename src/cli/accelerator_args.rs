//! The arguments that choose a device for the exact thresholds.

use clap::Args;
use etastar::accelerate::DeviceAccelerator;
use etastar::device::AnalysisBackend;

use super::exit::UsageError;
use super::output_options::OutputOptions;

/// A device for the exact thresholds.
#[derive(Debug, Args)]
pub struct AcceleratorArgs {
    /// Where the exact thresholds are iterated: auto, cpu, flex, ndarray, wgpu or cuda; on all but
    /// cpu in single precision. Proofs are always computed on the CPU in double precision. auto is
    /// a GPU, if it proves faster
    #[arg(long, value_parser = parse_backend, default_value = "auto")]
    backend: AnalysisBackend,
    /// Which of the backend's devices, see `etastar devices`
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    device: usize,
}

impl AcceleratorArgs {
    /// Opens the device; `None` for the CPU kernels of this program.
    ///
    /// # Errors
    /// The device does not exist.
    pub fn open(
        &self,
        output: OutputOptions,
    ) -> Result<Option<DeviceAccelerator<'static>>, UsageError> {
        let note = Box::new(move |text: &str| output.note(text));
        DeviceAccelerator::open(self.backend, self.device, "--backend ", note)
            .map_err(|error| UsageError(error.0))
    }
}

fn parse_backend(word: &str) -> Result<AnalysisBackend, String> {
    let words = AnalysisBackend::WORDS;
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, backend)| *backend);
    found.ok_or_else(|| format!("it must be {}", words.map(|(known, _)| known).join(", ")))
}
