//! `bailiwick serve`: the server in the foreground, until it is told to stop.

use std::process::ExitCode;

use bailiwick_server::config::MailTransport;
use bailiwick_server::server::Server;
use bailiwick_server::telemetry::log;
use tokio::signal::unix::{SignalKind, signal};

use super::deployment::{Stop, finish, load_config, runtime};
use crate::cli::ServeArgs;

/// Runs `bailiwick serve`.
pub fn run(args: &ServeArgs) -> ExitCode {
    finish(serve(args))
}

fn serve(args: &ServeArgs) -> Result<ExitCode, Stop> {
    let loaded = load_config(&args.options())?;
    log::install(&loaded.config.log).map_err(|error| Stop::refused(error, "check `log.level`"))?;
    runtime()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(|error| Stop::refused(error, ""))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| Stop::refused(error, ""))?;
        let server = Server::start(loaded).await?;
        announce(&server);
        server
            .run(async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            })
            .await;
        Ok(ExitCode::SUCCESS)
    })
}

/// What somebody who has just started the server needs to know, on stdout.
fn announce(server: &Server) {
    let config = server.config();
    println!("Bailiwick serves {}", config.public_url);
    if let Some(link) = server.set_up_link() {
        println!("\nNobody has set this platform up yet. Open this link, which works once:\n\n  {link}\n");
    }
    if config.mail.transport == MailTransport::File {
        println!(
            "Mail is written to {} until SMTP is set (`mail.transport`).",
            config.data.join("mail").display()
        );
    }
}
