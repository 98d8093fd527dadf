//! Memory that is free goes back to the system.
//!
//! While rust-analyzer reads the standard library it holds twice of what it needs from then on, mostly
//! syntax trees. What it frees lies scattered between what it keeps, so allocators hold on to it.
//! glibc can be asked to return each free page, also from the middle. (mimalloc
//! kept 450 MB, also after `mi_collect`, where glibc comes down to 310.)

use std::thread;

/// When memory goes back while cells follow each other: somebody who runs all of a notebook leaves no
/// pause.
#[derive(Debug, Default)]
pub struct Busy {
    cells: usize,
}

impl Busy {
    /// To be called after each cell. Returns what is free beside the thread that calls, after the second
    /// cell, the fourth, the eighth and so on: what was read for the first one, which is most of what
    /// there is to return, is let go of bit by bit while the next ones change the code.
    pub fn after_cell(&mut self) {
        if self.is_due() {
            // Where no thread can be had, it goes back in the next pause.
            let _ = thread::Builder::new()
                .name("memory".into())
                .spawn(give_back);
        }
    }

    fn is_due(&mut self) -> bool {
        self.cells += 1;
        self.cells > 1 && self.cells.is_power_of_two()
    }
}

/// Returns what is free. It takes some 20 ms, during which threads that allocate wait.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub fn give_back() {
    // SAFETY: the function has no preconditions; it takes the allocator's own locks.
    unsafe { libc::malloc_trim(0) };
}

/// Other systems' allocators have no such call.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_back_less_and_less_often() {
        let mut busy = Busy::default();
        let due: Vec<usize> = (1..=60).filter(|_| busy.is_due()).collect();
        assert_eq!(due, [2, 4, 8, 16, 32]);
    }
}
