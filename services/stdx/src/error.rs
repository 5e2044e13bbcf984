//! The closed list of what can go wrong, seen from the caller: each room's error names one of these.

/// What kind of failure an error is; one file in `api` turns kinds into gRPC status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The named thing does not exist.
    NotFound,
    /// A thing of that name is there already.
    AlreadyExists,
    /// The input breaks a stated rule.
    Invalid,
    /// Somebody else changed it in between (a lost compare-and-set, a stale etag, a lost lease).
    Conflict,
    /// No or wrong credentials.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// A stated bound was reached.
    Exhausted,
    /// A peer does not answer now; the same call may work later.
    Unavailable,
    /// It cannot be known whether the effect took place.
    Uncertain,
    /// Our own fault.
    Internal,
}
