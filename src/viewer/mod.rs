//! The window: a scene seen, played, changed and pulled at. Uses everything above it.
//!
//! [`open`] shows it until it is closed. `app.rs` is what it knows and does, made of parts that know nothing of windows:
//! the `document` and its `values`, the `camera` and the `timeline`, the `anatomy` of the scene, `drag` and `probe`. `panels/` shows it, `window.rs`
//! puts it on a screen. Whatever takes long is done by a `worker`, and frames never wait for one: the `painter` paints,
//! the `scout` looks for points of the surface, and a `job` writes a film; a `sign` says what takes them long. `recovery`
//! keeps what is not saved. `senses` plays the scene's probes, aloud if that is wanted, and hears what others say of
//! parameters: programs, and the `knobs` of MIDI devices.

mod anatomy;
mod app;
mod camera;
mod commands;
mod document;
mod drag;
mod folder;
mod job;
mod knobs;
mod memory;
mod painter;
mod panels;
mod probe;
mod recovery;
mod scout;
mod senses;
mod sign;
#[cfg(test)]
mod tests;
mod timeline;
mod values;
mod window;
mod worker;

use crate::error::Result;
use crate::scene::Scene;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a window begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// The scene, whose text is read again as it is changed; none, where its file has a mistake.
    pub scene: Option<Scene>,
    /// The file it is of; without one, it is the one that is built in under its name.
    pub file: Option<PathBuf>,
    /// Whether a GPU draws pictures, not the CPU; without saying, real hardware does and software does not.
    pub on_gpu: Option<bool>,
    /// Where it listens for OSC messages that move parameters, if it does.
    pub osc: Option<SocketAddr>,
    /// Whether knobs and faders of MIDI devices move parameters.
    pub midi: bool,
}

/// How a window came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Closed {
    /// It was closed.
    ByHand,
    /// None could be opened, and why.
    NeverOpened(String),
}

/// Opens a window on a scene, and returns when it is closed. Where there is no display, or nothing that can draw on it,
/// it says so and does nothing.
pub fn open(start: Start) -> Result<Closed> {
    window::open(start)
}
