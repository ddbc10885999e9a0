//! The checksum of a saved minimum: of its tensors and of its origin, at the end of the origin's text.
//!
//! The origin is a JSON object, and the checksum becomes its last key. What is hashed is text and bytes
//! as they are in the file, so that later versions, with more settings in an origin, check it alike.

use safetensors::tensor::{Dtype, SafeTensors};

/// Between the origin without its last brace and the digits of the checksum.
const KEY: &str = ",\"checksum\":\"";
/// After the digits.
const END: &str = "\"}";

/// An origin as a file has it.
#[derive(Debug, PartialEq, Eq)]
pub enum Origin {
    /// The checksum is right; the text without it.
    Checked(String),
    /// Of a version that wrote none.
    Unchecked(String),
    /// The checksum is that of other tensors or of another origin.
    Wrong,
}

/// A tensor: its name, type, shape and bytes.
pub type Tensor<'a> = (&'a str, Dtype, &'a [usize], &'a [u8]);

/// `origin`, a JSON object with a key at least, and the checksum as another one. Other text has no
/// place for it.
pub fn add<'a>(origin: &str, tensors: impl IntoIterator<Item = Tensor<'a>>) -> String {
    match origin.strip_suffix('}').filter(|start| start.len() > 1) {
        Some(start) => format!("{start}{KEY}{}{END}", checksum(origin, tensors)),
        None => origin.to_owned(),
    }
}

/// The origin in `text`, the metadata of a file with these tensors.
pub fn check(text: &str, tensors: &SafeTensors<'_>) -> Origin {
    let sealed = text.strip_suffix(END).and_then(|text| text.rsplit_once(KEY));
    let Some((start, found)) = sealed else { return Origin::Unchecked(text.to_owned()) };
    let origin = format!("{start}}}");
    let tensors = tensors.tensors();
    let facts =
        tensors.iter().map(|(name, view)| (&**name, view.dtype(), view.shape(), view.data()));
    if checksum(&origin, facts) == found { Origin::Checked(origin) } else { Origin::Wrong }
}

/// BLAKE3 of the origin and of the tensors in the order of their names.
fn checksum<'a>(origin: &str, tensors: impl IntoIterator<Item = Tensor<'a>>) -> String {
    let mut tensors: Vec<Tensor<'a>> = tensors.into_iter().collect();
    tensors.sort_by_key(|(name, ..)| *name);
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    };
    add(origin.as_bytes());
    for (name, dtype, shape, data) in tensors {
        add(name.as_bytes());
        add(format!("{dtype:?} {shape:?}").as_bytes());
        add(data);
    }
    hasher.finalize().to_hex().to_string()
}
