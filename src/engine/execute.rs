//! How a cell of the learner's is run: commands of the kernel's own first, then the code.

use evcxr::CompilationError;

use super::context::{Context, Ended};
use super::explain::{self, LastError};
use super::known::Known;
use super::lost::{Lost, RunCell};
use super::not_kept::NotKept;
use super::outcome::{CellError, CellValue, Outcome};
use super::own_commands::{self, OwnCommand};
use super::rewrite::{Edited, Surroundings, early, rewrite, value};
use super::source_map::CellSource;
use super::syntax::{first_error, lets};
use super::{
    cargo_failure, compile_error, delimiters, early_end, help, own_error, unstable, wording,
};

impl Context {
    /// Runs a cell.
    ///
    /// # Errors
    /// The error that the learner is to see.
    pub fn execute(&mut self, code: &str, count: usize) -> Outcome {
        self.folder.mend(&self.link)?;
        // Editors of other systems put it before a file; the compiler takes it in files alone.
        let code = code.strip_prefix('\u{feff}').unwrap_or(code);
        let (commands, rest) = own_commands::split(code);
        let mut value = CellValue::new();
        for command in commands {
            value.extend(self.run_own(command)?);
        }
        value.extend(self.execute_rest(&rest, count)?);
        Ok(value)
    }

    fn run_own(&mut self, command: OwnCommand) -> Outcome {
        match command {
            OwnCommand::Clear => {
                let value = self.run_unseen(command.text())?;
                self.known = Known::default();
                self.lost = Lost::default();
                self.surroundings = Surroundings::default();
                self.run_start_up()?;
                Ok(value)
            }
            OwnCommand::Restart => {
                let restarted = self.restart_process();
                let _ = self.link.finish();
                restarted.map_err(|error| cargo_failure::explain(&error.to_string()))?;
                let said = "the process of the cells was started again; variables are gone, and \
                            statics have their first values";
                Ok(CellValue::from([(
                    "text/plain".to_owned(),
                    said.to_owned(),
                )]))
            }
            OwnCommand::Help => Ok(help::help()),
            OwnCommand::Quit => Err(CellError::plain(
                "quit",
                "the kernel is ended by the front end: choose \"Shut Down Kernel\" in its menu",
            )),
        }
    }

    fn execute_rest(&mut self, code: &str, count: usize) -> Outcome {
        let (code, commanded) = self
            .output
            .obey(code)
            .map_err(|error| CellError::plain(compile_error::NO_CODE, error.to_string()))?;
        if commanded {
            self.sink.obey(&self.output);
            self.flush_each_print();
            if code.trim().is_empty() {
                let answer = ("text/plain".to_owned(), self.output.to_string());
                return Ok(CellValue::from([answer]));
            }
        }
        let (code, asked) = explain::take(&code);
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
        if let Some(format) = value::impossible_format(&code) {
            return Err(CellError::plain(
                compile_error::NO_CODE,
                format!(
                    "no value can be shown as `{format}`. Write `:fmt {{:?}}` (the usual way), \
                     `:fmt {{:#?}}` (over several lines) or `:fmt {{}}` (for `Display`)"
                ),
            ));
        }
        let mut ran = false;
        let outcome = self.execute_code(&code, count, &mut ran);
        if outcome.is_err() && !ran {
            self.lost
                .note_unborn(count, &self.variables(), &names_bound_in(&code));
        }
        if let Err(error) = &outcome
            && let Some(error) = LastError::of(error)
        {
            self.last_error = error;
        }
        if value::changes_format(&code) {
            let _ = self.run_unseen(value::OTHER_FORMAT);
        }
        outcome
    }

    /// Runs Rust.
    ///
    /// What the kernel changes in a cell can be the reason why it does not compile; then it is tried
    /// with less of that, so that whatever the learner reads in the end is about their own text.
    /// `ran` becomes true where it did compile.
    fn execute_code(&mut self, code: &str, count: usize, ran: &mut bool) -> Outcome {
        if let Some(found) = delimiters::unpaired(code) {
            let place = Some((found.place, found.label));
            return Err(own_error::render(&found.message, place, code, count, &[]));
        }
        if let Some(error) = self.overlooked_error(code, count) {
            return Err(error);
        }
        if let Some(range) = early::with_value(code) {
            return Err(early_end::refuse_value(range, code, count));
        }
        if !self.takes_features
            && let Some(error) = unstable::refuse(code, count)
        {
            return Err(error);
        }
        // evcxr runs a command for the shell before it compiles: that must not happen twice.
        let may_run_twice = !own_commands::has_shell_command(code);
        let generation = self.next_request;
        self.surroundings.variables = self
            .evcxr
            .variables_and_types()
            .map(|(name, ty)| (name.to_owned(), ty.to_owned()))
            .collect();
        let surroundings = may_run_twice.then_some(&self.surroundings);
        let mut cell = rewrite(code, generation, &self.known, surroundings);
        let present = self.variables();
        let before = self.before(&cell);
        let mut as_closure: Option<CellError> = None;
        let mut ended = loop {
            let ended = self.run_cell(&cell.edited, count, before.share);
            if ended.refused && !ended.found_by_lint && cell.tentative {
                cell = rewrite(code, generation, &self.known, None);
                continue;
            }
            if may_run_twice
                && let Some(NotKept::Closure(name)) = &ended.not_kept
                && let Some(changed) = Self::closure_as_function(&cell.edited, name)
                && changed != cell.edited
            {
                as_closure = ended.outcome.err();
                cell.edited = changed;
                continue;
            }
            break ended;
        };
        // The closure is not a function: what was said of it as a closure stands.
        if !ended.ran
            && ended.outcome.is_err()
            && let Some(error) = as_closure
        {
            ended.outcome = Err(error);
        }
        self.after(&cell, &before, &ended);
        if ended.taken_over {
            self.surroundings.own_methods.extend(cell.trait_methods);
        }
        // A process that has ended took all of them, whether this cell had begun or not.
        *ran = ended.ran || self.variables() != present;
        if *ran {
            let changed = before.outdated.into_iter();
            let retyped = changed
                .map(|(variable, item)| (variable, Some(item)))
                .chain(ended.retyped.into_iter().map(|variable| (variable, None)));
            let cell = RunCell {
                count,
                returned: ended.returned,
                retyped: retyped.collect(),
                before: present,
                after: self.variables(),
                new: names_bound_in(code),
            };
            self.lost
                .note(cell, &self.surroundings.variables, &ended.outcome);
        }
        ended.outcome
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
}

/// The variables that a cell defines.
fn names_bound_in(code: &str) -> Vec<String> {
    lets(code)
        .into_iter()
        .flat_map(|binding| binding.names)
        .collect()
}
