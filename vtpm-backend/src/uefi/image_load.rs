//! `UEFI_IMAGE_LOAD_EVENT` (PC Client PFP, 10.2.3): an image that was started.

use super::device_path::DevicePath;
use super::{Cursor, Malformed};

/// The data of `EV_EFI_BOOT_SERVICES_APPLICATION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageLoadEvent {
    /// Address at which the image was loaded.
    pub location: u64,
    /// Length of the file in memory.
    pub length: u64,
    /// The image base that the linker wrote.
    pub link_time_address: u64,
    /// Where the image came from; empty when the loader does not say (GRUB's kernels).
    pub device_path: DevicePath,
}

impl ImageLoadEvent {
    /// Three addresses, the length of the path, the path.
    pub fn encode(&self) -> Vec<u8> {
        let path = self.device_path.encode();
        let mut out = Vec::with_capacity(32 + path.len());
        for field in [self.location, self.length, self.link_time_address, path.len() as u64] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(&path);
        out
    }

    /// Reads the structure.
    ///
    /// # Errors
    /// [`Malformed`] when lengths do not fit or the device path is broken.
    pub fn parse(bytes: &[u8]) -> Result<ImageLoadEvent, Malformed> {
        let mut cursor = Cursor::new(bytes);
        let (location, length, link_time_address) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
        let path_len = cursor.len_u64(bytes.len())?;
        let device_path = DevicePath::parse(cursor.take(path_len)?)?;
        cursor.finish()?;
        Ok(ImageLoadEvent { location, length, link_time_address, device_path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_from_grub_has_no_path() {
        let event = ImageLoadEvent { location: 1, length: 2, link_time_address: 3, device_path: DevicePath::default() };
        let bytes = event.encode();
        assert_eq!(bytes.len(), 32);
        assert_eq!(ImageLoadEvent::parse(&bytes).unwrap(), event);
        assert!(ImageLoadEvent::parse(&bytes[..31]).is_err());
    }
}
