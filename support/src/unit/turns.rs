use crate::clock::Tick;
use crate::gate::turns::{MOST, Turns};

#[test]
fn turns_run_out_and_come_back() {
    let mut turns = Turns::new();
    let start = Tick::now();
    assert!((0..MOST).all(|_| turns.use_one(start)));
    assert!(!turns.use_one(start));
    // An hour on any clock that counts nanoseconds or faster.
    let later = Tick::from_raw(start.raw() + 3_600_000_000_000);
    assert!((0..MOST).all(|_| turns.use_one(later)));
    assert!(!turns.use_one(later));
}
