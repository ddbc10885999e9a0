//! The choice of vector instructions at run time.

use super::simd;

/// An instruction set that the kernels are compiled for. A value proves that this machine can run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(pub(super) Level);

/// The sets, each with its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Portable(simd::Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(simd::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(simd::Avx512),
    #[cfg(target_arch = "aarch64")]
    Neon(simd::Neon),
}

impl Isa {
    /// What the compilation target guarantees, on every machine.
    pub const PORTABLE: Self = Self(Level::Portable(simd::Portable));

    /// Every set that this machine can run, the best first.
    pub fn available() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(simd::Avx512::detect().map(|proof| Self(Level::Avx512(proof))));
            sets.extend(simd::Avx2::detect().map(|proof| Self(Level::Avx2(proof))));
        }
        #[cfg(target_arch = "aarch64")]
        sets.push(Self(Level::Neon(simd::Neon)));
        sets.push(Self::PORTABLE);
        sets
    }

    /// The best set of this machine.
    pub fn detect() -> Self {
        Self::available().first().copied().unwrap_or(Self::PORTABLE)
    }

    /// Its name, for provenance: `avx512`, `avx2`, `neon` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Level::Neon(_) => "neon",
        }
    }
}

/// Defines `fn name(isa, …)` that runs the generic `body(simd, …)` compiled for the set of `isa`.
macro_rules! kernel {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:path) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
        pub(super) fn $name(isa: $crate::train::fused::isa::Isa, $($arg: $ty),*) $(-> $ret)? {
            use $crate::train::fused::isa::Level;
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            #[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
            fn avx512(proof: $crate::train::fused::simd::Avx512, $($arg: $ty),*) $(-> $ret)? {
                $body(proof, $($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments, reason = "a kernel takes plain pieces")]
            fn avx2(proof: $crate::train::fused::simd::Avx2, $($arg: $ty),*) $(-> $ret)? {
                $body(proof, $($arg),*)
            }
            match isa.0 {
                Level::Portable(proof) => $body(proof, $($arg),*),
                // SAFETY: the proof exists only where the processor has these features.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2(proof) => unsafe { avx2(proof, $($arg),*) },
                // SAFETY: the proof exists only where the processor has these features.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512(proof) => unsafe { avx512(proof, $($arg),*) },
                #[cfg(target_arch = "aarch64")]
                Level::Neon(proof) => $body(proof, $($arg),*),
            }
        }
    };
}
pub(super) use kernel;
