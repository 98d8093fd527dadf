//! A stand-in for the kernel's runtime: the same C functions, loaded into the process of a test.
//!
//! Compiled by the tests, not by cargo. The thread that runs the cells is the first one named
//! `cell`; threads without a name inherit their maker's, so the name alone does not tell.
//! `FAKE_RUNTIME_STAGES` says how far a stop goes (1 or 2), `FAKE_RUNTIME_ABI` which version the
//! functions claim to have, and the file `FAKE_RUNTIME_CELL` holds the number of the cell.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use std::{env, fs, thread};

type Callback = extern "C" fn();

static STAGE: AtomicU32 = AtomicU32::new(0);
static EPOCH: AtomicU64 = AtomicU64::new(0);
static CALLBACK: Mutex<Option<Callback>> = Mutex::new(None);

fn number_from(variable: &str, default: u32) -> u32 {
    let given = env::var(variable).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

fn raise(stage: u32) {
    STAGE.fetch_max(stage, SeqCst);
    EPOCH.fetch_add(1, SeqCst);
    let callback = *CALLBACK.lock().unwrap();
    if let Some(callback) = callback {
        callback();
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_abi() -> u32 {
    number_from("FAKE_RUNTIME_ABI", 1)
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_is_cell_thread() -> bool {
    static CELL_THREAD: OnceLock<PathBuf> = OnceLock::new();
    let this = fs::read_link("/proc/thread-self").unwrap();
    if CELL_THREAD.get().is_none() {
        let name = fs::read_to_string("/proc/thread-self/comm").unwrap();
        if name.trim() == "cell" {
            CELL_THREAD.get_or_init(|| this.clone());
        }
    }
    CELL_THREAD.get() == Some(&this)
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_interrupt_stage() -> u32 {
    STAGE.load(SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_interrupt_epoch() -> u64 {
    EPOCH.load(SeqCst)
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_on_interrupt(callback: Callback) {
    *CALLBACK.lock().unwrap() = Some(callback);
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_take_interrupt() -> bool {
    lesson_runtime_is_cell_thread() && STAGE.swap(0, SeqCst) != 0
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_current_cell() -> u64 {
    let number = env::var_os("FAKE_RUNTIME_CELL").and_then(|file| fs::read_to_string(file).ok());
    number.map_or(0, |number| number.trim().parse().unwrap())
}

#[unsafe(no_mangle)]
pub extern "C" fn lesson_runtime_press_stop() {
    thread::spawn(|| {
        raise(1);
        if number_from("FAKE_RUNTIME_STAGES", 1) == 2 {
            thread::sleep(Duration::from_millis(200));
            raise(2);
        }
    });
}
