//! What a process and its children take: resident memory sampled from /proc, and the CPU time of a finished child.

use std::{
    collections::HashMap,
    fs,
    io::Read,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Peaks in bytes, without the pages of the program: all its processes map the same ones, the machine has them once and
/// takes them back when it needs room, and of a debug build they are most of what is resident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Highest sum at one sample: the process and its descendants.
    pub sampled_bytes: u64,
    /// High-water mark of the process itself.
    pub parent_bytes: u64,
    /// Highest high-water mark of any of its descendants.
    pub child_bytes: u64,
    /// Most pages of files, the program's first of all, that the process had at one sample.
    pub program_bytes: u64,
}

impl Peak {
    /// The worst case: both high-water marks at the same moment.
    #[must_use]
    pub fn worst_bytes(&self) -> u64 {
        self.parent_bytes + self.child_bytes
    }
}

/// Watches a process and its descendants every few milliseconds until it is stopped.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    peak: Arc<Mutex<Peak>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts watching.
    #[must_use]
    pub fn start(pid: u32, every: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let peak = Arc::new(Mutex::new(Peak::default()));
        let thread = {
            let (stop, peak) = (Arc::clone(&stop), Arc::clone(&peak));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let own = |pid, field| {
                        let program = status_bytes(pid, "RssFile:").unwrap_or(0);
                        status_bytes(pid, field).unwrap_or(0).saturating_sub(program)
                    };
                    let mut seen = Peak {
                        sampled_bytes: own(pid, "VmRSS:"),
                        parent_bytes: own(pid, "VmHWM:"),
                        child_bytes: 0,
                        program_bytes: status_bytes(pid, "RssFile:").unwrap_or(0),
                    };
                    for child in descendants(pid).into_iter().filter(|child| command_line(*child) != command_line(pid))
                    {
                        seen.sampled_bytes += own(child, "VmRSS:");
                        seen.child_bytes = seen.child_bytes.max(own(child, "VmHWM:"));
                    }
                    let mut peak = peak.lock().expect("nobody panics with it");
                    peak.sampled_bytes = peak.sampled_bytes.max(seen.sampled_bytes);
                    peak.parent_bytes = peak.parent_bytes.max(seen.parent_bytes);
                    peak.child_bytes = peak.child_bytes.max(seen.child_bytes);
                    peak.program_bytes = peak.program_bytes.max(seen.program_bytes);
                    drop(peak);
                    std::thread::sleep(every);
                }
            })
        };
        Self { stop, peak, thread: Some(thread) }
    }

    /// The peaks until now.
    ///
    /// # Panics
    /// When the watching thread panicked.
    #[must_use]
    pub fn peak(&self) -> Peak {
        *self.peak.lock().expect("nobody panics with it")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A line of /proc/PID/status that is given in kB, in bytes.
fn status_bytes(pid: u32, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes: u64 =
        status.lines().find_map(|line| line.strip_prefix(field))?.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// With the command line of its parent a child has only been forked: its memory is its parent's.
fn command_line(pid: u32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Every process below `pid`.
#[must_use]
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut parents: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{child}/stat")) else { continue };
        // The command in brackets may hold spaces; the parent is the second field behind it.
        let parent = stat.rsplit_once(')').and_then(|(_, tail)| tail.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            parents.entry(parent).or_default().push(child);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![pid];
    while let Some(parent) = open.pop() {
        for child in parents.remove(&parent).unwrap_or_default() {
            found.push(child);
            open.push(child);
        }
    }
    found
}

/// How a command ended and what it took.
#[derive(Debug)]
pub struct Measured {
    /// Whether it ended with success.
    pub success: bool,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
    /// User and system time of it and of all its children.
    pub cpu: Duration,
    /// Peak memory of it and of its children.
    pub peak: Peak,
}

/// Runs a command to its end and measures it; the shell's own `times` counts the CPU of all descendants.
///
/// # Panics
/// When it cannot be started, or takes longer than `bound` by the clock on the wall.
#[must_use]
pub fn measure(command: &Command, bound: Duration) -> Measured {
    let mut shell = Command::new("bash");
    shell.arg("-c").arg("\"$@\"; code=$?; echo; times >&2; exit $code").arg("measure");
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().expect("bash runs");
    let watch = Watch::start(child.id(), Duration::from_millis(3));
    // Both pipes are drained while it runs, so that it can never wait for us.
    let drain = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = drain(Box::new(child.stdout.take().expect("piped")));
    let stderr = drain(Box::new(child.stderr.take().expect("piped")));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child of ours") {
            break status;
        }
        if begun.elapsed() > bound {
            for pid in descendants(child.id()) {
                let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
            }
            let _ = child.kill();
            let _ = child.wait();
            panic!("{command:?} still runs after {bound:?}");
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let peak = watch.peak();
    let stderr = stderr.join().expect("a reader");
    // The last line of `times` is of the children: user and system, as 0m1.234s.
    let (rest, last) = stderr.trim_end().rsplit_once('\n').expect("two lines of times");
    let cpu = last.split_whitespace().map(minutes_and_seconds).sum();
    let rest = rest.rsplit_once('\n').map_or("", |(rest, _)| rest);
    Measured { success: status.success(), stdout: stdout.join().expect("a reader"), stderr: rest.to_owned(), cpu, peak }
}

fn minutes_and_seconds(text: &str) -> Duration {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m').expect("0m0.000s");
    let number = |text: &str| text.parse::<f64>().expect("0m0.000s");
    Duration::from_secs_f64(number(minutes) * 60.0 + number(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_measured_with_its_children() {
        let mut command = Command::new("bash");
        command.args(["-c", "echo said; echo no >&2; for i in {1..200000}; do :; done; exit 3"]);
        let measured = measure(&command, Duration::from_secs(60));
        assert_eq!((measured.success, measured.stdout.trim(), measured.stderr.trim()), (false, "said", "no"));
        assert!(measured.cpu > Duration::from_millis(20), "{measured:?}");
        assert!(measured.peak.child_bytes > 500_000, "{measured:?}");
    }
}
