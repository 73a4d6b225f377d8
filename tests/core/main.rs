//! Tests of the core, without Python: a module for each room of `src/`, one crate so that it links once.

mod support;

mod call;
mod config;
mod escape;
mod fork;
mod json;
mod layers;
mod secrecy;
mod token;
mod transport;
mod wechat;
