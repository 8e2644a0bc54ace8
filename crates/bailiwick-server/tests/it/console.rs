//! The console's pages, asked through its router.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::support::{PASSWORD, Person, World};

/// What a browser sends with a form of our own.
pub(crate) const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map(String::as_str).unwrap_or_default()
    }

    /// The cookies that it sets, each with its name and value alone.
    pub(crate) fn cookies(&self) -> &[String] {
        &self.cookies
    }

    pub(crate) async fn read(response: axum::http::Response<Body>) -> Self {
        let status = response.status();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
        let headers = headers.collect();
        let cookies = response.headers().get_all(header::SET_COOKIE).iter();
        let cookies = cookies.map(|cookie| text(cookie).split(';').next().unwrap().to_owned()).collect();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Self { status, headers, cookies, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The token in the page's forms.
    fn form_token(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"form_token\" value=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

async fn ask(world: &World, request: Request<Body>) -> Page {
    let router: Router = bailiwick_server::console::router(world.service.clone());
    Page::read(router.oneshot(request).await.unwrap()).await
}

fn request(method: Method, path: &str, person: Option<&Person>) -> axum::http::request::Builder {
    let builder = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8080");
    match person {
        Some(person) => builder.header(header::COOKIE, format!("bailiwick={}", person.token)),
        None => builder,
    }
}

pub(crate) async fn look(world: &World, path: &str, person: Option<&Person>) -> Page {
    ask(world, request(Method::GET, path, person).body(Body::empty()).unwrap()).await
}

pub(crate) async fn post(
    world: &World,
    path: &str,
    person: Option<&Person>,
    fields: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Page {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut builder =
        request(Method::POST, path, person).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    ask(world, builder.body(Body::from(body)).unwrap()).await
}

/// Posts as a browser does, with the token of the person's session.
pub(crate) async fn submit(world: &World, path: &str, person: &Person, fields: &[(&str, &str)]) -> Page {
    let token = look(world, "/me", Some(person)).await.form_token();
    let mut all = vec![("form_token", token.as_str())];
    all.extend(fields);
    post(world, path, Some(person), &all, &[SAME_ORIGIN]).await
}

pub(crate) fn members(world: &World) -> String {
    format!("/accounts/{}/members", world.account)
}

#[tokio::test]
async fn every_page_has_the_headers() {
    let world = World::new("bailiwick").await;
    for (path, status) in [
        ("/sign-in", StatusCode::OK),
        ("/links/nonsense", StatusCode::NOT_FOUND),
        ("/me", StatusCode::SEE_OTHER),
    ] {
        let page = look(&world, path, None).await;
        assert_eq!(page.status, status, "{path}");
        let policy = &page.headers["content-security-policy"];
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"));
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert_eq!(page.headers["referrer-policy"], "same-origin");
        assert!(!page.has(" style=") && !page.has("<style") && !page.has("onclick"), "{path}");
    }
}

#[tokio::test]
async fn assets_are_cached_for_ever_under_their_hash() {
    let world = World::new("bailiwick").await;
    let page = look(&world, "/sign-in", None).await;
    let (_, rest) = page.text.split_once("<link rel=\"stylesheet\" href=\"").unwrap();
    let url = rest.split('"').next().unwrap();
    let style = look(&world, url, None).await;
    assert_eq!(style.status, StatusCode::OK, "{url}");
    assert_eq!(style.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(look(&world, "/assets/console-style.0.css", None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn signing_in_sets_a_cookie_and_goes_on() {
    let world = World::new("bailiwick").await;
    let fields = [("email", "owner@example.com"), ("password", PASSWORD), ("next", "/me?a=b")];
    let page = post(&world, "/sign-in", None, &fields, &[SAME_ORIGIN]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/me?a=b"));
    let cookie = &page.headers["set-cookie"];
    assert!(cookie.starts_with("bailiwick=bws_"), "{cookie}");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"));

    let elsewhere = [("email", "owner@example.com"), ("password", PASSWORD), ("next", "//evil.example")];
    assert_eq!(post(&world, "/sign-in", None, &elsewhere, &[SAME_ORIGIN]).await.location(), "/");

    let wrong = [("email", "owner@example.com"), ("password", "wrong")];
    let page = post(&world, "/sign-in", None, &wrong, &[SAME_ORIGIN]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.has("The email address or the password is wrong.") && page.has("value=\"owner@example.com\"")
    );
    assert!(!page.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let world = World::with("bailiwick", |config| config.public_url = "https://b.example".into()).await;
    let fields = [("email", "owner@example.com"), ("password", PASSWORD)];
    let page = post(&world, "/sign-in", None, &fields, &[("origin", "https://b.example")]).await;
    let cookie = &page.headers["set-cookie"];
    assert!(cookie.starts_with("__Host-bailiwick=bws_") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(page.headers["strict-transport-security"], "max-age=31536000; includeSubDomains");
}

/// Fields of a form, or headers.
type Pairs<'a> = &'a [(&'a str, &'a str)];

#[tokio::test]
async fn forms_from_elsewhere_change_nothing() {
    let world = World::new("bailiwick").await;
    let owner = world.owner.clone();
    let token = look(&world, "/me", Some(&owner)).await.form_token();
    let good = [("form_token", token.as_str()), ("name", "Mallory")];
    let bad_token = [("form_token", "0"), ("name", "Mallory")];
    let cases: [(Pairs<'_>, Pairs<'_>); 5] = [
        (&good, &[("sec-fetch-site", "cross-site")]),
        (&good, &[("sec-fetch-site", "same-site")]),
        (&good, &[("origin", "https://evil.example")]),
        (&good, &[]),
        (&bad_token, &[SAME_ORIGIN]),
    ];
    for (fields, headers) in cases {
        let page = post(&world, "/me", Some(&owner), fields, headers).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert!(look(&world, "/me", Some(&owner)).await.has("Olga Owner"));
    let page = post(&world, "/me", Some(&owner), &good, &[SAME_ORIGIN]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(look(&world, "/me", Some(&owner)).await.has("Mallory"));
}

#[tokio::test]
async fn a_foreign_account_does_not_exist() {
    let world = World::new("bailiwick").await;
    let (stranger, _) = world.stranger().await;
    for page in ["members", "invite", "audit", "roles", "keys", "settings", "delete", "new-role"] {
        let path = format!("/accounts/{}/{page}", world.account);
        assert_eq!(look(&world, &path, Some(&stranger)).await.status, StatusCode::NOT_FOUND, "{page}");
        let signed_out = look(&world, &path, None).await;
        assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
        assert!(
            signed_out.location().starts_with("/sign-in?next=%2Faccounts%2F"),
            "{}",
            signed_out.location()
        );
    }
    let path = format!("/accounts/{}/invite", world.account);
    let page = submit(&world, &path, &stranger, &[("emails", "ann@example.com")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn looking_at_a_link_does_not_use_it_up() {
    let world = World::new("bailiwick").await;
    let (_, token) = world.invite("ann@example.com", &["viewer"]).await;
    let path = format!("/links/{token}");
    for _ in 0..3 {
        let page = look(&world, &path, None).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.has("Join Acme") && page.has("Viewer") && page.has("ann@example.com"));
    }
    let fields = [("name", "Ann"), ("password", "short")];
    let page = post(&world, &path, None, &fields, &[SAME_ORIGIN]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("needs at least") && page.has("value=\"Ann\"") && !page.has("value=\"short\""));

    let fields = [("name", "Ann"), ("password", PASSWORD)];
    let page = post(&world, &path, None, &fields, &[SAME_ORIGIN]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/"));
    let again = look(&world, &path, None).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert!(again.has("This link is not valid") && again.has("Ask whoever sent it"));
}

#[tokio::test]
async fn an_invitation_for_somebody_else_asks_to_sign_out() {
    let world = World::new("bailiwick").await;
    let (_, token) = world.invite("ann@example.com", &["viewer"]).await;
    let page = look(&world, &format!("/links/{token}"), Some(&world.owner)).await;
    assert!(page.has("You are signed in as <strong>owner@example.com</strong>"), "{}", page.text);
    assert!(page.has("Sign out and go on") && !page.has("Accept and join"));
}

#[tokio::test]
async fn q04_a_newcomer_sees_the_own_page_and_no_members() {
    let world = World::new("qdrant-cloud").await;
    let base = world.invite_and_accept("ann@example.com", &[]).await;
    assert_eq!(look(&world, "/", Some(&base)).await.location(), "/me");
    let me = look(&world, "/me", Some(&base)).await;
    assert!(me.status == StatusCode::OK && me.has("What you may do"));
    let refused = look(&world, &members(&world), Some(&base)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.has("the whole account"), "{}", refused.text);
}

#[tokio::test]
async fn q05_a_pending_invitation_is_revoked_from_the_list() {
    let world = World::new("qdrant-cloud").await;
    let (id, token) = world.invite("ann@example.com", &[]).await;
    let list = look(&world, &format!("{}?status=pending", members(&world)), Some(&world.owner)).await;
    assert!(list.has("ann@example.com") && list.has(&format!("/invitations/{id}/revoke")));
    let path = format!("/accounts/{}/invitations/{id}/revoke", world.account);
    let page = submit(&world, &path, &world.owner.clone(), &[]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(look(&world, &format!("/links/{token}"), None).await.status, StatusCode::NOT_FOUND);
    assert!(!look(&world, &members(&world), Some(&world.owner)).await.has("ann@example.com"));
}

#[tokio::test]
async fn q07_roles_are_ticked_and_unticked() {
    let world = World::new("bailiwick").await;
    let ann = world.invite_and_accept("ann@example.com", &["viewer"]).await;
    let path = format!("{}/{}", members(&world), ann.id);
    let fields = [("role", "viewer"), ("role", "auditor")];
    assert_eq!(
        submit(&world, &format!("{path}/roles"), &world.owner, &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let page = look(&world, &path, Some(&world.owner)).await;
    assert!(page.has("Where the access comes from") && page.has("read:events"));
    let unchanged = submit(&world, &format!("{path}/roles"), &world.owner, &fields).await;
    assert_eq!(unchanged.status, StatusCode::CONFLICT);
    assert!(unchanged.has("role=\"alert\""));
    // The owner's own role has no box, and saving the others does not take it.
    let own = format!("{}/{}/roles", members(&world), world.owner.id);
    assert_eq!(
        submit(&world, &own, &world.owner, &[("role", "auditor")]).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn q08_removal_asks_for_the_email() {
    let world = World::new("bailiwick").await;
    let retypes = world.service.catalog().rules.removal_retypes_email;
    let ann = world.invite_and_accept("ann@example.com", &["viewer"]).await;
    let path = format!("{}/{}/remove", members(&world), ann.id);
    assert!(look(&world, &path, Some(&world.owner)).await.has("Remove Grace Hopper?"));
    if retypes {
        let page = submit(&world, &path, &world.owner, &[("confirm_email", "bob@example.com")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has("This is not the member&#39;s email."));
    }
    let page = submit(&world, &path, &world.owner, &[("confirm_email", "Ann@example.com")]).await;
    assert_eq!(page.location(), members(&world));
    assert_eq!(look(&world, &members(&world), Some(&ann)).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn q10_custom_roles_are_made_edited_and_deleted() {
    let world = World::new("bailiwick").await;
    let base = format!("/accounts/{}", world.account);
    let short = [("name", "abc"), ("level", "account"), ("permission", "read:clusters")];
    let page = submit(&world, &format!("{base}/new-role"), &world.owner, &short).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("needs at least 4") && page.has("value=\"read:clusters\" aria-label"));

    let good = [("name", "Cluster writer"), ("level", "account"), ("permission", "write:clusters")];
    let page = submit(&world, &format!("{base}/new-role"), &world.owner, &good).await;
    let role = page.location().to_owned();
    assert!(role.starts_with(&format!("{base}/roles/rol_")), "{role}");
    // What is ticked implies more, which the server adds (Q11).
    assert!(look(&world, &role, Some(&world.owner)).await.has("<code>read:clusters</code>"));
    let page = submit(&world, &format!("{role}/delete"), &world.owner, &[("choice", "")]).await;
    assert_eq!(page.location(), format!("{base}/roles"));
    assert_eq!(look(&world, &role, Some(&world.owner)).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn q13_an_owner_cannot_leave_before_handing_over() {
    let world = World::new("bailiwick").await;
    let path = format!("/me/accounts/{}/leave", world.account);
    let page = submit(&world, &path, &world.owner, &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("Nobody would be Owner of the whole account any more."), "{}", page.text);
}

#[tokio::test]
async fn q15_a_key_is_shown_once() {
    let world = World::new("bailiwick").await;
    let base = format!("/accounts/{}/keys", world.account);
    let fields = [("name", "Control plane"), ("role", "control_plane")];
    assert_eq!(submit(&world, &base, &world.owner, &fields).await.status, StatusCode::SEE_OTHER);
    let account = world.state().await;
    let (id, _) = account.service_accounts_after(None).next().unwrap();
    let fields = [("key_name", "first"), ("days", "90")];
    let page = submit(&world, &format!("{base}/{id}/new"), &world.owner, &fields).await;
    assert_eq!(page.status, StatusCode::OK);
    let (_, rest) = page.text.split_once("value=\"bwk_").unwrap();
    let secret = rest.split('"').next().unwrap();
    let list = look(&world, &base, Some(&world.owner)).await;
    assert!(list.has("first") && !list.has(secret));
}

#[tokio::test]
async fn the_audit_log_is_filtered_and_refused() {
    let world = World::new("bailiwick").await;
    let ann = world.invite_and_accept("ann@example.com", &["viewer"]).await;
    let path = format!("/accounts/{}/audit", world.account);
    let all = look(&world, &path, Some(&world.owner)).await;
    assert!(all.has("invited Grace Hopper") && all.has("opened the account Acme") && !all.has("secret_hash"));
    let invitations = look(&world, &format!("{path}?type=invitation."), Some(&world.owner)).await;
    assert!(invitations.has("invited Grace Hopper") && !invitations.has("opened the account Acme"));
    let nobody = look(&world, &format!("{path}?actor=nobody%40example.com"), Some(&world.owner)).await;
    assert!(nobody.has("Nothing that was recorded fits."));
    let wrong = look(&world, &format!("{path}?from=yesterday"), Some(&world.owner)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(look(&world, &path, Some(&ann)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn typed_texts_are_escaped() {
    let world = World::new("bailiwick").await;
    let fields = [("name", "<script>alert(1)</script>")];
    assert_eq!(submit(&world, "/me", &world.owner, &fields).await.status, StatusCode::SEE_OTHER);
    let page = look(&world, &members(&world), Some(&world.owner)).await;
    assert!(!page.has("<script>alert") && page.has("&#60;script&#62;"), "{}", page.text);
    let page = look(&world, &format!("{}?q=%22%3E%3Cb%3E", members(&world)), Some(&world.owner)).await;
    assert!(!page.has("\"><b>"));
}
