//! Raw bytes under their hash, in a folder.
