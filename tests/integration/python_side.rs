//! The Python and browser side: each file of `tests/python` is run by pytest as one test here, so
//! that `cargo test` is the whole of the testing.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::time::Duration;

use rust_lessons::setup::browser;
use rust_lessons::setup::outside::{self, OutsideError};
use rust_lessons::setup::progress::Progress;

use crate::program::project;
use crate::ready::ready;

/// The slowest file takes a few minutes; past this, pytest's own time limits have failed.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Runs one file of `tests/python` by the project's own pytest.
#[track_caller]
fn run_file(name: &str) {
    let ready = ready();
    let progress = Progress::stderr();
    let chromium = browser::ensure(&progress).unwrap_or_else(|error| panic!("{error}"));
    let root = &ready.project.root;
    let tests = root.join("tests").join("python");
    let module_path =
        env::join_paths([root.join("check"), tests.clone()]).expect("no colon in them");
    let mut command = ready.venv.command(&ready.project);
    command
        .args([
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--color=no",
            "-rfE",
        ])
        .arg(tests.join(name))
        .env("PYTHONPATH", module_path)
        .env("LESSONS_CHROMIUM", chromium)
        .env_remove("PYTEST_ADDOPTS")
        .current_dir(root);
    let step = progress.step(format!("pytest {name}"));
    match outside::run(command, &step, Some(LIMIT)) {
        Ok(output) => {
            drop(step);
            let summary = output
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .unwrap_or_default();
            // Past the test harness, which keeps what a green test prints to itself.
            let _ = writeln!(io::stderr(), "{name}: {}", summary.trim_matches(['=', ' ']));
        }
        Err(error) => {
            drop(step);
            if let OutsideError::Failed { output, .. } = &error {
                println!("{output}");
            }
            panic!("{name}: {error}");
        }
    }
}

/// One test for each file, and the list of them.
macro_rules! python_tests {
    ($($claim:ident = $file:literal),* $(,)?) => {
        $(
            #[test]
            fn $claim() {
                run_file($file);
            }
        )*

        const FILES: &[&str] = &[$($file),*];
    };
}

python_tests! {
    a_lesson_is_green_as_stored_and_red_when_changed = "test_check.py",
    a_learner_works_in_jupyterlab = "test_browser.py",
    a_crash_costs_no_kernel = "test_crash.py",
    commands_take_only_what_they_name = "test_commands.py",
    the_benchmark_compares_fairly = "test_compare.py",
    errors_are_readable_in_both_themes = "test_error_colours.py",
    errors_teach = "test_errors.py",
    each_exercise_fails_as_given_and_its_solution_passes = "test_exercises.py",
    a_cell_may_end_early = "test_early_end.py",
    a_fault_is_told_and_costs_little = "test_faults.py",
    a_long_session_stays_within_bounds = "test_soak.py",
    environment_files_are_in_step = "test_environment.py",
    the_test_front_end_keeps_the_protocol = "test_frontend.py",
    handouts_need_no_network = "test_handout.py",
    a_handout_is_refused_for_what_a_check_would_find = "test_handout_export.py",
    a_blocked_cell_is_interrupted_and_nothing_lost = "test_interrupt.py",
    wrong_notebooks_are_red_for_the_right_reason = "test_lesson_plugin.py",
    jupyters_own_suite_passes = "test_jupyter_kernel_test.py",
    kernels_start_without_network = "test_offline.py",
    history_survives_the_kernel = "test_history.py",
    bad_input_costs_nothing = "test_malformed.py",
    papermill_sets_parameters = "test_papermill.py",
    costs_do_not_grow_in_kind = "test_kind.py",
    every_request_has_its_answer = "test_requests.py",
    everything_but_cells_is_answered_while_one_runs = "test_subshells.py",
    channels_are_files_or_ports = "test_transport.py",
    expressions_are_evaluated_after_a_cell = "test_user_expressions.py",
    no_process_outlives_its_kernel = "test_processes.py",
    the_kernel_keeps_the_protocol = "test_protocol.py",
    displays_are_changed_in_place = "test_display.py",
    loops_can_be_stopped_and_statics_last = "test_rewriting.py",
    statics_last_wherever_they_stand = "test_statics.py",
    output_goes_to_its_cell_and_has_limits = "test_output_policy.py",
    bars_and_floods_look_right_in_jupyterlab = "test_output_browser.py",
    std_types_are_inferred = "test_std_types.py",
    stds_blocking_calls_are_stopped = "test_std_blocking.py",
    output_arrives_as_it_is_printed = "test_streams.py",
    compiled_cells_are_kept_and_used = "test_compiled_cells.py",
    each_row_of_the_readmes_table_holds = "test_two_kernels.py",
    what_valid_rust_does_in_a_file_it_does_in_a_cell = "test_valid_rust.py",
}

#[test]
fn no_file_is_forgotten() {
    let folder = project().root.join("tests").join("python");
    let present: BTreeSet<String> = fs::read_dir(&folder)
        .expect("tests/python is there")
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with("test_") && name.ends_with(".py"))
        .collect();
    let listed: BTreeSet<String> = FILES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        present, listed,
        "each file of tests/python has its test in this module"
    );
}
