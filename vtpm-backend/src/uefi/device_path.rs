//! UEFI device paths, as far as a Hyper-V machine's boot disk needs them (UEFI 2.10, 10.3).

use std::fmt;

use super::variable::{from_utf16, utf16};
use super::{Cursor, EfiGuid, Malformed, guids};

/// Most nodes that one path may have.
const NODES_MAX: usize = 32;

/// One node of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// ACPI device named by its HID string, e.g. `VMBus`.
    AcpiExtended {
        /// The `_HID` string.
        hid: String,
    },
    /// A device that only its vendor can address.
    VendorHardware {
        /// The vendor's GUID.
        vendor: EfiGuid,
        /// The vendor's own address.
        data: Vec<u8>,
    },
    /// A SCSI device.
    Scsi {
        /// Target.
        target: u16,
        /// Logical unit.
        lun: u16,
    },
    /// A GPT partition.
    HardDrive {
        /// Partition number.
        number: u32,
        /// First block.
        first_lba: u64,
        /// Length in blocks.
        blocks: u64,
        /// The partition's own GUID.
        unique: EfiGuid,
    },
    /// A file, with backslashes.
    File(
        /// The path from the root of the file system.
        String,
    ),
    /// Any other node, kept as it is.
    Other {
        /// Type.
        kind: u8,
        /// Subtype.
        subtype: u8,
        /// What follows the four-byte header.
        data: Vec<u8>,
    },
}

impl Node {
    /// The VMBus channel of a synthetic SCSI controller on Hyper-V.
    pub fn vmbus_scsi(instance: EfiGuid) -> Node {
        let data = [guids::SYNTHETIC_SCSI.to_bytes(), instance.to_bytes()].concat();
        Node::VendorHardware { vendor: guids::VMBUS_CHANNEL, data }
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        let (kind, subtype, body): (u8, u8, Vec<u8>) = match self {
            Node::AcpiExtended { hid } => {
                // HID, UID and CID numbers are zero: the strings that follow, each with its NUL, count.
                (2, 2, [&[0; 12], hid.as_bytes(), b"\0\0\0"].concat())
            }
            Node::VendorHardware { vendor, data } => (1, 4, [&vendor.to_bytes(), data.as_slice()].concat()),
            Node::Scsi { target, lun } => (3, 2, [target.to_le_bytes(), lun.to_le_bytes()].concat()),
            Node::HardDrive { number, first_lba, blocks, unique } => {
                let mut body = number.to_le_bytes().to_vec();
                body.extend_from_slice(&first_lba.to_le_bytes());
                body.extend_from_slice(&blocks.to_le_bytes());
                body.extend_from_slice(&unique.to_bytes());
                body.extend_from_slice(&[2, 2]); // GPT; signature is a GUID
                (4, 1, body)
            }
            Node::File(path) => (4, 4, [utf16(path), vec![0, 0]].concat()),
            Node::Other { kind, subtype, data } => (*kind, *subtype, data.clone()),
        };
        out.extend_from_slice(&[kind, subtype]);
        out.extend_from_slice(&(body.len() as u16 + 4).to_le_bytes());
        out.extend_from_slice(&body);
    }

    fn parse(kind: u8, subtype: u8, data: &[u8]) -> Node {
        Node::parse_known(kind, subtype, data).unwrap_or_else(|| Node::Other { kind, subtype, data: data.to_vec() })
    }

    /// The node, when it is one of the known kinds and encodes back to the same bytes.
    fn parse_known(kind: u8, subtype: u8, data: &[u8]) -> Option<Node> {
        let mut cursor = Cursor::new(data);
        let node = match (kind, subtype) {
            (2, 2) => {
                let text = data.get(12..)?.strip_suffix(b"\0\0\0")?;
                Node::AcpiExtended { hid: String::from_utf8(text.to_vec()).ok()? }
            }
            (1, 4) => Node::VendorHardware {
                vendor: EfiGuid::from_bytes(cursor.array().ok()?),
                data: data.get(16..)?.to_vec(),
            },
            (3, 2) => Node::Scsi { target: cursor.u16().ok()?, lun: cursor.u16().ok()? },
            (4, 1) => Node::HardDrive {
                number: cursor.u32().ok()?,
                first_lba: cursor.u64().ok()?,
                blocks: cursor.u64().ok()?,
                unique: EfiGuid::from_bytes(cursor.array().ok()?),
            },
            (4, 4) => Node::File(from_utf16(data.strip_suffix(&[0, 0])?)?),
            _ => return None,
        };
        let mut again = Vec::new();
        node.encode_to(&mut again);
        (again.get(4..)? == data).then_some(node)
    }
}

/// A device path; its end node is implied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DevicePath(
    /// The nodes from the root to the file.
    pub Vec<Node>,
);

impl DevicePath {
    /// All nodes and the end node. A path without nodes is no bytes at all.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for node in &self.0 {
            node.encode_to(&mut out);
        }
        if !out.is_empty() {
            out.extend_from_slice(&[0x7f, 0xff, 4, 0]);
        }
        out
    }

    /// Reads a path up to its end node, which must be the last bytes.
    ///
    /// # Errors
    /// [`Malformed`] when a node's length does not fit or the end node is missing.
    pub fn parse(bytes: &[u8]) -> Result<DevicePath, Malformed> {
        let mut cursor = Cursor::new(bytes);
        let mut nodes = Vec::new();
        if bytes.is_empty() {
            return Ok(DevicePath(nodes));
        }
        loop {
            let (kind, subtype) = (cursor.u8()?, cursor.u8()?);
            let len = usize::from(cursor.u16()?);
            let body_len = len.checked_sub(4).ok_or_else(|| cursor.error("a device path node is too short"))?;
            let data = cursor.take(body_len)?;
            if (kind, subtype) == (0x7f, 0xff) {
                cursor.finish()?;
                return Ok(DevicePath(nodes));
            }
            if nodes.len() == NODES_MAX {
                return Err(cursor.error("a device path has too many nodes"));
            }
            nodes.push(Node::parse(kind, subtype, data));
        }
    }
}

impl fmt::Display for DevicePath {
    /// The text form of UEFI 2.10, 10.6.1.6, as efibootmgr prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, node) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            match node {
                Node::AcpiExtended { hid } => write!(f, "AcpiEx({hid},,)")?,
                Node::VendorHardware { vendor, data } => write!(f, "VenHw({vendor},{})", hex::encode(data))?,
                Node::Scsi { target, lun } => write!(f, "SCSI({target},{lun})")?,
                Node::HardDrive { number, first_lba, blocks, unique } => {
                    write!(f, "HD({number},GPT,{unique},{first_lba:#x},{blocks:#x})")?;
                }
                Node::File(path) => f.write_str(path)?,
                Node::Other { kind, subtype, data } => match (kind, subtype, data.as_slice()) {
                    // An ACPI device PNP0A03 by its number, then a PCI function and device.
                    (2, 1, [0xd0, 0x41, 0x03, 0x0a, number, 0, 0, 0]) => write!(f, "PciRoot({number:#x})")?,
                    (1, 1, [function, device]) => write!(f, "Pci({device:#x},{function:#x})")?,
                    _ => write!(f, "Path({kind},{subtype},{})", hex::encode(data))?,
                },
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCE: EfiGuid = EfiGuid(uuid::Uuid::from_u128(0xf8b3781a_1e82_4818_a1c3_63d806ec15bb));
    const PARTITION: EfiGuid = EfiGuid(uuid::Uuid::from_u128(0x01020304_0506_0708_090a_0b0c0d0e0f10));

    fn shim() -> DevicePath {
        DevicePath(vec![
            Node::AcpiExtended { hid: "VMBus".to_owned() },
            Node::vmbus_scsi(INSTANCE),
            Node::Scsi { target: 0, lun: 0 },
            Node::HardDrive { number: 15, first_lba: 0x2800, blocks: 0x35000, unique: PARTITION },
            Node::File(r"\EFI\s".to_owned()),
        ])
    }

    #[test]
    fn a_hyper_v_path_has_its_known_bytes_and_text() {
        // Header, content of each node in turn; then the end node.
        let wanted = [
            "02021800",
            "000000000000000000000000",
            "564d427573000000",
            "01043400",
            "a2e5179b9108dd42b65380b5c22809ba",
            "d96361baa104294db60572e2ffb1dc7f",
            "1a78b3f8821e1848a1c363d806ec15bb",
            "03020800",
            "00000000",
            "04012a00",
            "0f000000",
            "0028000000000000",
            "0050030000000000",
            "0403020106050807090a0b0c0d0e0f10",
            "0202",
            "04041200",
            "5c004500460049005c0073000000",
            "7fff0400",
        ];
        let path = shim();
        assert_eq!(hex::encode(path.encode()), wanted.concat());
        assert_eq!(DevicePath::parse(&path.encode()).unwrap(), path);
        assert_eq!(
            path.to_string(),
            "AcpiEx(VMBus,,)/VenHw(9b17e5a2-0891-42dd-b653-80b5c22809ba,\
             d96361baa104294db60572e2ffb1dc7f1a78b3f8821e1848a1c363d806ec15bb)/SCSI(0,0)/\
             HD(15,GPT,01020304-0506-0708-090a-0b0c0d0e0f10,0x2800,0x35000)/\\EFI\\s"
        );
    }

    #[test]
    fn pci_devices_are_shown_as_firmware_shows_them() {
        let other = |kind, subtype, data: &[u8]| Node::Other { kind, subtype, data: data.to_vec() };
        let path = DevicePath(vec![
            other(2, 1, &[0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0]),
            other(1, 1, &[0, 1]),
            other(9, 9, &[7]),
        ]);
        assert_eq!(path.to_string(), "PciRoot(0x0)/Pci(0x1,0x0)/Path(9,9,07)");
    }

    #[test]
    fn broken_paths_are_refused() {
        let bytes = shim().encode();
        for len in 1..bytes.len() {
            assert!(DevicePath::parse(&bytes[..len]).is_err(), "{len}");
        }
        assert!(DevicePath::parse(&[4, 4, 0, 0]).is_err());
        assert!(DevicePath::parse(&[]).unwrap().encode().is_empty());
    }
}
