//! A directory with one name, on any platform: what the engines explore in place of a file system.

use std::{
    convert::Infallible,
    fmt::{self, Debug},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use selvedge::platform::{self, AtomicWord, LockByte, LockMode, Ordering};

use super::{Model, World};
use crate::engine::death;

/// A directory with one name.
pub struct Directory<M: Model> {
    ctx: M::Ctx,
    kernel: Arc<Kernel<M>>,
}

/// What the actors share.
struct Kernel<M: Model> {
    /// Every step takes a turn, as if at the kernel's own lock.
    turns: M::Turns,
    /// How often waiters have been told that a lock was let go of; they sleep on it.
    released: M::U32,
    table: Mutex<Table<M>>,
}

/// What the kernel knows. The mutex is never contended in an engine: the steps are in order already.
struct Table<M: Model> {
    /// The number of the file that has the name.
    named: Option<usize>,
    files: Vec<Inode<M>>,
    /// How often files have been opened.
    openings: usize,
    locks: Vec<Lock>,
    /// Does anybody wait for a lock?
    waiting: bool,
    /// As `released`.
    told: u32,
}

/// A file, opened or not.
struct Inode<M: Model> {
    /// What its creator writes, and attachers read.
    contents: Arc<M::U32>,
    /// Has it ever had the name? If not, only its maker can have it open.
    seen: bool,
}

/// A lock that is held.
#[derive(Clone, Copy)]
struct Lock {
    file: usize,
    byte: LockByte,
    mode: LockMode,
    opening: usize,
}

/// An opened file.
pub struct File<M: Model> {
    directory: Directory<M>,
    /// Which file; the first one made is 0.
    pub number: usize,
    /// What is in it; 0 at first.
    pub contents: Arc<M::U32>,
    opening: usize,
}

impl<M: Model> Clone for Directory<M> {
    fn clone(&self) -> Self {
        Self { ctx: self.ctx.clone(), kernel: self.kernel.clone() }
    }
}

impl<M: Model> Debug for File<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file {}", self.number)
    }
}

impl<M: Model> Directory<M> {
    /// A directory in which nothing has the name.
    pub fn new(world: &World<M>) -> Self {
        let table = Table {
            named: None,
            files: Vec::new(),
            openings: 0,
            locks: Vec::new(),
            waiting: false,
            told: 0,
        };
        let (turns, released) = (M::Turns::default(), M::U32::new(0));
        let kernel = Kernel { turns, released, table: Mutex::new(table) };
        Self { ctx: world.ctx(), kernel: Arc::new(kernel) }
    }

    /// The number of the file that has the name.
    pub fn named(&self) -> Option<usize> {
        self.step("look", |table| table.named)
    }

    fn table(&self) -> MutexGuard<'_, Table<M>> {
        self.kernel.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step of the kernel, in turn with all others.
    #[track_caller]
    fn step<R: Debug>(&self, what: &str, change: impl FnOnce(&mut Table<M>) -> R) -> R {
        M::take_turn(&self.kernel.turns);
        self.change(what, change)
    }

    /// One step on `file` alone. If nobody else can have it open, all orders of this step and those
    /// of others come to the same, so it takes no turn.
    #[track_caller]
    fn step_on<R: Debug>(
        &self,
        file: usize,
        what: &str,
        change: impl FnOnce(&mut Table<M>) -> R,
    ) -> R {
        let seen = self.table().files[file].seen;
        if seen { self.step(what, change) } else { self.change(what, change) }
    }

    #[track_caller]
    fn change<R: Debug>(&self, what: &str, change: impl FnOnce(&mut Table<M>) -> R) -> R {
        let result = change(&mut self.table());
        M::note(|| format!("{what}: {result:?}"));
        result
    }

    fn opened(&self, table: &mut Table<M>, number: usize) -> File<M> {
        table.openings += 1;
        let (contents, opening) = (table.files[number].contents.clone(), table.openings);
        File { directory: self.clone(), number, contents, opening }
    }
}

impl<M: Model> Table<M> {
    /// Takes a lock unless another opening of the file holds what conflicts.
    fn take(&mut self, file: &File<M>, byte: LockByte, mode: LockMode) -> bool {
        let wanted = Lock { file: file.number, byte, mode, opening: file.opening };
        let granted = !self.locks.iter().any(|held| held.conflicts(&wanted));
        if granted {
            self.locks.push(wanted);
        }
        granted
    }
}

impl Lock {
    fn conflicts(&self, other: &Self) -> bool {
        (self.file, self.byte) == (other.file, other.byte)
            && self.opening != other.opening
            && (self.mode, other.mode) != (LockMode::Shared, LockMode::Shared)
    }
}

impl<M: Model> platform::Directory for Directory<M> {
    type Name = ();
    type File = File<M>;
    type Error = Infallible;

    fn unnamed(&self) -> Result<File<M>, Infallible> {
        Ok(self.change("make", |table| {
            table.files.push(Inode { contents: Arc::new(M::U32::new(0)), seen: false });
            self.opened(table, table.files.len() - 1)
        }))
    }

    fn link(&self, file: &File<M>, (): &()) -> Result<bool, Infallible> {
        Ok(self.step("link", |table| {
            let absent = table.named.is_none();
            if absent {
                table.named = Some(file.number);
                table.files[file.number].seen = true;
            }
            absent
        }))
    }

    fn open(&self, (): &()) -> Result<Option<File<M>>, Infallible> {
        Ok(self.step("open", |table| table.named.map(|number| self.opened(table, number))))
    }

    fn refers(&self, (): &(), file: &File<M>) -> Result<bool, Infallible> {
        Ok(self.step("does the name refer to it", |table| table.named == Some(file.number)))
    }

    fn lock(&self, file: &File<M>, byte: LockByte, mode: LockMode) -> Result<(), Infallible> {
        let what = format!("lock {byte:?} {mode:?}");
        loop {
            let refused = self.step_on(file.number, &what, |table| {
                if table.take(file, byte, mode) {
                    return None;
                }
                // Whoever lets a lock go from here on tells us.
                table.waiting = true;
                Some(table.told)
            });
            let Some(told) = refused else { return Ok(()) };
            let _ = M::wait(&self.ctx, &self.kernel.released, told, None);
        }
    }

    fn try_lock(&self, file: &File<M>, byte: LockByte, mode: LockMode) -> Result<bool, Infallible> {
        Ok(self.step_on(file.number, "try to lock", |table| table.take(file, byte, mode)))
    }

    fn unlink(&self, (): &()) -> Result<(), Infallible> {
        self.step("unlink", |table| table.named = None);
        Ok(())
    }
}

/// Closing a file lets its locks go: a step, as the others. What a dead actor had open, the kernel closes.
impl<M: Model> Drop for File<M> {
    fn drop(&mut self) {
        let (directory, opening) = (self.directory.clone(), self.opening);
        if death::is_dying() {
            death::leave(move || directory.close(opening));
        } else if !thread::panicking() {
            directory.close(opening);
        } // Otherwise the execution is over.
    }
}

impl<M: Model> Directory<M> {
    fn close(&self, opening: usize) {
        let mine = |lock: &Lock| lock.opening == opening;
        let Some(file) = self.table().locks.iter().find(|lock| mine(lock)).map(|lock| lock.file)
        else {
            return; // It makes no difference to anybody.
        };
        M::in_the_kernel(|| {
            let waiting = self.step_on(file, "close", |table| {
                table.locks.retain(|lock| !mine(lock));
                // Nobody waits for what nobody else can have open.
                table.files[file].seen && std::mem::take(&mut table.waiting)
            });
            if waiting {
                let kernel = &self.kernel;
                let told = kernel.released.fetch_add(1, Ordering::Relaxed) + 1;
                self.table().told = told;
                M::wake(&self.ctx, &kernel.released, u32::MAX);
            }
        });
    }
}
