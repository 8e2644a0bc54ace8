//! The catalogs that come with Bailiwick.

use super::Catalog;

impl Catalog {
    /// The catalogs that ship with Bailiwick, as name and text. The first is the default.
    pub const BUNDLED: &[(&str, &str)] = &[
        ("bailiwick", include_str!("../../../../catalogs/bailiwick.toml")),
        ("qdrant-cloud", include_str!("../../../../catalogs/qdrant-cloud.toml")),
        ("zilliz-cloud", include_str!("../../../../catalogs/zilliz-cloud.toml")),
        ("victoriametrics-cloud", include_str!("../../../../catalogs/victoriametrics-cloud.toml")),
        ("influxdb-cloud-dedicated", include_str!("../../../../catalogs/influxdb-cloud-dedicated.toml")),
    ];

    /// The text of a catalog that ships with Bailiwick, to be given to [`Catalog::parse`].
    pub fn bundled(name: &str) -> Option<&'static str> {
        Self::BUNDLED.iter().find(|(bundled, _)| *bundled == name).map(|(_, text)| *text)
    }
}
