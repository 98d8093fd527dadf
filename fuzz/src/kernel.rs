#[path = "../../src/kernel/header.rs"]
pub mod header;
#[path = "../../src/kernel/is_complete.rs"]
pub mod is_complete;
#[path = "../../src/kernel/wire.rs"]
pub mod wire;
