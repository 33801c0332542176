//! The wheel of the empty extension.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::zip::ZipWriter;

const VERSION: &str = "99.0.0";
const SUMMARY: &str =
    "Slipway's empty stand-in for aks-preview: adds no command, the trusted-launch flags are in core az";
const DIST_INFO: &str = "aks_preview-99.0.0.dist-info";

const INIT: &str = r#""""Slipway's empty stand-in for the aks-preview extension. It adds no command."""
from azure.cli.core import AzCommandsLoader


class EmptyCommandsLoader(AzCommandsLoader):
    def load_command_table(self, args):
        return self.command_table

    def load_arguments(self, command):
        pass


COMMAND_LOADER_CLS = EmptyCommandsLoader
"#;

/// A built wheel.
pub(super) struct Wheel {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// Its SHA-256 in hexadecimal, as the index gives it.
    pub(super) sha256: String,
}

/// What the index and the wheel say about the extension.
pub(super) fn metadata() -> Value {
    json!({
        "azext.minCliCoreVersion": "2.44.1",
        "azext.isPreview": true,
        "classifiers": [],
        "extensions": {},
        "license": "MIT",
        "metadata_version": "2.0",
        "name": "aks-preview",
        "summary": SUMMARY,
        "version": VERSION,
    })
}

impl Wheel {
    /// Builds it: always the same bytes.
    pub(super) fn build() -> Self {
        let about = json!({"azext.minCliCoreVersion": "2.44.1", "azext.isPreview": true});
        let header =
            format!("Metadata-Version: 2.1\nName: aks-preview\nVersion: {VERSION}\nSummary: {SUMMARY}\nLicense: MIT\n");
        let wheel =
            "Wheel-Version: 1.0\nGenerator: slipway\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n";
        let members = [
            ("azext_aks_preview/__init__.py".to_owned(), INIT.to_owned()),
            ("azext_aks_preview/azext_metadata.json".to_owned(), about.to_string()),
            (format!("{DIST_INFO}/METADATA"), header),
            (format!("{DIST_INFO}/WHEEL"), wheel.to_owned()),
            (format!("{DIST_INFO}/metadata.json"), metadata().to_string()),
            (format!("{DIST_INFO}/top_level.txt"), "azext_aks_preview\n".to_owned()),
        ];
        let mut zip = ZipWriter::default();
        let mut record = String::new();
        for (name, content) in &members {
            zip.add(name, content.as_bytes());
            let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(content.as_bytes()));
            record.push_str(&format!("{name},sha256={digest},{}\n", content.len()));
        }
        record.push_str(&format!("{DIST_INFO}/RECORD,,\n"));
        zip.add(&format!("{DIST_INFO}/RECORD"), record.as_bytes());
        let bytes = zip.finish();
        Wheel { sha256: hex::encode(Sha256::digest(&bytes)), bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wheel_is_always_the_same() {
        let (one, two) = (Wheel::build(), Wheel::build());
        assert_eq!(one.sha256, two.sha256);
        assert_eq!(one.bytes, two.bytes);
    }
}
