//! What must hold for any input. The fuzz targets of `fuzz/` check the same functions with inputs that
//! a fuzzer finds; the tests in `properties_hold.rs` with random ones.

pub mod demux;
pub mod evcxr_toml;
pub mod is_complete;
pub mod rewrite;
pub mod wire;
