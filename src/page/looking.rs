//! Who looks at a lane's page; and when nobody has for a while.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc::Sender, watch},
    time::timeout,
};

use crate::{
    fault::{Code, Failure},
    kiosk::{Device, Input},
    terminal::Witness,
    words::LaneId,
};

/// How long a page may be without a browser: one that starts again, or loads anew, takes so long on a small board.
const PATIENCE: Duration = Duration::from_secs(15);

/// How many look.
#[derive(Clone, Default)]
pub(super) struct Lookers(Arc<watch::Sender<u32>>);

/// Somebody who looks, for as long as this is kept.
pub(super) struct Looking(Lookers);

impl Lookers {
    pub(super) fn count(&self) -> u32 {
        *self.0.borrow()
    }

    /// One more.
    pub(super) fn comes(&self) -> Looking {
        self.0.send_modify(|count| *count = count.saturating_add(1));
        Looking(self.clone())
    }

    /// Tells when nobody has looked for a while, as of a panel that is not there, and when somebody does again.
    pub(super) async fn watch(self, lane: LaneId, inputs: Sender<Input>, witness: Arc<dyn Witness>) {
        self.watch_for(PATIENCE, lane, inputs, witness).await;
    }

    async fn watch_for(self, patience: Duration, lane: LaneId, inputs: Sender<Input>, witness: Arc<dyn Witness>) {
        let mut count = self.0.subscribe();
        let changed = |fault: Option<&Failure>| Input::DeviceChanged {
            lane,
            device: Device::Panel,
            fault: fault.map(Failure::trouble),
        };
        while until(&mut count, |count| *count == 0).await {
            if matches!(timeout(patience, until(&mut count, |count| *count > 0)).await, Ok(true)) {
                continue;
            }
            let failure = Failure::from(Code::D630);
            witness.failed("nobody shows the lane's page", &failure);
            let told = inputs.send(changed(Some(&failure))).await.is_ok();
            if !told || !until(&mut count, |count| *count > 0).await || inputs.send(changed(None)).await.is_err() {
                return;
            }
            witness.mended("the lane's page is shown again", Code::D630);
        }
    }
}

/// False where it will never be so.
async fn until(count: &mut watch::Receiver<u32>, is: impl FnMut(&u32) -> bool) -> bool {
    count.wait_for(is).await.is_ok()
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::mpsc, time::sleep};

    use super::*;

    #[test]
    fn a_page_that_nobody_shows_is_a_panel_that_is_not_there_until_somebody_does() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let lookers = Lookers::default();
            let (inputs, mut told) = mpsc::channel(4);
            let patience = Duration::from_millis(60);
            let watching = tokio::spawn(lookers.clone().watch_for(patience, LaneId(1), inputs, Arc::new(())));
            // Whoever loads the page anew is away for less than that.
            for _ in 0..3 {
                let looking = lookers.comes();
                tokio::task::yield_now().await;
                drop(looking);
                sleep(patience / 6).await;
            }
            assert!(told.try_recv().is_err());
            let fault = |input: Option<Input>| match input {
                Some(Input::DeviceChanged { lane: LaneId(1), device: Device::Panel, fault }) => {
                    fault.map(|trouble| trouble.code)
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(fault(told.recv().await), Some(Code::D630));
            let _looking = lookers.comes();
            assert_eq!(fault(told.recv().await), None);
            watching.abort();
        });
    }
}
