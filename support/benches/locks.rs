//! What a lock costs: this crate's with recording off and on, beside `parking_lot` and `std`, all
//! in one run. `cargo bench -p lesson_support`
//!
//! - `uncontended`: one thread takes the lock, adds one, and releases it.
//! - `2 threads` and so on: that many threads do nothing else, all at once; the time is that of
//!   one round of one of them, so half the time is twice the throughput.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use lesson_support::{Lock, Mutex, parking_lot, recording};

/// One kind of lock, taken and released once.
struct Kind<'a> {
    name: &'static str,
    records: bool,
    round: &'a (dyn Fn() + Sync),
}

/// A call through a pointer is part of each figure, for all kinds alike.
fn kinds(run: impl Fn(&Kind)) {
    let std = std::sync::Mutex::new(0_u64);
    let plain = parking_lot::Mutex::new(0_u64);
    let ours = Mutex::named("till", 0_u64);
    let (by_hand, guarded) = (Lock::new("studio"), Lock::new("hall"));
    let kind = |name, records, round| {
        run(&Kind {
            name,
            records,
            round,
        })
    };
    kind("std::sync::Mutex", false, &|| {
        *std.lock().expect("nobody panics") += 1
    });
    kind("parking_lot::Mutex", false, &|| *plain.lock() += 1);
    for records in [false, true] {
        let [mutex, lock, hold] = if records {
            [
                "Mutex, recording",
                "Lock, recording",
                "Lock::hold, recording",
            ]
        } else {
            ["Mutex", "Lock", "Lock::hold"]
        };
        kind(mutex, records, &|| *ours.lock() += 1);
        kind(lock, records, &|| {
            assert!(by_hand.acquire());
            by_hand.release();
        });
        kind(hold, records, &|| drop(guarded.hold()));
    }
}

fn group<'a>(criterion: &'a mut Criterion, name: String) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(1));
    group.sample_size(30);
    group
}

fn uncontended(criterion: &mut Criterion) {
    let group = std::cell::RefCell::new(group(criterion, "uncontended".to_owned()));
    kinds(|kind| {
        recording(kind.records);
        group
            .borrow_mut()
            .bench_function(kind.name, |bencher| bencher.iter(kind.round));
    });
}

fn contended(criterion: &mut Criterion) {
    for threads in [2, 4, 8] {
        let group = std::cell::RefCell::new(group(criterion, format!("{threads} threads")));
        kinds(|kind| {
            recording(kind.records);
            group.borrow_mut().bench_function(kind.name, |bencher| {
                bencher.iter_custom(|rounds| together(threads, rounds, kind.round) / threads);
            });
        });
    }
}

/// How long it takes until all threads have done so many rounds each.
fn together(threads: u32, rounds: u64, round: &(dyn Fn() + Sync)) -> Duration {
    let start = Barrier::new(threads as usize + 1);
    let began = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                start.wait();
                for _ in 0..rounds {
                    round();
                }
            });
        }
        start.wait();
        Instant::now()
    });
    began.elapsed()
}

criterion_group!(benches, uncontended, contended);
criterion_main!(benches);
