//! `kernel_info_request`.

use jupyter_protocol::{CodeMirrorMode, HelpLink, KernelInfoReply, LanguageInfo, ReplyStatus};

/// The version of the messaging protocol that this kernel speaks.
const PROTOCOL: &str = "5.3";

/// The reply, for a compiler of this version.
#[must_use]
pub fn reply(rustc_version: &str) -> KernelInfoReply {
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
