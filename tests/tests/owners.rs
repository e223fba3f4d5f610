//! Who is dead, and who is not: each row of the table in `platform/native/seat.rs`, with real processes,
//! and each way there is to two owners of one slot.
//!
//! A mutex tells: whoever wants one that another holds finds it `Held` if the holder lives, as far as is
//! known, and gets it with `OwnerDied` if not.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    mem::forget,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::{ChildStdin, ChildStdout, Command},
    thread,
};

use nix::{
    fcntl::{FcntlArg, fcntl},
    libc,
    sys::{
        signal::{Signal, kill},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::Pid,
};
use selvedge::{
    mutex::{LockError, MutexConfig, RobustMutex, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    platform::{
        Ordering::Relaxed,
        Owner,
        native::{FIRST_SLOT, Native, NativeCell},
    },
    protocol::spsc::{self, End, PopError},
    segment::{JoinError, RingConfig, Shared, SpscRing, sealed},
};
use selvedge_tests::{A_WHILE, Children, FOR_EVER, View, heir, send};

type Mutex = SharedMutex<u64>;

fn mutex(owners: u32) -> (Shared<Mutex>, OwnedFd) {
    sealed::create::<Mutex>(MutexConfig::of(0).owners(owners)).unwrap()
}

fn is_held(mutex: &RobustMutex<u64>) -> bool {
    matches!(mutex.try_lock(), Err(LockError::Held))
}

fn stays_held(mutex: &RobustMutex<u64>) -> bool {
    matches!(mutex.lock_timeout(A_WHILE), Err(LockError::Held))
}

/// Has its holder died? To be asked once: it is locked then, and not repaired.
fn is_left_by_the_dead(mutex: &RobustMutex<u64>) -> bool {
    matches!(mutex.try_lock(), Err(LockError::OwnerDied(_)))
}

/// Likewise, as soon as it is known.
fn is_at_last_left_by_the_dead(mutex: &RobustMutex<u64>) -> bool {
    matches!(mutex.lock_timeout(FOR_EVER), Err(LockError::OwnerDied(_)))
}

fn is_full(mutex: &Shared<Mutex>, slots: u32) -> bool {
    matches!(mutex.handle(), Err(JoinError::RegistryFull { owners }) if owners == slots)
}

/// The program `hold`.
struct Holder {
    /// Ends it.
    _children: Children,
    pid: Pid,
    told: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Holder {
    /// Starts it with the segment in `descriptor`, or with a socket in which that waits.
    fn start(descriptor: impl AsFd, how: &str) -> Self {
        let mut children = Children::new();
        let mut command = heir(env!("CARGO_BIN_EXE_hold"), descriptor);
        let child = children.talk_to("hold", command.arg(how));
        let (told, says) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let pid = Pid::from_raw(child.id().cast_signed());
        Self { _children: children, pid, told, says: BufReader::new(says) }
    }

    /// Likewise, and waits until it holds the mutex.
    fn holding(descriptor: impl AsFd, how: &str) -> Self {
        let mut holder = Self::start(descriptor, how);
        assert_eq!(holder.hear(), "holds");
        holder
    }

    fn tell(&mut self) {
        self.told.write_all(&[0]).unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn signal(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
    }

    /// Waits until it has ended, or stopped, and leaves it as it is: a zombie, if it has ended.
    fn wait(&self, change: WaitPidFlag) {
        waitid(Id::Pid(self.pid), change | WaitPidFlag::WNOWAIT).unwrap();
    }

    fn kill(&self) {
        self.signal(Signal::SIGKILL);
        self.wait(WaitPidFlag::WEXITED);
    }
}

#[test]
fn who_has_ended_is_dead_however_it_ended_and_while_nobody_has_waited_for_it() {
    for how in ["be killed", "exit", "return", "panic", "abort"] {
        let (mutex, descriptor) = mutex(2);
        let mine = mutex.handle().unwrap();
        let mut holder = Holder::holding(&descriptor, how);
        assert!(is_held(&mine), "{how}");
        match how {
            "be killed" => holder.signal(Signal::SIGKILL),
            _ => holder.tell(),
        }
        holder.wait(WaitPidFlag::WEXITED);
        assert!(is_left_by_the_dead(&mine), "{how}");
    }
}

#[test]
fn who_is_slow_or_stopped_is_not_dead_and_nothing_is_taken_from_it() {
    for stopped in [false, true] {
        let (mutex, descriptor) = mutex(2);
        let mine = mutex.handle().unwrap();
        let mut holder = Holder::holding(&descriptor, "unlock");
        if stopped {
            holder.signal(Signal::SIGSTOP);
            holder.wait(WaitPidFlag::WSTOPPED);
        }
        assert!(stays_held(&mine));
        assert!(is_full(&mutex, 2));
        holder.signal(Signal::SIGCONT);
        holder.tell();
        assert_eq!(
            mine.lock_timeout(FOR_EVER).unwrap().get(),
            42,
            "it unlocked what it had changed"
        );
    }
}

#[test]
fn a_thread_that_has_ended_is_not_dead_and_a_dropped_handle_is() {
    let (mutex, _) = mutex(2);
    let (mine, theirs) = (mutex.handle().unwrap(), mutex.handle().unwrap());
    let lock = move || {
        forget(theirs.lock().unwrap());
        theirs
    };
    let theirs = thread::spawn(lock).join().unwrap();
    assert!(stays_held(&mine));
    drop(theirs);
    assert!(is_left_by_the_dead(&mine));
}

#[test]
fn two_handles_of_a_process_are_two_owners() {
    let (pool, _) = sealed::create::<PermitPool>(PermitsConfig::new(2)).unwrap();
    let mine = pool.handle().unwrap();
    let [one, other] = [(); 2].map(|()| {
        let handle = pool.handle().unwrap();
        let acquire = move || {
            forget(handle.acquire());
            handle
        };
        thread::spawn(acquire).join().unwrap()
    });
    assert!(mine.acquire_timeout(A_WHILE).is_err(), "both live");
    assert!(one.try_acquire().is_err() && other.try_acquire().is_err(), "each sees the other");
    drop(one);
    forget(mine.acquire_timeout(FOR_EVER).unwrap());
    assert!(mine.acquire_timeout(A_WHILE).is_err(), "the other lives");
    assert!(other.try_acquire().is_err());
}

#[test]
fn a_forked_child_can_neither_use_nor_end_its_parents_handles() {
    let mut children = Children::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_forked_owner"));
    children.start("forked_owner", &mut command);
    let refusal =
        r#"Ok("this handle belongs to the process that was forked: attach anew in the child")"#;
    let child = format!("child\n{refusal}\n{refusal}\n{refusal}\nErr(Held)\nErr(NoPermit)");
    let parent = "parent\nErr(Held)\nErr(NoPermit)\n7\nOk(Guard { data: 7, whole: true })\nOk(())";
    assert_eq!(children.finish(), [format!("{child}\n{parent}")]);
}

#[test]
fn a_killed_parents_death_is_unknown_until_its_forked_child_has_ended_or_called_exec() {
    for how in ["fork", "fork, then exec"] {
        let (mutex, descriptor) = mutex(2);
        let mine = mutex.handle().unwrap();
        let mut holder = Holder::holding(&descriptor, how);
        holder.tell();
        assert_eq!(holder.hear(), "forked");
        holder.kill();
        assert!(stays_held(&mine), "{how}");
        assert!(is_full(&mutex, 2), "{how}");
        holder.tell();
        assert_eq!(holder.hear(), if how == "fork" { "" } else { "idle" });
        assert!(is_at_last_left_by_the_dead(&mine), "{how}");
    }
}

#[test]
fn a_forked_child_does_not_keep_a_dropped_handle_alive() {
    let (mutex, descriptor) = mutex(2);
    let mine = mutex.handle().unwrap();
    let mut holder = Holder::holding(&descriptor, "fork, then drop");
    holder.tell();
    assert_eq!(holder.hear(), "dropped");
    assert!(is_left_by_the_dead(&mine), "the child lives, until it is told");
}

#[test]
fn a_program_that_it_started_does_not_keep_the_dead_alive() {
    let (mutex, descriptor) = mutex(2);
    let mine = mutex.handle().unwrap();
    let mut holder = Holder::holding(&descriptor, "start");
    holder.tell();
    assert_eq!(holder.hear(), "idle", "the program runs");
    assert!(is_held(&mine));
    holder.kill();
    assert!(is_left_by_the_dead(&mine));
}

#[test]
fn exec_is_an_owners_end() {
    let (mutex, descriptor) = mutex(2);
    let mine = mutex.handle().unwrap();
    let mut holder = Holder::holding(&descriptor, "exec");
    holder.tell();
    assert_eq!(holder.hear(), "idle", "the process lives on");
    assert!(is_left_by_the_dead(&mine));
}

#[test]
fn an_owner_in_other_namespaces_without_proc_is_one_like_any_other() {
    let (mutex, descriptor) = mutex(3);
    let mine = mutex.handle().unwrap();
    let guard = mine.lock().unwrap();
    assert_eq!(Holder::start(&descriptor, "elsewhere").hear(), "Held", "it sees us alive");
    drop(guard);
    let holder = Holder::holding(&descriptor, "elsewhere");
    assert!(stays_held(&mine), "we see it alive");
    holder.kill();
    assert!(is_at_last_left_by_the_dead(&mine));
}

/// What a child gets that is to inherit `descriptor`, or to receive it. A second one stays in flight.
fn handed_on(descriptor: &OwnedFd, through_socket: bool) -> (OwnedFd, Option<UnixStream>) {
    if !through_socket {
        return (descriptor.try_clone().unwrap(), None);
    }
    let (ours, theirs) = UnixStream::pair().unwrap();
    send(&ours, descriptor).unwrap();
    send(&ours, descriptor).unwrap();
    (theirs.into(), Some(ours))
}

#[test]
fn a_descriptor_that_was_handed_on_is_no_way_into_an_owned_slot() {
    for through_socket in [false, true] {
        let (mutex, descriptor) = mutex(1);
        let copy = sealed::attach::<Mutex>(descriptor.try_clone().unwrap()).unwrap();
        let (for_child, _in_flight) = handed_on(&descriptor, through_socket);
        {
            let _mine = mutex.handle().unwrap();
            assert!(is_full(&copy, 1));
            let full = Holder::start(handed_on(&descriptor, through_socket).0, "exit").hear();
            assert_eq!(full, "RegistryFull { owners: 1 }");
        }
        let holder = Holder::holding(for_child, "exit");
        assert!(is_full(&mutex, 1) && is_full(&copy, 1));
        holder.kill();
        assert!(is_left_by_the_dead(&copy.handle().unwrap()));
    }
}

#[test]
fn a_handed_on_descriptor_shows_no_living_owner_dead_whether_it_is_kept_or_closed() {
    for through_socket in [false, true] {
        let (mutex, descriptor) = mutex(2);
        let mine = mutex.handle().unwrap();
        let guard = mine.lock().unwrap();
        let child = Holder::start(handed_on(&descriptor, through_socket).0, "exit").hear();
        assert_eq!(child, "Held", "says the child");
        drop(guard);

        let (for_child, _in_flight) = handed_on(&descriptor, through_socket);
        let mut holder = Holder::holding(for_child, "close");
        assert!(is_held(&mine));
        holder.tell();
        assert_eq!(holder.hear(), "closed");
        assert!(is_held(&mine));
        assert!(is_full(&mutex, 2));
        holder.kill();
        assert!(is_left_by_the_dead(&mine), "though its segment is open here, and in flight");
    }
}

#[test]
fn a_full_registry_has_room_again_once_an_owner_is_dead_and_its_traces_are_gone() {
    let (mutex, descriptor) = mutex(2);
    let mine = mutex.handle().unwrap();
    let holder = Holder::holding(&descriptor, "exit");
    assert!(is_full(&mutex, 2));
    holder.kill();
    assert!(mutex.state().holder().is_some());
    let newcomer = mutex.handle().unwrap();
    assert_eq!(mutex.state().holder(), None, "the slot was swept before it was taken");
    assert!(is_full(&mutex, 2));
    assert!(is_left_by_the_dead(&newcomer));
    drop(mine);
}

/// The kernel takes some milliseconds to free a killed process's locks; a machine that is busy, more.
#[test]
fn who_comes_just_after_a_kill_waits_for_the_dead_owners_slot() {
    const KILLS: usize = 10;
    let joined = (0..KILLS).filter(|_| {
        let (mutex, descriptor) = mutex(1);
        let holder = Holder::holding(&descriptor, "exit");
        holder.signal(Signal::SIGKILL);
        mutex.handle().is_ok()
    });
    let joined = joined.count();
    assert!(joined > KILLS / 2, "{joined} of {KILLS}");
}

/// An open file description of its own, as whoever may open the segment can make one.
struct Hostile(File);

impl Hostile {
    fn at(descriptor: &OwnedFd) -> Self {
        let path = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
        Self(OpenOptions::new().read(true).write(true).open(path).unwrap())
    }

    /// Takes, or lets go of, the locks of a slot.
    fn lock(&self, slot: u64, kind: libc::c_int) -> bool {
        let lock = libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: (FIRST_SLOT + slot) as libc::off_t,
            l_len: 1,
            l_pid: 0,
        };
        fcntl(&self.0, FcntlArg::F_OFD_SETLK(&lock)).is_ok()
    }
}

#[test]
fn who_locks_slots_withholds_them_and_makes_nobody_dead_and_no_second_owner() {
    for kind in [libc::F_RDLCK, libc::F_WRLCK] {
        let (mutex, descriptor) = mutex(3);
        let (theirs, mine) = (mutex.handle().unwrap(), mutex.handle().unwrap());
        forget(theirs.lock().unwrap());
        let hostile = Hostile::at(&descriptor);
        assert_eq!([0, 1, 2].map(|slot| hostile.lock(slot, kind)), [false, false, true]);
        assert!(is_full(&mutex, 3), "the third slot is withheld");
        for slot in 0..2 {
            assert!(hostile.lock(slot, libc::F_UNLCK), "of its own lock, which it has not");
        }
        assert!(is_held(&mine));
        assert!(is_full(&mutex, 3), "the others have their owners");

        drop(theirs);
        assert!(hostile.lock(0, kind));
        assert!(is_full(&mutex, 3));
        if kind == libc::F_WRLCK {
            assert!(stays_held(&mine), "a death that remains unknown");
            drop(hostile);
        }
        assert!(is_left_by_the_dead(&mine));
    }
}

#[test]
fn who_writes_a_handles_own_number_does_not_make_it_give_up_its_slot() {
    let config = RingConfig::new(4).owners(1);
    let (ring, descriptor) = sealed::create::<SpscRing<u64>>(config).unwrap();
    let fields = spsc::Ring::<Native, [NativeCell<u64>; 4]>::fields();
    let view = View::of(&descriptor, &fields).unwrap();
    let mut consumer = ring.consumer().unwrap();
    view.u32("producer").store(End::owned(Owner(0)).0, Relaxed);
    assert_eq!(consumer.try_pop(), Err(PopError::Empty), "its peer is alive, as it is");
    assert!(matches!(ring.producer(), Err(JoinError::RegistryFull { owners: 1 })));
}

/// What `refused_owner` prints.
fn refused(why: &str) -> Vec<String> {
    let mut children = Children::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_refused_owner"));
    children.start("refused_owner", command.arg(why));
    children.finish()
}

#[test]
fn nobody_becomes_an_owner_without_proc() {
    assert_eq!(refused("without /proc"), ["Err(NoProc)"]);
}

#[test]
fn nobody_becomes_an_owner_who_may_not_open_the_file() {
    assert_eq!(refused("nobody"), ["Err(PermissionDenied)"]);
}
