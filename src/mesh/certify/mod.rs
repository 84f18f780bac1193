//! A proof that a mesh has the topology of the surface it was made of.
//!
//! Space is cut into boxes, smaller where that is needed, of three kinds:
//!
//! * **clear**: bounds show that f is not 0, and no triangle meets the box;
//! * **rising**: there is a direction along which f rises everywhere in the box, on each of its branches, and which all
//!   triangles that meet the box face;
//! * **open**: neither was shown.
//!
//! *If no box is open, and the mesh winds once about each clear box where f < 0 and not at all about those where f > 0, then
//! the mesh and the surface are isotopic.* The directions of the rising boxes, blended where boxes meet, are a vector field V
//! on their union N: a slope that rises along several directions rises along their blends, and what holds in a closed box
//! holds a little beyond it. Along each line of V f rises, so that the line leaves N at both ends, and meets the surface at most
//! once; and it passes the mesh from the inside outwards only, at most once. At its ends f's sign says on which side of the mesh
//! it is. So it meets both or none; and what moves each point of the surface along its line to the mesh, at an even pace, is
//! the isotopy. The surface is a manifold then, where it has edges and corners too.
//!
//! "Rises" is said of the solid, and of any function that is negative in it and nowhere else: the directions that lead into a
//! set at a point from all places nearby are convex (the interior of Clarke's tangent cone, Rockafellar 1979), whichever function
//! shows one of them. So what has f's sign and is simpler is looked at first, and then f itself, of which the shape library's
//! claims are believed: that a distance is continuous, though it is put together of pieces.
//!
//! Of f nothing else is used but bounds, with rounding in them (`Tracer`, and `tape/branches.rs` for slopes), and of the mesh the
//! triangles as they are. Plantinga & Vegter ("Isotopic approximation of implicit curves and surfaces", 2004) have boxes of the
//! same kinds, for smooth surfaces and for the mesh that their boxes make; here the mesh is given, and may be any.

mod cover;
mod distance;
mod facets;
mod octree;

pub use cover::{Cover, CoverProof, Excess};

use super::Mesh;
use crate::error::{Error, Result};
use crate::field::Field;
use crate::measure::claims::{Of, is_claim, with_claims};
use crate::measure::{Bounds, cone};
use crate::number::Interval;
use crate::tape::{Asked, Branches, Tape, Tracer};
use crate::task;
use distance::Rising;
use facets::Facets;
use octree::{BoxSides, OctantState, Octree};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What was proven of a mesh and the surface it was made of: the boundary of where f < 0, in the bounds. What has no volume is
/// no part of it.
///
/// ```
/// use fieldgrad::mesh::Extraction;
/// use fieldgrad::prelude::*;
///
/// let ring = torus(0.7, 0.25).difference(sphere(0.2).translate([0.7, 0.25, 0.0]));
/// let found = ring.extract(&Extraction::default().resolution(40))?;
/// let certificate = found.certify(&ring)?;
/// assert!(certificate.is_proven());
/// assert_eq!((certificate.components, certificate.genus), (1, Some(1)));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Certificate {
    /// The boxes in which nothing was shown, those side by side taken together: there the surface may be something else than
    /// the mesh. Where sheets touch, where it is thinner than the smallest boxes, at singular points and where f may jump.
    pub open: Vec<Bounds>,
    /// Boxes in which the mesh was shown to be wrong: they are inside the solid and outside the mesh, or the other way.
    pub wrong: Vec<Bounds>,
    /// How many pieces the mesh has.
    pub components: usize,
    /// The mesh's genus, all pieces together; none if it is no closed manifold.
    pub genus: Option<usize>,
    /// No point of the mesh is farther from the surface than the first of these, and none of the surface farther from the mesh
    /// than the second: where all is proven, and that is.
    pub distance: Option<[f64; 2]>,
    /// How many boxes were looked at.
    pub boxes: usize,
}

impl Certificate {
    /// Whether the mesh has the surface's topology: its pieces and their handles are those of the surface, nested and knotted
    /// alike.
    pub fn is_proven(&self) -> bool {
        self.open.is_empty() && self.wrong.is_empty()
    }
}

/// The largest boxes that are tried to rise, in cells.
const LARGEST: f64 = 8.5;
/// The largest boxes in which the library's claims are tried, in cells.
const LARGEST_CLAIMED: f64 = 1.5;
/// A cell is halved so often at most.
const HALVINGS: i32 = 6;
/// How many boxes smaller than cells may be looked at for each box of a cell's size, and beyond.
const SMALL: [usize; 2] = [8, 20_000];
/// How many branches a box may have.
const BRANCHES: usize = 64;
/// How many triangles a box that is tried may meet.
const TRIANGLES: usize = 4096;
/// How far beyond a box f is looked at, in parts of its side: a kink may lie in the face of two boxes, and V is blended there.
const BEYOND: f64 = 1e-9;
/// Where the first box's middle is, from that of the bounds, in cells: off planes of symmetry.
const ASIDE: [f64; 3] = [0.137, 0.211, 0.173];

/// A solid's field as a proof reads it.
#[derive(Clone)]
struct ProofTapes {
    /// A tape that is negative exactly in the solid.
    sign: Tape,
    /// f itself, with what the shape library claims of it, where it claims something: it is slower to look at.
    claimed: Option<Tape>,
}

/// A box still to be looked at.
struct BoxTask {
    cell: usize,
    tapes: ProofTapes,
    triangles: Vec<u32>,
}

/// What is found of a box.
enum BoxFinding {
    Clear(bool),
    /// It rises; and whether that was shown of the sign's tape.
    Rises(bool),
    /// The tapes that are enough in it, and the triangles that meet its eight parts.
    Parts(ProofTapes, Vec<Vec<u32>>),
}

/// The certificate of a mesh of a field's surface at a time, in bounds, by cells of that size.
pub(super) fn certify(
    field: &Field,
    time: f64,
    mesh: &Mesh,
    bounds: Bounds,
    cell: f64,
) -> Result<Certificate> {
    let fixed = |field: &Field| Ok::<Tape, Error>(field.tape()?.fixed([None, None, None, Some(time)]));
    let claimed = fixed(&with_claims(field, Of::Space))?;
    let has_claims = claimed.kernels().any(is_claim);
    let tapes = ProofTapes { sign: fixed(field)?.of_sign(), claimed: has_claims.then_some(claimed) };
    let whole = || vec![bounds.grown(cell)];
    let mut certificate =
        Certificate { components: mesh.components().1, genus: mesh.genus(), ..Default::default() };
    if certificate.genus.is_none() || !mesh.self_intersections().is_empty() {
        return Ok(Certificate { open: whole(), ..certificate });
    }
    let root = root(bounds, cell);
    let is_within = |corner: &[f64; 3]| (0..3).all(|n| root[n].lo() < corner[n] && corner[n] < root[n].hi());
    if !mesh.vertices.iter().all(is_within) {
        return Err(Error::Input("a mesh that reaches beyond the bounds it was made in".into()));
    }
    let facets = Facets::of(mesh);
    let mut tree = Octree::new(root);
    let (mut rising, mut all_by_sign) = (Vec::new(), true);
    let all = (0..mesh.triangles.len() as u32).collect();
    let mut tasks = vec![BoxTask { cell: 0, tapes: tapes.clone(), triangles: all }];
    let (mut side, mut left) = (root[0].width(), usize::MAX);
    while !tasks.is_empty() {
        task::check()?;
        if side < 0.75 * cell {
            left = left.min(SMALL[0] * tasks.len() + SMALL[1]);
            if tasks.len() > left || side < 0.75 * cell * 0.5f64.powi(HALVINGS) {
                break;
            }
            left -= tasks.len();
        }
        let found: Vec<BoxFinding> =
            tasks.par_iter().map(|task| looked_at(task, &tree.sides[task.cell], &facets, cell)).collect();
        let mut next = Vec::new();
        for (task, found) in tasks.into_iter().zip(found) {
            match found {
                BoxFinding::Clear(inside) => tree.known[task.cell] = OctantState::Clear(inside),
                BoxFinding::Rises(by_sign) => {
                    all_by_sign &= by_sign;
                    tree.known[task.cell] = OctantState::Rises;
                    rising.push(Rising { sides: tree.sides[task.cell], triangles: task.triangles });
                }
                BoxFinding::Parts(tapes, parts) => {
                    let first = tree.split(task.cell);
                    let parts = parts.into_iter().enumerate();
                    next.extend(parts.map(|(n, triangles)| BoxTask {
                        cell: first + n,
                        tapes: tapes.clone(),
                        triangles,
                    }));
                }
            }
        }
        tasks = next;
        side *= 0.5;
    }
    task::check()?;
    certificate.boxes = tree.known.len();
    certificate.open = open(&tree, cell);
    // No triangle meets a clear box, and so what is joined is on one side of the mesh.
    for part in clear_parts(&tree) {
        task::check()?;
        let winds = winding(mesh, tree.sides[part.largest].map(Interval::middle));
        if winds == Some(i64::from(part.inside)) {
            continue;
        }
        // A pocket between the mesh and the surface: lines of V may well pass through it.
        let rises = |&leaf: &usize| {
            let sides = &tree.sides[leaf];
            let beyond = grown(sides, BEYOND * sides[0].width());
            let mut each = std::iter::once(&tapes.sign).chain(&tapes.claimed);
            each.any(|tape| rises(&pruned(tape, &beyond), &beyond, &[], &facets))
        };
        if !part.leaves.par_iter().all(rises) {
            let sides = part.leaves.iter().map(|&leaf| tree.sides[leaf]);
            certificate.wrong.extend(sides.reduce(|a, b| hull(&a, &b)).map(|sides| bounds_of(&sides)));
        }
    }
    task::check()?;
    // Of one function the distance is a bound, and not of two with one sign.
    if certificate.is_proven() && all_by_sign {
        certificate.distance = distance::hausdorff(&tapes.sign, &rising, &facets, cell);
    }
    Ok(certificate)
}

/// How often a mesh winds about a point, if rounding leaves that plain.
fn winding(mesh: &Mesh, point: [f64; 3]) -> Option<i64> {
    let angle = |n: usize| super::winding::solid_angle(mesh.corners(n), point);
    let pieces: Vec<f64> = (0..mesh.triangles.len().div_ceil(4096))
        .into_par_iter()
        .map(|piece| (4096 * piece..(4096 * (piece + 1)).min(mesh.triangles.len())).map(angle).sum())
        .collect();
    let turns = pieces.iter().sum::<f64>() / (4.0 * std::f64::consts::PI);
    ((turns - turns.round()).abs() < 0.01).then_some(turns.round() as i64)
}

/// The open leaves, those of one cell taken together.
fn open(tree: &Octree, cell: f64) -> Vec<Bounds> {
    let mut cells: BTreeMap<[i64; 3], BoxSides> = BTreeMap::new();
    let leaves = (0..tree.known.len()).filter(|&leaf| tree.known[leaf] == OctantState::Open);
    for sides in leaves.map(|leaf| tree.sides[leaf]) {
        let place = [0, 1, 2].map(|n| ((sides[n].middle() - tree.sides[0][n].lo()) / cell).floor() as i64);
        cells.entry(place).and_modify(|own| *own = hull(own, &sides)).or_insert(sides);
    }
    cells.values().map(bounds_of).collect()
}

fn hull(a: &BoxSides, b: &BoxSides) -> BoxSides {
    [0, 1, 2].map(|n| a[n].hull(b[n]))
}

fn bounds_of(sides: &BoxSides) -> Bounds {
    Bounds { min: sides.map(Interval::lo), max: sides.map(Interval::hi) }
}

/// A cube about the bounds, whose parts are of a cell's size after some halvings.
fn root(bounds: Bounds, cell: f64) -> BoxSides {
    let longest = bounds.size().into_iter().fold(0.0, f64::max) / cell + 3.0;
    let half = 0.5 * cell * longest.log2().ceil().exp2();
    let center = bounds.center();
    [0, 1, 2].map(|n| {
        let middle = center[n] + ASIDE[n] * cell;
        Interval::new(middle - half, middle + half)
    })
}

fn looked_at(task: &BoxTask, sides: &BoxSides, facets: &Facets, cell: f64) -> BoxFinding {
    let BoxTask { tapes, triangles, .. } = task;
    let mut tracer = Tracer::new(&tapes.sign);
    let side = sides[0].width();
    let beyond = grown(sides, BEYOND * side);
    let [x, y, z] = beyond;
    let value = tracer.over([x, y, z, Interval::point(0.0)])[0];
    let is_clear = value.lo() > 0.0 || value.hi() < 0.0;
    if is_clear && triangles.is_empty() {
        return BoxFinding::Clear(value.hi() < 0.0);
    }
    let sign = tracer.prune(Asked::Value).unwrap_or_else(|| tapes.sign.clone());
    let may_rise = side <= LARGEST * cell && triangles.len() <= TRIANGLES;
    if may_rise && rises(&sign, &beyond, triangles, facets) {
        return BoxFinding::Rises(true);
    }
    let mut claimed = tapes.claimed.clone();
    if let Some(tape) = claimed.as_mut().filter(|_| may_rise && side <= LARGEST_CLAIMED * cell) {
        *tape = pruned(tape, &beyond);
        if rises(tape, &beyond, triangles, facets) {
            return BoxFinding::Rises(false);
        }
    }
    let mut tree = Octree::new(*sides);
    tree.split(0);
    let parts = tree.sides[1..].iter().map(|part| facets.meeting(part, triangles)).collect();
    BoxFinding::Parts(ProofTapes { sign, claimed }, parts)
}

fn grown(sides: &BoxSides, by: f64) -> BoxSides {
    sides.map(|side| Interval::new(side.lo() - by, side.hi() + by))
}

/// The tape that is enough in a box.
fn pruned(tape: &Tape, &[x, y, z]: &BoxSides) -> Tape {
    let mut tracer = Tracer::new(tape);
    tracer.over([x, y, z, Interval::point(0.0)]);
    tracer.prune(Asked::Value).unwrap_or_else(|| tape.clone())
}

/// Whether f rises in a box along a direction that the triangles there face.
fn rises(tape: &Tape, sides: &BoxSides, triangles: &[u32], facets: &Facets) -> bool {
    let mut branches = Branches::believing(tape, is_claim);
    let Some(slopes) = branches.over(*sides, BRANCHES) else { return false };
    if cone::direction(slopes.iter()).is_none() {
        return false;
    }
    let normals = triangles.iter().map(|&n| &facets.normals[n as usize]);
    triangles.is_empty() || cone::direction(slopes.iter().chain(normals)).is_some()
}

/// Clear boxes that are joined through faces.
struct ClearRegion {
    leaves: Vec<usize>,
    largest: usize,
    /// Whether f is below 0 there.
    inside: bool,
}

fn clear_parts(tree: &Octree) -> Vec<ClearRegion> {
    let mut root: Vec<usize> = (0..tree.known.len()).collect();
    tree.neighbours(|a, b| {
        if tree.known[a] == tree.known[b] && matches!(tree.known[a], OctantState::Clear(_)) {
            let (a, b) = (root_of(&mut root, a), root_of(&mut root, b));
            root[a.max(b)] = a.min(b);
        }
    });
    let mut parts: BTreeMap<usize, ClearRegion> = BTreeMap::new();
    for leaf in 0..tree.known.len() {
        let OctantState::Clear(inside) = tree.known[leaf] else { continue };
        let none = || ClearRegion { leaves: Vec::new(), largest: leaf, inside };
        let part = parts.entry(root_of(&mut root, leaf)).or_insert_with(none);
        part.leaves.push(leaf);
        if tree.sides[leaf][0].width() > tree.sides[part.largest][0].width() {
            part.largest = leaf;
        }
    }
    parts.into_values().collect()
}

fn root_of(root: &mut [usize], of: usize) -> usize {
    let mut at = of;
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::random::Random;

    /// Where choices and rounding are believed to join, the slopes' hull still has every ∇f in it.
    #[test]
    fn slopes_of_what_is_claimed_hold_all_gradients() {
        let bead = sphere(0.25).translate([0.8, 0.1, 0.0]);
        let fields = [
            bead.polar_repeat(7),
            bead.repeat_count([0.7, 0.7, 0.7], [3, 1, 2]),
            regular_polygon(5, 0.9).extrude(0.6),
            star(param("n", 5.0), 1.0, 0.45).extrude(0.5),
            capped_torus(2.0, 0.8, 0.2),
            helix(0.7, 0.15, 0.6),
        ];
        let mut random = Random(5);
        let mut between = |a: f64, b: f64| random.between(a, b);
        let mut known = 0;
        for field in &fields {
            let tape = with_claims(field, Of::Space).tape().unwrap().fixed([None, None, None, Some(0.0)]);
            let gradient = Tape::new(&field.gradient()[..3]).unwrap();
            for _ in 0..300 {
                let half = 0.5f64.powf(between(2.0, 7.0));
                let sides =
                    [(); 3].map(|()| between(-1.1, 1.1)).map(|at| Interval::new(at - half, at + half));
                let mut branches = Branches::believing(&tape, is_claim);
                let Some(slopes) = branches.over(sides, BRANCHES) else { continue };
                known += 1;
                let hull = slopes.iter().copied().reduce(|a, b| hull(&a, &b)).unwrap();
                let places: Vec<[f64; 3]> =
                    (0..40).map(|_| sides.map(|side| between(side.lo(), side.hi()))).collect();
                let found = gradient.eval(&places);
                for (n, place) in places.iter().enumerate() {
                    let holds = |axis: usize| {
                        let (slope, side) = (found[axis][n], hull[axis]);
                        side.lo() - 1e-9 <= slope && slope <= side.hi() + 1e-9
                    };
                    assert!((0..3).all(holds), "{} at {place:?} in {sides:?}: {hull:?}", field.title());
                }
            }
        }
        assert!(known > 600, "{known}");
    }
}
