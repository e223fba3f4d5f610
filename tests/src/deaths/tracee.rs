//! A child that is stepped through its instructions.

use std::{
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    libc,
    sched::sched_yield,
    sys::{
        prctl::set_pdeathsig,
        ptrace,
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, fork, getppid},
};

use super::path::Landmark;

/// How long a child may take for what it does on its own.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// How often a child is looked at before the tracer takes its time.
const QUICK_LOOKS: u32 = 100;

/// What a child's status is when tracing was refused.
const REFUSED: i32 = 77;

/// Why a child did not get where it was to go.
#[derive(Debug)]
pub(super) enum Astray {
    /// The kernel lets nobody be traced.
    Refused(Errno),
    /// It ended, or got stuck; in words.
    Lost(String),
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(errno) => write!(f, "ptrace is refused: {errno}"),
            Self::Lost(how) => f.write_str(how),
        }
    }
}

/// Where a child has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// After a step, or at a landmark.
    Trap,
    /// At a mark of its own.
    Mark,
    /// It sleeps in the kernel: it has not stopped. Said only to those who ask.
    Asleep,
}

/// A child in the hands of its tracer, which dies and is reaped when this is dropped.
#[derive(Debug)]
pub(super) struct Tracee {
    pid: Pid,
    /// It goes on by single steps.
    stepping: bool,
    reaped: bool,
}

/// Starts a child that runs `body` and exits; it dies with its parent. `traced` says whether its
/// parent traces it.
///
/// The parent must have a single thread.
pub(super) fn spawn(traced: bool, body: impl FnOnce()) -> Pid {
    let parent = Pid::this();
    // SAFETY: this process has one thread, so the child finds no lock taken and no memory half
    // changed, and may do whatever the parent may.
    match unsafe { fork() }.expect("a process more") {
        ForkResult::Parent { child } => return child,
        ForkResult::Child => {}
    }
    let run = || {
        set_pdeathsig(Signal::SIGKILL).expect("PR_SET_PDEATHSIG is older than this program");
        if getppid() != parent {
            return 1; // It died before that.
        }
        if traced && ptrace::traceme().is_err() {
            return REFUSED;
        }
        body();
        0
    };
    // What was the parent's is not dropped: its locks and names are not the child's.
    let status = catch_unwind(AssertUnwindSafe(run)).unwrap_or(101);
    // SAFETY: ends this process, without running what the parent had registered for its own end.
    unsafe { libc::_exit(status) }
}

/// Stops the calling child for its tracer.
#[inline(always)]
pub(super) fn mark(me: Pid) {
    // Sent to oneself, it is delivered before the call returns.
    kill(me, Signal::SIGSTOP).expect("a signal to oneself");
}

/// The letter by which the kernel tells a process's state, `Z` if it is gone.
pub(super) fn state(pid: Pid) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it may hold anything, also parentheses.
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or('Z')
}

impl Tracee {
    /// Starts a child that runs `body`, and lets it run to its first mark.
    pub(super) fn start(body: impl FnOnce()) -> Result<Self, Astray> {
        let mut tracee = Self { pid: spawn(true, body), stepping: false, reaped: false };
        match tracee.wait(&mut || {}, false)? {
            Stop::Mark => {}
            other => return Err(Astray::Lost(format!("{other:?} before the first mark"))),
        }
        ptrace::setoptions(tracee.pid, ptrace::Options::PTRACE_O_EXITKILL)
            .map_err(Astray::Refused)?;
        Ok(tracee)
    }

    /// Where it is.
    pub(super) fn pc(&self) -> u64 {
        let registers = ptrace::getregs(self.pid).expect("it has stopped");
        #[cfg(target_arch = "x86_64")]
        return registers.rip;
        #[cfg(target_arch = "aarch64")]
        return registers.pc;
    }

    /// Is the instruction at `pc` one that enters the kernel?
    pub(super) fn enters_kernel(&self, pc: u64) -> bool {
        let word = ptrace::read(self.pid, pc as ptrace::AddressType).unwrap_or_default();
        if cfg!(target_arch = "x86_64") {
            word as u16 == 0x050F // syscall
        } else {
            word as u32 == 0xD400_0001 // svc #0
        }
    }

    /// Goes on by one instruction. If that sleeps in the kernel, `asleep` is called, once.
    pub(super) fn step(&mut self, asleep: &mut dyn FnMut()) -> Result<Stop, Astray> {
        self.begin_step()?;
        self.wait(asleep, false)
    }

    /// Goes on by one instruction, or until it sleeps in it.
    pub(super) fn step_until_asleep(&mut self) -> Result<Stop, Astray> {
        self.begin_step()?;
        self.wait(&mut || {}, true)
    }

    fn begin_step(&mut self) -> Result<(), Astray> {
        self.stepping = true;
        self.go_on(None)
    }

    /// Goes on as before, with a signal.
    fn go_on(&mut self, signal: Option<Signal>) -> Result<(), Astray> {
        let go = if self.stepping {
            ptrace::step(self.pid, signal)
        } else {
            ptrace::cont(self.pid, signal)
        };
        go.map_err(Astray::Refused)
    }

    /// Goes on until a mark.
    pub(super) fn run(&mut self, asleep: &mut dyn FnMut()) -> Result<Stop, Astray> {
        self.stepping = false;
        self.go_on(None)?;
        self.wait(asleep, false)
    }

    /// Gets a signal where it has stopped, and goes on until a mark.
    pub(super) fn interrupt(
        &mut self,
        signal: Signal,
        asleep: &mut dyn FnMut(),
    ) -> Result<Stop, Astray> {
        self.stepping = false;
        self.go_on(Some(signal))?;
        self.wait(asleep, false)
    }

    /// Gets a signal while it sleeps in a step, and goes on until a mark.
    pub(super) fn interrupt_asleep(
        &mut self,
        signal: Signal,
        asleep: &mut dyn FnMut(),
    ) -> Result<Stop, Astray> {
        kill(self.pid, signal).map_err(Astray::Refused)?;
        // The step ends at the handler.
        self.wait(&mut || {}, false)?;
        self.run(asleep)
    }

    /// Goes on to a landmark. `false`: there are none on this machine.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn run_to(
        &mut self,
        landmark: Landmark,
        asleep: &mut dyn FnMut(),
    ) -> Result<bool, Astray> {
        // A breakpoint of the processor: the first address, and "stop before execution".
        let register = |n| core::mem::offset_of!(libc::user, u_debugreg) + n * size_of::<u64>();
        let set = |n, value: u64| {
            let offset = register(n) as ptrace::AddressType;
            ptrace::write_user(self.pid, offset, value.cast_signed())
        };
        if set(0, landmark.pc).and_then(|()| set(7, 1)).is_err() {
            return Ok(false);
        }
        for _ in 0..landmark.visit {
            if self.run(asleep)? == Stop::Mark {
                return Err(Astray::Lost("a landmark was missed".into()));
            }
        }
        let offset = register(7) as ptrace::AddressType;
        ptrace::write_user(self.pid, offset, 0).map_err(Astray::Refused)?;
        Ok(true)
    }

    /// Goes on to a landmark. `false`: there are none on this machine.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn run_to(&mut self, _: Landmark, _: &mut dyn FnMut()) -> Result<bool, Astray> {
        Ok(false)
    }

    /// Waits until it stops, or, if the caller `rests`, until it sleeps.
    fn wait(&mut self, asleep: &mut dyn FnMut(), rests: bool) -> Result<Stop, Astray> {
        let (mut looks, mut told, mut end) = (0, false, None);
        loop {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => {}
                Ok(WaitStatus::Stopped(_, Signal::SIGTRAP)) => return Ok(Stop::Trap),
                Ok(WaitStatus::Stopped(_, Signal::SIGSTOP)) if self.marked() => {
                    return Ok(Stop::Mark);
                }
                Ok(WaitStatus::Stopped(_, signal)) => self.pass_on(signal)?,
                Ok(WaitStatus::Exited(_, REFUSED)) => {
                    self.reaped = true;
                    return Err(Astray::Refused(Errno::EPERM));
                }
                Ok(status @ (WaitStatus::Exited(..) | WaitStatus::Signaled(..))) => {
                    self.reaped = true;
                    return Err(Astray::Lost(format!("it ended: {status:?}")));
                }
                other => return Err(Astray::Lost(format!("{other:?}"))),
            }
            looks += 1;
            if looks < QUICK_LOOKS {
                // Both run on one core.
                let _ = sched_yield();
                continue;
            }
            if Instant::now() > *end.get_or_insert_with(|| Instant::now() + LIMIT) {
                return Err(Astray::Lost(format!("neither stopped nor ended after {LIMIT:?}")));
            }
            if !told && state(self.pid) == 'S' {
                if rests {
                    return Ok(Stop::Asleep);
                }
                told = true;
                asleep();
            }
            thread::sleep(Duration::from_micros(50));
        }
    }

    /// Has it sent the signal that stopped it to itself?
    fn marked(&self) -> bool {
        ptrace::getsiginfo(self.pid).is_ok_and(|info| {
            // SAFETY: a SIGSTOP comes from kill(2), whose siginfo has a pid.
            let sender = unsafe { info.si_pid() };
            sender == self.pid.as_raw()
        })
    }

    /// Lets a signal from elsewhere through, and the child go on as it was going.
    fn pass_on(&mut self, signal: Signal) -> Result<(), Astray> {
        // Without a siginfo it has stopped with its terminal's other processes, for no new signal.
        self.go_on(ptrace::getsiginfo(self.pid).is_ok().then_some(signal))
    }

    /// Kills it with SIGKILL, wherever it is, and reaps it: its files are closed, its locks free.
    pub(super) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if !self.reaped {
            reap(self.pid);
            self.reaped = true;
        }
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        self.end();
    }
}

/// Kills a child of ours and waits until it is gone.
pub(super) fn reap(pid: Pid) {
    // An error says that it is dead.
    let _ = kill(pid, Signal::SIGKILL);
    while !matches!(
        waitpid(pid, None),
        Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) | Err(Errno::ECHILD)
    ) {}
}

/// A process runs `body`, and dies at its end by SIGKILL.
///
/// # Panics
/// If it ends before.
pub fn corpse(body: impl FnOnce()) {
    let pid = spawn(false, || {
        body();
        let _ = kill(Pid::this(), Signal::SIGKILL);
    });
    let status = waitpid(pid, None).expect("a child of ours");
    assert!(matches!(status, WaitStatus::Signaled(_, Signal::SIGKILL, _)), "{status:?}");
}

/// A process runs `body`, and is killed as soon as `when` holds: it is stepped, once it has marked the
/// beginning by the function that it is given.
///
/// # Panics
/// If it ends before.
pub fn die_when(body: impl FnOnce(&dyn Fn()), mut when: impl FnMut() -> bool) {
    let me = || mark(Pid::this());
    let mut victim = Tracee::start(|| body(&me)).unwrap_or_else(|astray| match astray {
        Astray::Refused(_) => super::refused(&astray),
        Astray::Lost(how) => panic!("{how}"),
    });
    while !when() {
        let stop = victim.step(&mut || {}).expect("it is not at its end");
        assert_eq!(stop, Stop::Trap);
    }
    victim.kill();
}
