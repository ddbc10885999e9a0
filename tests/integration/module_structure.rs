//! Imports point one way: no file and no folder of the program uses one that uses it.
//!
//! `cargo-modules` finds circles too, but is a program of its own, and knows neither files nor test
//! code; the crates that check architectures as a library have not been kept up.

mod graph;
mod references;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use graph::{Graph, arrows, circles, describe, list};
use references::{References, references};
use tree::Tree;

/// The files of the library and of the program.
static FILES: LazyLock<Graph<String>> = LazyLock::new(|| {
    let read = |file: &Path| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).ok()
    };
    let mut tree = Tree::default();
    tree.add_crate("etastar", Path::new("src/lib.rs"), &read);
    tree.add_crate("program", Path::new("src/main.rs"), &read);
    files(&references(&tree))
});

fn files(references: &References) -> Graph<String> {
    let name = |file: &PathBuf| file.display().to_string().replace('\\', "/");
    let arrow = |(file, names): (&PathBuf, &_)| (name(file), Clone::clone(names));
    references.iter().map(|(file, to)| (name(file), to.iter().map(arrow).collect())).collect()
}

/// The module at the top of the crate that a file of `src` belongs to.
fn top(file: &str) -> String {
    let inner = file.strip_prefix("src/").unwrap_or(file);
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs").to_owned()
}

fn top_modules(files: &Graph<String>) -> Graph<String> {
    let mut found: Graph<String> = BTreeMap::new();
    for (from, to, names) in arrows(files).filter(|(from, to, _)| top(from) != top(to)) {
        let used = found.entry(top(from)).or_default().entry(top(to)).or_default();
        used.extend(names.iter().cloned());
    }
    found
}

#[test]
fn no_file_uses_one_that_uses_it() {
    let circles = describe(&FILES);
    assert!(circles.is_empty(), "circles between files:\n{circles}");
}

#[test]
fn no_folder_uses_one_that_uses_it() {
    let circles = describe(&top_modules(&FILES));
    assert!(circles.is_empty(), "circles between top modules:\n{circles}");
}

/// A module and those that it must not use.
const LAYERS: [(&[&str], &[&str]); 3] = [
    // What decides about stability knows neither networks nor data nor settings.
    (&["stability"], &["config", "curvature", "data", "net", "sweep", "train"]),
    // The concepts that settings name.
    (&["data", "device", "gram", "linalg", "loss", "net", "optimizer", "process"], &["config"]),
    // What the program adds to the library.
    (&["lib"], &["cli", "main"]),
];

#[test]
fn lower_layers_do_not_use_upper_ones() {
    let mut faults = Vec::new();
    for (from, to, names) in arrows(&FILES) {
        for (lower, upper) in LAYERS {
            let is_lower = |module: &str| {
                lower.contains(&module) || lower == ["lib"] && !["cli", "main"].contains(&module)
            };
            if is_lower(&top(from)) && upper.contains(&top(to).as_str()) {
                faults.push(format!("{from} uses {to} ({})", list(names)));
            }
        }
    }
    assert!(faults.is_empty(), "a lower layer uses an upper one:\n{}", faults.join("\n"));
}

/// The references within a crate of made-up files.
fn made_up(sources: &[(&str, &str)]) -> Graph<String> {
    let read = |file: &Path| {
        let found = sources.iter().find(|(name, _)| Path::new(name) == file);
        found.map(|(_, text)| (*text).to_owned())
    };
    let mut tree = Tree::default();
    tree.add_crate("made_up", Path::new("src/lib.rs"), &read);
    files(&references(&tree))
}

fn uses(graph: &Graph<String>, from: &str, to: &str) -> bool {
    graph.get(from).is_some_and(|used| used.contains_key(to))
}

#[test]
fn a_circle_of_three_files_is_found() {
    let graph = made_up(&[
        ("src/lib.rs", "mod a; mod b; mod c; mod d;"),
        ("src/a.rs", "use crate::b::B; pub struct A(B);"),
        ("src/b.rs", "pub struct B; fn f(c: super::c::C) {}"),
        ("src/c.rs", "pub struct C; fn f() { matches!(1, crate::a::A::K); }"),
        ("src/d.rs", "use crate::{a::A, c::{self}}; fn f(_: c::C) {}"),
    ]);
    let circle = circles(&graph).pop().expect("a circle");
    assert_eq!(circle.into_iter().collect::<Vec<_>>(), ["src/a.rs", "src/b.rs", "src/c.rs"]);
    assert_eq!(circles(&graph).len(), 1);
    assert!(uses(&graph, "src/d.rs", "src/a.rs") && uses(&graph, "src/d.rs", "src/c.rs"));
    let text = describe(&graph);
    assert!(text.contains("src/a.rs -> src/b.rs (B)"), "{text}");
}

#[test]
fn a_reexport_leads_to_the_file_that_defines_the_item() {
    let graph = made_up(&[
        ("src/lib.rs", "pub mod folder; mod user; mod other;"),
        (
            "src/folder/mod.rs",
            "mod one; mod two; pub use one::One as Uno; pub use two::*; pub fn own() {}",
        ),
        ("src/folder/one.rs", "pub struct One; fn f() { super::own() }"),
        ("src/folder/two.rs", "pub fn two() {}"),
        ("src/user.rs", "use crate::folder::{Uno, two}; fn f(_: Uno) { two() }"),
        ("src/other.rs", "use crate::folder; fn f() { folder::two() }"),
    ]);
    assert!(uses(&graph, "src/user.rs", "src/folder/one.rs"));
    assert!(uses(&graph, "src/user.rs", "src/folder/two.rs"));
    assert!(uses(&graph, "src/other.rs", "src/folder/two.rs"));
    assert!(!uses(&graph, "src/user.rs", "src/folder/mod.rs"));
    // Neither `mod one` nor `pub use one::One` is a use.
    assert!(uses(&graph, "src/folder/one.rs", "src/folder/mod.rs"));
    assert!(!uses(&graph, "src/folder/mod.rs", "src/folder/one.rs"));
    assert!(circles(&graph).is_empty());
}

#[test]
fn a_file_that_uses_what_it_passes_on_uses_it() {
    let graph = made_up(&[
        ("src/lib.rs", "pub mod folder;"),
        (
            "src/folder/mod.rs",
            "mod case; pub use case::Case; pub trait Kind {} enum All { Case(Case) }",
        ),
        ("src/folder/case.rs", "use super::Kind; pub struct Case; impl Kind for Case {}"),
    ]);
    assert_eq!(circles(&graph).len(), 1);
}

#[test]
fn tests_and_variables_do_not_count() {
    let graph = made_up(&[
        ("src/lib.rs", "mod a; mod b;"),
        (
            "src/a.rs",
            "pub fn a() {} #[cfg(test)] use crate::b::b; #[cfg(test)] mod tests;
             #[cfg(test)] mod more { use crate::b::b; }",
        ),
        ("src/a/tests.rs", "use crate::b::b;"),
        ("src/b.rs", "pub use crate::a::a; pub fn b() { let a = 1; drop(a); }"),
    ]);
    assert!(!uses(&graph, "src/a.rs", "src/b.rs"));
    assert!(!uses(&graph, "src/b.rs", "src/a.rs"));
    let called = made_up(&[
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", "pub fn a() {}"),
        ("src/b.rs", "pub use crate::a::a; pub fn b() { a(); }"),
    ]);
    assert!(uses(&called, "src/b.rs", "src/a.rs"));
}

#[test]
fn imports_within_functions_and_macros_count() {
    let graph = made_up(&[
        ("src/lib.rs", "mod a; mod b; mod c;"),
        ("src/a.rs", "fn f() { use crate::b; b::b(); }"),
        ("src/b.rs", "pub fn b() {}"),
        ("src/c.rs", "use crate::b; fn f() { println!(\"{}\", b::b()); }"),
    ]);
    assert!(uses(&graph, "src/a.rs", "src/b.rs"));
    assert!(uses(&graph, "src/c.rs", "src/b.rs"));
}
