//! Records a few threads at their locks, prints what happened, and draws it.
//!
//! `cargo run --example timeline -- FOLDER` writes the pictures into FOLDER.

use std::path::PathBuf;
use std::{env, fs, io};

use lesson_support::prelude::*;
use lesson_support::{Condvar, Mutex, RwLock, bounded, record, wait_graph};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    fs::create_dir_all(&folder)?;
    for (name, timeline) in [
        ("turns", turns()),
        ("left_on", left_on()),
        ("two_locks", two_locks()),
        ("crowd", crowd()),
        ("busy", busy()),
        ("belt", belt()),
        ("prices", prices()),
        ("bell", bell()),
        ("deadlock", deadlock(&folder)?),
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

/// A belt with room for two boxes.
fn belt() -> Timeline {
    record(|| {
        let (belt_tx, belt_rx) = bounded("belt", 2);
        let ada = Thread::new("Ada", move || {
            for number in 1..=5 {
                belt_tx.send(number).expect("Bea listens");
            }
        });
        let bea = Thread::new("Bea", move || {
            for _box in &belt_rx {
                sleep(SHORT / 4);
            }
        });
        ada.start();
        bea.start();
        ada.join().expect("nobody panics");
        bea.join().expect("nobody panics");
    })
}

/// Readers share a lock, a writer does not.
fn prices() -> Timeline {
    record(|| {
        let price = Arc::new(RwLock::named("price", 3));
        let readers = ["Ada", "Bea"].map(|name| {
            let price = Arc::clone(&price);
            Thread::new(name, move || {
                let _price = price.read();
                sleep(SHORT);
            })
        });
        let changed = Arc::clone(&price);
        let writer = Thread::new("writer", move || {
            sleep(SHORT / 4);
            *changed.write() = 4;
        });
        readers.iter().for_each(Thread::start);
        writer.start();
        writer.join().expect("nobody panics");
        assert_eq!(*price.read(), 4);
    })
}

/// One thread waits for a bell.
fn bell() -> Timeline {
    record(|| {
        let (board, bell) = (Arc::new(Mutex::named("board", false)), Condvar::new("bell"));
        let (there, rings) = (Arc::clone(&board), bell.clone());
        let ada = Thread::new("Ada", move || {
            drop(rings.wait_while(there.lock(), |is_written| !*is_written));
        });
        ada.start();
        sleep(SHORT);
        *board.lock() = true;
        bell.notify_one();
        ada.join().expect("nobody panics");
    })
}

/// Two threads, two locks, two orders; and who waits for whom meanwhile.
fn deadlock(folder: &std::path::Path) -> io::Result<Timeline> {
    let mut graph = None;
    let timeline = record(|| {
        let (ledger, audit) = (Lock::new("ledger"), Lock::new("audit"));
        let clerks = [("Ada", &ledger, &audit), ("Bea", &audit, &ledger)];
        let clerks = clerks.map(|(name, first, second)| {
            let (first, second) = (first.clone(), second.clone());
            let clerk = Thread::new(name, move || {
                let _first = first.hold();
                sleep(SHORT / 4);
                if second.acquire_for(2 * SHORT) {
                    second.release();
                }
            });
            clerk.start();
            clerk
        });
        sleep(SHORT);
        let held = ledger.clone();
        let cy = Thread::new("Cy", move || drop(held.hold()));
        cy.start();
        cy.settle();
        graph = Some(wait_graph());
        for clerk in clerks {
            clerk.join().expect("nobody panics");
        }
        cy.join().expect("nobody panics");
    });
    if let Some(graph) = graph {
        println!("{graph}\n");
        fs::write(folder.join("wait_graph.svg"), graph.svg())?;
    }
    Ok(timeline)
}
