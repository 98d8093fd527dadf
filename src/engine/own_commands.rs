//! Commands of evcxr that do more, or say less, than a learner wants, and are run in a way of our own.

use super::syntax::lines_before_rust;

/// Such a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnCommand {
    /// `:clear` forgets variables, items and dependencies. Among them are ours, which every cell
    /// needs: they are put back.
    Clear,
    /// `:restart` starts the process of the cells again: variables and the values of statics are
    /// gone, items stay. (evcxr goes on to look for the variables.)
    Restart,
    /// `:quit` would end the kernel.
    Quit,
    /// `:help` would list evcxr's commands, those for its developers too, and none of ours.
    Help,
}

impl OwnCommand {
    const ALL: [OwnCommand; 4] = [
        OwnCommand::Clear,
        OwnCommand::Restart,
        OwnCommand::Quit,
        OwnCommand::Help,
    ];

    /// The command's text.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            OwnCommand::Clear => ":clear",
            OwnCommand::Restart => ":restart",
            OwnCommand::Quit => ":quit",
            OwnCommand::Help => ":help",
        }
    }
}

/// The commands of a cell that are ours to run, and the cell with their lines left empty, so that all
/// other lines keep their numbers.
#[must_use]
pub fn split(code: &str) -> (Vec<OwnCommand>, String) {
    let mut commands = Vec::new();
    let mut rest = String::with_capacity(code.len());
    let head = lines_before_rust(code);
    for (number, line) in code.split_inclusive('\n').enumerate() {
        let command = OwnCommand::ALL
            .into_iter()
            .find(|command| number < head && line.trim() == command.text());
        match command {
            Some(command) => {
                commands.push(command);
                rest.extend(line.ends_with('\n').then_some('\n'));
            }
            None => rest.push_str(line),
        }
    }
    (commands, rest)
}

/// Whether the cell runs a program of the operating system (`!ls`).
#[must_use]
pub fn has_shell_command(code: &str) -> bool {
    let head = lines_before_rust(code);
    code.lines().take(head).any(|line| line.starts_with('!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_keep_their_numbers() {
        let (commands, rest) = split("// a\n:clear\n :restart  \nlet b = 2;");
        assert_eq!(commands, [OwnCommand::Clear, OwnCommand::Restart]);
        assert_eq!(rest, "// a\n\n\nlet b = 2;");
    }

    #[test]
    fn a_cell_without_them_is_as_it_was() {
        let code = ":dep x\nlet a = \"\n:clear\n\";";
        assert_eq!(split(code), (Vec::new(), code.to_owned()));
    }
}
