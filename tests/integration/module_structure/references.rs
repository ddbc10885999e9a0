//! Which file uses items of which other file.
//!
//! A `use` and every path in the code refer to the file that defines the item, however many `pub use`
//! lie between. A `mod` refers to nothing, and neither does a `pub use` by itself. Method calls are not
//! seen: who has a value of a type got it by a function or a name that is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, ImplItem, Item, ItemUse, Macro};

use super::tree::{ModuleId, Tree, attributes, is_test, leaves};

/// The files that a file refers to, each with the names that it uses of it.
pub type References = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq)]
enum Target {
    Module(ModuleId),
    /// An item defined in this module.
    Item(ModuleId, String),
}

/// The references between all files of `tree`.
pub fn references(tree: &Tree) -> References {
    let mut found = References::new();
    for (id, module) in tree.modules.iter().enumerate() {
        found.entry(module.file.clone()).or_default();
        let mut collector = Collector { tree, module: id, targets: Vec::new() };
        module.items.iter().for_each(|item| collector.visit_item(item));
        for target in collector.targets {
            if let Target::Item(owner, name) = target
                && tree.modules[owner].file != module.file
            {
                let files = found.entry(module.file.clone()).or_default();
                files.entry(tree.modules[owner].file.clone()).or_default().insert(name);
            }
        }
    }
    found
}

/// Longest chain of imports that is followed; a longer one has to be a circle.
const MOST_IMPORTS: usize = 32;

/// What `path` leads to, seen from `module`; nothing if it leaves the crate.
fn resolve(tree: &Tree, module: ModuleId, path: &[String], depth: usize) -> Vec<Target> {
    let Some((first, rest)) = path.split_first().filter(|_| depth < MOST_IMPORTS) else {
        return Vec::new();
    };
    let starts = match first.as_str() {
        "crate" => vec![Target::Module(tree.root(module))],
        "self" => vec![Target::Module(module)],
        "super" => tree.modules[module].parent.map(Target::Module).into_iter().collect(),
        name => {
            let own = look_up(tree, module, name, depth);
            let other = || tree.crates.get(name).map(|&root| Target::Module(root));
            if own.is_empty() { other().into_iter().collect() } else { own }
        }
    };
    follow(tree, starts, rest, depth)
}

fn follow(tree: &Tree, starts: Vec<Target>, path: &[String], depth: usize) -> Vec<Target> {
    let Some((name, rest)) = path.split_first() else { return starts };
    // Of a module and a function of one name, only the module has anything in it.
    let modules = starts.iter().filter(|start| matches!(start, Target::Module(_))).cloned();
    let modules: Vec<Target> = modules.collect();
    let starts = if modules.is_empty() { starts } else { modules };
    let step = |target| match target {
        Target::Module(module) if name == "super" => {
            tree.modules[module].parent.map(Target::Module).into_iter().collect()
        }
        Target::Module(module) => look_up(tree, module, name, depth),
        // A variant or an associated item.
        item @ Target::Item(..) => vec![item],
    };
    follow(tree, starts.into_iter().flat_map(step).collect(), rest, depth)
}

/// Everything that `name` stands for in the scope of `module`.
fn look_up(tree: &Tree, module: ModuleId, name: &str, depth: usize) -> Vec<Target> {
    let mut found = Vec::new();
    let scope = &tree.modules[module];
    if let Some(known) = scope.names.get(name) {
        found.extend(known.is_item.then(|| Target::Item(module, name.to_owned())));
        found.extend(known.child.map(Target::Module));
        for import in &known.imports {
            found.extend(resolve(tree, module, import, depth + 1));
        }
    }
    for glob in &scope.globs {
        let path = [&glob[..], &[name.to_owned()]].concat();
        found.extend(resolve(tree, module, &path, depth + 1));
    }
    found
}

/// Collects the targets of all paths in the items of a module.
struct Collector<'t> {
    tree: &'t Tree,
    module: ModuleId,
    targets: Vec<Target>,
}

impl Collector<'_> {
    fn add(&mut self, path: &[String]) {
        self.targets.extend(resolve(self.tree, self.module, path, 0));
    }

    /// A single word in lower case may be a variable: only if it is called it counts.
    fn add_unless_variable(&mut self, path: &[String], is_called: bool) {
        let is_word = path.len() == 1 && path[0].starts_with(char::is_lowercase);
        if !is_word || is_called {
            self.add(path);
        }
    }

    /// The paths among the tokens of a macro or an attribute.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is_colon =
            |k: usize| matches!(tokens.get(k), Some(TokenTree::Punct(p)) if p.as_char() == ':');
        let mut k = 0;
        while k < tokens.len() {
            match &tokens[k] {
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let mut path = vec![first.to_string()];
                    while let (true, true, Some(TokenTree::Ident(next))) =
                        (is_colon(k + 1), is_colon(k + 2), tokens.get(k + 3))
                    {
                        path.push(next.to_string());
                        k += 3;
                    }
                    let is_called = matches!(tokens.get(k + 1), Some(TokenTree::Group(_)));
                    self.add_unless_variable(&path, is_called);
                }
                _ => {}
            }
            k += 1;
        }
    }
}

fn words(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let is_test = matches!(item, ImplItem::Fn(item) if is_test(&item.attrs));
        if !is_test {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if matches!(item.vis, syn::Visibility::Inherited) {
            for leaf in leaves(&item.tree).iter().filter(|leaf| leaf.name.is_some()) {
                self.add(&leaf.path);
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add_unless_variable(&words(path), false);
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if let Expr::Path(function) = &*call.func {
            self.add(&words(&function.path));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.add(&words(&called.path));
        self.add_tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.add_tokens(list.tokens.clone());
        }
    }
}
