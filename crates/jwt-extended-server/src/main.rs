//! The program: reads the command line, starts what it asks for, and says in one line what went wrong.

use std::process::ExitCode;

use clap::Parser;
use jwt_extended_server::{Command, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Command::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        #[expect(clippy::print_stderr, reason = "a program's last word, also when logs go elsewhere")]
        Err(error) => {
            // One line, also where a name or a value holds a newline.
            eprintln!("error: {}", error.to_string().replace(char::is_control, " "));
            ExitCode::FAILURE
        }
    }
}
