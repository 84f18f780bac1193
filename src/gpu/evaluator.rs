//! Fields at many points at once, by a compute shader.

use super::device::{Gpu, bytes, numbers as read_numbers};
use super::numbers;
use crate::error::{Error, Result};
use crate::field::Field;
use crate::tape::Tape;
use crate::tape::text::{Body, CalledFunctions, Language};

/// Fields made ready to be evaluated on a GPU, in `f32`, at many points at once.
///
/// ```no_run
/// use fieldgrad::gpu::{Evaluator, Gpu};
/// use fieldgrad::prelude::*;
///
/// let ball = sphere(1);
/// let points = Evaluator::new(&Gpu::headless()?, &[ball])?;
/// assert_eq!(points.eval(&[[2.0, 0.0, 0.0, 0.0]])?, [[1.0]]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Debug)]
pub struct Evaluator {
    gpu: Gpu,
    pipeline: wgpu::ComputePipeline,
    outputs: usize,
    parameters: Vec<f32>,
    /// The numbers that kernels read.
    numbers: Option<wgpu::TextureView>,
}

/// How many points are one workgroup's.
const GROUP: usize = 64;

/// The most groups of one dispatch: what every device can do.
const MAX_GROUPS: usize = 65_535;

impl Evaluator {
    /// Compiles fields, their parameters at the values they are declared with.
    ///
    /// An error names a kernel that no shader can compute.
    pub fn new(gpu: &Gpu, fields: &[Field]) -> Result<Evaluator> {
        let tape = Tape::new(fields)?;
        let (text, numbers) = text(&tape)?;
        let numbers = numbers::texture(gpu, &numbers)?;
        let pipeline = gpu.watched(|| {
            gpu.device().create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: None,
                layout: None,
                module: &gpu.shader(&text),
                entry_point: Some("points"),
                compilation_options: Default::default(),
                cache: None,
            })
        })?;
        let parameters = held(tape.values());
        Ok(Evaluator { gpu: gpu.clone(), pipeline, outputs: fields.len(), parameters, numbers })
    }

    /// Sets the parameters, in the order of a [`Tape`] of the same fields. Nothing is compiled again.
    ///
    /// Panics if their number is not that of the parameters.
    pub fn set_parameters(&mut self, values: &[f64]) {
        assert_eq!(values.len() + 1, self.parameters.len(), "as many values as there are parameters");
        self.parameters = held(values);
    }

    /// What the fields are at points (x, y, z, t): for each point a value a field.
    pub fn eval(&self, points: &[[f32; 4]]) -> Result<Vec<Vec<f32>>> {
        let chunks = points.chunks(GROUP * MAX_GROUPS);
        let found = chunks.map(|chunk| self.some(chunk)).collect::<Result<Vec<_>>>()?;
        Ok(found.concat().chunks(self.outputs).map(<[f32]>::to_vec).collect())
    }

    fn some(&self, points: &[[f32; 4]]) -> Result<Vec<f32>> {
        let device = self.gpu.device();
        let size = (points.len() * self.outputs * 4) as u64;
        let limit = device.limits().max_storage_buffer_binding_size.min(device.limits().max_buffer_size);
        if size.max(points.len() as u64 * 16) > limit {
            return Err(Error::Unsupported(format!("{} points are too many for the GPU", points.len())));
        }
        let storage = |numbers: &[f32]| self.gpu.buffer(&bytes(numbers), wgpu::BufferUsages::STORAGE);
        let own = |usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let given = [storage(&self.parameters), storage(points.as_flattened())];
        let made = own(wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
        let copy = own(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
        let entries: Vec<_> = { given.iter().chain([&made]).enumerate() }
            .map(|(n, buffer)| wgpu::BindGroupEntry {
                binding: n as u32,
                resource: buffer.as_entire_binding(),
            })
            .chain(self.numbers.as_ref().map(|numbers| wgpu::BindGroupEntry {
                binding: NUMBERS,
                resource: wgpu::BindingResource::TextureView(numbers),
            }))
            .collect();
        let layout = &self.pipeline.get_bind_group_layout(0);
        let group =
            device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries });
        let mut encoder = device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(points.len().div_ceil(GROUP) as u32, 1, 1);
        drop(pass);
        encoder.copy_buffer_to_buffer(&made, 0, &copy, 0, size);
        self.gpu.queue().submit([encoder.finish()]);
        Ok(read_numbers(&self.gpu.read(&copy)?))
    }
}

/// Values of parameters as a buffer holds them, which is never empty.
fn held(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).chain([0.0]).collect()
}

/// Where the numbers are bound that kernels read.
const NUMBERS: u32 = 3;

/// The compute shader: a function of a point, and what calls it; and the numbers that kernels read.
fn text(tape: &Tape) -> Result<(String, Vec<f32>)> {
    let names: Vec<&str> = tape.parameters().map(|parameter| parameter.name()).collect();
    let parameter = |name: &str| {
        let index = names.iter().position(|own| *own == name).unwrap_or(0);
        format!("parameters[{index}]")
    };
    let coordinates = ["x", "y", "z", "w"].map(|axis| format!("at.{axis}"));
    let body = Body { language: Language::Wgsl, coordinates, parameter: &parameter };
    let mut used = CalledFunctions::default();
    let (lines, outputs) = body.lines_of(tape, &mut used)?;
    let count = outputs.len();
    let stores = outputs.iter().enumerate();
    let stores: String =
        stores.map(|(n, output)| format!("    values[{count}u * i + {n}u] = {output};\n")).collect();
    let (kernels, numbers) = used.text_and_numbers()?;
    let kernels = if numbers.is_empty() { kernels } else { format!("{}{kernels}", numbers::reads(NUMBERS)) };
    let text = format!(
        "@group(0) @binding(0) var<storage, read> parameters: array<f32>;\n\
         @group(0) @binding(1) var<storage, read> places: array<vec4<f32>>;\n\
         @group(0) @binding(2) var<storage, read_write> values: array<f32>;\n\n{}\
         @compute @workgroup_size({GROUP})\n\
         fn points(@builtin(global_invocation_id) id: vec3<u32>) {{\n    let i = id.x;\n    \
         if (i >= arrayLength(&places)) {{\n        return;\n    }}\n    // Without parameters nothing reads them.\n    \
         _ = &parameters;\n    let at = places[i];\n{lines}{stores}}}\n",
        kernels
    );
    Ok((text, numbers))
}
