//! What belongs to a picture beside what happened: colours, legend, notes.

use svg::node::element::{Definitions, Group, Pattern, Rectangle};

use super::bars::{BarKind, MarkKind};
use super::drawing::{Drawing, MOST_CUTS};
use super::rows::{Drawn, Item};
use super::shapes::{WIDTH, text};
use super::sign::Sign;

impl Drawing<'_> {
    pub(super) fn patterns(&self) -> Definitions {
        let hatch = |id: &str, size: f64, ink: f64, turn: f64, colour: &str| {
            Pattern::new()
                .set("id", format!("{}{id}", self.key))
                .set("width", size)
                .set("height", size)
                .set("patternUnits", "userSpaceOnUse")
                .set("patternTransform", format!("rotate({turn})"))
                .add(
                    Rectangle::new()
                        .set("width", size)
                        .set("height", size)
                        .set("fill", "#fff"),
                )
                .add(
                    Rectangle::new()
                        .set("width", ink)
                        .set("height", size)
                        .set("fill", colour),
                )
        };
        Definitions::new()
            .add(hatch("w", 8.0, 3.0, 45.0, "#7a5200"))
            .add(hatch("m", 4.0, 2.0, 0.0, "#1d4f91"))
            .add(hatch("l", 4.0, 2.0, 0.0, "#8a1c12"))
    }

    pub(super) fn style(&self) -> String {
        let key = &self.key;
        let rules = [
            ("bg", "fill:#fff"),
            ("n", "font-size:14px;fill:#222"),
            (
                "s",
                "font-size:12px;fill:#222;paint-order:stroke;stroke:#fff;stroke-width:3px",
            ),
            // Beside a bar, so on the thread's line, which must not strike it through.
            (
                "o",
                "font-size:12px;fill:#222;paint-order:stroke;stroke:#fff;stroke-width:7px;\
                 stroke-linejoin:round",
            ),
            ("x", "font-size:12px;fill:#444;text-anchor:middle"),
            // Each with a rim in the colour of its ground: arrows cross it, and hatching is no
            // ground to read on.
            (
                "b",
                "font-size:13px;font-weight:bold;fill:#fff;text-anchor:middle;paint-order:stroke;\
                 stroke:#1d4f91;stroke-width:5px",
            ),
            (
                "bl",
                "font-size:13px;font-weight:bold;fill:#fff;text-anchor:middle",
            ),
            (
                "q",
                "font-size:13px;fill:#222;text-anchor:middle;paint-order:stroke;stroke:#fff;\
                 stroke-width:7px;stroke-linejoin:round",
            ),
            ("h", "fill:#1d4f91;stroke:#10315c;stroke-width:1.5"),
            (
                "w",
                &format!("fill:url(#{key}w);stroke:#7a5200;stroke-width:1.5"),
            ),
            (
                "m",
                &format!("fill:url(#{key}m);stroke:#10315c;stroke-width:1.5"),
            ),
            ("l", "fill:#8a1c12;stroke:#5c120b;stroke-width:1.5"),
            (
                "lm",
                &format!("fill:url(#{key}l);stroke:#5c120b;stroke-width:1.5"),
            ),
            ("g", "stroke:#dcdcdc"),
            ("e", "stroke:#888"),
            ("r", "stroke:#444;stroke-width:2"),
            ("z", "stroke:#444;stroke-width:4"),
            ("d", "stroke:#000;stroke-width:2;stroke-dasharray:3 2"),
            ("t", "stroke:#000;stroke-width:1.5"),
            ("zh", "stroke:#fff;stroke-width:8"),
            ("ph", "stroke:#fff;stroke-width:8;fill:none"),
            ("p", "stroke:#8a1c12;stroke-width:4;fill:none"),
            ("c", "stroke:#444;stroke-width:1.5;fill:#fff"),
            ("ah", "stroke:#fff;stroke-width:5;fill:none"),
            ("a", "stroke:#000;stroke-width:2;fill:none"),
        ];
        let rules = rules.map(|(class, rule)| format!(".{key} .{class}{{{rule}}}"));
        rules.concat()
    }

    /// What the signs mean, those that occur. Returns it with its lower end.
    pub(super) fn legend(&self, top: f64) -> (Group, f64) {
        let rows = || self.plan.lanes.iter().flat_map(|row| &row.items);
        let is = |kind: BarKind| {
            rows().any(|item| matches!(&item.what, Drawn::One(bar) if bar.kind == kind))
        };
        let mark = |is_it: fn(&MarkKind) -> bool| self.bars.marks.iter().any(|m| is_it(&m.kind));
        let many = rows().any(|item| matches!(item.what, Drawn::Many { .. }));
        let open = self.bars.bars.iter().any(|bar| bar.open);
        let has_arrows = !self.has_too_many_arrows()
            && (!self.bars.arrows.is_empty()
                || mark(|kind| matches!(kind, MarkKind::ReleasesFor(_))));
        let lit = self.plan.strips.iter().any(|row| {
            let is_one = |item: &Item| matches!(item.what, Drawn::One(_));
            row.items.iter().any(is_one)
        });
        let signs = [
            (
                is(BarKind::Holds) || is(BarKind::Shares),
                Sign::Bar("h"),
                "holds it",
            ),
            (is(BarKind::Waits), Sign::Bar("w"), "waits for it"),
            (many, Sign::Bar("m"), "short ones, as one"),
            (!self.timeline.lanes.is_empty(), Sign::Line, "runs"),
            (open, Sign::Open, "goes on"),
            (has_arrows, Sign::Arrow, "to whom it goes"),
            (
                mark(|kind| matches!(kind, MarkKind::GivesUp(_))),
                Sign::Dashed,
                "gives up",
            ),
            (mark(|kind| *kind == MarkKind::Panics), Sign::Cross, "panic"),
            (
                mark(|kind| *kind == MarkKind::Ends),
                Sign::Stroke,
                "thread ends",
            ),
            (lit, Sign::Bar("l"), "held by"),
        ];
        let (mut x, mut y) = (self.left, top);
        let mut group = Group::new();
        for (_, sign, words) in signs.into_iter().filter(|(occurs, ..)| *occurs) {
            let width = 40.0 + 6.4 * words.len() as f64 + 16.0;
            if x + width > WIDTH {
                (x, y) = (self.left, y + 26.0);
            }
            group = sign.draw(group, x, y);
            group = group.add(text("s", x + 40.0, y + 4.0, words));
            x += width;
        }
        (group, y + 18.0)
    }

    /// What is not in the picture, said in it. Returns it with the height of the picture.
    pub(super) fn notes(&self, top: f64) -> (Group, f64) {
        let mut notes = Vec::new();
        if self.plan.together > 0.0 {
            notes.push(format!(
                "{} events: bars too short to tell apart are drawn as one, with their number.",
                self.timeline.events.len()
            ));
        }
        if self.has_too_many_arrows() {
            notes.push(format!(
                "{} hand-overs happened; their arrows are not drawn.",
                self.count_of_arrows()
            ));
        }
        let shown: usize = self.plan.lanes.iter().map(|row| row.marks.len()).sum();
        if shown < self.bars.marks.len() {
            notes.push(format!(
                "{} marks are drawn for {}: where many are at one place, one of each kind.",
                shown,
                self.bars.marks.len()
            ));
        }
        let cuts = self.axis.cuts().count();
        if cuts > MOST_CUTS {
            notes.push(format!("{cuts} quiet stretches are cut short."));
        }
        if self.timeline.left_out > 0 {
            notes.push(format!("{} older events left out.", self.timeline.left_out));
        }
        let mut group = Group::new();
        let mut y = top;
        for note in notes {
            y += 16.0;
            group = group.add(text("s", self.left, y, &note));
        }
        (group, y + 10.0)
    }
}
