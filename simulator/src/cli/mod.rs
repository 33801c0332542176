//! The command line.

mod args;
mod boot;
mod env;
mod events;
pub(crate) mod evidence;
mod explain;
mod fault;
mod node;
pub(crate) mod out;
mod references;
mod rules;
mod sbinfo;
mod shell;
mod subscription;
mod time;
mod token;
mod up;
pub(crate) mod verify;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
pub(crate) use up::invocation;

use crate::client::Client;
use crate::data_dir::DataDir;
use crate::failure::Failure;

/// What every command is given.
pub(crate) struct Context {
    /// The data directory that is meant.
    pub(crate) data: DataDir,
    /// Whether to print JSON.
    pub(crate) json: bool,
}

impl Context {
    /// The running simulator.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Client::find(&self.data)
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::NotTrusted) => ExitCode::from(Failure::NotTrusted.exit_code()),
        Err(failure) => {
            eprintln!("slipway: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(args: Args) -> Result<(), Failure> {
    let context = Context { data: DataDir::locate(args.data)?, json: args.json };
    match args.command {
        Command::Up(up) => up::run(&context, &up),
        Command::Down => up::down(&context),
        Command::Env(env) => env::run(&context, &env),
        Command::Token(token) => token::run(&context, &token),
        Command::Status => time::status(&context),
        Command::Subscription(command) => subscription::run(&context, command),
        Command::Time { command } => time::run(&context, command.unwrap_or(args::Time::Show)),
        Command::Node(command) => node::run(&context, command),
        Command::Fault(args::Fault::List) => fault::list(&context),
        Command::Pool(command) => fault::pool(&context, command),
        Command::Verify(verify) => verify::run(&context, &verify),
        Command::Explain(explain) => explain::run(&context, &explain),
        Command::Boot(command) => boot::run(&context, &command),
        Command::Rules => rules::run(&context),
        Command::Events(events) => events::run(&context, &events),
        Command::Walkthrough(walkthrough) => crate::walkthrough::run(&context, &walkthrough.options()),
        Command::Bench(bench) => crate::bench::run(&context, &bench.options()),
    }
}
