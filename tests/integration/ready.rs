//! The project set up for kernels, and one test at a time that runs them.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rust_lessons::setup::progress::Progress;
use rust_lessons::setup::venv::Venv;
use rust_lessons::setup::{self, Project};

use crate::program::project;

/// The project, set up. Kernels run only while this is held: two of them would slow each other down
/// on a small machine, and some tests measure time.
pub struct Ready {
    pub project: Project,
    pub venv: Venv,
    _alone: MutexGuard<'static, ()>,
}

/// Sets the project up (once) and waits until no other test runs a kernel.
#[track_caller]
pub fn ready() -> Ready {
    static ALONE: Mutex<()> = Mutex::new(());
    static SET_UP: OnceLock<Result<Venv, String>> = OnceLock::new();
    // A test that failed while it held the lock has nothing half changed behind it.
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let project = project();
    let set_up = SET_UP.get_or_init(|| {
        setup::ensure_all(&project, &[project.notebooks()].into(), &Progress::stderr())
            .map_err(|error| format!("{:#}", anyhow::Error::from(error)))
    });
    match set_up {
        Ok(venv) => Ready {
            venv: venv.clone(),
            project,
            _alone: alone,
        },
        Err(error) => panic!("the project cannot be set up: {error}"),
    }
}
