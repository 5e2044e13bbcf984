//! Brings each message one step further, again and again.
