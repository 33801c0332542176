use super::*;

fn version(text: &str) -> KubernetesVersion {
    KubernetesVersion::parse(text).unwrap()
}

#[test]
fn every_file_is_read_and_every_era_is_served() {
    let catalog = Catalog::builtin();
    for era in Era::ALL {
        assert!(catalog.default_vm_size(era).trusted_launch(), "{era}");
        assert_ne!(catalog.0.images.version(era, Distribution::Ubuntu2204, 0), "0", "{era}");
        let minors = catalog.versions(era, "eastus");
        assert_eq!(minors.iter().filter(|m| m.default).count(), 1, "{era}");
        for patch in minors.iter().flat_map(|m| &m.patches) {
            assert!(KubernetesVersion::parse(&patch.version).is_some(), "{era} {}", patch.version);
            for upgrade in &patch.upgrades {
                assert!(catalog.patch(era, upgrade).is_some(), "{era}: {} to {upgrade}", patch.version);
                assert!(version(upgrade) > version(&patch.version), "{era}: {} to {upgrade}", patch.version);
            }
        }
    }
    assert!(catalog.locations().len() >= 60);
    assert!(catalog.feature("microsoft.containerservice", "trustedlaunchpreview").is_some());
    assert!(catalog.feature("Microsoft.Compute", "TrustedLaunchPreview").is_none());
}

#[test]
fn names_are_found_without_regard_to_case_and_only_once() {
    let catalog = Catalog::builtin();
    assert_eq!(catalog.vm_size("standard_d2S_v3").unwrap().name, "Standard_D2s_v3");
    assert!(catalog.vm_size("Standard_D2s").is_none());
    assert_eq!(catalog.location("East US 2").unwrap().name, "eastus2");
    assert!(catalog.location("atlantis").is_none());
    let mut names: Vec<_> = catalog.vm_sizes().iter().map(|s| s.name.to_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), catalog.vm_sizes().len());
}

#[test]
fn versions_resolve_by_era() {
    let catalog = Catalog::builtin();
    let resolved = |era, asked| catalog.resolve_version(era, asked).map(|r| (r.asked, r.patch));
    let pair = |a: &str, p: &str| Some((a.to_owned(), p.to_owned()));
    assert_eq!(resolved(Era::Ga, ""), pair("1.29", "1.29.9"));
    assert_eq!(resolved(Era::Y2026M07, "1.35"), pair("1.35", "1.35.6"));
    assert_eq!(resolved(Era::Y2026M07, "1.35.5"), pair("1.35.5", "1.35.5"));
    assert_eq!(resolved(Era::Preview, "1.24.10"), pair("1.24.10", "1.24.10"));
    for asked in ["1.24.10", "banana", "1", "9.99.9", "1.34.9.1"] {
        assert_eq!(resolved(Era::Y2026M07, asked), None, "{asked}");
    }
    assert!(version("1.9") < version("1.25.2"));
    assert_eq!(KubernetesVersion::parse("1.+2"), None);
}

#[test]
fn image_names_are_the_observed_ones() {
    let catalog = Catalog::builtin();
    let plain = NodeImage {
        distribution: Distribution::Ubuntu2204,
        gen2: true,
        arm64: false,
        fips: false,
        gpu: false,
        confidential: false,
        trusted_launch: false,
    };
    let tl = NodeImage { trusted_launch: true, ..plain };
    let name = |image: NodeImage| catalog.node_image(Era::Ga, &image, 0);
    assert_eq!(name(tl), "AKSUbuntu-2204gen2TLcontainerd-202410.09.0");
    assert_eq!(name(plain), "AKSUbuntu-2204gen2containerd-202410.09.0");
    assert_eq!(
        catalog.node_image(Era::Preview, &NodeImage { distribution: Distribution::AzureLinux2, ..tl }, 0),
        "AKSCBLMariner-V2gen2TL-202403.25.0"
    );
    let definition = |image: NodeImage| image.definition(Era::Ga);
    assert_eq!(definition(NodeImage { fips: true, ..tl }), "AKSUbuntu-2204gen2fipsTLcontainerd");
    assert_eq!(definition(NodeImage { arm64: true, ..plain }), "AKSUbuntu-2204gen2arm64containerd");
    assert_eq!(
        definition(NodeImage { distribution: Distribution::Ubuntu2004, fips: true, ..plain }),
        "AKSUbuntu-2004gen2fipscontainerd"
    );
    assert_eq!(
        definition(NodeImage { distribution: Distribution::Ubuntu2004, confidential: true, ..plain }),
        "AKSUbuntu-2004cvmcontainerd"
    );
    assert_eq!(
        definition(NodeImage { distribution: Distribution::AzureLinux3, arm64: true, fips: true, ..plain }),
        "AKSAzureLinux-V3gen2arm64fips"
    );
}

#[test]
fn the_ephemeral_disk_goes_where_it_fits_best() {
    let catalog = Catalog::builtin();
    let size = |name| catalog.vm_size(name).unwrap();
    assert_eq!(size("Standard_D8ds_v5").default_placement(), Some((Placement::Resource, 300)));
    assert_eq!(size("Standard_DS2_v2").default_placement(), Some((Placement::Cache, 86)));
    assert_eq!(size("Standard_D2ads_v6").largest_placement(), Some((Placement::Nvme, 110)));
    assert_eq!(size("Standard_D2_v3").largest_placement(), None);
}
