//! The saved state of an unfinished run, with a checksum over all of it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::FORMAT;
use crate::store::{self, RunId, StoreError};
use crate::train::{Progress, Snapshot};

/// The file in a run's folder.
const FILE: &str = "checkpoint.safetensors";
/// The key of the header in the file's metadata.
const METADATA_KEY: &str = "etastar";

/// The state of a run between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub progress: Progress,
    pub engine: Snapshot,
    /// Seconds of training so far.
    pub seconds: f64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    run_id: RunId,
    progress: Progress,
    facts: Value,
    seconds: f64,
    /// BLAKE3 of the arrays and of this header without it.
    digest: String,
}

/// What was found in a run's folder.
#[derive(Debug)]
pub enum SavedState {
    /// No checkpoint.
    None,
    Valid(Box<Checkpoint>),
    /// A checkpoint that is damaged or of another run; it was renamed to `to`.
    SetAside {
        to: PathBuf,
        fault: String,
    },
}

/// Writes the state of run `id` into `folder`.
///
/// # Errors
/// A full disk, a read-only folder, ….
pub fn save(folder: &Path, id: &RunId, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let path = folder.join(FILE);
    let bytes = encode(id, checkpoint)
        .map_err(|fault| StoreError::Damaged { path: path.clone(), fault })?;
    store::write_file(&path, &bytes)
}

/// Reads the state of run `id` from `folder`; renames a file that is damaged or of another run.
///
/// # Errors
/// The operating system refused to read or rename.
pub fn load(folder: &Path, id: &RunId) -> Result<SavedState, StoreError> {
    let path = folder.join(FILE);
    let Some(bytes) = store::read_file(&path)? else { return Ok(SavedState::None) };
    match decode(id, &bytes) {
        Ok(checkpoint) => Ok(SavedState::Valid(Box::new(checkpoint))),
        Err(fault) => Ok(SavedState::SetAside { to: store::set_aside(&path)?, fault }),
    }
}

/// Removes the state of a finished run.
///
/// # Errors
/// The operating system refused.
pub fn remove(folder: &Path) -> Result<(), StoreError> {
    store::remove_file(&folder.join(FILE))
}

fn encode(id: &RunId, checkpoint: &Checkpoint) -> Result<Vec<u8>, String> {
    let arrays: BTreeMap<&String, Vec<u8>> = checkpoint
        .engine
        .arrays
        .iter()
        .map(|(name, values)| (name, values.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let mut header = Header {
        format: FORMAT,
        run_id: id.clone(),
        progress: checkpoint.progress.clone(),
        facts: checkpoint.engine.facts.clone(),
        seconds: checkpoint.seconds,
        digest: String::new(),
    };
    header.digest = digest(&header, arrays.iter().map(|(name, data)| (name.as_str(), &data[..])))?;
    let header = serde_json::to_string(&header).map_err(|error| error.to_string())?;
    let views = arrays
        .iter()
        .map(|(name, data)| Ok((*name, TensorView::new(Dtype::F32, vec![data.len() / 4], data)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| error.to_string())?;
    serialize(views, Some(HashMap::from([(METADATA_KEY.to_owned(), header)])))
        .map_err(|error| error.to_string())
}

fn decode(id: &RunId, bytes: &[u8]) -> Result<Checkpoint, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let text = metadata.metadata().as_ref().and_then(|entries| entries.get(METADATA_KEY));
    let text = text.ok_or("it has no header")?;
    let mut header: Header = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if header.format != FORMAT {
        return Err(format!("it has format {}, this program's is {FORMAT}", header.format));
    }
    if header.run_id != *id {
        return Err(format!("it belongs to run {}", header.run_id));
    }
    let expected = std::mem::take(&mut header.digest);
    let mut views = tensors.tensors();
    views.sort_by(|a, b| a.0.cmp(&b.0));
    let found = digest(&header, views.iter().map(|(name, view)| (name.as_str(), view.data())))?;
    if found != expected {
        return Err("its checksum does not match".to_owned());
    }
    let floats = |view: &TensorView<'_>| {
        view.data().as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
    };
    let arrays = views.iter().map(|(name, view)| (name.clone(), floats(view))).collect();
    let engine = Snapshot { arrays, facts: header.facts };
    Ok(Checkpoint { progress: header.progress, engine, seconds: header.seconds })
}

fn digest<'a>(
    header: &Header,
    arrays: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<String, String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&serde_json::to_vec(header).map_err(|error| error.to_string())?);
    for (name, data) in arrays {
        hasher.update(name.as_bytes()).update(&(data.len() as u64).to_le_bytes()).update(data);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::HistoryPoint;

    fn id(text: &str) -> RunId {
        serde_json::from_value(serde_json::json!(text)).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        let point = HistoryPoint {
            epoch: 3,
            step: 12,
            learning_rate: 0.012_589_254_117_941_677,
            running_loss: Some(1.0 / 3.0),
            loss: None,
        };
        let progress = Progress {
            epoch: 3,
            position: 256,
            epoch_loss: 0.1 + 0.2,
            steps: 13,
            streak: 2,
            initial_loss: 17.000_000_000_000_004,
            running_loss: 1e-300,
            history: vec![point],
        };
        let arrays = BTreeMap::from([
            ("0.bias".to_owned(), vec![-0.0, f32::MIN_POSITIVE, 1.0 / 3.0]),
            ("0.weight".to_owned(), vec![f32::from_bits(0x3f80_0001); 6]),
        ]);
        let engine = Snapshot { arrays, facts: serde_json::json!({ "layout": "pixel" }) };
        Checkpoint { progress, engine, seconds: 61.5 }
    }

    #[test]
    fn what_is_saved_is_found_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load(folder.path(), &id("a")).unwrap(), SavedState::None));
        save(folder.path(), &id("a"), &checkpoint()).unwrap();
        let SavedState::Valid(found) = load(folder.path(), &id("a")).unwrap() else {
            panic!("not found")
        };
        assert_eq!(*found, checkpoint());
        assert!(found.engine.arrays["0.bias"][0].is_sign_negative());
    }

    #[test]
    fn any_flipped_bit_is_noticed_and_the_file_set_aside() {
        let bytes = encode(&id("a"), &checkpoint()).unwrap();
        for at in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            let folder = tempfile::tempdir().unwrap();
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            std::fs::write(folder.path().join(FILE), &damaged).unwrap();
            match load(folder.path(), &id("a")).unwrap() {
                SavedState::SetAside { to, .. } => assert_eq!(std::fs::read(to).unwrap(), damaged),
                // The padding of the header's JSON means nothing.
                SavedState::Valid(found) => assert_eq!(*found, checkpoint(), "byte {at}"),
                SavedState::None => panic!("byte {at}: lost"),
            }
        }
    }

    #[test]
    fn another_runs_state_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &id("a"), &checkpoint()).unwrap();
        let SavedState::SetAside { to, fault } = load(folder.path(), &id("b")).unwrap() else {
            panic!("taken")
        };
        assert!(fault.contains("belongs to run a") && to.exists());
    }
}
