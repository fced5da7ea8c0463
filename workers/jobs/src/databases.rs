//! The directory and the shards of this deployment.

use edgedesk_platform::d1::D1;
use edgedesk_store::{Directory, Shards};
use worker::Env;

/// Binding of the directory.
const DIRECTORY_BINDING: &str = "DIRECTORY";
/// Bindings of the shards begin so; their number follows, from 0 without a gap.
const SHARD_BINDING_PREFIX: &str = "SHARD_";
/// More than any deployment has; ends the count should the environment answer for every name.
const MAX_SHARDS: u32 = 1000;

/// The directory alone.
pub fn directory(env: &Env) -> worker::Result<Directory<D1>> {
    Ok(Directory::new(D1::new(env.d1(DIRECTORY_BINDING)?)))
}

/// Binds what the configuration names.
pub fn shards(env: &Env) -> worker::Result<Shards<D1>> {
    let directory = D1::new(env.d1(DIRECTORY_BINDING)?);
    let shards = (0..MAX_SHARDS)
        .map_while(|number| env.d1(&format!("{SHARD_BINDING_PREFIX}{number}")).ok())
        .map(D1::new)
        .collect();
    Ok(Shards::new(directory, shards))
}
