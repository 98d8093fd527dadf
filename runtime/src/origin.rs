//! Which cell code belongs to.
//!
//! Each cell is a shared object of its own, so an address in it tells the cell: of code, or of the file
//! name that the compiler has put beside each place where it can panic.

use std::mem::MaybeUninit;
use std::os::raw::c_void;
use std::sync::{Mutex, PoisonError};

/// Where each shared object starts, and the number of the request that loaded it.
static LOADED: Mutex<Vec<(usize, u64)>> = Mutex::new(Vec::new());

/// Notes that the shared object with this address was loaded by this request.
pub fn register(address: *const c_void, cell: u64) {
    if let Some(base) = base_of(address) {
        lock().push((base, cell));
    }
}

/// The number of the request whose shared object has this address; 0 when none has.
pub fn cell_of(address: *const c_void) -> u64 {
    let Some(base) = base_of(address) else {
        return 0;
    };
    let loaded = lock();
    let found = loaded.iter().rev().find(|(start, _)| *start == base);
    found.map_or(0, |(_, cell)| *cell)
}

fn base_of(address: *const c_void) -> Option<usize> {
    let mut info = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: `info` has room for what `dladdr` writes; the address is only looked up.
    let found = unsafe { libc::dladdr(address, info.as_mut_ptr()) };
    if found == 0 {
        return None;
    }
    // SAFETY: `dladdr` returned something other than 0, so it has filled `info`.
    let info = unsafe { info.assume_init() };
    Some(info.dli_fbase.addr())
}

fn lock() -> std::sync::MutexGuard<'static, Vec<(usize, u64)>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}
