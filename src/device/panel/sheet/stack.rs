//! What a picture says, in rows from top to bottom, and the rows in pages.

use std::{ops::Range, sync::Arc};

use super::{
    LARGE, Said,
    canvas::modules,
    class::{CODE, Class, LESSER_NUMBER},
    signs::Sign,
};
use crate::device::{Line, Typesetter};

/// A text in lines of one size.
pub(super) struct Block {
    pub(super) of: Arc<str>,
    pub(super) lines: Vec<Arc<Line>>,
    /// Dots an em.
    pub(super) size: f32,
}

/// What stands in a row.
pub(super) enum Row {
    /// A line of a block, in the middle.
    Line { block: usize, line: usize, loud: bool },
    /// A queue number, which has no letters that reach below the line.
    Number { block: usize, line: usize },
    /// A line of each option of a row: the option's block, where it begins, its number where this is the first line.
    Options(Vec<(usize, f32, usize)>),
    /// What to do now, in a box.
    Advice { block: usize, sign: Sign },
    /// A code.
    Code,
}

/// A row with its height and the space above it, dots.
pub(super) struct Placed {
    pub(super) row: Row,
    pub(super) height: f32,
    pub(super) gap: f32,
}

pub(super) struct Stack {
    pub(super) class: Class,
    /// Of running text, dots an em.
    pub(super) body: f32,
    pub(super) blocks: Vec<Block>,
    /// The line at the very top, where there is one: name and time.
    pub(super) brand: Option<usize>,
    pub(super) time: Option<usize>,
    /// The band of colour.
    pub(super) headline: usize,
    pub(super) rows: Vec<Placed>,
    /// Blocks that are an option's label; each one's number.
    pub(super) numbers: Vec<(usize, usize)>,
    pub(super) fault: Option<usize>,
    pub(super) left: Option<usize>,
    /// Where name and time end.
    pub(super) top: f32,
    /// The body, from top to bottom.
    pub(super) room: Range<f32>,
    /// Dots of a code that stands beside the text.
    pub(super) beside: f32,
    /// Dots that options in one column are moved right, so that they stand in the middle.
    pub(super) indent: f32,
    pub(super) alone: bool,
    /// Little else stands there than a large pictogram.
    pub(super) is_bare: bool,
    /// Type of this size leaves room for it.
    pub(super) least_beside_a_sign: f32,
    /// What a pictogram leaves free around it, dots.
    pub(super) around_a_sign: f32,
    /// What to do stands without its box and its pictogram.
    unboxed: bool,
}

/// The least part of the room that a large pictogram takes, with what is free around it; the least part of the glass that
/// type leaves for it; and the least of it that is drawn, lines of standard type.
const SIGN: f32 = 0.36;
const SEEN: f32 = 0.15;
pub(super) const LEAST_SIGN: f32 = 2.0;

/// How large what is, in lines of running text.
pub(super) mod role {
    pub(in super::super) const HEADLINE: f32 = 1.5;
    pub(in super::super) const ALONE: f32 = 2.0;
    pub(in super::super) const NAME: f32 = 1.25;
    pub(in super::super) const NUMBER: f32 = 3.5;
    pub(in super::super) const FIRST: f32 = 1.35;
    pub(in super::super) const LINE: f32 = 1.0;
    pub(in super::super) const OPTION: f32 = 1.2;
    pub(in super::super) const ADVICE: f32 = 1.25;
    pub(in super::super) const SMALL: f32 = 0.66;
}

/// No type is made smaller than this for one long word's sake, lines of running text.
const LEAST: f32 = 0.6;

/// What type yields at most so that a text has two lines and not three.
const YIELDING: [f32; 4] = [1.0, 0.95, 0.9, 0.85];

/// What a line may be wider than its column, ems: a sum of parts is not what it was divided into.
pub(super) const ROUNDING: f32 = 0.01;

/// What a number's line is lower than another, ems.
pub(super) const NUMBER_SAVES: f32 = 0.28;

/// What the dots that tell the page take at the foot, lines of running text in standard type.
pub(super) const DOTS: f32 = 0.9;

/// What is set, and how.
struct Setter<'a> {
    class: &'a Class,
    scale: f32,
    large: bool,
    type_: &'a mut Typesetter,
    blocks: Vec<Block>,
}

impl Setter<'_> {
    /// Type of this role in a column of so many dots, of which so many ems are taken by something else. A long word makes
    /// it smaller: in large type as much as in standard type.
    fn set(&mut self, text: &str, role: f32, (column, taken): (f32, f32)) -> usize {
        let word = if role >= LESSER_NUMBER { self.type_.line(text).width } else { self.type_.widest_word(text) };
        let most = column / (LARGE * (word + taken).max(1.0));
        // What stands around the body stays where it is and as large as it is from scene to scene.
        let scale = match role {
            role::SMALL => 1.0,
            role::HEADLINE => self.scale.min(1.0),
            _ => self.scale,
        };
        let standard = (self.class.body * role * scale).min(most.max(self.class.body * LEAST));
        // Beside a code the column is another one in large type.
        let is_whole = column >= self.class.across - 2.0 * self.class.margin;
        let standard = match role {
            role::HEADLINE | role::ADVICE if is_whole => self.on_two_lines(text, standard, (column, taken)),
            _ => standard,
        };
        let size = if self.large { LARGE * standard } else { standard };
        let lines = self.type_.wrapped(text, (column / size - taken).max(1.0) + ROUNDING);
        self.blocks.push(Block { of: text.into(), lines, size });
        self.blocks.len() - 1
    }

    /// The same, or a little smaller where each part of the text has two lines at most for that in large type: 请在屏幕上 is not
    /// broken for a tenth of its width.
    fn on_two_lines(&mut self, text: &str, standard: f32, (column, taken): (f32, f32)) -> f32 {
        let mut has = |part: &str, size: f32| {
            self.type_.wrapped(part, (column / (LARGE * size) - taken).max(1.0) + ROUNDING).len() <= 2
        };
        let mut has_all = |size: &f32| text.lines().all(|part| has(part, *size));
        let smaller = YIELDING.map(|part| standard * part);
        smaller.into_iter().find(|size| has_all(size)).unwrap_or(standard)
    }
}

impl Block {
    pub(super) fn height(&self) -> f32 {
        self.lines.iter().map(|line| line.height() * self.size).sum()
    }

    pub(super) fn width(&self) -> f32 {
        self.lines.iter().map(|line| line.width * self.size).fold(0.0, f32::max)
    }

    /// The same without marks that hang at the ends of lines.
    pub(super) fn seen(&self) -> f32 {
        self.lines.iter().map(|line| line.seen() * self.size).fold(0.0, f32::max)
    }
}

impl Stack {
    pub(super) fn of(said: &Said, class: &Class, (scale, large): (f32, bool), type_: &mut Typesetter) -> Self {
        let body = class.body * scale * if large { LARGE } else { 1.0 };
        let column = class.across - 2.0 * class.margin;
        let mut set = Setter { class, scale, large, type_, blocks: Vec::new() };

        let time = said.time.as_ref().map(|time| set.set(time, role::SMALL, (column, 0.0)));
        let taken = time.map_or(0.0, |time| set.blocks[time].width() / set.blocks[time].size + 1.0);
        let logo = if said.brand.as_ref().is_some_and(|brand| brand.logo.is_some()) { 2.0 } else { 0.0 };
        let name = said.brand.as_ref().map(|brand| brand.name.as_str()).filter(|name| !name.is_empty());
        let brand = name.map(|name| set.set(name, role::SMALL, (column, taken + logo)));
        let band = if said.alone { role::ALONE } else { role::HEADLINE };
        let headline = set.set(&said.headline, band, (column, if said.alone { 0.0 } else { 1.6 }));
        let small = |set: &mut Setter<'_>, text: &str| set.set(text, role::SMALL, (column / 2.0, 0.0));
        let fault = said.fault.as_ref().map(|fault| small(&mut set, fault));
        let left = said.left.as_ref().map(|(words, _)| small(&mut set, words));

        let heads = [brand, time].into_iter().flatten().map(|at| set.blocks[at].height()).fold(0.0, f32::max);
        // What stands around the body has its place whatever the scale of the body is.
        let around = class.body * if large { LARGE } else { 1.0 };
        let top = if heads > 0.0 { heads + around * 0.3 } else { 0.0 };
        let band = if said.alone { 0.0 } else { set.blocks[headline].height() + around * 0.6 };
        let feet = [fault, left].into_iter().flatten().map(|at| set.blocks[at].height()).fold(0.0, f32::max);
        let bottom = if feet > 0.0 { feet + class.body * 0.5 } else { class.margin * 0.5 };
        let room = top + band..(class.down - bottom).max(top + band);

        let mut stack = Self {
            class: *class,
            body,
            blocks: Vec::new(),
            brand,
            time,
            headline,
            rows: Vec::new(),
            numbers: Vec::new(),
            fault,
            left,
            top,
            room,
            beside: 0.0,
            indent: 0.0,
            alone: said.alone,
            is_bare: said.number.is_none()
                && said.options.is_empty()
                && said.codes.is_empty()
                && (said.name.is_none() || said.lines.is_empty() && said.advice.is_none())
                && said.lines.len() < 3,
            least_beside_a_sign: class.body * 0.8 * if large { LARGE } else { 1.0 },
            // Three dots move below it while somebody waits.
            around_a_sign: if said.waits.is_some() { 2.0 * body } else { body },
            unboxed: false,
        };
        stack.rows(said, column, &mut set);
        stack.blocks = set.blocks;
        if stack.pages().len() > 1 {
            stack.room.end = stack.room.end.min(class.down - class.body * DOTS).max(stack.room.start);
        }
        stack
    }

    fn rows(&mut self, said: &Said, column: f32, set: &mut Setter<'_>) {
        let room = self.room.end - self.room.start;
        if !said.codes.is_empty() && self.class.wide {
            self.beside = (room - self.class.margin).min(column * CODE).max(0.0);
        }
        let column = if self.beside > 0.0 { column - self.beside - self.class.margin } else { column };
        if self.alone {
            let headline = self.headline;
            self.paragraph(set, headline, 0.3, true);
        }
        if let Some(name) = &said.name {
            let block = set.set(name, role::NAME, (column, 0.0));
            self.paragraph(set, block, 0.35, false);
        }
        if let Some(number) = &said.number {
            let block = set.set(number, self.class.number, (column, 0.0));
            let size = set.blocks[block].size;
            for (line, set) in set.blocks[block].lines.iter().enumerate() {
                let row = Row::Number { block, line };
                let height = (set.height() - NUMBER_SAVES) * size;
                // Whose number it is stands on the same page.
                self.rows.push(Placed { row, height, gap: 0.0 });
            }
        }
        for (at, line) in said.lines.iter().enumerate() {
            let block = set.set(line, if at == 0 { role::FIRST } else { role::LINE }, (column, 0.0));
            self.paragraph(set, block, if at == 0 { 0.3 } else { 0.12 }, false);
        }
        self.options(said, column, set);
        if !said.codes.is_empty() && !self.class.wide {
            self.rows.push(Placed { row: Row::Code, height: code_side(said, column, room), gap: self.body * 0.3 });
        }
        if let Some((sign, words)) = &said.advice {
            // In a box: beside a small pictogram, or below a large one.
            let signed = self.is_bare && !self.alone;
            let mut block = set.set(words, role::ADVICE, (column, if signed { 1.5 } else { 3.2 }));
            let height = set.blocks[block].height().max(set.blocks[block].size * 1.3) + self.body * 0.5;
            // What is too high for a box is read line by line.
            if height > room.min(self.class.down - self.class.body * DOTS - self.room.start) {
                self.unboxed = true;
                set.blocks.pop();
                block = set.set(words, role::ADVICE, (column, 0.0));
                self.paragraph(set, block, 0.4, false);
            } else {
                self.rows.push(Placed { row: Row::Advice { block, sign: *sign }, height, gap: self.body * 0.4 });
            }
        }
    }

    fn paragraph(&mut self, set: &Setter<'_>, block: usize, gap: f32, loud: bool) {
        let (size, gap) = (set.blocks[block].size, gap * self.body);
        for (line, set) in set.blocks[block].lines.iter().enumerate() {
            let row = Row::Line { block, line, loud };
            self.rows.push(Placed { row, height: set.height() * size, gap: if line == 0 { gap } else { 0.0 } });
        }
    }

    /// Options in one column, or in two where there are many and there is room.
    fn options(&mut self, said: &Said, column: f32, set: &mut Setter<'_>) {
        let across = if self.class.wide && said.options.len() > 3 { 2 } else { 1 };
        let gap = self.body * 0.45;
        let between = self.class.body;
        let width = if across == 2 { (column - between) / 2.0 } else { column };
        let mut widest = 0.0_f32;
        for pair in said.options.chunks(across) {
            let mut blocks = Vec::new();
            for (at, (number, label)) in pair.iter().enumerate() {
                let badge = set.set(number, role::OPTION, (width, 0.0));
                let label = set.set(label, role::OPTION, (width, 2.0));
                // A long word makes its label smaller, and the number beside it with it.
                set.blocks[badge].size = set.blocks[label].size;
                self.numbers.push((label, badge));
                widest = widest.max(set.blocks[label].width() + 1.9 * set.blocks[label].size);
                blocks.push((label, if at == 0 { 0.0 } else { width + between }));
            }
            let lines = blocks.iter().map(|(block, _)| set.blocks[*block].lines.len()).max().unwrap_or(0);
            for line in 0..lines {
                let here = blocks.iter().filter(|(block, _)| line < set.blocks[*block].lines.len());
                let row: Vec<_> = here.map(|(block, left)| (*block, *left, line)).collect();
                let height = |(block, ..): &(usize, f32, usize)| {
                    let block = &set.blocks[*block];
                    block.lines.get(line).map_or(0.0, |line| line.height()) * block.size
                };
                let height = row.iter().map(height).fold(0.0, f32::max);
                self.rows.push(Placed { row: Row::Options(row), height, gap: if line == 0 { gap } else { 0.0 } });
            }
        }
        self.indent = if across == 1 { ((column - widest) / 2.0).max(0.0) } else { 0.0 };
    }

    /// Everything stands on one page, a large pictogram with it where the type is not small for that.
    pub(super) fn fits(&self) -> bool {
        let room = self.room.end - self.room.start;
        let has_signs = self.body >= self.least_beside_a_sign;
        if self.unboxed && has_signs {
            return false;
        }
        let least = (room * SIGN).max(self.around_a_sign + self.class.down * SEEN);
        let sign = if self.is_bare && has_signs { least } else { 0.0 };
        self.height(&(0..self.rows.len())) + sign <= room
    }

    /// How many lines everything takes.
    pub(super) fn lines(&self) -> usize {
        self.blocks.iter().map(|block| block.lines.len()).sum()
    }

    pub(super) fn height(&self, rows: &Range<usize>) -> f32 {
        self.rows.get(rows.clone()).unwrap_or_default().iter().map(|row| row.gap + row.height).sum()
    }

    /// Rows in pages: as many on each as it has room for, and the lines of one text together where a page has them all.
    pub(super) fn pages(&self) -> Vec<Range<usize>> {
        let room = self.room.end - self.room.start;
        let mut pages: Vec<Range<usize>> = Vec::new();
        let mut begin = 0;
        let mut groups: Vec<Range<usize>> = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            match groups.last_mut() {
                Some(group) if row.gap == 0.0 && at > 0 => group.end = at + 1,
                _ => groups.push(at..at + 1),
            }
        }
        for group in groups {
            if self.height(&(begin..group.end)) <= room {
                continue;
            }
            if self.height(&group) <= room && group.start > begin {
                pages.push(begin..group.start);
                begin = group.start;
                continue;
            }
            for row in group {
                if self.height(&(begin..row + 1)) > room && row > begin {
                    pages.push(begin..row);
                    begin = row;
                }
            }
        }
        if begin < self.rows.len() || pages.is_empty() {
            pages.push(begin..self.rows.len());
        }
        pages
    }
}

/// Dots of a code below the text: a third of the room and more, and two dots a module where the glass has them.
fn code_side(said: &Said, column: f32, room: f32) -> f32 {
    let fewest = said.codes.iter().map(modules).min().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let least = 2.0 * fewest as f32;
    (room * 0.45).max(least).min(column)
}
