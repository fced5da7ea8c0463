//! Installs what the builds need, each only when it is missing: into the checkout, except for the wasm target, which
//! belongs to the toolchain.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::process::Command;

use crate::process::{self, output};
use crate::progress::Step;
use crate::workspace::{cargo, command, node_bin, root, tools_bin};

/// Wasm has one target here.
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Pinned as a pair with `worker` in `Cargo.toml`.
pub const WORKER_BUILD_VERSION: &str = "0.8.7";

/// Where Debian and others put Chromium.
const CHROMIUM_PLACES: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// All that builds and runs need.
pub async fn tools() -> Result<()> {
    npm_packages().await?;
    wasm_target().await?;
    worker_build().await?;
    wasm_bindgen().await
}

async fn wasm_target() -> Result<()> {
    let sysroot = output(plain("rustc", &["--print", "sysroot"]))
        .await
        .context("`rustc` is missing: install Rust with https://rustup.rs")?;
    if PathBuf::from(sysroot)
        .join("lib/rustlib")
        .join(WASM_TARGET)
        .join("lib")
        .exists()
    {
        return Ok(());
    }
    let mut step = Step::begin(format!("adding the target {WASM_TARGET}"));
    process::run(&mut step, plain("rustup", &["target", "add", WASM_TARGET]))
        .await
        .with_context(|| format!("add it by hand: `rustup target add {WASM_TARGET}`"))?;
    step.end("added");
    Ok(())
}

async fn worker_build() -> Result<()> {
    if installed("worker-build", WORKER_BUILD_VERSION) {
        return Ok(());
    }
    let mut step = Step::begin(format!("installing worker-build {WORKER_BUILD_VERSION}"));
    let mut install = cargo_install("worker-build", WORKER_BUILD_VERSION);
    install.arg("--locked");
    process::run(&mut step, install).await?;
    step.end("installed");
    Ok(())
}

/// The command-line tool must be of exactly the version that the Wasm was compiled with.
async fn wasm_bindgen() -> Result<()> {
    let version = locked_version("wasm-bindgen")?;
    if installed("wasm-bindgen-cli", &version) {
        return Ok(());
    }
    let mut step = Step::begin(format!("installing wasm-bindgen {version}"));
    // Not `--locked`: the lock file published with this version does not resolve.
    process::run(&mut step, cargo_install("wasm-bindgen-cli", &version)).await?;
    step.end("installed");
    Ok(())
}

async fn npm_packages() -> Result<()> {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_default();
    if is_installed(
        &read("package-lock.json"),
        &read("node_modules/.package-lock.json"),
    ) {
        return Ok(());
    }
    let mut step = Step::begin("installing npm packages");
    let mut install = plain("npm", &["ci", "--no-audit", "--no-fund"]);
    install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    process::run(&mut step, install)
        .await
        .context("`npm ci` failed: Edgedesk needs Node with npm, https://nodejs.org")?;
    let node = node_bin().join("node");
    let Some(version) = output(plain(&node.to_string_lossy(), &["--version"])).await else {
        bail!(
            "the npm package `node` brought no program to {}",
            node.display()
        );
    };
    step.end(&format!("installed, with Node {version}"));
    Ok(())
}

/// Whether npm has installed what the lock file says. npm keeps a copy of it in `node_modules`, less the packages that
/// are optional and for other machines. So `npm ci` by hand counts, and is not repeated under a running `wrangler dev`.
fn is_installed(lock: &str, installed: &str) -> bool {
    let packages = |text: &str| -> Option<serde_json::Map<String, Value>> {
        let lock: Value = serde_json::from_str(text).ok()?;
        Some(lock["packages"].as_object()?.clone())
    };
    let (Some(wanted), Some(installed)) = (packages(lock), packages(installed)) else {
        return false;
    };
    let is_there = |(path, package): (&String, &Value)| {
        let found = installed.get(path);
        found.map(|found| &found["integrity"]) == Some(&package["integrity"])
            || (found.is_none() && package["optional"] == true)
    };
    wanted
        .iter()
        .filter(|(path, _)| !path.is_empty())
        .all(is_there)
}

/// Chromium for the browser tests: found, or installed when that can be done without asking.
pub async fn chromium() -> Result<PathBuf> {
    if let Some(path) = find_chromium() {
        return Ok(path);
    }
    let how = "the browser tests need Chromium: install it (Debian: `apt-get install chromium`) or point CHROMIUM at one";
    if !nix::unistd::geteuid().is_root() || find_program("apt-get").is_none() {
        bail!("{how}");
    }
    let mut step = Step::begin("installing Chromium");
    process::run(&mut step, plain("apt-get", &["update", "-q"]))
        .await
        .context(how)?;
    let mut install = plain(
        "apt-get",
        &[
            "install",
            "-y",
            "-q",
            "--no-install-recommends",
            "chromium",
            "fonts-liberation",
        ],
    );
    install.env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut step, install).await.context(how)?;
    step.end("installed");
    find_chromium().context(how)
}

fn find_chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    named
        .filter(|path| path.exists())
        .or_else(|| CHROMIUM_PLACES.iter().find_map(|name| find_program(name)))
}

fn find_program(name: &str) -> Option<PathBuf> {
    if name.starts_with('/') {
        return Some(PathBuf::from(name)).filter(|path| path.exists());
    }
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

fn plain(program: &str, arguments: &[&str]) -> Command {
    let mut command = command(program);
    command.args(arguments);
    command
}

fn cargo_install(package: &str, version: &str) -> Command {
    let mut install = cargo();
    install
        // By force: over what an interrupted install left behind.
        .args(["install", "--force", "--root"])
        .arg(root().join(".tools"))
        .args([package, "--version", version])
        // Shared, so that two tools compile what they have in common once; outside `target/debug`, so that waiting for
        // one build does not block another.
        .env("CARGO_TARGET_DIR", root().join("target/tools"))
        // They run for seconds: what optimising them further costs, at every first start, they never give back.
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    install
}

/// Whether cargo has installed this version into the checkout.
fn installed(package: &str, version: &str) -> bool {
    let list = fs::read_to_string(root().join(".tools/.crates.toml")).unwrap_or_default();
    list.contains(&format!("\"{package} {version} ")) && tools_bin().exists()
}

/// The version of a package in `Cargo.lock`.
fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    version_in(&lock, package).with_context(|| format!("Cargo.lock has no {package}"))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    let (version, _) = rest.split_once('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "wasm"), None);
    }

    #[test]
    fn packages_are_installed_when_every_one_is_that_of_the_lock_file() {
        let lock = |packages: &str| format!(r#"{{"packages": {{{packages}}}}}"#);
        let wanted = lock(
            r#""": {}, "a": {"integrity": "1"}, "for-another-machine": {"integrity": "2", "optional": true}"#,
        );
        let table = [
            (lock(r#""a": {"integrity": "1"}"#), true),
            (lock(r#""a": {"integrity": "0"}"#), false),
            (lock(""), false),
            (String::new(), false),
        ];
        for (installed, expected) in table {
            assert_eq!(is_installed(&wanted, &installed), expected, "{installed}");
        }
    }
}
