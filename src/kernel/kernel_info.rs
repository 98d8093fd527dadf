//! `kernel_info_request`.

use jupyter_protocol::{
    CodeMirrorMode, HelpLink, KernelInfoReply, LanguageInfo, ReplyStatus, UnknownMessage,
};
use serde_json::{Value, json};

/// The version of the messaging protocol that this kernel speaks.
const PROTOCOL: &str = "5.3";

/// The optional features (JEP 92) that this kernel has, by the names that front ends test for.
const FEATURES: [&str; 1] = ["kernel subshells"];

/// The reply, for a compiler of this version.
#[must_use]
pub fn reply(rustc_version: &str) -> UnknownMessage {
    let mut content = serde_json::to_value(known_part(rustc_version)).unwrap_or(Value::Null);
    // The library's type does not have this field.
    content["supported_features"] = json!(FEATURES);
    UnknownMessage {
        msg_type: "kernel_info_reply".to_owned(),
        content,
    }
}

fn known_part(rustc_version: &str) -> KernelInfoReply {
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: PROTOCOL.to_owned(),
        implementation: env!("CARGO_PKG_NAME").to_owned(),
        implementation_version: env!("CARGO_PKG_VERSION").to_owned(),
        language_info: LanguageInfo {
            // These spellings are what JupyterLab and nbconvert look up their highlighters by.
            name: "rust".to_owned(),
            version: rustc_version.to_owned(),
            mimetype: Some("text/x-rustsrc".to_owned()),
            file_extension: Some(".rs".to_owned()),
            pygments_lexer: Some("rust".to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple("rust".to_owned())),
            nbconvert_exporter: Some("script".to_owned()),
        },
        banner: format!(
            "Rust {rustc_version}, {} {}",
            env!("CARGO_PKG_NAME"),
            env!("CARGO_PKG_VERSION")
        ),
        help_links: vec![
            HelpLink {
                text: "The Rust Programming Language".to_owned(),
                url: "https://doc.rust-lang.org/book/".to_owned(),
            },
            HelpLink {
                text: "Standard library".to_owned(),
                url: "https://doc.rust-lang.org/std/".to_owned(),
            },
        ],
        debugger: false,
        error: None,
    }
}
