//! All that the window knows and does, without the window: what each frame shows, and what hands and threads change.

use super::anatomy::{Anatomy, Member};
use super::camera::Orbit;
use super::commands::{self, Command};
use super::document::{Document, Source};
use super::drag::Grip;
use super::job::{ExportJob, Job};
use super::memory::Memory;
use super::painter::{self, Painted, Picture, PicturePainter, Wanted};
use super::panels::{self, Asking, Completion, Dialog, Unanswered};
use super::probe::SurfacePoint;
use super::recovery::{Offer, Recovery};
use super::scout::{self, Scout, ScoutPurpose, ScoutRequest, Scouted};
use super::senses::Senses;
use super::sign::{MOMENT, Sign};
use super::timeline::Playhead;
use super::values::Given;
use super::worker::{Doing, Wake, Worker};
use crate::error::{Error, Result};
use crate::gpu::{Gpu, wgpu};
use crate::render::{Cut, Image, Lens, Options, Shade, Size};
use crate::scene::{Scene, Timeline};
use crate::task;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// What a drag in the viewport does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tool {
    /// It turns the scene.
    #[default]
    Turn,
    /// It pulls at the surface.
    Pull,
}

/// A plane through the scene, held at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plane {
    /// Which coordinate is held: `x`, `y` or `z`.
    pub axis: usize,
    /// Where.
    pub at: f64,
    /// Whether it is drawn into the view, and does not take its place.
    pub is_in_view: bool,
}

impl Plane {
    /// The names of the axes.
    pub(super) const AXES: [&'static str; 3] = ["x", "y", "z"];

    fn cut(self) -> Option<Cut> {
        format!("{}={}", Plane::AXES[self.axis], self.at).parse().ok()
    }
}

/// A hand that holds the surface, or is about to.
#[derive(Default)]
pub(super) enum Hand {
    /// It does not.
    #[default]
    Open,
    /// It is looked for where it holds.
    Reaching,
    /// It holds.
    Holding(Box<Grip>),
}

/// What is to be done with a document that may not be saved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Leaving {
    /// Another scene is to be opened.
    Open(Source),
    /// The window is to be closed.
    Quit,
}

/// How long things count as moving after they moved.
const SETTLE: Duration = Duration::from_millis(180);
/// How long something that was said stays.
const SAID: Duration = Duration::from_secs(6);
/// The longest that time goes on by from one frame to the next, in seconds.
const MAX_STEP: f64 = 0.25;

/// What was looked at last: the place of the picture, how it was seen, the time, the values.
type Looked = ([f64; 2], Lens, f64, Given);

/// The window's state.
pub(super) struct App {
    pub document: Document,
    pub playhead: Playhead,
    /// Where it is seen from; without one, from the scene's camera.
    pub orbit: Option<Orbit>,
    pub shade: Shade,
    pub plane: Option<Plane>,
    pub tool: Tool,
    pub hand: Hand,
    pub probe: Option<Result<Option<SurfacePoint>>>,
    /// What made the point of the surface that was clicked last, the whole scene first.
    pub made: Vec<Member>,
    /// The part of the scene that is shown alone, if one is.
    pub alone: Option<Member>,
    /// How large the graph is drawn.
    pub graph_zoom: f32,
    /// Where the cursor is in the picture: u and v.
    pub pointed: Option<[f64; 2]>,
    pub painted: Option<Painted>,
    pub texture: Option<egui::TextureHandle>,
    /// The picture that a GPU drew last, until the window has taken it.
    pub canvas: Option<wgpu::Texture>,
    /// What the window calls it; none, where what is to be shown is the texture.
    pub canvas_id: Option<egui::TextureId>,
    pub is_on_canvas: bool,
    /// What is wrong with the picture, if it could not be painted.
    pub unpainted: Option<Error>,
    pub dialog: Dialog,
    pub jobs: Vec<Job>,
    pub memory: Memory,
    pub said: Option<(String, Instant)>,
    pub is_closing: bool,
    pub completion: Completion,
    /// What other windows left that did not end by hand, until it is answered for.
    pub offers: Vec<Offer>,
    pub senses: Senses,
    recovery: Recovery,
    /// Why what is not saved cannot be kept, if that was said.
    unkept: Option<Error>,
    sign: Sign,
    /// Since when the picture is not of the text that is shown, if it is not.
    stale: Option<Instant>,
    painter: PicturePainter,
    /// What is told of what draws.
    drawn: painter::Say,
    scout: Scout,
    reader: Worker<super::document::PendingText, (u64, Result<Scene>)>,
    wanted: Option<Wanted>,
    looked: Option<Looked>,
    anatomy: Option<Anatomy>,
    /// The gallery's small pictures, once they were shown.
    sheet: Option<egui::TextureHandle>,
    moved: Instant,
    last_frame: Instant,
    size: Size,
    wake: Wake,
    /// Whether the scene now being read is another one, and not the same with changes.
    is_opening: bool,
}

impl App {
    /// The state at the start, with a scene that moves.
    pub(super) fn new(scene: Scene, source: Source, memory: Memory, wake: Wake) -> App {
        let now = Instant::now();
        let playhead = Playhead::of(&scene.timeline(), true);
        let drawn = painter::Say::default();
        let supersedes = |_: &super::document::PendingText, _: &super::document::PendingText| true;
        let reader =
            Worker::start(wake.clone(), supersedes, |draft: super::document::PendingText, report| {
                task::does("reading the text");
                report.give((draft.revision, draft.source.read(&draft.text)));
            });
        App {
            document: Document::new(scene, source, now),
            playhead,
            orbit: None,
            shade: Shade::Lit,
            plane: None,
            tool: Tool::Turn,
            hand: Hand::Open,
            probe: None,
            made: Vec::new(),
            alone: None,
            graph_zoom: 0.8,
            pointed: None,
            painted: None,
            texture: None,
            canvas: None,
            canvas_id: None,
            is_on_canvas: false,
            unpainted: None,
            dialog: Dialog::None,
            jobs: Vec::new(),
            memory,
            said: None,
            is_closing: false,
            completion: Completion::default(),
            offers: Vec::new(),
            senses: Senses::new(wake.clone()),
            recovery: Recovery::default(),
            unkept: None,
            sign: Sign::default(),
            stale: None,
            painter: painter::start(wake.clone(), None, drawn.clone()),
            drawn,
            scout: scout::start(wake.clone()),
            reader,
            wanted: None,
            looked: None,
            anatomy: None,
            sheet: None,
            moved: now,
            last_frame: now,
            size: Size { width: 1, height: 1 },
            wake,
            is_opening: false,
        }
    }

    /// From now on what is not saved is kept in a folder. What was left there is offered.
    pub(super) fn keep_unsaved_in(&mut self, folder: PathBuf) {
        (self.recovery, self.offers) = Recovery::within(folder);
        if !self.offers.is_empty() {
            self.dialog = Dialog::Recovered;
        }
    }

    /// From now on a GPU draws the pictures, that of the window, where they are called by that name.
    pub(super) fn draw_on(&mut self, gpu: Gpu, canvas_id: egui::TextureId) {
        self.canvas_id = Some(canvas_id);
        self.painter = painter::start(self.wake.clone(), Some(gpu), self.drawn.clone());
        self.wanted = None;
    }

    /// From now on the CPU draws the pictures, for a reason. What the window held of pictures is gone.
    pub(super) fn draw_on_cpu(&mut self, why: &str) {
        (self.canvas, self.canvas_id, self.is_on_canvas) = (None, None, false);
        (self.texture, self.sheet, self.wanted) = (None, None, None);
        self.painter = painter::start(self.wake.clone(), None, self.drawn.clone());
        self.say(why);
    }

    /// One frame: what threads found, what time and hands changed, and all panels.
    pub(super) fn frame(&mut self, ui: &mut egui::Ui) {
        let now = Instant::now();
        self.take_answers(ui.ctx(), now);
        for command in commands::pressed(ui) {
            // While a question about unsaved work is open, nothing else is begun.
            if !self.dialog.is_about_unsaved() || command == Command::Quit {
                self.run(command);
            }
        }
        self.take_drops(ui.ctx());
        let passed = now.duration_since(self.last_frame).as_secs_f64().min(MAX_STEP);
        self.last_frame = now;
        if matches!(self.hand, Hand::Open) {
            let timeline = self.timeline();
            self.playhead.advance(passed, &timeline);
        }
        self.play_probes(now);
        self.look_at_picture(now);
        panels::show(self, ui);
        if !ui.input(|input| input.pointer.any_down()) {
            self.document.values.let_go();
        }
        self.read_text(now);
        self.paint(ui.ctx(), now);
        self.probe_there();
        self.keep_unsaved(ui.ctx(), now);
    }

    /// Keeps what is not saved, so that it is not lost with the window.
    fn keep_unsaved(&mut self, ctx: &egui::Context, now: Instant) {
        if self.is_closing {
            return self.recovery.forget(); // saved, or not wanted
        }
        match self.recovery.keep(&self.document, now) {
            Ok(rests) => {
                self.unkept = None;
                rests.into_iter().for_each(|rests| ctx.request_repaint_after(rests));
            }
            Err(error) => {
                if self.unkept.as_ref() != Some(&error) {
                    self.say(format!("what is not saved cannot be kept: {error}"));
                }
                self.unkept = Some(error);
                ctx.request_repaint_after(SETTLE);
            }
        }
    }

    /// From now on OSC messages that come to an address move parameters.
    pub(super) fn listen(&mut self, at: SocketAddr) -> Result<()> {
        self.senses.listen(at, self.wake.clone())
    }

    /// From now on knobs of MIDI devices move parameters.
    pub(super) fn listen_to_midi(&mut self) -> Result<()> {
        self.senses.listen_to_midi(self.wake.clone())
    }

    /// Moves what messages are about, and plays the scene's probes where it or its values changed.
    fn play_probes(&mut self, now: Instant) {
        if self.senses.hear(&mut self.document.values, &mut self.memory.knobs, now) {
            self.touch();
        }
        if self.memory.shows_senses || self.senses.is_aloud() {
            let values = self.document.values.all();
            self.senses.look_at(self.document.scene(), values);
        }
        let is_moving = self.playhead.is_playing && matches!(self.hand, Hand::Open);
        let speed = if is_moving { self.playhead.speed } else { 0.0 };
        if let Err(error) = self.senses.sound(self.document.scene(), self.playhead.time, speed) {
            self.say(error.to_string());
        }
    }

    /// Looks since when the picture is not of the text that is shown.
    fn look_at_picture(&mut self, now: Instant) {
        let is_of_scene =
            self.painted.as_ref().is_some_and(|painted| Arc::ptr_eq(&painted.scene, self.document.scene()));
        self.stale = match self.document.is_behind_since() {
            Some(since) => Some(since),
            None if is_of_scene => None,
            None => Some(self.stale.unwrap_or(now)),
        };
    }

    /// Whether the picture is not of the text that is shown, and has not been for more than a moment.
    pub(super) fn is_stale(&self, now: Instant) -> bool {
        self.painted.is_some() && self.stale.is_some_and(|since| now >= since + MOMENT)
    }

    /// What a picture is said to be of that is not of the text.
    pub(super) fn says_stale(&self) -> String {
        let own = self.document.scene().file();
        match &self.painted {
            Some(painted) if self.is_opening || painted.scene.file() != own => {
                let name = Path::new(painted.scene.file()).file_name().unwrap_or_default();
                format!("This is still the picture of {}", name.to_string_lossy())
            }
            _ if self.document.error().is_some() && !self.document.is_unread() => {
                "The text has a mistake: this is the last picture without it".into()
            }
            _ => "This is still the picture of the text before".into(),
        }
    }

    /// What takes longer than a moment of what the picture waits for, if it is to be said; in words.
    pub(super) fn says_doing(&mut self, ctx: &egui::Context, now: Instant) -> Option<String> {
        let doing = self.reader.doing().or_else(|| self.painter.doing());
        let is_broken = self.document.error().is_some() && !self.document.is_unread();
        let since = doing.map(|doing| match self.stale.filter(|_| !is_broken) {
            Some(stale) => doing.since.min(stale),
            None => doing.since,
        });
        let is_said = self.sign.looks(since, now);
        self.sign.rests(since, now).into_iter().for_each(|rests| ctx.request_repaint_after(rests));
        let Doing { what, begun, .. } = doing.filter(|_| is_said)?;
        let what = if what.is_empty() { "beginning" } else { what };
        let long = now.saturating_duration_since(begun).as_secs();
        let long = if long > 1 { format!(", {long} s") } else { String::new() };
        let rests = self.wanted.as_ref().is_some_and(|wanted| !wanted.is_moving);
        let is_coarse = self.painted.as_ref().is_some_and(|painted| !painted.is_sharp);
        let is_sharpening = self.stale.is_none() && rests && is_coarse;
        Some(format!("{}{what}{long}", if is_sharpening { "sharpening: " } else { "" }))
    }

    /// What is said in a line, for a while.
    pub(super) fn say(&mut self, what: impl Into<String>) {
        self.said = Some((what.into(), Instant::now()));
    }

    /// The timeline of the scene.
    pub(super) fn timeline(&self) -> Timeline {
        self.document.scene().timeline()
    }

    /// Something moves under a hand: pictures are coarse until it rests.
    pub(super) fn touch(&mut self) {
        self.moved = Instant::now();
    }

    /// How the scene is seen; not known before there is a picture.
    pub(super) fn lens(&self) -> Option<Lens> {
        self.orbit.map(|orbit| orbit.lens()).or(self.painted.as_ref().map(|painted| painted.lens))
    }

    /// Where it is seen from, to be moved.
    pub(super) fn orbit(&self) -> Option<Orbit> {
        self.orbit.or_else(|| self.painted.as_ref()?.view.as_ref().map(Orbit::of))
    }

    /// Whether a flat cut is seen in place of the scene.
    pub(super) fn is_flat(&self) -> bool {
        self.plane.is_some_and(|plane| !plane.is_in_view)
    }

    /// Moves the eye.
    pub(super) fn move_eye(&mut self, change: impl FnOnce(Orbit) -> Orbit) {
        if let Some(orbit) = self.orbit() {
            self.orbit = Some(change(orbit));
            self.touch();
        }
    }

    /// Asks for a path.
    fn asks(&mut self, what: fn(&Document) -> Asking) {
        self.dialog = Dialog::Path(Box::new(what(&self.document)));
    }

    /// Does what a key or a menu asked for.
    pub(super) fn run(&mut self, command: Command) {
        let timeline = self.timeline();
        match command {
            Command::Open => self.asks(Asking::open),
            Command::Gallery => self.dialog = Dialog::Gallery,
            Command::Save => match self.document.source() {
                Source::File(_) => drop(self.save(None)),
                Source::Exhibit(_) => self.asks(Asking::save_as),
            },
            Command::SaveAs => self.asks(Asking::save_as),
            Command::ExportPicture => self.asks(Asking::picture),
            Command::ExportFilm => self.asks(Asking::film),
            Command::ExportShader => self.asks(Asking::shader),
            Command::Quit => self.leave(Leaving::Quit),
            Command::Undo => self.undone(|values| values.undo(), "there is nothing to undo"),
            Command::Redo => self.undone(|values| values.redo(), "there is nothing to redo"),
            Command::ResetValues => self.document.values.reset(),
            Command::Play => self.playhead.toggle(&timeline),
            Command::StepBack => self.playhead.step(-1, &timeline),
            Command::StepOn => self.playhead.step(1, &timeline),
            Command::ToStart => self.playhead.time = timeline.from,
            Command::Frame => self.frame_object(),
            Command::SceneCamera => self.orbit = None,
            Command::Parallel => self.move_eye(|orbit| Orbit { parallel: !orbit.parallel, ..orbit }),
            Command::From(side) => self.move_eye(|orbit| orbit.from(side)),
            Command::Pull => self.tool = if self.tool == Tool::Pull { Tool::Turn } else { Tool::Pull },
            Command::Probe => self.memory.shows_probe = !self.memory.shows_probe,
            Command::Editor => self.memory.shows_editor = !self.memory.shows_editor,
            Command::Graph => self.memory.shows_graph = !self.memory.shows_graph,
            Command::Whole => self.show_alone(None),
            Command::Parameters => self.memory.shows_parameters = !self.memory.shows_parameters,
            Command::Senses => self.memory.shows_senses = !self.memory.shows_senses,
            Command::Sound => {
                if let Err(error) = self.senses.toggle_sound() {
                    self.say(error.to_string());
                }
            }
            Command::Theme => self.memory.is_dark = !self.memory.is_dark,
            Command::Help => {
                self.dialog = if self.dialog == Dialog::Help { Dialog::None } else { Dialog::Help };
            }
        }
    }

    fn undone(&mut self, change: impl FnOnce(&mut super::values::Values) -> bool, otherwise: &str) {
        if !change(&mut self.document.values) {
            self.say(otherwise);
        }
    }

    fn frame_object(&mut self) {
        match self.painted.as_ref().and_then(|painted| painted.bounds) {
            Some(bounds) => self.move_eye(|orbit| orbit.framing(&bounds)),
            None => self.say("the scene has no bounds to bring into view"),
        }
    }

    /// Shows a part of the scene alone, or again all of it.
    pub(super) fn show_alone(&mut self, part: Option<Member>) {
        if part != self.alone {
            (self.alone, self.orbit, self.probe) = (part, None, None);
            self.touch();
        }
    }

    /// The graph of the scene, taken to be drawn.
    pub(super) fn anatomy(&mut self) -> Result<Anatomy> {
        match self.anatomy.take() {
            Some(anatomy) if anatomy.is_of(self.document.scene()) => Ok(anatomy),
            _ => Anatomy::of(self.document.scene()),
        }
    }

    /// Keeps the graph for the next frame.
    pub(super) fn keep_anatomy(&mut self, anatomy: Anatomy) {
        self.anatomy = Some(anatomy);
    }

    /// The gallery's small pictures.
    pub(super) fn gallery_sheet(&mut self, ctx: &egui::Context) -> egui::TextureHandle {
        let load = || {
            let image = sheet().unwrap_or_else(|| egui::ColorImage::filled([1, 1], egui::Color32::GRAY));
            ctx.load_texture("gallery", image, egui::TextureOptions::LINEAR)
        };
        self.sheet.get_or_insert_with(load).clone()
    }

    /// Asks what made the surface at a place of the picture.
    pub(super) fn ask_made(&mut self, place: [f64; 2]) {
        if let (Some(lens), false) = (self.lens(), self.is_flat()) {
            self.scout.ask(self.look(lens, place, ScoutPurpose::Made));
        }
    }

    /// Opens another scene: asks first, if something would be lost.
    pub(super) fn open(&mut self, source: Source) {
        self.leave(Leaving::Open(source));
    }

    /// Leaves the document, once it is said what is to become of what is not saved.
    fn leave(&mut self, to: Leaving) {
        match self.document.is_unsaved() {
            true => self.dialog = Dialog::Unsaved(Box::new(Unanswered::new(to))),
            false => self.go(to),
        }
    }

    /// Leaves the document, and with it whatever is not saved.
    pub(super) fn go(&mut self, to: Leaving) {
        match to {
            Leaving::Open(source) => self.begin(source),
            Leaving::Quit => self.is_closing = true,
        }
    }

    /// Saves the document and leaves it; where it cannot be saved, it says why and stays.
    pub(super) fn save_and_go(&mut self, path: Option<PathBuf>, to: Leaving) {
        match self.save(path) {
            Ok(()) => self.go(to),
            Err(error) => self.dialog = Dialog::Unsaved(Box::new(Unanswered::failed(to, error))),
        }
    }

    /// Goes on with what a window left that did not end by hand.
    pub(super) fn recover(&mut self, offer: Offer) {
        self.document.recover(offer.unsaved.clone(), Instant::now());
        self.begun();
        self.recovery.adopt(offer.into_left());
        let others = std::mem::take(&mut self.offers).len();
        if others > 0 {
            self.say(format!("what else was left ({others}) is offered at the next start"));
        }
    }

    /// Another scene is to be read: nobody waits any more for what is seen of this one.
    fn begun(&mut self) {
        self.is_opening = true;
        self.painter.give_up();
        self.scout.give_up();
        (self.wanted, self.looked) = (None, None);
        if let Source::File(path) = self.document.source() {
            self.memory.used(&path.clone());
        }
    }

    fn begin(&mut self, source: Source) {
        match self.document.open(source, Instant::now()) {
            Ok(()) => self.begun(),
            Err(error) => self.say(error.to_string()),
        }
    }

    /// Writes the document to its file, or to another; says so, or why not.
    pub(super) fn save(&mut self, path: Option<PathBuf>) -> Result<()> {
        let saved = self.document.save(path.as_deref(), Instant::now());
        match &saved {
            Ok(path) => {
                self.memory.used(path);
                self.say(format!("{} is saved", path.display()));
            }
            Err(error) => self.say(error.to_string()),
        }
        saved.map(drop)
    }

    /// Starts to write a picture, a film or a shader of what is seen now.
    pub(super) fn export(&mut self, path: PathBuf, size: Size, make: impl FnOnce(Options) -> ExportJob) {
        let options = Options { size, ..self.options() };
        let (scene, values) = (self.document.scene().clone(), self.document.values.all());
        self.jobs.push(Job::start(scene, values, make(options), path, self.wake.clone()));
    }

    /// What is seen now.
    fn options(&self) -> Options {
        Options {
            size: self.size,
            time: Some(self.playhead.time),
            lens: self.orbit.map(|orbit| orbit.lens()),
            shade: self.shade,
            cut: self.plane.filter(|plane| !plane.is_in_view).and_then(Plane::cut),
            plane: self.plane.filter(|plane| plane.is_in_view).and_then(Plane::cut),
            ..Options::default()
        }
    }

    fn take_answers(&mut self, ctx: &egui::Context, now: Instant) {
        if let Some((revision, result)) = self.reader.answer()
            && self.document.read(revision, result)
        {
            let timeline = self.timeline();
            self.playhead = match self.is_opening {
                true => Playhead::of(&timeline, true),
                false => self.playhead.on(&timeline),
            };
            if std::mem::take(&mut self.is_opening) {
                (self.orbit, self.plane, self.probe, self.alone) = (None, None, None, None);
            }
            self.made.clear();
            self.scout.give_up();
            self.document.scene().printed().to_vec().into_iter().for_each(|line| self.say(line));
        }
        match self.painter.answer() {
            Some(Ok(painted)) => {
                match &painted.picture {
                    Picture::Pixels(pixels) => {
                        let size = [painted.size.width, painted.size.height];
                        let image = egui::ColorImage::from_rgb(size, pixels);
                        let options = egui::TextureOptions::LINEAR;
                        match &mut self.texture {
                            Some(texture) => texture.set(image, options),
                            None => self.texture = Some(ctx.load_texture("picture", image, options)),
                        }
                        self.is_on_canvas = false;
                    }
                    Picture::Texture(texture) => {
                        (self.canvas, self.is_on_canvas) = (Some(texture.clone()), true);
                    }
                }
                (self.painted, self.unpainted) = (Some(painted), None);
            }
            Some(Err(error)) => self.unpainted = Some(error),
            None => {}
        }
        match self.scout.answer() {
            Some(Scouted::Point(probe)) => self.probe = Some(probe),
            Some(Scouted::Made(Ok(made))) => self.made = made,
            Some(Scouted::Made(Err(error))) => self.say(error.to_string()),
            Some(Scouted::Held(grip)) if matches!(self.hand, Hand::Reaching) => self.hold(grip),
            Some(Scouted::Held(_)) | None => {}
        }
        let told = self.drawn.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(told) = told {
            self.say(told);
        }
        if self.said.as_ref().is_some_and(|(_, since)| now.duration_since(*since) > SAID) {
            self.said = None;
        }
        let ended: Vec<(PathBuf, Result<()>)> =
            self.jobs.iter().filter_map(|job| Some((job.path.clone(), job.result()?))).collect();
        for (path, result) in ended {
            self.jobs.retain(|job| job.path != path);
            match result {
                Ok(()) => self.say(format!("{} is written", path.display())),
                Err(Error::Cancelled) => self.say(format!("{} is given up, and not written", path.display())),
                Err(error) => self.say(error.to_string()),
            }
        }
    }

    fn hold(&mut self, grip: Result<Option<Box<Grip>>>) {
        self.hand = Hand::Open;
        match grip {
            Ok(Some(grip)) if grip.is_loose() => self.hand = Hand::Holding(grip),
            Ok(Some(_)) => self.say("no free parameter moves the surface"),
            Ok(None) => self.say("there is no surface here to take hold of"),
            Err(error) => self.say(error.to_string()),
        }
    }

    /// Reaches for the surface at a place of the picture.
    pub(super) fn reach(&mut self, place: [f64; 2]) {
        let (Some(lens), Some(painted)) = (self.lens(), &self.painted) else { return };
        let sliders = self.document.values.sliders().iter().filter(|slider| slider.is_locked);
        let locked = sliders.map(|slider| slider.parameter.name().to_string()).collect();
        let sides = painted.bounds.map_or([1.0; 3], |bounds| bounds.size());
        let size = 0.5 * glam::DVec3::from(sides).length();
        self.hand = Hand::Reaching;
        self.scout.ask(self.look(lens, place, ScoutPurpose::Hold { locked, size }));
    }

    /// The hand that holds the surface goes to a place of the picture, as far from the eye as it began.
    pub(super) fn pull(&mut self, place: [f64; 2]) {
        let (Hand::Holding(grip), Some(lens)) = (&self.hand, self.lens()) else { return };
        let way = glam::DVec3::from(grip.start()) - glam::DVec3::from(lens.eye);
        let to = lens.at([place[0], place[1], way.dot(lens.ahead.into())]);
        let values = grip.pulled(to);
        self.document.values.set_all(&values);
        self.touch();
    }

    /// The hand lets go.
    pub(super) fn release(&mut self) {
        self.hand = Hand::Open;
        self.document.values.let_go();
    }

    fn look(&self, lens: Lens, place: [f64; 2], purpose: ScoutPurpose) -> ScoutRequest {
        let (scene, values) = (self.document.scene().clone(), self.document.values.all());
        ScoutRequest {
            scene,
            values,
            alone: self.alone.clone(),
            lens,
            place,
            time: self.playhead.time,
            purpose,
        }
    }

    /// Asks what is under the cursor, if that is another point than the last.
    fn probe_there(&mut self) {
        let is_wanted = self.memory.shows_probe && !self.is_flat() && matches!(self.hand, Hand::Open);
        let (true, Some(place), Some(lens)) = (is_wanted, self.pointed, self.lens()) else { return };
        let key = (place, lens, self.playhead.time, self.document.values.all());
        if self.looked.as_ref() != Some(&key) && !self.scout.is_busy() {
            self.scout.ask(self.look(lens, place, ScoutPurpose::Probe));
            self.looked = Some(key);
        }
    }

    /// How large the picture is on the screen, in pixels.
    pub(super) fn resize(&mut self, size: Size) {
        if size != self.size {
            self.size = size;
            self.touch();
        }
    }

    fn read_text(&mut self, now: Instant) {
        if let Some(news) = self.document.look(now) {
            self.say(news);
        }
        if let Some(draft) = self.document.due(now) {
            self.reader.ask(draft);
        }
    }

    fn paint(&mut self, ctx: &egui::Context, now: Instant) {
        if let Some(rests) = self.document.rests(now) {
            ctx.request_repaint_after(rests);
        }
        let dims = self.stale.map(|since| (since + MOMENT).saturating_duration_since(now));
        if let Some(dims) = dims.filter(|dims| !dims.is_zero()) {
            ctx.request_repaint_after(dims);
        }
        if self.is_opening && self.document.is_unread() {
            return; // of the scene that goes, no other picture is wanted
        }
        let is_held = self.document.values.is_held() || !matches!(self.hand, Hand::Open);
        if is_held {
            self.moved = now;
        }
        let settles = SETTLE.saturating_sub(now.duration_since(self.moved));
        let is_moving = self.playhead.is_playing || is_held || !settles.is_zero();
        let wanted = Wanted {
            scene: self.document.scene().clone(),
            values: self.document.values.all(),
            alone: self.alone.clone(),
            options: self.options(),
            is_moving,
        };
        if !self.wanted.as_ref().is_some_and(|last| last.is_same(&wanted)) {
            self.painter.ask(wanted.clone());
            self.wanted = Some(wanted);
        }
        if !settles.is_zero() {
            ctx.request_repaint_after(settles);
        }
        if self.said.is_some() {
            ctx.request_repaint_after(SAID);
        }
    }

    fn take_drops(&mut self, ctx: &egui::Context) {
        let dropped =
            ctx.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_path_buf()));
        if let Some(path) = dropped {
            self.open(Source::File(path));
        }
    }
}

/// The gallery's small pictures, as they are built in.
fn sheet() -> Option<egui::ColorImage> {
    let sheet = Image::from_png(crate::scene::PICTURES).ok()?;
    Some(egui::ColorImage::from_rgb([sheet.width, sheet.height], &sheet.to_srgb()))
}

/// Prepares what draws frames: letters that one font lacks, such as ∇, come from the other.
pub(super) fn prepare(ctx: &egui::Context) {
    let mut fonts = egui::FontDefinitions::default();
    let even = fonts.families.get(&egui::FontFamily::Monospace).cloned().unwrap_or_default();
    let own = fonts.families.entry(egui::FontFamily::Proportional).or_default();
    for name in even {
        if !own.contains(&name) {
            own.push(name);
        }
    }
    ctx.set_fonts(fonts);
}

/// What calls a window's frame, from any thread.
pub(super) fn wake_of(ctx: &egui::Context) -> Wake {
    let ctx = ctx.clone();
    Arc::new(move || ctx.request_repaint())
}
