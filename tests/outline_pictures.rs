//! Scenes in outline type, drawn: everything stands where it stood, other programs read it, and only what changed is sent.
//!
//! After a change on purpose: `UPDATE_PICTURES=1 cargo test outline_pictures`, and look at them: `LOOK=FOLDER cargo test
//! outline_pictures -- --ignored` writes every scene on every glass, or with `GLASS=800x480` on that.

use std::{
    fmt::Write as _,
    fs,
    io::BufWriter,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use facemchd::{
    device::{
        Typesetter,
        panel::{Frame, Passing, Sheet, Style, plan, rgb, sheet},
    },
    kiosk::{Scene, SceneKind},
    words::{Language, Purpose},
};

use crate::{
    outline_sheets::{SIZES, STATIONS, all, passing, style},
    panels::read_by_zbar,
    scenes::{ANOTHER_WAY, full},
};

/// A picture of colours.
struct Picture {
    width: usize,
    dots: Vec<[u8; 3]>,
}

impl Picture {
    fn of(frame: &Frame) -> Self {
        let (width, height) = frame.size();
        let dots = (0..height).flat_map(|y| frame.row(y).iter().map(|ink| rgb(frame, *ink))).collect();
        Self { width, dots }
    }

    /// Pictures of one size side by side, so many in a row.
    fn sheet(pictures: &[Self], columns: usize) -> Self {
        const GAP: usize = 8;
        let (across, down) = (pictures[0].width + GAP, pictures[0].height() + GAP);
        let width = columns * across + GAP;
        let mut sheet = Self { width, dots: vec![[150; 3]; width * (pictures.len().div_ceil(columns) * down + GAP)] };
        for (at, picture) in pictures.iter().enumerate() {
            for (y, row) in picture.dots.chunks(picture.width).enumerate() {
                let start = (at / columns * down + y + GAP) * width + at % columns * across + GAP;
                sheet.dots[start..start + row.len()].copy_from_slice(row);
            }
        }
        sheet
    }

    fn height(&self) -> usize {
        self.dots.len() / self.width
    }

    /// A line of it, as a page of a book has it, which is what readers are taught by.
    fn dark_on_light(&self, [left, top, right, bottom]: [f32; 4]) -> Self {
        const AROUND: usize = 12;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "dots of a glass")]
        let [left, top, right, bottom] = [left, top, right, bottom].map(|place| place as usize);
        let (right, bottom) = (right.min(self.width), bottom.min(self.height()));
        let grey = |x: usize, y: usize| self.dots[y * self.width + x][1];
        let is_dark = grey(left, top) < 128;
        // Black on white, whatever the colours were.
        let all = || (top..bottom).flat_map(|y| (left..right).map(move |x| grey(x, y)));
        let (least, most) = (usize::from(all().min().unwrap_or(0)), usize::from(all().max().unwrap_or(255)));
        let stretched = |grey: u8| {
            let grey = (usize::from(grey).clamp(least, most) - least) * 255 / (most - least).max(1);
            u8::try_from(if is_dark { 255 - grey } else { grey }).expect("a grey")
        };
        let (width, height) = (right - left + 2 * AROUND, bottom - top + 2 * AROUND);
        let at = |x: usize, y: usize| {
            let is_within = (AROUND..width - AROUND).contains(&x) && (AROUND..height - AROUND).contains(&y);
            [if is_within { stretched(grey(left + x - AROUND, top + y - AROUND)) } else { 255 }; 3]
        };
        let dots = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        Self { width, dots }
    }

    /// Lines below each other on white.
    fn page<'a>(lines: impl IntoIterator<Item = &'a Self>) -> Self {
        const MARGIN: usize = 24;
        let lines: Vec<&Self> = lines.into_iter().collect();
        let width = lines.iter().map(|line| line.width).max().unwrap_or(0) + 2 * MARGIN;
        let mut page = Self { width, dots: vec![[255; 3]; width * MARGIN] };
        for line in lines {
            for row in line.dots.chunks(line.width) {
                let start = page.dots.len() + MARGIN;
                page.dots.resize(page.dots.len() + width, [255; 3]);
                page.dots[start..start + line.width].copy_from_slice(row);
            }
            page.dots.resize(page.dots.len() + width * MARGIN, [255; 3]);
        }
        page
    }

    /// Three dots for four, each the mean of what it covers.
    fn three_quarters(&self) -> Self {
        let (width, height) = (self.width * 3 / 4, self.height() * 3 / 4);
        let mean = |x: usize, y: usize| {
            let part = |at: usize| self.dots[(y * 4 + at / 4) / 3 * self.width + (x * 4 + at % 4) / 3];
            let sum: usize = (0..16).map(|at| usize::from(part(at)[1])).sum();
            [u8::try_from(sum / 16).expect("a mean"); 3]
        };
        let dots = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| mean(x, y));
        Self { width, dots: dots.collect() }
    }

    /// Each dot the mean of a square.
    fn smaller(&self, step: usize) -> Self {
        let width = self.width / step;
        let mean = |x: usize, y: usize| {
            let all = (0..step * step).map(|at| self.dots[(y * step + at / step) * self.width + x * step + at % step]);
            let sum = all.fold([0; 3], |sum: [usize; 3], dot| [0, 1, 2].map(|at| sum[at] + usize::from(dot[at])));
            sum.map(|sum| u8::try_from(sum / (step * step)).expect("a mean"))
        };
        let dots = (0..self.height() / step).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| mean(x, y));
        Self { width, dots: dots.collect() }
    }

    fn write(&self, file: &Path) {
        let side = |side: usize| u32::try_from(side).expect("small");
        let file = BufWriter::new(fs::File::create(file).expect("a file"));
        let mut encoder = png::Encoder::new(file, side(self.width), side(self.height()));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        encoder.write_header().and_then(|mut writer| writer.write_image_data(&self.dots.concat())).expect("written");
    }

    fn read(file: &Path) -> Option<Self> {
        let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(file).ok()?));
        let mut reader = decoder.read_info().expect("PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("bounded")];
        let info = reader.next_frame(&mut pixels).expect("a picture");
        let dots = pixels.chunks_exact(3).map(|dot| [dot[0], dot[1], dot[2]]).collect();
        Some(Self { width: info.width as usize, dots })
    }

    /// The mean difference of a colour, 0–255.
    fn differs(&self, other: &Self) -> f64 {
        if (self.width, self.dots.len()) != (other.width, other.dots.len()) {
            return 255.0;
        }
        let pairs = self.dots.as_flattened().iter().zip(other.dots.as_flattened());
        let sum: u64 = pairs.map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
        sum as f64 / (3 * self.dots.len()) as f64
    }
}

fn drawn(scene: &Scene, style: &Style, size: (usize, usize), type_: &mut Typesetter) -> Sheet {
    sheet(scene, style, size, &passing(scene, 0), type_)
}

fn hospital(language: Language, large: bool) -> Style {
    style(Purpose::Hospital, language, large)
}

/// What stands where on every page of every scene, a line each: size, left, top, text.
fn standing(scenes: &[(String, Scene)], style: &Style, size: (usize, usize), type_: &mut Typesetter) -> String {
    let mut all = String::new();
    for (name, scene) in scenes {
        let mut page = 0;
        loop {
            let sheet = plan(scene, style, size, &passing(scene, page), type_);
            for placed in &sheet.texts {
                let [left, top, ..] = placed.within;
                let _ =
                    writeln!(all, "{} {} {:.0} {:.0} {:.0} {}", name, page + 1, placed.size, left, top, placed.text);
            }
            page += 1;
            if page >= sheet.pages {
                break;
            }
        }
    }
    all
}

fn purposes(size: (usize, usize)) -> impl Iterator<Item = Purpose> {
    std::iter::once(Purpose::Hospital).chain(STATIONS.contains(&size).then_some(Purpose::Transit))
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sheets").join(name)
}

fn is_update() -> bool {
    std::env::var_os("UPDATE_PICTURES").is_some()
}

#[test]
fn every_text_of_every_scene_stands_where_it_stood_on_every_glass() {
    let mut different = Vec::new();
    for size in SIZES {
        let mut text = String::new();
        for language in Language::ALL {
            let mut type_ = Typesetter::new(&[], language);
            for (purpose, large) in
                [false, true].into_iter().flat_map(|large| purposes(size).map(move |at| (at, large)))
            {
                let _ = writeln!(text, "[{purpose:?} {language:?}{}]", if large { " large" } else { "" });
                text += &standing(&all(purpose, language), &style(purpose, language, large), size, &mut type_);
            }
        }
        let file = data(&format!("{}x{}.txt", size.0, size.1));
        if is_update() {
            fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            fs::write(&file, &text).expect("written");
        }
        if fs::read_to_string(&file).is_ok_and(|seen| seen != text) || !file.exists() {
            different.push(file);
        }
    }
    assert!(different.is_empty(), "look at these, then UPDATE_PICTURES=1: {different:#?}");
}

/// What the README shows.
const SHOWN: [SceneKind; 9] = [
    SceneKind::Idle,
    SceneKind::LookingUp,
    SceneKind::Admitted,
    SceneKind::Choose,
    SceneKind::ConfirmCard,
    SceneKind::OtherWay,
    SceneKind::TooEarly,
    SceneKind::Failed,
    SceneKind::Evacuate,
];

#[test]
fn the_readme_shows_what_the_program_draws() {
    let mut type_ = Typesetter::new(&[], Language::ZhHans);
    for large in [false, true] {
        let pictures = SHOWN.map(|kind| {
            let style = hospital(Language::ZhHans, large);
            let frame = drawn(&full(kind, Language::ZhHans), &style, (800, 480), &mut type_).frame;
            Picture::of(&frame).smaller(2)
        });
        let contact = Picture::sheet(&pictures, 3);
        let file = data(if large { "contact-large.png" } else { "contact.png" });
        if is_update() {
            contact.write(&file);
        }
        let seen = Picture::read(&file).expect("UPDATE_PICTURES=1");
        // Fonts of another year are drawn a little otherwise.
        assert!(contact.differs(&seen) < 2.0, "{}: {}", file.display(), contact.differs(&seen));
    }
}

/// What tesseract reads.
fn read_by_tesseract(picture: &Path, (tongue, as_what): (&str, &str)) -> String {
    let read = Command::new("tesseract").arg(picture).args(["-", "-l", tongue, "--psm", as_what]).output();
    let read = read.unwrap_or_else(|error| panic!("tesseract: {error}: apt-get install tesseract-ocr-chi-sim"));
    let said = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{said}: apt-get install tesseract-ocr-chi-sim");
    String::from_utf8_lossy(&read.stdout).into_owned()
}

/// What it does not read: a name in hanzi within a line of English, however the line runs, for it has no model of both.
fn is_of_both(line: &str, tongue: &str) -> bool {
    tongue == "eng" && line.chars().any(|character| ('一'..='鿿').contains(&character))
}

/// What stands in a headline or a number on the sheets of one size, and what tesseract makes of it.
struct Reader {
    file: tempfile::NamedTempFile,
    wrong: Vec<String>,
    read: usize,
}

impl Reader {
    fn new() -> Self {
        let file = tempfile::Builder::new().suffix(".png").tempfile().expect("a file");
        Self { file, wrong: Vec::new(), read: 0 }
    }

    /// All of them on one page, as a book has them; what is read otherwise once more, each alone.
    fn reads(&mut self, lines: &[(String, Picture)], tongue: &str, what: &str) {
        Picture::page(lines.iter().map(|(_, picture)| picture)).write(self.file.path());
        let page = read_by_tesseract(self.file.path(), (tongue, "6"));
        let page: Vec<String> = page.lines().map(solid).filter(|line| !line.is_empty()).collect();
        for (wanted, picture) in lines.iter().filter(|(wanted, _)| !is_of_both(wanted, tongue)) {
            self.read += 1;
            if page.contains(&solid(wanted)) {
                continue;
            }
            // As a line, as a block of text, as a line and nothing made of it; and once more in smaller type.
            let mut alone = Vec::new();
            for picture in [Picture::page([picture]), Picture::page([&picture.three_quarters()])] {
                picture.write(self.file.path());
                let read = |as_what| solid(&read_by_tesseract(self.file.path(), (tongue, as_what)));
                alone.extend(["7", "6", "13"].map(read));
            }
            if !alone.contains(&solid(wanted)) {
                self.wrong.push(format!("{what}: {wanted} is read as {alone:?}"));
            }
        }
    }

    fn sheets(
        &mut self,
        purpose: Purpose,
        (language, tongue): (Language, &str),
        size: (usize, usize),
        kinds: &[SceneKind],
    ) {
        let mut type_ = Typesetter::new(&[], language);
        let style = style(purpose, language, false);
        let (mut headlines, mut numbers) = (Vec::new(), Vec::new());
        for kind in kinds {
            let scene = full(*kind, language);
            let sheet = drawn(&scene, &style, size, &mut type_);
            let picture = Picture::of(&sheet.frame);
            // The headline is the first that is larger than name and time.
            let headline = sheet.texts.iter().find(|placed| {
                &*placed.text != "10:24" && Some(&*placed.of) != style.brand.as_ref().map(|brand| brand.name.as_str())
            });
            let headline = headline.expect("a headline").of.clone();
            for placed in &sheet.texts {
                let line = || {
                    let line = picture.dark_on_light(placed.within);
                    let step = (line.height() / 48).max(1);
                    (placed.text.to_string(), line.smaller(step))
                };
                if placed.of == headline && !headlines.iter().any(|(text, _)| *text == *placed.text) {
                    headlines.push(line());
                }
                if &*placed.of == "A036" && numbers.is_empty() {
                    numbers.push(line());
                }
            }
        }
        self.reads(&headlines, tongue, &format!("{purpose:?} {language:?} {size:?}"));
        if !numbers.is_empty() {
            self.reads(&numbers, "eng", &format!("{purpose:?} {language:?} {size:?}"));
        }
    }

    fn ends(self) {
        println!("{} lines read", self.read);
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
    }
}

/// Without blanks, and points as a keyboard has them.
fn solid(text: &str) -> String {
    let narrow = |character| match character {
        '，' => ',',
        '？' => '?',
        other => other,
    };
    text.chars().filter(|character| !character.is_whitespace()).map(narrow).collect()
}

const TONGUES: [(Language, &str); 2] = [(Language::ZhHans, "chi_sim"), (Language::En, "eng")];

#[test]
fn tesseract_reads_headline_and_number_of_the_large_sheets_as_they_were_meant() {
    let mut reader = Reader::new();
    for tongue in TONGUES {
        reader.sheets(Purpose::Hospital, tongue, (800, 480), &SceneKind::ALL);
    }
    let few = [SceneKind::Admitted, SceneKind::NotFound, SceneKind::OutOfOrder];
    reader.sheets(Purpose::Hospital, TONGUES[0], (1080, 1920), &few);
    reader.ends();
}

#[test]
#[ignore = "every headline on every large sheet: minutes where nothing is optimised"]
fn tesseract_reads_every_headline_and_number_of_every_large_sheet() {
    let mut reader = Reader::new();
    for size in [(800, 480), (1024, 600), (600, 1024), (1080, 1920), (1920, 1080)] {
        for tongue in TONGUES {
            reader.sheets(Purpose::Hospital, tongue, size, &SceneKind::ALL);
            reader.sheets(Purpose::Transit, tongue, size, &SceneKind::ALL);
        }
    }
    reader.ends();
}

#[test]
fn a_phone_reads_the_code_on_every_glass_in_standard_and_in_large_type() {
    let file = tempfile::Builder::new().suffix(".png").tempfile().expect("a file");
    let mut type_ = Typesetter::new(&[], Language::ZhHans);
    let scene = full(SceneKind::OtherWay, Language::ZhHans);
    for size in SIZES {
        for large in [false, true] {
            let style = hospital(Language::ZhHans, large);
            let pages = drawn(&scene, &style, size, &mut type_).pages;
            let read = |page| {
                let frame = sheet(&scene, &style, size, &passing(&scene, page), &mut type_).frame;
                Picture::of(&frame).write(file.path());
                read_by_zbar(file.path())
            };
            assert!((0..pages).map(read).any(|read| read == ANOTHER_WAY), "{size:?} {large}");
        }
    }
}

#[test]
fn a_second_of_a_countdown_and_a_minute_of_the_clock_change_little_of_the_glass() {
    let mut type_ = Typesetter::new(&[], Language::ZhHans);
    for size in [(240, 320), (800, 480), (1080, 1920)] {
        let area = |rects: Vec<facemchd::device::panel::Rect>| -> usize {
            rects.iter().map(|rect| rect.width * rect.height).sum()
        };
        let style = hospital(Language::ZhHans, false);
        let mut at = |scene: &Scene, time: &str| {
            let whole = Some(Duration::from_secs(30));
            sheet(scene, &style, size, &Passing { time: Some(time.to_owned()), whole, page: 0 }, &mut type_).frame
        };
        let left = |seconds| {
            let stands = Some(Duration::from_secs(seconds));
            Scene { stands, ..full(SceneKind::Choose, Language::ZhHans) }
        };
        let changed = area(at(&left(21), "10:24").changes(&at(&left(22), "10:24"), (1, 1)));
        assert!(changed > 0 && changed * 12 < size.0 * size.1, "{changed} of {size:?}");
        let idle = Scene::of(SceneKind::Idle);
        let changed = area(at(&idle, "10:25").changes(&at(&idle, "10:24"), (1, 1)));
        assert!(changed > 0 && changed * 50 < size.0 * size.1, "{changed} of {size:?}");
        assert!(at(&idle, "10:25").changes(&at(&idle, "10:25"), (1, 1)).is_empty());
    }
}

#[test]
#[ignore = "writes what is to be looked at into the folder LOOK"]
fn look() {
    let folder = PathBuf::from(std::env::var_os("LOOK").expect("LOOK"));
    fs::create_dir_all(&folder).expect("a folder");
    let glass = std::env::var("GLASS").ok();
    let is_wanted =
        |size: &(usize, usize)| glass.as_ref().is_none_or(|glass| *glass == format!("{}x{}", size.0, size.1));
    let sizes = SIZES.into_iter().filter(is_wanted);
    for (size, language) in sizes.flat_map(|size| Language::ALL.map(|language| (size, language))) {
        let mut type_ = Typesetter::new(&[], language);
        for (purpose, large) in [false, true].into_iter().flat_map(|large| purposes(size).map(move |at| (at, large))) {
            let style = style(purpose, language, large);
            let scenes = all(purpose, language);
            let mut pictures = Vec::new();
            for (_, scene) in &scenes {
                let pages = plan(scene, &style, size, &passing(scene, 0), &mut type_).pages;
                let drawn = |page| Picture::of(&sheet(scene, &style, size, &passing(scene, page), &mut type_).frame);
                pictures
                    .extend((0..pages).map(drawn).map(|picture| picture.smaller((size.0.max(size.1) / 640).max(1))));
            }
            let name =
                format!("{purpose:?}-{}x{}-{language:?}{}.png", size.0, size.1, if large { "-large" } else { "" });
            Picture::sheet(&pictures, 6).write(&folder.join(name));
        }
    }
}
