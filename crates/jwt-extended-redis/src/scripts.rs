//! The scripts, each of which is one atomic step, and how they are called.

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, ToRedisArgs, Value};

use crate::connection::Live;

/// The calls that are more than one command.
pub(crate) struct Scripts {
    pub(crate) open: Script,
    pub(crate) turn: Script,
    pub(crate) touch: Script,
    pub(crate) list: Script,
    pub(crate) end_one: Script,
    pub(crate) end_all: Script,
    pub(crate) revoke: Script,
    pub(crate) extend: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            open: Script::new(include_str!("lua/open.lua")),
            turn: Script::new(include_str!("lua/turn.lua")),
            touch: Script::new(include_str!("lua/touch.lua")),
            list: Script::new(include_str!("lua/list.lua")),
            end_one: Script::new(include_str!("lua/end_one.lua")),
            end_all: Script::new(include_str!("lua/end_all.lua")),
            revoke: Script::new(include_str!("lua/revoke.lua")),
            extend: Script::new(include_str!("lua/extend.lua")),
        }
    }
}

/// A script, and the digest that Redis knows it by once it has seen it.
pub(crate) struct Script {
    code: String,
    digest: String,
}

impl Script {
    fn new(code: &str) -> Self {
        let code = format!("{}\n{code}", include_str!("lua/common.lua"));
        let digest = redis::Script::new(&code).get_hash().to_owned();
        Self { code, digest }
    }

    /// Calls it, with so many keys first among its arguments.
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
    /// Calls by the digest; by the text, if Redis has not seen it or has forgotten it.
    ///
    /// `SCRIPT LOAD`, which [`redis::Script`] sends instead, would go to every node of a cluster and fail with any of them.
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

/// Arguments of a call: keys first, then the rest.
macro_rules! arguments {
    ($($argument:expr),* $(,)?) => { vec![$(Vec::from($argument)),*] };
}
pub(crate) use arguments;
