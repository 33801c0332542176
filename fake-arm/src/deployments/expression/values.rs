//! Named values: parameters and variables, done or being worked out.

use std::cell::RefCell;
use std::collections::HashMap;

use control_plane::model::Opaque;
use serde_json::Value;

use super::evaluate::Trouble;

/// Where `parameters()` and `variables()` look. Names compare without regard to case.
#[derive(Clone, Copy)]
pub(crate) enum Values<'a> {
    /// All are known.
    Known(&'a Opaque),
    /// They are worked out when they are asked for, because they may depend on each other.
    Lazy(&'a Lazy<'a>),
}

/// Values that may depend on each other.
pub(crate) struct Lazy<'a> {
    sources: Vec<(&'a str, &'a Value)>,
    known: RefCell<HashMap<usize, Value>>,
    open: RefCell<Vec<usize>>,
}

impl<'a> Lazy<'a> {
    /// Nothing is worked out yet.
    pub(crate) fn new(sources: impl IntoIterator<Item = (&'a str, &'a Value)>) -> Self {
        let sources = sources.into_iter().collect();
        Lazy { sources, known: RefCell::default(), open: RefCell::default() }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.sources.iter().position(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Sets a value that needs no working out.
    pub(crate) fn set(&self, name: &str, value: Value) {
        if let Some(place) = self.place(name) {
            self.known.borrow_mut().insert(place, value);
        }
    }

    /// The value, worked out now if it is not known; `None` when there is none of that name.
    pub(super) fn get(
        &self,
        name: &str,
        work_out: impl FnOnce(&Value) -> Result<Value, Trouble>,
    ) -> Result<Option<Value>, Trouble> {
        let Some(place) = self.place(name) else {
            return Ok(None);
        };
        if let Some(known) = self.known.borrow().get(&place) {
            return Ok(Some(known.clone()));
        }
        if self.open.borrow().contains(&place) {
            return Err(Trouble::Fault(format!("The template value '{}' depends on itself.", self.sources[place].0)));
        }
        self.open.borrow_mut().push(place);
        let value = work_out(self.sources[place].1);
        self.open.borrow_mut().pop();
        let value = value?;
        self.known.borrow_mut().insert(place, value.clone());
        Ok(Some(value))
    }
}
