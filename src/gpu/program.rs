//! What the GPU's passes run: shader text around a scene's tapes, compiled, and what it is handed at each time.

use super::device::{Gpu, bytes};
use super::interpreter::{self, Codes};
use super::making::{Making, Workshop};
use super::numbers;
use crate::error::{Error, Result};
use crate::render::shared::{
    EDGE, EDGE_DEPTH, FADING, GROUND, LOOKS, SEARCH, START, TAPS, WIDEST, WIDTH, spread,
};
use crate::render::{Shade, Stage};
use crate::scene::Scene;
use crate::tape::Tape;
use crate::tape::text::{Body, CalledFunctions, Language};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What all passes draw into, but for the last: four numbers a pixel, or a depth and a count.
pub(super) const PICTURE: wgpu::TextureFormat = wgpu::TextureFormat::Rgba32Float;
pub(super) const DEPTHS: wgpu::TextureFormat = wgpu::TextureFormat::Rg32Float;

/// What a pass over a picture does: finds what rays meet, or colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    March,
    Shade(Shade),
}

impl Pass {
    /// What it asks for, by the names of the functions that compute it.
    fn parts(self, stage: &Stage) -> Result<Vec<(&'static str, Tape)>> {
        let value = || stage.shape().map(|tape| ("field_value", tape));
        let shown = |shade| stage.asked(shade).map(|tape| ("field_shown", tape));
        let parts = match self {
            Pass::March => vec![value()?],
            Pass::Shade(Shade::Lit) => vec![shown(Shade::Lit)?, value()?],
            Pass::Shade(shade) => vec![shown(shade)?],
        };
        Ok(parts.into_iter().filter(|(_, tape)| tape.output_count() > 0).collect())
    }

    /// How many lines are run for a point of it.
    pub fn length(self, stage: &Stage) -> Result<usize> {
        Ok(self.parts(stage)?.iter().map(|(_, tape)| tape.len_per_point()).sum())
    }

    /// The text around what computes fields.
    fn text(self, scene: &Scene, functions: &str) -> String {
        let view = include_str!("../../shaders/view.wgsl");
        match self {
            Pass::March => format!("{view}\n{functions}{}", include_str!("../../shaders/march.wgsl")),
            Pass::Shade(shade) => format!("{view}\n{functions}{}", shade_text(scene, shade)),
        }
    }

    /// The places it binds behind those of the view and of what fields are computed from.
    fn others(self) -> Vec<wgpu::BindGroupLayoutEntry> {
        let flat = wgpu::TextureViewDimension::D2;
        let shadows = texture(5, wgpu::TextureViewDimension::D2Array);
        match self {
            Pass::March => vec![texture(2, flat)],
            Pass::Shade(_) => vec![uniform(2), texture(3, flat), texture(4, flat), shadows, texture(6, flat)],
        }
    }

    /// The place of the numbers that kernels read, behind all others.
    fn place_of_numbers(self) -> u32 {
        2 + self.others().len() as u32
    }

    /// The places it binds: of the view, of what fields are computed from, the others, and of the numbers.
    fn layout(
        self,
        gpu: &Gpu,
        source: wgpu::BindGroupLayoutEntry,
        has_numbers: bool,
    ) -> wgpu::BindGroupLayout {
        let flat = wgpu::TextureViewDimension::D2;
        let numbers = has_numbers.then(|| texture(self.place_of_numbers(), flat));
        let entries: Vec<_> = [uniform(0), source].into_iter().chain(self.others()).chain(numbers).collect();
        let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
        gpu.device().create_bind_group_layout(&descriptor)
    }

    fn pipeline(self, gpu: &Gpu, text: &str, layout: &wgpu::BindGroupLayout) -> Result<wgpu::RenderPipeline> {
        let (fragment, format) = match self {
            Pass::March => ("march", DEPTHS),
            Pass::Shade(_) => ("shade", PICTURE),
        };
        let attributes = &wgpu::vertex_attr_array![0 => Float32x4, 1 => Uint32x4, 2 => Float32];
        let (array_stride, step_mode) = (TILE_BYTES as u64, wgpu::VertexStepMode::Instance);
        let tile = wgpu::VertexBufferLayout { array_stride, step_mode, attributes };
        pipeline(gpu, text, layout, ["tile", fragment], format, &[Some(tile)])
    }
}

/// How many bytes a tile of a pass is told in.
pub(super) const TILE_BYTES: usize = 36;

/// A tile of a pass, as its vertices are told of it: the rectangle in rays, four whole numbers and one other.
pub(super) fn tile(rect: [usize; 4], which: [u32; 4], side: f32) -> Vec<u8> {
    let words = which.iter().flat_map(|word| word.to_le_bytes());
    bytes(&rect.map(|v| v as f32)).into_iter().chain(words).chain(side.to_le_bytes()).collect()
}

/// A shader of a pass.
pub(super) struct ShaderProgram {
    text: String,
    source: FieldSource,
    /// The numbers that kernels read.
    numbers: Option<wgpu::TextureView>,
    layout: wgpu::BindGroupLayout,
    pipeline: Making<Result<wgpu::RenderPipeline>>,
}

/// Where a shader has its fields from.
enum FieldSource {
    /// They are compiled into it, and it is handed the steady values of their tapes.
    Text(Vec<(Tape, Vec<u32>)>),
    /// It is handed their lines, and has cases for what those do.
    Lines(Codes),
}

impl ShaderProgram {
    /// A pass with a scene's fields in its text. It is begun on another thread; `known` goes on if it is the same but for
    /// steady values.
    pub fn compiled(
        gpu: &Gpu,
        stage: &Stage,
        pass: Pass,
        known: Option<ShaderProgram>,
        workshop: &mut Workshop,
    ) -> Result<ShaderProgram> {
        let Written { text, numbers, tapes, is_large } = functions(gpu, &pass.parts(stage)?)?;
        let seen = if pass == Pass::March { SEEN } else { "" };
        let reads = if numbers.is_empty() { String::new() } else { numbers::reads(pass.place_of_numbers()) };
        let text = pass.text(stage.scene(), &format!("{reads}{text}{seen}"));
        let source = FieldSource::Text(tapes);
        if let Some(known) = known.filter(|known| known.text == text) {
            return Ok(ShaderProgram { source, ..known });
        }
        let mut steady = uniform(1);
        if is_large {
            steady.ty = buffer_type(wgpu::BufferBindingType::Storage { read_only: true });
        }
        let numbers = numbers::texture(gpu, &numbers)?;
        let layout = pass.layout(gpu, steady, numbers.is_some());
        let (own_gpu, own_text, own_layout) = (gpu.clone(), text.clone(), layout.clone());
        let pipeline = workshop.begin(move || pass.pipeline(&own_gpu, &own_text, &own_layout));
        Ok(ShaderProgram { text, source, numbers, layout, pipeline })
    }

    /// A pass that interprets a scene's fields, with cases for some codes at least, made at once; `known` goes on if it
    /// can.
    pub fn interpreter(
        gpu: &Gpu,
        stage: &Stage,
        pass: Pass,
        codes: &Codes,
        known: Option<ShaderProgram>,
    ) -> Result<ShaderProgram> {
        let mut codes: Codes = codes.union(&interpreter::usual(gpu)).copied().collect();
        if let Some(ShaderProgram { source: FieldSource::Lines(own), .. }) = &known {
            codes.extend(own);
        }
        let mut functions = String::new();
        for ((name, tape), lines) in pass.parts(stage)?.into_iter().zip(["xy", "zw"]) {
            codes.extend(interpreter::codes(&tape));
            let (kind, given) = (kind_of(tape.output_count()), interpreter::outputs(tape.output_count()));
            let _ = write!(
                functions,
                "fn {name}(p: vec3<f32>) -> {kind} {{\n    field_run(field_lines.{lines}, p);\n    return {given};\n}}\n\n"
            );
        }
        let seen = if pass == Pass::March { SEEN_BY_LINES } else { "" };
        let text = pass.text(stage.scene(), &format!("{}\n{functions}{seen}", interpreter::text(&codes)?));
        let source = FieldSource::Lines(codes);
        if let Some(known) = known.filter(|known| known.text == text) {
            return Ok(ShaderProgram { source, ..known });
        }
        let layout = pass.layout(gpu, words(1), false);
        let pipeline = Making::Done(Some(pass.pipeline(gpu, &text, &layout)));
        pipeline_of(&pipeline)?;
        Ok(ShaderProgram { text, source, numbers: None, layout, pipeline })
    }

    /// Whether it can interpret lines that do this.
    pub fn interprets(&self, codes: &Codes) -> bool {
        matches!(&self.source, FieldSource::Lines(own) if own.is_superset(codes))
    }

    /// Whether it can be drawn with, or never will be. `patient` waits for it.
    pub fn is_made(&mut self, patient: bool) -> bool {
        self.pipeline.is_done(patient)
    }

    /// What draws, or why nothing does.
    pub fn pipeline(&self) -> Result<&wgpu::RenderPipeline> {
        pipeline_of(&self.pipeline)
    }

    /// The steady values at a time, with the scene's values of its parameters, that its functions are handed; none if they
    /// are handed lines.
    pub fn steady(&self, scene: &Scene, t: f64) -> Vec<f32> {
        let FieldSource::Text(tapes) = &self.source else { return Vec::new() };
        let at_values = |tape: &Tape| tape.at(scene.shared_values());
        let values = tapes.iter().flat_map(|(tape, steady)| at_values(tape).steady_values(steady, t));
        values.map(|v| (v as f32).clamp(f32::MIN, f32::MAX)).collect()
    }

    /// Its bindings, in their order.
    pub fn bind(&self, gpu: &Gpu, resources: Vec<wgpu::BindingResource<'_>>) -> wgpu::BindGroup {
        let numbers = self.numbers.as_ref().map(wgpu::BindingResource::TextureView);
        let entries: Vec<_> = { resources.into_iter().chain(numbers).enumerate() }
            .map(|(n, resource)| wgpu::BindGroupEntry { binding: n as u32, resource })
            .collect();
        let layout = &self.layout;
        gpu.device().create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
    }
}

fn pipeline_of(making: &Making<Result<wgpu::RenderPipeline>>) -> Result<&wgpu::RenderPipeline> {
    let nothing = || Error::Gpu("compiling a shader came to nothing".into());
    making.made().ok_or_else(nothing)?.as_ref().map_err(Error::clone)
}

/// The field along a ray, for the march: compiled, and from the lines that are enough in a stretch. Those of the next
/// may have another value at the same place.
const SEEN: &str = "const SEEN_ANEW: bool = false;

fn field_seen(uv: vec2<f32>, s: f32, which: u32) -> f32 {
    return field_value(view_at(uv, s));
}

";
const SEEN_BY_LINES: &str = "const SEEN_ANEW: bool = true;

fn field_seen(uv: vec2<f32>, s: f32, which: u32) -> f32 {
    field_lines = vec4<u32>(stretch(which, 1u));
    return field_value(vec3<f32>(uv, s));
}

";

/// Functions that compute tapes' outputs.
struct Written {
    text: String,
    /// The numbers that kernels read.
    numbers: Vec<f32>,
    tapes: Vec<(Tape, Vec<u32>)>,
    /// Whether the tapes' steady values are more than a uniform holds.
    is_large: bool,
}

fn functions(gpu: &Gpu, parts: &[(&str, Tape)]) -> Result<Written> {
    let (mut tapes, mut used, mut written) = (Vec::new(), CalledFunctions::default(), String::new());
    let mut count = 0;
    for (name, tape) in parts {
        let steady = tape.steady();
        written += &function(name, tape, &steady, count, &mut used)?;
        count += steady.len();
        tapes.push((tape.clone(), steady));
    }
    let vectors = count.div_ceil(4).max(1);
    let is_large = vectors as u64 * 16 > gpu.device().limits().max_uniform_buffer_binding_size;
    let space = if is_large { "storage, read" } else { "uniform" };
    let (kernels, numbers) = used.text_and_numbers()?;
    let text = format!(
        "// The time, the parameters, and what depends on those alone.\n\
         struct FieldSteady {{\n    values: array<vec4<f32>, {vectors}>,\n}}\n\
         @group(0) @binding(1) var<{space}> field_steady: FieldSteady;\n\n{}{written}",
        kernels
    );
    Ok(Written { text, numbers, tapes, is_large })
}

/// A pipeline that draws strips of triangles.
pub(super) fn pipeline(
    gpu: &Gpu,
    text: &str,
    layout: &wgpu::BindGroupLayout,
    [vertex, fragment]: [&str; 2],
    format: wgpu::TextureFormat,
    buffers: &[Option<wgpu::VertexBufferLayout<'_>>],
) -> Result<wgpu::RenderPipeline> {
    let device = gpu.device();
    gpu.watched(|| {
        let module = &gpu.shader(text);
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(layout)],
            immediate_size: 0,
        });
        let target = wgpu::ColorTargetState { format, blend: None, write_mask: wgpu::ColorWrites::ALL };
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: None,
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module,
                entry_point: Some(vertex),
                compilation_options: Default::default(),
                buffers,
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..Default::default()
            },
            depth_stencil: None,
            multisample: Default::default(),
            fragment: Some(wgpu::FragmentState {
                module,
                entry_point: Some(fragment),
                compilation_options: Default::default(),
                targets: &[Some(target)],
            }),
            multiview_mask: None,
            cache: None,
        })
    })
}

/// What a function gives that computes so many outputs.
fn kind_of(outputs: usize) -> String {
    if outputs == 1 { "f32".into() } else { format!("array<f32, {outputs}>") }
}

/// A function of a point that computes a tape's outputs; the steady values begin at `first`.
fn function(
    name: &str,
    tape: &Tape,
    steady: &[u32],
    first: usize,
    used: &mut CalledFunctions,
) -> Result<String> {
    let place = |n: usize| format!("field_steady.values[{}].{}", n / 4, ["x", "y", "z", "w"][n % 4]);
    let known: BTreeMap<u32, String> =
        steady.iter().enumerate().map(|(n, &value)| (value, place(first + n))).collect();
    let coordinates = ["p.x", "p.y", "p.z", "0.0"].map(String::from);
    let body = Body { language: Language::Wgsl, coordinates, parameter: &|_| "0.0".into() };
    let (lines, outputs) = body.lines_from(tape, tape.steady_len(), &known, used)?;
    let kind = kind_of(outputs.len());
    let given = format!("{kind}({})", outputs.join(", "));
    Ok(format!("fn {name}(p: vec3<f32>) -> {kind} {{\n{lines}    return {given};\n}}\n\n"))
}

/// The text that colours a view.
fn shade_text(scene: &Scene, shade: Shade) -> String {
    let lamps = scene.light_count().max(1);
    let mut text = format!(
        "const LAMPS: i32 = {lamps};\nconst GROUND: f32 = {GROUND:?};\nconst EDGE: f32 = {EDGE:?};\n\
         const EDGE_DEPTH: f32 = {EDGE_DEPTH:?};\n\n{}\n",
        include_str!("../../shaders/shade.wgsl")
    );
    text += &match shade {
        Shade::Lit => format!("{}\n{}", lit_numbers(), include_str!("../../shaders/lit.wgsl")),
        Shade::Normals => include_str!("../../shaders/normals.wgsl").into(),
        _ => {
            let value = match shade {
                Shade::Depth => "sight.depth",
                Shade::Steps => "sight.steps",
                _ => "field_shown(sight.place)",
            };
            let scale = include_str!("../../shaders/scale.wgsl");
            format!("fn value_of(sight: Sight) -> f32 {{\n    return {value};\n}}\n\n{scale}")
        }
    };
    text
}

/// The numbers of light, shadows and occlusion.
fn lit_numbers() -> String {
    let pairs = |name: &str, pairs: &mut dyn Iterator<Item = [f32; 2]>| {
        let pairs: Vec<String> = pairs.map(|[a, b]| format!("vec2<f32>({a:?}, {b:?})")).collect();
        let count = pairs.len();
        format!("const {name} = array<vec2<f32>, {count}>({});\n", pairs.join(", "))
    };
    let disc = |count: usize| (0..count).map(move |i| spread(i, count).to_array());
    format!(
        "const SHADOW_WIDTH: f32 = {WIDTH:?};\nconst SHADOW_WIDEST: f32 = {WIDEST:?};\n\
         const SHADOW_SEARCH: i32 = {SEARCH};\nconst SHADOW_TAPS: i32 = {TAPS};\n\
         const OCCLUSION_LOOKS: i32 = {};\nconst TONE_START: f32 = {START:?};\n\
         const TONE_FADING: f32 = {FADING:?};\n{}{}{}",
        LOOKS.len(),
        pairs("shadow_search", &mut disc(SEARCH)),
        pairs("shadow_taps", &mut disc(TAPS)),
        pairs("occlusion_looks", &mut LOOKS.iter().map(|&(far, weight)| [far, weight])),
    )
}

fn buffer_type(ty: wgpu::BufferBindingType) -> wgpu::BindingType {
    wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None }
}

/// A place for a uniform.
pub(super) fn uniform(binding: u32) -> wgpu::BindGroupLayoutEntry {
    let visibility = wgpu::ShaderStages::VERTEX_FRAGMENT;
    let ty = buffer_type(wgpu::BufferBindingType::Uniform);
    wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

/// A place for a texture that is read texel by texel.
pub(super) fn texture(
    binding: u32,
    view_dimension: wgpu::TextureViewDimension,
) -> wgpu::BindGroupLayoutEntry {
    let sample_type = wgpu::TextureSampleType::Float { filterable: false };
    let ty = wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false };
    wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::FRAGMENT, ty, count: None }
}

/// A place for a texture of words.
fn words(binding: u32) -> wgpu::BindGroupLayoutEntry {
    let mut place = texture(binding, wgpu::TextureViewDimension::D2);
    if let wgpu::BindingType::Texture { sample_type, .. } = &mut place.ty {
        *sample_type = wgpu::TextureSampleType::Uint;
    }
    place
}

/// A buffer of steady values, for a uniform or more.
pub(super) fn steady(gpu: &Gpu, values: impl Iterator<Item = f32>) -> wgpu::Buffer {
    let mut values: Vec<f32> = values.collect();
    values.resize(values.len().next_multiple_of(4).max(4), 0.0);
    buffer(gpu, &values, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::STORAGE)
}

/// A buffer of numbers.
pub(super) fn buffer(gpu: &Gpu, numbers: &[f32], usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.buffer(&bytes(numbers), usage)
}
