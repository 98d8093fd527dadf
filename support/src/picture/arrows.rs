//! The arrows between the lanes.

use svg::node::element::{Group, Path};

use super::bars::{Arrow, MarkKind};
use super::drawing::Drawing;
use super::plan::Row;
use super::rows::Item;

/// So many arrows keep the picture below 200 kB, with room to spare.
const MOST_ARROWS: usize = 240;

impl Drawing<'_> {
    /// Who handed what over to whom, and who released in whose place.
    pub(super) fn arrows(&self) -> Group {
        let mut group = Group::new();
        if self.has_too_many_arrows() {
            return group;
        }
        for arrow in &self.bars.arrows {
            group = self.arrow(group, arrow, "a");
        }
        for mark in &self.bars.marks {
            if let MarkKind::ReleasesFor(holder) = mark.kind {
                let arrow = Arrow {
                    at: mark.at,
                    from: mark.lane,
                    to: holder,
                };
                group = self.arrow(group, &arrow, "a");
            }
        }
        group
    }

    pub(super) fn count_of_arrows(&self) -> usize {
        let for_others = self.bars.marks.iter();
        let for_others = for_others.filter(|mark| matches!(mark.kind, MarkKind::ReleasesFor(_)));
        self.bars.arrows.len() + for_others.count()
    }

    pub(super) fn has_too_many_arrows(&self) -> bool {
        self.count_of_arrows() > MOST_ARROWS
    }

    fn arrow(&self, group: Group, arrow: &Arrow, class: &str) -> Group {
        let (Some(from), Some(to)) = (self.plan.lane(arrow.from), self.plan.lane(arrow.to)) else {
            return group;
        };
        if from.y == to.y {
            return group;
        }
        let x = self.axis.x(arrow.at);
        let height = self.plan.bar_height;
        // Of what is there at this time: a lane of several rows is mostly empty below the first.
        let bottom = |row: &Row| {
            let is_there = |item: &&Item| item.x_from - 4.0 <= x && x <= item.x_to + 4.0;
            let last = row.items.iter().filter(is_there).map(|item| item.row).max();
            row.y + (last.unwrap_or(0) + 1) as f64 * (height + 2.0) - 2.0
        };
        let (start, end, head) = if from.y < to.y {
            (bottom(from), to.y - 1.0, -6.0)
        } else {
            (from.y, bottom(to) + 1.0, 6.0)
        };
        let shaft = format!(
            "M{x:.1} {start:.1} V{end:.1} m-4 {head:.0} l4 {:.0} l4 {head:.0}",
            -head
        );
        group
            // A light rim keeps it apart from the bars that it crosses.
            .add(Path::new().set("class", "ah").set("d", shaft.as_str()))
            .add(Path::new().set("class", class).set("d", shaft))
    }
}
