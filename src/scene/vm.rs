//! Expression files (`.vm`), the format of the Prospero challenge: read to a field, and written from one. Uses fields
//! only.
//!
//! A line is `id operation operands…`, an operand the id of a line above; `#` starts a line of comment, and the last
//! line is the field. The format knows x, y and z and numbers, no t, no parameters and no names:
//!
//! ```
//! use fieldgrad::scene::vm::{read_vm, write_vm};
//!
//! let circle = "# a circle\n_0 var-x\n_1 square _0\n_2 var-y\n_3 square _2\n_4 add _1 _3\n_5 sqrt _4\n\
//!               _6 const 0.5\n_7 sub _5 _6\n";
//! let field = read_vm(circle, "circle.vm")?;
//! assert_eq!(field.value_at([3.0, 4.0, 0.0, 0.0])?, 4.5);
//! assert_eq!(read_vm(&write_vm(&field)?, "again.vm")?, field);
//!
//! let mistake = read_vm("_0 var-x\n_1 sqr _0\n", "circle.vm").unwrap_err();
//! assert!(mistake.to_string().starts_with("circle.vm:2:4: there is no operation \"sqr\""));
//! # Ok::<(), fieldgrad::Error>(())
//! ```
//!
//! | in the file | as a field |
//! |---|---|
//! | `const` `var-x` `var-y` `var-z` | a number, a coordinate |
//! | `neg abs recip sqrt square floor ceil exp ln sin cos tan asin acos atan` | the function of that name |
//! | `add sub mul div min max atan2` | the same; `atan2` takes y first |
//! | `round` | halves away from zero, unlike [`Field::round`] |
//! | `mod` | the least remainder not below 0: [`Field::modulo`] by the divisor's size |
//! | `compare` | −1, 0 or 1: the sign of a − b |
//! | `not` | 1 where a is 0, else 0 |
//! | `and` | a where a is 0, else b |
//! | `or` | b where a is 0, else a |
//! | `rand` `mix` | hashes of the bits of an `f32`; no field is one, and reading them is an error |

use crate::error::{Error, Place, Result};
use crate::field::{Axis, Field, Kind, Listing, if_less, x, y, z};
use crate::number::Op;
use crate::task;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;

/// The most lines a file may have.
pub const MAX_LINES: usize = 1_000_000;

/// The most bytes: room for so many lines with ids of five digits and numbers of seventeen.
pub const MAX_BYTES: usize = 64 << 20;

/// What an operation without operands makes.
type VmLeaf = fn() -> Field;
/// What one of one operand makes.
type Unary = fn(&Field) -> Field;
/// What one of two makes.
type Binary = fn(&Field, &Field) -> Field;

/// The operations of one operand.
const UNARY: [(&str, Unary); 17] = [
    ("neg", |a| -a),
    ("abs", Field::abs),
    ("recip", Field::recip),
    ("sqrt", Field::sqrt),
    ("square", Field::square),
    ("floor", Field::floor),
    ("ceil", Field::ceil),
    ("round", round_away),
    ("sin", Field::sin),
    ("cos", Field::cos),
    ("tan", Field::tan),
    ("asin", Field::asin),
    ("acos", Field::acos),
    ("atan", Field::atan),
    ("exp", Field::exp),
    ("ln", Field::ln),
    ("not", |a| if_less(0, a.abs(), 0, 1)),
];

/// The operations of two.
const BINARY: [(&str, Binary); 11] = [
    ("add", |a, b| a + b),
    ("sub", |a, b| a - b),
    ("mul", |a, b| a * b),
    ("div", |a, b| a / b),
    ("min", |a, b| a.min(b)),
    ("max", |a, b| a.max(b)),
    ("atan2", |a, b| a.atan2(b)),
    ("mod", |a, b| a.modulo(b.abs())),
    ("compare", |a, b| (a - b).sign()),
    ("and", |a, b| if_less(0, a.abs(), b, 0)),
    ("or", |a, b| if_less(0, a.abs(), a, b)),
];

/// The coordinates.
const COORDINATES: [(&str, VmLeaf); 3] = [("var-x", x), ("var-y", y), ("var-z", z)];

/// Operations of the format that are no field.
const HASHES: [&str; 2] = ["rand", "mix"];

/// The nearest whole number, halves away from zero.
fn round_away(a: &Field) -> Field {
    let size = a.abs();
    let whole = size.floor();
    a.sign() * if_less(size - &whole, 0.5, &whole, &whole + 1)
}

/// A word of the text, and where it stands.
struct VmWord<'a> {
    text: &'a str,
    line: usize,
    /// In characters, from 1.
    column: usize,
}

impl VmWord<'_> {
    fn wrong(&self, file: &str, problem: String) -> Error {
        let place = Place { file: file.into(), line: self.line as u32, column: self.column as u32 };
        Error::Text { place, problem }
    }
}

/// The words of a line.
fn words(text: &str, line: usize) -> impl Iterator<Item = VmWord<'_>> {
    let mut rest = text;
    let mut column = 1;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| !c.is_whitespace())?;
        column += rest[..start].chars().count();
        rest = &rest[start..];
        let (text, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
        let word = VmWord { text, line, column };
        column += text.chars().count();
        rest = after;
        Some(word)
    })
}

/// Reads an expression file. `file` is what errors call it.
///
/// A mistake is reported with its line and column: an unknown operation, an operand not defined above, too few or too
/// many of them, a number that is none or not finite, an id defined twice, more than [`MAX_LINES`] lines, no line
/// at all.
pub fn read_vm(text: &str, file: &str) -> Result<Field> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut known: HashMap<&str, (Field, usize)> = HashMap::new();
    let mut last = None;
    let mut line_count = 0;
    for (i, line) in text.lines().enumerate() {
        line_count = i + 1;
        if line_count % 1024 == 0 {
            task::check()?;
        }
        let mut words = words(line, line_count);
        let Some(id) = words.next().filter(|id| !id.text.starts_with('#')) else {
            continue;
        };
        if line_count > MAX_LINES {
            return Err(id.wrong(file, format!("the file has more than {MAX_LINES} lines")));
        }
        let Some(operation) = words.next() else {
            return Err(id.wrong(file, format!("an operation is missing after {:?}", id.text)));
        };
        let field = read_operation(&operation, &mut words, &known, file)?;
        if let Some(more) = words.next() {
            let problem = format!("{:?} is one word too many for {:?}", more.text, operation.text);
            return Err(more.wrong(file, problem));
        }
        match known.entry(id.text) {
            Entry::Vacant(entry) => entry.insert((field.clone(), line_count)),
            Entry::Occupied(entry) => {
                let first = entry.get().1;
                return Err(id.wrong(file, format!("{:?} is defined twice, first in line {first}", id.text)));
            }
        };
        last = Some(field);
    }
    last.ok_or_else(|| {
        let end = VmWord { text: "", line: line_count.max(1), column: 1 };
        end.wrong(file, "the file has no expression".into())
    })
}

fn read_operation<'a>(
    operation: &VmWord,
    words: &mut impl Iterator<Item = VmWord<'a>>,
    known: &HashMap<&str, (Field, usize)>,
    file: &str,
) -> Result<Field> {
    let name = operation.text;
    let mut next =
        |what: &str| words.next().ok_or_else(|| operation.wrong(file, format!("{name:?} is missing {what}")));
    let mut operand = |what: &str| {
        let id = next(what)?;
        match known.get(id.text) {
            Some((field, _)) => Ok(field),
            None => Err(id.wrong(file, format!("{:?} is not defined above", id.text))),
        }
    };
    if let Some((_, rule)) = UNARY.iter().find(|(known, _)| *known == name) {
        return Ok(rule(operand("its operand")?));
    }
    if let Some((_, rule)) = BINARY.iter().find(|(known, _)| *known == name) {
        return Ok(rule(operand("its operands")?, operand("its second operand")?));
    }
    if let Some((_, coordinate)) = COORDINATES.iter().find(|(known, _)| *known == name) {
        return Ok(coordinate());
    }
    if name == "const" {
        let number = next("its number")?;
        return match number.text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Field::constant(value)),
            Ok(_) => Err(number.wrong(file, format!("{:?} is not a finite number", number.text))),
            Err(_) => Err(number.wrong(file, format!("{:?} is not a number", number.text))),
        };
    }
    let names = || {
        let functions = UNARY.iter().map(|(name, _)| *name).chain(BINARY.iter().map(|(name, _)| *name));
        let leaves = ["const"].into_iter().chain(COORDINATES.iter().map(|(name, _)| *name));
        leaves.chain(functions).collect::<Vec<_>>().join(", ")
    };
    Err(operation.wrong(
        file,
        match HASHES.contains(&name) {
            true => format!("{name:?} hashes the bits of a number, and there is no field that does"),
            false => format!("there is no operation {name:?}: there are {}", names()),
        },
    ))
}

/// Writes a field as an expression file.
///
/// Remaps are written out, parameters are their values, and what the format has no operation for is written in those
/// it has. The file computes the same value, but for `pow`: where its exponent is not a whole number known beforehand,
/// it is written as e^(b·ln a), and holds for a > 0 only.
///
/// An error if the field depends on t (freeze it first) or holds a kernel: the format has neither. Nor is a file written
/// that [`read_vm`] would refuse, of more than [`MAX_LINES`] lines.
pub fn write_vm(field: &Field) -> Result<String> {
    let at = Axis::ALL.map(Field::coordinate);
    let flat: Field = field.run_with(at, |parameter| Field::constant(parameter.value()))?;
    flat.check()?;
    let list = Listing::of(&[lowered(&flat)?]);
    let mut file = Lines { text: String::new(), count: 0, constants: HashMap::new() };
    let mut id_of = Vec::with_capacity(list.nodes.len());
    // The root is listed last, so its line is the last.
    for (node, parents) in list.nodes.iter().zip(&list.parents) {
        let operands: Vec<usize> = parents.iter().map(|&parent| id_of[parent as usize]).collect();
        id_of.push(match node.kind() {
            Kind::Constant(value) => file.constant(*value),
            Kind::Coordinate(axis) => file.line(COORDINATES[*axis as usize].0, &[]),
            Kind::Scalar(op) => file.operation(*op, &operands, node),
            _ => unreachable!("numbers, coordinates and operations are what is left"),
        });
        if file.count > MAX_LINES {
            let problem = format!("a .vm file has at most {MAX_LINES} lines, and this field takes more");
            return Err(Error::Unsupported(problem));
        }
    }
    Ok(file.text)
}

/// The same field in operations that the format has, or that [`Lines::operation`] writes out.
fn lowered(flat: &Field) -> Result<Field> {
    if flat.depends_on(Axis::T) {
        return Err(Error::Unsupported("a .vm file has no t: freeze the field at a time to write it".into()));
    }
    let list = Listing::of(std::slice::from_ref(flat));
    let mut done: Vec<Field> = Vec::with_capacity(list.nodes.len());
    for (node, parents) in list.nodes.iter().zip(&list.parents) {
        let operands: Vec<Field> = parents.iter().map(|&parent| done[parent as usize].clone()).collect();
        done.push(match node.kind() {
            Kind::Scalar(op) => in_simpler_operations(*op, operands),
            Kind::Kernel(kernel) => {
                let problem =
                    format!("a .vm file cannot hold {:?}, which has code of its own", kernel.name());
                return Err(Error::Unsupported(problem));
            }
            _ => node.clone(),
        });
    }
    Ok(done.swap_remove(list.roots[0] as usize))
}

fn in_simpler_operations(op: Op, operands: Vec<Field>) -> Field {
    match (op, &operands[..]) {
        (Op::Hypot, [a, b]) => (a.square() + b.square()).sqrt(),
        (Op::Length, [a, b, c]) => (a.square() + b.square() + c.square()).sqrt(),
        (Op::DirectionCosine, [a, length]) => a * if_less(0, length, 1 / length, 0),
        (Op::Mix, [a, b, w]) => a * (1 - w) + b * w,
        (Op::SmoothMin(kind), [a, b, k]) => kind.value(a.clone(), b.clone(), k.clone()),
        (Op::SmoothWeight(kind), [a, b, k]) => kind.weight_of_b(a.clone(), b.clone(), k.clone()),
        (Op::Ramp, [a]) => {
            let a = a.clamp(0, 1);
            a.square() * (3 - 2 * &a)
        }
        (Op::Pow, [a, b]) => power(a, b),
        (Op::Modulo, [a, b]) if b.as_constant().is_none_or(|b| b < 0.0) => a - b * (a / b).floor(),
        // The format's own takes halves away from zero.
        (Op::Round, [a]) => {
            let whole = a.floor();
            let odd = whole.modulo(2);
            let rest = a - &whole;
            whole + if_less(&rest, 0.5, 0, if_less(0.5, &rest, 1, odd))
        }
        _ => Field::scalar(op, operands),
    }
}

/// aᵇ: by squaring for whole b up to 64, which holds for negative a too, else by exponential and logarithm.
fn power(a: &Field, b: &Field) -> Field {
    let whole = b.as_constant().filter(|b| b.fract() == 0.0 && b.abs() <= 64.0);
    let Some(exponent) = whole else {
        return match b.as_constant() == Some(0.5) {
            true => a.sqrt(),
            false => (b * a.ln()).exp(),
        };
    };
    let mut rest = exponent.abs() as u32;
    let (mut product, mut square) = (Field::constant(1.0), a.clone());
    while rest > 0 {
        if rest % 2 == 1 {
            product *= &square;
        }
        rest /= 2;
        square = square.square();
    }
    if exponent < 0.0 { product.recip() } else { product }
}

/// A file being written.
struct Lines {
    text: String,
    count: usize,
    /// The line of each number written, by its bits.
    constants: HashMap<u64, usize>,
}

impl Lines {
    /// Writes a line and gives its number.
    fn line(&mut self, operation: &str, operands: &[usize]) -> usize {
        let id = self.count;
        self.count += 1;
        write!(self.text, "_{id:x} {operation}").expect("a string takes all that is written to it");
        for operand in operands {
            write!(self.text, " _{operand:x}").expect("a string takes all that is written to it");
        }
        self.text.push('\n');
        id
    }

    fn constant(&mut self, value: f64) -> usize {
        if let Some(&id) = self.constants.get(&value.to_bits()) {
            return id;
        }
        let id = self.line(&format!("const {value:?}"), &[]);
        self.constants.insert(value.to_bits(), id);
        id
    }

    /// Writes an operation of `node` on earlier lines.
    fn operation(&mut self, op: Op, operands: &[usize], node: &Field) -> usize {
        match op {
            Op::Recip => {
                let one = self.constant(1.0); // some readers have no `recip`
                self.line("div", &[one, operands[0]])
            }
            Op::Sign => {
                let zero = self.constant(0.0);
                self.line("compare", &[operands[0], zero])
            }
            Op::IfLess => {
                let is_zero = |i: usize| node.parents()[i].as_constant() == Some(0.0);
                let &[a, b, then, otherwise] = operands else { unreachable!("it takes four") };
                let zero = self.constant(0.0);
                let compared = self.line("compare", &[b, a]);
                let less = self.line("max", &[compared, zero]);
                if is_zero(3) {
                    return self.line("and", &[less, then]);
                }
                let not_less = self.line("not", &[less]);
                let otherwise = self.line("and", &[not_less, otherwise]);
                if is_zero(2) {
                    return otherwise;
                }
                let then = self.line("and", &[less, then]);
                self.line("or", &[then, otherwise])
            }
            Op::Add => self.line("add", operands),
            Op::Sub => self.line("sub", operands),
            Op::Mul => self.line("mul", operands),
            Op::Div => self.line("div", operands),
            Op::Modulo => self.line("mod", operands),
            _ => self.line(op.name(), operands), // the rest have one name in both
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{length, mix, param, t};
    use crate::number::Smooth;
    use crate::shape::{catalogue, sphere};
    use proptest::prelude::*;

    /// Holds the file written of a field to the field's values.
    fn survives(name: &str, field: &Field) -> Result<(), String> {
        let text = write_vm(field).map_err(|error| format!("{name}: {error}"))?;
        let again = read_vm(&text, name).map_err(|error| format!("{error}\n{text}"))?;
        for i in 0..100 {
            let at = [0.731, 0.519, 0.377, 0.0].map(|step: f64| 3.0 * (step * f64::from(i)).sin());
            let (want, got) = (field.value_at(at).unwrap(), again.value_at(at).unwrap());
            if (want - got).abs() > 1e-12 * want.abs().max(1.0) {
                return Err(format!("{name} at {at:?}: {got}, not {want}"));
            }
        }
        Ok(())
    }

    /// The library's samples at t = 0.3, without those that hold a kernel.
    fn samples() -> Vec<(&'static str, Field)> {
        let still = |field: Field| field.remap([x(), y(), z(), Field::constant(0.3)]);
        let has_kernel = |field: Field| {
            let nodes = Listing::of(&[field]).nodes;
            nodes.iter().any(|node| matches!(node.kind(), Kind::Kernel(_)))
        };
        let kept = catalogue().filter(|entry| !has_kernel((entry.sample)()));
        kept.map(|entry| (entry.name, still((entry.sample)()))).collect()
    }

    #[test]
    fn every_sample_of_the_library_survives() {
        for (name, field) in samples() {
            survives(name, &field).unwrap();
        }
    }

    /// Found by fuzzing: written as a − 0·⌊a/0⌋ it was a.
    #[test]
    fn a_remainder_by_nothing_has_no_value_on_either_side() {
        for divisor in [0.0, -0.0] {
            let none = y() + x() % divisor;
            let again = read_vm(&write_vm(&none).unwrap(), "again.vm").unwrap();
            let at = [0.25, -0.5, 0.75, 0.0];
            assert!(none.value_at(at).unwrap().is_nan() && again.value_at(at).unwrap().is_nan());
        }
    }

    #[test]
    fn every_operation_survives() {
        let positive = || 0.3 + x().square() + y().abs();
        let unit = || (x() * 0.9 + y()).sin() * 0.95;
        for op in Op::ALL {
            let operands = match op {
                Op::Sqrt | Op::Ln | Op::Recip => vec![positive()],
                Op::Asin | Op::Acos | Op::Tan => vec![unit()],
                Op::Pow => vec![positive(), y() + z()],
                Op::DirectionCosine => vec![unit(), unit().hypot(z())],
                Op::SmoothMin(_) | Op::SmoothWeight(_) => vec![x(), y() - z(), 0.4 + z()],
                _ => vec![x() + 0.3 * z(), y() - 0.2 * x() + 0.01, z() + x() * y(), 1 - z()],
            };
            survives(op.name(), &op.apply(|i| operands[i].clone())).unwrap();
        }
        for exponent in [-3.0, -2.0, -0.5, 0.5, 1.5, 2.0, 3.0, 5.0, 6.0, 11.0] {
            let base = if f64::fract(exponent) == 0.0 { y() + 0.01 } else { positive() };
            survives("pow", &base.pow(exponent)).unwrap();
        }
        survives("halves", &((x() * 8).floor() / 2).round()).unwrap();
        survives("a choice of nothing", &(if_less(x(), y(), z(), 0) + if_less(x(), z(), 0, y()))).unwrap();
        survives("modulo", &(x() % 0.3 + x() % -0.3 + x() % (y() + 5))).unwrap();
        survives("number", &Field::constant(-1e-300)).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn compositions_survive(
            picks in proptest::collection::vec((any::<proptest::sample::Index>(), 0..6usize, 0.05..0.8f64), 2..5)
        ) {
            let all = samples();
            let mut field = sphere(0.5);
            for (pick, kind, k) in picks {
                let next = pick.get(&all).1.translate((param("shift", 0.3) * k, -k, 0.5 * k));
                field = field.rotate_y(k).smooth_min_kind(next, k, Smooth::ALL[kind]);
            }
            prop_assert_eq!(survives("composition", &field), Ok(()));
        }

        #[test]
        fn no_text_panics(text in "(_[0-3] (var-x|const|add|mod|\u{1F980}|#|[a-z]{1,6})( _[0-3]| -?[0-9e.]{1,4}|\t|\u{85})*\r?\n){0,9}") {
            if let Err(error) = read_vm(&text, "f") {
                prop_assert!(matches!(error, Error::Text { .. }), "{}", error);
            }
        }

        #[test]
        fn nor_do_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_vm(&String::from_utf8_lossy(&bytes), "f");
        }
    }

    fn value(text: &str, at: [f64; 3]) -> f64 {
        read_vm(text, "test.vm").unwrap().value_at([at[0], at[1], at[2], 0.0]).unwrap()
    }

    #[test]
    fn a_small_file_is_what_it_says() {
        let slab = "\u{feff}# A slab with a hole\r\n\n_0 var-y\r\n  _1 const 0.55\n_2 sub _0 _1\n\t# halves\n_3 neg _0\n\
                    _4 max _2 _3\nhole var-x\n_6 square hole\n_7 const -1e-2\n_8 add _6 _7\n_9 neg _8\n_a max _4 _9";
        assert_eq!(value(slab, [1.0, 0.75, 0.0]), 0.75 - 0.55);
        assert_eq!(value(slab, [0.0, 0.25, 0.0]), 0.01);
    }

    #[test]
    fn operations_of_the_format_keep_its_conventions() {
        let of = |op: &str, a: f64, b: f64| {
            let operands = if BINARY.iter().any(|(name, _)| *name == op) { "_x _y" } else { "_x" };
            value(&format!("_x var-x\n_y var-y\n_0 {op} {operands}"), [a, b, 0.0])
        };
        for (a, b, want) in [(5.5, 3.0, 2.5), (-5.5, 3.0, 0.5), (-5.5, -3.0, 0.5), (5.5, -3.0, 2.5)] {
            assert_eq!(of("mod", a, b), want, "{a} mod {b}");
        }
        for a in [-2.5, -1.5, -0.5, -0.2, 0.0, 0.49999999999999994, 0.5, 1.2, 1.5, 2.5, 2.7] {
            assert_eq!(of("round", a, 0.0), f64::round(a), "round {a}");
        }
        assert_eq!(
            (of("compare", 1.0, 2.0), of("compare", 2.0, 2.0), of("compare", 3.0, 2.0)),
            (-1.0, 0.0, 1.0)
        );
        assert_eq!((of("not", 0.0, 0.0), of("not", -0.1, 0.0)), (1.0, 0.0));
        assert_eq!((of("and", 0.0, 2.0), of("and", 3.0, 2.0)), (0.0, 2.0));
        assert_eq!((of("or", 0.0, 2.0), of("or", 3.0, 2.0)), (2.0, 3.0));
        assert_eq!(of("atan2", 1.0, -1.0), 1f64.atan2(-1.0));
        assert_eq!(of("recip", 4.0, 0.0), 0.25);
    }

    #[test]
    fn a_mistake_is_shown_where_it_is() {
        let cases = [
            ("", "f.vm:1:1: the file has no expression"),
            ("# nothing\n\n", "f.vm:2:1: the file has no expression"),
            ("_0 var-x\n_1 cube _0", "f.vm:2:4: there is no operation \"cube\": there are const, var-x,"),
            ("_0 var-x\n  _1\tadd _0 _2", "f.vm:2:13: \"_2\" is not defined above"),
            ("_0 neg _0", "f.vm:1:8: \"_0\" is not defined above"),
            ("é var-x\né2  add é", "f.vm:2:5: \"add\" is missing its second operand"),
            ("_0", "f.vm:1:1: an operation is missing after \"_0\""),
            ("_0 const", "f.vm:1:4: \"const\" is missing its number"),
            ("_0 const 1.2.3", "f.vm:1:10: \"1.2.3\" is not a number"),
            ("_0 const 1e999", "f.vm:1:10: \"1e999\" is not a finite number"),
            ("_0 const nan", "f.vm:1:10: \"nan\" is not a finite number"),
            ("_0 var-x _0", "f.vm:1:10: \"_0\" is one word too many for \"var-x\""),
            ("_0 var-x\n_0 var-y", "f.vm:2:1: \"_0\" is defined twice, first in line 1"),
            ("_0 var-x\n_1 rand _0", "f.vm:2:4: \"rand\" hashes the bits of a number"),
            ("_0 var-t", "f.vm:1:4: there is no operation \"var-t\""),
        ];
        for (text, want) in cases {
            let error = read_vm(text, "f.vm").unwrap_err().to_string();
            assert!(error.starts_with(want), "{error}\nnot\n{want}");
        }
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion_and_a_longer_one_is_refused() {
        let mut text = "_0 var-x\n".to_string();
        for i in 1..MAX_LINES / 4 {
            writeln!(text, "_{i} sin _{}", i - 1).unwrap();
        }
        let field = read_vm(&text, "chain.vm").unwrap();
        assert_eq!(write_vm(&field).unwrap().lines().count(), MAX_LINES / 4);
        let comments = "#\n".repeat(MAX_LINES);
        let error = read_vm(&(comments + "_0 var-x"), "long.vm").unwrap_err().to_string();
        assert_eq!(error, "long.vm:1000001:1: the file has more than 1000000 lines");
    }

    #[test]
    fn what_the_format_has_not_is_refused() {
        let moving = sphere(0.5).translate((t(), 0, 0));
        assert!(write_vm(&moving).unwrap_err().to_string().contains("no t"));
        survives("frozen", &moving.freeze(0.2)).unwrap();
        let error = write_vm(&sphere(0.5).displace(crate::shape::noise(1.0).freeze(0.0))).unwrap_err();
        assert!(error.to_string().contains("noise"), "{error}");
        assert!(write_vm(&sphere(f64::NAN)).is_err());
        let kept = write_vm(&mix(length([x(), y(), z()]), x(), param("w", 0.25))).unwrap();
        assert!(kept.contains("const 0.25"), "{kept}");
    }
}
