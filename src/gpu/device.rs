//! A device to draw and to compute with: found, watched, read from.

use crate::error::{Error, Result};
use std::sync::{Arc, Mutex, mpsc};

/// A GPU that is ready for work, or a driver that plays one on the CPU.
///
/// ```no_run
/// use fieldgrad::gpu::Gpu;
///
/// let gpu = Gpu::headless()?;
/// println!("{}", gpu.name());
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    info: wgpu::AdapterInfo,
    /// What went wrong last, until it is asked for.
    fault: Arc<Mutex<DeviceFault>>,
}

/// What a device said went wrong.
#[derive(Clone, Debug, Default)]
struct DeviceFault {
    /// Of the work under way.
    work: Option<String>,
    /// Of the device: nothing works on it any more.
    lost: Option<String>,
}

impl Gpu {
    /// The best there is, without a window: real hardware before software.
    ///
    /// An error where there is none.
    pub fn headless() -> Result<Gpu> {
        // The older interfaces are looked at only where there is none of the newer: some drivers complain of being asked.
        let of = |backends: wgpu::Backends| {
            let usual = wgpu::InstanceDescriptor::new_without_display_handle_from_env();
            let descriptor = wgpu::InstanceDescriptor { backends: usual.backends & backends, ..usual };
            Gpu::for_surface(&wgpu::Instance::new(descriptor), None).map(|(_, gpu)| gpu)
        };
        of(wgpu::Backends::PRIMARY).or_else(|_| of(wgpu::Backends::SECONDARY))
    }

    /// The best adapter that can draw on a surface, and its device.
    pub fn for_surface(
        instance: &wgpu::Instance,
        surface: Option<&wgpu::Surface<'_>>,
    ) -> Result<(wgpu::Adapter, Gpu)> {
        let mut adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
        adapters.retain(|adapter| surface.is_none_or(|surface| adapter.is_surface_supported(surface)));
        adapters.sort_by_key(|adapter| rank(&adapter.get_info()));
        let mut problem =
            String::from("there is no graphics adapter: no driver for Vulkan, Metal, DX12 or GL");
        for adapter in adapters {
            let wanted = wgpu::DeviceDescriptor {
                label: Some("fieldgrad"),
                required_limits: adapter.limits(),
                ..Default::default()
            };
            match pollster::block_on(adapter.request_device(&wanted)) {
                Ok((device, queue)) => {
                    let gpu = Gpu::of(adapter.get_info(), device, queue);
                    return Ok((adapter, gpu));
                }
                Err(error) => problem = format!("{} cannot be used: {error}", adapter.get_info().name),
            }
        }
        Err(Error::Gpu(problem))
    }

    /// A device that something else has made, a window for one. Its errors are from now on reported here.
    pub fn of(info: wgpu::AdapterInfo, device: wgpu::Device, queue: wgpu::Queue) -> Gpu {
        let fault = Arc::new(Mutex::new(DeviceFault::default()));
        let (of_work, of_device) = (fault.clone(), fault.clone());
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            // The first says most: what comes after follows from it.
            if let Ok(mut fault) = of_work.lock() {
                fault.work.get_or_insert(error.to_string());
            }
        }));
        device.set_device_lost_callback(move |_, message| {
            if let Ok(mut fault) = of_device.lock() {
                fault.lost.get_or_insert(message);
            }
        });
        Gpu { device, queue, info, fault }
    }

    /// What it is called, with its kind and the interface to it.
    pub fn name(&self) -> String {
        let kind = if self.is_software() { "software, " } else { "" };
        format!("{} ({kind}{})", self.info.name, self.info.backend)
    }

    /// Whether it is a driver that computes on the CPU.
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// The device itself.
    pub fn device(&self) -> &wgpu::Device {
        &self.device
    }

    /// Where its work goes.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// That nothing went wrong since this was last asked; a device that is lost stays so.
    pub fn check(&self) -> Result<()> {
        let Ok(mut fault) = self.fault.lock() else {
            return Err(Error::Gpu("the GPU's errors cannot be read".into()));
        };
        let work = fault.work.take();
        match (&fault.lost, work) {
            (Some(lost), _) => Err(Error::Gpu(format!("the GPU {} was lost: {lost}", self.info.name))),
            (None, Some(work)) => Err(Error::Gpu(format!("the GPU {} failed: {work}", self.info.name))),
            (None, None) => Ok(()),
        }
    }

    /// Whether nothing works on it any more.
    pub fn is_lost(&self) -> bool {
        let _ = self.device.poll(wgpu::PollType::Poll); // it tells of its loss when it is asked for anything
        self.fault.lock().is_ok_and(|fault| fault.lost.is_some())
    }

    /// Waits until all work is done.
    pub(super) fn wait(&self) -> Result<()> {
        let waited = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        let wrong = |error| Error::Gpu(format!("the GPU {} does not answer: {error}", self.info.name));
        waited.map(|_| ()).map_err(wrong)
    }

    /// Makes something, and says what was wrong with it: whatever goes wrong on other threads meanwhile.
    pub(super) fn watched<T>(&self, make: impl FnOnce() -> T) -> Result<T> {
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        let scopes = [OutOfMemory, Internal, Validation].map(|filter| self.device.push_error_scope(filter));
        let made = make();
        let errors = scopes.into_iter().rev().map(|scope| pollster::block_on(scope.pop()));
        match errors.fold(None, Option::or) {
            Some(error) => Err(Error::Gpu(format!("the GPU {} failed: {error}", self.info.name))),
            None => Ok(made),
        }
    }

    /// A shader of a text.
    pub(super) fn shader(&self, text: &str) -> wgpu::ShaderModule {
        let source = wgpu::ShaderSource::Wgsl(text.into());
        self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source })
    }

    /// A buffer that holds some bytes, of which there are a multiple of four; at least that.
    pub(super) fn buffer(&self, contents: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
        // Not one that is mapped at its creation: on a device that is lost that panics.
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: contents.len().max(4) as u64,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.queue.write_buffer(&buffer, 0, contents);
        buffer
    }

    /// Waits for what a buffer is to hold, and reads it.
    pub(super) fn read(&self, buffer: &wgpu::Buffer) -> Result<Vec<u8>> {
        let (done, told) = mpsc::channel();
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // Nobody listens any more only where waiting has failed.
            let _ = done.send(result);
        });
        let waited = self.device.poll(wgpu::PollType::wait_indefinitely());
        self.check()?;
        let wrong =
            |problem: String| Error::Gpu(format!("the GPU {} gave nothing back: {problem}", self.info.name));
        waited.map_err(|error| wrong(error.to_string()))?;
        told.recv().map_err(|error| wrong(error.to_string()))?.map_err(|error| wrong(error.to_string()))?;
        let bytes = buffer.slice(..).get_mapped_range().map_err(|error| wrong(error.to_string()))?.to_vec();
        buffer.unmap();
        Ok(bytes)
    }
}

/// What is tried first: real hardware, and the newer interfaces.
fn rank(info: &wgpu::AdapterInfo) -> (u8, bool) {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    (kind, info.backend == wgpu::Backend::Gl)
}

/// Numbers as the bytes a GPU takes.
pub(super) fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Bytes as numbers.
pub(super) fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}
