//! What the GPU's passes run: shader text around a scene's tapes, compiled, and what it is handed at each time.

use super::device::{Gpu, bytes};
use super::language::{Body, Functions, Language};
use super::shader::check;
use crate::error::Result;
use crate::field::Field;
use crate::render::Shade;
use crate::render::shared::{
    EDGE, EDGE_DEPTH, FADING, GROUND, LOOKS, SEARCH, START, TAPS, WIDEST, WIDTH, asked, spread,
};
use crate::scene::Scene;
use crate::tape::Tape;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What all passes draw into, but for the last: four numbers a pixel, or a depth and a count.
pub(super) const PICTURE: wgpu::TextureFormat = wgpu::TextureFormat::Rgba32Float;
pub(super) const DEPTHS: wgpu::TextureFormat = wgpu::TextureFormat::Rg32Float;

/// A shader of a scene, and the tapes whose steady values it is handed.
pub(super) struct Program {
    text: String,
    tapes: Vec<(Tape, Vec<u32>)>,
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
}

/// A shader's text, and the tapes it was written from.
struct Draft {
    text: String,
    tapes: Vec<(Tape, Vec<u32>)>,
    /// Whether its steady values are more than a uniform holds.
    large: bool,
}

impl Program {
    /// What marches rays; `known`, if it is the same but for steady values.
    pub fn march(gpu: &Gpu, scene: &Scene, known: Option<&Program>) -> Result<Program> {
        let field = std::slice::from_ref(scene.field());
        let draft = Draft::new(gpu, scene, &[("field_value", field)], |functions| {
            let view = include_str!("../../shaders/view.wgsl");
            format!("{view}\n{functions}{}", include_str!("../../shaders/march.wgsl"))
        })?;
        if let Some(program) = known.filter(|known| known.text == draft.text) {
            return Ok(program.with(draft.tapes));
        }
        let layout = draft.layout(gpu, &[texture(2, wgpu::TextureViewDimension::D2)]);
        let pipeline = draft.pipeline(gpu, &layout, ["tile", "march"], DEPTHS, &[tile_layout()])?;
        Ok(Program { text: draft.text, tapes: draft.tapes, layout, pipeline })
    }

    /// What colours a view; `known`, if it is the same but for steady values.
    pub fn shade(gpu: &Gpu, scene: &Scene, shade: Shade, known: Option<&Program>) -> Result<Program> {
        let shown = asked(scene.field(), shade);
        let mut parts: Vec<(&str, &[Field])> = Vec::new();
        if !shown.is_empty() {
            parts.push(("field_shown", &shown));
        }
        if shade == Shade::Lit {
            parts.push(("field_value", std::slice::from_ref(scene.field())));
        }
        let draft = Draft::new(gpu, scene, &parts, |functions| shade_text(scene, shade, functions))?;
        if let Some(program) = known.filter(|known| known.text == draft.text) {
            return Ok(program.with(draft.tapes));
        }
        let flat = wgpu::TextureViewDimension::D2;
        let shadows = texture(5, wgpu::TextureViewDimension::D2Array);
        let others = [uniform(2), texture(3, flat), texture(4, flat), shadows, texture(6, flat)];
        let layout = draft.layout(gpu, &others);
        let pipeline = draft.pipeline(gpu, &layout, ["whole", "shade"], PICTURE, &[])?;
        Ok(Program { text: draft.text, tapes: draft.tapes, layout, pipeline })
    }

    /// The same, handed the values of other tapes.
    fn with(&self, tapes: Vec<(Tape, Vec<u32>)>) -> Program {
        let Program { text, layout, pipeline, .. } = self;
        Program { text: text.clone(), tapes, layout: layout.clone(), pipeline: pipeline.clone() }
    }

    /// What its functions are handed at a time.
    pub fn steady(&self, gpu: &Gpu, t: f64) -> wgpu::Buffer {
        let values = self.tapes.iter().flat_map(|(tape, steady)| tape.steady_values(steady, t));
        let mut values: Vec<f32> = values.map(|v| (v as f32).clamp(f32::MIN, f32::MAX)).collect();
        values.resize(values.len().next_multiple_of(4).max(4), 0.0);
        buffer(gpu, &values, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::STORAGE)
    }

    /// Its bindings, in their order.
    pub fn bind(&self, gpu: &Gpu, resources: Vec<wgpu::BindingResource<'_>>) -> wgpu::BindGroup {
        let entries: Vec<_> = { resources.into_iter().enumerate() }
            .map(|(n, resource)| wgpu::BindGroupEntry { binding: n as u32, resource })
            .collect();
        let layout = &self.layout;
        gpu.device().create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
    }

    pub fn pipeline(&self) -> &wgpu::RenderPipeline {
        &self.pipeline
    }
}

impl Draft {
    /// The text around functions that compute fields of a point, in the order given.
    fn new(
        gpu: &Gpu,
        scene: &Scene,
        parts: &[(&str, &[Field])],
        around: impl FnOnce(&str) -> String,
    ) -> Result<Draft> {
        let (mut tapes, mut used, mut written) = (Vec::new(), Functions::default(), String::new());
        let mut count = 0;
        for &(name, fields) in parts {
            check(scene, fields)?;
            let tape = Tape::new(fields)?;
            let steady = tape.steady();
            written += &function(name, &tape, &steady, count, &mut used)?;
            count += steady.len();
            tapes.push((tape, steady));
        }
        let vectors = count.div_ceil(4).max(1);
        let large = vectors as u64 * 16 > gpu.device().limits().max_uniform_buffer_binding_size;
        let space = if large { "storage, read" } else { "uniform" };
        let functions = format!(
            "// The time, the parameters, and what depends on those alone.\n\
             struct FieldSteady {{\n    values: array<vec4<f32>, {vectors}>,\n}}\n\
             @group(0) @binding(1) var<{space}> field_steady: FieldSteady;\n\n{}{written}",
            used.text(Language::Wgsl)?
        );
        Ok(Draft { text: around(&functions), tapes, large })
    }

    /// The view, the steady values, and what else there is.
    fn layout(&self, gpu: &Gpu, others: &[wgpu::BindGroupLayoutEntry]) -> wgpu::BindGroupLayout {
        let mut steady = uniform(1);
        if self.large {
            steady.ty = buffer_type(wgpu::BufferBindingType::Storage { read_only: true });
        }
        let entries: Vec<_> = [uniform(0), steady].into_iter().chain(others.iter().copied()).collect();
        let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
        gpu.device().create_bind_group_layout(&descriptor)
    }

    fn pipeline(
        &self,
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        entries: [&str; 2],
        format: wgpu::TextureFormat,
        buffers: &[Option<wgpu::VertexBufferLayout<'_>>],
    ) -> Result<wgpu::RenderPipeline> {
        pipeline(gpu, &self.text, layout, entries, format, buffers)
    }
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
    let module = &gpu.shader(text)?;
    let device = gpu.device();
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    let target = wgpu::ColorTargetState { format, blend: None, write_mask: wgpu::ColorWrites::ALL };
    let made = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
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
    });
    gpu.check()?;
    Ok(made)
}

/// A function of a point that computes a tape's outputs; the steady values begin at `first`.
fn function(name: &str, tape: &Tape, steady: &[u32], first: usize, used: &mut Functions) -> Result<String> {
    let place = |n: usize| format!("field_steady.values[{}].{}", n / 4, ["x", "y", "z", "w"][n % 4]);
    let known: BTreeMap<u32, String> =
        steady.iter().enumerate().map(|(n, &value)| (value, place(first + n))).collect();
    let coordinates = ["p.x", "p.y", "p.z", "0.0"].map(String::from);
    let body = Body { language: Language::Wgsl, coordinates, parameter: &|_| "0.0".into() };
    let (lines, outputs) = body.lines_from(tape, tape.steady_len(), &known, used)?;
    let (kind, given) = match outputs.as_slice() {
        [one] => ("f32".into(), one.clone()),
        several => {
            let kind = format!("array<f32, {}>", several.len());
            (kind.clone(), format!("{kind}({})", several.join(", ")))
        }
    };
    Ok(format!("fn {name}(p: vec3<f32>) -> {kind} {{\n{lines}    return {given};\n}}\n\n"))
}

/// The text that colours a view.
fn shade_text(scene: &Scene, shade: Shade, functions: &str) -> String {
    let mut text = format!("{}\n{functions}", include_str!("../../shaders/view.wgsl"));
    let lamps = scene.lights().len().max(1);
    let _ = write!(
        text,
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

/// A tile of the march, as its vertices are told: the rectangle, its stretches, its side.
fn tile_layout() -> Option<wgpu::VertexBufferLayout<'static>> {
    const PARTS: [wgpu::VertexAttribute; 3] =
        wgpu::vertex_attr_array![0 => Float32x4, 1 => Uint32x2, 2 => Float32];
    Some(wgpu::VertexBufferLayout {
        array_stride: 28,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &PARTS,
    })
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

/// A buffer of numbers.
pub(super) fn buffer(gpu: &Gpu, numbers: &[f32], usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.buffer(&bytes(numbers), usage)
}
