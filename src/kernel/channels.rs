//! The five sockets of a connection file.

use anyhow::{Context, Result};
use jupyter_protocol::ConnectionInfo;
use jupyter_zmq_client::{
    KernelControlConnection, KernelHeartbeatConnection, KernelIoPubXPubConnection,
    KernelShellConnection, KernelStdinConnection, create_kernel_control_connection,
    create_kernel_heartbeat_connection, create_kernel_iopub_xpub_connection,
    create_kernel_shell_connection, create_kernel_stdin_connection,
};

/// The bound sockets.
pub struct Channels {
    /// Requests.
    pub shell: KernelShellConnection,
    /// Requests that must not wait behind a running cell.
    pub control: KernelControlConnection,
    /// Everything that all front ends see.
    pub iopub: KernelIoPubXPubConnection,
    /// Questions to the front end.
    pub stdin: KernelStdinConnection,
    /// Echo.
    pub heartbeat: KernelHeartbeatConnection,
}

impl Channels {
    /// Binds all of them.
    ///
    /// # Errors
    /// When an address cannot be bound; the error names the channel.
    pub async fn bind(info: &ConnectionInfo) -> Result<Channels> {
        let session = uuid::Uuid::new_v4().to_string();
        Ok(Channels {
            iopub: create_kernel_iopub_xpub_connection(info, &session)
                .await
                .context("cannot bind the iopub channel")?,
            shell: create_kernel_shell_connection(info, &session)
                .await
                .context("cannot bind the shell channel")?,
            control: create_kernel_control_connection(info, &session)
                .await
                .context("cannot bind the control channel")?,
            stdin: create_kernel_stdin_connection(info, &session)
                .await
                .context("cannot bind the stdin channel")?,
            heartbeat: create_kernel_heartbeat_connection(info)
                .await
                .context("cannot bind the heartbeat channel")?,
        })
    }
}
