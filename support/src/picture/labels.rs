//! The words below the marks of a lane.

use super::axis::Axis;
use super::bars::Bars;
use super::plan::Row;
use super::shapes::{WIDTH, shortened_to};
use crate::timeline::Timeline;

/// With fewer, the words of three things in a row hide one of them.
const LINES: usize = 3;

/// The words below the marks of a lane, in several lines where one is too narrow.
pub(super) fn labels(row: &Row, bars: &Bars, axis: &Axis, timeline: &Timeline) -> Vec<MarkLabel> {
    let mut labels: Vec<MarkLabel> = Vec::new();
    for mark in row.marks.iter().map(|mark| &bars.marks[*mark]) {
        let Some(words) = bars.words_of(mark, timeline) else {
            continue;
        };
        let words = shortened_to(&words, 40);
        let x = axis.x(mark.at);
        if let Some(last) = labels.last_mut()
            && x - last.at < 3.0
            && last.has_room()
        {
            last.append(&words);
            continue;
        }
        let label = MarkLabel::new(x, words);
        let last_of = |line: usize| labels.iter().rposition(|other| other.line == line);
        let has_room =
            |line: &usize| last_of(*line).is_none_or(|last| labels[last].end() <= label.x);
        match (0..LINES).find(has_room) {
            Some(line) => labels.push(MarkLabel { line, ..label }),
            // Its number is all there is room for.
            None => {
                if let Some(last) = last_of(LINES - 1) {
                    labels[last].more += 1;
                }
            }
        }
    }
    labels
}

/// The words below a mark, or below several.
pub(super) struct MarkLabel {
    /// Where the mark is.
    pub(super) at: f64,
    pub(super) x: f64,
    pub(super) words: String,
    /// How many more there are, without room for their words.
    pub(super) more: usize,
    /// 0 is the upper one.
    pub(super) line: usize,
}

impl MarkLabel {
    pub(super) fn new(at: f64, words: String) -> Self {
        let mut label = Self {
            at,
            x: at,
            words,
            more: 0,
            line: 0,
        };
        label.keep_off_the_edge();
        label
    }

    pub(super) fn has_room(&self) -> bool {
        self.words.chars().count() < 30
    }

    pub(super) fn append(&mut self, words: &str) {
        self.words += ", ";
        self.words += words;
        self.keep_off_the_edge();
    }

    pub(super) fn keep_off_the_edge(&mut self) {
        // Beside the line of the mark, and of the arrow that may begin there.
        self.x = (self.at + 4.0).min(WIDTH - 8.0 - self.width()).max(8.0);
    }

    /// With room for the number.
    pub(super) fn width(&self) -> f64 {
        6.2 * (self.words.chars().count() + 4) as f64
    }

    pub(super) fn end(&self) -> f64 {
        self.x + self.width()
    }

    pub(super) fn shown(&self) -> String {
        match self.more {
            0 => self.words.clone(),
            more => format!("{} +{more}", self.words),
        }
    }
}
