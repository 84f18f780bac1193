//! The command: reads the command line and hands over.

use std::process::ExitCode;

fn main() -> ExitCode {
    fieldgrad::cli::run(std::env::args_os())
}
