//! What rays meet, as numbers for other programs: depths, normals, and which of the scene's parts it is.

use super::image::{MARK, about, marked};
use super::march::{self, Inside, NOTHING, Surface};
use super::places::values_at;
use super::{Artist, Image, Options, Shade, Size, Stage};
use crate::error::{Error, Result};
use crate::file::write_whole;
use crate::task;
use exr::WritableImage as _;
use exr::prelude as exr;
use std::io::Cursor;
use std::path::Path;

/// One of the layers of numbers beneath a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureLayer {
    /// How far ahead of the eye the surface is, along the middle ray.
    Depth,
    /// Its normal.
    Normals,
    /// Which of the scene's parts it is.
    Objects,
}

impl PictureLayer {
    /// All of them, with the names users type.
    pub const ALL: [(&'static str, PictureLayer); 3] = [
        ("depth", PictureLayer::Depth),
        ("normals", PictureLayer::Normals),
        ("objects", PictureLayer::Objects),
    ];
}

impl std::str::FromStr for PictureLayer {
    type Err = Error;

    fn from_str(text: &str) -> Result<PictureLayer> {
        let found = PictureLayer::ALL.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, layer)| layer).ok_or_else(|| {
            Error::Input(format!("{text:?} is no layer; there are depth, normals and objects"))
        })
    }
}

/// The numbers beneath a picture: of each pixel's middle ray, row by row from the top.
///
/// ```
/// use fieldgrad::render::{Options, Size, Stage};
/// use fieldgrad::scene;
///
/// let options = Options::default().size(Size { width: 32, height: 24 });
/// let layers = Stage::new(&scene::built_in())?.layers(&options)?;
/// let seen = layers.depths.iter().zip(&layers.objects);
/// assert!({ seen }.all(|(&depth, &object)| depth.is_finite() == (object > 0)));
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    /// The pixels.
    pub size: Size,
    /// How far ahead of the eye the surface is, along the middle ray; infinite where nothing is met.
    pub depths: Vec<f32>,
    /// Its normal in the scene's x, y and z, of length 1; 0 where nothing is met.
    pub normals: Vec<[f32; 3]>,
    /// Which of the scene's [parts](crate::shape::Parts) it is, counted from 1; 0 where nothing is met.
    pub objects: Vec<u32>,
    /// What the parts are called, in their order.
    pub names: Vec<String>,
}

/// The largest of 16 bits, which stands for nothing in a depth.
const NONE: u16 = u16::MAX;

impl Stage {
    /// The numbers beneath a picture. A flat cut has none.
    pub fn layers(&self, options: &Options) -> Result<Layers> {
        options.check()?;
        if options.cut.is_some() {
            return Err(Error::Input("a flat cut has no depths, normals or objects".into()));
        }
        let (size, time) = (options.size, options.time_in(self.scene()));
        let (lens, _) = self.lens_of(options, time)?;
        let Surface { depths, normals } =
            march::surface_of(&self.shape()?, &lens, size, time, Inside::Leaves)?;
        let (which, names) = self.tapes().parts(self.scene())?;
        let which = which.fixed([None, None, None, Some(time)]);
        let (met, places) = march::met(&lens, size, &depths);
        let mut objects = vec![0; size.pixels()];
        for (pixel, part) in met.into_iter().zip(&values_at(&which, &places)[0]) {
            objects[pixel] = *part as u32 + 1;
        }
        task::check()?;
        Ok(Layers { size, depths, normals, objects, names })
    }
}

/// Writes a picture, or what is beneath it: to an `.exr` the lit picture's light and all layers, in 32 bits; to a `.png`
/// the layer that is asked for, in 16 bits, or the picture itself.
pub fn save(artist: &mut dyn Artist, options: &Options, path: &Path) -> Result<()> {
    save_marked(artist, options, path, None)
}

/// The same with a fingerprint in the file of what it was made from.
pub(super) fn save_marked(
    artist: &mut dyn Artist,
    options: &Options,
    path: &Path,
    mark: Option<&str>,
) -> Result<()> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match (ending.as_deref(), options.layer) {
        (Some("exr"), None) => {
            let light = Options { shade: Shade::Lit, tone: false, bar: false, ..options.clone() };
            let bytes = artist.stage().layers(options)?.to_exr(&artist.picture(&light)?, path, mark)?;
            write_whole(path, |out| out.write_all(&bytes))
        }
        (Some("png"), Some(layer)) => {
            let bytes = artist.stage().layers(options)?.to_png(layer, options.range, path, mark)?;
            write_whole(path, |out| out.write_all(&bytes))
        }
        (Some("png"), None) => {
            let bytes = artist.picture(options)?.to_marked_png(mark)?;
            write_whole(path, |out| out.write_all(&bytes))
        }
        (Some("exr"), Some(_)) => Err(about(path, "an .exr has all layers, and is not asked for one")),
        _ => Err(about(path, "a picture is written to a .png or an .exr")),
    }
}

impl Layers {
    /// Writes an OpenEXR file of 32-bit numbers: light in R, G and B, depth in Z, the normal in N.X, N.Y and N.Z, and the
    /// part in id; what the parts are called is its attribute `objects`.
    pub fn save_exr(&self, light: &Image, path: &Path) -> Result<()> {
        let bytes = self.to_exr(light, path, None)?;
        write_whole(path, |out| out.write_all(&bytes))
    }

    fn to_exr(&self, light: &Image, path: &Path, mark: Option<&str>) -> Result<Vec<u8>> {
        let color = |i: usize| exr::FlatSamples::F32(light.pixels.iter().map(|pixel| pixel[i]).collect());
        let normal = |i: usize| exr::FlatSamples::F32(self.normals.iter().map(|normal| normal[i]).collect());
        let channels = [
            ("R", color(0)),
            ("G", color(1)),
            ("B", color(2)),
            ("Z", exr::FlatSamples::F32(self.depths.clone())),
            ("N.X", normal(0)),
            ("N.Y", normal(1)),
            ("N.Z", normal(2)),
            ("id", exr::FlatSamples::U32(self.objects.clone())),
        ];
        let channels =
            channels.into_iter().map(|(name, samples)| exr::AnyChannel::new(name, samples)).collect();
        let mut about_all =
            exr::LayerAttributes { software_name: exr::Text::new_or_none("fieldgrad"), ..Default::default() };
        if let (Some(key), Some(names)) =
            (exr::Text::new_or_none("objects"), exr::Text::new_or_none(self.legend()))
        {
            about_all.other.insert(key, exr::AttributeValue::Text(names));
        }
        // Attributes of one's own are written in no order: two would not be the same bytes each time.
        about_all.comments = mark.and_then(|mark| exr::Text::new_or_none(format!("{MARK} {mark}")));
        let size = (self.size.width, self.size.height);
        let layer =
            exr::Layer::new(size, about_all, exr::Encoding::SMALL_LOSSLESS, exr::AnyChannels::sort(channels));
        let mut bytes = Cursor::new(Vec::new());
        let written = exr::Image::from_layer(layer).write().to_buffered(&mut bytes);
        written.map_err(|error| about(path, format!("cannot be written as OpenEXR: {error}")))?;
        Ok(bytes.into_inner())
    }

    /// Writes one layer as a PNG of 16 bits a channel, with a text in it that says what its numbers mean.
    ///
    /// Depths go from 0 at the first of the range, or the least there is, to 65534 at the last; where nothing is met they
    /// are 65535. Of normals 0 stands for −1 and 65534 for 1; where nothing is met they are 32767, 32767, 32767.
    pub fn save_png(&self, layer: PictureLayer, range: Option<[f64; 2]>, path: &Path) -> Result<()> {
        let bytes = self.to_png(layer, range, path, None)?;
        write_whole(path, |out| out.write_all(&bytes))
    }

    fn to_png(
        &self,
        layer: PictureLayer,
        range: Option<[f64; 2]>,
        path: &Path,
        mark: Option<&str>,
    ) -> Result<Vec<u8>> {
        let most = f64::from(NONE - 1);
        let (color, numbers, says): (_, Vec<u16>, _) = match layer {
            PictureLayer::Depth => {
                let [from, to] = range.unwrap_or_else(|| self.depth_range());
                let of = |&depth: &f32| match depth < NOTHING {
                    true => ((f64::from(depth) - from) / (to - from) * most).round().clamp(0.0, most) as u16,
                    false => NONE,
                };
                let says = format!("depth: 0 is {from}, 65534 is {to}, 65535 is nothing");
                (png::ColorType::Grayscale, self.depths.iter().map(of).collect(), says)
            }
            PictureLayer::Normals => {
                let of = |&part: &f32| ((0.5 + 0.5 * f64::from(part)) * most).round().clamp(0.0, most) as u16;
                let says = String::from("normals x, y, z: 0 is -1, 65534 is 1");
                (png::ColorType::Rgb, self.normals.iter().flatten().map(of).collect(), says)
            }
            PictureLayer::Objects => {
                if self.names.len() >= usize::from(NONE) {
                    let problem = format!("has no room for {} parts; an .exr has", self.names.len());
                    return Err(about(path, problem));
                }
                let numbers = self.objects.iter().map(|&object| object as u16).collect();
                (png::ColorType::Grayscale, numbers, format!("objects: 0 is nothing\n{}", self.legend()))
            }
        };
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.size.width as u32, self.size.height as u32);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Sixteen);
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        let noted = encoder.add_itxt_chunk("Comment".into(), says).and_then(|()| marked(&mut encoder, mark));
        let written = noted.and_then(|()| {
            let mut writer = encoder.write_header()?;
            writer.write_image_data(&numbers)?;
            writer.finish()
        });
        written.map_err(|error| about(path, format!("cannot be written as PNG: {error}")))?;
        Ok(bytes)
    }

    /// The least and the greatest depth; 0 to 1 where nothing is met.
    fn depth_range(&self) -> [f64; 2] {
        let seen = self.depths.iter().copied().filter(|&depth| depth < NOTHING);
        let (least, most) =
            seen.fold((NOTHING, 0.0f32), |(least, most), depth| (least.min(depth), most.max(depth)));
        match least < most {
            true => [f64::from(least), f64::from(most)],
            false if least < NOTHING => [f64::from(least), f64::from(least) + 1.0],
            false => [0.0, 1.0],
        }
    }

    /// The parts' numbers and names, a line each.
    fn legend(&self) -> String {
        let lines = self.names.iter().enumerate().map(|(n, name)| format!("{} is {name}", n + 1));
        lines.collect::<Vec<_>>().join("\n")
    }
}
