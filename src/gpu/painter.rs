//! Pictures on the GPU: the same as those of `render`, marched and shaded by shaders.
//!
//! The CPU bounds the field over tiles of the picture and stretches of depth, as its own marcher does, and hands the GPU
//! what it could not rule out, with how far a ray may step there. A new time or a new value of a parameter changes
//! only what is handed over; shaders are compiled again where their text has changed.

use super::device::{Gpu, bytes};
use super::frame::{self, Frame, view};
use super::program::{self, DEPTHS, PICTURE, Program};
use crate::error::Result;
use crate::render::march::NOTHING;
use crate::render::shared::{self, Patch, REACH, Sky, cells, draw_bar, is_near, on_ground, shadow_side};
use crate::render::{Image, Lens, Options, Scale, Shade, Size, Stage};
use crate::scene::Scene;
use glam::Vec3;
use rayon::prelude::*;

/// Draws pictures of a scene on a GPU.
///
/// ```no_run
/// use fieldgrad::gpu::{Gpu, Painter};
/// use fieldgrad::render::Options;
/// use fieldgrad::scene;
///
/// let mut painter = Painter::new(&Gpu::headless()?, &scene::built_in())?;
/// for frame in 0..30 {
///     let image = painter.picture(&Options { time: Some(f64::from(frame) / 30.0), ..Options::default() })?;
/// }
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Painter {
    gpu: Gpu,
    stage: Stage,
    march: Program,
    /// What colours each view, once it was asked for; and whether it is of the scene as it is now.
    shades: [Option<(Program, bool)>; Shade::ALL.len()],
    frame: Option<Frame>,
    shadows: Option<wgpu::Texture>,
    screens: Vec<(wgpu::TextureFormat, Screen)>,
}

/// What brings pictures to targets of one format.
struct Screen {
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
}

/// One picture: all that is known before rays are sent.
struct Shot {
    time: f64,
    lens: Lens,
    /// A ball about the scene.
    ball: (Vec3, f32),
    ground: Option<f32>,
    /// All rays of all pixels.
    fine: Size,
}

/// How many pixels across the tiles are that rays are bounded over.
const TILE: usize = 16;

/// The same of shadows, in texels.
const SHADOW_TILE: usize = 32;

/// How many colours of a scale are known; those between are between them.
const SCALE_COLORS: usize = 1024;

fn vec(a: [f64; 3]) -> Vec3 {
    Vec3::from(a.map(|v| v as f32))
}

fn four(xyz: Vec3, w: f32) -> [f32; 4] {
    xyz.extend(w).to_array()
}

impl Painter {
    /// Makes a scene ready: looks at it as a whole, and compiles what marches rays.
    ///
    /// An error names what no shader can compute, a swept volume: such scenes are drawn on the CPU.
    pub fn new(gpu: &Gpu, scene: &Scene) -> Result<Painter> {
        let march = Program::march(gpu, scene, None)?;
        let stage = Stage::new(scene)?;
        let (shades, frame, shadows, screens) = Default::default();
        Ok(Painter { gpu: gpu.clone(), stage, march, shades, frame, shadows, screens })
    }

    /// Goes over to another scene, or to the same with other values. Where their shaders are the same nothing is
    /// compiled. After an error the old scene stays.
    pub fn show(&mut self, scene: &Scene) -> Result<()> {
        let march = Program::march(&self.gpu, scene, Some(&self.march))?;
        self.stage = Stage::new(scene)?;
        self.march = march;
        self.shades.iter_mut().flatten().for_each(|(_, current)| *current = false);
        Ok(())
    }

    /// Gives some of the scene's parameters other values.
    pub fn set(&mut self, values: &[(&str, f64)]) -> Result<()> {
        let scene = self.stage.scene().with_parameters(values)?;
        self.show(&scene)
    }

    /// The scene, ready for pictures on the CPU too.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The picture of the scene, as [`Stage::picture`] draws it.
    pub fn picture(&mut self, options: &Options) -> Result<Image> {
        if options.needs_cpu() {
            return self.stage.picture(options);
        }
        let scale = self.draw(options)?;
        let Size { width, height } = options.size;
        let numbers = match &self.frame {
            Some(frame) => frame::read(&self.gpu, frame.done())?,
            None => Vec::new(),
        };
        let pixels = numbers.chunks_exact(4).map(|four| [four[0], four[1], four[2]]).collect();
        let mut image = Image { width, height, pixels };
        if let Some(scale) = scale.filter(|_| options.bar) {
            draw_bar(&mut image, &scale, options.shade.title());
        }
        Ok(image)
    }

    /// Draws the picture into a texture of its own, of the format `Rgba8Unorm`, as screens take it, and waits for it.
    pub fn painted(&mut self, options: &Options) -> Result<wgpu::Texture> {
        options.check()?;
        const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
        let texture = frame::texture(&self.gpu, options.size, 1, FORMAT)?;
        let size = [texture.width(), texture.height()];
        self.paint(options, &view(&texture), FORMAT, size)?;
        self.gpu.wait()?;
        Ok(texture)
    }

    /// Draws the picture on all of a target of some format and size, whatever the size of the picture. The scale of its
    /// colours, which a [`picture`](Painter::picture) has drawn into it, is returned.
    ///
    /// What goes to an sRGB format is linear light, what goes to another is as screens take it.
    pub fn paint(
        &mut self,
        options: &Options,
        target: &wgpu::TextureView,
        format: wgpu::TextureFormat,
        [width, height]: [u32; 2],
    ) -> Result<Option<Scale>> {
        let (made, scale);
        let source = if options.needs_cpu() {
            let image = self.stage.picture(options)?;
            let pixels: Vec<f32> = image.pixels.iter().flat_map(|&[r, g, b]| [r, g, b, 1.0]).collect();
            made = frame::filled(&self.gpu, options.size, &pixels)?;
            scale = None;
            Some(&made)
        } else {
            scale = self.draw(options)?;
            self.frame.as_ref().map(Frame::done)
        };
        let source = source.map(view);
        self.screen(format)?;
        let Some((_, screen)) = self.screens.iter().find(|(own, _)| *own == format) else { return Ok(scale) };
        let Some(source) = source else { return Ok(scale) };
        let encoded = if format.is_srgb() { 0.0 } else { 1.0 };
        let about = [width as f32, height as f32, encoded, 0.0];
        let about = program::buffer(&self.gpu, &about, wgpu::BufferUsages::UNIFORM);
        let entries = [
            wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&source) },
            wgpu::BindGroupEntry { binding: 1, resource: about.as_entire_binding() },
        ];
        let group = self.gpu.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &screen.layout,
            entries: &entries,
        });
        self.pass(target, &screen.pipeline, &group, |pass| pass.draw(0..3, 0..1));
        self.gpu.check()?;
        Ok(scale)
    }

    /// How deep the ray through each pixel's middle goes, as [`march::depths`](crate::render::march::depths) says it.
    pub fn depths(&mut self, options: &Options) -> Result<Vec<f32>> {
        let options = Options { samples: 1, ..options.clone() };
        options.check()?;
        let shot = self.shot(&options)?;
        self.march(&shot, options.size, 1)?;
        let numbers = match &self.frame {
            Some(frame) => frame::read(&self.gpu, &frame.depths)?,
            None => Vec::new(),
        };
        Ok(numbers.chunks_exact(2).map(|two| if two[0] < 0.0 { NOTHING } else { two[0] }).collect())
    }

    fn shot(&self, options: &Options) -> Result<Shot> {
        let time = options.time_in(self.stage.scene());
        let (lens, ball) = self.stage.lens_of(options, time)?;
        let lit = options.ground && options.shade == Shade::Lit;
        let ground = if lit { self.stage.ground()? } else { None };
        let side = options.side();
        let fine = Size { width: side * options.size.width, height: side * options.size.height };
        Ok(Shot { time, lens, ball, ground, fine })
    }

    /// Finds what rays meet.
    fn march(&mut self, shot: &Shot, size: Size, side: usize) -> Result<wgpu::Buffer> {
        if !self.frame.as_ref().is_some_and(|frame| frame.size == size && frame.side == side) {
            self.frame = None; // its memory first
            self.frame = Some(Frame::new(&self.gpu, size, side)?);
        }
        let Some(frame) = &self.frame else { unreachable!("it was made just now") };
        self.rays(&shot.lens, shot.fine, shot.time, TILE * side, &view(&frame.depths))
    }

    /// Sends rays through a lens, and gives the numbers of the view.
    fn rays(
        &self,
        lens: &Lens,
        size: Size,
        time: f64,
        small: usize,
        target: &wgpu::TextureView,
    ) -> Result<wgpu::Buffer> {
        let gpu = &self.gpu;
        let (tiles, tolerance) = cells(self.stage.scene().field(), lens, size, time, small)?;
        let about = program::buffer(gpu, &of_view(lens, size, tolerance), wgpu::BufferUsages::UNIFORM);
        let stretches = stretches(gpu, &tiles)?;
        let instances = gpu.buffer(&instances(&tiles), wgpu::BufferUsages::VERTEX);
        let steady = self.march.steady(gpu, time);
        let group = self.march.bind(
            gpu,
            vec![
                about.as_entire_binding(),
                steady.as_entire_binding(),
                wgpu::BindingResource::TextureView(&view(&stretches)),
            ],
        );
        self.pass(target, self.march.pipeline(), &group, |pass| {
            if !tiles.is_empty() {
                pass.set_vertex_buffer(0, instances.slice(..));
                pass.draw(0..4, 0..tiles.len() as u32);
            }
        });
        Ok(about)
    }

    /// One pass over a target, which is cleared to -1 in the first number.
    fn pass(
        &self,
        target: &wgpu::TextureView,
        pipeline: &wgpu::RenderPipeline,
        group: &wgpu::BindGroup,
        draw: impl FnOnce(&mut wgpu::RenderPass<'_>),
    ) {
        let clear = wgpu::Color { r: -1.0, g: 0.0, b: 0.0, a: 0.0 };
        let mut encoder = self.gpu.device().create_command_encoder(&Default::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(clear), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, group, &[]);
        draw(&mut pass);
        drop(pass);
        self.gpu.queue().submit([encoder.finish()]);
    }

    /// Draws into the frame; gives the scale of the colours, if they show numbers.
    fn draw(&mut self, options: &Options) -> Result<Option<Scale>> {
        options.check()?;
        self.gpu.check()?;
        self.ready(options.shade)?;
        let (shot, side) = (self.shot(options)?, options.side());
        let about = self.march(&shot, options.size, side)?;
        let lamps = self.lamps(&shot, options)?;
        let scene = self.stage.scene();
        let mut scale = options.range.map(|[from, to]| Scale { from, to, signed: from == -to });
        let colors = |scale: Option<Scale>| -> Result<wgpu::Texture> {
            let Some(scale) = scale else { return frame::filled(&self.gpu, ONE, &[0.0; 4]) };
            let size = Size { width: SCALE_COLORS, height: 1 };
            let at = |i: usize| scale.from + (scale.to - scale.from) * i as f64 / (SCALE_COLORS - 1) as f64;
            let colors = (0..SCALE_COLORS).map(|i| scale.color(at(i)));
            let pixels: Vec<f32> = colors.flat_map(|[r, g, b]| [r, g, b, 1.0]).collect();
            frame::filled(&self.gpu, size, &pixels)
        };
        let [horizon, zenith] = scene.background().at(shot.time)?.map(vec);
        let shot_of = |pass: f32, scale: Option<Scale>| -> Vec<f32> {
            let Sky { horizon: level, zenith: up, nadir } = Sky::of(horizon, zenith);
            let (center, radius) = shot.ball;
            let ground = [shot.ground.unwrap_or(0.0), f32::from(u8::from(shot.ground.is_some()))];
            let range = scale.map_or([0.0, 1.0, 1.0, 0.0], |s| [s.from as f32, s.to as f32, 0.0, 0.0]);
            let sky = [level, up, nadir].map(|color| four(color, 0.0));
            let fixed = [
                four(horizon, side as f32),
                four(zenith, pass),
                four(center, radius),
                [ground[0], ground[1], REACH * radius, lamps.len() as f32],
                range,
            ];
            let all = fixed.iter().chain(&sky).flatten().copied();
            let mut all: Vec<f32> = all.chain(lamps.iter().flatten().copied()).collect();
            all.resize(32 + scene.lights().len().max(1) * 24, 0.0);
            all
        };
        if options.shade.is_scale() && scale.is_none() {
            self.shade((options.shade, shot.time), &about, &shot_of(0.0, None), &colors(None)?, false)?;
            let Some(frame) = &self.frame else { return Ok(None) };
            let found = frame::read(&self.gpu, &frame.pictures[0])?;
            let mut values: Vec<f32> =
                found.chunks_exact(4).filter(|four| four[3] > 0.0).map(|four| four[0]).collect();
            scale = Some(Scale::holding(options.shade, &mut values));
        }
        let colors = colors(scale)?;
        self.shade((options.shade, shot.time), &about, &shot_of(0.0, scale), &colors, false)?;
        if side > 1 {
            self.shade((options.shade, shot.time), &about, &shot_of(1.0, scale), &colors, true)?;
        }
        self.gpu.check()?;
        Ok(scale.filter(|_| options.shade.is_scale()))
    }

    /// Compiles what colours a view, if it must be.
    fn ready(&mut self, shade: Shade) -> Result<()> {
        let slot = &mut self.shades[shade as usize];
        if !slot.as_ref().is_some_and(|(_, current)| *current) {
            let known = slot.as_ref().map(|(program, _)| program);
            *slot = Some((Program::shade(&self.gpu, self.stage.scene(), shade, known)?, true));
        }
        Ok(())
    }

    /// Colours one ray of each pixel, or all of those at edges.
    fn shade(
        &self,
        (shade, time): (Shade, f64),
        about: &wgpu::Buffer,
        shot: &[f32],
        colors: &wgpu::Texture,
        edges: bool,
    ) -> Result<()> {
        let (Some((program, _)), Some(frame)) = (&self.shades[shade as usize], &self.frame) else {
            return Ok(());
        };
        let gpu = &self.gpu;
        let empty = frame::texture(gpu, ONE, 1, PICTURE)?;
        let shadows = match &self.shadows {
            Some(shadows) if shade == Shade::Lit => shadows.clone(),
            _ => frame::texture(gpu, ONE, 1, DEPTHS)?,
        };
        let layers = shadows.create_view(&wgpu::TextureViewDescriptor {
            dimension: Some(wgpu::TextureViewDimension::D2Array),
            ..Default::default()
        });
        let (steady, shot) =
            (program.steady(gpu, time), program::buffer(gpu, shot, wgpu::BufferUsages::UNIFORM));
        let (before, target) = match edges {
            true => (&frame.pictures[0], &frame.pictures[1]),
            false => (&empty, &frame.pictures[0]),
        };
        let views = [&frame.depths, before, colors].map(view);
        let group = program.bind(
            gpu,
            vec![
                about.as_entire_binding(),
                steady.as_entire_binding(),
                shot.as_entire_binding(),
                wgpu::BindingResource::TextureView(&views[0]),
                wgpu::BindingResource::TextureView(&views[1]),
                wgpu::BindingResource::TextureView(&layers),
                wgpu::BindingResource::TextureView(&views[2]),
            ],
        );
        self.pass(&view(target), program.pipeline(), &group, |pass| pass.draw(0..3, 0..1));
        Ok(())
    }

    /// The lamps that give light, each with its shadows in a layer, as the shader takes them.
    fn lamps(&mut self, shot: &Shot, options: &Options) -> Result<Vec<[f32; 24]>> {
        let mut lit = Vec::new();
        if options.shade == Shade::Lit {
            for light in self.stage.scene().lights() {
                let (toward, radiance) = light.at(shot.time)?;
                let (toward, radiance) = (vec(toward).normalize_or_zero(), vec(radiance).max(Vec3::ZERO));
                if toward != Vec3::ZERO && radiance != Vec3::ZERO {
                    lit.push((toward, radiance, shared::Frame::of(toward)));
                }
            }
        }
        if lit.is_empty() {
            return Ok(Vec::new());
        }
        let spans = self.spans(shot, options, &lit.iter().map(|(.., frame)| frame).collect::<Vec<_>>())?;
        let side = shadow_side(options.size);
        let size = Size { width: side, height: side };
        let fits = |own: &wgpu::Texture| {
            own.width() as usize == side && own.depth_or_array_layers() as usize == lit.len()
        };
        if !self.shadows.as_ref().is_some_and(fits) {
            self.shadows = None;
            self.shadows = Some(frame::texture(&self.gpu, size, lit.len(), DEPTHS)?);
        }
        let Some(shadows) = &self.shadows else { unreachable!("it was made just now") };
        let mut lamps = Vec::new();
        for (layer, ((toward, radiance, frame), span)) in lit.iter().zip(spans).enumerate() {
            let (lens, texel) = frame.lens(span, shot.ball, side);
            let target = shadows.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(wgpu::TextureViewDimension::D2),
                base_array_layer: layer as u32,
                array_layer_count: Some(1),
                ..Default::default()
            });
            self.rays(&lens, size, shot.time, SHADOW_TILE, &target)?;
            let ways = [lens.ahead, lens.right, lens.up].map(|way| four(vec(way).normalize(), 0.0));
            let [ahead, right, up] = ways;
            let parts = [
                four(*toward, texel),
                four(*radiance, side as f32),
                four(vec(lens.eye), 0.0),
                ahead,
                right,
                up,
            ];
            let mut lamp = [0.0; 24];
            lamp.copy_from_slice(parts.as_flattened());
            lamps.push(lamp);
        }
        Ok(lamps)
    }

    /// The least and the most of the places that are seen, as lamps see them.
    fn spans(&self, shot: &Shot, options: &Options, lamps: &[&shared::Frame]) -> Result<Vec<(Vec3, Vec3)>> {
        let Some(frame) = &self.frame else { return Ok(Vec::new()) };
        let depths = frame::read(&self.gpu, &frame.depths)?;
        let (Size { width, height }, side) = (options.size, options.side());
        let place = |i: usize, j: usize| {
            let (column, row) = (i * side + side / 2, j * side + side / 2);
            let depth = depths[2 * (row * shot.fine.width + column)];
            let [u, v] = shot.fine.across(column as f64 + 0.5, row as f64 + 0.5);
            if depth >= 0.0 {
                return Some(vec(shot.lens.at([u, v, f64::from(depth)])));
            }
            let [start, ray] = shot.lens.ray([u, v]).map(|v| v.as_vec3());
            on_ground(shot.ground, shot.ball, start, ray).map(|(place, _)| place)
        };
        let none = || vec![(Vec3::INFINITY, Vec3::NEG_INFINITY); lamps.len()];
        let of_row = |j: usize| {
            let mut spans = none();
            let places = (0..width).filter_map(|i| place(i, j));
            for place in places.filter(|&place| is_near(place, shot.ball)) {
                for ((low, high), lamp) in spans.iter_mut().zip(lamps) {
                    (*low, *high) = (low.min(lamp.flat(place)), high.max(lamp.flat(place)));
                }
            }
            spans
        };
        let both = |a: Vec<(Vec3, Vec3)>, b: Vec<(Vec3, Vec3)>| {
            let pairs = a.into_iter().zip(b);
            pairs.map(|((low, high), (l, h))| (low.min(l), high.max(h))).collect()
        };
        Ok((0..height).into_par_iter().map(of_row).reduce(none, both))
    }

    /// What brings pictures to a format of target.
    fn screen(&mut self, format: wgpu::TextureFormat) -> Result<()> {
        if self.screens.iter().any(|(own, _)| *own == format) {
            return Ok(());
        }
        let entries = [program::texture(0, wgpu::TextureViewDimension::D2), program::uniform(1)];
        let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
        let layout = self.gpu.device().create_bind_group_layout(&descriptor);
        let text = include_str!("../../shaders/screen.wgsl");
        let pipeline = program::pipeline(&self.gpu, text, &layout, ["whole", "shown"], format, &[])?;
        self.screens.push((format, Screen { layout, pipeline }));
        Ok(())
    }
}

const ONE: Size = Size { width: 1, height: 1 };

/// A lens, as the shaders take it.
fn of_view(lens: &Lens, size: Size, tolerance: [f32; 2]) -> Vec<f32> {
    let across = lens.across(size.step(), 1.0) as f32;
    let wide = if lens.parallel { [across, 0.0] } else { [0.0, across] };
    let vectors = [
        four(vec(lens.eye), f32::from(u8::from(lens.parallel))),
        four(vec(lens.ahead), size.step() as f32),
        four(vec(lens.right), 0.5 * size.width as f32),
        four(vec(lens.up), 0.5 * size.height as f32),
        [tolerance[0], tolerance[1], wide[0], wide[1]],
    ];
    vectors.concat()
}

/// The stretches of all tiles, two texels each.
fn stretches(gpu: &Gpu, tiles: &[Patch]) -> Result<wgpu::Texture> {
    const WIDTH: usize = 1024;
    let held = |rise: f32| rise.clamp(-1e30, 1e30);
    let all = tiles.iter().flat_map(|tile| &tile.stretches);
    let mut pixels: Vec<f32> = all
        .flat_map(|of| {
            let [least, most] = of.rise.map(held);
            [of.from, of.to, least, most, of.after, 0.0, 0.0, 0.0]
        })
        .collect();
    let height = pixels.len().div_ceil(4 * WIDTH).max(1);
    pixels.resize(4 * WIDTH * height, 0.0);
    frame::filled(gpu, Size { width: WIDTH, height }, &pixels)
}

/// The tiles as vertices are told of them.
fn instances(tiles: &[Patch]) -> Vec<u8> {
    let mut all = Vec::with_capacity(28 * tiles.len().max(1));
    let mut first = 0u32;
    for Patch { from, to, side, stretches } in tiles {
        let rect = [from[0], from[1], to[0], to[1]].map(|v| v as f32);
        all.extend(bytes(&rect));
        all.extend(first.to_le_bytes());
        all.extend((stretches.len() as u32).to_le_bytes());
        all.extend(side.to_le_bytes());
        first += stretches.len() as u32;
    }
    all.resize(all.len().max(28), 0);
    all
}
