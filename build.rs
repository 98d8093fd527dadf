//! Rebuilds the program when a source that it embeds has changed.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    for path in ["support", "runtime", "Cargo.lock", "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    // The lessons as they are delivered: a copy, so that whoever edits one need not compile this program.
    let copies = Path::new(&std::env::var_os("OUT_DIR").expect("cargo sets it")).join("notebooks");
    fs::create_dir_all(&copies)?;
    for entry in fs::read_dir("notebooks")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "ipynb") {
            fs::copy(&path, copies.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}
