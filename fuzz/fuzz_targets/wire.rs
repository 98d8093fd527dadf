//! The parts of a message, with a byte 255 (which JSON cannot have) between them. A header of one word
//! stands for a good one, so that the content is reached.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use rust_lessons_fuzz::properties::wire;

fuzz_target!(|data: &[u8]| {
    let mut parts: Vec<Bytes> = data
        .split(|byte| *byte == 255)
        .map(Bytes::copy_from_slice)
        .collect();
    if let Ok(word) = std::str::from_utf8(&parts[0])
        && word.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
    {
        parts[0] = wire::header(word);
    }
    wire::check(&parts);
});
