//! Circles in a graph of named nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// Arrows from every node to those that it uses, each with the names that it uses of it.
pub type Graph<N> = BTreeMap<N, BTreeMap<N, BTreeSet<String>>>;

/// The strongly connected components of more than one node.
pub fn circles<N: Clone + Ord>(graph: &Graph<N>) -> Vec<BTreeSet<N>> {
    let reached: BTreeMap<&N, BTreeSet<&N>> =
        graph.keys().map(|start| (start, reachable(graph, start))).collect();
    let mut found: Vec<BTreeSet<N>> = Vec::new();
    for (node, reached_from_node) in &reached {
        if found.iter().any(|circle| circle.contains(*node)) {
            continue;
        }
        let returns = |other: &&&N| reached.get(*other).is_some_and(|back| back.contains(*node));
        let circle: BTreeSet<N> =
            reached_from_node.iter().filter(returns).map(|&other| other.clone()).collect();
        if circle.len() > 1 {
            found.push(circle);
        }
    }
    found
}

fn reachable<'g, N: Ord>(graph: &'g Graph<N>, start: &'g N) -> BTreeSet<&'g N> {
    let mut reached = BTreeSet::new();
    let mut left = vec![start];
    while let Some(node) = left.pop() {
        let next = graph.get(node).into_iter().flat_map(BTreeMap::keys);
        left.extend(next.filter(|next| reached.insert(*next)));
    }
    reached
}

/// The circles with the arrows between their nodes, a line each.
pub fn describe<N: Clone + Ord + Display>(graph: &Graph<N>) -> String {
    let mut lines = Vec::new();
    for circle in circles(graph) {
        lines.push(format!("circle of {}:", circle.len()));
        for (from, to, names) in arrows(graph) {
            if circle.contains(from) && circle.contains(to) {
                lines.push(format!("  {from} -> {to} ({})", list(names)));
            }
        }
    }
    lines.join("\n")
}

/// Every arrow.
pub fn arrows<N: Ord>(graph: &Graph<N>) -> impl Iterator<Item = (&N, &N, &BTreeSet<String>)> {
    graph.iter().flat_map(|(from, to)| to.iter().map(move |(to, names)| (from, to, names)))
}

/// Names, separated by commas.
pub fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
