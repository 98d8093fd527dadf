//! Rebuilds the program when a source that it embeds has changed.

fn main() {
    for path in ["support", "runtime", "Cargo.lock", "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
}
