//! Tests of what is cut, held back and put together again.

use super::*;

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}

/// The same pieces must come out however the operating system cuts the stream.
#[track_caller]
fn check(input: &[u8], expected: &[Piece]) {
    for size in 1..=input.len() {
        let mut demux = Demux::stdout("n0nce");
        let mut pieces: Vec<Piece> = Vec::new();
        for chunk in input.chunks(size) {
            for piece in demux.push(chunk) {
                match (pieces.last_mut(), piece) {
                    (Some(Piece::Text(last)), Piece::Text(more)) => last.push_str(&more),
                    (_, piece) => pieces.push(piece),
                }
            }
        }
        pieces.extend(demux.finish());
        assert_eq!(pieces, expected, "in chunks of {size}");
    }
}

#[test]
fn text_without_newline_is_passed_on_at_once() {
    let mut demux = Demux::stdout("n0nce");
    assert_eq!(demux.push(b"50 %"), [text("50 %")]);
}

#[test]
fn a_mark_behind_text_and_before_text_is_found() {
    let mut input = b"before".to_vec();
    input.extend(lesson_runtime::mark("n0nce", 12));
    input.extend(b"after\n");
    check(&input, &[text("before"), Piece::Mark(12), text("after\n")]);
}

#[test]
fn a_mark_of_another_kernel_is_text() {
    let input = lesson_runtime::mark("other", 1);
    let mut demux = Demux::stdout("n0nce");
    let mut pieces = demux.push(&input);
    pieces.extend(demux.finish());
    let joined: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            other => panic!("{other:?} is not text"),
        })
        .collect();
    assert_eq!(joined.as_bytes(), input);
}

#[test]
fn content_behind_a_print_without_newline_is_found() {
    check(
        b"abcEVCXR_BEGIN_CONTENT text/plain\n4\n2\nEVCXR_END_CONTENT\nEVCXR_PANIC_NOTIFICATION\n",
        &[
            text("abc"),
            Piece::Content {
                mime: "text/plain".into(),
                data: "4\n2".into(),
            },
            Piece::Protocol("EVCXR_PANIC_NOTIFICATION".into()),
        ],
    );
}

#[test]
fn an_end_that_nobody_began_and_the_complete_word_are_text() {
    check(
        b"EVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE\n",
        &[text("EVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE\n")],
    );
}

#[test]
fn an_input_request_keeps_its_prompt() {
    check(
        b"EVCXR_INPUT_REQUEST:Name: \n",
        &[Piece::Protocol("EVCXR_INPUT_REQUEST:Name: ".into())],
    );
}

#[test]
fn characters_are_not_cut_and_invalid_bytes_are_replaced() {
    check("zwölf €\n".as_bytes(), &[text("zwölf €\n")]);
    check(b"a\xffb\n", &[text("a\u{fffd}b\n")]);
}

#[test]
fn many_bytes_that_are_no_text_are_replaced_one_by_one() {
    let mut demux = Demux::stdout("n0nce");
    let pieces = demux.push(&[0xff; 100_000]);
    assert_eq!(pieces, [text(&"\u{fffd}".repeat(100_000))]);
    check(
        b"\xe2\x82x\xf0\x9f\x92",
        &[text("\u{fffd}x"), text("\u{fffd}")],
    );
}

#[test]
fn a_block_that_nobody_ends_is_text_in_the_end() {
    let mut input = b"EVCXR_BEGIN_CONTENT text/html\n<b>".to_vec();
    input.extend(lesson_runtime::mark("n0nce", 1));
    check(
        &input,
        &[text("EVCXR_BEGIN_CONTENT text/html\n<b>"), Piece::Mark(1)],
    );
}

#[test]
fn a_block_without_bounds_does_not_fill_the_memory() {
    let mut demux = Demux::stdout("n0nce");
    let mut released = 0;
    let mut sent = demux.push(b"EVCXR_BEGIN_CONTENT text/plain\n").len();
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..80 {
        sent += chunk.len();
        for piece in demux.push(&chunk) {
            let Piece::Text(text) = piece else {
                panic!("a block without an end is no content");
            };
            released += text.len();
        }
    }
    assert_eq!(released, sent + "EVCXR_BEGIN_CONTENT text/plain\n".len());
}

#[test]
fn what_is_held_back_is_not_lost_when_the_process_dies() {
    let mut demux = Demux::stdout("n0nce");
    let mut pieces = demux.push(b"last words EVCXR_");
    pieces.extend(demux.finish());
    assert_eq!(pieces, [text("last words "), text("EVCXR_")]);
}

#[test]
fn the_mark_of_a_panic_is_found_however_it_is_cut() {
    let panic = ThreadPanic {
        started_by: 3,
        ..ThreadPanic::default()
    };
    let mut input = b"thread 'Ada' panicked: no\n".to_vec();
    input.extend(lesson_runtime::panic_mark("n0nce", &panic));
    input.extend(b"next\n");
    check(
        &input,
        &[
            text("thread 'Ada' panicked: no\n"),
            Piece::Panic(panic),
            text("next\n"),
        ],
    );
}

#[test]
fn stderr_has_no_protocol() {
    let mut demux = Demux::stderr("n0nce");
    assert_eq!(
        demux.push(b"EVCXR_PANIC_NOTIFICATION\n"),
        [text("EVCXR_PANIC_NOTIFICATION\n")]
    );
}

#[test]
fn a_line_that_is_too_long_for_the_protocol_is_text_however_it_is_cut() {
    let line = format!("EVCXR_INPUT_REQUEST:{}\n", "a".repeat(LONGEST_LINE));
    let whole = Demux::stdout("n0nce").push(line.as_bytes());
    assert_eq!(whole, [text(&line)]);
    check(line.as_bytes(), &[text(&line)]);
}
