//! Records a few threads at their locks, prints what happened, and draws it.
//!
//! `cargo run --example timeline -- FOLDER` writes the pictures into FOLDER.

use std::path::PathBuf;
use std::{env, fs, io};

use lesson_support::prelude::*;
use lesson_support::record;

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    fs::create_dir_all(&folder)?;
    for (name, timeline) in [
        ("turns", turns()),
        ("left_on", left_on()),
        ("two_locks", two_locks()),
        ("crowd", crowd()),
        ("busy", busy()),
    ] {
        println!("{name}\n{timeline}\n");
        let picture = timeline.svg();
        println!("{} kB\n", picture.len() / 1_000);
        fs::write(folder.join(name).with_extension("svg"), picture)?;
    }
    Ok(())
}

const SHORT: Duration = Duration::from_millis(400);

/// Ada, the main thread, and Bea take turns.
fn turns() -> Timeline {
    let lock = Lock::new("studio");
    let ada = lock_hogger("Ada", &lock, 3 * SHORT);
    ada.start();
    ada.settle();
    sleep(SHORT);
    assert!(lock.acquire());
    sleep(SHORT / 2);
    let bea = lock_hogger("Bea", &lock, Duration::ZERO);
    bea.start();
    bea.settle();
    sleep(SHORT);
    lock.release();
    bea.join().expect("Bea does not panic");
    lock.timeline()
}

/// Ada panics while she holds the lock.
fn left_on() -> Timeline {
    let lock = Lock::new("studio");
    let ada = faulty_hogger("Ada", &lock, SHORT);
    ada.start();
    ada.join().expect_err("Ada panics");
    assert!(!lock.acquire_for(SHORT));
    sleep(Duration::from_secs(6));
    assert!(!lock.try_acquire());
    sleep(SHORT);
    lock.release();
    assert!(lock.try_acquire());
    lock.timeline()
}

/// Two locks in one order, by two threads.
fn two_locks() -> Timeline {
    record(|| {
        let (ledger, audit) = (Lock::new("ledger"), Lock::new("audit"));
        let clerks = ["Ada", "Bea"].map(|name| {
            let (ledger, audit) = (ledger.clone(), audit.clone());
            Thread::new(name, move || {
                let _ledger = ledger.hold();
                sleep(SHORT / 2);
                let _audit = audit.hold();
                sleep(SHORT / 2);
            })
        });
        let held = audit.hold();
        clerks.iter().for_each(Thread::start);
        sleep(SHORT);
        drop(held);
        for clerk in &clerks {
            clerk.join().expect("nobody panics");
        }
    })
}

/// Thirty threads at one lock.
fn crowd() -> Timeline {
    let lock = Lock::new("gate");
    let crowd: Vec<Thread<()>> = (1..=30)
        .map(|number| {
            let lock = lock.clone();
            Thread::new(format!("guest {number}"), move || {
                sleep(Duration::from_millis(number * 7 % 60));
                let _held = lock.hold();
                sleep(Duration::from_millis(20));
            })
        })
        .collect();
    crowd.iter().for_each(Thread::start);
    for guest in &crowd {
        guest.join().expect("nobody panics");
    }
    lock.timeline()
}

/// More events than anybody can look at.
fn busy() -> Timeline {
    record(|| {
        let lock = Lock::new("counter");
        let threads: Vec<Thread<()>> = (1..=4)
            .map(|number| {
                let lock = lock.clone();
                Thread::new(format!("worker {number}"), move || {
                    for _ in 0..800 {
                        drop(lock.hold());
                    }
                })
            })
            .collect();
        threads.iter().for_each(Thread::start);
        for thread in &threads {
            thread.join().expect("nobody panics");
        }
    })
}
