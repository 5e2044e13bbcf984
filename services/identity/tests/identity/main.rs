//! Tokens and sign-ins against a provider of our own that speaks HTTP and signs with real keys.

mod issuer;
mod provider;
mod tokens;
mod world;
