//! The kinds of problems: one table, from which the answers, the reference and the documented errors of operations come.

use axum::http::StatusCode;
use bailiwick_core::account::{Kind, Refusal};

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable name, for programs.
    pub code: &'static str,
    /// HTTP status.
    pub status: StatusCode,
    /// The kind of problem in a few words.
    pub title: &'static str,
    /// What to do about it.
    pub hint: &'static str,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $status:ident, $hint:literal;)*) => {
        /// The kinds of problems that do not come from the domain's own refusals.
        pub mod code {
            use super::{Code, StatusCode};
            $($(#[doc = $doc])* pub static $name: Code = Code {
                code: $code,
                status: StatusCode::$status,
                title: concat!($($doc),*).trim_ascii(),
                hint: $hint,
            };)*
            pub(super) static ALL: &[&Code] = &[$(&$name),*];
        }
    };
}

codes! {
    /// No credential, or one that is not valid (any more)
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "sign in, or send a valid management key, as `Authorization: Bearer …`";
    /// Email and password do not belong together
    WRONG_CREDENTIALS = "wrong_credentials", UNAUTHORIZED, "check both; who forgot the password asks for a new one by `POST /api/v1/password-resets` or on the sign-in page";
    /// Too many attempts
    TOO_MANY_ATTEMPTS = "too_many_attempts", TOO_MANY_REQUESTS, "wait as long as `Retry-After` says";
    /// Too many invitations were mailed, or one of them a moment ago
    TOO_MANY_MAILS = "too_many_mails", TOO_MANY_REQUESTS, "wait as long as `Retry-After` says; meanwhile the link of an invitation can be copied and passed on by hand";
    /// A request with a cookie came from another site
    CROSS_SITE = "cross_site", FORBIDDEN, "send the token as `Authorization: Bearer …` instead of a cookie";
    /// It changed since it was read
    STALE_REVISION = "stale_revision", PRECONDITION_FAILED, "read it again, decide again, and send the new `ETag` as `If-Match`";
    /// The account was not open yet
    AS_OF_TOO_EARLY = "as_of_too_early", UNPROCESSABLE_ENTITY, "give a time or a revision since the account was opened";
    /// The time or revision has not come yet
    AS_OF_IN_FUTURE = "as_of_in_future", UNPROCESSABLE_ENTITY, "leave `as_of` out to look at the account as it is; `at_least` waits for a revision";
    /// The account has not reached the revision that the answer must have
    REVISION_AHEAD = "revision_ahead", PRECONDITION_FAILED, "ask again after the time in `Retry-After`, with a revision that a write of this account answered";
    /// The idempotency key was used for another request
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch", UNPROCESSABLE_ENTITY, "use a new key for every new request";
    /// The operation takes no idempotency key
    IDEMPOTENCY_UNSUPPORTED = "idempotency_unsupported", BAD_REQUEST, "leave the header `Idempotency-Key` out";
    /// The operation takes no condition
    IF_MATCH_UNSUPPORTED = "if_match_unsupported", BAD_REQUEST, "leave the header `If-Match` out";
    /// A request header is not well-formed
    INVALID_HEADER = "invalid_header", BAD_REQUEST, "correct the header or leave it out";
    /// The link was used, replaced or has expired, or never existed
    LINK_INVALID = "link_invalid", GONE, "ask who sent it for a new one";
    /// The platform is set up already
    ALREADY_SET_UP = "already_set_up", CONFLICT, "sign in instead";
    /// Only the operator of the platform opens accounts here
    SELF_SERVICE_OFF = "self_service_off", FORBIDDEN, "ask the operator of this platform for an account";
    /// The email address is not confirmed yet
    EMAIL_NOT_VERIFIED = "email_not_verified", FORBIDDEN, "follow a link that is mailed to this address: that of an invitation, or one to choose a new password";
    /// A text that the field does not take
    INVALID_TEXT = "invalid_text", UNPROCESSABLE_ENTITY, "correct the field";
    /// More than one thing goes by this name
    AMBIGUOUS = "ambiguous", UNPROCESSABLE_ENTITY, "name it by its id";
    /// Something in the document cannot be done
    INVALID_DOCUMENT = "invalid_document", UNPROCESSABLE_ENTITY, "correct the places that `errors` names; nothing was changed";
    /// The password is not accepted
    PASSWORD_REFUSED = "password_refused", UNPROCESSABLE_ENTITY, "choose a longer one that nobody guesses, for instance several random words";
    /// The present password is wrong
    WRONG_PASSWORD = "wrong_password", UNPROCESSABLE_ENTITY, "type the password with which you sign in now";
    /// Another user has this email
    EMAIL_TAKEN = "email_taken", CONFLICT, "try again, or use another email address";
    /// The request is over a stated limit
    TOO_LARGE = "too_large", UNPROCESSABLE_ENTITY, "split it into several requests";
    /// Nothing can be done right now
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "try again after the time in `Retry-After`";
    /// The request took too long
    TIMEOUT = "timeout", SERVICE_UNAVAILABLE, "read what it should have changed, then try again with the same idempotency key";
    /// Something went wrong on our side
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "try again; if it stays so, tell the operator the request id";
    /// There is no such address
    NO_ROUTE = "no_route", NOT_FOUND, "`/api/v1/docs` lists the operations";
    /// The address does not take this method
    METHOD_NOT_ALLOWED = "method_not_allowed", METHOD_NOT_ALLOWED, "use one of the methods in `Allow`";
    /// The body is not JSON
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "send JSON with `Content-Type: application/json`";
    /// The body is compressed
    UNSUPPORTED_ENCODING = "unsupported_encoding", UNSUPPORTED_MEDIA_TYPE, "send it as it is, without `Content-Encoding`";
    /// The body is larger than this server takes
    BODY_TOO_LARGE = "body_too_large", PAYLOAD_TOO_LARGE, "split it into several requests";
    /// The body could not be read
    BODY_UNREADABLE = "body_unreadable", BAD_REQUEST, "send the request again";
    /// The body is not well-formed JSON
    MALFORMED_JSON = "malformed_json", BAD_REQUEST, "correct it at the line and column that are named";
    /// The body nests too deep
    TOO_DEEP = "too_deep", BAD_REQUEST, "flatten it: no request of this API needs more";
    /// The operation takes no body
    UNEXPECTED_BODY = "unexpected_body", BAD_REQUEST, "leave the body out";
    /// A field that the request does not have
    UNKNOWN_FIELD = "unknown_field", UNPROCESSABLE_ENTITY, "check its spelling; `/api/v1/docs` lists the fields";
    /// A field that must be there is missing
    MISSING_FIELD = "missing_field", UNPROCESSABLE_ENTITY, "add the field";
    /// The same field twice
    DUPLICATE_FIELD = "duplicate_field", UNPROCESSABLE_ENTITY, "name each field once";
    /// A field of the wrong type
    INVALID_TYPE = "invalid_type", UNPROCESSABLE_ENTITY, "give a value of the type that is named";
    /// A field with a value that it does not take
    INVALID_VALUE = "invalid_value", UNPROCESSABLE_ENTITY, "give a value that the field takes";
    /// A query parameter that the operation does not have, or with a value that it does not take
    INVALID_QUERY = "invalid_query", BAD_REQUEST, "correct the parameter; `/api/v1/docs` lists those of each operation";
    /// The cursor is not one of this list, or the conditions changed since it was given
    INVALID_CURSOR = "invalid_cursor", BAD_REQUEST, "start again without a cursor, and keep the conditions from page to page";
    /// An id in the path cannot be one
    INVALID_PATH = "invalid_path", BAD_REQUEST, "ids are UTF-8 texts of up to 512 bytes, percent-encoded";

    /// Several changes that must be asked for one by one
    ONE_CHANGE = "one_change", UNPROCESSABLE_ENTITY, "send one request for each of them";
    /// The deletion was not confirmed
    NOT_CONFIRMED = "not_confirmed", UNPROCESSABLE_ENTITY, "retype what is to be deleted, exactly as it is shown";
    /// An email address twice
    DUPLICATE_EMAIL = "duplicate_email", UNPROCESSABLE_ENTITY, "name each email address once";
}

/// The status of a sort of refusal.
pub fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Every kind of problem that this API answers with, in the order of the codes.
pub fn all() -> Vec<Code> {
    let refusals = Refusal::CODES.iter().zip(Refusal::KINDS).map(|((code, title, hint), kind)| Code {
        code,
        status: status_of(*kind),
        title: title.trim_end_matches('.'),
        hint,
    });
    let mut codes: Vec<Code> = code::ALL.iter().map(|code| **code).chain(refusals).collect();
    codes.sort_by_key(|code| code.code);
    codes
}
