//! A full scene on the largest glass, beside a copy of as many bytes.

use std::{hint::black_box, time::Duration};

use facemchd::{
    device::{
        Typesetter,
        panel::{Passing, Style, sheet},
    },
    kiosk::{NextStep, Scene, SceneKind},
    words::{Language, NameStyle, RealName, Text},
};

use super::{Verdict, limit, lookups, median, micros};

const SIZE: (usize, usize) = (1080, 1920);

const ROUNDS: usize = 30;

/// A scene takes at most so long, and so many times a copy of its dots.
const MOST: Duration = Duration::from_millis(60);
const COPIES: f64 = 60.0;

/// Scenes on the largest glass, a new number each time.
pub struct Large(Typesetter);

impl Large {
    pub fn new() -> Self {
        Self(Typesetter::new(&[], Language::ZhHans))
    }

    pub fn draw(&mut self, scene: &Scene) {
        drop(black_box(sheet(scene, &Style::default(), SIZE, &Passing::default(), &mut self.0)));
    }
}

pub fn admitted(number: usize) -> Scene {
    Scene {
        name: RealName::parse("欧阳若兰").map(|name| name.shown(NameStyle::Masked)),
        number: Some(Text::clean(&format!("A{number:03}"))),
        detail: Some(Text::clean("3楼 内科一诊室")),
        next: Some(NextStep::StaffWindow),
        ..Scene::of(SceneKind::Admitted)
    }
}

pub fn run() -> Verdict {
    let clock = lookups::clock();
    let mut large = Large::new();
    let mut draw = |scene: &Scene| {
        let began = clock.now().moment;
        large.draw(scene);
        clock.now().moment.since(began)
    };
    let first = draw(&admitted(0));
    let mut drawn: Vec<Duration> = (1..=ROUNDS).map(|number| draw(&admitted(number))).collect();
    let dots = vec![0x5A_u8; SIZE.0 * SIZE.1 * 4];
    let mut there = dots.clone();
    let mut copied: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = clock.now().moment;
            black_box(&mut there).copy_from_slice(black_box(&dots));
            clock.now().moment.since(began)
        })
        .collect();
    let (drawn, copied) = (median(&mut drawn), median(&mut copied));
    let ratio = drawn.as_secs_f64() / copied.as_secs_f64();
    println!("a scene on 1080 × 1920, the first, fonts read {}", micros(first));
    println!("a scene on 1080 × 1920                       {} (to reach: {} ms)", micros(drawn), MOST.as_millis());
    println!("a copy of as many dots                       {}: {ratio:.1} times (at most {COPIES})", micros(copied));
    limit(ratio <= COPIES, format!("a scene takes {ratio:.1} copies of its dots"))
}
