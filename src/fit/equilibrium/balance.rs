//! The place where forces balance, to the last digits, and what is known of it.

use super::fall::Fallen;
use super::kink::RestAtKink;
use super::rest::{Rest, Stability};
use super::settling::{Settling, Situation};
use crate::error::{Error, Result};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

/// The part of the largest curvature below which a curvature is none.
const FLAT: f64 = 1e-9;
/// A push, in parts of the largest slope, that is none; and a gap that is none, in units.
const SLIGHT: f64 = 1e-9;
const TOUCHING: f64 = 1e-9;
/// How far to either side kinks are looked for, in units, and the change of a force there, in parts of the largest, that is one.
const ASIDE: f64 = 1e-5;
const SHARP: f64 = 1e-3;
/// The steps of the last digits, and how often contacts are taken in or let go.
const POLISH: usize = 60;
const CHANGES: usize = 20;
/// How far it goes in these, in units, and what is left of the forces, in parts of the largest, where they balance.
const FARTHEST: f64 = 0.5;
const BALANCED: f64 = 1e-9;
/// A singular value, in parts of the largest, that is none.
const RANK: f64 = 1e-10;

/// A place, what is seen from there, and the gaps that push with what they push with.
struct Balance {
    at: DVector<f64>,
    seen: Situation,
    pushing: Vec<usize>,
    pushes: DVector<f64>,
    /// The largest force.
    scale: f64,
    /// The rest of the forces and of the gaps that push, in parts of it.
    left: f64,
}

impl Settling<'_> {
    /// The place near where a fall ended, as far as it is known.
    pub(super) fn rest(&mut self, fallen: Fallen) -> Result<Rest> {
        if fallen.is_stuck {
            return self.stuck(&fallen);
        }
        let Ok(balance) = self.balance(&fallen) else { return self.stuck(&fallen) };
        let Balance { at, seen, pushing, pushes, scale, .. } = &balance;
        let curvatures = self.curvatures(at, pushes);
        let hessian = self.own_columns(&curvatures);
        if self.has_kink(at, pushes) {
            return self.kink(&Fallen { at: at.clone(), ..fallen });
        }
        let grazing: Vec<usize> =
            (0..pushes.len()).filter(|n| !pushing.contains(n) && seen.gaps[*n].abs() <= TOUCHING).collect();
        let rows = seen.rows_of(pushing);
        let free = null_space(&rows, at.len());
        let reduced = free.tr_mul(&(&hessian * &free));
        let stability = self.stability(&reduced, &free, hessian.amax().max(*scale), &seen.rows_of(&grazing));
        let derivatives = match (&stability, grazing.is_empty()) {
            (Stability::Indifferent(_) | Stability::Undecided, _) | (_, false) => None,
            _ => self.derivatives(&balance, &curvatures, &free),
        };
        let grazing = grazing.into_iter().map(|n| self.of.gaps[n].of);
        let mut grazing: Vec<usize> = grazing.filter(|&of| of < self.of.stated).collect();
        grazing.dedup();
        let (energy, _) = self.measure(at);
        let at = self.own_values(at);
        Ok(Rest { derivatives, ..self.told(at, energy, pushes, stability, grazing) })
    }

    /// A rest where a fall was stuck: at a kink, down from which nothing leads.
    fn stuck(&mut self, fallen: &Fallen) -> Result<Rest> {
        let at = self.along_kinks(&fallen.at, fallen.price)?;
        if self.has_kink(&at, &fallen.pushes) {
            let rest = self.kink(&Fallen { at, pushes: fallen.pushes.clone(), ..*fallen })?;
            if !matches!(rest.stability, Stability::Unstable(_)) {
                return Ok(rest);
            }
        }
        let seen = self.look(&fallen.at);
        let left = (&seen.slope - seen.rows.tr_mul(&fallen.pushes)).amax()
            / seen.slope.amax().max(f64::MIN_POSITIVE);
        Err(unbalanced(left))
    }

    /// A rest at a kink.
    fn kink(&mut self, fallen: &Fallen) -> Result<Rest> {
        let RestAtKink { pushes, stability, derivatives } = self.kink_at(&fallen.at, fallen.price);
        let (energy, _) = self.measure(&fallen.at);
        let at = self.own_values(&fallen.at);
        Ok(Rest { derivatives, ..self.told(at, energy, &pushes, stability, Vec::new()) })
    }

    fn told(
        &self,
        at: Vec<f64>,
        energy: f64,
        pushes: &DVector<f64>,
        stability: Stability,
        grazing: Vec<usize>,
    ) -> Rest {
        let mut forces = vec![0.0; self.of.stated];
        for (n, push) in pushes.iter().enumerate() {
            if let Some(force) = forces.get_mut(self.of.gaps[n].of) {
                *force += self.force(n, *push);
            }
        }
        let name = |n: usize| self.of.parameters[n].name().to_string();
        Rest {
            names: self.of.free.iter().map(|&n| name(n)).collect(),
            at,
            energy,
            forces,
            stability,
            grazing,
            parameters: self.others().into_iter().map(name).collect(),
            derivatives: None,
        }
    }

    /// The parameters that do not settle.
    pub(super) fn others(&self) -> Vec<usize> {
        (0..self.of.parameters.len()).filter(|n| !self.of.free.contains(n)).collect()
    }

    /// The place where forces balance: those that push with less than nothing are let go, and those that were passed are taken in.
    fn balance(&mut self, fallen: &Fallen) -> Result<Balance> {
        let near = self.look(&fallen.at);
        let is_equation: Vec<bool> = self.of.gaps.iter().map(|gap| gap.is_equation).collect();
        let steep = near.slope.amax().max(f64::MIN_POSITIVE);
        let pushes_at = |n: &usize| fallen.pushes[*n] / steep > near.gaps[*n].abs();
        let mut pushing: Vec<usize> =
            (0..is_equation.len()).filter(|n| is_equation[*n] || pushes_at(n)).collect();
        let mut last = None;
        for _ in 0..CHANGES {
            let found = self.polished(&fallen.at, &pushing, &fallen.pushes);
            let Balance { seen, pushes, scale, left, .. } = &found;
            if left.is_nan() || *left > BALANCED {
                last = Some(found);
                break;
            }
            let least = |n: &usize| -> bool { !is_equation[*n] && pushes[*n] <= SLIGHT * scale };
            let passed: Vec<usize> = (0..is_equation.len())
                .filter(|n| !pushing.contains(n) && (seen.gaps[*n] < -TOUCHING || (is_equation[*n])))
                .collect();
            let kept: Vec<usize> = pushing.iter().copied().filter(|n| !least(n)).collect();
            if passed.is_empty() && kept.len() == pushing.len() {
                return Ok(found);
            }
            pushing = kept;
            pushing.extend(passed);
            pushing.sort_unstable();
            last = Some(found);
        }
        let left = last.map_or(f64::NAN, |found| found.left);
        Err(unbalanced(left))
    }

    /// Newton's method on the balance of forces and the gaps that push.
    fn polished(&mut self, start: &DVector<f64>, pushing: &[usize], from: &DVector<f64>) -> Balance {
        let mut at = start.clone();
        let mut pushes = DVector::zeros(from.len());
        pushing.iter().for_each(|&n| pushes[n] = from[n]);
        let mut best: Option<Balance> = None;
        for _ in 0..POLISH {
            let seen = self.look(&at);
            let rows = seen.rows_of(pushing);
            let off = seen.gaps.select_rows(pushing);
            // The pushes that balance best, and are as near as can be to what they were.
            let own = pushes.select_rows(pushing);
            let own = &own + pseudo_inverse(&rows.transpose()) * (&seen.slope - rows.tr_mul(&own));
            pushing.iter().zip(own.iter()).for_each(|(&n, &push)| pushes[n] = push);
            let slope = &seen.slope - rows.tr_mul(&own);
            let terms = rows.row_iter().zip(own.iter()).map(|(row, push)| row.amax() * push.abs());
            let curvatures = self.curvatures(&at, &pushes);
            let hessian = self.own_columns(&curvatures);
            let scale = terms.fold(seen.slope.amax().max(hessian.amax()), f64::max);
            let scale = if scale > 0.0 { scale } else { 1.0 };
            let left = slope.amax() / scale + off.amax();
            let is_best = best.as_ref().is_none_or(|best| left < best.left);
            if left.is_nan() || (!is_best && best.as_ref().is_some_and(|best| best.left <= BALANCED)) {
                break;
            }
            let step = constrained_step(&hessian, &rows, &slope, &off);
            if is_best {
                let pushing = pushing.to_vec();
                best = Some(Balance { at: at.clone(), seen, pushing, pushes: pushes.clone(), scale, left });
            }
            at += step;
            if left == 0.0 || (&at - start).norm() > FARTHEST {
                break;
            }
        }
        best.unwrap_or_else(|| {
            let seen = self.look(start);
            Balance { at: start.clone(), seen, pushing: pushing.to_vec(), pushes, scale: 1.0, left: f64::NAN }
        })
    }

    /// Whether forces to both sides of a place differ as much from half as far away.
    fn has_kink(&mut self, at: &DVector<f64>, pushes: &DVector<f64>) -> bool {
        let mut scale: f64 = 0.0;
        let mut pull = |n: usize, aside: f64| {
            let mut there = at.clone();
            there[n] += aside;
            let seen = self.look(&there);
            scale = scale.max(seen.slope.amax());
            &seen.slope - seen.rows.tr_mul(pushes)
        };
        let mut jump = |n: usize, aside: f64| (pull(n, aside) - pull(n, -aside)).amax();
        let jumps: Vec<[f64; 2]> = (0..at.len()).map(|n| [jump(n, ASIDE), jump(n, 0.5 * ASIDE)]).collect();
        let most = jumps.iter().flatten().fold(0.0f64, |most, own| most.max(*own));
        let least = SHARP * (scale + SHARP * most);
        jumps.iter().any(|[far, near]| !(far + near).is_finite() || (*far > least && *near > 0.75 * far))
    }

    /// The stability by the least curvature along the free ways; contacts that graze may be in the way.
    fn stability(
        &self,
        reduced: &DMatrix<f64>,
        free: &DMatrix<f64>,
        reference: f64,
        grazing: &DMatrix<f64>,
    ) -> Stability {
        if reduced.is_empty() {
            return Stability::Stable;
        }
        let eigen = SymmetricEigen::new(reduced.clone());
        let least = eigen.eigenvalues.imin();
        let along = free * eigen.eigenvectors.column(least);
        let opens = grazing * &along;
        let is_barred = opens.min() < -SLIGHT && opens.max() > SLIGHT;
        let sign = if !opens.is_empty() && opens.min() < -SLIGHT { -1.0 } else { 1.0 };
        let way = sign * along.component_mul(&DVector::from_vec(self.of.units.clone()));
        let size = way.amax().max(f64::MIN_POSITIVE);
        let way: Vec<f64> = way.iter().map(|part| part / size).collect();
        match eigen.eigenvalues[least] / reference.max(f64::MIN_POSITIVE) {
            curvature if curvature > FLAT => Stability::Stable,
            _ if is_barred => Stability::Undecided,
            curvature if curvature < -FLAT => Stability::Unstable(way),
            _ => Stability::Indifferent(way),
        }
    }

    /// The derivatives of the place in the parameters that did not settle, by the implicit function theorem: those that keep the
    /// gaps that push, and the balance of forces along what they leave free.
    fn derivatives(
        &mut self,
        balance: &Balance,
        curvatures: &DMatrix<f64>,
        free: &DMatrix<f64>,
    ) -> Option<DMatrix<f64>> {
        let others = self.others();
        let rows = balance.seen.rows_of(&balance.pushing);
        let _ = self.measure(&balance.at);
        let moved = self.moved_by_others(&balance.pushing, &others);
        let across = -pseudo_inverse(&rows) * &moved;
        let kept = (&rows * &across + &moved).amax();
        if kept > 1e-8 * moved.amax() {
            return None;
        }
        let hessian = self.own_columns(curvatures);
        let mut all = across;
        if free.ncols() > 0 {
            let reduced = free.tr_mul(&(&hessian * free));
            let pull = free.tr_mul(&(curvatures.select_columns(&others) + &hessian * &all));
            all += free * reduced.lu().solve(&-pull)?;
        }
        all.row_iter_mut().zip(&self.of.units).for_each(|(mut row, unit)| row *= *unit);
        all.iter().all(|own| own.is_finite()).then_some(all)
    }
}

fn unbalanced(left: f64) -> Error {
    Error::Undefined(format!(
        "no place was found where the forces balance: {left:.1e} of them is left, as where the energy falls ever more slowly, or at a \
         kink"
    ))
}

/// The inverse of a matrix along what it does not send to 0.
pub(super) fn pseudo_inverse(of: &DMatrix<f64>) -> DMatrix<f64> {
    let none = || DMatrix::zeros(of.ncols(), of.nrows());
    if of.is_empty() || of.iter().any(|own| !own.is_finite()) {
        return none();
    }
    let svd = of.clone().svd(true, true);
    let least = RANK * svd.singular_values.max();
    svd.pseudo_inverse(least.max(f64::MIN_POSITIVE)).unwrap_or_else(|_| none())
}

/// An orthonormal basis of what rows send to 0.
fn null_space(rows: &DMatrix<f64>, count: usize) -> DMatrix<f64> {
    // Eigenvectors of RᵀR would lose half the digits: of R with rows of zeros below it, all right singular vectors are there.
    let mut padded = DMatrix::zeros(rows.nrows().max(count), count);
    padded.view_mut((0, 0), (rows.nrows(), count)).copy_from(rows);
    let svd = padded.svd(false, true);
    let most = svd.singular_values.amax();
    let Some(right) = svd.v_t else { return DMatrix::identity(count, count) };
    let is_free = |n: &usize| svd.singular_values[*n] <= RANK * most || most == 0.0;
    let columns: Vec<DVector<f64>> = (0..count).filter(is_free).map(|n| right.row(n).transpose()).collect();
    if columns.is_empty() { DMatrix::zeros(count, 0) } else { DMatrix::from_columns(&columns) }
}

/// Newton's step for the balance of forces and for gaps that are off by so much.
fn constrained_step(
    hessian: &DMatrix<f64>,
    rows: &DMatrix<f64>,
    slope: &DVector<f64>,
    off: &DVector<f64>,
) -> DVector<f64> {
    let across = -(pseudo_inverse(rows) * off);
    let free = null_space(rows, slope.len());
    if free.ncols() == 0 {
        return across;
    }
    let reduced = free.tr_mul(&(hessian * &free));
    let pull = free.tr_mul(&(slope + hessian * &across));
    let along = pseudo_inverse(&reduced) * -pull;
    across + free * along
}
