//! Settings of JupyterLab and its server for the project's own environment.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::kernelspec::{KernelspecError, write_if_different};

/// Writes JupyterLab's `overrides.json` below `jupyter_dir`: no question about news on the first
/// start, and no asking for updates, both of which reach for the network from a learner's page.
///
/// # Errors
/// [`KernelspecError::Io`] if the file cannot be written.
pub fn install(jupyter_dir: &Path) -> Result<(), KernelspecError> {
    let folder = jupyter_dir.join("lab").join("settings");
    fs::create_dir_all(&folder).map_err(|source| KernelspecError::Io {
        path: folder.clone(),
        source,
    })?;
    let settings = json!({
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false",
            "checkForUpdates": false,
        },
    });
    let mut text = serde_json::to_string_pretty(&settings).expect("a JSON value can be written");
    text.push('\n');
    write_if_different(&folder.join("overrides.json"), &text)
}

/// Writes a setting of Jupyter Server below `config_dir`: it drops what exceeds 1 MB of text a second, and
/// errors and pictures with it. Our kernel has a limit of its own, which says what it drops.
///
/// # Errors
/// [`KernelspecError::Io`] if the file cannot be written.
pub fn install_server(config_dir: &Path) -> Result<(), KernelspecError> {
    fs::create_dir_all(config_dir).map_err(|source| KernelspecError::Io {
        path: config_dir.to_owned(),
        source,
    })?;
    let settings = json!({
        "ZMQChannelsWebsocketConnection": { "iopub_data_rate_limit": 100_000_000.0 },
    });
    let mut text = serde_json::to_string_pretty(&settings).expect("a JSON value can be written");
    text.push('\n');
    write_if_different(&config_dir.join("jupyter_server_config.json"), &text)
}
