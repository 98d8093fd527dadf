//! One evcxr context and what it takes to run a cell in it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, PoisonError};

use evcxr::{CommandContext, CompilationError, Error, EvalCallbacks, EvalContext};

use super::config::start_up_cells;
use super::explain::{self, LastError};
use super::link::{BUILD, Link};
use super::lost::Lost;
use super::not_kept::NotKept;
use super::outcome::{CellError, CellValue, Outcome};
use super::report::Report;
use super::rewrite::{Edited, Rewritten, Static, rewrite};
use super::sink::{Sink, Stream};
use super::source_map::CellSource;
use super::static_store::Statics;
use super::syntax::{ends_with_value, first_error, lets};
use super::{compile_error, crash, interrupt, own_error, panic_report, wording};
use crate::setup::evcxr_toml::EvcxrToml;
use crate::setup::prepared::{Prepared, Request};
use crate::setup::toolchain::Toolchain;
use crate::setup::warm::unstable_types;

/// Where a kernel works.
#[derive(Clone, Debug)]
pub struct Places {
    /// This program.
    pub program: PathBuf,
    /// The kernel's temporary folder; evcxr compiles below it, in [`Places::build`].
    pub work: PathBuf,
    /// A random word for the marks in the streams.
    pub nonce: String,
}

impl Places {
    /// The folder in which evcxr compiles (`EVCXR_TMPDIR`).
    #[must_use]
    pub fn build(&self) -> PathBuf {
        self.work.join(BUILD)
    }
}

/// The context.
pub struct Context {
    pub(super) evcxr: CommandContext,
    pub(super) link: Arc<Link>,
    sink: Arc<dyn Sink>,
    rustc: PathBuf,
    statics: Statics,
    pub(super) lost: Lost,
    last_error: LastError,
    next_request: u64,
}

/// What an execution came to.
struct Ended {
    outcome: Outcome,
    /// Compiled code was loaded and started.
    ran: bool,
    /// It was not run, because this variable could not be kept.
    not_kept: Option<NotKept>,
}

impl Context {
    /// Starts everything: prepares the build folder where needed, starts evcxr, adds the support
    /// crate, runs the folder's prelude.
    ///
    /// # Errors
    /// A [`CellError`] that tells the reader what to do.
    pub fn start(
        toolchain: &Toolchain,
        places: &Places,
        link: Arc<Link>,
        sink: Arc<dyn Sink>,
    ) -> Result<Context, CellError> {
        let failed = |text: String| CellError::plain("setup", text);
        let folder = std::env::current_dir().map_err(|error| {
            failed(format!(
                "the folder that the kernel was started in is gone: {error}"
            ))
        })?;
        let settings = EvcxrToml::find(&folder).map_err(|error| failed(error.to_string()))?;
        let request = Request::for_settings(&settings)
            .map_err(|error| failed(format!("cannot read the support crate: {error}")))?;
        let prepared = Prepared::ensure(&places.program, toolchain, &request, &|line| {
            sink.text(Stream::Stderr, format!("{line}\n"));
        })
        .map_err(|error| failed(with_sources(&error)))?;
        prepared
            .copy_build(&places.build())
            .map_err(|error| failed(format!("cannot fill `{}`: {error}", places.work.display())))?;
        let evcxr = start_evcxr(&prepared.runtime, places)
            .map_err(|error| failed(format!("the Rust engine does not start: {error}")))?;
        let mut context = Context {
            evcxr: CommandContext::with_eval_context(evcxr),
            link,
            sink,
            rustc: toolchain.rustc.clone(),
            statics: Statics::default(),
            lost: Lost::default(),
            last_error: LastError::default(),
            next_request: 1,
        };
        context
            .evcxr
            .set_opt_level(&request.opt_level)
            .map_err(|error| failed(error.to_string()))?;
        let unstable_types = unstable_types(&places.build());
        for cell in start_up_cells(&settings, &prepared.support, unstable_types) {
            context.run_unseen(&cell).map_err(|error| CellError {
                ename: "setup".to_owned(),
                evalue: format!("the kernel's start-up cell failed: {}", error.evalue),
                traceback: error.traceback,
            })?;
        }
        Ok(context)
    }

    /// Runs a cell.
    ///
    /// # Errors
    /// The error that the learner is to see.
    pub fn execute(&mut self, code: &str, count: usize) -> Outcome {
        let (code, asked) = explain::take(code);
        if !asked.is_empty() {
            let explanation = explain::explain(&self.rustc, &asked, &self.last_error)?;
            if code.trim().is_empty() {
                return Ok(explanation);
            }
            self.sink.display(super::Shown {
                bundle: explanation,
                ..super::Shown::default()
            });
        }
        let outcome = self.execute_code(&code, count);
        if let Err(error) = &outcome
            && let Some(error) = LastError::of(error)
        {
            self.last_error = error;
        }
        outcome
    }

    fn execute_code(&mut self, code: &str, count: usize) -> Outcome {
        if let Some(error) = self.overlooked_error(code, count) {
            return Err(error);
        }
        self.revive_statics();
        let Rewritten {
            mut edited,
            statics,
        } = rewrite(code, self.next_request);
        let before = self.variables();
        let mut instead: Option<CellError> = None;
        let Ended { outcome, ran, .. } = loop {
            let mut ended = self.run_cell(&edited, count, !statics.is_empty());
            if let Some(NotKept::Closure(name)) = &ended.not_kept
                && let Some(changed) = Self::closure_as_function(&edited, name)
                && changed != edited
            {
                instead = ended.outcome.err();
                edited = changed;
                continue;
            }
            // The closure is not a function: what was said of it as a closure stands.
            if let Some(error) = instead.take_if(|_| !ended.ran && ended.outcome.is_err()) {
                ended.outcome = Err(error);
            }
            break ended;
        };
        // Also where the cell panicked: its items are there, and so are their symbols.
        if ran {
            self.keep_statics(statics);
        }
        // A process that has ended took all of them, whether this cell had begun or not.
        if ran || self.variables() != before {
            self.note_variables(code, count, &before, &outcome);
        }
        outcome
    }

    /// Remembers which variables the cell has taken away.
    fn note_variables(&mut self, code: &str, count: usize, before: &[String], outcome: &Outcome) {
        let new: Vec<String> = lets(code)
            .into_iter()
            .flat_map(|binding| binding.names)
            .collect();
        let after = self.variables();
        self.lost.note(count, before, &after, &new, outcome);
    }

    /// Runs a cell of the learner's; places in it can be named while it runs and after.
    fn run_cell(&mut self, edited: &Edited, count: usize, share: bool) -> Ended {
        let request = self.next_request;
        self.link.book().add(CellSource {
            request,
            count,
            edited: edited.clone(),
        });
        let ended = self.run(edited, count, share);
        if !ended.ran && ended.outcome.is_err() {
            self.link.book().forget(request);
        }
        ended
    }

    /// Lets the cells after this one use its statics instead of copies of their own.
    fn keep_statics(&mut self, statics: Vec<Static>) {
        for item in statics {
            // A declaration that does not compile (a type that only its own cell knows) leaves the
            // static what it is in evcxr: a fresh one in every cell.
            if self.run_unseen(&item.declaration()).is_ok() {
                self.statics.keep(item);
            }
        }
    }

    /// Defines again, with their first values, the statics that the last process took with it.
    fn revive_statics(&mut self) {
        for lost in self.statics.take_lost() {
            let Rewritten { edited, statics } = rewrite(&lost.source, self.next_request);
            if self.run(&edited, 0, true).ran {
                self.keep_statics(statics);
            }
        }
    }

    /// Runs code of our own, which has no value and is not shown.
    fn run_unseen(&mut self, code: &str) -> Outcome {
        self.run(&Edited::unchanged(code), 0, false).outcome
    }

    /// evcxr drops what its parser cannot make sense of (`let = 5;` runs and does nothing). Where the
    /// compiler, which sees only the rest, has nothing to say, the parser's own error is shown.
    fn overlooked_error(&mut self, code: &str, count: usize) -> Option<CellError> {
        let (message, place) = first_error(code)?;
        let compiler_is_content = self
            .evcxr
            .check(code)
            .is_ok_and(|errors| !errors.iter().any(CompilationError::is_from_user_code));
        let message = wording::parsers(&message);
        compiler_is_content
            .then(|| own_error::render(&message, Some((place, "")), code, count, &[]))
    }

    /// Completions at a byte offset.
    ///
    /// # Errors
    /// When the analysis fails.
    pub fn complete(&mut self, code: &str, offset: usize) -> anyhow::Result<evcxr::Completions> {
        self.evcxr.completions(code, offset)
    }

    /// Documentation of what ends at a byte offset, as text and as HTML.
    ///
    /// # Errors
    /// When the analysis fails.
    pub fn inspect(&mut self, code: &str, offset: usize) -> anyhow::Result<(String, String)> {
        self.evcxr.hover_at(code, offset)
    }

    /// The process that runs the cells; the handle stays valid when evcxr starts another one.
    #[must_use]
    pub fn process(&self) -> Arc<Mutex<Child>> {
        self.evcxr.process_handle()
    }

    /// The names of the learner's variables, sorted.
    #[must_use]
    pub fn variables(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .evcxr
            .variables_and_types()
            .map(|(name, _)| name.to_owned())
            .collect();
        names.sort();
        names
    }

    fn run(&mut self, cell: &Edited, count: usize, share: bool) -> Ended {
        let number = self.next_request;
        self.next_request += 1;
        let variables = self.variables();
        let process = self.evcxr.process_handle();
        let alive = move || {
            let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
            !matches!(process.try_wait(), Ok(Some(_)))
        };
        if let Err(error) = self.link.begin(number, share, &alive) {
            return Ended {
                outcome: Err(self.dead_before_start(&error, &variables)),
                ran: false,
                not_kept: None,
            };
        }
        let sink = Arc::clone(&self.sink);
        let mut callbacks = EvalCallbacks {
            input_reader: &|request| {
                sink.input(&request.prompt, request.is_password)
                    .unwrap_or_default()
            },
        };
        let result = self
            .evcxr
            .execute_with_callbacks(cell.code(), &mut callbacks);
        let died = matches!(result, Err(Error::SubprocessTerminated(_)));
        if died {
            self.link.drain();
            self.statics.process_ended();
        }
        let report = self.link.finish();
        let ran = report.ran && !died;
        let cell = CellSource {
            request: number,
            count,
            edited: cell.clone(),
        };
        let mut not_kept = None;
        Ended {
            outcome: self.conclude(result, report, &cell, &variables, &mut not_kept),
            ran,
            not_kept,
        }
    }

    fn conclude(
        &mut self,
        result: Result<evcxr::EvalOutputs, Error>,
        mut report: Report,
        cell: &CellSource,
        variables: &[String],
        not_kept: &mut Option<NotKept>,
    ) -> Outcome {
        let last = report.last_display.take();
        // Stop was pressed while it was compiled: the runtime skipped it, or cargo was ended.
        let skipped = !report.ran && (report.interrupted || report.stop_pressed);
        match result {
            Err(Error::SubprocessTerminated(message)) => {
                if let Some(shown) = last {
                    self.sink.display(shown);
                }
                let panic = report.panics.last().map(|panic| panic.message.as_str());
                Err(crash::describe(&message, variables, panic, report.killed))
            }
            _ if skipped => Err(interrupt::keyboard_interrupt()),
            Ok(_) if report.unwound => {
                if let Some(shown) = last {
                    self.sink.display(shown);
                }
                Err(self.unwound(&report))
            }
            Ok(_) if report.ended_early.is_some() => {
                if let Some(shown) = last {
                    self.sink.display(shown);
                }
                let reason = report.ended_early.unwrap_or_default();
                // What it defined is gone, as after a panic; evcxr keeps what was there before.
                let message = format!("`?` ended the cell early: {reason}");
                Err(CellError::plain(compile_error::NO_CODE, message))
            }
            Ok(outputs) => {
                for panic in &report.panics {
                    self.sink.text(
                        Stream::Stderr,
                        format!("a panic was caught: {}\n", panic.message),
                    );
                }
                Ok(self.value(outputs, last, cell.edited.original()))
            }
            Err(Error::CompilationErrors(errors)) => {
                let (error, reason) = self.rejected(&errors, cell);
                *not_kept = reason;
                Err(error)
            }
            Err(other) => {
                let (error, reason) = Self::refused(&other, cell);
                *not_kept = reason;
                Err(error)
            }
        }
    }

    /// The value of a cell: what its last expression displayed, and the answers of commands.
    fn value(
        &self,
        outputs: evcxr::EvalOutputs,
        last: Option<super::Shown>,
        code: &str,
    ) -> CellValue {
        let mut value: CellValue = outputs.content_by_mime_type.into_iter().collect();
        match last {
            // The unit value says nothing: the cell ended with a loop or a call for its effect.
            Some(shown) if shown.is_unit() => {}
            Some(shown) if shown.id.is_none() && ends_with_value(code) => {
                value.extend(shown.bundle);
            }
            Some(shown) => self.sink.display(shown),
            None => {}
        }
        value
    }

    fn unwound(&self, report: &Report) -> CellError {
        match report.panics.last() {
            _ if report.interrupted => interrupt::keyboard_interrupt(),
            Some(panic) if panic.after_stop => interrupt::keyboard_interrupt(),
            Some(panic) => {
                let book = self.link.book();
                book.with_compiled(panic.at.compiled_for, |sources| {
                    panic_report::render(panic, sources)
                })
            }
            None => CellError::plain(panic_report::PANIC, "the cell panicked"),
        }
    }

    /// The process died between two cells: evcxr notices only when it is used, and starts another.
    fn dead_before_start(&mut self, error: &std::io::Error, variables: &[String]) -> CellError {
        match self.evcxr.execute("let _ = ();") {
            Err(Error::SubprocessTerminated(message)) => {
                self.link.drain();
                self.statics.process_ended();
                let _ = self.link.finish();
                crash::describe(&message, variables, None, false)
            }
            _ => CellError::plain("crash", error.to_string()),
        }
    }
}

fn start_evcxr(runtime: &Path, places: &Places) -> Result<EvalContext, Error> {
    let mut command = Command::new(runtime);
    if let Some(path) = library_path_without_own_build(&places.program) {
        command.env("LD_LIBRARY_PATH", path);
    }
    command
        .env(lesson_runtime::DIR_VAR, &places.work)
        .env(lesson_runtime::NONCE_VAR, &places.nonce);
    EvalContext::with_subprocess_command(command).map(|(context, _outputs)| context)
}

/// `cargo run` puts the build folders of this program into the search path of libraries; a support
/// crate there would be taken for the one that was compiled for the cells.
fn library_path_without_own_build(program: &Path) -> Option<OsString> {
    let path = std::env::var_os("LD_LIBRARY_PATH")?;
    let own = program.parent()?;
    let others = std::env::split_paths(&path).filter(|entry| !entry.starts_with(own));
    std::env::join_paths(others).ok()
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
