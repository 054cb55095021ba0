//! Signals: the first one ends what is going on in good order, the second one at once.

use std::io::Write;

use tokio_util::sync::CancellationToken;

use crate::cli::INTERRUPTED;

/// Waits for signals during a run; cancels it at the first. `doing` says what is done then.
pub(crate) async fn watch(cancel: CancellationToken, doing: &'static str) {
    signal().await;
    // Nobody reads stderr any more: the run ends all the same.
    let _ = writeln!(
        anstream::stderr().lock(),
        "\ninterrupted: {doing} (once more to stop at once)"
    );
    cancel.cancel();
    signal().await;
    std::process::exit(i32::from(INTERRUPTED));
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler there is nothing to wait for, and the system ends the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
