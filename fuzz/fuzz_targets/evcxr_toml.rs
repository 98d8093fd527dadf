#![no_main]

use libfuzzer_sys::fuzz_target;
use rust_lessons_fuzz::properties::evcxr_toml;

fuzz_target!(|text: &str| evcxr_toml::check(text));
