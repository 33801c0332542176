//! Names and addresses of nodes.

use std::collections::BTreeSet;

/// The scale set of a pool: `aks-<pool>-<8 digits>-vmss`.
pub fn scale_set(pool: &str, name_hash: &str) -> String {
    format!("aks-{pool}-{name_hash}-vmss")
}

/// A scale set instance's computer name: the scale set's name and six base-36 digits, as Azure names them.
pub fn node(pool: &str, name_hash: &str, instance: u32) -> String {
    format!("{}{}", scale_set(pool, name_hash), base36(instance))
}

fn base36(mut number: u32) -> String {
    let mut digits = [b'0'; 6];
    for place in digits.iter_mut().rev() {
        *place = b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize];
        number /= 36;
    }
    digits.iter().map(|b| char::from(*b)).collect()
}

/// The first free address of the node subnet 10.224.0.0/16; the first four addresses belong to Azure.
pub(super) fn free_address(used: &BTreeSet<String>) -> String {
    let address = |n: u32| format!("10.224.{}.{}", n >> 8, n & 255);
    (4..65_535).map(address).find(|a| !used.contains(a)).unwrap_or_else(|| address(65_534))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_azures() {
        assert_eq!(node("nodepool1", "12345678", 0), "aks-nodepool1-12345678-vmss000000");
        assert_eq!(node("nodepool1", "12345678", 10), "aks-nodepool1-12345678-vmss00000a");
        assert_eq!(node("np", "12345678", 36), "aks-np-12345678-vmss000010");
    }

    #[test]
    fn addresses_are_not_given_twice() {
        let used: BTreeSet<_> = ["10.224.0.4".to_owned(), "10.224.0.6".to_owned()].into();
        assert_eq!(free_address(&used), "10.224.0.5");
    }
}
