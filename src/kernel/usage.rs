//! `usage_request`: memory and processor, for the status bar of JupyterLab.

use std::sync::{Arc, Mutex, PoisonError};

use jupyter_protocol::UnknownMessage;
use serde_json::{Value, json};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::engine::processes::descendants;

/// Measures. Loads are over the time since the last request; the first one has none.
pub struct Usage {
    /// `None` on a system that cannot be measured.
    system: Arc<Mutex<Option<System>>>,
}

impl Default for Usage {
    fn default() -> Self {
        Usage {
            system: Arc::new(Mutex::new(System::new().ok())),
        }
    }
}

impl Usage {
    /// The reply, with the fields that ipykernel sends. Memory is in bytes (resident), loads are in
    /// percent of one processor for the kernel and of all for the host.
    pub async fn reply(&self) -> UnknownMessage {
        let system = Arc::clone(&self.system);
        let content = tokio::task::spawn_blocking(move || {
            let mut system = system.lock().unwrap_or_else(PoisonError::into_inner);
            system
                .as_mut()
                .map_or_else(|| json!({"pid": std::process::id()}), measure)
        })
        .await
        .unwrap_or_else(|_| json!({}));
        UnknownMessage {
            msg_type: "usage_reply".to_owned(),
            content,
        }
    }
}

fn measure(system: &mut System) -> Value {
    let own = std::process::id();
    // The kernel, the process that runs the cells, and whatever compiles or was started by a cell.
    let pids: Vec<Pid> = descendants(own, None)
        .into_iter()
        .map(|process| process.pid)
        .chain([own])
        .map(Pid::from_u32)
        .collect();
    system.refresh_memory();
    system.refresh_cpu_usage();
    system.refresh_processes_specifics(
        ProcessesToUpdate::Some(&pids),
        true,
        ProcessRefreshKind::nothing().with_cpu().with_memory(),
    );
    let processes = || pids.iter().filter_map(|pid| system.process(*pid));
    let memory: u64 = processes().map(sysinfo::Process::memory).sum();
    let cpu: f32 = processes().map(sysinfo::Process::cpu_usage).sum();
    let (total, available) = (system.total_memory(), system.available_memory());
    let used = total.saturating_sub(available);
    json!({
        "hostname": System::host_name().unwrap_or_default(),
        "pid": own,
        "kernel_cpu": cpu,
        "kernel_memory": memory,
        "cpu_count": system.cpus().len(),
        "host_cpu_percent": system.global_cpu_usage(),
        "host_virtual_memory": {
            "total": total,
            "available": available,
            "used": used,
            "free": system.free_memory(),
            "percent": percent(used, total),
        },
    })
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    // Exact enough: a machine has less than 2^52 bytes.
    #[allow(clippy::cast_precision_loss)]
    let percent = part as f64 * 100.0 / whole as f64;
    (percent * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_the_machine_more() {
        let mut system = System::new().expect("Linux can be measured");
        let usage = measure(&mut system);
        let memory = usage["kernel_memory"].as_u64().expect("a number");
        assert!(memory > 0);
        assert!(usage["host_virtual_memory"]["total"].as_u64() > Some(memory));
        assert_eq!(percent(1, 3), 33.3);
        assert_eq!(percent(1, 0), 0.0);
    }
}
