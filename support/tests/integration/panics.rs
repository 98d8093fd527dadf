use lesson_support::{Thread, one_line_panics};

use crate::own_process::in_own_process;

#[test]
fn a_panic_prints_one_line_that_names_the_thread() {
    in_own_process(
        "panics::a_panic_prints_one_line_that_names_the_thread",
        Vec::new,
        || {
            one_line_panics();
            one_line_panics();
            let ada = Thread::new("Ada", || assert_eq!(1, 2, "counted"));
            ada.start();
            assert!(ada.join().is_err());
        },
    )
    .assert_stderr(
        "thread 'Ada' panicked: assertion `left == right` failed: counted; left: 1; right: 2\n",
    );
}
