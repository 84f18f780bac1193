//! The command: one file a verb. Uses everything above it.
//!
//! Every verb takes the options of `Common`. The command ends with 0 when it did what was asked, with 1 when what was
//! asked was found wanting (a check that failed), with 2 for bad input or usage. Ctrl-C ends it at once, with 130, and
//! so do the system's ways of ending it (`signals.rs`): files are written whole or not at all. A fit writes the best so
//! far first.

mod arguments;
mod bake;
mod bench;
mod check;
mod checkpoint;
mod compare;
mod eval;
mod events;
mod export;
mod fit;
mod fit_constraints;
mod fit_cover;
mod fit_doubts;
mod fit_neural;
mod fit_report;
mod gallery;
mod graph;
mod info;
mod input;
mod machine;
mod mesh;
mod new;
mod output;
mod portrait;
mod progress;
mod render;
mod sense;
mod settle;
mod signals;
mod targets;
#[cfg(feature = "viewer")]
mod view;

use crate::error::{Error, Result};
use arguments::{Arguments, Common, Verb};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::process::ExitCode;

/// How a command that ran to its end found things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// What was asked is done.
    Done,
    /// What was asked was found wanting.
    Wanting,
}

/// Runs the command line, the program's own name first, and says how the process is to end.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    signals::watch();
    match started(arguments) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Wanting) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn started(arguments: Arguments) -> Result<Ending> {
    let common = arguments.common;
    if let Some(threads) = common.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        pool.map_err(|error| Error::System(format!("{threads} threads cannot be started: {error}")))?;
    }
    let ending = match arguments.verb {
        #[cfg(feature = "viewer")]
        None if !common.json => view::run(&arguments::ViewVerb::usual(), &common),
        None => portrait::run(&common),
        #[cfg(feature = "viewer")]
        Some(Verb::View(verb)) => view::run(&verb, &common),
        Some(Verb::Render(verb)) => render::run(&verb, &common),
        Some(Verb::Bake(verb)) => bake::run(&verb, &common),
        Some(Verb::Mesh(verb)) => mesh::run(&verb, &common),
        Some(Verb::Compare(verb)) => compare::run(&verb, &common),
        Some(Verb::Eval(verb)) => eval::run(&verb, &common),
        Some(Verb::Events(verb)) => events::run(&verb, &common),
        Some(Verb::Info(verb)) => info::run(&verb, &common),
        Some(Verb::Check(verb)) => check::run(&verb, &common),
        Some(Verb::Graph(verb)) => graph::run(&verb, &common),
        Some(Verb::Export(verb)) => export::run(&verb, &common),
        Some(Verb::Fit(verb)) => fit::run(&verb, &common),
        Some(Verb::Settle(verb)) => settle::run(&verb, &common),
        Some(Verb::Sense(verb)) => sense::run(&verb, &common),
        Some(Verb::Gallery(verb)) => gallery::run(&verb, &common),
        Some(Verb::New(verb)) => new::run(&verb, &common),
        Some(Verb::Bench) => bench::run(&common),
        Some(Verb::Completions { shell }) => completions(shell),
    };
    match ending {
        Err(error) if common.json => {
            output::print_json(&serde_json::json!({ "error": error.to_string() }))?;
            Err(error)
        }
        ending => ending,
    }
}

/// Prints what a shell sources to complete this command.
fn completions(shell: clap_complete::Shell) -> Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "fieldgrad", &mut script);
    output::print(&script)
}
