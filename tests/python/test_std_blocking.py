"""Stop ends the blocking calls of std that a cell makes, and nobody notices otherwise that the kernel wraps them."""

from __future__ import annotations

import time

import psutil
import pytest

from frontend import CELL_S, START_S, FrontEnd

USE = "use std::sync::{Condvar, LazyLock, Mutex, RwLock, mpsc};\nuse std::thread;"
# Before this the process is ended, and the variables with it.
STOPPED_S = 20

HELD = "let m = Arc::new(Mutex::new(5));\nlet held = m.lock();\n"
LOCK = "let l = RwLock::new(5);\n"
CHANNEL = "let (tx, rx) = mpsc::channel::<u8>();\n"
PAIR = "let pair = Arc::new((Mutex::new(false), Condvar::new()));\nlet (ready, changed) = &*pair;\n"
FOR_EVER = "thread::spawn(|| loop { thread::park(); })"


def stopped(kernel: FrontEnd, before: str, wait: str, after: str = "") -> None:
    """Blocks for ever in `wait`, presses stop there, and sees the next cell find everything in place."""
    kernel.ok("let treasure = vec![1, 2, 3];")
    process = kernel.ok("std::process::id()").result
    # Nothing between the print and the call can be stopped, so it is the call that is.
    request = kernel.execute(f'{{\n{before}println!("blocked");\n{wait}\n{after}}}')
    kernel.until_printed(request, "blocked")
    kernel.interrupt()
    ran = kernel.finish(request, STOPPED_S)
    assert (ran.error["ename"], ran.error["evalue"]) == ("KeyboardInterrupt", "interrupted")
    assert kernel.ok("treasure.len()").result == "3"
    assert kernel.ok("std::process::id()").result == process


@pytest.fixture(scope="module", autouse=True)
def _names(kernel: FrontEnd) -> None:
    kernel.ok(USE)


@pytest.mark.parametrize(
    ("before", "wait"),
    [
        ("", "thread::sleep(Duration::from_secs(600));"),
        ("use std::thread::sleep;\n", "sleep(Duration::MAX);"),
        ("", "thread::park();\nthread::park();"),
        ("", "thread::park_timeout(Duration::from_secs(600));"),
        (f"let handle = {FOR_EVER};\n", "handle.join().unwrap();"),
        (f"let handles = vec![{FOR_EVER}];\n", "for handle in handles { handle.join().unwrap(); }"),
        ("", f"{FOR_EVER}.join().unwrap();"),
        (HELD, "let again = m.lock();"),
        (HELD, 'println!("{:?}", m.lock());'),
        (LOCK + "let held = l.read();\n", "let again = l.write();"),
        (LOCK + "let held = l.write();\n", "let again = l.read();"),
        (CHANNEL, "rx.recv().unwrap();"),
        (CHANNEL, 'println!("{}", rx.recv().unwrap());'),
        (CHANNEL, "for byte in rx {}"),
        (CHANNEL, "for byte in &rx {}"),
        (CHANNEL, "for byte in rx.iter() {}"),
        (CHANNEL, "while let Ok(byte) = rx.recv() {}"),
        (CHANNEL + "let rx = Arc::new(Mutex::new(rx));\n", "rx.lock().unwrap().recv().unwrap();"),
        ("let (tx, rx) = mpsc::sync_channel(1);\ntx.send(1).unwrap();\n", "tx.send(2).unwrap();"),
        ("let (tx, rx) = mpsc::sync_channel(0);\n", "tx.send(2).unwrap();"),
        (PAIR, "let mut go = ready.lock().unwrap();\nwhile !*go { go = changed.wait(go).unwrap(); }"),
        (PAIR, "let go = changed.wait_while(ready.lock().unwrap(), |go| !*go).unwrap();"),
        (PAIR, "let go = changed.wait_timeout(ready.lock().unwrap(), Duration::from_secs(600)).unwrap();"),
        ("", "fn deep() { thread::sleep(Duration::from_secs(600)); }\ndeep();"),
        ("", "mod inner { pub fn deep() { std::thread::sleep(std::time::Duration::MAX); } }\ninner::deep();"),
    ],
)
def test_a_blocking_call_is_stopped_and_every_variable_kept(kernel: FrontEnd, before: str, wait: str) -> None:
    stopped(kernel, before, wait)


# An executor that parks where the kernel does not wrap it.
EXECUTOR = """// kernel: no checkpoints
fn run<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}"""


@pytest.mark.parametrize(
    ("before", "wait"),
    [
        ("", "run(async { std::future::pending::<u8>().await });"),
        ("async fn deep() -> u8 { std::future::pending().await }\n", "run(async { deep().await });"),
        ("async fn deep() -> u8 { std::future::pending().await }\n", "run(deep());"),
    ],
)
def test_an_await_is_stopped_and_every_variable_kept(kernel: FrontEnd, before: str, wait: str) -> None:
    kernel.ok(EXECUTOR)
    stopped(kernel, before, wait)


def test_an_await_of_the_cell_itself_is_stopped_and_every_variable_kept() -> None:
    with FrontEnd() as kernel:
        kernel.ok("async fn answer() -> u8 { 42 }")
        assert kernel.ok("let found = answer().await;\nfound", START_S).result == "42"
        request = kernel.execute('println!("blocked");\nstd::future::pending::<u8>().await;')
        kernel.until_printed(request, "blocked")
        kernel.interrupt()
        ran = kernel.finish(request, STOPPED_S)
        assert (ran.error["ename"], ran.error["evalue"]) == ("KeyboardInterrupt", "interrupted")
        assert kernel.ok("found").result == "42"


def test_a_stop_that_comes_by_way_of_another_thread_is_one(kernel: FrontEnd) -> None:
    kernel.ok("let treasure = 1;\nlet endless = thread::spawn(|| loop { thread::sleep(Duration::from_millis(1)); });")
    # As in a pool of threads: only the others can be stopped, and what ends them is passed on.
    waits = (
        '// kernel: no checkpoints\nprintln!("blocked");\n'
        "if let Err(payload) = endless.join() { std::panic::resume_unwind(payload) }"
    )
    request = kernel.execute(waits)
    kernel.until_printed(request, "blocked")
    kernel.interrupt()
    ran = kernel.finish(request, STOPPED_S)
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert "EVCXR" not in ran.stdout
    assert kernel.ok("treasure").result == "1"


def loaded(process: int) -> set[str]:
    """Returns the compiled cells that the process has loaded."""
    return {module.path for module in psutil.Process(process).memory_maps() if "code_" in module.path}


@pytest.mark.parametrize(
    "wait",
    [
        "thread::sleep(Duration::from_secs(600));",
        "// A word first.\n\n// And another.\nthread::sleep(Duration::from_secs(600));\nlet never = 1;",
        "::std::thread::sleep(Duration::from_secs(600));",
        "  // A word.\n  ::std::thread::park();",
        "thread::park();",
        "shut.lock().unwrap();",
        "*shut.lock().unwrap() += 1;",
        "silent.recv().unwrap();",
        "silent.recv().unwrap()",
        "for byte in &silent {}",
        "sleeper.join();",
        "thread::scope(|s| { s.spawn(|| thread::sleep(Duration::from_secs(600))); });",
    ],
)
def test_a_cell_that_begins_with_a_blocking_call_is_stopped_in_it(kernel: FrontEnd, wait: str) -> None:
    kernel.ok(
        "let treasure = vec![1, 2, 3];\nlet shut = Arc::new(Mutex::new(0));\nlet keeper = shut.clone();\n"
        "let (quiet, silent) = mpsc::channel::<u8>();\nlet (held_tx, held) = mpsc::channel::<()>();\n"
        f"let sleeper = {FOR_EVER};\n"
        "let keeping = thread::spawn(move || { let key = keeper.lock(); held_tx.send(()); loop { thread::park(); } });\n"
        "held.recv().unwrap();"
    )
    process = int(kernel.ok("::std::process::id()").result)
    before = loaded(process)
    request = kernel.execute(wait)
    # Nothing can be printed before the first statement; once the cell is loaded it runs.
    deadline = time.monotonic() + CELL_S
    while loaded(process) == before:
        assert time.monotonic() < deadline, "the cell was never loaded"
        assert not kernel.is_idle(request), kernel.messages(request)
        time.sleep(0.01)
    kernel.interrupt()
    ran = kernel.finish(request, STOPPED_S)
    assert (ran.error["ename"], ran.error["evalue"]) == ("KeyboardInterrupt", "interrupted")
    assert kernel.ok("treasure.len()").result == "3"
    assert kernel.ok("std::process::id()").result == str(process)


@pytest.mark.parametrize(
    "blocked",
    [
        "{ let a = m.lock(); let b = m.lock(); }",
        "{ let a = l.read(); let b = l.write(); }",
        "thread::sleep(Duration::from_secs(600))",
        "loop { thread::park(); }",
        "drop(rx.lock().unwrap().recv())",
        "drop(changed.wait_while(ready.lock().unwrap(), |go| !*go))",
    ],
)
def test_threads_at_whose_end_a_scope_waits_are_stopped_too(kernel: FrontEnd, blocked: str) -> None:
    before = "let m = Mutex::new(5);\n" + LOCK + CHANNEL + "let rx = Mutex::new(rx);\n" + PAIR
    stopped(kernel, before, f"thread::scope(|s| {{ s.spawn(|| {blocked}); s.spawn(|| {blocked}); }});")


def test_a_deadlock_of_two_scoped_threads_is_stopped(kernel: FrontEnd) -> None:
    both = "let both = std::sync::Barrier::new(2);\nlet (a, b) = (Mutex::new(1), Mutex::new(2));\n"
    left = "{ let one = a.lock().unwrap(); both.wait(); let two = b.lock().unwrap(); }"
    right = "{ let one = b.lock().unwrap(); both.wait(); let two = a.lock().unwrap(); }"
    stopped(kernel, both, f"thread::scope(|s| {{ s.spawn(|| {left}); s.spawn(|| {right}); }});")


def test_variables_of_earlier_cells_are_stopped_at_too(kernel: FrontEnd) -> None:
    kernel.ok("let (parcels, depot) = mpsc::sync_channel::<u8>(1);\nparcels.send(1).unwrap();")
    stopped(kernel, "", "parcels.send(2).unwrap();")
    kernel.ok("assert_eq!(depot.recv(), Ok(1));")
    stopped(kernel, "", "for parcel in &depot {}")
    kernel.ok("parcels.send(3).unwrap();")
    assert kernel.ok("depot.iter().next()").result == "Some(3)"


def test_a_stopped_wait_for_a_condition_leaves_the_mutex_as_it_was(kernel: FrontEnd) -> None:
    kernel.ok("let bell = Arc::new((Mutex::new(0), Condvar::new()));")
    stopped(kernel, "", "let rung = bell.1.wait_while(bell.0.lock().unwrap(), |rung| *rung == 0).unwrap();")
    assert kernel.ok("bell.0.is_poisoned()").result == "false"
    kernel.ok("let ringer = bell.clone();")
    kernel.ok("let ring = thread::spawn(move || { *ringer.0.lock().unwrap() += 1; ringer.1.notify_one(); });")
    kernel.ok("ring.join().unwrap();")
    assert kernel.ok("*bell.1.wait_while(bell.0.lock().unwrap(), |rung| *rung == 0).unwrap()").result == "1"


def test_types_are_kept_from_cell_to_cell(kernel: FrontEnd) -> None:
    kernel.ok("let total = Arc::new(Mutex::new(5_u8));\nlet (words_tx, words) = mpsc::channel::<(String, u16)>();")
    kernel.ok('words_tx.send(("Ada".into(), 7)).unwrap();')
    kernel.ok("let seen = *total.lock().unwrap();\nlet word = words.recv().unwrap();\nlet none = words.try_recv();")
    kernel.ok("let worker = thread::spawn(|| 'c');")
    kernel.ok("let end = worker.join();")
    kernel.ok("let parts = thread::scope(|s| { let half = s.spawn(|| 1.5_f32); half.join().unwrap() });")
    kernel.ok("let doubled: Vec<_> = (0..3).map(|n| thread::spawn(move || n * 2)).map(|h| h.join().unwrap()).collect();")
    kernel.ok(
        "let _: (u8, &(String, u16), &Result<(String, u16), mpsc::TryRecvError>, &thread::Result<char>, f32, &Vec<i32>) "
        "= (seen, &word, &none, &end, parts, &doubled);"
    )


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("struct Till(u8); impl Till { fn lock(&mut self) -> u8 { self.0 += 1; self.0 } } Till(1).lock()", "2"),
        ("struct Ear; impl Ear { fn recv(&mut self) -> u8 { 3 } } let mut ear = Ear; ear.recv()", "3"),
        ("struct Dog; impl Dog { fn wait(&mut self, s: &str) -> usize { s.len() } } Dog.wait(\"here\")", "4"),
        ("struct Rope(u8); impl Rope { fn join(self) -> u8 { self.0 } } let rope = Rope(5); rope.join()", "5"),
        ("struct Club; impl Club { fn join(self, name: &str) -> String { name.into() } } Club.join(\"Bea\")", '"Bea"'),
        ('["a", "b"].join(",")', '"a,b"'),
        ('std::path::Path::new("a").join("b")', '"a/b"'),
        ('std::process::Command::new("true").spawn().unwrap().wait().unwrap().success()', "true"),
        ("*lesson_support::parking_lot::Mutex::new(6).lock()", "6"),
        ("*lesson_support::parking_lot::RwLock::new(7).read()", "7"),
        ("std::io::stdout().lock();\n8", "8"),
        ("fn sleep(n: u8) -> u8 { n + 1 }\nsleep(8)", "9"),
        ("fn sleep_of(name: &str) -> usize { fn sleep(s: &str) -> usize { s.len() } sleep(name) }\nsleep_of(\"four\")", "4"),
        ("trait Said { fn recv(&self) -> usize; } impl<T> Said for T { fn recv(&self) -> usize { size_of::<T>() } }\n7_u32.recv()", "4"),
        ("// let (tx, rx) = channel();\nlet all = vec![1, 2];\nlet mut sum = 0;\nfor one in &all { sum += one; }\nsum", "3"),
        ("async fn late() -> u8 { 5 }\nasync fn later() -> u8 { late().await + 1 }\nlet both = async { later().await };\n6", "6"),
        ("async fn late() -> u8 { 5 }\nlet soon = async { late().await };\n5", "5"),
    ],
)  # fmt: skip
def test_the_same_names_on_other_types_are_called_as_ever(kernel: FrontEnd, code: str, result: str) -> None:
    assert kernel.ok(f"{{\n{code}\n}}").result == result


def test_a_poisoned_mutex_is_one(kernel: FrontEnd) -> None:
    kernel.ok("let broken = Arc::new(Mutex::new(5));\nlet same = broken.clone();")
    kernel.ok(
        'thread::spawn(move || { let held = same.lock().unwrap(); panic!("in the middle"); }).join().unwrap_err();'
    )
    assert kernel.ok("broken.lock().is_err()").result == "true"
    assert kernel.ok("*broken.lock().unwrap_or_else(|error| error.into_inner())").result == "5"
    ran = kernel.run("let value = *broken.lock().unwrap();")
    assert ran.error["ename"] == "panic"
    assert "PoisonError" in ran.error["evalue"]


def test_an_error_beside_a_wrapped_call_has_the_learners_place_and_words(kernel: FrontEnd) -> None:
    kernel.ok("let shop = Mutex::new(5);")
    for code, name, place in [
        ('let a = *shop.lock().unwrap(); let b: u32 = "a";', "E0308", ":1:45"),
        ("let a: String = *shop.lock().unwrap();", "E0308", ":1:17"),
        ("let a = shop.lock().unwrap().missing();", "E0599", ":1:30"),
        ('thread::sleep("a");', "E0308", ":1:15"),
        ("let h = thread::spawn(|| 1); h.join(); h.join();", "E0382", ":1:40"),
    ]:
        ran = kernel.run(code)
        assert ran.error["ename"] == name, ran.report
        assert place in ran.report
        assert code in ran.report
        assert "lesson_" not in ran.report
        assert "cells" not in ran.report
    ran = kernel.run("{ let a = *shop.lock().unwrap(); let none: Option<u8> = None; none.unwrap(); }")
    assert ran.error["ename"] == "panic"
    assert ":1:68" in ran.report, ran.report


def test_a_command_for_the_shell_runs_once(kernel: FrontEnd, tmp_path) -> None:  # noqa: ANN001
    kernel.run(f"!echo once >> {tmp_path}/log\nlet shut = Mutex::new(1).lock().missing();")
    assert (tmp_path / "log").read_text() == "once\n"


def test_a_comment_leaves_the_calls_of_its_cell_to_std(fresh: FrontEnd) -> None:
    fresh.ok("let treasure = 7;", 180)
    request = fresh.execute(
        '// kernel: no checkpoints\nprintln!("blocked");\nstd::thread::sleep(std::time::Duration::from_secs(600));'
    )
    fresh.until_printed(request, "blocked")
    fresh.interrupt()
    ran = fresh.finish(request, CELL_S)
    assert "treasure" in ran.error["evalue"] + ran.report + ran.stderr, "it is ended, and what is lost is named"
    assert fresh.run("treasure").error["ename"] == "E0425"
