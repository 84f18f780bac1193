//! A scene's picture: what each ray meets, what colour it has there, and more rays where colours part.
//!
//! A ray for each pixel's part goes through the scene; one a pixel is shaded. Where that pixel and a neighbour differ,
//! or its parts meet different things, the other parts are shaded too: edges get all samples, the rest one.

use super::bar;
use super::light::{Finish, Sky};
use super::look::{Coloring, Lamp, Lighting, Look, Met, Sight};
use super::march::{self, MarchedRays, NOTHING};
use super::occlusion::Stand;
use super::options::{Options, Shade};
use super::places::values_at;
use super::plane;
use super::scale::Scale;
use super::shadow::Shadow;
use super::stage::{SceneTapes, Shot};
use super::{Image, Lens, PictureLayer, Size, Stage};
use crate::error::Result;
use crate::field::Axis;
use crate::measure::Bounds;
use crate::scene::Scene;
use crate::task;
use glam::Vec3;
use rayon::prelude::*;

/// The picture of a scene; of several pictures of one scene, [`Stage`] makes each in less time.
///
/// ```
/// use fieldgrad::render::{Options, Size, picture};
/// use fieldgrad::scene;
///
/// let options = Options::default().size(Size { width: 32, height: 24 });
/// let image = picture(&scene::built_in(), &options)?;
/// assert_eq!(image.pixels.len(), 32 * 24);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub fn picture(scene: &Scene, options: &Options) -> Result<Image> {
    options.check()?;
    match &options.cut {
        Some(cut) => cut.draw(scene, &SceneTapes::default(), options, options.time_in(scene)),
        None => {
            options.shade.check_size(scene)?;
            Stage::new(scene)?.picture(options)
        }
    }
}

/// How far ambient occlusion reaches, as a part of the scene's radius.
pub(crate) const REACH: f32 = 0.16;

/// How many scene radii around its middle the ground is shaded.
pub(crate) const GROUND: f32 = 2.6;

/// The most a colour may part from its neighbour's, as the root of linear light, before both get all samples.
pub(crate) const EDGE: f32 = 0.03;

/// How many pixels' width its rays may part in depth before it gets all samples.
pub(crate) const EDGE_DEPTH: f32 = 6.0;

fn vec(a: [f64; 3]) -> Vec3 {
    Vec3::from(a.map(|v| v as f32))
}

impl Stage {
    /// A picture of the scene.
    pub fn picture(&self, options: &Options) -> Result<Image> {
        options.check()?;
        let time = options.time_in(self.scene());
        match &options.cut {
            Some(cut) => cut.draw(self.scene(), self.tapes(), options, time),
            None => Drawing::new(self, options, time)?.picture(),
        }
    }

    /// The range of a view's colours that suits the scene at some times, where it is not given.
    pub(super) fn range(&self, options: &Options, times: &[f64]) -> Result<Option<[f64; 2]>> {
        let is_depth = options.layer == Some(PictureLayer::Depth);
        if options.range.is_some() || !(options.shade.is_scale() || is_depth) || options.cut.is_some() {
            return Ok(options.range);
        }
        let shade = if is_depth { Shade::Depth } else { options.shade };
        let options = &Options { shade, ..options.clone() };
        let mut values = Vec::new();
        for &time in times {
            let drawing = Drawing::new(self, options, time)?;
            let seen = march::seen(&self.shape()?, &drawing.shot.lens, options.size, time, drawing.counts())?;
            task::check()?;
            values.extend(values_of(&drawing.sights(&drawing.shot.lens, &seen, None)?));
        }
        let scale = Scale::holding(shade, &mut values);
        Ok(Some([scale.from, scale.to]))
    }
}

/// A picture of a stage as it is made.
struct Drawing<'a> {
    stage: &'a Stage,
    options: &'a Options,
    shot: Shot,
}

impl<'a> Drawing<'a> {
    fn new(stage: &'a Stage, options: &'a Options, time: f64) -> Result<Drawing<'a>> {
        options.shade.check_size(stage.scene())?;
        Ok(Drawing { stage, options, shot: stage.shot(options, time)? })
    }

    /// Whether what is shown is how often the field was looked at.
    fn counts(&self) -> bool {
        self.options.shade == Shade::Steps
    }

    fn picture(&self) -> Result<Image> {
        let Size { width, height } = self.options.size;
        let (size, side) = (self.options.size, self.options.side());
        let fine = Size { width: side * width, height: side * height };
        task::does("marching rays");
        let all = self.stage.seen(&self.shot.lens, fine, self.shot.time, self.options.span, self.counts())?;
        let middle = side / 2;
        let seen = shifted(&self.shot.lens, size, [middle; 2], side);
        let sights = self.sights(&seen, &part(&all, size, side, [middle; 2]), None)?;
        let look = self.look(&sights)?;
        task::does("shading");
        let mut pixels = vec![[0.0; 3]; size.pixels()];
        for (pixel, color) in look.colors(&sights) {
            pixels[pixel] = color.to_array();
        }
        task::check()?;
        let edges = edges(&pixels, &all.depths, size, side, &self.shot.lens);
        let mut sums: Vec<Vec3> = pixels.iter().map(|&color| Vec3::from(color)).collect();
        for b in 0..side {
            for a in 0..side {
                if (a, b) != (middle, middle) && edges.contains(&true) {
                    task::check()?;
                    let lens = shifted(&self.shot.lens, size, [a, b], side);
                    let sights = self.sights(&lens, &part(&all, size, side, [a, b]), Some(&edges))?;
                    look.colors(&sights).into_iter().for_each(|(pixel, color)| sums[pixel] += color);
                }
            }
        }
        for (n, pixel) in pixels.iter_mut().enumerate().filter(|&(n, _)| edges[n]) {
            *pixel = (sums[n] / (side * side) as f32).to_array();
        }
        task::check()?;
        let mut image = Image { width, height, pixels };
        if let Some((cut, (axis, _))) = self.options.plane.as_ref().and_then(|cut| Some((cut, cut.plane()?)))
        {
            let along = [1, 2].map(|n| Axis::ALL[(axis + n) % 3]);
            let (tape, bounds) = (self.stage.tapes().cut(self.stage.scene(), along)?, self.stage.bounds());
            let bounds = bounds.unwrap_or(Bounds::new([-2.0; 3], [2.0; 3]));
            let depths = part(&all, size, side, [middle; 2]).depths;
            plane::draw(&mut image, &depths, (&tape, cut, &bounds), &seen, self.shot.time)?;
        }
        if let (Some(scale), true) = (look.scale(), self.options.bar) {
            bar::draw(&mut image, &scale, self.options.shade.title());
        }
        Ok(image)
    }

    /// What the pixels' rays meet, tile by tile; of all pixels or of some.
    fn sights(&self, lens: &Lens, seen: &MarchedRays, only: Option<&[bool]>) -> Result<Vec<Sight>> {
        let size = self.options.size;
        let sight = |pixel: usize| {
            let [u, v] = size.middle(pixel);
            let [start, ray] = lens.ray([u, v]).map(|v| v.as_vec3());
            let depth = seen.depths[pixel];
            if depth == NOTHING {
                return self.beyond(pixel, start, ray);
            }
            let place = vec(lens.at([u, v, f64::from(depth)]));
            let value = if self.counts() { seen.steps[pixel] } else { depth };
            let met = Met::Surface { finish: Finish::of([0.0; 8]), value };
            Sight { pixel, ray, stand: Stand { place, normal: -ray, slope: 0.0 }, met }
        };
        let wanted = |pixel: &usize| only.is_none_or(|only| only[*pixel]);
        let mut sights: Vec<Sight> =
            size.tiled().collect::<Vec<_>>().into_par_iter().filter(wanted).map(sight).collect();

        task::does("finding normals and materials");
        let tape = self.stage.asked(self.options.shade)?;
        if tape.output_count() == 0 {
            return Ok(sights);
        }
        let mut met: Vec<&mut Sight> =
            sights.iter_mut().filter(|sight| matches!(sight.met, Met::Surface { .. })).collect();
        let places: Vec<Vec3> = met.iter().map(|sight| sight.stand.place).collect();
        let values = values_at(&tape.fixed([None, None, None, Some(self.shot.time)]), &places);
        task::check()?;
        met.par_iter_mut().enumerate().for_each(|(n, sight)| {
            let at = |output: usize| values[output][n];
            if self.options.shade.is_scale() {
                sight.met = Met::Surface { finish: Finish::of([0.0; 8]), value: at(0) };
                return;
            }
            let slope = Vec3::new(at(0), at(1), at(2));
            (sight.stand.normal, sight.stand.slope) = (slope.normalize_or(-sight.ray), slope.length());
            if self.options.shade == Shade::Lit {
                sight.met =
                    Met::Surface { finish: Finish::of(std::array::from_fn(|n| at(n + 3))), value: 0.0 };
            }
        });
        Ok(sights)
    }

    /// What a ray sees that meets no surface.
    fn beyond(&self, pixel: usize, eye: Vec3, ray: Vec3) -> Sight {
        let stand = Stand { place: eye, normal: Vec3::Y, slope: 1.0 };
        let mut sight = Sight { pixel, ray, stand, met: Met::Nothing };
        if let Some((place, plainly)) = on_ground(self.shot.ground, self.shot.ball, eye, ray) {
            (sight.stand.place, sight.met) = (place, Met::Ground(plainly));
        }
        sight
    }

    /// How what is met is coloured.
    fn look(&self, sights: &[Sight]) -> Result<Look> {
        let [horizon, zenith] = self.stage.scene().background().at(self.shot.time)?.map(vec);
        let kind = match self.options.shade {
            Shade::Lit => Coloring::Lit(self.lighting(sights, horizon, zenith)?),
            Shade::Normals => Coloring::Normals,
            shade => Coloring::Scale(match self.options.range {
                Some([from, to]) => Scale { from, to, signed: from == -to },
                None => Scale::holding(shade, &mut values_of(sights).collect()),
            }),
        };
        Ok(Look { horizon, zenith, kind, tone: self.options.tone })
    }

    fn lighting(&self, sights: &[Sight], horizon: Vec3, zenith: Vec3) -> Result<Lighting> {
        let (shape, (center, radius)) = (self.stage.shape()?, self.shot.ball);
        let near = sights
            .iter()
            .filter(|sight| !matches!(sight.met, Met::Nothing))
            .map(|sight| sight.stand.place)
            .filter(|&place| is_near(place, (center, radius)));
        let side = shadow_side(self.options.size);
        task::does("casting shadows");
        let mut lamps = Vec::new();
        for (toward, radiance) in self.stage.lights(self.shot.time)? {
            let shadow = Shadow::new(&shape, self.shot.time, toward, near.clone(), self.shot.ball, side)?;
            lamps.push(Lamp { toward, radiance, shadow });
        }
        let tape = shape.fixed([None, None, None, Some(self.shot.time)]);
        Ok(Lighting { lamps, sky: Sky::of(horizon, zenith), tape, reach: REACH * radius })
    }
}

/// Whether a place may lie in a shade: what is far from the scene lies in nobody's.
pub(crate) fn is_near(place: Vec3, (center, radius): (Vec3, f32)) -> bool {
    place.distance(center) < (GROUND + 1.0) * radius
}

/// Where a ray meets the ground, and how plainly its shadows are seen there.
pub(crate) fn on_ground(
    ground: Option<f32>,
    (center, radius): (Vec3, f32),
    eye: Vec3,
    ray: Vec3,
) -> Option<(Vec3, f32)> {
    let ground = ground.filter(|&ground| eye.y > ground && ray.y < -1e-3)?;
    let place = eye + ray * ((ground - eye.y) / ray.y);
    let away = (place - center).with_y(0.0).length() / (GROUND * radius);
    (away < 1.0).then(|| (place, (1.0 - away * away).powi(2)))
}

/// How many texels a shadow is across.
pub(crate) fn shadow_side(Size { width, height }: Size) -> usize {
    (width.max(height) * 3 / 2).clamp(64, 4096)
}

fn values_of(sights: &[Sight]) -> impl Iterator<Item = f32> {
    sights.iter().filter_map(|sight| match sight.met {
        Met::Surface { value, .. } => Some(value),
        _ => None,
    })
}

/// One part of each pixel, of all parts of all pixels.
fn part(seen: &MarchedRays, size: Size, side: usize, [a, b]: [usize; 2]) -> MarchedRays {
    let pick = |all: &[f32]| -> Vec<f32> {
        let rows = all.chunks(size.width * side).skip(b).step_by(side);
        rows.flat_map(|row| row.iter().skip(a).step_by(side)).copied().collect()
    };
    MarchedRays { depths: pick(&seen.depths), steps: pick(&seen.steps), normals: Vec::new() }
}

/// The lens whose pixels' middles are a part of the pixels of another.
fn shifted(lens: &Lens, size: Size, [a, b]: [usize; 2], side: usize) -> Lens {
    let off = |part: usize| ((part as f64 + 0.5) / side as f64 - 0.5) * size.step();
    lens.moved([off(a), -off(b)])
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
            *edge = near < NOTHING && far - near > EDGE_DEPTH * wide;
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
