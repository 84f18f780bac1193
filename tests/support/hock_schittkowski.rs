//! Those problems of Hock and Schittkowski, *Test Examples for Nonlinear Programming Codes* (1981), whose objective is a
//! sum of squares and whose constraints are equations and ranges: with the values that the book has for their minima.

use fieldgrad::fit::{Constraints, Fit, Term};
use fieldgrad::prelude::*;

/// Fields, each with the least and the greatest value it may have.
type Stated = Vec<(Field, f64, f64)>;

pub struct Problem {
    pub number: usize,
    pub start: &'static [f64],
    /// The range of each unknown, where it has one.
    ranges: &'static [(f64, f64)],
    /// What is squared and added up, and what is within ranges.
    stated: fn(&[Field]) -> (Vec<Field>, Stated),
    /// The sum of squares at the minimum.
    pub least: f64,
}

impl Problem {
    pub fn fit(&self) -> Fit {
        let unknown = |(n, &value): (usize, &f64)| match self.ranges.get(n) {
            // A start of the book's may be outside.
            Some(&(low, high)) => param_in(&format!("x{}", n + 1), value.clamp(low, high), low, high),
            None => param(&format!("x{}", n + 1), value),
        };
        let all: Vec<Field> = self.start.iter().enumerate().map(unknown).collect();
        let (squares, constraints) = (self.stated)(&all);
        let unknowns = Unknowns::of(&all).unwrap();
        let constraints = Constraints::new(&unknowns, constraints).unwrap();
        Fit::new(unknowns, [Term::price(squares)]).unwrap().with_constraints(constraints)
    }
}

fn equations<const N: usize>(all: [Field; N]) -> Stated {
    all.into_iter().map(|field| (field, 0.0, 0.0)).collect()
}

const SQRT_2: f64 = std::f64::consts::SQRT_2;

pub const PROBLEMS: [Problem; 14] = [
    Problem {
        number: 6,
        start: &[-1.2, 1.0],
        ranges: &[],
        stated: |x| (vec![1.0 - &x[0]], equations([10.0 * (&x[1] - x[0].square())])),
        least: 0.0,
    },
    Problem {
        number: 14,
        start: &[2.0, 2.0],
        ranges: &[],
        stated: |x| {
            let ellipse = (0.25 * x[0].square() + x[1].square(), f64::NEG_INFINITY, 1.0);
            (vec![&x[0] - 2.0, &x[1] - 1.0], vec![ellipse, (&x[0] - 2.0 * &x[1] + 1.0, 0.0, 0.0)])
        },
        least: 1.393_464_98, // 9 − 2.875 √7
    },
    Problem {
        number: 27,
        start: &[2.0, 2.0, 2.0],
        ranges: &[],
        stated: |x| {
            let squares = vec![0.1 * (&x[0] - 1.0), &x[1] - x[0].square()];
            (squares, equations([&x[0] + x[2].square() + 1.0]))
        },
        least: 0.04,
    },
    Problem {
        number: 28,
        start: &[-4.0, 1.0, 1.0],
        ranges: &[],
        stated: |x| {
            let plane = &x[0] + 2.0 * &x[1] + 3.0 * &x[2] - 1.0;
            (vec![&x[0] + &x[1], &x[1] + &x[2]], equations([plane]))
        },
        least: 0.0,
    },
    Problem {
        number: 42,
        start: &[1.0, 1.0, 1.0, 1.0],
        ranges: &[],
        stated: |x| {
            let squares = (0..4).map(|n| &x[n] - (n + 1) as f64).collect();
            (squares, equations([&x[0] - 2.0, x[2].square() + x[3].square() - 2.0]))
        },
        least: 28.0 - 10.0 * SQRT_2,
    },
    Problem {
        number: 48,
        start: &[3.0, 5.0, -3.0, 2.0, -2.0],
        ranges: &[],
        stated: |x| {
            let sum = &x[0] + &x[1] + &x[2] + &x[3] + &x[4] - 5.0;
            let other = &x[2] - 2.0 * (&x[3] + &x[4]) + 3.0;
            (vec![&x[0] - 1.0, &x[1] - &x[2], &x[3] - &x[4]], equations([sum, other]))
        },
        least: 0.0,
    },
    Problem {
        number: 51,
        start: &[2.5, 0.5, 2.0, -1.0, 0.5],
        ranges: &[],
        stated: |x| {
            let squares = vec![&x[0] - &x[1], &x[1] + &x[2] - 2.0, &x[3] - 1.0, &x[4] - 1.0];
            let planes = [&x[0] + 3.0 * &x[1] - 4.0, &x[2] + &x[3] - 2.0 * &x[4], &x[1] - &x[4]];
            (squares, equations(planes))
        },
        least: 0.0,
    },
    Problem {
        number: 52,
        start: &[2.0, 2.0, 2.0, 2.0, 2.0],
        ranges: &[],
        stated: |x| {
            let squares = vec![4.0 * &x[0] - &x[1], &x[1] + &x[2] - 2.0, &x[3] - 1.0, &x[4] - 1.0];
            (squares, equations([&x[0] + 3.0 * &x[1], &x[2] + &x[3] - 2.0 * &x[4], &x[1] - &x[4]]))
        },
        least: 1859.0 / 349.0,
    },
    Problem {
        number: 53,
        start: &[2.0, 2.0, 2.0, 2.0, 2.0],
        ranges: &[(-10.0, 10.0); 5],
        stated: |x| {
            let squares = vec![&x[0] - &x[1], &x[1] + &x[2] - 2.0, &x[3] - 1.0, &x[4] - 1.0];
            (squares, equations([&x[0] + 3.0 * &x[1], &x[2] + &x[3] - 2.0 * &x[4], &x[1] - &x[4]]))
        },
        least: 176.0 / 43.0,
    },
    Problem {
        number: 60,
        start: &[2.0, 2.0, 2.0],
        ranges: &[(-10.0, 10.0); 3],
        stated: |x| {
            let squares = vec![&x[0] - 1.0, &x[0] - &x[1], (&x[1] - &x[2]).square()];
            let held = &x[0] * (1.0 + x[1].square()) + x[2].square().square() - (4.0 + 3.0 * SQRT_2);
            (squares, equations([held]))
        },
        least: 0.032_568_200_25,
    },
    Problem {
        number: 65,
        start: &[-5.0, 5.0, 0.0],
        ranges: &[(-4.5, 4.5), (-4.5, 4.5), (-5.0, 5.0)],
        stated: |x| {
            let squares = vec![&x[0] - &x[1], (&x[0] + &x[1] - 10.0) / 3.0, &x[2] - 5.0];
            let ball = x[0].square() + x[1].square() + x[2].square();
            (squares, vec![(ball, f64::NEG_INFINITY, 48.0)])
        },
        least: 0.953_528_856_7,
    },
    Problem {
        number: 77,
        start: &[2.0, 2.0, 2.0, 2.0, 2.0],
        ranges: &[],
        stated: |x| {
            let cube = (&x[4] - 1.0) * (&x[4] - 1.0).square();
            let squares = vec![&x[0] - 1.0, &x[0] - &x[1], &x[2] - 1.0, (&x[3] - 1.0).square(), cube];
            let first = x[0].square() * &x[3] + (&x[3] - &x[4]).sin() - 2.0 * SQRT_2;
            let second = &x[1] + x[2].square().square() * x[3].square() - (8.0 + SQRT_2);
            (squares, equations([first, second]))
        },
        least: 0.241_505_13,
    },
    Problem {
        number: 79,
        start: &[2.0, 2.0, 2.0, 2.0, 2.0],
        ranges: &[],
        stated: |x| {
            let fourth = [2, 3].map(|n| (&x[n] - &x[n + 1]).square());
            let squares = [vec![&x[0] - 1.0, &x[0] - &x[1], &x[1] - &x[2]], fourth.to_vec()].concat();
            let first = &x[0] + x[1].square() + &x[2] * x[2].square() - (2.0 + 3.0 * SQRT_2);
            let second = &x[1] - x[2].square() + &x[3] + (2.0 - 2.0 * SQRT_2);
            (squares, equations([first, second, &x[0] * &x[4] - 2.0]))
        },
        least: 0.078_776_820_9,
    },
    Problem {
        number: 50,
        start: &[35.0, -31.0, 11.0, 5.0, -5.0],
        ranges: &[],
        stated: |x| {
            let squares = vec![&x[0] - &x[1], &x[1] - &x[2], (&x[2] - &x[3]).square(), &x[3] - &x[4]];
            let plane = |n: usize| &x[n] + 2.0 * &x[n + 1] + 3.0 * &x[n + 2] - 6.0;
            (squares, equations([plane(0), plane(1), plane(2)]))
        },
        least: 0.0,
    },
];
