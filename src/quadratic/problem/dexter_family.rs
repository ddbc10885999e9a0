//! Every threshold of \[D\]'s synthetic family in closed form.
//!
//! The Hessians are diagonal, so coordinate e_1 is multiplied by 1 − ηmN/B, where N of the batch
//! are among the σ samples that share it, and every other coordinate likewise with one sample.

use crate::process::{Coefficients, Sampling, SamplingError};

/// One member of the family with λ_1 = 2: n and σ, and how SGD draws its batches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DexterFamily {
    /// n.
    pub samples: usize,
    /// B.
    pub batch_size: usize,
    /// Distribution of N.
    pub sampling: Sampling,
    /// η.
    pub step_size: f64,
}

impl DexterFamily {
    /// \[D\] Thm 1 (Bernoulli sampling): SGD diverges for σ below this, or everywhere if λ_1 > 2/η.
    pub fn theorem_1(&self) -> f64 {
        if self.step_size > 1.0 {
            return f64::INFINITY;
        }
        2.0 * self.step_size * (self.ratio() - 1.0).sqrt()
    }

    /// \[D\] Thm 2: for σ above this some Hessians of the same n, B, η, σ and λ_1 do not diverge.
    pub fn theorem_2(&self) -> f64 {
        if self.step_size >= 1.0 {
            return f64::INFINITY;
        }
        self.step_size / (1.0 - self.step_size) * (self.ratio() - 1.0)
    }

    /// Unstable in mean square exactly for σ below this: for the coordinate of k samples the
    /// condition is ηm(αk/n + β) > 2.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn mean_square(&self) -> Result<f64, SamplingError> {
        let Coefficients { alpha, beta } =
            self.sampling.coefficients(self.samples, self.batch_size)?;
        let n = self.samples as f64;
        if alpha == 1.0 {
            // Bernoulli sampling or the full batch: the same as below, in the form of [D],
            // η/(1 − η)·(n/B − 1).
            return Ok(self.theorem_2().max(self.step_size * self.ratio()));
        }
        if self.step_size * alpha >= 1.0 {
            return Ok(f64::INFINITY);
        }
        let shared = self.step_size * n * beta / (1.0 - self.step_size * alpha);
        Ok(shared.max(self.step_size * (alpha + n * beta)))
    }

    /// λ at coherence σ: the larger of E log|1 − ηmN/B| for N among σ samples and among one.
    pub fn lyapunov(&self, coherence: usize) -> f64 {
        let curvature = 2.0 * self.samples as f64 / coherence as f64;
        let shared = self.coordinate(curvature, coherence);
        let others = (coherence < self.samples).then(|| self.coordinate(curvature, 1));
        others.map_or(shared, |others| shared.max(others))
    }

    /// The largest σ with λ > 0, `None` if there is none.
    pub fn almost_sure(&self) -> Option<usize> {
        (1..=self.samples).rev().find(|&coherence| self.lyapunov(coherence) > 0.0)
    }

    /// E log|1 − ηmN/B| with N of the batch among `sharing` samples.
    fn coordinate(&self, curvature: f64, sharing: usize) -> f64 {
        let rate = self.step_size * curvature / self.batch_size as f64;
        self.sampling
            .count_distribution(self.samples, self.batch_size, sharing)
            .filter(|(_, probability)| *probability > 0.0)
            .map(|(count, probability)| probability * (1.0 - rate * count as f64).abs().ln())
            .sum()
    }

    /// n/B.
    fn ratio(&self) -> f64 {
        self.samples as f64 / self.batch_size as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(step_size: f64, batch_size: usize) -> DexterFamily {
        DexterFamily { samples: 100, batch_size, sampling: Sampling::Bernoulli, step_size }
    }

    /// The largest σ of 1..=100 below a boundary.
    fn largest_below(boundary: f64) -> usize {
        (1..=100).filter(|&sigma| (sigma as f64) < boundary).count()
    }

    #[test]
    fn largest_diverging_coherence() {
        // η, B, then Theorem 1, exact mean square, almost sure.
        let table = [
            (0.5, 5, 4, 18, 11),
            (0.5, 10, 2, 8, 5),
            (0.8, 2, 11, 100, 53),
            (0.8, 5, 6, 76, 21),
            (0.8, 10, 4, 36, 10),
            (0.8, 20, 3, 16, 5),
        ];
        for (step_size, batch_size, theorem_1, mean_square, almost_sure) in table {
            let family = family(step_size, batch_size);
            assert_eq!(largest_below(family.theorem_1()), theorem_1, "{family:?}");
            // At η = 0.8 the boundaries 76, 36 and 16 are whole numbers for η = 4/5; the double
            // nearest to it is larger, and so are they.
            assert_eq!(largest_below(family.mean_square().unwrap()), mean_square, "{family:?}");
            assert_eq!(family.almost_sure(), Some(almost_sure), "{family:?}");
        }
    }

    #[test]
    fn the_general_form_of_the_mean_square_boundary_is_dexters() {
        let family = family(0.3, 4);
        let c = family.sampling.coefficients(100, 4).unwrap();
        let general = 0.3 * 100.0 * c.beta / (1.0 - 0.3 * c.alpha);
        assert!((general - family.theorem_2()).abs() < 1e-12);
        assert!((0.3 * (c.alpha + 100.0 * c.beta) - 0.3 * 25.0).abs() < 1e-12);
    }
}
