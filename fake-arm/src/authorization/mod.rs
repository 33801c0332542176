//! Microsoft.Authorization: who may do what where.
//!
//! The application that az logs in as and the user own everything, the second application may read everything; those
//! assignments are not stored, they belong to every subscription and cannot be deleted. All others are stored.

mod action;
pub(crate) mod assignments;
mod decide;
pub(crate) mod definitions;
mod filter;
pub(crate) mod graph;
mod roles;

pub(crate) use action::Wanted;
pub(crate) use decide::decide;
