//! A differentiable 4D signed-distance-field engine.
//!
//! A [`Field`] is a node of a DAG of implicit functions f(x, y, z, t). What micrograd's `Value` is to numbers, a
//! `Field` is to geometry: an operation and its parents. Inside a solid it is negative; its gradient in space **and
//! time** is exact, and so is its derivative in every named parameter.
//!
//! # A first field
//!
//! Shapes are functions, placing and combining them are methods, and everything is a field: a ball that rises and
//! falls, blended into a slab.
//!
//! ```
//! use fieldgrad::prelude::*;
//!
//! let drop = sphere(0.7).translate((0, 1.2 * sin(t()), 0));
//! let pool = r#box([4.0, 0.4, 4.0]).translate([0.0, -1.0, 0.0]);
//! let scene = drop.smooth_union(pool, 0.35);
//!
//! assert!(scene.value_at([0.0, 0.0, 0.0, 0.0])? < 0.0); // inside the ball
//! assert!(scene.value_at([0.0, 2.0, 0.0, 0.0])? > 0.0); // outside both
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! # Its gradient, in space and time
//!
//! Derivatives are not differences: the graph is run on [`Dual`](number::Dual) numbers. Run on fields, it gives the
//! derivative as a field again, to compose, to run, to differentiate.
//!
//! ```
//! use fieldgrad::prelude::*;
//!
//! let ball = sphere(0.5).translate((2 * t(), 0, 0)); // moves at speed 2 along x
//! let [fx, _, _, ft] = ball.gradient_at([0.5, 0.0, 0.0, 0.0])?;
//! assert_eq!((fx, ft), (1.0, -2.0));
//!
//! let speed = ball.normal_speed(); // −f_t/|∇f|, a field
//! assert_eq!(speed.value_at([0.5, 0.0, 0.0, 0.0])?, 2.0);
//! let curvature = ball.mean_curvature(); // 1/r on the surface
//! assert!((curvature.value_at([0.0, 0.5, 0.0, 0.0])? - 2.0).abs() < 1e-12);
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! # A parameter's derivative
//!
//! A parameter is a named number. One backward pass through the graph gives the derivative in all of them.
//!
//! ```
//! use fieldgrad::prelude::*;
//!
//! let r = param("r", 0.5);
//! let d = param("d", 0.8);
//! let pair = sphere(&r).translate((-&d / 2, 0, 0)) | sphere(&r).translate((&d / 2, 0, 0));
//! assert_eq!(pair.parameters()?.iter().map(|p| p.name()).collect::<Vec<_>>(), ["r", "d"]);
//!
//! // To the right of both, a larger r brings the surface nearer just as fast, a larger d half as fast.
//! assert_eq!(pair.parameter_gradient_at([2.0, 0.0, 0.0, 0.0])?, [-1.0, -0.5]);
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! # One step of descent
//!
//! A fit moves parameters against the gradient of a loss: here, until the surface passes through a point.
//!
//! ```
//! use fieldgrad::prelude::*;
//!
//! let ball = sphere(param("r", 0.5));
//! let target = [0.0, 0.6, 0.8, 0.0]; // at distance 1
//! let loss = |field: &Field| field.value_at(target).map(|f| f * f);
//!
//! let f = ball.value_at(target)?;
//! let slope = 2.0 * f * ball.parameter_gradient_at(target)?[0];
//! let better = ball.with_parameters(&[("r", 0.5 - 0.4 * slope)])?;
//! assert!(loss(&better)? < 0.1 * loss(&ball)?);
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! # A picture of the graph
//!
//! What was composed is what is drawn, each node with its value and ∇f at a point.
//!
//! ```
//! use fieldgrad::prelude::*;
//!
//! let scene = sphere(0.7).smooth_union(torus(1.0, 0.2), param("blend", 0.3));
//! let picture = scene.to_svg(Detail::Names, Some([0.9, 0.3, 0.1, 0.0]))?;
//! assert!(picture.contains("smooth_union") && picture.contains("∇f = "));
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! # Many points
//!
//! `value_at` and its kin go through the graph anew at each call: they are for a few points. For many, flatten fields to a
//! [`Tape`](tape::Tape) once, and read that at points in any layout:
//!
//! ```
//! use fieldgrad::prelude::*;
//!
//! let scene = sphere(0.7).translate((0, sin(t()), 0)).smooth_union(torus(1.0, 0.2), param("blend", 0.3));
//! let tape = scene.tape_of(&[Reading::Value, Reading::Gradient])?;
//! let points = vec![[1.0, 0.2, 0.0], [0.0, 1.5, 0.3]];
//! let outputs = tape.eval(Coordinates::from(&points).at_time(0.5)); // f, f_x, f_y, f_z, f_t: a column each
//! assert!((outputs[0][1] - scene.value_at([0.0, 1.5, 0.3, 0.5])?).abs() < 1e-12);
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! | for | read with |
//! |---|---|
//! | a few points, on any number type | [`Field::value_at`], [`Field::gradient_at`]; a [`Machine`](tape::Machine) |
//! | many points: values, ∇f, Hessians, parameters' derivatives | [`Tape::eval`](tape::Tape::eval) in `f64`, [`Tape::eval_f32`](tape::Tape::eval_f32) |
//! | the same, block after block in memory of one's own | [`Block64`](tape::Block64), [`Block`](tape::Block) |
//! | a loss over points with its derivative in every parameter | [`Sum`](tape::Sum), [`Sum64`](tape::Sum64) |
//! | boxes of space and time: bounds, and the shorter tapes that are enough | [`Tape::cells`](tape::Tape::cells), [`Boxes`](tape::Boxes), [`Tracer`](tape::Tracer) |
//! | regular grids of space and time | [`Grid`](tape::Grid) |
//!
//! `cargo run --release --example readers` says how long each takes on your machine; on one, of the built-in scene, in ns a
//! point and thread: `value_at` 13,500, `Machine<f64>` 390, `Block` 10, with the gradient 26.
//!
//! A debug build of your program runs this crate without optimisation, and so far slower than it can, unless its
//! `Cargo.toml` says:
//!
//! ```toml
//! [profile.dev.package."*"]
//! opt-level = 3
//! ```
//!
//! # Features
//!
//! All but the last two are on by default. `default-features = false` leaves the mathematics: numbers, fields, tapes, shapes, measures.
//!
//! | feature | adds |
//! |---|---|
//! | `mesh` | [`mesh`]: triangle meshes |
//! | `learn` | [`learn`]: networks as fields, a tape of scalars, and with `ndarray` arrays with derivatives |
//! | `scene` | [`scene`]: objects with a camera, lights and a timeline, and scene files |
//! | `fit` | [`fit`]: optimisers, losses, targets, fields grown to a target, and places of rest |
//! | `images` | [`render`]: pictures and films on the CPU; shader text in [`gpu`] |
//! | `cli` | [`cli`], and with it the command `fieldgrad` |
//! | `gpu` | pictures and values on the GPU, by `wgpu` |
//! | `viewer` | the window, which `fieldgrad view` opens |
//! | `ndarray` | points in that crate's arrays ([`Coordinates`](tape::Coordinates)) |
//! | `audio` | a sound device ([`sense::Speaker`]) |
//! | `midi` | MIDI devices ([`sense::midi`]) |
//!
//! # Where things are
//!
//! [`number`] holds the numbers a field is run on, [`field`] the graph, [`tape`] the program, [`shape`] what people
//! compose, [`measure`] what can be asked of a solid, [`mesh`] triangles; [`scene`] and [`render`] make pictures, [`gpu`] writes shaders,
//! [`npy`] reads and writes NumPy's arrays, and [`cli`] is the command. The `ARCHITECTURE.md` of the repository draws the map.

#![cfg_attr(
    not(feature = "viewer"),
    allow(dead_code, unused_imports, reason = "the rooms left out use them")
)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod error;
pub mod field;
mod file;
#[cfg(feature = "fit")]
pub mod fit;
#[cfg(feature = "images")]
pub mod gpu;
#[cfg(feature = "learn")]
pub mod learn;
pub mod measure;
#[cfg(feature = "mesh")]
pub mod mesh;
pub mod npy;
pub mod number;
mod random;
#[cfg(feature = "images")]
pub mod render;
#[cfg(feature = "scene")]
pub mod scene;
#[cfg(feature = "scene")]
pub mod sense;
pub mod shape;
pub mod tape;
mod task;
#[cfg(feature = "viewer")]
pub mod viewer;
#[cfg(any(feature = "learn", feature = "mesh"))]
mod zip;

pub use error::{Error, Mistake, Place, Result};
pub use field::Field;

/// Everything a program that builds fields needs.
pub mod prelude {
    pub use crate::error::{Error, Result};
    pub use crate::field::*;
    pub use crate::measure::{Bounds, Contact, Estimate, Hit, Measures, Ray, first_contact};
    pub use crate::number::{Derivative, Dual, Interval, Kernel, Smooth, Smoothness};
    #[cfg(feature = "images")]
    pub use crate::render::picture;
    #[cfg(feature = "scene")]
    pub use crate::scene::Scene;
    pub use crate::shape::*;
    pub use crate::tape::{Block, Coordinates, Reading, Sum, Tape};
}

/// The README's program is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So are those of the page on derivatives.
#[cfg(doctest)]
#[doc = include_str!("../docs/differentiable.md")]
struct Differentiable;

/// And that of the page on learned fields.
#[cfg(doctest)]
#[doc = include_str!("../docs/networks.md")]
struct LearnedFields;
