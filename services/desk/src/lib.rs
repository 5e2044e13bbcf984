//! The editors' desk (编辑部工作台): web pages in Chinese and English on which editors review what was logged and decide.
//!
//! A request's way through this room: [`server`] (routes, headers that bound what a page may do) → [`visit`] (who is
//! signed in, in which language) → one page a file in [`pages`], which asks the gRPC services through [`api`] with the
//! person's own session token and writes HTML with the parts of [`html`]. Forms come back through [`posted`]. What goes
//! wrong leaves through [`fault`]. Mail as it was sent is shown by [`content`], on an origin of its own.
//!
//! Every page works without a script; `assets/desk.js` only makes it quicker. The desk has no right of its own: what a
//! person may not do over gRPC cannot be done here.
//!
//! Deliberately absent: tables, rules, anything that decides.

pub mod api;
mod assets;
pub mod content;
pub mod cookie;
mod diff;
pub mod disposition;
pub mod fault;
pub mod html;
mod language;
mod listing;
mod pages;
mod people;
pub mod posted;
mod server;
pub mod stream;
pub mod visit;
pub mod words;

use std::{io, net::SocketAddr};

pub use language::Language;
pub use server::{Bound, Desk, LISTENERS_MAX, bind};

/// What the desk is told.
#[derive(Clone, Debug)]
pub struct DeskSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the gRPC services are.
    pub api: tls::Remote,
    /// How people reach the desk: `https://desk.example.cn`; empty is plain HTTP at `listen`. With `https` the session's
    /// cookie is sent over TLS only and bound to the host.
    pub public_url: String,
    /// Where to listen for what shows mail as it was sent.
    pub content_listen: SocketAddr,
    /// How browsers reach that: `https://mail.example.cn`, another host than the desk's. Empty is plain HTTP at
    /// `content_listen`, and with a `public_url` that there is no such view.
    pub content_public_url: String,
}

/// Why the desk does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Passwords would cross a network in the clear.
    #[error(
        "{listen} can be reached from other machines and desk.public_url is not https: set it, or listen on 127.0.0.1"
    )]
    Open {
        /// The address of the settings.
        listen: SocketAddr,
    },
    /// What shows mail as it was sent would be the desk's own origin, or none.
    #[error(
        "desk.content_public_url must be https://HOST (http on this machine alone), another host or port than the desk's"
    )]
    Content,
    /// The address is taken, or not ours.
    #[error("cannot listen on {listen}")]
    Listen {
        /// The address of the settings.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The address of the gRPC services cannot be read.
    #[error("desk.api")]
    Api(#[source] tls::Error),
    /// The server ended by itself.
    #[error("the desk ended")]
    Serve(#[source] io::Error),
}

/// A result of this room.
pub type Result<T> = std::result::Result<T, Error>;
