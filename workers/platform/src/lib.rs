//! The traits of the shared crates, implemented on the Workers runtime. Used by `gateway` and `jobs`.

pub mod chance;
pub mod d1;
pub mod files;
pub mod keys;
pub mod log;
pub mod object_sql;
pub mod queue;
pub mod time;
pub mod vectorize;
