//! Whose rights count: a technician is root, the daemon is not. Whatever looks at the daemon's files or opens its devices
//! does so as the daemon's user, so that it finds what the daemon will find and leaves nothing behind that the daemon
//! cannot use.

use std::path::Path;

use rustix::{
    process::{Gid, Uid, geteuid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

use super::{Ending, phrases};
use crate::{fault::exit, files};

/// As whom.
#[derive(clap::Args)]
pub(super) struct AsUser {
    #[arg(long, value_name = "USER", help = phrases::help::as_user())]
    user: Option<String>,
}

/// The unit's `User=`.
const DAEMON: &str = "facemchd";

/// The largest file of users or groups, bytes.
const MOST: usize = 4 << 20;

/// A user with its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    name: String,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl AsUser {
    /// Gives up root for the daemon's user, for good, and tells whose rights count now. Called before any thread is
    /// started: rights belong to threads, and new ones inherit them.
    pub(super) fn act(&self) -> Result<String, Ending> {
        if !geteuid().is_root() {
            return Ok(format!("uid {}", geteuid().as_raw()));
        }
        let text = |file: &str| files::read_text(Path::new(file), MOST).unwrap_or_default();
        let wanted = self.user.as_deref().unwrap_or(DAEMON);
        let Some(account) = find(wanted, &text("/etc/passwd"), &text("/etc/group")) else {
            return match &self.user {
                None => Ok(phrases::root_without(DAEMON)),
                Some(user) => Err(Ending { line: phrases::no_such_user(user), exit: exit::USAGE }),
            };
        };
        let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
        let groups: Vec<Gid> = account.groups.iter().copied().map(Gid::from_raw).collect();
        set_thread_groups(&groups)
            .and_then(|()| set_thread_res_gid(gid, gid, gid))
            .and_then(|()| set_thread_res_uid(uid, uid, uid))
            .map_err(|error| Ending::io(&format!("acting as {}", account.name), &error.into()))?;
        Ok(account.name)
    }
}

/// A user by name or number; a number that stands nowhere is a user without further groups.
fn find(wanted: &str, passwd: &str, group: &str) -> Option<Account> {
    let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    let number: Option<u32> = wanted.parse().ok();
    let known = passwd.lines().map(fields).find_map(|fields| {
        let (uid, gid): (u32, u32) = (fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?);
        let name = fields.first()?;
        (name == wanted || number == Some(uid)).then(|| (name.clone(), uid, gid))
    });
    let (name, uid, gid) = known.or_else(|| number.map(|number| (wanted.to_owned(), number, number)))?;
    let member = |fields: Vec<String>| {
        let is_member = fields.get(3)?.split(',').any(|member| member == name);
        is_member.then(|| fields.get(2)?.parse().ok()).flatten()
    };
    let groups = std::iter::once(gid).chain(group.lines().map(fields).filter_map(member)).collect();
    Some(Account { name, uid, gid, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nfacemchd:x:997:996:Agent:/var/lib/facemchd:/usr/sbin/nologin\n";
    const GROUP: &str =
        "root:x:0:\ngpio:x:993:pi,facemchd\ni2c:x:992:facemchd\nspi:x:991:pi\nfacemchd:x:996:\nbroken\n";

    #[test]
    fn the_daemons_user_comes_with_its_groups() {
        let account = find("facemchd", PASSWD, GROUP).expect("known");
        assert_eq!(account, Account { name: "facemchd".to_owned(), uid: 997, gid: 996, groups: vec![996, 993, 992] });
        assert_eq!(find("997", PASSWD, GROUP).as_ref(), Some(&account));
    }

    #[test]
    fn a_number_needs_no_entry_and_a_name_does() {
        assert_eq!(find("5000", PASSWD, GROUP).map(|account| (account.uid, account.groups)), Some((5000, vec![5000])));
        assert_eq!(find("nobody", PASSWD, GROUP), None);
    }
}
