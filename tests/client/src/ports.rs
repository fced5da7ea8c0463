//! Ports for what tests and tools start.

use std::hash::{BuildHasher, RandomState};
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that a system gives to outgoing connections (from 32,768 on Linux, 49,152 on macOS; `ip(7)`). Of those, one
/// that is free now may belong to somebody's connection by the time a Worker wants to listen on it, and a client that asks
/// for it before anybody listens may even be connected to itself.
const LISTENING: Range<u16> = 18_000..32_000;

/// A port that nobody listens on, and that this process has not named lately. Where the search begins differs between
/// processes, so that two at once seldom find the same.
///
/// # Errors
///
/// All ports are in use.
pub fn free_port() -> Result<u16> {
    static OFFSET: LazyLock<AtomicU16> = LazyLock::new(|| {
        let chance = RandomState::new().hash_one(std::process::id());
        AtomicU16::new(u16::try_from(chance % u64::from(u16::MAX)).unwrap_or_default())
    });
    let n_ports = LISTENING.end - LISTENING.start;
    (0..n_ports)
        .map(|_| LISTENING.start + OFFSET.fetch_add(1, Ordering::Relaxed) % n_ports)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| Error::new(ErrorKind::AddrInUse, "every port is in use"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_free_and_another_each_time() {
        let ports: Vec<u16> = (0..20).map(|_| free_port().expect("a port")).collect();
        for (n, port) in ports.iter().enumerate() {
            assert!(LISTENING.contains(port), "{port}");
            assert!(!ports[..n].contains(port), "{port} came twice");
        }
    }
}
