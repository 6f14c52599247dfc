//! The program: parses the command line, runs the command, and reports an error in one line.

use std::process::ExitCode;

use clap::Parser;
use jwt_extended_server::{Command, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Command::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        #[expect(clippy::print_stderr, reason = "the reason for the exit is printed even if logs are filtered")]
        Err(error) => {
            // One line, even if a name or a value contains a newline.
            eprintln!("error: {}", error.to_string().replace(char::is_control, " "));
            ExitCode::FAILURE
        }
    }
}
