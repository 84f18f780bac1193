//! The node of the DAG: an operation and its parents.

use super::size::{self, NodeCount};
use super::{Label, Material, Parameter};
use crate::error::{Error, Place, Result};
use crate::number::{Identity, Op, Output, Real};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

/// One of the four coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// The first axis of space.
    X,
    /// Up.
    Y,
    /// The third axis of space, towards the viewer.
    Z,
    /// Time, in seconds.
    T,
}

impl Axis {
    /// The four, in order.
    pub const ALL: [Axis; 4] = [Axis::X, Axis::Y, Axis::Z, Axis::T];

    /// Its name.
    pub const fn name(self) -> &'static str {
        ["x", "y", "z", "t"][self as usize]
    }
}

/// A differentiable implicit function f(x, y, z, t): a node of a DAG.
///
/// What micrograd's `Value` is to numbers, a `Field` is to geometry. It holds an operation and its parents, is
/// immutable, cheap to clone (one reference count) and shareable between threads. Numbers, parameters, coordinates,
/// shapes, colours and derivatives are all fields; inside a solid its field is negative.
///
/// A field built from a bad argument carries the error, and the first reading of it returns that error.
#[derive(Clone)]
pub struct Field(pub(super) Arc<Node>);

/// The three kinds of node: arithmetic (leaves and scalar operations), remap, kernel.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A number.
    Constant(f64),
    /// A coordinate.
    Coordinate(Axis),
    /// A named parameter.
    Parameter(Arc<Parameter>),
    /// A scalar operation on the parents.
    Scalar(Op),
    /// The first parent, evaluated where the other four (x′, y′, z′, t′) say.
    Remap,
    /// An output of a function with code of its own, of the parents.
    Kernel(Output),
}

pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) parents: Box<[Field]>,
    pub(super) key: Key,
    /// The key, made with the values and ranges that parameters are declared with.
    pub(super) stamp: Key,
    pub(super) reads: Reads,
    pub(super) size: NodeCount,
    /// Whether it is a remap, or computed from one.
    pub(super) moves: bool,
    pub(super) label: Option<Arc<Label>>,
    pub(super) material: Option<Arc<Material>>,
    pub(super) error: Option<Arc<Error>>,
}

/// Which coordinates a field depends on (bits 0 to 3), and whether on parameters (bit 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads(u8);

impl Reads {
    pub(crate) const PARAMETERS: Reads = Reads(16);

    pub(crate) const fn axis(axis: Axis) -> Reads {
        Reads(1 << axis as u8)
    }
    pub(crate) const fn with(self, other: Reads) -> Reads {
        Reads(self.0 | other.0)
    }
    pub(crate) const fn has(self, axis: Axis) -> bool {
        self.0 & (1 << axis as u8) != 0
    }
    pub(crate) const fn space(self) -> bool {
        self.0 & 7 != 0
    }
    const fn only_parameters(self) -> Reads {
        Reads(self.0 & Reads::PARAMETERS.0)
    }
}

/// A 128-bit fingerprint of a node's function: equal for equal subgraphs however they were built. A parameter
/// counts by its name alone: its value is no part of what a field is.
///
/// With 128 well-mixed bits, a billion different nodes collide with probability below 1e-20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(u128);

impl Key {
    pub(crate) const fn new(tag: u128) -> Key {
        Key(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).and(tag)
    }

    pub(crate) const fn and(self, word: u128) -> Key {
        Key(Identity::from_word(self.0).and(word).word())
    }

    pub(crate) const fn word(self) -> u128 {
        self.0
    }

    pub(crate) const fn join(self, other: Key) -> Key {
        self.and(other.0)
    }

    /// The fingerprint of a text.
    pub(crate) fn of_text(text: &str) -> Key {
        Key::new(8).text(text)
    }

    /// The same fingerprint as 32 letters.
    pub(crate) fn letters(self) -> String {
        format!("{:032x}", self.0)
    }

    fn text(self, text: &str) -> Key {
        text.bytes().fold(self.and(text.len() as u128), |key, byte| key.and(byte as u128))
    }
}

/// A hasher for keys, which are hashes already.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ byte as u64).wrapping_mul(0x100_0000_01b3);
        }
    }
    fn write_u128(&mut self, key: u128) {
        self.0 ^= key as u64;
    }
}

pub(crate) type KeyMap<V> = std::collections::HashMap<Key, V, BuildHasherDefault<KeyHasher>>;

/// # The graph
///
/// Nodes: how they are made, and what each is made of.
impl Field {
    /// The same number everywhere. NaN and infinity are errors, reported when the field is first read.
    #[track_caller]
    pub fn constant(value: f64) -> Field {
        // −0 and 0 are one number here: they differ in no derivative and no inside.
        let value = if value == 0.0 { 0.0 } else { value };
        let key = Key::new(1).and(value.to_bits() as u128);
        let field = Field::leaf(Kind::Constant(value), [key; 2], Reads::default());
        match value.is_finite() {
            true => field,
            false => field.with_error(Error::Argument {
                function: "constant".into(),
                argument: "value".into(),
                problem: format!("is {value}, not a finite number"),
                place: Place::caller(),
            }),
        }
    }

    /// A coordinate.
    pub fn coordinate(axis: Axis) -> Field {
        Field::leaf(Kind::Coordinate(axis), [Key::new(2).and(axis as u128); 2], Reads::axis(axis))
    }

    pub(super) fn parameter(parameter: Parameter) -> Field {
        let bits = |value: f64| value.to_bits() as u128;
        let key = Key::new(3).text(parameter.name());
        let stamp = key.and(bits(parameter.value()));
        let stamp = match parameter.range() {
            Some((low, high)) => stamp.and(bits(low)).and(bits(high)),
            None => stamp,
        };
        Field::leaf(Kind::Parameter(Arc::new(parameter)), [key, stamp], Reads::PARAMETERS)
    }

    /// A scalar operation on fields, as it stands: [`Field::scalar`](super::fold) simplifies first.
    pub(super) fn scalar_node(op: Op, parents: Vec<Field>) -> Field {
        let tag = Op::ALL.iter().position(|&known| known == op).expect("an operation of the list") as u128;
        let own = Key::new(4).and(tag);
        let marks = match &parents[..] {
            // a + b and b + a are the same number, bit for bit.
            [a, b] if matches!(op, Op::Add | Op::Mul) && b.marks() < a.marks() => joined(own, [b, a]),
            parents => joined(own, parents),
        };
        let reads = Reads::of(&parents);
        Field::node(Kind::Scalar(op), parents, marks, reads)
    }

    /// A kernel's output, applied to `inputs`.
    pub(super) fn kernel_node(output: Output, inputs: Vec<Field>) -> Field {
        let marks = joined(Key::new(5).and(output.identity().word()), &inputs);
        let reads = Reads::of(&inputs);
        Field::node(Kind::Kernel(output), inputs, marks, reads)
    }

    /// The field evaluated elsewhere, and at another time: f(x′, y′, z′, t′).
    ///
    /// Every translation, rotation, twist, repetition and delay is this node.
    pub fn remap(&self, to: [impl Into<Field>; 4]) -> Field {
        let mut to = to.map(Into::into);
        let reads = self.reads();
        for axis in Axis::ALL {
            if !reads.has(axis) {
                to[axis as usize] = Field::coordinate(axis); // what is not read does not matter
            }
        }
        let stays = to.iter().zip(Axis::ALL).all(|(to, axis)| to.is_coordinate(axis));
        if stays && self.error().is_none() {
            return self.clone();
        }
        if let (Kind::Coordinate(axis), None) = (self.kind(), self.error()) {
            return to[*axis as usize].clone();
        }
        let material = self.0.material.as_ref().map(|material| material.remap(&to));
        let moved = Axis::ALL.into_iter().filter(|&axis| reads.has(axis));
        let reads = moved.fold(reads.only_parameters(), |sum, axis| sum.with(to[axis as usize].reads()));
        let parents: Vec<Field> = std::iter::once(self.clone()).chain(to).collect();
        let marks = joined(Key::new(6), &parents);
        Field::node(Kind::Remap, parents, marks, reads).with_material_of(material)
    }

    fn leaf(kind: Kind, marks: [Key; 2], reads: Reads) -> Field {
        Field::node(kind, Vec::new(), marks, reads)
    }

    fn node(kind: Kind, parents: Vec<Field>, [key, stamp]: [Key; 2], reads: Reads) -> Field {
        let error = parents.iter().find_map(|parent| parent.0.error.clone());
        if !size::spend(1) {
            // No more may be made: what stands in its place holds nothing but the error.
            let error = error.unwrap_or_else(|| Arc::new(size::spent()));
            let marks = [key, stamp].map(|mark| mark.and(7));
            return Field::bare(Kind::Constant(0.0), Vec::new(), marks, Reads::default(), Some(error));
        }
        Field::bare(kind, parents, [key, stamp], reads, error)
    }

    fn bare(
        kind: Kind,
        parents: Vec<Field>,
        [key, stamp]: [Key; 2],
        reads: Reads,
        error: Option<Arc<Error>>,
    ) -> Field {
        let size = NodeCount::of(&kind, &parents, reads);
        let moves = matches!(kind, Kind::Remap) || parents.iter().any(|parent| parent.0.moves);
        let parents = parents.into_boxed_slice();
        Field(Arc::new(Node {
            kind,
            parents,
            key,
            stamp,
            reads,
            size,
            moves,
            label: None,
            material: None,
            error,
        }))
    }

    /// The same node with something about it changed.
    fn changed(&self, change: impl FnOnce(&mut Node)) -> Field {
        let mut node = Node {
            kind: self.0.kind.clone(),
            parents: self.0.parents.clone(),
            key: self.0.key,
            stamp: self.0.stamp,
            reads: self.0.reads,
            size: self.0.size.clone(),
            moves: self.0.moves,
            label: self.0.label.clone(),
            material: self.0.material.clone(),
            error: self.0.error.clone(),
        };
        change(&mut node);
        Field(Arc::new(node))
    }

    pub(crate) fn with_label(&self, label: Label) -> Field {
        self.changed(|node| node.label = Some(Arc::new(label)))
    }

    pub(super) fn with_material_of(self, material: Option<Material>) -> Field {
        match material {
            Some(material) => self.changed(|node| node.material = Some(Arc::new(material))),
            None => self,
        }
    }

    pub(crate) fn without_material(&self) -> Field {
        match self.0.material {
            Some(_) => self.changed(|node| node.material = None),
            None => self.clone(),
        }
    }

    /// The field, carrying an error. The first error stays.
    pub(crate) fn with_error(&self, error: Error) -> Field {
        self.changed(|node| {
            // Never shared with, or folded into, the sound one.
            (node.key, node.stamp) = (node.key.and(7), node.stamp.and(7));
            node.error.get_or_insert_with(|| Arc::new(error));
        })
    }

    /// What kind of node this is.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// The fields this one is computed from, in the order its kind says.
    pub fn parents(&self) -> &[Field] {
        &self.0.parents
    }

    /// What a shape function, or a person, called this node.
    pub fn label(&self) -> Option<&Label> {
        self.0.label.as_deref()
    }

    /// The look of the surface, if it was given one: fields of position and time themselves.
    pub fn material(&self) -> Option<&Material> {
        self.0.material.as_deref()
    }

    /// The mistake this field was built from, if there was one; with none, the field can be read.
    pub fn check(&self) -> Result<()> {
        match &self.0.error {
            Some(error) => Err((**error).clone()),
            None => Ok(()),
        }
    }

    /// Whether the field depends on that coordinate.
    pub fn depends_on(&self, axis: Axis) -> bool {
        self.0.reads.has(axis)
    }

    /// The number, if the field is one.
    pub fn as_constant(&self) -> Option<f64> {
        match self.0.kind {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn error(&self) -> Option<&Error> {
        self.0.error.as_deref()
    }
    pub(crate) fn key(&self) -> Key {
        self.0.key
    }
    /// The fingerprint of the field's function with its parameters at their declared values and ranges. Fields of one
    /// key and of different stamps declare a parameter differently, and are not read together.
    pub(super) fn stamp(&self) -> Key {
        self.0.stamp
    }
    fn marks(&self) -> [Key; 2] {
        [self.0.key, self.0.stamp]
    }
    /// Whether the other is the same in all, declared values too: either may then stand for both.
    pub(super) fn is_same(&self, other: &Field) -> bool {
        self.0.stamp == other.0.stamp
    }
    /// Which node this is, among those that are kept: nodes that compute the same may be called differently.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
    pub(crate) fn reads(&self) -> Reads {
        self.0.reads
    }
    pub(super) fn is(&self, value: f64) -> bool {
        self.as_constant() == Some(value)
    }
    pub(super) fn is_coordinate(&self, axis: Axis) -> bool {
        matches!(self.0.kind, Kind::Coordinate(own) if own == axis)
    }
}

impl Reads {
    fn of(parents: &[Field]) -> Reads {
        parents.iter().fold(Reads::default(), |sum, parent| sum.with(parent.reads()))
    }
}

/// The key and the stamp of an operation on fields, from those of the fields.
fn joined<'a>(own: Key, parents: impl IntoIterator<Item = &'a Field>) -> [Key; 2] {
    parents.into_iter().fold([own; 2], |[key, stamp], parent| {
        let joined = key.join(parent.0.key);
        // They part only where a parameter is.
        let is_one = key == stamp && parent.0.key == parent.0.stamp;
        [joined, if is_one { joined } else { stamp.join(parent.0.stamp) }]
    })
}

/// Fields are equal when they compute the same thing of the same parameters the same way: equal subgraphs, however they
/// were built. Names, materials, and the values parameters are declared with do not count.
impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Field {}

/// Equal fields have equal hashes: what they compute is hashed, not how they were built.
impl Hash for Field {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Node {
    /// Moves what this node alone holds onto the stack.
    fn release(&mut self, stack: &mut Vec<Field>) {
        stack.extend(std::mem::take(&mut self.parents));
        stack.extend(self.label.take().and_then(Arc::into_inner).into_iter().flat_map(Label::into_fields));
        stack.extend(
            self.material.take().and_then(Arc::into_inner).into_iter().flat_map(Material::into_channels),
        );
    }
}

impl Drop for Node {
    /// Lets go of a graph of any depth without recursion.
    fn drop(&mut self) {
        let mut stack = Vec::new();
        self.release(&mut stack);
        while let Some(field) = stack.pop() {
            if let Some(mut node) = Arc::into_inner(field.0) {
                node.release(&mut stack);
            }
        }
    }
}

impl fmt::Debug for Field {
    /// One line: what the node is, not its whole graph. [`Field`]'s `Display` lists the graph.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Field({}", self.title())?;
        match &self.0.error {
            Some(error) => write!(f, ", error: {error})"),
            None => write!(f, ")"),
        }
    }
}

/// # Names of nodes
impl Field {
    /// The node in a word: its label, or its operation.
    pub fn title(&self) -> String {
        if let Some(label) = self.label() {
            return label.title().into();
        }
        match self.kind() {
            Kind::Constant(value) => value.to_string(),
            Kind::Coordinate(axis) => axis.name().into(),
            Kind::Parameter(parameter) => parameter.name().into(),
            Kind::Scalar(op) => op.name().into(),
            Kind::Remap => "remap".into(),
            Kind::Kernel(output) => output.name().into(),
        }
    }

    /// The operation run on numbers, for nodes that are leaves, scalar operations or kernels.
    pub(crate) fn apply<R: Real>(&self, leaf: impl FnOnce(&Field) -> R, arg: impl Fn(usize) -> R) -> R {
        match self.kind() {
            Kind::Scalar(op) => op.apply(arg),
            Kind::Kernel(output) => {
                let inputs: Vec<R> = (0..self.parents().len()).map(arg).collect();
                R::kernel(output, &inputs)
            }
            _ => leaf(self),
        }
    }
}

impl Field {
    /// The same operation on other parents, with the label's fields and the material's channels made anew by `part`.
    pub(super) fn with_parts(&self, parents: Vec<Field>, part: impl Fn(&Field) -> Field) -> Field {
        let field = match self.kind() {
            Kind::Scalar(op) => Field::scalar(*op, parents),
            Kind::Kernel(output) => Field::kernel_node(output.clone(), parents),
            Kind::Remap => {
                let to: [Field; 4] = std::array::from_fn(|i| parents[i + 1].clone());
                parents[0].remap(to)
            }
            _ => self.clone(),
        };
        let material = self.material().map(|material| material.rebuilt(&part));
        let label = self.label().map(|label| Label {
            arguments: label.arguments.iter().map(|(name, field)| (*name, part(field))).collect(),
            ..label.clone()
        });
        let field = field.with_material_of(material);
        match label {
            Some(label) => field.with_label(label),
            None => field,
        }
    }
}
