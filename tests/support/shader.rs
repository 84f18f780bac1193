//! Runs the functions of a shader on the CPU, in `f32`, from naga's reading of its text: as much of the language as
//! fields are written in.

use naga::{
    BinaryOperator, Block, Expression, Function, Handle, Literal, MathFunction, Module, ScalarKind,
    Statement, SwitchValue, Type, TypeInner, UnaryOperator,
};

/// A scalar or vector, by its components; a structure or array, by its parts; or the way to a part of a variable.
#[derive(Clone, Debug)]
pub enum Value {
    Floats(Vec<f32>),
    Ints(Vec<i32>),
    Uints(Vec<u32>),
    Bools(Vec<bool>),
    Parts(Vec<Value>),
    /// A local variable's number, or the uniform; and the way into it.
    Pointer(Option<usize>, Vec<usize>),
}

use Value::{Bools, Floats, Ints, Parts, Pointer, Uints};

pub struct Runner<'m> {
    module: &'m Module,
    uniform: Value,
}

/// A call under way.
struct Frame<'m> {
    function: &'m Function,
    arguments: Vec<Value>,
    locals: Vec<Value>,
    known: Vec<Option<Value>>,
}

/// How a block ended.
enum Flow {
    On,
    Break,
    Continue,
    Return(Option<Value>),
}

impl<'m> Runner<'m> {
    /// With the parameters in the uniform, four to a vector.
    pub fn new(module: &'m Module, parameters: &[f32]) -> Runner<'m> {
        let mut padded = parameters.to_vec();
        padded.resize(parameters.len().next_multiple_of(4), 0.0);
        let vectors = padded.chunks(4).map(|four| Floats(four.to_vec())).collect();
        Runner { module, uniform: Parts(vec![Parts(vectors)]) }
    }

    /// What a function gives at a point and a time, all numbers in order.
    pub fn at(&self, name: &str, [x, y, z, t]: [f32; 4]) -> Vec<f32> {
        let named = |function: &&Function| function.name.as_deref() == Some(name);
        let function = self.module.functions.iter().map(|(_, function)| function).find(named).expect(name);
        let mut numbers = Vec::new();
        gathered(
            &self.call(function, vec![Floats(vec![x, y, z]), Floats(vec![t])]).expect(name),
            &mut numbers,
        );
        numbers
    }

    fn call(&self, function: &'m Function, arguments: Vec<Value>) -> Option<Value> {
        let known = vec![None; function.expressions.len()];
        let mut frame = Frame { function, arguments, locals: Vec::new(), known };
        for (_, local) in function.local_variables.iter() {
            let start = match local.init {
                Some(init) => self.value(&mut frame, init),
                None => self.zero(local.ty),
            };
            frame.locals.push(start);
        }
        match self.block(&mut frame, &function.body) {
            Flow::Return(value) => value,
            _ => None,
        }
    }

    fn block(&self, frame: &mut Frame<'m>, block: &'m Block) -> Flow {
        for statement in block.iter() {
            let flow = match statement {
                Statement::Emit(range) => {
                    for handle in range.clone() {
                        let value = self.computed(frame, &frame.function.expressions[handle]);
                        frame.known[handle.index()] = Some(value);
                    }
                    Flow::On
                }
                Statement::Block(inner) => self.block(frame, inner),
                Statement::If { condition, accept, reject } => {
                    let Bools(is) = self.value(frame, *condition) else {
                        panic!("a condition is true or false")
                    };
                    self.block(frame, if is[0] { accept } else { reject })
                }
                Statement::Switch { selector, cases } => {
                    let Ints(on) = self.value(frame, *selector) else {
                        panic!("switches are on whole numbers")
                    };
                    let is = |value: SwitchValue| {
                        value == SwitchValue::I32(on[0]) || value == SwitchValue::Default
                    };
                    let first = cases.iter().position(|case| is(case.value)).expect("there is a default");
                    let through = cases[first..].iter().take_while(|case| case.fall_through).count();
                    let mut flow = Flow::On;
                    for case in &cases[first..=first + through] {
                        flow = self.block(frame, &case.body);
                        if !matches!(flow, Flow::On) {
                            break;
                        }
                    }
                    if matches!(flow, Flow::Break) { Flow::On } else { flow }
                }
                Statement::Loop { body, continuing, break_if } => loop {
                    match self.block(frame, body) {
                        Flow::Break => break Flow::On,
                        Flow::Return(value) => break Flow::Return(value),
                        Flow::On | Flow::Continue => (),
                    }
                    self.block(frame, continuing);
                    if let Some(Bools(ends)) = break_if.map(|ends| self.value(frame, ends))
                        && ends[0]
                    {
                        break Flow::On;
                    }
                },
                Statement::Break => Flow::Break,
                Statement::Continue => Flow::Continue,
                Statement::Return { value } => Flow::Return(value.map(|value| self.value(frame, value))),
                Statement::Store { pointer, value } => {
                    let value = self.value(frame, *value);
                    let Pointer(Some(local), path) = self.value(frame, *pointer) else {
                        panic!("stores are to locals")
                    };
                    store(&mut frame.locals[local], &path, value);
                    Flow::On
                }
                Statement::Call { function, arguments, result } => {
                    let given = arguments.iter().map(|&argument| self.value(frame, argument)).collect();
                    let value = self.call(&self.module.functions[*function], given);
                    if let Some(result) = result {
                        frame.known[result.index()] = value;
                    }
                    Flow::On
                }
                other => panic!("fields are not written with {other:?}"),
            };
            if !matches!(flow, Flow::On) {
                return flow;
            }
        }
        Flow::On
    }

    fn value(&self, frame: &mut Frame<'m>, handle: Handle<Expression>) -> Value {
        match &frame.known[handle.index()] {
            Some(value) => value.clone(),
            None => self.computed(frame, &frame.function.expressions[handle]),
        }
    }

    fn computed(&self, frame: &mut Frame<'m>, expression: &'m Expression) -> Value {
        match expression {
            Expression::Literal(_) | Expression::Constant(_) | Expression::ZeroValue(_) => {
                self.constant(expression)
            }
            Expression::Compose { components, .. } => {
                let parts = components.iter().map(|&part| self.value(frame, part)).collect();
                composed(parts, self.is_vector(expression))
            }
            Expression::AccessIndex { base, index } => part(self.value(frame, *base), *index as usize),
            Expression::Access { base, index } => {
                let index = match self.value(frame, *index) {
                    Ints(index) => index[0] as usize,
                    Uints(index) => index[0] as usize,
                    other => panic!("{other:?} is no index"),
                };
                part(self.value(frame, *base), index)
            }
            Expression::Splat { size, value } => {
                let one = self.value(frame, *value);
                composed(vec![one; *size as usize], true)
            }
            Expression::Swizzle { size, vector, pattern } => {
                let vector = self.value(frame, *vector);
                let parts =
                    pattern[..*size as usize].iter().map(|&which| part(vector.clone(), which as usize));
                composed(parts.collect(), true)
            }
            Expression::FunctionArgument(i) => frame.arguments[*i as usize].clone(),
            Expression::GlobalVariable(_) => Pointer(None, Vec::new()),
            Expression::LocalVariable(local) => Pointer(Some(local.index()), Vec::new()),
            Expression::Load { pointer } => {
                let Pointer(root, path) = self.value(frame, *pointer) else {
                    panic!("loads are from variables")
                };
                let root = root.map_or(&self.uniform, |local| &frame.locals[local]).clone();
                path.iter().fold(root, |value, &i| part(value, i))
            }
            Expression::Unary { op, expr } => match (op, self.value(frame, *expr)) {
                (UnaryOperator::Negate, Floats(a)) => Floats(a.iter().map(|a| -a).collect()),
                (UnaryOperator::Negate, Ints(a)) => Ints(a.iter().map(|a| a.wrapping_neg()).collect()),
                (UnaryOperator::LogicalNot, Bools(a)) => Bools(a.iter().map(|a| !a).collect()),
                other => panic!("fields are not written with {other:?}"),
            },
            Expression::Binary { op, left, right } => {
                binary(*op, self.value(frame, *left), self.value(frame, *right))
            }
            Expression::Select { condition, accept, reject } => {
                let Bools(is) = self.value(frame, *condition) else { panic!("a choice is by true or false") };
                let (accept, reject) = (self.value(frame, *accept), self.value(frame, *reject));
                if is.len() == 1 {
                    return if is[0] { accept } else { reject };
                }
                let chosen = |(i, &is): (usize, &bool)| part(if is { &accept } else { &reject }.clone(), i);
                composed(is.iter().enumerate().map(chosen).collect(), true)
            }
            Expression::Math { fun, arg, arg1, arg2, .. } => {
                let mut given = vec![self.value(frame, *arg)];
                given.extend([arg1, arg2].into_iter().flatten().map(|&more| self.value(frame, more)));
                math(*fun, &given)
            }
            Expression::As { expr, kind, .. } => converted(self.value(frame, *expr), *kind),
            other => panic!("fields are not written with {other:?}"),
        }
    }

    fn constant(&self, expression: &Expression) -> Value {
        let global = |handle: Handle<Expression>| self.constant(&self.module.global_expressions[handle]);
        match expression {
            Expression::Literal(Literal::F32(value)) => Floats(vec![*value]),
            Expression::Literal(Literal::I32(value)) => Ints(vec![*value]),
            Expression::Literal(Literal::U32(value)) => Uints(vec![*value]),
            Expression::Literal(Literal::Bool(value)) => Bools(vec![*value]),
            Expression::Constant(constant) => global(self.module.constants[*constant].init),
            Expression::ZeroValue(ty) => self.zero(*ty),
            Expression::Compose { components, .. } => {
                composed(components.iter().map(|&part| global(part)).collect(), self.is_vector(expression))
            }
            Expression::Splat { size, value } => composed(vec![global(*value); *size as usize], true),
            Expression::Unary { op: UnaryOperator::Negate, expr } => match global(*expr) {
                Floats(a) => Floats(a.iter().map(|a| -a).collect()),
                other => panic!("fields are not written with −{other:?}"),
            },
            other => panic!("fields have no constant {other:?}"),
        }
    }

    fn is_vector(&self, expression: &Expression) -> bool {
        let Expression::Compose { ty, .. } = expression else { return false };
        matches!(self.module.types[*ty].inner, TypeInner::Vector { .. })
    }

    fn zero(&self, ty: Handle<Type>) -> Value {
        let (count, kind) = match &self.module.types[ty].inner {
            TypeInner::Scalar(scalar) => (1, scalar.kind),
            TypeInner::Vector { size, scalar } => (*size as usize, scalar.kind),
            TypeInner::Struct { members, .. } => {
                return Parts(members.iter().map(|member| self.zero(member.ty)).collect());
            }
            TypeInner::Array { base, size: naga::ArraySize::Constant(count), .. } => {
                return Parts(vec![self.zero(*base); count.get() as usize]);
            }
            other => panic!("fields have no {other:?}"),
        };
        match kind {
            ScalarKind::Float => Floats(vec![0.0; count]),
            ScalarKind::Sint => Ints(vec![0; count]),
            ScalarKind::Uint => Uints(vec![0; count]),
            ScalarKind::Bool => Bools(vec![false; count]),
            other => panic!("fields have no {other:?}"),
        }
    }
}

fn gathered(value: &Value, numbers: &mut Vec<f32>) {
    match value {
        Floats(own) => numbers.extend(own),
        Parts(parts) => parts.iter().for_each(|part| gathered(part, numbers)),
        other => panic!("{other:?} is no number"),
    }
}

fn store(variable: &mut Value, path: &[usize], value: Value) {
    match (path, variable) {
        ([], variable) => *variable = value,
        ([i, rest @ ..], Parts(parts)) => store(&mut parts[*i], rest, value),
        ([i], Floats(parts)) => match value {
            Floats(one) => parts[*i] = one[0],
            other => panic!("{other:?} is no number"),
        },
        (path, variable) => panic!("{variable:?} has no part {path:?}"),
    }
}

fn part(value: Value, i: usize) -> Value {
    match value {
        Floats(parts) => Floats(vec![parts[i]]),
        Ints(parts) => Ints(vec![parts[i]]),
        Uints(parts) => Uints(vec![parts[i]]),
        Bools(parts) => Bools(vec![parts[i]]),
        Parts(mut parts) => parts.swap_remove(i),
        Pointer(root, mut path) => {
            path.push(i);
            Pointer(root, path)
        }
    }
}

/// A vector of scalars and vectors, or a structure.
fn composed(parts: Vec<Value>, is_vector: bool) -> Value {
    if !is_vector {
        return Parts(parts);
    }
    parts.into_iter().reduce(joined).expect("a vector has components")
}

fn joined(a: Value, b: Value) -> Value {
    match (a, b) {
        (Floats(a), Floats(b)) => Floats([a, b].concat()),
        (Ints(a), Ints(b)) => Ints([a, b].concat()),
        (Uints(a), Uints(b)) => Uints([a, b].concat()),
        (Bools(a), Bools(b)) => Bools([a, b].concat()),
        other => panic!("{other:?} is no vector"),
    }
}

fn converted(value: Value, kind: ScalarKind) -> Value {
    match (value, kind) {
        (Floats(a), ScalarKind::Float) => Floats(a),
        (Ints(a), ScalarKind::Float) => Floats(a.iter().map(|&a| a as f32).collect()),
        (Uints(a), ScalarKind::Float) => Floats(a.iter().map(|&a| a as f32).collect()),
        (Floats(a), ScalarKind::Sint) => Ints(a.iter().map(|&a| a as i32).collect()),
        (Uints(a), ScalarKind::Sint) => Ints(a.iter().map(|&a| a as i32).collect()),
        (Ints(a), ScalarKind::Sint) => Ints(a),
        (Ints(a), ScalarKind::Uint) => Uints(a.iter().map(|&a| a as u32).collect()),
        (Uints(a), ScalarKind::Uint) => Uints(a),
        (value, kind) => panic!("{value:?} is made no {kind:?}"),
    }
}

/// Component by component; a scalar goes with each.
fn zipped<T: Copy, U>(a: &[T], b: &[T], of: impl Fn(T, T) -> U) -> Vec<U> {
    let at = |v: &[T], i: usize| if v.len() == 1 { v[0] } else { v[i] };
    (0..a.len().max(b.len())).map(|i| of(at(a, i), at(b, i))).collect()
}

fn binary(op: BinaryOperator, a: Value, b: Value) -> Value {
    use BinaryOperator::*;
    match (a, b) {
        (Floats(a), Floats(b)) => match op {
            Add => Floats(zipped(&a, &b, |a, b| a + b)),
            Subtract => Floats(zipped(&a, &b, |a, b| a - b)),
            Multiply => Floats(zipped(&a, &b, |a, b| a * b)),
            Divide => Floats(zipped(&a, &b, |a, b| a / b)),
            Equal => Bools(zipped(&a, &b, |a, b| a == b)),
            NotEqual => Bools(zipped(&a, &b, |a, b| a != b)),
            Less => Bools(zipped(&a, &b, |a, b| a < b)),
            LessEqual => Bools(zipped(&a, &b, |a, b| a <= b)),
            Greater => Bools(zipped(&a, &b, |a, b| a > b)),
            GreaterEqual => Bools(zipped(&a, &b, |a, b| a >= b)),
            _ => panic!("fields have no {op:?} of numbers"),
        },
        (Ints(a), Ints(b)) => match op {
            Add => Ints(zipped(&a, &b, i32::wrapping_add)),
            Subtract => Ints(zipped(&a, &b, i32::wrapping_sub)),
            Multiply => Ints(zipped(&a, &b, i32::wrapping_mul)),
            Modulo => Ints(zipped(&a, &b, i32::wrapping_rem)),
            And => Ints(zipped(&a, &b, |a, b| a & b)),
            ShiftRight => Ints(zipped(&a, &b, |a, b| a >> b)),
            Equal => Bools(zipped(&a, &b, |a, b| a == b)),
            Less => Bools(zipped(&a, &b, |a, b| a < b)),
            LessEqual => Bools(zipped(&a, &b, |a, b| a <= b)),
            Greater => Bools(zipped(&a, &b, |a, b| a > b)),
            GreaterEqual => Bools(zipped(&a, &b, |a, b| a >= b)),
            _ => panic!("fields have no {op:?} of whole numbers"),
        },
        (Ints(a), Uints(b)) if op == ShiftRight => {
            binary(op, Ints(a), Ints(b.iter().map(|&b| b as i32).collect()))
        }
        (Uints(a), Uints(b)) => match op {
            Add => Uints(zipped(&a, &b, u32::wrapping_add)),
            Subtract => Uints(zipped(&a, &b, u32::wrapping_sub)),
            Multiply => Uints(zipped(&a, &b, u32::wrapping_mul)),
            And => Uints(zipped(&a, &b, |a, b| a & b)),
            InclusiveOr => Uints(zipped(&a, &b, |a, b| a | b)),
            ExclusiveOr => Uints(zipped(&a, &b, |a, b| a ^ b)),
            ShiftLeft => Uints(zipped(&a, &b, |a, b| a << b)),
            ShiftRight => Uints(zipped(&a, &b, |a, b| a >> b)),
            Less => Bools(zipped(&a, &b, |a, b| a < b)),
            _ => panic!("fields have no {op:?} of words"),
        },
        (Bools(a), Bools(b)) => match op {
            LogicalAnd | And => Bools(zipped(&a, &b, |a, b| a & b)),
            LogicalOr | InclusiveOr => Bools(zipped(&a, &b, |a, b| a | b)),
            _ => panic!("fields have no {op:?} of true and false"),
        },
        (a, b) => panic!("fields have no {op:?} of {a:?} and {b:?}"),
    }
}

fn math(fun: MathFunction, given: &[Value]) -> Value {
    use MathFunction::*;
    let of = |i: usize| match &given[i] {
        Floats(own) => own.as_slice(),
        other => panic!("fields have no {fun:?} of {other:?}"),
    };
    let each = |f: fn(f32) -> f32| Floats(of(0).iter().map(|&a| f(a)).collect());
    let both = |f: fn(f32, f32) -> f32| Floats(zipped(of(0), of(1), f));
    let dot = |a: &[f32], b: &[f32]| zipped(a, b, |a, b| a * b).iter().sum::<f32>();
    match fun {
        Abs => each(f32::abs),
        Sqrt => each(f32::sqrt),
        Exp => each(f32::exp),
        Log => each(f32::ln),
        Sin => each(f32::sin),
        Cos => each(f32::cos),
        Tan => each(f32::tan),
        Tanh => each(f32::tanh),
        Asin => each(f32::asin),
        Acos => each(f32::acos),
        Atan => each(f32::atan),
        Floor => each(f32::floor),
        Ceil => each(f32::ceil),
        Round => each(f32::round_ties_even),
        Sign => each(|a| if a == 0.0 { 0.0 } else { a.signum() }),
        Atan2 => both(f32::atan2),
        Pow => both(|a, b| if a < 0.0 { panic!("pow of what is below 0") } else { a.powf(b) }),
        Min => both(f32::min),
        Max => both(f32::max),
        Clamp => {
            let low = zipped(of(0), of(1), f32::max);
            Floats(zipped(&low, of(2), f32::min))
        }
        Mix => {
            let (a, b, w) = (of(0), of(1), of(2));
            let near = zipped(a, &w.iter().map(|w| 1.0 - w).collect::<Vec<_>>(), |a, w| a * w);
            Floats(zipped(&near, &zipped(b, w, |b, w| b * w), |a, b| a + b))
        }
        Dot => Floats(vec![dot(of(0), of(1))]),
        Length => Floats(vec![dot(of(0), of(0)).sqrt()]),
        Normalize => {
            let length = dot(of(0), of(0)).sqrt();
            Floats(of(0).iter().map(|a| a / length).collect())
        }
        _ => panic!("fields are not written with {fun:?}"),
    }
}
