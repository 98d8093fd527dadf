//! Tests of what is cut, held back and put together again.

use super::*;

/// What a notebook shows in the end of what was sent: the rules of JupyterLab 4.6, in which a
/// character takes the place of another, and no sequence moves anything.
fn notebook(sent: &str) -> String {
    let mut lines = vec![Vec::new()];
    let mut column = 0;
    for character in sent.chars() {
        let line = lines.last_mut().expect("there is one");
        match character {
            '\n' => {
                lines.push(Vec::new());
                column = 0;
            }
            '\r' => column = 0,
            other => {
                line.resize(line.len().max(column + 1), ' ');
                line[column] = other;
                column += 1;
            }
        }
    }
    let lines: Vec<String> = lines
        .into_iter()
        .map(|line| line.into_iter().collect::<String>().trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// The same must be seen however the text was cut, and whatever of it had to wait.
#[track_caller]
fn check(text: &str, seen: &str) {
    let characters: Vec<char> = text.chars().collect();
    for size in 1..=characters.len() {
        for every in 1..4 {
            let mut stream = StreamText::default();
            let mut sent = String::new();
            for (count, chunk) in characters.chunks(size).enumerate() {
                stream.push(&chunk.iter().collect::<String>());
                if count % every == 0 {
                    sent.push_str(&stream.take(every > 1));
                }
            }
            stream.settle();
            sent.push_str(&stream.take(true));
            assert_eq!(
                notebook(&sent),
                seen,
                "by {size}, sent every {every}: {sent:?}"
            );
        }
    }
}

#[test]
fn plain_text_is_sent_as_it_is() {
    let text = "a\tb\0\u{1b}[1mc\u{1b}[0m\nd\u{1b}]0;t\u{7} e\n\nf";
    for waited in [false, true] {
        let mut stream = StreamText::default();
        stream.push(text);
        assert_eq!(stream.take(waited), text);
    }
}

#[test]
fn short_text_that_did_not_wait_is_sent_as_it_is() {
    let mut stream = StreamText::default();
    stream.push("\r10 %\r100 %");
    assert_eq!(stream.take(false), "\r10 %\r100 %");
    stream.push("\r5 %");
    assert_eq!(stream.take(false), "\r5 %");
}

#[test]
fn states_that_nobody_would_see_are_left_out() {
    let mut stream = StreamText::default();
    for step in 0..=10_000 {
        stream.push(&format!("\r{step} of 10000"));
    }
    assert_eq!(stream.take(true), "10000 of 10000");
}

#[test]
fn a_line_is_drawn_over_as_on_a_terminal() {
    check("10 %\r50 %\r100 %\ndone", "100 %\ndone");
    check("long text\rshort\n", "shorttext\n");
    check("long text\r\u{1b}[2Kshort\n", "short\n");
    check("abc\u{8}\u{8}X", "aXc");
    check("ab\rabc\r\nd", "abc\nd");
    check("zwölf €\rdrei  €\n", "drei  €\n");
}

#[test]
fn a_bar_of_indicatif_is_one_line() {
    let bar = |done: usize| {
        format!(
            "\r\u{1b}[2K{:80}",
            format!("[{}] {done}/9", "#".repeat(done))
        )
    };
    let text: String = (1..=9).map(bar).collect();
    check(&format!("{text}\nend\n"), "[#########] 9/9\nend\n");
    // Without a new line of its own: a terminal would begin one after the 80th column.
    check(&format!("{text}end\n"), "[#########] 9/9\nend\n");
}

#[test]
fn several_bars_of_indicatif_are_several_lines_in_the_end() {
    let line = |name: &str, done: usize| format!("{:80}", format!("{name} {done}/2"));
    let mut text = line("one", 0);
    text += &format!("\r\u{1b}[2K{}{}", line("one", 0), line("two", 0));
    for done in 1..=2 {
        text += "\u{1b}[1A\r\u{1b}[2K\u{1b}[1B\r\u{1b}[2K\u{1b}[1A";
        text += &(line("one", done) + &line("two", done));
    }
    for cut in 0..text.len() {
        let mut stream = StreamText::default();
        stream.push(&text[..cut]);
        let mut sent = stream.take(true);
        stream.push(&text[cut..]);
        sent += &stream.take(true);
        let seen = notebook(&sent);
        assert_eq!(seen, "one 2/2  |  two 2/2", "as long as they are drawn");
        stream.settle();
        sent += &stream.take(true);
        assert_eq!(notebook(&sent), "one 2/2\ntwo 2/2", "cut at {cut}");
    }
}

#[test]
fn lines_printed_above_a_bar_become_lines_of_their_own() {
    let bar = |done: usize| format!("{:80}", format!("bar {done}"));
    let mut stream = StreamText::default();
    let mut sent = String::new();
    for done in 0..10 {
        let above = format!("{:80}", format!("step {done}"));
        stream.push(&format!("\r\u{1b}[2K{above}{}", bar(done)));
        sent += &stream.take(true);
    }
    let seen = notebook(&sent);
    assert!(seen.starts_with("step 0\nstep 1\nstep 2\n"), "{seen}");
    assert!(seen.ends_with("step 9  |  bar 9"), "{seen}");
}

#[test]
fn a_long_line_is_not_kept() {
    let mut stream = StreamText::default();
    for _ in 0..100 {
        stream.push(&"x".repeat(1000));
    }
    assert_eq!(stream.take(true).len(), 100_000);
    assert!(stream.is_inside_line());
    stream.push("\ry\nz");
    assert_eq!(stream.take(true), "\ry\nz");
}

#[test]
fn a_sequence_that_never_ends_is_text_in_the_end() {
    let mut stream = StreamText::default();
    stream.push("a\u{1b}[1;");
    assert_eq!(stream.take(false), "a");
    stream.settle();
    assert_eq!(stream.take(false), "\u{1b}[1;");
}
