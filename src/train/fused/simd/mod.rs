//! Sixteen-lane arithmetic, once for every instruction set.
//!
//! A kernel is written once, generic over [`Simd`], and compiled for every set by
//! [`kernel!`](super::isa::kernel). A value of an implementing type is the proof that this machine has the
//! instructions: only [`Isa`](super::isa::Isa) creates one, after it has asked the processor.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(test)]
mod tests;
mod vector;

#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;
pub(super) use portable::Portable;
pub(super) use vector::Simd;
#[cfg(target_arch = "x86_64")]
pub(super) use {avx2::Avx2, avx512::Avx512};
