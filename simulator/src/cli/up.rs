//! `slipway up` and `slipway down`.

use std::time::Duration;

use control_plane::clock::Stopwatch;

use super::shell::word;
use super::{Context, args, out};
use crate::failure::Failure;
use crate::serve::{Server, UpOptions, logging, runtime};

/// How long `down` waits for the end.
const DOWN_WAIT: Duration = Duration::from_secs(30);

pub(super) fn run(context: &Context, up: &args::Up) -> Result<(), Failure> {
    logging::start("info");
    let options = UpOptions {
        listen: up.listen,
        data: context.data.clone(),
        pace: up.speed,
        seed: up.seed,
        fast_polls: up.fast_polls,
        throttling: up.throttling,
        firmware: up.firmware,
        identity: up.identity_listen,
    };
    runtime()?.block_on(async {
        let server = Server::start(options).await?;
        let running = server.running();
        if context.json {
            out::json_line(running)?;
        } else {
            let hint = env_hint(context);
            out::text(&format!("Slipway is up at {} (Ctrl-C stops it). In another shell:\n  {hint}\n", running.url))?;
        }
        server.run().await
    })
}

/// How a person runs a command of this program on this data directory.
pub(crate) fn invocation(context: &Context, command: &str) -> String {
    let program = std::env::current_exe().map_or_else(|_| "slipway".to_owned(), |p| word(&p.to_string_lossy()));
    let is_default = crate::data_dir::DataDir::locate(None).is_ok_and(|default| default == context.data);
    let data =
        if is_default { String::new() } else { format!(" --data {}", word(&context.data.root().to_string_lossy())) };
    format!("{program} {command}{data}")
}

/// The line that makes az talk to this data directory's simulator.
fn env_hint(context: &Context) -> String {
    format!("eval \"$({})\"", invocation(context, "env"))
}

pub(super) fn down(context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    client.command("/shutdown")?;
    let stopwatch = Stopwatch::start();
    // run.json goes away when everything has been put to rest.
    while crate::run_file::find(&context.data).is_some_and(|running| running == *client.running()) {
        if stopwatch.elapsed() > DOWN_WAIT {
            let pid = client.running().pid;
            return Err(Failure::Failed(format!("process {pid} is still stopping after {} s", DOWN_WAIT.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
