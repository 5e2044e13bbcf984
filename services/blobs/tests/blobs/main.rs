//! Promises of raw bytes under their hash: of a folder, of a bucket, and of both.

mod both;
mod bucket;
mod folder;
mod server;
mod world;
