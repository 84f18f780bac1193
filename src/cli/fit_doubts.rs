//! Whether what a fit found is any good: what is said where it is not, so that nobody takes it for a fit.

use crate::error::Result;
use crate::field::Field;
use crate::fit::Target;
use crate::tape::Coordinates;

/// The part of the target's size that may be left, in the root of the mean square, where nobody said how much.
const MOST_LEFT: f64 = 0.1;

/// The part of a pixel that may be left of silhouettes.
const MOST_UNCOVERED: f64 = 0.1;

/// Why a field that leaves so much of a target is no fit to it; nothing, if it may be one.
pub(super) fn doubt(field: &Field, target: &Target, left: f64) -> Result<Option<String>> {
    if target.is_empty() {
        let problem = || format!("no fit: pixels are off by {left:.3} of what they are to cover");
        return Ok((left > MOST_UNCOVERED).then(problem));
    }
    let longest = target.bounds().map_or(0.0, |bounds| bounds.size().into_iter().fold(0.0, f64::max));
    let size = target.distances().unwrap_or_default().iter().fold(longest, |most, d| most.max(d.abs()));
    if left <= MOST_LEFT * size {
        return Ok(None);
    }
    let tape = field.tape()?;
    let values = match target.times() {
        None => tape.eval(Coordinates::from(target.points())),
        Some(times) => {
            let four: Vec<[f64; 4]> =
                target.points().iter().zip(times).map(|(&[x, y, z], &t)| [x, y, z, t]).collect();
            tape.eval(&four)
        }
    };
    let values = values.into_iter().next().unwrap_or_default();
    let nearest = values.iter().fold(f64::INFINITY, |least, f| least.min(f.abs()));
    let along: f64 = values.iter().zip(target.distances().unwrap_or_default()).map(|(f, d)| f * d).sum();
    Ok(Some(match () {
        () if along < 0.0 => {
            "the target seems to be inside out: it is negative where the scene is positive".into()
        }
        () if nearest > longest => format!(
            "the target is far away: no point of it is nearer than {nearest:.3} to the surface that was found"
        ),
        () => format!("no fit: {left:.3} is left of a target that is {size:.3} large"),
    }))
}
