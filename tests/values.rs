//! Values beside the graph: one graph, one tape and one scene serve all values of its parameters.

use fieldgrad::number::{Dual, Interval, Intervals, Lanes};
use fieldgrad::prelude::*;
use fieldgrad::render::{Cut, Image, Options, Shade, Size, Stage};
use fieldgrad::scene::{GALLERY, Scene};
use fieldgrad::tape::{
    Adjoint, Asked, BOXES, Block, Boxes, Grid, Machine, Samples, Slopes, Sum, Tape, Tracer,
};

/// A field of many operations, with parameters in what is the same for all points and in what is not.
fn field() -> Field {
    let (r, k, turn) = (param_in("r", 0.5, 0.1, 2.0), param("k", 0.3), param("turn", 0.4));
    let ball = sphere(&r).translate([&turn * t(), Field::constant(0.2), Field::constant(0.0)]);
    let bar = r#box([&r * 2, Field::constant(0.3), &k + 0.2]).rotate_y(&turn).twist(0.5);
    let many =
        (0..12).map(|i| sphere(&r * 0.3).translate([f64::from(i % 4) - 1.5, f64::from(i / 4) - 1.0, 0.7]));
    ball.smooth_union(bar, &k) | (union(many.collect::<Vec<_>>()) + noise(2.0) * (0.05 * &k))
}

const OTHERS: [[f64; 3]; 2] = [[0.8, 0.15, -0.9], [0.45, 0.6, 1.3]];

/// The field's tape at some values, and a tape that was made of the field with those.
fn pairs() -> impl Iterator<Item = (Tape, Tape)> {
    let field = field();
    let tape = Tape::new(&[field.clone(), field.dx()]).unwrap();
    let names: Vec<String> = tape.parameters().map(|own| own.name().to_string()).collect();
    OTHERS.into_iter().map(move |values| {
        let given: Vec<(&str, f64)> = names.iter().map(String::as_str).zip(values).collect();
        let fresh = field.with_parameters(&given).unwrap();
        let fresh = Tape::new(&[fresh.clone(), fresh.dx()]).unwrap();
        assert_eq!((tape.with_values(&values).values(), fresh.values()), (&values[..], &values[..]));
        (tape.with_values(&values), fresh)
    })
}

fn points(count: usize) -> [Vec<f32>; 4] {
    [3.1f32, 5.3, 7.7, 2.3].map(|by| (0..count).map(|i| 1.6 * (by * i as f32).sin()).collect())
}

/// 64 boxes of space and time.
fn boxes() -> impl Iterator<Item = [Interval; 4]> {
    (0..64).map(|i| {
        [0.37, 0.71, 1.13, 0.53].map(|by: f64| {
            let at = (by * f64::from(i)).sin();
            Interval::new(at - 0.2, at + 0.1)
        })
    })
}

#[test]
fn one_tape_at_two_values_is_two_fresh_tapes_on_all_readings() {
    for (tape, fresh) in pairs() {
        let all = points(300);
        let at = |n: usize| [0, 1, 2, 3].map(|axis| f64::from(all[axis][n]));
        let both = [&tape, &fresh];
        let [mut one, mut other] = both.map(Machine::<f64>::new);
        let [mut dual, mut other_dual] = both.map(Machine::<Dual<Dual<f64>>>::new);
        let [mut back, mut other_back] = both.map(Adjoint::<f64>::new);
        for n in 0..300 {
            assert_eq!(one.at(at(n)), other.at(at(n)));
            let seconds = Dual::variables(Dual::variables(at(n)));
            assert_eq!(dual.at(seconds), other_dual.at(seconds));
            let [a, b] = [&mut back, &mut other_back].map(|adjoint| {
                let values: Vec<f64> = adjoint.forward(at(n)).copied().collect();
                adjoint.back(&[1.0, 0.3]);
                (values, adjoint.parameters().collect::<Vec<f64>>(), adjoint.coordinates())
            });
            assert_eq!(a, b);
        }
        let [mut one, mut other] = both.map(Machine::<Interval>::new);
        let [mut trace, mut other_trace] = both.map(Tracer::new);
        for over in boxes() {
            assert_eq!(one.at(over), other.at(over));
            assert_eq!(trace.over(over), other_trace.over(over));
            let [a, b] = [&mut trace, &mut other_trace].map(|tracer| tracer.prune(Asked::Value));
            assert_eq!(a.as_ref().map(Tape::len), b.as_ref().map(Tape::len));
            if let (Some(a), Some(b)) = (a, b) {
                let middle = over.map(Interval::middle);
                assert_eq!(Machine::<f64>::new(&a).at(middle), Machine::<f64>::new(&b).at(middle));
            }
        }

        let [xs, ys, zs, ts] = &all;
        assert_eq!(tape.eval_f32([&xs[..], ys, zs, ts]), fresh.eval_f32([&xs[..], ys, zs, ts]));
        let block = |tape: &Tape| {
            let (mut a, mut b) = (vec![0.0; 300], vec![0.0; 300]);
            let mut block = Block::new(tape);
            block.set_time(0.4);
            block.eval([xs, ys, zs], &mut [&mut a, &mut b]);
            (a, b)
        };
        assert_eq!(block(&tape), block(&fresh));
        let slopes = |tape: &Tape| {
            let [mut a, mut b, mut c] = [0; 3].map(|_| vec![0.0; 300]);
            Slopes::default().eval(tape, [xs, ys, zs], [&mut a, &mut b, &mut c]);
            [a, b, c]
        };
        assert_eq!(slopes(&tape), slopes(&fresh));
        let bounds = |tape: &Tape| {
            let mut boxes: Boxes = Boxes::default();
            let lanes = |f: fn(f32) -> f32| Lanes(std::array::from_fn::<f32, BOXES, _>(|i| f(i as f32)));
            let side = Intervals::new(lanes(|i| 0.2 * i - 1.8), lanes(|i| 0.2 * i - 1.4));
            boxes.over(tape, [side; 4]);
            let prune = |lane: usize, boxes: &mut Boxes| boxes.prune(tape, lane, Asked::Sign, tape.len());
            let found: Vec<_> = (0..BOXES)
                .map(|lane| {
                    (boxes.output(tape, 0).lane(lane), prune(lane, &mut boxes).map(|tape| tape.len()))
                })
                .collect();
            found
        };
        assert_eq!(bounds(&tape), bounds(&fresh));
        let side = Samples::middles(-1.5, 1.5, 24);
        let grid = Grid { x: side, y: side, z: side, t: Samples { start: 0.0, step: 0.2, count: 3 } };
        assert_eq!(grid.eval(&tape, Asked::Value), grid.eval(&fresh, Asked::Value));
        assert_eq!(grid.eval(&tape, Asked::Sign), grid.eval(&fresh, Asked::Sign));
        let sum = |tape: &Tape| {
            let mut sum = Sum::over_times(tape);
            sum.add([&xs[..], ys, zs, ts]);
            (sum.total(), sum.gradient())
        };
        assert_eq!(sum(&tape), sum(&fresh));
        let still = [None, None, None, Some(0.3)];
        assert_eq!(block(&tape.fixed(still)), block(&fresh.fixed(still)));
    }
}

#[test]
fn values_do_not_change_what_a_field_is() {
    let field = field();
    let moved = field.with_parameters(&[("r", 1.1)]).unwrap();
    assert!(field == moved);
    assert_eq!(moved.parameters().unwrap()[0].value(), 1.1);
    assert_eq!(field.parameters().unwrap()[0].value(), 0.5);
    assert!(param("r", 0.5) != param("s", 0.5));
}

#[test]
fn what_is_declared_twice_with_different_values_is_found_wherever_it_is() {
    let [a, b] = [0.5, 0.7].map(|value| param("r", value));
    let ranged = param_in("r", 0.5, 0.0, 1.0);
    let [ball, other] = [&a, &b].map(|r| sphere(r).translate([1, 0, 0]));
    let inner = |r: &Field| if_less(r, x(), y(), z());
    let wrong = [
        &a + &b,
        &a - &b, // is not 0
        &a + &ranged,
        a.min(&b), // is not either
        ball.union(&other),
        ball.min(&other).max(&ball),
        ball.remap([&a * x(), y(), z(), t()]).max(&other + x()),
        if_less(x(), y(), &ball, &other),
        if_less(&a, x(), inner(&b), z()), // its branches do not go by one condition
        mix(&ball, &other, x()),
        (&a * x() + 1).square() + (&b * x() + 1).square().sin(),
    ];
    for field in wrong {
        let conflict = Err(Error::ParameterConflict("r".into()));
        assert_eq!(field.parameters().map(|_| ()), conflict, "{field}");
        assert_eq!(field.tape().map(|_| ()), conflict, "{field}");
        assert_eq!(field.value_at([0.3; 4]).map(|_| ()), conflict, "{field}");
        assert_eq!(field.gradient_at([0.3; 4]).map(|_| ()), conflict, "{field}");
        assert_eq!(field.with_parameters(&[("r", 0.6)]).map(|_| ()), conflict, "{field}");
    }
    let conflict = Err(Error::ParameterConflict("r".into()));
    assert_eq!(Tape::new(&[ball.clone(), other.clone()]).map(|_| ()), conflict);
    assert_eq!(Tape::together([std::slice::from_ref(&ball), &[other]]).map(|_| ()), conflict);
    // One declaration may stand as often as one likes.
    assert!((ball.clone() | sphere(param("r", 0.5)).translate([1, 0, 0])).tape().is_ok());
}

#[test]
fn tapes_made_together_take_one_list() {
    let (ball, wall) = (sphere(param("r", 0.5)), x() - param("at", 2.0) * param("r", 0.5));
    let [ball, wall] = Tape::together([&[ball], &[wall]]).unwrap();
    let names = |tape: &Tape| tape.parameters().map(|own| own.name().to_string()).collect::<Vec<_>>();
    assert_eq!((names(&ball), names(&wall)), (vec!["r".into(), "at".into()], vec!["r".into(), "at".into()]));
    let values = [0.25, 8.0];
    assert_eq!(Machine::<f64>::new(&ball.with_values(&values)).at([2.0, 0.0, 0.0, 0.0]), [1.75]);
    assert_eq!(Machine::<f64>::new(&wall.with_values(&values)).at([2.0, 0.0, 0.0, 0.0]), [0.0]);
    assert!(ball.with_parameters(&[("radius", 1.0)]).is_err());
}

/// The tape of the field, pruned for a box.
fn pruned() -> Tape {
    let mut tracer = Tracer::new(&field().tape().unwrap());
    tracer.over([
        Interval::new(-1.6, -1.4),
        Interval::new(-1.1, -0.9),
        Interval::new(0.6, 0.8),
        Interval::point(0.0),
    ]);
    tracer.prune(Asked::Value).unwrap()
}

#[test]
#[should_panic(expected = "takes no others")]
fn a_pruned_tape_takes_no_other_values() {
    pruned().with_values(&OTHERS[0]);
}

#[test]
#[should_panic(expected = "takes no others")]
fn a_machine_of_a_pruned_tape_takes_no_other_values() {
    Machine::<f64>::new(&pruned()).set_parameters(&OTHERS[0]);
}

#[test]
fn what_was_pruned_over_ranges_takes_all_values_within() {
    let tape = field().tape().unwrap();
    let mut tracer = Tracer::new(&tape);
    let ranges = OTHERS[0].map(|value| Interval::new(value - 0.01, value + 0.01));
    tracer.set_parameters(&ranges);
    let at = [-1.5, -1.0, 0.7, 0.0];
    tracer.over(at.map(|v| Interval::new(v - 0.05, v + 0.05)));
    let pruned = tracer.prune(Asked::Value).unwrap();
    assert!(pruned.len() < tape.len());
    for by in [-0.009, 0.0, 0.006] {
        let values = OTHERS[0].map(|value| value + by);
        let [one, other] =
            [&pruned, &tape].map(|tape| Machine::<f64>::new(&tape.with_values(&values)).at(at).to_vec());
        assert_eq!(one, other);
    }
}

/// A structure may keep a tape and all that runs it.
#[test]
fn what_runs_a_tape_owns_it() {
    struct Kept {
        tape: Tape,
        machine: Machine<f64>,
        adjoint: Adjoint<f64>,
        block: Block,
        sum: Sum,
        tracer: Tracer,
    }
    fn is_free<T: Send + Sync + Clone + 'static>() {}
    is_free::<Machine<Dual<f64>>>();
    is_free::<(Adjoint<f64>, Block, Sum, Tracer, Tape)>();
    let made = || {
        let tape = sphere(param("r", 0.5)).tape().unwrap();
        Kept {
            machine: Machine::new(&tape),
            adjoint: Adjoint::new(&tape),
            block: Block::new(&tape),
            sum: Sum::new(&tape),
            tracer: Tracer::new(&tape),
            tape,
        }
    };
    let Kept { tape, mut machine, mut adjoint, mut block, mut sum, mut tracer } = made();
    drop(tape);
    let mut out = [0.0];
    block.eval([&[2.0], &[0.0], &[0.0]], &mut [&mut out]);
    sum.add([&[2.0], &[0.0], &[0.0]]);
    let value = adjoint.forward([2.0, 0.0, 0.0, 0.0]).next().copied();
    assert_eq!(
        (machine.at([2.0, 0.0, 0.0, 0.0]), value, out, sum.total()),
        (&[1.5][..], Some(1.5), [1.5], 1.5)
    );
    assert!(tracer.over([2.0, 0.0, 0.0, 0.0].map(Interval::point))[0].contains(1.5));
}

const SCENE: &str = "import \"part\" as part;
    let r = param(\"r\", 0.5, 0.1, 2.0); let k = param(\"k\", 0.3); let up = param(\"up\", [0.0, 1.0, 0.0]);
    show(part::ball(r).smooth_union(box([1, 0.3, 1]), k).color([r, 0.5, 0.2]));
    show(torus(1, 0.1).translate(up));
    camera(#{ eye: [0, r, 4 + k], target: [0, 0, 0] }); light(#{ direction: up, intensity: 1 + k });
    background([k, k, k]); bounds([-2, -2, -2], [2, 2, 2]);";

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("fieldgrad_values_{name}_{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_script_is_not_run_again_for_a_value_and_all_that_is_said_follows() {
    let folder = Folder::new("once");
    let (scene, part) = (folder.0.join("a.rhai"), folder.0.join("part.rhai"));
    std::fs::write(&scene, SCENE).unwrap();
    std::fs::write(&part, "fn ball(r) { print(\"made\"); sphere(r) }").unwrap();
    let scene = Scene::from_file(&scene).unwrap();
    std::fs::remove_file(&part).unwrap(); // whoever reads the script again fails
    let moved = scene.with_parameters(&[("r", 0.9), ("up.x", 1.0)]).unwrap();
    let moved = moved.with_parameters(&[("k", 0.2)]).unwrap();
    assert_eq!((scene.printed(), moved.printed()), (&["made".to_string()][..], &["made".to_string()][..]));
    assert_eq!(
        (moved.value_of("r"), moved.value_of("k"), scene.value_of("r")),
        (Some(0.9), Some(0.2), Some(0.5))
    );
    let own: Vec<f64> = moved.parameters().iter().map(Parameter::value).collect();
    assert_eq!((&own[..], moved.values()), (&[0.9, 0.2, 1.0, 1.0, 0.0][..], &own[..]));
    let at = [0.3, 0.9, 0.2, 0.0];
    let fresh = scene.field().with_parameters(&[("r", 0.9), ("up.x", 1.0), ("k", 0.2)]).unwrap();
    assert_eq!(moved.field().value_at(at), fresh.value_at(at));
    assert_ne!(moved.field().value_at(at), scene.field().value_at(at));
    assert_eq!(moved.objects().len(), 2);
    assert!(moved.objects()[0].value_at([0.0; 4]).unwrap() < -0.8);
    let color = &moved.objects()[0].material().unwrap().color[0];
    assert_eq!(color.value_at(at).unwrap(), 0.9);
    assert!(moved.field().material().is_some());
    assert_eq!(moved.camera().unwrap().at(0.0).unwrap().eye, [0.0, 0.9, 4.2]);
    assert_eq!(moved.lights()[0].at(0.0).unwrap(), ([1.0, 1.0, 0.0], [1.2; 3]));
    assert_eq!(moved.background().at(0.0).unwrap()[0], [0.2; 3]);
    // A call is found at its place in scenes of all values, and values are refused where they were declared.
    assert_eq!(moved.place_of(moved.field()), scene.place_of(scene.field()));
    assert!(moved.place_of(moved.field()).is_some());
    let error = moved.with_parameters(&[("r", 9.0)]).unwrap_err().to_string();
    assert!(error.contains("a.rhai:2:") && error.contains("outside its range"), "{error}");
    assert_eq!(moved.as_declared().values(), scene.values());
    // As one list, for those who move many.
    let mut unknowns = scene.unknowns();
    unknowns.lock("up").unwrap();
    unknowns.set(&[0.9, 0.2]);
    let moved = scene.with_values(unknowns.values()).unwrap();
    assert_eq!(moved.values(), [0.9, 0.2, 0.0, 1.0, 0.0]);
    assert!(scene.with_values(&[1.0]).is_err());
}

#[test]
fn a_scene_of_a_field_has_its_parameters() {
    let scene = Scene::of_field(sphere(param("r", 0.5)), "ball");
    let moved = scene.with_parameters(&[("r", 0.8)]).unwrap();
    assert_eq!(moved.field().value_at([1.0, 0.0, 0.0, 0.0]).unwrap(), 1.0 - 0.8);
    assert!(
        scene.with_parameters(&[("r", f64::NAN)]).is_err() && scene.with_parameters(&[("q", 1.0)]).is_err()
    );
    let image = |scene: &Scene| Stage::new(scene).unwrap().picture(&small(Shade::Normals)).unwrap();
    assert!(image(&moved) == image(&Scene::of_field(sphere(param("r", 0.8)), "ball")));
}

fn small(shade: Shade) -> Options {
    Options::default().size(Size { width: 48, height: 36 }).samples(1).shade(shade).bar(false)
}

/// Pictures of a scene with other values, from a stage that was made ready for the old ones, are those of the text with the
/// new values in it.
#[test]
fn pictures_after_a_slider_are_those_of_the_rewritten_text() {
    let (mut compared, mut follows) = (0, 0);
    for exhibit in
        GALLERY.iter().filter(|exhibit| ["drop", "gears", "owl", "bounce", "lantern"].contains(&exhibit.name))
    {
        let scene = exhibit.scene().unwrap();
        let moved: Vec<(String, f64)> = scene
            .parameters()
            .iter()
            .map(|own| {
                let (low, high) = own.range().unwrap_or((own.value() - 0.1, own.value() + 0.1));
                (
                    own.name().to_string(),
                    own.value() + 0.3 * (0.5 * (low + high) - own.value()) + 0.01 * (high - own.value()),
                )
            })
            .collect();
        let moved: Vec<(&str, f64)> = moved.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        if moved.is_empty() {
            continue;
        }
        let stage = Stage::new(&scene).unwrap();
        let before = stage.picture(&small(Shade::Lit)).unwrap();
        let slid = stage.moved(&scene.with_parameters(&moved).unwrap()).unwrap();
        let read = Stage::new(&exhibit.with_text(&scene.text_with(&moved).unwrap()).unwrap()).unwrap();
        assert_eq!(slid.bounds(), read.bounds());
        let cut: Cut = "z=0.1".parse().unwrap();
        let mut wanted =
            vec![small(Shade::Lit), small(Shade::Normals), small(Shade::Depth), small(Shade::Gradient)];
        wanted.push(small(Shade::Lit).cut(cut.clone()));
        wanted.push(small(Shade::Normals).plane(cut));
        for options in &wanted {
            let [one, other]: [Image; 2] = [&slid, &read].map(|stage| stage.picture(options).unwrap());
            assert!(one == other, "{}: {:?}", exhibit.name, options.shade);
        }
        follows += usize::from(slid.picture(&small(Shade::Lit)).unwrap() != before);
        let layers = small(Shade::Lit);
        assert!(slid.layers(&layers).unwrap() == read.layers(&layers).unwrap(), "{}", exhibit.name);
        // And back: the stage of the old values is as it was.
        assert!(slid.moved(&scene).unwrap().picture(&small(Shade::Lit)).unwrap() == before);
        compared += 1;
    }
    assert!(compared >= 4 && follows >= 3, "{follows} of {compared} follow their values");
}
