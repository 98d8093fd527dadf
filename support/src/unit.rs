//! Tests of the inside. Not beside what they test, since the models in `tests/models` compile those
//! files with other locks.

mod standing;
mod turns;
mod waiter;
mod word;
