//! Pictures for the window, made on a thread: coarse while things move, sharp when they rest.
//!
//! A picture of another scene than is wanted is given up at once, whatever it shows, and so is a coarse one that is no
//! longer wanted when things rest; while they move it is done first, so that something is seen to move. A sharp one is
//! given up for anything. How coarse a picture is, is found from how long those before it took.

use super::anatomy::Member;
use super::worker::{Wake, Worker, WorkerReport};
use crate::error::{Error, Result};
use crate::gpu::{Drawer, Gpu, wgpu};
use crate::measure::Bounds;
use crate::render::{Artist, Image, Lens, Options, Size, Stage};
use crate::scene::{Scene, View};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A picture that is wanted.
#[derive(Clone)]
pub(super) struct Wanted {
    /// The scene, with its parameters as its text has them.
    pub scene: Arc<Scene>,
    /// The values its parameters have instead.
    pub values: Vec<(String, f64)>,
    /// The part of it that is shown alone, if one is.
    pub alone: Option<Member>,
    /// What is shown, and how large it is when it is sharp.
    pub options: Options,
    /// Whether another is wanted soon: then this one is coarse and stays so.
    pub is_moving: bool,
}

impl Wanted {
    /// Whether a picture of this is one of the other too, but for being sharp.
    fn is_like(&self, other: &Wanted) -> bool {
        self.is_of_like(other) && self.options == other.options
    }

    /// Whether this does not wait until a picture of the other is there, but for being made sharp.
    fn supersedes(&self, other: &Wanted) -> bool {
        let is_other_scene = !Arc::ptr_eq(&self.scene, &other.scene) || self.alone != other.alone;
        is_other_scene || (!self.is_moving && !self.is_like(other))
    }

    /// Whether the same is seen, however.
    fn is_of_like(&self, other: &Wanted) -> bool {
        Arc::ptr_eq(&self.scene, &other.scene) && self.values == other.values && self.alone == other.alone
    }

    /// Whether nothing else is wanted.
    pub(super) fn is_same(&self, other: &Wanted) -> bool {
        self.is_like(other) && self.is_moving == other.is_moving
    }
}

/// Where a picture is.
pub(super) enum Picture {
    /// Red, green and blue of each pixel, in sRGB.
    Pixels(Vec<u8>),
    /// On the GPU that draws the window.
    Texture(wgpu::Texture),
}

/// A picture that was made.
pub(super) struct Painted {
    /// The scene it is of, with its parameters as its text has them.
    pub scene: Arc<Scene>,
    /// Where the scene's own camera is at its time, if it sees anything.
    pub view: Option<View>,
    /// A box about the scene, if it is known to have one.
    pub bounds: Option<Bounds>,
    /// How it was seen.
    pub lens: Lens,
    /// Its time.
    pub time: f64,
    /// Its pixels.
    pub size: Size,
    /// The picture itself.
    pub picture: Picture,
    /// How long it took.
    pub took: Duration,
    /// Whether it is as sharp as it gets.
    pub is_sharp: bool,
}

/// A thread that paints.
pub(super) type PicturePainter = Worker<Wanted, Result<Painted>>;

/// What is told of what draws.
pub(super) type Say = Arc<Mutex<Option<String>>>;

/// Starts a thread that paints, on a GPU if it is given one. Should that fail, `say` holds what happened.
pub(super) fn start(wake: Wake, gpu: Option<Gpu>, say: Say) -> PicturePainter {
    let mut easel = Easel { gpu, say, drawer: None, last: None, coarseness: None };
    let mut pool = None;
    Worker::start(wake, Wanted::supersedes, move |wanted, report| {
        let painted = match pool.get_or_insert_with(|| report.task().pool()) {
            Some(pool) => pool.install(|| easel.paint(&wanted, report)),
            None => easel.paint(&wanted, report),
        };
        if let Err(error) = painted {
            report.give(Err(error));
        }
    })
}

/// How long a coarse picture should take.
const PATIENCE: f64 = 0.08;
/// The most that a coarse picture's side is smaller by, and what the first one is smaller by.
const COARSEST: f64 = 8.0;
const FIRST: f64 = 4.0;
/// How many pixels a strip of a sharp picture has, about. Every strip looks for its shadows anew: of the built-in scene
/// one of 547×44 took 4.3 s of two processors, one of 547×181 5.8 s.
const STRIP: usize = 100_000;

/// What a painter keeps between pictures.
struct Easel {
    gpu: Option<Gpu>,
    say: Say,
    /// What draws, and what it was made ready for.
    drawer: Option<Ready>,
    /// What was painted last, and its coarse picture, if the CPU drew it.
    last: Option<(Wanted, Option<Image>)>,
    /// How much smaller the side of a coarse picture is.
    coarseness: Option<f64>,
}

/// What draws, and what it was made ready for.
struct Ready {
    of: Wanted,
    /// What is shown of the scene, with its parameters as the text has them.
    shown: Scene,
    drawer: Drawer,
}

type Told<'a> = WorkerReport<'a, Wanted, Result<Painted>>;

impl Easel {
    fn paint(&mut self, wanted: &Wanted, report: &Told) -> Result<()> {
        let (coarse_size, begun) = (self.coarse(wanted.options.size), Instant::now());
        let drawer = ready(&mut self.drawer, &self.gpu, &self.say, wanted)?;
        let stage = drawer.stage();
        let time = wanted.options.time.unwrap_or(stage.scene().timeline().from);
        let view = stage.view(time);
        let lens = wanted.options.lens.map_or_else(|| view.clone().map(|view| Lens::of(&view)), Ok)?;
        let (view, bounds) = (view.ok(), stage.bounds());
        let mut options = wanted.options.clone();
        (options.lens, options.time) = (Some(lens), Some(time));
        let painted = |size: Size, picture: Picture, is_sharp: bool| Painted {
            scene: wanted.scene.clone(),
            view,
            bounds,
            lens,
            time,
            size,
            picture,
            took: begun.elapsed(),
            is_sharp,
        };
        if !self.last.as_ref().is_some_and(|(last, _)| last.is_like(wanted)) {
            let quick = Options { size: coarse_size, samples: 1, bar: false, ..options.clone() };
            let (picture, image) = match drawer.paint(&quick)? {
                Some(texture) => (Picture::Texture(texture), None),
                None => {
                    let image = drawer.picture(&quick)?;
                    (Picture::Pixels(image.to_srgb()), Some(image))
                }
            };
            report.give(Ok(painted(coarse_size, picture, false)));
            self.last = Some((wanted.clone(), image));
            self.adapt(begun.elapsed().as_secs_f64());
        }
        let (Some((_, coarse)), Some(Ready { drawer, .. }), false) =
            (&self.last, &mut self.drawer, wanted.is_moving || !report.yields())
        else {
            return Ok(());
        };
        if let Some(texture) = drawer.paint(&options)? {
            report.give(Ok(painted(options.size, Picture::Texture(texture), true)));
            return Ok(());
        }
        let shown = |image: &Image, is_done: bool| {
            let size = Size { width: image.width, height: image.height };
            report.give(Ok(painted(size, Picture::Pixels(image.to_srgb()), is_done)));
            !report.is_stale()
        };
        match (coarse, drawer.is_on_gpu()) {
            (Some(coarse), false) => sharpened(drawer.stage(), &options, coarse, shown),
            _ => {
                shown(&drawer.picture(&options)?, true);
                Ok(())
            }
        }
    }

    /// How large a picture may be that is made in no time.
    fn coarse(&self, full: Size) -> Size {
        let by = self.coarseness.unwrap_or(FIRST);
        let side = |side: usize| ((side as f64 / by).round() as usize).max(1);
        Size { width: side(full.width), height: side(full.height) }
    }

    /// A coarse picture took so many seconds: the next may be finer, or must be coarser. No step is large, since a
    /// machine may have been busy with other things.
    fn adapt(&mut self, seconds: f64) {
        let change = (seconds / PATIENCE).sqrt().clamp(0.8, 1.3);
        self.coarseness = Some((self.coarseness.unwrap_or(FIRST) * change).clamp(1.0, COARSEST));
    }
}

/// What draws, ready for what is wanted: kept for as long as that is the same. For other values of the same scene nothing
/// is read or built again.
fn ready<'a>(
    known: &'a mut Option<Ready>,
    gpu: &Option<Gpu>,
    say: &Say,
    wanted: &Wanted,
) -> Result<&'a mut Drawer> {
    let ready = match known.take() {
        Some(ready) if ready.of.is_of_like(wanted) => ready,
        other => {
            let is_shown =
                |ready: &Ready| Arc::ptr_eq(&ready.of.scene, &wanted.scene) && ready.of.alone == wanted.alone;
            let shown = match (&other, &wanted.alone) {
                (Some(ready), _) if is_shown(ready) => Ok(ready.shown.clone()),
                (_, Some(alone)) => alone.alone(&wanted.scene),
                (_, None) => Ok(Scene::clone(&wanted.scene)),
            };
            let moved = shown.and_then(|shown| Ok((with_values(&shown, &wanted.values)?, shown)));
            let (scene, shown) = match moved {
                Ok(both) => both,
                Err(error) => {
                    *known = other; // what was drawn before may be wanted again
                    return Err(error);
                }
            };
            let drawer = match other {
                Some(mut ready) => match ready.drawer.show(&scene) {
                    Ok(()) => ready.drawer,
                    Err(error) => {
                        *known = Some(ready); // as it was
                        return Err(error);
                    }
                },
                None => {
                    let say = say.clone();
                    let told = move |says: &str| {
                        *say.lock().unwrap_or_else(PoisonError::into_inner) = Some(says.into());
                    };
                    Drawer::new(&scene, gpu.clone(), told)?
                }
            };
            Ready { of: wanted.clone(), shown, drawer }
        }
    };
    Ok(&mut known.insert(ready).drawer)
}

/// The scene with its parameters at other values; itself, where they are its own.
pub(super) fn with_values(scene: &Scene, values: &[(String, f64)]) -> Result<Scene> {
    let known = values.iter().filter(|(name, value)| scene.value_of(name).is_some_and(|own| own != *value));
    let moved: Vec<(&str, f64)> = known.map(|(name, value)| (name.as_str(), *value)).collect();
    if moved.is_empty() { Ok(scene.clone()) } else { scene.with_parameters(&moved) }
}

/// Makes a coarse picture sharp, strip by strip from its middle, for as long as `shown` asks for more.
///
/// What has one scale of colours for all of the picture is made as a whole.
fn sharpened(
    stage: &Stage,
    options: &Options,
    coarse: &Image,
    mut shown: impl FnMut(&Image, bool) -> bool,
) -> Result<()> {
    let Size { width, height } = options.size;
    let is_whole = options.cut.is_some() || (options.shade.is_scale() && options.range.is_none());
    let (Some(lens), false) = (options.lens, is_whole) else {
        shown(&stage.picture(options)?, true);
        return Ok(());
    };
    let count = (width * height).div_ceil(STRIP).clamp(1, height);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|strip| (2 * strip + 1).abs_diff(count));
    let mut image = enlarged(coarse, options.size);
    for (n, strip) in order.into_iter().enumerate() {
        let rows = [strip * height / count, (strip + 1) * height / count];
        let size = Size { width, height: rows[1] - rows[0] };
        let part =
            stage.picture(&Options { size, lens: Some(strip_of(&lens, height, rows)), ..options.clone() })?;
        image.pixels[rows[0] * width..rows[1] * width].copy_from_slice(&part.pixels);
        if !shown(&image, n + 1 == count) {
            break;
        }
    }
    Ok(())
}

/// A picture at another size, its colours blended between the middles of its pixels.
fn enlarged(image: &Image, Size { width, height }: Size) -> Image {
    let place = |at: usize, own: usize, side: usize| {
        let at = ((at as f64 + 0.5) * own as f64 / side as f64 - 0.5).clamp(0.0, (own - 1) as f64);
        (at as usize, (at as usize + 1).min(own - 1), at.fract() as f32)
    };
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        let (above, below, down) = place(y, image.height, height);
        for x in 0..width {
            let (left, right, across) = place(x, image.width, width);
            let row = |y: usize, i: usize| {
                let [a, b] = [left, right].map(|x| image.pixels[y * image.width + x][i]);
                a + (b - a) * across
            };
            pixels.push([0, 1, 2].map(|i| row(above, i) + (row(below, i) - row(above, i)) * down));
        }
    }
    Image { width, height, pixels }
}

/// The lens of some rows of a picture.
fn strip_of(lens: &Lens, height: usize, rows: [usize; 2]) -> Lens {
    let part = (rows[1] - rows[0]) as f64 / height as f64;
    let middle = 1.0 - (rows[0] + rows[1]) as f64 / height as f64;
    let moved = |from: [f64; 3]| [0, 1, 2].map(|i| from[i] + middle * lens.up[i]);
    let lens = match lens.parallel {
        true => Lens { eye: moved(lens.eye), ..*lens },
        false => Lens { ahead: moved(lens.ahead), ..*lens },
    };
    Lens { right: lens.right.map(|v| v * part), up: lens.up.map(|v| v * part), ..lens }
}

/// What is said where nothing could be painted.
pub(super) fn said(error: &Error) -> String {
    format!("there is no picture: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Shade;
    use crate::task::Task;
    use std::sync::mpsc::channel;

    const TEXT: &str = "let r = param(\"r\", 0.5, 0.1, 2); show(sphere(r)); bounds([-1, -1, -1], [1, 1, 1]);";

    fn scene() -> Scene {
        Scene::from_text(TEXT, "a.rhai").unwrap()
    }

    fn wanted(values: Vec<(String, f64)>, options: Options, is_moving: bool) -> Wanted {
        Wanted { scene: Arc::new(scene()), values, alone: None, options, is_moving }
    }

    fn pixels(painted: &Painted) -> &[u8] {
        match &painted.picture {
            Picture::Pixels(pixels) => pixels,
            Picture::Texture(_) => panic!("the CPU draws here"),
        }
    }

    #[test]
    fn strips_make_the_whole_picture() {
        let stage = Stage::new(&scene()).unwrap();
        let view = Lens::of(&stage.view(0.0).unwrap());
        for lens in [view, Lens::parallel([0.0, 0.3, 3.0], [0.0; 3], [0.0, 1.0, 0.0], 2.0)] {
            let size = Size { width: 480, height: 450 };
            let options =
                Options { size, lens: Some(lens), shade: Shade::Normals, samples: 1, ..Options::default() };
            let whole = stage.picture(&options).unwrap();
            let coarse = Image { width: 1, height: 1, pixels: vec![[0.5; 3]] };
            let mut strips = coarse.clone();
            sharpened(&stage, &options, &coarse, |image, _| {
                strips = image.clone();
                true
            })
            .unwrap();
            let far = |(a, b): (&[f32; 3], &[f32; 3])| a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1e-2);
            let differ = whole.pixels.iter().zip(&strips.pixels).filter(|&pair| far(pair)).count();
            assert!(differ * 1000 < size.pixels(), "{differ} pixels of {}", size.pixels());
            let mut count = 0;
            sharpened(&stage, &options, &coarse, |_, is_done| {
                count += 1;
                assert!(!is_done, "it was given up");
                false
            })
            .unwrap();
            assert_eq!(count, 1);
        }
    }

    #[test]
    fn a_picture_that_is_enlarged_keeps_its_slopes() {
        let ramp = |width: usize| Image {
            width,
            height: 1,
            pixels: (0..width).map(|x| [(x as f32 + 0.5) / width as f32; 3]).collect(),
        };
        let large = enlarged(&ramp(8), Size { width: 32, height: 3 });
        for (x, pixel) in large.pixels[32..64].iter().enumerate().skip(2).take(28) {
            assert!((pixel[0] - (x as f32 + 0.5) / 32.0).abs() < 1e-6, "{x}: {pixel:?}");
        }
    }

    #[test]
    fn a_picture_is_coarse_and_then_sharp_and_follows_the_values() {
        let (done, painted) = channel();
        let wake: Wake = Arc::new(move || done.send(()).unwrap_or_default());
        let painter = start(wake, None, Say::default());
        let options = Options { size: Size { width: 160, height: 120 }, ..Options::default() };
        let wanted = wanted(Vec::new(), options, false);
        let last = |wanted: &Wanted| {
            painter.ask(wanted.clone());
            loop {
                painted.recv().unwrap();
                match painter.answer() {
                    Some(Ok(painted)) if painted.is_sharp != wanted.is_moving => break painted,
                    Some(Err(error)) => panic!("{error}"),
                    _ => (), // the coarse one, or taken with the one before
                }
            }
        };
        let sharp = last(&wanted);
        assert_eq!((sharp.size, pixels(&sharp).len()), (wanted.options.size, 3 * 160 * 120));
        let larger = last(&Wanted { values: vec![("r".into(), 0.9)], ..wanted.clone() });
        assert_ne!(pixels(&sharp), pixels(&larger));
        assert_eq!(larger.bounds, Some(Bounds::new([-1.0; 3], [1.0; 3])));
        let mut other = wanted.clone();
        other.options.shade = Shade::Depth;
        let coarse = last(&Wanted { is_moving: true, ..other });
        assert!(!coarse.is_sharp);
    }

    #[test]
    fn a_slider_reads_and_builds_nothing_again() {
        let scene = Scene::from_text(
            "let r = param(\"r\", 0.5, 0.1, 2); show(sphere(r).name(\"ball\") | box([1, 1, 1])); bounds([-2, -2, -2], [2, 2, 2]);",
            "a.rhai",
        );
        let scene = Arc::new(scene.unwrap());
        let boxes = crate::field::boxes(scene.field(), crate::field::Detail::Names, None).unwrap();
        let ball = boxes.iter().position(|own| own.title == "ball").unwrap();
        for alone in [None, Some(Member { index: ball, title: "ball".into() })] {
            let mut known = None;
            let mut shown: Option<Scene> = None;
            for r in [0.5, 1.5, 0.7] {
                let wanted = Wanted {
                    scene: scene.clone(),
                    values: vec![("r".into(), r)],
                    alone: alone.clone(),
                    options: Options::default(),
                    is_moving: true,
                };
                let drawer = ready(&mut known, &None, &Say::default(), &wanted).unwrap();
                let now = drawer.stage().scene();
                assert_eq!(now.value_of("r"), Some(r));
                assert!(shown.as_ref().unwrap_or(now).is_like(now));
                assert_eq!(
                    now.field().value_at([9.0, 0.0, 0.0, 0.0]).unwrap(),
                    9.0 - if alone.is_some() { r } else { r.max(0.5) }
                );
                shown = Some(now.clone());
            }
        }
    }

    #[test]
    fn a_value_that_cannot_be_is_an_error_and_not_the_end() {
        let (done, painted) = channel();
        let wake: Wake = Arc::new(move || done.send(()).unwrap_or_default());
        let painter = start(wake, None, Say::default());
        let options = Options { size: Size { width: 16, height: 12 }, ..Options::default() };
        let wanted = wanted(vec![("r".into(), 7.0)], options, true);
        painter.ask(wanted.clone());
        painted.recv().unwrap();
        assert!(painter.answer().unwrap().is_err());
        painter.ask(Wanted { values: Vec::new(), ..wanted });
        painted.recv().unwrap();
        assert!(painter.answer().unwrap().is_ok());
    }

    /// Every long piece of work looks whether anybody waits for it: what it is at does not matter.
    #[test]
    fn a_picture_is_given_up_soon_whatever_it_is_at() {
        let noises = "let f = sphere(1); for i in 0..300 { f += noise(2).translate([i, sin(i), 0]) * 0.003; } show(f);";
        let noises = Scene::from_text(noises, "noises.rhai").unwrap();
        let exhibits =
            ["swept", "temple", "drop"].map(|name| crate::viewer::document::exhibit(name).unwrap());
        // One without bounds, which are searched for.
        let unbounded = |text: &str| {
            text.lines().filter(|line| !line.starts_with("bounds(")).collect::<Vec<_>>().join("\n")
        };
        let temple = exhibits[1].with_text(&unbounded(exhibits[1].text)).unwrap();
        assert!(temple.bounds().is_none());
        let scenes = exhibits.iter().map(|exhibit| exhibit.scene().unwrap()).chain([temple, noises]);
        let options = Options { size: Size { width: 640, height: 480 }, ..Options::default() };
        let task = Task::default();
        let pool = task.pool().unwrap();
        let mut count = 0;
        for scene in scenes {
            for after in [0, 30, 150, 500, 1500].map(Duration::from_millis) {
                task.begin();
                let given_up = std::thread::scope(|scope| {
                    let watch = scope.spawn(|| {
                        std::thread::sleep(after);
                        task.give_up();
                        Instant::now()
                    });
                    let painted = pool.install(|| Stage::new(&scene)?.picture(&options));
                    let (ended, given_up) = (Instant::now(), watch.join().unwrap());
                    painted.is_err().then(|| {
                        assert_eq!(painted.err(), Some(Error::Cancelled), "{}", scene.file());
                        (ended.saturating_duration_since(given_up), task.does())
                    })
                });
                if let Some((late, does)) = given_up {
                    count += 1;
                    eprintln!("{} after {after:?}, {does}: {late:?}", scene.file());
                    assert!(
                        late < Duration::from_secs(2),
                        "{} after {after:?}, {does}: {late:?}",
                        scene.file()
                    );
                }
            }
        }
        assert!(count > 8, "{count}");
    }
}
