//! Evidence that is made here, good and bad in every way.

mod boots;
mod explained;
mod fixture;
mod judged;
mod properties;
mod real;
mod structures;
