//! A victim's memory, the same for every victim.
#![allow(clippy::disallowed_types, reason = "the program's own, of no protocol")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    ptr::null_mut,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use memmap2::MmapMut;

/// What one victim may allocate.
const SIZE: usize = 1 << 20;

/// Where the next allocation begins, and where all must end; 0 in whoever is no victim. Victims have
/// one thread.
static NEXT: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, but for victims: what that does depends on all that was ever allocated in
/// the parent, and with it the victim's way through its instructions. A victim takes what comes next in
/// pages of its own, and frees nothing.
#[derive(Debug)]
pub struct Allocator;

/// From here on, the calling process is a victim.
pub(super) fn begin() {
    // Without pages of its own it has the parent's memory, and takes longer to get anywhere.
    if let Ok(pages) = MmapMut::map_anon(SIZE) {
        let start = pages.as_ptr().expose_provenance();
        std::mem::forget(pages);
        END.store(start + SIZE, Relaxed);
        NEXT.store(start, Relaxed);
    }
}

// SAFETY: `System`'s promises are its own. A victim's blocks do not overlap, are aligned, and lie in
// pages that stay mapped; they are never freed, so they stay as long as anybody wants.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let next = NEXT.load(Relaxed);
        if next == 0 {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        }
        let start = next.next_multiple_of(layout.align());
        if layout.size() > END.load(Relaxed).saturating_sub(start) {
            return null_mut();
        }
        NEXT.store(start + layout.size(), Relaxed);
        std::ptr::with_exposed_provenance_mut(start)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if NEXT.load(Relaxed) == 0 {
            // SAFETY: the caller's promise; whoever is no victim never was one.
            unsafe { System.dealloc(block, layout) }
        }
    }
}
