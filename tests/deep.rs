//! Graphs that are deep or wide: built, read, printed, differentiated and dropped in time linear in their nodes.
//! A walk that is not would not end, or would overflow the stack.

use fieldgrad::number::Dual;
use fieldgrad::prelude::*;
use fieldgrad::tape::{Asked, Machine, Tracer};

const DEEP: usize = 100_000;

/// A chain of unions, painted and labelled, each with a shape of its own.
fn chain(links: usize) -> Field {
    let mut all = sphere(0.5).color("#ff0000");
    for i in 1..links {
        let place = (i as f64 * 0.37).sin();
        all = all.union(sphere(0.5).translate([place, i as f64 * 1e-3, 0.0]));
    }
    all
}

/// Sixty levels, each using the one below twice: as a tree, 2^60 leaves.
fn ladder() -> Field {
    let mut f = x() + 2.0 * y() * param("a", 1.0);
    for i in 0..60 {
        let step = 1.0 + i as f64;
        f = (&f * 0.5 + (&f + step).sin() * 0.25) / 0.75;
    }
    f
}

#[test]
fn a_chain_of_a_hundred_thousand_unions() {
    let field = chain(DEEP);
    let at = [0.2, 3.0, 0.4, 0.0];
    let direct = field.value_at(at).unwrap();
    let dual = field.value_with_gradient_at(at).unwrap();
    let tape = field.tape().unwrap();
    assert!(tape.len() > DEEP && tape.len() < 10 * DEEP);
    let mut machine = Machine::<f64>::new(&tape);
    assert!(machine.register_count() < tape.len(), "registers are reused: {}", machine.register_count());
    assert_eq!(machine.at(at), [direct]);
    assert_eq!(dual.value, direct);
    assert!(field.to_string().lines().count() > DEEP);

    let shorter = chain(DEEP / 10);
    let gradient = shorter.gradient_tape().unwrap();
    let slope = shorter.gradient_at(at).unwrap()[1];
    assert!((Machine::<f64>::new(&gradient).at(at)[2] - slope).abs() < 1e-12);

    // Over a small box almost all of it is pruned.
    let over = at.map(|v| Interval::new(v - 1e-3, v + 1e-3));
    let mut tracer = Tracer::new(&tape);
    tracer.over(over);
    let pruned = tracer.prune(Asked::Value).unwrap();
    assert!(pruned.len() < tape.len() / 50, "{} of {}", pruned.len(), tape.len());
    assert_eq!(Machine::<f64>::new(&pruned).at(at), [direct]);

    let dot = field.to_dot(Detail::Names, Some(at)).unwrap();
    assert!(dot.lines().count() > DEEP);
    let material = field.material().expect("painted");
    assert!(material.color[0].value_at(at).unwrap().is_finite());
    drop(field);
}

#[test]
fn a_chain_of_translations() {
    let mut field = sphere(param("r", 0.5));
    for _ in 0..DEEP / 10 {
        field = field.translate([1e-4, 0.0, 0.0]);
    }
    let value = field.value_at([2.0, 0.0, 0.0, 0.0]).unwrap();
    assert!((value - 0.5).abs() < 1e-9, "{value}");
    let moved = field.with_parameters(&[("r", 0.75)]).unwrap();
    assert!((moved.value_at([2.0, 0.0, 0.0, 0.0]).unwrap() - 0.25).abs() < 1e-9);
    assert_eq!(field.parameter_gradient_at([2.0, 0.0, 0.0, 0.0]).unwrap(), [-1.0]);
}

#[test]
fn a_ladder_with_two_to_the_sixty_leaves() {
    let field = ladder();
    let at = [0.3, 0.4, 0.0, 0.0];
    let dual = field.value_with_gradient_at(at).unwrap();
    assert!(dual.is_finite());
    assert!(field.tape().unwrap().len() < 400);
    assert!(field.to_string().lines().count() < 600);
    assert!(field.to_svg(Detail::Full, Some(at)).unwrap().len() < 1_000_000);
    assert!(field.parameter_gradient_at(at).unwrap()[0].is_finite());
    let hessian: Dual<Dual<f64>> = field.run(nested(at)).unwrap();
    assert!(hessian.value.is_finite());
    let [fx, ..] = field.gradient();
    assert!((fx.value_at(at).unwrap() - dual.slope[0]).abs() <= 1e-9 * dual.slope[0].abs().max(1.0));
}

fn nested(at: [f64; 4]) -> [Dual<Dual<f64>>; 4] {
    std::array::from_fn(|i| Dual::variable(Dual::variable(at[i], i), i))
}

/// A remap that is used twice at each level really is evaluated at 2^n places: that is said, not attempted.
#[test]
fn what_is_too_large_is_an_error() {
    let mut field = sphere(0.5);
    for i in 0..60 {
        let by = 1.0 / (3.0 + i as f64 * 1.7);
        field = field.translate([by, 0.0, 0.0]).union(field.translate([0.0, by * 0.7, 0.1]));
    }
    assert!(matches!(field.tape(), Err(Error::TooLarge { .. })));
}
