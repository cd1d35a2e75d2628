//! `facemchd journal list|verify`: reads beside a running daemon, writes nothing.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::Subcommand;

use super::{Failure, SiteFile};
use crate::{
    config::Site,
    fault::{Code, exit},
    store,
};

/// Read the journal
#[derive(Subcommand)]
pub(super) enum Command {
    /// Print every record, oldest first
    List {
        #[command(flatten)]
        place: Place,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Prove the chain: nothing changed, nothing missing
    Verify {
        #[command(flatten)]
        place: Place,
    },
}

/// Where the journal lies.
#[derive(clap::Args)]
pub(super) struct Place {
    #[command(flatten)]
    site: SiteFile,
    /// The state directory itself, instead of a site file's
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}
