//! The servers that the stores are tested with: Debian's Redis, PostgreSQL and `PgBouncer`. The tests start them, each
//! on a free port and in its own folder. Node.js runs programs of others. This module only finds or installs them.

use std::{env, fs};

use crate::tools::{self, Trouble};

/// Finds Redis, PostgreSQL and `PgBouncer`, and tries to install what is missing.
pub(crate) fn find() -> Result<(), Trouble> {
    tools::need("redis-server", "redis-server")?;
    if !has_postgresql() {
        tools::install("postgresql");
    }
    tools::need("pgbouncer", "pgbouncer")?;
    if has_postgresql() { Ok(()) } else { Err(Trouble::CannotRun("PostgreSQL is missing".into())) }
}

/// Finds Node.js and npm, and tries to install what is missing. The tests install the packages of npm.
pub(crate) fn find_node() -> Result<(), Trouble> {
    tools::need("node", "nodejs")?;
    tools::need("npm", "npm")
}

/// Finds the proxies, and tries to install what is missing.
pub(crate) fn find_proxies() -> Result<(), Trouble> {
    ["nginx", "caddy", "haproxy"].iter().try_for_each(|proxy| tools::need(proxy, proxy))
}

/// Finds Chromium and its driver, and tries to install what is missing. The pages are also tested behind nginx and by a
/// package of npm.
pub(crate) fn find_browser() -> Result<(), Trouble> {
    tools::need("chromium", "chromium")?;
    tools::need("chromedriver", "chromium-driver")?;
    tools::need("nginx", "nginx")?;
    find_node()
}

/// Whether a PostgreSQL server is where Debian puts it, or on the path.
fn has_postgresql() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").ok();
    let of_debian = versions.into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    of_debian.chain(env::split_paths(&path)).any(|folder| folder.join("initdb").is_file())
}
