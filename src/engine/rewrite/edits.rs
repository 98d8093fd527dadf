//! Insertions into a cell, and the way back from a place behind them to the learner's own.

use super::super::syntax::looks_like_a_command;

/// Text to insert, by its place in the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Byte offset in the original.
    pub at: usize,
    /// Inserted there. Without newlines, so that lines keep their numbers, but at the very end.
    pub text: String,
}

/// A cell with insertions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    original: String,
    code: String,
    /// In order; `at` is an offset of the original.
    insertions: Vec<Insertion>,
}

impl Edited {
    /// The cell as it is.
    #[must_use]
    pub fn unchanged(original: &str) -> Edited {
        Edited::new(original, Vec::new())
    }

    /// Inserts into `original`.
    ///
    /// # Panics
    /// When a place is not on a character's border: places come from a parse of the same text.
    #[must_use]
    pub fn new(original: &str, mut insertions: Vec<Insertion>) -> Edited {
        insertions.sort_by_key(|insertion| insertion.at);
        let mut code = String::with_capacity(original.len());
        let mut done = 0;
        for insertion in &insertions {
            debug_assert!(
                !insertion.text.contains('\n') || insertion.at == original.len(),
                "lines keep their numbers"
            );
            code.push_str(&original[done..insertion.at]);
            code.push_str(&insertion.text);
            done = insertion.at;
        }
        code.push_str(&original[done..]);
        Edited {
            original: original.to_owned(),
            code,
            insertions,
        }
    }

    /// The same with more insertions; what stood at a place before stays in front.
    ///
    /// # Panics
    /// As [`Edited::new`].
    #[must_use]
    pub fn with(&self, more: Vec<Insertion>) -> Edited {
        let mut insertions = self.insertions.clone();
        insertions.extend(more);
        Edited::new(&self.original, insertions)
    }

    /// The same, safe from evcxr, which takes a first line that begins with `::` for a command: a comment
    /// stands before it.
    #[must_use]
    pub fn no_command(self) -> Edited {
        let Some(line) = looks_like_a_command(&self.code) else {
            return self;
        };
        let number = self.code[..line].matches('\n').count();
        let at = self
            .original
            .split_inclusive('\n')
            .take(number)
            .map(str::len)
            .sum();
        let comment = Insertion {
            at,
            text: "/**/".to_owned(),
        };
        // In front of what is inserted at the same place.
        let insertions = std::iter::once(comment).chain(self.insertions).collect();
        Edited::new(&self.original, insertions)
    }

    /// What the learner wrote.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// What is compiled.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The original's byte offset of a byte offset in the compiled text. Inside an insertion it is
    /// the place where that was made.
    #[must_use]
    pub fn original_offset(&self, offset: usize) -> usize {
        let mut inserted = 0;
        for insertion in &self.insertions {
            let start = insertion.at + inserted;
            if offset <= start {
                break;
            }
            if offset < start + insertion.text.len() {
                return insertion.at;
            }
            inserted += insertion.text.len();
        }
        (offset - inserted).min(self.original.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_path_from_the_root_is_not_left_to_evcxr() {
        let path = Insertion {
            at: 9,
            text: "::a::b(".to_owned(),
        };
        let edited = Edited::new("// c\n    f(x)", vec![path]).no_command();
        assert_eq!(edited.code(), "// c\n/**/    ::a::b(f(x)");
        assert_eq!(
            edited.original_offset(edited.code().find('x').expect("it is there")),
            11
        );
        let learners = Edited::unchanged("::std::thread::park();").no_command();
        assert_eq!(learners.code(), "/**/::std::thread::park();");
        let other = Edited::unchanged(":dep x\nf();");
        assert_eq!(other.clone().no_command(), other);
    }

    #[test]
    fn every_place_of_the_original_is_found_again() {
        let original = "loop { a(); }\nloop { b(); }";
        let insertions = [6, 20].map(|at| Insertion {
            at,
            text: " check();".to_owned(),
        });
        let edited = Edited::new(original, insertions.to_vec());
        assert_eq!(
            edited.code(),
            "loop { check(); a(); }\nloop { check(); b(); }"
        );
        for word in ["a();", "b();", "}\nloop"] {
            let here = edited.code().find(word).expect("it is there");
            let there = original.find(word).expect("it is there");
            assert_eq!(edited.original_offset(here), there, "{word:?}");
        }
        let inside = edited.code().find("check").expect("it is there");
        assert_eq!(edited.original_offset(inside), 6);
        assert_eq!(edited.original_offset(edited.code().len()), original.len());
    }
}
