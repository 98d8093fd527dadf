//! Where evcxr keeps its own settings.

use std::path::PathBuf;

/// The folder with the user's `evcxr.toml` and `init.evcxr`, if the system names one.
///
/// Apart from [`super::evcxr_toml`], so that the fuzz crate can build that one without evcxr.
#[must_use]
pub fn evcxr_folder() -> Option<PathBuf> {
    evcxr::config_dir()
}
