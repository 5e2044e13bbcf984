//! Composes mails, documents and small videos as people send them: for the demo and for tests.
