//! The site file of a sandboxed kiosk: one hospital lane, one transit lane, the simulated board.

use std::path::{Path, PathBuf};

use super::{
    interfaces::{self, Interface},
    keys::{World, numbers},
    weixin::{APIV2_KEY, SECRET},
};
use crate::files;

/// What a sandboxed site is made of.
pub struct SiteFile<'a> {
    /// Keys and numbers.
    pub world: &'a World,
    /// The sandbox WeChat's address.
    pub wechat: &'a str,
    /// The site system's address.
    pub hospital: &'a str,
    /// The sandbox of the mini-program's calls.
    pub weixin: &'a str,
    /// Where keys, sockets, journal and pictures lie.
    pub folder: &'a Path,
}

/// The lanes of a sandboxed site, in order.
pub const LANES: [&str; 2] = ["kiosk-1", "gate-1"];

/// A lane of the kiosk in a browser.
pub(crate) struct PageLane {
    pub(crate) name: &'static str,
    /// What it is to somebody who reads of it.
    pub(crate) about: &'static str,
    /// Its panel, one of [`PANELS`], where nobody chose another.
    panel: &'static str,
}

/// The lanes of the kiosk in a browser, in order.
pub(crate) const PAGE_LANES: [PageLane; 4] = [
    PageLane { name: "kiosk-1", about: "hospital kiosk", panel: "st7920" },
    PageLane { name: "gate-1", about: "station gate", panel: "ssd1306" },
    PageLane { name: "kiosk-2", about: "hospital kiosk, another series", panel: "hdmi" },
    PageLane {
        name: "kiosk-3",
        about: "hospital kiosk, a third series",
        panel: if cfg!(feature = "page") { PAGE } else { "st7789" },
    },
];

/// The panels that a lane of the kiosk in a browser may have: those of its board, and the daemon's own page.
pub(crate) const PANELS: [&str; 8] =
    ["st7920", "ssd1306", "sh1106", "st7789", "ili9341", "hdmi", "hdmi-portrait", PAGE];

/// The daemon's own page.
const PAGE: &str = "page";

/// Which panels somebody chose, by lane.
pub(crate) type Chosen = [(String, String)];

impl PageLane {
    /// Its panel.
    pub(crate) fn panel<'a>(&'a self, chosen: &'a Chosen) -> &'a str {
        chosen.iter().rfind(|(lane, _)| lane == self.name).map_or(self.panel, |(_, panel)| panel)
    }
}

/// The key between kiosk and site system.
pub const HMAC_KEY: &[u8] = b"a key that kiosk and hospital share";

impl SiteFile<'_> {
    /// Writes keys, certificates and the site file; returns the site file's path.
    pub fn write(&self, authority_pem: &str) -> std::io::Result<PathBuf> {
        let keys = self.folder.join("keys");
        files::make_folder(&keys)?;
        self.world.write_to(&keys)?;
        files::write_public(&keys.join("ca.pem"), authority_pem.as_bytes())?;
        super::keys::write_private(&keys.join("checkin.hmac"), HMAC_KEY)?;
        super::keys::write_private(&keys.join("weixin.secret"), SECRET.as_bytes())?;
        super::keys::write_private(&keys.join("apiv2.key"), APIV2_KEY.as_bytes())?;
        let file = self.folder.join("site.toml");
        files::write_public(&file, self.text().as_bytes())?;
        Ok(file)
    }

    /// The same, and a lane more for each hospital that is asked in its own interface.
    pub(crate) fn write_for_morning(&self, authority_pem: &str, own: &[Interface]) -> std::io::Result<PathBuf> {
        let file = self.write(authority_pem)?;
        super::keys::write_private(
            &self.folder.join("keys").join(interfaces::SECRET.0),
            interfaces::SECRET.1.as_bytes(),
        )?;
        let checkins: String = own.iter().map(Interface::checkin).collect();
        let lanes: String = own.iter().map(Interface::lane).collect();
        let text = self.text().replacen("[checkin]", "[[checkin]]\nname = \"site\"", 1);
        let text = text.replace("\nmode = ", "\ncheckin = \"site\"\nmode = ");
        let text = text.replacen("[privacy]", &format!("{checkins}[privacy]"), 1);
        files::write_public(&file, format!("{text}{lanes}").as_bytes())?;
        Ok(file)
    }

    /// The same for the kiosk in a browser, with a board of its own, WeChat's backup domain, and panels as they were chosen.
    pub(crate) fn write_for_page(
        &self,
        authority_pem: &str,
        backup: &str,
        chosen: &Chosen,
    ) -> std::io::Result<PathBuf> {
        let file = self.write(authority_pem)?;
        let board = self.folder.join("board");
        files::make_folder(&board.join("printers"))?;
        files::write_public(&board.join("page.toml"), include_str!("assets/board.toml").as_bytes())?;
        let profile = include_str!("../../board/printers/simulated.toml");
        files::write_public(&board.join("printers/simulated.toml"), profile.as_bytes())?;
        let text = self.text();
        let common = text.split("[[lane]]").next().unwrap_or_default();
        let board = format!("board = \"{}\"", board.join("page.toml").display());
        let common = common.replacen("board = \"simulated\"", &board, 1);
        let domains = format!("[wechatpay]\nbackup-url = \"{backup}\"");
        let common = common.replacen("[wechatpay]", &domains, 1);
        let panels: Vec<&str> = PAGE_LANES.iter().map(|lane| lane.panel(chosen)).collect();
        let lanes = panels.iter().fold(include_str!("assets/lanes.toml").to_owned(), |text, panel| {
            text.replacen("panel = \"board\"", &format!("panel = \"{panel}\""), 1)
        });
        let page = match panels.contains(&PAGE) {
            true => format!("[page]\nlisten = \"unix:{}\"\n\n", Self::page(self.folder).display()),
            false => String::new(),
        };
        files::write_public(&file, format!("{common}{page}{lanes}").as_bytes())?;
        Ok(file)
    }

    /// Where the daemon serves its lanes' pages.
    pub(crate) fn page(folder: &Path) -> PathBuf {
        folder.join("page.sock")
    }

    /// Where a lane's page is served, where that is its panel.
    pub(crate) fn page_of(folder: &Path, lane: &PageLane, chosen: &Chosen) -> Option<PathBuf> {
        (lane.panel(chosen) == PAGE).then(|| Self::page(folder))
    }

    /// The path of a lane's socket.
    pub fn socket(folder: &Path, lane: &str) -> PathBuf {
        folder.join(format!("{lane}.sock"))
    }

    /// What of a name may be seen is the default on the panel and everything on the slip: its people are invented.
    fn text(&self) -> String {
        let Self { world, wechat, hospital, weixin, .. } = self;
        let [kiosk, gate] = LANES;
        format!(
            r#"board = "simulated"
state-dir = "state"

[merchant]
mchid = "{mchid}"
serial-no = "{serial_no}"
appid = "{appid}"
sub-mchid = "{sub_mchid}"
sub-appid = "{sub_appid}"
sub-serial-no = "{sub_serial_no}"

[keys]
sign = "keys/sign.key.pem"
decrypt = "keys/decrypt.key.pem"
certificate = "keys/sign.crt.pem"
decrypt-certificate = "keys/decrypt.crt.pem"

[wechatpay]
base-url = "{wechat}"
public-key-id = "{public_key_id}"
public-key = "keys/wechatpay.pub.pem"
ca-file = "keys/ca.pem"

[weixin]
base-url = "{weixin}"
ca-file = "keys/ca.pem"
appid = "{sub_appid}"
token = {{ stable-token = "keys/weixin.secret" }}
mch-id = "{sub_mchid}"
cert-serialno = "{sub_serial_no}"
key = "keys/decrypt.key.pem"

[authinfo]
base-url = "{weixin}"
ca-file = "keys/ca.pem"
key = "keys/apiv2.key"
store-id = "clinic3"
store-name = "内科"

[checkin]
settle-ms = 2000
adapter = "http"
url = "{hospital}"
ca-file = "keys/ca.pem"
hmac-key = "keys/checkin.hmac"

[privacy]
panel-name = "masked"
slip-name = "full"

[simulated]
out = "."
allow-names = true

[[lane]]
name = "{kiosk}"
mode = "hospital"
series = "A"
terminal = "unix:{kiosk}.sock"
panel = "board"
printer = "board"
other-way-qr = "https://his.example/pages/checkin"
other-ways = ["id-card", "voucher"]

[[lane]]
name = "{gate}"
mode = "transit"
terminal = "unix:{gate}.sock"
panel = "board"
gate = "board"
"#,
            mchid = numbers::MCHID,
            serial_no = world.provider.serial_no,
            appid = numbers::APPID,
            sub_mchid = numbers::SUB_MCHID,
            sub_appid = numbers::SUB_APPID,
            sub_serial_no = world.sub.serial_no,
            public_key_id = world.public_key_id,
        )
    }
}
