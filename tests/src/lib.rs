//! The product seen from outside: real servers, fakes that misbehave, the promises in sentences.
