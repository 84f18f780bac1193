//! Silhouettes as targets: how much of each pixel a solid is to cover, as cameras see it.
//!
//! A pixel's residual is the part that is covered less the part that is to be. It changes with the outline, by how fast that
//! moves within the pixel: [`Coverage`] knows the places where the field moves it.

use super::model::Model;
use super::problem::Fit;
use super::program::{TermProgram, by_unknown, moved_by, names};
use super::term::FurtherTerm;
use crate::error::{Error, Result};
use crate::field::{Field, Unknowns};
use crate::number::Identity;
use crate::render::march::NOTHING;
use crate::render::{Coverage, Lens, Silhouette, Size};
use crate::tape::Block64;
use rayon::prelude::*;
use std::sync::Arc;

/// A silhouette that a solid is to have: how much of each pixel it covers, as a lens sees it at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct SilhouetteTarget {
    lens: Lens,
    size: Size,
    t: f64,
    parts: Vec<f64>,
}

impl SilhouetteTarget {
    /// The covered part of each pixel, 0 to 1, row by row from the top. An error where there are not as many as pixels, or one is
    /// not in that range.
    pub fn new(lens: Lens, size: Size, t: f64, parts: Vec<f64>) -> Result<SilhouetteTarget> {
        if parts.len() != size.pixels() || parts.is_empty() {
            let (Size { width, height }, count) = (size, parts.len());
            return Err(Error::Input(format!(
                "a silhouette of {width} × {height} pixels has {count} of them"
            )));
        }
        if let Some(n) = parts.iter().position(|part| !(0.0..=1.0).contains(part)) {
            let (row, column) = (n / size.width + 1, n % size.width + 1);
            let problem = format!("a silhouette's pixel {column} in row {row} is {}, not 0 to 1", parts[n]);
            return Err(Error::Input(problem));
        }
        Ok(SilhouetteTarget { lens, size, t, parts })
    }

    /// That of a field, at its parameters' values. An error as of [`Silhouette`].
    pub fn of_field(field: &Field, lens: Lens, size: Size, t: f64) -> Result<SilhouetteTarget> {
        let parts = Silhouette::of(field)?.coverage(&lens, size, t)?.parts().to_vec();
        let parts = parts.into_iter().map(|part| part.clamp(0.0, 1.0)).collect();
        SilhouetteTarget::new(lens, size, t, parts)
    }

    /// That of what has these depths, as [`depths`](crate::render::march::depths) gives them.
    pub fn of_depths(lens: Lens, size: Size, t: f64, depths: &[f32]) -> Result<SilhouetteTarget> {
        let part = |&depth: &f32| f64::from(u8::from(depth < NOTHING));
        SilhouetteTarget::new(lens, size, t, depths.iter().map(part).collect())
    }

    /// How many pixels it has.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The covered part of each pixel, row by row from the top.
    pub fn parts(&self) -> &[f64] {
        &self.parts
    }

    /// A fingerprint of all of it.
    pub fn identity(&self) -> Identity {
        let Lens { eye, ahead, right, up, parallel, .. } = self.lens;
        let numbers =
            [eye, ahead, right, up].concat().into_iter().chain([self.t]).chain(self.parts.iter().copied());
        let sizes = [self.size.width as u128, self.size.height as u128, parallel.into()];
        let own = sizes.into_iter().fold(Identity::of("silhouette"), Identity::and);
        numbers.fold(own, |all, x| all.and(u128::from(x.to_bits())))
    }

    /// The same in half as many pixels along each side: means of four. None where a side is odd, or of fewer than [`LEAST`].
    fn halved(&self) -> Option<SilhouetteTarget> {
        let Size { width, height } = self.size;
        let is_even = width % 2 == 0 && height % 2 == 0;
        let size = Size { width: width / 2, height: height / 2 };
        let is_large = size.width.min(size.height) >= LEAST;
        let mean = |n: usize| {
            let first = 2 * (n / size.width) * width + 2 * (n % size.width);
            [0, 1, width, width + 1].iter().map(|by| 0.25 * self.parts[first + by]).sum()
        };
        let parts = || (0..size.pixels()).map(mean).collect();
        (is_even && is_large).then(|| SilhouetteTarget { size, parts: parts(), ..*self })
    }

    /// Silhouettes in fewer pixels, and then in more, up to their own: to be fitted one after another. An outline that is a few
    /// pixels off is found in fewer steps where pixels are large, and a solid that is far off is only found there.
    ///
    /// ```
    /// use fieldgrad::fit::SilhouetteTarget;
    /// use fieldgrad::prelude::*;
    /// use fieldgrad::render::{Lens, Size};
    ///
    /// let lens = Lens::pinhole([0.0, 0.0, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
    /// let size = Size { width: 64, height: 64 };
    /// let target = SilhouetteTarget::of_field(&sphere(0.5), lens, size, 0.0)?;
    /// let sides: Vec<usize> =
    ///     SilhouetteTarget::coarse_to_fine(&[target]).iter().map(|level| level[0].size().width).collect();
    /// assert_eq!(sides, [8, 16, 32, 64]);
    /// # Ok::<(), fieldgrad::Error>(())
    /// ```
    pub fn coarse_to_fine(targets: &[SilhouetteTarget]) -> Vec<Vec<SilhouetteTarget>> {
        let mut levels = vec![targets.to_vec()];
        while let Some(last) = levels.last().filter(|last| !last.is_empty()) {
            let halved: Vec<SilhouetteTarget> =
                last.iter().map(|own| own.halved().unwrap_or_else(|| own.clone())).collect();
            if halved == *last {
                break;
            }
            levels.push(halved);
        }
        levels.reverse();
        levels
    }
}

/// How many pixels a silhouette that was halved has at least along each side.
const LEAST: usize = 8;

/// A loss: half the mean square of how much more of each pixel a field's solid covers than it is to.
#[derive(Clone, Debug)]
pub struct SilhouetteTerm {
    field: Field,
    targets: Vec<SilhouetteTarget>,
    weight: f64,
}

impl SilhouetteTerm {
    /// A field's, over all the pixels of some silhouettes.
    pub fn new(field: &Field, targets: impl IntoIterator<Item = SilhouetteTarget>) -> SilhouetteTerm {
        SilhouetteTerm { field: field.clone(), targets: targets.into_iter().collect(), weight: 1.0 }
    }

    /// The same, counting so much in the sum.
    pub fn with_weight(self, weight: f64) -> SilhouetteTerm {
        SilhouetteTerm { weight, ..self }
    }
}

impl Fit {
    /// The same with silhouettes that a field is to have besides.
    ///
    /// An error where the field has a parameter that is not among the unknowns, or cannot be run or derived.
    pub fn with_silhouettes(mut self, term: SilhouetteTerm) -> Result<Fit> {
        let term = SeenTerm::new(term, self.unknowns())?;
        self.further.push(Arc::new(term));
        Ok(self)
    }
}

/// A term of silhouettes, ready to be run.
#[derive(Clone, Debug)]
struct SeenTerm {
    silhouette: Silhouette,
    /// Where its parameters are among all.
    places: Vec<usize>,
    /// The field's derivative in each unknown that moves it, and which those are.
    derivatives: TermProgram,
    unknowns: Vec<usize>,
    targets: Vec<SilhouetteTarget>,
    weight: f64,
}

impl SeenTerm {
    fn new(term: SilhouetteTerm, unknowns: &Unknowns) -> Result<SeenTerm> {
        let SilhouetteTerm { field, targets, weight } = term;
        if !(weight.is_finite() && weight >= 0.0) {
            return Err(Error::Input(format!("a term's weight is {weight}")));
        }
        let all = names(unknowns);
        let places = TermProgram::new(std::slice::from_ref(&field), &all)?.places;
        let (own, slopes) = by_unknown(&field, &all, &moved_by(unknowns))?;
        let derivatives = TermProgram::new(&slopes, &all)?;
        let silhouette = Silhouette::of(&field)?;
        Ok(SeenTerm { silhouette, places, derivatives, unknowns: own, targets, weight })
    }

    /// What a pixel's square counts in the sum.
    fn share(&self) -> f64 {
        self.weight / self.count().max(1) as f64
    }

    /// What of each pixel is covered in each view. Where that is not known, no cost is a number.
    fn seen(&self, values: &[f64]) -> Vec<Option<Coverage>> {
        let own: Vec<f64> = self.places.iter().map(|&place| values[place]).collect();
        let silhouette = self.silhouette.with_values(&own);
        let seen = |target: &SilhouetteTarget| silhouette.coverage(&target.lens, target.size, target.t).ok();
        self.targets.par_iter().map(seen).collect()
    }

    fn cost_of(&self, target: &SilhouetteTarget, seen: Option<&Coverage>) -> f64 {
        let Some(seen) = seen else { return f64::NAN };
        let squares = seen.parts().iter().zip(&target.parts).map(|(part, wanted)| (part - wanted).powi(2));
        0.5 * self.share() * squares.sum::<f64>()
    }

    /// The residuals and rows of the pixels that something moves, times a root of what they count.
    fn rows(
        &self,
        seen: &Coverage,
        target: &SilhouetteTarget,
        mut block: Block64,
        root: f64,
        unknowns: usize,
    ) -> Vec<(f64, Vec<f64>)> {
        let moves = seen.moves();
        let column = |axis: usize| moves.iter().map(|own| own.place[axis]).collect::<Vec<f64>>();
        let mut slopes = vec![vec![0.0; moves.len()]; self.unknowns.len()];
        block.set_time(target.t);
        let mut views: Vec<&mut [f64]> = slopes.iter_mut().map(|column| &mut column[..]).collect();
        block.eval([&column(0), &column(1), &column(2)], &mut views);
        let mut rows: Vec<(f64, Vec<f64>)> = Vec::new();
        let mut last = None;
        for (n, own) in moves.iter().enumerate() {
            if last != Some(own.pixel) {
                let residual = seen.parts()[own.pixel] - target.parts[own.pixel];
                rows.push((root * residual, vec![0.0; unknowns]));
                last = Some(own.pixel);
            }
            let (_, row) = rows.last_mut().expect("a row was begun");
            for (&unknown, column) in self.unknowns.iter().zip(&slopes) {
                row[unknown] += root * own.by * column[n];
            }
        }
        rows
    }
}

impl FurtherTerm for SeenTerm {
    fn count(&self) -> usize {
        self.targets.iter().map(|target| target.parts.len()).sum()
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn cost(&self, values: &[f64]) -> f64 {
        let seen = self.seen(values);
        self.targets.iter().zip(&seen).map(|(target, seen)| self.cost_of(target, seen.as_ref())).sum()
    }

    fn linearise(&self, values: &[f64], model: &mut Model) -> f64 {
        let seen = self.seen(values);
        let tape = self.derivatives.at(values);
        let root = self.share().sqrt();
        let rows = |(target, seen): (&SilhouetteTarget, &Option<Coverage>)| {
            let Some(seen) = seen else { return Vec::new() };
            self.rows(seen, target, Block64::new(&tape), root, model.unknowns())
        };
        let rows: Vec<Vec<(f64, Vec<f64>)>> = self.targets.par_iter().zip(&seen).map(rows).collect();
        rows.iter().flatten().for_each(|(residual, row)| model.add(*residual, row));
        self.targets.iter().zip(&seen).map(|(target, seen)| self.cost_of(target, seen.as_ref())).sum()
    }

    fn sum(&self, values: &[f64], by_parameter: &mut [f64]) -> f64 {
        let seen = self.seen(values);
        let slopes = |(target, seen): (&SilhouetteTarget, &Option<Coverage>)| {
            let Some(seen) = seen else { return vec![f64::NAN; self.places.len()] };
            let off = seen.parts().iter().zip(&target.parts);
            seen.gradient(&off.map(|(part, wanted)| self.share() * (part - wanted)).collect::<Vec<f64>>())
        };
        let slopes: Vec<Vec<f64>> = self.targets.par_iter().zip(&seen).map(slopes).collect();
        for own in &slopes {
            self.places.iter().zip(own).for_each(|(&place, slope)| by_parameter[place] += slope);
        }
        self.targets.iter().zip(&seen).map(|(target, seen)| self.cost_of(target, seen.as_ref())).sum()
    }
}
