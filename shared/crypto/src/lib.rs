//! Signatures, tokens and password hashes over well-kept crates.
