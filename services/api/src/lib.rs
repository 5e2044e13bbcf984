//! The gRPC services: the only way in, for programs and for the desk.
