//! Node images, made on demand and shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use control_plane::hardware::{Component, Fault};

use crate::x509::X509Error;

use super::pe::PeError;
use super::{KeyError, NodeImage, PlatformKeys, UnknownImage};

/// Most images that are kept in memory, about 1.6 MB each. An old one is made anew when it is needed again.
const IMAGES_MAX: usize = 32;

/// Why a node image cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The name says nothing about a boot chain.
    #[error(transparent)]
    Unknown(#[from] UnknownImage),
    /// The platform keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A file could not be written in PE form.
    #[error(transparent)]
    Pe(#[from] PeError),
    /// A file could not be signed.
    #[error(transparent)]
    Sign(#[from] X509Error),
    /// A component that is not a file on the disk was to be changed.
    #[error("the {0} is no file of its own on this node's OS disk and cannot be tampered with there")]
    NotOnDisk(Component),
    /// The fault is none that changes a byte of one file.
    #[error("the fault {0} is not supported by this machine's boot chain yet; take it away")]
    NotAFileChange(Fault),
    /// A distribution names a text that does not exist.
    #[error("there is no text '{0}' for the disks of node images")]
    NoTemplate(String),
    /// The file holds nothing to change.
    #[error("the {0} of image '{1}' has no byte that tampering could change")]
    NothingToChange(Component, String),
}

/// All node images: made when first asked for, a function of name and keys, shared by all nodes.
#[derive(Debug)]
pub struct ImageLibrary {
    keys: Arc<PlatformKeys>,
    images: Mutex<HashMap<String, Arc<NodeImage>>>,
}

impl ImageLibrary {
    /// An empty library whose images these keys sign.
    pub fn new(keys: Arc<PlatformKeys>) -> ImageLibrary {
        ImageLibrary { keys, images: Mutex::new(HashMap::new()) }
    }

    /// The keys that sign its images.
    pub fn keys(&self) -> &Arc<PlatformKeys> {
        &self.keys
    }

    /// The image of this name. Takes tens of milliseconds the first time, nothing afterwards.
    ///
    /// # Errors
    /// [`ImageError`] when the name is unknown or the keys cannot be used.
    pub fn get(&self, name: &str) -> Result<Arc<NodeImage>, ImageError> {
        // Held while an image is made: a thousand nodes that start together make it once. A panic while holding it
        // leaves a whole map behind.
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = images.get(name) {
            return Ok(image.clone());
        }
        let image = Arc::new(NodeImage::build(name, &self.keys)?);
        if images.len() >= IMAGES_MAX {
            // Which one goes does not matter: images in use live on in their nodes.
            let oldest = images.keys().min().cloned();
            oldest.and_then(|name| images.remove(&name));
        }
        images.insert(name.to_owned(), image.clone());
        Ok(image)
    }
}
