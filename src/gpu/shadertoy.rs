//! A scene as a complete image shader for Shadertoy: GLSL ES 3.00 with `mainImage`.

use super::shader::{ShaderWriter, comment, head, parameters};
use crate::error::Result;
use crate::field::{Field, Parameter};
use crate::measure::Bounds;
use crate::number::{Dual, Interval};
use crate::scene::{Camera, Light, Scene};
use crate::tape::Machine;
use crate::tape::text::{CalledFunctions, Language, literal};
use std::collections::HashSet;
use std::fmt::Write;
use std::sync::mpsc::channel;
use std::time::Duration;

/// The scene as an image shader for Shadertoy, with its camera, lights, background and timeline. The parameters are
/// constants at its head, to be played with.
///
/// `bounds` is where the scene is: the camera frames it if the scene has no camera, and nothing is looked for outside.
/// `steepness` is a bound on |∇ₓf| there, by which steps along a ray are shortened.
///
/// An error names what no shader can compute: a kernel without text, or a swept volume's derivatives beyond the first.
pub fn shadertoy(scene: &Scene, still: Option<f64>, bounds: &Bounds, steepness: f64) -> Result<String> {
    let parameters = parameters(scene)?;
    let names = Names::of(&parameters);
    let writer = ShaderWriter { scene, language: Language::Glsl, still, parameter: &|name| names.name(name) };
    let mut used = CalledFunctions::default();
    let mut functions =
        vec![writer.value(&mut used)?, writer.normal(&mut used)?, writer.material(&mut used)?];
    functions.extend(settings(&writer, bounds, &mut used)?);

    let mut text = head(scene, still);
    text += "// Paste it into a new shader on shadertoy.com.\n\n";
    for probe in scene.probes_with_played_lights() {
        let name = comment(&probe.name);
        let _ = writeln!(
            text,
            "// The light of the probe {name} is left out: only playing it tells where it is.\n"
        );
    }
    for (parameter, (_, name)) in parameters.iter().zip(&names.0) {
        let range = parameter.range().map_or(String::new(), |(low, high)| format!(", from {low} to {high}"));
        let value = literal(parameter.value());
        let _ = writeln!(text, "const float {name} = {value}; // {}{range}", comment(parameter.name()));
    }
    let corner = |corner: [f64; 3]| Language::Glsl.vector("vec3", &corner.map(literal));
    let timeline = scene.timeline();
    let _ = write!(
        text,
        "\n// Where the scene is, how steep its field is there, and its span of time.\n\
         const vec3 LOW = {};\nconst vec3 HIGH = {};\nconst float STEEPNESS = {};\n\
         const float START = {};\nconst float END = {};\nconst bool REPEATS = {};\nconst int LIGHTS = {};\n\n",
        corner(bounds.min),
        corner(bounds.max),
        literal(steepness.max(1.0)),
        literal(timeline.from),
        literal(timeline.to),
        timeline.repeats,
        scene.lights().len(),
    );
    text += "struct FieldMaterial {\n    vec3 color;\n    float roughness;\n    float metallic;\n    vec3 emission;\n};\n\n";
    text += &used.text(Language::Glsl)?;
    for function in functions {
        text += &function;
        text.push('\n');
    }
    text += include_str!("../../shaders/shadertoy.glsl");
    Ok(text)
}

/// How long is looked for a bound before it is estimated.
const PATIENCE: Duration = Duration::from_secs(10);
/// A bound this large is no use to who steps by it.
const USELESS: f64 = 20.0;

/// How steep the field is in a box over the scene's time: proven, or where that takes too long or says too much, a
/// little more than the steepest of many points.
pub(crate) fn steepness(scene: &Scene, bounds: &Bounds) -> Result<f64> {
    let timeline = scene.timeline();
    let side = |i: usize| Interval::new(bounds.min[i], bounds.max[i]);
    let over = [side(0), side(1), side(2), Interval::new(timeline.from, timeline.to)];
    let (field, (give, given)) = (scene.field().clone(), channel());
    std::thread::spawn(move || give.send(field.lipschitz(over)));
    if let Ok(Ok(proven)) = given.recv_timeout(PATIENCE)
        && proven < USELESS
    {
        return Ok(proven);
    }
    const POINTS: usize = 5_000;
    // Multiples of powers of the root of x⁵ = x + 1, whose parts behind the point fill four dimensions evenly.
    const STEPS: [f64; 4] =
        [0.856_674_883_854_502_8, 0.733_891_856_627_126, 0.628_706_721_037_808_7, 0.538_597_257_223_612_3];
    let tape = scene.field().tape()?;
    let mut machine = Machine::<Dual<f64>>::new(&tape);
    let steep = (1..=POINTS).map(|n| {
        let part = |i: usize| (n as f64 * STEPS[i]).fract();
        let at = [0, 1, 2, 3].map(|i| over[i].lo() + part(i) * (over[i].hi() - over[i].lo()));
        let [x, y, z, _] = machine.at(Dual::variables(at))[0].slope;
        (x * x + y * y + z * z).sqrt()
    });
    Ok(1.1 * steep.filter(|steep| steep.is_finite()).fold(1.0, f64::max))
}

/// The functions of time that say how the scene is looked at.
fn settings(writer: &ShaderWriter, bounds: &Bounds, used: &mut CalledFunctions) -> Result<Vec<String>> {
    let scene = writer.scene;
    let framing = Camera::framing(bounds);
    let camera = scene.camera().unwrap_or(&framing);
    let background = scene.background();
    let mut functions = Vec::new();
    for (name, fields) in [
        ("camera_eye", &camera.eye),
        ("camera_target", &camera.target),
        ("camera_up", &camera.up),
        ("background_horizon", &background.horizon),
        ("background_zenith", &background.zenith),
    ] {
        functions.push(writer.of_time(name, fields, used)?);
    }
    functions.push(writer.of_time("camera_fov", std::slice::from_ref(&camera.fov), used)?);
    for (i, light) in scene.lights().iter().enumerate() {
        functions.push(writer.of_time(&format!("light{i}_direction"), &light.direction, used)?);
        functions.push(writer.of_time(&format!("light{i}_color"), &brightness(light), used)?);
    }
    for what in ["direction", "color"] {
        let mut chosen = format!("vec3 light_{what}(int i, float t) {{\n");
        for i in 0..scene.lights().len() {
            let _ = writeln!(chosen, "    if (i == {i}) return light{i}_{what}(t);");
        }
        let _ = write!(chosen, "    return vec3(0.0);\n}}\n");
        functions.push(chosen);
    }
    Ok(functions)
}

/// The light's colour times its intensity.
fn brightness(light: &Light) -> [Field; 3] {
    light.color.each_ref().map(|channel| channel * &light.intensity)
}

/// Names that GLSL takes, one for each parameter.
struct Names(Vec<(String, String)>);

impl Names {
    fn of(parameters: &[Parameter]) -> Names {
        let mut taken = HashSet::new();
        let named = parameters.iter().map(|parameter| {
            let own = parameter.name();
            // Words of letters and digits, joined by one underscore each: two are kept for the language.
            let words = own.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
            let plain = format!("parameter_{}", words.collect::<Vec<_>>().join("_"));
            let plain = plain.trim_end_matches('_').to_string();
            let tries = std::iter::once(plain.clone()).chain((2..).map(|n| format!("{plain}_n{n}")));
            let name = { tries }.find(|name| taken.insert(name.clone())).unwrap_or(plain);
            (own.to_string(), name)
        });
        Names(named.collect())
    }

    fn name(&self, parameter: &str) -> String {
        let found = self.0.iter().find(|(own, _)| own == parameter);
        found.map_or_else(String::new, |(_, name)| name.clone())
    }
}
