//! The targets: each gets bytes and panics if the engine breaks a promise about them.
#![allow(clippy::panic, clippy::missing_panics_doc, reason = "a panic is how a target reports what it has found")]

mod bodies;
mod compact;
mod configuration;
mod guard;
mod json;
mod keys;
mod locations;
mod payloads;
mod redis;
mod setup;

pub(crate) use self::{
    bodies::bodies,
    compact::compact,
    configuration::configuration,
    guard::guard,
    json::json,
    keys::{jwk, jwk_set, pem},
    locations::{headers, query},
    payloads::payloads,
    redis::redis,
};
