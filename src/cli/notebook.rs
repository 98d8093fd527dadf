//! The notebooks that a command is asked to work on, looked at before anything starts.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::nearest::nearest;
use crate::setup::Project;
use crate::setup::kernelspec::Kernel;

/// A notebook that our kernel can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notebook {
    /// Where it is, from the root.
    pub path: PathBuf,
}

/// What a command was asked to work on.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Those that can be worked on, each once.
    pub notebooks: Vec<Notebook>,
    /// Why others cannot.
    pub unusable: Vec<NotebookError>,
}

/// A notebook cannot be worked on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum NotebookError {
    #[error("no notebook `{}`{}", .path.display(), which_ones(.near, .known))]
    Unknown {
        path: PathBuf,
        /// The lesson whose name is nearest, if one is near.
        near: Option<String>,
        /// All lessons.
        known: Vec<String>,
    },
    #[error("`{}` is a folder; name a notebook in it", .path.display())]
    Folder { path: PathBuf },
    #[error("there is no notebook in `{}`; restore the folder, or name a notebook", .folder.display())]
    None { folder: PathBuf },
    #[error("cannot read `{}`", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "`{}` is broken: not valid JSON ({reason}); restore it (`git checkout` brings back the stored \
         one), or mend that place in a text editor", .path.display()
    )]
    Json { path: PathBuf, reason: String },
    #[error(
        "`{}` is JSON, but not a notebook: {reason}; open and save it in JupyterLab, or name another \
         file", .path.display()
    )]
    NotNotebook { path: PathBuf, reason: &'static str },
    #[error(
        "`{}` is for the kernel `{found}`, not for `{}`; open it in JupyterLab, choose Kernel > Change \
         Kernel > {}, save it, then run this again",
        .path.display(),
        Kernel::Lessons.name(),
        Kernel::Lessons.display_name()
    )]
    OtherKernel { path: PathBuf, found: String },
}

fn which_ones(near: &Option<String>, known: &[String]) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; the lessons are: {}", known.join(", ")),
    }
}

impl Notebook {
    /// The notebooks named, or all lessons if none is. A name is a path, or that of a lesson, with or
    /// without its ending. One that cannot be worked on does not keep the others from it.
    ///
    /// # Errors
    /// [`NotebookError`] if none of them can be.
    pub(super) fn choose(project: &Project, named: &[PathBuf]) -> Result<Chosen, NotebookError> {
        let lessons = lessons(project)?;
        let paths: Vec<_> = if named.is_empty() {
            lessons.into_iter().map(Ok).collect()
        } else {
            let found = named.iter().map(|name| find(project, name, &lessons));
            found.collect()
        };
        let mut notebooks: Vec<Self> = Vec::new();
        let mut unusable = Vec::new();
        for path in paths {
            match path.and_then(Self::open) {
                Ok(notebook) if notebooks.contains(&notebook) => {}
                Ok(notebook) => notebooks.push(notebook),
                Err(error) => unusable.push(error),
            }
        }
        if notebooks.is_empty() && unusable.len() < 2 {
            return Err(unusable.pop().unwrap_or(NotebookError::None {
                folder: project.notebooks(),
            }));
        }
        Ok(Chosen {
            notebooks,
            unusable,
        })
    }

    /// The file of a notebook that is named as in [`Notebook::choose`], unread.
    ///
    /// # Errors
    /// [`NotebookError`] if there is none of that name.
    pub(super) fn path_of(project: &Project, name: &Path) -> Result<PathBuf, NotebookError> {
        find(project, name, &lessons(project)?)
    }

    /// The file of every lesson.
    ///
    /// # Errors
    /// [`NotebookError::Read`] if their folder cannot be looked into.
    pub(super) fn lessons(project: &Project) -> Result<Vec<PathBuf>, NotebookError> {
        lessons(project)
    }

    /// The folders that kernels for these notebooks are started in.
    pub(super) fn folders(notebooks: &[Self]) -> BTreeSet<PathBuf> {
        let folders = notebooks
            .iter()
            .filter_map(|notebook| notebook.path.parent());
        folders.map(Path::to_owned).collect()
    }

    fn open(path: PathBuf) -> Result<Self, NotebookError> {
        let bytes = fs::read(&path).map_err(|source| NotebookError::Read {
            path: path.clone(),
            source,
        })?;
        let content: Value =
            serde_json::from_slice(&bytes).map_err(|error| NotebookError::Json {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        let not_notebook = |reason| NotebookError::NotNotebook {
            path: path.clone(),
            reason,
        };
        if content["nbformat"].as_u64() != Some(4) {
            return Err(not_notebook("it does not say `nbformat` 4"));
        }
        if !content["cells"].is_array() {
            return Err(not_notebook("it has no cells"));
        }
        let kernel = content["metadata"]["kernelspec"]["name"].as_str();
        if kernel != Some(Kernel::Lessons.name()) {
            let found = kernel.unwrap_or("none").to_owned();
            return Err(NotebookError::OtherKernel { path, found });
        }
        Ok(Self { path })
    }
}

fn lessons(project: &Project) -> Result<Vec<PathBuf>, NotebookError> {
    let folder = project.notebooks();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(NotebookError::Read {
                path: folder,
                source,
            });
        }
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "ipynb") && path.is_file())
        .collect();
    found.sort();
    Ok(found)
}

fn find(project: &Project, name: &Path, lessons: &[PathBuf]) -> Result<PathBuf, NotebookError> {
    let lesson = project.notebooks().join(name);
    for candidate in [
        name.to_owned(),
        name.with_added_extension("ipynb"),
        lesson.clone(),
        lesson.with_added_extension("ipynb"),
    ] {
        if candidate.is_file() {
            return std::path::absolute(&candidate).map_err(|source| NotebookError::Read {
                path: candidate,
                source,
            });
        }
    }
    if name.is_dir() {
        return Err(NotebookError::Folder {
            path: name.to_owned(),
        });
    }
    let known: Vec<String> = lessons.iter().map(|path| file_name(path)).collect();
    Err(NotebookError::Unknown {
        path: name.to_owned(),
        near: nearest(&file_name(name), known.iter().map(String::as_str)).map(str::to_owned),
        known,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Lessons {
        folder: tempfile::TempDir,
        project: Project,
    }

    impl Lessons {
        fn with(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let project = Project::new(folder.path(), "program");
            fs::create_dir(project.notebooks()).expect("writable");
            for (name, text) in files {
                fs::write(project.notebooks().join(name), text).expect("writable");
            }
            Self { folder, project }
        }

        fn choose(&self, named: &[&str]) -> Result<Vec<PathBuf>, NotebookError> {
            let named: Vec<PathBuf> = named.iter().map(PathBuf::from).collect();
            let mut chosen = Notebook::choose(&self.project, &named)?;
            if let Some(error) = chosen.unusable.pop() {
                return Err(error);
            }
            let relative = |path: &Path| {
                path.strip_prefix(self.folder.path())
                    .expect("below")
                    .to_owned()
            };
            Ok(chosen
                .notebooks
                .iter()
                .map(|notebook| relative(&notebook.path))
                .collect())
        }
    }

    fn notebook(kernel: &str) -> String {
        json!({ "nbformat": 4, "cells": [], "metadata": { "kernelspec": { "name": kernel } } })
            .to_string()
    }

    #[test]
    fn all_lessons_come_in_order_unless_one_is_named() {
        let ours = notebook("rust-lessons");
        let lessons = Lessons::with(&[
            ("02_shared_data.ipynb", &ours),
            ("01_threads.ipynb", &ours),
            ("evcxr.toml", ""),
        ]);
        let all = lessons.choose(&[]).expect("all are fine");
        let names = [
            "notebooks/01_threads.ipynb",
            "notebooks/02_shared_data.ipynb",
        ];
        assert_eq!(all, names.map(PathBuf::from));
        for name in ["02_shared_data", "02_shared_data.ipynb"] {
            assert_eq!(
                lessons.choose(&[name]).expect("a lesson"),
                [PathBuf::from(names[1])]
            );
        }
    }

    #[test]
    fn a_path_needs_no_ending_and_one_named_twice_counts_once() {
        let lessons = Lessons::with(&[("one.ipynb", &notebook("rust-lessons"))]);
        let path = lessons.project.notebooks().join("one");
        let named = [path.clone(), path.with_added_extension("ipynb")];
        let chosen = Notebook::choose(&lessons.project, &named).expect("there is one");
        assert_eq!(chosen.notebooks.len(), 1);
    }

    #[test]
    fn a_broken_notebook_does_not_keep_others_from_being_worked_on() {
        let lessons = Lessons::with(&[
            ("broken.ipynb", "{"),
            ("one.ipynb", &notebook("rust-lessons")),
        ]);
        let named = ["broken".into(), "one".into(), "gone".into()];
        let chosen = Notebook::choose(&lessons.project, &named).expect("one is fine");
        assert_eq!(chosen.notebooks.len(), 1);
        assert_eq!(chosen.unusable.len(), 2);
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_near_one() {
        let lessons = Lessons::with(&[("02_shared_data.ipynb", &notebook("rust-lessons"))]);
        let text = lessons
            .choose(&["02_shard_data.ipynb"])
            .expect_err("unknown")
            .to_string();
        assert!(
            text.contains("did you mean `02_shared_data.ipynb`?"),
            "{text}"
        );
        let text = lessons
            .choose(&["queues"])
            .expect_err("unknown")
            .to_string();
        assert!(
            text.contains("the lessons are: 02_shared_data.ipynb"),
            "{text}"
        );
    }

    #[test]
    fn what_cannot_be_run_is_told_apart() {
        let lessons = Lessons::with(&[
            ("broken.ipynb", "{\n  \"cells\": [\n"),
            ("list.ipynb", "[]"),
            ("python.ipynb", &notebook("python3")),
            (
                "nothing.ipynb",
                r#"{"nbformat": 4, "cells": [], "metadata": {}}"#,
            ),
        ]);
        let told = |name| {
            lessons
                .choose(&[name])
                .expect_err("cannot be run")
                .to_string()
        };
        assert!(told("broken").contains("not valid JSON") && told("broken").contains("line 3"));
        assert!(told("list").contains("not a notebook"));
        assert!(told("python").contains("for the kernel `python3`"));
        assert!(told("nothing").contains("for the kernel `none`"));
    }
}
