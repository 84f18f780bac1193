//! How much of each pixel a solid covers, and how that moves with parameters: silhouettes with their derivatives.
//!
//! The rays of a picture that meet the solid end at its outline, where they only touch it. That edge in the picture is
//! what moves when a parameter does, and a derivative that looks at each ray by itself misses all of it (Li et al.,
//! "Differentiable Monte Carlo ray tracing through edge sampling", 2018). Here the outline is found exactly where it crosses
//! the ways between neighbouring rays ([`crossing`]), and between those where it bends ([`chains`]); what of a pixel it leaves
//! inside is a polygon of such places ([`cells`]), and the derivative the integral of how fast the outline moves outward over
//! its length (Reynolds' transport theorem).

mod cells;
mod chains;
mod crossing;

use super::march;
use super::{Lens, Size};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::tape::{Sum64, Tape};
use crate::task;
use cells::PixelCells;

/// A solid made ready for pictures of how much of each pixel it covers.
///
/// ```
/// use fieldgrad::prelude::*;
/// use fieldgrad::render::{Lens, Silhouette, Size};
///
/// let solid = Silhouette::of(&sphere(param("r", 0.47)))?;
/// let lens = Lens::parallel([0.0, 0.0, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 2.0);
/// let seen = solid.coverage(&lens, Size { width: 64, height: 64 }, 0.0)?;
/// // A pixel is 1/32 wide. The area of a disc is πr², and its derivative 2πr.
/// let pixel: f64 = 1.0 / (32.0 * 32.0);
/// let area = pixel * seen.parts().iter().sum::<f64>();
/// let by_radius = seen.gradient(&vec![pixel; 64 * 64])[0];
/// assert!((area - 0.47 * 0.47 * std::f64::consts::PI).abs() < 1e-3);
/// assert!((by_radius / (2.0 * 0.47 * std::f64::consts::PI) - 1.0).abs() < 1e-3, "{by_radius}");
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Silhouette {
    value: Tape,
    /// The field and its derivatives along x, y and z.
    gradient: Tape,
}

impl Silhouette {
    /// A field's solid, its parameters at their declared values.
    pub fn of(field: &Field) -> Result<Silhouette> {
        let [x, y, z, _] = field.gradient();
        let [value, gradient] = Tape::together([std::slice::from_ref(field), &[field.clone(), x, y, z]])?;
        Ok(Silhouette { value, gradient })
    }

    /// The same with other values of the parameters, in the order of [`Silhouette::tape`]. Panics if their number is another.
    pub fn with_values(&self, values: &[f64]) -> Silhouette {
        Silhouette { value: self.value.with_values(values), gradient: self.gradient.with_values(values) }
    }

    /// The field's tape, which says what parameters there are.
    pub fn tape(&self) -> &Tape {
        &self.value
    }

    /// How much of each pixel the solid covers at a time, as seen through a lens.
    ///
    /// What is thinner than half a pixel may be missed.
    pub fn coverage(&self, lens: &Lens, size: Size, t: f64) -> Result<Coverage> {
        if size.pixels() == 0 || !t.is_finite() {
            let problem = format!("a picture of {} × {} at t = {t}", size.width, size.height);
            return Err(Error::Input(problem));
        }
        let fine = Size { width: CELLS * size.width + 1, height: CELLS * size.height + 1 };
        // Rays go through the cells' corners.
        let wider = (fine.height as f64) / (fine.height - 1) as f64;
        let corners = Lens {
            right: lens.right.map(|x| x * wider),
            up: lens.up.map(|x| x * wider),
            tolerance: TOLERANCE,
            ..*lens
        };
        let depths = march::seen(&self.value, &corners, fine, t, false)?.depths;
        let outlines = Outlines { gradient: &self.gradient, lens, t, within: within(&depths, lens, size) };
        let (parts, moves) = PixelCells::new(size, depths).parts(&outlines);
        task::check()?;
        Ok(Coverage { value: self.value.clone(), t, parts, moves })
    }
}

/// From where to where outlines are deep: where depths end, hardly beyond those that rays meet.
fn within(depths: &[f32], lens: &Lens, size: Size) -> [f64; 2] {
    let met = depths.iter().filter(|&&depth| depth < march::NOTHING);
    let ends = met.fold([f32::INFINITY, 0.0f32], |[near, far], &s| [near.min(s), far.max(s)]);
    let [near, far] = ends.map(f64::from);
    let more = 0.25 * (far - near) + 8.0 * lens.across(size.step(), far);
    [(near - more).max(lens.near), (far + more).min(lens.far)]
}

/// What outlines are found of.
struct Outlines<'a> {
    /// The field and its derivatives along x, y and z.
    gradient: &'a Tape,
    lens: &'a Lens,
    t: f64,
    /// From where to where they are deep.
    within: [f64; 2],
}

/// How many cells a pixel has along each side: an outline enters and leaves each once.
const CELLS: usize = 2;
/// How exactly rays are marched, in parts of a cell: one that touches the solid thinner than this is taken to miss it.
const TOLERANCE: f64 = 0.05;

/// How much of each pixel is covered, row by row from the top, and how that moves.
#[derive(Clone, Debug)]
pub struct Coverage {
    value: Tape,
    t: f64,
    parts: Vec<f64>,
    moves: Vec<PixelMove>,
}

/// How a pixel changes with the field at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PixelMove {
    pub(crate) pixel: usize,
    pub(crate) place: [f64; 3],
    /// The derivative of the pixel's covered part in the field's value there.
    pub(crate) by: f64,
}

impl Coverage {
    /// The part of each pixel that is covered: 0 to 1.
    pub fn parts(&self) -> &[f64] {
        &self.parts
    }

    /// What moves pixels, in the order of pixels.
    pub(crate) fn moves(&self) -> &[PixelMove] {
        &self.moves
    }

    /// The derivative of Σ wᵢ partᵢ in each parameter, by one backward pass: of a loss of the pixels, where wᵢ is its
    /// derivative in each. Panics if there is not a weight for each pixel.
    pub fn gradient(&self, weights: &[f64]) -> Vec<f64> {
        assert_eq!(weights.len(), self.parts.len(), "a weight for each pixel");
        let mut sum = Sum64::new(&self.value);
        sum.set_time(self.t);
        let column = |axis: usize| self.moves.iter().map(|own| own.place[axis]).collect::<Vec<f64>>();
        let seed = |own: &PixelMove| weights[own.pixel] * own.by;
        sum.add_loss([&column(0), &column(1), &column(2)], &|start, _, seeds| {
            seeds[0].iter_mut().zip(&self.moves[start..]).for_each(|(to, own)| *to = seed(own));
            0.0
        });
        sum.gradient()
    }
}
