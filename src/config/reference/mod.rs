//! What every key of a configuration means: the commented template of `etastar init`, and a JSON Schema for
//! editors.
//!
//! `keys` lists all keys; `template` and `json_schema` are written from that list. The tests hold the list
//! against the reader: the same keys, the same defaults, the same values accepted and refused.

mod examples;
mod json_schema;
mod key;
mod keys;
mod slurm_keys;
mod template;
#[cfg(test)]
mod tests;

pub use examples::{EXAMPLES, Example, UnknownExample, example};
pub use json_schema::json_schema;
pub use template::template;
