//! The connection file: where the front end wants the channels, and how messages are signed.

use std::io;
use std::net::IpAddr;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use jupyter_protocol::ConnectionInfo;
use jupyter_protocol::connection_info::Transport;
use serde::Deserialize;

/// The only scheme that Jupyter knows.
const SCHEME: &str = "hmac-sha256";

/// Why a connection file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionFileError {
    /// It cannot be read.
    #[error("cannot read the connection file `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A field is missing or wrong.
    #[error("the connection file `{}` is not valid", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It asks for encryption.
    #[error(
        "the connection file asks for CurveZMQ encryption, which this kernel does not have; start it \
         with `transport_encryption` = `disabled`, and use the transport `ipc` where others share the \
         machine"
    )]
    Curve,
    /// It asks for another signature.
    #[error("the connection file asks for the signature scheme `{0}`; this kernel has {SCHEME}")]
    Scheme(String),
    /// Something is in the place of a channel.
    #[error("`{}` is in use, so no channel can be opened there", .0.display())]
    InUse(PathBuf),
    /// What an earlier kernel has left cannot be removed.
    #[error("cannot remove the old channel `{}`", .path.display())]
    Old {
        /// The channel's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The fields that the library's type does not have.
#[derive(Deserialize)]
struct OtherFields {
    #[serde(default)]
    curve_secretkey: Option<String>,
}

/// Reads a connection file, and checks that this kernel can do what it asks for.
///
/// # Errors
/// When it cannot be read, or asks for something else.
pub fn read(path: &Path) -> Result<ConnectionInfo, ConnectionFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConnectionFileError::Read {
        path: path.to_owned(),
        source,
    })?;
    let invalid = |source| ConnectionFileError::Content {
        path: path.to_owned(),
        source,
    };
    let other: OtherFields = serde_json::from_str(&text).map_err(invalid)?;
    let mut info: ConnectionInfo = serde_json::from_str(&text).map_err(invalid)?;
    if other.curve_secretkey.is_some_and(|key| !key.is_empty()) {
        return Err(ConnectionFileError::Curve);
    }
    if !info.key.is_empty() && info.signature_scheme != SCHEME {
        return Err(ConnectionFileError::Scheme(info.signature_scheme));
    }
    if info.transport == Transport::TCP && matches!(info.ip.as_str(), "*" | "") {
        // ZeroMQ's word for every interface, which the library does not know.
        info.ip = "0.0.0.0".to_owned();
    }
    Ok(info)
}

/// What whoever runs the kernel should know, one line each.
#[must_use]
pub fn warnings(info: &ConnectionInfo) -> Vec<String> {
    let mut warnings = Vec::new();
    if info.key.is_empty() {
        warnings.push(
            "the connection file has no key: whoever reaches the channels can run code".to_owned(),
        );
    }
    let loopback = info.ip == "localhost"
        || info
            .ip
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if info.transport == Transport::TCP && !loopback {
        warnings.push(format!(
            "the channels are open on {} without encryption: others on the network can read code and \
             output (they cannot change them, messages are signed). Use 127.0.0.1, or a tunnel",
            info.ip
        ));
    }
    warnings
}

/// Makes room for the channels: with `ipc` they are files, which a kernel that was killed leaves.
///
/// # Errors
/// When another program uses one, or it cannot be removed.
pub fn remove_old_channels(info: &ConnectionInfo) -> Result<(), ConnectionFileError> {
    for path in channel_files(info) {
        let Ok(found) = std::fs::symlink_metadata(&path) else {
            continue;
        };
        if !found.file_type().is_socket() || UnixStream::connect(&path).is_ok() {
            return Err(ConnectionFileError::InUse(path));
        }
        std::fs::remove_file(&path).map_err(|source| ConnectionFileError::Old { path, source })?;
    }
    Ok(())
}

/// Removes the files of this kernel's channels, at its end.
pub fn remove_channels(info: &ConnectionInfo) {
    for path in channel_files(info) {
        // A front end may have removed them already.
        let _ = std::fs::remove_file(path);
    }
}

fn channel_files(info: &ConnectionInfo) -> Vec<PathBuf> {
    if info.transport != Transport::IPC {
        return Vec::new();
    }
    [
        info.shell_url(),
        info.iopub_url(),
        info.stdin_url(),
        info.control_url(),
        info.hb_url(),
    ]
    .iter()
    .filter_map(|url| url.strip_prefix("ipc://"))
    .map(PathBuf::from)
    .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use serde_json::{Value, json};

    fn file(change: impl FnOnce(&mut Value)) -> tempfile::NamedTempFile {
        let mut content = json!({
            "transport": "tcp", "ip": "127.0.0.1", "key": "k", "signature_scheme": SCHEME,
            "shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
        });
        change(&mut content);
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), content.to_string()).expect("writable");
        file
    }

    #[test]
    fn a_usual_file_is_read_without_a_warning() {
        let file = file(|_| {});
        let info = read(file.path()).expect("valid");
        assert_eq!((info.hb_port, warnings(&info)), (5, Vec::new()));
    }

    #[test]
    fn what_this_kernel_cannot_do_is_an_error() {
        let curve = file(|content| content["curve_secretkey"] = json!("s"));
        assert!(matches!(
            read(curve.path()),
            Err(ConnectionFileError::Curve)
        ));
        let scheme = file(|content| content["signature_scheme"] = json!("hmac-md5"));
        assert!(matches!(
            read(scheme.path()),
            Err(ConnectionFileError::Scheme(_))
        ));
        let transport = file(|content| content["transport"] = json!("udp"));
        assert!(matches!(
            read(transport.path()),
            Err(ConnectionFileError::Content { .. })
        ));
    }

    #[test]
    fn an_open_port_and_a_missing_key_are_warned_about() {
        let open = file(|content| content["ip"] = json!("*"));
        let info = read(open.path()).expect("valid");
        assert_eq!((info.ip.as_str(), warnings(&info).len()), ("0.0.0.0", 1));
        let unsigned = file(|content| content["key"] = json!(""));
        assert_eq!(warnings(&read(unsigned.path()).expect("valid")).len(), 1);
        let local = file(|content| content["ip"] = json!("::1"));
        assert_eq!(warnings(&read(local.path()).expect("valid")).len(), 0);
    }

    #[test]
    fn old_channels_are_removed_and_used_ones_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let prefix = folder.path().join("kernel");
        let file = file(|content| {
            content["transport"] = json!("ipc");
            content["ip"] = json!(prefix);
        });
        let info = read(file.path()).expect("valid");
        let channel = folder.path().join("kernel-1");
        let used = UnixListener::bind(&channel).expect("free");
        assert!(matches!(
            remove_old_channels(&info),
            Err(ConnectionFileError::InUse(_))
        ));
        drop(used);
        assert!(channel.exists());
        remove_old_channels(&info).expect("nobody listens");
        assert!(!channel.exists());
    }
}
