//! Minima on disk: safetensors with the names of a PyTorch `nn.Sequential`, and their origin.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use super::activation::Activation;
use super::checksum;
use super::weights::{Layer, Weights};
use crate::input::{self, Wanted};

/// The metadata key of the origin, a JSON text.
///
/// It is the only key, because the order of several would differ from file to file.
const ORIGIN: &str = "etastar";

/// A saved minimum that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MinimumError {
    /// The operating system refused.
    #[error("cannot read the minimum {path}: {source}{}", remedy_of_run(.path), path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// Another kind of file.
    #[error("{path} is not a safetensors file: {fault}", path = .path.display())]
    OtherKind { path: PathBuf, fault: String },
    /// Not safetensors, or damaged.
    #[error("{path} is not a usable safetensors file, but truncated, damaged or of another kind: {source}; {}", remedy(.path), path = .path.display())]
    Malformed { path: PathBuf, source: SafeTensorError },
    /// Bits have changed since the file was written.
    #[error("the minimum is damaged: its checksum is that of other weights or settings; {}", remedy(.path))]
    Damaged { path: PathBuf },
    /// The tensors are not those of a multilayer perceptron, or hold NaN or infinity.
    #[error("{path} does not hold a multilayer perceptron: {fault}", path = .path.display())]
    NotAPerceptron { path: PathBuf, fault: String },
}

/// How to get a sound file in place of the damaged one at `path`.
pub fn remedy(path: &Path) -> String {
    let folder = path.parent().filter(|_| path.with_file_name("record.json").exists());
    match folder {
        Some(folder) => format!(
            "remove the folder {} and give the command that made it again (etastar sweep or train), \
             which trains this run anew",
            folder.display()
        ),
        None => "copy or save it again".to_owned(),
    }
}

/// The end of a message about a file that cannot be read: the remedy if it is that of a finished run.
fn remedy_of_run(path: &Path) -> String {
    let of_run = path.with_file_name("record.json").exists();
    if of_run { format!("; {}", remedy(path)) } else { String::new() }
}

/// A minimum as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedWeights {
    pub weights: Weights,
    /// The text of its origin, if it has one.
    pub origin: Option<String>,
    /// Whether a checksum proves that weights and origin are those that were saved. Files of early
    /// versions and of other programs have none.
    pub checked: bool,
}

/// The file's bytes: tensors `0.weight`, `0.bias`, `2.weight`, … (the ReLUs are the odd places), so
/// that `nn.Sequential(nn.Linear(…), nn.ReLU(), nn.Linear(…))` loads it; `origin`, a JSON object, goes
/// into the metadata, and a checksum of it all into that object.
///
/// # Errors
/// A shape too large for the format.
pub fn to_bytes(weights: &Weights, origin: &str) -> Result<Vec<u8>, SafeTensorError> {
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for (depth, layer) in weights.layers.iter().enumerate() {
        let place = 2 * depth;
        tensors.push((
            format!("{place}.weight"),
            vec![layer.outputs, layer.inputs],
            bytes(&layer.weight),
        ));
        tensors.push((format!("{place}.bias"), vec![layer.outputs], bytes(&layer.bias)));
    }
    let views = tensors
        .iter()
        .map(|(name, shape, data)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), data)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    let facts = tensors.iter().map(|(name, shape, data)| (&**name, Dtype::F32, &**shape, &**data));
    let origin = checksum::add(origin, facts);
    serialize(views, Some(HashMap::from([(ORIGIN.to_owned(), origin)])))
}

/// Reads a minimum, and its origin if it has one.
///
/// # Errors
/// See [`MinimumError`].
pub fn read(path: &Path) -> Result<SavedWeights, MinimumError> {
    let content = input::read(path)
        .map_err(|source| MinimumError::Unreadable { path: path.to_owned(), source })?;
    if let Some(fault) = Wanted::Safetensors.fault(&content, path) {
        return Err(MinimumError::OtherKind { path: path.to_owned(), fault });
    }
    let malformed = |source| MinimumError::Malformed { path: path.to_owned(), source };
    let (_, header) = SafeTensors::read_metadata(&content).map_err(malformed)?;
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get(ORIGIN));
    let tensors = SafeTensors::deserialize(&content).map_err(malformed)?;
    let (origin, checked) = match text.map(|text| checksum::check(text, &tensors)) {
        Some(checksum::Origin::Checked(origin)) => (Some(origin), true),
        Some(checksum::Origin::Unchecked(origin)) => (Some(origin), false),
        Some(checksum::Origin::Wrong) => {
            return Err(MinimumError::Damaged { path: path.to_owned() });
        }
        None => (None, false),
    };
    let weights = layers(&tensors)
        .map_err(|fault| MinimumError::NotAPerceptron { path: path.to_owned(), fault })?;
    Ok(SavedWeights { weights, origin, checked })
}

fn layers(tensors: &SafeTensors<'_>) -> Result<Weights, String> {
    let mut layers: Vec<Layer> = Vec::new();
    while let Ok(weight) = tensors.tensor(&format!("{}.weight", 2 * layers.len())) {
        let place = 2 * layers.len();
        let bias = tensors
            .tensor(&format!("{place}.bias"))
            .map_err(|_| format!("{place}.bias is missing"))?;
        let &[outputs, inputs] = weight.shape() else {
            return Err(format!("{place}.weight has the shape {:?}", weight.shape()));
        };
        if bias.shape() != [outputs] {
            return Err(format!("{place}.bias has the shape {:?}, not [{outputs}]", bias.shape()));
        }
        if let Some(previous) = layers.last().filter(|previous| previous.outputs != inputs) {
            return Err(format!(
                "{place}.weight has {inputs} inputs, the layer before it {} outputs",
                previous.outputs
            ));
        }
        let named =
            |part: &str, view| floats(&view).map_err(|fault| format!("{place}.{part} {fault}"));
        let (weight, bias) = (named("weight", weight)?, named("bias", bias)?);
        layers.push(Layer { outputs, inputs, weight, bias });
    }
    match layers.len() * 2 == tensors.len() && !layers.is_empty() {
        true => Ok(Weights { activation: Activation::default(), layers }),
        false => Err(format!(
            "expected the tensors 0.weight, 0.bias, 2.weight, 2.bias, … and no others; it holds {:?}",
            tensors.names()
        )),
    }
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The numbers of a tensor; a ReLU would turn NaN into 0, and all that follows into a wrong answer.
fn floats(view: &TensorView<'_>) -> Result<Vec<f32>, String> {
    let data = view.data();
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect(),
        Dtype::F64 => data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect(),
        other => return Err(format!("holds {other:?}, not F32 or F64")),
    };
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(values),
        Some(place) => Err(format!(
            "holds NaN, infinity or more than single precision can (number {}); a diverged run \
             has no minimum",
            place + 1
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN_TEXT: &str = r#"{"spec":{"seed":1}}"#;

    fn file(weights: &Weights) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), to_bytes(weights, ORIGIN_TEXT).unwrap()).unwrap();
        file
    }

    fn network(second_bias: f32) -> Weights {
        let layer = |outputs, inputs, bias| Layer {
            outputs,
            inputs,
            weight: vec![0.5; outputs * inputs],
            bias,
        };
        let layers = vec![layer(2, 3, vec![0.0, second_bias]), layer(1, 2, vec![1.0])];
        Weights { activation: Activation::default(), layers }
    }

    #[test]
    fn what_is_written_is_read() {
        let weights = network(0.25);
        let found = read(file(&weights).path()).unwrap();
        assert_eq!(
            found,
            SavedWeights { weights, origin: Some(ORIGIN_TEXT.to_owned()), checked: true }
        );
    }

    /// A flipped bit either leaves what is read as it was, as in the padding, or is refused; only the
    /// checksum's own key can be lost, and then the file says that nothing vouches for it.
    #[test]
    fn no_flipped_bit_is_measured() {
        let weights = network(0.25);
        let sound = to_bytes(&weights, ORIGIN_TEXT).unwrap();
        let file = file(&weights);
        for bit in 0..8 * sound.len() {
            let mut damaged = sound.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(file.path(), &damaged).unwrap();
            match read(file.path()) {
                Err(_) => {}
                Ok(found) if found.checked => {
                    assert_eq!(
                        (found.weights, found.origin.as_deref()),
                        (weights.clone(), Some(ORIGIN_TEXT))
                    );
                }
                Ok(found) => assert_eq!(found.weights, weights, "bit {bit}"),
            }
        }
    }

    #[test]
    fn a_damaged_minimum_names_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("minimum.safetensors");
        let sound = to_bytes(&network(0.25), ORIGIN_TEXT).unwrap();
        let said = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            read(&path).unwrap_err().to_string()
        };
        let mut flipped = sound.clone();
        let last = flipped.len() - 1;
        flipped[last] ^= 1;
        for content in [&sound[..sound.len() / 2], &sound[..20], &flipped] {
            let said = said(content);
            assert!(said.contains("damaged") && said.contains("copy or save it again"), "{said}");
        }
        std::fs::write(folder.path().join("record.json"), "{}").unwrap();
        let said = said(&flipped);
        assert!(
            said.contains("remove the folder") && said.contains("trains this run anew"),
            "{said}"
        );
    }

    /// A ReLU turns NaN into 0, so that everything after it would look sound.
    #[test]
    fn numbers_that_are_none_are_refused_by_name() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let said = read(file(&network(bad)).path()).unwrap_err().to_string();
            assert!(said.contains("0.bias") && said.contains("number 2"), "{said}");
        }
    }

    #[test]
    fn double_precision_beyond_single_is_refused() {
        let view = |value: f64| {
            let data = value.to_le_bytes();
            floats(&TensorView::new(Dtype::F64, vec![1], &data).unwrap())
        };
        assert_eq!(view(0.5), Ok(vec![0.5]));
        assert!(view(1e39).is_err());
    }
}
