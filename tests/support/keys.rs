//! The throw-away keys of tests/data, in a folder of their own with the permissions that keys have.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use facemchd::{
    sim::keys::World,
    vault::{EngineKind, KeyFiles, Signer, Vault, VaultError},
};

pub struct Keys {
    pub folder: tempfile::TempDir,
}

pub fn data(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    fs::read_to_string(file).expect("a file of tests/data")
}

pub fn vectors() -> serde_json::Value {
    serde_json::from_str(&data("vectors.json")).expect("JSON")
}

/// The world of the sandbox with the keys of tests/data: nothing is generated.
pub fn world() -> World {
    World::from_pems(&data("sp.key.pem"), &data("sub.key.pem"), &data("platform.key.pem")).expect("keys")
}

impl Keys {
    pub fn new() -> Self {
        let keys = Self { folder: tempfile::tempdir().expect("a folder") };
        for name in ["sp.key.pem", "sub.key.pem", "sp.crt.pem", "sub.crt.pem", "platform.pub.pem"] {
            keys.write(name, &data(name));
        }
        keys
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that only its owner may read.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let _ = fs::remove_file(&path);
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).expect("new");
        file.write_all(text.as_bytes()).expect("written");
        path
    }

    pub fn files(&self) -> KeyFiles {
        KeyFiles {
            sign: self.path("sp.key.pem").into(),
            decrypt: Some(self.path("sub.key.pem").into()),
            ..KeyFiles::default()
        }
    }

    pub fn vault(&self, engine: EngineKind, serial_no: &str) -> Result<Vault, VaultError> {
        Vault::open(signer(serial_no), &KeyFiles { engine, ..self.files() })
    }
}

pub fn signer(serial_no: &str) -> Signer {
    Signer { mchid: "1900000001".to_owned(), serial_no: serial_no.to_owned(), sub_serial_no: None }
}
