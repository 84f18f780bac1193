//! Pictures on the CPU. Uses numbers, fields, tapes, letters of the shapes, bounds and scenes.
//!
//! [`picture()`] makes one of a scene and [`Film`] many, as [`Options`] say, from a [`Stage`] that knows what is costly.
//! `march` finds what rays meet, `look` what colour that has: `light`, `shadow` and `occlusion` say how bright it is,
//! `scale` and `bar` what colour a number has. [`Layers`] are
//! the numbers beneath a picture, for other programs. A [`Silhouette`]'s [`Coverage`] of pixels has derivatives in
//! parameters, its outline's movement among them. `places` runs tapes at scattered places; [`Slice`] cuts fields,
//! and `plane` draws a cut into a view.

mod bar;
mod coverage;
mod film;
mod image;
mod layers;
mod light;
mod look;
pub mod march;
mod occlusion;
mod options;
mod picture;
mod places;
mod plane;
mod rays;
#[cfg(feature = "fit")]
mod sample;
mod scale;
mod shadow;
mod slice;
mod stage;

#[cfg(feature = "gpu")]
pub(crate) mod shared {
    //! What the pictures of a GPU take from here, so that numbers stand once.
    pub(crate) use super::bar::draw as draw_bar;
    pub(crate) use super::light::{FADING, START, Sky};
    pub(crate) use super::march::{Patch, cells};
    pub(crate) use super::occlusion::LOOKS;
    pub(crate) use super::picture::{EDGE, EDGE_DEPTH, GROUND, REACH, is_near, on_ground, shadow_side};
    pub(crate) use super::places::{enough, look};
    pub(crate) use super::shadow::{LampBasis, SEARCH, TAPS, WIDEST, WIDTH, spread};
    pub(crate) use super::stage::Shot;
}

pub use coverage::{Coverage, Silhouette};
pub use film::{Artist, Film, Frames};
pub use image::Image;
pub use layers::{Layers, PictureLayer, save};
pub use options::{Options, Shade};
pub use picture::picture;
pub use rays::{Lens, Size};
#[cfg(feature = "fit")]
pub(crate) use sample::PngSamples;
pub use scale::Scale;
pub use slice::{Cut, Slice};
pub use stage::Stage;
