//! Opens one hostile mail inside a child process and says what its bytes hold.
