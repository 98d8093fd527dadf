//! The README tells the truth about the command line and the files it points to.

use std::fs;

use crate::program::{program, project};

fn readme() -> String {
    fs::read_to_string(project().root.join("README.md")).expect("there is a README")
}

#[test]
fn every_command_is_in_the_readme() {
    let output = program()
        .arg("--help")
        .output()
        .expect("the program starts");
    let help = String::from_utf8(output.stdout).expect("help is text");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() >= 7, "{help}");
    let readme = readme();
    for command in commands {
        assert!(
            readme.contains(&format!("cargo lessons {command}")),
            "`{command}` is not in the README"
        );
    }
}

#[test]
fn every_command_of_the_readme_exists() {
    for words in readme().split("cargo lessons ").skip(1) {
        let command: String = words.chars().take_while(char::is_ascii_lowercase).collect();
        let output = program()
            .args([command.as_str(), "--help"])
            .output()
            .expect("the program starts");
        assert!(
            output.status.success(),
            "the README names `cargo lessons {command}`"
        );
    }
}

#[test]
fn every_file_that_the_readme_points_to_is_there() {
    let readme = readme();
    let targets = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let local: Vec<&str> = targets.filter(|target| !target.contains("://")).collect();
    assert!(local.len() > 5, "{local:?}");
    for target in local {
        assert!(
            project().root.join(target).exists(),
            "the README points to `{target}`"
        );
    }
}
