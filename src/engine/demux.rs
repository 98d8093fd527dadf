//! Takes apart what comes through the runtime's stdout and stderr.
//!
//! Three kinds of things share these streams: what the learner prints, evcxr's text protocol (which
//! generated code and display crates print to stdout), and the marks with which the runtime says that
//! a cell has ended. Evcxr's protocol is line based, but a `print!` without newline may stand before
//! it, so its words are recognised anywhere in a line.

use lesson_runtime::ThreadPanic;

/// A piece of a stream, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Printed text. Invalid UTF-8 is replaced; a character is never cut in two.
    Text(String),
    /// Content of one MIME type to be displayed.
    Content {
        /// The MIME type.
        mime: String,
        /// The content as evcxr would see it: lines joined by newlines.
        data: String,
    },
    /// A line that evcxr itself has to read.
    Protocol(String),
    /// The runtime's mark with this number.
    Mark(u64),
    /// Stands behind the message of a thread's panic.
    Panic(ThreadPanic),
}

const BEGIN: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END: &[u8] = b"EVCXR_END_CONTENT\n";
/// Words of evcxr's protocol that reach to the end of their line.
const PROTOCOL: [&[u8]; 4] = [
    b"EVCXR_PANIC_NOTIFICATION",
    b"EVCXR_ERROR_OCCURRED",
    b"EVCXR_VARIABLE_CHANGED_TYPE:",
    b"EVCXR_INPUT_REQUEST",
];
/// A protocol line longer than this is taken for printed text.
const LONGEST_LINE: usize = 4096;
/// A block longer than this is printed text that happens to follow a word of the protocol, or a
/// picture that no front end could show.
const LONGEST_CONTENT: usize = 64 << 20;

/// The state between two reads of one stream.
#[derive(Debug)]
pub struct Demux {
    mark: Vec<u8>,
    panic_mark: Vec<u8>,
    mute_mark: Vec<u8>,
    protocol: bool,
    held: Vec<u8>,
    content: Option<Content>,
}

#[derive(Debug)]
struct Content {
    mime: String,
    data: Vec<u8>,
}

enum Found {
    /// At this place starts something, of this length, that means this.
    Whole(usize, usize, Token),
    /// At this place something may start; more bytes are needed to tell.
    Partial(usize),
    Nothing,
}

enum Token {
    Begin(String),
    End,
    Protocol(String),
    Mark(u64),
    Panic(ThreadPanic),
    Mute,
}

impl Demux {
    /// A stream in which both protocol and marks occur (stdout).
    #[must_use]
    pub fn stdout(nonce: &str) -> Demux {
        Demux::new(nonce, true)
    }

    /// A stream in which only marks occur (stderr).
    #[must_use]
    pub fn stderr(nonce: &str) -> Demux {
        Demux::new(nonce, false)
    }

    fn new(nonce: &str, protocol: bool) -> Demux {
        let mut mark = lesson_runtime::mark(nonce, 0);
        // Up to the number, which has a fixed width: everything that all marks share.
        mark.truncate(mark.len() - MARK_TAIL);
        Demux {
            mark,
            panic_mark: lesson_runtime::panic_mark_head(nonce),
            mute_mark: lesson_runtime::mute_mark(nonce),
            protocol,
            held: Vec::new(),
            content: None,
        }
    }

    /// Takes the next bytes and returns what is complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.held.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        loop {
            match self.find() {
                Found::Whole(start, length, token) => {
                    self.pass(start, &mut pieces);
                    self.held.drain(..length);
                    self.accept(token, &mut pieces);
                }
                Found::Partial(start) => {
                    self.pass(start, &mut pieces);
                    return pieces;
                }
                Found::Nothing => {
                    let whole = whole_characters(&self.held);
                    self.pass(whole, &mut pieces);
                    return pieces;
                }
            }
        }
    }

    /// Whether nothing is held back, and no block is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.content.is_none()
    }

    /// Returns everything that was held back: the process is gone, nothing more will come.
    pub fn finish(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if let Some(content) = self.content.take() {
            content.release(&mut pieces);
        }
        let rest = std::mem::take(&mut self.held);
        push_text(&rest, &mut pieces);
        pieces
    }

    /// Hands on the first `length` bytes as text, or as part of the open content.
    fn pass(&mut self, length: usize, pieces: &mut Vec<Piece>) {
        let bytes: Vec<u8> = self.held.drain(..length).collect();
        match &mut self.content {
            Some(content) => content.data.extend_from_slice(&bytes),
            None => push_text(&bytes, pieces),
        }
        if let Some(content) = self
            .content
            .take_if(|content| content.data.len() > LONGEST_CONTENT)
        {
            content.release(pieces);
        }
    }

    fn accept(&mut self, token: Token, pieces: &mut Vec<Piece>) {
        match token {
            Token::Begin(mime) => {
                self.content = Some(Content {
                    mime,
                    data: Vec::new(),
                });
            }
            Token::End => {
                if let Some(content) = self.content.take() {
                    pieces.push(content.into_piece());
                }
            }
            Token::Protocol(line) => {
                // A panic inside a display leaves its content open for ever.
                if let Some(content) = self.content.take() {
                    pieces.push(content.into_piece());
                }
                pieces.push(Piece::Protocol(line));
            }
            Token::Panic(panic) => pieces.push(Piece::Panic(panic)),
            Token::Mute => {}
            Token::Mark(number) => {
                // Nobody has ended it: what follows its beginning may be anything.
                if let Some(content) = self.content.take() {
                    content.release(pieces);
                }
                pieces.push(Piece::Mark(number));
            }
        }
    }

    fn find(&self) -> Found {
        for start in memchr::memchr2_iter(0, b'E', &self.held) {
            let rest = &self.held[start..];
            let found = match rest[0] {
                0 => self
                    .mark_at(rest)
                    .or_else(|| self.panic_at(rest))
                    .or_else(|| self.mute_at(rest)),
                b'E' if self.protocol => self.word_at(rest),
                _ => At::Not,
            };
            match found {
                At::Whole(length, token) => return Found::Whole(start, length, token),
                At::Partial => return Found::Partial(start),
                At::Not => {}
            }
        }
        Found::Nothing
    }

    fn mark_at(&self, rest: &[u8]) -> At {
        if !agree(rest, &self.mark) {
            return At::Not;
        }
        let length = self.mark.len() + MARK_TAIL;
        if rest.len() < length {
            return At::Partial;
        }
        std::str::from_utf8(&rest[self.mark.len()..length - 1])
            .ok()
            .and_then(|digits| digits.parse().ok())
            .map_or(At::Not, |number| At::Whole(length, Token::Mark(number)))
    }

    /// The mark of a panic reaches to the next NUL byte.
    fn panic_at(&self, rest: &[u8]) -> At {
        if !agree(rest, &self.panic_mark) {
            return At::Not;
        }
        let Some(content) = rest.get(self.panic_mark.len()..) else {
            return At::Partial;
        };
        match memchr::memchr(0, content) {
            Some(end) => serde_json::from_slice(&content[..end]).map_or(At::Not, |panic| {
                At::Whole(self.panic_mark.len() + end + 1, Token::Panic(panic))
            }),
            None => At::partial(rest),
        }
    }

    /// A mark that swallows the end of the line behind it.
    fn mute_at(&self, rest: &[u8]) -> At {
        if !agree(rest, &self.mute_mark) {
            return At::Not;
        }
        match rest.get(self.mute_mark.len()) {
            Some(b'\n') => At::Whole(self.mute_mark.len() + 1, Token::Mute),
            Some(_) => At::Whole(self.mute_mark.len(), Token::Mute),
            None => At::Partial,
        }
    }

    fn word_at(&self, rest: &[u8]) -> At {
        if self.content.is_some() {
            if rest.starts_with(END) {
                return At::Whole(END.len(), Token::End);
            }
            if agree(rest, END) {
                return At::Partial;
            }
        } else if agree(rest, BEGIN) {
            return line_at(rest, BEGIN.len()).map_or(At::partial(rest), |(length, line)| {
                let mime = line[BEGIN.len()..].trim().to_owned();
                At::Whole(length, Token::Begin(mime))
            });
        }
        for word in PROTOCOL {
            if agree(rest, word) {
                return line_at(rest, word.len()).map_or(At::partial(rest), |(length, line)| {
                    At::Whole(length, Token::Protocol(line))
                });
            }
        }
        At::Not
    }
}

/// The width of a mark's number, and the NUL after it.
const MARK_TAIL: usize = 21;

enum At {
    Whole(usize, Token),
    Partial,
    Not,
}

impl At {
    fn or_else(self, other: impl FnOnce() -> At) -> At {
        match self {
            At::Not => other(),
            found => found,
        }
    }

    fn partial(rest: &[u8]) -> At {
        if rest.len() > LONGEST_LINE {
            At::Not
        } else {
            At::Partial
        }
    }
}

impl Content {
    /// What was taken for content is text.
    fn release(self, pieces: &mut Vec<Piece>) {
        push_text(BEGIN, pieces);
        push_text(self.mime.as_bytes(), pieces);
        push_text(b"\n", pieces);
        push_text(&self.data, pieces);
    }

    fn into_piece(self) -> Piece {
        let text = String::from_utf8_lossy(&self.data);
        Piece::Content {
            mime: self.mime,
            // evcxr prints a newline before the closing line; it does not belong to the content.
            data: text.strip_suffix('\n').unwrap_or(&text).to_owned(),
        }
    }
}

/// Whether one of the two starts with the other.
fn agree(rest: &[u8], word: &[u8]) -> bool {
    let length = rest.len().min(word.len());
    rest[..length] == word[..length]
}

/// The line that starts here, without its newline, and its length with it.
fn line_at(rest: &[u8], at_least: usize) -> Option<(usize, String)> {
    // Bounded as `At::partial` is: else it would depend on the cuts of the stream what a line is.
    let longest = &rest[..rest.len().min(LONGEST_LINE + 1)];
    let end = memchr::memchr(b'\n', longest)?;
    (end >= at_least).then(|| (end + 1, String::from_utf8_lossy(&rest[..end]).into_owned()))
}

/// How many bytes can be taken without cutting a character that is not complete yet.
fn whole_characters(bytes: &[u8]) -> usize {
    // A character has at most four bytes, so its first one is among the last three if it is cut.
    let ends = (1..=3.min(bytes.len())).map(|back| bytes.len() - back);
    for start in ends {
        match bytes[start] {
            0x80..=0xbf => {}
            0xc0.. => {
                let cut = std::str::from_utf8(&bytes[start..])
                    .is_err_and(|error| error.error_len().is_none());
                return if cut { start } else { bytes.len() };
            }
            _ => break,
        }
    }
    bytes.len()
}

fn push_text(bytes: &[u8], pieces: &mut Vec<Piece>) {
    if bytes.is_empty() {
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.push_str(&text);
    } else {
        pieces.push(Piece::Text(text.into_owned()));
    }
}

#[cfg(test)]
mod tests;
