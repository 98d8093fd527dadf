//! The end of what was printed lately.

/// Enough for the lines that evcxr's own code prints.
const LENGTH: usize = 64 * 1024;

/// The end of a stream.
#[derive(Debug, Default)]
pub(super) struct LastWords(String);

impl LastWords {
    /// Takes what was printed.
    pub(super) fn push(&mut self, text: &str) {
        self.0.push_str(text);
        let mut cut = self.0.len().saturating_sub(LENGTH);
        while !self.0.is_char_boundary(cut) {
            cut += 1;
        }
        self.0.drain(..cut);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What is known, which is forgotten with this.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }

    /// Whether this was printed.
    pub(super) fn contains(&self, text: &str) -> bool {
        self.0.contains(text)
    }

    /// The last line with something in it, as far as it is known.
    pub(super) fn last_line(&self) -> &str {
        self.0.trim_end().lines().next_back().unwrap_or_default()
    }
}
