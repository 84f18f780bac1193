//! A window on a screen: its events go to egui, and what egui draws goes to the screen through wgpu.

use super::app::{self, App};
use super::commands::Command;
use super::document::{self, Source};
use super::memory::{self, Memory};
use super::{Closed, Start};
use crate::error::Result;
use crate::field::Field;
use crate::gpu::{Gpu, wgpu};
use crate::scene::Scene;
use egui_winit::accesskit_winit;
use std::sync::Arc;
use std::time::{Duration, Instant};
use winit::application::ApplicationHandler;
use winit::dpi::LogicalSize;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy};
use winit::window::{Window, WindowId};

/// What comes from elsewhere than the window's own events.
enum Happening {
    /// A frame is wanted, after a while.
    Frame(Duration),
    /// Somebody reads the window with another tool than eyes.
    Access(accesskit_winit::Event),
}

impl From<accesskit_winit::Event> for Happening {
    fn from(event: accesskit_winit::Event) -> Happening {
        Happening::Access(event)
    }
}

/// The smallest window, in points, that a hand can make.
const MIN_SIZE: [f64; 2] = [320.0, 240.0];
/// How long what is to be remembered may change before it is written down.
const REMEMBER: Duration = Duration::from_secs(2);

pub(super) fn open(start: Start) -> Result<Closed> {
    let events = match EventLoop::<Happening>::with_user_event().build() {
        Ok(events) => events,
        Err(error) => {
            // What stands before the last part is where in its source the error was made.
            let says = error.to_string();
            let says = says.rsplit(": ").next().unwrap_or_default().trim_end_matches('.');
            return Ok(Closed::NeverOpened(format!("there is no display ({says})")));
        }
    };
    let mut program = WindowProgram::new(start, events.create_proxy());
    if let Err(error) = events.run_app(&mut program) {
        program.problem.get_or_insert(format!("the display failed ({error})"));
    }
    program.remember();
    Ok(match (program.problem.take(), program.was_open) {
        (Some(problem), false) => Closed::NeverOpened(problem),
        _ => Closed::ByHand,
    })
}

/// The program of the event loop.
struct WindowProgram {
    app: App,
    egui: egui::Context,
    proxy: EventLoopProxy<Happening>,
    /// The window, once there is one.
    pane: Option<Pane>,
    /// Whether a GPU draws pictures, if that was said.
    on_gpu: Option<bool>,
    /// When the next frame is wanted.
    next: Option<Instant>,
    /// Why there is no window.
    problem: Option<String>,
    was_open: bool,
    /// What was written down for the next run, and since when that was all.
    remembered: Memory,
    since: Instant,
    /// Whether letters are drawn with the usual fonts, for a frame.
    are_fonts_usual: bool,
}

impl WindowProgram {
    fn new(start: Start, proxy: EventLoopProxy<Happening>) -> WindowProgram {
        let egui = egui::Context::default();
        app::prepare(&egui);
        let wakes = proxy.clone();
        egui.set_request_repaint_callback(move |info| {
            // When the loop is over, nobody wants a frame any more.
            let _ = wakes.send_event(Happening::Frame(info.delay));
        });
        let remembered = memory::path().map_or_else(Memory::default, |path| Memory::read(&path));
        let mut known = remembered.clone();
        let is_broken = start.scene.is_none();
        let scene = start.scene.unwrap_or_else(|| Scene::of_field(Field::constant(1.0), ""));
        let name = scene.file().trim_end_matches(".rhai").to_string();
        let source = match (start.file, document::exhibit(&name)) {
            (Some(path), _) => {
                known.used(&path);
                Source::File(path)
            }
            (None, Some(exhibit)) => Source::Exhibit(exhibit),
            (None, None) => Source::File(scene.file().into()),
        };
        let mut app = App::new(scene, source.clone(), known, app::wake_of(&egui));
        if is_broken {
            app.open(source); // which says what is wrong
        }
        if let Some(at) = start.osc
            && let Err(error) = app.listen(at)
        {
            app.say(error.to_string());
        }
        if start.midi
            && let Err(error) = app.listen_to_midi()
        {
            app.say(error.to_string());
        }
        if let Some(folder) = memory::folder() {
            app.keep_unsaved_in(folder.join("unsaved"));
        }
        WindowProgram {
            on_gpu: start.on_gpu,
            app,
            egui,
            proxy,
            pane: None,
            next: None,
            problem: None,
            was_open: false,
            remembered,
            since: Instant::now(),
            are_fonts_usual: false,
        }
    }

    /// Writes down what the next run is to know.
    fn remember(&mut self) {
        if let (Some(path), true) = (memory::path(), self.was_open && self.app.memory != self.remembered) {
            let _ = self.app.memory.write(&path); // without a place to keep it, it is forgotten
            self.remembered = self.app.memory.clone();
        }
    }

    /// Does so now and then, so that little is lost however the program ends.
    fn remember_soon(&mut self) {
        if self.app.memory != self.remembered {
            let rests = REMEMBER.saturating_sub(self.since.elapsed());
            if !rests.is_zero() {
                return self.schedule(rests);
            }
            self.remember();
        }
        self.since = Instant::now();
    }

    fn fail(&mut self, events: &ActiveEventLoop, problem: String) {
        self.problem = Some(problem);
        events.exit();
    }

    /// A frame is wanted after a while.
    fn schedule(&mut self, delay: Duration) {
        if let Some(next) = Instant::now().checked_add(delay) {
            self.next = Some(self.next.map_or(next, |known| known.min(next)));
        }
    }

    /// If what draws on the window is lost, the window gets something new, and the CPU draws the pictures.
    fn revive(&mut self, events: &ActiveEventLoop) {
        let Some(pane) = self.pane.take_if(|pane| pane.graphics.gpu.is_lost()) else { return };
        self.app.draw_on_cpu("what drew on the window was lost and is replaced; the CPU draws the pictures");
        // Letters are sent to the new one only where fonts change: here to the usual ones, and back below.
        self.egui.set_fonts(egui::FontDefinitions::default());
        self.are_fonts_usual = true;
        match pane.revived(events) {
            Ok(pane) => self.pane = Some(pane),
            Err(problem) => self.fail(events, problem),
        }
    }

    fn draw(&mut self, events: &ActiveEventLoop) {
        self.revive(events);
        let Some(pane) = &mut self.pane else { return };
        let title = format!("{} – fieldgrad", self.app.document.source().name());
        if pane.title != title {
            pane.window.set_title(&title);
            pane.title = title;
        }
        let input = pane.input.take_egui_input(&pane.window);
        let mut output = self.egui.run_ui(input, |ui| self.app.frame(ui));
        pane.input.handle_platform_output(&pane.window, std::mem::take(&mut output.platform_output));
        let size = pane.window.inner_size().to_logical::<f64>(pane.window.scale_factor());
        self.app.memory.size = [size.width.max(MIN_SIZE[0]), size.height.max(MIN_SIZE[1])];
        if let (Some(texture), Some(id)) = (self.app.canvas.take(), self.app.canvas_id) {
            pane.graphics.take(&texture, id);
        }
        let shapes = std::mem::take(&mut output.shapes);
        let painted = self.egui.tessellate(shapes, output.pixels_per_point);
        pane.graphics.show(&pane.window, &painted, &mut output.textures_delta, output.pixels_per_point);
        let delay = output.viewport_output.get(&egui::ViewportId::ROOT).map(|own| own.repaint_delay);
        if self.app.is_closing {
            events.exit();
        }
        self.remember_soon();
        if let Some(delay) = delay {
            self.schedule(delay);
        }
        if std::mem::take(&mut self.are_fonts_usual) {
            app::prepare(&self.egui);
            self.schedule(Duration::ZERO);
        }
    }
}

impl ApplicationHandler<Happening> for WindowProgram {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if self.pane.is_some() {
            return;
        }
        let size = self.app.memory.size;
        match Pane::open(events, &self.proxy, &self.egui, size) {
            Ok(mut pane) => {
                self.was_open = true;
                if self.on_gpu.unwrap_or(!pane.graphics.gpu.is_software()) {
                    self.app.draw_on(pane.graphics.gpu.clone(), pane.graphics.canvas());
                }
                pane.window.set_visible(true);
                pane.window.request_redraw();
                self.pane = Some(pane);
            }
            Err(problem) => self.fail(events, problem),
        }
    }

    fn about_to_wait(&mut self, events: &ActiveEventLoop) {
        if let (Some(pane), Some(next)) = (&self.pane, self.next)
            && next <= Instant::now()
        {
            self.next = None;
            pane.window.request_redraw();
        }
        events.set_control_flow(match self.next {
            Some(next) => ControlFlow::WaitUntil(next),
            None => ControlFlow::Wait,
        });
    }

    fn user_event(&mut self, _: &ActiveEventLoop, happening: Happening) {
        match happening {
            Happening::Frame(delay) => self.schedule(delay),
            Happening::Access(event) => {
                let Some(pane) = &mut self.pane else { return };
                match event.window_event {
                    accesskit_winit::WindowEvent::InitialTreeRequested => self.egui.enable_accesskit(),
                    accesskit_winit::WindowEvent::ActionRequested(request) => {
                        pane.input.on_accesskit_action_request(request);
                    }
                    accesskit_winit::WindowEvent::AccessibilityDeactivated => self.egui.disable_accesskit(),
                }
                pane.window.request_redraw();
            }
        }
    }

    fn window_event(&mut self, events: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        let Some(pane) = &mut self.pane else { return };
        let response = pane.input.on_window_event(&pane.window, &event);
        match event {
            WindowEvent::CloseRequested => {
                self.app.run(Command::Quit);
                match self.app.is_closing {
                    true => events.exit(),
                    // There is a question to be seen.
                    false => {
                        pane.window.set_minimized(false);
                        pane.window.focus_window();
                        pane.window.request_redraw();
                    }
                }
            }
            WindowEvent::RedrawRequested => self.draw(events),
            WindowEvent::Resized(size) => {
                pane.graphics.resize(size.width, size.height);
                pane.window.request_redraw();
            }
            _ if response.repaint => pane.window.request_redraw(),
            _ => {}
        }
    }
}

/// A window, and what draws on it.
struct Pane {
    window: Arc<Window>,
    title: String,
    input: egui_winit::State,
    graphics: Graphics,
}

/// What draws on a window.
struct Graphics {
    instance: wgpu::Instance,
    surface: wgpu::Surface<'static>,
    config: wgpu::SurfaceConfiguration,
    gpu: Gpu,
    device: wgpu::Device,
    queue: wgpu::Queue,
    renderer: egui_wgpu::Renderer,
}

impl Pane {
    /// Opens a window of a size in points; or says why there is none.
    fn open(
        events: &ActiveEventLoop,
        proxy: &EventLoopProxy<Happening>,
        egui: &egui::Context,
        [width, height]: [f64; 2],
    ) -> Result<Pane, String> {
        let attributes = Window::default_attributes()
            .with_title("fieldgrad")
            .with_inner_size(LogicalSize::new(width, height))
            .with_visible(false); // until what reads it aloud knows of it
        let window = events.create_window(attributes);
        let window = Arc::new(window.map_err(|error| format!("no window can be opened ({error})"))?);
        let graphics = Graphics::on(events, &window)?;
        let most = graphics.device.limits().max_texture_dimension_2d as usize;
        let (scale, theme) = (Some(window.scale_factor() as f32), window.theme());
        let root = egui::ViewportId::ROOT;
        let mut input = egui_winit::State::new(egui.clone(), root, &window, scale, theme, Some(most));
        input.init_accesskit(events, &window, proxy.clone());
        Ok(Pane { window, title: String::new(), input, graphics })
    }

    /// The same window, drawn on by something new: what drew on it is lost, and let go first.
    fn revived(self, events: &ActiveEventLoop) -> Result<Pane, String> {
        let Pane { window, title, input, graphics } = self;
        drop(graphics);
        let graphics = Graphics::on(events, &window)?;
        Ok(Pane { window, title, input, graphics })
    }
}

impl Graphics {
    fn on(events: &ActiveEventLoop, window: &Arc<Window>) -> Result<Graphics, String> {
        let (instance, surface, adapter) = Graphics::adapter(events, window)?;
        let descriptor = wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
        let device = pollster::block_on(adapter.request_device(&descriptor));
        let (device, queue) = device.map_err(|error| format!("the graphics adapter fails ({error})"))?;
        let gpu = Gpu::of(adapter.get_info(), device.clone(), queue.clone());
        let capabilities = surface.get_capabilities(&adapter);
        let format = egui_wgpu::preferred_framebuffer_format(&capabilities.formats);
        let format = format.map_err(|error| format!("the window takes no pictures ({error})"))?;
        let size = window.inner_size();
        let (width, height) = (size.width.max(1), size.height.max(1));
        let config = surface.get_default_config(&adapter, width, height);
        let config = config.ok_or("the graphics adapter cannot draw on the window")?;
        let config = wgpu::SurfaceConfiguration { format, ..config };
        surface.configure(&device, &config);
        let renderer = egui_wgpu::Renderer::new(&device, format, egui_wgpu::RendererOptions::default());
        Ok(Graphics { instance, surface, config, gpu, device, queue, renderer })
    }

    /// What egui is to call the pictures that a GPU draws.
    fn canvas(&mut self) -> egui::TextureId {
        let size = wgpu::Extent3d { width: 1, height: 1, depth_or_array_layers: 1 };
        let empty = self.device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
        let view = empty.create_view(&Default::default());
        self.renderer.register_native_texture(&self.device, &view, wgpu::FilterMode::Linear)
    }

    /// From now on that name is this picture's.
    fn take(&mut self, texture: &wgpu::Texture, id: egui::TextureId) {
        let (view, linear) = (texture.create_view(&Default::default()), wgpu::FilterMode::Linear);
        self.renderer.update_egui_texture_from_wgpu_texture(&self.device, &view, linear, id);
    }

    /// What draws on a window: of the system's newer ways the best, or else one of the older.
    fn adapter(
        events: &ActiveEventLoop,
        window: &Arc<Window>,
    ) -> Result<(wgpu::Instance, wgpu::Surface<'static>, wgpu::Adapter), String> {
        let mut problem = String::new();
        for backends in [wgpu::Backends::PRIMARY, wgpu::Backends::SECONDARY] {
            let display = Box::new(events.owned_display_handle());
            let descriptor = wgpu::InstanceDescriptor::new_with_display_handle(display);
            let instance = wgpu::Instance::new(wgpu::InstanceDescriptor { backends, ..descriptor });
            let surface = match instance.create_surface(window.clone()) {
                Ok(surface) => surface,
                Err(error) => {
                    problem = format!("nothing can draw on the window ({error})");
                    continue;
                }
            };
            let options =
                wgpu::RequestAdapterOptions { compatible_surface: Some(&surface), ..Default::default() };
            match pollster::block_on(instance.request_adapter(&options)) {
                Ok(adapter) => return Ok((instance, surface, adapter)),
                Err(error) => problem = format!("no graphics adapter is found ({error})"),
            }
        }
        Err(problem)
    }

    fn resize(&mut self, width: u32, height: u32) {
        let most = self.device.limits().max_texture_dimension_2d;
        (self.config.width, self.config.height) = (width.clamp(1, most), height.clamp(1, most));
        self.surface.configure(&self.device, &self.config);
    }

    /// The picture to draw on; none, if the screen has none to give now.
    fn target(&mut self, window: &Arc<Window>) -> Option<wgpu::SurfaceTexture> {
        use wgpu::CurrentSurfaceTexture::{Lost, Outdated, Suboptimal, Success};
        for _ in 0..2 {
            match self.surface.get_current_texture() {
                Success(texture) | Suboptimal(texture) => return Some(texture),
                Outdated => self.surface.configure(&self.device, &self.config),
                Lost => {
                    self.surface = self.instance.create_surface(window.clone()).ok()?;
                    self.surface.configure(&self.device, &self.config);
                }
                _ => return None,
            }
        }
        None
    }

    /// Draws a frame on the window.
    fn show(
        &mut self,
        window: &Arc<Window>,
        painted: &[egui::ClippedPrimitive],
        textures: &mut egui::TexturesDelta,
        pixels_per_point: f32,
    ) {
        for (id, deltas) in textures.set.drain() {
            deltas
                .iter()
                .for_each(|delta| self.renderer.update_texture(&self.device, &self.queue, id, delta));
        }
        if let Some(target) = self.target(window) {
            let size_in_pixels = [self.config.width, self.config.height];
            let screen = egui_wgpu::ScreenDescriptor { size_in_pixels, pixels_per_point };
            let mut encoder = self.device.create_command_encoder(&Default::default());
            let before =
                self.renderer.update_buffers(&self.device, &self.queue, &mut encoder, painted, &screen);
            let view = target.texture.create_view(&Default::default());
            let onto = wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            };
            let pass = wgpu::RenderPassDescriptor { color_attachments: &[Some(onto)], ..Default::default() };
            let mut pass = encoder.begin_render_pass(&pass).forget_lifetime();
            self.renderer.render(&mut pass, painted, &screen);
            drop(pass);
            self.queue.submit(before.into_iter().chain([encoder.finish()]));
            window.pre_present_notify();
            self.queue.present(target);
        }
        textures.free.drain().for_each(|id| self.renderer.free_texture(&id));
    }
}
