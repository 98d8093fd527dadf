//! The name of the thread one is on.

use crate::thread_mark::ThreadMark;

/// The name of the calling thread, as it stands in every text of this crate: the name it was
/// made with, `notebook` for the thread that runs the cells, `unnamed 1` and so on for threads
/// without a name.
///
/// ```
/// use lesson_support::{Thread, who};
///
/// let ada = Thread::new("Ada", who);
/// ada.start();
/// assert_eq!(ada.join().unwrap(), "Ada");
/// ```
pub fn who() -> String {
    ThreadMark::current().name().to_owned()
}
