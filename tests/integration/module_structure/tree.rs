//! The modules of a crate and the names in their scopes, read from source files by `syn`.
//!
//! Code under `#[cfg(test)]` is left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, Stmt, UseTree};

/// Index into [`Tree::modules`].
pub type ModuleId = usize;

/// What a name stands for in a module; values, types and modules may share it.
#[derive(Debug, Clone, Default)]
pub struct Name {
    /// Whether an item of this name is defined here.
    pub is_item: bool,
    pub child: Option<ModuleId>,
    /// Paths of the `use` that bring it into scope.
    pub imports: Vec<Vec<String>>,
}

/// A module and what is in its scope.
#[derive(Default)]
pub struct Module {
    pub parent: Option<ModuleId>,
    /// Where it is defined, relative to the crate.
    pub file: PathBuf,
    pub names: BTreeMap<String, Name>,
    /// Paths of `use path::*`.
    pub globs: Vec<Vec<String>>,
    /// Its items, without modules and without tests.
    pub items: Vec<Item>,
}

/// All modules of the crates that were added.
#[derive(Default)]
pub struct Tree {
    pub modules: Vec<Module>,
    /// The root module of each crate, by the name under which other crates know it.
    pub crates: BTreeMap<String, ModuleId>,
}

/// Returns the text of a source file, if there is one.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> Option<String>;

impl Tree {
    /// Adds the crate `name` with its root module in the file `root`.
    pub fn add_crate(&mut self, name: &str, root: &Path, read: ReadFile<'_>) {
        let text = read(root).unwrap_or_else(|| panic!("{} is missing", root.display()));
        let folder = root.parent().unwrap_or(Path::new(""));
        let id = self.add_file(None, root, folder, &text, read);
        self.crates.insert(name.to_owned(), id);
    }

    fn add_file(
        &mut self,
        parent: Option<ModuleId>,
        file: &Path,
        children: &Path,
        text: &str,
        read: ReadFile<'_>,
    ) -> ModuleId {
        let parsed = syn::parse_file(text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.add_module(parent, file, children, parsed.items, read)
    }

    /// `children` is the folder of the files of its child modules.
    fn add_module(
        &mut self,
        parent: Option<ModuleId>,
        file: &Path,
        children: &Path,
        items: Vec<Item>,
        read: ReadFile<'_>,
    ) -> ModuleId {
        let id = self.modules.len();
        self.modules.push(Module { parent, file: file.to_owned(), ..Module::default() });
        for item in items {
            if is_test(attributes(&item)) {
                continue;
            }
            if let Item::Mod(module) = item {
                let name = module.ident.to_string();
                let child = match module.content {
                    Some((_, items)) => {
                        self.add_module(Some(id), file, &children.join(&name), items, read)
                    }
                    None => self.add_child_file(id, children, &name, read),
                };
                self.name(id, &name).child = Some(child);
            } else {
                self.add_names(id, &item);
                self.modules[id].items.push(item);
            }
        }
        id
    }

    fn add_child_file(
        &mut self,
        parent: ModuleId,
        folder: &Path,
        name: &str,
        read: ReadFile<'_>,
    ) -> ModuleId {
        let children = folder.join(name);
        let candidates = [folder.join(format!("{name}.rs")), children.join("mod.rs")];
        let found = candidates.iter().find_map(|file| Some((file, read(file)?)));
        let (file, text) =
            found.unwrap_or_else(|| panic!("no file for `mod {name}` in {}", folder.display()));
        self.add_file(Some(parent), file, &children, &text, read)
    }

    fn name(&mut self, id: ModuleId, name: &str) -> &mut Name {
        self.modules[id].names.entry(name.to_owned()).or_default()
    }

    fn add_names(&mut self, id: ModuleId, item: &Item) {
        match item {
            Item::Use(item) => self.add_imports(id, item),
            Item::Const(item) => self.name(id, &item.ident.to_string()).is_item = true,
            Item::Enum(item) => self.name(id, &item.ident.to_string()).is_item = true,
            Item::Fn(item) => self.name(id, &item.sig.ident.to_string()).is_item = true,
            Item::Static(item) => self.name(id, &item.ident.to_string()).is_item = true,
            Item::Struct(item) => self.name(id, &item.ident.to_string()).is_item = true,
            Item::Trait(item) => self.name(id, &item.ident.to_string()).is_item = true,
            Item::Type(item) => self.name(id, &item.ident.to_string()).is_item = true,
            Item::Union(item) => self.name(id, &item.ident.to_string()).is_item = true,
            Item::Macro(item) => {
                if let Some(ident) = &item.ident {
                    self.name(id, &ident.to_string()).is_item = true;
                }
            }
            _ => {}
        }
        // Imports within functions count for the whole module.
        let mut inner = InnerImports::default();
        inner.visit_item(item);
        inner.found.into_iter().for_each(|import| self.add_imports(id, import));
    }

    fn add_imports(&mut self, id: ModuleId, item: &ItemUse) {
        for Leaf { path, name } in leaves(&item.tree) {
            match name {
                Some(name) => self.name(id, &name).imports.push(path),
                None => self.modules[id].globs.push(path),
            }
        }
    }

    /// The module of the crate `module` belongs to that has no parent.
    pub fn root(&self, mut module: ModuleId) -> ModuleId {
        while let Some(parent) = self.modules[module].parent {
            module = parent;
        }
        module
    }
}

/// Collects the `use` items within functions.
#[derive(Default)]
struct InnerImports<'ast> {
    found: Vec<&'ast ItemUse>,
}

impl<'ast> Visit<'ast> for InnerImports<'ast> {
    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        if let Stmt::Item(Item::Use(import)) = statement {
            self.found.push(import);
        }
        visit::visit_stmt(self, statement);
    }
}

/// A path in a `use`, and the name that it gets; `None` for a glob.
pub struct Leaf {
    pub path: Vec<String>,
    pub name: Option<String>,
}

/// Every path of a `use`.
pub fn leaves(tree: &UseTree) -> Vec<Leaf> {
    fn collect(tree: &UseTree, prefix: &[String], found: &mut Vec<Leaf>) {
        let with = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        // `use a::{self}` is `use a`.
        let leaf = |ident: &syn::Ident, rename: &syn::Ident| {
            let path =
                if ident == "self" && !prefix.is_empty() { prefix.to_vec() } else { with(ident) };
            let name =
                if rename == "self" { path.last().cloned() } else { Some(rename.to_string()) };
            Leaf { path, name }
        };
        match tree {
            UseTree::Path(path) => collect(&path.tree, &with(&path.ident), found),
            UseTree::Name(name) => found.push(leaf(&name.ident, &name.ident)),
            UseTree::Rename(name) => found.push(leaf(&name.ident, &name.rename)),
            UseTree::Glob(_) => found.push(Leaf { path: prefix.to_vec(), name: None }),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| collect(tree, prefix, found));
            }
        }
    }
    let mut found = Vec::new();
    collect(tree, &[], &mut found);
    found
}

/// Whether one of the attributes is `#[cfg(test)]`, alone or with other conditions, or `#[test]`.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = || {
            let list = attribute.meta.require_list();
            let words = list.map(|list| list.tokens.to_string()).unwrap_or_default();
            let mut words = words.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.clone().any(|word| word == "test") && words.all(|word| word != "not")
        };
        attribute.path().is_ident("test") || attribute.path().is_ident("cfg") && condition()
    })
}

/// The attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
