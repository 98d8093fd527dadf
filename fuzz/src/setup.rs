#[path = "../../src/setup/evcxr_toml.rs"]
pub mod evcxr_toml;

pub mod evcxr_folder {
    /// No target reads a folder.
    pub fn evcxr_folder() -> Option<std::path::PathBuf> {
        None
    }
}
