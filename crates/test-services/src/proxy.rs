//! Proxies in front of other servers, by the configurations of a folder.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::process::Process;

/// A proxy program, as Debian has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// `nginx.conf`.
    Nginx,
    /// `Caddyfile`.
    Caddy,
    /// `haproxy.cfg` and `haproxy.lua`.
    HaProxy,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    _process: Process,
    port: u16,
    _folder: TempDir,
}

impl Proxy {
    /// Starts a proxy with its configuration in a folder, in which these ports are replaced. It listens on `port`.
    pub fn start(kind: ProxyKind, configurations: impl AsRef<Path>, ports: &[(&str, u16)], port: u16) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let copy = |name: &str| {
            let text = fs::read_to_string(configurations.as_ref().join(name)).expect("the configuration can be read");
            let replace = |text: String, (from, to): &(&str, u16)| {
                let text = text.replace(&format!(":{from}"), &format!(":{to}"));
                text.replace(&format!("listen {from}"), &format!("listen {to}"))
            };
            let text = ports.iter().fold(text, replace);
            fs::write(folder.path().join(name), text).expect("a temporary file can be written");
        };
        let in_folder = |program: &str| {
            let mut command = Command::new(program);
            // Debian puts servers into a folder that is not on everyone's path.
            command.current_dir(folder.path()).env("PATH", std::env::var("PATH").unwrap_or_default() + ":/usr/sbin");
            command
        };
        let (mut command, missing) = match kind {
            ProxyKind::Nginx => {
                copy("nginx.conf");
                let mut command = in_folder("nginx");
                // One process, so that none outlives the test.
                let globals = "daemon off; master_process off;";
                let file = folder.path().join("nginx.conf");
                command.arg("-p").arg(folder.path()).arg("-c").arg(file).args(["-g", globals]);
                (command, "nginx is missing; install Debian's nginx")
            }
            ProxyKind::Caddy => {
                copy("Caddyfile");
                let file = folder.path().join("Caddyfile");
                let text = fs::read_to_string(&file).expect("the copy can be read");
                // Its interface for administration has a fixed port, which two at once cannot share.
                fs::write(&file, format!("{{\n\tadmin off\n}}\n{text}")).expect("a temporary file can be written");
                let mut command = in_folder("caddy");
                command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
                command.env("HOME", folder.path()).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
                (command, "Caddy is missing; install Debian's caddy")
            }
            ProxyKind::HaProxy => {
                copy("haproxy.cfg");
                copy("haproxy.lua");
                let mut command = in_folder("haproxy");
                command.args(["-db", "-f", "haproxy.cfg"]);
                (command, "HAProxy is missing; install Debian's haproxy")
            }
        };
        Self { _process: Process::listening(&mut command, port, missing), port, _folder: folder }
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}
