//! The machine that a run is on: how busy it is, how much memory a stack takes, how many sockets it may open.

use std::fs;

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::Serialize;

/// Files that workerd has open for a socket: the connection, and a pipe within the process that leads it to its object. Counted here;
/// a workerd that is refused one ends at once.
const FILES_A_SOCKET: u64 = 2;
/// Files of an object that is awake: its database, and the two that SQLite keeps beside it.
const FILES_AN_OBJECT: u64 = 3;
/// Files that a process has open besides: other databases, logs, pipes.
const OTHER_FILES: u64 = 1_024;

/// What a figure was taken on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: usize,
    /// The processor, where the system says.
    pub processor: String,
    /// Load average of 1, 5 and 15 minutes before the run.
    pub load_before: String,
    /// The same after it.
    pub load_after: String,
}

impl Machine {
    /// Before a run.
    #[must_use]
    pub fn now() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: processor(),
            load_before: load_average(),
            load_after: String::new(),
        }
    }

    /// After the run.
    pub fn end(&mut self) {
        self.load_after = load_average();
    }
}

/// What the processes of a group take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Usage {
    /// How many there are.
    pub n_processes: u32,
    /// Resident memory of all of them.
    pub resident_bytes: u64,
    /// Of those, of workerd alone.
    pub workerd_bytes: u64,
    /// Seconds of a core that they have used so far.
    pub cpu_secs: f64,
}

/// What a process group takes now. Memory that several processes share is counted for each.
///
/// # Errors
/// When the system has no `/proc`, or there is no such group.
pub fn usage(group: i32) -> Result<Usage> {
    let mut usage = Usage::default();
    for entry in fs::read_dir("/proc").context("memory is read from /proc")? {
        let folder = entry?.path();
        // A process may end between the two lines.
        let Ok(stat) = fs::read_to_string(folder.join("stat")) else {
            continue;
        };
        let Some(process) = read_stat(&stat).filter(|process| process.group == group) else {
            continue;
        };
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        let bytes = resident_bytes(&status);
        usage.n_processes += 1;
        usage.resident_bytes += bytes;
        if process.name.starts_with("workerd") {
            usage.workerd_bytes += bytes;
        }
        usage.cpu_secs += process.cpu_ticks as f64 / TICKS_A_SECOND;
    }
    if usage.n_processes == 0 {
        bail!("there is no process group {group}: the stack has ended");
    }
    Ok(usage)
}

/// Clock ticks of `/proc/PID/stat`: `USER_HZ` is 100 on every Linux (`proc(5)`).
const TICKS_A_SECOND: f64 = 100.0;

struct Process<'a> {
    name: &'a str,
    group: i32,
    cpu_ticks: u64,
}

/// `pid (name) state ppid pgrp …`, of which the 14th and 15th are the times in user and kernel mode. A name may have blanks and
/// brackets in it.
fn read_stat(stat: &str) -> Option<Process<'_>> {
    let (head, rest) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Process {
        name,
        group: fields.get(2)?.parse().ok()?,
        cpu_ticks: ticks(11)? + ticks(12)?,
    })
}

fn resident_bytes(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// Files that a stack has open with so many sockets and objects.
#[must_use]
pub const fn files_for(n_sockets: u64, n_objects: u64) -> u64 {
    n_sockets * FILES_A_SOCKET + n_objects * FILES_AN_OBJECT + OTHER_FILES
}

/// Lets this process, and those that it starts from now on, open so many files. Root may raise the hard limit too.
///
/// # Errors
/// When the system allows fewer; the error says what to do.
pub fn allow_open_files(n_files: u64) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= n_files {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, n_files, hard.max(n_files))
        .map_err(|_| anyhow!("{}", too_few(n_files, hard)))
}

fn too_few(n_files: u64, hard: u64) -> String {
    format!(
        "so many sockets need {n_files} open files, and this system allows {hard} to a process: raise it with \
         `ulimit -Hn {n_files}` as root, or ask for fewer sockets"
    )
}

/// Checks that the processes of a running stack may open so many files.
///
/// # Errors
/// When one may not: a stack takes its limit from whoever started it.
pub fn check_open_files_of(group: i32, n_files: u64) -> Result<()> {
    for entry in fs::read_dir("/proc")? {
        let folder = entry?.path();
        let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default();
        let is_workerd = read_stat(&stat)
            .is_some_and(|process| process.group == group && process.name.starts_with("workerd"));
        if !is_workerd {
            continue;
        }
        let limits = fs::read_to_string(folder.join("limits")).unwrap_or_default();
        if let Some(limit) = open_files(&limits).filter(|limit| *limit < n_files) {
            bail!(
                "the running workerd may open {limit} files, and so many sockets need {n_files}: start the stack after \
                 `ulimit -n {n_files}`, or leave out `--dev-json`"
            );
        }
    }
    Ok(())
}

/// The soft limit in `/proc/PID/limits`; none when it is unlimited or not there.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Three numbers, where the system has them.
fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split_once(": "));
    name.map_or_else(String::new, |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let stat = "12 (a (b) c) S 1 77 77 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 1 0 5 6 7";
        let process = read_stat(stat).expect("a process");
        assert_eq!(
            (process.name, process.group, process.cpu_ticks),
            ("a (b) c", 77, 200)
        );
        assert!(read_stat("12 (short) S 1").is_none());
        assert!(read_stat("").is_none());
        assert_eq!(
            resident_bytes("VmPeak:\t 9 kB\nVmRSS:\t  2048 kB\n"),
            2_097_152
        );
        assert_eq!(resident_bytes("Name:\tkthread\n"), 0);
    }

    #[test]
    fn the_limit_of_open_files_is_raised_as_far_as_it_may_be() {
        assert_eq!(files_for(10_000, 1_000), 24_024);
        assert!(allow_open_files(1).is_ok());
        let error = too_few(24_024, 4_096);
        assert!(
            error.contains("ulimit -Hn 24024") && error.contains("4096"),
            "{error}"
        );
        let limits = "Limit  Soft  Hard  Units\nMax open files            1024                 4096                 files\n";
        assert_eq!(open_files(limits), Some(1_024));
        assert_eq!(
            open_files("Max open files            unlimited  unlimited  files"),
            None
        );
    }

    #[test]
    fn a_group_that_is_gone_is_said_to_be() {
        assert!(usage(i32::MAX).is_err());
    }
}
