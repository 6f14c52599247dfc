//! The unit for systemd: its options suit the server, and systemd finds it hardened, where there is a systemd.

use std::{fs, process::Command};

use crate::support::{SECRET, listed_user, process::*};

const UNIT: &str = include_str!("../../../systemd/jwt-extended-server.service");
const PROGRAM: &str = "/usr/local/bin/jwt-extended-server";
const CONFIG: &str = "/etc/jwt-extended/config.toml";

/// Returns the values of a setting.
fn all(setting: &str) -> Vec<&'static str> {
    UNIT.lines().filter_map(|line| line.strip_prefix(setting)?.strip_prefix('=')).collect()
}

#[test]
fn the_commands_of_the_unit_are_those_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    fs::write(&config, listed_user("testuser")).unwrap();
    let commands = [all("ExecStart"), all("ExecReload")].concat();
    let ours: Vec<_> = commands.iter().filter_map(|command| command.strip_prefix(PROGRAM)).collect();
    assert_eq!(ours.len(), 2, "{commands:?}");
    for arguments in ours {
        // `check` takes the arguments of `serve`.
        let arguments = arguments.replace("serve", "check").replace(CONFIG, config.to_str().unwrap());
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        let ended = run(&arguments, &[("JWT_SECRET_KEY", SECRET)], b"");
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn the_unit_allows_the_files_of_all_connections() {
    let files: usize = all("LimitNOFILE")[0].parse().unwrap();
    assert!(files >= 1000 + 64, "{files}");
}

#[cfg(target_os = "linux")]
#[test]
fn systemd_finds_the_unit_valid_and_hardened() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        // Nothing can be said without the tool.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("jwt-extended-server.service");
    // systemd checks that the program exists.
    fs::write(&unit, UNIT.replace(PROGRAM, env!("CARGO_BIN_EXE_jwt-extended-server"))).unwrap();
    // The threshold is ten times the exposure.
    for arguments in [&["verify"][..], &["security", "--offline=true", "--no-pager", "--threshold=15"]] {
        let output = Command::new("systemd-analyze").args(arguments).arg(&unit).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}
