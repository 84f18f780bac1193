//! A scene's picture: what each ray meets, what colour it has there, and more rays where colours part.
//!
//! A ray for each pixel's part goes through the scene; one a pixel is shaded. Where that pixel and a neighbour differ,
//! or its parts meet different things, the other parts are shaded too: edges get all samples, the rest one.

use super::bar;
use super::light::{Facet, Finish, Sky, luminance, toned};
use super::march::{self, NOTHING};
use super::occlusion::{Stand, openness};
use super::options::{Options, Shade};
use super::scale::Scale;
use super::shadow::Shadow;
use super::{Image, Lens, Size};
use crate::error::{Error, Result};
use crate::field::{Axis, Field, length};
use crate::measure::Bounds;
use crate::scene::{Camera, Scene};
use crate::tape::Tape;
use glam::Vec3;
use rayon::prelude::*;

/// The picture of a scene.
///
/// ```
/// use fieldgrad::render::{Options, Size, picture};
/// use fieldgrad::scene;
///
/// let options = Options { size: Size { width: 32, height: 24 }, ..Options::default() };
/// let image = picture(&scene::built_in(), &options)?;
/// assert_eq!(image.pixels.len(), 32 * 24);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub fn picture(scene: &Scene, options: &Options) -> Result<Image> {
    let t = options.time_in(scene);
    match &options.cut {
        Some(cut) => {
            options.check()?;
            cut.draw(scene, options, t)
        }
        None => Stage::new(scene, options)?.picture(t),
    }
}

/// How far ambient occlusion reaches, as a part of the scene's radius.
const REACH: f32 = 0.16;

/// How many scene radii beyond its middle anything is seen. Much farther out polynomials overflow `f32`.
const FAR: f32 = 100.0;

/// How many scene radii around its middle the ground is shaded.
const GROUND: f32 = 2.6;

/// The most a colour may part from its neighbour's, as the root of linear light, before both get all samples.
const EDGE: f32 = 0.03;

/// A scene made ready for pictures at any time.
pub(super) struct Stage<'a> {
    scene: &'a Scene,
    options: &'a Options,
    camera: Camera,
    /// A ball about the scene; without bounds, as far as from the eye to its target.
    ball: (Vec3, f32),
    /// How high the ground is, if there is one.
    ground: Option<f32>,
    /// What is to be known where rays meet the surface.
    fields: Vec<Field>,
    scale: Option<Scale>,
}

/// What a ray meets.
#[derive(Clone, Copy, Debug)]
enum Met {
    /// Nothing: the background.
    Nothing,
    /// The ground, which only shows shadows, and how plainly.
    Ground(f32),
    /// The surface, and what is asked of it where it is no light.
    Surface { finish: Finish, value: f32 },
}

/// A ray and what it meets.
#[derive(Clone, Copy, Debug)]
struct Sight {
    pixel: usize,
    ray: Vec3,
    stand: Stand,
    met: Met,
}

fn vec(a: [f64; 3]) -> Vec3 {
    Vec3::from(a.map(|v| v as f32))
}

impl<'a> Stage<'a> {
    /// Errors come here, before work begins.
    pub fn new(scene: &'a Scene, options: &'a Options) -> Result<Stage<'a>> {
        options.check()?;
        let field = scene.field();
        let moments = moments(scene);
        let bounds = match scene.bounds() {
            Some(bounds) => Some(bounds),
            None => bounds_at(field, &moments)?,
        };
        let camera = match scene.camera() {
            Some(camera) => camera.clone(),
            None => bounds.as_ref().map_or_else(Camera::default, Camera::framing),
        };
        let view = match (camera.at(options.time_in(scene)), options.lens) {
            (Err(error), None) => return Err(error),
            (view, _) => view.ok(),
        };
        let ball = match (&bounds, &view) {
            (Some(bounds), _) => (vec(bounds.center()), vec(bounds.size()).length() / 2.0),
            (None, Some(view)) => (vec(view.target), vec(view.eye).distance(vec(view.target))),
            // Another lens may see what the scene's camera cannot.
            (None, None) => (Vec3::ZERO, 1.0),
        };
        let ground = match bounds.filter(|_| options.ground && options.shade == Shade::Lit) {
            Some(bounds) => lowest(field, &bounds, &moments)?,
            None => None,
        };
        let fields = asked(field, options.shade);
        let scale = options.range.map(|[from, to]| Scale { from, to, signed: from == -to });
        Ok(Stage { scene, options, camera, ball, ground, fields, scale })
    }

    /// Chooses the range of a view's colours from how the scene looks at some times.
    pub fn measure(&mut self, times: &[f64]) -> Result<()> {
        if self.scale.is_some() || !self.options.shade.is_scale() {
            return Ok(());
        }
        let mut values = Vec::new();
        for &t in times {
            let lens = self.lens(t)?;
            let depths = march::depths(self.scene.field(), &lens, self.options.size, t)?;
            values.extend(values_of(&self.sights(&lens, &depths, t, None)?));
        }
        self.scale = Some(Scale::holding(self.options.shade, &mut values));
        Ok(())
    }

    /// The picture at a time.
    pub fn picture(&self, t: f64) -> Result<Image> {
        if let Some(cut) = &self.options.cut {
            return cut.draw(self.scene, self.options, t); // as a film's picture
        }
        let Size { width, height } = self.options.size;
        let (size, side) = (self.options.size, self.options.side());
        let lens = self.lens(t)?;
        let fine = Size { width: side * width, height: side * height };
        let depths = march::depths(self.scene.field(), &lens, fine, t)?;
        let part = |a: usize, b: usize| -> Vec<f32> {
            let row = |j: usize| (0..width).map(move |i| (j, i));
            (0..height)
                .flat_map(row)
                .map(|(j, i)| depths[(j * side + b) * fine.width + i * side + a])
                .collect()
        };
        let middle = side / 2;
        let seen = shifted(&lens, size, [middle; 2], side);
        let sights = self.sights(&seen, &part(middle, middle), t, None)?;
        let look = self.look(&sights, t)?;
        let mut pixels = vec![[0.0; 3]; size.pixels()];
        for (pixel, color) in look.colors(&sights) {
            pixels[pixel] = color.to_array();
        }
        let edges = edges(&pixels, &depths, size, side, &lens);
        let mut sums: Vec<Vec3> = pixels.iter().map(|&color| Vec3::from(color)).collect();
        for b in 0..side {
            for a in 0..side {
                if (a, b) != (middle, middle) && edges.contains(&true) {
                    let mut depths = part(a, b);
                    depths.iter_mut().zip(&edges).for_each(|(s, &edge)| *s = if edge { *s } else { NOTHING });
                    let lens = shifted(&lens, size, [a, b], side);
                    let sights = self.sights(&lens, &depths, t, Some(&edges))?;
                    look.colors(&sights).into_iter().for_each(|(pixel, color)| sums[pixel] += color);
                }
            }
        }
        for (n, pixel) in pixels.iter_mut().enumerate().filter(|&(n, _)| edges[n]) {
            *pixel = (sums[n] / (side * side) as f32).to_array();
        }
        let mut image = Image { width, height, pixels };
        if let (Some(scale), true) = (look.scale(), self.options.bar) {
            bar::draw(&mut image, &scale, self.options.shade.title());
        }
        Ok(image)
    }

    /// That the camera sees something at a time.
    pub fn check_camera(&self, t: f64) -> Result<()> {
        self.lens(t).map(|_| ())
    }

    fn lens(&self, t: f64) -> Result<Lens> {
        let lens = match self.options.lens {
            Some(lens) => lens,
            None => Lens::of(&self.camera.at(t)?),
        };
        let (center, radius) = self.ball;
        let away = f64::from(center.distance(vec(lens.eye)) + FAR * radius);
        Ok(Lens { far: lens.far.min(away), ..lens })
    }

    /// What the pixels' rays meet, tile by tile; of all pixels or of some.
    fn sights(&self, lens: &Lens, depths: &[f32], t: f64, only: Option<&[bool]>) -> Result<Vec<Sight>> {
        let size = self.options.size;
        let values = march::at_depths(&self.fields, lens, size, t, depths)?;
        let sight = |pixel: usize| {
            let (i, j) = (pixel % size.width, pixel / size.width);
            let [u, v] = size.across(i as f64 + 0.5, j as f64 + 0.5);
            let [start, ray] = lens.ray([u, v]).map(|v| v.as_vec3());
            let depth = depths[pixel];
            if depth == NOTHING {
                return self.beyond(pixel, start, ray);
            }
            let place = vec(lens.at([u, v, f64::from(depth)]));
            let at = |n: usize| values[n][pixel];
            let value = match self.options.shade {
                Shade::Depth => depth,
                shade if shade.is_scale() => at(0),
                _ => 0.0,
            };
            let slope = match self.options.shade.is_scale() {
                true => Vec3::ZERO,
                false => Vec3::new(at(0), at(1), at(2)),
            };
            let finish = match self.options.shade {
                Shade::Lit => std::array::from_fn(|n| at(n + 3)),
                _ => [0.0; 8],
            };
            let stand = Stand { place, normal: slope.normalize_or(-ray), slope: slope.length() };
            Sight { pixel, ray, stand, met: Met::Surface { finish: Finish::of(finish), value } }
        };
        let wanted = |pixel: &usize| only.is_none_or(|only| only[*pixel]);
        Ok(tiled(size).into_par_iter().filter(wanted).map(sight).collect())
    }

    /// What a ray sees that meets no surface.
    fn beyond(&self, pixel: usize, eye: Vec3, ray: Vec3) -> Sight {
        let (center, radius) = self.ball;
        let mut sight =
            Sight { pixel, ray, stand: Stand { place: eye, normal: Vec3::Y, slope: 1.0 }, met: Met::Nothing };
        if let Some(ground) = self.ground.filter(|&ground| eye.y > ground && ray.y < -1e-3) {
            let place = eye + ray * ((ground - eye.y) / ray.y);
            let away = (place - center).with_y(0.0).length() / (GROUND * radius);
            if away < 1.0 {
                sight.stand.place = place;
                sight.met = Met::Ground((1.0 - away * away).powi(2));
            }
        }
        sight
    }

    /// How what is met is coloured, at a time.
    fn look(&self, sights: &[Sight], t: f64) -> Result<Look> {
        let [horizon, zenith] = self.scene.background().at(t)?.map(vec);
        let kind = match self.options.shade {
            Shade::Lit => Kind::Lit(self.lighting(sights, horizon, zenith, t)?),
            Shade::Normals => Kind::Normals,
            shade => Kind::Scale(
                self.scale.unwrap_or_else(|| Scale::holding(shade, &mut values_of(sights).collect())),
            ),
        };
        Ok(Look { horizon, zenith, kind })
    }

    fn lighting(&self, sights: &[Sight], horizon: Vec3, zenith: Vec3, t: f64) -> Result<Lighting> {
        let field = self.scene.field();
        let (center, radius) = self.ball;
        // What is far from the scene lies in nobody's shade.
        let near = sights
            .iter()
            .filter(|sight| !matches!(sight.met, Met::Nothing))
            .map(|sight| sight.stand.place)
            .filter(|place| place.distance(center) < (GROUND + 1.0) * radius);
        let Size { width, height } = self.options.size;
        let side = (width.max(height) * 3 / 2).clamp(64, 4096);
        let mut lamps = Vec::new();
        for light in self.scene.lights() {
            let (toward, radiance) = light.at(t)?;
            let (toward, radiance) = (vec(toward).normalize_or_zero(), vec(radiance).max(Vec3::ZERO));
            if toward != Vec3::ZERO && radiance != Vec3::ZERO {
                let shadow = Shadow::new(field, t, toward, near.clone(), self.ball, side)?;
                lamps.push(Lamp { toward, radiance, shadow });
            }
        }
        let tape = field.tape()?.fixed([None, None, None, Some(t)]);
        Ok(Lighting { lamps, sky: Sky::of(horizon, zenith), tape, reach: REACH * radius })
    }
}

/// Times spread over a scene's timeline; one, where nothing moves.
fn moments(scene: &Scene) -> Vec<f64> {
    let timeline = scene.timeline();
    let count = if scene.field().depends_on(Axis::T) && timeline.to > timeline.from { 8 } else { 1 };
    (0..count).map(|i| timeline.from + (timeline.to - timeline.from) * i as f64 / count as f64).collect()
}

/// A box about a solid at some times, if it has one. Over the whole span it would take intervals too long to find.
fn bounds_at(field: &Field, moments: &[f64]) -> Result<Option<Bounds>> {
    let mut all: Option<Bounds> = None;
    for &t in moments {
        match field.bounds((t, t)) {
            Ok(Some(found)) => all = Some(all.map_or(found, |all| all.union(&found))),
            Ok(None) => {}
            Err(Error::Unbounded) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// How far down a solid reaches at some times within a box: what is seen from right below.
fn lowest(field: &Field, bounds: &Bounds, moments: &[f64]) -> Result<Option<f32>> {
    const SIDE: usize = 96;
    let ([x, _, z], [width, height, depth]) = (bounds.center(), bounds.size());
    let start = bounds.min[1] - 0.5 * height;
    let lens = Lens::parallel([x, start, z], [x, start + 1.0, z], [0.0, 0.0, 1.0], width.max(depth));
    let lens = Lens { far: 1.5 * height, ..lens };
    let mut least = NOTHING;
    for &t in moments {
        let depths = march::depths(field, &lens, Size { width: SIDE, height: SIDE }, t)?;
        least = depths.into_iter().fold(least, f32::min);
    }
    Ok((least < NOTHING).then_some(start as f32 + least))
}

/// What must be known of a field for a view of it.
fn asked(field: &Field, shade: Shade) -> Vec<Field> {
    let slope = || field.gradient().into_iter().take(3);
    match shade {
        Shade::Lit => {
            let material = field.material().cloned().unwrap_or_default();
            slope().chain(material.channels().into_iter().cloned()).collect()
        }
        Shade::Normals => slope().collect(),
        Shade::Depth => Vec::new(),
        Shade::Gradient => {
            let [x, y, z, _] = field.gradient();
            vec![length([x, y, z])]
        }
        Shade::Velocity if !field.depends_on(Axis::T) => vec![Field::constant(0.0)],
        Shade::Velocity => vec![field.normal_speed()],
        Shade::Curvature => vec![field.mean_curvature()],
    }
}

fn values_of(sights: &[Sight]) -> impl Iterator<Item = f32> {
    sights.iter().filter_map(|sight| match sight.met {
        Met::Surface { value, .. } => Some(value),
        _ => None,
    })
}

/// The lens whose pixels' middles are a part of the pixels of another.
fn shifted(lens: &Lens, size: Size, [a, b]: [usize; 2], side: usize) -> Lens {
    let off = |part: usize| ((part as f64 + 0.5) / side as f64 - 0.5) * size.step();
    lens.moved([off(a), -off(b)])
}

/// A picture's pixels, tile by tile.
fn tiled(size: Size) -> Vec<usize> {
    const TILE: usize = 16;
    let mut order = Vec::with_capacity(size.pixels());
    for top in (0..size.height).step_by(TILE) {
        for left in (0..size.width).step_by(TILE) {
            for j in top..(top + TILE).min(size.height) {
                order.extend((left..(left + TILE).min(size.width)).map(|i| j * size.width + i));
            }
        }
    }
    order
}

/// Which pixels need all samples: those that part from a neighbour in colour, and those whose rays part in depth.
fn edges(pixels: &[[f32; 3]], depths: &[f32], size: Size, side: usize, lens: &Lens) -> Vec<bool> {
    let Size { width, height } = size;
    let mut edges = vec![false; size.pixels()];
    if side == 1 {
        return edges;
    }
    edges.par_chunks_mut(width).enumerate().for_each(|(j, row)| {
        for (i, edge) in row.iter_mut().enumerate() {
            let (mut near, mut far) = (NOTHING, 0.0f32);
            for b in 0..side {
                let start = (j * side + b) * side * width + i * side;
                for &s in &depths[start..start + side] {
                    (near, far) = (near.min(s), far.max(s));
                }
            }
            let wide = lens.across(size.step(), f64::from(near)) as f32;
            *edge = near < NOTHING && far - near > 6.0 * wide;
        }
    });
    let seen: Vec<Vec3> =
        pixels.par_iter().map(|&color| Vec3::from(color.map(|v| v.max(0.0).sqrt()))).collect();
    for n in 0..seen.len() {
        let right = (n % width + 1 < width).then_some(n + 1);
        let below = (n / width + 1 < height).then_some(n + width);
        for other in right.into_iter().chain(below) {
            if (seen[n] - seen[other]).abs().max_element() > EDGE {
                (edges[n], edges[other]) = (true, true);
            }
        }
    }
    edges
}

/// How a picture is coloured.
struct Look {
    horizon: Vec3,
    zenith: Vec3,
    kind: Kind,
}

enum Kind {
    Lit(Lighting),
    Normals,
    Scale(Scale),
}

/// The light a picture is in.
struct Lighting {
    lamps: Vec<Lamp>,
    sky: Sky,
    /// The field, at its time.
    tape: Tape,
    /// How far occlusion reaches.
    reach: f32,
}

struct Lamp {
    toward: Vec3,
    radiance: Vec3,
    shadow: Shadow,
}

impl Look {
    fn scale(&self) -> Option<Scale> {
        match self.kind {
            Kind::Scale(scale) => Some(scale),
            _ => None,
        }
    }

    /// The colours of pixels, as a screen is to show them, in linear light.
    fn colors(&self, sights: &[Sight]) -> Vec<(usize, Vec3)> {
        let behind = |ray: Vec3| self.horizon.lerp(self.zenith, ray.y.max(0.0));
        let color = |sight: &Sight, open: f32| match (sight.met, &self.kind) {
            (Met::Surface { finish, .. }, Kind::Lit(light)) => toned(light.on(sight, finish, open)),
            (Met::Surface { .. }, Kind::Normals) => {
                let screen = (0.5 * sight.stand.normal + 0.5).to_array();
                Vec3::from(screen.map(|v| crate::field::srgb_to_linear(f64::from(v)) as f32))
            }
            (Met::Surface { value, .. }, Kind::Scale(scale)) => Vec3::from(scale.color(f64::from(value))),
            (Met::Ground(plainly), Kind::Lit(light)) => {
                behind(sight.ray) * (1.0 - plainly * (1.0 - light.on_ground(sight, open)))
            }
            _ => behind(sight.ray),
        };
        let Kind::Lit(light) = &self.kind else {
            return sights.par_iter().map(|sight| (sight.pixel, color(sight, 1.0))).collect();
        };
        let stands: Vec<Stand> = sights
            .iter()
            .filter(|sight| !matches!(sight.met, Met::Nothing))
            .map(|sight| sight.stand)
            .collect();
        let mut open = openness(&light.tape, &stands, light.reach).into_iter();
        let opened: Vec<(&Sight, f32)> = sights
            .iter()
            .map(|sight| match sight.met {
                Met::Nothing => (sight, 1.0),
                _ => (sight, open.next().expect("one for each stand")),
            })
            .collect();
        opened.into_par_iter().map(|(sight, open)| (sight.pixel, color(sight, open))).collect()
    }
}

impl Lighting {
    /// The light a surface sends to the eye.
    fn on(&self, sight: &Sight, finish: Finish, open: f32) -> Vec3 {
        let Stand { place, normal, .. } = sight.stand;
        let facet = Facet { normal, eye: -sight.ray, finish };
        let lamps = self.lamps.iter().map(|lamp| {
            let full = facet.under_lamp(lamp.toward, lamp.radiance);
            if full == Vec3::ZERO { full } else { full * lamp.shadow.visible(place, normal) }
        });
        finish.emission + lamps.sum::<Vec3>() + facet.under_sky(&self.sky, open)
    }

    /// How much of its light reaches the ground.
    fn on_ground(&self, sight: &Sight, open: f32) -> f32 {
        let Stand { place, normal, .. } = sight.stand;
        let sky = luminance(self.sky.over(normal));
        let (mut all, mut here) = (sky, sky * open);
        for lamp in &self.lamps {
            let full = luminance(lamp.radiance) * lamp.toward.y.max(0.0);
            all += full;
            here += full * lamp.shadow.visible(place, normal);
        }
        if all > 0.0 { here / all } else { 1.0 }
    }
}
