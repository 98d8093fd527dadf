//! How the value of a cell is shown.

use std::fmt::{Arguments, Debug};
use std::io::Write as _;

/// Shows a value as `{:?}` does, by the name of evcxr's own method for values that show themselves.
///
/// It is a method of `&T`, and so found after whatever a type has itself.
pub trait Value {
    /// Writes the value for the front end.
    fn evcxr_display(&self);
}

impl<T: Debug + ?Sized> Value for &T {
    fn evcxr_display(&self) {
        show(format_args!("{self:?}"));
    }
}

fn show(value: Arguments<'_>) {
    // Made before anything is written: a `Debug` may print, or panic half way.
    let text = value.to_string();
    let _ = write!(
        std::io::stdout().lock(),
        "EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT\n"
    );
}
