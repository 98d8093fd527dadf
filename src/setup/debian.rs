//! Debian's packages: the way to what is missing, where we may install it.

use std::path::PathBuf;
use std::process::Command;

use super::outside::{self, OutsideError};
use super::progress::Progress;

/// The right to install Debian packages on this machine.
#[derive(Debug)]
pub struct Apt {
    program: PathBuf,
}

impl Apt {
    /// `Some` if `apt-get` is here and this process runs as root; otherwise the user has to do it.
    pub fn usable() -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            return None;
        }
        which::which("apt-get").ok().map(|program| Self { program })
    }

    /// Installs `package`, after a line that says so and `why`.
    ///
    /// The package lists are brought up to date first: a fresh machine has none.
    ///
    /// # Errors
    /// [`OutsideError`] if `apt-get` fails, for instance without network.
    pub fn install(
        &self,
        package: &str,
        why: &str,
        progress: &Progress,
    ) -> Result<(), OutsideError> {
        progress.say(&format!(
            "Installing the Debian package `{package}`: {why}."
        ));
        let step = progress.step(format!("apt-get install {package}"));
        outside::run(self.command(&["update"]), &step, None)?;
        outside::run(
            self.command(&["install", "--yes", "--no-install-recommends", package]),
            &step,
            None,
        )?;
        step.done(&format!("Installed {package}"));
        Ok(())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            // Another apt may be at work (unattended upgrades on a fresh machine): wait for it.
            .args(["--quiet", "-o", "DPkg::Lock::Timeout=300"])
            .args(args);
        command
    }
}
