//! The knowledge base: articles with their versions, categories and imports, and what visitors see and say of them. A file for each.

mod categories;
mod change;
mod checks;
mod gaps;
mod imports;
pub mod indexing;
mod list;
mod recrawl;
mod versions;
mod votes;

// With the descriptions that the `openapi` feature makes beside the handlers.
pub use self::categories::*;
pub use self::change::*;
pub use self::gaps::*;
pub use self::imports::*;
pub use self::list::*;
pub use self::recrawl::*;
pub use self::versions::*;
pub use self::votes::*;
