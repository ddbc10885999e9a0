//! Gram matrices in the orders, shapes and number types in which frameworks give them.

use std::fs;
use std::path::{Path, PathBuf};

use etastar::gram::npy::{GramFile, Layout, NpyError};
use faer::Mat;

use crate::common::program::{etastar, stderr, stdout};

/// n = 3, Q = 2: J Jᵀ of small integers, rows i·Q + q.
const G: [[f64; 6]; 6] = [
    [21.0, 21.0, 2.0, -4.0, 12.0, 15.0],
    [21.0, 21.0, 2.0, -4.0, 12.0, 15.0],
    [2.0, 2.0, 29.0, -14.0, 20.0, 3.0],
    [-4.0, -4.0, -14.0, 17.0, 0.0, 9.0],
    [12.0, 12.0, 20.0, 0.0, 32.0, 24.0],
    [15.0, 15.0, 3.0, 9.0, 24.0, 27.0],
];

/// G as NumPy 2.4.6 saved it: the header, and the bytes in hexadecimal digits. `K` is
/// `np.einsum("ikd,jld->ijkl", J, J)`, `F` is `np.asfortranarray`.
const SAVED: [(&str, &str); 5] = [
    // G.astype("<f2")
    (
        "{'descr': '<f2', 'fortran_order': False, 'shape': (6, 6), }",
        "404d404d004000c4004a804b404d404d004000c4004a804b00400040404f00cb004d004200c400c400cb404c\
         00008048004a004a004d00000050004e804b804b00428048004ec04e",
    ),
    // F(G.astype(">f2"))
    (
        "{'descr': '>f2', 'fortran_order': True, 'shape': (6, 6), }",
        "4d404d404000c4004a004b804d404d404000c4004a004b80400040004f40cb004d004200c400c400cb004c40\
         000048804a004a004d00000050004e004b804b80420048804e004ec0",
    ),
    // K.astype("i1")
    (
        "{'descr': '|i1', 'fortran_order': False, 'shape': (3, 3, 2, 2), }",
        "1515151502fc02fc0c0f0c0f0202fcfc1df2f211140300090c0c0f0f140003092018181b",
    ),
    // F(K.astype(">i2"))
    (
        "{'descr': '>i2', 'fortran_order': True, 'shape': (3, 3, 2, 2), }",
        "00150002000c0002001d0014000c001400200015fffc000f0002fff20003000c0000001800150002000cfffc\
         fff20000000f000300180015fffc000ffffc00110009000f0009001b",
    ),
    // K.astype("<f4")
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3, 2, 2), }",
        "0000a8410000a8410000a8410000a84100000040000080c000000040000080c0000040410000704100004041\
         000070410000004000000040000080c0000080c00000e841000060c1000060c1000088410000a04100004040\
         0000000000001041000040410000404100007041000070410000a04100000000000040400000104100000042\
         0000c0410000c0410000d841",
    ),
];

/// A version-1 file as `np.save` pads it, to a multiple of 64 bytes.
fn npy(path: &Path, header: &str, numbers: &[u8]) {
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(numbers);
    fs::write(path, bytes).unwrap();
}

fn save(path: &Path, shape: &str, numbers: impl IntoIterator<Item = f64>) {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let bytes: Vec<u8> = numbers.into_iter().flat_map(f64::to_le_bytes).collect();
    npy(path, &header, &bytes);
}

fn from_hex(digits: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    digits.as_bytes().chunks(2).map(|pair| 16 * digit(pair[0]) + digit(pair[1])).collect()
}

fn read(path: &Path, outputs: Option<usize>, layout: Option<Layout>) -> Result<Mat<f64>, NpyError> {
    let file = GramFile::open(path, outputs, layout)?;
    let side = file.side();
    let gram = file.read(1.0)?;
    assert_eq!((gram.samples(), gram.outputs(), gram.side()), (3, 2, side));
    Ok(gram.matrix().to_owned())
}

fn expected() -> Mat<f64> {
    Mat::from_fn(6, 6, |i, j| G[i][j])
}

/// Rows q·n + i of G.
fn by_output(row: usize, column: usize) -> f64 {
    let sample_major = |row: usize| row % 3 * 2 + row / 3;
    G[sample_major(row)][sample_major(column)]
}

/// `(a, b, c, d)`, C order, with the entry of outputs k and l of samples i and j from `index`.
fn kernel(
    path: &Path,
    sides: [usize; 4],
    index: impl Fn([usize; 4]) -> (usize, usize, usize, usize),
) {
    let [a, b, c, d] = sides;
    let all = (0..a * b * c * d).map(|at| [at / (b * c * d), at / (c * d) % b, at / d % c, at % d]);
    let numbers = all.map(|place| {
        let (i, j, k, l) = index(place);
        G[i * 2 + k][j * 2 + l]
    });
    save(path, &format!("({a}, {b}, {c}, {d})"), numbers);
}

#[test]
fn what_numpy_saved_is_g() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.npy");
    for (header, digits) in SAVED {
        npy(&path, header, &from_hex(digits));
        assert_eq!(read(&path, Some(2), None).unwrap(), expected(), "{header}");
        let outputs = read(&path, None, None);
        match header.contains("(3, 3, 2, 2)") {
            true => assert_eq!(outputs.unwrap(), expected(), "{header}"),
            false => assert!(outputs.unwrap_err().to_string().contains("give --outputs Q")),
        }
    }
}

#[test]
fn both_orders_of_rows_are_one_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.npy");
    save(&path, "(6, 6)", (0..36).map(|at| by_output(at / 6, at % 6)));
    assert_eq!(read(&path, Some(2), Some(Layout::Output)).unwrap(), expected());
    assert_ne!(read(&path, Some(2), Some(Layout::Sample)).unwrap(), expected());
    assert_ne!(read(&path, Some(2), None).unwrap(), expected());
    let path = path.display().to_string();
    let run = |order: &str| {
        let arguments = ["thresholds", &path, "--outputs", "2", "--layout", order];
        etastar(folder.path(), &arguments)
    };
    assert!(run("output").status.success() && stdout(&run("output")) != stdout(&run("sample")));
    let wrong = run("samples");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("sample (rows i·Q + q)"), "{}", stderr(&wrong));
}

#[test]
fn a_mistaken_shape_is_refused_with_the_fix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.npy");
    let refusal = |outputs, layout| read(&path, outputs, layout).unwrap_err().to_string();
    kernel(&path, [3, 3, 2, 2], |[i, j, k, l]| (i, j, k, l));
    let contradiction = refusal(Some(3), None);
    assert!(contradiction.contains("Q = 2 outputs per sample, not the 3"), "{contradiction}");
    assert!(refusal(None, Some(Layout::Output)).contains("leave --layout out"));
    kernel(&path, [3, 2, 3, 2], |[i, k, j, l]| (i, j, k, l));
    let interleaved = refusal(Some(2), None);
    assert!(interleaved.contains("K.transpose(0, 2, 1, 3)"), "{interleaved}");
    kernel(&path, [2, 2, 3, 3], |[k, l, i, j]| (i, j, k, l));
    let outputs_first = refusal(Some(2), None);
    assert!(outputs_first.contains("save K.transpose(2, 3, 0, 1)"), "{outputs_first}");
    // K.reshape(n*Q, n*Q), the axes as they were.
    kernel(&path, [3, 3, 2, 2], |[i, j, k, l]| (i, j, k, l));
    let bytes = fs::read(&path).unwrap();
    let numbers: Vec<f64> =
        bytes[128..].as_chunks().0.iter().map(|&number| f64::from_le_bytes(number)).collect();
    save(&path, "(6, 6)", numbers);
    let reshaped = refusal(Some(2), None);
    assert!(reshaped.contains("a kernel (n, n, Q, Q) that was reshaped"), "{reshaped}");
    let jacobian = "(6, 4)";
    save(&path, jacobian, [1.0; 24]);
    assert!(refusal(Some(2), None).contains("J @ J.T"));
    save(&path, "(3, 2, 4)", [1.0; 24]);
    assert!(refusal(Some(2), None).contains("3 dimensions [3, 2, 4]"));
}

/// Rank 1 of 4: half precision makes eigenvalues of 0 negative, more than single precision does.
#[test]
fn half_precision_is_not_taken_for_a_negative_eigenvalue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.npy");
    // np.outer(v, v).astype("<f2") of v = np.array([1, 1/3, 0.7, 0.1]): eigenvalues down to −1.9e-4.
    let v = [1.0, 1.0 / 3.0, 0.7, 0.1];
    let half = |x: f64| {
        // To the nearest of the spacing 2^(e − 10) at 2^e ≤ x.
        let spacing = 2.0_f64.powi(x.log2().floor() as i32 - 10);
        let units = (x / spacing).round();
        let exponent = (x.log2().floor() as i32 + 15) as u16;
        (exponent << 10) + (units as u16 - 1024)
    };
    let bytes: Vec<u8> = (0..16).flat_map(|at| half(v[at / 4] * v[at % 4]).to_le_bytes()).collect();
    npy(&path, "{'descr': '<f2', 'fortran_order': False, 'shape': (4, 4), }", &bytes);
    let output =
        etastar(folder.path(), &["thresholds", "g.npy", "--outputs", "1", "--batch-sizes", "4"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // ‖v‖²/4, rounding apart.
    assert!(stdout(&output).contains("0.4028"), "{}", stdout(&output));
    // The same numbers in double precision have no such excuse.
    let whole = Mat::from_fn(4, 4, |i, j| {
        let bits = u16::from_le_bytes([bytes[8 * i + 2 * j], bytes[8 * i + 2 * j + 1]]);
        let fraction = 1.0 + f64::from(bits & 1023) / 1024.0;
        fraction * 2.0_f64.powi(i32::from(bits >> 10) - 15)
    });
    save(&path, "(4, 4)", (0..16).map(|at| whole[(at / 4, at % 4)]));
    let output =
        etastar(folder.path(), &["thresholds", "g.npy", "--outputs", "1", "--batch-sizes", "4"]);
    assert!(stderr(&output).contains("negative eigenvalue"), "{}", stderr(&output));
}

#[test]
fn other_numbers_and_other_files_are_named_with_the_fix() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let write = |name: &str, content: &[u8]| -> PathBuf {
        fs::write(here.join(name), content).unwrap();
        here.join(name)
    };
    let typed = |descr: &str, size: usize| {
        let path = here.join("typed.npy");
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1, 1), }}");
        npy(&path, &header, &vec![0x21; size]);
        path
    };
    let refusal = |path: &Path, words: &[&str]| {
        let path = path.display().to_string();
        let output = etastar(here, &["thresholds", &path, "--outputs", "1"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    };
    refusal(&typed("<c16", 16), &["complex numbers", "astype(float)"]);
    refusal(&typed("|V2", 2), &["bfloat16", "astype(float)"]);
    refusal(&typed("<f16", 16), &["long doubles", "astype(float)"]);
    refusal(&typed("<i8", 8), &["2387225703656530209", "cannot hold exactly"]);
    let mut archive = b"PK\x03\x04".to_vec();
    archive.resize(26, 0);
    archive.extend(b"\x08\x00\x00\x00gram.npy");
    refusal(&write("g.npz", &archive), &["a .npz archive", "np.load(", "[\"gram\"]", "np.save("]);
    archive.truncate(26);
    archive.extend(b"\x0a\x00\x00\x00g/data.pkl");
    refusal(&write("g.pt", &archive), &["torch.save", "torch.load(", "np.save("]);
    refusal(&write("old.pt", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."), &["pickle", "np.save("]);
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
    refusal(&write("lfs.npy", pointer), &["Git LFS pointer", "git lfs pull"]);
    let wide: Vec<u8> = "\u{feff}1 0\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    refusal(&write("wide.npy", &wide), &["UTF-16", "np.save"]);
    refusal(&write("g.csv", b"1.0,0.0\n0.0,1.0\n"), &["text", "np.loadtxt("]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere.npy", here.join("link.npy")).unwrap();
        refusal(&here.join("link.npy"), &["link to nowhere.npy, which does not exist"]);
    }
    let none = etastar(here, &["thresholds", "g.npz", "--outputs", "0"]);
    assert!(stderr(&none).contains("--outputs must be at least 1"), "{}", stderr(&none));
}

/// The matrix that the header promises does not fit into memory: the file is a few bytes.
#[test]
fn memory_is_checked_before_the_numbers_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.npy");
    let side = 1_u64 << 24;
    let header = format!("{{'descr': '|b1', 'fortran_order': False, 'shape': ({side}, {side}), }}");
    npy(&path, &header, &[]);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    if file.set_len(side * side + 128).is_err() {
        // A file system without holes in files; a shorter file is refused as truncated.
        return;
    }
    let output = etastar(folder.path(), &["thresholds", "g.npy", "--outputs", "1"]);
    let said = stderr(&output);
    assert!(output.status.code() == Some(2) && said.contains("of memory"), "{said}");
}
