//! The SHA-256 sums of the four MNIST files.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::DataError;

const MNIST_SHA256: [(&str, &str); 4] = [
    ("train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    ("train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ("t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    ("t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
];

/// Compares the content of a file in a folder called `mnist` with the published file of that name.
///
/// Other folders may hold other data sets under the same file names, so they are not compared.
///
/// # Errors
/// A difference in any byte.
pub fn verify(path: &Path, name: &str, content: &[u8]) -> Result<(), DataError> {
    let in_mnist = path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "mnist");
    let Some((_, expected)) = MNIST_SHA256.iter().find(|(known, _)| in_mnist && *known == name)
    else {
        return Ok(());
    };
    let found = hex(&Sha256::digest(content));
    if found == *expected {
        return Ok(());
    }
    Err(DataError::Malformed {
        path: path.to_owned(),
        reason: format!(
            "corrupted: SHA-256 is {found}, MNIST's is {expected} \
             (rename the folder if it holds other data)"
        ),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
