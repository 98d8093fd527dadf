//! Whatever a stream carries, the operating system may cut it anywhere: the pieces must be the same.

use rust_lessons::engine::demux::{Demux, Piece};

/// Marks carry this word.
pub const NONCE: &str = "n0nce";

/// `cuts` are the lengths of the reads, used over and over; the rest comes in one read.
pub fn check(bytes: &[u8], cuts: &[u8]) {
    for make in [Demux::stdout, Demux::stderr] {
        let whole = pieces(make(NONCE), [bytes]);
        let cut = pieces(make(NONCE), reads(bytes, cuts));
        assert_eq!(whole, cut, "the cuts {cuts:?} changed the pieces");
    }
    // The model: where no mark can be, all of stderr is text.
    if !bytes.contains(&0) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let expected: Vec<Piece> = [text]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(Piece::Text)
            .collect();
        assert_eq!(
            pieces(Demux::stderr(NONCE), reads(bytes, cuts)),
            expected,
            "stderr has no protocol"
        );
    }
}

fn reads<'a>(bytes: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut reads = Vec::new();
    for cut in cuts {
        let (read, later) = rest.split_at(rest.len().min(usize::from(*cut)));
        reads.push(read);
        rest = later;
    }
    reads.push(rest);
    reads
}

/// All pieces, with neighbouring texts joined.
fn pieces<'a>(mut demux: Demux, reads: impl IntoIterator<Item = &'a [u8]>) -> Vec<Piece> {
    let mut found = Vec::new();
    for read in reads {
        found.extend(demux.push(read));
    }
    found.extend(demux.finish());
    let mut joined: Vec<Piece> = Vec::new();
    for piece in found {
        match (joined.last_mut(), piece) {
            (Some(Piece::Text(last)), Piece::Text(more)) => last.push_str(&more),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}
