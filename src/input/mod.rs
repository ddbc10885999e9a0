//! Files that users name: read with errors that say what is wrong with the path.

mod kind;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

pub use kind::{FileKind, Wanted};

/// Opens the file at `path` for reading.
///
/// # Errors
/// Those of the operating system, and a link to nothing by name.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path).map_err(|error| explain_link(path, error))
}

/// The bytes of the file at `path`.
///
/// # Errors
/// Those of [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|error| explain_link(path, error))
}

/// The text of the configuration at `path`, in UTF-8 with or without a byte-order mark.
///
/// # Errors
/// Those of [`open`], and a file that is not text in UTF-8, named for what it is.
pub fn read_configuration(path: &Path) -> io::Result<String> {
    let bytes = read(path)?;
    if let Some(fault) = Wanted::Configuration.fault(&bytes, path) {
        return Err(io::Error::new(ErrorKind::InvalidData, fault));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
        io::Error::new(
            ErrorKind::InvalidData,
            format!("line {line} is not UTF-8; save the file as UTF-8"),
        )
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// `error` of using `path`, which names the link to nothing if there is one on the way.
pub fn explain_link(path: &Path, error: io::Error) -> io::Error {
    if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) {
        return error;
    }
    dangling_link(path).map_or(error, |text| io::Error::new(ErrorKind::NotFound, text))
}

/// The link to nothing on the way to `path`, with what it is.
pub fn dangling_link(path: &Path) -> Option<String> {
    path.ancestors().find_map(|part| {
        let target = fs::read_link(part).ok().filter(|_| !part.exists())?;
        Some(format!("{} is a link to {}, which does not exist", part.display(), target.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_named_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("nowhere/at-all", &link).unwrap();
        for path in [link.clone(), link.join("below")] {
            let said = read(&path).unwrap_err().to_string();
            assert!(
                said.ends_with("link is a link to nowhere/at-all, which does not exist"),
                "{said}"
            );
            assert_eq!(open(&path).unwrap_err().to_string(), said);
        }
        let missing = read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(!missing.contains("link"), "{missing}");
    }

    #[test]
    fn configurations_are_text_in_utf_8() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.toml");
        let read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read_configuration(&path).map_err(|error| error.to_string())
        };
        assert_eq!(read(b"\xef\xbb\xbfseed = 1").unwrap(), "seed = 1");
        assert_eq!(read("a = 1 # η".as_bytes()).unwrap(), "a = 1 # η");
        let latin = read(b"a = 1\nb = 2 # \xe9t\xe9\n").unwrap_err();
        assert!(latin.contains("line 2 is not UTF-8"), "{latin}");
        for (big, mark) in [(false, true), (true, true), (false, false), (true, false)] {
            let units = mark.then_some(0xfeff).into_iter().chain("[train]\r\n".encode_utf16());
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            let said = read(&units.flat_map(bytes).collect::<Vec<u8>>()).unwrap_err();
            assert!(said.contains("UTF-16") && said.contains("UTF-8"), "{said}");
        }
    }
}
