//! The curl tour: runs the commands of the server's README against the demo, and checks each response.

use std::fs;

use crate::{
    folder::Folder,
    server::Demo,
    tools::{self, Trouble, failed, program},
};

/// The README with the tour.
const README: &str = "crates/jwt-extended-server/README.md";

/// The address in the README's commands. It is replaced by the demo's; everything else runs as it is.
const README_ADDRESS: &str = "127.0.0.1:5000";

pub(crate) fn run() -> Result<(), Trouble> {
    tools::need("curl", "curl")?;
    tools::need("awk", "mawk")?;
    tools::need("bash", "bash")?;
    let readme = fs::read_to_string(tools::root().join(README))
        .map_err(|error| Trouble::Failed(format!("{README}: {error}")))?;
    let folder = Folder::new("tour")?;
    // The commands stay as they are; this file makes curl print the status below the response.
    fs::write(folder.path().join(".curlrc"), "silent\nmax-time = 20\nwrite-out = \"\\n%{http_code}\"\n")?;
    let demo = Demo::start(folder.path())?;
    let expect = |line: &str, status, text| expect(&folder, line, status, text);
    let line = |path, csrf| line(&readme, path, csrf, &demo.address);

    // Without the CSRF header, the last two are refused.
    let (login, protected) = (line("/login", None)?, line("/protected", None)?);
    expect(&login, 200, "\"login\":true")?;
    expect(&protected, 200, "\"logged_in_as\":\"testuser\"")?;
    expect(&line("/refresh", None)?, 401, "\"msg\":\"MissingCSRFtoken\"")?;
    expect(&line("/logout", None)?, 401, "\"msg\":\"MissingCSRFtoken\"")?;

    // With the header. Its value is in the cookie jar.
    let refresh = line("/refresh", Some("csrf_refresh_token"))?;
    let logout = line("/logout", Some("csrf_access_token"))?;
    expect(&refresh, 200, "\"refresh\":true")?;
    expect(&protected, 200, "\"logged_in_as\":\"testuser\"")?;
    expect(&line("/sessions", None)?, 200, "\"current\":true")?;
    fs::copy(folder.path().join("cookie-jar.txt"), folder.path().join("old-jar.txt"))?;
    expect(&logout, 200, "\"logout\":true")?;
    // Some versions of curl keep cookies that the server has cleared, so the message differs.
    expect(&protected, 401, "\"msg\":")?;

    // Cookies that were copied before the logout are no longer valid.
    for line in [&protected, &refresh] {
        let line = line.replace("cookie-jar.txt", "old-jar.txt");
        expect(&line, 401, "\"msg\":\"Tokenhasbeenrevoked\"")?;
    }
    demo.interrupt()
}

/// Returns the README's curl command for a path, with the CSRF value of a cookie or without one.
fn line(readme: &str, path: &str, csrf: Option<&str>, address: &str) -> Result<String, Trouble> {
    let url = format!("http://{README_ADDRESS}{path}");
    let fits = |line: &&str| {
        let has_csrf = csrf.map_or(!line.contains("X-CSRF-TOKEN"), |cookie| line.contains(cookie));
        line.starts_with("curl ")
            && line.contains("cookie-jar.txt")
            && line.split(' ').any(|word| word == url)
            && has_csrf
    };
    let found = readme.lines().map(|line| line.trim().trim_start_matches("$ ")).find(fits);
    found
        .map(|line| line.replace(README_ADDRESS, address))
        .ok_or_else(|| Trouble::Failed(format!("{README} has no curl command for {url}, {csrf:?}")))
}

/// Runs a command in the folder. The response's body, without white space, must contain the text.
fn expect(folder: &Folder, line: &str, status: u16, text: &str) -> Result<(), Trouble> {
    println!("$ {line}");
    let output = program("bash")
        .args(["-c", line])
        .current_dir(folder.path())
        .envs([("CURL_HOME", folder.path().as_os_str()), ("NO_PROXY", "*".as_ref())])
        .output()?;
    let answer = String::from_utf8_lossy(&output.stdout);
    println!("{answer}");
    let (body, code) = answer.rsplit_once('\n').unwrap_or_default();
    let body: String = body.split_whitespace().collect();
    if code != status.to_string() || !body.contains(text) {
        return failed(format!("expected {status} with {text} from: {line}"));
    }
    Ok(())
}
