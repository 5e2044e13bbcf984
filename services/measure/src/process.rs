//! What the process takes of the machine, from `/proc/self` (Linux; elsewhere nothing is told).

use std::{
    fs,
    sync::atomic::AtomicU64,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

/// Ticks of a second in `/proc`: fixed on Linux for what programs see.
const TICKS: f64 = 100.0;
const PAGE_BYTES: i64 = 4096;

/// Its metrics.
#[derive(Debug)]
pub struct Process {
    pub cpu: Counter<f64, AtomicU64>,
    pub memory: Gauge,
    pub files: Gauge,
    pub started: Gauge<f64, AtomicU64>,
}

impl Process {
    /// Looks.
    pub fn look(&self) {
        if let Some(pages) = resident() {
            self.memory.set(pages * PAGE_BYTES);
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            // One of them is this look's own.
            self.files.set(i64::try_from(files.count()).unwrap_or(i64::MAX) - 1);
        }
        let Some((cpu, began)) = times() else { return };
        self.cpu.inc_by((cpu - self.cpu.get()).max(0.0));
        if self.started.get() > 0.0 {
            return;
        }
        let up = fs::read_to_string("/proc/uptime").ok();
        let up: Option<f64> = up.and_then(|text| text.split(' ').next()?.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        if let Some(up) = up {
            self.started.set(now - up + began);
        }
    }
}

fn resident() -> Option<i64> {
    fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}

/// Processor time, and when the process began after the machine did, in seconds.
fn times() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name before may hold anything, blanks and brackets too.
    let after_name: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| after_name.get(field)?.parse::<f64>().ok();
    Some(((ticks(11)? + ticks(12)?) / TICKS, ticks(19)? / TICKS))
}
