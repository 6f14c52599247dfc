//! The program: parses the command line, runs the command, and reports an error in one line.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser;
use jwt_extended_server::{Command, run};

#[tokio::main]
async fn main() -> ExitCode {
    // The commands are large futures, and a stack is small.
    match Box::pin(run(Command::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, even if a name or a value contains a newline. If standard error is closed, the exit code still
            // says that the command failed.
            let _ = writeln!(io::stderr(), "error: {}", error.to_string().replace(char::is_control, " "));
            ExitCode::FAILURE
        }
    }
}
