//! Films: a scene's pictures over a span of time, as frames of their own or as one moving picture.

use super::image::{MARK, about, encoder};
use super::layers::save_marked;
use super::{Image, Options, Size, Stage};
use crate::error::{Error, Result};
use crate::field::Key;
use crate::file::{check_writable, write_whole};
use crate::scene::{Scene, Timeline};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::ops::Range;
use std::path::Path;

/// What draws the pictures of a scene: a [`Stage`], on the CPU, or something that is faster at it.
pub trait Artist {
    /// The scene made ready.
    fn stage(&self) -> &Stage;
    /// A picture of it.
    fn picture(&mut self, options: &Options) -> Result<Image>;
}

impl Artist for Stage {
    fn stage(&self) -> &Stage {
        self
    }

    fn picture(&mut self, options: &Options) -> Result<Image> {
        Stage::picture(self, options)
    }
}

/// A span of time, and how often a picture is taken in it. Its end is not in it, so that a film can go round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Film {
    /// The time of the first picture.
    pub from: f64,
    /// When the picture after the last would be.
    pub to: f64,
    /// Pictures a second.
    pub fps: f64,
}

/// Which pictures of a film are made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frames {
    /// Some of them, counted from 0; without, all. They are the same as in the whole film.
    pub which: Option<Range<usize>>,
    /// Whether pictures that are there already are left as they are: whole ones of the same scene, values and options.
    pub resume: bool,
}

/// So many pictures, one after the other, share what they can if the camera stands still.
const TOGETHER: usize = 8;

/// The most pictures a film has.
const MAX_FRAMES: usize = 1_000_000;

/// A picture of a film, as screens take it.
type DrawnPicture<'a> = &'a mut dyn FnMut(usize) -> io::Result<Vec<u8>>;

/// What a film is written to.
enum FilmFormat {
    Gif,
    /// An animated PNG.
    Png,
    /// A file for each picture: what stands before and after its number, and how many digits that has.
    Pictures(String, usize, String),
}

impl FilmFormat {
    fn of(path: &Path) -> Result<FilmFormat> {
        let wrong = |problem: &str| Err(about(path, problem));
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match (ending.as_deref(), name.split_once('%')) {
            (Some("png" | "exr"), Some((before, rest))) => {
                let Some((digits, after)) = rest.split_once('d') else {
                    return wrong("has a % that is no number such as %04d");
                };
                let count = if digits.is_empty() { Some(0) } else { digits.parse().ok() };
                match count.filter(|&count| count <= 20 && !after.contains('%')) {
                    Some(count) => Ok(FilmFormat::Pictures(before.into(), count, after.into())),
                    None => wrong("has a % that is no number such as %04d, or several"),
                }
            }
            (Some("gif"), None) => Ok(FilmFormat::Gif),
            (Some("png"), None) => Ok(FilmFormat::Png),
            _ => wrong("a film is written to a .gif, to a .png, or to name_%04d.png or .exr"),
        }
    }
}

impl Film {
    /// A scene's own span of time.
    pub fn of(timeline: Timeline) -> Film {
        Film { from: timeline.from, to: timeline.to, fps: timeline.fps }
    }

    /// How many pictures it has: at least one.
    pub fn count(&self) -> usize {
        // Half a picture at the end is none: the next round would begin within it.
        (((self.to - self.from) * self.fps).round() as usize).max(1)
    }

    /// The time of one of them.
    pub fn time(&self, frame: usize) -> f64 {
        self.from + frame as f64 / self.fps
    }

    /// That there is such a film.
    pub(crate) fn check(&self) -> Result<()> {
        let Film { from, to, fps } = *self;
        let wrong = |problem: String| Err(Error::Input(format!("no such film: {problem}")));
        if !(from.is_finite() && to.is_finite()) || to < from {
            return wrong(format!("its time goes backwards, from {from} to {to}"));
        }
        if !(fps > 0.0 && fps.is_finite()) {
            return wrong(format!("it cannot have {fps} pictures a second"));
        }
        if (to - from) * fps > MAX_FRAMES as f64 {
            return wrong(format!("{from} to {to} at {fps} a second are more than {MAX_FRAMES} pictures"));
        }
        Ok(())
    }

    /// Makes the film and writes it: to a `.gif`, an animated `.png`, or to a file for each picture, as
    /// [`save`](super::save) writes it, for a name such as `name_%04d.png` or `name_%04d.exr`.
    ///
    /// Files are there whole or not at all. `watch` is told how many pictures are done, of how many, before the first
    /// and after each; where it says no, the work ends with an error. What cannot be made is an error before any work.
    pub fn save(
        &self,
        artist: &mut dyn Artist,
        options: &Options,
        path: &Path,
        frames: &Frames,
        watch: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<()> {
        let (form, options, which) =
            (FilmFormat::of(path)?, self.prepared(artist.stage(), options)?, self.which(frames)?);
        if options.layer.is_some() && !matches!(form, FilmFormat::Pictures(..)) {
            return Err(about(path, "a layer is written to single pictures, name_%04d.png"));
        }
        if frames.resume && !matches!(form, FilmFormat::Pictures(..)) {
            return Err(about(path, "only a film of single pictures, name_%04d.png, can be gone on with"));
        }
        let (first, all) = (which.start, which.len());
        check_writable(&match &form {
            FilmFormat::Pictures(before, ..) => path.with_file_name(before),
            _ => path.into(),
        })?;
        tell(watch, 0, all)?;
        match form {
            FilmFormat::Pictures(before, digits, after) => {
                let named = |frame: usize| path.with_file_name(format!("{before}{frame:0digits$}{after}"));
                let scene = Key::of_text(&artist.stage().scene().identity_text());
                for frame in which {
                    let path = named(frame);
                    let told = self.at(frame, &options, artist.stage());
                    let mark = mark(scene, &told);
                    if !(frames.resume && is_made(&path, options.size, &mark)) {
                        save_marked(artist, &told, &path, Some(&mark))?;
                        tell(watch, frame + 1 - first, all)?;
                    }
                }
                Ok(())
            }
            _ => {
                let mut picture = |frame: usize| {
                    let told = self.at(frame, &options, artist.stage());
                    let image = artist.picture(&told).map_err(io::Error::other)?;
                    tell(watch, frame + 1 - first, all).map_err(io::Error::other)?;
                    Ok(image.to_srgb())
                };
                write_whole(path, |file| match form {
                    FilmFormat::Gif => self.write_gif(file, options.size, which, &mut picture),
                    _ => self.write_png(file, options.size, which, &mut picture),
                })
            }
        }
    }

    /// A picture of the film by itself.
    pub fn frame(&self, scene: &Scene, options: &Options, frame: usize) -> Result<Image> {
        let stage = Stage::new(scene)?;
        stage.picture(&self.at(frame, &self.prepared(&stage, options)?, &stage))
    }

    /// What one of its pictures is told.
    fn at(&self, frame: usize, options: &Options, stage: &Stage) -> Options {
        // Groups are counted from the first picture of the film: whichever are made, each is the same.
        let first = frame / TOGETHER * TOGETHER;
        let last = (first + TOGETHER).min(self.count()) - 1;
        let view = |frame: usize| stage.view(self.time(frame)).ok();
        let stands = options.lens.is_some() || (first..last).all(|frame| view(frame) == view(frame + 1));
        let span = (first < last && stands).then(|| [self.time(first), self.time(last)]);
        Options { time: Some(self.time(frame)), span, ..options.clone() }
    }

    /// Options with colours that mean the same in all pictures, once it is known that the camera sees in each.
    fn prepared(&self, stage: &Stage, options: &Options) -> Result<Options> {
        self.check()?;
        options.check()?;
        if options.lens.is_none() && options.cut.is_none() {
            (0..self.count()).try_for_each(|frame| stage.view(self.time(frame)).map(|_| ()))?;
        }
        let times = [0, self.count() / 3, 2 * self.count() / 3].map(|frame| self.time(frame));
        let range = stage.range(options, &times)?;
        Ok(Options { range, ..options.clone() })
    }

    fn which(&self, frames: &Frames) -> Result<Range<usize>> {
        let count = self.count();
        let which = frames.which.clone().unwrap_or(0..count);
        match which.start < which.end && which.end <= count {
            true => Ok(which),
            false => Err(Error::Input(format!(
                "no such pictures: {} to before {}, of a film of {count}",
                which.start, which.end
            ))),
        }
    }

    fn write_gif(
        &self,
        file: &mut dyn Write,
        size: Size,
        which: Range<usize>,
        picture: DrawnPicture,
    ) -> io::Result<()> {
        let (width, height) = (size.width as u16, size.height as u16);
        let mut encoder = gif::Encoder::new(file, width, height, &[]).map_err(io::Error::other)?;
        encoder.set_repeat(gif::Repeat::Infinite).map_err(io::Error::other)?;
        for frame in which {
            let mut shown = gif::Frame::from_rgb_speed(width, height, &picture(frame)?, 10);
            // Delays are hundredths of a second: what one is too short, the next is longer.
            let ends = [frame, frame + 1].map(|frame| (frame as f64 * 100.0 / self.fps).round());
            shown.delay = (ends[1] - ends[0]).clamp(1.0, f64::from(u16::MAX)) as u16;
            encoder.write_frame(&shown).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn write_png(
        &self,
        file: &mut dyn Write,
        size: Size,
        which: Range<usize>,
        picture: DrawnPicture,
    ) -> io::Result<()> {
        let mut encoder = encoder(file, size.width, size.height);
        encoder.set_animated(which.len() as u32, 0)?;
        let (numerator, denominator) = self.delay();
        encoder.set_frame_delay(numerator, denominator)?;
        let mut writer = encoder.write_header()?;
        for frame in which {
            writer.write_image_data(&picture(frame)?)?;
        }
        Ok(writer.finish()?)
    }

    /// A picture's time in seconds, as a fraction of small numbers.
    fn delay(&self) -> (u16, u16) {
        let most = f64::from(u16::MAX);
        match self.fps.fract() == 0.0 && self.fps <= most {
            true => (1, self.fps as u16),
            false if self.fps >= 1.0 => ((1000.0 / self.fps).round().max(1.0) as u16, 1000),
            false => ((100.0 / self.fps).round().min(most) as u16, 100),
        }
    }
}

fn tell(watch: &mut dyn FnMut(usize, usize) -> bool, done: usize, all: usize) -> Result<()> {
    match watch(done, all) {
        true => Ok(()),
        false => Err(Error::System(format!("stopped after {done} of {all} pictures"))),
    }
}

/// A fingerprint of what a picture is made from: the scene and what it was told, by this version of the program.
fn mark(scene: Key, told: &Options) -> String {
    scene.join(Key::of_text(&format!("{} {told:?}", env!("CARGO_PKG_VERSION")))).letters()
}

/// Whether a file is a whole picture of that size that carries that fingerprint.
fn is_made(path: &Path, Size { width, height }: Size, mark: &str) -> bool {
    let png = || -> Option<bool> {
        let mut reader = png::Decoder::new(BufReader::new(File::open(path).ok()?)).read_info().ok()?;
        let mut pixels = vec![0; reader.output_buffer_size()?];
        let info = reader.next_frame(&mut pixels).ok()?;
        let texts = &reader.info().uncompressed_latin1_text;
        let is_marked = texts.iter().any(|text| text.keyword == MARK && text.text == mark);
        Some(is_marked && (info.width as usize, info.height as usize) == (width, height))
    };
    let exr = || {
        let read = exr::prelude::read_first_flat_layer_from_file(path).ok()?;
        let kept = read.layer_data.attributes.comments.as_ref().map(|text| text.to_string());
        let is_marked = kept == Some(format!("{MARK} {mark}"));
        Some(is_marked && (read.layer_data.size.x(), read.layer_data.size.y()) == (width, height))
    };
    let is_exr = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("exr"));
    if is_exr { exr() } else { png() }.unwrap_or(false)
}
