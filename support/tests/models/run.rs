//! Runs a model many times.

use std::panic::{AssertUnwindSafe, catch_unwind};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

use crate::sync::{Fault, set_fault};

/// Tries schedules of two sorts: any step may come next with equal chance; and few switches at bad
/// moments, which finds rare orders of steps with a known probability. The seeds are fixed, so
/// that a model passes or fails always.
pub(crate) fn holds(model: fn()) {
    set_fault(None);
    try_schedules(model);
}

fn try_schedules(model: fn()) {
    run(RandomScheduler::new_from_seed(1, 1_500), model);
    run(PctScheduler::new_from_seed(2, 3, 1_500), model);
}

fn run(scheduler: impl Scheduler + 'static, model: fn()) {
    let mut config = Config::new();
    config.silence_warnings = true;
    // The usual 32 kB are too few for unoptimised code.
    config.stack_size = 1 << 18;
    // A model has some thousand steps; one that goes round for ever is a failure.
    config.max_steps = shuttle::MaxSteps::FailAfter(100_000);
    Runner::new(scheduler, config).run(model);
}

/// The broken twin: on ground with this fault, the model has to fail, for one of these reasons: which
/// one is seen first depends on the schedule.
#[track_caller]
pub(crate) fn fails_with(fault: Fault, model: fn(), reasons: &[&str]) {
    set_fault(Some(fault));
    let outcome = catch_unwind(AssertUnwindSafe(|| try_schedules(model)));
    set_fault(None);
    let payload = outcome.expect_err("the model has to catch the fault");
    let message = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| {
            payload
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
        })
        .unwrap_or_default();
    let is_expected = reasons.iter().any(|reason| message.contains(reason));
    assert!(is_expected, "failed otherwise: {message}");
}
