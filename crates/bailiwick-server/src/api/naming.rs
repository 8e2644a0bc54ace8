//! What groups, projects and service accounts are called by, read alike for all of them.

use bailiwick_client::wire;
use bailiwick_core::account::Patch;
use bailiwick_core::values::{Description, ExternalId, Name};

use super::listing::Needle;
use super::references;
use crate::service::Error;

/// The texts of something new.
#[derive(Debug)]
pub struct Naming {
    /// What people call it.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// The caller's own name for it.
    pub external_id: Option<ExternalId>,
}

impl Naming {
    /// Reads them from the fields of a request.
    ///
    /// # Errors
    /// [`Error::InvalidText`] with the field.
    pub fn read(name: &str, description: &str, external_id: Option<&String>) -> Result<Self, Error> {
        Ok(Self {
            name: references::name("name", name)?,
            description: references::description("description", description)?,
            external_id: references::external_id(external_id)?,
        })
    }
}

/// What an edit does to them; what is absent stays.
#[derive(Debug)]
pub struct Renaming {
    /// What people call it.
    pub name: Option<Name>,
    /// What it is for.
    pub description: Option<Description>,
    /// The caller's own name for it.
    pub external_id: Patch<ExternalId>,
}

impl Renaming {
    /// Reads them from the fields of a request.
    ///
    /// # Errors
    /// [`Error::InvalidText`] with the field.
    pub fn read(
        name: Option<&String>,
        description: Option<&String>,
        external_id: &wire::Patch<String>,
    ) -> Result<Self, Error> {
        let description = description.map(|text| references::description("description", text));
        Ok(Self {
            name: name.map(|text| references::name("name", text)).transpose()?,
            description: description.transpose()?,
            external_id: references::external_id_patch(external_id)?,
        })
    }
}

/// Whether something is found by what it is called.
pub fn is_called(
    needle: &Needle,
    name: &Name,
    description: &Description,
    external_id: Option<&ExternalId>,
) -> bool {
    let external_id = external_id.map_or("", ExternalId::as_str);
    needle.is_in(&[name.as_str(), description.as_str(), external_id])
}
