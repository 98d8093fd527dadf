//! The same crate in a process whose runtime exports the functions of the kernel's: each test
//! starts itself again with a stand-in loaded in front.

use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use lesson_support::{
    KeyboardInterrupt, Lock, Thread, check, checkpoint, one_line_panics, press_stop_after, sleep,
    who, within,
};

use crate::deadline::{AGES, PLENTY, in_background, on_thread, until, until_queue};
use crate::own_process::in_own_process;

const SOON: Duration = Duration::from_millis(20);
/// Long enough for some steps to be done before, on a busy machine, too.
const LATER: Duration = Duration::from_millis(600);

/// The stand-in, compiled once for all tests of this process.
fn fake_runtime() -> String {
    static BUILT: OnceLock<String> = OnceLock::new();
    let library = BUILT.get_or_init(|| {
        let source =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/integration/fake_runtime/lib.rs");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(&folder).expect("cargo's folder for tests is writable");
        // Other test processes may do the same: built aside, then put in place in one step.
        let aside = folder.join(format!("fake_runtime.{}", std::process::id()));
        let library = folder.join("libfake_runtime.so");
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let status = Command::new(rustc)
            .args([
                "--edition=2024",
                "--crate-type=cdylib",
                "--crate-name=fake_runtime",
                "-o",
            ])
            .arg(&aside)
            .arg(source)
            .status()
            .expect("rustc is there when cargo is");
        assert!(status.success(), "the stand-in does not compile");
        fs::rename(&aside, &library).expect("two names in one folder");
        library.to_str().expect("a path in UTF-8").to_owned()
    });
    library.clone()
}

/// Runs `cell` as a cell of a kernel whose stops go up to `stages`.
#[track_caller]
fn as_cell(test: &str, stages: &str, cell: impl FnOnce() + Send + 'static) {
    let envs = || {
        vec![
            ("LD_PRELOAD", fake_runtime()),
            ("FAKE_RUNTIME_STAGES", stages.to_owned()),
        ]
    };
    in_own_process(&format!("under_a_runtime::{test}"), envs, || {
        on_thread("cell", cell);
    });
}

/// Whether `work` was stopped.
fn is_stopped<T>(work: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err_and(|payload| payload.is::<KeyboardInterrupt>())
}

#[test]
fn the_thread_of_the_cells_is_called_notebook() {
    as_cell("the_thread_of_the_cells_is_called_notebook", "1", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        assert_eq!(lock.holder().as_deref(), Some("notebook"));
        assert_eq!(who(), "notebook");
        let handle = lock.clone();
        let main = in_background("main", move || handle.acquire());
        until_queue(&lock, &["main"]);
        lock.release();
        assert!(main.finish());
        assert_eq!(lock.timeline().lanes, ["notebook", "main"]);
    });
}

#[test]
fn the_notebook_comes_first_in_a_timeline() {
    as_cell("the_notebook_comes_first_in_a_timeline", "1", || {
        let lock = Lock::new("studio");
        let handle = lock.clone();
        on_thread("Ada", move || drop(handle.hold()));
        drop(lock.hold());
        assert_eq!(lock.timeline().lanes, ["notebook", "Ada"]);
    });
}

#[test]
fn every_blocking_call_of_a_cell_is_stopped() {
    as_cell("every_blocking_call_of_a_cell_is_stopped", "1", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        let thread = Thread::new("Ada", || thread::sleep(AGES));
        thread.start();
        let press = || press_stop_after(SOON);
        assert!(is_stopped(|| (press(), lock.acquire())));
        assert!(is_stopped(|| (press(), lock.acquire_for(AGES))));
        assert!(is_stopped(|| (press(), lock.hold())));
        assert!(is_stopped(|| (press(), sleep(AGES))));
        assert!(is_stopped(|| (press(), thread.join())));
        assert!(is_stopped(|| (press(), thread.settle())));
        assert!(lock.waiters().is_empty());
    });
}

#[test]
fn a_stop_ends_what_is_waited_for_within_a_limit() {
    as_cell("a_stop_ends_what_is_waited_for_within_a_limit", "1", || {
        assert!(is_stopped(|| (
            press_stop_after(SOON),
            within(AGES, || sleep(AGES))
        )));
    });
}

/// The other threads of a cell sit on when only the cell is stopped, but these are the check's own.
#[test]
fn a_stop_ends_a_check_and_its_threads() {
    as_cell("a_stop_ends_a_check_and_its_threads", "1", || {
        let alive = Arc::new(());
        let seen = Arc::downgrade(&alive);
        assert!(is_stopped(|| {
            press_stop_after(SOON);
            check::transfer(move |_, _, _, pair| {
                let _alive = &alive;
                assert!(pair.acquire());
                sleep(AGES);
            })
        }));
        until("the tellers have ended", || seen.upgrade().is_none());
    });
}

#[test]
fn a_stop_ends_a_check_whose_threads_are_between_two_waits() {
    let test = "a_stop_ends_a_check_whose_threads_are_between_two_waits";
    as_cell(test, "1", || {
        let alive = Arc::new(());
        let seen = Arc::downgrade(&alive);
        assert!(is_stopped(|| {
            press_stop_after(SOON);
            check::transfer(move |_, _, _, _| {
                let _alive = &alive;
                loop {
                    checkpoint();
                    thread::yield_now();
                }
            })
        }));
        until("the tellers have ended", || seen.upgrade().is_none());
    });
}

#[test]
fn fifty_stops_leave_the_variables_of_a_cell_alone() {
    as_cell(
        "fifty_stops_leave_the_variables_of_a_cell_alone",
        "1",
        || {
            let lock = Lock::new("studio");
            assert!(lock.acquire());
            let mut values = Vec::new();
            for round in 0..50 {
                assert!(is_stopped(|| {
                    values.push(round);
                    press_stop_after(Duration::from_micros(100 * round));
                    lock.acquire_for(PLENTY)
                }));
            }
            assert_eq!(values.len(), 50);
            assert!(lock.locked() && lock.waiters().is_empty());
        },
    );
}

#[test]
fn a_stop_is_claimed_once() {
    as_cell("a_stop_is_claimed_once", "1", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        assert!(is_stopped(|| (press_stop_after(SOON), lock.acquire())));
        assert!(!lock.acquire_for(SOON));
        sleep(SOON);
        checkpoint();
    });
}

#[test]
fn a_stop_before_the_wait_is_not_lost() {
    as_cell("a_stop_before_the_wait_is_not_lost", "1", || {
        press_stop_after(Duration::ZERO);
        thread::sleep(SOON * 5);
        assert!(is_stopped(|| sleep(AGES)));
    });
}

#[test]
fn the_first_stage_leaves_other_threads_waiting() {
    as_cell("the_first_stage_leaves_other_threads_waiting", "1", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        let handle = lock.clone();
        let bea = in_background("Bea", move || handle.acquire());
        until_queue(&lock, &["Bea"]);
        assert!(is_stopped(|| (press_stop_after(SOON), lock.acquire())));
        assert_eq!(lock.waiters(), ["Bea"]);
        lock.release();
        assert!(bea.finish());
    });
}

#[test]
fn the_second_stage_frees_a_cell_that_sits_in_a_scope() {
    as_cell(
        "the_second_stage_frees_a_cell_that_sits_in_a_scope",
        "2",
        || {
            let lock = Lock::new("studio");
            assert!(lock.acquire());
            let stopped = AtomicU32::new(0);
            let count = |was_stopped: bool| stopped.fetch_add(u32::from(was_stopped), SeqCst);
            thread::scope(|s| {
                s.spawn(|| count(is_stopped(|| lock.acquire())));
                s.spawn(|| count(is_stopped(|| sleep(AGES))));
                s.spawn(|| {
                    count(is_stopped(|| {
                        loop {
                            checkpoint();
                            thread::yield_now();
                        }
                    }))
                });
                press_stop_after(SOON);
            });
            assert_eq!(stopped.into_inner(), 3);
            assert!(lock.waiters().is_empty());
            assert!(
                is_stopped(checkpoint),
                "the cell's own stop is still unclaimed"
            );
        },
    );
}

#[test]
fn a_destructor_that_waits_while_a_stop_unwinds_is_freed_by_the_second_stage() {
    struct WaitsInDrop(Lock, mpsc::Sender<bool>);
    impl Drop for WaitsInDrop {
        fn drop(&mut self) {
            self.1.send(self.0.acquire()).unwrap();
        }
    }
    as_cell(
        "a_destructor_that_waits_while_a_stop_unwinds_is_freed_by_the_second_stage",
        "2",
        || {
            let lock = Lock::new("studio");
            assert!(lock.acquire());
            let (acquired_tx, acquired_rx) = mpsc::channel();
            assert!(is_stopped(|| {
                let _waits = WaitsInDrop(lock.clone(), acquired_tx);
                press_stop_after(SOON);
                sleep(AGES);
            }));
            assert_eq!(acquired_rx.try_recv(), Ok(false));
        },
    );
}

#[test]
fn the_panic_hook_is_left_to_the_runtime() {
    as_cell("the_panic_hook_is_left_to_the_runtime", "1", || {
        let reported = Arc::new(AtomicU32::new(0));
        let by_runtime = Arc::clone(&reported);
        std::panic::set_hook(Box::new(move |_| {
            by_runtime.fetch_add(1, SeqCst);
        }));
        one_line_panics();
        let ada = Thread::new("Ada", || -> () { panic!("a string broke") });
        ada.start();
        ada.join().unwrap_err();
        assert_eq!(reported.load(SeqCst), 1);
    });
}

#[test]
fn a_press_does_not_hit_the_next_cell() {
    let name = "under_a_runtime::a_press_does_not_hit_the_next_cell";
    const NUMBER: &str = "FAKE_RUNTIME_CELL";
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("number_of_the_cell");
    let envs = || {
        fs::write(&file, "7").expect("cargo's folder for tests is writable");
        let file = file.to_str().expect("a path in UTF-8").to_owned();
        vec![("LD_PRELOAD", fake_runtime()), (NUMBER, file)]
    };
    in_own_process(name, envs, || {
        on_thread("cell", || {
            press_stop_after(LATER);
            // Replaced in one step, for it is read at any time.
            let file = PathBuf::from(env::var_os(NUMBER).expect("set above"));
            let aside = file.with_extension("next");
            fs::write(&aside, "8").expect("cargo's folder for tests is writable");
            fs::rename(aside, file).expect("two names in one folder");
            sleep(LATER + SOON);
            checkpoint();
            assert!(is_stopped(|| (press_stop_after(SOON), sleep(AGES))));
        });
    });
}

#[test]
fn a_runtime_of_another_version_is_not_used() {
    let envs = || {
        vec![
            ("LD_PRELOAD", fake_runtime()),
            ("FAKE_RUNTIME_ABI", "2".to_owned()),
        ]
    };
    in_own_process(
        "under_a_runtime::a_runtime_of_another_version_is_not_used",
        envs,
        || {
            on_thread("cell", || {
                let lock = Lock::new("studio");
                assert!(lock.acquire());
                assert_eq!(lock.holder().as_deref(), Some("cell"));
                assert!(is_stopped(|| (press_stop_after(SOON), lock.acquire())));
            });
        },
    );
}
