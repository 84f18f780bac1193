//! The shape that is swept, ready to be searched: its tapes, and the memory that searches work in.

use super::derivative::Higher;
use crate::error::Result;
use crate::field::{Axis, Field, Parameter};
use crate::number::{Bend, Rise, Shader};
use crate::tape::{BOXES, Block, Boxes, Tape};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// A field that changes with time.
pub(super) struct Moving {
    pub(super) field: Field,
    /// The names of its parameters, in the order of the kernel's inputs and of every tape here.
    pub(super) parameters: Vec<String>,
    /// How deep the kernels in it are nested.
    pub(super) depth: usize,
    /// f.
    pub(super) value: Tape,
    /// f and f_t.
    pub(super) value_and_speed: Tape,
    /// f, f_t, f_x, f_y, f_z, and the derivative in each parameter.
    pub(super) slopes: Tape,
    /// Its derivatives of higher order, as far as they were asked for, by the inputs they are in.
    pub(super) higher: Mutex<HashMap<Vec<usize>, Arc<Higher>>>,
    /// How a shader computes it, once that was asked for.
    pub(super) shader: OnceLock<Option<Shader>>,
    /// Memory that is not in use.
    scratch: Mutex<Vec<SearchMemory>>,
}

/// Memory of a search.
pub(super) struct SearchMemory {
    /// Points with a time each: f and f_t, and all first derivatives.
    pub(super) speed: Block,
    pub(super) slopes: Block,
    pub(super) rises: Boxes<Rise<BOXES>>,
    pub(super) bends: Boxes<Bend<BOXES>>,
    /// Places and times to look at, and f and f_t there.
    pub(super) columns: [Vec<f32>; 6],
    /// The parameters that the blocks were set to.
    parameters: Vec<f64>,
}

impl SearchMemory {
    /// The blocks at the values of the parameters.
    pub(super) fn set_parameters(&mut self, values: &[f64]) {
        if self.parameters != values {
            self.speed.set_parameters(values);
            self.slopes.set_parameters(values);
            self.parameters = values.to_vec();
        }
    }
}

impl Moving {
    pub(super) fn of(field: &Field, parameters: &[Parameter], depth: usize) -> Result<Moving> {
        let names: Vec<String> = parameters.iter().map(|parameter| parameter.name().to_string()).collect();
        let [fx, fy, fz, ft] = field.gradient();
        let mut slopes = vec![field.clone(), ft.clone(), fx, fy, fz];
        for name in &names {
            slopes.push(field.derivative_in(name)?);
        }
        // Each tape lists all the field's parameters, in one order: the outputs include the field itself.
        Ok(Moving {
            value: Tape::new(std::slice::from_ref(field))?,
            value_and_speed: Tape::new(&[field.clone(), ft])?,
            slopes: Tape::new(&slopes)?,
            field: field.clone(),
            parameters: names,
            depth,
            higher: Mutex::default(),
            shader: OnceLock::new(),
            scratch: Mutex::default(),
        })
    }

    /// Does something with memory of a search.
    pub(super) fn with_scratch<T>(&self, work: impl FnOnce(&mut SearchMemory) -> T) -> T {
        let kept = self.scratch.lock().expect("no search panics holding it").pop();
        let mut scratch = kept.unwrap_or_else(|| SearchMemory {
            speed: Block::over_times(&self.value_and_speed),
            slopes: Block::over_times(&self.slopes),
            rises: Boxes::default(),
            bends: Boxes::default(),
            columns: Default::default(),
            parameters: Vec::new(),
        });
        let result = work(&mut scratch);
        self.scratch.lock().expect("no search panics holding it").push(scratch);
        result
    }

    /// The derivative of something of the field in one of the kernel's inputs, at a time that does not move.
    pub(super) fn along(&self, field: &Field, input: usize) -> Field {
        match input {
            0..super::T0 => field.derivative(Axis::ALL[input]),
            super::T0 | super::T1 => Field::constant(0.0),
            _ => field
                .derivative_in(&self.parameters[input - super::PARAMETERS])
                .unwrap_or_else(|_| Field::constant(0.0)),
        }
    }
}
