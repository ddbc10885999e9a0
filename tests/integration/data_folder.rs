//! Data of one's own: a folder of IDX files under the names that MNIST and Fashion-MNIST use.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::common::config::{mnist, tiny_config};
use crate::common::program::{etastar, stderr, stdout};
use etastar::config::{Config, DataConfig};
use etastar::data::Dataset;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use mnist::{Mnist, MnistBuilder};
use serde_json::Value;

/// Side of the images, which are not MNIST's size.
const SIDE: usize = 20;
/// Images; the labels 5 and 9 take turns.
const IMAGES: usize = 16;

fn pixel(image: usize, place: usize) -> u8 {
    // Mostly black, as digits and clothes are.
    if (place * (image + 3) + image).is_multiple_of(11) { 100 + image as u8 } else { 0 }
}

fn idx(dimensions: &[usize], bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let sizes = dimensions.iter().flat_map(|&size| (size as u32).to_be_bytes());
    [0, 0, 8, dimensions.len() as u8].into_iter().chain(sizes).chain(bytes).collect()
}

fn write(path: &Path, content: &[u8], packed: bool) {
    if packed {
        let name = format!("{}.gz", path.display());
        let mut encoder = GzEncoder::new(fs::File::create(name).unwrap(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap();
    } else {
        fs::write(path, content).unwrap();
    }
}

/// The training pair; a test pair is not needed.
fn write_folder(folder: &Path, packed: bool) {
    fs::create_dir_all(folder).unwrap();
    let labels = idx(&[IMAGES], (0..IMAGES).map(|i| if i % 2 == 0 { 5 } else { 9 }));
    let pixels = (0..IMAGES).flat_map(|i| (0..SIDE * SIDE).map(move |p| pixel(i, p)));
    let images = idx(&[IMAGES, SIDE, SIDE], pixels);
    write(&folder.join("train-labels-idx1-ubyte"), &labels, packed);
    write(&folder.join("train-images-idx3-ubyte"), &images, packed);
}

fn data(folder: &Path, overrides: &[&str]) -> DataConfig {
    let text = format!(
        "[data]\nfolder = {folder:?}\nclasses = [9, 5]\nsamples_per_class = 6\n\
         [train]\nbatch_size = 1\n"
    );
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    Config::parse(&text, "x", "results/x".into(), &overrides).unwrap().data
}

#[test]
fn another_folder_of_other_images_is_trained_on_and_analysed() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(&folder.path().join("fashion"), true);
    let config = tiny_config()
        .lines()
        .map(|line| match line.split(" = ").next() {
            Some("folder") => "folder = \"fashion\"",
            Some("classes") => "classes = [5, 9]",
            Some("max_epochs") => "max_epochs = 20000\ntolerance = 1e-4",
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(folder.path().join("x.toml"), config).unwrap();
    let plan = etastar(folder.path(), &["sweep", "x.toml", "--dry-run"]);
    assert!(stdout(&plan).contains("network 400-24-2"), "{}{}", stdout(&plan), stderr(&plan));
    let train = etastar(folder.path(), &["train", "x.toml", "--json"]);
    assert!(train.status.success(), "{}", stderr(&train));
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    assert_eq!(record["stop_reason"], "converged");
    assert!(record["analysis"]["mean_square"]["eta_var"].as_f64().unwrap() > 0.0);
    // Moved and unpacked, it is the same data and the same run.
    write_folder(&folder.path().join("elsewhere"), false);
    let moved = ["sweep", "x.toml", "--dry-run", "--set", "data.folder=elsewhere"];
    let plan = etastar(folder.path(), &moved);
    assert!(stdout(&plan).starts_with("1 run, 1 finished"), "{}", stdout(&plan));
}

#[test]
fn images_of_any_size_keep_their_pixels_and_the_order_of_the_classes() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path(), false);
    let whole = Dataset::load(&data(folder.path(), &[])).unwrap();
    assert_eq!((whole.samples, whole.features, whole.outputs), (12, 400, 2));
    // The first sample of class 9 is image 1.
    let first: Vec<f32> = (0..400).map(|place| f32::from(pixel(1, place)) / 255.0).collect();
    assert_eq!(whole.inputs[..400], first);
    assert_eq!(whole.targets[..2], [1.0, 0.0]);
    let small = Dataset::load(&data(folder.path(), &["data.pool=5", "data.copies=2"])).unwrap();
    assert_eq!((small.samples, small.features), (24, 16));
    assert_eq!(small.inputs[..16], small.inputs[16..32]);
    let error = Dataset::load(&data(folder.path(), &["data.pool=3"])).unwrap_err().to_string();
    assert_eq!(error, "data.pool = 3 does not divide the images' 20 × 20 pixels");
}

#[test]
fn wrong_labels_are_other_data() {
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path(), false);
    let digest =
        |overrides: &[&str]| Dataset::load(&data(folder.path(), overrides)).unwrap().digest;
    let clean = digest(&[]);
    assert_eq!(digest(&["data.label_noise=0", "data.label_seed=3"]), clean);
    assert_eq!(digest(&["data.pool=1", "data.copies=1"]), clean);
    let noisy = digest(&["data.label_noise=0.25"]);
    assert_ne!(noisy, clean);
    assert_ne!(digest(&["data.label_noise=0.25", "data.label_seed=3"]), noisy);
    let wrong = Dataset::load(&data(folder.path(), &["data.label_noise=0.25"])).unwrap();
    let right = Dataset::load(&data(folder.path(), &[])).unwrap();
    let differ = |i: &usize| wrong.targets[2 * i..][..2] != right.targets[2 * i..][..2];
    assert_eq!((0..12).filter(differ).count(), 3);
}

#[test]
fn only_a_folder_called_mnist_is_held_to_the_sums_of_mnist() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("mnist");
    write_folder(&named, true);
    let error = Dataset::load(&data(&named, &[])).unwrap_err().to_string();
    assert!(error.contains("SHA-256") && error.contains("rename the folder"), "{error}");
    fs::rename(&named, folder.path().join("fashion-mnist")).unwrap();
    assert!(Dataset::load(&data(&folder.path().join("fashion-mnist"), &[])).is_ok());
}

/// The files of MNIST unpacked into `folder`, as another crate reads them: it panics at gzipped ones.
fn mnist_by_another_reader(folder: &Path) -> Mnist {
    for entry in fs::read_dir(mnist()).unwrap() {
        let gzipped = entry.unwrap().path();
        let plain = folder.join(gzipped.file_stem().unwrap());
        let mut decoder = GzDecoder::new(fs::File::open(&gzipped).unwrap());
        std::io::copy(&mut decoder, &mut fs::File::create(plain).unwrap()).unwrap();
    }
    let mut builder = MnistBuilder::new();
    builder.base_path(folder.to_str().unwrap()).label_format_digit();
    builder.training_set_length(60_000).validation_set_length(0).test_set_length(10_000);
    builder.finalize()
}

/// The images with this label as network inputs, in file order.
fn inputs_of(digit: u8, labels: &[u8], images: &[u8]) -> Vec<f32> {
    let labelled = labels.iter().zip(images.chunks_exact(28 * 28));
    let chosen = labelled.filter(|(label, _)| **label == digit);
    chosen.flat_map(|(_, image)| image.iter().map(|&pixel| f32::from(pixel) / 255.0)).collect()
}

#[test]
fn all_of_mnist_is_read_as_another_reader_reads_it() {
    let unpacked = tempfile::tempdir().unwrap();
    let Mnist { trn_img, trn_lbl, tst_img, tst_lbl, .. } = mnist_by_another_reader(unpacked.path());
    let mut samples = 0;
    for (split, labels, images) in [("train", trn_lbl, trn_img), ("t10k", tst_lbl, tst_img)] {
        for digit in 0..10 {
            let expected = inputs_of(digit, &labels, &images);
            let count = expected.len() / (28 * 28);
            let overrides = [
                &format!("data.split={split}"),
                &format!("data.classes=[{digit}]"),
                &format!("data.samples_per_class={count}"),
            ];
            // The gzipped files are unpacked and compared with their checksums once, to save time.
            let folder = if digit == 0 { mnist() } else { unpacked.path().to_owned() };
            let dataset = Dataset::load(&data(&folder, &overrides.map(String::as_str))).unwrap();
            assert!(dataset.inputs == expected, "digit {digit} of {split}");
            samples += dataset.samples;
        }
    }
    assert_eq!(samples, 70_000);
}
