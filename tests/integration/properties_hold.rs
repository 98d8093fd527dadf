//! The properties that the fuzz targets check, with random inputs: pieces that matter, in any order.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::properties;

/// Pieces of what a cell prints: words of evcxr's protocol, marks, halves of characters.
fn printed() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<Vec<u8>> = [
        &b"EVCXR_BEGIN_CONTENT text/plain\n"[..],
        b"EVCXR_END_CONTENT\n",
        b"EVCXR_PANIC_NOTIFICATION\n",
        b"EVCXR_ERROR_OCCURRED",
        b"EVCXR_VARIABLE_CHANGED_TYPE:v\n",
        b"EVCXR_INPUT_REQUEST:Name: ",
        b"EVCXR_",
        b"E",
        b"\n",
        b"text ",
        b"\0",
        b"\xe2\x82\xac",
        b"\xe2\x82",
        b"\xff",
        b"\xf0\x9f\x98",
    ]
    .iter()
    .map(|word| word.to_vec())
    .chain([
        lesson_runtime::mark(properties::demux::NONCE, 7),
        lesson_runtime::mark("other", 7),
        vec![b'a'; 4096],
    ])
    .collect();
    vec(select(words), 0..12).prop_map(|words| words.concat())
}

/// Pieces of cells: what the rewriter looks for, and what could mislead it.
fn cell() -> impl Strategy<Value = String> {
    let words = [
        "loop {",
        "while a {",
        "for i in 0..3 {",
        "}",
        "{",
        "(",
        ")",
        ";",
        "\n",
        "\r\n",
        " ",
        "fn f() {",
        "const fn f() {",
        "async {",
        "const {",
        "[0; ",
        "]",
        "|| ",
        "let a = ",
        "1",
        "static N: u8 = 1;",
        "#[a] static mut M: u8 = 1;",
        "/// Doc.\n",
        "// kernel\n",
        "/*",
        "*/",
        "\"",
        "r#\"",
        "\"#",
        "'l: ",
        "break",
        "m! {",
        "\n:dep x\n",
        "\n!ls\n",
        "zwölf",
        "€",
        "impl T {",
        "mod m {",
        "if let Some(x) = y {",
        "else {",
        "match a {",
        "_ => ",
        ",",
        "!",
        "-",
        "&",
    ];
    vec(select(words.to_vec()), 0..25).prop_map(|words| words.concat())
}

/// Pieces of a folder's settings.
fn settings() -> impl Strategy<Value = String> {
    let words = [
        "[evcxr]\n",
        "[dependencies]\n",
        "a = ",
        "b.c = ",
        "\"1\"\n",
        "'''x\ny'''\n",
        "{ d = 1 }\n",
        "[1, 2.5]\n",
        "true\n",
        "1979-05-27\n",
        "nan\n",
        "lesson_support = { path = \"x\" }\n",
        "opt_level = ",
        "offline_mode = ",
        "prelude = ",
        "\"\\u0001\\\"\"\n",
        "\n",
        "\"k \\n\" = ",
    ];
    vec(select(words.to_vec()), 0..10).prop_map(|words| words.concat())
}

fn parts() -> impl Strategy<Value = Vec<Bytes>> {
    let kinds = [
        "execute_request",
        "complete_request",
        "history_request",
        "comm_open",
        "input_reply",
        "shutdown_request",
        "no_such_request",
    ];
    let contents = [
        "{}",
        "",
        "[",
        "null",
        "{\"code\": \"1\"}",
        "{\"code\": 1}",
        "{\"cursor_pos\": -1}",
        "{\"hist_access_type\": \"search\"}",
        "{\"comm_id\": \"a\"}",
        "\"text\"",
        "\u{fffd}",
    ];
    let part = select(contents.to_vec());
    (select(kinds.to_vec()), vec(part, 0..6)).prop_map(|(kind, rest)| {
        std::iter::once(properties::wire::header(kind))
            .chain(rest.into_iter().map(|part| Bytes::from(part.to_owned())))
            .collect()
    })
}

proptest! {
    #[test]
    fn cuts_of_a_stream_do_not_matter(bytes in printed(), cuts in vec(0..40_u8, 0..60)) {
        properties::demux::check(&bytes, &cuts);
    }

    #[test]
    fn what_is_inserted_into_a_cell_is_not_noticed(code in cell()) {
        properties::rewrite::check(&code);
    }

    #[test]
    fn a_complete_cell_parses(code in cell()) {
        properties::is_complete::check(&code);
    }

    #[test]
    fn dependencies_keep_their_meaning_on_one_line(text in settings()) {
        properties::evcxr_toml::check(&text);
    }

    #[test]
    fn no_message_is_too_broken_to_be_told_apart(parts in parts()) {
        properties::wire::check(&parts);
    }
}
