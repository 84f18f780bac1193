//! Boxes that touch each other, taken together.

use super::{Region, Suspect};

/// The box about some boxes.
pub(super) fn hull(of: &[Suspect]) -> Region {
    let parts = of.iter().map(|suspect| suspect.part);
    parts.reduce(|a, b| std::array::from_fn(|n| a[n].hull(b[n]))).expect("a box at least")
}

/// The boxes that touch each other, through corners too: each gathering in the order of its boxes.
pub(super) fn clusters(suspects: &[Suspect]) -> Vec<Vec<Suspect>> {
    let mut order: Vec<usize> = (0..suspects.len()).collect();
    let low = |n: usize, axis: usize| suspects[n].part[axis].lo();
    // A sweep along the axis along which boxes are spread the most.
    let spread = |axis: usize| {
        let (low, high) = (0..suspects.len())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), n| (a.min(low(n, axis)), b.max(low(n, axis))));
        let widest = suspects.iter().map(|suspect| suspect.part[axis].width()).fold(0.0, f64::max);
        (high - low) / widest
    };
    let axis = (1..4).fold(0, |best, axis| if spread(axis) > spread(best) { axis } else { best });
    order.sort_by(|&a, &b| low(a, axis).total_cmp(&low(b, axis)));
    let mut root: Vec<usize> = (0..suspects.len()).collect();
    let mut near: Vec<usize> = Vec::new();
    for &n in &order {
        near.retain(|&other| suspects[other].part[axis].hi() >= low(n, axis));
        for &other in &near {
            if touch(&suspects[n].part, &suspects[other].part) {
                let (a, b) = (root_of(&mut root, n), root_of(&mut root, other));
                root[a.max(b)] = a.min(b);
            }
        }
        near.push(n);
    }
    let mut found: Vec<Vec<Suspect>> = vec![Vec::new(); suspects.len()];
    (0..suspects.len()).for_each(|n| found[root_of(&mut root, n)].push(suspects[n].clone()));
    found.retain(|own| !own.is_empty());
    found
}

fn touch(a: &Region, b: &Region) -> bool {
    (0..4).all(|n| a[n].lo() <= b[n].hi() && b[n].lo() <= a[n].hi())
}

fn root_of(root: &mut [usize], of: usize) -> usize {
    let mut at = of;
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}
