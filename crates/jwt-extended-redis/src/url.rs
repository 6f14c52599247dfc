//! Reads the URL of a Redis server, of its sentinels, or of a node of a cluster. The client ignores parameters that it
//! does not know, so this reads them itself. No error shows a part of the URL, which holds a password.

use std::{fs, path::PathBuf};

use jwt_extended::session::StoreUrl;
use redis::{ConnectionAddr, RedisConnectionInfo};

use crate::builder::ConnectError;

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Parameters for every address. The names are those of redis-py and of the Rust client.
const LOGIN: &[&str] = &["db", "username", "user", "password", "pass", "protocol"];
/// Further parameters for TLS, by redis-py's names.
const TLS: &[&str] = &["ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname"];
/// Further parameters for sentinels.
const SENTINEL: &[&str] = &["sentinel_username", "sentinel_password"];

/// What a URL says.
pub(crate) struct RedisUrl {
    pub(crate) place: Place,
    /// The login and the database, for every server but a sentinel.
    pub(crate) redis: RedisConnectionInfo,
    /// `None` without TLS.
    pub(crate) tls: Option<Tls>,
}

pub(crate) enum Place {
    Server(ConnectionAddr),
    #[cfg_attr(not(feature = "sentinel"), allow(dead_code, reason = "the URL is refused once it is read"))]
    Sentinels {
        addresses: Vec<ConnectionAddr>,
        login: RedisConnectionInfo,
        service: String,
    },
}

/// The certificates of a TLS connection, in PEM. `None`: those of the system.
#[derive(Clone, Default)]
#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "the URL is refused once it is read"))]
pub(crate) struct Tls {
    pub(crate) authorities: Option<Vec<u8>>,
    /// The client's certificate and its key.
    pub(crate) client: Option<(Vec<u8>, Vec<u8>)>,
}

type Parameters = Vec<(&'static str, String)>;

impl RedisUrl {
    pub(crate) fn read(url: &str) -> Result<Self, ConnectError> {
        let url = StoreUrl::parse(url).map_err(|error| ConnectError::Url(error.to_string()))?;
        match (url.scheme(), url.driver()) {
            ("unix", None) | ("redis" | "valkey", Some("unix" | "socket")) => Self::of_socket(&url),
            ("redis" | "valkey", None) => Self::of_server(&url, false),
            ("rediss" | "valkeys", None) => Self::of_server(&url, true),
            ("redis" | "valkey", Some("sentinel")) => Self::of_sentinels(&url, false),
            ("rediss" | "valkeys", Some("sentinel")) => Self::of_sentinels(&url, true),
            _ => bad("it must begin with redis://, rediss://, redis+sentinel://, rediss+sentinel:// or unix://"),
        }
    }

    fn of_socket(url: &StoreUrl<'_>) -> Result<Self, ConnectError> {
        let parameters = parameters(url, &[LOGIN])?;
        let path = PathBuf::from(url.decoded_path());
        if !url.authority().is_empty() || path.file_name().is_none() {
            return bad("a socket is written as unix:///absolute/path");
        }
        let redis = login(url, &parameters, "")?;
        Ok(Self { place: Place::Server(ConnectionAddr::Unix(path)), redis, tls: None })
    }

    fn of_server(url: &StoreUrl<'_>, tls: bool) -> Result<Self, ConnectError> {
        let parameters = parameters(url, if tls { &[LOGIN, TLS] } else { &[LOGIN] })?;
        let mut hosts = url.hosts();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return bad("it has no host, or several; sentinels are written as redis+sentinel://one,two/service");
        };
        let redis = login(url, &parameters, url.path())?;
        let tls = tls.then(|| Tls::read(&parameters)).transpose()?;
        Ok(Self { place: Place::Server(address(host, PORT, tls.is_some())), redis, tls })
    }

    fn of_sentinels(url: &StoreUrl<'_>, tls: bool) -> Result<Self, ConnectError> {
        let parameters = parameters(url, if tls { &[LOGIN, SENTINEL, TLS] } else { &[LOGIN, SENTINEL] })?;
        let path = url.decoded_path();
        let mut parts = path.trim_matches('/').splitn(2, '/');
        let (service, database) = (parts.next().unwrap_or_default().to_owned(), parts.next().unwrap_or_default());
        let redis = login(url, &parameters, database)?;
        let tls = tls.then(|| Tls::read(&parameters)).transpose()?;
        let addresses: Vec<_> = url.hosts().map(|host| address(host, SENTINEL_PORT, tls.is_some())).collect();
        if addresses.is_empty() || service.is_empty() {
            return bad("sentinels are written as redis+sentinel://host:26379,host:26379/service/0");
        }
        let mut login = RedisConnectionInfo::default();
        if let Some(user) = get(&parameters, &["sentinel_username"]) {
            login = login.set_username(user);
        }
        if let Some(password) = get(&parameters, &["sentinel_password"]) {
            login = login.set_password(password);
        }
        Ok(Self { place: Place::Sentinels { addresses, login, service }, redis, tls })
    }
}

fn address((host, port): (&str, Option<u16>), default: u16, tls: bool) -> ConnectionAddr {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = port.unwrap_or(default);
    if tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}

fn parameters(url: &StoreUrl<'_>, known: &[&[&'static str]]) -> Result<Parameters, ConnectError> {
    let read = url.parameters(&known.concat()).map_err(|error| ConnectError::Url(error.to_string()))?;
    Ok(read.into_iter().map(|(name, value)| (name, value.as_str().to_owned())).collect())
}

/// Returns the value of the first of these names.
fn get<'a>(parameters: &'a Parameters, names: &[&str]) -> Option<&'a str> {
    parameters.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| value.as_str())
}

/// Reads the user, the password and the database. Each is in the URL at most once.
fn login(url: &StoreUrl<'_>, parameters: &Parameters, path: &str) -> Result<RedisConnectionInfo, ConnectError> {
    if parameters.iter().any(|(name, value)| *name == "protocol" && value != "3" && value != "resp3") {
        return bad("this store needs protocol=3");
    }
    let mut one_each = [("username", "user"), ("password", "pass")].into_iter();
    if one_each.any(|(name, short)| get(parameters, &[name]).is_some() && get(parameters, &[short]).is_some()) {
        return bad("it names the user or the password twice");
    }
    let (user, password) = (get(parameters, LOGIN_NAMES[0]), get(parameters, LOGIN_NAMES[1]));
    if url.credentials().is_some() && (user.is_some() || password.is_some()) {
        return bad("it names the user or the password twice");
    }
    let path = path.trim_matches('/');
    let database = match (path, get(parameters, &["db"])) {
        ("", database) => database.unwrap_or("0"),
        (path, None) => path,
        (_, Some(_)) => return bad("it names the database twice"),
    };
    let Ok(database) = database.parse::<u16>() else { return bad("its database is not a number") };
    let mut login = RedisConnectionInfo::default().set_db(database.into());
    if let Some(user) = user.map(str::to_owned).or_else(|| url.user()) {
        login = login.set_username(user);
    }
    let ours = url.password();
    if let Some(password) = password.or(ours.as_ref().map(|password| password.as_str())) {
        login = login.set_password(password);
    }
    Ok(login)
}

const LOGIN_NAMES: [&[&str]; 2] = [&["username", "user"], &["password", "pass"]];

impl Tls {
    fn read(parameters: &Parameters) -> Result<Self, ConnectError> {
        let is = |name, values: &[&str]| get(parameters, &[name]).is_none_or(|value| values.contains(&value));
        if !is("ssl_cert_reqs", &["required"]) || !is("ssl_check_hostname", &["true", "True", "1"]) {
            return bad("the server's certificate is always verified; name its authority with ssl_ca_certs=PATH");
        }
        let authorities = get(parameters, &["ssl_ca_certs"]).map(|path| pem("ssl_ca_certs", path, "CERTIFICATE"));
        let client = match (get(parameters, &["ssl_certfile"]), get(parameters, &["ssl_keyfile"])) {
            (None, None) => None,
            (Some(certificate), Some(key)) => {
                Some((pem("ssl_certfile", certificate, "CERTIFICATE")?, pem("ssl_keyfile", key, "PRIVATE KEY")?))
            }
            _ => return bad("ssl_certfile and ssl_keyfile belong together"),
        };
        Ok(Self { authorities: authorities.transpose()?, client })
    }
}

/// Reads a file in PEM format that contains such a block.
fn pem(name: &str, path: &str, block: &str) -> Result<Vec<u8>, ConnectError> {
    let bytes = fs::read(path)
        .map_err(|error| ConnectError::Url(format!("the file of its parameter {name} cannot be read: {error}")))?;
    if !String::from_utf8_lossy(&bytes).contains(&format!("{block}-----")) {
        return Err(ConnectError::Url(format!("the file of its parameter {name} holds no {block} in PEM format")));
    }
    Ok(bytes)
}

fn bad<T>(why: &str) -> Result<T, ConnectError> {
    Err(ConnectError::Url(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> (ConnectionAddr, RedisConnectionInfo) {
        let url = RedisUrl::read(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let Place::Server(address) = url.place else { panic!("sentinels") };
        (address, url.redis)
    }

    fn refusal(url: &str) -> String {
        RedisUrl::read(url).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_server_is_read_as_redis_py_reads_it() {
        for url in
            ["redis://me:p%40ss@h:1/5", "valkey://me:p%40ss@h:1?db=5", "redis://h:1/5?username=me&password=p%40ss"]
        {
            let (address, login) = read(url);
            assert_eq!(address, ConnectionAddr::Tcp("h".to_owned(), 1), "{url}");
            assert_eq!((login.db(), login.username(), login.password()), (5, Some("me"), Some("p@ss")), "{url}");
        }
        let (address, login) = read("redis://:pw@[::1]");
        assert_eq!((address, login.db()), (ConnectionAddr::Tcp("::1".to_owned(), 6379), 0));
        assert_eq!((login.username(), login.password()), (None, Some("pw")));
    }

    #[test]
    fn a_socket_is_read_as_redis_py_reads_it() {
        for url in [
            "unix:///run/r.sock?db=2&password=pw",
            "redis+unix://:pw@/run/r.sock?db=2",
            "unix:///run/r.sock?db=2&pass=pw",
        ] {
            let (address, login) = read(url);
            assert_eq!(address, ConnectionAddr::Unix("/run/r.sock".into()), "{url}");
            assert_eq!((login.db(), login.password()), (2, Some("pw")), "{url}");
        }
        assert!(refusal("unix://run/r.sock").contains("unix:///absolute/path"));
        assert!(refusal("unix:///").contains("unix:///absolute/path"));
    }

    #[test]
    fn sentinels_are_read_with_their_service() {
        let url = "redis+sentinel://me:pw@a,b:1/main/3?sentinel_username=watcher&sentinel_password=other";
        let RedisUrl { place, redis, tls } = RedisUrl::read(url).unwrap_or_else(|error| panic!("{error}"));
        let Place::Sentinels { addresses, login, service } = place else { panic!("a server") };
        assert!(tls.is_none());
        let address = |host: &str, port| ConnectionAddr::Tcp(host.to_owned(), port);
        assert_eq!((addresses, &*service), (vec![address("a", 26379), address("b", 1)], "main"));
        assert_eq!((redis.db(), redis.username(), redis.password()), (3, Some("me"), Some("pw")));
        assert_eq!((login.username(), login.password()), (Some("watcher"), Some("other")));
        for url in
            ["redis+sentinel://a,b", "redis+sentinel://a/", "redis+sentinel:///main", "redis+sentinel://a/main/x"]
        {
            assert_ne!(refusal(url), "", "{url}");
        }
    }

    #[test]
    fn no_parameter_is_ignored() {
        for url in
            ["redis://h?ssl_cert_reqs=none", "redis://h?socket_timeout=5", "unix:///s?ssl_ca_certs=x", "redis://h?x"]
        {
            assert!(refusal(url).contains("a parameter that this store does not know; it knows db, "), "{url}");
        }
        for url in ["rediss://h?ssl_cert_reqs=none", "rediss://h?ssl_check_hostname=false"] {
            assert!(refusal(url).contains("name its authority with ssl_ca_certs=PATH"), "{url}");
        }
        for (url, why) in [
            ("rediss://h?ssl_ca_certs=/no/such/file", "the file of its parameter ssl_ca_certs cannot be read"),
            ("rediss://h?ssl_ca_certs=/dev/null", "holds no CERTIFICATE in PEM format"),
            ("rediss://h?ssl_certfile=/dev/null", "belong together"),
            ("redis://h/1?db=2", "the database twice"),
            ("redis://a@h?user=b", "the user or the password twice"),
            ("redis://h?user=b&username=a", "the user or the password twice"),
            ("redis://h?protocol=2", "needs protocol=3"),
            ("redis://h/x", "not a number"),
            ("redis://a,b/0", "redis+sentinel://"),
            ("redis+cluster://a/0", "it must begin with"),
            ("rediss://h#insecure", "percent-encode"),
        ] {
            assert!(refusal(url).contains(why), "{url}: {}", refusal(url));
        }
        assert_eq!(refusal("rediss://h?ssl_cert_reqs=required&ssl_check_hostname=True&protocol=3"), "");
    }
}
