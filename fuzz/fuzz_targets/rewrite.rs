#![no_main]

use libfuzzer_sys::fuzz_target;
use rust_lessons_fuzz::properties::rewrite;

fuzz_target!(|text: &str| rewrite::check(text));
