//! Pictures on the GPU: the same as those of `render`, marched and shaded by shaders.
//!
//! The CPU bounds the field over tiles of the picture and stretches of depth, as its own marcher does, and hands the GPU
//! what it could not rule out, with how far a ray may step there. A new time or a new value of a parameter changes
//! only what is handed over; shaders are compiled again where their text has changed.

use super::device::Gpu;
use super::frame::{self, FrameTextures, view};
use super::making::Workshop;
use super::program::{self, DEPTHS, PICTURE, Pass};
use super::shader::check;
use super::shot::{self, SHADOW_TILE, ShotTile, TILE, four, vec};
use super::work::{Compiling, Handed, Work};
use crate::error::Result;
use crate::field::Field;
use crate::render::march::NOTHING;
use crate::render::shared::{self, Patch, REACH, Shot, Sky, cells, draw_bar, shadow_side};
use crate::render::{Image, Lens, Options, Scale, Shade, Size, Stage};
use crate::scene::Scene;
use crate::task;

/// Draws pictures of a scene on a GPU.
///
/// ```no_run
/// use fieldgrad::gpu::{Gpu, Painter};
/// use fieldgrad::render::Options;
/// use fieldgrad::scene;
///
/// let mut painter = Painter::new(&Gpu::headless()?, &scene::built_in())?;
/// for frame in 0..30 {
///     let image = painter.picture(&Options::default().time(f64::from(frame) / 30.0))?;
/// }
/// # Ok::<(), fieldgrad::Error>(())
/// ```
pub struct Painter {
    gpu: Gpu,
    stage: Stage,
    workshop: Workshop,
    compiling: Compiling,
    march: Work,
    /// What colours each view.
    shades: [Work; Shade::ALL.len()],
    frame: Option<FrameTextures>,
    shadows: Option<wgpu::Texture>,
    screens: Vec<(wgpu::TextureFormat, Screen)>,
}

/// What brings pictures to targets of one format.
struct Screen {
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
}

/// How many colours of a scale are known; those between are between them.
const SCALE_COLORS: usize = 1024;

impl Painter {
    /// Makes a scene ready: looks at it as a whole. Its shaders are compiled when they are first needed.
    ///
    /// [`Painter::picture`] waits for them, but for those of scenes too long for that. [`Painter::paint`] and
    /// [`Painter::painted`] do not, on hardware: a shader interprets the scene until they are there.
    ///
    /// An error names what no shader can compute, a swept volume: such scenes are drawn on the CPU.
    pub fn new(gpu: &Gpu, scene: &Scene) -> Result<Painter> {
        Painter::compiling(gpu, scene, Compiling::on(gpu))
    }

    /// The same, with shaders compiled when it is said. Where that is never, [`Painter::picture`] waits for none either.
    pub fn compiling(gpu: &Gpu, scene: &Scene, compiling: Compiling) -> Result<Painter> {
        let stage = stage_of(scene)?;
        let (workshop, march) = (Workshop::default(), Work::new(Pass::March));
        let shades = Shade::ALL.map(|(_, shade)| Work::new(Pass::Shade(shade)));
        let (frame, shadows, screens) = Default::default();
        let gpu = gpu.clone();
        Ok(Painter { gpu, stage, workshop, compiling, march, shades, frame, shadows, screens })
    }

    /// Whether what drew this view last was compiled, rather than interpreted.
    pub fn is_compiled(&self, shade: Shade) -> bool {
        self.march.is_compiled() && self.shades[shade as usize].is_compiled()
    }

    /// Goes over to another scene, or to the same with other values: then nothing is built again that does not depend on
    /// those. Where another's shaders are the same nothing is compiled. After an error the old scene stays.
    pub fn show(&mut self, scene: &Scene) -> Result<()> {
        if self.stage.scene().is_like(scene) {
            self.stage = self.stage.moved(scene)?;
            return Ok(());
        }
        self.stage = stage_of(scene)?;
        self.march.change();
        self.shades.iter_mut().for_each(Work::change);
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
        let scale = self.draw(options, true)?;
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
            made = frame::colored(&self.gpu, options.size, &pixels)?;
            scale = None;
            Some(&made)
        } else {
            scale = self.draw(options, false)?;
            self.frame.as_ref().map(FrameTextures::done)
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
        let shot = self.stage.shot(&options, options.time_in(self.stage.scene()))?;
        self.ready(None, true)?;
        self.march(&shot, options.size, 1)?;
        let numbers = match &self.frame {
            Some(frame) => frame::read(&self.gpu, &frame.depths)?,
            None => Vec::new(),
        };
        Ok(numbers.chunks_exact(2).map(|two| if two[0] < 0.0 { NOTHING } else { two[0] }).collect())
    }

    /// Finds what rays meet.
    fn march(&mut self, shot: &Shot, size: Size, side: usize) -> Result<wgpu::Buffer> {
        if !self.frame.as_ref().is_some_and(|frame| frame.size == size && frame.side == side) {
            self.frame = None; // its memory first
            self.frame = Some(FrameTextures::new(&self.gpu, size, side)?);
        }
        let Some(frame) = &self.frame else { unreachable!("it was made just now") };
        let target = view(&frame.depths);
        self.rays(&shot.lens, shot.fine, shot.time, TILE * side, &target)
    }

    /// Sends rays through a lens, and gives the numbers of the view.
    fn rays(
        &mut self,
        lens: &Lens,
        size: Size,
        time: f64,
        small: usize,
        target: &wgpu::TextureView,
    ) -> Result<wgpu::Buffer> {
        let (tiles, tolerance) =
            cells(&self.stage.shape()?, lens, size, time, small, !self.march.is_compiled())?;
        let tapes = tiles.iter().flat_map(|tile| &tile.stretches).map(|stretch| &stretch.tape);
        let handed = self.march.handed(&self.gpu, &self.stage, &mut self.workshop, time, tapes)?;
        let gpu = &self.gpu;
        let about = program::buffer(gpu, &shot::of_view(lens, size, tolerance), wgpu::BufferUsages::UNIFORM);
        let stretches = view(&shot::stretches(gpu, &tiles, &handed)?);
        let others = vec![wgpu::BindingResource::TextureView(&stretches)];
        let (mut told, mut first) = (Vec::new(), 0);
        for Patch { from, to, side, stretches } in &tiles {
            let count = stretches.len() as u32;
            told.extend(program::tile([from[0], from[1], to[0], to[1]], [first, count, 0, 0], *side));
            first += count;
        }
        self.run(&self.march, (&about, &handed, others), &told, target)?;
        Ok(about)
    }

    /// Runs what does a pass, on tiles.
    fn run(
        &self,
        work: &Work,
        (about, handed, others): (&wgpu::Buffer, &Handed, Vec<wgpu::BindingResource<'_>>),
        tiles: &[u8],
        target: &wgpu::TextureView,
    ) -> Result<()> {
        let Some(program) = work.program() else { return Ok(()) };
        let bound = [about.as_entire_binding(), handed.binding()].into_iter().chain(others).collect();
        let group = program.bind(&self.gpu, bound);
        let instances = self.gpu.buffer(tiles, wgpu::BufferUsages::VERTEX);
        self.pass(target, program.pipeline()?, &group, |pass| {
            if !tiles.is_empty() {
                pass.set_vertex_buffer(0, instances.slice(..));
                pass.draw(0..4, 0..(tiles.len() / program::TILE_BYTES) as u32);
            }
        });
        Ok(())
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
    fn draw(&mut self, options: &Options, patient: bool) -> Result<Option<Scale>> {
        options.check()?;
        self.gpu.check()?;
        task::does("compiling shaders");
        self.ready(Some(options.shade), patient)?;
        task::does("drawing");
        let time = options.time_in(self.stage.scene());
        let (shot, side) = (self.stage.shot(options, time)?, options.side());
        let about = self.march(&shot, options.size, side)?;
        let is_compiled = self.shades[options.shade as usize].is_compiled();
        // What the places seen decide: which tapes are enough there, and how far shadows reach.
        let seen = match &self.frame {
            Some(frame) if !is_compiled || options.shade == Shade::Lit => {
                frame::read(&self.gpu, &frame.depths)?
            }
            _ => Vec::new(),
        };
        let lamps = self.lamps(&shot, options, &seen)?;
        let tiles = if is_compiled { Vec::new() } else { shot.tiles(&self.stage, options, &seen)? };
        let (gpu, tiled) = (self.gpu.clone(), (options.shade, tiles));
        let mut scale = options.range.map(|[from, to]| Scale { from, to, signed: from == -to });
        let colors = |scale: Option<Scale>| -> Result<wgpu::Texture> {
            let Some(scale) = scale else { return frame::colored(&gpu, ONE, &[0.0; 4]) };
            let size = Size { width: SCALE_COLORS, height: 1 };
            let at = |i: usize| scale.from + (scale.to - scale.from) * i as f64 / (SCALE_COLORS - 1) as f64;
            let colors = (0..SCALE_COLORS).map(|i| scale.color(at(i)));
            let pixels: Vec<f32> = colors.flat_map(|[r, g, b]| [r, g, b, 1.0]).collect();
            frame::colored(&gpu, size, &pixels)
        };
        let [horizon, zenith] = self.stage.scene().background().at(shot.time)?.map(vec);
        let places = self.stage.scene().light_count().max(1);
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
            all.resize(32 + places * 24, 0.0);
            all
        };
        if options.shade.is_scale() && scale.is_none() {
            self.shade((&shot, &tiled), &about, &shot_of(0.0, None), &colors(None)?, false)?;
            let Some(frame) = &self.frame else { return Ok(None) };
            let found = frame::read(&self.gpu, &frame.pictures[0])?;
            let mut values: Vec<f32> =
                found.chunks_exact(4).filter(|four| four[3] > 0.0).map(|four| four[0]).collect();
            scale = Some(Scale::holding(options.shade, &mut values));
        }
        let colors = colors(scale)?;
        self.shade((&shot, &tiled), &about, &shot_of(0.0, scale), &colors, false)?;
        if side > 1 {
            self.shade((&shot, &tiled), &about, &shot_of(1.0, scale), &colors, true)?;
        }
        self.gpu.check()?;
        Ok(scale.filter(|_| options.shade.is_scale()))
    }

    /// Decides what marches, and what colours a view if one is asked for. If `patient`, waits for what is compiled.
    fn ready(&mut self, shade: Option<Shade>, patient: bool) -> Result<()> {
        let (compiling, patient) = (self.compiling, patient || self.compiling == Compiling::First);
        self.march.begin(&self.gpu, &self.stage, compiling, &mut self.workshop)?;
        if let Some(shade) = shade {
            self.shades[shade as usize].begin(&self.gpu, &self.stage, compiling, &mut self.workshop)?;
            self.shades[shade as usize].decide(patient && compiling != Compiling::Never);
        }
        self.march.decide(patient && compiling != Compiling::Never);
        task::check()
    }

    /// Colours one ray of each pixel, or all of those at edges. Where the view is interpreted, tile by tile.
    fn shade(
        &mut self,
        (shot, (shade, tiles)): (&Shot, &(Shade, Vec<ShotTile>)),
        about: &wgpu::Buffer,
        numbers: &[f32],
        colors: &wgpu::Texture,
        edges: bool,
    ) -> Result<()> {
        let (gpu, work) = (&self.gpu, &mut self.shades[*shade as usize]);
        let tapes = tiles.iter().flat_map(|tile| &tile.tapes).flatten();
        let handed = work.handed(gpu, &self.stage, &mut self.workshop, shot.time, tapes)?;
        let told = match tiles.is_empty() {
            true => program::tile([0, 0, shot.fine.width, shot.fine.height], [0; 4], 0.0),
            false => tiles.iter().flat_map(|tile| tile.told(&handed)).collect(),
        };
        let Some(frame) = &self.frame else { return Ok(()) };
        let empty = frame::texture(gpu, ONE, 1, PICTURE)?;
        let shadows = match &self.shadows {
            Some(shadows) if *shade == Shade::Lit => shadows.clone(),
            _ => frame::texture(gpu, ONE, 1, DEPTHS)?,
        };
        let layers = shadows.create_view(&wgpu::TextureViewDescriptor {
            dimension: Some(wgpu::TextureViewDimension::D2Array),
            ..Default::default()
        });
        let numbers = program::buffer(gpu, numbers, wgpu::BufferUsages::UNIFORM);
        let (before, target) = match edges {
            true => (&frame.pictures[0], &frame.pictures[1]),
            false => (&empty, &frame.pictures[0]),
        };
        let views = [&frame.depths, before, colors].map(view);
        let others = vec![
            numbers.as_entire_binding(),
            wgpu::BindingResource::TextureView(&views[0]),
            wgpu::BindingResource::TextureView(&views[1]),
            wgpu::BindingResource::TextureView(&layers),
            wgpu::BindingResource::TextureView(&views[2]),
        ];
        self.run(&self.shades[*shade as usize], (about, &handed, others), &told, &view(target))
    }

    /// The lamps that give light, each with its shadows in a layer, as the shader takes them.
    fn lamps(&mut self, shot: &Shot, options: &Options, seen: &[f32]) -> Result<Vec<[f32; 24]>> {
        let mut lit = Vec::new();
        if options.shade == Shade::Lit {
            let shining = self.stage.lights(shot.time)?.into_iter();
            lit.extend(shining.map(|(toward, light)| (toward, light, shared::LampBasis::of(toward))));
        }
        if lit.is_empty() {
            return Ok(Vec::new());
        }
        let spans = shot.spans(options, seen, &lit.iter().map(|(.., frame)| frame).collect::<Vec<_>>());
        let side = shadow_side(options.size);
        let size = Size { width: side, height: side };
        let fits = |own: &wgpu::Texture| {
            own.width() as usize == side && own.depth_or_array_layers() as usize == lit.len()
        };
        if !self.shadows.as_ref().is_some_and(fits) {
            self.shadows = None;
            self.shadows = Some(frame::texture(&self.gpu, size, lit.len(), DEPTHS)?);
        }
        let Some(shadows) = self.shadows.clone() else { unreachable!("it was made just now") };
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

/// A scene made ready, if shaders can compute it.
fn stage_of(scene: &Scene) -> Result<Stage> {
    let material = scene.graph().material().into_iter().flat_map(|material| material.channels());
    let fields: Vec<Field> = material.chain([scene.graph()]).cloned().collect();
    check(scene, &fields)?;
    Stage::new(scene)
}
