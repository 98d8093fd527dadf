//! Without a runtime a stop is aimed at the thread that ordered it; that is how these tests stop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender, TryRecvError};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, RwLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use super::{Otherwise as _, awaited, before, call, call_bare, each, on, owned, scope};
use crate::thread_mark::ThreadMark;
use crate::{KeyboardInterrupt, interrupt};

/// More than a correct program needs, so that a lost wake-up is a failure and no endless wait.
const PLENTY: Duration = Duration::from_secs(30);

/// Runs `wait`, which blocks for ever, and stops it; fails when it is not stopped.
#[track_caller]
fn stopped<R>(wait: impl FnOnce() -> R) {
    let mark = ThreadMark::current();
    let (over_tx, over) = mpsc::channel::<()>();
    let press = thread::spawn(move || {
        // Pressed again and again, as a reader would: before the wait, on its edge, and inside.
        let deadline = Instant::now() + PLENTY;
        while let Err(mpsc::RecvTimeoutError::Timeout) = over.recv_timeout(Duration::from_millis(3))
        {
            assert!(Instant::now() < deadline, "it is not stopped");
            interrupt::stop_thread(&mark);
        }
    });
    // A wait for a lock is stoppable on all threads as long as a scope is open.
    let open = scope();
    let outcome = catch_unwind(AssertUnwindSafe(wait));
    drop(open);
    drop(over_tx);
    press.join().expect("it was stopped in time");
    ThreadMark::current().take_stop();
    match outcome {
        Ok(_) => panic!("it does not block"),
        Err(payload) => assert!(payload.is::<KeyboardInterrupt>()),
    }
}

#[test]
fn each_wait_for_a_lock_is_stopped() {
    let mutex = Mutex::new(1);
    let held = mutex.lock().unwrap();
    stopped(|| on(&mutex).lock());
    drop(held);
    assert!(!mutex.is_poisoned());

    let lock = RwLock::new(1);
    let held = lock.write().unwrap();
    stopped(|| on(&lock).read());
    stopped(|| on(&lock).write());
    drop(held);
    let held = lock.read().unwrap();
    stopped(|| on(&lock).write());
    assert!(
        on(&lock).read().is_ok(),
        "the writer that gave up bars nobody"
    );
    drop(held);
    assert!(!lock.is_poisoned());
}

#[test]
fn each_wait_of_a_channel_is_stopped() {
    let (tx, rx) = mpsc::channel::<u8>();
    stopped(|| on(&rx).recv());
    stopped(|| on(&rx).iter().next());
    stopped(|| for _ in each(&rx).lesson_each() {});
    let shared = Arc::new(Mutex::new(rx));
    stopped(|| on(&on(&shared).lock().unwrap_or_else(|e| e.into_inner())).recv());
    drop(tx);

    let (tx, _rx) = mpsc::sync_channel(1);
    on(&tx).send(1).unwrap();
    stopped(|| on(&tx).send(2));
}

#[test]
fn each_wait_for_a_thread_is_stopped() {
    let (go_on, rx) = mpsc::channel::<()>();
    let handle = thread::spawn(move || rx.recv());
    stopped(|| before(&handle).join());
    stopped(|| {
        owned(thread::spawn(thread::park)).join().unwrap();
    });
    drop(go_on);
    before(&handle).join();
    assert!(handle.join().unwrap().is_err());
}

#[test]
fn sleep_and_park_are_stopped() {
    stopped(|| call(thread::sleep, Duration::MAX));
    stopped(|| call(thread::park_timeout, PLENTY * 10));
    // It may return without a reason, so a program calls it in a loop.
    stopped(|| {
        loop {
            call_bare(thread::park, ());
        }
    });
}

#[test]
fn every_wait_for_a_condition_is_stopped_and_poisons_nothing() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let (ready, changed) = &*pair;
    let lock = || ready.lock().unwrap();
    stopped(|| {
        loop {
            drop(on(changed).wait(lock()));
        }
    });
    stopped(|| on(changed).wait_while(lock(), |ready| !*ready));
    stopped(|| {
        loop {
            drop(on(changed).wait_timeout(lock(), PLENTY * 10));
        }
    });
    stopped(|| on(changed).wait_timeout_while(lock(), PLENTY * 10, |ready| !*ready));
    assert!(!ready.is_poisoned());
    assert_eq!(super::wakes::count(&ThreadMark::current()), 0);
}

#[test]
fn no_wake_up_is_lost() {
    let pair = Arc::new((Mutex::new(0_u32), Condvar::new()));
    let partner = Arc::clone(&pair);
    const ROUNDS: u32 = 2_000;
    let play = |pair: &(Mutex<u32>, Condvar), mine: u32| {
        for _ in 0..ROUNDS {
            let mut turn = pair.0.lock().unwrap();
            while *turn % 2 != mine {
                let (guard, waited) = on(&pair.1).wait_timeout(turn, PLENTY).unwrap();
                assert!(!waited.timed_out(), "a wake-up was lost");
                turn = guard;
            }
            *turn += 1;
            pair.1.notify_one();
        }
    };
    let bea = thread::spawn(move || play(&partner, 1));
    play(&pair, 0);
    bea.join().unwrap();
    assert_eq!(*pair.0.lock().unwrap(), 2 * ROUNDS);
}

#[test]
fn a_poisoned_lock_says_so() {
    let mutex = Arc::new(Mutex::new(5));
    let lock = Arc::new(RwLock::new(6));
    let (same, also) = (Arc::clone(&mutex), Arc::clone(&lock));
    let end = thread::spawn(move || {
        let _guards = (same.lock().unwrap(), also.write().unwrap());
        std::panic::resume_unwind(Box::new("with both"));
    });
    assert!(end.join().is_err());
    assert_eq!(*on(&mutex).lock().unwrap_err().into_inner(), 5);
    assert_eq!(*on(&lock).read().unwrap_err().into_inner(), 6);
    assert_eq!(*on(&lock).write().unwrap_err().into_inner(), 6);
    let condvar = Condvar::new();
    let guard = mutex.lock().unwrap_err().into_inner();
    assert!(
        on(&condvar)
            .wait_timeout(guard, Duration::from_millis(1))
            .is_err()
    );
}

#[test]
fn a_guard_lives_as_long_as_the_lock() {
    static TALLY: LazyLock<Mutex<u32>> = LazyLock::new(|| Mutex::new(1));
    fn longer<'a>(short: &Arc<Mutex<u32>>, long: &'a Mutex<u32>) -> MutexGuard<'a, u32> {
        drop(on(short).lock());
        on(&long).lock().unwrap()
    }
    let long = Mutex::new(7);
    assert_eq!(*longer(&Arc::default(), &long), 7);
    let kept: MutexGuard<'static, u32> = on(&TALLY).lock().unwrap();
    assert_eq!(*kept, 1);
    let many = [Mutex::new(1), Mutex::new(2)];
    let twos = many.iter().filter(|each| *on(each).lock().unwrap() == 2);
    assert_eq!(twos.count(), 1);
}

#[test]
fn messages_come_as_from_std() {
    let (tx, rx) = mpsc::channel();
    for number in 0..4 {
        tx.send(number).unwrap();
    }
    assert_eq!(on(&rx).recv(), Ok(0));
    assert_eq!(on(&rx).try_recv(), Ok(1));
    drop(tx);
    assert_eq!(on(&rx).iter().collect::<Vec<i32>>(), [2, 3]);
    assert!(on(&rx).recv().is_err());
    assert_eq!(on(&rx).try_recv(), Err(TryRecvError::Disconnected));
    let (tx, rx) = mpsc::sync_channel(1);
    drop(rx);
    assert_eq!(on(&tx).send(9).unwrap_err().0, 9);
}

#[test]
fn sender_and_receiver_of_a_channel_without_room_meet() {
    let (tx, rx) = mpsc::sync_channel::<u32>(0);
    let open = scope();
    let sender = thread::spawn(move || {
        let tx: SyncSender<u32> = tx;
        for number in 0..20 {
            on(&tx).send(number).unwrap();
        }
    });
    let deadline = Instant::now() + PLENTY;
    let mut got = Vec::new();
    while got.len() < 10 {
        assert!(Instant::now() < deadline, "they never meet");
        got.extend(on(&rx).try_recv().ok());
    }
    got.extend(each(rx).lesson_each());
    assert_eq!(got, (0..20).collect::<Vec<_>>());
    before(&sender).join();
    sender.join().unwrap();
    drop(open);
}

#[test]
fn a_reader_that_comes_later_lets_a_waiting_writer_go_first() {
    let lock = RwLock::new("nobody");
    let (got_tx, got) = mpsc::channel();
    let open = scope();
    thread::scope(|s| {
        let first = lock.read().unwrap();
        s.spawn(|| *on(&lock).write().unwrap() = "writer");
        let deadline = Instant::now() + PLENTY;
        while !super::rw_lock::a_writer_waits_for(&lock) {
            assert!(Instant::now() < deadline, "it does not wait");
            thread::yield_now();
        }

        s.spawn(|| got_tx.send(*on(&lock).read().unwrap()).unwrap());
        let overtaken = got.recv_timeout(Duration::from_millis(50));
        assert_eq!(overtaken, Err(mpsc::RecvTimeoutError::Timeout));
        drop(first);
        assert_eq!(got.recv_timeout(PLENTY), Ok("writer"));
    });
    drop(open);
}

#[test]
fn who_waits_long_gets_the_lock_before_one_that_takes_it_again_and_again() {
    const ROUNDS: u32 = 2_000;
    let mutex = Arc::new(Mutex::new(0));
    let same = Arc::clone(&mutex);
    let (holds_tx, holds) = mpsc::channel();
    let open = scope();
    // Free for a moment only, between two rounds.
    let hog = thread::spawn(move || {
        for round in 0..ROUNDS {
            let mut rounds = on(&same).lock().unwrap();
            if *rounds > round {
                return;
            }
            *rounds = round;
            if round == 0 {
                holds_tx.send(()).unwrap();
            }
            thread::sleep(Duration::from_millis(2));
        }
    });
    holds.recv_timeout(PLENTY).unwrap();
    let mut rounds = on(&mutex).lock().unwrap();
    assert!(*rounds < ROUNDS - 1, "only when the other had enough");
    *rounds = ROUNDS;
    drop(rounds);
    drop(open);
    owned(hog).join().unwrap();
}

/// The least of executors: parks until it is woken.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

#[test]
fn what_is_awaited_is_stopped_and_leaves_nothing_behind() {
    let mark = ThreadMark::current();
    stopped(|| block_on(awaited(std::future::pending::<()>())));
    // Also below others, and with what is a future only after a call.
    let inner = async { awaited(std::future::pending::<()>()).await };
    stopped(|| block_on(async { awaited(inner).await }));
    assert_eq!(super::wakes::count(&mark), 0);
}

#[test]
fn what_is_awaited_gives_its_output() {
    let (tx, rx) = mpsc::channel::<Waker>();
    let ready = Arc::new(Mutex::new(false));
    let set = Arc::clone(&ready);
    let other = thread::spawn(move || {
        let waker = rx.recv().unwrap();
        *set.lock().unwrap() = true;
        waker.wake();
    });
    let mut borrowed = String::from("a");
    let wait = std::future::poll_fn(|context| {
        if *ready.lock().unwrap() {
            borrowed.push('b');
            return Poll::Ready(borrowed.len());
        }
        // Gone once it has been woken.
        let _ = tx.send(context.waker().clone());
        Poll::Pending
    });
    assert_eq!(block_on(awaited(wait)), 2);
    other.join().unwrap();
}

struct Diary {
    pages: Mutex<u32>,
}

impl Diary {
    fn lock(&self) -> &'static str {
        "mine"
    }
    fn wait(&mut self) -> u32 {
        *self.pages.get_mut().unwrap()
    }
}

impl std::ops::Deref for Diary {
    type Target = Mutex<u32>;
    fn deref(&self) -> &Mutex<u32> {
        &self.pages
    }
}

#[test]
fn the_same_names_on_other_types_are_called_as_if_nothing_were_there() {
    let mut diary = Diary {
        pages: Mutex::new(3),
    };
    assert_eq!(on(&diary).lock(), "mine");
    assert_eq!(diary.wait(), 3);
    assert_eq!(*on(&parking_lot::Mutex::new(4)).lock(), 4);
    assert_eq!(*on(&crate::Mutex::new(4)).lock(), 4);
    drop(on(&std::io::stdout()).lock());
    assert_eq!(owned(vec!["a", "b"]).join("+"), "a+b");
    assert_eq!(owned(Path::new("a")).join("b"), PathBuf::from("a/b"));
    let paths = [1, 2];
    assert_eq!(each(&paths).lesson_each().sum::<i32>(), 3);
    before(&paths).join();
    fn sleep(rounds: u32) -> u32 {
        rounds + 1
    }
    assert_eq!(call(sleep, 1), 2);
    fn park() -> &'static str {
        "here"
    }
    assert_eq!(call_bare(park, ()), "here");
    let started = Instant::now();
    call(|_: Duration| (), PLENTY * 10);
    assert!(started.elapsed() < PLENTY);
}

#[test]
fn sleep_and_park_take_the_time_of_std() {
    let started = Instant::now();
    call(thread::sleep, Duration::from_millis(2));
    call(thread::sleep, Duration::from_millis(20));
    assert!(started.elapsed() >= Duration::from_millis(22));
    thread::current().unpark();
    call_bare(thread::park, ());
    call(thread::park_timeout, Duration::from_millis(1));
}
