//! What the operator has set.

use std::net::SocketAddr;

use bailiwick_server::config::load::Loaded;
use bailiwick_server::config::{Config, MailTransport};
use bailiwick_server::server::load_catalog;
use bailiwick_server::serving;

use super::Finding;

/// Looks at the configuration and what it names.
pub fn look(loaded: &Loaded) -> Vec<Finding> {
    vec![configuration(loaded), catalog(&loaded.config), address(&loaded.config), mail(&loaded.config)]
}

fn configuration(loaded: &Loaded) -> Finding {
    let set: Vec<String> = loaded
        .settings
        .iter()
        .map(|(key, setting)| format!("{key} = {} ({})", setting.text, setting.origin))
        .collect();
    let detail = if set.is_empty() { "all keys have their defaults".to_owned() } else { set.join(", ") };
    Finding::well("configuration", detail)
}

fn catalog(config: &Config) -> Finding {
    match load_catalog(&config.catalog) {
        Ok(catalog) => {
            let (roles, permissions) = (catalog.roles.len(), catalog.permissions.len());
            let detail = format!("`{}`: {roles} built-in roles, {permissions} permissions", catalog.name);
            Finding::well("catalog", detail)
        }
        Err(error) => Finding::broken("catalog", error.to_string(), error.hint()),
    }
}

fn address(config: &Config) -> Finding {
    // What the server that runs was told by flags and variables of its own counts, not what is configured here.
    let running = serving::url(&config.data);
    let url = running.as_ref().unwrap_or(&config.public_url);
    let is_loopback = if *url == config.public_url {
        config.listen.ip().is_loopback()
    } else {
        let address = url.strip_prefix("http://").and_then(|rest| rest.parse::<SocketAddr>().ok());
        address.is_some_and(|address| address.ip().is_loopback())
    };
    if url.starts_with("https://") {
        return Finding::well("address", format!("people reach {url}"));
    }
    if is_loopback {
        return Finding::well("address", format!("{url}, from this machine only"));
    }
    Finding::look(
        "address",
        format!("{url} is not HTTPS: passwords and keys cross the network in the clear"),
        "put TLS in front and set `public_url`",
    )
}

fn mail(config: &Config) -> Finding {
    match (config.mail.transport, &config.mail.host) {
        (MailTransport::File, _) => {
            Finding::look("mail", "written to files, which reach nobody", "set `mail.transport` to `smtp`")
        }
        (MailTransport::Smtp, host) => {
            let host = host.as_deref().unwrap_or_default();
            let (port, from) = (config.mail.smtp_port(), &config.mail.from);
            Finding::well("mail", format!("through {host}:{port} as {from}"))
        }
    }
}
