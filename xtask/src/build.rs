//! Builds the Workers, the API document and the pages, each only when something that it reads has changed.
//!
//! A Worker is built once per profile and kept under `target/workers/<worker>/<profile>`; `workers/<worker>/build`, which
//! the wrangler configurations name, is a copy of the one last asked for. So going from `dev` to `bench` and back
//! builds nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use futures::future::try_join_all;
use serde::Deserialize;

use crate::process::{self, output};
use crate::progress::Step;
use crate::setup;
use crate::stamp::{self, Inputs};
use crate::workspace::{cargo, command, copy_folder, root, tools_bin};

/// Set by `cargo xtask dev` for the `[build]` commands of the wrangler configurations, which then return at once.
pub const PREBUILT: &str = "EDGEDESK_PREBUILT";

/// How cargo is told of all packages that are compiled for this machine and tested on it.
pub const NATIVE_PACKAGES: [&str; 5] = [
    "--workspace",
    "--exclude",
    "edgedesk-integration",
    "--exclude",
    "edgedesk-wasm-tests",
];

/// What can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Part {
    /// The public Worker.
    Gateway,
    /// The Worker with the models.
    Inference,
    /// The Worker with the queue consumers.
    Jobs,
    /// `web/public/openapi.json`, from the gateway's code.
    Openapi,
    /// `web/dist`: console, widget, demo page, API reference.
    Pages,
}

/// How a Worker is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// Small and fast.
    Release,
}

impl Profile {
    fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

/// Which parts, and how.
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// What to build; everything by default.
    pub parts: Vec<Part>,
    /// Optimise every Worker. Otherwise only inference is, since tract is useless without.
    #[arg(long)]
    pub release: bool,
    /// Optimise no Worker, not even inference.
    #[arg(long, conflicts_with = "release")]
    pub dev: bool,
    /// Leave a Worker that is current as it is, however it was compiled.
    #[arg(skip)]
    pub leave_current: bool,
}

impl BuildArguments {
    /// Everything, as `cargo xtask dev` wants it.
    pub fn everything(release: bool) -> Self {
        Self {
            parts: Vec::new(),
            release,
            dev: false,
            leave_current: false,
        }
    }

    /// Everything for a command that needs the Workers and measures none but inference. Tests run such commands beside stacks of
    /// optimised Workers, which must not become others meanwhile.
    pub fn whatever_is_current() -> Self {
        Self {
            leave_current: true,
            ..Self::everything(false)
        }
    }

    fn profile(&self, worker: Part) -> Profile {
        if self.release || (worker == Part::Inference && !self.dev) {
            Profile::Release
        } else {
            Profile::Dev
        }
    }
}

/// `cargo xtask build`.
pub async fn run(arguments: BuildArguments) -> Result<()> {
    if std::env::var_os(PREBUILT).is_some() {
        return Ok(());
    }
    setup::tools().await?;
    let _alone = lock().await?;
    let mut parts: BTreeSet<Part> = arguments.parts.iter().copied().collect();
    if parts.is_empty() {
        parts.extend(Part::value_variants());
    }
    if parts.contains(&Part::Pages) {
        // The reference page shows the document.
        parts.insert(Part::Openapi);
    }
    // Side by side: cargo compiles one after the other, but while the link of one keeps a single core busy, another is optimised.
    let workers = parts.iter().filter(|part| !folder(**part).is_empty());
    try_join_all(workers.map(|part| worker(*part, &arguments))).await?;
    if parts.contains(&Part::Openapi) {
        openapi().await?;
    }
    if parts.contains(&Part::Pages) {
        pages().await?;
    }
    Ok(())
}

/// Builds write to the same folders: whoever comes second waits, and then finds most of it done.
async fn lock() -> Result<fs::File> {
    let path = root().join("target/xtask.lock");
    fs::create_dir_all(root().join("target"))?;
    let file =
        fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    let mut step = Step::begin("waiting for another build");
    step.note("");
    let file = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await??;
    step.end("it is done");
    Ok(file)
}

/// The name of a Worker's folder under `workers/`.
pub fn folder(worker: Part) -> &'static str {
    match worker {
        Part::Gateway => "gateway",
        Part::Inference => "inference",
        Part::Jobs => "jobs",
        Part::Openapi | Part::Pages => "",
    }
}

/// Where a Worker's build of a profile is kept.
pub fn kept(worker: Part, profile: Profile) -> PathBuf {
    root()
        .join("target/workers")
        .join(folder(worker))
        .join(profile.as_str())
}

/// Where the wrangler configurations expect a Worker's build.
pub fn current(worker: Part) -> PathBuf {
    root().join("workers").join(folder(worker)).join("build")
}

async fn worker(worker: Part, arguments: &BuildArguments) -> Result<()> {
    let name = folder(worker);
    let profile = arguments.profile(worker);
    let inputs = rust_inputs(&format!("edgedesk-{name}")).await?;
    let stamp_of = |profile: Profile| {
        let inputs = inputs.clone().word(profile.as_str());
        inputs.word(setup::WORKER_BUILD_VERSION).finish()
    };
    let stamp = stamp_of(profile);
    let current = current(worker);
    let kept = kept(worker, profile);
    let is_current = |profile| stamp::is_fresh(&current.join(".stamp"), &stamp_of(profile));
    if is_current(profile) || (arguments.leave_current && is_current(Profile::Release)) {
        return Ok(());
    }
    if stamp::is_fresh(&kept.join(".stamp"), &stamp) {
        let _ = fs::remove_dir_all(&current);
        copy_folder(&kept, &current)?;
    } else {
        let mut step = Step::begin(format!("building {name} ({})", profile.as_str()));
        let mut build = command(tools_bin().join("worker-build"));
        build.arg(root().join("workers").join(name));
        match profile {
            // Without wasm-opt: it takes longer than the compiler does.
            Profile::Dev => build.args(["--dev", "--no-opt"]),
            Profile::Release => build.arg("--release"),
        };
        process::run(&mut step, build).await?;
        if !current.join("index.js").exists() {
            bail!(
                "worker-build left no {}",
                current.join("index.js").display()
            );
        }
        let _ = fs::remove_dir_all(&kept);
        copy_folder(&current, &kept)?;
        stamp::write(&kept.join(".stamp"), &stamp)?;
        step.end("built");
    }
    stamp::write(&current.join(".stamp"), &stamp)
}

async fn openapi() -> Result<()> {
    let stamp = rust_inputs("edgedesk-gateway")
        .await?
        .word("openapi")
        .finish();
    let document = root().join("web/public/openapi.json");
    let file = root().join("target/openapi.stamp");
    if document.exists() && stamp::is_fresh(&file, &stamp) {
        return Ok(());
    }
    let mut step = Step::begin("writing the API document");
    let mut build = cargo();
    // Chosen among the packages of the native tests: so what it is made of has their features, and is compiled once for both.
    build
        .args(["build", "--example", "openapi"])
        .args(NATIVE_PACKAGES);
    process::run(&mut step, build).await?;
    let text = output(command(beside_us("examples/openapi")?))
        .await
        .context("the example `openapi` failed")?;
    let value: serde_json::Value =
        serde_json::from_str(&text).context("the example `openapi` printed no JSON")?;
    if value["openapi"].is_null()
        || value["paths"]
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
    {
        bail!("the example `openapi` printed no OpenAPI document");
    }
    fs::create_dir_all(root().join("web/public"))?;
    fs::write(&document, text + "\n")?;
    stamp::write(&file, &stamp)?;
    step.end("written");
    Ok(())
}

/// A file in the folder that cargo put this program into.
fn beside_us(path: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().context("this program has no folder")?;
    Ok(folder.join(path))
}

async fn pages() -> Result<()> {
    let inputs = Inputs::default()
        .all("web")?
        .all("package.json")?
        .all("package-lock.json")?;
    let (stamp, file) = (inputs.finish(), root().join("target/pages.stamp"));
    if root().join("web/dist").exists() && stamp::is_fresh(&file, &stamp) {
        return Ok(());
    }
    let mut step = Step::begin("building the pages");
    let mut build = command("npm");
    build.args(["run", "--silent", "build"]);
    process::run(&mut step, build).await?;
    stamp::write(&file, &stamp)?;
    step.end("built");
    Ok(())
}

/// Everything that compiling a package of this workspace reads.
async fn rust_inputs(package: &str) -> Result<Inputs> {
    let mut inputs = Inputs::default()
        .all("Cargo.toml")?
        .all("Cargo.lock")?
        .all(".cargo/config.toml")?;
    for folder in package_folders(package).await? {
        inputs = inputs.path(folder, &is_compiled)?;
    }
    Ok(inputs)
}

/// Tests, benchmarks and words about the code are not in the Worker.
fn is_compiled(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let is_test = name == "tests.rs"
        || path
            .strip_prefix(root())
            .unwrap_or(path)
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches");
    !is_test && name != "wrangler.toml"
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// The folders of a package and of all packages of this workspace that it is made of.
async fn package_folders(package: &str) -> Result<Vec<PathBuf>> {
    let mut list = cargo();
    list.args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]);
    let text = output(list).await.context("`cargo metadata` failed")?;
    let metadata: Metadata = serde_json::from_str(&text)?;
    Ok(folders_of(&metadata, package))
}

fn folders_of(metadata: &Metadata, package: &str) -> Vec<PathBuf> {
    let mut names = BTreeSet::from([package.to_owned()]);
    let mut waiting = vec![package.to_owned()];
    let mut folders = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        let Some(package) = metadata
            .packages
            .iter()
            .find(|package| package.name == name)
        else {
            continue;
        };
        folders.extend(package.manifest_path.parent().map(Path::to_owned));
        for dependency in &package.dependencies {
            let is_ours = dependency.path.is_some() && dependency.kind.as_deref() != Some("dev");
            if is_ours && names.insert(dependency.name.clone()) {
                waiting.push(dependency.name.clone());
            }
        }
    }
    folders.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_made_of_its_own_packages_without_those_for_tests() {
        let package = |name: &str, needs: &[(&str, Option<&str>)]| Package {
            name: name.into(),
            manifest_path: format!("/w/{name}/Cargo.toml").into(),
            dependencies: needs
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).into(),
                    kind: kind.map(Into::into),
                    path: Some(format!("/w/{name}").into()),
                })
                .collect(),
        };
        let metadata = Metadata {
            packages: vec![
                package("gateway", &[("wire", None), ("test-kit", Some("dev"))]),
                package("wire", &[("domain", None)]),
                package("domain", &[]),
                package("test-kit", &[]),
                package("other", &[]),
            ],
        };
        let expected: Vec<PathBuf> = ["/w/domain", "/w/gateway", "/w/wire"]
            .map(Into::into)
            .into();
        assert_eq!(folders_of(&metadata, "gateway"), expected);
    }
}
