//! A timeline as a picture.

mod arrows;
mod axis;
mod bars;
mod canvas;
mod captions;
mod drawing;
mod frame;
mod labels;
mod plan;
mod rows;
mod shapes;
mod sign;
mod words;

pub(crate) use canvas::canvas;
pub(crate) use shapes::printable;

use crate::display::show_picture;
use crate::timeline::Timeline;

impl Timeline {
    /// The timeline as a picture: a document of type `image/svg+xml`.
    ///
    /// Time runs from left to right. Every thread has a lane, the notebook the first one: a
    /// hatched bar is a wait, a solid one a hold, a thin line the time in between, a cross a
    /// panic, a short upright stroke the end of the thread, and a dashed one a wait that was given
    /// up. Arrows go from who released a lock to who got it then. Below the lanes, every lock has
    /// a strip like a studio's light, with the name of the holder. A bar that is open at the end
    /// has an arrowhead. Stretches of more than 5 s in which nothing happens are cut short, and
    /// marked.
    ///
    /// Nothing is told by colour alone, the background is painted, and a title and a description
    /// are in it for those who do not see it. However many events there are, it stays below
    /// 200 kB: bars too short to tell apart are drawn as one then, with their number.
    ///
    /// ```
    /// use lesson_support::Lock;
    ///
    /// let lock = Lock::new("studio");
    /// drop(lock.hold());
    /// std::fs::write(std::env::temp_dir().join("studio.svg"), lock.timeline().svg()).unwrap();
    /// ```
    pub fn svg(&self) -> String {
        drawing::draw(self)
    }

    /// Shows the picture under a notebook's cell, and the text for those who do not see it.
    ///
    /// The kernel calls this for the last expression of a cell: it writes both to the standard
    /// output, in the form that evcxr takes for a display. Anywhere else, use
    /// [`svg`](Self::svg), or print the timeline.
    pub fn evcxr_display(&self) {
        show_picture(&self.svg(), self);
    }
}
