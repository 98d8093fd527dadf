//! Where on the picture a time is.

use crate::timeline::{Clock, Timeline};

/// A longer stretch without any event is cut short.
const CUT_SECONDS: f64 = 5.0;
/// How wide such a stretch is drawn, unless there are very many.
const CUT_WIDTH: f64 = 54.0;
/// Ticks need room for their text.
const TICK_DISTANCE: f64 = 74.0;

/// The times from left to right, piece by piece: as it happened, or cut short.
pub(super) struct Axis {
    pieces: Vec<Piece>,
    left: f64,
    right: f64,
    /// The time of the last event.
    last: f64,
    clock: Clock,
}

struct Piece {
    from: f64,
    to: f64,
    x_from: f64,
    x_to: f64,
    is_cut: bool,
}

/// A stretch that was cut short.
pub(super) struct Cut {
    pub(super) x_from: f64,
    pub(super) x_to: f64,
    pub(super) seconds: f64,
}

impl Axis {
    pub(super) fn new(timeline: &Timeline, left: f64, right: f64) -> Self {
        let mut times: Vec<f64> = timeline.events.iter().map(|event| event.seconds).collect();
        // Before its first step, a schedule has nothing.
        let start = match timeline.clock {
            Clock::Seconds => 0.0,
            Clock::Steps => times.iter().copied().fold(timeline.end_seconds, f64::min),
        };
        let last = times.iter().copied().fold(start, f64::max);
        times.extend([start, timeline.end_seconds]);
        times.retain(|time| time.is_finite() && *time >= 0.0);
        times.sort_by(f64::total_cmp);
        let is_cut =
            |pair: &[f64]| timeline.clock == Clock::Seconds && pair[1] - pair[0] > CUT_SECONDS;
        let pairs = || times.windows(2);
        let cuts = pairs().filter(|pair| is_cut(pair)).count();
        let shown: f64 = pairs()
            .filter(|pair| !is_cut(pair))
            .map(|pair| pair[1] - pair[0])
            .sum();
        let width = right - left;
        let cut_width = if shown > 0.0 {
            CUT_WIDTH.min(width / 2.0 / cuts.max(1) as f64)
        } else {
            width / cuts.max(1) as f64
        };
        let scale = if shown > 0.0 {
            (width - cuts as f64 * cut_width) / shown
        } else {
            0.0
        };
        let mut pieces: Vec<Piece> = Vec::new();
        let mut x = left;
        for pair in pairs() {
            let is_cut = is_cut(pair);
            let x_from = x;
            x += if is_cut {
                cut_width
            } else {
                (pair[1] - pair[0]) * scale
            };
            match pieces.last_mut() {
                // Joined: else ten thousand events make ten thousand pieces.
                Some(last) if !is_cut && !last.is_cut => (last.to, last.x_to) = (pair[1], x),
                _ => pieces.push(Piece {
                    from: pair[0],
                    to: pair[1],
                    x_from,
                    x_to: x,
                    is_cut,
                }),
            }
        }
        Self {
            pieces,
            left,
            right,
            last,
            clock: timeline.clock,
        }
    }

    pub(super) fn x(&self, time: f64) -> f64 {
        let index = self.pieces.partition_point(|piece| piece.to < time);
        let Some(piece) = self.pieces.get(index).or(self.pieces.last()) else {
            return self.left;
        };
        let part = if piece.to > piece.from {
            ((time - piece.from) / (piece.to - piece.from)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        piece.x_from + part * (piece.x_to - piece.x_from)
    }

    pub(super) fn cuts(&self) -> impl Iterator<Item = Cut> {
        self.pieces
            .iter()
            .filter(|piece| piece.is_cut)
            .map(|piece| Cut {
                x_from: piece.x_from,
                x_to: piece.x_to,
                seconds: piece.to - piece.from,
            })
    }

    /// Round times with their places and texts, none of them in a cut.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let shown = || self.pieces.iter().filter(|piece| !piece.is_cut);
        let longest = shown()
            .map(|piece| piece.to - piece.from)
            .fold(0.0, f64::max);
        let widest = shown()
            .map(|piece| piece.x_to - piece.x_from)
            .fold(0.0, f64::max);
        if longest <= 0.0 || widest <= 0.0 {
            return vec![(self.left, self.tick_text(0.0, 1.0))];
        }
        let step = self.round_step(longest / (widest / TICK_DISTANCE).max(1.0));
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for piece in shown() {
            let mut number = (piece.from / step).ceil();
            while number * step <= piece.to {
                let x = self.x(number * step);
                let has_room = ticks
                    .last()
                    .is_none_or(|(last, _)| x - last >= TICK_DISTANCE * 0.6);
                // A step that is not there any more has no number.
                let is_step = self.clock == Clock::Seconds || number * step <= self.last;
                if has_room && is_step && x <= self.right {
                    ticks.push((x, self.tick_text(number * step, step)));
                }
                number += 1.0;
            }
        }
        ticks
    }

    /// The next of 1, 2, 5, 10, 20 … above `least`.
    fn round_step(&self, least: f64) -> f64 {
        let least = match self.clock {
            Clock::Seconds => least.max(1e-6),
            Clock::Steps => least.max(1.0),
        };
        let power = 10_f64.powf(least.log10().floor());
        [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= least)
            .unwrap_or(10.0 * power)
    }

    fn tick_text(&self, time: f64, step: f64) -> String {
        match self.clock {
            Clock::Steps => format!("{time:.0}"),
            Clock::Seconds if step >= 1.0 => format!("{time:.0} s"),
            Clock::Seconds if step >= 0.1 => format!("{time:.1} s"),
            Clock::Seconds if step >= 0.01 => format!("{time:.2} s"),
            Clock::Seconds if step >= 0.001 => format!("{:.0} ms", time * 1e3),
            Clock::Seconds if step >= 0.0001 => format!("{:.1} ms", time * 1e3),
            Clock::Seconds => format!("{:.0} µs", time * 1e6),
        }
    }
}
