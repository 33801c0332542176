//! SIGINT and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for either signal.
pub(super) async fn termination() {
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        (interrupt, terminate) => {
            let error = interrupt.err().or(terminate.err());
            tracing::warn!(?error, "cannot listen for signals; stop with 'slipway down'");
            std::future::pending::<()>().await;
        }
    }
}

/// Whoever presses Ctrl-C again does not want to wait. The store survives that, as it survives a crash.
pub(super) fn let_a_second_one_end_the_process() {
    tokio::spawn(async {
        termination().await;
        std::process::exit(130);
    });
}
