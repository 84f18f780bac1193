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

/// One coordinate of all points: every so many-th number, from the first on.
#[derive(Clone, Copy, Debug)]
struct Column<'a, T> {
    numbers: &'a [T],
    stride: usize,
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
        let column = |place: usize| Column { numbers: numbers.get(place..).unwrap_or(&[]), stride };
        Coordinates { columns: places.map(column), times: Times::Shared(T::default()), count }
    }

    /// The same points, all at one time.
    pub fn at_time(self, t: T) -> Self {
        Coordinates { times: Times::Shared(t), ..self }
    }

    /// The same points, each at a time of its own. Panics if there are not as many times as points.
    pub fn at_times(self, times: &'a [T]) -> Self {
        assert!(times.len() == self.count, "a t for each point: {} for {}", times.len(), self.count);
        Coordinates { times: Times::Own(Column { numbers: times, stride: 1 }), ..self }
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
            match column.stride {
                1 => to.extend_from_slice(&column.numbers[range.clone()]),
                stride => to.extend(
                    column.numbers[range.start * stride..].iter().step_by(stride).take(range.len()).copied(),
                ),
            }
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
        let times = Column { numbers: numbers.get(3..).unwrap_or(&[]), stride: 4 };
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
        let columns = columns.map(|numbers| Column { numbers, stride: 1 });
        Coordinates { columns, times: Times::Shared(T::default()), count }
    }
}

impl<'a, T: Copy + Default> From<[&'a [T]; 4]> for Coordinates<'a, T> {
    /// Columns of x, y, z and t. Panics if their lengths differ.
    fn from([x, y, z, t]: [&'a [T]; 4]) -> Self {
        Coordinates::from([x, y, z]).at_times(t)
    }
}
