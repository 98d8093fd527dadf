//! Takes apart what comes through the FIFO for output that is kept apart.
//!
//! It carries what threads of earlier cells print, in frames with the number of the run that started
//! the thread. Each run has two streams of its own, which may be cut anywhere.

use std::collections::HashMap;

use lesson_runtime::{ASIDE_HEADER, ThreadPanic, read_aside_header};

use super::demux::{Demux, Piece};
use super::display_block::DisplayBlock;
use super::report::Shown;
use super::sink::{Stream, ThreadOutput};

/// Output of a run.
pub type OfRun = (u64, ThreadOutput);

/// Names the place of a thread's panic, below its message.
pub type BelowPanic = Box<dyn Fn(&ThreadPanic) -> String + Send>;

/// The state between two reads.
pub struct Aside {
    nonce: String,
    held: Vec<u8>,
    /// Only of runs whose last character, or last word of the protocol, has not come yet.
    streams: HashMap<(u64, Stream), Demux>,
    /// Displayed last, and possibly followed by the same thing in another type.
    pending: Option<(u64, Shown)>,
    below_panic: BelowPanic,
}

impl Aside {
    /// For the kernel with this nonce.
    #[must_use]
    pub fn new(nonce: &str, below_panic: BelowPanic) -> Aside {
        Aside {
            nonce: nonce.to_owned(),
            held: Vec::new(),
            streams: HashMap::new(),
            pending: None,
            below_panic,
        }
    }

    /// Takes the next bytes and returns what is complete, in order.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<OfRun> {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        let mut complete = Vec::new();
        while let Some((header, behind)) = rest.split_first_chunk::<ASIDE_HEADER>() {
            let (run, stderr, length) = read_aside_header(*header);
            let Some((text, next)) = behind.split_at_checked(length) else {
                break;
            };
            let stream = if stderr {
                Stream::Stderr
            } else {
                Stream::Stdout
            };
            self.take(run, stream, text, &mut complete);
            rest = next;
        }
        self.held = rest.to_vec();
        complete
    }

    /// Whether something waits for what may follow it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Nothing has followed.
    pub fn take_pending(&mut self) -> Option<OfRun> {
        let (run, shown) = self.pending.take()?;
        Some((run, ThreadOutput::Display(shown)))
    }

    /// Returns everything that was held back: the process is gone, nothing more will come.
    pub fn finish(&mut self) -> Vec<OfRun> {
        // A frame whose end is missing was being written when the process died.
        self.held.clear();
        let mut complete = Vec::from_iter(self.take_pending());
        for ((run, stream), mut demux) in std::mem::take(&mut self.streams) {
            for piece in demux.finish() {
                self.accept(run, stream, piece, &mut complete);
            }
        }
        complete
    }

    fn take(&mut self, run: u64, stream: Stream, text: &[u8], complete: &mut Vec<OfRun>) {
        let mut demux = self
            .streams
            .remove(&(run, stream))
            .unwrap_or_else(|| match stream {
                Stream::Stdout => Demux::stdout(&self.nonce),
                Stream::Stderr => Demux::stderr(&self.nonce),
            });
        for piece in demux.push(text) {
            self.accept(run, stream, piece, complete);
        }
        if !demux.is_empty() {
            self.streams.insert((run, stream), demux);
        }
    }

    fn accept(&mut self, run: u64, stream: Stream, piece: Piece, complete: &mut Vec<OfRun>) {
        let block = match piece {
            Piece::Content { mime, data } => DisplayBlock::read(&mime, data),
            Piece::Text(text) => {
                complete.extend(self.take_pending());
                return complete.push((run, ThreadOutput::Text(stream, text)));
            }
            // evcxr's words are the running cell's; from anybody else they are text.
            Piece::Protocol(line) => {
                complete.extend(self.take_pending());
                return complete.push((run, ThreadOutput::Text(stream, format!("{line}\n"))));
            }
            Piece::Panic(panic) => {
                complete.extend(self.take_pending());
                let below = (self.below_panic)(&panic);
                return complete.push((run, ThreadOutput::Text(stream, below)));
            }
            Piece::Mark(_) => return,
        };
        match block {
            DisplayBlock::Clear { wait } => {
                complete.extend(self.take_pending());
                complete.push((run, ThreadOutput::Clear(wait)));
            }
            DisplayBlock::Show(shown) if shown.id.is_some() => {
                complete.extend(self.take_pending());
                complete.push((run, ThreadOutput::Display(shown)));
            }
            DisplayBlock::Show(shown) => {
                let shown = match &mut self.pending {
                    Some((of, above)) if *of == run => match above.merge(shown) {
                        Some(shown) => shown,
                        None => return,
                    },
                    _ => shown,
                };
                complete.extend(self.take_pending());
                self.pending = Some((run, shown));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lesson_runtime::aside_header;

    fn aside() -> Aside {
        Aside::new("n0nce", Box::new(|_| String::new()))
    }

    fn frame(run: u64, stderr: bool, text: &[u8]) -> Vec<u8> {
        let mut frame = aside_header(run, stderr, text.len()).to_vec();
        frame.extend(text);
        frame
    }

    fn text(run: u64, stream: Stream, text: &str) -> OfRun {
        (run, ThreadOutput::Text(stream, text.to_owned()))
    }

    /// However the operating system cuts it, each run's streams come out whole and in order.
    #[test]
    fn streams_of_several_runs_are_told_apart() {
        let mut input = frame(3, false, b"one \xe2\x82");
        input.extend(frame(4, false, b"two "));
        input.extend(frame(4, true, b"bad\n"));
        input.extend(frame(3, false, b"\xac\n"));
        for size in 1..=input.len() {
            let mut aside = aside();
            let mut all = Vec::new();
            for chunk in input.chunks(size) {
                all.extend(aside.push(chunk));
            }
            let expected = [
                text(3, Stream::Stdout, "one "),
                text(4, Stream::Stdout, "two "),
                text(4, Stream::Stderr, "bad\n"),
                text(3, Stream::Stdout, "€\n"),
            ];
            assert_eq!(all, expected, "in chunks of {size}");
        }
    }

    #[test]
    fn a_picture_and_its_words_are_one_display() {
        let block = |mime: &str| format!("EVCXR_BEGIN_CONTENT {mime}\nx\nEVCXR_END_CONTENT\n");
        let mut aside = aside();
        let both = block("image/svg+xml") + &block("text/plain");
        assert_eq!(aside.push(&frame(3, false, both.as_bytes())), []);
        assert!(aside.is_pending());
        let again = aside.push(&frame(3, false, block("text/plain").as_bytes()));
        let [(3, ThreadOutput::Display(shown))] = again.as_slice() else {
            panic!("{again:?} is not one display of run 3");
        };
        assert_eq!(shown.bundle.len(), 2);
    }

    #[test]
    fn what_a_dead_process_left_is_not_lost() {
        let mut aside = aside();
        assert_eq!(aside.push(&frame(3, false, b"EVCXR_BEGIN")), []);
        aside.push(&frame(3, false, b"cut off")[..15]);
        assert_eq!(aside.finish(), [text(3, Stream::Stdout, "EVCXR_BEGIN")]);
    }
}
