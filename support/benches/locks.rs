//! What a lock costs: this crate's with recording off and on, beside `parking_lot` and `std`, all
//! in one run. `cargo bench -p lesson_support`
//!
//! - `uncontended`: one thread takes the lock, adds one, and releases it.
//! - `2 threads` and so on: that many threads do nothing else, all at once; the time is the mean
//!   over all their rounds, so half the time is twice the throughput.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use lesson_support::{Lock, Mutex, parking_lot, recording};

/// One group: each kind of lock, taken and released by so many threads.
struct Locks<'a> {
    group: BenchmarkGroup<'a, WallTime>,
    threads: u32,
}

impl Locks<'_> {
    fn all(&mut self) {
        let std = std::sync::Mutex::new(0_u64);
        let plain = parking_lot::Mutex::new(0_u64);
        self.one("std::sync::Mutex", || {
            *std.lock().expect("nobody panics") += 1;
        });
        self.one("parking_lot::Mutex", || *plain.lock() += 1);
        for (records, [mutex, lock, hold]) in [
            (false, ["Mutex", "Lock", "Lock::hold"]),
            (
                true,
                [
                    "Mutex, recording",
                    "Lock, recording",
                    "Lock::hold, recording",
                ],
            ),
        ] {
            recording(records);
            let ours = Mutex::named("till", 0_u64);
            self.one(mutex, || *ours.lock() += 1);
            let by_hand = Lock::new("studio");
            self.one(lock, || {
                assert!(by_hand.acquire());
                by_hand.release();
            });
            let guarded = Lock::new("hall");
            self.one(hold, || drop(guarded.hold()));
        }
    }

    fn one(&mut self, name: &str, round: impl Fn() + Sync) {
        let threads = self.threads;
        self.group.bench_function(name, |bencher| {
            if threads == 1 {
                bencher.iter(&round);
            } else {
                bencher.iter_custom(|rounds| together(threads, rounds, &round));
            }
        });
    }
}

/// How long so many threads take for so many rounds of all of them, together: from when the first
/// one begins to when the last one is done. By their own clocks, for this thread may be woken late.
fn together(threads: u32, rounds: u64, round: &(impl Fn() + Sync)) -> Duration {
    let start = Barrier::new(threads as usize);
    let work = || {
        start.wait();
        let began = Instant::now();
        for _ in 0..rounds.div_ceil(u64::from(threads)) {
            round();
        }
        (began, Instant::now())
    };
    let spans: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let spans = threads
            .into_iter()
            .map(|thread| thread.join().expect("nobody panics"));
        spans.collect()
    });
    let first = spans.iter().map(|(began, _)| *began).min();
    let last = spans.iter().map(|(_, ended)| *ended).max();
    last.zip(first)
        .map_or(Duration::ZERO, |(last, first)| last - first)
}

fn locks(criterion: &mut Criterion) {
    for threads in [1, 2, 4, 8] {
        let mut group = criterion.benchmark_group(match threads {
            1 => "uncontended".to_owned(),
            threads => format!("{threads} threads"),
        });
        group.warm_up_time(Duration::from_millis(300));
        group.measurement_time(Duration::from_secs(1));
        group.sample_size(30);
        Locks { group, threads }.all();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    locks(&mut criterion);
    criterion.final_summary();
}
