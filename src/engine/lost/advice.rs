//! What a cell can do instead of moving a variable: it depends on the variable's type.

/// What there is to know of the handle of a thread.
pub(super) fn join_once(name: &str) -> String {
    format!(
        "a handle can be joined only once, and has no copy. Keep what the first `join` gives (`let result = {name}.join();`); where it is not known who joins, keep the handle as `Some({name})` in an `Option`, which `take()` empties"
    )
}

/// Types of std that are shared by an `Arc` and have no copy.
const SHARED: [&str; 8] = [
    "Mutex", "RwLock", "Condvar", "Barrier", "Once", "OnceLock", "LazyLock", "Lock",
];
/// Other types that have no copy.
const SINGLE: [&str; 5] = ["Receiver", "File", "Child", "TcpStream", "TcpListener"];

/// Whether it is the handle of a thread.
pub(super) fn is_handle(ty: &str) -> bool {
    outermost(ty) == "JoinHandle"
}

/// The words behind "let cell 3 …".
pub(super) fn instead_of_moving(name: &str, ty: &str) -> String {
    let outermost = outermost(ty);
    if SHARED.contains(&outermost) || outermost.starts_with("Atomic") {
        format!(
            "borrow it (`&{name}`), or put it into an `Arc` and share that (`Arc::clone(&{name})`)"
        )
    } else if SINGLE.contains(&outermost) || ty.contains("Box<dyn") {
        format!("borrow it (`&{name}`); it has no copy")
    } else {
        format!("borrow it (`&{name}`) or use a copy (`{name}.clone()`)")
    }
}

/// The name of a type without its path and what it is made of: `JoinHandle` for
/// `std::thread::JoinHandle<u8>`.
fn outermost(ty: &str) -> &str {
    let path = ty.split('<').next().unwrap_or_default().trim();
    path.rsplit("::").next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_advised_only_of_what_may_have_one() {
        for ty in ["Vec<u8>", "Arc<Mutex<u8>>", "mpsc::Sender<u8>", "Door", ""] {
            assert!(instead_of_moving("x", ty).contains("`x.clone()`"), "{ty}");
        }
        for ty in [
            "std::sync::Mutex<u8>",
            "AtomicU8",
            "mpsc::Receiver<u8>",
            "Box<dyn Fn()>",
        ] {
            assert!(!instead_of_moving("x", ty).contains("x.clone()"), "{ty}");
        }
        assert!(is_handle("std::thread::JoinHandle<Vec<u8>>"));
        assert!(!is_handle("Vec<std::thread::JoinHandle<u8>>"));
    }
}
