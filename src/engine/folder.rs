//! The kernel's temporary folder, made again when somebody has removed it.
//!
//! Systems clean up their temporary folders, and so do people, while a notebook stays open for days.

use std::io;
use std::path::PathBuf;

use lesson_runtime::{SOCKET, STDERR_FIFO, STDOUT_FIFO};

use super::context::Places;
use super::link::Link;
use super::outcome::CellError;
use super::std_view;
use crate::setup::prepared::Prepared;
use crate::setup::{std_sources, toolchain::Toolchain, tools};

/// The folder, and what it was filled with.
pub struct Folder {
    places: Places,
    prepared: Prepared,
    /// The standard library's sources, if there are any.
    library: Option<PathBuf>,
}

impl Folder {
    /// The folder of a kernel that has just filled it.
    #[must_use]
    pub fn new(places: Places, prepared: Prepared, toolchain: &Toolchain) -> Folder {
        Folder {
            places,
            prepared,
            library: std_sources::find(toolchain),
        }
    }

    /// Makes it again where parts of it are missing. No variable is lost: the process that runs the
    /// cells does not need what it has loaded and opened to keep its name.
    ///
    /// # Errors
    /// When the folder cannot be made or filled.
    pub fn mend(&self, link: &Link) -> Result<(), CellError> {
        self.make_again(link).map_err(|error| {
            let folder = self.places.work.display();
            CellError::plain(
                "setup",
                format!(
                    "the kernel's temporary folder `{folder}` was removed and cannot be made again: \
                     {error}. Mend that and run the cell again, or restart the kernel"
                ),
            )
        })
    }

    fn make_again(&self, link: &Link) -> io::Result<()> {
        let (work, build) = (&self.places.work, self.places.build());
        if !build.join("Cargo.toml").exists() || !build.join("target").exists() {
            if build.exists() {
                std::fs::remove_dir_all(&build)?;
            }
            std::fs::create_dir_all(work)?;
            self.prepared.copy_build(&build)?;
        }
        if let Some(folder) = tools::own_folder() {
            tools::link(&folder, &self.prepared.cargo)?;
        }
        let view = std_view::folder(work);
        // Read again with the next dependency. Where it cannot be made, all sources are read.
        if let (Some(library), false) = (&self.library, view.exists()) {
            let _ = std_view::fill(&view, library);
        }
        let names = [SOCKET, STDOUT_FIFO, STDERR_FIFO];
        // Not followed: a link to an open FIFO is there, whether or not it can be looked through.
        if names
            .iter()
            .any(|name| work.join(name).symlink_metadata().is_err())
        {
            link.restore(work)?;
        }
        Ok(())
    }
}
