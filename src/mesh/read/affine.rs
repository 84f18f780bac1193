//! Where files put their meshes: affine maps.

use crate::mesh::{cross, dot};

/// The images of the three axes, and of the origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine(pub [[f64; 3]; 4]);

impl Affine {
    /// The map that leaves all as it is.
    pub const WHOLE: Affine = Affine([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]]);

    pub fn moved(&self, p: [f64; 3]) -> [f64; 3] {
        let Affine([a, b, c, origin]) = self;
        [0, 1, 2].map(|n| a[n] * p[0] + b[n] * p[1] + c[n] * p[2] + origin[n])
    }

    /// The map that is `inner` first, and then this.
    pub fn after(&self, inner: &Affine) -> Affine {
        let turned = |v: [f64; 3]| {
            let at = self.moved(v);
            [0, 1, 2].map(|n| at[n] - self.0[3][n])
        };
        let [a, b, c, origin] = inner.0;
        Affine([turned(a), turned(b), turned(c), self.moved(origin)])
    }

    /// A triangle as it is after the map: the other way round, if that mirrors.
    pub fn turned(&self, [a, b, c]: [u32; 3]) -> [u32; 3] {
        let [x, y, z, _] = self.0;
        if dot(x, cross(y, z)) < 0.0 { [a, c, b] } else { [a, b, c] }
    }
}
