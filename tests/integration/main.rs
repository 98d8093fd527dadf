//! The tests of the whole: the command line as a user types it, and the Python and browser side.

mod program;
mod ready;
mod sandbox;

mod bad_input;
mod checking;
mod doctor;
mod kernelspecs;
mod properties;
mod properties_hold;
mod python_side;
mod readme;
mod tracked_files;
