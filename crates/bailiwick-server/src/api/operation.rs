//! Operations as data: router, OpenAPI document, permission table, reference and tests all come from this list.

use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use bailiwick_core::catalog;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, Required};
use utoipa::{IntoParams, ToSchema};

use super::call::Call;
use super::problem::Failure;
use super::respond::Answer;
use super::schema::TypeDoc;

/// The query parameter by which lists are known.
const CURSOR: &str = "cursor";

/// Who may ask for an operation at all. What exactly they may do is decided below, by the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, signed in or not.
    Anyone,
    /// Whoever has a valid session or management key.
    SignedIn,
    /// A person with a session.
    Person,
    /// An active member, or a management key, of the account in the path.
    Member,
    /// The same, who holds the catalog's permission for this operation somewhere in the account.
    Permission(catalog::Operation),
}

impl Access {
    /// Whether a request without a credential is refused.
    pub fn needs_credential(self) -> bool {
        self != Self::Anyone
    }

    /// The permission that the catalog binds to it.
    pub fn permission(self) -> Option<catalog::Operation> {
        match self {
            Self::Permission(operation) => Some(operation),
            _ => None,
        }
    }

    /// In words, for the reference.
    pub fn describe(self) -> String {
        match self {
            Self::Anyone => "nobody needs to be signed in".to_owned(),
            Self::SignedIn => "any session or management key".to_owned(),
            Self::Person => "any session of a person".to_owned(),
            Self::Member => "any active member or management key of the account".to_owned(),
            Self::Permission(operation) => {
                format!("the permission that the catalog binds to `{}`", operation.name())
            }
        }
    }
}

/// Whether an operation changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only answers; refusals are recorded by the edge.
    Reads,
    /// It changes something; refusals are recorded by the service.
    Writes,
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Failure>> + Send>>;
type Handler = Arc<dyn Fn(Call) -> Answering + Send + Sync>;

/// Parses an example of the input as the operation does; an error in words.
type CheckExample = fn(&Value) -> Result<(), String>;

/// One operation of the API.
#[derive(Clone)]
pub struct Operation {
    /// Stable name, `verb_noun`; also the `operationId`.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path below `/api/v1`, with `{parameters}` and `:verbs`.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// Whether it changes something.
    pub effect: Effect,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What one must know to use it.
    pub description: &'static str,
    /// Query parameters.
    pub query: Vec<Parameter>,
    /// The type of the request body.
    pub input: Option<TypeDoc>,
    /// A request body that works.
    pub input_example: Option<Value>,
    /// The type of the answer's body.
    pub output: Option<TypeDoc>,
    /// An answer.
    pub output_example: Option<Value>,
    /// Media types of the answer.
    pub media_types: &'static [&'static str],
    /// The status when it was done.
    pub status: StatusCode,
    /// Codes of problems beyond those that follow from access, effect and input.
    pub own_errors: &'static [&'static str],
    /// Whether it takes `If-Match`.
    pub takes_if_match: bool,
    /// Whether it takes `Idempotency-Key`.
    pub takes_idempotency_key: bool,
    pub(super) check_example: Option<CheckExample>,
    pub(super) handler: Handler,
}

/// What comes before the handler of an operation.
#[derive(Debug, Clone)]
pub struct Draft {
    id: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $method:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(id: &'static str, path: &'static str, access: Access) -> Draft {
            Draft { id, method: Method::$method, path, access }
        }
    )*};
}

methods! {
    /// An operation on `GET`.
    get = GET;
    /// An operation on `POST`.
    post = POST;
    /// An operation on `PUT`.
    put = PUT;
    /// An operation on `PATCH`.
    patch = PATCH;
    /// An operation on `DELETE`.
    delete = DELETE;
}

/// Query parameters of an operation; [`NoQuery`] for none.
pub trait QueryType: DeserializeOwned + IntoParams + Send + 'static {}
impl<T: DeserializeOwned + IntoParams + Send + 'static> QueryType for T {}

/// A request body; `()` for none.
pub trait InputType: DeserializeOwned + ToSchema + Send + 'static {}
impl<T: DeserializeOwned + ToSchema + Send + 'static> InputType for T {}

/// An answer; `()` for none.
pub trait OutputType: Serialize + ToSchema + Send + 'static {}
impl<T: Serialize + ToSchema + Send + 'static> OutputType for T {}

/// No query parameters: any that come are refused.
#[derive(Debug, Clone, Copy, Default, serde::Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoQuery {}

impl Draft {
    /// Gives it a handler that only answers.
    pub fn reads<Q, A, F, Fut>(self, handler: F) -> Operation
    where
        Q: QueryType,
        A: OutputType,
        F: Fn(Call, Q) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<A>, Failure>> + Send + 'static,
    {
        self.with::<Q, (), A, _, _>(Effect::Reads, move |call, query, ()| handler(call, query))
    }

    /// Gives it a handler that only answers a question in the body.
    pub fn asks<Q, B, A, F, Fut>(self, handler: F) -> Operation
    where
        Q: QueryType,
        B: InputType,
        A: OutputType,
        F: Fn(Call, Q, B) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<A>, Failure>> + Send + 'static,
    {
        self.with::<Q, B, A, _, _>(Effect::Reads, handler)
    }

    /// Gives it a handler that changes something.
    pub fn writes<Q, B, A, F, Fut>(self, handler: F) -> Operation
    where
        Q: QueryType,
        B: InputType,
        A: OutputType,
        F: Fn(Call, Q, B) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<A>, Failure>> + Send + 'static,
    {
        self.with::<Q, B, A, _, _>(Effect::Writes, handler)
    }

    fn with<Q, B, A, F, Fut>(self, effect: Effect, handler: F) -> Operation
    where
        Q: QueryType,
        B: InputType,
        A: OutputType,
        F: Fn(Call, Q, B) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer<A>, Failure>> + Send + 'static,
    {
        let Self { id, method, path, access } = self;
        let output = TypeDoc::of::<A>();
        let status = if output.is_some() { StatusCode::OK } else { StatusCode::NO_CONTENT };
        let handler: Handler = Arc::new(move |call: Call| {
            Box::pin(async move {
                let query = call.parse_query::<Q>()?;
                let input = call.parse_input::<B>()?;
                let status = call.status();
                Ok(handler(call, query, input).await?.into_response(status))
            })
        });
        let mut query = parameters::<Q>();
        if effect == Effect::Reads && path.starts_with("/accounts/{account}") {
            query.extend(super::moment::parameters());
        }
        Operation {
            id,
            method,
            path,
            access,
            effect,
            summary: "",
            description: "",
            query,
            input: TypeDoc::of::<B>(),
            input_example: None,
            output,
            output_example: None,
            media_types: &["application/json"],
            status,
            own_errors: &[],
            takes_if_match: false,
            takes_idempotency_key: effect == Effect::Writes && path.starts_with("/accounts/{account}"),
            check_example: TypeDoc::of::<B>()
                .map(|_| (|example| super::strict::from_value::<B>(example)) as CheckExample),
            handler,
        }
    }
}

/// The query parameters of an operation, with `filter` where it is a list.
fn parameters<Q: QueryType>() -> Vec<Parameter> {
    let mut parameters = Q::into_params(|| Some(ParameterIn::Query));
    if parameters.iter().any(|parameter| parameter.name == CURSOR) {
        let description = format!(
            "Only items that meet this, as they are shown: `status eq \"active\" and not (email ew \"@example.com\")` \
             (the filter language of RFC 7644 section 3.4.2.2, up to {} characters). At most {} items are looked at for \
             one page, which can then have fewer items than asked for and still not be the last.",
            crate::filter::MAX_CHARACTERS,
            super::filtering::MOST_LOOKED_AT,
        );
        let filter = ParameterBuilder::new()
            .name(super::call::FILTER)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
        parameters.push(filter.build());
    }
    parameters
}

impl Operation {
    /// Says what it does in a few words, and what one must know to use it.
    #[must_use]
    pub fn says(mut self, summary: &'static str, description: &'static str) -> Self {
        (self.summary, self.description) = (summary, description);
        self
    }

    /// Gives a request body that works.
    #[must_use]
    pub fn takes(mut self, example: Value) -> Self {
        self.input_example = Some(example);
        self
    }

    /// Gives an answer.
    #[must_use]
    pub fn answers(mut self, example: Value) -> Self {
        self.output_example = Some(example);
        self
    }

    /// Answers with 201 and, where the answer has an id, its `Location`.
    #[must_use]
    pub fn creates(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
    }

    /// Answers with 202: what is asked is done after the answer.
    #[must_use]
    pub fn accepts(mut self) -> Self {
        self.status = StatusCode::ACCEPTED;
        self
    }

    /// Answers in other media types than JSON.
    #[must_use]
    pub fn in_media_types(mut self, media_types: &'static [&'static str]) -> Self {
        self.media_types = media_types;
        self
    }

    /// Takes `If-Match`: the handler passes the entity to [`Call::write_options`].
    #[must_use]
    pub fn if_match(mut self) -> Self {
        self.takes_if_match = true;
        self
    }

    /// Takes no `Idempotency-Key`, because the answer holds a secret or nothing is written to the account.
    #[must_use]
    pub fn without_idempotency_key(mut self) -> Self {
        self.takes_idempotency_key = false;
        self
    }

    /// Names codes of problems beyond those that follow from access, effect and input.
    #[must_use]
    pub fn fails(mut self, codes: &'static [&'static str]) -> Self {
        self.own_errors = codes;
        self
    }

    /// The heading under which it is shown: the collection in its path.
    pub fn tag(&self) -> &'static str {
        let below = self.path.strip_prefix("/accounts/{account}/").unwrap_or(self.path);
        let first = below.trim_start_matches('/').split(['/', ':']).next().unwrap_or_default();
        match first {
            "accounts" | "settings" | "ownership-offers" => "accounts",
            "sign-in" | "sign-out" | "set-up" | "links" | "password-resets" => "sign-in",
            other => other,
        }
    }

    /// Whether it is about one account.
    pub fn is_in_account(&self) -> bool {
        self.path.starts_with("/accounts/{account}")
    }

    /// Names of the path parameters, in order.
    pub fn path_parameters(&self) -> Vec<&'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    /// Whether the query takes this parameter.
    pub fn takes_query(&self, name: &str) -> bool {
        self.query.iter().any(|parameter| parameter.name == name)
    }

    /// Whether it answers with a page of a list.
    pub fn is_list(&self) -> bool {
        self.takes_query(CURSOR)
    }

    /// Codes of all problems that it can answer with, apart from those that any request can meet (`timeout`, `unavailable`,
    /// `internal`, `invalid_header`).
    pub fn errors(&self) -> Vec<&'static str> {
        let mut codes = vec!["invalid_query"];
        if self.access.needs_credential() {
            codes.push("unauthenticated");
        }
        if self.access.needs_credential() && self.effect == Effect::Writes {
            codes.push("cross_site");
        }
        if self.access == Access::Person {
            codes.push("people_only");
        }
        if self.is_in_account() {
            codes.extend(["not_found", "member_inactive", "invitation_not_accepted"]);
        }
        if self.access.permission().is_some() {
            codes.push("permission_denied");
        }
        if !self.path_parameters().is_empty() {
            codes.push("invalid_path");
        }
        if self.takes_query("as_of") {
            codes.extend(["as_of_too_early", "as_of_in_future", "permission_denied"]);
        }
        if self.takes_query("at_least") {
            codes.push("revision_ahead");
        }
        if self.is_list() {
            codes.push("invalid_cursor");
        }
        if self.input.is_some() {
            codes.extend([
                "unsupported_media_type",
                "unsupported_encoding",
                "body_too_large",
                "malformed_json",
                "too_deep",
            ]);
            codes.extend([
                "unknown_field",
                "missing_field",
                "duplicate_field",
                "invalid_type",
                "invalid_value",
            ]);
        } else {
            codes.push("unexpected_body");
        }
        if self.takes_if_match {
            codes.push("stale_revision");
        }
        if self.takes_idempotency_key {
            codes.push("idempotency_mismatch");
        }
        codes.extend(self.own_errors);
        // Policies can forbid whatever a role can allow.
        if codes.contains(&"permission_denied") {
            codes.push("forbidden_by_policy");
        }
        if codes.contains(&"escalation") {
            codes.extend(["kept_back_by_policy", "lifts_own_policy"]);
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// Whether the input example is what the operation takes.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check_input_example(&self) -> Result<(), String> {
        match (self.check_example, &self.input_example) {
            (Some(check), Some(example)) => check(example),
            (Some(_), None) => Err("it takes a body and has no example".to_owned()),
            (None, Some(_)) => Err("it takes no body and has an example of one".to_owned()),
            (None, None) => Ok(()),
        }
    }
}
