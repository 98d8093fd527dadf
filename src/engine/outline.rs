//! x
use super::context::Context;
use super::worker::{Completion, Inspection};
/// x
#[derive(Default)]
pub struct Outline {}
impl Outline {
    /// x
    pub fn update(&self, _code: &str, _context: &Context) {}
    /// x
    pub fn complete(&self, _code: &str, _offset: usize) -> Completion {
        Completion::default()
    }
    /// x
    pub fn inspect(&self, _code: &str, _offset: usize) -> Option<Inspection> {
        None
    }
}
