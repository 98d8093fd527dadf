//! What the look at the stop button costs a loop with real work in it: each kernel of work, compiled
//! as the kernel compiles cells, once without and once with the call at its loop heads.
//!
//! `cargo bench --bench checkpoints` prints the table. The two are timed in turns, many times, and the
//! quickest time of each counts: what the machine does besides only ever adds.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rust_lessons::engine::known::Known;
use rust_lessons::engine::rewrite::rewrite;

/// Name, and the body of `fn work() -> u64`. Every loop in it gets a checkpoint.
const WORK: &[(&str, &str)] = &[
    (
        "sum of 1,000 numbers",
        "let v: Vec<u64> = (0..1_000).collect(); let mut sum = 0_u64;
         for _ in 0..200 { let v = std::hint::black_box(&v); for x in v.iter() { sum = sum ^ (*x << 1); } } sum",
    ),
    (
        "sum of 1,000 numbers, iter().sum()",
        "let v: Vec<u64> = (0..1_000).collect(); let mut sum = 0_u64;
         for _ in 0..200 { sum = sum.wrapping_add(std::hint::black_box(&v).iter().sum::<u64>()); } sum",
    ),
    (
        "mandelbrot points",
        "let mut all = 0_u64;
         for point in 0..2_000_u32 {
             let (cx, cy) = (f64::from(point % 50) / 25.0 - 1.5, f64::from(point / 50) / 20.0 - 1.0);
             let (mut x, mut y, mut n) = (0.0_f64, 0.0_f64, 0_u64);
             while n < 100 && x * x + y * y < 4.0 { (x, y) = (x * x - y * y + cx, 2.0 * x * y + cy); n += 1; }
             all += n;
         } all",
    ),
    (
        "hashes of short words",
        "use std::hash::{DefaultHasher, Hash, Hasher}; let mut all = 0_u64;
         for n in 0..5_000_u64 { let mut hasher = DefaultHasher::new(); (\"word\", n).hash(&mut hasher); all ^= hasher.finish(); } all",
    ),
    (
        "sorting 64 numbers",
        "let mut all = 0_u64;
         for n in 0..300_u64 { let mut v: Vec<u64> = (0..64).map(|x| (x * 2_654_435_761 + n) % 1_009).collect(); v.sort_unstable(); all += v[5]; } all",
    ),
    (
        "words into a map",
        "let mut map = std::collections::HashMap::new();
         for n in 0..2_000_u64 { *map.entry(n % 97).or_insert(0_u64) += n; } map[&5]",
    ),
    (
        "primes by trial division",
        "let mut found = 0_u64;
         for n in 2..3_000_u64 { let mut prime = true; let mut d = 2; while d * d <= n { if n % d == 0 { prime = false; break; } d += 1; } found += u64::from(prime); } found",
    ),
    (
        "formatting numbers",
        "use std::fmt::Write; let mut text = String::new();
         for n in 0..1_000 { text.clear(); write!(text, \"{n} and {}\", n + 1).unwrap(); std::hint::black_box(&text); } text.len() as u64",
    ),
    (
        "empty body (no work at all)",
        "let mut n = 0_u64; while n < 200_000 { n = std::hint::black_box(n + 1); } n",
    ),
];

fn main() {
    // `cargo test` runs benches too, and has no use for this one.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    for level in ["0", "2"] {
        println!("opt-level {level}: without, with, difference");
        let program = compile(folder.path(), level);
        let output = Command::new(program)
            .output()
            .expect("it has been compiled");
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
}

fn compile(folder: &Path, level: &str) -> PathBuf {
    rustc(
        folder,
        "runtime",
        RUNTIME,
        &["--crate-type=dylib", "-Copt-level=3"],
    );
    let name = format!("work_{level}");
    let level_option = format!("-Copt-level={level}");
    rustc(
        folder,
        &name,
        &program(level),
        &[&level_option, "-Cdebug-assertions=on"],
    );
    folder.join(name)
}

fn rustc(folder: &Path, name: &str, source: &str, options: &[&str]) {
    let file = folder.join(format!("{name}.rs"));
    std::fs::write(&file, source).expect("the folder can be written");
    let done = Command::new("rustc")
        .args([
            "--edition=2024",
            "--cap-lints=allow",
            "-Cprefer-dynamic",
            "-Crpath",
        ])
        .args(["-L.", "-Cdebuginfo=0"])
        .args(options)
        .arg(file)
        .current_dir(folder)
        .status()
        .expect("rustc is installed");
    assert!(done.success(), "the generated program does not compile");
}

/// What the process that runs the cells has, in an object of its own and optimised, as there.
const RUNTIME: &str = "
    use std::sync::atomic::{AtomicU32, Ordering};
    #[unsafe(export_name = \"lesson_runtime_stage\")] static STAGE: AtomicU32 = AtomicU32::new(0);
    #[unsafe(no_mangle)] pub extern \"C-unwind\" fn lesson_runtime_checkpoint() {}
    #[unsafe(no_mangle)] pub extern \"C-unwind\" fn lesson_runtime_poll() {
        if STAGE.load(Ordering::Relaxed) != 0 { lesson_runtime_checkpoint(); }
    }";

fn program(level: &str) -> String {
    let mut text = rust_lessons::engine::rewrite::checkpoints::definition(level);
    text.push_str("\nextern crate runtime;\n");
    let mut calls = String::new();
    for (index, (name, body)) in WORK.iter().enumerate() {
        let plain = format!("#[inline(never)] fn plain_{index}() -> u64 {{ {body} }}");
        let checked = format!("#[inline(never)] fn checked_{index}() -> u64 {{ {body} }}");
        let checked = rewrite(&checked, 1, &Known::default(), None)
            .edited
            .code()
            .to_owned();
        assert!(
            checked.contains("lesson_stop"),
            "a loop of {name} has a look"
        );
        let _ = writeln!(text, "{plain}\n{checked}");
        let _ = writeln!(calls, "compare({name:?}, plain_{index}, checked_{index});");
    }
    let _ = writeln!(
        text,
        "fn compare(name: &str, plain: fn() -> u64, checked: fn() -> u64) {{
            assert_eq!(plain(), checked());
            let time = |work: fn() -> u64| {{ let start = std::time::Instant::now(); std::hint::black_box(work()); start.elapsed() }};
            let mut best = [std::time::Duration::MAX; 2];
            for _ in 0..400 {{ best[0] = best[0].min(time(plain)); best[1] = best[1].min(time(checked)); }}
            let more = best[1].as_secs_f64() / best[0].as_secs_f64() - 1.0;
            println!(\"  {{name:36}} {{:9.1}} us {{:9.1}} us {{:+6.1}} %\", best[0].as_secs_f64() * 1e6, best[1].as_secs_f64() * 1e6, more * 100.0);
        }}
        fn main() {{ {calls} }}"
    );
    text
}
