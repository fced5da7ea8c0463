//! The account's own intents: names and examples, training, versions, the live test. A file for each.

mod names;
mod train;
mod trial;
mod versions;

// With the descriptions that the `openapi` feature makes beside the handlers.
pub use self::names::*;
pub use self::train::*;
pub use self::trial::*;
pub use self::versions::*;
