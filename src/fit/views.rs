//! Pictures with their cameras as targets: silhouettes and depth images, as `transforms.json` lists them.

use super::silhouettes::SilhouetteTarget;
use super::target::Target;
use crate::error::{Error, Result};
use crate::file::bytes_of;
use crate::npy::Array;
use crate::render::{Lens, PngSamples, Size};
use glam::DVec3;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What a solid looks like from several cameras.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Views {
    /// How much it covers of the pixels of each.
    pub silhouettes: Vec<SilhouetteTarget>,
    /// The points of its surface that depth images have; none, if there are no such images.
    pub points: Target,
}

/// The most bytes of one file.
const MOST: u64 = 1 << 28;

impl Views {
    /// The pictures that a `transforms.json` lists, in the layout that NeRF's synthetic scenes have (Mildenhall et al. 2020) and
    /// instant-ngp and nerfstudio after them.
    ///
    /// Cameras look along −z of their `transform_matrix`, y up, with a `camera_angle_x` or an `fl_x` in pixels (and `fl_y`, `cx`
    /// and `cy`, if they differ); a frame's own go before those of all. A frame's silhouette is the alpha of its PNG,
    /// `mask_path` or `file_path`, or the brightness of one that is black and white; its `depth_file_path` is a PNG of 16 bits
    /// or an .npy array: depths along the camera's axis in parts of `depth_unit_scale_factor` (0.001, if it is not given), 0 where they are not
    /// known. It is at its `time`, or at 0.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Views> {
        let path = path.as_ref();
        let about = |problem: String| Error::File { path: path.display().to_string(), problem };
        let bytes = bytes_of(path, &path.display().to_string(), MOST)?;
        let whole: Value = serde_json::from_slice(&bytes).map_err(|error| about(error.to_string()))?;
        let frames = whole.get("frames").and_then(Value::as_array);
        let frames = frames.ok_or_else(|| about("has no list of `frames`".into()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut views = Views::default();
        for (n, own) in frames.iter().enumerate() {
            let frame = CameraFrame { own, whole: &whole, folder };
            let (silhouette, points) = frame.read().map_err(|error| about(format!("frame {n}: {error}")))?;
            views.silhouettes.extend(silhouette);
            if let Some(points) = points {
                views.points = match views.points.is_empty() {
                    true => points,
                    false => Target::together([views.points, points]),
                };
            }
        }
        match views.silhouettes.is_empty() && views.points.is_empty() {
            true => Err(about("has no frame with a silhouette or a depth image".into())),
            false => Ok(views),
        }
    }
}

/// A picture in the list.
struct CameraFrame<'a> {
    own: &'a Value,
    whole: &'a Value,
    folder: &'a Path,
}

impl CameraFrame<'_> {
    fn read(&self) -> Result<(Option<SilhouetteTarget>, Option<Target>)> {
        let t = self.number("time")?.unwrap_or(0.0);
        let (mask, picture) = (self.path("mask_path")?, self.path("file_path")?);
        let depths = self.path("depth_file_path")?;
        let silhouette = match mask
            .as_ref()
            .or(picture.as_ref())
            .filter(|path| mask.is_some() || depths.is_none() || is_png(path))
        {
            None => None,
            Some(path) => match PngSamples::of_png(&read(path)?).map_err(|error| in_file(path, error))? {
                Some(PngSamples { size, numbers, most }) => {
                    let parts = numbers.iter().map(|&own| f64::from(own) / f64::from(most)).collect();
                    Some(SilhouetteTarget::new(self.lens(size)?, size, t, parts)?)
                }
                None if depths.is_some() => None,
                None => {
                    let problem = "is in colours without alpha, and there is no mask_path: it says nothing of what is covered";
                    return Err(Error::File { path: path.display().to_string(), problem: problem.into() });
                }
            },
        };
        let Some(path) = depths else { return Ok((silhouette, None)) };
        let (size, depths) = self.depths(&path)?;
        Ok((silhouette, Some(Target::of_depths(&self.lens(size)?, size, t, &depths)?)))
    }

    /// A depth image's depths: not finite where they are not known.
    fn depths(&self, path: &Path) -> Result<(Size, Vec<f64>)> {
        let scale = self.number("depth_unit_scale_factor")?.unwrap_or(1e-3);
        let known = |own: f64| if own > 0.0 { own * scale } else { f64::INFINITY };
        if path.extension().is_some_and(|own| own == "npy") {
            let array = Array::<f64>::open(path, &path.display().to_string(), MOST as usize / 8)?;
            let [height, width] = array.shape[..] else {
                let problem = format!("a depth image has rows and columns, not the shape {:?}", array.shape);
                return Err(Error::File { path: path.display().to_string(), problem });
            };
            return Ok((Size { width, height }, array.values.into_iter().map(known).collect()));
        }
        match PngSamples::of_png(&read(path)?).map_err(|error| in_file(path, error))? {
            Some(PngSamples { size, numbers, .. }) => {
                Ok((size, numbers.into_iter().map(|own| known(f64::from(own))).collect()))
            }
            None => {
                let problem = "is in colours: a depth image is grey".into();
                Err(Error::File { path: path.display().to_string(), problem })
            }
        }
    }

    /// The camera of a picture of so many pixels.
    fn lens(&self, size: Size) -> Result<Lens> {
        let Size { width, height } = size;
        let (wide, high) = (width as f64, height as f64);
        // What is said in pixels is of pictures of a size that may be another.
        let by = self.number("w")?.map_or(1.0, |own| wide / own);
        let focal = match (self.number("fl_x")?, self.number("camera_angle_x")?) {
            (Some(focal), _) => focal * by,
            (None, Some(angle)) => 0.5 * wide / (0.5 * angle).tan(),
            (None, None) => return Err(Error::Input("there is no camera_angle_x and no fl_x".into())),
        };
        let focal_y = self.number("fl_y")?.map_or(focal, |own| own * by);
        let middle = [self.number("cx")?.map(|own| own * by), self.number("cy")?.map(|own| own * by)];
        let [cx, cy] = [middle[0].unwrap_or(0.5 * wide), middle[1].unwrap_or(0.5 * high)];
        if !(focal > 0.0 && focal_y > 0.0 && focal.is_finite() && focal_y.is_finite()) {
            return Err(Error::Input(format!("a camera of a focal length of {focal} by {focal_y} pixels")));
        }
        let [right, up, back, eye] = self.matrix()?;
        // The middle of the picture need not be on the camera's axis, along which depths go.
        let off = (0.5 * wide - cx) / focal * right - (0.5 * high - cy) / focal_y * up;
        let way = eye.length().max(1e-3);
        Ok(Lens {
            eye: eye.into(),
            ahead: (off - back).into(),
            right: (0.5 * high / focal * right).into(),
            up: (0.5 * high / focal_y * up).into(),
            parallel: false,
            near: 1e-3 * way,
            far: 1e3 * way,
            tolerance: 0.25,
        })
    }

    /// The columns of the camera's matrix: to the right, up and back, of length 1, and where it is.
    fn matrix(&self) -> Result<[DVec3; 4]> {
        let rows = self.own.get("transform_matrix").and_then(Value::as_array);
        let rows = rows.ok_or_else(|| Error::Input("there is no transform_matrix".into()))?;
        let number =
            |row: usize, column: usize| rows.get(row)?.get(column)?.as_f64().filter(|own| own.is_finite());
        let column = |n: usize| Some(DVec3::new(number(0, n)?, number(1, n)?, number(2, n)?));
        let wrong = || Error::Input("the transform_matrix is not four rows of four numbers".into());
        let [right, up, back, eye] = [0, 1, 2, 3].map(column).map(|own| own.ok_or_else(wrong));
        let (right, up, back) = (right?, up?, back?);
        let turned = right.cross(up).dot(back);
        let sizes = right.length() * up.length() * back.length();
        if turned.is_nan() || turned < 0.99 * sizes || sizes == 0.0 {
            let problem =
                "the transform_matrix does not turn a camera: its columns are no right-handed frame";
            return Err(Error::Input(problem.into()));
        }
        Ok([right.normalize(), up.normalize(), back.normalize(), eye?])
    }

    /// A number of the frame, or of all frames.
    fn number(&self, name: &str) -> Result<Option<f64>> {
        let Some(own) = self.own.get(name).or_else(|| self.whole.get(name)) else { return Ok(None) };
        let number = own.as_f64().filter(|own| own.is_finite());
        number.map(Some).ok_or_else(|| Error::Input(format!("{name} is {own}, not a number")))
    }

    /// A file that is named, beside the list; names may leave out `.png`.
    fn path(&self, name: &str) -> Result<Option<PathBuf>> {
        let Some(own) = self.own.get(name) else { return Ok(None) };
        let own = own.as_str().ok_or_else(|| Error::Input(format!("{name} is {own}, not a name")))?;
        let path = self.folder.join(own);
        let longer = path.with_file_name(format!("{}.png", path.file_name().unwrap_or_default().display()));
        Ok(Some(if !path.is_file() && longer.is_file() { longer } else { path }))
    }
}

fn is_png(path: &Path) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case("png"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    bytes_of(path, &path.display().to_string(), MOST)
}

fn in_file(path: &Path, error: Error) -> Error {
    Error::File { path: path.display().to_string(), problem: error.to_string() }
}

impl Target {
    /// The points of a surface that rays through the pixels' middles meet at these depths, row by row from the top, as
    /// [`depths`](crate::render::march::depths) gives them; at a time. Pixels whose depth is not finite have none. An error where
    /// there are not as many depths as pixels.
    pub fn of_depths(lens: &Lens, size: Size, t: f64, depths: &[f64]) -> Result<Target> {
        if depths.len() != size.pixels() {
            let (Size { width, height }, count) = (size, depths.len());
            let problem = format!("a depth image of {width} × {height} pixels has {count} depths");
            return Err(Error::Input(problem));
        }
        let place = |(n, &depth): (usize, &f64)| {
            let [u, v] = size.across((n % size.width) as f64 + 0.5, (n / size.width) as f64 + 0.5);
            depth.is_finite().then(|| lens.at([u, v, depth]))
        };
        let points: Vec<[f64; 3]> = depths.iter().enumerate().filter_map(place).collect();
        let times = vec![t; points.len()];
        Target::new(points)?.with_times(times)
    }
}
