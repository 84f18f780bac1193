//! Derivatives of the least in the sweep's inputs, of every order.
//!
//! The least V(x) is f(x, τ(x)). What its time τ does depends on where it is: it moves with an end of the span, or not
//! at all, or where f_t is 0 by dτ/dx = −f_tx/f_tt. At a kink, where f is u before and v after and u_t < 0 < v_t, it moves
//! with the place where u = v: dτ/dx = −(u_x − v_x)/(u_t − v_t), so that dV/dx = u_x + u_t·dτ/dx is the mean of u_x
//! and v_x that weighs u_t and v_t to 0. Each further derivative is that of an expression in such derivatives, by the
//! same rule.

use super::moving::{Moving, SearchMemory};
use super::search::{Minimum, MinimumAt, SearchPrecision};
use super::{PARAMETERS, T0, T1};
use crate::field::{Field, if_less, param};
use crate::number::Columns;
use crate::tape::{Machine, Tape};
use std::sync::Arc;

/// The inputs a derivative is in, in order, of the output with that number: digits to the base of the inputs' number and
/// one more, each one more than the input.
pub(super) fn multi_index(mut output: usize, arity: usize) -> Vec<usize> {
    let mut order = Vec::new();
    while output > 0 {
        order.push(output % (arity + 1) - 1);
        output /= arity + 1;
    }
    order.reverse();
    order
}

/// The output that is the derivative in those inputs; none if there is no number for it.
pub(super) fn output_of(order: &[usize], arity: usize) -> Option<usize> {
    order.iter().try_fold(0usize, |number, &input| number.checked_mul(arity + 1)?.checked_add(input + 1))
}

/// A side of a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KinkSide {
    Before,
    After,
}

/// A derivative of higher order, for each place that the least may be in.
pub(super) struct Higher {
    /// At the first time, at the last, at one that does not move, and where f_t is 0.
    smooth: [Field; 4],
    /// The tapes of f and each.
    tapes: [Tape; 4],
    kink: Kink,
}

/// An expression in derivatives of f on the two sides of a kink.
struct Kink {
    expression: Field,
    /// The derivatives that stand in it as parameters, by their numbers in their names.
    atoms: Vec<(KinkSide, Field)>,
    /// The atoms, as a tape that has f as its first output; and the expression.
    values: Tape,
    outcome: Tape,
}

fn name(atom: usize) -> String {
    format!("atom {atom}")
}

impl Kink {
    fn of(shape: &Moving, expression: Field, atoms: Vec<(KinkSide, Field)>) -> Kink {
        let fields: Vec<Field> = std::iter::once(shape.field.clone())
            .chain(atoms.iter().map(|(_, field)| field.clone()))
            .collect();
        let tape =
            |fields: &[Field]| Tape::new(fields).expect("derivatives of a field that made a tape make one");
        Kink { values: tape(&fields), outcome: tape(std::slice::from_ref(&expression)), expression, atoms }
    }

    /// The first derivative in an input.
    fn first(shape: &Moving, input: usize) -> Kink {
        let mut atoms = Vec::new();
        let expression = match input {
            T0 | T1 => Field::constant(0.0),
            _ => {
                let before = atom(&mut atoms, KinkSide::Before, shape.along(&shape.field, input));
                let speed = atom(&mut atoms, KinkSide::Before, shape.field.dt());
                before + speed * drift(shape, input, &mut atoms)
            }
        };
        Kink::of(shape, expression, atoms)
    }

    fn derivative(&self, shape: &Moving, input: usize) -> Kink {
        let mut atoms = self.atoms.clone();
        let mut sum = Field::constant(0.0);
        if !matches!(input, T0 | T1) {
            for (n, (side, field)) in self.atoms.iter().enumerate() {
                let Ok(factor) = self.expression.derivative_in(&name(n)) else { continue };
                let along = atom(&mut atoms, *side, shape.along(field, input));
                let in_time = atom(&mut atoms, *side, field.dt());
                sum += factor * (along + in_time * drift(shape, input, &mut atoms));
            }
        }
        Kink::of(shape, sum, atoms)
    }

    fn at(&self, inputs: &[f64], before: f64, after: f64) -> f64 {
        let mut machine = Machine::<f64>::new(&self.values);
        machine.set_parameters(&inputs[PARAMETERS..]);
        let [x, y, z] = [inputs[0], inputs[1], inputs[2]];
        let sides = [before, after].map(|time| machine.at([x, y, z, time]).to_vec());
        let value = |n: usize| sides[(self.atoms[n].0 == KinkSide::After) as usize][1 + n];
        let mut outcome = Machine::<f64>::new(&self.outcome);
        let number = |name: &str| name.rsplit(' ').next().and_then(|n| n.parse::<usize>().ok());
        let atoms: Vec<f64> =
            self.outcome.parameters().map(|own| value(number(own.name()).expect("an atom's name"))).collect();
        outcome.set_parameters(&atoms);
        outcome.at([0.0; 4])[0]
    }
}

/// A derivative of f on one side of the kink, as a parameter.
fn atom(atoms: &mut Vec<(KinkSide, Field)>, side: KinkSide, field: Field) -> Field {
    if field.as_constant().is_some() {
        return field;
    }
    let known = atoms.iter().position(|(own, other)| *own == side && *other == field);
    let number = known.unwrap_or_else(|| {
        atoms.push((side, field));
        atoms.len() - 1
    });
    param(&name(number), 0.0)
}

/// How the kink moves with an input: −(u_i − v_i)/(u_t − v_t).
fn drift(shape: &Moving, input: usize, atoms: &mut Vec<(KinkSide, Field)>) -> Field {
    let along = shape.along(&shape.field, input);
    let mut rift =
        |field: Field| atom(atoms, KinkSide::Before, field.clone()) - atom(atoms, KinkSide::After, field);
    -rift(along) / rift(shape.field.dt())
}

impl Higher {
    fn of(shape: &Moving, smooth: [Field; 4], kink: Kink) -> Higher {
        let tape = |field: &Field| {
            Tape::new(&[shape.field.clone(), field.clone()])
                .expect("derivatives of a field that made a tape make one")
        };
        Higher { tapes: smooth.each_ref().map(tape), smooth, kink }
    }

    fn first(shape: &Moving, input: usize) -> Higher {
        let along = shape.along(&shape.field, input);
        let at_end = |own: usize| if input == own { shape.field.dt() } else { along.clone() };
        // Where f_t is 0 the value does not feel that τ moves.
        Higher::of(shape, [at_end(T0), at_end(T1), along.clone(), along.clone()], Kink::first(shape, input))
    }

    fn derivative(&self, shape: &Moving, input: usize) -> Higher {
        let [start, end, still, inside] = &self.smooth;
        let at_end =
            |field: &Field, own: usize| if input == own { field.dt() } else { shape.along(field, input) };
        let drift = match input {
            T0 | T1 => Field::constant(0.0),
            _ => {
                let speed = shape.field.dt();
                let bend = speed.dt();
                let moves = -shape.along(&speed, input) / &bend;
                inside.dt() * if_less(0, bend.abs(), moves, 0)
            }
        };
        let smooth = [
            at_end(start, T0),
            at_end(end, T1),
            shape.along(still, input),
            shape.along(inside, input) + drift,
        ];
        Higher::of(shape, smooth, self.kink.derivative(shape, input))
    }

    /// The tapes of f and the derivative, one for each place but a kink.
    pub(super) fn smooth_tapes(&self) -> [&Tape; 4] {
        self.tapes.each_ref()
    }

    /// Its value where the least was found.
    pub(super) fn at(&self, inputs: &[f64], found: &Minimum) -> f64 {
        let place = match found.place {
            MinimumAt::Kink { before, after } => return self.kink.at(inputs, before, after),
            MinimumAt::Start => 0,
            MinimumAt::End => 1,
            MinimumAt::Still => 2,
            MinimumAt::Level => 3,
        };
        let place = ends_swapped(place, [inputs[T0], inputs[T1]]);
        let mut machine = Machine::<f64>::new(&self.tapes[place]);
        machine.set_parameters(&inputs[PARAMETERS..]);
        machine.at([inputs[0], inputs[1], inputs[2], found.time])[1]
    }
}

/// The first time is `t1` where the span is given backwards.
fn ends_swapped(place: usize, [t0, t1]: [f64; 2]) -> usize {
    if place < 2 && t0 > t1 { 1 - place } else { place }
}

impl Moving {
    /// A derivative of the least, of any order.
    pub(super) fn higher(&self, order: &[usize]) -> Arc<Higher> {
        let known =
            |order: &[usize]| self.higher.lock().expect("nothing panics holding it").get(order).cloned();
        if let Some(known) = known(order) {
            return known;
        }
        let (last, before) = order.split_last().expect("a derivative in something");
        let higher = Arc::new(match before.is_empty() {
            true => Higher::first(self, *last),
            false => self.higher(before).derivative(self, *last),
        });
        self.higher.lock().expect("nothing panics holding it").insert(order.to_vec(), higher.clone());
        higher
    }

    /// First derivatives in some of the inputs where the least was found, a column after the other.
    pub(super) fn slopes_at(
        &self,
        wanted: &[usize],
        inputs: &Columns<f64>,
        found: &[Minimum],
        precision: SearchPrecision,
    ) -> Vec<f64> {
        let rows = inputs.rows();
        // All first derivatives at the time of the least; at a kink, before it and after it.
        let sides = |found: &Minimum| match found.place {
            MinimumAt::Kink { before, after } => (before, Some(after)),
            _ => (found.time, None),
        };
        let kinks: Vec<usize> = (0..rows).filter(|&row| sides(&found[row]).1.is_some()).collect();
        let all: Vec<usize> = (0..rows).chain(kinks.iter().copied()).collect();
        let before = found.iter().map(|found| sides(found).0);
        let times: Vec<f64> =
            before.chain(kinks.iter().map(|&row| sides(&found[row]).1.expect("a kink"))).collect();
        let columns = self.with_scratch(|scratch| self.all_slopes(inputs, &all, &times, precision, scratch));
        // f, f_t, f_x, f_y, f_z, and one for each parameter.
        let at = |column: usize, place: usize| columns[column * all.len() + place];
        let mut after = vec![None; rows];
        kinks.iter().enumerate().for_each(|(n, &row)| after[row] = Some(rows + n));
        let mut out = Vec::with_capacity(wanted.len() * rows);
        for &input in wanted {
            for row in 0..rows {
                let times = [T0, T1].map(|i| inputs.column(i)[row]);
                let is_own_end = match found[row].place {
                    MinimumAt::Start => input == T0 + ends_swapped(0, times),
                    MinimumAt::End => input == T0 + ends_swapped(1, times),
                    _ => false,
                };
                out.push(match (input, after[row]) {
                    (T0 | T1, _) => {
                        if is_own_end {
                            at(1, row)
                        } else {
                            0.0
                        }
                    }
                    _ => {
                        let column = 2 + if input < T0 { input } else { input - 2 };
                        match after[row] {
                            None => at(column, row),
                            Some(after) => {
                                let (down, up) = (at(1, row), at(1, after));
                                let share = if down < 0.0 && up > 0.0 { up / (up - down) } else { 0.5 };
                                share * at(column, row) + (1.0 - share) * at(column, after)
                            }
                        }
                    }
                });
            }
        }
        out
    }

    /// f and all its first derivatives at rows of the inputs with times of their own, a column after the other.
    fn all_slopes(
        &self,
        inputs: &Columns<f64>,
        rows: &[usize],
        times: &[f64],
        precision: SearchPrecision,
        scratch: &mut SearchMemory,
    ) -> Vec<f64> {
        let count = self.slopes.output_count();
        let mut out = vec![0.0; count * rows.len()];
        match precision {
            SearchPrecision::Double => {
                let mut machine = Machine::<f64>::new(&self.slopes);
                let mut point = Vec::new();
                for (n, (&row, &time)) in rows.iter().zip(times).enumerate() {
                    inputs.copy_row(row, &mut point);
                    machine.set_parameters(&point[PARAMETERS..]);
                    let found = machine.at([point[0], point[1], point[2], time]);
                    found
                        .iter()
                        .enumerate()
                        .for_each(|(column, &value)| out[column * rows.len() + n] = value);
                }
            }
            SearchPrecision::Single => {
                let mut point = Vec::new();
                inputs.copy_row(rows[0], &mut point);
                scratch.set_parameters(&point[PARAMETERS..]);
                let column = |axis: usize| {
                    rows.iter().map(|&row| inputs.column(axis)[row] as f32).collect::<Vec<f32>>()
                };
                let [x, y, z] = [0, 1, 2].map(column);
                let t: Vec<f32> = times.iter().map(|&time| time as f32).collect();
                let mut found = vec![vec![0.0f32; rows.len()]; count];
                let mut views: Vec<&mut [f32]> = found.iter_mut().map(Vec::as_mut_slice).collect();
                scratch.slopes.eval([&x, &y, &z, &t], &mut views);
                out.iter_mut().zip(found.iter().flatten()).for_each(|(out, &value)| *out = f64::from(value));
            }
        }
        out
    }
}
