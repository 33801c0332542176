//! Event logs, registers and quotes on the command line.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vtpm_backend::pcr::{Bank, PcrBanks, PcrIndex};

use super::args::LogFormat;
use super::{Context, out, references};
use crate::api::{FileView, Files, NodeView, QuoteRequest};
use crate::client::Client;
use crate::data_dir::{DataDir, private_dir};
use crate::failure::{Failure, OrFail as _};

/// The length of nonces that are made up here, in bytes.
const NONCE_BYTES: usize = 20;

pub(super) fn event_log(
    context: &Context,
    client: &Client,
    path: &str,
    format: LogFormat,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let query = match format {
        LogFormat::Binary => "?format=binary",
        LogFormat::Yaml => "?format=yaml",
    };
    let mut bytes = client.bytes(&format!("{path}{query}"))?;
    if context.json && format == LogFormat::Yaml {
        let value: Value = serde_yaml_ng::from_slice(&bytes).or_fail(|| "the event log is no YAML".to_owned())?;
        bytes = serde_json::to_vec_pretty(&value).or_fail(|| "cannot encode JSON".to_owned())?;
        bytes.push(b'\n');
    }
    match file {
        Some(file) => fs::write(file, bytes).or_fail(|| format!("cannot write {}", file.display())),
        None => out::bytes(&bytes),
    }
}

/// The registers of the node at a path of the control API; `at_refusal` asks for those of the moment at which its last
/// boot was refused.
pub(super) fn pcrs(context: &Context, client: &Client, node: &str, at_refusal: bool) -> Result<(), Failure> {
    let refused: Option<PcrBanks> = client.get(&format!("{node}/pcrs-at-refusal"))?;
    if at_refusal {
        let banks = refused.ok_or_else(|| Failure::NotFound("the node's last boot was not refused".to_owned()))?;
        return if context.json { out::json(&banks) } else { out::text(&registers(&banks)) };
    }
    let banks: PcrBanks = client.get(&format!("{node}/pcrs"))?;
    if !context.json {
        return out::text(&registers(&banks));
    }
    let mut value = serde_json::to_value(&banks).or_fail(|| "cannot encode JSON".to_owned())?;
    if let (Some(refused), Some(fields)) = (refused, value.as_object_mut()) {
        fields.insert("pcrsAtRefusal".to_owned(), json!(refused));
    }
    out::json(&value)
}

/// As `tpm2_pcrread` prints them.
fn registers(banks: &PcrBanks) -> String {
    let mut text = String::new();
    for bank in Bank::ALL {
        text.push_str(&format!("{}:\n", bank.name()));
        for pcr in PcrIndex::all() {
            let value = hex::encode_upper(banks.get(bank, pcr));
            text.push_str(&format!("  {:<2}: 0x{value}\n", pcr.number()));
        }
    }
    text
}

pub(super) fn quote(
    context: &Context,
    client: &Client,
    node: &str,
    nonce: Option<&str>,
    dir: &Path,
) -> Result<(), Failure> {
    let nonce = nonce.map_or_else(random_nonce, |nonce| Ok(nonce.to_lowercase()))?;
    let files = take_quote(&context.data, client, node, &nonce, dir)?;
    if context.json {
        let names: Vec<_> = files.files.iter().map(|file| &file.name).collect();
        return out::json(&json!({ "dir": dir, "nonce": nonce, "files": names }));
    }
    let dir = dir.display();
    out::text(&format!(
        "the quote and what it takes to judge it are in {dir}; judge it with\n  slipway verify {dir} --nonce {nonce}\nor, the \
         signature alone, with\n  (cd {dir} && tpm2_checkquote -u ak.pem -m quote.msg -s quote.sig -f quote.pcrs -g \
         sha256 -q {nonce})\n"
    ))
}

/// Quotes the node at a path of the control API, writes everything to a folder, and keeps the node's reference.
pub(crate) fn take_quote(
    data: &DataDir,
    client: &Client,
    node: &str,
    nonce: &str,
    dir: &Path,
) -> Result<Files, Failure> {
    let files: Files = client.post(&format!("{node}/quote"), &QuoteRequest { nonce: nonce.to_owned() })?;
    write_files(&files, dir)?;
    let shown: NodeView = client.get(node)?;
    let reference = client.bytes(&format!("{node}/reference"))?;
    references::keep(data, &shown.image, shown.secure_boot, &reference)?;
    Ok(files)
}

/// Random bytes in hexadecimal.
pub(crate) fn random_nonce() -> Result<String, Failure> {
    let mut nonce = [0; NONCE_BYTES];
    aws_lc_rs::rand::fill(&mut nonce).or_fail(|| "no randomness for a nonce".to_owned())?;
    Ok(hex::encode(nonce))
}

/// Writes the files of an answer to a folder, which is made when it is missing.
fn write_files(files: &Files, dir: &Path) -> Result<(), Failure> {
    private_dir(dir).or_fail(|| format!("cannot create {}", dir.display()))?;
    files.files.iter().try_for_each(|file| write_file(file, dir))
}

fn write_file(file: &FileView, dir: &Path) -> Result<(), Failure> {
    // A name is a name: what the other side sends never leaves the folder.
    let is_plain = Path::new(&file.name).file_name().is_some_and(|name| name == file.name.as_str());
    if !is_plain {
        return Err(Failure::Failed(format!("the simulator sent a file with the odd name '{}'", file.name)));
    }
    let bytes = STANDARD.decode(&file.base64).or_fail(|| format!("the simulator sent {} broken", file.name))?;
    let path = dir.join(&file.name);
    fs::write(&path, bytes).or_fail(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_in_their_folder() {
        let temp = tempfile::tempdir().unwrap();
        let with = |name: &str| Files { files: vec![FileView { name: name.to_owned(), base64: "aGk=".to_owned() }] };
        let dir = temp.path().join("new/folder");
        write_files(&with("quote.msg"), &dir).unwrap();
        assert_eq!(fs::read(dir.join("quote.msg")).unwrap(), b"hi");
        for odd in ["../x", "/etc/x", "a/b", "", ".."] {
            assert!(write_files(&with(odd), &dir).is_err(), "{odd}");
        }
    }

    #[test]
    fn registers_are_printed_as_tpm2_tools_do() {
        let text = registers(&PcrBanks::new());
        assert!(text.starts_with("sha1:\n  0 : 0x0000"), "{text}");
        assert!(text.contains("\n  17: 0xFFFF"), "{text}");
    }
}
