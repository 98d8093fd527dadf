#![no_main]

use libfuzzer_sys::fuzz_target;
use rust_lessons_fuzz::properties::is_complete;

fuzz_target!(|text: &str| is_complete::check(text));
