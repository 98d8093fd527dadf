//! Two accounts and one lock for both.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use parking_lot::Mutex;

use crate::check::crew::{self, LIMIT, Ran};
use crate::check::report::Report;
use crate::inside::{Inside, Visit};
use crate::{Lock, sleep, who};

const TELLERS: usize = 4;
const TRANSFERS: usize = 100;
const START: u32 = 10_000;

/// An account in the exercise of [`transfer`]: a number that can be read and written, with nothing
/// that would protect it.
///
/// It notices who touches it without the lock, and whether two transfers are under way at once.
/// Reading takes a moment (half a dozen microseconds of sleep, more in practice), so that what can
/// go wrong does go wrong.
pub struct Account {
    coins: AtomicU32,
    number: usize,
    bank: Arc<Bank>,
}

/// What the accounts notice.
struct Bank {
    pair: Lock,
    transfers: Inside,
    under_way: Mutex<HashMap<ThreadId, UnderWay>>,
    touched: AtomicBool,
    without_lock: AtomicBool,
    half_done: AtomicBool,
}

/// A transfer between its first read and its last write.
struct UnderWay {
    stored: [bool; 2],
    _visit: Visit,
}

impl Account {
    fn new(number: usize, bank: &Arc<Bank>) -> Self {
        Self {
            coins: AtomicU32::new(START),
            number,
            bank: Arc::clone(bank),
        }
    }

    /// Reads the number of coins.
    pub fn load(&self) -> u32 {
        self.bank.touch(None);
        let coins = self.peek();
        sleep(Duration::from_micros(5));
        coins
    }

    /// Writes the number of coins.
    pub fn store(&self, coins: u32) {
        self.bank.touch(Some(self.number));
        self.coins.store(coins, Ordering::Relaxed);
        self.bank.leave_if_done();
    }

    fn peek(&self) -> u32 {
        self.coins.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<account: {} coins>", self.peek())
    }
}

impl Bank {
    fn touch(&self, stores_into: Option<usize>) {
        self.touched.store(true, Ordering::Relaxed);
        // The tellers' names are their own: nobody else is called so and holds this lock.
        if self.pair.holder() != Some(who()) {
            self.without_lock.store(true, Ordering::Relaxed);
        }
        let mut under_way = self.under_way.lock();
        let own = under_way
            .entry(thread::current().id())
            .or_insert_with(|| UnderWay {
                stored: [false; 2],
                _visit: self.transfers.enter(),
            });
        if let Some(number) = stores_into {
            own.stored[number] = true;
        }
    }

    /// Once both accounts are written, the transfer is over: what follows is not part of it.
    fn leave_if_done(&self) {
        let mut under_way = self.under_way.lock();
        let me = thread::current().id();
        if under_way
            .get(&me)
            .is_some_and(|own| own.stored == [true; 2])
        {
            under_way.remove(&me);
        }
    }

    /// The function has returned.
    fn end_call(&self) {
        if self
            .under_way
            .lock()
            .remove(&thread::current().id())
            .is_some()
        {
            self.half_done.store(true, Ordering::Relaxed);
        }
    }
}

/// Checks a function that moves coins from one account to another, with one lock for the pair.
///
/// Four threads make 100 transfers each, in both directions, while a fifth takes the lock now and
/// then and looks at the sum. Done when no coin is lost or made, the sum is right whenever the lock
/// is free, every read and write happens with the lock held, and no two transfers are ever under
/// way at once.
///
/// ```
/// use lesson_support::Lock;
/// use lesson_support::check::{self, Account};
///
/// // As given to the learner:
/// fn no_lock(from: &Account, to: &Account, coins: u32, _pair: &Lock) {
///     let (left, right) = (from.load(), to.load());
///     from.store(left - coins);
///     to.store(right + coins);
/// }
/// assert!(!check::transfer(no_lock).passed);
///
/// // A solution:
/// fn transfer(from: &Account, to: &Account, coins: u32, pair: &Lock) {
///     let _held = pair.hold();
///     let (left, right) = (from.load(), to.load());
///     from.store(left - coins);
///     to.store(right + coins);
/// }
/// let report = check::transfer(transfer);
/// assert!(report.passed, "{report}");
/// ```
pub fn transfer<F>(transfer: F) -> Report
where
    F: Fn(&Account, &Account, u32, &Lock) + Send + Sync + 'static,
{
    transfer_within(LIMIT, transfer)
}

fn transfer_within<F>(limit: Duration, transfer: F) -> Report
where
    F: Fn(&Account, &Account, u32, &Lock) + Send + Sync + 'static,
{
    let pair = Lock::new("accounts");
    let bank = Arc::new(Bank {
        pair: pair.clone(),
        transfers: Inside::new(),
        under_way: Mutex::default(),
        touched: AtomicBool::new(false),
        without_lock: AtomicBool::new(false),
        half_done: AtomicBool::new(false),
    });
    let accounts = Arc::new([Account::new(0, &bank), Account::new(1, &bank)]);
    let unequal = Arc::new(AtomicUsize::new(0));

    let mut names = crew::numbered("teller", TELLERS);
    names.push("auditor".to_owned());
    let work = {
        let (accounts, bank) = (Arc::clone(&accounts), Arc::clone(&bank));
        let unequal = Arc::clone(&unequal);
        move |member: usize, crew: &crew::Shared| {
            let [ada, bea] = &*accounts;
            if member == TELLERS {
                audit(&bank.pair, [ada, bea], &unequal, crew);
                return;
            }
            let (from, to) = if member.is_multiple_of(2) {
                (ada, bea)
            } else {
                (bea, ada)
            };
            for _ in 0..TRANSFERS {
                if crew.is_over() {
                    return;
                }
                transfer(from, to, coins_of(member), &bank.pair);
                bank.end_call();
            }
        }
    };
    let mut standing = String::new();
    let ran = crew::run(&names, limit, work, || {
        standing = match pair.holder() {
            Some(holder) if pair.waiters().contains(&holder) => {
                "one teller holds the lock and asks for it again, and so waits for itself".into()
            }
            Some(_) => "the lock is held and never released, and everybody waits for it".into(),
            None => "nobody holds the lock, and still the transfers do not come to an end".into(),
        };
    });
    match ran {
        Ran::Panicked(message) => {
            return Report::not_yet(format!("a transfer panicked: {message}"));
        }
        Ran::Refused(error) => return Report::not_yet(format!("no thread to be had: {error}")),
        Ran::Stuck => return Report::not_yet(format!("after {} s, {standing}", limit.as_secs())),
        Ran::Through => {}
    }

    let noticed = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
    let [ada, bea] = &*accounts;
    if pair.locked() {
        return Report::not_yet("all transfers are made, and the lock is still held");
    }
    if !noticed(&bank.touched) {
        return Report::not_yet("no account was read or written");
    }
    if noticed(&bank.half_done) {
        return Report::not_yet("a transfer came to its end without having written both accounts");
    }
    if noticed(&bank.without_lock) {
        return Report::not_yet(
            "an account was read or written by a thread that did not hold the lock: it has to be \
             held from before the first read until after the last write",
        );
    }
    if bank.transfers.max() > 1 {
        return Report::not_yet(
            "two transfers were under way at once: the lock was free somewhere between the first \
             read and the last write",
        );
    }
    if unequal.load(Ordering::Relaxed) > 0 {
        return Report::not_yet("somebody who took the lock saw coins missing, or too many");
    }
    let expected = expected_end();
    if [ada.peek(), bea.peek()] != expected {
        let [ada_coins, bea_coins] = expected;
        return Report::not_yet(format!(
            "the accounts should hold {ada_coins} and {bea_coins} coins in the end, and do not"
        ));
    }
    Report::passed("400 transfers, no coin lost or made, and never two transfers at once")
}

/// How many coins a teller moves at a time.
fn coins_of(teller: usize) -> u32 {
    [1, 2, 4, 2][teller]
}

/// What Ada and Bea have when every transfer counts.
fn expected_end() -> [u32; 2] {
    let moved = |teller: usize| coins_of(teller) * TRANSFERS as u32;
    let (out, back) = (moved(0) + moved(2), moved(1) + moved(3));
    [START + back - out, START + out - back]
}

/// Looks at the sum again and again, each time with the lock held, until the tellers are done.
fn audit(pair: &Lock, [ada, bea]: [&Account; 2], unequal: &AtomicUsize, crew: &crew::Shared) {
    while crew.running() > 1 && !crew.is_over() {
        // Not for long: the tellers may have left the lock held.
        if pair.acquire_for(Duration::from_millis(20)) {
            if ada.peek() + bea.peek() != 2 * START {
                unequal.fetch_add(1, Ordering::Relaxed);
            }
            pair.release();
        }
        sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::transfer_within;

    #[test]
    fn a_teller_who_locks_twice_waits_for_itself() {
        let report = transfer_within(Duration::from_secs(1), |from, to, coins, pair| {
            let _held = pair.hold();
            let _again = pair.hold();
            from.store(from.load() - coins);
            to.store(to.load() + coins);
        });
        assert_eq!(
            report.to_string(),
            "not yet: after 1 s, one teller holds the lock and asks for it again, and so waits \
             for itself"
        );
    }
}
