//! What a picture can be told.

use super::{Cut, Lens, PictureLayer, Size};
use crate::error::{Error, Result};
use crate::field::Axis;
use crate::scene::Scene;

/// What is shown of a surface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shade {
    /// Its material, under the scene's lights and sky.
    #[default]
    Lit,
    /// Its normal: x, y and z from −1 to 1 as red, green and blue from nothing to full.
    Normals,
    /// How far ahead of the eye it is.
    Depth,
    /// How often the field was looked at to find it.
    Steps,
    /// How steep the field is there: |∇f| in space.
    Gradient,
    /// How fast it moves along its normal: −f_t/|∇f|, positive where the solid grows.
    Velocity,
    /// Its mean curvature.
    Curvature,
}

impl Shade {
    /// All of them in their order, with the names users type.
    pub const ALL: [(&'static str, Shade); 7] = [
        ("lit", Shade::Lit),
        ("normals", Shade::Normals),
        ("depth", Shade::Depth),
        ("steps", Shade::Steps),
        ("gradient", Shade::Gradient),
        ("velocity", Shade::Velocity),
        ("curvature", Shade::Curvature),
    ];

    /// Whether a number is shown, on a colour scale.
    pub fn is_scale(self) -> bool {
        !matches!(self, Shade::Lit | Shade::Normals)
    }

    /// That it can be shown of a scene of its size, before any long work.
    pub(crate) fn check_size(self, scene: &Scene) -> Result<()> {
        match self {
            Shade::Depth | Shade::Steps => Ok(()),
            Shade::Velocity if !scene.field().depends_on(Axis::T) => Ok(()),
            _ => scene.field().check_derivable(),
        }
    }

    /// What is written beside its scale.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Shade::Lit => "light",
            Shade::Normals => "normal",
            Shade::Depth => "depth",
            Shade::Steps => "steps",
            Shade::Gradient => "|grad f|",
            Shade::Velocity => "normal speed",
            Shade::Curvature => "mean curvature",
        }
    }
}

impl std::str::FromStr for Shade {
    type Err = Error;

    fn from_str(text: &str) -> Result<Shade> {
        let found = Shade::ALL.into_iter().find(|(name, _)| *name == text);
        let names = || Shade::ALL.map(|(name, _)| name).join(", ");
        found.map(|(_, shade)| shade).ok_or_else(|| {
            Error::Input(format!("{text:?} is nothing a surface can be shaded by; there are {}", names()))
        })
    }
}

/// What a picture can be told; all of it has a default.
///
/// ```
/// use fieldgrad::render::{Options, Shade, Size};
///
/// let options = Options::default().size(Size { width: 320, height: 240 }).time(1.5).shade(Shade::Normals);
/// assert_eq!(options.time, Some(1.5));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// The picture's pixels.
    pub size: Size,
    /// The time; without one, the start of the scene's timeline.
    pub time: Option<f64>,
    /// From when to when pictures are made one after the other, through the same lens: they share a part of the work. A
    /// picture's depths are then as exact, but not the same to the last bit.
    pub span: Option<[f64; 2]>,
    /// Where it is seen from, in place of the scene's camera.
    pub lens: Option<Lens>,
    /// What is shown of the surface.
    pub shade: Shade,
    /// A flat cut in place of a view.
    pub cut: Option<Cut>,
    /// A flat cut that is drawn into the view: a plane in space.
    pub plane: Option<Cut>,
    /// What is written to a file in place of the picture: numbers beneath it.
    pub layer: Option<PictureLayer>,
    /// The most rays a pixel gets, at edges: a square number, or the next square above it.
    pub samples: usize,
    /// The values of the first and last colour of a scale; without them, a round range that holds what is seen.
    pub range: Option<[f64; 2]>,
    /// Whether a colour scale is drawn into the picture.
    pub bar: bool,
    /// Whether a scene that has bounds casts its shadow on a ground below it.
    pub ground: bool,
    /// Whether light is bent to what a screen can show.
    pub tone: bool,
}

impl Default for Options {
    /// 800×600, lit, four samples at edges.
    fn default() -> Options {
        Options {
            size: Size { width: 800, height: 600 },
            time: None,
            span: None,
            lens: None,
            shade: Shade::Lit,
            cut: None,
            plane: None,
            layer: None,
            samples: 4,
            range: None,
            bar: true,
            ground: true,
            tone: true,
        }
    }
}

/// The most pixels across or down, the most in all, and the most samples of one.
const MAX_SIDE: usize = 16_384;
const MAX_PIXELS: usize = 1 << 26;
const MAX_SAMPLES: usize = 64;

/// A method for each field, of its name: the same options but for that.
macro_rules! setters {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty;)*) => {
        impl Options {$(
            $(#[doc = $doc])+
            pub fn $name(self, $name: $type) -> Options {
                Options { $name: $name.into(), ..self }
            }
        )*}
    };
}

setters! {
    /// The same with so many pixels.
    size: Size;
    /// The same at a time.
    time: impl Into<Option<f64>>;
    /// The same as one of the pictures that are made from when to when ([`Options::span`]).
    span: impl Into<Option<[f64; 2]>>;
    /// The same seen from elsewhere.
    lens: impl Into<Option<Lens>>;
    /// The same with something else shown of the surface.
    shade: Shade;
    /// The same as a flat cut.
    cut: impl Into<Option<Cut>>;
    /// The same with a flat cut drawn into the view.
    plane: impl Into<Option<Cut>>;
    /// The same with numbers written beneath it.
    layer: impl Into<Option<PictureLayer>>;
    /// The same with at most so many rays a pixel.
    samples: usize;
    /// The same between the values of a scale's first and last colour.
    range: impl Into<Option<[f64; 2]>>;
    /// The same with a colour scale drawn into it, or without.
    bar: bool;
    /// The same with a shadow on a ground below, or without.
    ground: bool;
    /// The same with light bent to what a screen can show, or as it is.
    tone: bool;
}

impl Options {
    /// How many rays a pixel has across and down.
    pub(crate) fn side(&self) -> usize {
        (1..=8).find(|side| side * side >= self.samples).unwrap_or(8)
    }

    /// Whether only the CPU draws such a picture.
    #[cfg(feature = "gpu")]
    pub(crate) fn needs_cpu(&self) -> bool {
        self.cut.is_some() || self.plane.is_some() || !self.tone
    }

    /// The picture's time.
    pub(crate) fn time_in(&self, scene: &Scene) -> f64 {
        self.time.unwrap_or(scene.timeline().from)
    }

    /// That there is such a picture.
    pub(crate) fn check(&self) -> Result<()> {
        let Size { width, height } = self.size;
        let wrong = |problem: String| Err(Error::Input(format!("no such picture: {problem}")));
        if width == 0 || height == 0 {
            return wrong(format!("{width}×{height} has no pixels"));
        }
        if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
            return wrong(format!(
                "{width}×{height} is more than {MAX_SIDE} on a side, or {MAX_PIXELS} pixels in all"
            ));
        }
        if self.samples == 0 || self.samples > MAX_SAMPLES {
            return wrong(format!("a pixel has 1 to {MAX_SAMPLES} samples, not {}", self.samples));
        }
        if width * height * self.side().pow(2) > 4 * MAX_PIXELS {
            return wrong(format!(
                "{width}×{height} with {} samples a pixel are too many rays",
                self.samples
            ));
        }
        if let Some([from, to]) = self.range
            && !(from < to && from.is_finite() && to.is_finite())
        {
            return wrong(format!("the range of colours from {from} to {to} is backwards or empty"));
        }
        if self.plane.as_ref().is_some_and(|plane| plane.plane().is_none()) {
            return wrong("a plane in space holds one of x, y and z, as z=0 does".into());
        }
        match self.time {
            Some(t) if !t.is_finite() => wrong(format!("there is no time {t}")),
            _ => Ok(()),
        }
    }
}
