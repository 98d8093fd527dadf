//! `evcxr.toml`: the settings that a folder of notebooks gives to the engine.
//!
//! evcxr reads the file itself, for the settings in `[evcxr]`. Dependencies and prelude are run as
//! cells by whoever uses evcxr: the stock kernel does it with `:load_config`, we do it here, because
//! the support crate is taken from a prepared copy.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::evcxr_folder::evcxr_folder;
use crate::engine::output_policy::{OutputPolicy, OutputPolicyError};

/// File name of the settings.
pub const FILE_NAME: &str = "evcxr.toml";
/// Name of the crate that every lesson can use.
pub const SUPPORT: &str = "lesson_support";

/// What we use of the file.
#[derive(Clone, Debug, Default)]
pub struct EvcxrToml {
    /// Optimisation level of cells and dependencies.
    pub opt_level: Option<String>,
    /// Whether cargo must not use the network.
    pub offline_mode: bool,
    /// Code that runs before the first cell.
    pub prelude: Option<String>,
    /// Crate names and their configuration as inline TOML, the support crate left out.
    pub dependencies: Vec<(String, String)>,
    /// The folder that the file names for the support crate, if it exists.
    pub support: Option<PathBuf>,
    /// Where output goes, and how much of it: the table `[output]`, which the stock kernel ignores.
    pub output: OutputPolicy,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvcxrTomlError {
    /// It cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not TOML, or not of the expected shape.
    #[error("`{}` is not valid: {source}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A setting of the table `[output]` is not as it should be.
    #[error("`{}` is not valid: in `[output]`, {source}", .path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: OutputPolicyError,
    },
}

#[derive(Default, Deserialize)]
struct File {
    #[serde(default)]
    evcxr: Section,
    #[serde(default)]
    dependencies: toml::Table,
    #[serde(default)]
    output: toml::Table,
}

#[derive(Default, Deserialize)]
struct Section {
    opt_level: Option<String>,
    #[serde(default)]
    offline_mode: bool,
    prelude: Option<String>,
}

impl EvcxrToml {
    /// Reads the file of a folder, else the one in evcxr's own configuration folder, else nothing.
    ///
    /// # Errors
    /// When there is a file but it cannot be used.
    pub fn find(folder: &Path) -> Result<EvcxrToml, EvcxrTomlError> {
        let candidates = [Some(folder.to_owned()), evcxr_folder()];
        for candidate in candidates.into_iter().flatten() {
            let path = candidate.join(FILE_NAME);
            if path.is_file() {
                return EvcxrToml::read(&path);
            }
        }
        Ok(EvcxrToml::default())
    }

    /// Reads one file.
    ///
    /// # Errors
    /// When it cannot be read or is not valid.
    pub fn read(path: &Path) -> Result<EvcxrToml, EvcxrTomlError> {
        let text = std::fs::read_to_string(path).map_err(|source| EvcxrTomlError::Read {
            path: path.to_owned(),
            source,
        })?;
        EvcxrToml::parse(&text, path)
    }

    /// Parses the text of the file `path`.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn parse(text: &str, path: &Path) -> Result<EvcxrToml, EvcxrTomlError> {
        let file: File = toml::from_str(text).map_err(|source| EvcxrTomlError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let support = file
            .dependencies
            .get(SUPPORT)
            .and_then(|config| config.get("path"))
            .and_then(toml::Value::as_str)
            .map(|relative| folder.join(relative))
            .filter(|dir| dir.join("Cargo.toml").is_file());
        let dependencies = file
            .dependencies
            .iter()
            .filter(|(name, _)| *name != SUPPORT)
            .map(|(name, config)| (name.clone(), inline(config)))
            .collect();
        let mut output = OutputPolicy::default();
        for (name, value) in &file.output {
            // A number or a text, as the writer likes.
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            output
                .set(name, &value)
                .map_err(|source| EvcxrTomlError::Output {
                    path: path.to_owned(),
                    source,
                })?;
        }
        Ok(EvcxrToml {
            output,
            opt_level: file.evcxr.opt_level,
            offline_mode: file.evcxr.offline_mode,
            prelude: file.evcxr.prelude,
            dependencies,
            support,
        })
    }
}

fn inline(config: &toml::Value) -> String {
    // `Display` of a table inside a value is the inline form, on one line, as `:dep` wants it; but it
    // writes a text of several lines on several.
    match config {
        toml::Value::String(text) => basic_string(text),
        toml::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        toml::Value::Table(table) => {
            let entries: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", basic_string(key), inline(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
        simple => simple.to_string(),
    }
}

fn basic_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                quoted.push_str(&format!("\\U{:08X}", u32::from(letter)));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::output_policy::Route;

    #[test]
    fn dependencies_come_as_one_line_and_without_the_support_crate() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(FILE_NAME);
        std::fs::write(
            &path,
            "[evcxr]\noffline_mode = true\nopt_level = \"1\"\n[dependencies]\n\
             lesson_support = { path = \"../nowhere\" }\n\
             rand = { version = \"0.9\", features = [\"std\"] }\nlibc = \"0.2\"\n",
        )
        .expect("a file");
        let found = EvcxrToml::find(dir.path()).expect("a valid file");
        assert!(found.offline_mode);
        assert_eq!(found.opt_level.as_deref(), Some("1"));
        assert_eq!(found.support, None, "the named folder does not exist");
        let names: Vec<_> = found.dependencies.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["rand", "libc"]);
        for (_, config) in &found.dependencies {
            assert!(!config.contains('\n'), "{config}");
        }
    }

    #[test]
    fn output_settings_are_read_and_wrong_ones_name_file_and_remedy() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join(FILE_NAME);
        std::fs::write(
            &path,
            "[output]\nthreads = \"starting-cell\"\ntext_limit = \"2 MB\"\ndisplay_limit = 7\n",
        )
        .expect("a file");
        let found = EvcxrToml::read(&path).expect("a valid file").output;
        assert_eq!(found.threads, Route::StartingCell);
        assert_eq!(found.text_limit, Some(2_000_000));
        assert_eq!(found.display_limit, Some(7));
        std::fs::write(&path, "[output]\nthreads = true\n").expect("a file");
        let error = EvcxrToml::read(&path).expect_err("no such value");
        let text = error.to_string();
        assert!(
            text.contains(FILE_NAME) && text.contains("`starting-cell`"),
            "{text}"
        );
    }

    #[test]
    fn a_text_of_several_lines_keeps_them_in_one() {
        let text = "[dependencies]\na = { \"b c\" = \"\"\"x\ny\"\"\", d = [1, 'q\"\\'] }\n";
        let read = EvcxrToml::parse(text, Path::new("evcxr.toml")).expect("a valid file");
        let (_, config) = &read.dependencies[0];
        assert_eq!(config, r#"{ "b c" = "x\U0000000Ay", "d" = [1, "q\"\\"] }"#);
    }

    #[test]
    fn a_broken_file_names_itself() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join(FILE_NAME), "[evcxr\n").expect("a file");
        let error = EvcxrToml::find(dir.path()).expect_err("not TOML");
        assert!(error.to_string().contains(FILE_NAME), "{error}");
    }
}
