//! `eval`: the field and its derivatives at points.

use super::arguments::{Common, EvalVerb, Precision};
use super::input::{at_time, fault_error, shown};
use super::progress::ProgressLine;
use super::{Ending, input, output};
use crate::error::{Error, Result};
use crate::field::Field;
use crate::file::write_whole;
use crate::mesh::PointCloud;
use crate::npy::{Float, write_header};
use crate::number::Dual;
use crate::scene::Scene;
use crate::tape::{Adjoint, Block, Machine, Tape};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// How many points are worked on at a time, on one thread.
const PIECE: usize = 2048;
/// How many pieces are held before they are written.
const HELD: usize = 64;

pub(super) fn run(verb: &EvalVerb, common: &Common) -> Result<Ending> {
    let scene = input::scene(&verb.scene, common)?;
    let points = match &verb.points {
        Some(path) => PointCloud::in_space_time(path, verb.time)?,
        None => verb.at.iter().map(|&at| at_time(at, verb.time)).collect(),
    };
    if points.is_empty() && verb.points.is_none() {
        let problem = "there is nothing to evaluate at: give --at x,y,z or --points FILE";
        return Err(Error::Input(problem.into()));
    }
    let table = EvalTable::new(&scene, verb)?;
    match &verb.out {
        Some(path) => {
            let written = table.save(&points, path, common)?;
            written.and_then(|()| output::saved(path, common))
        }
        None if common.json => output::print_json(&table.json(&points)?),
        None => {
            let mut failed = None;
            let progress = ProgressLine::of("evaluating", points.len(), common);
            output::print_by(|out| {
                writeln!(out, "{}", table.header())?;
                table.each_piece(&points, &progress, &mut failed, |rows| out.write_all(&table.csv(rows)))
            })?;
            failed.map_or(Ok(Ending::Done), Err)
        }
    }
}

/// What is asked of each point, and the programs that answer.
struct EvalTable<'a> {
    scene: &'a Scene,
    precision: Precision,
    allow_nan: bool,
    columns: Vec<String>,
    parts: DerivativeColumns,
    /// Where in the tape's parameters each of the scene's is; nowhere, if the field does not depend on it.
    parameters: Vec<Option<usize>>,
    /// The field; in `f32` all of the columns.
    tape: Tape,
}

#[derive(Clone, Copy)]
struct DerivativeColumns {
    gradient: bool,
    hessian: bool,
    parameters: bool,
}

/// Rows of all columns, one after another.
type ColumnRows = Vec<f64>;

/// The second derivatives, as pairs of axes: each once.
const PAIRS: [(usize, usize); 10] =
    [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)];

impl<'a> EvalTable<'a> {
    fn new(scene: &'a Scene, verb: &EvalVerb) -> Result<EvalTable<'a>> {
        let parts =
            DerivativeColumns { gradient: verb.gradient, hessian: verb.hessian, parameters: verb.params };
        let field = scene.field();
        let axes = ["x", "y", "z", "t"];
        let mut columns: Vec<String> = ["x", "y", "z", "t", "f"].map(String::from).into();
        if parts.gradient {
            columns.extend(axes.map(|axis| format!("f{axis}")));
        }
        if parts.hessian {
            columns.extend(PAIRS.map(|(i, j)| format!("f{}{}", axes[i], axes[j])));
        }
        let mut parameters = Vec::new();
        if parts.parameters {
            let known = field.parameters()?;
            let of_scene = scene.parameters();
            columns.extend(of_scene.iter().map(|parameter| format!("d_{}", parameter.name())));
            parameters.extend(of_scene.iter().map(|own| known.iter().position(|other| other == own)));
        }
        let tape = match verb.precision {
            Precision::F64 => field.tape()?,
            Precision::F32 => Tape::new(&fields(field, parts, &parameters)?)?,
        };
        let (precision, allow_nan) = (verb.precision, verb.allow_nan);
        Ok(EvalTable { scene, precision, allow_nan, columns, parts, parameters, tape })
    }

    fn header(&self) -> String {
        let quoted = |name: &String| match name.contains([',', '"', '\n']) {
            true => format!("\"{}\"", name.replace('"', "\"\"")),
            false => name.clone(),
        };
        self.columns.iter().map(quoted).collect::<Vec<_>>().join(",")
    }

    /// The rows of some points, or where the first value is that is not finite.
    fn rows(&self, points: &[[f64; 4]]) -> Result<ColumnRows> {
        let rows = match self.precision {
            Precision::F64 => self.rows_f64(points),
            Precision::F32 => self.rows_f32(points),
        };
        if !self.allow_nan {
            let wrong = rows.iter().position(|value| !value.is_finite());
            wrong.map_or(Ok(()), |i| Err(self.not_finite(points[i / self.columns.len()], i, rows[i])))?;
        }
        Ok(rows)
    }

    fn not_finite(&self, at: [f64; 4], i: usize, value: f64) -> Error {
        if let Ok(Some(fault)) = self.scene.field().fault_at(at) {
            return fault_error(self.scene, at, &fault);
        }
        let column = &self.columns[i % self.columns.len()];
        let limits = if self.precision == Precision::F32 { " in f32; try f64" } else { "" };
        Error::Undefined(format!("{}: at {}, {column} is {value}{limits}", self.scene.file(), shown(at)))
    }

    fn rows_f64(&self, points: &[[f64; 4]]) -> ColumnRows {
        let mut rows = ColumnRows::with_capacity(points.len() * self.columns.len());
        let mut reader = PointReader::new(self);
        for &at in points {
            rows.extend(at);
            reader.read(at, &mut rows);
        }
        rows
    }

    fn rows_f32(&self, points: &[[f64; 4]]) -> ColumnRows {
        let axes: [Vec<f32>; 4] = std::array::from_fn(|i| points.iter().map(|at| at[i] as f32).collect());
        let mut outputs = vec![vec![0f32; points.len()]; self.tape.output_count()];
        let mut views: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        Block::over_times(&self.tape).eval(axes.each_ref().map(Vec::as_slice), &mut views);
        let columns = || axes.iter().chain(&outputs);
        (0..points.len()).flat_map(|i| columns().map(move |column| column[i] as f64)).collect()
    }

    /// Works the points out, a piece a thread, and hands the rows over in order. A value that is not finite ends it.
    fn each_piece(
        &self,
        points: &[[f64; 4]],
        progress: &ProgressLine,
        failed: &mut Option<Error>,
        mut write: impl FnMut(&[f64]) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let work = |piece: &[[f64; 4]]| {
            let rows = self.rows(piece);
            progress.advance(piece.len());
            rows
        };
        for batch in points.chunks(PIECE * HELD) {
            let pieces: Vec<Result<ColumnRows>> = match batch.len() <= PIECE {
                true => vec![work(batch)], // threads would take longer to start
                false => batch.par_chunks(PIECE).map(work).collect(),
            };
            for rows in pieces {
                match rows {
                    Ok(rows) => write(&rows)?,
                    Err(error) => {
                        *failed = Some(error);
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn csv(&self, rows: &[f64]) -> Vec<u8> {
        let mut text = Vec::with_capacity(rows.len() * 20);
        for row in rows.chunks_exact(self.columns.len()) {
            for (i, &value) in row.iter().enumerate() {
                if i > 0 {
                    text.push(b',');
                }
                self.number(&mut text, value);
            }
            text.push(b'\n');
        }
        text
    }

    /// A number in the fewest digits that read back as the same one.
    fn number(&self, text: &mut Vec<u8>, value: f64) {
        let plain = value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs());
        let _ = match (self.precision, plain) {
            (Precision::F64, true) => write!(text, "{value}"),
            (Precision::F64, false) => write!(text, "{value:e}"),
            (Precision::F32, true) => write!(text, "{}", value as f32),
            (Precision::F32, false) => write!(text, "{:e}", value as f32),
        };
    }

    /// Writes a file; within, that a value was not finite.
    fn save(&self, points: &[[f64; 4]], path: &Path, common: &Common) -> Result<Result<()>> {
        let mut failed = None;
        let stopped = || std::io::Error::other("a value is not finite");
        let progress = ProgressLine::of("evaluating", points.len(), common);
        let written = match output::extension(path).as_str() {
            "csv" => write_whole(path, |out| {
                writeln!(out, "{}", self.header())?;
                self.each_piece(points, &progress, &mut failed, |rows| out.write_all(&self.csv(rows)))?;
                if failed.is_some() { Err(stopped()) } else { Ok(()) }
            }),
            "npy" => write_whole(path, |out| {
                let float = if self.precision == Precision::F32 { Float::F4 } else { Float::F8 };
                write_header(out, &[points.len(), self.columns.len()], float)?;
                let write = |rows: &[f64]| float.write(out, rows.iter().copied());
                self.each_piece(points, &progress, &mut failed, write)?;
                if failed.is_some() { Err(stopped()) } else { Ok(()) }
            }),
            _ => return Err(output::unknown_kind(path, ".csv or .npy")),
        };
        match failed {
            Some(error) => Ok(Err(error)),
            None => written.map(Ok),
        }
    }

    fn json(&self, points: &[[f64; 4]]) -> Result<Value> {
        let rows = self.rows(points)?;
        let rows = rows.chunks_exact(self.columns.len());
        let rows: Vec<Value> =
            rows.map(|row| row.iter().map(|&value| output::json_number(value)).collect()).collect();
        Ok(json!({ "columns": self.columns, "rows": rows }))
    }
}

/// The columns from the value on, as fields.
fn fields(field: &Field, parts: DerivativeColumns, parameters: &[Option<usize>]) -> Result<Vec<Field>> {
    let mut fields = vec![field.clone()];
    if parts.gradient {
        fields.extend(field.gradient());
    }
    if parts.hessian {
        let hessian = field.hessian();
        fields.extend(PAIRS.map(|(i, j)| hessian[i][j].clone()));
    }
    if parts.parameters {
        let slopes = field.parameter_gradient()?;
        let slope = |i: &Option<usize>| i.map_or(Field::constant(0.0), |i| slopes[i].clone());
        fields.extend(parameters.iter().map(slope));
    }
    Ok(fields)
}

/// The machines that read one point after another in `f64`.
struct PointReader<'t> {
    table: &'t EvalTable<'t>,
    values: Machine<f64>,
    duals: Option<Machine<Dual<f64>>>,
    seconds: Option<Machine<Dual<Dual<f64>>>>,
    adjoint: Option<Adjoint<f64>>,
}

impl<'t> PointReader<'t> {
    fn new(table: &'t EvalTable<'t>) -> PointReader<'t> {
        let (tape, DerivativeColumns { gradient, hessian, parameters }) = (&table.tape, table.parts);
        PointReader {
            table,
            values: Machine::new(tape),
            duals: gradient.then(|| Machine::new(tape)),
            seconds: hessian.then(|| Machine::new(tape)),
            adjoint: parameters.then(|| Adjoint::new(tape)),
        }
    }

    fn read(&mut self, at: [f64; 4], row: &mut ColumnRows) {
        row.push(self.values.at(at)[0]);
        if let Some(duals) = &mut self.duals {
            row.extend(duals.at(Dual::variables(at))[0].slope);
        }
        if let Some(seconds) = &mut self.seconds {
            let dual = &seconds.at(Dual::variables(Dual::variables(at)))[0];
            row.extend(PAIRS.map(|(i, j)| dual.slope[i].slope[j]));
        }
        if let Some(adjoint) = &mut self.adjoint {
            let _ = adjoint.forward(at);
            adjoint.back(&[1.0]);
            let slopes: Vec<f64> = adjoint.parameters().collect();
            row.extend(self.table.parameters.iter().map(|i| i.map_or(0.0, |i| slopes[i])));
        }
    }
}
