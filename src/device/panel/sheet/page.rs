//! One page of a stack, drawn.

use super::{
    Said,
    canvas::{Canvas, Words},
    signs::Shape,
    stack::{LEAST_SIGN, NUMBER_SAVES, Placed, ROUNDING, Row, Stack},
};
use crate::{device::panel::Rgb, kiosk::Tone};

impl Stack {
    /// Draws one page; returns how many there are.
    pub(super) fn draw(&self, said: &Said, page: usize, canvas: &mut Canvas<'_>) -> usize {
        let pages = self.pages();
        let rows = pages.get(page % pages.len()).cloned().unwrap_or(0..0);
        let palette = canvas.palette;
        let tone = match said.tone {
            Tone::Calm => palette.accent,
            Tone::Good => palette.good,
            Tone::Bad => palette.bad,
        };
        self.head(said, tone, canvas);
        let height = self.height(&rows);
        let room = self.room.end - self.room.start;
        let first_gap = self.rows.get(rows.start).map_or(0.0, |row| row.gap);
        let mut spare = (room - height).max(0.0);
        let mut top = self.room.start;
        // A large pictogram where little else stands; it is no text, and the first to go.
        // A code is larger where there is room.
        let code = self.rows.get(rows.clone()).unwrap_or_default().iter().find(|row| matches!(row.row, Row::Code));
        let for_code = code.map_or(0.0, |code| (spare * 0.9).min(self.column() - code.height).max(0.0));
        spare -= for_code;
        let side = (spare - self.around_a_sign).min(self.class.across * 0.5).min(self.class.down * 0.42);
        let is_shown = self.is_bare && side > self.class.body * (LEAST_SIGN - ROUNDING);
        if is_shown {
            let sign = said.advice.as_ref().map_or(said.sign, |(sign, _)| *sign);
            let sign = if said.alone { said.sign } else { sign };
            let sign = if said.waits.is_some() { said.sign } else { sign };
            top += (spare - side) * 0.4;
            spare = (spare - side) * 0.6;
            let left = (self.class.across - side) / 2.0;
            canvas.sign(sign, (left, top), side, [tone, palette.paper]);
            top += side;
            if let Some(left) = said.waits {
                self.moves(left, top + (spare * 0.5).clamp(self.body * 0.6, self.body * 1.2), tone, canvas);
            }
        } else {
            top += spare / 2.0;
        }
        let wider = (spare * 0.25 / (rows.len().max(1)) as f32).min(self.body * 0.4);
        top = (top - wider * rows.len() as f32 * 0.5 - first_gap * 0.5).max(self.room.start);
        for (at, row) in rows.clone().enumerate() {
            let Some(placed) = self.rows.get(row) else { continue };
            let grown = Placed { row: Row::Code, height: placed.height + for_code, gap: placed.gap };
            let placed = if matches!(placed.row, Row::Code) { &grown } else { placed };
            top += if at == 0 { placed.gap.min(top - self.room.start + placed.gap) } else { placed.gap };
            self.row(placed, (said, is_shown && !said.alone), top, tone, canvas);
            top += placed.height;
            if self.rows.get(row + 1).is_some_and(|next| next.gap > 0.0) {
                top += wider;
            }
        }
        if self.beside > 0.0 {
            let left = self.class.across - self.class.margin - self.beside;
            canvas.code(&said.codes, (left, self.room.start + (room - self.beside) / 2.0), self.beside);
        }
        self.foot(said, (page % pages.len(), pages.len()), tone, canvas);
        pages.len()
    }

    fn column(&self) -> f32 {
        let all = self.class.across - 2.0 * self.class.margin;
        if self.beside > 0.0 { all - self.beside - self.class.margin } else { all }
    }

    /// Name and time, and below them the band.
    fn head(&self, said: &Said, tone: Rgb, canvas: &mut Canvas<'_>) {
        let (margin, across) = (self.class.margin, self.class.across);
        let palette = canvas.palette;
        let bottom = self.top;
        if bottom > 0.0 {
            let mut left = margin;
            if let (Some(brand), Some(logo)) = (self.brand, said.brand.as_ref().and_then(|brand| brand.logo.as_ref())) {
                let side = self.blocks[brand].size * 1.6;
                let (width, dots) = logo.scaled(side);
                canvas.picture(width, &dots, (left, (bottom - side) / 2.0));
                left += side + self.blocks[brand].size * 0.4;
            }
            if let Some(brand) = self.brand {
                self.text(
                    brand,
                    (left, (bottom - self.blocks[brand].height()) / 2.0),
                    palette.text,
                    palette.paper,
                    canvas,
                );
            }
            if let Some(time) = self.time {
                let block = &self.blocks[time];
                let place = (across - margin - block.width(), (bottom - block.height()) / 2.0);
                self.text(time, place, palette.text, palette.paper, canvas);
            }
        }
        if self.alone {
            return;
        }
        let block = &self.blocks[self.headline];
        canvas.fill((0.0, bottom), (across, self.room.start - bottom), tone);
        let side = block.size * 1.2;
        let beside = side + block.size * 0.4;
        let left = ((across - beside - block.seen()) / 2.0).min(across - margin - beside - block.width());
        let middle = bottom + (self.room.start - bottom) / 2.0;
        canvas.sign(said.sign, (left, middle - side / 2.0), side, [palette.paper, tone]);
        let mut top = middle - block.height() / 2.0;
        let start = left + beside;
        for line in &block.lines {
            let words = Words { of: &block.of, line, size: block.size, colour: palette.paper, ground: tone };
            canvas.words(&words, (start + (block.seen() - line.seen() * block.size) / 2.0, top));
            top += line.height() * block.size;
        }
    }

    /// A block with its upper left corner here.
    fn text(&self, block: usize, (left, mut top): (f32, f32), colour: Rgb, ground: Rgb, canvas: &mut Canvas<'_>) {
        let Some(block) = self.blocks.get(block) else { return };
        for line in &block.lines {
            canvas.words(&Words { of: &block.of, line, size: block.size, colour, ground }, (left, top));
            top += line.height() * block.size;
        }
    }

    /// `signed`: what to do stands above in a large pictogram.
    fn row(&self, placed: &Placed, (said, signed): (&Said, bool), top: f32, tone: Rgb, canvas: &mut Canvas<'_>) {
        let palette = canvas.palette;
        let (margin, column) = (self.class.margin, self.column());
        match &placed.row {
            Row::Line { block, line, loud } => {
                let block = &self.blocks[*block];
                let Some(line) = block.lines.get(*line) else { return };
                let colour = if *loud { tone } else { palette.text };
                let words = Words { of: &block.of, line, size: block.size, colour, ground: palette.paper };
                let middle = (column - line.seen() * block.size) / 2.0;
                canvas.words(&words, (margin + middle.min(column - line.width * block.size), top));
            }
            Row::Number { block, line } => {
                let block = &self.blocks[*block];
                let Some(line) = block.lines.get(*line) else { return };
                let words = Words { of: &block.of, line, size: block.size, colour: tone, ground: palette.paper };
                let left = margin + (column - line.width * block.size) / 2.0;
                canvas.words(&words, (left, top - NUMBER_SAVES * 0.5 * block.size));
            }
            Row::Options(options) => {
                for (label, left, at) in options {
                    let block = &self.blocks[*label];
                    let Some(line) = block.lines.get(*at) else { continue };
                    let left = margin + left + self.indent;
                    let badge = self.numbers.iter().find(|(of, _)| of == label).map(|(_, badge)| *badge);
                    if let Some(badge) = badge.filter(|_| *at == 0) {
                        let badge = &self.blocks[badge];
                        let side = badge.size * 1.35;
                        let place = (left, top + (block.size * line.height() - side) / 2.0);
                        canvas.shape(Shape::Box(0.0, 0.0, 100.0, 100.0, 22.0), place, side, tone);
                        for line in &badge.lines {
                            let words =
                                Words { of: &badge.of, line, size: badge.size, colour: palette.paper, ground: tone };
                            let x = place.0 + (side - line.width * badge.size) / 2.0;
                            canvas.words(&words, (x, place.1 + (side - line.height() * badge.size) / 2.0));
                        }
                    }
                    let words =
                        Words { of: &block.of, line, size: block.size, colour: palette.text, ground: palette.paper };
                    canvas.words(&words, (left + block.size * 1.9, top));
                }
            }
            Row::Advice { block, sign } => {
                let block_ = &self.blocks[*block];
                // Where the words were given all of the column, a small pictogram has no room.
                let side = block_.size * 1.5;
                let signed = signed || block_.width() + 2.0 * side > column;
                let side = if signed { 0.0 } else { side };
                let width = block_.width() + side + block_.size * 1.5;
                let left = margin + (column - width) / 2.0;
                let ground = canvas.tint(tone);
                canvas.panel((left, top), (width, placed.height), ground);
                let place = (left + block_.size * 0.45, top + (placed.height - side) / 2.0);
                if !signed {
                    canvas.sign(*sign, place, side, [tone, ground]);
                }
                let mut top = top + (placed.height - block_.height()) / 2.0;
                let start = if signed { left } else { place.0 + side + block_.size * 0.45 };
                for line in &block_.lines {
                    let words = Words { of: &block_.of, line, size: block_.size, colour: palette.text, ground };
                    let middle = if signed { (width - line.seen() * block_.size) / 2.0 } else { 0.0 };
                    canvas.words(&words, (start + middle, top));
                    top += line.height() * block_.size;
                }
            }
            Row::Code => {
                let left = margin + (column - placed.height) / 2.0;
                canvas.code(&said.codes, (left, top), placed.height);
            }
        }
    }

    /// Three dots, one of which is large: another one each second.
    fn moves(&self, left: u64, top: f32, tone: Rgb, canvas: &mut Canvas<'_>) {
        let (radius, gap) = (self.body * 0.22, self.body * 1.1);
        for (at, x) in [(2, -gap), (1, 0.0), (0, gap)] {
            let radius = if left % 3 == at { radius * 1.7 } else { radius };
            let place = (self.class.across / 2.0 + x - radius, top - radius);
            canvas.shape(Shape::Disc(50.0, 50.0, 50.0), place, 2.0 * radius, tone);
        }
    }

    /// The code, what is left, which page; and a bar that grows shorter.
    fn foot(&self, said: &Said, (page, pages): (usize, usize), tone: Rgb, canvas: &mut Canvas<'_>) {
        let (margin, across) = (self.class.margin, self.class.across);
        let palette = canvas.palette;
        let bar = self.class.body * 0.3;
        let bottom = self.class.down - self.class.body * 0.4;
        if let Some(block) = self.fault {
            self.text(block, (margin, bottom - self.blocks[block].height()), palette.quiet, palette.paper, canvas);
        }
        if let Some(block) = self.left {
            let place = (across - margin - self.blocks[block].width(), bottom - self.blocks[block].height());
            self.text(block, place, palette.quiet, palette.paper, canvas);
        }
        if let Some((_, part)) = &said.left {
            let top = self.class.down - bar;
            canvas.fill((0.0, top), (across, bar), canvas.tint(tone));
            canvas.fill((0.0, top), (across * part, bar), tone);
        }
        if pages > 1 {
            let (radius, gap) = (self.class.body * 0.16, self.class.body * 0.7);
            #[expect(clippy::cast_precision_loss, reason = "a few pages")]
            let from = across / 2.0 - gap * (pages - 1) as f32 / 2.0;
            for at in 0..pages {
                let radius = if at == page { radius * 1.6 } else { radius };
                #[expect(clippy::cast_precision_loss, reason = "a few pages")]
                let place = (from + gap * at as f32 - radius, self.class.down - bar - self.class.body * 0.3 - radius);
                canvas.shape(Shape::Disc(50.0, 50.0, 50.0), place, 2.0 * radius, palette.quiet);
            }
        }
    }
}
