//! Switches, buttons, sensors, staff: what they do to a lane, in sentences.

use std::{sync::Arc, time::Duration};

use facemchd::{
    device::panel::text_lines,
    fault::{Code, Remedy, Trouble},
    kiosk::{
        AckStatus, Button, CardUses, Device, GateOutcome, Input, Intent, LaneSettings, NextStep, OutOfService, Output,
        Phrases, Posting, PrintOutcome, Privacy, Record, SceneKind, Signal, Slip, Unfinished,
    },
    words::{Admission, CheckInAnswer, JobId, Language, Purpose, SessionId, Text},
};

use crate::core::{Core, LANE, admission, choices, hospital, transit};

const SECOND: Duration = Duration::from_secs(1);

fn lane(settings: LaneSettings) -> Core {
    let other_way = Text::payload("https://his.example/pages/checkin");
    let mut core = Core::new(vec![LaneSettings { has_indicators: true, other_way, ..settings }]);
    core.forget();
    core
}

fn out_of_service(core: &mut Core, why: OutOfService, on: bool) {
    core.input(Input::OutOfService { lane: LANE, why, on });
}

fn press(core: &mut Core, button: Button) {
    core.input(Input::Pressed { lane: LANE, button });
}

fn signals(core: &mut Core) -> Vec<Signal> {
    let of = |output| match output {
        Output::Indicate { signal, .. } => Some(signal),
        _ => None,
    };
    core.outputs().into_iter().filter_map(of).collect()
}

fn annuls(core: &mut Core) -> Vec<SessionId> {
    let of = |output| match output {
        Output::Annul { session, .. } => Some(session),
        _ => None,
    };
    core.outputs().into_iter().filter_map(of).collect()
}

#[test]
fn a_lane_that_staff_close_says_so_refuses_faces_and_goes_on_when_they_open_it() {
    let mut core = lane(transit());
    out_of_service(&mut core, OutOfService::Closed, true);
    assert_eq!((core.scene().kind, core.scene().next), (SceneKind::Closed, Some(NextStep::OtherLane)));
    core.face("sid-1", 1);
    assert_eq!(core.acks(), [(AckStatus::Refused, None, Some(Code::X010))]);
    out_of_service(&mut core, OutOfService::Maintenance, true);
    assert_eq!(core.scene().kind, SceneKind::Maintenance, "the graver one counts");
    out_of_service(&mut core, OutOfService::Maintenance, false);
    out_of_service(&mut core, OutOfService::Closed, false);
    assert_eq!(core.scene().kind, SceneKind::Idle);
    assert!(core.face("sid-2", 2).is_some());
}

#[test]
fn while_nobody_is_served_a_lane_tells_its_hours_and_a_notice_in_its_own_language() {
    let text = |text: &str| Some(Text::clean(text));
    let posting =
        Posting { hours: text("08:00-17:00"), chinese: text("今日口腔科停诊"), english: text("No dentist") };
    let shown = |language| {
        let phrases = Phrases::shipped(language, Purpose::Hospital);
        let mut core = lane(LaneSettings { phrases: Arc::clone(&phrases), ..hospital() });
        core.input(Input::Posted { lane: LANE, posting: posting.clone() });
        let idle = text_lines(&core.scene(), &phrases);
        out_of_service(&mut core, OutOfService::AfterHours, true);
        let closed = text_lines(&core.scene(), &phrases);
        out_of_service(&mut core, OutOfService::Closed, true);
        assert_eq!(core.scene().code, Some(Code::X010), "what somebody did is graver");
        [idle, closed].map(|lines| lines.map(|line| line.trim_end().to_owned()))
    };
    assert_eq!(
        shown(Language::ZhHans),
        [
            ["", "请正对摄像头", "开放 08:00-17:00", "今日口腔科停诊"],
            ["不在开放时间", "", "开放 08:00-17:00", "请到分诊台  X012"]
        ]
        .map(|lines| lines.map(str::to_owned))
    );
    let [idle, closed] = shown(Language::En);
    assert_eq!((&*idle[2], &*idle[3], &*closed[0]), ("Open 08:00-17:00", "No dentist", "Outside hours"));
    let mut core = lane(hospital());
    core.known("sid-1", 1, "张三");
    core.input(Input::Posted { lane: LANE, posting });
    assert_eq!(core.scene().hours, None, "nobody's visit is disturbed");
}

#[test]
fn whoever_is_served_when_staff_close_the_lane_is_served_to_the_end() {
    let mut core = lane(hospital());
    let session = core.known("sid-1", 1, "张三");
    out_of_service(&mut core, OutOfService::Closed, true);
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!((core.scene().kind, core.effects()), (SceneKind::Admitted, 1));
    core.pass(10 * SECOND);
    assert_eq!(core.scene().kind, SceneKind::Closed);
}

#[test]
fn fire_ends_what_is_undecided_shows_the_way_out_and_opens_nothing() {
    let mut core = lane(transit());
    let asked = core.face("sid-1", 1).expect("a session");
    core.forget();
    out_of_service(&mut core, OutOfService::Emergency, true);
    assert_eq!(core.scenes().iter().map(|scene| scene.kind).collect::<Vec<_>>(), [SceneKind::Evacuate]);
    assert_eq!((core.outcome().result.as_str(), core.outcome().code), ("failed", Some(Code::G807)));
    assert_eq!(core.closed(asked), Some("failed"));
    core.face("sid-2", 2);
    assert_eq!(core.acks().last().expect("an ack").2, Some(Code::G807));
    out_of_service(&mut core, OutOfService::Emergency, false);
    assert_eq!(core.scene().kind, SceneKind::Idle);
}

#[test]
fn whom_the_site_admits_during_a_fire_is_not_let_through_by_us() {
    let mut core = lane(transit());
    let session = core.known("sid-1", 1, "张三");
    core.disk_stopped = true;
    core.answer(session, CheckInAnswer::Admitted(Admission::default()));
    core.forget();
    out_of_service(&mut core, OutOfService::Emergency, true);
    core.disk_stopped = false;
    core.sync();
    assert_eq!(core.effects(), 0);
    assert_eq!(core.scene().kind, SceneKind::Evacuate);
    assert_eq!(annuls(&mut core), [session]);
    core.input(Input::Annulled { session, result: Ok(()) });
    core.pass(SECOND);
    assert_eq!((core.closed(session), core.outcome().code), (Some("annulled"), Some(Code::G807)));
}

#[test]
fn other_scenes_do_not_hide_the_way_out() {
    let mut core = lane(transit());
    out_of_service(&mut core, OutOfService::Emergency, true);
    core.forget();
    press(&mut core, Button::OtherWay);
    press(&mut core, Button::CallStaff);
    core.input(Input::GateAlarmed { lane: LANE, session: None, alarm: GateOutcome::Tailgated });
    core.pass(60 * SECOND);
    assert!(core.scenes().is_empty());
}

#[test]
fn not_by_face_offers_the_other_way_and_ends_what_is_undecided() {
    let mut core = lane(hospital());
    press(&mut core, Button::OtherWay);
    let scene = core.scene();
    assert_eq!((scene.kind, scene.next), (SceneKind::OtherWay, Some(NextStep::ScanCode)));
    assert_eq!(scene.qr, Text::payload("https://his.example/pages/checkin"));
    core.pass(21 * SECOND);
    assert_eq!(core.scene().kind, SceneKind::Idle);
    let session = core.face("sid-1", 1).expect("a session");
    press(&mut core, Button::OtherWay);
    assert_eq!(core.closed(session), Some("cancelled"));
    assert_eq!((core.scene().kind, core.scene().qr.is_some()), (SceneKind::OtherWay, true));
}

#[test]
fn whoever_may_not_be_asked_about_at_wechat_is_shown_the_other_way() {
    let mut core = lane(hospital());
    let session = core.face("sid-1", 1).expect("a session");
    core.input(Input::Found { session, result: Err(Code::N321.into()) });
    assert_eq!((core.scene().next, core.scene().qr.is_some()), (Some(NextStep::ScanCode), true));
}

#[test]
fn advice_names_only_ways_in_that_exist_here() {
    let qr = Text::payload("https://his.example/pages/checkin");
    let card = CardUses { alone: true, ..hospital().card };
    for (settings, next) in [
        (hospital(), NextStep::StaffWindow),
        (LaneSettings { other_way: qr.clone(), ..hospital() }, NextStep::ScanCode),
        (LaneSettings { offers_vouchers: true, ..hospital() }, NextStep::ScanCode),
        (LaneSettings { card, ..hospital() }, NextStep::IdCard),
        (LaneSettings { card, offers_vouchers: true, ..hospital() }, NextStep::OtherWay),
    ] {
        let mut core = Core::new(vec![settings]);
        let session = core.face("sid-1", 1).expect("a session");
        core.input(Input::Found { session, result: Err(Code::N321.into()) });
        assert_eq!((core.scene().kind, core.scene().next), (SceneKind::Failed, Some(next)));
        core.pass(60 * SECOND);
        press(&mut core, Button::OtherWay);
        assert_eq!((core.scene().kind, core.scene().next), (SceneKind::OtherWay, Some(next)));
    }
}

#[test]
fn once_the_site_is_asked_not_by_face_changes_nothing() {
    let mut core = lane(hospital());
    let session = core.known("sid-1", 1, "张三");
    core.forget();
    press(&mut core, Button::OtherWay);
    assert!(core.outputs().is_empty());
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    assert_eq!(core.scene().kind, SceneKind::Admitted);
}

#[test]
fn a_button_picks_an_option() {
    let mut core = lane(hospital());
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, choices(&["内科", "眼科"]));
    press(&mut core, Button::Choice(2));
    assert_eq!(core.check_ins().last().expect("asked again").choice, Some(Text::clean("眼科")));
    core.forget();
    press(&mut core, Button::Choice(3));
    assert!(core.check_ins().is_empty() && core.acks().is_empty(), "nobody to tell, nothing to do");
}

#[test]
fn staff_are_called_by_light_and_sound_without_a_word_about_who() {
    let mut core = lane(hospital());
    press(&mut core, Button::CallStaff);
    assert_eq!(core.scene().kind, SceneKind::StaffCalled);
    assert!(signals(&mut core).contains(&Signal::CallStaff));
    let session = core.known("sid-1", 1, "张三");
    core.forget();
    press(&mut core, Button::CallStaff);
    assert_eq!((core.scenes().len(), signals(&mut core)), (0, vec![Signal::CallStaff]), "the scene stays");
    core.answer(session, CheckInAnswer::NotFound);
    assert_eq!(signals(&mut core), [Signal::Denied]);
}

#[test]
fn lights_say_what_the_panel_says() {
    let mut core = lane(hospital());
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Admitted(admission("A001")));
    core.printed(PrintOutcome::Printed);
    core.pass(10 * SECOND);
    assert_eq!(signals(&mut core), [Signal::Working, Signal::Working, Signal::Success, Signal::Ready]);
    core.input(Input::PaperLow { lane: LANE, low: true });
    assert_eq!(signals(&mut core).last(), Some(&Signal::PaperLow));
    core.input(Input::DeviceChanged { lane: LANE, device: Device::Printer, fault: Some(Code::P702.into()) });
    assert_eq!(signals(&mut core), [Signal::Fault]);
}

#[test]
fn one_device_that_is_well_again_does_not_open_a_lane_whose_other_one_is_not() {
    let mut core = lane(hospital());
    let change = |core: &mut Core, device, fault| {
        core.input(Input::DeviceChanged { lane: LANE, device, fault: Option::map(fault, Trouble::from) })
    };
    change(&mut core, Device::Printer, Some(Code::P702));
    assert_eq!((core.scene().kind, core.scene().code), (SceneKind::OutOfOrder, Some(Code::P702)));
    change(&mut core, Device::Panel, Some(Code::D601));
    change(&mut core, Device::Printer, None);
    core.face("sid-1", 1);
    assert_eq!(core.acks().last().expect("an ack").2, Some(Code::D601));
    change(&mut core, Device::Panel, None);
    assert_eq!(core.scene().kind, SceneKind::Idle);
}

#[test]
fn a_device_that_hangs_and_one_that_fails_are_apart_and_each_is_known_since_when() {
    let mut core = lane(hospital());
    let trouble = |code: Code| Some(Trouble::from(code));
    core.input(Input::DeviceChanged { lane: LANE, device: Device::Printer, fault: trouble(Code::P702) });
    core.pass(SECOND);
    core.input(Input::DeviceHangs { lane: LANE, device: Device::Printer, trouble: trouble(Code::P701) });
    assert_eq!(core.scene().code, Some(Code::P701));
    core.pass(SECOND);
    let moment = core.moment();
    core.input(Input::DeviceHangs { lane: LANE, device: Device::Printer, trouble: None });
    assert_eq!((core.scene().kind, core.scene().code), (SceneKind::OutOfOrder, Some(Code::P702)), "still no paper");
    core.pass(SECOND);
    let health = core.view().devices[&Device::Printer];
    assert_eq!((health.fault(), health.since(), health.failures()), (Some(Code::P702), moment, 3));
    core.input(Input::DeviceChanged { lane: LANE, device: Device::Printer, fault: None });
    let health = core.view().devices[&Device::Printer];
    assert_eq!((health.fault(), health.last()), (None, Some(Code::P702)), "what was wrong last is remembered");
    assert_eq!(core.scene().kind, SceneKind::Idle);
}

#[test]
fn what_visits_came_to_is_counted_once_and_frames_that_had_no_effect_apart() {
    let mut core = lane(hospital());
    let session = core.known("sid-1", 1, "张三");
    core.disk_stopped = true;
    core.answer(session, CheckInAnswer::NotFound);
    core.fail_disk();
    core.disk_stopped = false;
    core.sync();
    out_of_service(&mut core, OutOfService::Closed, true);
    core.face("sid-2", 2);
    let tally = core.view().tally;
    let ends: u64 = tally.results.values().map(|of| of.count).sum();
    assert_eq!(ends, 1, "{tally:?}");
    assert_eq!(tally.refused.get(&Code::X010).map(|of| of.count), Some(1));
    assert_eq!(core.view().out_of_service.keys().collect::<Vec<_>>(), [&OutOfService::Closed]);
}

#[test]
fn when_nobody_goes_through_the_check_in_is_taken_back_after_the_journal_knows() {
    let mut core = lane(transit());
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Admitted(Admission::default()));
    assert_eq!(core.outcome().result.as_str(), "checked_in");
    core.disk_stopped = true;
    core.forget();
    core.input(Input::Gated { session, outcome: GateOutcome::Expired });
    assert!(annuls(&mut core).is_empty());
    core.sync();
    assert_eq!(annuls(&mut core), [session]);
    core.input(Input::Annulled { session, result: Err(Code::H901) });
    assert_eq!(annuls(&mut core), [session], "asked again later");
    core.disk_stopped = false;
    core.input(Input::Annulled { session, result: Ok(()) });
    assert_eq!((core.outcome().result.as_str(), core.outcome().code), ("annulled", Some(Code::G803)));
    assert_eq!(core.closed(session), Some("annulled"));
}

#[test]
fn a_check_in_that_was_to_be_taken_back_is_taken_back_after_a_restart() {
    let session = SessionId { run: 9, serial: 3 };
    let left = Unfinished {
        reached_check_in: true,
        decided: Some((facemchd::kiosk::OutcomeResult::CheckedIn, None)),
        to_annul: Some(Code::G803),
        ..Unfinished::opened(session, LANE)
    };
    let mut core = Core::restarted(vec![transit()], 10, vec![left]);
    assert_eq!(annuls(&mut core), [session]);
    for _ in 0..6 {
        core.input(Input::Annulled { session, result: Err(Code::H901) });
    }
    assert_eq!(core.closed(session), Some("unknown"), "staff look it up");
}

#[test]
fn whoever_goes_through_keeps_the_check_in_and_whoever_follows_is_recorded() {
    let mut core = lane(transit());
    let session = core.known("sid-1", 1, "张三");
    core.answer(session, CheckInAnswer::Admitted(Admission::default()));
    core.input(Input::Gated { session, outcome: GateOutcome::Passed });
    assert_eq!(core.closed(session), Some("checked_in"));
    core.pass(10 * SECOND);
    core.input(Input::GateAlarmed { lane: LANE, session: Some(session), alarm: GateOutcome::Tailgated });
    assert_eq!((core.scene().kind, core.scene().code), (SceneKind::OneByOne, Some(Code::G804)));
    core.pass(SECOND);
    core.known("sid-2", 2, "李四");
    let followed = |record: &Record| matches!(record, Record::Gated { outcome: GateOutcome::Tailgated, .. });
    assert!(core.journal.iter().any(followed));
}

#[test]
fn a_slip_is_printed_again_only_when_staff_ask_and_its_fate_is_recorded() {
    let mut core = lane(hospital());
    let job = JobId { session: SessionId { run: 9, serial: 3 }, copy: 1 };
    let slip = Slip { admission: admission("A007"), reprint: true, ..Slip::default() };
    core.input(Input::Reprint { lane: LANE, job, slip: Box::new(slip.clone()) });
    core.input(Input::Reprint { lane: LANE, job, slip: Box::new(slip) });
    assert_eq!(core.effects(), 1, "the same copy once");
    core.printed(PrintOutcome::Printed);
    core.known("sid-1", 1, "张三");
    let printed = |record: &Record| matches!(record, Record::Printed { job: of, .. } if *of == job);
    assert!(core.journal.iter().any(printed));
}

#[test]
fn an_unhurried_lane_gives_twice_the_time_and_shows_no_name_longer_than_ten_seconds() {
    let privacy = Privacy { wipe_after: 8 * SECOND, ..Privacy::default() };
    let unhurried = LaneSettings { privacy, ..hospital() }.unhurried();
    assert_eq!(unhurried.privacy.wipe_after, 10 * SECOND);
    for (settings, times) in [(hospital(), 1), (unhurried, 2)] {
        let mut core = lane(LaneSettings { intent: Some(Intent::Start), ..settings });
        press(&mut core, Button::OtherWay);
        assert_eq!(core.scene().stands, Some(times * 20 * SECOND));
        core.pass(times * 20 * SECOND);
        press(&mut core, Button::CallStaff);
        assert_eq!(core.scene().stands, Some(times * 20 * SECOND));
        core.pass(times * 20 * SECOND);
        press(&mut core, Button::Start);
        assert_eq!(core.scene().stands, Some(times * 15 * SECOND));
        core.pass(times * 14 * SECOND);
        let session = core.known("sid-1", 1, "张三");
        core.answer(session, choices(&["内科", "眼科"]));
        assert_eq!(core.scene().stands, Some(times * 30 * SECOND));
    }
}

#[test]
fn a_printer_that_prints_again_by_itself_is_waited_for_and_any_other_keeps_nobody_out() {
    for (code, scene) in [
        (Code::P702, Some(SceneKind::OutOfOrder)),
        (Code::P703, Some(SceneKind::OutOfOrder)),
        (Code::P701, None),
        (Code::P704, None),
    ] {
        let mut core = lane(hospital());
        core.input(Input::DeviceChanged { lane: LANE, device: Device::Printer, fault: Some(code.into()) });
        assert_eq!(core.scenes().last().map(|shown| shown.kind), scene, "{code}");
    }
}

#[test]
fn what_the_person_does_is_the_remedys_whatever_the_code() {
    for (remedy, scene, next) in [
        (Remedy::Again, SceneKind::LookAgain, NextStep::LookAgain),
        (Remedy::Wait, SceneKind::TookTooLong, NextStep::LookAgain),
        (Remedy::OtherWay, SceneKind::Failed, NextStep::ScanCode),
        (Remedy::Staff, SceneKind::Failed, NextStep::StaffWindow),
    ] {
        for code in [Code::N304, Code::K405, Code::H901] {
            let mut core = lane(hospital());
            let session = core.face("sid-1", 1).expect("a session");
            core.input(Input::Found { session, result: Err(Trouble { code, remedy }) });
            let shown = core.scene();
            // Where a code is to be scanned, the other way is that.
            assert_eq!((shown.kind, shown.next, shown.code), (scene, Some(next), Some(code)));
        }
    }
}
