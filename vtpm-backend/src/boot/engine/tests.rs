use std::fs;
use std::path::PathBuf;

use control_plane::hardware::Component;

use super::*;
use crate::eventlog::{EventData, EventType};
use crate::pcr::{Bank, PcrIndex};

mod debian;
mod disk;
mod tools;
