//! A sandbox in this process, and a site file that leads a program in another to it.

use std::{fs, path::PathBuf, sync::Arc};

use facemchd::sim::{
    hospital::Hospital,
    keys::World,
    server::Authority,
    site_file::{HMAC_KEY, SiteFile},
    wechat::WeChat,
    weixin::Weixin,
};

use crate::{keys::world, lookups::clock};

/// A sandbox, and a site file that leads to it.
pub struct Sandbox {
    pub folder: tempfile::TempDir,
    pub authority: Authority,
    pub world: Arc<World>,
    pub wechat: WeChat,
    pub hospital: Hospital,
    pub weixin: Weixin,
    pub site: PathBuf,
}

impl Sandbox {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::new().expect("an authority");
        let world = Arc::new(world());
        let wechat = WeChat::start(&authority, Arc::clone(&world), true, clock()).expect("a sandbox");
        let hospital = Hospital::start(&authority, HMAC_KEY).expect("a site system");
        let weixin = Weixin::start(&authority, Arc::clone(&world), clock()).expect("a sandbox");
        let (pay, site_system, mini) = (wechat.url(), hospital.url(), weixin.url());
        let site_file =
            SiteFile { world: &world, wechat: &pay, hospital: &site_system, weixin: &mini, folder: folder.path() };
        let site = site_file.write(&authority.pem()).expect("written");
        Self { folder, authority, world, wechat, hospital, weixin, site }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the site file.
    pub fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(&self.site).expect("readable");
        assert!(text.contains(from), "{from}");
        fs::write(&self.site, text.replace(from, to)).expect("written");
    }
}
