"""What valid Rust does in a file, it does in a cell: a table of cells and what they come to, in one kernel."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from frontend import START_S, FrontEnd


@dataclass
class Cell:
    """A cell, and what it comes to: no value, no output and no error unless said so."""

    code: str
    value: str | None = None
    printed: str = ""
    error: str | None = None
    #: Words that the error's report has.
    says: tuple[str, ...] = ()


def shows(code: str, value: str) -> Cell:
    """A cell that ends with an expression."""
    return Cell(code, value=value)


def prints(code: str, printed: str) -> Cell:
    """A cell that prints."""
    return Cell(code, printed=printed)


def fails(code: str, error: str, *says: str) -> Cell:
    """A cell that is an error."""
    return Cell(code, error=error, says=says)


# Names are not used by two rows: all run in one kernel.
CASES: dict[str, list[Cell]] = {
    "fn main of a book runs": [
        prints('fn main() {\n    println!("Hello, world!");\n}', "Hello, world!\n"),
        shows("1 + 1", "2"),
        prints('pub fn main() { println!("{}", helper()) }\nfn helper() -> u8 { 7 }', "7\n"),
        shows("helper()", "7"),
        prints('fn main() { println!("once") }\nmain();', "once\n"),
        prints('fn main() { println!("once") }\nmain()', "once\n"),
        Cell('let doubled = 4;\nfn main() { println!("first") }\ndoubled * 2', value="8", printed="first\n"),
        Cell("fn main(argument: u32) { panic!() }"),
    ],
    "fn main may fail": [
        fails(
            'fn main() -> Result<(), Box<dyn std::error::Error>> {\n    let n: i32 = "4x".parse()?;\n    println!("{n}");\n    Ok(())\n}',
            "error",
            "`main` returned an error: ParseIntError { kind: InvalidDigit }",
            ":1:4",
        ),
        prints('fn main() -> Result<(), String> { println!("well"); Ok(()) }', "well\n"),
        fails("fn main() {\n    let numbers = vec![1];\n    numbers[3];\n}", "panic", ":3:", "numbers[3];"),
        fails("use std::process::ExitCode;\nfn main() -> ExitCode { ExitCode::FAILURE }", "panic", "main"),
        prints('fn main() -> ExitCode { println!("well"); ExitCode::SUCCESS }', "well\n"),
    ],
    "the unit value is not shown": [
        prints('println!("x")', "x\n"),
        prints('print!("y")', "y"),
        prints('if 1 < 2 { println!("less") }', "less\n"),
        Cell("()"),
    ],
    "macros, in later cells, in other macros, in modules": [
        Cell("macro_rules! twice { ($e:expr) => { $e * 2 } }"),
        Cell("fn four() -> i32 { twice!(2) }"),
        shows("twice!(4) + four()", "12"),
        Cell("macro_rules! thrice { ($e:expr) => { twice!($e) + $e } }\nfn six() -> i32 { thrice!(2) }"),
        Cell("mod inside { pub fn ten() -> i32 { twice!(5) } }"),
        shows("six() + thrice!(1) + inside::ten()", "19"),
        Cell("macro_rules! twice { ($e:expr) => { $e * 20 } }"),
        shows("inside::ten()", "100"),
    ],
    "modules": [
        Cell("mod garden { pub mod bed { pub fn plant() -> i32 { super::water() } } fn water() -> i32 { 7 } }"),
        shows("garden::bed::plant()", "7"),
        Cell("use garden::bed;"),
        shows("bed::plant()", "7"),
        Cell("use garden::bed::*;"),
        shows("plant()", "7"),
    ],
    "generics": [
        Cell(
            "fn largest<T: PartialOrd + Copy>(v: &[T]) -> T { let mut m = v[0]; for &x in v { if x > m { m = x } } m }"
        ),
        shows("(largest(&[1, 5, 2]), largest(&[1.5, 0.5]))", "(5, 1.5)"),
        Cell(
            "struct Pair<T> { a: T, b: T }\nimpl<T: std::fmt::Display> Pair<T> { fn show(&self) -> String { format!(\"{}-{}\", self.a, self.b) } }"
        ),
        Cell("let pair = Pair { a: 1, b: 2 };"),
        shows("pair.show()", '"1-2"'),
        Cell("struct Buffer<const N: usize> { d: [u8; N] }\nimpl<const N: usize> Buffer<N> { const SIZE: usize = N; }"),
        shows("Buffer::<3>::SIZE + Buffer { d: [0; 4] }.d.len()", "7"),
    ],
    "an impl in another cell than its type, run twice": [
        Cell("#[derive(Debug, Clone, PartialEq)]\nstruct Point { x: f64, y: f64 }"),
        Cell("impl Point { fn new(x: f64, y: f64) -> Self { Point { x, y } } }"),
        Cell(
            'impl std::fmt::Display for Point { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, "({}, {})", self.x, self.y) } }'
        ),
        prints('println!("{}", Point::new(1.0, 2.0));', "(1, 2)\n"),
        Cell("impl Point { fn new(x: f64, y: f64) -> Self { Point { x: x * 10.0, y } }\n    fn sum(&self) -> f64 { self.x + self.y } }"),
        prints('println!("{} {}", Point::new(1.0, 2.0), Point::new(1.0, 2.0).sum());', "(10, 2) 12\n"),
        Cell("trait Area { fn area(&self) -> f64; fn twice(&self) -> f64 { 2.0 * self.area() } }"),
        Cell("impl Area for Point { fn area(&self) -> f64 { 1.0 } }"),
        Cell("impl Area for Point { fn area(&self) -> f64 { self.x * self.y } }"),
        shows("Point::new(1.0, 2.0).twice()", "40.0"),
        fails("impl Area for Point {}", "E0046", "missing: `area`"),
        shows("Point::new(1.0, 2.0).twice()", "40.0"),
        Cell('unsafe extern "C" { safe fn abs(n: i32) -> i32; }'),
        Cell('unsafe extern "C" { safe fn abs(n: i32) -> i32; }'),
        shows("abs(-3)", "3"),
    ],
    "an impl goes with the type that was defined in its cell": [
        prints('struct Bell;\nimpl Drop for Bell { fn drop(&mut self) { println!("ring") } }\n{ let _bell = Bell; }', "ring\n"),
        Cell("struct Bell;\n{ let _bell = Bell; }"),
    ],
    "traits and trait objects over several cells": [
        Cell("trait Shape { fn side(&self) -> f64; }\nstruct Square(f64);\nimpl Shape for Square { fn side(&self) -> f64 { self.0 } }"),
        Cell("let mut shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(2.0))];"),
        Cell("struct Circle(f64);\nimpl Shape for Circle { fn side(&self) -> f64 { self.0 * 2.0 } }"),
        Cell("shapes.push(Box::new(Circle(3.0)));"),
        shows("shapes.iter().map(|s| s.side()).sum::<f64>()", "8.0"),
        Cell("use std::ops::Add;\n#[derive(Debug, Clone, Copy)]\nstruct V2(i32, i32);\nimpl Add for V2 { type Output = V2; fn add(self, o: V2) -> V2 { V2(self.0 + o.0, self.1 + o.1) } }"),
        shows("V2(1, 2) + V2(3, 4)", "V2(4, 6)"),
    ],
    "impl Trait and closures as values": [
        Cell("fn evens(n: u32) -> impl Iterator<Item = u32> { (0..n).filter(|x| x % 2 == 0) }"),
        shows("evens(10).collect::<Vec<_>>()", "[0, 2, 4, 6, 8]"),
        Cell("let boxed: Box<dyn Fn(i32) -> i32> = Box::new(move |x| x + 3);"),
        shows("boxed(1)", "4"),
    ],
    "async": [
        Cell("async fn answer() -> u32 { 42 }"),
        Cell(
            "use std::{pin::pin, task::{Context, Poll, Waker}, future::Future};\n"
            "fn block_on<F: Future>(f: F) -> F::Output {\n"
            "    let mut f = pin!(f);\n"
            "    let mut cx = Context::from_waker(Waker::noop());\n"
            "    loop { if let Poll::Ready(v) = f.as_mut().poll(&mut cx) { return v } }\n"
            "}"
        ),
        shows("block_on(async { answer().await + 1 })", "43"),
    ],
    "use": [
        Cell("use std::{collections::{BTreeMap as Map, HashSet}, fmt::{self, Display as Show}};"),
        Cell("let mut map: Map<u8, u8> = Map::new(); map.insert(1, 2);"),
        shows("map", "{1: 2}"),
        Cell('fn shown(x: impl Show) -> String { format!("{x}") }\nfn err() -> fmt::Error { fmt::Error }'),
        shows("shown(5)", '"5"'),
        Cell("use std::collections::*;"),
        shows("VecDeque::from([1])", "[1]"),
        Cell("use std::fmt::Write as _;"),
        shows('let mut text = String::new(); write!(text, "a").unwrap(); text', '"a"'),
        Cell("enum Op { Plus(i32), Neg }\nuse Op::*;"),
        shows("match Plus(3) { Plus(n) => n, Neg => 0 }", "3"),
    ],
    "shadowing": [
        Cell("let shade = 5;\nlet shade = shade * 2;"),
        Cell('let shade = format!("{shade}!");'),
        prints('{ let shade = 1; println!("{shade}"); }', "1\n"),
        shows("shade", '"10!"'),
    ],
    "labels, let else, chains of if let": [
        shows("let ten = 'outer: loop { let mut n = 0; loop { n += 1; if n == 5 { break 'outer n * 2; } } };\nten", "10"),
        shows("let one = 'block: { if ten > 3 { break 'block 1 } 2 };\none", "1"),
        shows("let Some(head) = [1, 2].first().copied() else { panic!() };\nhead", "1"),
        Cell("fn chain(o: Option<i32>) -> i32 { if let Some(n) = o && n > 3 && let Some(m) = n.checked_sub(1) { m } else { 0 } }"),
        shows("(chain(Some(5)), chain(Some(1)))", "(4, 0)"),
    ],
    "strings with braces and quotes": [
        shows('let raw = r#"{"a": "b}"}"#;\nraw.len()', "11"),
        prints('println!("{}", r##"{ "#" }"##);', '{ "#" }\n'),
        prints('println!("{{}} {}", "}");', "{} }\n"),
        shows('let lines = ":no command\n!nor this\n#!nor this";\nlines.lines().count()', "3"),
    ],
    "names and text that are not ASCII": [
        prints('let größe = "Füße – 日本 🦀";\nprintln!("{größe}");', "Füße – 日本 🦀\n"),
        Cell("fn 足す(a: i32) -> i32 { a + 1 }"),
        shows("足す(größe.chars().count() as i32)", "12"),
    ],
    "doc comments": [
        Cell("//! About this cell.\nlet documented = 1;"),
        Cell("mod documents { //! Inside.\n pub fn f() -> u8 { 1 } }"),
        Cell("/** A block\n of text. */\nfn blocked() {}"),
        Cell("/// What a variable is for.\nlet purpose = 1;"),
        shows("documented + purpose + i32::from(documents::f())", "3"),
    ],
    "attributes": [
        Cell("#[allow(unused_variables)]\nlet unused = 5;"),
        Cell("#[inline(never)]\nfn early() -> u8 { #[cfg(debug_assertions)] return 1; #[allow(unreachable_code)] 2 }"),
        shows("early()", "1"),
        Cell("#[must_use]\nfn important() -> u8 { 1 }\nimportant();"),
        Cell("#![allow(dead_code)]\nfn dead() {}"),
        Cell("#[cfg(test)]\nmod tests { use super::*; #[test] fn works() { assert!(dead() == ()) } }\n#[test]\nfn alone() {}"),
        fails("#![feature(never_type)]\nlet n = 1;", "E0554"),
        shows("1 + 1", "2"),
    ],
    "crates of the toolchain": [
        shows("extern crate std;\n1", "1"),
        shows("extern crate alloc;\nuse alloc::collections::LinkedList;\nLinkedList::from([1])", "[1]"),
        shows("extern crate core as kern;\nkern::cmp::max(1, 2)", "2"),
        shows('alloc::string::String::from("kept")', '"kept"'),
    ],
    "unsafe": [
        prints("let five = 5_u32;\n{ let p = &five as *const u32; unsafe { println!(\"{}\", *p); } }", "5\n"),
        Cell("unsafe fn risky() -> u8 { 3 }\nunion Bits { a: u32, b: f32 }"),
        shows("unsafe { risky() as u32 + Bits { b: 1.0 }.a }", "1065353219"),
        fails("risky()", "E0133"),
    ],
    "a cell with nothing to do": [
        Cell("// just a comment"),
        Cell("/* a block\n*/"),
        Cell(""),
        Cell("   \n\n"),
        Cell("// a\n\n// b\n"),
        Cell(";"),
    ],
    "line ends, tabs, first lines": [
        shows("let cr = 1;\r\nlet lf = 2;\r\ncr + lf", "3"),
        Cell("fn windows() -> u8 {\r\n\treturn 7;\r\n}\r\n"),
        shows("windows()", "7"),
        fails('let a = 1;\r\n\tlet b: u8 = "x";', "E0308", ":2:14"),
        prints('#!/usr/bin/env -S cargo +nightly -Zscript\nprintln!("script");', "script\n"),
        fails('#!/usr/bin/env cargo\nlet q: u8 = "a";', "E0308", ":2:13"),
        prints('\ufeffprintln!("marked");', "marked\n"),
        Cell("\ufefffn marked() -> u8 { 3 }"),
        shows("marked()", "3"),
    ],
    "items before they are defined": [
        prints('println!("{}", later());\nfn later() -> u8 { 9 }', "9\n"),
        Cell("type Outcome<T> = Result<T, String>;\nconst MOST: usize = 3;\nfn most() -> Outcome<usize> { Ok(MOST) }"),
        shows("most()", "Ok(3)"),
    ],
    "names that the edition reserves": [
        fails("fn gen() {}", "error", "reserved keyword"),
        Cell("fn r#gen() -> u8 { 1 }"),
        shows("r#gen()", "1"),
    ],
    "a macro that defines a static": [
        Cell(
            "use std::sync::atomic::{AtomicU32, Ordering::SeqCst};\n"
            "macro_rules! counter { ($n:ident) => { static $n: AtomicU32 = AtomicU32::new(0); } }"
        ),
        shows("counter!(HITS);\nHITS.fetch_add(1, SeqCst)", "0"),
        fails("HITS.load(SeqCst)", "E0425", "HITS"),
    ],
    "what is thrown away by :clear, and what is not": [
        Cell("static BEFORE: u32 = 1;\nlet kept = 1;"),
        shows(":clear\nlet after = 2;\nafter", "2"),
        fails("kept", "E0425"),
        fails("BEFORE", "E0425"),
        shows("let mut n = 0;\nloop { n += 1; if n > 3 { break } }\nn", "4"),
        Cell("static AFTER: AtomicU32 = AtomicU32::new(1);\nuse std::sync::atomic::{AtomicU32, Ordering::SeqCst};"),
        shows("AFTER.fetch_add(1, SeqCst) + AFTER.load(SeqCst)", "3"),
        shows("lesson_support::prelude::Duration::from_secs(1)", "1s"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def plain() -> FrontEnd:
    """A kernel in which nothing has been run."""
    with FrontEnd() as front_end:
        yield front_end


@pytest.mark.parametrize("case", CASES)
def test_it_does_what_it_does_in_a_file(plain: FrontEnd, case: str) -> None:
    for cell in CASES[case]:
        ran = plain.run(cell.code, START_S)
        if cell.error is None:
            assert ran.status == "ok", f"{cell.code}\n{ran.report}"
            assert (ran.result, ran.stdout) == (cell.value, cell.printed), cell.code
        else:
            assert ran.status == "error", f"{cell.code}\n{ran.result}"
            assert ran.error["ename"] == cell.error, ran.report
            for words in cell.says:
                assert words in ran.report
            assert "lesson_" not in ran.report
