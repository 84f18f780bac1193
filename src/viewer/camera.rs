//! The eye that a hand moves around a scene.

use crate::measure::Bounds;
use crate::render::Lens;
use crate::scene::View;
use glam::DVec3;
use std::f64::consts::{FRAC_PI_2, PI};

/// An eye that looks at a target, from a distance and a direction, with up being +Y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Orbit {
    /// What it looks at.
    pub target: DVec3,
    /// How far from there it is.
    pub away: f64,
    /// How far around +Y it stands, from +Z towards +X.
    pub turn: f64,
    /// How high it stands, from −π/2 to π/2.
    pub rise: f64,
    /// The vertical angle of view, in degrees.
    pub fov: f64,
    /// Whether rays are parallel.
    pub parallel: bool,
}

/// The nearest and the farthest an eye goes.
const AWAY: [f64; 2] = [1e-4, 1e6];
/// How much farther back parallel rays start, so that what is beside the target is before them.
const BACK: f64 = 4.0;
/// The angle that a drag over a picture's height turns by.
const TURN: f64 = PI;

impl Orbit {
    /// The eye of a view. Whatever is up there, +Y is here.
    pub(super) fn of(view: &View) -> Orbit {
        let target = DVec3::from(view.target);
        let way = DVec3::from(view.eye) - target;
        let away = way.length().clamp(AWAY[0], AWAY[1]);
        let rise = (way.y / away).clamp(-1.0, 1.0).asin();
        Orbit { target, away, turn: way.x.atan2(way.z), rise, fov: view.fov, parallel: false }
    }

    /// The way from the target to the eye.
    fn back(&self) -> DVec3 {
        let (sin, cos) = self.rise.sin_cos();
        DVec3::new(self.turn.sin() * cos, sin, self.turn.cos() * cos)
    }

    /// Up in the picture, from above and from below too.
    fn up(&self) -> DVec3 {
        let (sin, cos) = self.rise.sin_cos();
        DVec3::new(-self.turn.sin() * sin, cos, -self.turn.cos() * sin)
    }

    fn right(&self) -> DVec3 {
        DVec3::new(self.turn.cos(), 0.0, -self.turn.sin())
    }

    /// Half the height of what is seen, at the target.
    fn half_height(&self) -> f64 {
        self.away * (self.fov.to_radians() / 2.0).tan()
    }

    /// How it sees.
    pub(super) fn lens(&self) -> Lens {
        let at = |away: f64| (self.target + away * self.back()).into();
        let (target, up) = (self.target.into(), self.up().into());
        match self.parallel {
            true => Lens::parallel(at(BACK * self.away), target, up, 2.0 * self.half_height()),
            false => Lens::pinhole(at(self.away), target, up, self.fov),
        }
    }

    /// Turned by a drag, in parts of the picture's height.
    pub(super) fn turned(self, [across, down]: [f64; 2]) -> Orbit {
        let rise = (self.rise + TURN * down).clamp(-FRAC_PI_2, FRAC_PI_2);
        let turn = (self.turn - TURN * across + PI).rem_euclid(2.0 * PI) - PI;
        Orbit { turn, rise, ..self }
    }

    /// Moved along by a drag, in parts of the picture's height: what is at the target's distance follows the hand.
    pub(super) fn panned(self, [across, down]: [f64; 2]) -> Orbit {
        let step = 2.0 * self.half_height();
        Orbit { target: self.target + step * (down * self.up() - across * self.right()), ..self }
    }

    /// Looking elsewhere from where the eye is, by a drag in parts of the picture's height.
    pub(super) fn looking(self, [across, down]: [f64; 2]) -> Orbit {
        let (eye, angle) = (self.target + self.away * self.back(), self.fov.to_radians());
        let rise = (self.rise + angle * down).clamp(-FRAC_PI_2, FRAC_PI_2);
        let turn = (self.turn - angle * across + PI).rem_euclid(2.0 * PI) - PI;
        let other = Orbit { turn, rise, ..self };
        Orbit { target: eye - other.away * other.back(), ..other }
    }

    /// Flown to the right, up and ahead, in parts of the way to the target.
    pub(super) fn flown(self, [right, up, ahead]: [f64; 3]) -> Orbit {
        let way = right * self.right() + up * self.up() - ahead * self.back();
        Orbit { target: self.target + self.away * way, ..self }
    }

    /// Nearer or farther by a factor. What is seen at (u, v), at the target's distance, stays where it is.
    pub(super) fn zoomed(self, factor: f64, [u, v]: [f64; 2]) -> Orbit {
        let away = (self.away * factor).clamp(AWAY[0], AWAY[1]);
        let step = self.half_height() * (1.0 - away / self.away);
        Orbit { away, target: self.target + step * (u * self.right() + v * self.up()), ..self }
    }

    /// With a box in full view, from the same side.
    pub(super) fn framing(self, bounds: &Bounds) -> Orbit {
        let radius = DVec3::from(bounds.size()).length() / 2.0;
        let away = 1.05 * radius.max(1e-3) / (self.fov / 2.0).to_radians().sin();
        Orbit { target: bounds.center().into(), away: away.clamp(AWAY[0], AWAY[1]), ..self }
    }

    /// From a side.
    pub(super) fn from(self, side: ViewSide) -> Orbit {
        let (turn, rise) = match side {
            ViewSide::Front => (0.0, 0.0),
            ViewSide::Back => (PI, 0.0),
            ViewSide::Right => (FRAC_PI_2, 0.0),
            ViewSide::Left => (-FRAC_PI_2, 0.0),
            ViewSide::Top => (0.0, FRAC_PI_2),
            ViewSide::Bottom => (0.0, -FRAC_PI_2),
        };
        Orbit { turn, rise, ..self }
    }
}

/// The six sides a scene can be seen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ViewSide {
    Front,
    Back,
    Right,
    Left,
    Top,
    Bottom,
}

impl ViewSide {
    /// All of them.
    pub(super) const ALL: [ViewSide; 6] =
        [ViewSide::Front, ViewSide::Back, ViewSide::Right, ViewSide::Left, ViewSide::Top, ViewSide::Bottom];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orbit() -> Orbit {
        Orbit::of(&View { eye: [3.0, 2.0, 4.0], target: [0.5, 0.0, -0.5], up: [0.0, 1.0, 0.0], fov: 40.0 })
    }

    /// Where a lens sees a point: u and v.
    fn seen(lens: &Lens, point: DVec3) -> [f64; 2] {
        let way = point - DVec3::from(lens.eye);
        let [ahead, right, up] = [lens.ahead, lens.right, lens.up].map(DVec3::from);
        let s = if lens.parallel { 1.0 } else { way.dot(ahead) };
        [way.dot(right) / right.length_squared() / s, way.dot(up) / up.length_squared() / s]
    }

    fn close(a: [f64; 2], b: [f64; 2]) -> bool {
        (a[0] - b[0]).abs() < 1e-9 && (a[1] - b[1]).abs() < 1e-9
    }

    #[test]
    fn an_orbit_sees_what_its_view_saw() {
        let view = View { eye: [3.0, 2.0, 4.0], target: [0.5, 0.0, -0.5], up: [0.0, 1.0, 0.0], fov: 40.0 };
        let (own, other) = (Orbit::of(&view).lens(), Lens::of(&view));
        for (a, b) in [(own.eye, other.eye), (own.ahead, other.ahead), (own.up, other.up)] {
            assert!(DVec3::from(a).distance(b.into()) < 1e-12);
        }
    }

    #[test]
    fn a_zoom_keeps_what_is_under_the_cursor_and_a_pan_takes_it_along() {
        for parallel in [false, true] {
            let orbit = Orbit { parallel, ..orbit() };
            let point = orbit.target + 0.3 * orbit.right() - 0.2 * orbit.up();
            let at = seen(&orbit.lens(), point);
            assert!(close(seen(&orbit.zoomed(0.4, at).lens(), point), at));
            let [u, v] = seen(&orbit.panned([0.1, 0.25]).lens(), point);
            assert!(close([u, v], [at[0] + 0.2, at[1] - 0.5]), "{u} {v}");
        }
    }

    #[test]
    fn who_looks_around_stays_and_who_flies_goes_where_they_look() {
        let before = orbit();
        let eye = |orbit: &Orbit| DVec3::from(orbit.lens().eye);
        let around = before.looking([0.2, -0.1]);
        assert!(eye(&around).distance(eye(&before)) < 1e-12);
        // Who looks right and up sees what was in the middle to the left and below.
        let [u, v] = seen(&around.lens(), before.target);
        assert!(u < -0.2 && v < -0.1, "{u} {v}");
        let ahead = DVec3::from(before.lens().ahead);
        assert!(
            (eye(&before.flown([0.0, 0.0, 0.5])) - eye(&before) - 0.5 * before.away * ahead).length() < 1e-12
        );
    }

    #[test]
    fn it_looks_straight_down_and_no_further() {
        let top = orbit().turned([0.0, 10.0]);
        assert_eq!(top.rise, FRAC_PI_2);
        let lens = Orbit { turn: 0.0, ..top }.lens();
        assert!(DVec3::from(lens.ahead).distance(-DVec3::Y) < 1e-12);
        assert!(DVec3::from(lens.up).normalize().distance(-DVec3::Z) < 1e-12);
        for side in ViewSide::ALL {
            let lens = orbit().from(side).lens();
            assert!([lens.ahead, lens.up, lens.right].iter().flatten().all(|v| v.is_finite()), "{side:?}");
        }
    }

    #[test]
    fn what_is_framed_is_in_view() {
        let bounds = Bounds::new([-3.0, 1.0, 0.0], [1.0, 2.0, 9.0]);
        let lens = orbit().framing(&bounds).lens();
        for corner in 0..8 {
            let part = |i: usize| if corner >> i & 1 == 0 { bounds.min[i] } else { bounds.max[i] };
            let [u, v] = seen(&lens, DVec3::new(part(0), part(1), part(2)));
            assert!(u.abs() < 1.0 && v.abs() < 1.0);
        }
    }
}
