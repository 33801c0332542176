//! The control channel of swtpm, generated from swtpm's own header `tpm_ioctl.h`.
//!
//! Numbers and message layouts only; who wants to talk to a swtpm uses `vtpm_backend::swtpm`. On a socket every message
//! is `u32` command, then the `req` part of its structure; the answer is the `resp` part alone; all of it big-endian
//! (swtpm, `include/swtpm/tpm_ioctl.h`, "Commands used by the non-CUSE TPMs").
//!
//! The names keep their C spelling so that they can be looked up in swtpm's documentation (`man 3 swtpm_ioctls`).

#![allow(
    unsafe_code,
    non_camel_case_types,
    non_snake_case,
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    clippy::all,
    reason = "generated from C; the documentation is in the header"
)]

include!(concat!(env!("OUT_DIR"), "/tpm_ioctl.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    // The numbers that swtpm 0.7 speaks on its socket; a header that disagrees would talk past the process.
    #[test]
    fn commands_have_their_wire_numbers() {
        assert_eq!(CMD_GET_CAPABILITY, 1);
        assert_eq!(CMD_INIT, 2);
        assert_eq!(CMD_SHUTDOWN, 3);
        assert_eq!(CMD_SET_LOCALITY, 5);
        assert_eq!(CMD_STORE_VOLATILE, 10);
        assert_eq!(CMD_SET_STATEBLOB, 13);
        assert_eq!(CMD_STOP, 14);
        assert_eq!(PTM_INIT_FLAG_DELETE_VOLATILE, 1);
    }

    #[test]
    fn message_bodies_have_their_wire_sizes() {
        assert_eq!(size_of::<ptm_init>(), 4);
        assert_eq!(size_of::<ptm_loc>(), 4); // the request alone is one byte
        assert_eq!(size_of::<ptm_est>(), 8);
        assert_eq!(size_of::<ptm_cap>(), 8);
    }
}
