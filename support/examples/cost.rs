//! What a lock costs: `std`, `parking_lot`, and this crate's with recording off and on.
//!
//! `cargo run --release --example cost`

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use lesson_support::{Lock, Mutex, parking_lot, recording};

const ROUNDS: u32 = 200_000;

fn main() {
    let std = std::sync::Mutex::new(0_u64);
    let plain = parking_lot::Mutex::new(0_u64);
    let ours = Mutex::named("ours", 0_u64);
    let lock = Lock::new("lock");
    for threads in [1, 2, 4] {
        let row = |name: &str, work: &(dyn Fn() + Sync)| {
            let nanos = per_round(threads, work).as_nanos();
            println!("{threads} threads, {name}: {nanos} ns");
        };
        row("std::sync::Mutex", &|| {
            *std.lock().expect("nobody panics") += 1;
        });
        row("parking_lot::Mutex", &|| *plain.lock() += 1);
        for on in [false, true] {
            recording(on);
            let state = if on { "recording" } else { "not recording" };
            row(&format!("Mutex, {state}"), &|| *ours.lock() += 1);
            row(&format!("Lock, {state}"), &|| drop(black_box(lock.hold())));
        }
    }
}

/// The mean time of one round, with all threads at it at the same time.
fn per_round(threads: u32, work: &(dyn Fn() + Sync)) -> Duration {
    let start = Barrier::new(threads as usize + 1);
    let began = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                start.wait();
                for _ in 0..ROUNDS / threads {
                    work();
                }
            });
        }
        let began = Instant::now();
        start.wait();
        began
    });
    began.elapsed() / ROUNDS
}
