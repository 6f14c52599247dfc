//! The address to listen on, an IP address or a Unix socket: parses it, binds to it, and accepts connections.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket},
};

use crate::StartError;

/// How many connections the system may hold until the server accepts them. A connection beyond that is tried again only
/// after a second. With the 128 of tokio, a burst of 500 delayed everybody by that second.
const BACKLOG: u32 = 4096;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// The path of a Unix socket, which the server creates.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Returns true if the system chooses the port.
    pub(crate) fn has_any_port(&self) -> bool {
        matches!(self, Self::Ip(address) if address.port() == 0)
    }
}

impl FromStr for ListenAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.strip_prefix("unix:") {
            Some("") => Err("must name a path after unix:, such as unix:/run/jwt-extended/socket"),
            Some(_) if cfg!(not(unix)) => Err("must be an IP address and a port: this system has no Unix sockets"),
            Some(path) => Ok(Self::Unix(path.into())),
            None => parse_ip(text).map(Self::Ip),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Parses an IP address and a port. Names of hosts are not resolved.
pub(crate) fn parse_ip(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:5000")
}

/// A connection of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Something that accepts connections.
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, SocketFile),
}

impl Listener {
    /// Starts to listen.
    pub(crate) async fn bind(address: &ListenAddress) -> Result<Self, StartError> {
        let bound = match address {
            ListenAddress::Ip(address) => bind_ip(*address).map(Self::Tcp),
            #[cfg(unix)]
            ListenAddress::Unix(path) => bind_socket(path).await.map(|(listener, file)| Self::Unix(listener, file)),
            #[cfg(not(unix))]
            ListenAddress::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        };
        bound.map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::AddrInUse => "another program uses it".to_owned(),
                io::ErrorKind::AlreadyExists => "there is a file that is not a socket".to_owned(),
                _ => error.to_string(),
            };
            StartError::Listen { address: address.to_string(), why }
        })
    }

    /// Starts to listen for who reads the metrics.
    pub(crate) async fn bind_for_metrics(address: &ListenAddress) -> Result<Self, StartError> {
        Self::bind(address).await.map_err(|error| match error {
            StartError::Listen { address, why } => StartError::MetricsListen { address, why },
            other => other,
        })
    }

    /// Returns the address with the port that the system has chosen, if port 0 was given.
    pub(crate) fn address(&self) -> io::Result<ListenAddress> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(ListenAddress::Ip),
            #[cfg(unix)]
            Self::Unix(_, file) => Ok(ListenAddress::Unix(file.path.clone())),
        }
    }

    /// Waits for the next connection, and returns it with its address. Over a Unix socket, that is this machine.
    pub(crate) async fn accept(&self) -> io::Result<(Box<dyn Stream>, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Box::new(stream), peer))
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), SocketAddr::from(([127, 0, 0, 1], 0))))
            }
        }
    }
}

fn bind_ip(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Elsewhere than on Unix, it would let two servers share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The file of a Unix socket, which is removed when dropped, unless another file has taken its place.
#[cfg(unix)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            // Best effort: a file that stays is replaced at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Creates a Unix socket. Replaces the file of a server that no longer runs.
#[cfg(unix)]
async fn bind_socket(path: &Path) -> io::Result<(tokio::net::UnixListener, SocketFile)> {
    use std::os::unix::fs::FileTypeExt as _;

    match std::fs::symlink_metadata(path) {
        Ok(file) if !file.file_type().is_socket() => return Err(io::ErrorKind::AlreadyExists.into()),
        Ok(_) => match tokio::net::UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path)?,
            // Also if it cannot be told, as without the right to connect.
            _ => return Err(io::ErrorKind::AddrInUse.into()),
        },
        Err(_) => {}
    }
    let socket = tokio::net::UnixSocket::new_stream()?;
    socket.bind(path)?;
    let listener = socket.listen(BACKLOG)?;
    Ok((listener, SocketFile { path: path.to_owned(), identity: identity(path)? }))
}

/// Returns the device and the inode of a file.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    std::fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}
