//! Particles that a field moves: a Runge–Kutta method of order 5 with its error held (Dormand & Prince 1980), and
//! after each step Newton's method along ∇f back to the surface.

use super::Clock;
use crate::error::{Error, Result};
use crate::field::Field;
use crate::scene::{By, Follow, Probe, Scene};
use crate::tape::Machine;
use crate::task;
use glam::DVec3;

/// The error a step may make, in parts of 1 and of the distance from the origin.
const TOLERANCE: f64 = 1e-9;
/// How often a tick is halved to keep to that: across a kink or a jump a step of that length is taken as it is.
const MAX_HALVINGS: u32 = 6;
/// How near to the surface, in the same parts, a point is that is on it.
const NEAR: f64 = 1e-13;
/// How near it must come: what does not come so near has lost it.
const LOST: f64 = 1e-9;
/// The most steps of Newton's method.
const MAX_STEPS: usize = 50;

/// Dormand & Prince's coefficients: of the stages, in time, and of the error.
const A: [[f64; 6]; 6] = [
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0, 0.0, 0.0],
    [9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0, 0.0],
    [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
const C: [f64; 6] = [1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0];
const E: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339200.0, 22.0 / 525.0, -1.0 / 40.0];

/// What a particle reads where it is.
struct There {
    f: f64,
    /// ∇f in space.
    slope: DVec3,
    /// f_t.
    change: f64,
    around: DVec3,
    speed: f64,
}

impl There {
    /// The unit normal; 0 where f is flat.
    fn normal(&self) -> DVec3 {
        self.slope.normalize_or_zero()
    }

    /// How far the surface is, to first order; infinite where f is flat and not 0.
    fn distance(&self) -> f64 {
        if self.f == 0.0 { 0.0 } else { self.f.abs() / self.slope.length() }
    }

    /// How the surface moves here: along its normal.
    fn carried(&self) -> DVec3 {
        let square = self.slope.length_squared();
        if square > 0.0 { -self.change / square * self.slope } else { DVec3::ZERO }
    }
}

/// A particle on its way.
struct Particle {
    machine: Machine<f64>,
    by: By,
    at: DVec3,
    /// Whether it is on the surface.
    has_landed: bool,
    /// The sign of f on the side that it comes from.
    side: f64,
}

/// The places of a particle at the ticks of a clock, and what went wrong on its way, if something did: it then stands
/// still.
pub(super) fn places(
    scene: &Scene,
    probe: &Probe,
    follow: &Follow,
    clock: &Clock,
) -> Result<(Vec<[f64; 3]>, Option<Error>)> {
    let Follow { by, field, from, speed, around } = follow;
    let [fx, fy, fz, ft] = field.gradient();
    let around = around.0.clone();
    let fields: Vec<Field> =
        [field.clone(), fx, fy, fz, ft, speed.clone()].into_iter().chain(around).collect();
    let machine = Machine::new(&scene.tape_of(&fields)?.at(scene.shared_values()));
    let start = scene.timeline().from;
    let mut begins = Machine::<f64>::new(&scene.tape_of(&from.0)?.at(scene.shared_values()));
    let from = DVec3::from_slice(begins.at([0.0, 0.0, 0.0, start]));
    let mut particle = Particle { machine, by: *by, at: from, has_landed: false, side: 0.0 };
    let fault = |problem: String| scene.error_at(&probe.place, format!("probe {}: {problem}", probe.name));
    if !from.is_finite() {
        return Err(fault(format!("it starts at ({}, {}, {})", from.x, from.y, from.z)));
    }
    particle.begin(start);
    if *by != By::Gradient && !particle.has_landed {
        return Err(fault(format!(
            "there is no surface to be found from ({}, {}, {})",
            from.x, from.y, from.z
        )));
    }
    let (mut time, mut lost) = (start, None);
    let step = 1.0 / clock.rate();
    Clock::new(start.min(clock.from()), clock.to(), clock.rate())?; // the way before the recording is gone too
    let places = (0..clock.count()).map(|tick| {
        task::check()?;
        let next = clock.at(tick);
        // A recording that starts later goes the same way there, in steps as long.
        while lost.is_none() && time < next {
            let until = if next - time > 1.5 * step { time + step } else { next };
            if !particle.advance(time, until) {
                let [x, y, z] = particle.at.to_array();
                lost = Some(fault(format!("from ({x}, {y}, {z}) it finds no way on after t = {time}")));
            }
            time = until;
        }
        Ok(particle.at.to_array())
    });
    let places = places.collect::<Result<Vec<[f64; 3]>>>()?;
    Ok((places, lost))
}

impl Particle {
    fn read(&mut self, at: DVec3, t: f64) -> There {
        let read = self.machine.at([at.x, at.y, at.z, t]);
        There {
            f: read[0],
            slope: DVec3::from_slice(&read[1..4]),
            change: read[4],
            speed: read[5].max(0.0),
            around: DVec3::from_slice(&read[6..9]),
        }
    }

    /// Its velocity at a place and a time.
    fn velocity(&mut self, at: DVec3, t: f64) -> DVec3 {
        let there = self.read(at, t);
        match (self.has_landed, self.by) {
            (false, _) => -self.side * there.speed * there.normal(),
            (true, By::Tangent) => {
                let along = there.around.cross(there.normal()).normalize_or_zero();
                there.speed * along + there.carried()
            }
            (true, By::Gradient | By::Surface) => there.carried(),
        }
    }

    /// Looks where it is: what starts on the surface is on it; what is bound to it goes there at once.
    fn begin(&mut self, t: f64) {
        let there = self.read(self.at, t);
        self.side = if there.f < 0.0 { -1.0 } else { 1.0 };
        if self.by != By::Gradient || there.distance() <= TOLERANCE {
            self.has_landed = self.land(t);
        }
    }

    /// Goes to the surface by Newton's method; whether it came there. Where it does not it stays.
    fn land(&mut self, t: f64) -> bool {
        let mut best = (f64::INFINITY, self.at);
        let mut at = self.at;
        for _ in 0..MAX_STEPS {
            let there = self.read(at, t);
            let distance = there.distance() / (1.0 + at.length());
            if distance < best.0 {
                best = (distance, at);
            }
            if distance <= NEAR || !distance.is_finite() {
                break;
            }
            at -= there.f / there.slope.length_squared() * there.slope;
        }
        let has_come = best.0 <= LOST;
        if has_come {
            self.at = best.1;
        }
        has_come
    }

    /// Goes on to another time; whether it could.
    fn advance(&mut self, mut t: f64, to: f64) -> bool {
        let (whole, mut step) = (to - t, to - t);
        let least = whole / f64::from(1u32 << MAX_HALVINGS);
        while t < to {
            let h = if to - t < 1.5 * least { to - t } else { step.min(to - t) };
            let (next, error) = self.stepped(t, h);
            if !next.is_finite() {
                return false;
            }
            if error > TOLERANCE * (1.0 + next.length()) && h > 1.01 * least {
                step = h / 2.0;
                continue;
            }
            let before = self.at;
            self.at = next;
            t = if h == to - t { to } else { t + h };
            if !self.has_landed {
                self.arrive(before, t);
            } else if !self.land(t) {
                return false;
            }
            step = if error < 0.01 * TOLERANCE { (2.0 * h).min(whole) } else { h };
        }
        true
    }

    /// A step of Dormand & Prince's method, and the error of its lower order.
    fn stepped(&mut self, t: f64, h: f64) -> (DVec3, f64) {
        let mut slopes = [DVec3::ZERO; 7];
        slopes[0] = self.velocity(self.at, t);
        let mut next = self.at;
        for stage in 0..6 {
            let sum: DVec3 = (0..=stage).map(|i| A[stage][i] * slopes[i]).sum();
            next = self.at + h * sum;
            slopes[stage + 1] = self.velocity(next, t + C[stage] * h);
        }
        let error: DVec3 = (0..7).map(|i| E[i] * slopes[i]).sum();
        (next, h * error.length())
    }

    /// Whether it has come to the surface on its way from a place: then it is put on it.
    fn arrive(&mut self, before: DVec3, t: f64) {
        let there = self.read(self.at, t);
        if there.f * self.side > 0.0 && there.distance() > TOLERANCE {
            return;
        }
        let after = self.at;
        // From the side it came from: beyond a thin wall it would be drawn to the wall's other side.
        self.at = before;
        self.has_landed = self.land(t) && self.at.distance(after) <= 2.0 * before.distance(after) + TOLERANCE;
        if !self.has_landed {
            self.at = after;
            self.has_landed = self.land(t);
        }
        if !self.has_landed {
            self.side = if there.f < 0.0 { -1.0 } else { 1.0 }; // it went across where f jumps
        }
    }
}
