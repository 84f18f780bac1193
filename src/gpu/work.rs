//! What does a pass over pictures of a scene: an interpreter at once, and what is compiled of the scene once it is there.

use super::device::Gpu;
use super::instructions::InstructionTexture;
use super::making::Workshop;
use super::program::{Pass, ShaderProgram};
use crate::error::Result;
use crate::render::Stage;
use crate::tape::Tape;
use std::sync::Arc;

/// Tapes of more lines for each point are not compiled meanwhile, but interpreted for good. One of 5,857 took llvmpipe
/// 3 s to compile, one of 14,012 more than 100 s.
const MAX_COMPILED: usize = 8000;

/// When shaders are compiled of a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiling {
    /// Before anything is drawn.
    First,
    /// While a shader that interprets the scene draws already; not where that would take minutes.
    Meanwhile,
    /// The scene is interpreted for good, unless it cannot be. LLVM's software drivers end all the loops of a ray after
    /// 65,535 turns together: where steps are short and a tape is long they draw nonsense.
    Never,
}

impl Compiling {
    /// What serves a device best. Software drivers compile in less time than they interpret: they have no branches, and
    /// run all the operations that an interpreter knows for each line.
    pub(super) fn on(gpu: &Gpu) -> Compiling {
        if gpu.is_software() { Compiling::First } else { Compiling::Meanwhile }
    }
}

/// A pass over pictures of a scene.
pub(super) struct Work {
    pass: Pass,
    compiled: Option<ShaderProgram>,
    interpreter: Option<ShaderProgram>,
    /// Whether the two are of the scene as it is now.
    is_current: [bool; 2],
    /// Whether what is compiled runs.
    is_compiled: bool,
}

/// What a pass's fields are computed from.
pub(super) enum Handed {
    Steady(wgpu::Buffer),
    Lines(InstructionTexture, wgpu::TextureView),
}

impl Work {
    pub fn new(pass: Pass) -> Work {
        Work { pass, compiled: None, interpreter: None, is_current: [false; 2], is_compiled: false }
    }

    /// The scene is another. One that only has other values is the same to it.
    pub fn change(&mut self) {
        self.is_current = [false; 2];
    }

    /// Begins to compile what must be.
    pub fn begin(
        &mut self,
        gpu: &Gpu,
        stage: &Stage,
        compiling: Compiling,
        workshop: &mut Workshop,
    ) -> Result<()> {
        if !self.is_current[0] && compiling != Compiling::Never {
            let known = self.compiled.take();
            if compiling == Compiling::First || self.pass.length(stage)? <= MAX_COMPILED {
                self.compiled = Some(ShaderProgram::compiled(gpu, stage, self.pass, known, workshop)?);
            }
            self.is_current[0] = true;
        }
        Ok(())
    }

    /// Decides whether what is compiled runs: if it is there, or `patient` waits for it.
    pub fn decide(&mut self, patient: bool) {
        let current = self.compiled.as_mut().filter(|_| self.is_current[0]);
        self.is_compiled = current.is_some_and(|program| program.is_made(patient));
    }

    /// Whether what runs is compiled.
    pub fn is_compiled(&self) -> bool {
        self.is_compiled
    }

    /// What runs, once it was handed something.
    pub fn program(&self) -> Option<&ShaderProgram> {
        if self.is_compiled { self.compiled.as_ref() } else { self.interpreter.as_ref() }
    }

    /// What the fields are computed from at a time: `tapes`, if they are interpreted. Where those are more than can be,
    /// the scene is compiled after all, and waited for.
    pub fn handed<'t>(
        &mut self,
        gpu: &Gpu,
        stage: &Stage,
        workshop: &mut Workshop,
        time: f64,
        tapes: impl Iterator<Item = &'t Arc<Tape>>,
    ) -> Result<Handed> {
        if !self.is_compiled {
            if let Some(instructions) = InstructionTexture::of(gpu, tapes) {
                let (codes, texture) = (instructions.codes(), instructions.texture(gpu)?);
                let known = self.interpreter.take();
                let is_fit = |program: &ShaderProgram| self.is_current[1] && program.interprets(&codes);
                self.interpreter = Some(match known {
                    Some(known) if is_fit(&known) => known,
                    known => ShaderProgram::interpreter(gpu, stage, self.pass, &codes, known)?,
                });
                self.is_current[1] = true;
                return Ok(Handed::Lines(instructions, super::frame::view(&texture)));
            }
            let known = self.compiled.take();
            let compiled =
                self.compiled.insert(ShaderProgram::compiled(gpu, stage, self.pass, known, workshop)?);
            self.is_compiled = compiled.is_made(true);
            self.is_current[0] = true;
        }
        let steady = self.compiled.iter().flat_map(|program| program.steady(stage.scene(), time));
        Ok(Handed::Steady(super::program::steady(gpu, steady)))
    }
}

impl Handed {
    /// What is bound.
    pub fn binding(&self) -> wgpu::BindingResource<'_> {
        match self {
            Handed::Steady(buffer) => buffer.as_entire_binding(),
            Handed::Lines(_, view) => wgpu::BindingResource::TextureView(view),
        }
    }

    /// Where a tape's lines are: the first, and the one behind the last.
    pub fn place(&self, tape: Option<&Arc<Tape>>) -> [u32; 2] {
        match (self, tape) {
            (Handed::Lines(instructions, _), Some(tape)) => instructions.place(tape),
            _ => [0; 2],
        }
    }
}
