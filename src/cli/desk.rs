//! `facemchd desk account`: who may order something at the daemon's pages.

use std::io::{self, BufRead as _, Write};

use clap::Subcommand;
use zeroize::Zeroizing;

use super::{
    Ending, SiteFile,
    acting::AsUser,
    phrases::{self, help},
};
use crate::{
    config::Site,
    fault::exit,
    page::{ACCOUNTS, AccountError, Role, add_account, list_accounts, remove_account},
};

/// What of the desk.
#[derive(Subcommand)]
pub(super) enum Command {
    #[command(subcommand, about = help::desk_account())]
    Account(Account),
}

/// What of its accounts.
#[derive(Subcommand)]
pub(super) enum Account {
    #[command(about = help::desk_account_add())]
    Add {
        #[arg(help = help::account_name())]
        name: String,
        #[arg(long, help = help::account_technician())]
        technician: bool,
        #[command(flatten)]
        site: SiteFile,
        #[command(flatten)]
        acting: AsUser,
    },
    #[command(about = help::desk_account_remove())]
    Remove {
        #[arg(help = help::account_name())]
        name: String,
        #[command(flatten)]
        site: SiteFile,
        #[command(flatten)]
        acting: AsUser,
    },
    #[command(about = help::desk_account_list())]
    List {
        #[command(flatten)]
        site: SiteFile,
        #[command(flatten)]
        acting: AsUser,
    },
}

pub(super) fn desk(Command::Account(command): &Command, out: &mut dyn Write) -> Result<u8, Ending> {
    let written = |error: io::Error| Ending::io("standard output", &error);
    let file = |site: &SiteFile, acting: &AsUser| {
        // The file is the daemon's.
        acting.act()?;
        Ok::<_, Ending>(Site::read(&site.config)?.state_dir.join(ACCOUNTS))
    };
    match command {
        Account::Add { name, technician, site, acting } => {
            let file = file(site, acting)?;
            let mut password = Zeroizing::new(String::new());
            io::stdin().lock().read_line(&mut password).map_err(|error| Ending::io("standard input", &error))?;
            let role = if *technician { Role::Technician } else { Role::Desk };
            add_account(&file, name, role, password.trim_end_matches(['\r', '\n'])).map_err(refused)?;
            writeln!(out, "{}", phrases::account_added(name, role.as_str())).map_err(written)?;
        }
        Account::Remove { name, site, acting } => {
            if !remove_account(&file(site, acting)?, name).map_err(refused)? {
                return Err(Ending { line: phrases::no_such_account(name), exit: exit::FAILED });
            }
            writeln!(out, "{}", phrases::account_removed(name)).map_err(written)?;
        }
        Account::List { site, acting } => {
            for (name, role) in list_accounts(&file(site, acting)?).map_err(refused)? {
                writeln!(out, "{name} {}", role.as_str()).map_err(written)?;
            }
        }
    }
    Ok(exit::OK)
}

fn refused(error: AccountError) -> Ending {
    let exit = match &error {
        AccountError::File(_) | AccountError::Hash => exit::IO,
        AccountError::Name | AccountError::Password | AccountError::Full => exit::USAGE,
    };
    Ending { line: crate::fault::causes(&error), exit }
}
