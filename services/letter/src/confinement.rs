//! What the child takes from itself before it reads the first byte: memory, time, file sizes, the network, other
//! programs. An attacker who gains it can still read files that its user may read, but has nobody to tell.

use std::collections::BTreeMap;

use rustix::{
    io::Errno,
    process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit},
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Address space of the child, libraries and stack included.
const ADDRESS_SPACE_BYTES: u64 = 512 << 20;
/// CPU seconds for the smallest mail.
const CPU_SECONDS: u64 = 10;
/// Raw bytes that earn one more CPU second.
const BYTES_PER_CPU_SECOND: u64 = 16 << 20;
const OPEN_FILES: u64 = 32;

/// CPU seconds that a mail of this size may take.
pub(crate) fn cpu_seconds(size_bytes: u64) -> u64 {
    CPU_SECONDS + size_bytes / BYTES_PER_CPU_SECOND
}

/// Sets the limits of this process, for a mail of `size_bytes`, and has it die with its parent.
pub(crate) fn limit(size_bytes: u64) -> Result<(), Errno> {
    let set = |resource, soft, hard| setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) });
    let cpu = cpu_seconds(size_bytes);
    set(Resource::As, ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES)?;
    set(Resource::Cpu, cpu, cpu + 1)?;
    // No decoding that we do makes a part longer than its mail.
    set(Resource::Fsize, size_bytes + (1 << 20), size_bytes + (1 << 20))?;
    set(Resource::Core, 0, 0)?;
    set(Resource::Nofile, OPEN_FILES, OPEN_FILES)?;
    // Killed with the thread that started it, so that a killed worker leaves no child behind.
    set_parent_process_death_signal(Some(Signal::KILL))
}

/// System calls that reading files, writing files and living in one thread need.
const CALLS: &[i64] = &[
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_pwrite64,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_openat,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_ftruncate,
    libc::SYS_fcntl,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_fadvise64,
    libc::SYS_unlinkat,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_getpid,
    libc::SYS_gettid,
    // How `abort` ends a process.
    libc::SYS_tgkill,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
];

/// Why the filter is not in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unconfined {
    /// No filter for this machine, or the kernel would not take it.
    #[error(transparent)]
    Filter(#[from] seccompiler::Error),
    /// A rule that cannot be.
    #[error(transparent)]
    Rule(#[from] seccompiler::BackendError),
}

/// Closes every other system call to this thread for good: sockets, programs, further processes, tracing, memory that
/// can be executed. A closed call fails with EPERM and does not kill, so that a harmless one costs nothing.
pub(crate) fn close_doors() -> Result<(), Unconfined> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = CALLS.iter().map(|&call| (call, Vec::new())).collect();
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        let executable = SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64);
        let condition = SeccompCondition::new(2, SeccompCmpArgLen::Dword, executable, 0)?;
        rules.insert(call, vec![SeccompRule::new(vec![condition])?]);
    }
    let filter = SeccompFilter::new(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow, arch)?;
    seccompiler::apply_filter(&BpfProgram::try_from(filter)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, net, process::Command, thread};

    use super::*;

    #[test]
    fn behind_closed_doors_there_is_no_network_and_no_other_program() {
        let (network, program, file) = thread::spawn(|| {
            close_doors().unwrap();
            let network = net::TcpStream::connect("127.0.0.1:9").unwrap_err().kind();
            let program = Command::new("/bin/true").spawn().unwrap_err().kind();
            (network, program, std::fs::read("/proc/self/stat").is_ok())
        })
        .join()
        .unwrap();
        assert_eq!((network, program, file), (ErrorKind::PermissionDenied, ErrorKind::PermissionDenied, true));
    }

    #[test]
    fn a_larger_mail_earns_more_time() {
        assert_eq!(cpu_seconds(0), 10);
        assert_eq!(cpu_seconds(685 << 20), 52);
    }
}
