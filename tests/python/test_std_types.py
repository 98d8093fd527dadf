"""Types of the standard library are inferred, though rust-analyzer sees only a part of its sources."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from frontend import START_S, FrontEnd, eventually

USE = """use std::cell::*;
use std::collections::*;
use std::io::{self, BufRead, Read};
use std::rc::*;
use std::sync::atomic::*;
use std::sync::*;
use std::time::*;"""

#: Expressions, and the types that evcxr writes down for them: the same as with all sources.
TYPES = r'''
vec![1, 2, 3].into_iter().map(|x| x * 2).sum::<i32>()  =>  i32
Vec::from([1u8, 2])  =>  Vec<u8>
HashMap::from([("a", vec![1])]).into_values()  =>  hash_map::IntoValues<&str, Vec<i32>>
HashMap::from([(1, 'a')]).into_keys()  =>  hash_map::IntoKeys<i32, char>
Arc::new(Mutex::new(HashMap::from([(1, 'a')])))  =>  Arc<Mutex<HashMap<i32, char>>>
Mutex::new(HashMap::from([(1, 'a')])).into_inner().unwrap()  =>  HashMap<i32, char>
HashSet::from([1]).into_iter().map(|n| n + 1).collect::<HashSet<_>>()  =>  HashSet<i32>
RwLock::new(3).into_inner().unwrap()  =>  i32
io::Cursor::new(vec![1u8]).into_inner()  =>  Vec<u8>
std::process::Command::new("true").spawn().unwrap().wait_with_output().unwrap()  =>  std::process::Output
std::fs::metadata("/").unwrap().permissions()  =>  std::fs::Permissions
std::thread::Builder::new().spawn(|| 3).unwrap().join().unwrap()  =>  i32
VecDeque::from([1, 2])  =>  VecDeque<i32>
LinkedList::from(["a"])  =>  LinkedList<&str>
BinaryHeap::from([3, 1])  =>  BinaryHeap<i32>
BTreeMap::from([(1, "a")])  =>  BTreeMap<i32, &str>
BTreeSet::from([1, 2])  =>  BTreeSet<i32>
HashMap::from([("a", 1)])  =>  HashMap<&str, i32>
HashSet::from(['x'])  =>  HashSet<char>
HashMap::from([("a", vec![1])]).into_iter()  =>  hash_map::IntoIter<&str, Vec<i32>>
BTreeMap::from([(1, 'a')]).into_iter()  =>  btree_map::IntoIter<i32, char>
vec![1, 2].into_iter()  =>  std::vec::IntoIter<i32>
vec![1, 2].into_iter().enumerate()  =>  std::iter::Enumerate<std::vec::IntoIter<i32>>
vec![1, 2].into_iter().rev()  =>  std::iter::Rev<std::vec::IntoIter<i32>>
vec![1, 2].into_iter().skip(1).step_by(2)  =>  std::iter::StepBy<std::iter::Skip<std::vec::IntoIter<i32>>>
vec![1, 2].into_iter().peekable()  =>  std::iter::Peekable<std::vec::IntoIter<i32>>
(0..10).chain(20..30)  =>  std::iter::Chain<std::ops::Range<i32>, std::ops::Range<i32>>
(1..=5).cycle()  =>  std::iter::Cycle<std::ops::RangeInclusive<i32>>
std::iter::repeat(1u8).take(3)  =>  std::iter::Take<std::iter::Repeat<u8>>
std::iter::once("x")  =>  std::iter::Once<&str>
std::iter::empty::<u32>()  =>  std::iter::Empty<u32>
0..10  =>  std::ops::Range<i32>
0..=10  =>  std::ops::RangeInclusive<i32>
..5  =>  std::ops::RangeTo<i32>
5..  =>  std::ops::RangeFrom<i32>
[1.5, 2.5].iter().copied().fold(0.0, f64::max)  =>  f64
[1u64; 4]  =>  [u64; 4]
[0u8; std::mem::size_of::<u64>()]  =>  [u8; 8]
[0u8; usize::BITS as usize]  =>  [u8; 64]
[0u8; "abc".len()]  =>  [u8; 3]
[3, 1, 2].first()  =>  Option<&i32>
(1, "a", 'c')  =>  (i32, &str, char)
Some(3).map(|x| x as f32)  =>  Option<f32>
"12".parse::<i64>()  =>  Result<i64, std::num::ParseIntError>
"a,b".split(',').collect::<Vec<_>>()  =>  Vec<&str>
"a,b".split(',').map(str::to_owned).collect::<Vec<_>>()  =>  Vec<String>
String::from("a") + "b"  =>  String
format!("{:>5}", 3)  =>  String
"abc".to_uppercase().into_bytes()  =>  Vec<u8>
String::from_utf8(vec![65])  =>  Result<String, std::string::FromUtf8Error>
std::str::from_utf8(b"a")  =>  Result<&str, std::str::Utf8Error>
char::from_digit(3, 10)  =>  Option<char>
u32::MAX.checked_add(1)  =>  Option<u32>
7i32.overflowing_mul(3)  =>  (i32, bool)
5u8.leading_zeros()  =>  u32
2.0f64.sqrt()  =>  f64
std::num::NonZeroU32::new(3)  =>  Option<std::num::NonZero<u32>>
std::num::Wrapping(3u8)  =>  std::num::Wrapping<u8>
i32::from_str_radix("ff", 16)  =>  Result<i32, std::num::ParseIntError>
1.cmp(&2)  =>  std::cmp::Ordering
std::cmp::Reverse(3)  =>  std::cmp::Reverse<i32>
std::cmp::max(1u16, 2)  =>  u16
std::mem::size_of::<u32>()  =>  usize
std::mem::replace(&mut 3, 4)  =>  i32
Box::new(3)  =>  Box<i32>
Box::new(|x: i32| x + 1) as Box<dyn Fn(i32) -> i32 + Send>  =>  Box<dyn Fn(i32) -> i32 + Send>
Rc::new(RefCell::new(vec![1]))  =>  Rc<RefCell<Vec<i32>>>
Cell::new(3)  =>  Cell<i32>
OnceCell::<u32>::new()  =>  OnceCell<u32>
Arc::new(Mutex::new(0))  =>  Arc<Mutex<i32>>
Arc::new(RwLock::new(String::new()))  =>  Arc<RwLock<String>>
Condvar::new()  =>  Condvar
Arc::new((Mutex::new(false), Condvar::new()))  =>  Arc<(Mutex<bool>, Condvar)>
Barrier::new(2)  =>  Barrier
Once::new()  =>  Once
OnceLock::<String>::new()  =>  OnceLock<String>
mpsc::channel::<i32>()  =>  (mpsc::Sender<i32>, mpsc::Receiver<i32>)
mpsc::sync_channel::<String>(2)  =>  (mpsc::SyncSender<String>, mpsc::Receiver<String>)
mpsc::channel::<i32>().0  =>  mpsc::Sender<i32>
AtomicUsize::new(0)  =>  AtomicUsize
AtomicU64::new(0)  =>  AtomicU64
AtomicBool::new(false)  =>  AtomicBool
AtomicU32::new(7).fetch_add(1, Ordering::SeqCst)  =>  u32
AtomicPtr::new(std::ptr::null_mut::<u8>())  =>  AtomicPtr<u8>
Ordering::Relaxed  =>  Ordering
std::thread::spawn(|| 3)  =>  std::thread::JoinHandle<i32>
std::thread::spawn(|| 3).join()  =>  Result<i32, Box<dyn Any + Send>>
std::thread::spawn(|| vec![1]).join().unwrap()  =>  Vec<i32>
std::thread::Builder::new().name("a".into())  =>  std::thread::Builder
std::thread::current()  =>  std::thread::Thread
std::thread::current().id()  =>  std::thread::ThreadId
std::thread::available_parallelism()  =>  Result<std::num::NonZero<usize>, io::Error>
std::thread::scope(|s| s.spawn(|| 5).join().unwrap())  =>  i32
std::panic::catch_unwind(|| 3)  =>  Result<i32, Box<dyn Any + Send>>
std::sync::LazyLock::<i32>::new(|| 3)  =>  LazyLock<i32>
Instant::now()  =>  Instant
Instant::now().elapsed()  =>  Duration
Duration::from_millis(5)  =>  Duration
Duration::from_millis(5).as_secs_f64()  =>  f64
SystemTime::now().duration_since(UNIX_EPOCH)  =>  Result<Duration, SystemTimeError>
std::time::SystemTime::now()  =>  SystemTime
io::stdin()  =>  io::Stdin
io::stdout()  =>  io::Stdout
io::Cursor::new(vec![1u8])  =>  io::Cursor<Vec<u8>>
io::BufReader::new(&b"a"[..])  =>  io::BufReader<&[u8]>
io::BufReader::new(io::empty()).lines()  =>  io::Lines<io::BufReader<io::Empty>>
io::Error::other("x")  =>  io::Error
io::ErrorKind::NotFound  =>  io::ErrorKind
std::fs::File::open("/dev/null")  =>  Result<std::fs::File, io::Error>
std::fs::metadata("/").unwrap().len()  =>  u64
std::fs::OpenOptions::new()  =>  std::fs::OpenOptions
std::fs::read_dir("/")  =>  Result<std::fs::ReadDir, io::Error>
std::path::PathBuf::from("/a").join("b")  =>  std::path::PathBuf
std::path::Path::new("/a").file_name()  =>  Option<&std::ffi::OsStr>
std::net::TcpListener::bind("127.0.0.1:0")  =>  Result<std::net::TcpListener, io::Error>
std::net::UdpSocket::bind("127.0.0.1:0").unwrap()  =>  std::net::UdpSocket
std::net::Ipv4Addr::LOCALHOST  =>  std::net::Ipv4Addr
"127.0.0.1:80".parse::<std::net::SocketAddr>()  =>  Result<std::net::SocketAddr, std::net::AddrParseError>
std::process::Command::new("true")  =>  std::process::Command
std::process::Command::new("true").output()  =>  Result<std::process::Output, io::Error>
std::process::Command::new("true").status().unwrap().code()  =>  Option<i32>
std::process::id()  =>  u32
std::env::args().collect::<Vec<_>>()  =>  Vec<String>
std::env::var("HOME")  =>  Result<String, std::env::VarError>
std::env::current_dir()  =>  Result<std::path::PathBuf, io::Error>
std::any::type_name::<i32>()  =>  &str
Box::new(3) as Box<dyn Any + Send>  =>  Box<dyn Any + Send>
std::any::TypeId::of::<u8>()  =>  std::any::TypeId
std::hash::DefaultHasher::new()  =>  hash_map::DefaultHasher
std::collections::hash_map::RandomState::new()  =>  hash_map::RandomState
HashMap::<i32, i32>::new().entry(1).or_insert(2).clone()  =>  i32
std::ffi::CString::new("a")  =>  Result<std::ffi::CString, std::ffi::NulError>
std::ffi::OsString::from("a")  =>  std::ffi::OsString
std::marker::PhantomData::<u8>  =>  std::marker::PhantomData<u8>
std::pin::Pin::new(Box::new(3))  =>  std::pin::Pin<Box<i32>>
std::ops::Bound::Included(3)  =>  Bound<i32>
std::future::ready(3)  =>  std::future::Ready<i32>
std::alloc::Layout::new::<u32>()  =>  std::alloc::Layout
std::ptr::null::<u8>()  =>  *const u8
std::array::from_fn::<usize, 3, _>(|i| i)  =>  [usize; 3]
std::backtrace::Backtrace::disabled()  =>  std::backtrace::Backtrace
std::is_x86_feature_detected!("sse2")  =>  bool
std::ascii::escape_default(b'a')  =>  std::ascii::EscapeDefault
std::convert::identity(5u8)  =>  u8
std::iter::successors(Some(1), |x| Some(x + 1)).take(3).collect::<Vec<i32>>()  =>  Vec<i32>
vec![3, 1, 2].iter().max().copied()  =>  Option<i32>
vec![1, 2].iter().map(|x| x + 1).collect::<Vec<_>>()  =>  Vec<i32>
vec![("a", 1)].into_iter().collect::<HashMap<_, _>>()  =>  HashMap<&str, i32>
vec![1, 2].into_iter().partition::<Vec<_>, _>(|x| *x > 1)  =>  (Vec<i32>, Vec<i32>)
std::os::fd::AsRawFd::as_raw_fd(&io::stdin())  =>  i32
std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/").unwrap())  =>  u32
'''
#: One cell takes so many: few enough to see in a failure which one it was.
AT_ONCE = 15

#: With all sources, and an allocator that keeps what it has freed, it is above 600.
MOST_MB = 450


def rows() -> list[tuple[str, str]]:
    """Returns the expressions and their types."""
    pairs = [line.split("  =>  ") for line in TYPES.strip().splitlines()]
    return [(expression, name) for expression, name in pairs]


@pytest.fixture(scope="module")
def std(kernel: FrontEnd) -> FrontEnd:
    """A kernel that has used the standard library."""
    kernel.ok(USE, START_S)
    return kernel


def test_types_of_all_kinds_are_inferred(std: FrontEnd) -> None:
    table = rows()
    for start in range(0, len(table), AT_ONCE):
        part = table[start : start + AT_ONCE]
        std.ok("\n".join(f"let t{start + at} = {expression};" for at, (expression, _) in enumerate(part)))
    listed = std.ok(":vars").stdout or std.ok(":vars").result or ""
    inferred = dict(line.split(": ", 1) for line in listed.splitlines() if ": " in line)
    wrong = {
        expression: (inferred.get(f"t{at}"), name)
        for at, (expression, name) in enumerate(table)
        if inferred.get(f"t{at}") != name
    }
    assert wrong == {}


def test_documentation_and_completions_are_those_of_std(std: FrontEnd) -> None:
    code = "u32::leading_zeros"
    inspected = std.ask("inspect_request", {"code": code, "cursor_pos": len(code), "detail_level": 0})
    assert "number of leading zeros" in inspected["data"]["text/plain"]
    code = 'String::from("a").'
    completed = std.ask("complete_request", {"code": code, "cursor_pos": len(code)})
    for method in ("push_str", "chars", "split_whitespace"):
        assert any(match.startswith(method) for match in completed["matches"]), method


def test_rust_analyzer_sees_few_crates_and_asks_cargo_about_none(std: FrontEnd) -> None:
    seen = Path(psutil.Process(std.pid).environ()["RUST_SRC_PATH"])
    crates = {str(root.parent.parent.relative_to(seen)) for root in seen.glob("**/src/lib.rs")}
    assert crates == {"core", "alloc", "std", "stdarch/crates/std_detect", "profiler_builtins"}
    assert list(seen.glob("**/Cargo.toml")) == []


def test_memory_that_is_free_is_given_back(std: FrontEnd) -> None:
    process = psutil.Process(std.pid)
    eventually(lambda: process.memory_info().rss < MOST_MB * 1_000_000, 60, f"below {MOST_MB} MB")
