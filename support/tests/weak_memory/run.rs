//! Runs a model to its end.

use std::panic::catch_unwind;

use crate::sync::{Fault, set_fault};

/// Tries everything there is.
pub(crate) fn holds(model: fn()) {
    set_fault(None);
    try_all(model);
}

fn try_all(model: fn()) {
    loom::model(model);
}

/// The broken twin: with this fault, the model has to fail, for this reason.
#[track_caller]
pub(crate) fn fails_with(fault: Fault, model: fn(), reason: &str) {
    set_fault(Some(fault));
    let outcome = catch_unwind(|| try_all(model));
    set_fault(None);
    let payload = outcome.expect_err("the model has to catch the fault");
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
    let message = message.unwrap_or_default();
    assert!(message.contains(reason), "failed otherwise: {message}");
}
