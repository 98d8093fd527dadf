//! What a lock costs beside those of `parking_lot` and `std`, on a machine that may be busy: all of
//! them take turns, in short rounds, so that what disturbs one disturbs the others, too.
//! `cargo bench -p lesson_support --bench side_by_side`
//!
//! Says the best round of each, and the median of what it takes in relation to `parking_lot` in the
//! same round. With several threads, a rate: more is better.
//!
//! Several threads are spread over the processors and stay there, else the system puts two of them on one
//! processor for as long as it likes: they then take turns of some milliseconds, never meet, and need
//! as long as one thread alone. Which of the two happens to whom would be all that the figures say.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use lesson_support::{Lock, Mutex, parking_lot, recording};

type Work<'a> = Box<dyn Fn(u32) + Sync + 'a>;

struct Subject<'a> {
    name: &'static str,
    records: bool,
    /// Takes and releases the lock so many times.
    work: Work<'a>,
}

/// So few holds make a round short enough that mostly nothing disturbs it.
const HOLDS_ALONE: u32 = 20_000;
const ROUNDS_ALONE: usize = 400;
/// Together, the threads have to be at it for a fifth of a second: for many slices of the scheduler, and until
/// it does not matter what happens first, such as the hundred turns that our locks have in store.
const HOLDS_TOGETHER: u32 = 12_000_000;
const ROUNDS_TOGETHER: usize = 9;

fn main() {
    let std = std::sync::Mutex::new(0_u64);
    let plain = parking_lot::Mutex::new(0_u64);
    let (till, studio, hall) = (
        Mutex::named("till", 0_u64),
        Lock::new("studio"),
        Lock::new("hall"),
    );
    let subject = |name, records, work| Subject {
        name,
        records,
        work,
    };
    let mut subjects = vec![
        subject("parking_lot::Mutex", false, {
            Box::new(|holds: u32| (0..holds).for_each(|_| *plain.lock() += 1)) as Work
        }),
        subject("std::sync::Mutex", false, {
            Box::new(|holds: u32| (0..holds).for_each(|_| *std.lock().expect("no poison") += 1))
        }),
    ];
    for records in [false, true] {
        subjects.push(subject("Mutex", records, {
            Box::new(|holds: u32| (0..holds).for_each(|_| *till.lock() += 1))
        }));
        subjects.push(subject("Lock", records, {
            Box::new(|holds: u32| {
                for _ in 0..holds {
                    assert!(studio.acquire());
                    studio.release();
                }
            })
        }));
        subjects.push(subject("Lock::hold", records, {
            Box::new(|holds: u32| (0..holds).for_each(|_| drop(hall.hold())))
        }));
    }
    for threads in [1, 2, 4, 8] {
        compare(threads, &subjects);
    }
}

fn compare(threads: u32, subjects: &[Subject<'_>]) {
    let rounds = if threads == 1 {
        ROUNDS_ALONE
    } else {
        ROUNDS_TOGETHER
    };
    let rounds: Vec<Vec<f64>> = (0..rounds)
        .map(|round| one_round(round, threads, subjects))
        .collect();
    println!("\n{threads} thread(s)");
    for (index, subject) in subjects.iter().enumerate() {
        let best = rounds
            .iter()
            .map(|round| round[index])
            .fold(f64::MAX, f64::min);
        let mut ratios: Vec<f64> = rounds.iter().map(|round| round[index] / round[0]).collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        let records = if subject.records { ", recording" } else { "" };
        let relation = if threads == 1 {
            format!("{ratio:.2} x the time")
        } else {
            format!("{:.2} x the rate", 1.0 / ratio)
        };
        let name = format!("{}{records}", subject.name);
        println!("{name:24} {best:7.1} ns  {relation}");
    }
}

/// Each round begins with another one, so that nobody always comes behind the same.
fn one_round(round: usize, threads: u32, subjects: &[Subject<'_>]) -> Vec<f64> {
    let mut times = vec![0.0; subjects.len()];
    for turn in 0..subjects.len() {
        let index = (round + turn) % subjects.len();
        times[index] = nanoseconds(threads, &subjects[index]);
    }
    times
}

/// For one hold, of all threads together.
fn nanoseconds(threads: u32, subject: &Subject<'_>) -> f64 {
    recording(subject.records);
    let (time, holds) = if threads == 1 {
        (subject.work)(100);
        let begin = Instant::now();
        (subject.work)(HOLDS_ALONE);
        (begin.elapsed(), HOLDS_ALONE)
    } else {
        (together(threads, subject), HOLDS_TOGETHER)
    };
    time.as_nanos() as f64 / f64::from(holds)
}

/// From when the first one begins to when the last one is done, by their own clocks: this thread may be
/// woken late.
fn together(threads: u32, subject: &Subject<'_>) -> Duration {
    let start = Barrier::new(threads as usize);
    let processors = core_affinity::get_core_ids().unwrap_or_default();
    let work = |number: u32| {
        if let Some(processor) = processors.iter().cycle().nth(number as usize) {
            core_affinity::set_for_current(*processor);
        }
        start.wait();
        let began = Instant::now();
        (subject.work)(HOLDS_TOGETHER / threads);
        (began, Instant::now())
    };
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || work(number)))
            .collect();
        let spans = threads.into_iter();
        let spans = spans.map(|thread| thread.join().expect("nobody panics"));
        let spans: Vec<(Instant, Instant)> = spans.collect();
        let first = spans.iter().map(|(began, _)| *began).min();
        let last = spans.iter().map(|(_, ended)| *ended).max();
        last.zip(first)
            .map_or(Duration::ZERO, |(last, first)| last - first)
    })
}
