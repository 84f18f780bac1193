//! What pictures through one lens share while time goes on.

use super::{March, MarchedRays, Rect, Tile};
use crate::error::Result;
use crate::render::{Lens, Size};
use crate::tape::Tape;
use crate::task;

/// Where a lens may see the surface over a span of time, tile by tile, with what of the field is enough there.
pub(in crate::render) struct SpanTiles {
    lens: Lens,
    size: Size,
    span: [f64; 2],
    tiles: Vec<Tile>,
}

impl SpanTiles {
    /// Looks at a field over a span of time, its parameters at the tape's values.
    pub fn new(tape: &Tape, lens: &Lens, size: Size, span: [f64; 2]) -> Result<SpanTiles> {
        let ends = [(span[0] as f32).next_down(), (span[1] as f32).next_up()];
        let march = March { span: ends, ..March::new(lens, size, false) };
        let tape = lens.fixed(tape, None)?;
        let tiles = march.tiles(&[Rect::whole(size)], &tape);
        task::check()?;
        Ok(SpanTiles { lens: *lens, size, span, tiles })
    }

    /// Whether it is of that lens, and of that span.
    pub fn is_of(&self, lens: &Lens, size: Size, span: [f64; 2]) -> bool {
        (&self.lens, self.size, self.span) == (lens, size, span)
    }

    /// What the rays meet at a time of the span; also how many steps they take, if those are to be counted.
    pub fn seen(&self, t: f64, counted: bool) -> Result<MarchedRays> {
        let march = March::new(&self.lens, self.size, counted);
        let seen = march.through_tiles(&self.tiles, |tile| tile.tape.fixed([None, None, None, Some(t)]));
        task::check().map(|()| seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::render::march::{NOTHING, depths};

    /// What it sees at times of its span is what is seen at those times alone.
    #[test]
    fn a_span_sees_what_its_times_see() {
        let at = |i: i32| [1.3 * f64::from(i % 5) - 2.6, 1.3 * f64::from(i / 5) - 2.6, 0.0];
        let balls = (0..25).map(|i| {
            let up = (t() + 0.3 * f64::from(i)).sin();
            sphere(0.4).translate(at(i)).translate([Field::constant(0.0), up, Field::constant(0.0)])
        });
        let field = union(balls.collect::<Vec<_>>());
        let lens = Lens::pinhole([1.0, 2.0, 9.0], [0.0; 3], [0.0, 1.0, 0.0], 40.0);
        let lens = Lens { far: 50.0, ..lens };
        let size = Size { width: 120, height: 100 };
        let span_tiles = SpanTiles::new(&field.tape().unwrap(), &lens, size, [0.4, 0.6]).unwrap();
        assert!(span_tiles.is_of(&lens, size, [0.4, 0.6]) && !span_tiles.is_of(&lens, size, [0.4, 0.7]));
        for time in [0.4, 0.47, 0.6] {
            let (alone, shared) =
                (depths(&field, &lens, size, time).unwrap(), span_tiles.seen(time, false).unwrap().depths);
            let pixel = lens.across(size.step(), 9.0) as f32;
            let near = |(a, b): (&f32, &f32)| a == b || (a - b).abs() < pixel;
            let same = alone.iter().zip(&shared).filter(|&both| near(both)).count();
            assert!(alone.iter().filter(|&&depth| depth < NOTHING).count() > 1000);
            assert!(same >= alone.len() - 3, "{same} of {}", alone.len());
        }
    }
}
