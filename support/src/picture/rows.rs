//! What is drawn where: bars side by side, and together when there are too many.

use super::axis::Axis;
use super::bars::{Bar, BarKind};

/// One thing that is drawn as a bar.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) x_from: f64,
    pub(super) x_to: f64,
    /// In seconds.
    pub(super) to: f64,
    pub(super) what: Drawn,
    /// 0 is the uppermost.
    pub(super) row: usize,
}

#[derive(Clone)]
pub(super) enum Drawn {
    One(Bar),
    /// Too many and too short to be drawn one by one.
    Many {
        holds: usize,
        waits: usize,
        first: Bar,
    },
}

/// The bars of one lane, in order. Bars narrower than `together` are drawn as one with their
/// neighbours; with 0 all are drawn.
pub(super) fn items<'a>(
    bars: impl Iterator<Item = &'a Bar>,
    axis: &Axis,
    together: f64,
) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    // The one that can still grow.
    let mut many: Option<usize> = None;
    for bar in bars {
        let (x_from, x_to) = (axis.x(bar.from), axis.x(bar.to));
        if bar.open || x_to - x_from >= together {
            items.push(Item {
                x_from,
                x_to,
                to: bar.to,
                what: Drawn::One(bar.clone()),
                row: 0,
            });
            continue;
        }
        let index = match many {
            Some(index) if x_from - items[index].x_to < together => index,
            _ => {
                items.push(Item {
                    x_from,
                    x_to,
                    to: bar.to,
                    what: Drawn::Many {
                        holds: 0,
                        waits: 0,
                        first: bar.clone(),
                    },
                    row: 0,
                });
                items.len() - 1
            }
        };
        many = Some(index);
        let item = &mut items[index];
        item.x_to = item.x_to.max(x_to);
        item.to = item.to.max(bar.to);
        if let Drawn::Many { holds, waits, .. } = &mut item.what {
            match bar.kind {
                BarKind::Waits => *waits += 1,
                BarKind::Holds | BarKind::Shares => *holds += 1,
            }
        }
    }
    for item in &mut items {
        if let Drawn::Many {
            holds,
            waits,
            first,
        } = &item.what
            && holds + waits == 1
        {
            item.what = Drawn::One(first.clone());
        }
    }
    put_in_rows(&mut items);
    items
}

/// So that no two cover each other: a thread can wait for one lock while it holds another.
fn put_in_rows(items: &mut [Item]) {
    // Where each row is free again.
    let mut free_from: Vec<f64> = Vec::new();
    for item in items {
        let free = free_from.iter().position(|x| *x <= item.x_from);
        let row = free.unwrap_or(free_from.len());
        if row == free_from.len() {
            free_from.push(f64::NEG_INFINITY);
        }
        free_from[row] = item.x_to;
        item.row = row;
    }
}

/// How many rows there are.
pub(super) fn height(items: &[Item]) -> usize {
    items.iter().map(|item| item.row + 1).max().unwrap_or(1)
}
