//! Where many points are, in whatever layout a program has them.

use std::ops::Range;

/// The coordinates of any number of points, in `f32` or `f64`: a view of arrays of points or of columns, made from those.
///
/// ```
/// use fieldgrad::tape::Coordinates;
///
/// let points = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]];
/// let still = Coordinates::from(&points[..]); // at t = 0
/// let later = Coordinates::from(&points[..]).at_time(2.5);
/// let moving = Coordinates::from(&[[0.0, 1.0, 2.0, 0.1], [3.0, 4.0, 5.0, 0.2]][..]); // a time a point
/// let columns = Coordinates::from([&[0.0, 3.0][..], &[1.0, 4.0], &[2.0, 5.0]]);
/// // Records of five numbers with x, y and z at the second to the fourth.
/// let records = [9.0, 0.0, 1.0, 2.0, 9.0, 9.0, 3.0, 4.0, 5.0, 9.0];
/// let strided = Coordinates::strided(&records[1..], 5, [0, 1, 2]);
/// assert!([still, later, moving, columns, strided].iter().all(|points| points.len() == 2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Coordinates<'a, T> {
    /// Those of x, y and z, and of t where each point has its own.
    columns: [Column<'a, T>; 3],
    times: Times<'a, T>,
    count: usize,
}

/// One coordinate of all points.
#[derive(Clone, Copy, Debug)]
enum Column<'a, T> {
    /// Every so many-th number, from the first on.
    Strided { numbers: &'a [T], stride: usize },
    #[cfg(feature = "ndarray")]
    Array(ndarray::ArrayView1<'a, T>),
}

impl<'a, T: Copy> Column<'a, T> {
    /// Appends some points' coordinates.
    fn gather(&self, range: Range<usize>, to: &mut Vec<T>) {
        match self {
            Column::Strided { numbers, stride: 1 } => to.extend_from_slice(&numbers[range]),
            Column::Strided { numbers, stride } => {
                to.extend(numbers[range.start * stride..].iter().step_by(*stride).take(range.len()).copied());
            }
            #[cfg(feature = "ndarray")]
            Column::Array(array) => {
                to.extend(array.slice_axis(ndarray::Axis(0), range.into()).iter().copied())
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Times<'a, T> {
    /// Of all points.
    Shared(T),
    /// Of each.
    Own(Column<'a, T>),
}

impl<'a, T: Copy + Default> Coordinates<'a, T> {
    /// Points that stand in records: `stride` numbers further on there is the next, and in each x, y and z are at these
    /// places. The last record may end with the last of them.
    ///
    /// Panics if a place is not within the stride.
    pub fn strided(numbers: &'a [T], stride: usize, places: [usize; 3]) -> Self {
        let last = places.into_iter().max().unwrap_or(0);
        assert!(last < stride, "a place within {stride} numbers, not {last}");
        let count = numbers.len().saturating_sub(last).div_ceil(stride);
        let column = |place: usize| Column::Strided { numbers: numbers.get(place..).unwrap_or(&[]), stride };
        Coordinates { columns: places.map(column), times: Times::Shared(T::default()), count }
    }

    /// The same points, all at one time.
    pub fn at_time(self, t: T) -> Self {
        Coordinates { times: Times::Shared(t), ..self }
    }

    /// The same points, each at a time of its own. Panics if there are not as many times as points.
    pub fn at_times(self, times: &'a [T]) -> Self {
        assert!(times.len() == self.count, "a t for each point: {} for {}", times.len(), self.count);
        Coordinates { times: Times::Own(Column::Strided { numbers: times, stride: 1 }), ..self }
    }

    /// How many points.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The time of all points; none where each has its own.
    pub(super) fn shared_time(&self) -> Option<T> {
        match self.times {
            Times::Shared(t) => Some(t),
            Times::Own(_) => None,
        }
    }

    /// Copies some points' coordinates, x, y and z, and t if each has its own, to a column each.
    pub(super) fn gather(&self, range: Range<usize>, to: &mut [Vec<T>; 4]) {
        let times = match &self.times {
            Times::Own(column) => Some(column),
            Times::Shared(_) => None,
        };
        for (column, to) in self.columns.iter().chain(times).zip(to) {
            to.clear();
            column.gather(range.clone(), to);
        }
    }
}

impl<'a, T: Copy + Default> From<&'a [[T; 3]]> for Coordinates<'a, T> {
    fn from(points: &'a [[T; 3]]) -> Self {
        Coordinates::strided(points.as_flattened(), 3, [0, 1, 2])
    }
}

impl<'a, T: Copy + Default> From<&'a [[T; 4]]> for Coordinates<'a, T> {
    fn from(points: &'a [[T; 4]]) -> Self {
        let numbers = points.as_flattened();
        let times = Column::Strided { numbers: numbers.get(3..).unwrap_or(&[]), stride: 4 };
        Coordinates { times: Times::Own(times), ..Coordinates::strided(numbers, 4, [0, 1, 2]) }
    }
}

impl<'a, T: Copy + Default> From<&'a Vec<[T; 3]>> for Coordinates<'a, T> {
    fn from(points: &'a Vec<[T; 3]>) -> Self {
        points.as_slice().into()
    }
}

impl<'a, T: Copy + Default> From<&'a Vec<[T; 4]>> for Coordinates<'a, T> {
    fn from(points: &'a Vec<[T; 4]>) -> Self {
        points.as_slice().into()
    }
}

impl<'a, T: Copy + Default> From<[&'a [T]; 3]> for Coordinates<'a, T> {
    /// Columns of x, y and z. Panics if their lengths differ.
    fn from(columns: [&'a [T]; 3]) -> Self {
        let count = columns[0].len();
        for (name, column) in ["y", "z"].iter().zip(&columns[1..]) {
            assert!(column.len() == count, "a {name} for each x: {} for {count}", column.len());
        }
        let columns = columns.map(|numbers| Column::Strided { numbers, stride: 1 });
        Coordinates { columns, times: Times::Shared(T::default()), count }
    }
}

impl<'a, T: Copy + Default> From<[&'a [T]; 4]> for Coordinates<'a, T> {
    /// Columns of x, y, z and t. Panics if their lengths differ.
    fn from([x, y, z, t]: [&'a [T]; 4]) -> Self {
        Coordinates::from([x, y, z]).at_times(t)
    }
}

/// Points in the rows of an array of three columns, x, y and z, or of four, with a t: in any order of memory.
///
/// ```
/// use fieldgrad::prelude::*;
/// use ndarray::array;
///
/// let rows = array![[2.0, 0.0, 0.0], [0.0, 0.0, 3.0], [0.0, 4.0, 0.0]];
/// let tape = sphere(1.0).tape()?;
/// assert_eq!(tape.eval(Coordinates::try_from(rows.view())?)[0], [1.0, 2.0, 3.0]);
/// let mut backward = rows.view();
/// backward.invert_axis(ndarray::Axis(0));
/// assert_eq!(tape.eval(Coordinates::try_from(backward)?)[0], [3.0, 2.0, 1.0]);
/// # Ok::<(), fieldgrad::Error>(())
/// ```
#[cfg(feature = "ndarray")]
impl<'a, T: Copy + Default> TryFrom<ndarray::ArrayView2<'a, T>> for Coordinates<'a, T> {
    type Error = crate::Error;

    fn try_from(rows: ndarray::ArrayView2<'a, T>) -> crate::Result<Self> {
        let column = |n: usize| Column::Array(rows.index_axis_move(ndarray::Axis(1), n));
        let times = match rows.ncols() {
            3 => Times::Shared(T::default()),
            4 => Times::Own(column(3)),
            n => {
                let problem = format!("points have three columns, or four with a time each, not {n}");
                return Err(crate::Error::Input(problem));
            }
        };
        Ok(Coordinates { columns: [column(0), column(1), column(2)], times, count: rows.nrows() })
    }
}
