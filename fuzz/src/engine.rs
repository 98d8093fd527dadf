#[path = "../../src/engine/demux.rs"]
pub mod demux;
#[path = "../../src/engine/nesting.rs"]
pub mod nesting;
#[path = "../../src/engine/rewrite/mod.rs"]
pub mod rewrite;
#[path = "../../src/engine/syntax.rs"]
pub mod syntax;
