//! TPM 2.0 response codes by name (TPM 2.0 Library, Part 2, section 6.6).

/// A response code other than success.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rc(pub u32);

impl Rc {
    /// The TPM has not had its `TPM2_Startup`, or has had it already.
    pub const INITIALIZE: Rc = Rc(0x100);
    /// The command is not known to this TPM.
    pub const COMMAND_CODE: Rc = Rc(0x143);
    /// No free slot for a transient object (libtpms has three).
    pub const OBJECT_MEMORY: Rc = Rc(0x902);
    /// Too many failed authorisations of objects under dictionary-attack protection.
    pub const LOCKOUT: Rc = Rc(0x921);
    /// The TPM did not begin the command; the same command is to be sent again.
    pub const RETRY: Rc = Rc(0x922);
    /// `TPM_RC_HANDLE` for the first handle: nothing is there.
    pub const HANDLE_1: Rc = Rc(0x18B);

    /// Whether the code says that the object, index or handle named first does not exist.
    pub fn is_absent(self) -> bool {
        // TPM_RC_HANDLE with any handle number, or TPM_RC_REFERENCE_H0, as for persistent handles.
        (self.0 & 0x0BF) == 0x08B && self.0 & 0x040 == 0 || self.0 == 0x910
    }

    /// The name in the specification, without number of handle, session or parameter.
    pub fn name(self) -> &'static str {
        let table: &[(u32, &'static str)] = if self.0 & 0x080 != 0 {
            &FORMAT_ONE
        } else if self.0 & 0x900 == 0x900 {
            &WARNINGS
        } else {
            &FORMAT_ZERO
        };
        let code = if self.0 & 0x080 != 0 { self.0 & 0x03F } else { self.0 & 0x07F };
        table.iter().find(|(number, _)| *number == code).map_or("TPM_RC (not in the list)", |(_, name)| name)
    }

    /// Which part of the command a format-one code speaks of.
    fn subject(self) -> Option<String> {
        if self.0 & 0x080 == 0 {
            return None;
        }
        let number = (self.0 >> 8) & 0xF;
        Some(match (self.0 & 0x040 != 0, number) {
            (_, 0) => return None,
            (true, n) => format!("parameter {n}"),
            (false, n) if n > 8 => format!("session {}", n - 8),
            (false, n) => format!("handle {n}"),
        })
    }
}

impl std::fmt::Display for Rc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (0x{:03X}", self.name(), self.0)?;
        if let Some(subject) = self.subject() {
            write!(f, ", {subject}")?;
        }
        f.write_str(")")
    }
}

impl std::fmt::Debug for Rc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

const FORMAT_ZERO: [(u32, &str); 23] = [
    (0x00, "TPM_RC_INITIALIZE"),
    (0x01, "TPM_RC_FAILURE"),
    (0x03, "TPM_RC_SEQUENCE"),
    (0x19, "TPM_RC_PRIVATE"),
    (0x20, "TPM_RC_HMAC"),
    (0x23, "TPM_RC_DISABLED"),
    (0x24, "TPM_RC_EXCLUSIVE"),
    (0x25, "TPM_RC_AUTH_TYPE"),
    (0x26, "TPM_RC_AUTH_MISSING"),
    (0x27, "TPM_RC_POLICY"),
    (0x28, "TPM_RC_PCR"),
    (0x2D, "TPM_RC_UPGRADE"),
    (0x2E, "TPM_RC_TOO_MANY_CONTEXTS"),
    (0x2F, "TPM_RC_AUTH_UNAVAILABLE"),
    (0x30, "TPM_RC_REBOOT"),
    (0x42, "TPM_RC_COMMAND_SIZE"),
    (0x43, "TPM_RC_COMMAND_CODE"),
    (0x44, "TPM_RC_AUTHSIZE"),
    (0x46, "TPM_RC_NV_RANGE"),
    (0x49, "TPM_RC_NV_AUTHORIZATION"),
    (0x4A, "TPM_RC_NV_UNINITIALIZED"),
    (0x4B, "TPM_RC_NV_SPACE"),
    (0x4C, "TPM_RC_NV_DEFINED"),
];

const FORMAT_ONE: [(u32, &str); 28] = [
    (0x01, "TPM_RC_ASYMMETRIC"),
    (0x02, "TPM_RC_ATTRIBUTES"),
    (0x03, "TPM_RC_HASH"),
    (0x04, "TPM_RC_VALUE"),
    (0x05, "TPM_RC_HIERARCHY"),
    (0x07, "TPM_RC_KEY_SIZE"),
    (0x08, "TPM_RC_MGF"),
    (0x09, "TPM_RC_MODE"),
    (0x0A, "TPM_RC_TYPE"),
    (0x0B, "TPM_RC_HANDLE"),
    (0x0C, "TPM_RC_KDF"),
    (0x0D, "TPM_RC_RANGE"),
    (0x0E, "TPM_RC_AUTH_FAIL"),
    (0x0F, "TPM_RC_NONCE"),
    (0x10, "TPM_RC_PP"),
    (0x12, "TPM_RC_SCHEME"),
    (0x15, "TPM_RC_SIZE"),
    (0x16, "TPM_RC_SYMMETRIC"),
    (0x17, "TPM_RC_TAG"),
    (0x18, "TPM_RC_SELECTOR"),
    (0x1A, "TPM_RC_INSUFFICIENT"),
    (0x1B, "TPM_RC_SIGNATURE"),
    (0x1C, "TPM_RC_KEY"),
    (0x1D, "TPM_RC_POLICY_FAIL"),
    (0x1F, "TPM_RC_INTEGRITY"),
    (0x20, "TPM_RC_TICKET"),
    (0x21, "TPM_RC_RESERVED_BITS"),
    (0x22, "TPM_RC_BAD_AUTH"),
];

const WARNINGS: [(u32, &str); 18] = [
    (0x01, "TPM_RC_CONTEXT_GAP"),
    (0x02, "TPM_RC_OBJECT_MEMORY"),
    (0x03, "TPM_RC_SESSION_MEMORY"),
    (0x04, "TPM_RC_MEMORY"),
    (0x05, "TPM_RC_SESSION_HANDLES"),
    (0x06, "TPM_RC_OBJECT_HANDLES"),
    (0x07, "TPM_RC_LOCALITY"),
    (0x08, "TPM_RC_YIELDED"),
    (0x09, "TPM_RC_CANCELED"),
    (0x0A, "TPM_RC_TESTING"),
    (0x10, "TPM_RC_REFERENCE_H0"),
    (0x11, "TPM_RC_REFERENCE_H1"),
    (0x18, "TPM_RC_REFERENCE_S0"),
    (0x20, "TPM_RC_NV_RATE"),
    (0x21, "TPM_RC_LOCKOUT"),
    (0x22, "TPM_RC_RETRY"),
    (0x23, "TPM_RC_NV_UNAVAILABLE"),
    (0x7F, "TPM_RC_NOT_USED"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_as_the_specification_names_them() {
        assert_eq!(Rc::RETRY.to_string(), "TPM_RC_RETRY (0x922)");
        assert_eq!(Rc::INITIALIZE.to_string(), "TPM_RC_INITIALIZE (0x100)");
        assert_eq!(Rc(0x2D5).to_string(), "TPM_RC_SIZE (0x2D5, parameter 2)");
        assert_eq!(Rc(0x9A2).to_string(), "TPM_RC_BAD_AUTH (0x9A2, session 1)");
        assert_eq!(Rc(0x185).to_string(), "TPM_RC_HIERARCHY (0x185, handle 1)");
    }

    #[test]
    fn only_a_missing_handle_counts_as_absent() {
        assert!(Rc::HANDLE_1.is_absent());
        assert!(Rc(0x910).is_absent());
        assert!(!Rc(0x2CB).is_absent()); // TPM_RC_HANDLE of a parameter
        assert!(!Rc::RETRY.is_absent());
        assert!(!Rc(0x185).is_absent());
    }
}
