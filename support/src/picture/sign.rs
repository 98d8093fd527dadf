//! The signs of the legend.

use svg::node::element::{Group, Path};

use super::shapes::{line, rectangle};

/// How a sign looks in the legend.
pub(super) enum Sign {
    Bar(&'static str),
    Line,
    Open,
    Arrow,
    Dashed,
    Cross,
    Stroke,
}

impl Sign {
    /// Around the height `y`, 34 wide.
    pub(super) fn draw(self, group: Group, x: f64, y: f64) -> Group {
        let path = |class: &str, d: String| Path::new().set("class", class).set("d", d);
        match self {
            Self::Bar(class) => group.add(rectangle(class, x, y - 9.0, 34.0, 18.0)),
            Self::Line => group.add(line("r", x, y, x + 34.0, y)),
            Self::Open => group.add(path(
                "c",
                format!("M{:.1} {:.1} l12 9 l-12 9 z", x + 12.0, y - 9.0),
            )),
            Self::Arrow => group.add(path(
                "a",
                format!("M{:.1} {:.1} v18 m-4 -6 l4 6 l4 -6", x + 18.0, y - 9.0),
            )),
            Self::Dashed => group.add(line("d", x + 18.0, y - 10.0, x + 18.0, y + 10.0)),
            Self::Cross => group.add(path(
                "p",
                format!("M{:.1} {:.1} l14 14 m0 -14 l-14 14", x + 11.0, y - 7.0),
            )),
            Self::Stroke => group.add(line("z", x + 18.0, y - 9.0, x + 18.0, y + 9.0)),
        }
    }
}
