//! The inner half of the sandbox: this program, started again, gives up everything and becomes ffmpeg.
//!
//! It runs single-threaded before anything else of Odeon, so that namespaces and filters take hold of the whole
//! process, and it needs nothing but the kernel: no helper program, no privilege. See `docs/adr/0003`.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use nix::{
    libc,
    sched::{CloneFlags, unshare},
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::Signal,
    },
    unistd::{Pid, geteuid, getpid, getppid, setsid},
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};

/// The hidden first argument that makes the program its own sandbox.
pub const SANDBOX_WORD: &str = "sandbox-exec";
/// Exit code that says: the sandbox could not be built, nothing was run.
pub(super) const EXIT_UNCONFINED: u8 = 121;
/// Exit code that says: the sandbox stands, but the program in it could not be started.
pub(super) const EXIT_NO_PROGRAM: u8 = 122;
/// What the child says first on standard error when it fails itself.
pub(super) const COMPLAINT: &str = "sandbox: ";

/// Folders that programs need to start: the system's libraries.
const SYSTEM_FOLDERS: [&str; 6] = ["/usr", "/lib", "/lib64", "/lib32", "/nix/store", "/gnu/store"];
/// Single files that programs need to start and run.
const SYSTEM_FILES: [&str; 3] = ["/etc/ld.so.cache", "/dev/urandom", "/dev/random"];
/// Open files that ffmpeg may hold: streams, renditions, libraries while loading.
const FILES_MAX: u64 = 256;

/// What the child was told to do.
#[derive(Debug, Default)]
struct Orders {
    parent: Option<i32>,
    memory_bytes: u64,
    cpu_seconds: u64,
    nice: i32,
    folder: Option<PathBuf>,
    read: Vec<PathBuf>,
    pipes: Vec<PathBuf>,
    check: bool,
    program: Vec<OsString>,
}

/// Becomes the sandboxed program if this process was started as a sandbox; returns `None` at once otherwise.
///
/// The binary's `main` calls it before it starts any thread (so before any async runtime) and, if it gets an
/// exit code, returns that.
pub fn sandbox_main() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != OsStr::new(SANDBOX_WORD) {
        return None;
    }
    let (code, complaint) = match Orders::parse(args) {
        Ok(orders) => become_program(&orders),
        Err(complaint) => (EXIT_UNCONFINED, complaint),
    };
    if code != 0 {
        // Nobody is left to tell if this fails too.
        let _ = writeln!(std::io::stderr(), "{COMPLAINT}{complaint}");
    }
    Some(ExitCode::from(code))
}

impl Orders {
    fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut orders = Self::default();
        while let Some(word) = args.next() {
            let word = word.to_str().ok_or("an order is not text")?.to_owned();
            match word.as_str() {
                "--" => {
                    orders.program = args.collect();
                    return Ok(orders);
                }
                "--check" => {
                    orders.check = true;
                    continue;
                }
                _ => {}
            }
            let value = args.next().ok_or_else(|| format!("{word} needs a value"))?;
            let number = || value.to_str().and_then(|text| text.parse::<u64>().ok()).ok_or("not a number");
            match word.as_str() {
                "--parent" => orders.parent = i32::try_from(number()?).ok(),
                "--memory" => orders.memory_bytes = number()?,
                "--cpu" => orders.cpu_seconds = number()?,
                "--nice" => orders.nice = i32::try_from(number()?).unwrap_or(0),
                "--folder" => orders.folder = Some(value.into()),
                "--read" => orders.read.push(value.into()),
                "--pipe" => orders.pipes.push(value.into()),
                _ => return Err(format!("unknown order {word}")),
            }
        }
        if orders.check { Ok(orders) } else { Err("no program named".to_owned()) }
    }
}

/// Confines this process and replaces it; returns only when that failed (or after a check).
fn become_program(orders: &Orders) -> (u8, String) {
    let report = match confine(orders) {
        Ok(report) => report,
        Err(complaint) => return (EXIT_UNCONFINED, complaint),
    };
    if orders.check {
        println!("{report}");
        return (0, String::new());
    }
    let Some((program, args)) = orders.program.split_first() else {
        return (EXIT_NO_PROGRAM, "no program named".to_owned());
    };
    #[expect(clippy::disallowed_methods, reason = "the one place that becomes another program")]
    let error = std::process::Command::new(program)
        .args(args)
        .env_clear()
        .env("LC_ALL", "C")
        .env("AV_LOG_FORCE_NOCOLOR", "1")
        .exec();
    (EXIT_NO_PROGRAM, format!("the program could not be started: {error}"))
}

/// Everything but the last step. The order matters: what needs rights comes before giving them up, and the
/// system call filter comes last since it forbids what the others use.
fn confine(orders: &Orders) -> Result<String, String> {
    let say = |what: &'static str| move |error: nix::Error| format!("{what}: {error}");
    setsid().map_err(say("no session of its own"))?;
    std::env::set_current_dir(orders.folder.as_deref().unwrap_or(Path::new("/")))
        .map_err(|error| format!("no working folder: {error}"))?;
    let namespaces = leave_namespaces();
    // After the namespaces, since changing credentials forgets the wish.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(say("no end with the parent"))?;
    if orders.parent.is_some_and(|parent| getppid() != Pid::from_raw(parent)) {
        return Err("the parent has gone".to_owned());
    }
    // Whatever comes of it: a process that does not step back is still confined.
    let _ = rustix::process::nice(orders.nice);
    set_limits(orders)?;
    prctl::set_no_new_privs().map_err(say("no_new_privs"))?;
    let landlock = restrict_files(orders)?;
    drop_capabilities()?;
    for filter in filters()? {
        apply_filter(&filter).map_err(|error| format!("no system call filter: {error}"))?;
    }
    Ok(format!("landlock {landlock}\nnamespaces {namespaces}\nseccomp yes"))
}

/// Leaves the network, the shared memory and the host name behind where the system permits it. Many containers
/// do not; landlock and the filter do not need it, so this is one more wall, not the wall.
fn leave_namespaces() -> &'static str {
    let own = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
    let (flags, name) = if geteuid().is_root() {
        (own, "net ipc uts")
    } else {
        // No identity is mapped in the new user namespace, so no capability outlives the exec.
        (own | CloneFlags::CLONE_NEWUSER, "user net ipc uts")
    };
    if unshare(flags).is_ok() { name } else { "none" }
}

fn set_limits(orders: &Orders) -> Result<(), String> {
    let limits = [
        (Resource::RLIMIT_CORE, 0),
        // No regular file may grow at all: what leaves the sandbox leaves through pipes.
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NOFILE, FILES_MAX),
        (Resource::RLIMIT_MEMLOCK, 0),
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_AS, orders.memory_bytes),
        (Resource::RLIMIT_CPU, orders.cpu_seconds),
    ];
    for (resource, limit) in limits {
        if limit == 0 && matches!(resource, Resource::RLIMIT_AS | Resource::RLIMIT_CPU) {
            continue;
        }
        // A little room above the processor limit, so that its own signal comes before the bare kill.
        let hard = if resource == Resource::RLIMIT_CPU { limit.saturating_add(5) } else { limit };
        setrlimit(resource, limit, hard).map_err(|error| format!("limit {resource:?}: {error}"))?;
    }
    Ok(())
}

/// Keeps a root's right to read files of other owners (libraries of music belong to anybody) and nothing else.
/// For everybody else this drops nothing but what a user namespace lent.
fn drop_capabilities() -> Result<(), String> {
    let kept = if geteuid().is_root() { CapabilitySet::DAC_READ_SEARCH } else { CapabilitySet::empty() };
    let sets =
        |kept| CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets(kept))
        .or_else(|_| set_capabilities(None, sets(CapabilitySet::empty())))
        .map_err(|error| format!("capabilities: {error}"))
}

/// Landlock: the system's libraries and the input for reading, the pipes for writing, nothing more; no TCP, no
/// signals and no abstract sockets out of the sandbox where the kernel knows how.
fn restrict_files(orders: &Orders) -> Result<String, String> {
    let fail = |error: landlock::RulesetError| format!("landlock: {error}");
    let abi = ABI::V6;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .map_err(fail)?;
    let read = BitFlags::from(AccessFs::ReadFile);
    for folder in SYSTEM_FOLDERS {
        rules = allow(rules, Path::new(folder), read | AccessFs::ReadDir, false)?;
    }
    for file in SYSTEM_FILES {
        rules = allow(rules, Path::new(file), read, false)?;
    }
    rules = allow(rules, Path::new("/dev/null"), read | AccessFs::WriteFile, false)?;
    for file in &orders.read {
        rules = allow(rules, file, read, true)?;
    }
    for pipe in &orders.pipes {
        rules = allow(rules, pipe, AccessFs::WriteFile.into(), true)?;
    }
    if let Some(program) = orders.program.first() {
        rules = allow(rules, Path::new(program), read | AccessFs::Execute, true)?;
        for loader in loaders() {
            rules = allow(rules, &loader, read | AccessFs::Execute, false)?;
        }
    }
    let status = rules.restrict_self().map_err(fail)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err("this kernel has no landlock (Linux 5.13 or later with landlock in its `lsm=` list is \
                    needed), so ffmpeg cannot be confined"
            .to_owned());
    }
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => format!("{effective_abi:?}"),
        _ => "partly".to_owned(),
    })
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
    must_exist: bool,
) -> Result<RulesetCreated, String> {
    match PathFd::new(path) {
        Ok(fd) => rules.add_rule(PathBeneath::new(fd, access)).map_err(|error| format!("landlock: {error}")),
        Err(error) if must_exist => Err(format!("a file of the task cannot be opened: {error}")),
        Err(_) => Ok(rules),
    }
}

/// The dynamic loaders of the machine, which the kernel opens for execution beside the program itself.
fn loaders() -> Vec<PathBuf> {
    ["/lib64", "/lib"]
        .into_iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with("ld-")))
        .map(|entry| entry.path())
        .collect()
}

/// System calls that a decoder never needs and an intruder would.
const FORBIDDEN: &[libc::c_long] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_memfd_create,
    libc::SYS_execveat,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_personality,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_mknodat,
    libc::SYS_fchmodat,
    libc::SYS_fchmod,
    libc::SYS_fchownat,
    libc::SYS_fchown,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_utimensat,
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
];

/// The same, on processors that still have the old calls.
#[cfg(target_arch = "x86_64")]
const FORBIDDEN_OLD: &[libc::c_long] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_kexec_file_load,
];
/// The same, on processors that never had the old calls.
#[cfg(not(target_arch = "x86_64"))]
const FORBIDDEN_OLD: &[libc::c_long] = &[];

/// The filters in the order in which they are applied.
fn filters() -> Result<Vec<BpfProgram>, String> {
    let fail = |error: seccompiler::BackendError| format!("system call filter: {error}");
    let mut denied: BTreeMap<i64, Vec<SeccompRule>> =
        FORBIDDEN.iter().chain(FORBIDDEN_OLD).map(|call| (*call, Vec::new())).collect();
    // A new thread is fine, a new process is not.
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    let no_thread =
        SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), 0).map_err(fail)?;
    denied.insert(libc::SYS_clone, vec![SeccompRule::new(vec![no_thread]).map_err(fail)?]);
    // abort() signals its own process; nobody else may be signalled. The number survives the exec.
    let own = u64::from(getpid().as_raw().cast_unsigned());
    let stranger = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own).map_err(fail)?;
    denied.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![stranger]).map_err(fail)?]);
    // clone3 hides its flags in memory where a filter can't look: say that the kernel has none, libc then
    // falls back to clone.
    let unknown = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let mut programs = Vec::new();
    for (calls, errno) in [(denied, libc::EPERM), (unknown, libc::ENOSYS)] {
        let action = SeccompAction::Errno(errno.cast_unsigned());
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, action, this_arch()?).map_err(fail)?;
        programs.push(without_x32(filter.try_into().map_err(fail)?));
    }
    Ok(programs)
}

fn this_arch() -> Result<TargetArch, String> {
    TargetArch::try_from(std::env::consts::ARCH).map_err(|error| format!("system call filter: {error}"))
}

/// Puts a refusal of the x32 calls in front: they are the same calls under other numbers, which a list of
/// forbidden numbers would miss.
fn without_x32(program: BpfProgram) -> BpfProgram {
    const LOAD_NUMBER: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const JUMP_IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    const FIRST_X32: u32 = 0x4000_0000;
    if !cfg!(target_arch = "x86_64") {
        return program;
    }
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    let mut guarded = vec![
        step(LOAD_NUMBER, 0, 0, 0),
        step(JUMP_IF_AT_LEAST, 0, 1, FIRST_X32),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned()),
    ];
    guarded.extend(program);
    guarded
}
