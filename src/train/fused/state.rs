//! Dense parameters, and the whole state of a network.

use super::error::{FusedError, check_finite, check_length};
use super::frame::Frame;
use super::problem::Problem;

/// Dense parameters in the layout of PyTorch's `Linear`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// W1, `[hidden][input]` row by row.
    pub w1: Vec<f32>,
    /// b1, `[hidden]`.
    pub b1: Vec<f32>,
    /// W2, `[output][hidden]` row by row.
    pub w2: Vec<f32>,
    /// b2, `[output]`.
    pub b2: Vec<f32>,
}

/// How the weights lie in memory. It changes the order of additions, so results agree to rounding only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[pixel][hidden]`: the cost does not depend on how many hidden units are active.
    PixelMajor,
    /// `[hidden][pixel]`: the cost is proportional to the hidden units that are, or may be, active.
    UnitMajor,
}

impl Layout {
    /// The word in a saved state.
    pub fn name(self) -> &'static str {
        match self {
            Self::PixelMajor => "pixel",
            Self::UnitMajor => "unit",
        }
    }

    /// The layout of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::PixelMajor, Self::UnitMajor].into_iter().find(|layout| layout.name() == name)
    }
}

/// The velocity of everything that is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Velocity {
    /// That of the stored parts.
    pub stored: Parameters,
    /// Where S and its velocity are stored as coordinates (p, q) in a frame.
    pub frame: Option<Frame>,
    /// That of u.
    pub offset: Vec<f32>,
    /// That of v.
    pub response: Vec<f32>,
}

/// Everything that the coming steps depend on, bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The stored parts; b1, W2 and b2 are the parameters themselves, W1 lacks `offset`.
    pub stored: Parameters,
    /// u, to be added to every weight of a hidden unit, `[hidden]`.
    pub offset: Vec<f32>,
    /// v, the preactivations of an input that is all background, `[hidden]`.
    pub response: Vec<f32>,
    /// With an optimizer that moves the parameters by a velocity.
    pub velocity: Option<Velocity>,
    /// How the weights lie in memory.
    pub layout: Layout,
    /// Hidden units found active since the last end of an epoch, over all samples.
    pub active: u64,
    /// Hidden units evaluated since then, active or not.
    pub evaluated: u64,
}

impl State {
    /// The state before the first step.
    pub(super) fn start(parameters: &Parameters, background: f32) -> Self {
        Self {
            stored: parameters.clone(),
            offset: vec![0.0; parameters.b1.len()],
            response: parameters.responses(background),
            velocity: None,
            layout: Layout::PixelMajor,
            active: 0,
            evaluated: 0,
        }
    }

    /// Refuses a state that does not fit the problem, or is not finite.
    pub(super) fn check(&self, problem: &Problem) -> Result<(), FusedError> {
        self.stored.check(problem)?;
        let hidden = self.stored.b1.len();
        check_per_unit([&self.offset, &self.response], hidden)?;
        if let Some(velocity) = &self.velocity {
            check_length("the velocity of b1", &velocity.stored.b1, hidden)?;
            velocity.stored.check(problem)?;
            check_per_unit([&velocity.offset, &velocity.response], hidden)?;
        }
        Ok(())
    }
}

/// Refuses an offset or a response of another size, or not finite.
fn check_per_unit([offset, response]: [&[f32]; 2], hidden: usize) -> Result<(), FusedError> {
    for (what, values) in [("the offset", offset), ("the response", response)] {
        check_length(what, values, hidden)?;
        check_finite(what, values)?;
    }
    Ok(())
}

impl Velocity {
    /// Of parameters at rest.
    pub(super) fn zero(hidden: usize, problem: &Problem) -> Self {
        let zeros = |count: usize| vec![0.0; count];
        Self {
            stored: Parameters {
                w1: zeros(hidden * problem.inputs().inputs()),
                b1: zeros(hidden),
                w2: zeros(hidden * problem.outputs()),
                b2: zeros(problem.outputs()),
            },
            frame: None,
            offset: zeros(hidden),
            response: zeros(hidden),
        }
    }
}

impl Parameters {
    /// Refuses parameters that do not fit each other and the problem, or are not finite.
    pub(super) fn check(&self, problem: &Problem) -> Result<(), FusedError> {
        let hidden = self.b1.len();
        if hidden == 0 {
            return Err(FusedError::Empty("the number of hidden units"));
        }
        check_length("W1", &self.w1, hidden * problem.inputs().inputs())?;
        check_length("W2", &self.w2, hidden * problem.outputs())?;
        check_length("b2", &self.b2, problem.outputs())?;
        for (what, values) in
            [("W1", &self.w1), ("b1", &self.b1), ("W2", &self.w2), ("b2", &self.b2)]
        {
            check_finite(what, values)?;
        }
        Ok(())
    }

    /// v = b1 + b W1 1.
    pub(super) fn responses(&self, background: f32) -> Vec<f32> {
        let rows = self.w1.chunks(self.w1.len() / self.b1.len());
        let sum = |row: &[f32]| row.iter().map(|&w| f64::from(w)).sum::<f64>();
        let response = |(row, &bias): (&[f32], &f32)| {
            (f64::from(bias) + f64::from(background) * sum(row)) as f32
        };
        rows.zip(&self.b1).map(response).collect()
    }
}
