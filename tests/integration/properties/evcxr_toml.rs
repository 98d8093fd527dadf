//! A folder's settings are whatever a teacher has written.

use std::path::Path;

use rust_lessons::setup::evcxr_toml::EvcxrToml;

/// Checks the text of one file.
pub fn check(text: &str) {
    let Ok(settings) = EvcxrToml::parse(text, Path::new("evcxr.toml")) else {
        return;
    };
    // Numbers that no one asks for may be too big for a table.
    let Ok(file) = toml::from_str::<toml::Table>(text) else {
        return;
    };
    for (name, config) in &settings.dependencies {
        assert!(!config.contains('\n'), "`:dep` takes one line: {config:?}");
        let line = format!("a = {config}");
        let read = toml::from_str::<toml::Table>(&line).expect("inline TOML");
        // As texts, in which one NaN is like the other.
        let (read, written) = (&read["a"], &file["dependencies"][name]);
        assert_eq!(format!("{read:?}"), format!("{written:?}"), "{line}");
    }
}
