//! What the command line may say.

use crate::field::Axis;
use crate::measure::Bounds;
use crate::render::{Cut, PictureLayer, Shade, Size};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ops::Range;
use std::path::PathBuf;

/// A differentiable 4D signed-distance-field engine.
///
/// SCENE is a .rhai scene, a .vm expression file, or the name of a scene built in (`fieldgrad gallery` lists them).
/// Without a verb, a window opens on the built-in scene; where there is no display, its facts are printed and its picture is saved
/// to fieldgrad.png.
#[derive(Debug, Parser)]
#[command(name = "fieldgrad", version, max_term_width = 100)]
#[command(after_help = "Ends with 0 when done, 1 when found wanting, 2 for bad input or usage.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    #[command(flatten)]
    pub(super) common: Common,
}

/// What every verb takes.
#[derive(Args, Debug)]
pub(super) struct Common {
    /// Give a parameter of the scene another value; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", global = true, value_parser = assignment)]
    pub(super) set: Vec<(String, f64)>,
    /// How many threads to work on (default: as many as the machine runs at once).
    #[arg(long, value_name = "N", global = true, value_parser = thread_count)]
    pub(super) threads: Option<usize>,
    /// Where random draws start.
    #[arg(long, value_name = "N", global = true, default_value_t = 1)]
    pub(super) seed: u64,
    /// Say nothing but what was asked for: no remarks, no progress.
    #[arg(long, global = true)]
    pub(super) quiet: bool,
    /// Print one JSON object, for programs.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Open a window on a scene: see it move, change it, pull at it.
    #[cfg(feature = "viewer")]
    View(ViewVerb),
    /// Make a picture of a scene, or a film of it.
    Render(Box<RenderVerb>),
    /// Evaluate the field at points, with its derivatives.
    Eval(EvalVerb),
    /// Sample the field on a grid, to a NumPy file that scenes read with grid("file.npy", …).
    Bake(BakeVerb),
    /// Write the surface as a triangle mesh: closed, with sharp edges, free of self-intersections.
    Mesh(MeshVerb),
    /// Say how far two surfaces are apart: Chamfer and Hausdorff distance, overlap, normals, F-score.
    Compare(CompareVerb),
    /// Say when pieces of the surface appear, join, part and vanish, when tunnels open and fill.
    Events(EventsVerb),
    /// Say what a scene is: parameters, size of its program, bounds, volume, area, steepness.
    Info(InfoVerb),
    /// Look for mistakes: NaN, derivatives that differ from differences, distances that are none, dead parameters.
    Check(CheckVerb),
    /// Draw the graph of the field.
    Graph(GraphVerb),
    /// Write the field for other programs: an expression file or a shader.
    Export(ExportVerb),
    /// Find a scene's parameters so that its surface is a target's, or grow a scene to one.
    Fit(Box<FitVerb>),
    /// Let a scene's parameters settle where its energy is least: where that is, whether it stays there, how it moves with the others.
    Settle(SettleVerb),
    /// Play a scene's probes: as sound, as tracks, as OSC messages to other programs.
    Sense(SenseVerb),
    /// List the scenes that are built in, or write them to a folder.
    Gallery(GalleryVerb),
    /// Write a commented scene to start from.
    New(NewVerb),
    /// Measure this program on this machine.
    Bench,
    /// Print what a shell needs to complete this command's words.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[cfg(feature = "viewer")]
#[derive(Args, Debug)]
pub(super) struct ViewVerb {
    /// A .rhai or .vm file, or the name of a scene built in (default: the built-in scene).
    pub(super) scene: Option<String>,
    /// What draws: the GPU, the CPU, or the GPU where there is real hardware.
    #[arg(long, value_enum, default_value_t = Backend::Auto)]
    pub(super) backend: Backend,
    /// Listen for OSC messages that move parameters, /fieldgrad/param/NAME f, at an address or a port (of this
    /// machine alone).
    #[arg(long, value_name = "[HOST:]PORT")]
    pub(super) osc: Option<String>,
    /// Let knobs and faders of MIDI devices move parameters (in a build with the feature midi).
    #[arg(long)]
    pub(super) midi: bool,
}

#[cfg(feature = "viewer")]
impl ViewVerb {
    /// Nothing said.
    pub(super) fn usual() -> ViewVerb {
        ViewVerb { scene: None, backend: Backend::Auto, osc: None, midi: false }
    }
}

#[derive(Args, Debug)]
#[command(
    after_help = "A film is made where OUT ends in .gif or has a number in its name, as in name_%04d.png, or where\n\
    --from, --to, --fps or --frames is given; its frames are the same in whatever ranges they are made."
)]
pub(super) struct RenderVerb {
    /// A .rhai or .vm file, or the name of a scene built in (default: the built-in scene).
    pub(super) scene: Option<String>,
    /// Where to write: .png or .exr, or for a film .gif, .png (an animated one) or name_%04d.png (a file for each frame).
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The picture's width and height in pixels.
    #[arg(long, value_name = "WxH", default_value = "800x600", value_parser = size)]
    pub(super) size: Size,
    /// The time of a picture (default: the start of the scene's timeline).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) time: Option<f64>,
    /// When a film starts (default: as the scene's timeline).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) from: Option<f64>,
    /// When it ends; the frame at its end is the first of the next round.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) to: Option<f64>,
    /// Its frames a second.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(super) fps: Option<f64>,
    /// Make only these frames of it, counted from 0: from A to before B.
    #[arg(long, value_name = "A..B", value_parser = frames)]
    pub(super) frames: Option<Range<usize>>,
    /// Leave the files of frames that are there and whole, if they are of this scene, these values and this view.
    #[arg(long)]
    pub(super) resume: bool,
    /// What is shown of the surface: lit, normals, depth, steps, gradient, velocity or curvature.
    #[arg(long, value_name = "VIEW", default_value = "lit", value_parser = shade)]
    pub(super) shade: Shade,
    /// Write numbers for other programs in place of the picture, as a PNG of 16 bits: depth, normals or objects. An .exr
    /// has all of them and the light besides, in 32 bits.
    #[arg(long, value_name = "LAYER", value_parser = layer, conflicts_with_all = ["shade", "slice"])]
    pub(super) layer: Option<PictureLayer>,
    /// Show a flat cut instead: the coordinates that are held, as z=0, or y=0,z=0 for x against t.
    #[arg(long, value_name = "CUT", value_parser = cut, conflicts_with = "shade")]
    pub(super) slice: Option<Cut>,
    /// Draw a flat cut into the view, as z=0.
    #[arg(long, value_name = "CUT", value_parser = cut, conflicts_with_all = ["slice", "layer"])]
    pub(super) plane: Option<Cut>,
    /// The values of the first and the last colour of a view (default: what is seen).
    #[arg(long, value_name = "A,B", allow_hyphen_values = true, value_parser = range)]
    pub(super) range: Option<[f64; 2]>,
    /// The most rays a pixel gets, at edges.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(super) samples: usize,
    /// Where to look from, in place of the scene's camera.
    #[arg(long, value_name = "X,Y,Z", allow_hyphen_values = true, value_parser = triple)]
    pub(super) eye: Option<[f64; 3]>,
    /// What to look at.
    #[arg(long, value_name = "X,Y,Z", allow_hyphen_values = true, value_parser = triple)]
    pub(super) target: Option<[f64; 3]>,
    /// The vertical angle of view, in degrees.
    #[arg(long, value_name = "DEGREES", value_parser = positive)]
    pub(super) fov: Option<f64>,
    /// Parallel rays, over a picture of that height in the scene.
    #[arg(long, value_name = "HEIGHT", value_parser = positive, conflicts_with = "fov")]
    pub(super) orthographic: Option<f64>,
    /// What draws: the CPU, whose pictures are the same on every machine, a GPU, or a GPU where there is real hardware.
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    pub(super) backend: Backend,
    /// Leave out the colour scale of a view.
    #[arg(long)]
    pub(super) no_bar: bool,
    /// Leave out the ground on which a scene casts its shadow.
    #[arg(long)]
    pub(super) no_ground: bool,
}

/// What draws pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Backend {
    Auto,
    Cpu,
    Gpu,
}

#[derive(Args, Debug)]
pub(super) struct EvalVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// A point to evaluate at; may be repeated.
    #[arg(long, value_name = "X,Y,Z[,T]", allow_hyphen_values = true, value_parser = point)]
    pub(super) at: Vec<PlaceAndTime>,
    /// A file of points: text (.csv, .xyz, .txt; 3 or 4 columns, or a header that names x, y, z and t), .npy (N×3 or N×4)
    /// or .ply.
    #[arg(long, value_name = "FILE", conflicts_with = "at")]
    pub(super) points: Option<PathBuf>,
    /// The time of points that have none.
    #[arg(long, value_name = "T", default_value_t = 0.0, allow_hyphen_values = true, value_parser = number)]
    pub(super) time: f64,
    /// Where to write: a .csv or .npy file (default: CSV to standard output).
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Add the gradient in space and time.
    #[arg(long)]
    pub(super) gradient: bool,
    /// Add the second derivatives.
    #[arg(long)]
    pub(super) hessian: bool,
    /// Add the derivative in each parameter.
    #[arg(long)]
    pub(super) params: bool,
    /// How exactly to compute: f32 is faster.
    #[arg(long, value_enum, default_value_t = Precision::F64)]
    pub(super) precision: Precision,
    /// Take a value that is not a number for an answer, not for a mistake.
    #[arg(long)]
    pub(super) allow_nan: bool,
}

/// A point on the command line: with a time, or without.
pub(super) type PlaceAndTime = ([f64; 3], Option<f64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Precision {
    F64,
    F32,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Prints the call that a scene has the samples by: grid(\"OUT.npy\", [lower corner], [upper corner]).\n\
    Samples go from one end of the box, and of the span of time, to the other, both among them. They are f32 numbers,\n\
    in an array of the axes x, y, z, or t, x, y, z where --from, --to or --frames is given."
)]
pub(super) struct BakeVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// Where to write: a .npy file.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// How many samples there are along the longest side; along the others as many as make cells cubes.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = several)]
    pub(super) resolution: usize,
    /// The box that is sampled, by two opposite corners (default: the scene's bounds, or those found, and a little more).
    #[arg(long, value_name = "X,Y,Z,X,Y,Z", allow_hyphen_values = true, value_parser = bounds)]
    pub(super) bounds: Option<Bounds>,
    /// The one time to sample at (default: 0).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) time: Option<f64>,
    /// The first of several times (default: as the scene's timeline).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) from: Option<f64>,
    /// The last of them.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) to: Option<f64>,
    /// How many times there are (default, where --from or --to is given: 16).
    #[arg(long, value_name = "N", value_parser = several)]
    pub(super) frames: Option<usize>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "The mesh is closed and a manifold, and no triangles meet but where they share vertices. Vertices lie on the\n\
    surface and on its edges and corners; where it is flat there are few. At the bounds the solid is cut off and closed."
)]
pub(super) struct MeshVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// Where to write: a .stl, .obj, .ply, .3mf or .glb file; with --slice a .svg or .dxf file.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The outline in a plane, such as z=0, instead of the surface.
    #[arg(long, value_name = "PLANE", value_parser = plane, conflicts_with_all = ["certify"])]
    pub(super) slice: Option<(Axis, f64)>,
    /// How many cells there are along the longest side of the bounds.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = several)]
    pub(super) resolution: usize,
    /// The same as a power of two: how often the bounds are halved.
    #[arg(long, value_name = "D", conflicts_with = "resolution", value_parser = clap::value_parser!(u32).range(1..=18))]
    pub(super) depth: Option<u32>,
    /// The box the solid is cut off at, by two opposite corners (default: the scene's bounds, or those found).
    #[arg(long, value_name = "X,Y,Z,X,Y,Z", allow_hyphen_values = true, value_parser = bounds)]
    pub(super) bounds: Option<Bounds>,
    /// The time (default: 0).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) time: Option<f64>,
    /// How far a vertex that is left out may lie from the triangles, in cells; with 0 none is left out.
    #[arg(long, value_name = "CELLS", default_value_t = 0.01, value_parser = number)]
    pub(super) tolerance: f64,
    /// Prove that the mesh has the surface's topology, or say where that is not shown; ends with 1 then.
    #[arg(long)]
    pub(super) certify: bool,
    /// Write the velocity of each vertex too, in a .ply or .glb file.
    #[arg(long, conflicts_with_all = ["slice", "to"])]
    pub(super) velocity: bool,
    /// A mesh that moves, in a .glb file, up to this time: one for as long as the surface's topology stays the same.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number, conflicts_with_all = ["slice", "time"])]
    pub(super) to: Option<f64>,
    /// The time that a moving mesh starts at (default: the timeline's start).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number, requires = "to")]
    pub(super) from: Option<f64>,
    /// How many times a second a moving mesh has.
    #[arg(long, value_name = "N", default_value_t = 24.0, value_parser = number)]
    pub(super) fps: f64,
}

#[derive(Args, Debug)]
#[command(
    after_help = "A scene states what falls, energy(9.81 * m * z), what may touch and not overlap, contact(z - r), and which parameters\n\
    settle, settles(\"z\"). Derivatives are those of the place where it rests, exact. Ends with 1 where nothing is found to rest, or it\n\
    does not stay there."
)]
pub(super) struct SettleVerb {
    /// A .rhai file, or the name of a scene built in.
    pub(super) scene: String,
    /// Write the scene here as it rests.
    #[arg(short, long, value_name = "FILE.rhai")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Every event is where f and its slope in space are 0. Intervals show that there are no others; where they do not, the\n\
    boxes are named, and the command ends with 1."
)]
pub(super) struct EventsVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// The first time (default: the timeline's start).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) from: Option<f64>,
    /// The last time (default: the timeline's end).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) to: Option<f64>,
    /// The box that is looked through, by two opposite corners (default: the scene's bounds, or those found).
    #[arg(long, value_name = "X,Y,Z,X,Y,Z", allow_hyphen_values = true, value_parser = bounds)]
    pub(super) bounds: Option<Bounds>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "A and B are meshes (.obj, .stl, .ply, .glb, .gltf, .3mf), scenes, of which meshes are made, or one of them points (.csv, .xyz, .txt,\n\
    .npy, .ply without faces). Distances are exact, from points of one surface to the other, never from points to points.\n\
    What is estimated has the error that it exceeds in 5 of 100 cases; the bounds on the Hausdorff distance are proven."
)]
pub(super) struct CompareVerb {
    /// A mesh, points, or a scene.
    pub(super) first: String,
    /// A mesh, points, or a scene: the one that is held to be right.
    pub(super) second: String,
    /// How many cells there are along the longest side of scenes' meshes, and of the overlap's octree.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = several)]
    pub(super) resolution: usize,
    /// How many points of each surface are measured.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = several)]
    pub(super) samples: usize,
    /// How near is near enough in the F-score (default: a hundredth of the longest side of B).
    #[arg(long, value_name = "D", value_parser = positive)]
    pub(super) within: Option<f64>,
    /// The time of scenes (default: 0).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) time: Option<f64>,
}

#[derive(Args, Debug)]
pub(super) struct InfoVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// The time to measure at (default: the start of the scene's timeline).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) time: Option<f64>,
    /// How exactly volume is to be known, in parts of itself, if no more than the effort is needed for that.
    #[arg(long, value_name = "PART", default_value_t = 0.001, value_parser = positive)]
    pub(super) tolerance: f64,
    /// How much work measuring may take, in multiples of what takes about a second: more gives smaller errors.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = positive)]
    pub(super) effort: f64,
    /// How long each measurement may take before it is given up.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = positive)]
    pub(super) budget: f64,
}

#[derive(Args, Debug)]
pub(super) struct CheckVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// How many points to draw in the scene's bounds.
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) samples: u32,
}

#[derive(Args, Debug)]
pub(super) struct GraphVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// Where to write: a .svg, .dot or .json file.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Every node, not just what has a name.
    #[arg(long)]
    pub(super) full: bool,
    /// Show each node's value and gradient at this point.
    #[arg(long, value_name = "X,Y,Z[,T]", allow_hyphen_values = true, value_parser = point)]
    pub(super) at: Option<PlaceAndTime>,
}

#[derive(Args, Debug)]
pub(super) struct ExportVerb {
    /// A .rhai or .vm file, or the name of a scene built in.
    pub(super) scene: String,
    /// Where to write: .vm, .wgsl (a library of functions) or .glsl (an image shader for Shadertoy).
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Hold the scene still at this time; .vm files know no other.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) time: Option<f64>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "A target is a file of points (.csv, .xyz, .txt, .npy, or .ply without faces); or a mesh (.obj, .stl, .ply, .glb, .gltf, .3mf) or a scene\n\
    (.rhai, .vm, or one built in), of which samples are taken. Points have columns by place: x, y, z; then the signed distance; or then a normal's three numbers; or\n\
    all of them. Text may have a header instead that names x, y, z, t, f (the signed distance), nx, ny and nz,\n\
    as `eval` writes them. --cover and --inside prove by intervals what they say, of the scene as it is written, to the last digit;\n\
    what is not proven is named, with its place. Ends with 1 then, and where --error was not reached, or, without it, where the\n\
    fit was not done.\n\
    Ctrl-C leaves the best so far."
)]
pub(super) struct FitVerb {
    /// The scene whose parameters are to be found: a .rhai file, or the name of a scene built in.
    pub(super) scene: Option<String>,
    /// A file or a scene to fit to, or a transforms.json of silhouettes or depth images with their cameras; may be repeated;
    /// NAME@T is at time T.
    #[arg(long, value_name = "NAME[@T]", required = true)]
    pub(super) target: Vec<String>,
    /// Where to write the scene with the values that were found: a .rhai file.
    #[arg(long, short, value_name = "FILE", required_unless_present = "neural")]
    pub(super) out: Option<PathBuf>,
    /// Grow a scene of so many shapes at most, in place of fitting one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) shapes: Option<u32>,
    /// The most numbers that a grown scene has: a shape has thirteen.
    #[arg(long, value_name = "N", requires = "shapes", value_parser = clap::value_parser!(u32).range(12..=1_000_000))]
    pub(super) numbers: Option<u32>,
    /// The solid that each shape is kept to.
    #[arg(long, value_enum, requires = "shapes", default_value_t = ShapeKind::Any)]
    pub(super) kind: ShapeKind,
    /// Grow a scene that covers the target, a closed mesh: nothing of it is outside, which is proven.
    #[arg(long, requires = "shapes")]
    pub(super) cover: bool,
    /// Grow a scene inside the target, a closed mesh: nothing of the scene is outside of that, which is proven.
    #[arg(long, requires = "shapes", conflicts_with = "cover")]
    pub(super) inside: bool,
    /// How far the target's surface is from the scene's at least, in the scene's field, with --cover or --inside.
    #[arg(long, value_name = "LENGTH", default_value_t = 0.0, value_parser = not_negative)]
    pub(super) margin: f64,
    /// Write the shapes as a robot's collision model too: .urdf, .xml (MuJoCo's MJCF) or .yml (spheres, as cuRobo reads them);
    /// may be repeated. Of --kind sphere, capsule or box.
    #[arg(long, value_name = "FILE", requires = "shapes")]
    pub(super) collision: Vec<PathBuf>,
    /// The root of the mean square of what is left at which it is enough.
    #[arg(long, value_name = "E", value_parser = positive)]
    pub(super) error: Option<f64>,
    /// How many samples are taken of a target that is a mesh or a scene (default: 8,000 to fit, 16,000 to grow, 200,000 to
    /// train a network).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) samples: Option<u32>,
    /// The cost of what is left: outliers lead with its square, less with others.
    #[arg(long, value_enum, default_value_t = Cost::Square)]
    pub(super) cost: Cost,
    /// From where on what is left costs less than its square (default: a hundredth of the target's size).
    #[arg(long, value_name = "LENGTH", value_parser = positive)]
    pub(super) scale: Option<f64>,
    /// Leave a parameter as it is; may be repeated.
    #[arg(long, value_name = "NAME")]
    pub(super) lock: Vec<String>,
    /// Make two parameters one; may be repeated.
    #[arg(long, value_name = "NAME=NAME", value_parser = pair)]
    pub(super) tie: Vec<(String, String)>,
    /// From how many starts to try: the scene's own, and others drawn in the parameters' ranges.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) starts: u32,
    /// How often to try again, where --error is not reached, from places near the start and near the best so far.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(super) tries: u32,
    /// Stop after so long with the best so far.
    #[arg(long, value_name = "S", value_parser = positive)]
    pub(super) seconds: Option<f64>,
    /// Go on from the checkpoint of a run that was ended, beside the output: to the same scene, bit for bit, as without a break.
    #[arg(long)]
    pub(super) resume: bool,
    /// How often a checkpoint is written, in seconds, as OUT.checkpoint.json; 0 is at each step. It goes when the fit is done.
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = not_negative)]
    pub(super) checkpoint: f64,
    /// Write what each step left to a .csv file.
    #[arg(long, value_name = "FILE")]
    pub(super) log: Option<PathBuf>,
    /// Write a page with pictures, the course of the fit, and values with their uncertainties to a .html file.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    #[command(flatten)]
    pub(super) network: super::fit_neural::NeuralOptions,
}

impl FitVerb {
    /// Where the scene goes: beside the network, unless it is said.
    pub(super) fn out(&self) -> PathBuf {
        let beside = || self.network.neural.as_ref().map(|file| file.with_extension("rhai"));
        self.out.clone().or_else(beside).unwrap_or_default()
    }
}

/// The solid that the shapes of a grown scene are kept to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShapeKind {
    /// Rounded boxes, tapered, bent and blended.
    Any,
    Sphere,
    Capsule,
    Box,
}

/// The cost of residuals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Cost {
    Square,
    Absolute,
    Huber,
    GemanMcClure,
    Cauchy,
}

#[derive(Args, Debug)]
#[command(
    after_help = "The first sample of a sound, the first row of a track and the first picture of a film that start at the same\n\
    --from are of the same time. Sounds are WAV files of 32-bit floating-point samples, in stereo. Tracks have a row for\n\
    each tick of the clock. Bundles are sent as time goes by, each with the time tag of its tick."
)]
pub(super) struct SenseVerb {
    /// A .rhai file, or the name of a scene built in.
    pub(super) scene: String,
    /// Where to write: .wav (what is heard), .csv or .json (all tracks); may be repeated.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Vec<PathBuf>,
    /// When it starts (default: as the scene's timeline).
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) from: Option<f64>,
    /// When it ends.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = number)]
    pub(super) to: Option<f64>,
    /// How often a second probes are read.
    #[arg(long, value_name = "N", default_value_t = crate::sense::Clock::RATE, value_parser = positive)]
    pub(super) rate: f64,
    /// The samples a second of sounds.
    #[arg(long, value_name = "N", default_value_t = crate::sense::Sound::RATE)]
    pub(super) samples: u32,
    /// Write every channel as a control voltage to the .wav, each in a channel of its own, in place of what is heard.
    #[arg(long)]
    pub(super) voltages: bool,
    /// Send OSC bundles there as time goes by: /fieldgrad/probe/NAME/CHANNEL f.
    #[arg(long, value_name = "[HOST:]PORT")]
    pub(super) osc: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct GalleryVerb {
    /// The folder to write the scenes to; without one, they are listed.
    pub(super) folder: Option<PathBuf>,
    /// Write over files that are there.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Args, Debug)]
pub(super) struct NewVerb {
    /// The file to write, NAME.rhai.
    pub(super) file: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    pub(super) force: bool,
}

fn number(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| format!("{text:?} is not a number"))?;
    if value.is_finite() { Ok(value) } else { Err(format!("{text} is not a finite number")) }
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value > 0.0 { Ok(value) } else { Err(format!("{text} is not above 0")) }
}

pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    let value = number(text)?;
    if value >= 0.0 { Ok(value) } else { Err(format!("{text} is below 0")) }
}

fn several(text: &str) -> Result<usize, String> {
    let count = text.parse().map_err(|_| format!("{text:?} is not a whole number"))?;
    if count >= 2 { Ok(count) } else { Err(format!("{text} is less than 2")) }
}

fn bounds(text: &str) -> Result<Bounds, String> {
    let numbers = text.split(',').map(number).collect::<Result<Vec<f64>, String>>()?;
    let [x, y, z, to_x, to_y, to_z] = numbers[..] else {
        return Err(format!("a box has two corners, 6 numbers, not {}", numbers.len()));
    };
    let bounds = Bounds::new([x, y, z], [to_x, to_y, to_z]);
    let is_box = bounds.size().into_iter().all(|side| side > 0.0 && side.is_finite());
    if is_box {
        Ok(bounds)
    } else {
        Err(format!("{text} is no box: its corners share a side, or are too far apart"))
    }
}

fn thread_count(text: &str) -> Result<usize, String> {
    const MAX_THREADS: usize = 1024;
    let count = text.parse().map_err(|_| format!("{text:?} is not a whole number"))?;
    if (1..=MAX_THREADS).contains(&count) {
        Ok(count)
    } else {
        Err(format!("{text} is not from 1 to {MAX_THREADS}"))
    }
}

fn assignment(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is set as NAME=VALUE")?;
    match name.trim() {
        "" => Err("the name of the parameter is missing".into()),
        name => Ok((name.into(), number(value)?)),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(a, b)| (a.trim(), b.trim())) {
        Some((a, b)) if !a.is_empty() && !b.is_empty() => Ok((a.into(), b.into())),
        _ => Err("two parameters are tied as NAME=NAME".into()),
    }
}

fn size(text: &str) -> Result<Size, String> {
    let sides = text
        .split_once(['x', '×'])
        .map(|(width, height)| [width, height].map(|side| side.trim().parse().ok()));
    match sides {
        Some([Some(width), Some(height)]) => Ok(Size { width, height }),
        _ => Err(format!("{text:?} is no size such as 800x600")),
    }
}

fn frames(text: &str) -> Result<Range<usize>, String> {
    let ends = text.split_once("..").map(|(from, to)| [from, to].map(|end| end.trim().parse().ok()));
    match ends {
        Some([Some(from), Some(to)]) if from < to => Ok(from..to),
        Some([Some(_), Some(_)]) => Err(format!("{text} goes backwards, or is empty")),
        _ => Err(format!("{text:?} is no range such as 0..60")),
    }
}

fn shade(text: &str) -> Result<Shade, String> {
    text.parse().map_err(|error: crate::error::Error| error.to_string())
}

fn layer(text: &str) -> Result<PictureLayer, String> {
    text.parse().map_err(|error: crate::error::Error| error.to_string())
}

fn plane(text: &str) -> Result<(Axis, f64), String> {
    let wrong = || format!("{text:?} is no plane such as z=0");
    let (name, at) = text.split_once('=').ok_or_else(wrong)?;
    let axis = Axis::ALL[..3].iter().find(|axis| axis.name() == name.trim()).ok_or_else(wrong)?;
    Ok((*axis, number(at.trim())?))
}

fn cut(text: &str) -> Result<Cut, String> {
    text.parse().map_err(|error: crate::error::Error| error.to_string())
}

fn range(text: &str) -> Result<[f64; 2], String> {
    match text.split(',').map(number).collect::<Result<Vec<f64>, String>>()?[..] {
        [from, to] if from < to => Ok([from, to]),
        [_, _] => Err(format!("{text} goes backwards, or is empty")),
        _ => Err(format!("{text:?} is no range such as 0,2")),
    }
}

fn triple(text: &str) -> Result<[f64; 3], String> {
    let numbers = text.split(',').map(number).collect::<Result<Vec<f64>, String>>()?;
    numbers.try_into().map_err(|numbers: Vec<f64>| format!("a place has 3 numbers, not {}", numbers.len()))
}

fn point(text: &str) -> Result<PlaceAndTime, String> {
    let numbers = text.split(',').map(number).collect::<Result<Vec<f64>, String>>()?;
    match numbers[..] {
        [x, y, z] => Ok(([x, y, z], None)),
        [x, y, z, t] => Ok(([x, y, z], Some(t))),
        _ => Err(format!("a point has 3 or 4 numbers, not {}", numbers.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
