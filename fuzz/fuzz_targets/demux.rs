//! The first byte tells how many of the next are the lengths of the reads.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rust_lessons_fuzz::properties::demux;

fuzz_target!(|data: &[u8]| {
    let Some((count, rest)) = data.split_first() else {
        return;
    };
    let (cuts, bytes) = rest.split_at(rest.len().min(usize::from(*count)));
    demux::check(bytes, cuts);
});
