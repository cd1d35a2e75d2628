//! A scene dot by dot, from 128×64 to 1080×1920, and the panel that shows it.

use qrcode::{Color, EcLevel, QrCode};

use super::{
    Reset, Style, countdown,
    frame::{Frame, Ink, Rect},
    text::{LINES, further, rows, text_page},
    turning::Turning,
};
use crate::{
    device::{
        DeviceError, Drawn, Panel,
        gb::{cells, columns, keeps_words, width, wrap},
        glyph::Fonts,
    },
    fault::Code,
    kiosk::{NARROWEST, Scene, SceneKind, SceneOption},
    words::Text,
};

/// Dots of a line of the smallest type, and of half a hanzi.
const LINE: usize = 16;
const HALF: usize = 8;

/// Modules that stay light around a QR code (ISO/IEC 18004, 5.3.8).
const QUIET: usize = 4;

/// What a glass can do. It is written to in rectangles of whole grains.
pub trait Glass: Send {
    /// Dots across and down.
    fn size(&self) -> (usize, usize);

    /// The smallest part that can be written: dots across and down.
    fn grain(&self) -> (usize, usize) {
        (1, 1)
    }

    /// Makes it ready, whatever it was in the middle of; what its memory holds of before is not seen. Called before the
    /// first picture, and after a failure.
    fn initialise(&mut self) -> Result<(), DeviceError>;

    /// Says again what a controller forgets with its supply, without a flicker where it has forgotten nothing. The whole
    /// picture follows.
    fn remind(&mut self) -> Result<(), DeviceError>;

    /// Brings one part of a picture to the glass.
    fn write(&mut self, frame: &Frame, rect: Rect) -> Result<(), DeviceError>;

    /// Lets the glass be seen: a whole picture was written.
    fn light(&mut self) -> Result<(), DeviceError> {
        Ok(())
    }
}

/// A panel that is drawn dot by dot.
pub struct PicturePanel<G> {
    glass: G,
    style: Style,
    fonts: Fonts,
    reset: Option<Reset>,
    #[cfg(feature = "screen")]
    course: super::sheet::Course,
    turning: Turning,
    /// What stands on the glass; none until it has been initialised, and after a failure.
    shown: Option<Frame>,
}

impl<G: Glass> PicturePanel<G> {
    /// Takes the glass over; nothing is sent before the first scene.
    pub fn new(glass: G, style: Style, fonts: Fonts) -> Self {
        Self {
            glass,
            style,
            fonts,
            reset: None,
            #[cfg(feature = "screen")]
            course: super::sheet::Course::default(),
            turning: Turning::default(),
            shown: None,
        }
    }

    /// With a reset line.
    pub fn with_reset(self, reset: Option<Reset>) -> Self {
        Self { reset, ..self }
    }

    fn show_first(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        self.reset.as_mut().map_or(Ok(()), Reset::pulse)?;
        self.glass.initialise()?;
        self.show_whole(scene)
    }

    fn show_changes(&mut self, scene: &Scene, before: &Frame) -> Result<Drawn, DeviceError> {
        let (frame, drawn) = self.picture(scene);
        for rect in frame.changes(before, self.glass.grain()) {
            self.glass.write(&frame, rect)?;
        }
        self.shown = Some(frame);
        Ok(drawn)
    }

    /// Draws a scene on a glass that is ready, and of which nothing else is known.
    fn show_whole(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        let (frame, drawn) = self.picture(scene);
        let (width, height) = frame.size();
        self.glass.write(&frame, Rect { x: 0, y: 0, width, height })?;
        self.glass.light()?;
        self.shown = Some(frame);
        Ok(drawn)
    }

    fn picture(&mut self, scene: &Scene) -> (Frame, Drawn) {
        let size = self.glass.size();
        #[cfg(feature = "screen")]
        if size.0.min(size.1) >= super::sheet::LEAST {
            let passing = self.course.passing(scene, self.style.clock.as_ref());
            let sheet = super::sheet(scene, &self.style, size, &passing, self.fonts.typesetter());
            return (sheet.frame, Drawn { missing: sheet.missing, turns: sheet.pages > 1 });
        }
        self.turning.shows(scene);
        draw_page((scene, self.turning.page()), &self.style, size, &mut self.fonts)
    }
}

impl<G: Glass> Panel for PicturePanel<G> {
    fn show(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        let drawn = match self.shown.take() {
            Some(before) => self.show_changes(scene, &before),
            None => self.show_first(scene),
        };
        drawn.inspect_err(|_| Reset::darken(&mut self.reset))
    }

    fn refresh(&mut self, scene: &Scene) -> Result<Drawn, DeviceError> {
        if self.shown.take().is_none() {
            return self.show(scene);
        }
        let drawn = self.glass.remind().and_then(|()| self.show_whole(scene));
        drawn.inspect_err(|_| Reset::darken(&mut self.reset))
    }
}

/// One thing on the picture, from top to bottom.
enum Block {
    /// A text, wrapped and centred.
    Text { text: String, scale: usize, ink: Ink },
    /// A text of its own band of colour.
    Banner { text: String, scale: usize },
    /// An option with its number in a box.
    Choice { number: String, label: String, scale: usize },
}

/// Draws a scene's first page; returns the picture, and the characters that no font has.
pub fn draw(scene: &Scene, style: &Style, (across, down): (usize, usize), fonts: &mut Fonts) -> (Frame, Vec<char>) {
    #[cfg(feature = "screen")]
    if across.min(down) >= super::sheet::LEAST {
        let sheet = super::sheet(scene, style, (across, down), &super::Passing::default(), fonts.typesetter());
        return (sheet.frame, sheet.missing);
    }
    let (frame, drawn) = draw_page((scene, 0), style, (across, down), fonts);
    (frame, drawn.missing)
}

/// Draws one page of a scene from bitmaps.
pub fn draw_page(
    (scene, page): (&Scene, usize),
    style: &Style,
    (across, down): (usize, usize),
    fonts: &mut Fonts,
) -> (Frame, Drawn) {
    let mut canvas = Canvas { frame: Frame::new(across, down), missing: Vec::new(), fonts };
    canvas.frame.tone = scene.kind.tone();
    canvas.frame.contrast = style.large;
    // The smallest glass has the text's own layout; everything larger flows.
    if down < 6 * LINE {
        let pages = canvas.small(scene, style, page);
        return (canvas.frame, Drawn { missing: canvas.missing, turns: pages > 1 });
    }
    let most = (across / 128).min(down / 64).max(1);
    let largest = if style.large { most + most.div_ceil(2) } else { most };
    let footer = LINE * most.div_ceil(2);
    let room = down - footer - LINE / 2;
    let codes = codes(scene);
    // On a wide glass the code stands beside the text, else below it.
    let beside = !codes.is_empty() && across > down;
    let text_across = if beside { across / 2 } else { across };
    let place = |blocks: &[Block]| {
        let (left, above) = if beside { (text_across, &blocks[..1]) } else { (0, blocks) };
        let top = height(above, text_across).min(room);
        Rect { x: left, y: top, width: across - left, height: room - top }
    };
    // It has its part of the glass before any text is made larger; then it has what the text leaves.
    let for_code = match (codes.is_empty(), beside) {
        (true, _) => 0,
        (false, true) => (2 * room / 3).min(across / 2),
        (false, false) => room.min(across) / 2,
    };
    let layout = |(base, enlarged), lines: &[String], options: &[SceneOption]| {
        blocks(scene, style, ((base, enlarged), lines, options), (across, text_across))
    };
    let fits = |blocks: &Vec<Block>| {
        let wide = blocks.iter().all(|block| block.fits(across, text_across));
        wide && height(blocks, text_across) <= room && place(blocks).height >= for_code
    };
    // As large as it can be; what does not fit in the smallest type is turned in pages.
    let said = |base: usize| scene.lines(&style.phrases, text_across / (HALF * base));
    let whole = (1..=largest).rev().map(|base| layout((base, 3 * base), &said(base), &scene.options)).find(fits);
    let pages = match whole {
        Some(blocks) => vec![blocks],
        None => {
            let lines: Vec<String> = said(1).iter().flat_map(|line| Block::lines(line, 1, text_across)).collect();
            // The number is no larger than leaves room for a line.
            let leaves_room = |enlarged: &usize| fits(&layout((1, *enlarged), lines.get(..1).unwrap_or_default(), &[]));
            let enlarged = (1..=3).rev().find(leaves_room).unwrap_or(1);
            paged(&lines, &scene.options, |lines, options| layout((1, enlarged), lines, options), fits)
        }
    };
    let count = pages.len();
    let blocks = pages.into_iter().nth(page % count).unwrap_or_default();
    let place = place(&blocks);
    let text_room = if codes.is_empty() || beside { room } else { place.y };
    canvas.flow(&blocks, text_across, text_room);
    canvas.code(codes, place);
    canvas.footer(scene, style, most.div_ceil(2));
    (canvas.frame, Drawn { missing: canvas.missing, turns: count > 1 })
}

/// As many lines and options on each page as it has room for: one of them at least.
fn paged(
    lines: &[String],
    options: &[SceneOption],
    layout: impl Fn(&[String], &[SceneOption]) -> Vec<Block>,
    fits: impl Fn(&Vec<Block>) -> bool,
) -> Vec<Vec<Block>> {
    let count = lines.len() + options.len();
    let part = |from: usize, to: usize| {
        let of_lines = lines.get(from.min(lines.len())..to.min(lines.len())).unwrap_or_default();
        let (from, to) = (from.saturating_sub(lines.len()), to.saturating_sub(lines.len()));
        layout(of_lines, options.get(from..to).unwrap_or_default())
    };
    let (mut pages, mut from) = (Vec::new(), 0);
    loop {
        let most = (from + 1..=count).take_while(|to| fits(&part(from, *to))).last();
        let to = most.unwrap_or(from + 1).min(count);
        pages.push(part(from, to));
        if to >= count {
            return pages;
        }
        from = to;
    }
}

fn height(blocks: &[Block], across: usize) -> usize {
    blocks.iter().map(|block| block.height(across)).sum()
}

/// A scene's code, with as much correction as a slip's and with less: nothing soils a glass, and fewer modules are larger.
fn codes(scene: &Scene) -> Vec<QrCode> {
    let payload = scene.qr.as_ref().map(|qr| qr.as_str());
    let code = |level| payload.and_then(|payload| QrCode::with_error_correction_level(payload, level).ok());
    [EcLevel::M, EcLevel::L].into_iter().filter_map(code).collect()
}

/// A scene in type of `base`, its number enlarged so many times, with these lines and options of it below headline and number: the banner first, as wide as
/// the glass, the others as wide as the text's part of it.
fn blocks(
    scene: &Scene,
    style: &Style,
    ((base, enlarged), lines, options): ((usize, usize), &[String], &[SceneOption]),
    (across, text_across): (usize, usize),
) -> Vec<Block> {
    let phrases = &*style.phrases;
    let columns = |across: usize, scale: usize| across / (HALF * scale.max(1));
    let within = |across: usize, text: &str, wanted: usize| {
        (1..=wanted).rev().find(|scale| width(text) * HALF * scale <= across).unwrap_or(1)
    };
    let fits = |text: &str, wanted: usize| within(text_across, text, wanted);
    // In large type the room goes to what is below the headline.
    let more = |part: usize| if style.large { base } else { base + part };
    let headline = scene.headline(phrases, columns(across, more(base.div_ceil(2)))).into_owned();
    let mut blocks = vec![Block::Banner { scale: within(across, &headline, more(base.div_ceil(2))), text: headline }];
    let mut text = |text: &str, scale: usize, ink: Ink| {
        if !text.is_empty() {
            blocks.push(Block::Text { text: text.to_owned(), scale, ink });
        }
    };
    if let Some(name) = scene.name.as_ref().filter(|_| !scene.asks_by_name()) {
        text(name.reveal(), more(base / 2), Ink::Text);
    }
    if let Some(number) = &scene.number {
        text(number.as_str(), fits(number.as_str(), enlarged), Ink::Accent);
    }
    lines.iter().for_each(|line| text(line, base, Ink::Text));
    let larger = base + base.div_ceil(4);
    let advice = scene.advice(phrases, columns(text_across, larger));
    if scene.kind == SceneKind::Idle && !advice.is_empty() {
        // Who looks into the camera does not look for a card: the first words say what the others are about.
        let other = phrases.headline(SceneKind::OtherWay).within(columns(text_across, larger));
        text(other, fits(other, larger), Ink::Text);
    }
    text(advice, fits(advice, larger), Ink::Text);
    blocks.extend(options.iter().map(|option| Block::Choice {
        number: option.option.to_string(),
        label: option.label.to_string(),
        scale: base,
    }));
    blocks
}

/// Space around a block, in dots.
fn margin(scale: usize) -> usize {
    LINE * scale / 4
}

impl Block {
    fn lines(text: &str, scale: usize, across: usize) -> Vec<String> {
        wrap(text, (across / (HALF * scale)).max(2))
    }

    /// An option's label in lines, right of the box with its number.
    fn labels(label: &str, scale: usize, across: usize) -> Vec<String> {
        let room = across.saturating_sub(LINE * scale + 2 * margin(scale)) / (HALF * scale);
        wrap(label, room.max(2))
    }

    fn height(&self, across: usize) -> usize {
        match self {
            Self::Text { text, scale, .. } => Self::lines(text, *scale, across).len() * LINE * scale + margin(*scale),
            Self::Banner { scale, .. } => LINE * scale + 3 * margin(*scale),
            Self::Choice { label, scale, .. } => {
                Self::labels(label, *scale, across).len() * LINE * scale + 2 * margin(*scale)
            }
        }
    }

    /// A number is not broken into lines.
    fn fits(&self, across: usize, text_across: usize) -> bool {
        match self {
            Self::Text { text, scale, ink: Ink::Accent } => width(text) * HALF * scale <= text_across,
            Self::Text { .. } => true,
            Self::Banner { text, scale } => width(text) * HALF * scale <= across,
            Self::Choice { label, scale, .. } => Self::labels(label, *scale, text_across).len() <= 2 || *scale == 1,
        }
    }
}

/// Modules of a QR code with its quiet border.
fn modules(code: &QrCode) -> usize {
    code.width() + 2 * QUIET
}

struct Canvas<'a> {
    frame: Frame,
    missing: Vec<char>,
    fonts: &'a mut Fonts,
}

impl Canvas<'_> {
    /// One line of text; returns where it ends.
    fn text(&mut self, text: &str, (left, top): (usize, usize), scale: usize, ink: Ink) -> usize {
        let mut x = left;
        for cell in cells(text).filter(|cell| columns(cell) > 0) {
            let known = self.fonts.cell(cell, LINE);
            self.missing.extend(known.as_ref().err());
            if let Some(bitmap) = known.ok().or_else(|| self.fonts.bitmap('＊', LINE)) {
                self.frame.stamp(&bitmap, (x, top), scale, ink);
            }
            x += columns(cell) * HALF * scale;
        }
        x
    }

    fn centred(&mut self, text: &str, across: usize, top: usize, scale: usize, ink: Ink) {
        let left = across.saturating_sub(width(text) * HALF * scale) / 2;
        self.text(text, (left, top), scale, ink);
    }

    /// Four lines of eight hanzi; in large type the number, where there is one, takes two of them. Returns how many pages
    /// there are.
    fn small(&mut self, scene: &Scene, style: &Style, page: usize) -> usize {
        let code = scene.code.map_or("", Code::as_str);
        let room = if code.is_empty() { NARROWEST } else { NARROWEST - code.len() - 1 };
        let headline = scene.headline(&style.phrases, room);
        let has_room = |number: &&Text| width(number.as_str()) <= 6 && width(&headline) <= room;
        let number = scene.number.as_ref().filter(|number| style.large && has_room(number));
        let lines = scene.lines(&style.phrases, NARROWEST);
        let place = lines.first().map_or("", |line| line);
        let left = number.map_or(0, |number| (2 * width(number.as_str()) + 1) * HALF);
        let room = (self.frame.size().0.saturating_sub(left) / HALF).max(2);
        let beside = wrap(place, room);
        // Its third line stands beside a name that is short; a longer place, and a longer word, is read whole and the
        // number small.
        let name = scene.name.as_ref().map_or(0, |name| width(name.reveal()));
        let most = if name * HALF < left { 3 } else { 2 };
        if let Some(number) = number.filter(|_| beside.len() <= most && keeps_words(place, room)) {
            let advice = Some(scene.advice(&style.phrases, NARROWEST)).filter(|advice| !advice.is_empty());
            let texts = advice.into_iter().chain(lines.iter().skip(1).map(String::as_str));
            let others = further(number.as_str(), texts.map(rows).collect());
            let pages = others.len() + 1;
            if let Some(lines) = (page % pages).checked_sub(1).and_then(|other| others.get(other)) {
                self.lines(lines);
                return pages;
            }
            self.text(&headline, (0, 0), 1, Ink::Text);
            self.text(code, (self.frame.size().0.saturating_sub(width(code) * HALF), 0), 1, Ink::Text);
            if let Some(name) = &scene.name {
                self.text(name.reveal(), (0, LINE), 1, Ink::Text);
            }
            self.text(number.as_str(), (0, 2 * LINE), 2, Ink::Accent);
            let top = if beside.len() > 2 { LINE } else { 2 * LINE };
            for (line, text) in beside.iter().enumerate() {
                self.text(text, (left, top + line * LINE), 1, Ink::Text);
            }
            return pages;
        }
        let (lines, pages) = text_page(scene, &style.phrases, page);
        self.lines(&lines);
        pages
    }

    fn lines(&mut self, lines: &[String; LINES]) {
        for (line, text) in lines.iter().enumerate() {
            self.text(text, (0, line * LINE), 1, Ink::Text);
        }
    }

    /// The blocks from top to bottom, what is left over spread between them.
    fn flow(&mut self, blocks: &[Block], text_across: usize, room: usize) {
        let (across, _) = self.frame.size();
        let gap = room.saturating_sub(height(blocks, text_across)) / (blocks.len() + 1);
        let mut top = 0;
        for block in blocks {
            match block {
                Block::Banner { text, scale } => {
                    let height = block.height(text_across) - margin(*scale);
                    self.frame.fill(Rect { x: 0, y: 0, width: across, height }, Ink::Accent);
                    self.centred(text, across, margin(*scale), *scale, Ink::Paper);
                }
                Block::Text { text, scale, ink } => {
                    for (line, text) in Block::lines(text, *scale, text_across).iter().enumerate() {
                        self.centred(text, text_across, top + line * LINE * scale, *scale, *ink);
                    }
                }
                Block::Choice { number, label, scale } => self.choice((number, label), text_across, top, *scale),
            }
            top += block.height(text_across) + gap;
        }
    }

    /// The number on the button, in a box; what it stands for beside it.
    fn choice(&mut self, (number, label): (&str, &str), across: usize, top: usize, scale: usize) {
        let side = LINE * scale;
        let left = margin(scale);
        self.frame.fill(Rect { x: left, y: top, width: side, height: side }, Ink::Accent);
        self.text(number, (left + side / 4, top), scale, Ink::Paper);
        for (line, text) in Block::labels(label, scale, across).iter().enumerate() {
            self.text(text, (left + side + margin(scale), top + line * LINE * scale), scale, Ink::Text);
        }
    }

    /// Whole dots a module, as many as there is room for, in the middle of it; none where there is no room, for half a code
    /// is none. Dark on light, whatever the panel's own colours: a phone reads it so.
    fn code(&mut self, codes: Vec<QrCode>, place: Rect) {
        let dots = |code: &QrCode| place.width.min(place.height) / modules(code);
        // Of equals the last is taken.
        let Some(code) = codes.into_iter().rev().max_by_key(dots).filter(|code| dots(code) > 0) else { return };
        let (dots, side) = (dots(&code), dots(&code) * modules(&code));
        let (left, top) = (place.x + (place.width - side) / 2, place.y + (place.height - side) / 2);
        let (light, dark) = if self.frame.contrast { (Ink::Text, Ink::Paper) } else { (Ink::Paper, Ink::Text) };
        self.frame.fill(Rect { x: left, y: top, width: side, height: side }, light);
        for (at, colour) in code.to_colors().into_iter().enumerate() {
            if colour == Color::Dark {
                let (x, y) = (at % code.width() + QUIET, at / code.width() + QUIET);
                self.frame.fill(Rect { x: left + x * dots, y: top + y * dots, width: dots, height: dots }, dark);
            }
        }
    }

    /// The code small on the left, what is left of a wait on the right.
    fn footer(&mut self, scene: &Scene, style: &Style, scale: usize) {
        let (across, down) = self.frame.size();
        let top = down - LINE * scale;
        if let Some(code) = scene.code {
            self.text(code.as_str(), (HALF * scale, top), scale, Ink::Quiet);
        }
        if let Some(left) = countdown(scene) {
            let text = style.phrases.seconds(left);
            let x = across.saturating_sub((width(&text) + 1) * HALF * scale);
            self.text(&text, (x, top), scale, Ink::Quiet);
        }
    }
}
