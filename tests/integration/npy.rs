//! What `.npy` files are read and how each faulty one is refused.

use std::{fs, path::PathBuf};

use etastar::optimizer::Optimizer;
use etastar::process::Sampling;
use etastar::{
    gram::npy::{read_gram, read_matrix},
    stability::{
        solver::SolverOptions,
        thresholds::{Request, thresholds},
    },
};
use npyz::WriterBuilder;
use tempfile::TempDir;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write<T: npyz::AutoSerialize>(
        &self,
        numbers: &[T],
        shape: &[u64],
        order: npyz::Order,
    ) -> PathBuf {
        let path = self.0.path().join("gram.npy");
        let file = fs::File::create(&path).unwrap();
        let options = npyz::WriteOptions::new().default_dtype().order(order).shape(shape);
        let mut writer = options.writer(file).begin_nd().unwrap();
        writer.extend(numbers).unwrap();
        writer.finish().unwrap();
        path
    }

    fn refusal<T: npyz::AutoSerialize>(
        &self,
        numbers: &[T],
        shape: &[u64],
        outputs: usize,
    ) -> String {
        let path = self.write(numbers, shape, npyz::Order::C);
        read_gram(&path, outputs, 1.0).unwrap_err().to_string()
    }
}

#[test]
fn both_orders_and_both_precisions_are_read() {
    let files = Files::new();
    for order in [npyz::Order::C, npyz::Order::Fortran] {
        let path = files.write(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3], order);
        let corner = read_matrix(&path).unwrap()[(0, 1)];
        assert_eq!(corner, if order == npyz::Order::C { 2.0 } else { 3.0 });
    }
    let path = files.write(&[2.0_f32, 0.5, 0.5, 1.0], &[2, 2], npyz::Order::C);
    let gram = read_gram(&path, 1, 4.0).unwrap();
    assert_eq!((gram.samples(), gram.matrix()[(0, 1)]), (2, 2.0));
}

#[test]
fn each_faulty_matrix_is_refused_by_name() {
    let files = Files::new();
    let cases: [(&[f64], &[u64], usize, &str); 9] = [
        (&[1.0; 6], &[2, 3], 1, "not square"),
        (&[1.0; 9], &[3, 3], 2, "not a multiple of the 2 outputs"),
        (&[1.0, 2.0, 3.0, 1.0], &[2, 2], 1, "not symmetric"),
        (&[1.0, f64::NAN, 0.0, 1.0], &[2, 2], 1, "not a finite number"),
        (&[1.0; 4], &[4], 1, "a Gram matrix has 2"),
        (&[], &[0, 0], 1, "nothing in it"),
        (&[], &[0, u64::MAX], 1, "nothing in it"),
        (&[1e-200], &[1, 1], 1, "beyond 1e±100"),
        (&[1e200], &[1, 1], 1, "beyond 1e±100"),
    ];
    for (numbers, shape, outputs, message) in cases {
        let found = files.refusal(numbers, shape, outputs);
        assert!(found.contains(message), "{found}");
    }
    let infinite = files.refusal(&[1.0, f64::INFINITY, f64::INFINITY, 1.0], &[2, 2], 1);
    assert!(infinite.contains("inf, not a finite number"), "{infinite}");
}

#[test]
fn each_faulty_file_is_refused_by_name() {
    let files = Files::new();
    let path = files.write(&[1.0_f64; 64], &[8, 8], npyz::Order::C);
    let bytes = fs::read(&path).unwrap();
    let cases: [(&[u8], &str); 4] = [
        (&[], "is empty"),
        (b"PK\x03\x04 an archive", "is not a .npy file"),
        (&bytes[..40], "is not a .npy file"),
        (&bytes[..bytes.len() - 8], "is truncated"),
    ];
    for (content, message) in cases {
        fs::write(&path, content).unwrap();
        let found = read_gram(&path, 1, 1.0).unwrap_err().to_string();
        assert!(found.contains(message), "{found}");
    }
    fs::remove_file(&path).unwrap();
    assert!(read_gram(&path, 1, 1.0).unwrap_err().to_string().contains("cannot open"));
}

#[test]
fn what_only_the_spectrum_shows_is_refused_too() {
    let files = Files::new();
    let path = files.write(&[1.0, 2.0, 2.0, 1.0], &[2, 2], npyz::Order::C);
    let gram = read_gram(&path, 1, 1.0).unwrap();
    let refusal = |batch_size, tolerance| {
        let options = SolverOptions { tolerance, ..SolverOptions::default() };
        let request = Request {
            batch_sizes: vec![batch_size],
            sampling: Sampling::Distinct,
            optimizer: Optimizer::default(),
            options,
        };
        thresholds(&gram, &request, &mut |_| ()).unwrap_err().to_string()
    };
    assert!(refusal(1, 1e-4).contains("negative eigenvalue -1.000"), "{}", refusal(1, 1e-4));
    assert!(refusal(0, 1e-4).contains("batch size 0 is outside 1..=2"));
    assert!(refusal(3, 1e-4).contains("batch size 3 is outside 1..=2"));
    assert!(refusal(1, 0.0).contains("not a positive number"));
}
