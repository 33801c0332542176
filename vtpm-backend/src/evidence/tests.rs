//! Selections and file layouts; quotes themselves are tested with the fleet, against tpm2-tools.

use super::*;

#[test]
fn selections_read_and_print_like_those_of_tpm2_tools() {
    let selection: Selection = "sha384:7,0, 4".parse().unwrap();
    assert_eq!(selection.to_string(), "sha384:0,4,7");
    assert_eq!(Selection::default().to_string(), "sha256:0,1,2,3,4,5,6,7,8,9,11,12,13,14");
    for wrong in ["", "sha256", "sha256:", "sha512:1", "sha256:24", "sha256:x"] {
        let error = wrong.parse::<Selection>().unwrap_err();
        assert!(error.to_string().contains("sha256:0,4,7"), "{wrong}: {error}");
    }
    assert_eq!(Selection::new(Bank::Sha1, []), Err(SelectionError::Empty));
}

#[test]
fn register_files_have_the_layout_of_tpm2_quote() {
    // The sizes and offsets of a file written by tpm2_quote 5.4 -l sha256:0,…,9,11,…,14 -o.
    let pcrs: Vec<_> = Selection::default().pcrs().iter().map(|pcr| (*pcr, vec![pcr.number() + 1; 32])).collect();
    let file = tpm2_tools_pcrs(Bank::Sha256, &pcrs);
    assert_eq!(file.len(), 1200);
    assert_eq!(file[..12], [1, 0, 0, 0, 0x0b, 0, 3, 0xff, 0x7b, 0, 0, 0]);
    assert_eq!(file[132..144], [2, 0, 0, 0, 8, 0, 0, 0, 32, 0, 1, 1]);
    assert_eq!(file[668..676], [6, 0, 0, 0, 32, 0, 9, 9]);
}
