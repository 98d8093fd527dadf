//! One evcxr context and what it takes to run a cell in it.

mod restart;

use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};

use evcxr::{CommandContext, Error, EvalCallbacks};

use super::config::{self, start_up_cells};
pub(super) use super::ended::Ended;
use super::explain::LastError;
use super::folder::Folder;
use super::known::Known;
use super::link::{BUILD, Begin, Link};
use super::lost::Lost;
use super::not_kept::NotKept;
use super::outcome::{CellError, CellValue, Outcome};
use super::output_policy::{OutputPolicy, Route};
use super::report::{Panic, Report};
use super::rewrite::{Edited, Surroundings, is_hidden, rewrite};
use super::sink::{Sink, Stream};
use super::source_map::CellSource;
use super::start_process::start_evcxr;
use super::syntax::ends_with_value;
use super::{crash, early_end, failure, interrupt, panic_report, unstable};
use crate::setup::evcxr_toml::EvcxrToml;
use crate::setup::prepared::{Prepared, Request};
use crate::setup::toolchain::Toolchain;
use crate::setup::tools;
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
    pub(super) sink: Arc<dyn Sink>,
    pub(super) rustc: PathBuf,
    pub(super) takes_features: bool,
    pub(super) known: Known,
    /// What decides which calls may block.
    pub(super) surroundings: Surroundings,
    pub(super) lost: Lost,
    pub(super) last_error: LastError,
    pub(super) output: OutputPolicy,
    /// `print!` is the one of [`config::PRINT_AND_FLUSH`].
    prints_flush: bool,
    /// Run before the first cell, and after `:clear`: what gives an empty evcxr the names that cells need.
    start_up: Vec<String>,
    pub(super) next_request: u64,
    pub(super) folder: Folder,
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
        if let Some(folder) = tools::own_folder() {
            tools::link(&folder, &prepared.cargo)
                .map_err(|error| failed(format!("cannot fill `{}`: {error}", folder.display())))?;
        }
        let evcxr = start_evcxr(&prepared.runtime, places, toolchain)
            .map_err(|error| failed(format!("the Rust engine does not start: {error}")))?;
        let mut context = Context {
            evcxr: CommandContext::with_eval_context(evcxr),
            link,
            sink,
            rustc: toolchain.rustc.clone(),
            takes_features: unstable::takes_features(&toolchain.release),
            known: Known::default(),
            surroundings: Surroundings::default(),
            lost: Lost::default(),
            last_error: LastError::default(),
            output: settings.output.clone(),
            prints_flush: false,
            start_up: start_up_cells(
                &settings,
                &prepared.support,
                &request.opt_level,
                unstable_types(&places.build()),
            ),
            next_request: 1,
            folder: Folder::new(places.clone(), prepared.clone(), toolchain),
        };
        context.sink.obey(&context.output);
        context
            .evcxr
            .set_opt_level(&request.opt_level)
            .map_err(|error| failed(error.to_string()))?;
        context.run_start_up()?;
        Ok(context)
    }

    pub(super) fn run_start_up(&mut self) -> Result<(), CellError> {
        for cell in self.start_up.clone() {
            self.run_unseen(&cell).map_err(|error| CellError {
                ename: "setup".to_owned(),
                evalue: format!("the kernel's start-up cell failed: {}", error.evalue),
                traceback: error.traceback,
            })?;
        }
        self.prints_flush = false;
        self.flush_each_print();
        Ok(())
    }

    /// Where output is kept apart by thread, `print!` hands its text over at once: it would wait for a
    /// new line otherwise, in a buffer that all threads share.
    pub(super) fn flush_each_print(&mut self) {
        if self.output.threads == Route::StartingCell && !self.prints_flush {
            self.prints_flush = self.run_unseen(config::PRINT_AND_FLUSH).is_ok();
        }
    }

    /// Runs code of our own, which has no value and is not shown.
    pub(super) fn run_unseen(&mut self, code: &str) -> Outcome {
        let cell = rewrite(code, self.next_request, &self.known, None);
        let before = self.before(&cell);
        let ended = self.run(&cell.edited, 0, before.share);
        self.after(&cell, &before, &ended);
        ended.outcome
    }

    /// Completions at a byte offset.
    ///
    /// # Errors
    /// When the analysis fails.
    pub fn complete(&mut self, code: &str, offset: usize) -> anyhow::Result<evcxr::Completions> {
        let mut found = self.evcxr.completions(code, offset)?;
        found
            .completions
            .retain(|completion| !is_hidden(&completion.code));
        Ok(found)
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

    /// The learner's variables, and their types as evcxr names them.
    pub fn variables_and_types(&self) -> impl Iterator<Item = (&str, &str)> {
        self.evcxr.variables_and_types()
    }

    /// The names of all items that cells have defined.
    pub fn item_names(&self) -> impl Iterator<Item = &str> {
        self.evcxr.defined_item_names()
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

    pub(super) fn run(&mut self, cell: &Edited, count: usize, share: bool) -> Ended {
        let number = self.next_request;
        self.next_request += 1;
        let variables = self.variables();
        let process = self.evcxr.process_handle();
        let alive = move || {
            let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
            !matches!(process.try_wait(), Ok(Some(_)))
        };
        self.sink.begins(number);
        let begin = Begin {
            cell: number,
            share,
            apart: self.output.threads == Route::StartingCell,
        };
        if let Err(error) = self.link.begin(begin, &alive) {
            return Ended::before_start(self.dead_before_start(&error, &variables));
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
            self.known.statics.process_ended();
        }
        let mut report = self.link.finish();
        let retyped = std::mem::take(&mut report.retyped);
        if report.ran && !report.ended && !died {
            return Ended::before_start(self.out_of_step(&variables));
        }
        let ran = report.ran && !died;
        let taken_over = result.is_ok();
        // Not so when stop was pressed meanwhile: then cargo was ended.
        let refused =
            result.is_err() && !died && !ran && !report.interrupted && !report.stop_pressed;
        let returned = report.returned.is_some();
        let found_by_lint = result.as_ref().is_err_and(failure::is_found_by_lint);
        let cell = CellSource {
            request: number,
            count,
            edited: cell.clone(),
        };
        let mut not_kept = None;
        Ended {
            outcome: self.conclude(result, report, &cell, &variables, &mut not_kept),
            refused,
            found_by_lint,
            returned,
            ran,
            taken_over,
            not_kept,
            retyped,
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
                self.show(last);
                let panics = crash::deadly(&report.panics);
                let last = panics.last().map(|panic| panic.message.as_str());
                let error =
                    crash::describe(&message, variables, last, &report.last_words, report.killed);
                Err(self.behind_its_panics(error, &panics))
            }
            _ if skipped => Err(interrupt::keyboard_interrupt()),
            Ok(_) if report.unwound => {
                self.show(last);
                Err(self.unwound(&report))
            }
            Ok(outputs) => {
                if let Some(asked) = &report.ended_early {
                    self.show(last);
                    return Err(early_end::asked(asked, cell));
                }
                for panic in &report.panics {
                    self.sink.text(
                        Stream::Stderr,
                        format!("a panic was caught: {}\n", panic.message),
                    );
                }
                // Asked for by `:timing`; a cell of the kernel's own has no number.
                if let (Some(took), 1..) = (outputs.timing, cell.count) {
                    let text = format!("Took {} ms\n", took.as_millis());
                    self.sink.text(Stream::Stdout, text);
                }
                let code = cell.edited.original();
                let Some(at) = report.returned else {
                    return Ok(self.value(outputs, last, code));
                };
                self.show(last);
                if let Some(note) = early_end::returned(at, code, &self.variables()) {
                    self.sink.text(Stream::Stderr, note);
                }
                Ok(self.value(outputs, None, code))
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

    /// Shows what turned out to be no value of the cell.
    fn show(&self, shown: Option<super::Shown>) {
        if let Some(shown) = shown {
            self.sink.display(shown);
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

    /// An error of the process, with the panics that led to it above.
    fn behind_its_panics(&self, mut error: CellError, panics: &[&Panic]) -> CellError {
        let shown = panics.iter().map(|panic| self.panicked(panic));
        let shown: Vec<String> = shown.flat_map(|panic| panic.traceback).collect();
        error.traceback.splice(0..0, shown);
        error
    }

    fn panicked(&self, panic: &Panic) -> CellError {
        let book = self.link.book();
        book.with_compiled(panic.at.compiled_for, |sources| {
            panic_report::render(panic, sources)
        })
    }

    fn unwound(&self, report: &Report) -> CellError {
        match report.panics.back() {
            _ if report.interrupted => interrupt::keyboard_interrupt(),
            Some(panic) if panic.after_stop => interrupt::keyboard_interrupt(),
            Some(panic) => self.panicked(panic),
            None => CellError::plain(panic_report::PANIC, "the cell panicked"),
        }
    }
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
