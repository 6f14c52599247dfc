//! The files of the pages: a stylesheet, scripts and the logo, compiled into the program.
//!
//! The pages name them with their hash, so that browsers keep them until they change.

use std::{fs, io, path::Path};

use axum::{
    body::Bytes,
    extract::{Path as InPath, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{Playground, colours::Colour};
use crate::App;

const STYLE: &str = include_str!("assets/style.css");
const PAGE: &str = include_str!("assets/page.js");
const REFRESH: &str = include_str!("assets/refresh.js");
const PLAYGROUND: &str = include_str!("assets/playground.js");
const LOGO: &str = include_str!("assets/logo.svg");

const SCRIPT_TYPE: &str = "text/javascript; charset=utf-8";
const SVG_TYPE: &str = "image/svg+xml";
/// An SVG that somebody opens by itself is a document. It may have a style, and nothing else.
const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

/// How many characters of a hash are in an address: 72 bits.
const HASH: usize = 12;

/// The files, and their addresses below the root of the pages.
#[derive(Debug)]
pub(super) struct Assets {
    files: Vec<File>,
    pub(super) style: String,
    pub(super) script: String,
    pub(super) logo: String,
}

#[derive(Debug)]
struct File {
    name: &'static str,
    kind: &'static str,
    content: Bytes,
    hash: String,
}

/// A logo that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogoError {
    /// The file cannot be read.
    #[error("pages.logo: cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// The operating system's error.
        why: io::Error,
    },
    /// The file is of another kind.
    #[error("pages.logo must be an SVG or a PNG file, with a name that ends in .svg or .png")]
    Kind,
}

impl Assets {
    pub(super) fn new(accent: Option<Colour>, logo: Option<&Path>, playground: Playground) -> Result<Self, LogoError> {
        let style = accent.map_or_else(|| STYLE.to_owned(), |accent| format!("{STYLE}\n{}", accent.rules()));
        let mut files = vec![
            File::new("style.css", "text/css; charset=utf-8", style),
            File::new("page.js", SCRIPT_TYPE, PAGE),
            logo.map_or_else(|| Ok(File::new("logo.svg", SVG_TYPE, LOGO)), File::logo)?,
            File::new("refresh.js", SCRIPT_TYPE, REFRESH),
        ];
        if playground == Playground::Shown {
            files.push(File::new("playground.js", SCRIPT_TYPE, PLAYGROUND));
        }
        let address = |at: usize| files.get(at).map(File::address).unwrap_or_default();
        let (style, script, logo) = (address(0), address(1), address(2));
        Ok(Self { files, style, script, logo })
    }
}

/// Answers with a file.
pub(super) async fn answer(
    State(app): State<App>,
    InPath(name): InPath<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let files = app.pages.inner().map(|inner| inner.assets.files.as_slice()).unwrap_or_default();
    match files.iter().find(|file| file.name == name) {
        Some(file) => file.answer(query.as_deref(), &headers),
        None => super::not_found(&app),
    }
}

impl File {
    fn new(name: &'static str, kind: &'static str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let mut hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&content));
        hash.truncate(HASH);
        Self { name, kind, content, hash }
    }

    fn logo(path: &Path) -> Result<Self, LogoError> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let (name, kind) = match ending.as_deref() {
            Some("svg") => ("logo.svg", SVG_TYPE),
            Some("png") => ("logo.png", "image/png"),
            _ => return Err(LogoError::Kind),
        };
        let unreadable = |why| LogoError::Unreadable { path: path.display().to_string(), why };
        Ok(Self::new(name, kind, fs::read(path).map_err(unreadable)?))
    }

    /// Returns the address, which changes with the content.
    fn address(&self) -> String {
        format!("assets/{}?v={}", self.name, self.hash)
    }

    fn answer(&self, query: Option<&str>, request: &HeaderMap) -> Response {
        let is_exact = query.and_then(|query| query.strip_prefix("v=")) == Some(&*self.hash);
        let caching = if is_exact { "public, max-age=31536000, immutable" } else { "public, no-cache" };
        let tag = format!("\"{}\"", self.hash);
        let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known =
            known.flat_map(|value| value.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag);
        let body = if is_known { Bytes::new() } else { self.content.clone() };
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(ALONE));
        // A hash is of letters, digits, hyphens and underscores.
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }
}
