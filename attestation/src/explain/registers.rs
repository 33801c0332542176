//! Register values as people have them: printed by `tpm2_pcrread`, by `slipway node pcrs`, or written by `tpm2_quote`.

use std::collections::BTreeMap;

use vtpm_backend::pcr::{Bank, PcrBanks, PcrIndex};

use crate::pcr_file::parse_tpm2_tools_pcrs;

/// The values of some registers in some banks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers(BTreeMap<(Bank, PcrIndex), Vec<u8>>);

/// Bytes that are no register values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no register values as tpm2_pcrread, tpm2_quote or 'slipway node pcrs' write them: {0}")]
pub struct RegistersError(String);

impl Registers {
    /// All registers of a simulated node.
    pub fn of_node(pcrs: &PcrBanks) -> Registers {
        let all = Bank::ALL.into_iter().flat_map(|bank| PcrIndex::all().map(move |pcr| (bank, pcr)));
        Registers(all.map(|(bank, pcr)| ((bank, pcr), pcrs.get(bank, pcr).to_vec())).collect())
    }

    /// Reads register values in any of the three forms. Banks that nothing here computes (SHA-512, SM3) are passed over.
    ///
    /// # Errors
    /// [`RegistersError`] when the bytes are none of them, or a value is not as long as its bank's digests.
    pub fn parse(bytes: &[u8]) -> Result<Registers, RegistersError> {
        let registers = match std::str::from_utf8(bytes) {
            Ok(text) if text.trim_start().starts_with('{') => json(text)?,
            Ok(text) if text.contains("sha") => text_lines(text)?,
            _ => tools(bytes)?,
        };
        if registers.0.is_empty() {
            return Err(RegistersError("it has no value of a sha1, sha256 or sha384 bank".to_owned()));
        }
        Ok(registers)
    }

    /// The banks of which at least one register is known.
    pub fn banks(&self) -> Vec<Bank> {
        Bank::ALL.into_iter().filter(|bank| self.0.keys().any(|(known, _)| known == bank)).collect()
    }

    /// The value of a register, if it is known.
    pub fn get(&self, bank: Bank, pcr: PcrIndex) -> Option<&[u8]> {
        self.0.get(&(bank, pcr)).map(Vec::as_slice)
    }

    fn insert(&mut self, bank: Bank, number: &str, value: &str) -> Result<(), RegistersError> {
        let wrong = |what: &str| RegistersError(format!("'{number}: {value}' in bank {bank}: {what}"));
        let pcr = number.trim().parse::<u32>().ok().and_then(|number| PcrIndex::try_from(number).ok());
        let pcr = pcr.ok_or_else(|| wrong("there is no such register"))?;
        let digits = value.trim().trim_start_matches("0x").trim_start_matches("0X");
        let bytes = hex::decode(digits).map_err(|error| wrong(&error.to_string()))?;
        if bytes.len() != bank.digest_len() {
            return Err(wrong("it is not as long as the bank's digests"));
        }
        self.0.insert((bank, pcr), bytes);
        Ok(())
    }
}

fn bank(name: &str) -> Option<Bank> {
    Bank::ALL.into_iter().find(|bank| bank.name() == name.trim())
}

/// `{"sha256": {"0": "hex", …}, …}`.
fn json(text: &str) -> Result<Registers, RegistersError> {
    let wrong = |error: serde_json::Error| RegistersError(error.to_string());
    // What is no bank (the registers at a refusal, which nodes have too) may look like anything.
    let banks: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(wrong)?;
    let mut registers = Registers::default();
    for (name, values) in banks {
        let Some(bank) = bank(&name) else { continue };
        let values: BTreeMap<String, String> = serde_json::from_value(values).map_err(wrong)?;
        values.iter().try_for_each(|(number, value)| registers.insert(bank, number, value))?;
    }
    Ok(registers)
}

/// A line with a bank's name and a colon, then a line for each register.
fn text_lines(text: &str) -> Result<Registers, RegistersError> {
    let mut registers = Registers::default();
    let mut current = None;
    for line in text.lines() {
        match line.split_once(':') {
            Some((name, "" | " ")) => current = bank(name),
            Some((name, value)) if value.trim().is_empty() => current = bank(name),
            Some((number, value)) => {
                if let Some(bank) = current {
                    registers.insert(bank, number, value)?;
                }
            }
            None if line.trim().is_empty() => {}
            None => return Err(RegistersError(format!("the line '{}' has no colon", line.trim()))),
        }
    }
    Ok(registers)
}

/// tpm2-tools' serialized form.
fn tools(bytes: &[u8]) -> Result<Registers, RegistersError> {
    let (selection, values) = parse_tpm2_tools_pcrs(bytes).map_err(|error| RegistersError(error.to_string()))?;
    let keys = selection.pcrs.into_iter().map(|pcr| (selection.bank, pcr));
    Ok(Registers(keys.zip(values).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let value = "ab".repeat(32);
        let printed = format!(
            "  sha1:\n  sha256:\n    0 : 0x{}\n    23: 0x{value}\n  sha512:\n    0 : 0xAB\n",
            value.to_uppercase()
        );
        let json = format!(
            r#"{{"sha256": {{"0": "{value}", "23": "{value}"}}, "sm3_256": {{"0": "ab"}}, "pcrsAtRefusal": {{"sha256": {{}}}}}}"#
        );
        let pcrs = [(PcrIndex::new(0), vec![0xab; 32]), (PcrIndex::new(23), vec![0xab; 32])];
        let tools = vtpm_backend::evidence::tpm2_tools_pcrs(Bank::Sha256, &pcrs);
        for bytes in [printed.as_bytes(), json.as_bytes(), &tools] {
            let registers = Registers::parse(bytes).unwrap();
            assert_eq!(registers.banks(), [Bank::Sha256]);
            assert_eq!(registers.get(Bank::Sha256, PcrIndex::new(23)), Some([0xab; 32].as_slice()));
            assert_eq!(registers.get(Bank::Sha256, PcrIndex::new(1)), None);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, what) in [
            ("sha256:\n  24: 0xab", "no such register"),
            ("sha256:\n  1: 0xab", "as long as"),
            ("sha256:\n  1: 0xzz", "invalid"),
            ("sha256:\nnothing", "no colon"),
            ("{\"sha256\": 1}", "invalid type"),
            ("sha512:\n  1: 0xab", "no value"),
            ("", "ends too early"),
        ] {
            let error = Registers::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.to_lowercase().contains(what), "{text}: {error}");
        }
    }
}
