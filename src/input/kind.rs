//! What a file is, by its first bytes, and how to make of it what was wanted.

use std::path::Path;

/// A kind of file that is given by mistake where another is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// The text that Git has in place of a large file.
    LfsPointer,
    /// NumPy's array.
    Npy,
    /// NumPy's archive of arrays, with the name of the first one.
    Npz {
        first: String,
    },
    /// PyTorch's archive.
    Torch,
    /// Any other archive.
    Zip,
    /// Python objects, of `pickle` or of early versions of `torch.save`.
    Pickle,
    /// Text in units of 16 bits.
    Utf16,
    Gzip,
    Hdf5,
    Safetensors,
    Html,
    /// Any other text.
    Text,
}

/// The length of the part of a file that is looked at.
const HEAD: usize = 512;

impl FileKind {
    /// The kind of a file that begins with `bytes`; `None` for others.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let head = &bytes[..bytes.len().min(HEAD)];
        let begins = |magic: &[u8]| head.starts_with(magic);
        if begins(b"version https://git-lfs") {
            Some(Self::LfsPointer)
        } else if begins(b"\x93NUMPY") {
            Some(Self::Npy)
        } else if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") {
            Some(Self::of_archive(head))
        } else if matches!(head, [0x80, 2..=5, ..]) {
            Some(Self::Pickle)
        } else if is_utf16(head) {
            Some(Self::Utf16)
        } else if begins(b"\x1f\x8b") {
            Some(Self::Gzip)
        } else if begins(b"\x89HDF\r\n\x1a\n") {
            Some(Self::Hdf5)
        } else if head.get(8) == Some(&b'{') && head.get(4..8) == Some(&[0; 4]) {
            Some(Self::Safetensors)
        } else if is_html(head) {
            Some(Self::Html)
        } else {
            is_text(head).then_some(Self::Text)
        }
    }

    /// The kind of a ZIP archive, by the name of its first entry (APPNOTE.TXT 4.3.7).
    fn of_archive(head: &[u8]) -> Self {
        let length =
            head.get(26..28).map_or(0, |size| usize::from(size[0]) + 256 * usize::from(size[1]));
        let name = head.get(30..30 + length).map(String::from_utf8_lossy).unwrap_or_default();
        match name.strip_suffix(".npy") {
            Some(first) => Self::Npz { first: first.to_owned() },
            None if [".pkl", "/version", "/byteorder", "/.format_version"]
                .iter()
                .any(|end| name.ends_with(end)) =>
            {
                Self::Torch
            }
            None => Self::Zip,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::LfsPointer => "a Git LFS pointer, not the file itself",
            Self::Npy => "a NumPy array (.npy)",
            Self::Npz { .. } => "a .npz archive of NumPy arrays",
            Self::Torch => "a PyTorch file of torch.save",
            Self::Zip => "a ZIP archive",
            Self::Pickle => "a Python pickle",
            Self::Utf16 => "text in UTF-16, as PowerShell's > writes it",
            Self::Gzip => "a gzipped file",
            Self::Hdf5 => "an HDF5 file",
            Self::Safetensors => "a safetensors file",
            Self::Html => "a web page",
            Self::Text => "text",
        }
    }
}

/// UTF-16 with its byte-order mark, or Latin text in it without one.
fn is_utf16(head: &[u8]) -> bool {
    let zeros = |from: usize| head.iter().skip(from).step_by(2).take(4).all(|&byte| byte == 0);
    let letters = |from: usize| {
        head.iter()
            .skip(from)
            .step_by(2)
            .take(4)
            .all(|&byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~'))
    };
    head.starts_with(b"\xff\xfe")
        || head.starts_with(b"\xfe\xff")
        || head.len() >= 8 && (zeros(1) && letters(0) || zeros(0) && letters(1))
}

fn is_html(head: &[u8]) -> bool {
    let start = head.trim_ascii_start().to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

fn is_text(head: &[u8]) -> bool {
    !head.is_empty() && head.iter().all(|&byte| matches!(byte, b'\t'..=b'\r' | b' '..=b'~'))
}

/// What a command expects of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Npy,
    Safetensors,
    Idx,
    Configuration,
}

impl Wanted {
    /// What a file that begins with `bytes` is instead, and the fix; `None` if it may be what is wanted
    /// or cannot be told.
    pub fn fault(self, bytes: &[u8], path: &Path) -> Option<String> {
        let kind = FileKind::of(bytes)?;
        let is_wanted = match self {
            Self::Npy => kind == FileKind::Npy,
            Self::Safetensors => kind == FileKind::Safetensors,
            // These have no mark of their own that text or an archive could have by chance.
            Self::Idx => false,
            Self::Configuration => kind == FileKind::Text,
        };
        if is_wanted {
            return None;
        }
        let fix = match &kind {
            FileKind::LfsPointer => format!("fetch it: git lfs pull --include={:?}", display(path)),
            kind => self.fix(kind, path)?,
        };
        Some(format!("it is {}; {fix}", kind.name()))
    }

    fn fix(self, kind: &FileKind, path: &Path) -> Option<String> {
        let file = display(path);
        let npy = display(&path.with_extension("npy"));
        let array = |array: String| format!("save its array: np.save({npy:?}, {array})");
        let fix = match (self, kind) {
            (Self::Npy, FileKind::Npz { first }) => array(format!("np.load({file:?})[{first:?}]")),
            (Self::Npy, FileKind::Torch) => array(format!("torch.load({file:?}).numpy()")),
            (Self::Npy, FileKind::Pickle) => {
                array(format!("torch.load({file:?}).numpy()")) + ", or what pickle.load returns"
            }
            (Self::Npy, FileKind::Hdf5) => array(format!("h5py.File({file:?})[KEY][:]")),
            (Self::Npy, FileKind::Safetensors) => {
                array(format!("safetensors.numpy.load_file({file:?})[KEY]"))
            }
            (Self::Npy, FileKind::Text) => array(format!("np.loadtxt({file:?})")),
            (Self::Npy, FileKind::Utf16) => "let np.save write the file itself".to_owned(),
            (Self::Safetensors, FileKind::Torch | FileKind::Pickle) => format!(
                "save the weights: safetensors.torch.save_file(model.state_dict(), {:?})",
                display(&path.with_extension("safetensors"))
            ),
            (Self::Safetensors, FileKind::Npy | FileKind::Npz { .. }) => {
                "a minimum is a safetensors file; for a Gram matrix there is etastar thresholds"
                    .to_owned()
            }
            (Self::Configuration, FileKind::Utf16) => {
                "save it as UTF-8 (PowerShell: Out-File -Encoding utf8)".to_owned()
            }
            (Self::Configuration, FileKind::Npy | FileKind::Npz { .. }) => {
                "a configuration is a TOML file; for a Gram matrix there is etastar thresholds"
                    .to_owned()
            }
            (Self::Configuration, FileKind::Safetensors) => {
                "a configuration is a TOML file; for a minimum there is etastar analyze".to_owned()
            }
            (Self::Configuration, FileKind::Html) => "download the TOML file itself".to_owned(),
            (Self::Configuration, _) => "a configuration is a TOML file".to_owned(),
            (_, FileKind::Gzip) => "unpack it: gunzip".to_owned(),
            (_, FileKind::Zip) => "unpack it: unzip".to_owned(),
            (_, FileKind::Html) => "download the file itself".to_owned(),
            (
                Self::Idx,
                FileKind::Npy | FileKind::Npz { .. } | FileKind::Torch | FileKind::Pickle,
            ) => "a data folder holds IDX files, as MNIST is distributed".to_owned(),
            _ => return None,
        };
        Some(fix)
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ZIP archive as far as it is looked at.
    fn archive(entry: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(26, 0);
        bytes.extend([entry.len() as u8, 0, 0, 0]);
        bytes.extend(entry.as_bytes());
        bytes
    }

    const POINTER: &[u8] =
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";

    #[test]
    fn files_are_named_for_what_they_are_with_the_fix() {
        let said = |wanted: Wanted, name: &str, bytes: &[u8]| {
            wanted.fault(bytes, Path::new(name)).unwrap_or_default()
        };
        let npz = said(Wanted::Npy, "k.npz", &archive("gram.npy"));
        assert_eq!(
            npz,
            "it is a .npz archive of NumPy arrays; save its array: np.save(\"k.npy\", \
             np.load(\"k.npz\")[\"gram\"])"
        );
        let torch = said(Wanted::Npy, "k.pt", &archive("k/data.pkl"));
        assert!(torch.contains("torch.load(\"k.pt\").numpy()"), "{torch}");
        let weights = said(Wanted::Safetensors, "w.pt", &archive("archive/data.pkl"));
        assert!(weights.contains("save_file(model.state_dict(), \"w.safetensors\")"), "{weights}");
        let legacy = said(Wanted::Safetensors, "w.pt", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.");
        assert!(legacy.contains("save_file"), "{legacy}");
        for wanted in [Wanted::Npy, Wanted::Safetensors, Wanted::Idx, Wanted::Configuration] {
            let pointer = said(wanted, "a/b", POINTER);
            assert!(pointer.contains("Git LFS") && pointer.contains("git lfs pull"), "{pointer}");
        }
        let page = said(Wanted::Idx, "x", b"\n<!DOCTYPE html><html>");
        assert!(page.contains("a web page") && page.contains("download"), "{page}");
    }

    #[test]
    fn what_is_wanted_has_no_fault() {
        for (wanted, bytes) in [
            (Wanted::Npy, &b"\x93NUMPY\x01\x00v\x00{'descr'"[..]),
            (Wanted::Safetensors, b"\x10\x00\x00\x00\x00\x00\x00\x00{\"a\":1}"),
            (Wanted::Idx, &[0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]),
            (Wanted::Configuration, "# η\n[train]\n".as_bytes()),
            (Wanted::Configuration, b"[train]\n"),
            (Wanted::Configuration, b""),
        ] {
            assert_eq!(wanted.fault(bytes, Path::new("x")), None, "{wanted:?}");
        }
    }
}
