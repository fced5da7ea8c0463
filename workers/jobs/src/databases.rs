//! The directory and the shards of this deployment.

use edgedesk_crypto::root::{ENVIRONMENT, OLD_ROOT_KEY, ROOT_KEY, checked};
use edgedesk_domain::account::Secret;
use edgedesk_platform::d1::D1;
use edgedesk_platform::keys;
use edgedesk_store::{DataKeys, Directory, KnownKeys, Shards};
use worker::Env;

thread_local! {
    /// Lives as long as the isolate.
    static KNOWN_KEYS: KnownKeys = KnownKeys::default();
}

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
    Ok(Shards::new(directory, shards, data_keys(env)?))
}

/// The data keys of accounts. As in the gateway, production refuses the root that stands in the repository.
pub fn data_keys(env: &Env) -> worker::Result<DataKeys> {
    let secret = |name| {
        env.secret(name)
            .ok()
            .map(|value| Secret::new(value.to_string()))
    };
    let environment = env
        .var(ENVIRONMENT)
        .map_or_else(|_| "development".to_owned(), |value| value.to_string());
    let (root, old_root) = (secret(ROOT_KEY), secret(OLD_ROOT_KEY));
    let root = checked(&environment, ROOT_KEY, root.as_ref()).map_err(|error| error.to_string())?;
    let known = KNOWN_KEYS.with(KnownKeys::clone);
    keys::data_keys(root, old_root.as_ref(), known)
        .map_err(|error| format!("{ROOT_KEY} or {OLD_ROOT_KEY}: {error}").into())
}
