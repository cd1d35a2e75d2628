//! Pictograms, drawn as shapes in a square of 100 parts.

use crate::device::typeset::Path;
use harfrust::font::glyph::outline::PathSink as _;

/// What a pictogram says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Look here: a face in a finder.
    Face,
    /// The camera.
    Camera,
    /// An identity card.
    Card,
    /// A QR code.
    Code,
    /// A member of staff.
    Staff,
    /// Out of the house.
    Exit,
    /// Not this one but the other.
    Other,
    /// The time.
    Clock,
    /// Somebody waits.
    Hourglass,
    /// It went well.
    Check,
    /// It was given up.
    Cross,
    /// Something is to be read.
    Attention,
    /// Nobody is served.
    NoEntry,
    /// Something is to be picked.
    List,
    /// Something is to be agreed to.
    Hand,
    /// A slip comes.
    Paper,
}

/// A shape, and whether it is the ground's colour.
pub(super) type Part = (Shape, bool);

/// Parts of 100.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Middle and radius.
    Disc(f32, f32, f32),
    /// Left, top, width, height, radius of the corners.
    Box(f32, f32, f32, f32, f32),
    /// From, to, thickness; round ends.
    Line((f32, f32), (f32, f32), f32),
    /// Three corners.
    Triangle((f32, f32), (f32, f32), (f32, f32)),
    /// The upper half of a disc: middle and radius.
    Dome(f32, f32, f32),
}

/// A quarter of a circle as a curve.
const QUARTER: f32 = 0.552_285;

impl Shape {
    /// As a path, with the square's corner at `x`, `y` and its side.
    pub(super) fn path(self, (x, y): (f32, f32), side: f32) -> Path {
        let mut path = Path::default();
        let at = |(px, py): (f32, f32)| (x + px * side / 100.0, y + py * side / 100.0);
        let mut rounded = |left: f32, top: f32, width: f32, height: f32, radius: f32, flat: bool| {
            let (l, t) = at((left, top));
            let (r, b) = at((left + width, top + height));
            let q = (radius * side / 100.0).min((r - l) / 2.0).max(0.0);
            let low = if flat { 0.0 } else { q };
            let k = q * (1.0 - QUARTER);
            path.move_to(l + q, t);
            path.line_to(r - q, t);
            path.curve_to(r - k, t, r, t + k, r, t + q);
            path.line_to(r, b - low);
            if !flat {
                path.curve_to(r, b - k, r - k, b, r - q, b);
                path.line_to(l + q, b);
                path.curve_to(l + k, b, l, b - k, l, b - q);
            } else {
                path.line_to(l, b);
            }
            path.line_to(l, t + q);
            path.curve_to(l, t + k, l + k, t, l + q, t);
            path.close();
        };
        match self {
            Self::Disc(cx, cy, r) => rounded(cx - r, cy - r, 2.0 * r, 2.0 * r, r, false),
            Self::Dome(cx, cy, r) => rounded(cx - r, cy - r, 2.0 * r, r, r, true),
            Self::Box(left, top, width, height, radius) => rounded(left, top, width, height, radius, false),
            Self::Triangle(a, b, c) => {
                let (a, b, c) = (at(a), at(b), at(c));
                path.move_to(a.0, a.1);
                path.line_to(b.0, b.1);
                path.line_to(c.0, c.1);
                path.close();
            }
            Self::Line(from, to, thick) => {
                let (from, to, half) = (at(from), at(to), thick * side / 200.0);
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                let length = (dx * dx + dy * dy).sqrt().max(0.001);
                let (nx, ny) = (-dy / length * half, dx / length * half);
                path.move_to(from.0 + nx, from.1 + ny);
                path.line_to(to.0 + nx, to.1 + ny);
                path.line_to(to.0 - nx, to.1 - ny);
                path.line_to(from.0 - nx, from.1 - ny);
                path.close();
            }
        }
        path
    }
}

/// A line with round ends.
fn stroke(from: (f32, f32), to: (f32, f32), thick: f32) -> [Part; 3] {
    let end = |(x, y): (f32, f32)| (Shape::Disc(x, y, thick / 2.0), false);
    [(Shape::Line(from, to, thick), false), end(from), end(to)]
}

const fn ink(shape: Shape) -> Part {
    (shape, false)
}

const fn ground(shape: Shape) -> Part {
    (shape, true)
}

impl Sign {
    /// The shapes, one over the other.
    pub(super) fn parts(self) -> Vec<Part> {
        use Shape::{Box, Disc, Dome, Line, Triangle};
        let person = |x: f32, y: f32, r: f32| [ink(Disc(x, y, r)), ink(Dome(x, y + r * 3.2, r * 1.9))];
        match self {
            Self::Face => {
                let corner = |x: f32, y: f32, dx: f32, dy: f32| {
                    [stroke((x, y), (x + dx, y), 6.0), stroke((x, y), (x, y + dy), 6.0)].concat()
                };
                let corners = [(10.0, 10.0), (90.0, 10.0), (10.0, 90.0), (90.0, 90.0)];
                let mut parts: Vec<Part> = corners
                    .into_iter()
                    .flat_map(|(x, y)| corner(x, y, (50.0_f32 - x).signum() * 18.0, (50.0_f32 - y).signum() * 18.0))
                    .collect();
                parts.extend(person(50.0, 39.0, 15.0));
                parts
            }
            Self::Camera => vec![
                ink(Box(8.0, 26.0, 84.0, 56.0, 10.0)),
                ink(Box(32.0, 16.0, 36.0, 20.0, 6.0)),
                ground(Disc(50.0, 54.0, 21.0)),
                ink(Disc(50.0, 54.0, 14.0)),
                ground(Disc(80.0, 37.0, 3.5)),
            ],
            Self::Card => {
                let mut parts = vec![
                    ink(Box(6.0, 20.0, 88.0, 60.0, 9.0)),
                    ground(Disc(30.0, 42.0, 9.0)),
                    ground(Dome(30.0, 69.0, 16.0)),
                ];
                parts.extend([36.0, 49.0, 62.0].map(|y| ground(Box(55.0, y, 30.0, 6.0, 3.0))));
                parts
            }
            Self::Code => {
                let eye = |x: f32, y: f32| {
                    [
                        ink(Box(x, y, 34.0, 34.0, 4.0)),
                        ground(Box(x + 7.0, y + 7.0, 20.0, 20.0, 2.0)),
                        ink(Box(x + 12.0, y + 12.0, 10.0, 10.0, 1.0)),
                    ]
                };
                let mut parts = [eye(10.0, 10.0), eye(56.0, 10.0), eye(10.0, 56.0)].concat();
                let dots = [(56.0, 56.0), (78.0, 56.0), (67.0, 67.0), (56.0, 78.0), (78.0, 78.0)];
                parts.extend(dots.map(|(x, y)| ink(Box(x, y, 11.0, 11.0, 1.0))));
                parts
            }
            Self::Staff => {
                let mut parts = person(50.0, 24.0, 16.0).to_vec();
                parts.push(ink(Box(12.0, 74.0, 76.0, 14.0, 4.0)));
                parts
            }
            Self::Exit => {
                let mut parts = vec![ink(Box(8.0, 8.0, 48.0, 84.0, 4.0)), ground(Box(16.0, 16.0, 32.0, 80.0, 0.0))];
                parts.extend(stroke((30.0, 50.0), (78.0, 50.0), 9.0));
                parts.push(ink(Triangle((72.0, 30.0), (96.0, 50.0), (72.0, 70.0))));
                parts
            }
            Self::Other => {
                let mut parts = vec![ink(Box(4.0, 20.0, 26.0, 60.0, 4.0)), ground(Box(10.0, 26.0, 14.0, 48.0, 1.0))];
                parts.extend(stroke((37.0, 50.0), (50.0, 50.0), 8.0));
                parts.push(ink(Triangle((46.0, 35.0), (64.0, 50.0), (46.0, 65.0))));
                parts.push(ink(Box(70.0, 20.0, 26.0, 60.0, 4.0)));
                parts
            }
            Self::Clock => {
                let mut parts = vec![ink(Disc(50.0, 50.0, 42.0)), ground(Disc(50.0, 50.0, 33.0))];
                parts.extend(stroke((50.0, 50.0), (50.0, 28.0), 8.0));
                parts.extend(stroke((50.0, 50.0), (66.0, 58.0), 8.0));
                parts
            }
            Self::Hourglass => vec![
                ink(Box(18.0, 8.0, 64.0, 10.0, 4.0)),
                ink(Box(18.0, 82.0, 64.0, 10.0, 4.0)),
                // Shapes that only touch leave a seam.
                ink(Triangle((22.0, 15.0), (78.0, 15.0), (50.0, 54.0))),
                ink(Triangle((22.0, 85.0), (78.0, 85.0), (50.0, 46.0))),
            ],
            Self::Check => {
                let mut parts = stroke((18.0, 54.0), (41.0, 77.0), 14.0).to_vec();
                parts.extend(stroke((41.0, 77.0), (83.0, 27.0), 14.0));
                parts
            }
            Self::Cross => {
                let mut parts = stroke((22.0, 22.0), (78.0, 78.0), 13.0).to_vec();
                parts.extend(stroke((78.0, 22.0), (22.0, 78.0), 13.0));
                parts
            }
            Self::Attention => {
                let mut parts = stroke((50.0, 16.0), (50.0, 58.0), 15.0).to_vec();
                parts.push(ink(Disc(50.0, 82.0, 9.0)));
                parts
            }
            Self::NoEntry => {
                vec![ink(Disc(50.0, 50.0, 44.0)), ground(Box(22.0, 41.0, 56.0, 18.0, 5.0))]
            }
            Self::List => [22.0, 50.0, 78.0]
                .into_iter()
                .flat_map(|y| [ink(Disc(16.0, y, 8.0)), ink(Box(34.0, y - 6.0, 58.0, 12.0, 5.0))])
                .collect(),
            Self::Hand => {
                let mut parts: Vec<Part> = [(30.0, 26.0), (43.0, 16.0), (56.0, 18.0), (69.0, 28.0)]
                    .into_iter()
                    .flat_map(|(x, y)| stroke((x, y), (x, 60.0), 11.0))
                    .collect();
                parts.push(ink(Box(24.5, 46.0, 50.0, 44.0, 20.0)));
                parts.extend(stroke((28.0, 72.0), (13.0, 54.0), 11.0));
                parts
            }
            Self::Paper => {
                let mut parts = vec![ink(Box(22.0, 8.0, 56.0, 84.0, 5.0))];
                parts.extend([26.0, 42.0, 58.0].map(|y| ground(Line((32.0, y), (68.0, y), 7.0))));
                parts
            }
        }
    }
}
