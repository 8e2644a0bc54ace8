//! Attributes: what a catalog lets people say of members, resources and requests.

use super::{Catalog, ResourceTypeIndex};

/// What an attribute is an attribute of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeOf {
    /// Members: `principal.department`.
    Member,
    /// Resources of every type: `resource.environment`.
    Resource,
    /// Resources of one type.
    ResourceType(ResourceTypeIndex),
    /// What whoever asks a question says about it: `context.request.ticket`. Never stored.
    Request,
}

/// What the values of an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeKind {
    /// A text.
    String,
    /// A whole number of 64 bits.
    Number,
    /// Yes or no.
    Bool,
    /// Any number of texts, the order of which means nothing.
    List,
}

impl AttributeKind {
    /// The word in catalogs and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::List => "list",
        }
    }

    pub(super) const ALL: [Self; 4] = [Self::String, Self::Number, Self::Bool, Self::List];
}

/// One thing that may be said of members, resources or requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Of what.
    pub of: AttributeOf,
    /// For instance `department`.
    pub name: String,
    /// What its values are.
    pub kind: AttributeKind,
    /// What it says, in one sentence.
    pub description: String,
    /// The only texts that it takes; any when empty.
    pub values: Vec<String>,
}

impl Catalog {
    /// The attributes of members.
    pub fn member_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes_of(AttributeOf::Member)
    }

    /// The attributes of resources of a type.
    pub fn resource_attributes(&self, of: ResourceTypeIndex) -> impl Iterator<Item = &Attribute> {
        self.attributes_of(AttributeOf::Resource).chain(self.attributes_of(AttributeOf::ResourceType(of)))
    }

    /// The attributes of requests.
    pub fn request_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes_of(AttributeOf::Request)
    }

    /// What an attribute is an attribute of, in the word of the catalog file.
    pub fn attribute_owner(&self, of: AttributeOf) -> &str {
        match of {
            AttributeOf::Member => "member",
            AttributeOf::Resource => "resource",
            AttributeOf::Request => "request",
            AttributeOf::ResourceType(index) => self.resource_type_at(index).map_or("", |of| &of.name),
        }
    }

    fn attributes_of(&self, of: AttributeOf) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(move |attribute| attribute.of == of)
    }
}
