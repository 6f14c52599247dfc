//! The Lua scripts, and how they are called. Each call of a script is one atomic step.

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, ToRedisArgs, Value};

use crate::connection::Live;

/// The scripts of the calls that take more than one command.
pub(crate) struct Scripts {
    pub(crate) open: Script,
    pub(crate) rotate: Script,
    pub(crate) touch: Script,
    pub(crate) list: Script,
    pub(crate) end_one: Script,
    pub(crate) end_all: Script,
    pub(crate) sweep: Script,
    pub(crate) revoke: Script,
    pub(crate) extend: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            open: Script::new(include_str!("lua/open.lua")),
            rotate: Script::new(include_str!("lua/rotate.lua")),
            touch: Script::new(include_str!("lua/touch.lua")),
            list: Script::new(include_str!("lua/list.lua")),
            end_one: Script::new(include_str!("lua/end_one.lua")),
            end_all: Script::new(include_str!("lua/end_all.lua")),
            sweep: Script::new(include_str!("lua/sweep.lua")),
            revoke: Script::new(include_str!("lua/revoke.lua")),
            extend: Script::new(include_str!("lua/extend.lua")),
        }
    }
}

/// A script, and the digest by which Redis knows it once it has loaded it.
pub(crate) struct Script {
    code: String,
    digest: String,
}

impl Script {
    fn new(code: &str) -> Self {
        Self::of_whole(format!("{}\n{code}", include_str!("lua/common.lua")))
    }

    /// Takes a script without the store's own functions.
    pub(crate) fn of_whole(code: String) -> Self {
        let digest = redis::Script::new(&code).get_hash().to_owned();
        Self { code, digest }
    }

    /// Prepares a call. The first `keys` arguments are keys.
    pub(crate) fn call(&self, keys: usize, arguments: Vec<Vec<u8>>) -> Call<'_> {
        Call { script: self, keys, arguments }
    }
}

/// One call of a script.
pub(crate) struct Call<'a> {
    script: &'a Script,
    keys: usize,
    arguments: Vec<Vec<u8>>,
}

impl Call<'_> {
    /// Sends the digest, or the whole script if Redis has not loaded it.
    ///
    /// [`redis::Script`] sends `SCRIPT LOAD` instead. In a cluster that goes to all nodes, and fails if one node fails.
    pub(crate) async fn send(&self, live: &mut Live) -> Result<Value, RedisError> {
        match live.send(&self.command("EVALSHA", &self.script.digest)).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                live.send(&self.command("EVAL", &self.script.code)).await
            }
            answer => answer,
        }
    }

    fn command(&self, by: &str, script: &str) -> Cmd {
        let size = self.arguments.iter().map(Vec::len).sum::<usize>() + by.len() + script.len() + 4;
        let mut command = Cmd::with_capacity(self.arguments.len() + 3, size);
        command.arg(by).arg(script).arg(self.keys);
        self.arguments.iter().for_each(|argument| argument.write_redis_args(&mut command));
        command
    }
}

/// Collects the arguments of a call: keys first, then the rest.
macro_rules! arguments {
    ($($argument:expr),* $(,)?) => { vec![$(Vec::from($argument)),*] };
}
pub(crate) use arguments;
