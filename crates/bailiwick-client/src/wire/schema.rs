//! Schemas of the generic types: the OpenAPI document has one for each item type, so their names must differ.

use std::any::TypeId;
use std::borrow::Cow;

use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::{AccessChanges, DryRun, Page, PlannedEvent};

type Named = (String, RefOr<Schema>);

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(refer::<T>(None)).description(Some("What is on this page."));
        let cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some(
                "What to send as `cursor` for the next page; absent on the last one. A page may be shorter than its limit, even \
                 empty, and have one: so much is looked at at once and no more.",
            ));
        let complete = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some("Whether the list ends with this page."));
        let filtered = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some("Whether items were left out because the caller may not see them."));
        ObjectBuilder::new()
            .description(Some("A page of a list."))
            .property("items", items)
            .property("next_cursor", cursor)
            .property("complete", complete)
            .property("filtered", filtered)
            .required("items")
            .required("complete")
            .required("filtered")
            .into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        bring::<T>(schemas);
    }
}

impl<T: ToSchema + 'static> PartialSchema for DryRun<T> {
    fn schema() -> RefOr<Schema> {
        let events = ArrayBuilder::new()
            .items(refer::<PlannedEvent>(None))
            .description(Some("What would be recorded, in order."));
        let access = refer::<AccessChanges>(Some("What principals would gain and lose."));
        let mut object = ObjectBuilder::new()
            .description(Some("The answer to a write with `dry_run=true`: nothing was written."))
            .property("events", events)
            .property("access", access)
            .required("events")
            .required("access");
        if has_answer::<T>() {
            let would = "What the write would answer; absent where the answer holds a secret. Ids in it are for illustration.";
            object = object.property("would", refer::<T>(Some(would)));
        }
        object.into()
    }
}

impl<T: ToSchema + 'static> ToSchema for DryRun<T> {
    fn name() -> Cow<'static, str> {
        if has_answer::<T>() { format!("{}DryRun", T::name()).into() } else { "DryRun".into() }
    }

    fn schemas(schemas: &mut Vec<Named>) {
        bring::<PlannedEvent>(schemas);
        bring::<AccessChanges>(schemas);
        if has_answer::<T>() {
            bring::<T>(schemas);
        }
    }
}

/// Whether the write answers anything: `()` stands for 204.
fn has_answer<T: 'static>() -> bool {
    TypeId::of::<T>() != TypeId::of::<()>()
}

fn refer<T: ToSchema>(description: Option<&str>) -> RefOr<Schema> {
    let mut to = Ref::from_schema_name(T::name());
    if let Some(description) = description {
        description.clone_into(&mut to.description);
    }
    RefOr::Ref(to)
}

/// The type itself and all that it refers to.
fn bring<T: ToSchema>(schemas: &mut Vec<Named>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}
