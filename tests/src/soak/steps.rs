//! At which steps of the protocols' cards a stopped process is.
//!
//! Its program counter is looked up in the debug information of this very program, from which it was forked:
//! through all that was inlined there, the lines lead to the labels in the protocols' source. Where the counter
//! says nothing, in a call of the kernel above all, the top of the stack is searched for the addresses that
//! calls return to. That is no unwinding: a word may be left from an earlier call, and a caller further down the
//! stack is not found. So where a process dies in the kernel is known to best effort.

use core::ops::Range;
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    fs,
    io::{self, IoSliceMut},
    rc::Rc,
    thread,
};

use addr2line::Loader;
use nix::{
    sys::uio::{RemoteIoVec, process_vm_readv},
    unistd::Pid,
};
use selvedge_models::card;

use crate::{FOR_EVER, deaths::Bystander, maps};

/// Words of the stack that are searched.
const WORDS: usize = 256;

/// How often a process that was just stopped is asked where it is: it may not have left its core yet.
const ASKED: usize = 1_000;

/// This program's instructions.
struct Text {
    range: Range<u64>,
    bytes: Vec<u8>,
    /// Where the file's first byte is.
    base: u64,
}

/// Says which steps addresses belong to.
pub struct Steps {
    text: Text,
    loader: Loader,
    /// What has been looked up.
    known: RefCell<HashMap<u64, Rc<BTreeSet<String>>>>,
}

impl core::fmt::Debug for Steps {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Steps(..)")
    }
}

impl Text {
    fn of_this_program() -> io::Result<Self> {
        let path = fs::read_link("/proc/self/exe")?;
        let mapping = (maps::all().into_iter())
            .find(|mapping| mapping.executable && path.as_os_str() == &*mapping.file)
            .ok_or_else(|| io::Error::other("this program's instructions are not mapped"))?;
        let (start, size) = (mapping.offset, mapping.range.end - mapping.range.start);
        let file = fs::read("/proc/self/exe")?;
        // The last page may be longer than the file.
        let bytes = file[start as usize..].iter().copied().take(size as usize).collect();
        Ok(Self { range: mapping.range, bytes, base: mapping.base })
    }

    /// Is the instruction before `address` a call?
    fn returns_to(&self, address: u64) -> bool {
        let Some(end) = address.checked_sub(self.range.start) else { return false };
        let Some(before) = self.bytes.get(..end as usize) else { return false };
        is_call(before)
    }
}

/// Do these bytes end with a call?
#[cfg(target_arch = "x86_64")]
fn is_call(before: &[u8]) -> bool {
    // E8 and 4 bytes of distance; or FF /2, with its operand 2 to 7 bytes long.
    let at = |back: usize| before.len().checked_sub(back).map(|place| before[place]);
    let indirect = |back| at(back) == Some(0xFF) && at(back - 1).is_some_and(|b| b >> 3 & 7 == 2);
    at(5) == Some(0xE8) || (2..=7).any(indirect)
}

/// Do these bytes end with a call?
#[cfg(target_arch = "aarch64")]
fn is_call(before: &[u8]) -> bool {
    // BL or BLR.
    let last = before.last_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    last.is_some_and(|word| word >> 26 == 0b10_0101 || word & 0xFFFF_FC1F == 0xD63F_0000)
}

impl Steps {
    /// Of this program.
    ///
    /// # Errors
    /// If its debug information cannot be read, or the kernel does not say where a child is, or lets none be traced.
    pub fn new() -> io::Result<Self> {
        let steps = Self::of_this_program()?;
        let mut child = Bystander::start(|| thread::sleep(FOR_EVER));
        child.stop().map_err(|harm| io::Error::other(harm.to_string()))?;
        steps.of(child.pid())?;
        child.trace()?;
        Ok(steps)
    }

    fn of_this_program() -> io::Result<Self> {
        let text = Text::of_this_program()?;
        let loader = Loader::new("/proc/self/exe").map_err(|e| io::Error::other(e.to_string()))?;
        Ok(Self { text, loader, known: RefCell::default() })
    }

    /// The steps that a stopped child is at.
    ///
    /// # Errors
    /// If the kernel does not say where it is.
    pub fn of(&self, child: Pid) -> io::Result<Rc<BTreeSet<String>>> {
        let (pc, sp) = place(child)?;
        let here = self.at(pc);
        if !here.is_empty() {
            return Ok(here);
        }
        let mut words = vec![0; WORDS * size_of::<u64>()];
        let remote = RemoteIoVec { base: sp as usize, len: words.len() };
        let read = process_vm_readv(child, &mut [IoSliceMut::new(&mut words)], &[remote])?;
        let (words, _) = words[..read].as_chunks();
        Ok(self.of_caller(words.iter().map(|bytes| u64::from_le_bytes(*bytes))))
    }

    /// The steps of the first call, of those that words of a stack return to, that is of a protocol.
    fn of_caller(&self, stack: impl Iterator<Item = u64>) -> Rc<BTreeSet<String>> {
        let calls = stack.filter(|address| self.text.returns_to(*address));
        // What is returned to may be the next line's.
        let mut callers = calls.map(|address| self.at(address - 1));
        callers.find(|steps| !steps.is_empty()).unwrap_or_default()
    }

    /// The steps that the instruction at an address belongs to, and those that it was inlined into.
    fn at(&self, address: u64) -> Rc<BTreeSet<String>> {
        if !self.text.range.contains(&address) {
            return Rc::default();
        }
        let look_up = || Rc::new(self.look_up(address - self.text.base).unwrap_or_default());
        Rc::clone(self.known.borrow_mut().entry(address).or_insert_with(look_up))
    }

    fn look_up(&self, address: u64) -> Option<BTreeSet<String>> {
        let mut frames = self.loader.find_frames(address).ok()?;
        let mut steps = BTreeSet::new();
        while let Ok(Some(frame)) = frames.next() {
            let location = frame.location.and_then(|location| location.file.zip(location.line));
            steps.extend(location.and_then(|(file, line)| card::step_at(file, line)));
        }
        Some(steps)
    }
}

/// Program counter and stack pointer of a stopped child.
fn place(child: Pid) -> io::Result<(u64, u64)> {
    let path = format!("/proc/{child}/syscall");
    for _ in 0..ASKED {
        let line = fs::read_to_string(&path)
            .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
        let mut last = line.split_whitespace().rev().map(|field| {
            field.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok())
        });
        if let (Some(Some(pc)), Some(Some(sp))) = (last.next(), last.next()) {
            return Ok((pc, sp));
        }
    }
    Err(io::Error::other(format!("{path} does not say where it is")))
}

#[cfg(test)]
mod tests {
    use selvedge::{
        platform::native::Native,
        protocol::semaphore::{ReleaseError, Semaphore},
        segment::Shared,
        semaphore::SharedSemaphore,
    };

    use super::*;

    #[test]
    fn instructions_of_a_release_belong_to_its_steps_and_so_do_the_calls_found_on_a_stack() {
        type Plain = Semaphore<Native, Shared<SharedSemaphore>>;
        let release: fn(&Plain, u32) -> Result<(), ReleaseError> = Plain::release;
        let start = release as usize as u64;
        let steps = Steps::of_this_program().unwrap();
        let is_at = |address: u64, step: &str| steps.at(address).contains(step);
        let within = || start..start + 1_000;
        assert!(within().any(|address| is_at(address, "semaphore/R2")));
        // It wakes by a call.
        let wakes = |back: &u64| steps.text.returns_to(*back) && is_at(back - 1, "semaphore/R3");
        let back = within().find(wakes).expect("a call");
        let found = steps.of_caller([0, start, u64::MAX, back].into_iter());
        assert!(found.contains("semaphore/R3"), "{found:?}");
        assert!(steps.of_caller([0, start, u64::MAX].into_iter()).is_empty());
    }

    #[test]
    fn the_bytes_of_calls_are_told_from_others() {
        let (calls, others): (&[&[u8]], &[&[u8]]) = if cfg!(target_arch = "x86_64") {
            // call rel32; call rax; call [rip+…]. A jump; half a call.
            (
                &[&[0xE8, 1, 2, 3, 4], &[0xFF, 0xD0], &[0xFF, 0x15, 1, 2, 3, 4]],
                &[&[0xE9, 1, 2, 3, 4], &[0xD0], &[]],
            )
        } else {
            // bl; blr x8. b; half a call.
            (&[&[1, 0, 0, 0x94], &[0, 1, 0x3F, 0xD6]], &[&[1, 0, 0, 0x14], &[0x94], &[]])
        };
        assert!(calls.iter().all(|bytes| is_call(bytes)));
        assert!(!others.iter().any(|bytes| is_call(bytes)));
    }
}
